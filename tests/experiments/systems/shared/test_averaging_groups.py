"""Averaging within groups: projections that commute on a grid, contract at random, and keep apart what is fixed."""

import numpy as np
import pytest

from experiments.systems.shared.averaging_groups import (
    MIXINGS,
    averaged,
    consensus_error,
    get_mixing,
    projection,
    random_contraction,
)
from theory.common.errors import InputError

SIZES = [(4, 2), (16, 4), (8, 2), (27, 3), (64, 4)]


def matrices(mixing, steps, seed=0):
    return [projection(order, mixing.group) for order in mixing.orders(steps, seed)]


@pytest.mark.parametrize("name", MIXINGS)
def test_every_step_is_an_orthogonal_projection_that_keeps_the_mean(name):
    for w in matrices(get_mixing(name, 16, 4), 5):
        np.testing.assert_allclose(w @ w, w, atol=1e-15)
        np.testing.assert_array_equal(w, w.T)
        np.testing.assert_allclose(w.sum(axis=0), 1, atol=1e-15)
        assert np.trace(w) == pytest.approx(1 if name == "full" else 4)


@pytest.mark.parametrize(("workers", "group"), SIZES)
def test_commuting_phases_reach_exact_consensus_in_any_run_of_as_many_steps_as_there_are_phases(workers, group):
    mixing = get_mixing("grid", workers, group)
    phases = len(mixing.phases)
    assert group**phases == workers
    ws = matrices(mixing, 2 * phases)
    for one in ws:
        for other in ws:
            np.testing.assert_allclose(one @ other, other @ one, atol=1e-15)
    for first in range(phases):
        product = np.linalg.multi_dot([*ws[first : first + phases], np.eye(workers)])
        np.testing.assert_allclose(product, np.full((workers, workers), 1 / workers), atol=1e-15)
        # One phase fewer is not enough.
        assert np.abs(product - np.linalg.multi_dot([*ws[first : first + phases - 1], np.eye(workers)])).max() > 0.01


def test_the_partitions_of_the_released_code_for_four_workers_average_over_all_too():
    first, second = (projection(np.array(order), 2) for order in ([0, 1, 2, 3], [0, 3, 1, 2]))
    np.testing.assert_allclose(first @ second, np.full((4, 4), 0.25), atol=1e-16)


@pytest.mark.parametrize(("workers", "group", "left"), [(4, 2, 1 / 3), (16, 4, 0.2), (16, 2, 7 / 15)])
def test_a_random_partition_contracts_by_its_factor_on_average(workers, group, left):
    assert random_contraction(workers, group) == pytest.approx(left)
    x = np.random.default_rng(1).normal(size=workers)
    x -= x.mean()
    squares = [((w @ x) ** 2).sum() / (x**2).sum() for w in matrices(get_mixing("random", workers, group), 4000)]
    # Four standard errors of 4000 draws.
    assert np.mean(squares) == pytest.approx(left, abs=4 * np.std(squares) / np.sqrt(4000))


def test_partitions_are_the_same_for_all_who_know_the_seed_and_others_at_each_step():
    mixing = get_mixing("random", 16, 4)
    one, again, other = mixing.orders(20, 3), mixing.orders(50, 3), mixing.orders(20, 4)
    np.testing.assert_array_equal(one, again[:20])
    assert (one != other).any() and len({tuple(order) for order in one.tolist()}) == 20


def test_fixed_groups_never_agree_and_full_synchronisation_agrees_at_once():
    points = np.random.default_rng(2).normal(size=(8, 3))
    order = get_mixing("fixed", 8, 2).orders(1, 0)[0]
    once = averaged(points, order, 2)
    np.testing.assert_array_equal(averaged(once, order, 2), once)
    assert consensus_error(once) > 0.1 * consensus_error(points)
    full = get_mixing("full", 8, 2)
    assert consensus_error(averaged(points, full.orders(1, 0)[0], full.group)) < 1e-30


@pytest.mark.parametrize("name", MIXINGS)
def test_averaging_is_multiplication_with_the_projection(name):
    mixing, points = get_mixing(name, 16, 4), np.random.default_rng(3).normal(size=(16, 5))
    for order in mixing.orders(3, 7):
        expected = projection(order, mixing.group) @ points
        np.testing.assert_allclose(averaged(points, order, mixing.group), expected, atol=1e-15)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("grid", 1, 1), "One worker has nobody"),
        (("random", 16, 5), "divides the number of workers"),
        (("fixed", 6, 1), "divides the number of workers"),
        (("grid", 8, 4), "Commuting phases need"),
        (("grid", 4, 4), "Commuting phases need"),
        (("ring", 4, 2), "must be one of"),
        (("random", 0, 2), "number of workers"),
        (("random", 4.5, 2), "number of workers"),
    ],
)
def test_groups_that_are_none_are_refused_by_name(asked, said):
    with pytest.raises(InputError, match=said):
        get_mixing(*asked)
