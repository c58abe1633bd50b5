r"""What is measured of partitions: accuracy, and how far running statistics are from those of the rows of a test.

A unit's variance over all rows is the mean of its variances within partitions of equal size plus the variance of its
means between them. Running variances are means of those within, so that what lies between partitions is missing.
"""

from __future__ import annotations

import numpy as np

from experiments.systems.skewscout.partitions import Partitions
from experiments.systems.skewscout.training import Recorded
from theory.common.types import Floats, Matrix, Vector


def held_out_accuracy(task: Partitions, run: Recorded, place: int) -> float:
    """The accuracy of a record: mean over the partitions' own models, with the mean of all running statistics."""
    points = run.points[place]
    same = bool((points == points[0]).all())
    statistics = run.statistics[place].mean(axis=0)
    found = [
        task.network.accuracy(x, task.held_out, task.held_out_labels, statistics)
        for x in (points[:1] if same else points)
    ]
    return float(np.mean(found))


def accuracy_curve(task: Partitions, run: Recorded) -> Floats:
    """(R,): the accuracy at each record; 0 after a divergence."""
    return np.array([held_out_accuracy(task, run, place) for place in range(run.times.size)])


def missing_variance(task: Partitions, x: Vector, running: Matrix) -> float:
    r"""$1-v/\sigma^2$, mean over hidden units: v the running variance, $\sigma^2$ that over the held-out rows."""
    there = task.network.statistics(x, task.held_out, running)
    return float(np.mean(1 - running[1] / there[1]))


def training_test_gap(task: Partitions, x: Vector, running: Matrix) -> float:
    """The loss over all training rows with running statistics, less that with each partition's own statistics."""
    net, own = task.network, task.own
    as_trained = [net.loss(x, task.features[rows], task.labels[rows]) for rows in own]
    return net.loss(x, task.features, task.labels, running) - float(np.mean(as_trained))
