"""Replicas that average in groups: the compiled loop is the plain one, and the mathematics of the mean shows."""

import numpy as np
import pytest

from experiments.systems.ds_sync.measure import last_of, mean_quality, own_quality
from experiments.systems.ds_sync.naive import naive_replicas, naive_server
from experiments.systems.ds_sync.replicas import run_replicas, run_server
from experiments.systems.shared.averaging_groups import consensus_error, get_mixing
from experiments.systems.shared.network import Network, asynchronous_arrivals
from experiments.systems.shared.split import split
from theory.common.errors import InputError

TASKS = [
    ("problem:quadratic:d=5,start=1", 1.0, 1),
    ("problem:nonconvex:d=5", 1.0, 1),
    ("problem:logistic-cancer", 100, 4),
    ("problem:softmax-digits", 50, 3),
    ("dnn:width=8,bits=64", 100, 4),
]
#: Sums in another order and exponentials of another library: some units in the last place of the largest coordinate.
ULPS = 64 * 2.0**-52


def same(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=ULPS * np.abs(expected).max())


@pytest.mark.parametrize(("name", "skew", "batch"), TASKS)
@pytest.mark.parametrize("groups", ["full", "grid", "random", "fixed"])
def test_compiled_replicas_are_those_of_the_plain_loop(name, skew, batch, groups):
    task, mixing = split(name, 4, skew), get_mixing(groups, 4, 2)
    same(
        run_replicas(task, mixing, 0.1, 12, seed=3, batch=batch).points,
        naive_replicas(task, mixing, 0.1, 12, seed=3, batch=batch),
    )


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_what_an_optimiser_remembers_stays_with_its_worker(optimizer):
    task, mixing = split("problem:quadratic:d=5,start=1", 4, 1.0), get_mixing("grid", 4, 2)
    options = {"seed": 1, "optimizer": optimizer}
    same(run_replicas(task, mixing, 0.05, 20, **options).points, naive_replicas(task, mixing, 0.05, 20, **options))


@pytest.mark.parametrize(("name", "skew", "batch"), TASKS)
def test_the_compiled_server_is_that_of_the_plain_loop(name, skew, batch):
    task = split(name, 4, skew)
    arrivals = asynchronous_arrivals(Network("exponential:mean=1", 0.01, 1.0, 0.01), 4, 30, 5)
    options = {"seed": 3, "batch": batch}
    same(run_server(task, arrivals, 0.05, **options).points, naive_server(task, arrivals, 0.05, **options))


def test_records_are_points_of_the_run_whatever_lies_between_them():
    task, mixing = split("problem:nonconvex:d=4", 4, 1.0), get_mixing("random", 4, 2)
    each, some = (run_replicas(task, mixing, 0.1, 10, every=every) for every in (1, 4))
    assert some.times.tolist() == [0, 4, 8, 10]
    np.testing.assert_array_equal(some.points, each.points[some.times])


@pytest.mark.parametrize("groups", ["grid", "random", "fixed"])
def test_on_a_quadratic_the_mean_moves_as_under_full_synchronisation_whatever_the_groups(groups):
    task = split("problem:quadratic:d=5,start=1", 16, 2.0)
    run, full = (run_replicas(task, get_mixing(name, 16, 4), 0.3, 40, seed=2) for name in (groups, "full"))
    np.testing.assert_allclose(run.points.mean(axis=1), full.points.mean(axis=1), atol=1e-13)
    assert consensus_error(run.points[-1]) > 1e-3 and consensus_error(full.points[-1]) < 1e-28


@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_averaging_parameters_of_all_workers_is_averaging_their_gradients(optimizer):
    task = split("problem:logistic-cancer", 4, 100)
    points = run_replicas(task, get_mixing("full", 4, 2), 0.1, 15, seed=1, batch=8, optimizer=optimizer).points
    x, memory = task.start(1), np.zeros(task.whole.parameters)
    for t in range(15):
        mean = np.mean([task.gradient(x, 1, t, worker, 8) for worker in range(4)], axis=0)
        memory = mean + (0.9 if optimizer == "momentum" else 0) * memory
        x = x - 0.1 * memory
    np.testing.assert_allclose(points[-1], np.tile(x, (4, 1)), atol=1e-13)


def test_on_a_grid_nothing_is_left_of_the_step_before_the_last():
    # Two phases in a row average over all: replicas differ by their last step alone, gamma times what gradients differ.
    task = split("problem:quadratic:d=3,noise=0,start=1", 16, 2.0)
    points = run_replicas(task, get_mixing("grid", 16, 4), 0.1, 50).points
    assert max(map(consensus_error, points)) <= 2 * (0.1 * 2.0) ** 2
    fixed = run_replicas(task, get_mixing("fixed", 16, 4), 0.1, 50).points
    assert consensus_error(fixed[-1]) > 5 * consensus_error(points[-1])


def test_the_server_of_one_worker_is_sequential_training():
    task = split("problem:nonconvex:d=4", 1)
    arrivals = asynchronous_arrivals(Network("constant:seconds=1", 0.0, 1.0, 0.0), 1, 10, 0)
    assert not arrivals.delays.any()
    x = task.start(0)
    for t in range(10):
        x = x - 0.1 * task.gradient(x, 7, t, 0, 1)
    np.testing.assert_allclose(run_server(task, arrivals, 0.1, seed=7).points[-1, 0], x, atol=1e-14)


def test_a_run_that_diverges_says_so_and_has_no_final_quality():
    task = split("problem:quadratic:d=3,start=1", 4, 1.0)
    run = run_replicas(task, get_mixing("grid", 4, 2), 30.0, 60)
    assert run.diverged and own_quality(task, run) == np.inf
    quality = mean_quality(task, run)
    assert np.isfinite(quality[0]) and np.isinf(last_of(quality)).all()


def test_a_task_for_other_workers_is_refused():
    with pytest.raises(InputError, match="spread over 4 workers, and 16"):
        run_replicas(split("problem:quadratic:d=3", 4), get_mixing("grid", 16, 4), 0.1, 2)
