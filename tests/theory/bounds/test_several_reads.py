"""Theorem A_B and its corollaries: a second implementation, the edges of the domain, and what refuses such updates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theory.bounds import REGISTRY, Setting, get
from theory.common.errors import DelayError
from theory.staleness.count import Staleness

OURS = ("theorem-ab", "corollary-1b", "corollary-1b-plus")


def settings(count: int, seed: int = 5):
    """Settings with any order of reads and one to four gradients an update."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        steps, reads, window = int(rng.integers(1, 9)), int(rng.integers(1, 5)), int(rng.integers(1, 6))
        delays = np.minimum(rng.integers(0, window, (steps, reads)), np.arange(steps)[:, None])
        constants = {
            "L": rng.uniform(0.5, 3),
            "Delta": rng.uniform(0.2, 2),
            "sigma": float(rng.choice([0, rng.uniform()])),
        }
        sizes = rng.choice([0.0, 1.0, 1.0], steps) * rng.uniform(0, 1.2, steps) / (constants["L"] * window)
        yield Setting(sizes, delays if reads > 1 else delays[:, 0], Staleness(window), constants)


def theorem_ab(setting: Setting) -> tuple[float, list[float]]:
    """The theorem by double loops over pairs (update, gradient of it), and its weights v_t; nothing of the library."""
    T, B, constants = setting.steps, setting.reads, setting.constants
    L, delta, sigma = constants["L"], constants["Delta"], constants["sigma"]
    delays = setting.delays.reshape(T, B)
    pairs = [(k, b) for k in range(T) for b in range(B)]
    eta = {(k, b): setting.step_sizes[k] / B for k, b in pairs}
    tau = {(k, b): k - int(delays[k, b]) for k, b in pairs}
    window = {p: [j for j in pairs if tau[p] <= j[0] < p[0]] for p in pairs}
    H = {p: sum(eta[j] for j in window[p]) for p in pairs}
    late = {p: float(sigma > 0 and any(tau[j] > tau[p] for j in window[p])) for p in pairs}
    alpha, beta = ({p: 1 + factor * late[p] * L * H[p] for p in pairs} for factor in (2, 3))
    c, n = {}, 0.0
    for k in range(T):
        readers = [p for p in pairs if tau[p] <= k < p[0]]
        c[k] = L * sum(eta[k, b] for b in range(B)) + L**2 * sum(eta[p] * H[p] * alpha[p] for p in readers)
        n += sum(eta[k, b] ** 2 for b in range(B)) * (1 + L * sum(eta[p] * beta[p] for p in readers))
    v = [sum(eta[t, b] for b in range(B)) + sum(eta[p] * (1 - c[p[0]]) for p in pairs if tau[p] == t) for t in range(T)]
    return (delta + L * sigma**2 / 2 * n) / (sum(eta[p] * (1 - c[p[0]] / 2) for p in pairs) + 1 / (2 * L)), v


def test_theorem_ab_is_what_double_loops_give():
    inside = 0
    for setting in settings(240):
        value, weights = theorem_ab(setting)
        if min(weights) > 1e-9:
            inside += 1
            assert get("theorem-ab").evaluate(setting) == pytest.approx(value, rel=1e-12)
        elif min(weights) < -1e-9:
            failure = get("theorem-ab").check_domain(setting)[0]
            assert failure.index == "t" and failure.k == int(np.argmax(np.array(weights) < 0))
    assert inside >= 100


@pytest.mark.parametrize("name", OURS[1:])
def test_the_corollaries_are_their_closed_forms(name):
    alpha, gamma = {"corollary-1b": (1, 2), "corollary-1b-plus": (5 / 4, 37 / 20)}[name]
    for setting in settings(100, seed=6):
        constants, T, B, s = setting.constants, setting.steps, setting.reads, setting.staleness.window
        L, delta, sigma = constants["L"], constants["Delta"], constants["sigma"]
        step = 1 / (alpha * s * L + sigma * math.sqrt(L * T / (2 * B * delta)))
        own = Setting(np.full(T, step), setting.delays, setting.staleness, constants)
        told = Setting.of(get(name).schedule, setting.delays, setting.staleness, constants)
        np.testing.assert_allclose(told.step_sizes, own.step_sizes, rtol=1e-14)
        if s == 1 and name == "corollary-1b-plus":
            assert get(name).check_domain(own)[0].condition == "s is at least 2"
            continue
        value = sigma * math.sqrt(2 * L * delta / (B * T)) + gamma * s * L * delta / T
        assert get(name).evaluate(own) == pytest.approx(value, rel=1e-12)


def test_one_gradient_an_update_is_theorem_a_and_in_order_corollary_1():
    for setting in settings(200, seed=7):
        if setting.reads == 1:
            assert get("theorem-ab").assess(setting)[0] == get("theorem-a").assess(setting)[0]
            own = Setting.of(get("corollary-1").schedule, setting.delays, setting.staleness, setting.constants)
            if not get("corollary-1").check_domain(own):
                assert get("corollary-1b").evaluate(own) == pytest.approx(get("corollary-1").evaluate(own), rel=1e-12)


def test_a_column_of_delays_is_one_delay_a_step_and_equal_columns_have_the_variance_of_a_mean():
    """B gradients of one age: Theorem A at sigma/sqrt(B), but for the windows, which are the same."""
    delays = np.array([0, 1, 1, 2, 2, 0])
    constants = {"L": 1.5, "Delta": 1.0, "sigma": 0.8}
    one = Setting(np.full(6, 0.1), delays, Staleness(3), constants)
    column = Setting(np.full(6, 0.1), delays[:, None], Staleness(3), constants)
    assert column.delays.shape == (6,) and get("theorem-ab").evaluate(column) == get("theorem-ab").evaluate(one)
    four = Setting(np.full(6, 0.1), np.repeat(delays[:, None], 4, axis=1), Staleness(3), constants)
    mean = Setting(np.full(6, 0.1), delays, Staleness(3), {**constants, "sigma": 0.4})
    assert get("theorem-ab").evaluate(four) == pytest.approx(get("theorem-a").evaluate(mean), rel=1e-12)


@pytest.mark.parametrize("name", [name for name, bound in REGISTRY.items() if not bound.takes_several])
def test_a_bound_about_one_gradient_an_update_refuses_several(name):
    constants = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "mu": 0.5, "Ed": 0.0, "Ed2": 0.0, "cut": 1.0}
    setting = Setting([0.01, 0.01], [[0, 0], [0, 1]], Staleness(2), constants)
    value, failures = get(name).assess(setting)
    assert value is None and "every update averages 2 gradients" in failures[0].sentence()
    assert get(name).fraction(setting) is None


def test_a_value_times_the_units_of_a_gradient_is_the_same_bound():
    for setting in settings(20, seed=8):
        scaled = {
            "L": 4.0 * setting.constants["L"],
            "Delta": 4.0 * setting.constants["Delta"],
            "sigma": 4.0 * setting.constants["sigma"],
        }
        other = Setting(setting.step_sizes / 4.0, setting.delays, setting.staleness, scaled)
        value, again = (get("theorem-ab").assess(one)[0] for one in (setting, other))
        assert again == (None if value is None else pytest.approx(16.0 * value, rel=1e-12))


def test_the_weights_end_where_they_are_zero():
    """T = 1 without delay: v_0 = eta (2 - L eta), whatever B is, so that eta = 2/L is the last step inside."""
    for reads in (1, 2, 4):
        for factor, fine in ((1.0, True), (1 - 1e-12, True), (1 + 1e-12, False), (1.1, False)):
            setting = Setting(
                [2 * factor], np.zeros((1, reads), int), Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 0.0}
            )
            assert (get("theorem-ab").check_domain(setting) == ()) == fine


@pytest.mark.parametrize("name", OURS[1:])
def test_a_step_that_is_not_the_corollarys_is_refused_for_its_update(name):
    delays = np.array([[0, 0], [0, 1], [1, 0], [0, 0]])
    own = Setting.of(get(name).schedule, delays, Staleness(2), {"L": 1.0, "Delta": 1.0, "sigma": 1.0})
    assert get(name).check_domain(own) == ()
    for factor, fine in ((1 + 1e-13, True), (1 + 1e-9, False), (1 - 1e-9, False)):
        sizes = own.step_sizes * np.where(np.arange(4) == 2, factor, 1.0)
        failures = get(name).check_domain(Setting(sizes, delays, Staleness(2), own.constants))
        assert (failures == ()) == fine and all(failure.k == 3 for failure in failures)


def test_delays_beyond_the_staleness_are_refused_for_their_update():
    setting = Setting([0.1] * 3, [[0, 0], [1, 0], [0, 2]], Staleness(2), {"L": 1.0, "Delta": 1.0, "sigma": 0.0})
    assert [failure.k for failure in get("theorem-ab").check_domain(setting)] == [3]


def test_delays_that_no_update_can_have_are_refused():
    for delays in ([[0, 1], [0, 0]], [[0, 0], [0, 0], [0, 0]], [[0, -1], [0, 0]], np.zeros((2, 2, 2), int)):
        with pytest.raises(DelayError):
            Setting([0.1, 0.1], delays, Staleness(2), {"L": 1.0})


def test_corollary_2_says_what_supersedes_it():
    for setting in settings(40, seed=10):
        values = []
        for name in ("corollary-1b", "corollary-2"):
            delays = setting.delays if setting.reads == 1 else setting.delays[:, 0]
            own = Setting.of(get(name).schedule, delays, setting.staleness, setting.constants)
            values.append(get(name).evaluate(own))
        assert values[0] < values[1]
    assert "superseded" in get("corollary-2").title and "corollary-1b" in get("corollary-2").summary
