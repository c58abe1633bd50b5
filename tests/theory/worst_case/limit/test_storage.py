"""Bounds with noise from a quadratic form: known cases, other implementations, runs and worst cases below, refusals."""

import math
from dataclasses import replace

import numpy as np
import pytest

from theory.bounds import Setting, get
from theory.common.errors import DomainError, InputError
from theory.methods.counter_momentum import Tuning
from theory.methods.registry import parse_method
from theory.staleness.count import Staleness
from theory.worst_case.limit import storage
from theory.worst_case.limit.noisy import noisy_bound
from theory.worst_case.limit.storage import storage_of
from theory.worst_case.limit.symbol import gain
from theory.worst_case.question import Question
from theory.worst_case.solvers.dense import solve_dense

# Method, delay, step.
RUNS = (
    ("counter-momentum", 1, 1.0),
    ("counter-momentum", 3, 1.0),
    ("counter-momentum:noise=10", 2, 1.0),
    ("counter-momentum:noise=1", 4, 1.0),
    ("delayed", 1, 0.3),
    ("delayed", 3, 0.15),
    ("momentum:beta=0.5", 2, 0.08),
    ("momentum:beta=-0.4", 1, 0.5),
    ("nesterov:beta=0.5", 2, 0.08),
    ("filter:gradients=1:-0.3,moves=0.2:-0.1:0.05", 1, 0.2),
)


def of(text, delay, step):
    recursion = parse_method(text).recursion(delay)
    return recursion, recursion.step or step


def second_moments(text, delay, step, steps, curvature, noise):
    """E|grad|^2 of x_0..x_T on (curvature/2) x^2 of gap 1 with noise of variance nu/T, from the method's own rule."""
    delays = np.minimum(np.arange(steps), delay)
    rule = parse_method(text).linear(np.full(steps, step), delays, 1.0, Staleness(delay + 1))
    # Each point is a + b . (unit noises), a its mean.
    mean, spread = [math.sqrt(2 / curvature)], [np.zeros(steps)]
    for k in range(steps):
        move, sway = 0.0, np.zeros(steps)
        for i in range(min(k + 1, rule.gradients)):
            weight, read = rule.gradient_weights[k, i], k - i - delays[k - i]
            move += weight * curvature * mean[read]
            sway += weight * curvature * spread[read]
            sway[k - i] += weight
        for j in range(min(k, rule.moves)):
            move -= rule.move_weights[j] * (mean[k - j] - mean[k - j - 1])
            sway -= rule.move_weights[j] * (spread[k - j] - spread[k - j - 1])
        mean.append(mean[-1] - move)
        spread.append(spread[-1] - sway)
    return [curvature**2 * (m * m + noise / steps * (b @ b)) for m, b in zip(mean, spread, strict=True)]


@pytest.mark.parametrize(("text", "delay", "step"), RUNS)
def test_no_quadratic_comes_above_the_bound(text, delay, step):
    recursion, own = of(text, delay, step)
    for steps, noise in ((delay + 1, 1.0), (12, 0.0), (40, 3.0), (40, 60.0)):
        bound = storage_of(recursion, own, noise, steps).bound(steps, noise)
        for curvature in (0.05, 0.3, 0.7, 1.0):
            assert min(second_moments(text, delay, own, steps, curvature, noise)) <= bound


@pytest.mark.parametrize(("text", "delay", "step"), RUNS[2:8])
def test_the_worst_case_with_noise_is_below_the_bound_and_near_it(text, delay, step):
    recursion, own = of(text, delay, step)
    steps, noise = 9, 2.0
    delays = np.minimum(np.arange(steps), delay)
    rule = parse_method(text).linear(np.full(steps, own), delays, 1.0, Staleness(delay + 1))
    question = Question(np.ones(steps), delays, variance=noise / steps, rule=rule)
    value, bound = solve_dense(question).value, storage_of(recursion, own, noise, steps).bound(steps, noise)
    assert value * (1 - 1e-5) <= bound <= 1.25 * value


@pytest.mark.parametrize("delay", [1, 2, 3, 5])
def test_without_noise_it_is_the_theorem_of_counter_momentum(delay):
    recursion, step = of("counter-momentum", delay, 1.0)
    found = storage_of(recursion, step, 0.0, 60, lags=1)
    assert found.bound(60) == pytest.approx(
        1 / (Tuning.of(delay).weight * 60 + 0.5), rel=2e-5
    )  # R is 0 at the best form, so that margins cost


@pytest.mark.parametrize("delay", [1, 2, 4])
def test_the_floor_of_counter_momentum_is_that_of_the_steepest_quadratic(delay):
    recursion, step = of("counter-momentum", delay, 1.0)
    found = storage_of(recursion, step, 10.0, lags=1)
    floor = 1 / (2 * math.sin(Tuning.of(delay).theta / 2) ** 2) - 1
    assert floor * (1 - 1e-9) <= found.floor <= floor * (1 + 1e-4)


def minimum_phase(values, count):
    """The first coefficients of psi, minimum phase, with |psi|^2 = values on the circle."""
    size = values.size
    cepstrum = np.fft.ifft(np.log(values) / 2).real
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    return np.fft.ifft(np.exp(np.fft.fft(cepstrum))).real[:count]


@pytest.mark.parametrize(("text", "delay", "step"), RUNS[2:])
def test_the_noise_is_that_of_the_spectral_factor(text, delay, step):
    recursion, own = of(text, delay, step)
    found = storage_of(recursion, own, 5.0)
    size = 1 << 14
    angles = 2 * np.pi * np.arange(size) / size
    z, answer = np.exp(-1j * angles), own * gain(recursion, angles)
    symbol, several = np.zeros(size), found.forward + found.backward
    for m, (ahead, back) in enumerate(zip(found.forward, found.backward, strict=True), 1):
        walk = answer * sum(z**-j for j in range(m))
        symbol += (ahead - back) * ((1 + z**m) / 2 * walk).real
        symbol += (ahead + back) * (abs(1 - z**m) ** 2 - abs(walk) ** 2) / 4
    assert symbol.min() > found.weight
    psi = minimum_phase(symbol - found.weight, delay + 1)
    # The program leaves some millionths, so that all signs can be proved; S touches W, where logarithms are steep.
    assert found.noise == pytest.approx(several.sum() / 2 - found.weight - psi @ psi, abs=2e-4)


@pytest.mark.parametrize("delay", [2, 3, 4])
def test_delayed_steps_with_noise_are_bounded_better_than_by_the_library(delay):
    steps, noise = 1000, 10.0
    constants = {"L": 1.0, "Delta": 1.0, "sigma": math.sqrt(noise / steps)}
    found = noisy_bound(parse_method("delayed"), Staleness(delay + 1), steps, noise / steps)
    delays, window = np.minimum(np.arange(steps), delay), Staleness(delay + 1)
    library = math.inf
    for name in ("theorem-ar", "theorem-a", "theorem-b-noise", "theorem-c-noise"):
        for step in found.step * np.linspace(0.7, 1.3, 13):
            setting, bound = Setting(np.full(steps, step), delays, window, constants), get(name)
            if not bound.check_domain(setting):
                library = min(library, bound.evaluate(setting))
    assert found.bound < 0.99 * library


def test_a_weight_that_is_too_large_is_refused():
    recursion, step = of("counter-momentum:noise=10", 2, 1.0)
    found = storage._solved(recursion, step, 10.0, 50, 2, 1e-9)
    assert storage._proved(recursion, step, found, True) is not None
    assert storage._proved(recursion, step, replace(found, weight=found.weight * 1.001), True) is None
    assert storage._proved(recursion, step, replace(found, ends=found.ends + 0.1), True) is None
    assert storage._proved(recursion, step * 1.1, found, True) is None


@pytest.mark.parametrize(("text", "delay"), [("wait", 2), ("delayed", 0)])
def test_what_has_no_late_gradient_is_refused(text, delay):
    with pytest.raises(InputError, match="late gradients"):
        storage_of(parse_method(text).recursion(delay), 0.5, 1.0)


def test_a_step_at_which_some_function_never_settles_is_refused():
    with pytest.raises(DomainError, match="Take a shorter one"):
        storage_of(parse_method("delayed").recursion(2), 0.7, 1.0)


@pytest.mark.parametrize(("steps", "variance", "gap"), [(2, 1.0, 1.0), (10, -1.0, 1.0), (10, 1.0, 0.0)])
def test_numbers_out_of_range_are_refused(steps, variance, gap):
    with pytest.raises(InputError):
        noisy_bound(parse_method("delayed"), Staleness(3), steps, variance, gap=gap)


def test_units_scale_as_functions_do():
    method, window = parse_method("counter-momentum:noise=5"), Staleness(3)
    plain = noisy_bound(method, window, 50, 0.1)
    # F -> 6 F(x / 2): L is 1.5 times as large, gradients are 3 times as large.
    scaled = noisy_bound(method, window, 50, 0.9, smoothness=1.5, gap=6.0)
    assert scaled.bound == pytest.approx(9 * plain.bound, rel=1e-6)


@pytest.mark.parametrize("delay", [1, 2, 5])
def test_the_ends_of_the_family_are_counter_momentum_and_delayed_steps(delay):
    exact, still, noisy = (
        parse_method(text).recursion(delay)
        for text in ("counter-momentum", "counter-momentum:noise=0", "counter-momentum:noise=1e10")
    )
    assert still.step == exact.step
    assert (still.move_weights == exact.move_weights).all()
    assert noisy.step == pytest.approx(math.sqrt(2e-10), rel=2e-3 * (delay + 1))
    assert abs(noisy.move_weights).max() < 1e-5
    assert abs(noisy.start - 1).max() < 1e-4
