"""The k largest entries: when they hold more than k/d of a vector, and vectors that look as if they did."""

import numpy as np
import pytest

from theory.bounds.compression import is_ordered, kept_bound, left_over, measured_share, share, weights
from theory.common.errors import InputError

D = 1000


def below_the_line():
    """1, then 0.4 up to i = 0.6 d, then 0: squares below the line 1 - i/d, and not convex."""
    squares = np.where(np.arange(1, D + 1) <= 0.6 * D, 0.4, 0.0)
    squares[0] = 1.0
    return np.sqrt(squares)


def far_from_zero():
    return np.random.default_rng(0).normal(3, 1, 100 * D)


def is_below_the_line(vector):
    squares = np.sort(vector**2)[::-1] / (vector**2).max()
    return np.all(squares <= 1 - np.arange(vector.size) / vector.size)


def test_the_weights_are_what_the_powers_of_a_count_add_up_to():
    for power in (1, 1.5, 2, 3):
        found, count = weights(D, power), np.arange(D, -1.0, -1.0)
        assert np.cumsum(found[::-1])[::-1] == pytest.approx(count[:-1] ** power, rel=1e-12)
    assert weights(4, 2).tolist() == pytest.approx([7, 5, 3, 1])


def test_delta_is_one_less_what_may_be_left():
    for k, d in [(1, 1), (1, 10), (3, 10), (10, 10)]:
        assert share(k, d) == pytest.approx(k / d)
        assert share(k, d, 2) == pytest.approx((2 * k * d - k**2) / d**2)
        assert share(k, d) <= share(k, d, 2) <= share(k, d, 3) <= 1


@pytest.mark.parametrize(("k", "d", "power"), [(0, 3, 1), (4, 3, 1), (1, 0, 1), (True, 3, 1), (1, 3, 0.5), (1.5, 3, 1)])
def test_counts_that_are_none_are_refused(k, d, power):
    with pytest.raises(InputError):
        share(k, d, power)


@pytest.mark.parametrize("power", [1, 1.7, 2, 3])
def test_an_order_of_the_squares_is_enough_and_equality_is_at_the_weights(power):
    draw = np.random.default_rng(int(10 * power))
    for _ in range(100):
        d = int(draw.integers(1, 40))
        factor = np.sort(draw.exponential(size=d))[::-1]
        vector = np.sqrt(weights(d, power) * factor) * draw.choice([-1, 1], d)
        assert is_ordered(vector, power) and kept_bound(vector, power).all()
        equal = np.sqrt(weights(d, power))
        assert left_over(equal) == pytest.approx(np.arange(d - 1.0, -1.0, -1.0) ** power / d**power, abs=1e-12)


def test_every_vector_keeps_to_the_bound_of_random_entries_and_signs_alone_to_no_better_one():
    draw = np.random.default_rng(1)
    for _ in range(100):
        vector = draw.standard_t(1.5, int(draw.integers(1, 60)))
        assert is_ordered(vector, 1) and kept_bound(vector, 1).all()
    signs = draw.choice([-1.0, 1.0], D)
    assert left_over(signs) == pytest.approx(1 - np.arange(1, D + 1) / D, abs=1e-12)
    assert not kept_bound(signs, 2)[:-1].any() and not is_ordered(signs, 2)


def test_to_lie_below_the_line_is_not_enough():
    step, wide = below_the_line(), far_from_zero()
    assert is_below_the_line(step) and is_below_the_line(wide)
    k, half = D // 10, wide.size // 2
    assert left_over(step)[k - 1] == pytest.approx(0.831, abs=1e-3) and left_over(step)[k - 1] > 0.81
    assert left_over(wide)[half - 1] == pytest.approx(0.261, abs=2e-3) and left_over(wide)[half - 1] > 0.25
    for vector in (step, wide):
        assert not is_ordered(vector, 2) and not kept_bound(vector, 2).all()


@pytest.mark.parametrize(
    ("law", "left"), [("normal", 0.914), ("laplace", 0.834), ("t", 0.654), ("uniform", 0.970)]
)  # fmt: skip
def test_laws_whose_density_falls_from_zero_keep_to_the_cubic_bound(law, left):
    draw = np.random.default_rng(5)
    d = 100_000
    drawn = {
        "normal": draw.normal(size=d), "laplace": draw.laplace(size=d), "t": draw.standard_t(3, d),
        "uniform": draw.uniform(-1, 1, d),
    }[law]  # fmt: skip
    beyond, allowed = left_over(drawn), (np.arange(d - 1.0, -1.0, -1.0) / d) ** 3
    # A sample is off its law by some 1/sqrt(d), and more where there is no fourth moment; of the uniform law the cubic
    # bound is an equality.
    assert beyond[d // 100 - 1] == pytest.approx(left, abs=0.04 if law == "t" else 0.02)
    assert (beyond <= allowed + 0.01).all()
    assert not is_ordered(drawn, 3), "a sample keeps to the order on average only"
    assert kept_bound(drawn, 2)[: 9 * d // 10].all()
    assert law != "uniform" or np.abs(beyond - allowed).max() < 0.01


def test_what_is_measured_is_the_share_of_what_is_sent():
    vector = np.array([3.0, 0.0, -4.0, 0.0])
    assert measured_share(vector, [2]) == pytest.approx(16 / 25)
    assert measured_share(vector, []) == 0 and measured_share(vector, [0, 2]) == 1
    assert measured_share(np.zeros(3), [0]) == 1
    draw = np.random.default_rng(2)
    for _ in range(50):
        d, vector = 30, draw.normal(size=30)
        k = int(draw.integers(1, d + 1))
        largest = np.argsort(-np.abs(vector))[:k]
        assert measured_share(vector, largest) == pytest.approx(1 - left_over(vector)[k - 1])
        assert measured_share(vector, largest) >= share(k, d) - 1e-12


def test_entries_at_random_keep_k_of_d_on_average():
    draw, vector, k = np.random.default_rng(3), np.arange(1.0, 9.0), 3
    kept = np.mean([measured_share(vector, draw.choice(8, k, replace=False)) for _ in range(4000)])
    assert kept == pytest.approx(share(k, 8), abs=0.015)
