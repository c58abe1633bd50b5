"""The claims on skewed partitions, decided on invented results whose truth is known, and cells, on small ones."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.studies.claim import judge
from experiments.studies.systems.skewscout.cells import (
    BSP,
    DECIDING,
    FEDAVG,
    GAIA,
    GRID,
    LADDERS,
    METHODS,
    SCOUT,
    SPARSIFIED,
    SkewCell,
    skewscout_cells,
)
from experiments.studies.systems.skewscout.effects import by_skew, by_theta, bytes_to, settled, slope
from experiments.studies.systems.skewscout.system import CLAIMS, SKEWSCOUT
from experiments.studies.systems.store import SYSTEM_RESULTS, SystemResult
from experiments.sweep.executor import run_cells

NAMES = {claim.name.removeprefix("skewscout-"): claim for claim in CLAIMS}


def flat(cell):
    return 0.9


def invented(scale="lesson", final=flat, sent=lambda cell: 1.0, missing=flat, rung=lambda cell: 3.0):
    """Results of a whole scale; accuracies and the rest by the cell, plus a little that differs from seed to seed."""
    results = []
    for cell in skewscout_cells(scale):
        near = 1e-4 * np.arange(cell.seeds)
        times = [*range(0, cell.steps, cell.period), cell.steps]
        periods, end = len(times) - 1, final(cell) + near
        scout = cell.method.startswith(SCOUT)
        values = {
            "step_size": 0.125,
            "at_edge": False,
            "times": times,
            "accuracy": (end[:, None] * np.linspace(0.1, 1, periods + 1)).tolist(),
            "sent": (np.ones((cell.seeds, 1)) * sent(cell) * np.arange(periods + 1)).tolist(),
            "final": end.tolist(),
            "missing": (missing(cell) + near).tolist(),
            "gap": near.tolist(),
            "rungs": ((rung(cell) + near)[:, None] * np.ones(periods if scout else 0)).tolist(),
            "losses": np.zeros((cell.seeds, periods if scout else 0)).tolist(),
        }
        results.append(SystemResult(cell, values, {}, 0.0, ""))
    return results


def verdict(name, **inventions):
    return judge(NAMES[name], invented(**inventions)).verdict


def losing(*methods, norm="none", by=0.05):
    """Accuracy that falls with skew, for these methods under this normalisation."""
    return lambda cell: 0.9 - (by * cell.skew / 100 if cell.method in methods and cell.norm == norm else 0)


def test_a_loss_at_total_skew_is_found_and_its_absence_too():
    for method in (GAIA, FEDAVG, SPARSIFIED):
        assert verdict(f"{method}-loses", final=losing(method)) == "reproduced"
        assert verdict(f"{method}-loses") == "not reproduced"
        assert verdict(f"{method}-loses", final=losing(method, by=-0.05)) == "not reproduced"
    assert verdict("bsp-flat") == "reproduced"
    assert (
        verdict("bsp-flat", final=losing(BSP)) == verdict("bsp-flat", final=losing(BSP, by=-0.05)) == "not reproduced"
    )


def test_growth_is_looked_for_below_total_skew():
    assert verdict("grows", final=losing(GAIA, FEDAVG, SPARSIFIED)) == "reproduced"
    cliff = lambda cell: 0.5 if cell.skew == 100 and cell.method != BSP else 0.9 + cell.skew / 1e4  # noqa: E731
    assert verdict("grows", final=cliff) == "not reproduced" and verdict("fedavg-loses", final=cliff) == "reproduced"


def test_normalisations_are_told_apart():
    failing = losing(BSP, norm="batch")
    assert verdict("batch-norm-fails", final=failing) == verdict("group-norm-recovers", final=failing) == "reproduced"
    assert verdict("group-norm-flat", final=failing) == verdict("bsp-flat", final=failing) == "reproduced"
    both = lambda cell: 0.9 - (cell.norm != "none") * cell.skew / 1000  # noqa: E731
    assert verdict("group-norm-flat", final=both) == verdict("group-norm-recovers", final=both) == "not reproduced"
    assert verdict("batch-norm-fails") == "not reproduced"


def test_the_mismatch_is_a_slope_over_all_degrees_of_skew():
    assert verdict("mismatch-grows", missing=lambda cell: 0.002 * cell.skew) == "reproduced"
    assert verdict("mismatch-grows", missing=lambda cell: 0.0005 * cell.skew) == "not reproduced"
    curve = by_skew(invented(missing=lambda cell: 0.002 * cell.skew), BSP, norm="batch")
    np.testing.assert_allclose(slope(curve, "missing"), 0.2, rtol=1e-9)


def test_looser_communication_must_cost_more_at_total_skew_than_without():
    def ladder(skewed, even):
        return lambda cell: (
            0.9 - (skewed if cell.skew == 100 else even) * (cell.theta == max(LADDERS.get(cell.method, [0])))
        )

    assert verdict("looser-loses", final=ladder(0.05, 0.0)) == "reproduced"
    assert verdict("looser-loses", final=ladder(0.05, 0.05)) == "not reproduced"


@pytest.mark.parametrize("method", LADDERS)
def test_the_controller_is_looked_at_before_the_step_falls(method):
    claim = f"scout-{method}-tight"
    assert verdict(claim, rung=lambda cell: 1.0 if cell.skew == 100 else 4.0) == "reproduced"
    assert verdict(claim) == verdict(claim, rung=lambda cell: 4.0 if cell.skew == 100 else 1.0) == "not reproduced"
    one = by_skew(invented(), SCOUT + method)[0.0]
    one.values["rungs"] = [[0.0] * 5 + [2.0] * 5 + [5.0] * 10] * DECIDING
    assert settled(one).tolist() == [2.0] * DECIDING


def test_bytes_count_over_the_run_and_to_an_accuracy():
    cheap = lambda cell: 0.25 if cell.method.startswith(SCOUT) else 1.0  # noqa: E731
    for name in ("scout-bytes", "scout-bytes-to-accuracy"):
        assert verdict(name, sent=cheap) == "reproduced" and verdict(name) == "not reproduced"
    worse = lambda cell: 0.8 if cell.method.startswith(SCOUT) else 0.9  # noqa: E731
    assert verdict("scout-accuracy") == "reproduced" and verdict("scout-accuracy", final=worse) == "not reproduced"
    # A run that is never as accurate counts as BSP's whole run, however little it sends.
    assert verdict("scout-bytes-to-accuracy", sent=cheap, final=worse) == "not reproduced"


def test_bytes_to_an_accuracy_are_those_of_the_first_record_there():
    one = invented()[0]
    one.values["accuracy"], one.values["sent"] = [[0.5, 0.7, 0.9], [0.5, 0.5, 0.6]], [[0.0, 2.0, 4.0], [0.0, 3.0, 6.0]]
    assert bytes_to(one, 0.7, 99.0).tolist() == [2.0, 99.0]


def test_a_quick_figure_decides_nothing_and_says_so():
    for found in SKEWSCOUT.judged(invented("quick")):
        assert found.verdict == "inconclusive" and "left open" in found.evidence and np.isfinite(found.estimate)


@pytest.mark.parametrize("scale", ["quick", "lesson", "paper"])
def test_every_cell_of_a_scale_has_the_same_budget_and_grid(scale):
    cells = skewscout_cells(scale)
    same = {replace(cell, method=BSP, theta=0, skew=0, hidden=(), norm="none") for cell in cells}
    assert len(same) == 1 and len(set(cells)) == len(cells)
    assert {cell.method for cell in cells} == {*METHODS, *(SCOUT + method for method in LADDERS)}
    results = [SystemResult(cell, {}, {}, 0.0, "") for cell in cells]
    for method, ladder in LADDERS.items():
        assert {min(ladder), max(ladder)} <= set(by_theta(results, method, 100.0))
        assert set(by_skew(results, method)) == set(by_skew(results, BSP)) == set(by_skew(results, SCOUT + method))
    assert scale == "quick" or {cell.seeds for cell in cells} == {DECIDING}


@pytest.mark.parametrize("method", [*METHODS, SCOUT + GAIA])
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_small_cells_become_files_that_read_themselves_back(method, norm, tmp_path):
    theta = {FEDAVG: 5, GAIA: 0.1, SPARSIFIED: 5}.get(method, 0)
    small = SkewCell(method, theta, 100.0, (8,), norm, 40, 20, seeds=2, tuning=1, step_sizes=GRID[2:5])
    assert not [each.error for each in run_cells(SYSTEM_RESULTS, (small,), tmp_path) if each.error]
    (stored,) = SYSTEM_RESULTS.load_all(tmp_path)
    values = stored.values
    assert stored.cell == small and values["step_size"] in small.step_sizes and values["times"] == [0, 20, 40]
    assert np.shape(values["accuracy"]) == np.shape(values["sent"]) == (2, 3)
    assert np.shape(values["rungs"]) == ((2, 2) if method.startswith(SCOUT) else (2, 0))
    assert (np.array(values["missing"]) != 0).all() == (norm == "batch")
