"""The exact constants of methods: both sides meet, closed forms, methods that are others, functions that need them."""

import math

import numpy as np
import pytest
from scipy.optimize import linprog

from theory.common.errors import DomainError, InputError
from theory.methods.counter_momentum import Tuning
from theory.methods.filters import Filtered
from theory.methods.registry import parse_method
from theory.staleness.count import Staleness
from theory.staleness.stability import fixed_delay_limit
from theory.worst_case.limit.constant import best_of, best_step, limit_of, sketch
from theory.worst_case.limit.of_method import BETTER, SHOWN, better, constants, method_limit, published
from theory.worst_case.limit.program import needed, step_limit
from theory.worst_case.limit.symbol import forms, gain, rationals, settles, squared_poles, symbol

# C(D) of the best constant step, to the digits printed by an earlier, separate computation.
CONSTANT_STEP = (1.2990, 2.6751, 4.2910, 5.9432, 7.6000, 9.2628, 10.930, 12.594, 14.263)
SETTINGS = (
    ("momentum:beta=-0.5", 1, 0.8),
    ("momentum:beta=0.5", 2, 0.1),
    ("nesterov:beta=0.3", 1, 0.3),
    ("nesterov:beta=-0.4", 3, 0.2),
    ("counter-momentum", 3, 0.7),
    ("filter:gradients=1:-0.3,moves=0.2:-0.1", 2, 0.3),
)


def of(text, delay):
    return parse_method(text).recursion(delay)


def dense_program(recursion, step, lags, points=4001):
    """The same program on one dense grid: p free, beta at least |p|, another algorithm. Never below the true weight."""
    sway, bend = forms(recursion, step, np.arange(1, lags + 1), np.linspace(0, np.pi, points))
    eye, zero = np.eye(lags), np.zeros((lags, 1))
    cuts = np.hstack([-sway, -bend, np.ones((points, 1))])
    cone = np.vstack([np.hstack([eye, -eye, zero]), np.hstack([-eye, -eye, zero])])
    found = linprog(
        np.append(np.zeros(2 * lags), -1.0),
        A_ub=np.vstack([cuts, cone]),
        b_ub=np.zeros(points + 2 * lags),
        A_eq=np.concatenate([np.arange(1, lags + 1), np.zeros(lags + 1)])[None, :],
        b_eq=[1.0],
        bounds=[(None, None)] * (2 * lags + 1),
        method="highs-ipm",
    )
    return found.x[-1]


@pytest.mark.parametrize(("text", "delay", "step"), SETTINGS)
def test_both_sides_meet_and_the_upper_one_is_proved(text, delay, step):
    found = limit_of(of(text, delay), step)
    assert found.certified
    assert found.lower <= found.value * (1 + 1e-12)
    assert found.lower == pytest.approx(found.value, rel=2e-6)


@pytest.mark.parametrize(("text", "delay", "step"), SETTINGS)
def test_an_independent_program_on_a_dense_grid_agrees(text, delay, step):
    found = limit_of(of(text, delay), step, lags=8)
    dense = dense_program(of(text, delay), step, 8)
    # Between points pi / 4000 apart S falls by at most max |S''| / 8 times the square.
    assert found.weight * (1 - 1e-8) <= dense <= found.weight * (1 + 1e-4)


@pytest.mark.parametrize(("text", "delay", "step"), SETTINGS)
def test_the_worst_function_is_one_that_the_method_meets_and_that_can_be_interpolated(text, delay, step):
    # Gradients that rotate, points that are the method's own, values that fall by 1/lower a step.
    recursion, steps = of(text, delay), 160
    found = limit_of(recursion, step)
    k = np.arange(steps)
    x, g = [], []
    for mass, angle in zip(found.masses, found.worst_frequencies, strict=True):
        wave = math.sqrt(mass) * np.exp(1j * angle * k)
        move = -step * gain(recursion, np.array([angle]))[0] * wave
        x += [np.cumsum(move).real, np.cumsum(move).imag]
        g += [wave.real, wave.imag]
    x, g = np.array(x).T, np.array(g).T
    # The moves are those of the recursion in the time domain.
    c, m = recursion.gradient_weights, recursion.move_weights
    t = np.arange(delay + 12, steps)
    right = -step * sum(w * g[t - delay - i] for i, w in enumerate(c))
    right = right + sum(w * (x[t - 1 - j] - x[t - 2 - j]) for j, w in enumerate(m))
    assert x[t] - x[t - 1] == pytest.approx(right, abs=1e-12)
    points = np.vstack([np.zeros(x.shape[1]), x[:-1]])
    values = -k / found.lower
    for lag in range(1, steps):
        gap, turn = points[:-lag] - points[lag:], g[:-lag] - g[lag:]
        trapezoid = ((g[:-lag] + g[lag:]) * gap).sum(axis=1) / 2
        room = ((gap**2).sum(axis=1) - (turn**2).sum(axis=1)) / 4
        assert (np.abs(values[:-lag] - values[lag:] - trapezoid) <= room + 1e-8 * lag).all()


@pytest.mark.parametrize("delay", range(17))
def test_counter_momentum_has_its_closed_form(delay):
    found = best_of(of("counter-momentum", delay))
    assert found.certified and found.start == 1.0
    tuning = Tuning.of(delay)
    assert found.value == pytest.approx(1 / tuning.weight, rel=1e-9)
    assert found.lower == pytest.approx(1 / tuning.weight, rel=1e-9)
    # The worst function that is known: drift plus an oscillation of period 2. As S is level, there are others.
    still = math.sin((delay + 1) * tuning.theta / 2) ** 2
    masses = np.array([still, 1 - still])
    known = needed(of("counter-momentum", delay), tuning.step, np.array([0.0, math.pi]), masses)
    assert known == pytest.approx(1 / tuning.weight, rel=1e-9)


@pytest.mark.parametrize("delay", range(9))
def test_constant_steps_have_the_printed_constants(delay):
    assert best_step(delay).value == pytest.approx(CONSTANT_STEP[delay], abs=6e-4 if delay > 5 else 6e-5)


@pytest.mark.parametrize("delay", [0, 3])
def test_waiting_is_gradient_descent_at_every_sth_gradient(delay):
    staleness, alone = Staleness(delay + 1), best_step(0).value
    assert method_limit(parse_method("wait"), staleness).constant == pytest.approx((delay + 1) * alone, rel=1e-9)
    batch = method_limit(parse_method("batch-wait"), staleness)
    assert batch.constant == pytest.approx((2 * delay + 1) * alone, rel=1e-9)
    assert batch.period == 2 * delay + 1


def test_methods_that_are_the_same_cost_the_same():
    plain = best_step(2)
    for text in ("delayed", "momentum:beta=0", "nesterov:beta=0", "filter:gradients=2"):
        found = best_of(of(text, 2))
        assert found.value == pytest.approx(plain.value, rel=1e-8)
    own = Tuning.of(1)
    ball = limit_of(of(f"momentum:beta={-float(own.moves[0])!r}", 1), own.step)
    assert ball.value == pytest.approx(1 / own.weight, rel=1e-9)


def test_without_delay_momentum_does_not_help_and_under_a_delay_a_negative_one_does():
    assert best_of(of("momentum:beta=0.5", 0)).value > best_step(0).value < best_of(of("momentum:beta=-0.5", 0)).value
    less, none, more = (best_of(of(f"momentum:beta={beta}", 2)).value for beta in (-0.5, 0, 0.5))
    assert less < none < more


@pytest.mark.parametrize("momentum", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("delay", [0, 1, 2, 5])
def test_steps_end_where_a_quadratic_becomes_unstable(delay, momentum):
    largest, _ = step_limit(of(f"momentum:beta={momentum}", delay))
    assert largest == pytest.approx(fixed_delay_limit(delay, momentum), rel=1e-9)


def test_a_function_of_negative_curvature_may_end_the_steps_first():
    # Two points in turn with gradients of opposite sign that point away: x_k = (-1)^k, g_k = -x_k, at h = 1 + beta.
    largest, turning = step_limit(of("momentum:beta=-0.5", 1))
    assert (largest, turning) == (pytest.approx(1.0), math.pi)
    found = limit_of(of("momentum:beta=-0.5", 1), 1.0)
    assert found.value == math.inf and not found.certified
    x = np.array([1.0, -1.0, 1.0])
    assert x[2] == pytest.approx(x[1] - 1.0 * -x[0] - 0.5 * (x[1] - x[0]))
    with pytest.raises(DomainError, match="some function never settles"):
        limit_of(of("momentum:beta=-0.5", 1), 1.01)


def test_what_has_no_limit_is_refused():
    with pytest.raises(InputError, match="do not die out"):
        best_of(of("filter:moves=1.0", 1))
    with pytest.raises(InputError, match="climbs"):
        best_of(of("filter:gradients=1:-1", 1))
    assert settles(of("filter:moves=0.999999", 0)) and not settles(of("filter:moves=0.5:0.5", 0))


def test_the_exact_symbol_is_the_symbol():
    recursion, p, beta = of(SETTINGS[-1][0], 2), np.array([1.5, -0.25]), np.array([1.5, 0.25])
    exact = symbol(recursion, rationals(np.array([0.3]))[0], rationals(p), rationals(beta))
    floats = symbol(recursion, 0.3, p, beta)
    assert np.array([float(each.p) / float(each.q) for each in exact]) == pytest.approx(floats, rel=1e-13)
    angles = np.linspace(0, np.pi, 50)
    poles = squared_poles(recursion)
    over, under = (np.cos(np.outer(angles, np.arange(each.size))) @ each for each in (floats, poles))
    sway, bend = forms(recursion, 0.3, np.array([1, 2]), angles)
    assert over / under == pytest.approx(sway @ p + bend @ beta, abs=1e-12)


def test_published_corrections_are_what_their_papers_say():
    # Spike compensation undoes the delay of the first answers: its gains up to the delay add up to those without delay.
    delay, m = 3, 0.9
    response = [0.0] * (delay + 8)
    weights = published("spike-compensation", delay).gradients
    for k in range(delay, delay + 8):
        response[k] = sum(w for i, w in enumerate(weights) if k - i == delay) + m * response[k - 1]
    assert response[delay] == pytest.approx(sum(m**j for j in range(delay + 1)))
    assert response[delay + 1] == pytest.approx(m ** (delay + 1))
    assert published("weight-prediction", 3) == Filtered((4.0, -3.0), (0.9,))
    assert tuple(name for name, _ in constants(0)) == tuple(SHOWN)


def test_a_sketch_is_the_constant_to_four_digits():
    for text, delay in (("delayed", 3), ("counter-momentum", 2), ("momentum:beta=-0.3", 1)):
        assert sketch(of(text, delay)) == pytest.approx(best_of(of(text, delay)).value, rel=2e-4)


@pytest.mark.parametrize(("text", "delay", "end"), [("momentum:beta=-0.9", 0, 0.2), ("momentum:beta=-0.8", 3, 0.4)])
def test_a_best_step_near_the_limit_of_stability_is_found(text, delay, end):
    recursion = parse_method(text).recursion(delay)
    found = best_of(recursion)
    assert 0.95 * end < found.step < end
    for factor in (0.99, 1.01):
        assert limit_of(recursion, factor * found.step).value >= found.value * (1 - 1e-6)


# What was known to be possible, to the digits printed by an earlier, separate computation.
FOUND = {0: 1.2984062, 5: 6.62295, 6: 7.71013, 7: 8.79897, 8: 9.88961, 12: 14.26326}


@pytest.mark.parametrize(
    "delay", [pytest.param(each, marks=pytest.mark.long) if each > 12 else each for each in BETTER]
)
def test_filters_that_are_better_than_counter_momentum_are_certified(delay):
    found = limit_of(better(delay).recursion(delay), 1.0)
    assert found.certified
    assert found.value < (1 - 3e-4) / Tuning.of(delay).weight
    if delay in FOUND:
        assert found.value == pytest.approx(FOUND[delay], rel=1e-6)
