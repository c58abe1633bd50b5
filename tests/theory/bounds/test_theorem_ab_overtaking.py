"""Theorem A_B with the price of overtaking: plain loops, what it supersedes, units, edges, and exact runs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.quadratics import any_delays, mean_squares, quadratic
from theory.bounds import Setting, get
from theory.formulas.formula import DelayMap
from theory.staleness.count import Staleness

OURS = get("theorem-ab-overtaking")


def settings(count, seed, longest=9):
    draw = np.random.default_rng(seed)
    for _ in range(count):
        T, B, window = int(draw.integers(1, longest)), int(draw.integers(1, 5)), int(draw.integers(1, 7))
        constants = {"L": draw.uniform(0.5, 3), "Delta": draw.uniform(0.2, 2), "sigma": float(draw.choice([0, 1]))}
        constants["sigma"] *= draw.uniform()
        sizes = draw.choice([0.0, 1.0, 1.0], T) * draw.uniform(0, 1.1, T) / (constants["L"] * window)
        delays = any_delays(draw, T, B, window)
        yield Setting(sizes, delays if B > 1 else delays[:, 0], Staleness(window), constants)


def by_loops(setting, theta):
    """The theorem by loops over pairs (update, gradient of it) at numbers theta; its weights v_t, and the masses."""
    T, B, constants = setting.steps, setting.reads, setting.constants
    L, delta, sigma = constants["L"], constants["Delta"], constants["sigma"]
    delays = setting.delays.reshape(T, B)
    pairs = [(k, b) for k in range(T) for b in range(B)]
    theta = dict(zip(pairs, theta, strict=True))
    eta = {p: setting.step_sizes[p[0]] / B for p in pairs}
    tau = {p: p[0] - int(delays[p]) for p in pairs}
    window = {p: [j for j in pairs if tau[p] <= j[0] < p[0]] for p in pairs}
    H = {p: sum(eta[j] for j in window[p]) for p in pairs}
    y = {p: L * sum(eta[j] for j in window[p] if tau[j] > tau[p]) for p in pairs}
    alpha = {p: 1 + (sigma > 0) * theta[p] * y[p] for p in pairs}
    beta = {p: 1 + theta[p] * y[p] + y[p] / theta[p] + y[p] ** 2 for p in pairs}
    c, n = {}, 0.0
    for k in range(T):
        readers = [p for p in pairs if tau[p] <= k < p[0]]
        c[k] = L * setting.step_sizes[k] + L**2 * sum(eta[p] * H[p] * alpha[p] for p in readers)
        n += setting.step_sizes[k] ** 2 / B * (1 + L * sum(eta[p] * beta[p] for p in readers))
    v = [setting.step_sizes[t] + sum(eta[p] * (1 - c[p[0]]) for p in pairs if tau[p] == t) for t in range(T)]
    under = sum(eta[p] * (1 - c[p[0]] / 2) for p in pairs) + 1 / (2 * L)
    return (delta + L * sigma**2 / 2 * n) / under, v, y


def test_the_value_is_that_of_plain_loops_at_its_own_numbers_and_nearly_the_best():
    inside, draw = 0, np.random.default_rng(1)
    for setting in settings(330, 5):
        theta = OURS.chosen(setting.environment()).values["young"]
        value, weights, _ = by_loops(setting, theta)
        if min(weights) > 1e-9:
            inside += 1
            assert OURS.evaluate(setting) == pytest.approx(value, rel=1e-12)
            for _ in range(3):
                other, weights, _ = by_loops(setting, np.exp(draw.normal(size=theta.size)))
                assert min(weights) < 0 or other >= value * (1 - 1e-3)
        elif min(weights) < -1e-9:
            failures = OURS.check_domain(setting)
            assert failures[0].index == "t" and failures[0].k == int(np.argmax(np.array(weights) < 0))
    assert inside >= 100


def test_in_order_and_with_one_gradient_an_update_it_is_the_theorems_before():
    for setting in settings(150, 6, longest=20):
        delays = np.arange(setting.steps) - np.maximum.accumulate(np.arange(setting.steps) - setting.delays.T).T.T
        if setting.reads > 1:
            continue
        ordered = Setting(setting.step_sizes, delays, setting.staleness, setting.constants)
        for name in ("theorem-a", "theorem-ab"):
            known, ours = get(name).assess(ordered)[0], OURS.assess(ordered)[0]
            assert ours == (None if known is None else pytest.approx(known, rel=1e-12))


def test_where_the_mass_is_at_most_one_it_is_never_above_what_it_supersedes():
    gains = []
    for setting in settings(300, 7, longest=30):
        known = get("theorem-ab").assess(setting)[0]
        if known is not None and max(by_loops(setting, np.ones(setting.delays.size))[2].values()) <= 1:
            ours = OURS.evaluate(setting)
            assert ours <= known * (1 + 1e-12)
            gains.append(ours / known)
    assert len(gains) > 100 and min(gains) < 0.98


def test_the_example_of_the_reference():
    """Uniform delays 0..12, N = 200, sigma = .1, eta = 1/(13 + 10 sigma): about .0962 before and .0806 now."""
    found = []
    for seed in range(5):
        delays = np.minimum(np.random.default_rng(seed).integers(0, 13, 200), np.arange(200))
        run = Setting(np.full(200, 1 / 14), delays, Staleness(13), {"L": 1.0, "Delta": 1.0, "sigma": 0.1})
        found.append((get("theorem-a").evaluate(run), OURS.evaluate(run)))
    before, now = np.mean(found, axis=0)
    assert before == pytest.approx(0.0962, rel=0.05) and now == pytest.approx(0.0806, rel=0.02)


def test_a_value_times_the_units_of_a_gradient_is_the_same_bound():
    for setting in settings(40, 8):
        constants = {name: 4.0 * value for name, value in setting.constants.items()}
        other = Setting(setting.step_sizes / 4.0, setting.delays, setting.staleness, constants)
        value, again = (OURS.assess(one)[0] for one in (setting, other))
        assert again == (None if value is None else pytest.approx(16.0 * value, rel=1e-12))


def test_the_weights_end_where_they_are_zero_and_delays_beyond_the_staleness_are_refused():
    for reads in (1, 2):
        for factor, fine in ((1.0, True), (1 - 1e-12, True), (1 + 1e-12, False), (1.1, False)):
            still = np.zeros((1, reads), int)
            setting = Setting([2 * factor], still, Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 1.0})
            assert (OURS.check_domain(setting) == ()) == fine
    late = Setting([0.1] * 3, [[0, 0], [1, 0], [0, 2]], Staleness(2), {"L": 1.0, "Delta": 1.0, "sigma": 0.0})
    assert [failure.k for failure in OURS.check_domain(late)] == [3]


@pytest.mark.parametrize("several", [1, 3])
def test_no_quadratic_is_above_it_and_some_come_near(several):
    draw, worst, met = np.random.default_rng(2), 0.0, 0
    while met < 200:
        hessian, start, gap = quadratic(draw)
        T, window = int(draw.integers(1, 30)), int(draw.integers(1, 7))
        delays = any_delays(draw, T, several, window)
        sigma, size = draw.choice([0.1, 1.0, 3.0]), draw.uniform(0.2, 2) / window
        sizes = np.full(T, size) * draw.choice([0.3, 1.0], T)
        constants = {"L": 1.0, "Delta": gap, "sigma": sigma}
        value = OURS.assess(Setting(sizes, delays if several > 1 else delays[:, 0], Staleness(window), constants))[0]
        if value is not None:
            met += 1
            each = np.repeat(sizes[:, None] / several, several, axis=1)
            worst = max(worst, mean_squares(hessian, start, each, delays, sigma).min() / value)
    assert 0.7 < worst <= 1


def test_sums_over_what_overtakes_are_those_of_plain_loops():
    draw = np.random.default_rng(0)
    for _ in range(200):
        T, B = int(draw.integers(1, 20)), int(draw.integers(1, 4))
        delays = any_delays(draw, T, B, int(draw.integers(1, 9)))
        known = DelayMap(delays if B > 1 else delays[:, 0])
        values, u, r = draw.random(T * B), known.update, known.read
        plain = [sum(values[j] for j in range(T * B) if r[k] <= u[j] < u[k] and r[j] > r[k]) for k in range(T * B)]
        np.testing.assert_allclose(known.younger(values), plain, rtol=1e-13)
