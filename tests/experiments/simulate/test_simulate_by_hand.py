"""The simulator where every number is known: a parabola, its limit of stability, and divergence."""

import math

import numpy as np
import pytest

from experiments.problems.quadratic import from_curvatures
from experiments.simulate import simulate
from experiments.simulate.measure import coherence, cosine, secant_smoothness
from theory.methods.rule import LinearRule
from theory.staleness.stability import fixed_delay_limit

PARABOLA = from_curvatures([1.0], [1.0], noise=0)


def parabola(step_sizes, delays, window, **options):
    return simulate(PARABOLA, step_sizes, delays, seeds=[0], batch=1, window=window, **options)


@pytest.mark.parametrize("engine", ["fused", "black-box", "naive"])
def test_by_hand_on_a_parabola(engine):
    # x_1 = 1 - 1/2 x_0 = 1/2, x_2 = x_1 - 1/4 x_0 = 1/4, x_3 = x_2 - 1/2 x_1 = 0, x_4 = x_3 - x_1 = -1/2.
    seen = parabola([0.5, 0.25, 0.5, 1.0], [0, 1, 1, 2], window=3, engine=engine)
    x = np.array([1.0, 0.5, 0.25, 0.0, -0.5])
    assert np.array_equal(seen.gradient_norm_squared[0], x**2)
    assert np.array_equal(seen.loss[0], x**2 / 2)
    # The smallest x_t/x_k over t = k-2..k; undefined at x_3 = 0.
    assert np.array_equal(seen.coherence[0], [1, 1, 1, np.nan, -0.5], equal_nan=True)
    # Step k+1 read x_0, x_0, x_1, x_1.
    assert np.array_equal(seen.inner_product[0], [1, 0.5, 0.125, 0, np.nan], equal_nan=True)
    assert np.array_equal(seen.cosine[0], [1, 1, 1, np.nan, np.nan], equal_nan=True)
    assert np.array_equal(seen.smoothness[0], [np.nan, 1, 1, 1, 1], equal_nan=True)
    assert np.array_equal(seen.displacement[0], np.zeros(5))
    assert np.array_equal(seen.final_points, [[-0.5]])


@pytest.mark.parametrize("engine", ["fused", "black-box", "naive"])
class TestSeveralReadsAndMethodsByHand:
    def test_the_mean_of_two_gradients(self, engine):
        # x_1 = 1 - 1/2, x_2 = x_1 - (x_0 + x_1)/4 = 1/8, x_3 = x_2 - (x_0 + x_2)/4 = -5/32.
        seen = parabola([0.5, 0.5, 0.5], [[0, 0], [1, 0], [0, 2]], window=3, engine=engine)
        x = np.array([1, 1 / 2, 1 / 8, -5 / 32])
        assert np.array_equal(seen.gradient_norm_squared[0], x**2)
        # Step k+1 reads the means of x_0, x_0; x_0, x_1; x_2, x_0.
        assert np.array_equal(seen.inner_product[0], [1, 3 / 8, 9 / 128, np.nan], equal_nan=True)
        assert np.array_equal(seen.cosine[0], [1, 1, 1, np.nan], equal_nan=True)

    def test_blocks_of_coordinates(self, engine):
        # Of three coordinates in two blocks the first two are one: they read x_0 at step 2, the last reads x_1.
        plain = from_curvatures([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], noise=0)
        seen = simulate(
            plain, [0.5, 0.5], [[0, 0], [1, 0]], seeds=[0], batch=1, window=2, inconsistent=True, engine=engine
        )
        assert np.array_equal(seen.final_points, [[0, 0, 1 / 4]])
        assert np.array_equal(seen.inner_product[0, :2], [3, 1 / 2 + 1 / 2 + 1 / 4])

    def test_heavy_ball(self, engine):
        # x_1 = 1/2, x_2 = x_1 - x_1/2 + (x_1 - x_0)/2 = 0, x_3 = 0 - 0 + (x_2 - x_1)/2 = -1/4.
        seen = parabola(LinearRule([[0.5]] * 3, [0.5]), [0, 0, 0], window=1, engine=engine)
        assert np.array_equal(seen.gradient_norm_squared[0], [1, 1 / 4, 0, 1 / 16])

    def test_a_gradient_that_is_weighed_twice(self, engine):
        # x_1 = 1 - 1/2, x_2 = x_1 - x_1/2 + x_0/4 = 1/2.
        seen = parabola(LinearRule([[0.5, 0], [0.5, -0.25]], []), [0, 0], window=1, engine=engine)
        assert np.array_equal(seen.gradient_norm_squared[0], [1, 1 / 4, 1 / 4])


@pytest.mark.parametrize("engine", ["fused", "black-box", "naive"])
def test_unrecorded_points_by_hand(engine):
    seen = parabola([0.5, 0.25, 0.5, 1.0], [0, 1, 1, 2], window=3, record_every=3, engine=engine)
    assert seen.time.tolist() == [0, 3, 4]
    assert np.array_equal(seen.displacement[0], [0.75, 0, 0])
    assert np.array_equal(seen.coherence[0], [1, np.nan, -0.5], equal_nan=True)
    assert np.array_equal(seen.inner_product[0], [1, 0, np.nan], equal_nan=True)


def test_steps_of_size_zero_stay():
    seen = parabola(np.zeros(5), np.zeros(5, int), window=1)
    assert np.array_equal(seen.gradient_norm_squared, np.ones((1, 6)))
    assert np.isnan(seen.smoothness).all()


@pytest.mark.parametrize("delay", [0, 1, 2, 5, 16])
def test_the_stability_limit_of_a_constant_delay(delay):
    """x_k = x_{k-1} - eta x_{k-1-D} converges below eta = 2 sin(pi / (2 (2D + 1))) and diverges above it."""
    steps, limit = 60_000, fixed_delay_limit(delay)
    delays = np.minimum(delay, np.arange(steps))
    options = {"window": delay + 1, "record_every": steps, "coherence": False}
    below = parabola(np.full(steps, 0.99 * limit), delays, **options)
    above = parabola(np.full(steps, 1.01 * limit), delays, **options)
    assert below.gradient_norm_squared[0, -1] < 1e-6
    assert above.gradient_norm_squared[0, -1] > 1e6


def test_the_bound_of_divergence_is_exact():
    growth = np.full(1, 0.5e150 + 1)
    assert parabola(growth, [0], window=1).diverged_at.tolist() == [-1]
    assert parabola(2.1 * growth, [0], window=1).diverged_at.tolist() == [1]
    assert parabola([1e300], [0], window=1).diverged_at.tolist() == [1]


def test_a_diverged_seed_does_not_stop_the_others():
    # x_k is the noise of step k alone, which passes 1e150 once in 80 times.
    problem = from_curvatures([1.0], [0.0], noise=4e149)
    seen = simulate(problem, np.full(30, 1.0), np.zeros(30, int), seeds=range(40), batch=1, window=1)
    assert 5 < np.sum(seen.diverged_at > 0) < 35
    for seed in range(40):
        alone = simulate(problem, np.full(30, 1.0), np.zeros(30, int), seeds=[seed], batch=1, window=1)
        assert np.array_equal(alone.final_points[0], seen.final_points[seed])


# The measures themselves


def test_measures_of_two_vectors():
    g, h = np.array([2.0, 0.0]), np.array([1.0, 1.0])
    assert coherence(g, [g, h]) == 0.5
    assert coherence(g, [g, 3 * g]) == 1
    assert cosine(g, h) == pytest.approx(math.sqrt(0.5))
    assert secant_smoothness(h, 3 * h, g, 3 * g) == pytest.approx(3)


def test_measures_without_a_meaning_are_not_numbers():
    zero, one = np.zeros(2), np.ones(2)
    assert math.isnan(coherence(zero, [zero, one]))
    assert math.isnan(cosine(zero, one))
    assert math.isnan(secant_smoothness(one, one, one, zero))
    assert math.isnan(secant_smoothness(one + 1e-12, one, one, zero))
