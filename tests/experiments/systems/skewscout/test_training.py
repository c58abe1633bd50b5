"""Partitions that train together: the compiled loop is the plain one, and every method is BSP at its tightest."""

import math
from dataclasses import replace

import numpy as np
import pytest

from experiments.kernels.keys import worker_minibatch
from experiments.systems.multi_centre.centres import run_centres
from experiments.systems.multi_centre.setting import full_exchange, thresholds
from experiments.systems.multi_centre.wide_area import local_area
from experiments.systems.shared.split import split
from experiments.systems.skewscout.measure import accuracy_curve, held_out_accuracy, missing_variance, training_test_gap
from experiments.systems.skewscout.methods import Averaging, Significance, Sparsified, method_of
from experiments.systems.skewscout.naive import naive_training
from experiments.systems.skewscout.network import NormalisedNetwork
from experiments.systems.skewscout.partitions import Partitions, partitioned
from experiments.systems.skewscout.training import Run, Training, recorded_times, train
from experiments.workloads.images import images
from theory.common.errors import InputError

DIGITS = images("digits")
NETWORKS = [((), "none"), ((8, 6), "none"), ((8, 6), "batch"), ((8, 6), "group")]
METHODS = [
    Averaging(),
    Averaging(3),
    Significance(0.0),
    Significance(0.05),
    Sparsified(3),
    Sparsified(2, densities=(0.5, 0.01), clip=0.5),
]


def task_of(hidden=(), norm="none", skew=100.0, **more):
    return partitioned(DIGITS, 5, skew, hidden=hidden, norm=norm, **more)


@pytest.mark.parametrize(("hidden", "norm"), NETWORKS)
@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_the_compiled_loop_is_the_plain_one(hidden, norm, method):
    task, training = task_of(hidden, norm, 60), Training(0.05, 14, decay=1e-3)
    found = train(task, training, method, seed=3, every=5)
    points, statistics, sent = naive_training(task, training, method, seed=3)
    # Over two units a group's variance may be small, which raises the last digits.
    np.testing.assert_allclose(found.points[-1], points, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.statistics[-1], statistics, rtol=0, atol=1e-10)
    assert found.sent[-1] == sent.sum() and not found.diverged


@pytest.mark.parametrize("method", [Significance(0.0), Averaging(1)], ids=repr)
@pytest.mark.parametrize(("hidden", "norm"), NETWORKS)
def test_bsp_steps_with_the_mean_gradient(hidden, norm, method):
    task, training = task_of(hidden, norm), Training(0.1, 6, drops=(0.5,))
    x, memory = task.network.start(0), 0.0
    for t, step in enumerate(training.step_sizes):
        drawn = [own.start + worker_minibatch(0, t, k, 20, own.stop - own.start) for k, own in enumerate(task.own)]
        each = [task.network.gradient(x, task.features[rows], task.labels[rows])[0] for rows in drawn]
        memory = 0.9 * memory + np.mean(each, axis=0)
        x = x - step * memory
    np.testing.assert_allclose(train(task, training, method).points[-1], np.tile(x, (5, 1)), atol=1e-10)


def test_all_entries_and_no_momentum_make_sparsified_exchange_bsp():
    task, training = task_of((8,)), Training(0.1, 10, momentum=0.0)
    everything = train(task, training, Sparsified(0, densities=(1.0,)))
    bsp = train(task, training, Averaging())
    np.testing.assert_allclose(everything.points, bsp.points, atol=1e-13)
    np.testing.assert_array_equal(everything.sent, bsp.sent)


def test_with_momentum_masking_forgets_and_the_paths_part():
    task, training = task_of((8,)), Training(0.1, 10)
    everything, bsp = (train(task, training, each) for each in (Sparsified(0, densities=(1.0,)), Averaging()))
    assert np.abs(everything.points[-1] - bsp.points[-1]).max() > 1e-3


def test_gaia_withholds_no_more_than_its_threshold():
    task, method = task_of((8,)), Significance(0.2)
    training = Training(0.05, 12, drops=(0.5,))
    run = Run(task, training, method, 0)
    for t in range(12):
        run.go_on(t, t + 1)
        # A model moves by what others send after it was looked at; what is held was below the threshold before.
        before = run.state.points - (run.state.outgoing.sum(axis=0) - run.state.outgoing)
        limit = 0.2 * (1.0 if t < 6 else 0.1)
        assert (np.abs(run.state.held) <= limit * np.abs(before) * (1 + 1e-9)).all()


def test_what_gaia_sends_and_holds_is_all_that_its_models_differ_by():
    task = task_of((8,))
    run = Run(task, Training(0.05, 20), Significance(0.3), 1)
    run.go_on(0, 20)
    shared = run.state.points - run.state.held
    np.testing.assert_allclose(shared, np.tile(shared[0], (5, 1)), atol=1e-13)
    assert np.abs(run.state.held).max() > 1e-4


@pytest.mark.parametrize("threshold", [0.0, 0.05, 0.5])
def test_gaia_is_that_of_the_centres_over_a_network_that_takes_no_time(threshold):
    whole = split("dnn:width=8,bits=64", 5, 100)
    network = whole.whole
    task = Partitions(
        NormalisedNetwork(network.widths),
        network.features[0],
        network.images.labels,
        whole.starts,
        network.features[1],
        network.images.held_out_labels,
    )
    # There the momentum takes up steps and here gradients, which is the same while the step size is.
    training = Training(0.1, 40, drops=())
    steps = training.step_sizes
    fast = local_area(5, "constant:seconds=1", 1e30, lan_latency=0.0)
    limits = thresholds(threshold, steps, "schedule")
    centres = run_centres(whole, full_exchange(5, 1), fast, steps, limits, seed=2, batch=20, momentum=0.9, every=40)
    run = train(task, training, Significance(threshold), seed=2, every=40)
    np.testing.assert_allclose(run.points[-1], centres.points[-1], atol=1e-10)
    # There each message also has a clock of 8 bytes, is counted for each of four receivers, and may be empty.
    assert run.sent[-1] == pytest.approx(centres.bytes[-1].sum() / 4 - 40 * 5 * 8, abs=1e-6)


def test_under_sparsified_exchange_all_partitions_have_one_model():
    run = train(task_of((8,)), Training(0.05, 20), Sparsified(4), every=5)
    np.testing.assert_array_equal(run.points, np.repeat(run.points[:, :1], 5, axis=1))


def test_local_steps_send_a_model_each_interval():
    task = task_of()
    model = 5 * 8 * task.network.parameters
    for interval in (1, 2, 5, 10):
        run = train(task, Training(0.05, 20), Averaging(interval), every=10)
        assert run.sent.tolist() == [0, 10 // interval * model, 20 // interval * model]


def test_sparse_messages_hold_values_and_places():
    run = train(task_of(), Training(0.05, 1), Sparsified(0, densities=(0.01,)))
    # 6 of 650 entries: values of 8 bytes, and places of 4.
    assert run.sent[-1] == 5 * 6 * (8 + 4)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_a_seed_gives_the_same_run_and_records_do_not_disturb_it(method):
    task, training = task_of((8,), "batch"), Training(0.1, 12)
    first, second = (train(task, training, method, seed=4, every=every) for every in (1, 6))
    np.testing.assert_array_equal(first.points[[0, 6, 12]], second.points)
    np.testing.assert_array_equal(first.sent[[0, 6, 12]], second.sent)
    assert recorded_times(12, 5).tolist() == [0, 5, 10, 12]


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_a_run_that_diverges_says_so_and_ends(method):
    # Decay by 20 times the weights makes every model grow, whatever its gradients.
    run = train(task_of((8,)), Training(1.0, 60, momentum=0.0, decay=200.0, drops=()), method, every=30)
    assert run.diverged and np.isnan(run.points[-1]).all()
    assert accuracy_curve(task_of((8,)), run)[-1] == 0


def test_a_row_from_each_partition_is_unbiased_and_varies_no_more_than_rows_from_all():
    # With one row of each of K equal parts: the mean of K independent parts has the mean of their variances over K,
    # and the variance of all rows is that mean plus the variance of the parts' means.
    spread = {}
    for skew in (0, 100):
        task = task_of(skew=skew)
        x = 0.1 * np.random.default_rng(0).normal(size=task.network.parameters)
        rows = range(task.labels.size)
        each = np.array([task.network.gradient(x, task.features[[i]], task.labels[[i]])[0] for i in rows])
        parts = np.stack([each[own] for own in task.own])
        np.testing.assert_allclose(parts.mean(axis=1).mean(axis=0), each.mean(axis=0), atol=1e-12)
        stratified, pooled = parts.var(axis=1).sum(axis=1).mean() / 5, each.var(axis=0).sum() / 5
        between = ((parts.mean(axis=1) - each.mean(axis=0)) ** 2).sum(axis=1).mean() / 5
        assert stratified + between == pytest.approx(pooled, rel=1e-10)
        spread[skew] = stratified / pooled
    assert spread[100] < 0.9 < spread[0] <= 1


def test_without_hidden_units_or_skew_running_statistics_are_near_those_of_a_test():
    missed = {}
    for skew in (0, 100):
        task = task_of((16,), "batch", skew)
        run = train(task, Training(0.1, 200), Averaging(), every=200)
        x, running = run.points[-1, 0], run.statistics[-1].mean(axis=0)
        missed[skew] = missing_variance(task, x, running), training_test_gap(task, x, running)
        assert held_out_accuracy(task, run, -1) > (0.9 if skew == 0 else 0.5)
    assert missed[100][0] > missed[0][0] + 0.05 and missed[100][1] > missed[0][1] + 0.05


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Averaging(0), "local steps"),
        (lambda: Significance(-0.1), "threshold must be a finite number of at least 0. Got -0.1"),
        (lambda: Significance(math.nan), "threshold"),
        (lambda: method_of("gaia", -1.0), "threshold"),
        (lambda: Sparsified(-1), "warm-up"),
        (lambda: Sparsified(1, densities=()), "Densities"),
        (lambda: Sparsified(1, densities=(0.5, 0.0)), "Densities"),
        (lambda: Sparsified(1, clip=0.0), "norm of a gradient"),
        (lambda: Training(0.1, 0), "number of steps"),
        (lambda: Training(-0.1, 1), "Step size"),
        (lambda: Training(0.1, 1, momentum=1.0), "momentum"),
        (lambda: partitioned(DIGITS, 1), "One partition has nobody to exchange with"),
        (lambda: partitioned(DIGITS, 5, -1), "0..100. Got -1"),
        (lambda: partitioned(DIGITS, 5, 100.5), "0..100. Got 100.5"),
        (lambda: partitioned(DIGITS, 5, math.nan), "0..100"),
        (lambda: partitioned(DIGITS, 11, 100), "1 of 11 clients would have no rows"),
        (
            lambda: partitioned(replace(DIGITS, features=DIGITS.features[:7], labels=DIGITS.labels[:7]), 2),
            "10 classes and only 7 rows",
        ),
    ],
)
def test_bad_input_is_refused_by_name(make, sentence):
    with pytest.raises(InputError, match=sentence):
        make()
