"""Errata: every counterexample is one, on a function as smooth as it says, and what is true survives it."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from theory.bounds import Setting
from theory.bounds.dai2019 import STATED, STRICT
from theory.bounds.judging import errata
from theory.bounds.judging.errata import DIP, ERRATA, PARABOLA, Curve, least_square
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness
from theory.staleness.stability import spectral_radius

NAMED = {erratum.name: erratum for erratum in ERRATA}


@pytest.mark.parametrize("erratum", ERRATA, ids=NAMED)
def test_the_counterexample_of_every_erratum_is_one(erratum):
    measured, claimed = erratum.counterexample()
    assert np.isfinite(measured) and np.isfinite(claimed)
    # By more than rounding: the runs are exact, a root or a logarithm in the claim is not.
    assert measured > claimed * (1 + 1e-9)


def test_every_erratum_says_what_is_stated_where_and_what_is_true():
    assert len(NAMED) == len(ERRATA)
    for erratum in ERRATA:
        assert all(len(text) > 10 for text in (erratum.name, erratum.claim, erratum.source, erratum.truth))


@pytest.mark.parametrize(
    ("name", "measured", "claimed"),
    [
        ("dai2019 at T = 1", 1.0, 0.5),
        ("dai2019 at T = 2", 1.0, 1.25 / 2**0.5),
        ("dai2019 at T = 1 with noise", 1.0, 0.5),
        ("geometric delays", 10.0, 0.954915),
        ("gradient descent at small steps", 1.0, 2 / 3),
        ("gradient descent at small steps, with the gap", 1.0, 8 / 9),
        ("one constant step and the mean delay", 1 / 16, 0.0577),
        ("withheld updates", 5.0, 0.5),
    ],
)
def test_the_numbers_derived_by_hand(name, measured, claimed):
    found = NAMED[name].counterexample()
    assert found == (pytest.approx(measured, rel=1e-12), pytest.approx(claimed, rel=1e-3))


def test_the_functions_are_smooth_and_their_slopes_integrate():
    assert PARABOLA.smoothness == DIP.smoothness == 1
    assert (PARABOLA.rise(-1, 3), DIP.rise(0, 2)) == (4, Fraction(5, 4))
    crooked = Curve((0, 1, 3), (2, -1, 0))
    assert crooked.smoothness == 3
    fine = [Fraction(i, 1000) for i in range(-2000, 5001)]
    area = sum((crooked.slope(a) + crooked.slope(b)) / 2 * (b - a) for a, b in pairwise(fine))
    assert float(crooked.rise(-2, 5)) == pytest.approx(float(area), abs=1e-5)


def test_a_run_reads_the_point_that_its_delay_says():
    # x_0 = 1, step 1/2: 1, 1/2, then 0 by the gradient at x_0, then 0.
    assert least_square(PARABOLA, 1, [Fraction(1, 2)] * 2, [0, 1, 0]) == 0
    assert least_square(PARABOLA, 1, [Fraction(1, 2)] * 2, [0, 0, 0]) == Fraction(1, 16)


@pytest.mark.parametrize(("T", "curve", "start"), [(1, PARABOLA, 1), (2, DIP, 2)])
def test_what_holds_for_every_horizon_survives_and_the_stated_form_is_refused(T, curve, start):
    gap = float(curve.rise(0, start))
    constants = {"L": 1.0, "Delta": gap, "sigma": 0.0, "mu": 1.0}
    sizes = Schedule("mu/(s*L*sqrt(k))").step_sizes(T, s=1, L=1.0, mu=1.0)
    run = Setting(sizes, np.zeros(T, int), Staleness(1), constants)
    measured = float(least_square(curve, start, [1], [0] * T))
    assert STATED.value.evaluate(run.environment()) < measured <= STRICT.evaluate(run)
    assert STATED.check_domain(run)[0].limit == 7


@pytest.mark.parametrize("steps", [7, 8, 12])
@pytest.mark.parametrize("curve", [PARABOLA, DIP], ids=["parabola", "dip"])
def test_from_seven_steps_on_these_functions_no_longer_break_the_stated_form(steps, curve):
    sizes = [1 / k**0.5 for k in range(1, steps + 1)]
    for start in np.linspace(0.2, 2, 19):
        points = [start]
        for size in sizes[:-1]:
            points.append(points[-1] - size * float(curve.slope(Fraction(points[-1]))))
        least = min(float(curve.slope(Fraction(x))) ** 2 for x in points)
        low, high = sorted((Fraction(0), Fraction(start)))
        assert least <= float(curve.rise(low, high)) / steps**0.5


def test_steps_of_three_quarters_of_1_over_l_are_the_edge_for_the_straight_line():
    for size, broken in ((Fraction(3, 4), False), (Fraction(3, 4) - Fraction(1, 10**6), True)):
        assert (Fraction(4, 3) * size < 1) == broken


def test_the_limits_of_the_mean_dynamics_are_those_of_their_roots():
    uniform = [0.2] * 5
    geometric = [1 / 3 * (2 / 3) ** j for j in range(400)]
    assert spectral_radius(0.95, uniform) < 1 < spectral_radius(0.96, uniform)
    assert spectral_radius(0.96, np.array(geometric) / sum(geometric)) < 1


def test_a_longer_burst_leaves_the_least_gradient_where_it_is_and_needs_a_larger_factor():
    for length, steps in ((20, 1027), (40, 4447)):
        measured, claimed = errata.burst(length)
        mean_delay = length * (length - 1) / 2 / steps
        # L Delta / 8 with Delta = 1/2.
        assert (measured, claimed) == (1 / 16, pytest.approx(100 * (1 + mean_delay) / (2 * steps), rel=1e-12))
        assert mean_delay < 0.19
