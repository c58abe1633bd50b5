"""Theorem A^r_B: plain loops, Theorem A^r with equal numbers, what it supersedes, units, edges, and exact runs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.quadratics import any_delays, mean_squares, quadratic
from tests.theory.bounds.test_theorem_ab_overtaking import by_loops, settings
from theory.bounds import Setting, get
from theory.bounds.parts.free_numbers import having
from theory.staleness.count import Staleness

OURS = get("theorem-arb")


def value_at(setting, theta, rho):
    """The theorem from the sums of Theorem A_B by loops, and its weights."""
    L, delta, T = setting.constants["L"], setting.constants["Delta"], setting.steps
    without, weights, _ = by_loops(setting, theta)
    quiet = Setting(setting.step_sizes, setting.delays, setting.staleness, {**setting.constants, "Delta": 2 * delta})
    twice = by_loops(quiet, theta)[0]
    under = delta / (twice - without)  # the value is affine in Delta
    noise = without * under - delta
    z = (1 + rho) / 2
    kept = z * (under - 1 / (2 * L)) - T * (rho + 1 / rho - 2) / (4 * L) + 1 / (2 * L)
    return (delta + z * noise) / kept, [z / 2 * v - (rho - 1) / (4 * L) for v in weights]


def test_the_value_is_that_of_plain_loops_at_its_own_numbers_and_nearly_the_best():
    inside, draw = 0, np.random.default_rng(1)
    for setting in settings(330, 5):
        numbers = OURS.chosen(setting.environment()).values
        theta, rho = numbers["young"], float(numbers["rho"])
        value, weights = value_at(setting, theta, rho)
        if min(weights) > 1e-9:
            inside += 1
            assert OURS.evaluate(setting) == pytest.approx(value, rel=1e-9)
            for other in 1 + draw.exponential(size=3) * max(rho - 1, 0.01):
                worse, weights = value_at(setting, theta, other)
                assert min(weights) < 0 or worse < 0 or worse >= value * (1 - 1e-2)
        elif min(value_at(setting, theta, 1.0)[1]) < -1e-9:
            assert OURS.check_domain(setting)[0].index == "t"
    assert inside >= 100


def test_it_is_never_above_what_it_supersedes_and_below_it_by_some_per_cent():
    gains = []
    for setting in settings(300, 7, longest=30):
        known = get("theorem-ab-overtaking").assess(setting)[0]
        if known is not None:
            gains.append(OURS.evaluate(setting) / known)
            assert gains[-1] <= 1 + 1e-12
    assert len(gains) > 100 and min(gains) < 0.97


def test_in_order_it_is_theorem_ar_with_equal_numbers():
    met = 0
    for setting in settings(200, 9, longest=20):
        if setting.reads == 1 and setting.step_sizes.any():
            reads = np.maximum.accumulate(np.arange(setting.steps) - setting.delays)
            ordered = Setting(
                setting.step_sizes, np.arange(setting.steps) - reads, setting.staleness, setting.constants
            )
            if (value := OURS.assess(ordered)[0]) is not None:
                rho = OURS.chosen(ordered.environment()).values["rho"]
                same = having(ordered.environment(), rho=np.full(ordered.steps, rho))
                assert float(get("theorem-ar").value.evaluate(same)) == pytest.approx(value, rel=1e-12)
                met += 1
    assert met > 30


def test_a_value_times_the_units_of_a_gradient_is_the_same_bound():
    for setting in settings(40, 8):
        constants = {name: 4.0 * value for name, value in setting.constants.items()}
        other = Setting(setting.step_sizes / 4.0, setting.delays, setting.staleness, constants)
        value, again = (OURS.assess(one)[0] for one in (setting, other))
        assert again == (None if value is None else pytest.approx(16.0 * value, rel=1e-9))


def test_the_weights_end_where_they_are_zero():
    for factor, fine in ((1.0, True), (1 - 1e-12, True), (1 + 1e-12, False), (1.1, False)):
        setting = Setting([2 * factor], np.zeros((1, 2), int), Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 1.0})
        assert (OURS.check_domain(setting) == ()) == fine


@pytest.mark.parametrize("several", [1, 3])
def test_no_quadratic_is_above_it_and_some_come_near(several):
    draw, worst, met = np.random.default_rng(2), 0.0, 0
    while met < 150:
        hessian, start, gap = quadratic(draw)
        T, window = int(draw.integers(1, 30)), int(draw.integers(1, 7))
        delays = any_delays(draw, T, several, window)
        sigma, size = draw.choice([0.0, 0.1, 1.0, 3.0]), draw.uniform(0.2, 2) / window
        sizes = np.full(T, size) * draw.choice([0.3, 1.0], T)
        constants = {"L": 1.0, "Delta": gap, "sigma": sigma}
        value = OURS.assess(Setting(sizes, delays if several > 1 else delays[:, 0], Staleness(window), constants))[0]
        if value is not None:
            met += 1
            each = np.repeat(sizes[:, None] / several, several, axis=1)
            worst = max(worst, mean_squares(hessian, start, each, delays, sigma).min() / value)
    assert 0.7 < worst <= 1
