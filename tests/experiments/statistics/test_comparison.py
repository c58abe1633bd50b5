"""Above needs a weighted mean or every mean, below one of three fixed beforehand; an open comparison names seeds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from experiments.statistics.comparison import MeanComparison, Outcome, Points, compare, compare_exactly
from experiments.statistics.intervals import upper_bound
from experiments.statistics.mean_test import p_value
from experiments.statistics.running_limit import running_upper_bound
from experiments.statistics.tails import ANY, Bounded, Gaussian, KappaAtMost, Tails, parse_tails
from tests.support.amounts import many
from theory.common.errors import InputError


def noisy(means: list[float], seeds: int = 16, seed: int = 0, shape: float = 5.0) -> np.ndarray:
    return np.random.default_rng(seed).gamma(shape, 1 / shape, (seeds, len(means))) * np.array(means)


def points(
    values: np.ndarray,
    floor: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    in_gaps: np.ndarray | None = None,
    start: bool = False,
    distinct: np.ndarray | None = None,
) -> Points:
    floor = values[:, :0] if floor is None else floor
    in_gaps = weights[:0] if weights is not None and in_gaps is None else in_gaps
    return Points(values, floor, weights, in_gaps, start, np.arange(len(values)) if distinct is None else distinct)


def outcome(values: np.ndarray, bound: float = 1.0, tails: Tails = ANY, **more: object) -> MeanComparison:
    return compare(points(values, **more), bound, 0.05, tails)


def test_above_only_if_every_mean_is() -> None:
    assert outcome(noisy([5, 6, 7])).outcome is Outcome.ABOVE
    assert outcome(noisy([5, 0.9, 7])).outcome is not Outcome.ABOVE


def test_the_p_value_is_that_of_the_least_favourable_point() -> None:
    values = noisy([5, 3, 7])
    assert outcome(values).p_value == pytest.approx(p_value(values, 1.0).max(), rel=1e-9)


def test_below_if_a_mean_fixed_beforehand_is() -> None:
    assert outcome(noisy([5, 7, 0.1])).statistic == "the mean at the last point"
    half = outcome(noisy([5, 5, 5, 0.1, 0.1, 0.3]))
    assert (half.outcome, half.statistic) == (Outcome.BELOW, "the mean over the last half")
    # A point that only the data single out is not looked at.
    assert outcome(noisy([5, 0.1, 7, 9])).outcome is Outcome.UNDECIDED


def test_a_weighted_mean_is_tested_in_place_of_every_point() -> None:
    values = noisy([0.5, 4, 4, 4])
    weights = np.array([0.1, 0.3, 0.3, 0.3])
    found = outcome(values, weights=weights)
    assert found.outcome is Outcome.ABOVE
    assert found.p_value == pytest.approx(p_value((values @ weights)[:, None], 1.0)[0])
    assert found.ratio == pytest.approx((values @ weights).mean())
    assert outcome(values).outcome is Outcome.UNDECIDED


def test_what_the_fixed_start_adds_is_taken_off_both_sides() -> None:
    values = noisy([0.0, 1.3], seeds=12, shape=30.0)
    values[:, 0] = 1.2
    weights = np.array([0.6, 0.4])
    found = outcome(values, weights=weights, start=True)
    alone = p_value((0.4 * values[:, 1])[:, None], 1 - 0.6 * 1.2)
    assert found.p_value == pytest.approx(alone[0], rel=1e-9)
    assert found.p_value < outcome(values, weights=weights).p_value
    # A start above the bound alone refutes a mean in which it has all the weight that is known.
    assert outcome(values, 0.7, weights=weights, start=True).p_value == 0


def test_a_start_at_most_the_bound_settles_it_without_a_test() -> None:
    values = noisy([0.0, 2.0], seeds=2)
    values[:, 0] = 1.0
    found = outcome(values, start=True)
    assert found.outcome is Outcome.BELOW and found.kappa is None
    assert outcome(values, 0.9, start=True).outcome is Outcome.UNDECIDED


def test_points_between_recorded_ones_count_through_their_floor() -> None:
    values = noisy([5, 6, 7])
    assert outcome(values, floor=0.8 * values[:, :2]).outcome is Outcome.ABOVE
    assert outcome(values, floor=np.zeros((16, 1))).outcome is Outcome.UNDECIDED


def test_unrecorded_points_of_a_weighted_mean_enter_as_their_floor_or_zero() -> None:
    values, weights = noisy([5, 6]), np.array([0.1, 0.1])
    sums = 0.1 * values.sum(axis=1)
    for floor, added in ((np.zeros((16, 1)), 0.0), (np.full((16, 1), 2.0), 1.6)):
        found = outcome(values, floor=floor, weights=weights, in_gaps=np.array([0.8]))
        assert found.p_value == pytest.approx(p_value((sums + added)[:, None], 1.0)[0], rel=1e-9)


def test_copies_count_once_and_in_full() -> None:
    rows = np.repeat(noisy([1.6], seeds=4), 8, axis=0)
    as_if, judged = outcome(rows), outcome(rows, distinct=np.arange(0, 32, 8))
    assert as_if.outcome is Outcome.ABOVE and judged.outcome is Outcome.UNDECIDED
    low = np.repeat(noisy([0.2], seeds=4), 8, axis=0)
    assert outcome(low).outcome is Outcome.BELOW
    assert outcome(low, distinct=np.arange(0, 32, 8)).outcome is Outcome.UNDECIDED


def test_a_diverged_seed_counts_as_its_last_finite_value_above_and_as_infinite_below() -> None:
    values = noisy([3.0, 3.0, 3.0])
    held = values.copy()
    values[2, 1:], held[2, 1:] = math.inf, held[2, 0]
    assert outcome(values).p_value == outcome(held).p_value
    low = noisy([0.1, 0.1, 0.1])
    assert outcome(low).outcome is Outcome.BELOW
    low[2, 1:] = math.inf
    assert outcome(low).outcome is Outcome.UNDECIDED


# What a user knows of the tails


def test_the_words_for_tails_are_read_and_others_refused() -> None:
    assert parse_tails(" kappa : 2 ") == KappaAtMost(2.0, said=True)
    assert (
        parse_tails("any") is ANY and parse_tails("gaussian") == Gaussian() and parse_tails("bounded:7") == Bounded(7.0)
    )
    for text in (
        "",
        "light",
        "kappa",
        "kappa:1",
        "kappa:x",
        "kappa:inf",
        "bounded:0",
        "gaussian:3",
        "any:1",
        "bounded:nan",
    ):
        with pytest.raises(InputError, match="--tails"):
            parse_tails(text)


def test_a_smaller_kappa_holds_with_fewer_seeds() -> None:
    values = noisy([0.25], seeds=8, shape=40.0)
    assert outcome(values).outcome is Outcome.UNDECIDED
    assert outcome(values, tails=KappaAtMost(1.5, said=True)).outcome is Outcome.BELOW


def test_seeds_that_contradict_the_kappa_do_not_hold() -> None:
    values = np.where(np.arange(64) == 3, 2.5, 0.01)[:, None]
    assert outcome(values).outcome is Outcome.UNDECIDED
    assert outcome(values).sample_kappa > 3


def test_a_bound_on_the_squares_holds_at_its_level_whatever_the_law() -> None:
    # Values of 0 and 4 with mean 1.02 B: few seeds show no 4.
    rng = np.random.default_rng(3)
    wrong = [
        outcome((rng.random((10, 1)) < 0.255) * 4.0, tails=Bounded(4.0)).outcome is Outcome.BELOW for _ in range(1500)
    ]
    assert np.mean(wrong) <= 0.05 + 3.1 * (0.05 * 0.95 / 1500) ** 0.5
    assert outcome(noisy([0.1], seeds=24), tails=Bounded(4.0)).outcome is Outcome.BELOW
    with pytest.raises(InputError, match="never exceeds 4, and the run reaches 5"):
        outcome(np.array([[5.0], [1.0]]), tails=Bounded(4.0))


def test_gaussian_gradients_are_told_apart_with_fewer_seeds() -> None:
    values = noisy([1.15], seeds=12, shape=400.0)
    assert outcome(values).outcome is Outcome.UNDECIDED
    found = outcome(values, tails=Gaussian())
    assert found.outcome is Outcome.ABOVE and "Student" in found.test and found.p_value is None


# The band of pictures


def naive_running_upper_bound(values: np.ndarray, level: float) -> list[float]:
    """Written as the words say it: for each r choose on one half, test on the other, take the better of both ways."""
    first, second = values[::2], values[1::2]
    limits = []
    for r in range(1, values.shape[1] + 1):
        both = []
        for chooser, tester in ((first, second), (second, first)):
            k = int(np.argmin([upper_bound(chooser[:, [j]], level / 2)[0] for j in range(r)]))
            both.append(upper_bound(tester[:, [k]], level / 2)[0])
        limits.append(min(both))
    return limits


def test_running_upper_bound_is_choice_on_one_half_and_test_on_the_other() -> None:
    values = noisy([3, 1, 2, 0.5, 0.9, 0.4, 1.5], seeds=12)
    assert running_upper_bound(values, 0.05) == pytest.approx(naive_running_upper_bound(values, 0.05), rel=1e-12)


def test_choosing_and_testing_on_the_same_seeds_would_err_too_often() -> None:
    # 40 points with the same mean: the least naive upper bound is below it far more often than 5 %.
    values = np.random.default_rng(3).gamma(5, 1 / 5, (2000, 32, 40))
    naive = np.mean(upper_bound(values, 0.05).min(axis=-1) < 1)
    honest = np.mean(running_upper_bound(values, 0.05)[..., -1] < 1)
    assert naive > 0.3
    assert honest <= 0.05


def test_a_half_that_agrees_by_chance_proves_nothing() -> None:
    values = np.full((8, 1), 0.5)
    values[1] = 40.0
    assert running_upper_bound(values, 0.05)[0] > 1.0


def test_a_point_at_which_no_seed_differs_is_exact() -> None:
    values = np.concatenate([np.full((8, 1), 0.5), noisy([3.0], seeds=8)], axis=1)
    assert running_upper_bound(values, 0.05).tolist() == [0.5, 0.5]


# Open comparisons


def test_a_few_enormous_values_do_not_hide_that_all_are_above() -> None:
    assert outcome(10.0 ** np.linspace(1, 200, 16)[:, None]).outcome is Outcome.ABOVE


@settings(max_examples=many(50), deadline=None)
@given(values=arrays(np.float64, (6, 4), elements=st.floats(0, 1e6)), bound=st.floats(1e-3, 1e6))
def test_a_larger_bound_never_turns_below_into_above(values: np.ndarray, bound: float) -> None:
    if outcome(values, bound).outcome is Outcome.BELOW:
        assert outcome(values, 2 * bound).outcome is Outcome.BELOW
    if outcome(values, bound).outcome is Outcome.ABOVE:
        assert outcome(values, bound / 2).outcome is Outcome.ABOVE


@pytest.mark.parametrize("bound", [0.8, 2.2])
def test_the_number_of_seeds_named_decides_in_most_repetitions(bound: float) -> None:
    needed = [outcome(noisy([2.0, 1.0], seed=s, shape=15.0), bound).seeds_needed for s in range(40)]
    wanted = int(np.median([n for n in needed if n is not None]))
    assert 16 < wanted < 1000
    found = [outcome(noisy([2.0, 1.0], wanted, 1000 + s, 15.0), bound).outcome for s in range(40)]
    assert sum(each is not Outcome.UNDECIDED for each in found) >= 16


def test_no_valid_test_needs_fewer_seeds_than_the_fewest() -> None:
    found = outcome(np.full((8, 1), 1.2))
    assert found.fewest == 17 == math.ceil(math.log(20) / math.log(1.2))
    assert outcome(np.full((16, 1), 1.2)).outcome is Outcome.UNDECIDED
    assert outcome(np.full((17, 1), 1.2)).outcome is Outcome.ABOVE


def test_with_the_bound_at_the_mean_no_number_of_seeds_is_promised() -> None:
    values = noisy([1.0])
    assert outcome(values, float(values.mean())).seeds_needed is None


def test_exact_numbers_are_compared_with_their_rounding_margin() -> None:
    value = np.array([[1.0]])
    none = value[:, :0]
    outcomes = [compare_exactly(value, none, 1.0 + shift, 1e-10).outcome for shift in (-2e-10, 0.0, 2e-10)]
    assert outcomes == [Outcome.ABOVE, Outcome.UNDECIDED, Outcome.BELOW]
