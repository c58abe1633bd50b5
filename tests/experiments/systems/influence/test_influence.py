"""Influence of clients: exact on quadratics, one run a client and whole matrices as the oracle, refusals by name."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from experiments.systems.influence.estimators import (
    ESTIMATORS,
    Flags,
    combinatorial,
    estimated_influences,
    followed,
    true_influences,
)
from experiments.systems.influence.federation import Federation
from experiments.systems.influence.naive import naive_basic_influence, naive_points, naive_true_influence
from experiments.systems.influence.networks import NetworkClients, of_rows
from experiments.systems.influence.quadratics import Quadratics, random_quadratics
from experiments.systems.influence.synthetic import of_images, synthetic
from experiments.workloads.networks import he_start
from theory.common.errors import InputError

ROUNDS = 12


def federation(kind, **changes):
    """A small one of each kind, and its first point."""
    if kind == "quadratic":
        clients = random_quadratics(6, 5, seed=2)
        start = np.ones(5)
    elif kind == "logistic":
        clients = synthetic(6, inputs=7, classes=3, ridge=0.05, seed=3).clients
        start = np.zeros(24)
    else:
        clients = of_images("digits", 6, 15, hidden=4, activation=kind, skew=50, ridge=0.01).clients
        start = he_start(clients.widths, 1, 0)
    step_size = 1.3 if kind == "quadratic" else 0.2
    return replace(Federation(clients, 3, 3, step_size, seed=4), **changes), start


KINDS = ("quadratic", "logistic", "relu", "linear")


@pytest.mark.parametrize("kind", KINDS)
def test_runs_side_by_side_are_one_run_a_client(kind):
    whole, start = federation(kind)
    rounds = list(whole.rounds(start, ROUNDS))
    np.testing.assert_allclose([each.after for each in rounds], naive_points(whole, start, ROUNDS)[1:], atol=1e-12)
    found = np.array(list(true_influences(whole, rounds)))
    for client in range(6):
        alone = naive_true_influence(whole, start, ROUNDS, client)[1:]
        np.testing.assert_allclose(found[:, client], alone, atol=1e-10)
        assert np.abs(alone).max() > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_products_with_hessians_are_those_of_matrices_formed(kind):
    whole, start = federation(kind)
    found = np.array(list(estimated_influences(whole, whole.rounds(start, ROUNDS), "basic")))
    for client in range(6):
        expected = naive_basic_influence(whole, start, ROUNDS, client)[1:]
        np.testing.assert_allclose(found[:, client], expected, atol=1e-10)


@pytest.mark.parametrize("step_size", [0.7, 1.9, 2.3])
def test_on_quadratics_the_estimate_is_exact_whatever_the_step(step_size):
    whole, start = federation("quadratic", step_size=step_size)
    rounds = list(whole.rounds(start, 30))
    (*_, told), (*_, true) = estimated_influences(whole, rounds, "basic"), true_influences(whole, rounds)
    # Sums of a few dozen terms, each rounded: some units in the last place of the largest point.
    reach = max(np.abs(each.paths).max() for each in rounds)
    assert np.abs(told - true).max() < 1e-14 * max(1, reach) and np.abs(true).max() > 0.1


def test_on_quadratics_blocks_are_not_exact():
    whole, start = federation("quadratic")
    rounds = list(whole.rounds(start, 30))
    (*_, told), (*_, true) = estimated_influences(whole, rounds, "blocks"), true_influences(whole, rounds)
    assert np.abs(told - true).max() > 1e-3


@pytest.mark.parametrize("kind", KINDS[1:])
def test_products_with_hessians_are_differences_of_gradients(kind):
    clients = federation(kind)[0].clients
    point, vector = 0.3 * np.cos(np.arange(clients.layers[-1].stop)), np.sin(np.arange(clients.layers[-1].stop))
    ahead, behind = clients.gradients(1, np.array([point + 1e-6 * vector, point - 1e-6 * vector]))
    # Central differences of size 1e-6: the error is the third derivative times 1e-12, and rounding over 1e-6.
    np.testing.assert_allclose(
        clients.hessian_products(1, point, vector[None])[0], (ahead - behind) / 2e-6, atol=1e-8, rtol=1e-6
    )


@pytest.mark.parametrize("kind", KINDS[1:])
def test_gradients_of_all_rows_average_to_that_of_the_client(kind):
    clients = federation(kind)[0].clients
    point = 0.3 * np.cos(np.arange(clients.layers[-1].stop))
    each = clients.sample_gradients(2, point, np.arange(clients.counts[2]))
    whole = clients.gradients(2, point[None])[0]
    np.testing.assert_allclose(each.mean(axis=0) + clients.ridge * point, whole, atol=1e-14)


def test_a_client_that_is_alone_in_its_round_leaves_the_model_as_it_is():
    whole, start = federation("logistic", sampled=1)
    rounds = list(whole.rounds(start, ROUNDS))
    true = np.array(list(true_influences(whole, rounds)))
    for number, each in enumerate(rounds[1:], start=1):
        client = each.members[0]
        expected = true[number - 1][client] + each.before - each.after
        np.testing.assert_allclose(true[number][client], expected, atol=1e-15)
    for client in range(6):
        np.testing.assert_allclose(
            np.array(list(estimated_influences(whole, rounds, "basic")))[:, client],
            naive_basic_influence(whole, start, ROUNDS, client)[1:],
            atol=1e-10,
        )


def test_a_client_outside_a_round_adds_nothing_to_its_influence():
    whole, start = federation("logistic")
    for each in whole.rounds(start, ROUNDS):
        added = combinatorial(each, 6)
        outside = np.setdiff1d(np.arange(6), each.members)
        assert not added[outside].any() and added[each.members].any(axis=1).all()


def test_truncation_keeps_what_the_last_round_added():
    whole, start = federation("logistic")
    *_, last = rounds = list(whole.rounds(start, ROUNDS))
    *_, told = estimated_influences(whole, rounds, "truncated")
    np.testing.assert_array_equal(told, combinatorial(last, 6))


def test_examination_truncates_a_layer_that_grows_and_for_good():
    flags = Flags("layer", (slice(0, 2), slice(2, 3)), np.ones((1, 1, 2), bool))
    before = np.array([[3.0, 4.0, 1.0]])
    np.testing.assert_array_equal(flags.examined(0, np.array([[3.0, 4.1, 0.9]]), before), [[0, 0, 0.9]])
    np.testing.assert_array_equal(flags.examined(0, np.array([[0.1, 0.1, 1.0]]), before), [[0, 0, 1.0]])
    np.testing.assert_array_equal(flags.examined(0, np.array([[0.1, 0.1, np.nan]]), before), [[0, 0, 0]])


def test_examination_asks_nothing_where_nothing_grows():
    whole, start = federation("quadratic", step_size=0.5)
    rounds = list(whole.rounds(start, ROUNDS))
    (*_, examined), (*_, plain) = (estimated_influences(whole, rounds, name) for name in ("lwet", "blocks"))
    np.testing.assert_array_equal(examined, plain)


def test_a_flag_of_one_client_drops_its_term_alone():
    # One client beyond 2/Lambda, two far below it, all in one round: only the first one's term is dropped.
    matrices = np.array([[[3.0]], [[0.1]], [[0.1]]])
    clients = Quadratics(np.array([1, 1, 1]), matrices, np.array([[1.0], [2.0], [3.0]]), (slice(0, 1),))
    rounds = list(Federation(clients, 3, 1, 1.0).rounds(np.zeros(1), 3))
    carried = [
        list(followed(Federation(clients, 3, 1, 1.0), rounds, _linear(clients), examine))
        for examine in ("client", "layer")
    ]
    second = combinatorial(rounds[1], 3) + [[0.9], [0.45], [0.45]] * combinatorial(rounds[0], 3)
    np.testing.assert_allclose(carried[0][1], second)
    # On average -2 and 0.9 make 0.55: no layer is truncated.
    second = combinatorial(rounds[1], 3) + [[0.9], [-0.55], [-0.55]] * combinatorial(rounds[0], 3)
    np.testing.assert_allclose(carried[1][1], second)


def _linear(clients):
    return lambda seen, place, moves: moves * (1 - seen.step_size * clients.matrices[seen.members[place], 0, 0])


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_starts_from_nothing(name):
    whole, start = federation("relu")
    rounds = list(whole.rounds(start, 1))
    np.testing.assert_array_equal(next(estimated_influences(whole, rounds, name)), combinatorial(rounds[0], 6))


def test_curvature_bounds_what_matrices_have_and_how_they_change():
    clients = federation("logistic")[0].clients
    known, identity, points = clients.curvature, np.eye(24), []
    for seed in range(20):
        points.append(np.random.default_rng(seed).normal(size=24) * 10.0 ** (seed % 4 - 2))
    for client in range(6):
        hessians = [clients.hessian_products(client, point, identity) for point in points]
        values = np.linalg.eigvalsh(hessians)
        assert known.least - 1e-12 <= values.min() and values.max() <= known.largest
        for i, j in pairwise(range(len(points))):
            apart = np.linalg.norm(points[i] - points[j])
            assert np.linalg.norm(hessians[i] - hessians[j], 2) <= known.lipschitz * apart


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sampled": 7}, "cannot have 7 clients: there are 6"),
        ({"sampled": 0}, "clients in a round must be a whole number of at least 1"),
        ({"local_steps": 0}, "local steps must be a whole number of at least 1. Got 0"),
        ({"step_size": 0.0}, "step size must be positive and finite. Got 0"),
        ({"step_size": -1.0}, "positive and finite. Got -1"),
        ({"step_size": float("nan")}, "positive and finite. Got nan"),
        ({"left_out": (6,)}, "There is no client 6: the 6 clients are counted from 0"),
        ({"left_out": (-1,)}, "There is no client -1"),
    ],
)
def test_bad_federations_are_refused_by_name(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        federation("quadratic", **changes)


def test_empty_clients_and_a_single_one_are_refused():
    quadratics = random_quadratics(2, 2)
    with pytest.raises(InputError, match="Client 1 has no rows"):
        Federation(replace(quadratics, counts=np.array([3, 0])), 1, 1, 0.1)
    with pytest.raises(InputError, match="Client 0 has no rows"):
        of_rows(np.eye(2), np.array([0, 1]), [np.array([], np.int64), np.array([0, 1])], (2, 2))
    with pytest.raises(InputError, match="of at least 2"):
        Federation(random_quadratics(1, 2), 1, 1, 0.1)
    with pytest.raises(InputError, match="no client 9"):
        naive_true_influence(Federation(quadratics, 1, 1, 0.1), np.zeros(2), 1, 9)


def test_an_estimator_that_is_not_there_or_cannot_be_is_refused():
    whole, start = federation("quadratic")
    rounds = list(whole.rounds(start, 3))
    with pytest.raises(InputError, match="must be one of basic"):
        list(estimated_influences(whole, rounds, "base"))
    with pytest.raises(InputError, match="no log-likelihoods"):
        list(estimated_influences(whole, rounds, "fisher"))
    with pytest.raises(InputError, match="gradients that a client uploads must be a whole number of at least 1"):
        list(estimated_influences(whole, rounds, "basic", samples=0))


def test_networks_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="do not fit a network"):
        NetworkClients(np.eye(2), np.array([0, 2]), np.array([0, 1, 2]), (2, 2))
    with pytest.raises(InputError, match="activation must be one of relu, linear"):
        federation("relus")
    with pytest.raises(InputError, match="hidden units"):
        assert federation("relu")[0].clients.curvature
    with pytest.raises(InputError, match="too few for 100 clients"):
        of_images("digits", 100, 100)
    with pytest.raises(InputError, match="wrong labels must be at most 3"):
        synthetic(3, flipped=4)


def test_wrong_labels_are_those_of_the_first_clients_alone():
    right, some = (synthetic(3, inputs=4, classes=3, flipped=count).clients for count in (0, 1))
    np.testing.assert_array_equal(right.features, some.features)
    assert (right.rows_of(0)[1] != some.rows_of(0)[1]).all()
    np.testing.assert_array_equal(right.rows_of(2)[1], some.rows_of(2)[1])
