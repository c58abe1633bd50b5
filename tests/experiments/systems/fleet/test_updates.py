"""K weighted stale gradients an update are K steps of delayed SGD: the engines agree with the server on paper."""

import numpy as np
import pytest

from experiments.problems import get_problem
from experiments.systems.fleet.controlled import D1, ControlledDelay, controlled_staleness
from experiments.systems.fleet.dampening import Inverse
from experiments.systems.fleet.federated import (
    Task,
    class_accuracy,
    draw_arrivals,
    first_point,
    train,
)
from experiments.systems.fleet.methods import METHODS
from experiments.systems.fleet.updates import as_steps, serve
from experiments.systems.shared.label_skew import label_skew
from theory.common.errors import DelayError, InputError


def on_paper(problem, weights, staleness, step_size, seed):
    """x_{u+1} = x_u - gamma/K sum_i w_i g(x_{u - tau_i}), every point kept."""
    points = [problem.initial_point]
    for u, (row, delays) in enumerate(zip(weights, staleness, strict=True)):
        sent = [
            weight * problem.stochastic_gradient(points[u - delay], seed, u * len(row) + i + 1, 1)
            for i, (weight, delay) in enumerate(zip(row, delays, strict=True))
        ]
        points.append(points[u] - step_size / len(row) * np.sum(sent, axis=0))
    return np.array(points)


@pytest.mark.parametrize("gradients", [1, 3])
@pytest.mark.parametrize("engine", ["fused", "naive"])
@pytest.mark.parametrize("name", ["nonconvex:d=5", "quadratic:d=4,condition=3", "logistic-cancer"])
def test_a_run_is_that_of_the_server_on_paper(name, engine, gradients):
    problem = get_problem(name)
    staleness = controlled_staleness(ControlledDelay(4), 30, gradients, seed=1)
    weights = Inverse().weights(staleness)
    points = on_paper(problem, weights, staleness, 0.05, 7)
    run = serve(problem, weights, staleness, 0.05, seeds=[7], engine=engine)
    # Sums of K terms in another order: some units in the last place of numbers of size 1.
    np.testing.assert_allclose(run.final_points[0], points[-1], rtol=1e-11, atol=1e-12)
    squares = [problem.full_gradient(x) @ problem.full_gradient(x) for x in points]
    np.testing.assert_allclose(run.gradient_norm_squared[0], squares, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(run.time, gradients * np.arange(31))


@pytest.fixture(scope="module")
def task():
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 3
    features = rng.standard_normal((3, 6))[labels] + 0.5 * rng.standard_normal((120, 6))
    return Task(features[:90], labels[:90], features[90:], labels[90:], (6, 5, 3))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("gradients", [1, 4])
def test_the_compiled_loop_takes_the_steps_of_the_naive_one(task, method, gradients):
    arrivals = draw_arrivals(task.labels, label_skew(task.labels, 4, 100), 40 * gradients, 5, seed=2)
    staleness = controlled_staleness(ControlledDelay(6), 40, gradients, seed=3)
    weights, start = METHODS[method].weights(staleness, arrivals.counts), first_point(task, 0)
    both = [train(task, arrivals, weights, staleness, 0.3, start, 4, compiled=way) for way in (True, False)]
    assert both[0].shape == (11, start.size)
    np.testing.assert_allclose(both[0], both[1], rtol=1e-9, atol=1e-11)


def test_training_learns_and_each_class_is_counted_for_itself(task):
    arrivals = draw_arrivals(task.labels, label_skew(task.labels, 3, 0), 400, 8, seed=4)
    none, one = np.zeros((400, 1), np.int64), np.ones((400, 1))
    points = train(task, arrivals, one, none, 0.3, first_point(task, 1), 400)
    accuracy = class_accuracy(task, points)
    assert accuracy.shape == (2, 3) and accuracy[1].min() > 0.8
    diverged = class_accuracy(task, np.full_like(points, np.nan))
    assert (diverged == 0).all()


def test_a_client_sends_gradients_of_its_own_rows_and_all_clients_send(task):
    rows = label_skew(task.labels, 5, 100)
    arrivals = draw_arrivals(task.labels, rows, 300, 4, seed=5)
    for client, drawn in zip(arrivals.clients, arrivals.rows, strict=True):
        assert set(drawn) <= set(rows[client])
    assert abs(np.bincount(arrivals.clients, minlength=5) - 60).max() < 30
    for drawn, counts in zip(arrivals.rows, arrivals.counts, strict=True):
        np.testing.assert_array_equal(np.bincount(task.labels[drawn], minlength=3), counts)


def test_one_worker_whose_gradients_are_never_stale_is_plain_sgd_under_every_method(task):
    arrivals = draw_arrivals(task.labels, label_skew(task.labels, 1), 30, 4, seed=6)
    none, start = np.zeros((30, 1), np.int64), first_point(task, 0)
    runs = [
        train(task, arrivals, method.weights(none, arrivals.counts), none, 0.2, start, 30)[-1]
        for name, method in METHODS.items()
        if method.boosting is None or method.boosting.capped
    ]
    for run in runs[1:]:
        np.testing.assert_array_equal(run, runs[0])


@pytest.mark.parametrize(
    ("weights", "staleness", "step", "error", "told"),
    [
        ([[1.0], [0.0]], [[0], [0]], 0.1, InputError, "gradient 1 of update 2 weighs 0.0"),
        ([[1.0], [-1.0]], [[0], [0]], 0.1, InputError, "positive finite"),
        ([[1.0], [np.inf]], [[0], [0]], 0.1, InputError, "positive finite"),
        ([[1.0]], [[0], [0]], 0.1, InputError, "a row for each update"),
        ([1.0], [0], 0.1, InputError, "a row for each update"),
        ([[1.0], [1.0]], [[0], [0]], -0.1, InputError, "step size"),
        ([[1.0], [1.0]], [[1], [0]], 0.1, DelayError, "step 1"),
    ],
)
def test_bad_updates_are_refused_by_name(weights, staleness, step, error, told):
    with pytest.raises(error, match=told):
        as_steps(weights, staleness, step)


def test_arrivals_without_rows_or_of_another_number_are_refused(task):
    with pytest.raises(InputError, match="at least one row"):
        draw_arrivals(task.labels, [np.array([], np.int64)], 3, 2)
    with pytest.raises(InputError, match="mini-batch"):
        draw_arrivals(task.labels, [np.array([0])], 3, 0)
    arrivals = draw_arrivals(task.labels, [np.array([0])], 3, 2)
    with pytest.raises(InputError, match="4 weights and 3 gradients"):
        train(task, arrivals, np.ones((4, 1)), np.zeros((4, 1), np.int64), 0.1, first_point(task, 0))


def test_staleness_beyond_what_exists_is_never_drawn():
    as_steps(np.ones((40, 2)), controlled_staleness(D1, 40, 2), 0.1)
