"""Logs whose every assumption is true, or whose mean is known: a wrong word is as rare as the level says."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from experiments.check.calibration.at_once import found_above, found_below
from experiments.check.calibration.error_rates import (
    copied_runs,
    dependence_found,
    error_rates,
    laws,
    understated_noise,
)
from experiments.check.training_log import check_log
from experiments.check.verdict import Decision, Verdict
from experiments.statistics.comparison import Outcome, Points, compare
from theory.bounds import Setting, get
from theory.common.errors import InputError
from theory.staleness.count import Staleness

LEVEL = 0.05
STEPS, STEP = 12, 0.02
# |grad F(x_0)|^2 <= 2 L Delta.
START = 2.0
Squares = Callable[[np.random.Generator], np.ndarray]


def most(trials: int) -> int:
    """A number that a count of probability LEVEL exceeds once in a thousand tests."""
    return int(stats.binom.ppf(0.999, trials, LEVEL))


def words(tmp_path: Path, trials: int, draw: Squares, **constants: float) -> Counter[Decision]:
    return Counter(each.verdict for each in verdicts(tmp_path, trials, draw, **constants))


def verdicts(tmp_path: Path, trials: int, draw: Squares, **constants: float) -> Iterator[Verdict]:
    """Verdicts on theorem-a from logs of drawn squares (S, T + 1), one log a trial."""
    given = {"L": 1.0, "Delta": 1.0, "sigma": 1.0} | constants
    for trial in range(trials):
        squares = draw(np.random.default_rng((3, trial)))
        rows = (f"{k},{math.sqrt(v):.17g},{s}" for s, row in enumerate(squares) for k, v in enumerate(row))
        path = tmp_path / "log.csv"
        path.write_text("step,grad_norm,seed\n" + "\n".join(rows) + "\n")
        yield check_log(path, str(STEP), 1, given, bounds=["theorem-a"], level=LEVEL)


def limit(name: str = "theorem-a", **constants: float) -> float:
    given = {"L": 1.0, "Delta": 1.0, "sigma": 1.0} | constants
    return get(name).evaluate(Setting(np.full(STEPS, STEP), np.zeros(STEPS, int), Staleness(1), given))


def test_gradients_that_are_mostly_zero_and_rarely_huge_violate_nothing(tmp_path: Path) -> None:
    # F = x^2/2 with the gradient x B/p, B of probability p: every assumption holds, and hardly a seed ever moves.
    p, start = 0.004, 1.5
    sigma = start * math.sqrt((1 - p) / p)

    def draw(rng: np.random.Generator) -> np.ndarray:
        factors = 1 - STEP * 0.1 * (rng.random((24, STEPS)) < p) / p
        return (start * np.concatenate([np.ones((24, 1)), np.cumprod(factors, axis=1)], axis=1)) ** 2

    found = words(tmp_path, 60, draw, Delta=start**2 / 2, sigma=sigma)
    assert found[Decision.VIOLATED] <= most(60)


@pytest.mark.parametrize(("zeros", "seeds"), [(0.07, 8), (0.07, 16), (0.12, 16), (0.03, 32)])
def test_seeds_of_which_some_converged_and_the_mean_is_the_bound_violate_nothing(
    tmp_path: Path, zeros: float, seeds: int
) -> None:
    bound = limit()

    def draw(rng: np.random.Generator) -> np.ndarray:
        squares = np.tile((rng.random((seeds, 1)) >= zeros) / (1 - zeros) * bound, (1, STEPS + 1))
        squares[:, 0] = min(bound, START)  # x_0 is no random point
        # Each seed is told apart by its digits, as seeds are.
        return squares * (1 + 1e-4 * (rng.random(squares.shape) - 0.5) * (np.arange(STEPS + 1) > 0))

    assert words(tmp_path, 80, draw)[Decision.VIOLATED] <= most(80)


@pytest.mark.parametrize("seeds", [4, 8, 24])
@pytest.mark.parametrize("law", ["t_3 squared", "lognormal 2", "1 % of size 50", "lognormal 1"])
def test_heavy_tails_with_their_mean_above_the_bound_seldom_hold(tmp_path: Path, law: str, seeds: int) -> None:
    bound = limit()

    def draw(rng: np.random.Generator) -> np.ndarray:
        squares = 1.01 * bound * np.tile(laws()[law](rng, (seeds, 1)), (1, STEPS + 1))
        squares[:, 0] = min(2 * bound, START)
        return squares * (1 + 1e-4 * rng.random(squares.shape) * (np.arange(STEPS + 1) > 0))

    assert words(tmp_path, 60, draw)[Decision.HOLDS] <= most(60)


@pytest.mark.parametrize("rounding", [0.0, 3e-8])
def test_runs_that_are_logged_several_times_count_once(tmp_path: Path, rounding: float) -> None:
    bound = limit()

    def draw(rng: np.random.Generator) -> np.ndarray:
        squares = np.repeat(bound * rng.exponential(size=(4, 1)) * np.ones(STEPS + 1), 6, axis=0)
        squares[:, 0] = min(bound, START)
        return squares * (1 + rounding * rng.random(squares.shape))

    found = list(verdicts(tmp_path, 60, draw))
    assert sum(verdict.verdict is Decision.VIOLATED for verdict in found) <= most(60)
    assert all(any("4 are distinct" in told for told in verdict.announcements) for verdict in found)


def test_a_mean_far_above_the_bound_is_still_refuted(tmp_path: Path) -> None:
    bound = limit()

    def draw(rng: np.random.Generator) -> np.ndarray:
        squares = 2 * bound * rng.gamma(5, 1 / 5, (12, STEPS + 1))
        return np.minimum(squares, np.where(np.arange(STEPS + 1) == 0, START, np.inf))

    found = next(verdicts(tmp_path, 1, draw))
    assert found.verdict is Decision.VIOLATED and found.test == "Gaffke's test" and found.p_value <= LEVEL
    assert "valid for every law, if the seeds are independent" in found.sentence


def test_several_claims_share_the_level(tmp_path: Path) -> None:
    # p lies between a half of the level and the level itself.
    squares = np.full((7, STEPS + 1), limit() * (1 / 0.04) ** (1 / 7)) * (1 + 1e-5 * np.arange(7)[:, None])
    rows = (f"{k},{math.sqrt(v):.17g},{s}" for s, row in enumerate(squares) for k, v in enumerate(row))
    (tmp_path / "log.csv").write_text("step,grad_norm,seed\n" + "\n".join(rows) + "\n")
    given = {"L": 1.0, "Delta": 1.0, "sigma": 1.0}
    one, two = (
        check_log(tmp_path / "log.csv", str(STEP), 1, given, bounds=names)
        for names in (["theorem-a"], ["theorem-a", "corollary-1"])
    )
    assert LEVEL / 2 < one.p_value <= LEVEL
    assert one.numbers == "above" and two.bounds_detail["theorem-a"].numbers == "undecided"


def test_what_is_known_of_the_tails_is_used_and_named(tmp_path: Path) -> None:
    from experiments.statistics.tails import parse_tails

    squares = limit() * np.random.default_rng(0).gamma(40, 0.4 / 40, (10, STEPS + 1))
    squares[:, 0] = min(2 * limit(), START)
    rows = (f"{k},{math.sqrt(v):.17g},{s}" for s, row in enumerate(squares) for k, v in enumerate(row))
    (tmp_path / "log.csv").write_text("step,grad_norm,seed\n" + "\n".join(rows) + "\n")

    def told(tails: str) -> Verdict:
        given = {"L": 1.0, "Delta": 1.0, "sigma": 1.0}
        return check_log(tmp_path / "log.csv", str(STEP), 1, given, bounds=["theorem-a"], tails=parse_tails(tails))

    assert told("any").verdict is Decision.UNDECIDED and "--tails" in (told("any").would_decide or "")
    for tails in ("kappa:1.3", "gaussian", f"bounded:{2 * limit()!r}"):
        assert told(tails).verdict is Decision.HOLDS and told(tails).tails.split(":")[0] == tails.split(":")[0]
    assert "--tails gaussian is not true" in told("gaussian").sentence
    with pytest.raises(InputError, match="never exceeds"):
        told(f"bounded:{limit()!r}")


@pytest.mark.parametrize("seeds", [2, 4, 8, 16, 32, 64])
@pytest.mark.parametrize("law", laws())
def test_no_law_is_called_violated_more_often_than_the_level(law: str, seeds: int) -> None:
    trials = 400
    values = laws()[law](np.random.default_rng((11, seeds)), (trials, seeds, 1))
    assert found_above(values, 1.0, LEVEL).sum() <= most(trials)


@pytest.mark.parametrize("law", ["exponential", "10 squares", "lognormal 2", "zeros, 5 %"])
def test_the_table_measures_what_the_checker_says(law: str) -> None:
    for seeds in (4, 20):
        values = laws()[law](np.random.default_rng((12, seeds)), (40, seeds, 3))
        for bound in (0.5, 4.0, 40.0):
            said = [compare(Points(v, v[:, :0], None, None, False, np.arange(seeds)), bound, LEVEL) for v in values]
            assert [each.outcome is Outcome.ABOVE for each in said] == found_above(values, bound, LEVEL).tolist()
            assert [each.outcome is Outcome.BELOW for each in said] == found_below(values, bound, LEVEL).tolist()


def test_a_row_of_the_table_has_both_errors_and_both_powers() -> None:
    (row,) = error_rates(200, (24,), ("100 squares",))
    assert row.false_violated <= 0.1 > row.false_holds
    assert row.violated_at_5 < row.violated_at_20 and row.holds_at_half <= row.holds_at_twentieth == 1


def test_the_weighted_mean_wins_power_that_every_point_has_lost() -> None:
    (true, right, _), (ratio, weighted, every) = understated_noise(12, (1.0, 1.3), 24, 200, steps=60, step=0.15)
    assert true == pytest.approx(1, rel=1e-9) and ratio == pytest.approx(1.26, abs=0.03)
    assert right * 200 <= most(200) and weighted > 0.9 > 0.1 > every


def test_copies_and_order_are_found_and_honest_rows_are_not_suspected() -> None:
    found = dependence_found(24, 40)
    assert found["every run twice, noise 0.1 %"] == found["order, AR(0.5), d = 10"] == 1
    assert found["honest rows, copies found"] == found["honest rows, order found"] == 0
    alike, judged = copied_runs(24, 100, copies=6)
    assert alike > 0.15 and judged * 100 <= most(100)


def test_holds_needs_no_share_of_the_level_as_all_claims_have_to_hold(tmp_path: Path) -> None:
    squares = 0.44 * limit() * np.random.default_rng(5).gamma(400, 1 / 400, (32, STEPS + 1))
    squares[:, 0] = min(2 * limit(), START)
    rows = (f"{k},{math.sqrt(v):.17g},{s}" for s, row in enumerate(squares) for k, v in enumerate(row))
    (tmp_path / "log.csv").write_text("step,grad_norm,seed\n" + "\n".join(rows) + "\n")
    given = {"L": 1.0, "Delta": 1.0, "sigma": 1.0}
    names = ["theorem-a", "lian2015", "bottou2018", "ghadimi2013", "theorem-b-noise"]
    verdict = check_log(tmp_path / "log.csv", str(STEP), 1, given, bounds=names)
    assert verdict.verdict is Decision.HOLDS and "level 0.05" in verdict.sentence
    assert 3 <= verdict.bounds_detail["theorem-a"].kappa < 4
