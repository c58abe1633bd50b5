"""DS-Sync's claims, decided on invented results of which the truth is known, and its cells, on small ones."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.studies.claim import judge
from experiments.studies.systems.ds_sync.cells import (
    DECIDING,
    METHODS,
    NETWORKS,
    RECORDS,
    STALE,
    ClockCell,
    TrainedCell,
    ds_sync_cells,
)
from experiments.studies.systems.ds_sync.effects import bounded, proved, steps_to, trained
from experiments.studies.systems.ds_sync.system import CLAIMS, DS_SYNC
from experiments.studies.systems.store import SYSTEM_RESULTS, SystemResult
from experiments.sweep.executor import run_cells
from theory.bounds.group_averaging import GROUP_AVERAGING_BOUND

NAMES = {claim.name.removeprefix("ds-sync-"): claim for claim in CLAIMS}
CONSTANTS = {"L": 2.0, "Delta": 20.0, "sigma": 1.0, "zeta": 2.0}


def invented(scale="lesson", final=lambda cell: 1.0, own=lambda cell: 1.0, seconds=lambda cell: 1.0, **more):
    """Results of a whole scale; qualities and seconds by the cell, times a little that differs from seed to seed."""
    results = []
    for cell in ds_sync_cells(scale):
        near = 2 ** (0.01 * np.arange(cell.seeds))
        if isinstance(cell, ClockCell):
            values = {"seconds": (seconds(cell) * near).tolist()}
        else:
            end = (final(cell) * near).tolist()
            values = {
                "step_size": 0.125,
                "unit": 0.5,
                "at_edge": False,
                "times": list(range(RECORDS + 1)),
                "curves": [np.geomspace(64 * each, each, RECORDS + 1).tolist() for each in end],
                "own": (own(cell) * near).tolist(),
                "final": end,
                "average": end,
                "consensus": end,
                "diverged": 0,
                "constants": CONSTANTS if cell.workload.startswith("problem") else {},
            } | more
        results.append(SystemResult(cell, values, {}, 0.0, ""))
    return results


def by_method(**factors):
    return lambda cell: factors.get(cell.method, 1.0)


def verdict(name, **inventions):
    return judge(NAMES[name], invented(**inventions)).verdict


@pytest.mark.parametrize("method", ["grid", "random"])
def test_the_same_steps_are_found_and_more_steps_too(method):
    claim = f"{method}-per-step"
    assert verdict(claim) == "reproduced"
    assert verdict(claim, final=by_method(**{method: 2.0})) == "not reproduced"
    assert verdict(claim, final=by_method(**{method: 0.5})) == "not reproduced"


def test_own_models_are_told_from_their_mean():
    worse = by_method(grid=2.0, fixed=100.0)
    assert verdict("own-models", own=worse) == "not reproduced" and verdict("grid-per-step", own=worse) == "reproduced"
    assert verdict("fixed-groups", own=worse) == "reproduced"
    assert verdict("fixed-groups", own=by_method(fixed=1.5)) == "not reproduced"


def test_a_stale_server_may_be_worse_or_better():
    assert verdict("stale-server", final=by_method(stale=1.5)) == "reproduced"
    assert verdict("stale-server", final=by_method(stale=0.7)) == "not reproduced"


def test_measurements_are_held_against_the_bound_of_their_own_steps_and_constants():
    results = invented()
    values = [proved(GROUP_AVERAGING_BOUND, run) for run in bounded(results)]
    # 2 Delta/(gamma T) + gamma L sigma^2/N + 2 gamma^2 L^2 ((1/m - 1/N) sigma^2 + 2 zeta^2) at gamma = 1/16, T = 960.
    expected = 40 / 60 + 2 / 16 / 16 + 2 * 4 / 256 * ((1 / 4 - 1 / 16) + 8)
    np.testing.assert_allclose(values, expected, rtol=1e-12)
    for claim in ("gradient-bound", "consensus-bound"):
        assert verdict(claim, final=lambda cell: 0.01) == "reproduced"
        assert verdict(claim, final=lambda cell: 100.0) == "not reproduced"


def test_seconds_are_compared_on_each_network():
    def seconds(cell):
        return 4.0 if (cell.network, cell.method) == ("latency", "full") else 1.0

    assert verdict("latency", seconds=seconds) == "reproduced"
    assert verdict("stragglers", seconds=seconds) == "not reproduced"
    assert verdict("time-to-target", seconds=lambda cell: 2.0 if cell.method == "full" else 1.0) == "reproduced"
    # Half the seconds a step are no gain where twice the steps are needed.
    slower = invented(seconds=lambda cell: 2.0 if cell.method == "full" else 1.0)
    for each in slower:
        if isinstance(each.cell, TrainedCell) and each.cell.method == "grid":
            each.values["times"] = [2 * time for time in each.values["times"]]
    assert judge(NAMES["time-to-target"], slower).verdict == "not reproduced"


def test_a_target_that_is_never_reached_counts_at_the_end():
    result = next(each for each in invented() if isinstance(each.cell, TrainedCell))
    assert steps_to(result, 1e-9).tolist() == [RECORDS] * DECIDING
    assert steps_to(result, 1e9).tolist() == [1] * DECIDING


def test_a_quick_figure_decides_nothing_and_says_so():
    for found in DS_SYNC.judged(invented("quick")):
        assert found.verdict == "inconclusive" and "left open" in found.evidence and np.isfinite(found.estimate)


def test_a_run_that_diverges_is_worse_than_any_other():
    results = invented()
    for each in results:
        if isinstance(each.cell, TrainedCell) and each.cell.method == "random":
            each.values["final"] = [None] * each.cell.seeds
    assert judge(NAMES["random-per-step"], results).verdict == "inconclusive"


def test_every_scale_compares_all_methods_at_equal_gradients_and_budgets():
    for scale in ("quick", "lesson", "paper"):
        for found in trained(invented(scale)).values():
            assert set(found) == set(METHODS)
            assert len({replace(each.cell, method="full") for each in found.values()}) == 1
    assert {cell.seeds for scale in ("lesson", "paper") for cell in ds_sync_cells(scale)} == {DECIDING}


@pytest.mark.parametrize("method", METHODS)
def test_small_cells_become_files_that_read_themselves_back(method, tmp_path):
    small = TrainedCell(method, "problem:nonconvex:d=3", 1.0, 4, 2, 48, 1, seeds=2, tuning=1, step_sizes=(0.5, 0.125))
    clock = ClockCell(method, "stragglers", 4, 2, steps=20, seeds=2)
    outcomes = run_cells(SYSTEM_RESULTS, (small, clock), tmp_path)
    assert not [each.error for each in outcomes if each.error]
    stored = {type(each.cell): each for each in SYSTEM_RESULTS.load_all(tmp_path)}
    assert set(stored) == {TrainedCell, ClockCell} and stored[TrainedCell].cell == small
    values = stored[TrainedCell].values
    assert values["step_size"] in small.step_sizes and len(values["curves"]) == 2
    assert values["constants"]["zeta"] == pytest.approx(1.0)
    if method in ("full", STALE):
        assert max(values["consensus"]) < 1e-25
        np.testing.assert_allclose(values["own"], values["final"], rtol=1e-6)


def test_networks_differ_in_what_makes_them_slow():
    assert set(NETWORKS) == {"even", "stragglers", "latency"}
    even = [ClockCell(method, "even", 16, 4, 10, 1).compute()["seconds"][0] for method in ("full", "grid")]
    network = NETWORKS["even"]
    np.testing.assert_allclose(even, [0.1 + network.all_reduce(16), 0.1 + network.all_reduce(4)], rtol=1e-8)
