"""The vectorisable functions against the long double of the C library: two units in the last place at most."""

import math

import numpy as np
import pytest
from numba import njit

from experiments.kernels import elementary

RNG = np.random.default_rng(3)
TINY = np.exp(-RNG.uniform(0, 300, 4000))
CASES = [
    ("exp", elementary.exp, np.exp, RNG.uniform(-707, 707, 4000)),
    ("exp near 0", elementary.exp, np.exp, RNG.uniform(-1e-3, 1e-3, 4000)),
    ("log", elementary.log, np.log, RNG.uniform(0, 3, 4000)),
    ("log of large and small", elementary.log, np.log, np.exp(RNG.uniform(-600, 600, 4000))),
    ("log near 1", elementary.log, np.log, 1 + RNG.uniform(-1e-6, 1e-6, 4000)),
    ("log1p", elementary.log1p_unit, np.log1p, RNG.uniform(0, 1, 4000)),
    ("log1p of small", elementary.log1p_unit, np.log1p, TINY),
    ("softplus", elementary.softplus, lambda x: np.logaddexp(np.longdouble(0), x), RNG.uniform(-300, 300, 4000)),
]


@pytest.mark.parametrize(("name", "function", "reference", "points"), CASES, ids=[case[0] for case in CASES])
def test_two_units_in_the_last_place(name, function, reference, points):
    exact = reference(points.astype(np.longdouble))
    values = np.array([function(x) for x in points])
    assert np.max(np.abs(values - exact) / np.spacing(np.abs(exact.astype(float)))) <= 2


def test_turn_is_the_point_of_the_unit_circle():
    turns = np.concatenate([RNG.random(4000), np.arange(8) / 8, np.nextafter(np.arange(1, 9) / 8, 0)])
    points = np.array([elementary.turn(u) for u in turns])
    angles = 2 * np.longdouble("3.14159265358979323846264338327950288") * turns.astype(np.longdouble)
    assert np.abs(points[:, 0] - np.cos(angles)).max() < 3e-16
    assert np.abs(points[:, 1] - np.sin(angles)).max() < 3e-16


def test_quarters_of_a_turn_are_exact():
    assert [elementary.turn(q) for q in (0.0, 0.25, 0.5, 0.75)] == [(1, 0), (0, 1), (-1, 0), (0, -1)]


def test_ends_of_the_range():
    assert elementary.exp(0.0) == 1 and elementary.log(1.0) == 0 and elementary.log1p_unit(0.0) == 0
    assert elementary.exp(np.inf) == elementary.exp(708.0) == pytest.approx(np.exp(708.0), rel=1e-15)
    assert elementary.exp(-np.inf) == pytest.approx(np.exp(-708.0), rel=1e-15)
    assert elementary.softplus(1e308) == 1e308
    assert elementary.softplus(-1e308) < 1e-300


def test_not_a_number_stays_one():
    for function in (elementary.exp, elementary.log1p_unit, elementary.softplus):
        assert math.isnan(function(math.nan))


def test_the_same_alone_and_on_vector_registers():
    points = RNG.uniform(-50, 50, 1003)

    @njit(fastmath={"reassoc", "contract", "arcp", "nsz"})
    def all_of(x):
        out = np.empty_like(x)
        for i in range(x.size):
            out[i] = elementary.softplus(x[i])
        return out

    assert np.array_equal(all_of(points), [elementary.softplus(x) for x in points])
