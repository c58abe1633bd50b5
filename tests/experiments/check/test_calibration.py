"""The checker errs as rarely as its level says, where the truth is known in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.check.calibration.calibrate import (
    DelayedQuadratic,
    Frequency,
    calibrate,
    compare_methods,
    print_methods,
    reference_quadratics,
)
from experiments.statistics.intervals import LOWER, UPPER

LEVEL = 0.05
FLOOR, _, DESCENT_1, DESCENT_10 = reference_quadratics()


def one_dimensional(step: float, delay: int, steps: int) -> DelayedQuadratic:
    delays = np.minimum(np.arange(steps), delay)
    return DelayedQuadratic("one", np.ones(1), np.zeros(1), 1.0, np.full(steps, step), delays)


@pytest.mark.parametrize("quadratic", reference_quadratics(), ids=lambda q: q.name)
def test_moments_agree_with_simulation(quadratic: DelayedQuadratic) -> None:
    norms = quadratic.sample(40_000, np.random.default_rng(0))
    error = norms.std(axis=0) / np.sqrt(40_000)
    assert (np.abs(norms.mean(axis=0) - quadratic.moments()) <= 4.5 * error + 1e-9).all()


def test_moments_agree_with_simulation_for_overtaking_delays_and_varying_steps() -> None:
    rng = np.random.default_rng(4)
    delays = np.minimum(rng.integers(0, 6, 40), np.arange(40))
    steps = 0.05 + 0.1 * rng.random(40)
    quadratic = DelayedQuadratic("odd", np.array([1.0, 0.3, -0.2]), np.array([1.0, -2, 0.5]), 0.7, steps, delays)
    norms = quadratic.sample(40_000, rng)
    error = norms.std(axis=0) / np.sqrt(40_000)
    assert (np.abs(norms.mean(axis=0) - quadratic.moments()) <= 4.5 * error + 1e-9).all()


@pytest.mark.parametrize("delay", [0, 1, 2, 4, 8])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_moments_tend_to_the_stationary_closed_form(delay: int, share: float) -> None:
    # With step h = 2 sin(theta/2) below the stability limit the stationary value is
    # (h/2) (1 + sin Phi)/(cos(theta/2) cos Phi), Phi = (D + 1/2) theta.
    limit = 2 * np.sin(np.pi / (2 * (2 * delay + 1)))
    step = share * limit
    theta = 2 * np.arcsin(step / 2)
    phi = (delay + 0.5) * theta
    expected = step / 2 * (1 + np.sin(phi)) / (np.cos(theta / 2) * np.cos(phi))
    assert one_dimensional(step, delay, 3000).moments()[-1] == pytest.approx(expected, rel=1e-9)


def test_without_noise_the_moments_are_the_squares_of_the_run() -> None:
    exact = replace(DESCENT_10, noise=0.0)
    assert exact.moments() == pytest.approx(exact.sample(1, np.random.default_rng(0))[0], rel=1e-12)


@pytest.mark.parametrize("quadratic", [FLOOR, DESCENT_1, DESCENT_10], ids=lambda q: q.name)
def test_false_verdicts_are_as_rare_as_the_level_says(quadratic: DelayedQuadratic) -> None:
    row = calibrate(2000, (16,), LEVEL, (0.2,), (quadratic,)).rows[0]
    assert row.false_violated.trials == row.false_holds.trials == 2000
    # The upper end of an exact 95 % interval of the rate, so that chance does not pass for safety.
    assert row.false_violated.interval[1] <= LEVEL
    assert row.false_holds.interval[1] <= LEVEL


def test_the_error_comes_near_the_level_where_one_point_is_the_minimum() -> None:
    # Otherwise the test would be valid only because it never speaks.
    row = calibrate(2000, (64,), LEVEL, (), (DESCENT_10,)).rows[0]
    assert 0.02 <= row.false_violated.value <= LEVEL


def test_power_grows_with_the_deficit_and_with_the_seeds() -> None:
    table = calibrate(500, (16, 64), LEVEL, (0.05, 0.1, 0.2), (DESCENT_10,))
    few, many = (list(row.power.values()) for row in table.rows)
    assert [rate.value for rate in few] == sorted(rate.value for rate in few)
    assert all(more.value > less.value for less, more in zip(few, many, strict=True))
    assert many[-1].value > 0.9


def test_a_single_point_chosen_in_advance_is_covered() -> None:
    row = calibrate(2000, (8,), LEVEL, (), (DESCENT_1,)).rows[0]
    assert min(row.lower_coverage.value, row.upper_coverage.value) >= 0.95 - 3 * (0.95 * 0.05 / 2000) ** 0.5


def test_a_table_is_reproduced_to_the_last_digit() -> None:
    assert calibrate(60, (8,), LEVEL) == calibrate(60, (8,), LEVEL)


def test_the_table_prints_a_line_for_every_row() -> None:
    table = calibrate(20, (4, 8), LEVEL, (0.1,))
    lines = str(table).splitlines()
    assert sum(line.startswith(("floor", "descent")) for line in lines) == len(table.rows) == 8
    assert "power -10%" in str(table) and f"lower bounds: {LOWER}" in lines[0]


def test_methods_are_compared_at_every_number_of_seeds() -> None:
    rows = compare_methods(200, (4, 16))
    assert {(row.method, row.seeds) for row in rows} >= {(LOWER, 4), (UPPER, 16), ("student", 16)}
    assert len(print_methods(rows).splitlines()) == len(rows) + 1


def test_a_binomial_interval_is_the_exact_one() -> None:
    from scipy import stats

    for count in (0, 3, 50, 99, 100):
        exact = stats.binomtest(count, 100).proportion_ci(method="exact")
        assert Frequency(count, 100).interval == pytest.approx((exact.low, exact.high), abs=1e-12)


@pytest.mark.long
def test_the_whole_study_keeps_its_level() -> None:
    for row in calibrate(4000).rows:
        assert row.false_violated.value <= LEVEL, row
        assert row.false_holds.value <= LEVEL, row


@pytest.mark.long
@pytest.mark.parametrize("level", [0.01, 0.1])
def test_other_levels_are_kept_too(level: float) -> None:
    for row in calibrate(4000, (8, 32), level, ()).rows:
        assert max(row.false_violated.value, row.false_holds.value) <= level, row
