"""Theorem C as a formula: its table of constants, a second implementation, its domain, runs that try to break it."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from theory.bounds import Setting, get
from theory.bounds.theorem_c import THEOREM_C
from theory.common.errors import DomainError
from theory.staleness.count import Staleness
from theory.staleness.stability import fixed_delay_limit

UNITS = {"L": 1.0, "Delta": 1.0, "sigma": 0.0}


def at(step, delay, steps, **constants):
    """A constant step and a fixed delay."""
    delays = np.minimum(np.arange(steps), delay)
    return Setting(np.full(steps, step), delays, Staleness(delay + 1), UNITS | constants)


def slope(step, delay, bound=THEOREM_C):
    """How fast 1/bound grows with the number of steps."""
    return (1 / bound.evaluate(at(step, delay, 600)) - 1 / bound.evaluate(at(step, delay, 400))) / 200


def named(symbol, setting):
    """The value of one of the theorem's abbreviations."""
    (node,) = (node for node in THEOREM_C.definitions if node.symbol == symbol)
    return float(node.evaluate(setting.environment()))


# -------------------------------------------------------------------------------- a second implementation, role by role


def coefficients(h, delay, steps, angle):
    """The weight of every |g_t|^2 in the sum over the steps, with the trigonometric formulas of the lemma."""

    def a(m):
        return np.cos((m - 0.5) * angle) / np.cos(angle / 2)

    def u(m):
        return np.sin(m * angle) / np.sin(angle) if angle else float(m)

    quarter = np.sin(angle / 2) ** 2
    beta = max(1.0, h * (delay * u(delay) + (delay + 1) * u(delay + 1)))
    weights = np.zeros(steps + 1)
    for k in range(steps):
        for point, weight in (
            (k - delay, h / 4 * (a(delay) + a(delay + 1)) - beta * h**2 / 4),
            (k, h / 4 * a(delay)),
            (k + 1, h / 4 * a(delay + 1)),
            *((j, h * quarter * u(delay)) for j in range(k - delay + 1, k)),
            *((j, h * quarter * u(delay + 1)) for j in range(k - delay + 1, k + 1)),
        ):
            weights[max(0, point)] += weight
    return weights


def by_roles(h, delay, steps, angle):
    """The bound at an angle, and the weights, in units L = Delta = 1; infinite where the steps have no weight."""
    weights = coefficients(h, delay, steps, angle)
    nu = max(0.0, -weights[0])
    return (1 + 2 * nu) / (weights.sum() + nu + 0.5) if weights.sum() > 0 else np.inf, weights


CASES = [
    (delay, steps, share)
    for delay in (0, 1, 2, 3, 7, 16)
    for steps in (1, 2, delay + 1, delay + 2, 3 * delay + 5)
    for share in (0.03, 0.2, 0.5, 0.8, 0.97)
]


@pytest.mark.parametrize(("delay", "steps", "share"), CASES)
def test_the_formula_is_the_sum_of_the_roles_of_every_point(delay, steps, share):
    h = share * fixed_delay_limit(delay)
    setting = at(h, delay, steps)
    value, weights = by_roles(h, delay, steps, named(r"\theta", setting))
    assert THEOREM_C.evaluate(setting) == pytest.approx(value, rel=1e-11)
    assert named("v", setting) == pytest.approx(weights[0], rel=1e-9, abs=1e-12)
    assert weights.sum() == pytest.approx(steps * named("S", setting), rel=1e-10)
    assert min(weights[1:]) >= -1e-12


@pytest.mark.parametrize("delay", [0, 1, 3, 8])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.99])
def test_no_angle_is_better_than_the_one_that_is_found(delay, share):
    h, steps = share * fixed_delay_limit(delay), 40
    found = THEOREM_C.evaluate(at(h, delay, steps))
    others = [by_roles(h, delay, steps, angle)[0] for angle in np.linspace(0, np.pi / (2 * delay + 1), 701)]
    assert found <= min(others) * (1 + 1e-9)


# ----------------------------------------------------------------------------------------------- numbers, special cases


@pytest.mark.parametrize(
    ("delay", "expected"),
    enumerate([1.2990, 2.8195, 4.5434, 6.3006, 8.0689, 9.8422, 11.618, 13.396, 15.175]),
)
def test_at_the_best_step_the_bound_decays_with_the_constants_of_the_table(delay, expected):
    limit = fixed_delay_limit(delay)
    best = minimize_scalar(
        lambda h: 1 / slope(h, delay), bounds=(0.4 * limit, 0.7 * limit), method="bounded", options={"xatol": 1e-5}
    )
    assert best.fun == pytest.approx(expected, abs=0.51 * 10 ** (-4 if expected < 10 else -3))


@pytest.mark.parametrize("delay", [0, 1, 2, 5, 12])
def test_at_the_angle_of_the_step_the_weight_is_a_product_that_is_positive_up_to_the_limit(delay):
    for share in (0.3, 0.6, 0.9, 0.999):
        h = share * fixed_delay_limit(delay)
        angle = 2 * np.arcsin(h / 2)
        expected = np.sin(angle) * np.cos((delay + 0.5) * angle)
        sines = delay * np.sin(delay * angle) + (delay + 1) * np.sin((delay + 1) * angle)
        assert expected > 0
        if h * sines / np.sin(angle) >= 1:
            assert coefficients(h, delay, 9, angle).sum() / 9 == pytest.approx(expected, rel=1e-9)
            # The start term costs a factor 1 + 2 nu near the limit, where nu is at most pi^2/16.
            assert slope(h, delay) >= expected / (1 + np.pi**2 / 8)


@pytest.mark.parametrize("h", [0.1, 0.7, 1.0])
def test_without_delay_and_up_to_the_step_1_over_L_it_is_the_known_bound_and_theorem_b(h):
    expected = 1 / (25 * (h - h**2 / 4) + 0.5)
    assert THEOREM_C.evaluate(at(h, 0, 25)) == pytest.approx(expected, rel=1e-13)
    assert get("theorem-b").evaluate(at(h, 0, 25)) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("delay", [1, 3, 8])
def test_it_decays_as_theorem_b_at_small_steps_and_faster_at_large_ones(delay):
    small, large = 0.9 / (delay**2 + (delay + 1) ** 2), 0.5 * fixed_delay_limit(delay)
    assert slope(small, delay) == pytest.approx(slope(small, delay, get("theorem-b")), rel=1e-9)
    assert slope(small, delay) == pytest.approx(small - small**2 / 4, rel=1e-9)
    assert slope(large, delay) > 1.01 * slope(large, delay, get("theorem-b"))
    assert slope(large, delay) > slope(large, delay, get("theorem-a"))


def test_it_scales_as_functions_do():
    a, b = 3.7, 0.29
    one, other = at(0.3, 2, 30, L=1.3, Delta=0.7), at(0.3 * b**2 / a, 2, 30, L=1.3 * a / b**2, Delta=0.7 * a)
    assert THEOREM_C.evaluate(other) == pytest.approx(THEOREM_C.evaluate(one) * a**2 / b**2, rel=1e-12)


# ----------------------------------------------------------------------------------------------------------- the domain


@pytest.mark.parametrize("delay", [0, 1, 2, 7, 20])
def test_the_domain_ends_at_the_stability_limit_and_not_before(delay):
    limit = fixed_delay_limit(delay)
    assert np.isfinite(THEOREM_C.evaluate(at(limit * (1 - 1e-6), delay, 50)))
    for step in (limit, limit * (1 + 1e-6), 2 * limit, 1e3):
        (failure,) = THEOREM_C.check_domain(at(step, delay, 50))
        assert failure.condition.startswith("the weight S is positive")


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        (Setting([0.1, 0.2], [0, 1], Staleness(2), UNITS), "the step size is not that of the first step at k = 2"),
        (Setting([0.1] * 3, [0, 1, 0], Staleness(2), UNITS), "the delay is not the fixed one at k = 3"),
        (Setting([0.1] * 3, [0, 1, 1], Staleness(3), UNITS), "the delay is not the fixed one at k = 3"),
        (Setting([0.1] * 3, [0, 1, 2], Staleness(2), UNITS), "the delay is not the fixed one at k = 3"),
        (at(0.0, 1, 3), "no angle gives the steps a positive weight"),
        (at(0.1, 1, 3, sigma=0.5), "it is about exact gradients only"),
        (at(0.1, 1, 3, L=-1.0), "the constant L is not more than 0"),
    ],
)
def test_outside_its_domain_it_refuses_and_says_why(setting, what):
    with pytest.raises(DomainError, match=what):
        THEOREM_C.evaluate(setting)


# ----------------------------------------------------------------------------------------------- runs against the bound


def least_square(gradient, start, h, delay, steps):
    """min over the points of |grad F|^2 along delayed gradient descent, for many functions or starts at once."""
    points = [np.asarray(start, dtype=float)]
    for k in range(steps):
        points.append(points[-1] - h * gradient(points[max(0, k - delay)]))
    squares = np.array([gradient(x) ** 2 for x in points])
    return squares.min(axis=0)


CURVATURES = np.concatenate((np.linspace(0.01, 1, 150), np.geomspace(1e-4, 0.01, 30)))
STARTS = np.linspace(0.05, 6, 200)
WIDTHS = np.geomspace(1e-3, 1, 200)
ATTACKS = {
    "quadratics": (lambda x: CURVATURES * x, np.ones(CURVATURES.size), CURVATURES / 2),
    "saturating": (lambda x: x / (1 + x**2) ** 2, STARTS, STARTS**2 / 2 / (1 + STARTS**2)),
    "Huber": (lambda x: np.clip(x, -WIDTHS, WIDTHS), np.ones(WIDTHS.size), WIDTHS - WIDTHS**2 / 2),
    "one side flat": (lambda x: np.clip(x, 0, WIDTHS), np.ones(WIDTHS.size), WIDTHS - WIDTHS**2 / 2),
    "waves": (lambda x: np.sin(x), STARTS, 1 - np.cos(STARTS)),
}


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("delay", [0, 1, 3, 6])
def test_no_function_breaks_it_up_to_the_limit(name, delay):
    gradient, start, gap = ATTACKS[name]
    closest = 0.0
    for share in (0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.9999):
        for steps in (1, 2, delay + 1, 2 * delay + 3, 40):
            h = share * fixed_delay_limit(delay)
            ratio = least_square(gradient, start, h, delay, steps) / gap / THEOREM_C.evaluate(at(h, delay, steps))
            closest = max(closest, float(ratio.max()))
    assert 0.2 < closest <= 1 + 1e-9


@pytest.mark.parametrize("delay", [0, 1, 4])
def test_beyond_the_limit_nothing_could_be_promised(delay):
    h = 1.001 * fixed_delay_limit(delay)
    points = [1.0]
    for k in range(20000):
        points.append(points[-1] - h * points[max(0, k - delay)])
    assert max(map(abs, points[-40:])) > 10 * max(map(abs, points[:40]))
    assert THEOREM_C.check_domain(at(h, delay, 100))
