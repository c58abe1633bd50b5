"""Few seeds: what a largest value far below the bound says, and for which laws."""

import math

import numpy as np
import pytest
from scipy import stats

from experiments.statistics.tails import ANY, FAR_BELOW, KappaAtMost, Statistic, largest_below

LEVEL = 0.05 / 3
ONE_SIDED = stats.norm.ppf(0.999)


@pytest.mark.parametrize("seeds", [2, 4, 8])
def test_few_seeds_hold_only_far_below_and_keep_the_level_for_gaussian_squares(seeds: int) -> None:
    assert ANY.few(seeds, LEVEL) and not ANY.few(16, LEVEL) and not KappaAtMost(1.5, said=True).few(seeds, LEVEL)
    assert largest_below(np.full((1, seeds), 0.01), 1.0, LEVEL)[0]
    assert not largest_below(np.full((1, seeds), 1.01 * FAR_BELOW), 1.0, LEVEL)[0]
    values = np.random.default_rng(seeds).standard_normal((20_000, seeds)) ** 2
    most = LEVEL + ONE_SIDED * math.sqrt(LEVEL * (1 - LEVEL) / 20_000)
    assert largest_below(values, 1 / 1.001, LEVEL).mean() <= most


@pytest.mark.parametrize("share", [0.01, 0.05, FAR_BELOW])
def test_no_square_of_a_gaussian_vector_is_near_zero_as_often_as_that_of_one_gaussian(share: float) -> None:
    one = stats.chi2.cdf(share, 1)
    # Not centred: (m + Z)^2 has the mean m^2 + 1.
    for middle in np.linspace(0.05, 6, 60):
        assert stats.ncx2.cdf(share * (1 + middle**2), 1, middle**2) <= one
    # Two coordinates of different spread.
    angles = (np.arange(20_000) + 0.5) / 20_000 * 2 * np.pi
    for weight in np.linspace(0.01, 0.5, 25):
        scale = weight * np.sin(angles) ** 2 + (1 - weight) * np.cos(angles) ** 2
        assert np.mean(-np.expm1(-share / (2 * scale))) <= one
    for dimension in (2, 3, 10):
        assert stats.chi2.cdf(share * dimension, dimension) <= one


def test_equal_values_hold_nothing() -> None:
    assert not ANY.below(Statistic("all zero", np.zeros(4), 1.0), LEVEL)
    assert ANY.below(Statistic("small", np.array([0.01, 0.02, 0.03, 0.04]), 1.0), LEVEL)


def test_what_a_holds_rests_on_is_said() -> None:
    few = ANY.unless(Statistic("few", np.array([0.01, 0.02, 0.03, 0.04]), 1.0), LEVEL, None)
    assert few == "|g|^2 is below 0.04 of its mean with a probability of more than 0.36 (one Gaussian: 0.16)"
    spread = Statistic("many", np.linspace(0.1, 0.3, 32), 1.0)
    many = ANY.unless(spread, LEVEL, ANY.kappa(spread, LEVEL))
    assert "E|g|^4 is more than" in many and "these seeds: 1.09" in many
