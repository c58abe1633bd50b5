"""Fed-Influence's claims, decided on invented results of which the truth is known, and its cells, on small ones."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.studies.claim import judge
from experiments.studies.systems.fed_influence.cells import (
    BEYOND,
    CONTRACTING,
    DECIDING,
    EDGE,
    EXACT,
    EXPANDING,
    FLAT,
    IID,
    LINEAR,
    MANY,
    QUADRATIC,
    RELU,
    SKEWED,
    SYNTHETIC,
    CleansingCell,
    FederatedTask,
    InfluenceCell,
    fed_influence_cells,
)
from experiments.studies.systems.fed_influence.effects import LWET, proved, run_of, truncated_limit
from experiments.studies.systems.fed_influence.system import CLAIMS, FED_INFLUENCE
from experiments.studies.systems.store import SYSTEM_RESULTS, SystemResult
from experiments.sweep.executor import run_cells
from experiments.systems.influence.constants import Curvature
from experiments.systems.influence.measure import TRUE

NAMES = {claim.name.removeprefix("fed-influence-"): claim for claim in CLAIMS}
TIMES = tuple(range(5, 101, 5))
CURVATURE = {"least": 0.1, "most": 1.0, "bend": 2.0}


def invented(
    scale="lesson",
    error=lambda cell, t: 1e-3 + 0 * t,
    length=lambda cell, name: 1.0,
    agreement=lambda cell, name: 0.999,
    lowest=True,
    gained=2.0,
):
    """Results of a whole scale; errors by the round, lengths, r and accuracies, a little apart from seed to seed."""
    return [
        SystemResult(cell, made(cell, error, length, agreement, lowest, gained), {}, 0.0, "")
        for cell in fed_influence_cells(scale)
    ]


def made(cell, error, length, agreement, lowest, gained):
    near = 1 + 0.01 * np.arange(cell.seeds)[:, None]
    if isinstance(cell, CleansingCell):
        nobody = 60 + near[:, 0]
        accuracy = {"nobody": nobody / 100, "influence": (nobody + gained * near[:, 0]) / 100, "chance": nobody / 100}
        return {"accuracy": {who: each.tolist() for who, each in accuracy.items()}, "caught": [cell.leave] * cell.seeds}
    names, clients = cell.estimators, cell.task.clients
    times = np.array(TIMES, float)
    values = {
        "times": list(TIMES),
        "errors": {name: (near * error(cell, times)).tolist() for name in names},
        "lengths": {name: (near * length(cell, name) + 0 * times).tolist() for name in (TRUE, *names)},
        "largest": [1.0] * cell.seeds,
        "sharpness": [2.0] * cell.seeds,
        "step_sizes": [0.5] * cell.seeds,
        "accuracy": [0.7] * cell.seeds,
    }
    if cell.task.name in (QUADRATIC, SYNTHETIC):
        values |= {name: [value] * cell.seeds for name, value in CURVATURE.items()}
    true, across = np.linspace(-1, 1, clients), np.cos(np.pi * np.arange(clients))
    true, across = (each - each.mean() for each in (true, across))
    across -= true * (across @ true) / (true @ true)
    true, across = true / np.linalg.norm(true), across / np.linalg.norm(across)
    if not lowest:
        true = true[::-1]

    def told(name):
        r = 1.0 if name == TRUE else agreement(cell, name)
        return r * true + np.sqrt(1 - r * r) * across

    values["influence"] = {name: (near * told(name)).tolist() for name in (TRUE, *names)}
    return values


def verdict(name, **inventions):
    return judge(NAMES[name], invented(**inventions)).verdict


def in_role(*roles, there, elsewhere):
    """A function of a cell and more that is one for some roles, another for all others."""
    return lambda cell, *more: (there if cell.role in roles else elsewhere)(cell, *more)


def test_exactness_is_a_share_of_the_longest_influence():
    tiny, small = (lambda cell, t: 1e-15 + 0 * t), (lambda cell, t: 1e-9 + 0 * t)
    assert verdict("exact", error=tiny) == "reproduced"
    assert verdict("exact", error=in_role(BEYOND, there=small, elsewhere=tiny)) == "not reproduced"
    assert verdict("exact", error=in_role(EXACT, there=small, elsewhere=tiny)) == "not reproduced"


@pytest.mark.parametrize(
    ("role", "claim", "right", "wrong"),
    [
        (CONTRACTING, "contracting", lambda cell, t: 1 + 0 * t, lambda cell, t: t**3),
        (FLAT, "flat", lambda cell, t: 1e-6 * t, lambda cell, t: 1e-6 * t**2),
        (FLAT, "flat", lambda cell, t: 1e-6 * t**0.9, lambda cell, t: 1e-6 + 0 * t),
        (EXPANDING, "expanding", lambda cell, t: 1e-6 * 1.2**t, lambda cell, t: 1e-6 * t),
    ],
)
def test_regimes_are_told_apart_by_how_errors_grow(role, claim, right, wrong):
    assert verdict(claim, error=right) == "reproduced"
    assert verdict(claim, error=wrong) == "not reproduced"
    assert verdict(claim, error=in_role(role, there=right, elsewhere=wrong)) == "reproduced"


def test_errors_are_held_against_the_bound_of_their_own_constants():
    run = run_of(invented(), CONTRACTING)
    # alpha = max(|1 - 0.05|, |1 - 0.5|), m = 5, C = 1: kappa (1 - gamma^(t - 1))/(1 - gamma).
    alpha, bend = 0.95, 2.0
    gamma = alpha**5
    kappa = 0.5 * bend / 2 * alpha**4 * (1 - gamma) / (1 - alpha)
    before = np.array(TIMES) - 1.0  # nothing is missed in the first round
    np.testing.assert_allclose(proved(run, 0), kappa * (1 - gamma**before) / (1 - gamma), rtol=1e-12)
    assert truncated_limit(run, 0) == pytest.approx(gamma)
    assert Curvature(0.1, 1.0, 2.0).contraction(0.5) == pytest.approx(alpha)
    for claim in ("bound", "truncated-bound"):
        assert verdict(claim) == "reproduced"
        assert verdict(claim, error=lambda cell, t: 1e3 + 0 * t) == "not reproduced"


def test_the_first_round_in_which_nothing_is_missed_says_nothing():
    results = invented()
    before = judge(NAMES["bound"], results)
    for each in results:
        if isinstance(each.cell, InfluenceCell):
            each.values["times"] = [1, *TIMES]
            each.values["errors"]["basic"] = [[0.0, *row] for row in each.values["errors"]["basic"]]
    assert judge(NAMES["bound"], results).estimate == before.estimate


def test_a_bound_beyond_the_range_of_numbers_is_infinite():
    results = invented()
    run = run_of(results, EXPANDING)
    run.values["step_sizes"] = [500.0] * run.cell.seeds
    limits = proved(run, 0)
    assert np.isfinite(limits[0]) and np.isinf(limits[-1]) and judge(NAMES["bound"], results).verdict == "reproduced"


@pytest.mark.parametrize(
    ("claim", "role", "name", "threshold"),
    [
        ("correlation", MANY, "basic", 0.95),
        ("low-cost-correlation", MANY, "lwet-fisher", 0.95),
        ("lwet-ranks", EXPANDING, "lwet-fisher", 0.5),
        ("linear-network", IID, "lwet-fisher", 0.5),
        ("relu-network", SKEWED, "lwet-client", 0.5),
    ],
)
def test_correlations_are_those_of_one_estimator_in_one_task(claim, role, name, threshold):
    assert verdict(claim) == "reproduced"
    below = threshold - 0.05
    found = judge(
        NAMES[claim], invented(agreement=lambda cell, each: below if (cell.role, each) == (role, name) else 0.99)
    )
    assert found.verdict == "not reproduced" and found.estimate == pytest.approx(below)


def long_in(role, estimator, length):
    return lambda cell, name: length if (cell.role, name) == (role, estimator) else 1.0


@pytest.mark.parametrize(("claim", "role"), [("blow-up", EXPANDING), ("blow-up-network", EDGE)])
def test_an_explosion_is_told_from_a_long_influence(claim, role):
    assert verdict(claim) == "not reproduced"
    exploded = long_in(role, "basic", 1e6)
    assert verdict(claim, length=exploded) == "reproduced"
    assert verdict("lwet", length=exploded) == "reproduced"
    for each in set(LWET) & set(run_of(invented(), role).cell.estimators):
        assert verdict("lwet", length=long_in(role, each, 20.0)) == "not reproduced"


def test_an_estimate_beyond_the_range_of_numbers_has_exploded():
    results = invented()
    for each in results:
        if isinstance(each.cell, InfluenceCell) and each.cell.role == EDGE:
            each.values["lengths"]["basic"] = [[None] * len(TIMES)] * each.cell.seeds
    assert judge(NAMES["blow-up-network"], results).verdict == "reproduced"


def test_the_client_with_wrong_labels_is_the_first_one():
    assert verdict("wrong-labels") == "reproduced"
    assert verdict("wrong-labels", lowest=False) == "not reproduced"


@pytest.mark.parametrize("claim", ["cleansing", "cleansing-chance", "cleansing-clean"])
def test_sending_away_may_raise_accuracy_or_lower_it(claim):
    assert verdict(claim) == "reproduced"
    assert verdict(claim, gained=-2.0) == "not reproduced"


def test_a_quick_figure_decides_nothing_and_says_so():
    for found in FED_INFLUENCE.judged(invented("quick")):
        assert found.verdict == "inconclusive" and "left open" in found.evidence and np.isfinite(found.estimate)


def test_larger_scales_have_the_seeds_that_decide():
    for scale in ("lesson", "paper"):
        assert {cell.seeds for cell in fed_influence_cells(scale)} == {DECIDING}


SMALL = (
    InfluenceCell("exact", FederatedTask(QUADRATIC, 4, 2, 2, 6, 0.75), ("basic", "truncated", "lwet"), 3, 2),
    InfluenceCell("many", FederatedTask(SYNTHETIC, 4, 2, 2, 6, 0.5, 0.1, 1), ("basic", "lwet-fisher"), 3, 2),
    InfluenceCell("edge", FederatedTask(RELU, 4, 2, 2, 6, 0.4, 0, 1, "digits", 8, 3, 50), ("lwet-client",), 3, 2),
    InfluenceCell("iid", FederatedTask(LINEAR, 4, 1, 2, 6, 0.4, 0, 0, "digits", 8, 3), ("lwet",), 3, 2),
    CleansingCell(FederatedTask(SYNTHETIC, 6, 3, 2, 8, 0.5, 0.01, 1), "lwet-fisher", 3, 5, 1, 2),
)


@pytest.mark.parametrize("small", SMALL, ids=lambda cell: cell.name)
def test_small_cells_become_files_that_read_themselves_back(small, tmp_path):
    outcomes = run_cells(SYSTEM_RESULTS, (small,), tmp_path)
    assert not [each.error for each in outcomes if each.error]
    (stored,) = SYSTEM_RESULTS.load_all(tmp_path)
    assert stored.cell == small
    if isinstance(small, InfluenceCell):
        assert set(stored.values["lengths"]) == {TRUE, *small.estimators}
        assert np.array(stored.values["lengths"][TRUE]).shape == (2, len(stored.values["times"]))
        assert ("most" in stored.values) == (small.task.name in (QUADRATIC, SYNTHETIC))
    else:
        assert set(stored.values["accuracy"]) == {"nobody", "influence", "chance"}


def test_nobody_sent_away_is_the_run_itself():
    cell = replace(SMALL[-1], leave=0)
    accuracy = cell.one(0)["accuracy"]
    assert accuracy["influence"] == accuracy["chance"] == accuracy["nobody"]
