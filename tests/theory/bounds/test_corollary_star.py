"""Corollary 1_B* and the mean delay: a second implementation, closed forms, edges of the domain, units and runs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.falsify.battery import bursts
from experiments.falsify.unit_runs import exact_run
from tests.support.quadratics import any_delays, mean_squares, quadratic
from theory.bounds import Setting, get
from theory.staleness.count import Staleness

STAR, MEAN = get("corollary-1b-star"), get("average-delay-b")


def in_flight(setting):
    """Per gradient (u, b): L times the steps in flight, and L^2 times their steps times their windows; plain loops."""
    T, B, L = setting.steps, setting.reads, setting.constants["L"]
    delays, eta = setting.delays.reshape(T, B), np.repeat(setting.step_sizes[:, None] / B, B, axis=1)
    f, r = np.zeros(T), np.zeros(T)
    for i in range(T):
        for b in range(B):
            window = range(i - delays[i, b], i)
            H = sum(eta[j].sum() for j in window)
            for k in window:
                f[k] += L * eta[i, b]
                r[k] += L**2 * eta[i, b] * H
    return f, r


def star(setting):
    """The larger of 2 Delta / S and L sigma^2 eta / (B p^2) at the largest p that the delays leave; None for none."""
    L, delta, sigma = (setting.constants[name] for name in ("L", "Delta", "sigma"))
    f, r = in_flight(setting)
    p = 1 - L * setting.step_sizes.max() - max(f.max(), math.sqrt(r.max()))
    if p < 0 or (sigma and p == 0) or not setting.step_sizes.sum():
        return None, p
    noise = L * sigma**2 * setting.step_sizes.max() / (setting.reads * p**2) if sigma else 0.0
    return max(2 * delta / setting.step_sizes.sum(), noise), p


def settings(count, seed):
    draw = np.random.default_rng(seed)
    for _ in range(count):
        T, B, window = int(draw.integers(1, 9)), int(draw.integers(1, 5)), int(draw.integers(1, 6))
        L, delta, sigma = draw.uniform(0.5, 3), draw.uniform(0.2, 2), float(draw.choice([0, draw.uniform()]))
        sizes = draw.choice([0.0, 1.0, 1.0], T) * draw.uniform(0, 1.1, T) / (L * window)
        delays = any_delays(draw, T, B, window)
        constants = {"L": L, "Delta": delta, "sigma": sigma}
        yield Setting(sizes, delays if B > 1 else delays[:, 0], Staleness(window), constants)


def test_the_value_is_that_of_plain_loops():
    inside = outside = 0
    for setting in settings(300, 3):
        value, p = star(setting)
        if value is not None and p > 1e-6:
            assert STAR.evaluate(setting) == pytest.approx(value, rel=1e-9)
            inside += 1
        elif p < -1e-9:
            assert STAR.assess(setting)[0] is None
            outside += 1
    assert inside >= 100 and outside >= 20


def test_at_the_step_of_corollary_1b_it_is_corollary_1b_and_in_order_corollary_1():
    draw = np.random.default_rng(5)
    for _ in range(100):
        T, B, window = int(draw.integers(10, 60)), int(draw.integers(1, 4)), int(draw.integers(1, 6))
        constants = dict(zip(("L", "Delta", "sigma"), np.exp(draw.normal(size=3)), strict=True))
        oldest = np.minimum(np.arange(T), window - 1)
        delays = np.tile(oldest[:, None], (1, B)) if B > 1 else oldest
        setting = Setting.of(get("corollary-1b").schedule, delays, Staleness(window), constants)
        assert STAR.evaluate(setting) == pytest.approx(get("corollary-1b").evaluate(setting), rel=1e-12)
        if B == 1:
            assert STAR.evaluate(setting) == pytest.approx(get("corollary-1").evaluate(setting), rel=1e-12)


def burst(T, draw, B=1):
    """A few gradients are very late."""
    late, soon = any_delays(draw, T, B, 60), any_delays(draw, T, B, 4)
    return np.where(draw.random((T, B)) < 0.03, late, soon)


def flying(delays):
    """Gradients in flight over B at each update."""
    T, B = delays.shape
    return np.array([sum(np.sum(delays[i] >= i - k) for i in range(k + 1, T)) / B for k in range(T)])


@pytest.mark.parametrize("sigma", [0.0, 0.5])
def test_the_root_of_the_most_in_flight_times_the_largest_delay_takes_the_place_of_the_largest_delay(sigma):
    draw = np.random.default_rng(9)
    for B in (1, 2, 3):
        delays = burst(150, draw, B)
        n, d = flying(delays).max(), delays.max()
        reach = math.sqrt(max(n, 1) * d)
        assert n < reach < d
        step = 1 / (reach + 1 + sigma * math.sqrt(150 / (2 * B)))
        run = Setting(np.full(150, step), delays, Staleness(int(d) + 1), {"L": 1.0, "Delta": 1.0, "sigma": sigma})
        closed = sigma * math.sqrt(2 / (150 * B)) + 2 * (reach + 1) / 150
        assert STAR.evaluate(run) <= closed * (1 + 1e-12)
        assert STAR.evaluate(run) == pytest.approx(2 / (150 * step), rel=1e-12)
        assert get("corollary-1b").assess(run)[0] is None


@pytest.mark.parametrize("sigma", [0.0, 0.5])
@pytest.mark.parametrize("way", ["shortened", "dropped"])
def test_the_closed_forms_through_the_mean_delay_are_half_of_what_was_known(sigma, way):
    """5b: steps eta min(1, K/d_k), r = 4K; 5c: gradients older than K are dropped, r = K = 2d."""
    T, draw = 200, np.random.default_rng(4)
    delays = burst(T, draw)
    d, n = delays.mean(), flying(delays).max()
    K = n if way == "shortened" else 2 * d
    cut, reach = (4 * K, math.sqrt(n * K)) if way == "shortened" else (K, K)
    kept = T * (1 - d / cut)
    eta = 1 / (reach + 1 + sigma * math.sqrt(kept / 2))
    late = delays[:, 0] > K
    sizes = eta * np.where(late, K / np.maximum(delays[:, 0], 1) if way == "shortened" else 0.0, 1.0)
    constants = {"L": 1.0, "Delta": 1.0, "sigma": sigma, "cut": cut}
    run = Setting(sizes, delays[:, 0], Staleness(int(delays.max()) + 1), constants)
    closed = sigma * math.sqrt(2 / kept) + 2 * (reach + 1) / kept
    assert MEAN.evaluate(run) == pytest.approx(closed, rel=1e-12)
    if way == "shortened":
        assert closed <= sigma * math.sqrt(8 / (3 * T)) + 8 / 3 * (n + 1) / T + 1e-12
    else:
        assert closed <= 2 * sigma * math.sqrt(1 / T) + 4 * (2 * d + 1) / T + 1e-12
    assert STAR.evaluate(run) <= MEAN.evaluate(run)


def test_a_value_times_the_units_of_a_gradient_is_the_same_bound():
    for setting in settings(60, 8):
        constants = {name: 4.0 * value for name, value in setting.constants.items()}
        other = Setting(setting.step_sizes / 4.0, setting.delays, setting.staleness, constants)
        value, again = (STAR.assess(one)[0] for one in (setting, other))
        assert again == (None if value is None else pytest.approx(16.0 * value, rel=1e-12))


def one(step, delays, **constants):
    return Setting(np.full(len(delays), step), delays, Staleness(4), {"L": 1.0, "Delta": 1.0, "sigma": 0.0} | constants)


def test_just_inside_of_each_condition_is_accepted_and_just_outside_refused():
    """h = 1 - a, with one gradient in flight: f = h; with two of delay 2: f = 2h, and the windows 2h."""
    for delays, last in (([0, 0], 1.0), ([0, 1], 0.5), ([0, 1, 2, 2], 1 / 3)):
        for factor, fine in ((1.0, True), (1 - 1e-12, True), (1 + 1e-12, False), (1.1, False)):
            failures = STAR.check_domain(one(last * factor, delays))
            assert (failures == ()) == fine, (delays, factor)
    # One of delay 4 is in flight alone: f = h <= a, but its window says 4 h^2 <= a^2.
    alone = [0, 0, 0, 0, 4]
    (failure,) = STAR.check_domain(one(0.4, alone))
    assert failure.condition.startswith("L^2 times") and STAR.check_domain(one(1 / 3, alone)) == ()
    # With noise the room that is left is p: eta sigma^2 S <= 2 p^2 settles w.
    noisy = one(0.25, [0, 0, 0], sigma=3.0)
    assert STAR.evaluate(noisy) == pytest.approx(0.25 * 9 / 0.75**2)
    assert STAR.assess(one(1.0, [0, 0], sigma=1.0))[0] is None and STAR.assess(one(0.0, [0, 0]))[0] is None
    assert STAR.assess(one(0.2, [0, 0], sigma=1.0, Delta=0.0))[0] is None


def test_the_part_of_the_steps_that_is_kept_must_be_there():
    for cut, fine in ((2.0, True), (2.0 * (1 + 1e-9), False), (0.3, False), (-1.0, False), (0.0, False)):
        # The mean delay is 1/2, and of two steps one is kept: 1 - 1/(2r) <= 1/2 says r <= 1.
        run = Setting([0.2, 0.0], [0, 1], Staleness(2), {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "cut": cut / 2})
        assert (MEAN.check_domain(run) == ()) == (fine and 1 - 1 / cut > 0), cut


def test_the_mean_delay_alone_does_not_suffice_for_a_long_step():
    """A burst of steps that read x_0 carries a run over a hill, on to a slope of 1/4 that it never leaves."""
    T = 1000
    delays = np.where(np.arange(T) < 20, np.arange(T), 0)
    run = exact_run(bursts([15.0], [0.25], [735.0]), np.full(T, 0.75), delays)
    constants = {"L": 1.0, "Delta": float(run.gap[0]), "sigma": 0.0, "cut": 4.0}
    setting = Setting(np.full(T, 0.75), delays, Staleness(20), constants)
    said = 2 * run.gap[0] / (0.75 * T * (1 - delays.mean() / 4))
    assert run.squared[0].min() > 10 * said
    assert {failure.condition[:4] for failure in MEAN.check_domain(setting)} == {"L ti", "L^2 "}


@pytest.mark.parametrize("several", [1, 3])
def test_no_quadratic_is_above_it_and_some_come_near_half(several):
    draw, worst, met = np.random.default_rng(12), 0.0, 0
    while met < 300:
        hessian, start, gap = quadratic(draw)
        T, window = int(draw.integers(1, 40)), int(draw.integers(1, 7))
        delays = any_delays(draw, T, several, window)
        sigma, sizes = draw.choice([0.0, 0.1, 1.0]), draw.choice([0.3, 1.0], T) / window * draw.uniform(0.1, 1)
        shaped = delays if several > 1 else delays[:, 0]
        setting = Setting(sizes, shaped, Staleness(window), {"L": 1.0, "Delta": gap, "sigma": sigma})
        value = STAR.assess(setting)[0]
        if value is None:
            continue
        met += 1
        each = np.repeat(sizes[:, None] / several, several, axis=1)
        worst = max(worst, mean_squares(hessian, start, each, delays, sigma).min() / value)
    assert 0.2 < worst <= 1
