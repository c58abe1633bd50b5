"""The interpolant: it has the values and gradients of the witness, is L-smooth, and stays above its infimum."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

from theory.worst_case.question import Question
from theory.worst_case.solve import worst_case
from theory.worst_case.witness.find import witness
from theory.worst_case.witness.interpolation import Interpolant, least

L, DELTA = 2.0, 3.0
CASES = {
    "flat": (np.full(12, 0.2), 1),
    "screw": (np.full(30, 0.0625), 4),
    "climbing": (0.5 / np.sqrt(np.arange(1, 13)), 4),
}
_CACHE = {}


def function(case):
    if case not in _CACHE:
        steps, s = CASES[case]
        delays = np.minimum(s - 1, np.arange(len(steps)))
        found = witness(worst_case(Question(steps, delays, smoothness=L, gap=DELTA), reach=3), seconds=5)
        _CACHE[case] = Interpolant(found.points, found.gradients, found.function_values, L)
    return _CACHE[case]


def places(F, count, seed):
    rng = np.random.default_rng(seed)
    centre = F.points[rng.integers(len(F.points), size=count)]
    return centre + rng.normal(size=centre.shape) * 10.0 ** rng.uniform(-4, 1, size=(count, 1))


@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_at_the_points_are_those_given(case):
    F = function(case)
    for x, g, f in zip(F.points, F.gradients, F.values, strict=True):
        value, gradient = F.at(x)
        assert value == pytest.approx(f, abs=1e-12)
        np.testing.assert_allclose(gradient, g, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_gradients_differ_by_no_more_than_L_times_the_distance(case):
    F = function(case)
    x = np.concatenate([places(F, 400, 1), F.points])
    rng = np.random.default_rng(2)
    y = x + rng.normal(size=x.shape) * 10.0 ** rng.uniform(-5, 1, size=(len(x), 1))
    growth = [np.linalg.norm(F.gradient(a) - F.gradient(b)) for a, b in zip(x, y, strict=True)]
    distance = np.linalg.norm(x - y, axis=1)
    # The rounding of a gradient is some 1e-14 of its size.
    assert (growth <= L * distance * (1 + 1e-9) + 1e-11 * (1 + np.abs(x).max())).all()


@pytest.mark.parametrize("case", CASES)
def test_the_function_stays_above_zero_and_below_every_parabola(case):
    F = function(case)
    for x in places(F, 300, 3):
        away = x - F.points
        parabolas = F.values + (F.gradients * away).sum(axis=1) + L / 2 * (away**2).sum(axis=1)
        assert -1e-12 <= F.value(x) <= parabolas.min() * (1 + 1e-12)


@pytest.mark.parametrize("case", CASES)
def test_the_infimum_is_that_of_the_lowest_parabola(case):
    F = function(case)
    lowest = F.values - (F.gradients**2).sum(axis=1) / (2 * L)
    k = int(np.argmin(lowest))
    assert F.value(F.points[k] - F.gradients[k] / L) == pytest.approx(lowest[k], abs=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_the_derivative_of_the_value(case):
    F, rng = function(case), np.random.default_rng(4)
    for x in places(F, 40, 5):
        v = rng.normal(size=x.shape)
        v /= np.linalg.norm(v)
        h = 1e-5 * (1 + np.linalg.norm(x))
        slope = (F.value(x + h * v) - F.value(x - h * v)) / (2 * h)
        assert slope == pytest.approx(F.gradient(x) @ v, abs=2 * L * h)


def test_the_dual_form_gives_the_same_value():
    """F + L|x|^2/2 = max_g min_i h_i + <g, x - x_i> - |g - v_i|^2/4L, by another solver."""
    F = function("climbing")
    h = F.values + L / 2 * (F.points**2).sum(axis=1)
    v = F.gradients + L * F.points
    for x in places(F, 8, 6):

        def lower(z, x=x):
            g, t = z[:-1], z[-1]
            return h + (x - F.points) @ g - ((g - v) ** 2).sum(axis=1) / (4 * L) - t

        start = np.append(F.gradient(x) + L * x, 0.0)
        best = minimize(
            lambda z: -z[-1], start, constraints={"type": "ineq", "fun": lower}, method="SLSQP", options={"ftol": 1e-14}
        )
        assert best.x[-1] - L / 2 * x @ x == pytest.approx(F.value(x), abs=1e-6)


@pytest.mark.parametrize(("n", "r"), [(1, 1), (3, 1), (6, 2), (40, 3), (25, 30)])
def test_no_exchange_of_weight_improves_the_chosen_ones(n, r):
    rng = np.random.default_rng(n + r)
    for _ in range(30):
        cost, vectors = rng.normal(size=n), rng.normal(size=(n, r))
        chosen, weights = least(cost, vectors)
        assert weights.sum() == pytest.approx(1) and (weights >= 0).all() and len(chosen) <= r + 1
        slope = cost + vectors @ (weights @ vectors[chosen])
        assert slope.min() >= slope[chosen].max() - 1e-10


def test_repeated_and_dependent_vectors_do_no_harm():
    cost, vectors = np.array([1.0, 0.0, 0.0, 0.5]), np.array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
    for order in itertools.permutations(range(4)):
        chosen, weights = least(cost[list(order)], vectors[list(order)])
        assert weights @ cost[list(order)][chosen] == pytest.approx(0, abs=1e-12)
