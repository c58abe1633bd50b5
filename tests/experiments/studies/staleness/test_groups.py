"""Groups of cells of the staleness study: none is lost, only what may run together does, values are the cells'."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.studies.staleness import accelerator
from experiments.studies.staleness.cells import ONE_SEQUENCE, WorkerCell
from experiments.studies.staleness.compute import compute
from experiments.studies.staleness.groups import can_scan, compute_group, first_that_fit, grouped, predicted_memory
from experiments.studies.staleness.store import STALENESS
from experiments.studies.staleness.study import FIGURES, SCALES
from experiments.sweep.executor import run_cells
from experiments.sweep.store import ThisProcess
from theory.common.errors import InputError

CELL = WorkerCell("fig1", "dnn:width=6", 2, 0, 40, "adam", (0.02,), batch=8, seeds=2, level=0.5)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("figure", FIGURES)
def test_every_cell_of_a_figure_is_in_one_group(figure, scale):
    cells = FIGURES[figure](scale)
    groups = grouped(cells)
    assert sorted(STALENESS.key(cell) for group in groups for cell in group) == sorted(
        STALENESS.key(cell) for cell in cells
    )
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
    cells = [replace(CELL, delays=ONE_SEQUENCE, extra_delay=s) for s in (0, 2)]
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
        expected = compute(cell)
        assert found.keys() == expected.keys()
        for name in ("batches", "diverged_at", "step_size", "digest", "curve_batches"):
            assert found[name] == expected[name]
        curves = [np.array(values["curve"], dtype=float) for values in (found, expected)]
        np.testing.assert_allclose(*curves, atol=0.005)  # one of the 359 held-out rows at most


GROUP = tuple(replace(CELL, extra_delay=s) for s in (0, 1, 3))
OTHER = WorkerCell("distance", "problem:quadratic:d=2", 1, 0, 10, metric="loss", seeds=2)


@pytest.fixture
def scanned(monkeypatch):
    pytest.importorskip("jax")
    monkeypatch.setenv("GRADLAG_ENGINE", "scanned")


def stored(out):
    return {result.cell: result for result in STALENESS.load_all(out)}


def test_a_sweep_in_groups_gives_the_files_of_a_sweep_by_cells(tmp_path, scanned, monkeypatch):
    told = []
    outcomes = run_cells(
        STALENESS, [*GROUP, OTHER], tmp_path / "groups", progress=lambda *at: told.append(at), command="asked"
    )
    assert [outcome.cell for outcome in outcomes] == [*GROUP, OTHER] and not any(each.error for each in outcomes)
    monkeypatch.setenv("GRADLAG_ENGINE", "cells")
    run_cells(STALENESS, [*GROUP, OTHER], tmp_path / "cells", command="asked")
    groups, cells = stored(tmp_path / "groups"), stored(tmp_path / "cells")
    assert [STALENESS.describe(each)["file"] for each in groups.values()] == [
        STALENESS.describe(each)["file"] for each in cells.values()
    ]
    for cell in GROUP:
        assert groups[cell].values["batches"] == cells[cell].values["batches"] and groups[cell].command == "asked"
        assert groups[cell].versions["engine"] == "scanned" and "engine" not in cells[cell].versions
        assert groups[cell].seconds > 0
    assert groups[OTHER].values == cells[OTHER].values and "engine" not in groups[OTHER].versions
    whole = sum(cell.work for cell in (*GROUP, OTHER))
    assert told[-1] == (whole, whole) and {total for _, total in told} == {whole}
    assert any(0 < done < whole for done, _ in told) and max(told) == told[-1]


def test_what_is_finished_is_kept_when_a_sweep_is_interrupted_and_not_computed_again(tmp_path, scanned, monkeypatch):
    second, asked = replace(CELL, optimizer="sgd"), []

    def interrupted(group, progress=None):
        asked.append(group)
        if group[0].optimizer == "sgd" and len(asked) < 3:
            raise KeyboardInterrupt
        return compute_group(group, progress)

    monkeypatch.setattr(accelerator, "compute_group", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_cells(STALENESS, [*GROUP, second], tmp_path)
    assert set(stored(tmp_path)) == set(GROUP)
    outcomes = run_cells(STALENESS, [*GROUP, second], tmp_path)
    assert asked == [GROUP, (second,), (second,)] and [bool(each.seconds) for each in outcomes] == [False] * 3 + [True]


def test_a_damaged_file_is_told_and_made_again(tmp_path, scanned):
    path = run_cells(STALENESS, [CELL], tmp_path)[0].path
    path.write_text("{")
    outcome = run_cells(STALENESS, [CELL], tmp_path)[0]
    assert "computed again" in outcome.notes[0] and set(stored(tmp_path)) == {CELL}


def test_groups_are_cut_to_the_memory_that_the_device_has_left(tmp_path, scanned, monkeypatch):
    asked = []
    monkeypatch.setattr(accelerator, "device_memory", lambda: predicted_memory(GROUP[:2]))
    monkeypatch.setattr(
        accelerator, "compute_group", lambda group, progress: asked.append(group) or compute_group(group, progress)
    )
    run_cells(STALENESS, GROUP, tmp_path)
    assert asked == [GROUP[:2], GROUP[2:]] and set(stored(tmp_path)) == set(GROUP)


def test_memory_counts_the_search_of_a_step_size_and_a_cell_is_never_cut():
    pytest.importorskip("jax")
    searching = replace(CELL, step_sizes=(0.1, 0.2, 0.3, 0.4))
    assert predicted_memory((searching,)) > predicted_memory((CELL,))
    assert predicted_memory(GROUP) == 3 * predicted_memory(GROUP[2:]) > predicted_memory(GROUP[:1])
    assert first_that_fit(GROUP, 0) == GROUP[:1] and first_that_fit(GROUP, 10**12) == GROUP


def test_a_cell_that_fails_does_not_take_its_group_with_it(tmp_path, scanned, monkeypatch):
    def failing(group, progress=None):
        if GROUP[1] in group:
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory")
        return compute_group(group, progress)

    monkeypatch.setattr(accelerator, "compute_group", failing)
    outcomes = run_cells(STALENESS, GROUP, tmp_path)
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert "RESOURCE_EXHAUSTED" in outcomes[1].error and set(stored(tmp_path)) == {GROUP[0], GROUP[2]}


def test_a_processor_takes_cells_unless_groups_are_asked_for(monkeypatch):
    pytest.importorskip("jax")
    here = ThisProcess()
    for asked, accelerated, grouping in (
        ("auto", False, False),
        ("auto", True, True),
        ("cells", True, False),
        ("scanned", False, True),
    ):
        monkeypatch.setenv("GRADLAG_ENGINE", asked)
        monkeypatch.setattr(accelerator, "has_accelerator", lambda answer=accelerated: answer)
        assert isinstance(accelerator.on_accelerator(here, [CELL]), accelerator.Groups) == grouping
        assert accelerator.on_accelerator(here, [OTHER]) is here


def test_an_unknown_engine_or_one_without_jax_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAG_ENGINE", "gpu")
    with pytest.raises(InputError, match=r"GRADLAG_ENGINE must be one of auto, scanned, cells. Got 'gpu'"):
        run_cells(STALENESS, [CELL], tmp_path)
    monkeypatch.setenv("GRADLAG_ENGINE", "scanned")
    monkeypatch.setattr(accelerator, "has_jax", lambda: False)
    with pytest.raises(InputError, match=r"pip install 'gradlag\[nn\]'"):
        run_cells(STALENESS, [CELL], tmp_path)
