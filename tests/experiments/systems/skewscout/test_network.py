"""Normalised networks: derivatives, what normalisation makes invariant, and what running statistics cannot know."""

import numpy as np
import pytest
from numba import njit

from experiments.kernels.keys import worker_minibatch
from experiments.systems.skewscout.layers import gradient_of, make_normalised_work
from experiments.systems.skewscout.network import EPSILON, NormalisedNetwork
from experiments.systems.skewscout.partitions import partitioned
from experiments.workloads.images import images
from experiments.workloads.networks import gradients, outputs
from theory.common.errors import InputError

NETWORKS = [((), "none"), ((8, 6), "none"), ((8, 6), "batch"), ((8, 6), "group")]
DIGITS = images("digits")


def made(hidden, norm, rows=20):
    """A network at a point that is nowhere special, and some rows."""
    task = partitioned(DIGITS, 5, 60, hidden=hidden, norm=norm)
    drawn = np.random.default_rng(1)
    x = task.network.start(0) + 0.2 * drawn.normal(size=task.network.parameters)
    return task, x, task.features[:rows], task.labels[:rows]


@pytest.mark.parametrize(("hidden", "norm"), NETWORKS)
def test_gradients_are_those_of_differences(hidden, norm):
    task, x, features, labels = made(hidden, norm)
    gradient, _ = task.network.gradient(x, features, labels)
    direction = np.random.default_rng(2).normal(size=(8, x.size))
    loss, step = (lambda at: task.network.loss(at, features, labels)), 1e-5
    slopes = [(loss(x + step * u) - loss(x - step * u)) / (2 * step) for u in direction]
    # The error of central differences is the third derivative times 1e-10, and rounding over the step 1e-11.
    np.testing.assert_allclose(slopes, direction @ gradient, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("hidden", "norm"), NETWORKS)
def test_compiled_gradients_are_those_of_numpy(hidden, norm):
    task, x, _, _ = made(hidden, norm)
    rows, found = task.rows(12), np.empty_like(x)
    work, compiled = make_normalised_work(rows), njit(lambda r, w, s, t, p, x, out: gradient_of(r, w, s, t, p, x, out))
    for partition, own in enumerate(task.own):
        compiled(rows, work, 3, 7, partition, x, found)
        drawn = worker_minibatch(3, 7, partition, 12, own.stop - own.start)
        expected, statistics = task.network.gradient(x, task.features[own][drawn], task.labels[own][drawn])
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
        if norm == "batch":
            np.testing.assert_allclose(work.statistics, statistics, rtol=1e-11, atol=1e-13)


def test_without_normalisation_it_is_the_network_of_the_workloads():
    task, x, features, labels = made((8, 6), "none")
    values = outputs(task.network.widths, x, features)
    np.testing.assert_allclose(task.network.scores(x, features), values[-1], rtol=1e-13)
    change = np.exp(values[-1]) / np.exp(values[-1]).sum(axis=1, keepdims=True)
    change[np.arange(labels.size), labels] -= 1
    expected = gradients(task.network.widths, x, values, change / labels.size)[0]
    np.testing.assert_allclose(task.network.gradient(x, features, labels)[0], expected, rtol=1e-10, atol=1e-14)


def test_group_normalisation_sees_each_row_alone_and_batch_normalisation_does_not():
    for norm, alone in (("group", True), ("batch", False)):
        task, x, features, _ = made((8, 6), norm)
        scores, fewer = task.network.scores(x, features), task.network.scores(x, features[:5])
        assert np.allclose(scores[:5], fewer, rtol=1e-12) == alone


@pytest.mark.parametrize("norm", ["batch", "group"])
def test_normalised_layers_do_not_see_the_scale_of_their_weights(norm):
    task, x, features, _ = made((8,), norm)
    # Only the first layer's weights grow; its sums are then far above the root of epsilon.
    scores = []
    for factor in (1e3, 1e6):
        grown = x.copy()
        grown[: 64 * 8] *= factor
        scores.append(task.network.scores(grown, features))
    np.testing.assert_allclose(*scores, rtol=0, atol=EPSILON)


def test_the_variance_of_all_rows_is_that_within_partitions_and_that_of_their_means():
    task, x, _, _ = made((8,), "batch")
    whole = task.network.statistics(x, task.features)
    parts = np.array([task.network.statistics(x, task.features[own]) for own in task.own])
    np.testing.assert_allclose(parts[:, 1].mean(axis=0) + parts[:, 0].var(axis=0), whole[1], rtol=1e-10)
    assert (parts[:, 1].mean(axis=0) < whole[1]).all()


def test_a_test_with_the_statistics_of_its_own_rows_is_training():
    task, x, features, labels = made((8,), "batch")
    own = task.network.statistics(x, features)
    assert task.network.loss(x, features, labels, own) == pytest.approx(task.network.loss(x, features, labels))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"norm": "layer"}, "one of none, batch, group. Got 'layer'"),
        ({"norm": "group", "groups": 3}, "Groups must divide"),
        ({"norm": "group", "groups": 0}, "number of groups"),
    ],
)
def test_what_is_no_normalisation_is_refused(given, sentence):
    with pytest.raises(InputError, match=sentence):
        NormalisedNetwork((64, 32, 10), **given)
