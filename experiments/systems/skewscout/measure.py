r"""What is measured of partitions: accuracy, and how far running statistics are from those of the rows of a test.

Of a number let $m_k$, $v_k$ be mean and variance over partition k, all of one size, and $m$, $v$ those over all rows.
As the mean square about m within k is $v_k+|m_k-m|^2$, $v=\bar v+\frac1K\sum_k|m_k-m|^2$, $\bar v=\frac1K\sum_kv_k$.
Of a unit's sums: running variances are means of those within, so that what lies between partitions is missing. Of
gradients (each of its row alone): one row's from each partition have a mean without bias and of variance $\bar v/K$, K
rows drawn from all one of variance $v/K$, so that skew makes the steps of BSP vary less.
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
