"""Random numbers from counters: right laws, independence of neighbours, and nothing but their arguments."""

import math

import numpy as np
import pytest
from scipy import stats

from experiments.kernels.counters import (
    DELAYS,
    INITIAL,
    MINIBATCH,
    NOISE,
    minibatch,
    normal,
    normal_pair,
    normals,
    random_bits,
    stream_key,
    uniform,
    uniform_index,
)

STREAMS = (MINIBATCH, NOISE, INITIAL, DELAYS)
# Each statistical test would fail by chance less than once in 10^6 (five standard deviations); its seeds are fixed.
FIVE_SIGMA = 5.0
RARE = 1e-6


def test_a_number_depends_on_its_arguments_alone():
    first = [normal(stream_key(5, NOISE, k), 3) for k in (9, 2)]
    assert first[::-1] == [normal(stream_key(5, NOISE, k), 3) for k in (2, 9)]
    assert first[0] == normals(5, NOISE, 9, 10)[3]


def test_a_longer_vector_begins_with_the_shorter_one():
    longest = normals(1, NOISE, 1, 12)
    for size in range(12):
        assert np.array_equal(normals(1, NOISE, 1, size), longest[:size])
    assert np.array_equal(minibatch(1, 7, 5, 100), minibatch(1, 7, 9, 100)[:5])


def test_no_key_occurs_twice_among_a_million():
    keys = {stream_key(seed, NOISE, step) for seed in range(1000) for step in range(1, 1001)}
    assert len(keys) == 10**6


def test_streams_of_one_seed_and_step_differ():
    keys = {stream_key(seed, stream, step) for seed in range(50) for stream in STREAMS for step in range(50)}
    assert len(keys) == 50 * len(STREAMS) * 50


def test_seeds_of_63_bits_are_taken():
    keys = {stream_key(seed, NOISE, 1) for seed in (0, 2**31, 2**32, 2**62, 2**63 - 1)}
    assert len(keys) == 5 and all(0 <= key < 2**63 for key in keys)


@pytest.mark.parametrize("place", range(3))
def test_one_bit_of_an_argument_flips_half_of_the_key(place):
    flipped = []
    for trial in range(300):
        arguments = [trial, 2, trial + 1]
        key = stream_key(*arguments)
        arguments[place] ^= 1 << (trial % 31)
        flipped.append((key ^ stream_key(*arguments)).bit_count())
    # A key has 63 fair bits.
    assert abs(np.mean(flipped) - 31.5) < FIVE_SIGMA * math.sqrt(63 / 4 / 300)


def test_uniform_numbers_are_uniform():
    key = stream_key(1, NOISE, 1)
    values = np.array([uniform(key, i) for i in range(200_000)])
    assert values.min() >= 0 and values.max() < 1
    assert stats.kstest(values, "uniform").pvalue > RARE


def test_normal_numbers_are_normal():
    values = normals(2, NOISE, 1, 1_000_000)
    # The variances of x, x^2, x^3 and x^4 are 1, 2, 15 and 96.
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(np.mean(values**power) - mean) < FIVE_SIGMA * math.sqrt(variance / values.size)
    assert stats.kstest(values, "norm").pvalue > RARE


@pytest.mark.parametrize("limit", [3.0, 4.0, 4.5])
def test_tails_have_their_weight(limit):
    values = normals(3, NOISE, 1, 4_000_000)
    expected = 2 * stats.norm.sf(limit) * values.size
    assert abs(np.sum(np.abs(values) > limit) - expected) < FIVE_SIGMA * math.sqrt(expected)


def test_normal_pair_is_the_formula_of_box_and_muller():
    for key in range(200):
        radius_bits, angle_bits = random_bits(key, 6), random_bits(key, 7)
        radius = math.sqrt(-2 * math.log((radius_bits + 0.5) / 2**64))
        angle = 2 * math.pi * (angle_bits >> 11) / 2**53
        assert normal_pair(key, 3) == pytest.approx((radius * math.cos(angle), radius * math.sin(angle)), abs=1e-14)


NEIGHBOURS = {
    "seeds": lambda i: (i, NOISE, 1),
    "steps": lambda i: (1, NOISE, i + 1),
    "seeds far apart": lambda i: (i * 2**32, NOISE, 1),
    "streams": lambda i: (i // 4, STREAMS[i % 4], 1),
    "seed and step together": lambda i: (i, NOISE, i + 1),
    "seed against step": lambda i: (i, NOISE, 50_000 - i),
}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_neighbouring_keys_give_independent_numbers(name):
    values = np.array([normals(*NEIGHBOURS[name](i), 2) for i in range(40_000)])
    for lag in (1, 2, 3, 7):
        before, after = values[:-lag], values[lag:]
        for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
            for power in (1, 2):
                correlation = np.corrcoef(before[:, a] ** power, after[:, b] ** power)[0, 1]
                assert abs(correlation) < FIVE_SIGMA / math.sqrt(len(before))


def test_neighbouring_numbers_of_a_key_are_independent():
    values = normals(4, NOISE, 1, 1_000_000)
    for lag in (1, 2, 3):
        for power in (1, 2):
            correlation = np.corrcoef(values[:-lag] ** power, values[lag:] ** power)[0, 1]
            assert abs(correlation) < FIVE_SIGMA / math.sqrt(values.size)


@pytest.mark.parametrize("n", [2, 7, 10, 569])
def test_indices_are_uniform_with_replacement(n):
    drawn = np.concatenate([minibatch(seed, step, 32, n) for seed in range(40) for step in range(1, 101)])
    assert drawn.min() == 0 and drawn.max() == n - 1
    assert stats.chisquare(np.bincount(drawn, minlength=n)).pvalue > RARE


def test_pairs_in_a_minibatch_are_uniform():
    pairs = np.array([minibatch(seed, step, 2, 6) for seed in range(100) for step in range(1, 301)])
    assert stats.chisquare(np.bincount(6 * pairs[:, 0] + pairs[:, 1], minlength=36)).pvalue > RARE


@pytest.mark.parametrize("n", [1, 3, 1797, 2**31 - 1, 2**32 - 1])
def test_an_index_is_the_top_of_a_wide_product(n):
    for i in range(100):
        assert uniform_index(17, i, n) == n * random_bits(17, i) >> 64
