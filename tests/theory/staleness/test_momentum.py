"""With momentum too, closed forms, crossings of the unit circle, characteristic roots and simulation agree."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.amounts import many
from theory.common.errors import DelayError, InputError
from theory.staleness.delays import AdversarialDelay, ConstantDelay, CyclicDelay, GeometricDelay, UniformDelay
from theory.staleness.stability import (
    adversarial_delay_limit,
    fixed_delay_limit,
    geometric_delay_limit,
    mean_dynamics_limit,
    spectral_radius,
    uniform_delay_limit,
)
from theory.staleness.stability_of_delays import stability_limit

DELAYS = range(9)
MOMENTA = (0.0, 0.5, 0.9)


def point_mass(delay):
    return np.eye(delay + 1)[delay]


def uniform(maximum):
    return np.full(maximum + 1, 1 / (maximum + 1))


LAWS = {"fixed": (fixed_delay_limit, point_mass), "uniform": (uniform_delay_limit, uniform)}


def growth(product, law, momentum, steps=6000):
    """The mean logarithmic growth per step of the recursion itself, from a random start."""
    history = np.random.default_rng(1).normal(size=max(law.size, 2))
    logarithms = []
    for _ in range(steps):
        pull = momentum * (history[0] - history[1]) - product * law @ history[: law.size]
        history = np.concatenate(([history[0] + pull], history[:-1]))
        size = np.abs(history).max()
        logarithms.append(math.log(size))
        history = history / size
    return np.mean(logarithms[steps // 3 :])


@pytest.mark.parametrize(
    ("momentum", "fixed", "uniformly"),
    [
        (
            0.0,
            [2.0, 1.0, 0.61803, 0.44504, 0.3473, 0.28463, 0.24107, 0.20906, 0.18454],
            [2.0, 2.0, 1.5, 1.17157, 0.95492, 0.80385, 0.69322, 0.60896, 0.54277],
        ),
        (
            0.5,
            [3.0, 0.5, 0.28078, 0.19927, 0.15585, 0.12855, 0.10966, 0.09575, 0.08505],
            [3.0, 1.0, 0.6, 0.44158, 0.35524, 0.3001, 0.26139, 0.23246, 0.20987],
        ),
        (
            0.9,
            [3.8, 0.1, 0.05125, 0.03478, 0.0265, 0.0215, 0.01815, 0.01575, 0.01394],
            [3.8, 0.2, 0.10345, 0.07049, 0.05385, 0.04381, 0.03709, 0.03227, 0.02864],
        ),
    ],
)
def test_the_table_of_limits_to_five_decimals(momentum, fixed, uniformly):
    # Half a unit of the last digit, and room for its own rounding.
    assert [fixed_delay_limit(delay, momentum) for delay in DELAYS] == pytest.approx(fixed, abs=5.1e-6)
    assert [uniform_delay_limit(delay, momentum) for delay in DELAYS] == pytest.approx(uniformly, abs=5.1e-6)


@pytest.mark.parametrize("momentum", [-0.95, -0.6, -0.2, 0.05, 0.3, *MOMENTA, 0.99])
@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("name", LAWS)
def test_the_limit_is_where_the_largest_root_meets_the_unit_circle(name, delay, momentum):
    limit, law = LAWS[name][0](delay, momentum), LAWS[name][1](delay)
    assert mean_dynamics_limit(law, momentum) == pytest.approx(limit, rel=1e-10)
    assert spectral_radius(limit * (1 - 1e-5), law, momentum) < 1 < spectral_radius(limit * (1 + 1e-5), law, momentum)


@pytest.mark.parametrize("momentum", [-0.9, -0.3, 0.2, 0.6, 0.95])
@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("name", LAWS)
def test_the_stable_products_are_an_interval(name, delay, momentum):
    limit, law = LAWS[name][0](delay, momentum), LAWS[name][1](delay)
    assert max(spectral_radius(share * limit, law, momentum) for share in np.linspace(0.01, 0.999, 40)) < 1
    assert min(spectral_radius(times * limit, law, momentum) for times in np.geomspace(1.001, 100, 60)) > 1


def test_a_clipped_geometric_law_may_become_stable_again():
    law = GeometricDelay(1, 3).probabilities
    radii = [spectral_radius(product, law, 0.4) for product in (1.59, 1.61, 3.0, 4.25, 5.0)]
    assert mean_dynamics_limit(law, 0.4) == pytest.approx(1.6, rel=1e-9)
    assert [radius < 1 for radius in radii] == [True, False, False, True, False]


@given(st.floats(0, 0.999))
@settings(max_examples=many(60))
def test_the_closed_forms(q):
    root = math.sqrt(5 - 2 * q + q**2)
    closed = [2 * (1 + q), 1 - q, (root - 1 - q) / 2]
    assert [fixed_delay_limit(delay, q) for delay in range(3)] == pytest.approx(closed, rel=1e-9)
    assert [uniform_delay_limit(delay, q) for delay in range(3)] == pytest.approx(
        [2 * (1 + q), 2 * (1 - q), 3 * (1 - q) / (2 + q)], rel=1e-9
    )


@pytest.mark.parametrize("delay", [0, 1, 2, 5])
@pytest.mark.parametrize("name", LAWS)
def test_the_recursion_itself_decays_below_the_limit_and_grows_above_it(name, delay):
    limit, law = LAWS[name][0](delay, 0.6), LAWS[name][1](delay)
    below, above = growth(0.9 * limit, law, 0.6), growth(1.1 * limit, law, 0.6)
    assert below < 0 < above
    # Over 4000 steps the wobble of a complex pair adds about 1/1000 to the mean.
    assert above == pytest.approx(math.log(spectral_radius(1.1 * limit, law, 0.6)), abs=2e-3)


@pytest.mark.parametrize("delay", DELAYS)
def test_no_momentum_is_what_it_was(delay):
    assert fixed_delay_limit(delay, 0) == fixed_delay_limit(delay) == 2 * math.sin(math.pi / (2 * (2 * delay + 1)))
    assert uniform_delay_limit(delay, 0.0) == uniform_delay_limit(delay)
    assert fixed_delay_limit(delay, 1e-13) == pytest.approx(fixed_delay_limit(delay), rel=1e-11)
    assert uniform_delay_limit(delay, 1e-13) == pytest.approx(uniform_delay_limit(delay), rel=1e-11)
    assert spectral_radius(0.3, uniform(delay), 0.0) == spectral_radius(0.3, uniform(delay))


@pytest.mark.parametrize("delay", range(1, 30))
def test_with_delay_momentum_lowers_the_limit_and_without_it_raises_it(delay):
    limits = [fixed_delay_limit(delay, q) for q in (0, 0.1, 0.3, 0.6, 0.9, 0.99)]
    assert (np.diff(limits) < 0).all()
    assert (np.diff([fixed_delay_limit(0, q) for q in (0, 0.1, 0.3, 0.6, 0.9)]) > 0).all()


@pytest.mark.parametrize("mean", [0.25, 1, 3])
@pytest.mark.parametrize("product", [0.3, 2.0, 5.0, 9.0])
def test_geometric_staleness_is_a_momentum(mean, product):
    # Clipped where the tail reaches rounding, which adds roots near the circle of the momentum only.
    other = mean / (1 + mean)
    law = GeometricDelay(mean, math.ceil(math.log(1e-16) / math.log(other))).probabilities
    stale, ball = spectral_radius(product, law), spectral_radius(product / (1 + mean), [1.0], momentum=other)
    assert (stale < 1) == (ball < 1) == (product < geometric_delay_limit(mean))
    if ball > 1:
        assert stale == pytest.approx(ball, rel=1e-9)


@pytest.mark.parametrize("mean", [0.3, 1, 4])
@pytest.mark.parametrize("momentum", [-0.8, -0.3, 0.2, 0.5, 0.9])
def test_geometric_delays_with_momentum_are_two_momenta(mean, momentum):
    other = mean / (1 + mean)
    limit = geometric_delay_limit(mean, momentum)
    roots = [
        np.abs(np.roots(np.poly([1, momentum, other]) + share * limit / (1 + mean) * np.eye(4)[1])).max()
        for share in (0.01, 0.5, 1 - 1e-6, 1 + 1e-6, 1.5, 20)
    ]
    assert [root < 1 for root in roots] == [True, True, True, False, False, False]
    if momentum > 0:
        # Which of the two is staleness does not matter; as staleness, none is negative.
        swapped = geometric_delay_limit(momentum / (1 - momentum), other)
        assert limit / (1 + mean) == pytest.approx(swapped * (1 - momentum), rel=1e-12)
    assert mean_dynamics_limit(GeometricDelay(mean, 400).probabilities, momentum) == pytest.approx(limit, rel=1e-9)


def test_the_limit_of_a_model_is_that_of_its_law():
    assert stability_limit(ConstantDelay(3), 0.4) == fixed_delay_limit(3, 0.4)
    assert stability_limit(UniformDelay(3), 0.4) == pytest.approx(uniform_delay_limit(3, 0.4), rel=1e-12)
    assert stability_limit(GeometricDelay(2, 300), 0.4) == pytest.approx(geometric_delay_limit(2, 0.4), rel=1e-9)
    assert stability_limit(AdversarialDelay(4)) == adversarial_delay_limit(4)


def test_a_model_without_a_known_limit_is_refused():
    with pytest.raises(DelayError, match="No stability limit is known for the delays cyclic:period=3"):
        stability_limit(CyclicDelay(3, 9))
    with pytest.raises(DelayError, match=r"adversarial with momentum 0\.5"):
        stability_limit(AdversarialDelay(4), 0.5)


@pytest.mark.parametrize("momentum", [-1.0, 1.0, 2, math.nan, math.inf, "x", None])
def test_what_is_no_momentum_is_refused(momentum):
    for call in (
        lambda: fixed_delay_limit(2, momentum),
        lambda: uniform_delay_limit(2, momentum),
        lambda: geometric_delay_limit(2, momentum),
        lambda: spectral_radius(0.1, [1.0], momentum),
        lambda: mean_dynamics_limit([1.0], momentum),
        lambda: stability_limit(ConstantDelay(1), momentum),
    ):
        with pytest.raises(InputError, match="The momentum must be a number above -1 and below 1"):
            call()
