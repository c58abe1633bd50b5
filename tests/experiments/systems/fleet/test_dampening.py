"""Weights of stale gradients: what the rules are worth under the controlled laws, where they cross, and what boosts."""

import numpy as np
import pytest

from experiments.systems.fleet.controlled import D1, D2, TAIL, ControlledDelay, controlled_staleness
from experiments.systems.fleet.dampening import (
    Averaging,
    Boosting,
    Exponential,
    Inverse,
    beta_of,
    past_percentile,
    similarities,
    similarity,
)
from experiments.systems.fleet.methods import METHODS, long_tail_methods
from theory.common.errors import InputError


@pytest.mark.parametrize(
    ("model", "beta", "means", "squares"),
    [
        (D1, 0.32432, (1, 0.160, 0.177), (40.1, 32.2, 26.0)),
        (D2, 0.21375, (1, 0.089, 0.111), (160, 125, 89.7)),
    ],
)
def test_effective_staleness_under_the_controlled_laws(model, beta, means, squares):
    law, tau = model.probabilities, np.arange(model.maximum + 1)
    assert beta_of(model.maximum) == pytest.approx(beta, abs=5e-6)
    for rule, mean, square in zip((Averaging(), Inverse(), Exponential(model.maximum)), means, squares, strict=True):
        weights = rule.weights(tau)
        # The values that are compared with have three digits.
        assert law @ weights == pytest.approx(mean, abs=6e-4)
        assert law @ (weights * tau**2) / (law @ weights) == pytest.approx(square, rel=4e-3)


@pytest.mark.parametrize("threshold", [2, 12, 24, 50])
def test_exponential_and_inverse_meet_at_half_the_threshold(threshold):
    tau = np.arange(threshold + 1)
    difference = Exponential(threshold).weights(tau) - Inverse().weights(tau)
    half = threshold // 2
    assert difference[0] == 0 and difference[half] == pytest.approx(0, abs=1e-15)
    assert (difference[1:half] > 0).all() and (difference[half + 1 :] < 0).all()
    assert Exponential(threshold).weights(tau)[-1] == pytest.approx((threshold / 2 + 1) ** -2)


def test_weights_that_saturate_can_be_boosted_and_others_cannot():
    # As the released code has it for a tail of 48 at beta = 0.324.
    assert Exponential(12).weights(np.array([48]))[0] == pytest.approx(1.7e-7, rel=0.05)
    boosted, saturated = long_tail_methods(D1)["boosted"], long_tail_methods(D1)["saturated"]
    counts = np.array([[10, 0], [0, 10]])  # the second update has a label that was never seen
    assert saturated.weights(np.array([[0], [48]]), counts)[1, 0] == pytest.approx(0.0148, abs=5e-5)
    assert boosted.weights(np.array([[0], [48]]), counts)[1, 0] == pytest.approx(0.148, abs=5e-4)
    np.testing.assert_array_equal(
        boosted.weights(np.array([[0], [19]]), counts), saturated.weights(np.array([[0], [19]]), counts)
    )


def test_the_threshold_that_is_found_online_is_the_percentile_of_the_past():
    rng = np.random.default_rng(0)
    staleness = rng.integers(0, 30, 200)
    found = past_percentile(staleness, 0.9)
    assert found[0] == 0
    for i in range(1, 200):
        assert found[i] == np.quantile(staleness[:i], 0.9, method="inverted_cdf")
    weights, rule = Exponential(share=0.9, enough=20).weights(staleness), Inverse().weights(staleness)
    np.testing.assert_array_equal(weights[:20], rule[:20])
    np.testing.assert_allclose(
        weights[20:], [np.exp(-beta_of(b) * t) for b, t in zip(found[20:], staleness[20:], strict=True)]
    )


def test_the_online_rule_settles_at_that_of_the_law():
    staleness = D1.sample(20_000, np.random.default_rng(1))
    late = Exponential().weights(staleness)[-5000:]
    expected = Exponential(D1.quantile(0.997)).weights(staleness)[-5000:]
    assert abs(np.log(late / expected)).max() < 12 * abs(beta_of(11) - beta_of(12)) + 1e-12


def test_similarity_is_a_cosine_of_square_roots():
    rng = np.random.default_rng(2)
    p, q = rng.integers(1, 50, (2, 40, 7))
    found = similarity(p, q)
    assert ((found > 0) & (found <= 1 + 1e-12)).all()
    np.testing.assert_allclose(found, similarity(q, p))
    np.testing.assert_allclose(similarity(p, 3 * p), 1)
    np.testing.assert_allclose(found[0], sum(np.sqrt(p[0] / p[0].sum() * q[0] / q[0].sum())))


def test_similarity_is_to_what_earlier_updates_used_and_1_before_the_first():
    counts = np.array([[1, 0], [0, 1], [1, 0], [1, 1]])
    np.testing.assert_allclose(similarities(counts, 2), [1, 1, np.sqrt(0.5), 1])
    np.testing.assert_allclose(similarities(counts, 1)[:3], [1, 0, np.sqrt(0.5)])


def test_a_capped_boost_weighs_at_most_1_and_never_less_than_no_boost():
    rng = np.random.default_rng(3)
    weights, staleness, alike = rng.uniform(0.01, 1, 500), rng.integers(0, 30, 500), rng.uniform(0, 1, 500)
    free, capped = (Boosting(capped=capped).boosted(weights, staleness, alike) for capped in (False, True))
    assert capped.max() <= 1 < free.max()
    assert (capped >= weights).all() and (free <= 10 * weights + 1e-12).all()


def test_controlled_staleness_has_a_cold_start_a_law_and_a_tail():
    tail = np.zeros((4000, 2), bool)
    tail[:, 1] = True
    found = controlled_staleness(D1, 4000, 2, seed=4, tail=tail)
    assert (found[:12] == 0).all()
    assert (found[:, 1][12:48] == np.arange(12, 48)).all()
    assert (found[48:, 1] == TAIL * 12).all()
    drawn = np.bincount(found[12:, 0], minlength=13)
    expected = D1.probabilities * drawn.sum()
    assert ((drawn - expected) ** 2 / expected).sum() < 32.9  # chi squared with 12 degrees, 0.1 per cent


def test_without_a_range_nothing_is_stale():
    assert (controlled_staleness(ControlledDelay(0), 20) == 0).all()
    for method in METHODS.values():
        np.testing.assert_allclose(method.weights(np.zeros((20, 1), np.int64), np.ones((20, 3), np.int64)), 1)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Exponential(-1.0), "threshold of staleness"),
        (lambda: Exponential(float("nan")), "threshold of staleness"),
        (lambda: Exponential(share=0), "in time"),
        (lambda: Exponential(saturation=-1), "saturate"),
        (lambda: Boosting(floor=0), "divisor"),
        (lambda: controlled_staleness(D1, 0), "number of updates"),
        (lambda: controlled_staleness(D1, 3, 1, tail=np.zeros((2, 1), bool)), "3 x 1 gradients"),
    ],
)
def test_bad_input_is_refused_by_name(make, told):
    with pytest.raises(InputError, match=told):
        make()
