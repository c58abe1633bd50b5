"""Above needs every mean, below needs one chosen fairly, and an open comparison says how many seeds would settle it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from experiments.statistics.comparison import Outcome, compare, compare_exactly, is_above, is_below, running_upper_bound
from experiments.statistics.intervals import upper_bound

NOTHING = np.empty((16, 0))


def noisy(means: list[float], seeds: int = 16, seed: int = 0, shape: float = 5.0) -> np.ndarray:
    return np.random.default_rng(seed).gamma(shape, 1 / shape, (seeds, len(means))) * np.array(means)


def test_above_only_if_every_mean_is() -> None:
    assert compare(noisy([5, 6, 7]), NOTHING, 1.0, 0.05).outcome is Outcome.ABOVE
    assert compare(noisy([5, 0.9, 7]), NOTHING, 1.0, 0.05).outcome is not Outcome.ABOVE


def test_below_if_some_mean_is() -> None:
    assert compare(noisy([5, 0.2, 7]), NOTHING, 1.0, 0.05).outcome is Outcome.BELOW


def test_points_between_recorded_ones_count_through_their_floor() -> None:
    values = noisy([5, 6, 7])
    assert compare(values, 0.8 * values[:, :2], 1.0, 0.05).outcome is Outcome.ABOVE
    assert compare(values, np.zeros((16, 1)), 1.0, 0.05).outcome is Outcome.UNDECIDED


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
    honest = np.mean(is_below(values, 1 - 1e-12, 0.05))
    assert naive > 0.3
    assert honest <= 0.05


def test_a_half_that_agrees_by_chance_proves_nothing() -> None:
    values = np.full((8, 1), 0.5)
    values[1] = 40.0
    assert running_upper_bound(values, 0.05)[0] > 1.0


def test_a_point_at_which_no_seed_differs_is_exact() -> None:
    values = np.concatenate([np.full((8, 1), 0.5), noisy([3.0], seeds=8)], axis=1)
    assert running_upper_bound(values, 0.05).tolist() == [0.5, 0.5]


def test_diverged_seeds_do_not_hide_a_violation_nor_an_early_small_mean() -> None:
    late = np.where(np.arange(16)[:, None] < 12, np.inf, noisy([50.0]))
    assert compare(np.hstack([noisy([5.0]), late]), NOTHING, 1.0, 0.05).outcome is Outcome.ABOVE
    assert compare(np.hstack([noisy([0.1]), late]), NOTHING, 1.0, 0.05).outcome is Outcome.BELOW


def test_a_few_enormous_values_do_not_hide_that_all_are_above() -> None:
    spread = 10.0 ** np.linspace(1, 200, 16)[:, None]
    assert bool(is_above(spread, 1.0, 0.05))


@settings(max_examples=50)
@given(values=arrays(np.float64, (6, 4), elements=st.floats(0, 1e6)), bound=st.floats(1e-3, 1e6))
def test_never_above_and_below_at_once(values: np.ndarray, bound: float) -> None:
    assert not (bool(is_above(values, bound, 0.05)) and bool(is_below(values, bound, 0.05)))


def test_larger_bounds_are_easier_to_be_below_and_harder_to_be_above() -> None:
    values = noisy([2.0, 1.0, 1.3])
    order = [compare(values, NOTHING, bound, 0.05).outcome for bound in (0.2, 1.0, 3.0)]
    assert order == [Outcome.ABOVE, Outcome.UNDECIDED, Outcome.BELOW]


@pytest.mark.parametrize("bound", [0.85, 1.4])
def test_the_number_of_seeds_named_decides_in_most_repetitions(bound: float) -> None:
    needed = [compare(noisy([2.0, 1.0], seed=s), NOTHING, bound, 0.05).seeds_needed for s in range(40)]
    wanted = int(np.median([n for n in needed if n is not None]))
    assert 16 < wanted < 1000
    nothing = np.empty((wanted, 0))
    outcomes = [compare(noisy([2.0, 1.0], wanted, 1000 + s), nothing, bound, 0.05).outcome for s in range(40)]
    assert sum(outcome is not Outcome.UNDECIDED for outcome in outcomes) >= 16


def test_with_the_bound_at_the_mean_no_number_of_seeds_is_promised() -> None:
    values = noisy([1.0])
    assert compare(values, NOTHING, float(values.mean()), 0.05).seeds_needed is None


def test_exact_numbers_are_compared_with_their_rounding_margin() -> None:
    value = np.array([[1.0]])
    none = value[:, :0]
    outcomes = [compare_exactly(value, none, 1.0 + shift, 1e-10).outcome for shift in (-2e-10, 0.0, 2e-10)]
    assert outcomes == [Outcome.ABOVE, Outcome.UNDECIDED, Outcome.BELOW]
