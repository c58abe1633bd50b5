"""Delays that repeat: one of them is the fixed delay, both sides meet, and certificates say what they should."""

from fractions import Fraction

import numpy as np
import pytest

from theory.common.errors import DelayError, DomainError
from theory.staleness.delays import AdversarialDelay
from theory.staleness.stability import fixed_delay_limit
from theory.worst_case.limit.blocks import balanced, proved
from theory.worst_case.limit.constant import best_step, limit_constant
from theory.worst_case.limit.periodic import best_periodic, periodic_limit, read_pattern, turning_step
from theory.worst_case.question import Question
from theory.worst_case.solve import worst_case


@pytest.mark.parametrize(("delays", "step"), [([0], 1.0), ([0], 1.5), ([1], 0.5), ([1, 1], 0.5), ([2, 2, 2], 0.3)])
def test_a_fixed_delay_costs_what_the_scalar_symbol_says(delays, step):
    found = periodic_limit(delays, step)
    # Farther lags change some millionths.
    assert found.constant == pytest.approx(limit_constant(delays[0], step).value, rel=3e-6)
    assert found.certified and found.start == 1.0


@pytest.mark.parametrize(
    ("delays", "step"), [([0, 1], 0.72302), ([0, 0, 1], 0.8), ([0, 1, 1], 0.6), ([0, 2], 0.6), ([0, 1, 2, 2], 0.45884)]
)
def test_the_sides_meet_and_the_order_of_a_period_does_not_matter(delays, step):
    found = periodic_limit(delays, step)
    assert found.certified and found.lower == pytest.approx(found.constant, rel=2e-6)
    assert np.mean(found.weights) == pytest.approx(1 / found.constant, rel=1e-12)
    turned = periodic_limit([*delays[1:], delays[0]], step)
    assert turned.constant == pytest.approx(found.constant, rel=2e-6)


def test_the_sawtooth_costs_less_than_the_fixed_delay_and_ends_sooner():
    sawtooth, fixed = best_periodic([0, 1, 2, 2]), best_step(2)
    assert sawtooth.constant == pytest.approx(3.37615, abs=2e-5) and sawtooth.constant < 0.79 * fixed.value
    assert sawtooth.largest_step == pytest.approx(2 - np.sqrt(2), abs=1e-12) and 2 - np.sqrt(2) < fixed_delay_limit(2)
    assert best_periodic([0, 1]).constant == pytest.approx(2.14941, abs=2e-5)


def test_a_quadratic_turns_where_the_exact_limits_say():
    for largest in (1, 2, 3):
        pattern = read_pattern("adversarial", largest + 1)
        assert turning_step(pattern) == pytest.approx(AdversarialDelay(largest).stability_limit, rel=1e-10)
    assert [turning_step([d]) for d in range(4)] == pytest.approx([fixed_delay_limit(d) for d in range(4)], rel=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_the_weighted_pairs_are_at_least_the_weights_of_the_squares_by_plain_loops(seed):
    """The sum of L (F_i - F_j) >= ... over all pairs, at gradients that are 0 outside of a window."""
    rng, delays, step = np.random.default_rng(seed), [0, 1, 2, 2], 0.45
    found = periodic_limit(delays, step)
    inside, period, reach = 12, 4, 14
    g = {k: rng.normal(size=2) if 0 <= k < inside else np.zeros(2) for k in range(-60, 90)}
    total = 0.0
    for (first, lag), (forward, back) in found.multipliers.items():
        for k in range(first - 8 * period, first + 8 * period, period):
            moved = step * sum(g[j - delays[j % period]] for j in range(k, k + lag))
            sway = (g[k] + g[k + lag]) @ moved / 2
            bend = (np.sum((g[k] - g[k + lag]) ** 2) - moved @ moved) / 4
            total += (forward - back) * sway + (forward + back) * bend
    assert max(lag for _, lag in found.multipliers) <= reach
    assert total >= sum(found.weights[k % period] * g[k] @ g[k] for k in range(inside)) - 1e-9


def test_a_certificate_with_more_weight_is_refused_and_flows_balance_exactly():
    found = periodic_limit([0, 1, 1], 0.6)
    assert proved([0, 1, 1], 0.6, found.multipliers, found.weights, 1e-9)
    assert not proved([0, 1, 1], 0.6, found.multipliers, found.weights * (1 + 1e-4), 1e-9)
    longer = {pair: (2 * forward, back) for pair, (forward, back) in found.multipliers.items()}
    for multipliers in (found.multipliers, longer):
        left = [Fraction(0)] * 3
        for (k, lag), both in balanced(3, multipliers).items():
            forward, back = (Fraction(int(each.p), int(each.q)) for each in both)
            assert forward >= 0 and back >= 0
            left[k] += forward - back
            left[(k + lag) % 3] -= forward - back
        assert left == [0, 0, 0]


def test_worst_cases_of_short_runs_approach_it():
    delays, step = [0, 1], 0.5
    found = periodic_limit(delays, step)
    values = [worst_case(Question(np.full(n, step), np.resize(delays, n))).value for n in (10, 20)]
    assert found.start == 1.0
    assert 10 / (1 / values[1] - 1 / values[0]) == pytest.approx(found.constant, rel=0.01)
    assert values[1] <= found.constant / 20


@pytest.mark.parametrize(
    ("text", "words"),
    [("uniform", "delays that repeat"), ("0,,1", "A delay"), ("cyclic:period=9", "at most 8"), ("0,99", "at most 16")],
)
def test_delays_that_do_not_repeat_are_refused(text, words):
    with pytest.raises(DelayError, match=words):
        read_pattern(text, 3 if text == "uniform" else 16)


def test_steps_at_which_a_quadratic_turns_are_refused():
    for step in (0.0, 0.5858, 1.0):
        with pytest.raises(DomainError, match=r"below 0\.585786"):
            periodic_limit([0, 1, 2, 2], step)
