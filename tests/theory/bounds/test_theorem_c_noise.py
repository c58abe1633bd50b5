"""Theorem C with noise in numbers: role by role, Theorem C, every step that is stable, runs whose moments are exact."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from theory.bounds import Setting, get
from theory.bounds.theorem_c import THEOREM_C
from theory.bounds.theorem_c_noise import THEOREM_C_NOISE
from theory.common.errors import DomainError
from theory.formulas.formula import Environment
from theory.staleness.count import Staleness
from theory.staleness.stability import fixed_delay_limit


def at(step, delay, steps, sigma=1.0, L=1.0, Delta=1.0):
    """A constant step and a fixed delay."""
    constants = {"L": float(L), "Delta": float(Delta), "sigma": float(sigma)}
    return Setting(np.full(steps, float(step)), np.minimum(np.arange(steps), delay), Staleness(delay + 1), constants)


def value_at(setting, theta, share, rho):
    """The bound at numbers of one's choice; infinite where S is not positive."""
    environment = setting.environment()
    there = Environment({**environment.values, "theta": theta, "share": share, "young": rho}, environment.delays)
    weight = next(node for node in THEOREM_C_NOISE.definitions if node.symbol == "S").evaluate(there)
    return float(THEOREM_C_NOISE.value.evaluate(there)) if weight > 0 else np.inf


# -------------------------------------------------------------------------------- a second implementation, role by role


def collected(h, delay, steps, theta, share, rho):
    """The weight of every |g_t|^2, and the noise, both from the proof's steps with the windows as they are."""

    def a(m):
        return np.cos((m - 0.5) * theta) / np.cos(theta / 2)

    def u(m):
        return np.sin(m * theta) / np.sin(theta) if theta else float(m)

    quarter = np.sin(theta / 2) ** 2
    beta = max(1.0, share * h * (delay * u(delay) + (delay + 1) * u(delay + 1)) + rho)
    weights, noise = np.zeros(steps + 1), 0.0
    for k in range(steps):
        read = max(0, k - delay)
        for point, weight in (
            (k - delay, share * h / 4 * (a(delay) + a(delay + 1))),
            (k, share * h / 4 * a(delay)),
            (k + 1, share * h / 4 * a(delay + 1)),
            *((j, share * h * quarter * u(delay)) for j in range(k - delay + 1, k)),
            *((j, share * h * quarter * u(delay + 1)) for j in range(k - delay + 1, k + 1)),
            (read, (1 - share) * h / 2 - beta * h**2 / 4),
            (k, (1 - share) * h / 4),
            (k + 1, (1 - share) * h / 4),
        ):
            weights[max(0, point)] += weight
        for window in (range(read, k), range(read, k + 1)):
            for j in window:
                weights[max(0, j - delay)] -= (1 - share) * h**3 / 4 * len(window)
            noise += (1 - share) * h**3 / 4 * len(window)
        noise += h**2 / 4 * (beta + 1 / rho)
    return weights, noise


CASES = [(d, f, t, w) for d in (0, 1, 3) for f in (0.2, 0.6, 0.9) for t in (0.0, 0.5, 1.0) for w in (0.0, 0.6, 1.0)]


@pytest.mark.parametrize(("delay", "part", "angle", "share"), CASES)
def test_the_formula_is_what_the_roles_add_up_to_but_for_the_start(delay, part, angle, share):
    """Windows cut at the start cost less than the formula's: it is the bound itself at w = 1, and above it else."""
    h, steps, rho, sigma = part * fixed_delay_limit(delay), 60, 0.7, 0.4
    theta = angle * np.pi / (2 * delay + 1)
    weights, noise = collected(h, delay, steps, theta, share, rho)
    bound = value_at(at(h, delay, steps, sigma), theta, share, rho)
    if not np.isfinite(bound):
        return
    assert min(weights[1:]) >= -1e-12
    nu = max(0.0, -weights[0])
    by_roles = (1 + 2 * nu + sigma**2 * noise) / (weights.sum() + nu + 0.5)
    assert by_roles <= bound * (1 + 1e-12)
    if share == 1.0 or delay == 0:
        assert by_roles == pytest.approx(bound, rel=1e-10)
    else:
        assert by_roles == pytest.approx(bound, rel=0.25)


# ------------------------------------------------------------------------------------------------------ without noise


@pytest.mark.parametrize("delay", [0, 1, 4, 11])
def test_without_noise_it_is_theorem_c(delay):
    for part in (0.01, 0.2, 0.5, 0.8, 0.95, 0.9999):
        setting = at(part * fixed_delay_limit(delay), delay, 50, sigma=0.0)
        assert THEOREM_C_NOISE.evaluate(setting) == THEOREM_C.evaluate(setting)
    assert THEOREM_C_NOISE.evaluate(at(0.1 * fixed_delay_limit(delay), delay, 50, sigma=0.0, Delta=0.0)) == 0.0


@pytest.mark.parametrize("delay", [0, 1, 4])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_it_tends_to_theorem_c_with_the_noise_and_grows_with_it(delay, part):
    h = part * fixed_delay_limit(delay)
    noises = (0.0, 1e-9, 1e-6, 1e-4, 1e-2, 0.1, 1.0, 10.0)
    values = [THEOREM_C_NOISE.evaluate(at(h, delay, 100, sigma)) for sigma in noises]
    assert all(a <= b * (1 + 1e-6) for a, b in pairwise(values))
    assert values[1] == pytest.approx(values[0], rel=1e-4)


# ---------------------------------------------------------------------------------------------------------- its domain


@pytest.mark.parametrize("delay", [0, 1, 3, 8])
def test_there_is_a_guarantee_at_every_step_that_is_stable_and_at_no_other(delay):
    limit = fixed_delay_limit(delay)
    for sigma in (1e-3, 0.3, 5.0):
        for part in (1e-3, 0.5, 0.99, 1 - 1e-5):
            assert np.isfinite(THEOREM_C_NOISE.evaluate(at(part * limit, delay, 80, sigma)))
        assert THEOREM_C_NOISE.assess(at(limit * (1 + 1e-9), delay, 80, sigma))[0] is None


def test_the_other_theorems_with_noise_say_nothing_so_close_to_the_limit():
    for delay in (1, 4, 8):
        setting = at(0.95 * fixed_delay_limit(delay), delay, 500, sigma=0.2)
        assert THEOREM_C_NOISE.assess(setting)[0] is not None
        assert all(get(name).assess(setting)[0] is None for name in ("theorem-a", "theorem-ar", "theorem-b-noise"))


def test_outside_its_domain_it_says_what_is_wrong():
    constants = {"L": 1.0, "Delta": 1.0, "sigma": 1.0}
    for delays, steps, wrong in (
        ([0, 1, 1], [0.1, 0.1, 0.2], "not that of the first"),
        ([0, 1, 0], [0.1] * 3, "not the fixed one"),
        ([0, 1, 1], [1.001] * 3, "positive weight"),
    ):
        with pytest.raises(DomainError, match=wrong):
            THEOREM_C_NOISE.evaluate(Setting(steps, delays, Staleness(2), constants))
    assert THEOREM_C_NOISE.constants == ("Delta", "L", "sigma")


# --------------------------------------------------------------------------------------------------------- its numbers


def test_no_other_numbers_of_a_grid_are_better():
    for delay, part, sigma in ((0, 0.6, 0.3), (1, 0.4, 1.0), (3, 0.7, 0.1), (3, 0.95, 0.3), (8, 0.5, 0.2)):
        setting = at(part * fixed_delay_limit(delay), delay, 300, sigma)
        value = THEOREM_C_NOISE.evaluate(setting)
        others = [
            value_at(setting, angle * np.pi / (2 * delay + 1), share, rho)
            for angle in np.linspace(0, 1, 13)
            for share in np.linspace(0, 1, 9)
            for rho in np.geomspace(1e-4, 1, 20)
        ]
        assert value <= 1.002 * min(others)


def test_it_scales_with_the_units():
    a, b, delay = 7.0, 0.3, 3
    one = THEOREM_C_NOISE.evaluate(at(0.2, delay, 80, 0.4, 1.0, 0.8))
    other = THEOREM_C_NOISE.evaluate(at(0.2 * b**2 / a, delay, 80, 0.4 * a / b, a / b**2, 0.8 * a))
    assert other == pytest.approx(one * a**2 / b**2, rel=1e-6)


# --------------------------------------------------------------------------------------------- runs against the bound


def moments(h, delay, steps, curvature, start, sigma):
    """E|grad F(x_k)|^2 of stale SGD on c x^2/2 with noise of variance sigma^2: exact, by the response to each noise."""
    response = np.zeros(steps + 1)
    response[0] = 1.0
    for k in range(steps):
        response[k + 1] = response[k] - h * curvature * response[max(0, k - delay)]
    # A noise acts as a start does, but that the steps right after it do not read it yet.
    kick = np.zeros(steps + 1)
    kick[1:] = 1.0
    for k in range(1, steps):
        kick[k + 1] = kick[k] - h * curvature * (kick[k - delay] if k >= delay else 0.0)
    noise = np.concatenate(([0.0], np.cumsum(kick[1:] ** 2))) * h**2 * sigma**2
    return curvature**2 * (response**2 * start**2 + noise)


@pytest.mark.parametrize("delay", [0, 1, 4])
def test_no_quadratic_breaks_it(delay):
    closest = 0.0
    for part in (0.05, 0.3, 0.6, 0.9, 0.99):
        for sigma in (0.02, 0.3, 2.0):
            for steps in (1, delay + 2, 60, 500):
                h = part * fixed_delay_limit(delay)
                value = THEOREM_C_NOISE.evaluate(at(h, delay, steps, sigma))
                for c in (1.0, 0.5, 0.1, 0.01):
                    squares = moments(h, delay, steps, c, (2 / c) ** 0.5, sigma)
                    closest = max(closest, squares.min() / value)
    assert 0.5 < closest <= 1 + 1e-9


@pytest.mark.parametrize("delay", [0, 1, 4])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_the_stationary_quadratic_stays_below_its_noise_floor(delay, part):
    """(L eta sigma^2/2) (1 + sin Phi)/(cos(theta/2) cos Phi), Phi = (D + 1/2) theta, h = 2 sin(theta/2)."""
    h, steps = part * fixed_delay_limit(delay), 3000
    theta = 2 * np.arcsin(h / 2)
    phi = (delay + 0.5) * theta
    stationary = h / 2 * (1 + np.sin(phi)) / (np.cos(theta / 2) * np.cos(phi))
    assert moments(h, delay, steps, 1.0, 0.0, 1.0)[-1] == pytest.approx(stationary, rel=1e-6)
    floor = THEOREM_C_NOISE.evaluate(at(h, delay, 10**5, Delta=1e-9))
    assert stationary <= floor < 12 * stationary


def test_means_of_runs_on_a_function_that_is_no_quadratic_stay_below():
    draw, steps, delay, paths = np.random.default_rng(1), 80, 3, 3000
    for part, sigma in ((0.4, 0.5), (0.9, 0.1)):
        h = part * fixed_delay_limit(delay)
        points = [np.full(paths, 2.0)]
        for k in range(steps):
            points.append(points[-1] - h * (np.sin(points[max(0, k - delay)]) + sigma * draw.normal(size=paths)))
        least = min(np.mean(np.sin(x) ** 2) for x in points)
        bound = THEOREM_C_NOISE.evaluate(at(h, delay, steps, sigma, Delta=1 - np.cos(2.0)))
        assert 0.01 * bound < least <= bound
