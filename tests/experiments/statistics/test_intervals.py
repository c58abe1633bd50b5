"""Confidence bounds cover as often as they say on squared norms, and keep their scale, order and edges."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from experiments.check.calibration.calibrate import example_distributions
from experiments.statistics.intervals import LOWER, METHODS, UPPER, lower_bound, mean, square_critical, upper_bound
from tests.support.amounts import many
from theory.common.errors import InputError

SQUARED_NORMS = ("square", "two squares", "ten squares", "decaying", "shifted")
REPETITIONS = 4000
# Three standard deviations of a coverage of 0.95 measured 4000 times.
NOISE = 3 * (0.05 * 0.95 / REPETITIONS) ** 0.5


def draws(name: str, seeds: int) -> np.ndarray:
    return example_distributions()[name](np.random.default_rng(seeds), (seeds, REPETITIONS))


def coverage(name: str, seeds: int, method_lower: str, method_upper: str) -> tuple[float, float]:
    values = draws(name, seeds)
    below = np.mean(lower_bound(values, 0.05, method_lower) <= 1)
    above = np.mean(upper_bound(values, 0.05, method_upper) >= 1)
    return float(below), float(above)


@pytest.mark.parametrize("seeds", [4, 8, 16, 32, 64])
@pytest.mark.parametrize("name", SQUARED_NORMS)
def test_chosen_bounds_cover_the_mean_of_squared_gaussian_norms(name: str, seeds: int) -> None:
    below, above = coverage(name, seeds, LOWER, UPPER)
    assert below >= 0.95 - NOISE
    assert above >= 0.95 - NOISE


def test_chosen_lower_bound_also_covers_symmetric_values() -> None:
    assert all(coverage("uniform", seeds, LOWER, UPPER)[0] >= 0.95 - NOISE for seeds in (4, 8, 16, 32, 64))


def test_student_upper_bound_misses_the_mean_of_squares_too_often() -> None:
    assert coverage("square", 16, "student", "student")[1] < 0.90


def test_lognormal_tails_are_beyond_the_reach_of_every_upper_bound_tried() -> None:
    best = max(coverage("lognormal", 32, "student", method)[1] for method in METHODS)
    assert 0.90 < best < 0.95


def test_chosen_bounds_are_the_more_cautious_of_two_methods() -> None:
    for name in ("square", "uniform"):
        values = draws(name, 16)
        both = [lower_bound(values, 0.05, method) for method in ("student", "hall")]
        assert (lower_bound(values, 0.05, "cautious") == np.minimum(*both)).all()
        both = [upper_bound(values, 0.05, method) for method in ("square", "hall")]
        assert (upper_bound(values, 0.05, "cautious") == np.maximum(*both)).all()


def test_each_of_the_two_lower_bounds_is_the_cautious_one_for_one_skew() -> None:
    right = draws("square", 16)
    left = 8 - np.minimum(right, 8)
    student, hall = (np.array([lower_bound(y, 0.05, m).mean() for y in (right, left)]) for m in ("student", "hall"))
    assert student[0] < hall[0] and hall[1] < student[1]


def test_student_is_the_textbook_interval() -> None:
    values = np.random.default_rng(1).exponential(size=(12, 5))
    error = stats.sem(values, axis=0)
    low, high = stats.t.interval(0.9, df=11, loc=values.mean(axis=0), scale=error)
    assert lower_bound(values, 0.05, "student") == pytest.approx(np.maximum(low, 0), rel=1e-12)
    assert upper_bound(values, 0.05, "student") == pytest.approx(high, rel=1e-12)


def test_critical_value_of_squares_agrees_with_the_exact_one_at_two_seeds() -> None:
    # For S = 2 and y = z^2: t = (2 - y1 - y2)/|y1 - y2|; with y = r^2 (cos^2, sin^2), P(t > c) is an integral over
    # the angle of P(r^2 (1 + c |cos 2a|) < 2), and r^2/2 is exponential.
    angles = (np.arange(200_000) + 0.5) / 200_000 * np.pi / 2
    critical = square_critical(2, 0.05)
    probability = np.mean(1 - np.exp(-1 / (1 + critical * np.abs(np.cos(2 * angles)))))
    assert probability == pytest.approx(0.05, abs=3 * (0.05 * 0.95 / 40_000) ** 0.5)


def test_critical_values_fall_to_those_of_a_gaussian_as_seeds_grow() -> None:
    values = [square_critical(seeds, 0.05) for seeds in (4, 16, 64, 128, 1000, 10**6)]
    assert values == sorted(values, reverse=True)
    assert values[-1] == pytest.approx(stats.norm.ppf(0.95), abs=0.01)


positive = arrays(np.float64, (5, 3), elements=st.floats(1e-3, 1e3))


@settings(max_examples=many(60))
@given(values=positive, scale=st.floats(1e-20, 1e20), method=st.sampled_from(sorted(METHODS)))
def test_bounds_scale_with_the_values_and_enclose_the_mean(values: np.ndarray, scale: float, method: str) -> None:
    low, high = lower_bound(values, 0.05, method), upper_bound(values, 0.05, method)
    assert (low <= mean(values) * (1 + 1e-9)).all() and (mean(values) <= high * (1 + 1e-9)).all()
    assert lower_bound(values * scale, 0.05, method) == pytest.approx(low * scale, rel=1e-6, abs=1e-9 * scale)
    assert lower_bound(values[::-1], 0.05, "hall") == pytest.approx(lower_bound(values, 0.05, "hall"), rel=1e-9)


def test_bounds_widen_as_the_level_falls() -> None:
    values = np.random.default_rng(0).exponential(size=(16, 1))
    levels = (0.2, 0.1, 0.05, 0.01, 0.001)
    lows, highs = zip(*[(lower_bound(values, a)[0], upper_bound(values, a)[0]) for a in levels], strict=True)
    assert list(lows) == sorted(lows, reverse=True) and list(highs) == sorted(highs)


def test_leading_axes_are_separate_samples() -> None:
    values = np.random.default_rng(0).exponential(size=(3, 8, 4))
    for method in METHODS:
        one_by_one = np.stack([lower_bound(sample, 0.05, method) for sample in values])
        assert lower_bound(values, 0.05, method) == pytest.approx(one_by_one, rel=1e-12)


def test_one_seed_bounds_nothing() -> None:
    one = np.array([[3.0, 0.5]])
    assert lower_bound(one, 0.05).tolist() == [0, 0]
    assert np.isinf(upper_bound(one, 0.05)).all()


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_column_without_spread_is_its_own_bound(method: str) -> None:
    same = np.full((6, 1), 0.1)
    assert lower_bound(same, 0.05, method)[0] == upper_bound(same, 0.05, method)[0] == 0.1


def test_a_diverged_seed_makes_mean_and_upper_bound_infinite_and_the_lower_one_no_larger() -> None:
    values = np.full((6, 1), 2.0) + np.arange(6)[:, None] / 10
    diverged = values.copy()
    diverged[0] = np.inf
    assert mean(diverged)[0] == upper_bound(diverged, 0.05)[0] == np.inf
    assert lower_bound(diverged, 0.05)[0] < lower_bound(values, 0.05)[0]
    assert lower_bound(diverged, 0.05, cap=2.0)[0] == lower_bound(values, 0.05)[0]


@pytest.mark.parametrize("method", sorted(METHODS))
def test_enormous_values_raise_no_warning(method: str) -> None:
    values = np.array([[1e300], [1e-300], [3e299], [0.0], [1e300]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lower_bound(values, 0.05, method)[0] < mean(values)[0] < upper_bound(values, 0.05, method)[0]


def test_resampling_gives_the_same_bound_every_time() -> None:
    values = np.random.default_rng(0).exponential(size=(8, 2))
    assert (lower_bound(values, 0.05, "bootstrap-t") == lower_bound(values, 0.05, "bootstrap-t")).all()


@pytest.mark.parametrize("bad", [-1.0, np.nan])
def test_values_that_are_no_squares_are_refused(bad: float) -> None:
    with pytest.raises(InputError, match=r"numbers of at least 0\. Got"):
        upper_bound(np.array([[1.0], [bad]]), 0.05)


@pytest.mark.parametrize("level", [0.0, 0.7, np.nan, -0.1])
def test_a_level_that_is_no_level_is_refused(level: float) -> None:
    with pytest.raises(InputError, match="level must lie between"):
        lower_bound(np.ones((3, 1)), level)
