"""What is measured of influence: records along a run, losses, correlations, and the sharpest curvature."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.systems.influence.estimators import estimated_influences, true_influences
from experiments.systems.influence.federation import Federation
from experiments.systems.influence.measure import (
    TRUE,
    correlation,
    follow,
    influence_on_loss,
    longest,
    lowest,
    sharpness,
)
from experiments.systems.influence.quadratics import random_quadratics
from experiments.systems.influence.synthetic import synthetic


def test_followers_in_step_are_followers_one_after_another():
    made = synthetic(6, inputs=5, classes=3, ridge=0.1)
    federation, start = Federation(made.clients, 3, 2, 0.3, seed=1), np.zeros(18)
    found = follow(federation, start, 10, ("basic", "lwet-fisher"), every=4, samples=7)
    rounds = list(federation.rounds(start, 10))
    true = list(true_influences(federation, rounds))
    assert found.times.tolist() == [4, 8, 10]
    assert found.largest == max(map(longest, true))
    np.testing.assert_array_equal(found.last[TRUE], true[-1])
    for name in ("basic", "lwet-fisher"):
        told = list(estimated_influences(federation, rounds, name, 7, seed=1))
        np.testing.assert_array_equal(found.last[name], told[-1])
        np.testing.assert_array_equal(found.errors[name], [longest(told[t - 1] - true[t - 1]) for t in (4, 8, 10)])


def test_a_run_that_goes_on_is_the_run_in_one_go():
    made = synthetic(6, inputs=5, classes=3)
    federation = Federation(made.clients, 3, 2, 0.3, seed=1)
    *_, middle = federation.rounds(np.zeros(18), 4)
    *_, end = federation.rounds(middle.after, 3, first=5)
    *_, whole = federation.rounds(np.zeros(18), 7)
    assert end.number == whole.number == 7
    np.testing.assert_array_equal(end.after, whole.after)


def test_influence_on_a_loss_is_the_loss_of_the_model_without_the_client_less_that_with_it():
    made = synthetic(5, inputs=4, classes=3, flipped=1, ridge=0.1)
    federation, start = Federation(made.clients, 3, 2, 0.3, seed=1), np.zeros(15)
    found = follow(federation, start, 40, ("basic",))
    told = influence_on_loss(made, found.point, found.last[TRUE])
    for client in range(5):
        *_, last = replace(federation, left_out=(client,)).rounds(start, 40)
        models = np.array([last.after, found.point])
        losses = made.clients.losses(models, made.held_out, made.labels)
        np.testing.assert_allclose(told[client], losses[0] - losses[1], atol=1e-12)
    assert lowest(told, 1) == (0,)


def test_an_estimate_beyond_the_range_of_numbers_has_no_correlation():
    assert correlation(np.array([1.0, np.nan]), np.array([1.0, 2.0])) == 0
    assert correlation(np.array([1.0, 1.0]), np.array([1.0, 2.0])) == 0
    assert correlation(np.array([1.0, 2.0]), np.array([2.0, 1.0])) == pytest.approx(-1)


def test_the_power_iteration_finds_the_largest_curvature_from_below():
    clients = random_quadratics(3, 4)
    assert 0.95 < sharpness(clients, 1, np.zeros(4)) <= 1 + 1e-12
    made = synthetic(3, inputs=5, classes=3).clients
    hessian = made.hessian_products(1, np.zeros(18), np.eye(18))
    assert 0.95 < sharpness(made, 1, np.zeros(18)) / np.linalg.eigvalsh(hessian).max() <= 1 + 1e-12
