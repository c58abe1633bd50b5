"""A mean below B given kappa: Scarf's bound on worst laws, the level on worst laws, and kappa read off the data."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from experiments.statistics.kurtosis import (
    below_p_value,
    below_up_to,
    best_cut,
    largest_excess,
    largest_kappa,
    reach,
    sample_kappa,
)

ONE_SIDED = stats.norm.ppf(0.999)


@pytest.mark.parametrize("kappa", [1.2, 2.0, 3.0, 7.0])
@pytest.mark.parametrize("cut", [0.2, 0.9, 1.3, 2.5, 6.0])
def test_the_largest_excess_is_reached_by_two_values_and_not_passed(kappa: float, cut: float) -> None:
    def excess(share: float) -> float:
        # Two values of mean 1 and second moment kappa, the upper one with this probability.
        spread = math.sqrt((kappa - 1) * (1 - share) / share)
        low = 1 - share / (1 - share) * spread
        return share * max(1 + spread - cut, 0) + (1 - share) * max(low - cut, 0) if low >= -1e-12 else -1.0

    shares = np.linspace(1e-4, 1 / kappa, 20_001)
    best = max(excess(share) for share in shares)
    assert best == pytest.approx(float(largest_excess(cut, kappa)), rel=2e-3)
    assert best <= largest_excess(cut, kappa) * (1 + 1e-9)


@pytest.mark.parametrize("seeds", [4, 8, 16, 64])
@pytest.mark.parametrize("kappa", [1.1, 1.5, 3.0, 9.0])
def test_the_cut_in_closed_form_maximises_the_reach(seeds: int, kappa: float) -> None:
    q = 0.05 ** (-1 / seeds)
    best = optimize.minimize_scalar(
        lambda c: -(q * (1 - float(largest_excess(c, kappa))) - (q - 1) * c), bounds=(kappa / 4, 50), method="bounded"
    )
    assert max(float(reach(seeds, kappa, 0.05)), 0.0) >= -best.fun - 1e-9
    assert float(best_cut(seeds, kappa, 0.05)) >= kappa / 2


@pytest.mark.parametrize("seeds", [16, 32, 64])
def test_equal_values_pass_up_to_the_reach(seeds: int) -> None:
    edge = float(reach(seeds, 3.0, 0.05))
    inside, outside = (float(below_p_value(np.full(seeds, edge * f), 1.0, 3.0, 0.05)) for f in (0.999, 1.001))
    assert inside < 0.05 < outside


def two_values(kappa: float, share: float) -> tuple[float, float]:
    spread = math.sqrt((kappa - 1) * (1 - share) / share)
    return 1 - share / (1 - share) * spread, 1 + spread


@pytest.mark.parametrize("seeds", [8, 16, 32, 64])
@pytest.mark.parametrize("share", [0.02, 0.05, 0.12, 0.3])
def test_no_law_of_that_kappa_passes_more_often_than_the_level(seeds: int, share: float) -> None:
    low, high = two_values(3.0, share)
    trials, level = 4000, 0.05
    values = np.where(np.random.default_rng((2, seeds)).random((trials, seeds)) < share, high, low)
    most = level + ONE_SIDED * math.sqrt(level * (1 - level) / trials)
    # The mean is 1.003 B, so that "below" is an error.
    assert np.mean(below_p_value(values, 1 / 1.003, 3.0, level) <= level) <= most


def test_kappa_is_the_first_at_which_the_test_does_not_pass() -> None:
    values = np.random.default_rng(4).gamma(5, 0.06, 32)
    kappa = float(largest_kappa(values, 1.0, 0.05))
    assert 3 < kappa < 100
    assert all(below_p_value(values, 1.0, k, 0.05) <= 0.05 for k in np.linspace(1, kappa, 30))
    assert below_p_value(values, 1.0, kappa * 1.06, 0.05) > 0.05
    assert below_up_to(values[None], 1.0, kappa, 0.05)[0] and not below_up_to(values[None], 1.0, kappa * 1.06, 0.05)[0]
    assert largest_kappa(values, 0.9 * values.min(), 0.05) == 0


def test_the_kappa_of_gaussian_gradients_is_at_most_three() -> None:
    squares = np.random.default_rng(0).standard_normal((200_000, 4)) ** 2
    for weights in ([1, 0, 0, 0], [1, 1, 0, 0], [4, 2, 1, 1]):
        found = float(sample_kappa(squares @ np.array(weights, float)))
        exact = 1 + 2 * sum(w**2 for w in weights) / sum(weights) ** 2
        assert found == pytest.approx(exact, rel=0.03)
        assert exact <= 3


def test_a_diverged_seed_has_no_finite_kappa() -> None:
    assert sample_kappa(np.array([1.0, math.inf])) == math.inf
    assert float(sample_kappa(np.array([1e200, 1.5e200, 3e200]))) == pytest.approx(3 * 12.25 / 5.5**2)


def test_seeds_of_which_most_are_equal_show_nothing_of_their_kappa() -> None:
    assert sample_kappa(np.zeros(3)) == sample_kappa(np.array([2.0, 2.0, 2.0, 1.0, 5.0])) == math.inf
    assert sample_kappa(np.array([2.0, 2.0, 1.0, 5.0])) < 2
