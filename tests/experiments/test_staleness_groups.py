"""Groups of cells of the staleness study: none is lost, only what may run together does, values are the cells'."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.studies import one_sequence
from experiments.studies.staleness import FIGURES, SCALES
from experiments.studies.staleness_cells import WorkerCell
from experiments.studies.staleness_groups import can_scan, compute_group, grouped
from theory.errors import InputError

CELL = WorkerCell("fig1", "dnn:width=6", 2, 0, 40, "adam", (0.02,), batch=8, seeds=2, level=0.5)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("figure", FIGURES)
def test_every_cell_of_a_figure_is_in_one_group(figure, scale):
    cells = FIGURES[figure](scale)
    groups = grouped(cells)
    assert sorted(cell.digest for group in groups for cell in group) == sorted(cell.digest for cell in cells)
    for group in groups:
        settings = {replace(cell.setting(0.1), extra_delay=0, delays="uniform") for cell in group if can_scan(cell)}
        assert len(settings) == (1 if can_scan(group[0]) else 0) and len({cell.workload for cell in group}) == 1
        assert can_scan(group[0]) or len(group) == 1


def test_the_levels_of_staleness_of_a_figure_run_together():
    groups = grouped(FIGURES["fig1"]("paper"))
    resnets = [group for group in groups if group[0].workload.startswith("resnet")]
    assert len(resnets) == 8 and all([cell.extra_delay for cell in group] == [0, 4, 8, 12, 16] for group in resnets)


@pytest.mark.parametrize(
    "change", [{"workload": "dnn:width=7"}, {"workers": 3}, {"seeds": 3}, {"level": 0.6}, {"optimizer": "sgd"}]
)
def test_other_differences_keep_cells_apart(change):
    assert len(grouped([CELL, replace(CELL, **change)])) == 2
    pytest.importorskip("jax")
    with pytest.raises(InputError, match="delays and step size alone"):
        compute_group((CELL, replace(CELL, **change)))


def test_what_cannot_be_scanned_is_alone():
    cells = [replace(CELL, delays=one_sequence.NAME, extra_delay=s) for s in (0, 2)]
    cells += [WorkerCell("fig3", "matrix-factorization", 2, s, 10, metric="loss") for s in (0, 2)]
    assert [len(group) for group in grouped(cells)] == [1, 1, 1, 1]


def test_a_cell_is_never_cut_and_a_group_has_at_most_so_many_lanes():
    cells = [replace(CELL, extra_delay=s) for s in range(5)]
    assert [len(group) for group in grouped(cells, lanes=4)] == [2, 2, 1]
    assert [len(group) for group in grouped(cells, lanes=1)] == [1] * 5


@pytest.mark.parametrize("steps", [(0.02,), (0.0001, 0.02)])
def test_the_values_of_a_group_are_those_of_its_cells(steps):
    pytest.importorskip("jax")
    group = tuple(replace(CELL, step_sizes=steps, extra_delay=s) for s in (0, 3))
    for cell, found in zip(group, compute_group(group), strict=True):
        expected = cell.compute()
        assert found.keys() == expected.keys()
        for name in ("batches", "diverged_at", "step_size", "digest", "curve_batches"):
            assert found[name] == expected[name]
        curves = [np.array(values["curve"], dtype=float) for values in (found, expected)]
        np.testing.assert_allclose(*curves, atol=0.005)  # one of the 359 held-out rows at most
