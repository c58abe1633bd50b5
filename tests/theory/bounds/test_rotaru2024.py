"""Gradient descent at any constant step: fractions, the published bounds beside it, functions that attain it."""

import math
from fractions import Fraction

import numpy as np
import pytest

from theory.bounds import Setting, get
from theory.bounds.rotaru2024 import ROTARU2024 as BOUND
from theory.staleness.count import Staleness
from theory.worst_case.certificate.certify import certify
from theory.worst_case.question import Question
from theory.worst_case.solve import worst_case
from theory.worst_case.witness.find import witness


def run(step, steps, smoothness=1.0, gap=1.0):
    constants = {"L": smoothness, "Delta": gap, "sigma": 0.0}
    return Setting(np.full(steps, step / smoothness), np.zeros(steps, int), Staleness(1), constants)


def published(h, steps):
    """2 / (1 + D_N) as the authors write it: the number of steps at which the sum of powers turns, in fractions."""
    if h <= 1:
        return 2 / (1 + steps * h * (2 - h / 2))
    pace, powers = h * (2 - h * h / 2), [((h - 1) ** -(2 * i) + (h + 1) ** -(2 * i)) / 2 for i in range(1, steps + 1)]
    turn = next((i for i, power in enumerate(powers) if power > 1), steps)
    return 2 / (h - 1) ** -(2 * steps) if turn == steps else 2 / (1 + pace * (sum(powers[:turn]) + steps - turn))


@pytest.mark.parametrize("seed", range(60))
def test_at_random_steps_it_is_the_published_number(seed):
    rng = np.random.default_rng(seed)
    h, steps = Fraction(int(rng.integers(1, 200)), 100), int(rng.integers(1, 40))
    smoothness, gap = 10.0 ** rng.uniform(-2, 2, 2)
    expected = float(published(h, steps)) * smoothness * gap
    assert BOUND.evaluate(run(float(h), steps, smoothness, gap)) == pytest.approx(expected, rel=1e-10)


def test_up_to_sqrt_3_it_is_the_bound_of_consecutive_pairs_and_beyond_it_is_less_than_theorem_c():
    for step in (0.2, 1.0, 1.4, 1.732):
        same = get("abbaszadehpeivasti2022").evaluate(run(step, 30))
        assert BOUND.evaluate(run(step, 30)) == pytest.approx(same, rel=1e-13)
    gains = [get("theorem-c").evaluate(run(1.9, steps)) / BOUND.evaluate(run(1.9, steps)) for steps in (6, 1000)]
    assert gains[0] == pytest.approx(1.2445, abs=1e-4) and gains[1] > 1


def test_as_long_as_the_powers_have_not_turned_a_parabola_attains_it():
    for step, steps in ((1.8, 1), (1.9, 3), (1.99, 30)):
        gradient = (1 - step) ** steps * math.sqrt(2)
        assert BOUND.evaluate(run(step, steps)) == pytest.approx(gradient**2, rel=1e-12)
    assert BOUND.evaluate(run(1.9, 4)) > 1.01 * 2 * 0.9**8


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("step", [0.4, 1.0, 1.3, 1.74, 1.8, 1.95])
def test_certified_worst_cases_agree_to_a_millionth(step, steps):
    """From above by a certificate, from below by a function that is replayed: both sides are checked exactly."""
    value, question = BOUND.evaluate(run(step, steps)), Question(np.full(steps, step), np.zeros(steps, int))
    solution = worst_case(question)
    found = witness(solution)
    assert float(certify(solution).upper) == pytest.approx(value, rel=1e-6)
    assert found is not None and found.lower == pytest.approx(value, rel=3e-6)


def test_a_million_steps_do_not_overflow_and_the_edges_are_told():
    assert BOUND.evaluate(run(1.5, 10**6)) == pytest.approx(2 / (1 + 1.5 * (2 - 1.125) * 10**6), rel=1e-12)
    assert BOUND.evaluate(run(2.0, 50)) == 2.0
    for wrong, told in (
        (run(2.001, 5), "the step is too long"),
        (Setting([1.9, 1.8], [0, 0], Staleness(1), run(1, 1).constants), "abbaszadehpeivasti2022"),
        (Setting([1.0, 1.0], [0, 1], Staleness(2), run(1, 1).constants), "delay"),
        (Setting([1.0], [0], Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 0.1}), "exact gradients"),
    ):
        assert told in BOUND.check_domain(wrong)[0].sentence()
