"""Cells of FLeet's study at a tiny size, and effects of made-up numbers: each is what its predicate says."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.studies.claim import Missing
from experiments.studies.systems.fleet.bounded import LARGEST_SQUARE, RULES, STEP_SIZES, BoundCell
from experiments.studies.systems.fleet.effects import (
    below_bound,
    fewer_at_one_step,
    fewer_updates,
    larger_gap,
    online_quality,
    profiled,
    rare_class,
    reached,
)
from experiments.studies.systems.fleet.profiling import ProfilerCell
from experiments.studies.systems.fleet.streaming import OnlineCell
from experiments.studies.systems.fleet.system import FLEET
from experiments.studies.systems.fleet.training import StepsCell, TailCell, chosen, step_sizes
from experiments.studies.systems.store import SYSTEM_RESULTS
from experiments.systems.fleet.controlled import D1
from experiments.systems.fleet.methods import METHODS, long_tail_methods
from experiments.systems.fleet.profiler import OBJECTIVES
from theory.common.errors import DataError, InputError

TINY = {"seeds": 2, "tuning": 1, "updates": 120, "every": 20, "steps": 3, "smallest": 0.1}


def made(cell, values):
    return SimpleNamespace(cell=cell, values=values)


def steps_result(method, law, updates):
    """A result whose best of three steps is the second, at which each seed needs so many updates."""
    cell = StepsCell(method, law, seeds=len(updates), tuning=2, updates=1000, every=10)
    rows = [[None] * len(updates), list(updates), [None] * len(updates)]
    return made(
        cell, {"steps": [0.1, 0.2, 0.4], "updates": {"judging": rows, "tuning": [[900, 900], [50, 50], [None, None]]}}
    )


RESULTS = [
    steps_result("synchronous", "none", [100, 100]),
    steps_result("adasgd", "D1", [200, 400]),
    steps_result("inverse", "D1", [400, 800]),
    steps_result("averaging", "D1", [800, None]),
    steps_result("adasgd", "D2", [200, 400]),
    steps_result("inverse", "D2", [800, 800]),
    steps_result("averaging", "D2", [800, None]),
]


def test_effects_are_logarithms_of_ratios_seed_by_seed():
    np.testing.assert_allclose(fewer_updates("adasgd", "inverse", "D1")(RESULTS).values, [1, 1])
    np.testing.assert_allclose(fewer_updates("synchronous", "adasgd", "D1", "D2")(RESULTS).values, [1, 2])
    np.testing.assert_allclose(larger_gap("adasgd", "inverse")(RESULTS).values, [1, 0])
    # A run that never gets there counts as one that does at the end, after 1000.
    np.testing.assert_allclose(fewer_updates("adasgd", "averaging", "D1")(RESULTS).values, [2, np.log2(2.5)])
    np.testing.assert_allclose(fewer_at_one_step("adasgd", "averaging")(RESULTS).values, [2, np.log2(2.5)])
    assert "1 never" in fewer_updates("adasgd", "averaging", "D1")(RESULTS).evidence


def test_a_best_step_at_an_end_of_the_grid_and_a_baseline_that_misses_leave_a_claim_open():
    assert fewer_updates("adasgd", "inverse", "D1")(RESULTS).sound
    at_end = steps_result("inverse", "D1", [400, 800])
    at_end.values["updates"]["tuning"] = [[10, 10], [50, 50], [None, None]]
    found = fewer_updates("adasgd", "inverse", "D1")([at_end, *RESULTS])
    assert not found.sound and "end of the grid: DynSGD D1" in found.evidence
    missing = steps_result("synchronous", "none", [100, None])
    assert not fewer_updates("adasgd", "inverse", "D1")([missing, *RESULTS]).sound


def test_seeds_that_choose_do_not_judge():
    found = reached(RESULTS, "adasgd", "D1")
    assert found.best == 1 and found.inside and found.logs.shape == (3, 2)
    assert chosen(np.array([[1.0, 3.0], [0.0, 1.0], [9.0, 9.0]])) == 1


def test_effects_of_the_other_cells():
    tail = {"judging": [[0.2, 0.4], [0.5, 0.5]], "tuning": [[0.9, 0.9], [0.8, 0.8]]}
    boosted = {"overall": tail, "rare": {"judging": [[0.6, 0.7], [0.0, 0.0]]}}
    without = {"overall": tail, "rare": {"judging": [[0.5, 0.3], [0.0, 0.0]]}}
    cell = TailCell("boosted", "D1", **TINY)
    both = [made(cell, boosted), made(replace(cell, method="saturated"), without)]
    np.testing.assert_allclose(rare_class(both).values, [0.1, 0.4])
    errors = {"i-prof": [1.0, 2.0], "global": [4.0, 2.0], "least-squares": [1.0, 1.0]}
    np.testing.assert_allclose(profiled("time")([made(ProfilerCell("time", 2, 5), {"errors": errors})]).values, [2, 0])
    stream = {"online": {"judging": [[0.1, 0.1], [0.2, 0.3]], "tuning": [[0], [1]]}}
    stream["daily"] = {"judging": [[0.1, 0.1], [0.0, 0.0]], "tuning": [[1], [0]]}
    np.testing.assert_allclose(online_quality([made(OnlineCell(2, 1, 3), stream)]).values, np.log2([2, 3]))
    bound = {"measured": [[1.0, 2.0], [3.0, 9.0]], "bounds": [4.0, 6.0]}
    found = below_bound([made(BoundCell("inverse", "D1", 2, 10), bound)])
    np.testing.assert_allclose(found.values, [0.5, -0.5])


@pytest.mark.parametrize("claim", FLEET.claims, ids=lambda claim: claim.name)
def test_a_claim_without_its_cells_says_so(claim):
    with pytest.raises(Missing):
        claim.effect(())


def test_a_tiny_training_cell_counts_updates_and_is_the_same_again():
    cell = StepsCell("inverse", "D1", target=0.2, **TINY)
    values = cell.compute()
    assert values == cell.compute()
    np.testing.assert_allclose(values["steps"], step_sizes(0.1, 3))
    judging = np.array(values["updates"]["judging"], dtype=float)
    assert judging.shape == (3, 2) and np.isin(judging[~np.isnan(judging)] % 20, 0).all()
    assert np.nanmin(judging) <= 60  # a fifth of the rows are soon right
    assert np.array(values["updates"]["tuning"]).shape == (3, 1)


def test_one_worker_is_refused_under_a_law_of_staleness_and_trains_without():
    with pytest.raises(InputError, match="one worker are never stale"):
        StepsCell("inverse", "D1", clients=1, **TINY)
    assert StepsCell("synchronous", "none", clients=1, **TINY).compute()["steps"]


def test_updates_are_those_at_the_first_of_three_evaluations_in_a_row():
    cell = StepsCell("inverse", "D1", **TINY)
    assert cell._reached(np.array([0.0, 0.9, 0.8, 0.9, 0.91, 0.95])) == 60
    assert cell._reached(np.array([0.0, 0.9, 0.8, 0.9, 0.91])) == np.inf


def test_a_tiny_tail_has_a_curve_for_every_step():
    values = TailCell("boosted", "D1", **TINY).compute()
    assert np.array(values["curves"]).shape == (3, 7) and values["updates"] == [0, 20, 40, 60, 80, 100, 120]
    for name in ("rare", "overall"):
        assert np.array(values[name]["judging"]).shape == (3, 2)


def test_tiny_cells_of_the_other_kinds():
    values = ProfilerCell("energy", seeds=2, devices=20, models=4).compute()
    assert all(len(each) == 2 for each in values["errors"].values())
    assert all((np.diff(each) >= 0).all() for each in values["distances"].values())
    values = OnlineCell(seeds=1, tuning=1, days=2, steps=2).compute()
    assert np.array(values["online"]["curves"]).shape == (2, 47)
    assert np.array(values["daily"]["judging"]).shape == (2, 1)


def test_the_largest_square_of_the_derivative_is_27_64ths():
    t = np.linspace(0, 3, 300_001)
    assert np.max((2 * t / (1 + t**2) ** 2) ** 2) == pytest.approx(LARGEST_SQUARE, rel=1e-9)
    assert (2 / np.sqrt(3) / (1 + 1 / 3) ** 2) ** 2 == pytest.approx(LARGEST_SQUARE, rel=1e-15)


@pytest.mark.parametrize("law", ["D1", "D2"])
def test_runs_stay_below_the_bound(law):
    values = BoundCell("exponential", law, seeds=8, updates=300).compute()
    measured = np.array(values["measured"])
    assert measured.shape == (len(STEP_SIZES), 8)
    assert (measured.mean(axis=1) < np.array(values["bounds"])).all()


def test_the_scale_paper_asks_for_its_data_before_it_starts(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    SYSTEM_RESULTS.check_needs(FLEET.cells("lesson"))
    with pytest.raises(DataError, match="gradlag data get mnist"):
        SYSTEM_RESULTS.check_needs(FLEET.cells("paper"))


def test_every_scale_runs_every_server_under_every_law_once():
    names = [cell.name for cell in FLEET.cells("quick")]
    stale, tails = 2 * (len(METHODS) - 1), len(long_tail_methods(D1))
    assert len(set(names)) == len(names) == 1 + stale + tails + len(OBJECTIVES) + 1 + 2 * len(RULES)
