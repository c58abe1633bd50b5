"""Compressors: what is chosen, that nothing is lost with a memory, counts in their range, and refusals."""

import numpy as np
import pytest
from numba import njit
from scipy.stats import norm

from experiments.kernels.counters import stream_key
from experiments.systems.shared.compressors import COMPRESSORS, entries_kept, get_compressor
from experiments.systems.shared.selection import moments
from theory.common.errors import InputError

D = 20_000
RNG = np.random.default_rng(7)
FAMILIES = {
    "normal": RNG.standard_normal(D),
    "laplace": RNG.laplace(size=D),
    "student-3": RNG.standard_t(3, D),
    "cauchy": RNG.standard_cauchy(D),
    "uniform": RNG.uniform(-1, 1, D),
    "shifted": RNG.normal(3, 1, D),
    "negative": RNG.normal(-3, 1, D),
    "log-normal": np.exp(4 * RNG.standard_normal(D)),
    "signs": RNG.choice([-1.0, 1.0], D),
    "two sizes": np.where(np.arange(D) < 150, 2.0, 1.0),
    "one giant": np.append(RNG.standard_normal(D - 1), 1e12),
    "half zeros": np.where(np.arange(D) % 2, RNG.standard_normal(D), 0.0),
    "tiny": 1e-300 * RNG.standard_normal(D),
    "32 bits": RNG.laplace(size=D).astype(np.float32),
}
each_family = pytest.mark.parametrize("u", FAMILIES.values(), ids=FAMILIES)


def released(u, k):
    """The released loop, line by line."""
    threshold = u.mean() - u.std(ddof=1) * norm.ppf(k / u.size / 2)
    for _ in range(3):
        chosen = np.flatnonzero(np.abs(u) > threshold)
        if chosen.size < 2 * k / 3:
            threshold *= 0.5
        elif chosen.size > 4 * k / 3:
            threshold *= 1.5
        else:
            break
    return chosen


@each_family
@pytest.mark.parametrize("k", [1, 2, 20, 200, 7000, 15_000, D])
def test_top_k_are_the_largest_and_of_equal_ones_the_first(u, k):
    expected = np.sort(np.argsort(-np.abs(u), kind="stable")[:k])
    np.testing.assert_array_equal(get_compressor("top-k").select(u, k), expected)


@each_family
@pytest.mark.parametrize("k", [1, 20, 200, 5000])
def test_gaussian_k_is_the_released_loop(u, k):
    wide = u.astype(np.float64)  # so that numpy sums in 64 bits too
    np.testing.assert_array_equal(get_compressor("gaussian-k").select(u, k), released(wide, k))


@each_family
@pytest.mark.parametrize("k", [1, 2, 3, 20, 200, 6000, D])
def test_the_bracketed_count_is_in_its_range_on_every_vector(u, k):
    chosen = get_compressor("gaussian-k-bracketed").select(u, k)
    assert min(2 * k / 3, np.count_nonzero(u)) <= chosen.size <= 4 * k / 3
    left = np.delete(np.abs(u), chosen)
    assert left.size == 0 or np.abs(u[chosen]).min() >= left.max()


@pytest.mark.parametrize("power", [-160, -3, 0, 5, 200])
def test_the_choice_does_not_depend_on_the_unit(power):
    for name in ("top-k", "gaussian-k", "gaussian-k-bracketed", "sampled", "bisected"):
        scaled = get_compressor(name).select(FAMILIES["student-3"] * 2.0**power, 100)
        np.testing.assert_array_equal(scaled, get_compressor(name).select(FAMILIES["student-3"], 100))


def test_the_released_multipliers_oscillate_on_laplace_at_one_per_cent():
    u = np.random.default_rng(0).laplace(size=10**6)
    threshold = u.mean() - u.std(ddof=1) * norm.ppf(0.005)
    counts = [np.count_nonzero(np.abs(u) > factor * threshold) for factor in (1, 1.5, 0.75)]
    assert [round(count / 10**4, 1) for count in counts] == [2.6, 0.4, 6.5]
    assert get_compressor("gaussian-k").select(u, 10**4).size == counts[-1]
    assert 2 / 3 <= get_compressor("gaussian-k-bracketed").select(u, 10**4).size / 10**4 <= 4 / 3


def test_the_released_threshold_may_lie_beyond_every_uniform_entry():
    assert get_compressor("gaussian-k").select(np.linspace(-1, 1, 10**5), 1000).size == 0


@each_family
@pytest.mark.parametrize("name", COMPRESSORS)
def test_with_a_memory_nothing_is_lost(u, name):
    compressor = get_compressor(name)
    sent = compressor.compress(u, 100, stream_key(3, 1, 4))
    assert (np.diff(sent.indices) > 0).all()
    np.testing.assert_array_equal(sent.values, u[sent.indices])
    whole = sent.residual.copy()
    whole[sent.indices] += sent.values
    np.testing.assert_array_equal(whole, u if compressor.memory else np.where(whole != 0, u, 0))
    if not compressor.memory:
        assert not sent.residual.any()


def test_dense_sends_everything():
    assert get_compressor("dense").select(FAMILIES["half zeros"], 1).size == D


def test_every_set_of_k_indices_is_drawn_equally_often():
    sets = [tuple(get_compressor("random-k").select(np.ones(5), 2, stream_key(0, 1, step))) for step in range(4000)]
    counts = np.array([sets.count((i, j)) for i in range(5) for j in range(i + 1, 5)])
    assert counts.sum() == 4000
    # Chi-squared with 9 degrees of freedom: 33.7 is passed once in 10,000 streams.
    assert ((counts - 400) ** 2 / 400).sum() < 33.7


def test_random_k_leaves_one_minus_k_over_d_in_the_mean():
    u = FAMILIES["laplace"][:50]
    left = [
        (get_compressor("random-k").compress(u, 10, stream_key(1, 1, step)).residual ** 2).sum() for step in range(3000)
    ]
    error = np.std(left) / np.sqrt(len(left))
    assert abs(np.mean(left) - 0.8 * (u @ u)) < 4 * error


def test_the_sampled_threshold_is_the_kth_largest_of_the_sample():
    # The k-th of d/100 stands for about 100 k of all, so that the k largest are taken again.
    u = FAMILIES["laplace"]
    np.testing.assert_array_equal(
        get_compressor("sampled").select(u, 20, stream_key(0, 1, 1)), get_compressor("top-k").select(u, 20)
    )


def test_bisection_meets_its_range_or_stops_after_three_halvings():
    assert 200 < get_compressor("bisected").select(FAMILIES["laplace"], 200).size < 400
    # One giant: the mean of |u| is near its share, and no halving comes down to the others.
    assert get_compressor("bisected").select(FAMILIES["one giant"], 200).size == 1


@each_family
def test_moments_are_those_of_numpy(u):
    wide = u.astype(np.float64)
    mean, deviation, largest, present = njit(lambda u: moments(u))(u)  # compiled code alone may call it
    assert (largest, present) == (np.abs(wide).max(), np.count_nonzero(wide))
    # Sums of d numbers in another order: an error of at most d eps of the sizes that are summed.
    assert abs(mean - wide.mean()) <= 1e-12 * np.abs(wide).mean()
    assert deviation == pytest.approx(wide.std(ddof=1), rel=1e-10)


@pytest.mark.parametrize(
    ("u", "k", "sentence"),
    [
        (np.ones(3), 4, "at most 3 can be sent. Got k = 4"),
        (np.ones(3), 0, "must be a whole number of at least 1. Got 0"),
        (np.ones(3), 1.5, "must be a whole number of at least 1. Got 1.5"),
        (np.array([1.0, np.nan, 2.0]), 1, "not finite: entry 1 is nan"),
        (np.array([1.0, 2.0, -np.inf]), 1, "not finite: entry 2 is -inf"),
        (np.ones((2, 2)), 1, "a flat array of floats"),
        (np.ones(3, np.int64), 1, "a flat array of floats"),
        (np.zeros(0), 1, "a flat array of floats"),
    ],
)
@pytest.mark.parametrize("name", COMPRESSORS)
def test_what_cannot_be_compressed_is_refused_by_name(name, u, k, sentence):
    with pytest.raises(InputError, match=sentence.replace("(", r"\(")):
        get_compressor(name).compress(u, k)


def test_a_sum_that_overflows_is_no_reason_to_refuse():
    assert get_compressor("top-k").select(np.array([1.7e308, 1.7e308, 1.0]), 2).tolist() == [0, 1]


def test_a_sample_of_fewer_than_k_is_refused():
    with pytest.raises(InputError, match=r"sample of d/100 = 200 entries\. Got k = 201"):
        get_compressor("sampled").select(FAMILIES["normal"], 201)


@pytest.mark.parametrize("density", [0, -0.1, 1.1, np.nan])
def test_a_density_is_a_share(density):
    with pytest.raises(InputError, match="above 0 and at most 1"):
        entries_kept(10, density)


def test_an_unknown_compressor_is_told_with_the_names():
    with pytest.raises(InputError, match=r"'topk'\. Did you mean top-k"):
        get_compressor("topk")
