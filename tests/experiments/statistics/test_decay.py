"""The exponent is that of the running minimum of the mean, and its interval comes from the seeds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.statistics.decay import (
    decay_exponent,
    grid_exponent,
    log_spaced,
    resampled_minima,
    running_minimum,
    slope,
)
from tests.support.amounts import many

STEPS = 2000
TIMES = np.arange(STEPS + 1)


def powers(exponent: float) -> np.ndarray:
    return np.maximum(TIMES, 1.0) ** exponent


@pytest.mark.parametrize("exponent", [-0.25, -0.5, -1.0, -2.0])
def test_a_power_law_gives_its_exponent(exponent: float) -> None:
    fit = decay_exponent(3.0 * powers(exponent)[None], TIMES)
    assert fit is not None and fit.exponent == pytest.approx(exponent, abs=1e-12)
    assert (fit.first, fit.last) == (45, STEPS)


def test_only_the_last_half_of_log_time_enters() -> None:
    early = np.where(TIMES < 44, 100.0, powers(-0.5))
    fit = decay_exponent(early[None], TIMES)
    assert fit is not None and fit.exponent == pytest.approx(-0.5, abs=1e-12)


def test_the_running_minimum_is_fitted_not_the_values() -> None:
    rising = np.where(TIMES <= 100, powers(-0.5), 10.0 + TIMES)
    fit = decay_exponent(rising[None], TIMES)
    assert fit is not None and -0.5 < fit.exponent < 0


def test_a_constant_has_exponent_exactly_zero() -> None:
    fit = decay_exponent(np.full((3, STEPS + 1), 0.3), TIMES)
    assert fit is not None and (fit.exponent, fit.interval) == (0.0, (0.0, 0.0))


def test_the_minimum_of_the_mean_is_taken_not_the_mean_of_minima() -> None:
    # Two seeds that take turns: each has small values, their mean never does.
    turns = np.where((TIMES % 2 == 0)[None] == np.array([[True], [False]]), 2.0, 0.0)
    minima = resampled_minima(np.ones((2, 1)) * turns, TIMES, np.array([STEPS]), 50)
    assert set(minima[:, 0]) <= {0.0, 1.0}
    assert running_minimum(turns.mean(axis=0), TIMES, np.array([STEPS]))[0] == 1.0


def test_the_interval_covers_the_exponent_of_the_mean() -> None:
    # One factor per seed, the same at all times: resampling times would see no uncertainty at all.
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        tilt = rng.normal(0, 0.05, (12, 1))
        values = np.maximum(TIMES, 1.0)[None, ::20] ** (-0.5 + tilt)
        fit = decay_exponent(values, TIMES[::20], resamples=200)
        assert fit is not None and fit.interval is not None
        # The exponent of the mean of t^(a + b), b normal: a + variance * log t, averaged over the fitted range.
        truth = slope(*exact_mean(fit.first, fit.last))
        covered += fit.interval[0] <= truth <= fit.interval[1]
    assert covered >= 88


def exact_mean(first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    times = TIMES[::20][(TIMES[::20] >= first) & (TIMES[::20] <= last)]
    return times, times ** (-0.5 + 0.0025 * np.log(times) / 2)


def test_one_seed_has_an_exponent_and_no_interval() -> None:
    fit = decay_exponent(powers(-0.5)[None], TIMES)
    assert fit is not None and fit.interval is None


def test_a_late_divergence_leaves_the_running_minimum_alone() -> None:
    values = np.stack([powers(-0.5), powers(-0.5)])
    values[1, 1500:] = np.inf
    fit = decay_exponent(values, TIMES)
    assert fit is not None and -0.5 < fit.exponent < -0.4


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_too_short_a_run_has_no_exponent(steps: int) -> None:
    assert decay_exponent(np.ones((2, steps + 1)), np.arange(steps + 1)) is None


def test_a_minimum_of_zero_has_no_exponent() -> None:
    assert decay_exponent(np.where(TIMES > 1000, 0.0, 1.0)[None], TIMES) is None


def test_a_recording_stride_only_thins_the_points() -> None:
    fit = decay_exponent(powers(-0.5)[None, ::10], TIMES[::10])
    assert fit is not None and fit.exponent == pytest.approx(-0.5, abs=1e-12)


def test_the_same_run_gives_the_same_interval() -> None:
    values = np.random.default_rng(0).exponential(size=(8, STEPS + 1)) * powers(-0.5)
    assert decay_exponent(values, TIMES) == decay_exponent(values, TIMES)


def test_runs_over_a_grid_of_horizons_give_the_exponent_of_their_minima() -> None:
    rng = np.random.default_rng(0)
    horizons = np.array([64, 256, 1024, 4096])
    runs = [rng.gamma(50, 1 / 50, (32, 5)) * np.array([9, 9, 9, 9, 1]) / np.sqrt(T) for T in horizons]
    fit = grid_exponent(runs, horizons)
    assert fit is not None and fit.interval is not None
    assert fit.interval[0] < -0.5 < fit.interval[1] and fit.interval[1] - fit.interval[0] < 0.1


@settings(max_examples=many(50))
@given(first=st.integers(1, 1000), extra=st.integers(0, 10**6), count=st.integers(2, 80))
def test_log_spaced_times_are_distinct_increasing_and_keep_their_ends(first: int, extra: int, count: int) -> None:
    times = log_spaced(first, first + extra, count)
    assert (times[0], times[-1]) == (first, first + extra)
    assert (np.diff(times) > 0).all() and times.size <= count + 2
