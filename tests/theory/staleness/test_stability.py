"""The closed forms of the stability limits agree with characteristic roots, with each other and with simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.support.amounts import many
from theory.common.errors import DelayError, InputError
from theory.staleness.delays import (
    AdversarialDelay,
    ConstantDelay,
    CyclicDelay,
    GeometricDelay,
    TraceDelay,
    UniformDelay,
    delay_trace,
)
from theory.staleness.stability import (
    adversarial_delay_limit,
    adversarial_period,
    fixed_delay_limit,
    geometric_delay_limit,
    mean_dynamics_limit,
    spectral_radius,
    uniform_delay_limit,
)
from theory.staleness.stability_of_delays import announcement

DELAYS = range(17)


def point_mass(delay):
    return np.eye(delay + 1)[delay]


def uniform(maximum):
    return np.full(maximum + 1, 1 / (maximum + 1))


@pytest.mark.parametrize(
    ("limit", "table"),
    [
        (uniform_delay_limit, {0: 2, 1: 2, 2: 1.5, 4: 0.9549, 8: 0.5428, 16: 0.2895}),
        (fixed_delay_limit, {0: 2, 1: 1, 2: 0.6180, 4: 0.3473, 8: 0.1845, 16: 0.0952}),
    ],
)
def test_the_table_of_limits_to_four_digits(limit, table):
    assert {delay: round(limit(delay), 4) for delay in table} == table


@pytest.mark.parametrize("delay", DELAYS)
def test_the_closed_forms_sit_where_the_largest_root_meets_the_unit_circle(delay):
    for limit, law in ((fixed_delay_limit, point_mass(delay)), (uniform_delay_limit, uniform(delay))):
        assert spectral_radius(limit(delay) * (1 - 1e-6), law) < 1 < spectral_radius(limit(delay) * (1 + 1e-6), law)


@pytest.mark.parametrize("delay", DELAYS)
def test_every_smaller_step_is_stable_too(delay):
    for limit, law in ((fixed_delay_limit, point_mass(delay)), (uniform_delay_limit, uniform(delay))):
        assert max(spectral_radius(share * limit(delay), law) for share in np.linspace(0.01, 0.999, 60)) < 1


@pytest.mark.parametrize("delay", DELAYS)
def test_the_two_closed_forms_of_the_fixed_limit_agree(delay):
    assert fixed_delay_limit(delay) == pytest.approx(2 * math.cos(delay * math.pi / (2 * delay + 1)), rel=1e-12)


@pytest.mark.parametrize("delay", DELAYS)
def test_the_fastest_step_of_a_fixed_delay_has_the_known_double_root(delay):
    # a = D^D / (D + 1)^(D + 1) has the double root D / (D + 1), which rounding moves by the root of its precision.
    product = delay**delay / (delay + 1) ** (delay + 1)
    assert spectral_radius(product, point_mass(delay)) == pytest.approx(delay / (delay + 1), abs=1e-6)


@pytest.mark.parametrize("delay", [0, 1, 2, 5, 16])
@pytest.mark.parametrize("law", [point_mass, uniform])
def test_the_recursion_itself_grows_at_the_spectral_radius(law, delay):
    probabilities = law(delay)
    for product in (0.6 * mean_dynamics_limit(probabilities), 1.3 * mean_dynamics_limit(probabilities)):
        history = np.random.default_rng(0).normal(size=delay + 1)
        logarithm = []
        for _ in range(6000):
            history = np.concatenate(([history[0] - product * probabilities @ history], history[:-1]))
            size = np.abs(history).max()
            logarithm.append(math.log(size))
            history = history / size
        # Over 4000 steps the wobble of a complex pair adds at most about 1 / 1000 to the mean growth.
        growth = float(np.mean(logarithm[2000:]))
        assert growth == pytest.approx(math.log(spectral_radius(product, probabilities)), abs=2e-3)


@pytest.mark.parametrize("mean", [0.25, 0.5, 1, 3])
def test_geometric_delays_are_heavy_ball(mean):
    momentum, step = mean / (1 + mean), 1 / (1 + mean)
    # Clipped where the tail reaches rounding.
    law = GeometricDelay(mean, math.ceil(math.log(1e-16) / math.log(momentum))).probabilities
    for share in (0.2, 0.9, 0.999, 1.001, 1.2):
        product = share * geometric_delay_limit(mean)
        ball = np.abs(np.roots([1, step * product - 1 - momentum, momentum])).max()
        # Clipping at D adds D - 1 roots near the circle of the momentum, which is never the largest.
        assert spectral_radius(product, law) == pytest.approx(ball, rel=1e-6 if share > 0.9 else 0.1)
        assert (spectral_radius(product, law) < 1) == (share < 1)
    assert mean_dynamics_limit(law) == pytest.approx(geometric_delay_limit(mean), rel=1e-9)


def test_without_delay_the_geometric_limit_is_that_of_gradient_descent():
    assert geometric_delay_limit(0) == fixed_delay_limit(0) == mean_dynamics_limit(GeometricDelay(0, 9).probabilities)


@pytest.mark.parametrize("delay", DELAYS)
def test_the_general_limit_contains_both_closed_forms(delay):
    assert mean_dynamics_limit(point_mass(delay)) == pytest.approx(fixed_delay_limit(delay), rel=1e-12)
    assert mean_dynamics_limit(uniform(delay)) == pytest.approx(uniform_delay_limit(delay), rel=1e-12)


@given(arrays(np.float64, st.integers(1, 9), elements=st.floats(0, 1)).filter(lambda weights: weights.sum() > 0.1))
@settings(max_examples=many(150))
def test_the_limit_of_any_law_ends_its_first_interval_of_stability(weights):
    law = weights / weights.sum()
    limit = mean_dynamics_limit(law)
    assert limit > 0
    # Weak crossings move the radius by little; both sides are therefore judged with a margin of rounding.
    radii = [spectral_radius(share * limit, law) for share in np.linspace(0.02, 0.98, 25)]
    assert max(radii) < 1 + 1e-9
    assert spectral_radius(limit, law) == pytest.approx(1, abs=1e-6)


def test_the_limit_is_the_first_end_where_stability_returns_later():
    # Delay 2 with probability .725, else 7: stable, unstable, stable again, unstable.
    law = np.array([0, 0, 0.725, 0, 0, 0, 0, 0.275])
    limit = mean_dynamics_limit(law)
    radii = [spectral_radius(product, law) for product in (0.999 * limit, 1.001 * limit, 1.38, 1.45)]
    assert limit == pytest.approx(0.96, abs=0.02)
    assert [radius < 1 for radius in radii] == [True, False, True, False]


def test_a_long_law_is_quick_and_exact():
    assert mean_dynamics_limit(uniform(5000)) == pytest.approx(uniform_delay_limit(5000), rel=1e-9)


@pytest.mark.parametrize("delay", range(25))
def test_the_adversarial_limit_is_where_one_period_reverses_the_iterate(delay):
    trace = AdversarialDelay(delay).sample(adversarial_period(delay), np.random.default_rng(0))
    points = [1.0]
    for k, d in enumerate(trace, start=1):
        points.append(points[-1] - adversarial_delay_limit(delay) * points[k - 1 - d])
    assert points[-1] == pytest.approx(-1, abs=1e-12)


@pytest.mark.parametrize("delay", range(2, 60))
def test_the_adversary_lowers_the_limit_from_delay_two_on(delay):
    assert adversarial_delay_limit(delay) < 0.97 * fixed_delay_limit(delay)


def test_without_room_the_adversary_changes_nothing():
    assert adversarial_delay_limit(0) == fixed_delay_limit(0) == 2
    assert adversarial_delay_limit(1) == pytest.approx(fixed_delay_limit(1), rel=1e-12)


def test_limits_of_long_delays_are_those_of_continuous_time():
    assert 10_000 * fixed_delay_limit(10_000) == pytest.approx(math.pi / 2, rel=1e-3)
    assert 10_000 * adversarial_delay_limit(10_000) == pytest.approx(3 / 2, rel=1e-3)


@pytest.mark.parametrize("limit", [fixed_delay_limit, uniform_delay_limit, adversarial_delay_limit])
@pytest.mark.parametrize("delay", [-1, 0.5, "2", None])
def test_what_is_no_delay_is_refused(limit, delay):
    with pytest.raises(DelayError):
        limit(delay)


@pytest.mark.parametrize("mean", [-1, math.nan, math.inf])
def test_what_is_no_mean_is_refused(mean):
    with pytest.raises(DelayError, match="mean delay"):
        geometric_delay_limit(mean)


@pytest.mark.parametrize("law", [[], [0.5, 0.4], [1.5, -0.5], [[1.0]], [math.nan]])
def test_what_is_no_law_is_refused(law):
    for function in (mean_dynamics_limit, lambda p: spectral_radius(1.0, p)):
        with pytest.raises(DelayError, match="sum to 1"):
            function(law)


def test_a_product_that_is_no_number_is_refused():
    with pytest.raises(InputError, match="finite"):
        spectral_radius(math.nan, [1.0])


class TestAnnouncement:
    def test_names_the_first_step_beyond_the_limit_its_size_and_how_many(self):
        steps = np.array([0.1, 0.3, 0.32, 0.2, 0.4])
        assert announcement(steps, ConstantDelay(2), 2.0) == (
            "Step 3 has size 0.32, beyond 0.309017, the exact stability limit on curvature 2 for the constant delay 2; "
            "so it is for 2 of the 5 steps, and gradient descent that stays beyond it diverges."
        )

    @pytest.mark.parametrize("model", [ConstantDelay(1), UniformDelay(1), ConstantDelay(0), AdversarialDelay(1)])
    def test_is_silent_at_the_limit_itself(self, model):
        assert announcement(np.full(5, fixed_delay_limit(model.maximum) / 3.0), model, 3.0) is None
        assert announcement(np.full(5, round(fixed_delay_limit(model.maximum))), model, 1.0) is None

    def test_is_silent_without_curvature_or_steps(self):
        for curvature in (None, 0.0, -1.0, math.nan):
            assert announcement(np.full(5, 100.0), ConstantDelay(2), curvature) is None
        assert announcement(np.empty(0), ConstantDelay(2), 1.0) is None

    def test_names_the_mean_dynamics_of_independent_delays(self):
        sentence = announcement(np.full(5, 1.0), UniformDelay(2), 1.0)
        assert "0.618034" in sentence
        assert "if every delay were 2 (in the mean over these delays it is 1.5)" in sentence
        assert sentence.endswith("may diverge.")

    def test_names_only_the_largest_delay_where_nothing_more_is_known(self):
        for model in (CyclicDelay(3, 9), TraceDelay([0, 1, 2, 0])):
            sentence = announcement(np.full(4, 1.0), model, 1.0)
            assert "if every delay were 2;" in sentence
            assert "in the mean" not in sentence

    def test_knows_the_exact_limit_of_the_adversary(self):
        assert announcement(np.full(5, 0.58), AdversarialDelay(2), 1.0) is None
        sentence = announcement(np.full(5, 0.59), AdversarialDelay(2), 1.0)
        assert "beyond 0.585786" in sentence
        assert "for the adversarial delays up to 2" in sentence

    @pytest.mark.parametrize("model", [ConstantDelay(3), AdversarialDelay(3), ConstantDelay(0)])
    def test_comes_exactly_with_divergence(self, model):
        for share in (0.98, 1.02):
            step = share * model.stability_limit / 5.0
            points = [1.0]
            for k, d in enumerate(delay_trace(model, 4000, seed=0), start=1):
                points.append(points[-1] - step * 5.0 * points[k - 1 - d])
            announced = announcement(np.full(4000, step), model, 5.0)
            assert (announced is not None) == (abs(points[-1]) + abs(points[-2]) > 1)
