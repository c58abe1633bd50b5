"""The cone of multipliers within which nothing is better than counter-momentum: its integrals, its proof, its edge."""

import math

import numpy as np
import pytest
from flint import arb

from theory.methods.counter_momentum import Tuning
from theory.worst_case.limit.best.neighbourhood import REACH, holds_within, norms, rest_of_norms
from theory.worst_case.limit.best.optimality import Slacks


def by_quadrature(delay, lag, points=1 << 13):
    """nu_m in both directions, from the symbols on the circle and a discrete Fourier transform."""
    tuning, q = Tuning.of(delay), (2 * delay + 1) / (2 * delay + 3)
    z = np.exp(-2j * math.pi * np.arange(points) / points)
    filtered = np.polyval([*tuning.moves[::-1], 1.0], z)
    outer = filtered / (1 - q * z)
    outer /= math.sqrt((np.abs(outer) ** 2).mean())
    ends = sum(z**-i for i in range(lag))
    for sign in (1, -1):
        taken = sign * np.conj((1 + z**lag) / 2 * ends) - tuning.step * z**delay / filtered * np.abs(ends) ** 2 / 2
        yield math.sqrt((np.abs(np.fft.ifft(taken * outer)[delay : points // 2]) ** 2).sum())


@pytest.mark.parametrize(("delay", "lag"), [(1, 2), (1, 5), (3, 2), (4, 9)])
def test_the_norms_are_those_of_the_functionals(delay, lag):
    for found, expected in zip(norms(Slacks(delay), lag), by_quadrature(delay, lag), strict=True):
        assert float(found.mid()) == pytest.approx(expected**2, rel=1e-9)


@pytest.mark.parametrize("delay", [1, 2, 4])
def test_the_bound_of_far_norms_is_above_them(delay):
    found = Slacks(delay)
    for start in (4, 20):
        first, second = rest_of_norms(found, start)
        for lag in (start, start + 1, 3 * start):
            assert all(norm <= lag**2 * (first + lag * second) for norm in norms(found, lag))


@pytest.mark.parametrize("delay", [1, 2, 4])
@pytest.mark.parametrize("share", [0.02, 0.4, 1.0])
def test_the_measure_of_an_angle_sees_no_change_of_its_filter(delay, share):
    # At other angles than the best too: the functional of lag 1 vanishes, and what is left is W(theta).
    n = delay + 1
    theta = math.pi / (2 * n) + share * (2 * math.pi / (2 * n + 1) - math.pi / (2 * n))
    tuning, found = Tuning.of(delay, theta), Slacks(delay, arb(theta))
    z = np.exp(-2j * math.pi * np.arange(1 << 12) / (1 << 12))
    filtered = np.polyval([*tuning.moves[::-1], 1.0], z)
    outer = filtered / (1 - float(found.q) * z)
    taken = np.conj(1 + z) / 2 - float(found.ratio) * tuning.step * z**delay / filtered / 2
    assert np.abs(np.fft.ifft(taken * outer)[delay : 1 << 11]).max() < 1e-9
    assert float(found.along(1) + found.ratio * found.apart(1)) == pytest.approx(tuning.weight, rel=1e-9)


@pytest.mark.parametrize("delay", [1, *(pytest.param(delay, marks=pytest.mark.long) for delay in (2, 3))])
def test_no_method_is_better_with_multipliers_in_the_cone(delay):
    assert holds_within(delay, REACH[delay])


@pytest.mark.parametrize(("delay", "kappa"), [(1, 0.2), (5, 1e-4)])
def test_what_is_not_so_is_not_proved(delay, kappa):
    # From D = 5 on pairs two points apart do pay.
    assert not holds_within(delay, kappa)
