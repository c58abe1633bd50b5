"""Online federated training: clients with rows of their own send gradients, which the server applies as they arrive.

The idea: who sends, from which rows, how stale and with which weight is all known before the run, from counters; the
compiled loop then knows rows, delays and steps alone. A naive loop beside it is its oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from experiments.common.arrays import frozen
from experiments.kernels import counters, dense, elementary
from experiments.kernels.counters import stream_key, uniform_index
from experiments.kernels.dense import (
    Layers,
    Work,
    backward,
    forward,
    gather,
    layer_values,
    make_layers,
    make_work,
    softmax_change,
)
from experiments.systems.fleet.updates import as_steps
from experiments.workloads.networks import gradients, he_start, outputs
from theory.common.compiling import kept, number_of_sources
from theory.common.errors import InputError
from theory.common.types import Array, Floats, Ints, Matrix, Vector
from theory.staleness.count import whole_number

ARRIVALS = 8  # the stream of random numbers, beside those of experiments/kernels and systems/shared


@dataclass(frozen=True, eq=False)
class Task:
    """What is learnt, by softmax regression on hidden layers of ReLU units.

    Args:
        features: float64 (n, p); labels: int64 (n,), the rows that clients have.
        held_out, held_out_labels: the same of the rows on which accuracy is measured.
        widths: inputs, hidden units, classes.
    """

    features: Matrix
    labels: Ints
    held_out: Matrix
    held_out_labels: Ints
    widths: tuple[int, ...]

    @property
    def classes(self) -> int:
        """How many."""
        return self.widths[-1]


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Gradients in the order in which they reach the server.

    Args:
        clients: int64 (S,), who sent each; rows: int64 (S, batch), from which rows.
        counts: int64 (S, classes), how many of these have each label.
    """

    clients: Ints
    rows: Ints
    counts: Ints


@kept()
def _draw(starts: Ints, rows: Ints, seed: int, clients: Ints, drawn: Ints) -> None:
    """The client of each gradient, and rows of its own, drawn with replacement."""
    for k in range(clients.shape[0]):
        key = stream_key(seed, ARRIVALS, k)
        client = uniform_index(key, 0, starts.shape[0] - 1)
        first, own = starts[client], starts[client + 1] - starts[client]
        clients[k] = client
        for i in range(drawn.shape[1]):
            drawn[k, i] = rows[first + uniform_index(key, 1 + i, own)]


def draw_arrivals(
    labels: Ints, rows: Sequence[Ints], count: int, batch: int, *, seed: int = 0, classes: int | None = None
) -> Arrivals:
    """So many gradients, each of a client drawn uniformly, from a mini-batch of its own rows.

    Args:
        labels: int64 (n,), of all rows.
        rows: of each client, as `label_skew` deals them.
        count: S; batch: rows of a mini-batch.
        seed: of the draws.
        classes: how many labels there are; those that occur by default.

    Raises:
        InputError: no gradient, an empty mini-batch, or a client without rows.

    Example:
        >>> draw_arrivals(np.array([0, 1]), [np.array([0]), np.array([1])], 4, 2, seed=0).counts.tolist()
        [[0, 2], [2, 0], [0, 2], [2, 0]]
    """
    whole_number(count, 1, "The number of gradients", InputError)
    whole_number(batch, 1, "The mini-batch", InputError)
    if not rows or not all(own.size for own in rows):
        raise InputError("Every client must have at least one row, and there must be a client.")
    starts = np.cumsum([0, *(own.size for own in rows)])
    clients, drawn = np.empty(count, np.int64), np.empty((count, batch), np.int64)
    _draw(starts, np.concatenate(rows), seed, clients, drawn)
    kinds = classes or int(labels.max()) + 1
    places = np.arange(count)[:, None] * kinds + labels[drawn]
    counts = np.bincount(places.ravel(), minlength=count * kinds).reshape(count, kinds)
    return Arrivals(frozen(clients), frozen(drawn), frozen(counts))


def _build(sources: int) -> Any:
    """The kernel. A variable of the enclosing scope enters numba's key of its cache; other modules do not."""

    @kept(error_model="numpy", nogil=True)
    def advance(
        layers: Layers,
        features: Matrix,
        labels: Ints,
        work: Work,
        rows: Ints,
        sizes: Vector,
        delays: Ints,
        ring: Matrix,
        kept_points: Matrix,
        every: int,
    ) -> int:
        out, slots = np.empty(ring.shape[1]), ring.shape[0]
        for k in range(1, sizes.shape[0] + 1):
            read, last, new = ring[(k - 1 - delays[k - 1]) % slots], ring[(k - 1) % slots], ring[k % slots]
            work.rows[:] = rows[k - 1]
            gather(features, work.rows, layer_values(layers, work, 0))
            forward(layers, work, read)
            softmax_change(layer_values(layers, work, layers.starts.shape[0]), labels, work.rows)
            backward(layers, work, read, out, False)
            for j in range(out.shape[0]):
                new[j] = last[j] - sizes[k - 1] * out[j]
            if k % every == 0:
                kept_points[k // every] = new
        return sources

    return advance


@cache
def _kernel() -> Any:
    return _build(number_of_sources(__file__, counters, elementary, dense))


def train(
    task: Task,
    arrivals: Arrivals,
    weights: Floats,
    staleness: Ints,
    step_size: float,
    start: Vector,
    every: int = 1,
    *,
    compiled: bool = True,
) -> Matrix:
    r"""Apply all arrivals, K an update, each at the point that was $\tau$ updates old.

    Args:
        task: what is learnt.
        arrivals: S = T K gradients.
        weights: (T, K), positive; staleness: int64 (T, K); see `updates.as_steps`.
        step_size: gamma.
        start: (d,), the first point.
        every: updates between two points that are returned.
        compiled: by the compiled loop; otherwise by the naive one, which keeps every point.

    Returns:
        float64 (1 + T // every, d), the points after 0, every, 2 every, ... updates; NaN or infinite once it diverged.

    Raises:
        InputError: weights, staleness or a step size that `as_steps` refuses, or arrivals of another number.

    Example:
        >>> one = np.ones((1, 1))
        >>> task = Task(one, np.array([1]), one, np.array([1]), (1, 2))
        >>> sent = draw_arrivals(task.labels, [np.array([0])], 1, 1, classes=2)
        >>> train(task, sent, one, np.array([[0]]), 1.0, np.zeros(4))[-1]
        array([-0.5,  0.5, -0.5,  0.5])
    """
    sizes, delays = as_steps(weights, staleness, step_size)
    if sizes.size != len(arrivals.rows):
        raise InputError(f"There are {sizes.size} weights and {len(arrivals.rows)} gradients. Give one for each.")
    stride = staleness.shape[1] * whole_number(every, 1, "The distance between two points", InputError)
    if not compiled:
        return _naive(task, arrivals, sizes, delays, start)[::stride]
    points = np.empty((1 + sizes.size // stride, start.size))
    points[0], ring = start, np.empty((int(delays.max()) + 1, start.size))
    ring[0] = start
    layers = make_layers(task.widths)
    work = make_work(layers, arrivals.rows.shape[1], points.dtype)
    _kernel()(layers, task.features, task.labels, work, arrivals.rows, sizes, delays, ring, points, stride)
    return points


def _naive(task: Task, arrivals: Arrivals, sizes: Vector, delays: Ints, start: Vector) -> Matrix:
    """The same, every point kept."""
    points = [start]
    with np.errstate(all="ignore"):
        for size, delay, rows in zip(sizes, delays, arrivals.rows, strict=True):
            x, labels = points[-1 - delay], task.labels[rows]
            values = outputs(task.widths, x, task.features[rows])
            change = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
            change /= change.sum(axis=1, keepdims=True)
            change[np.arange(labels.size), labels] -= 1
            points.append(points[-1] - size * gradients(task.widths, x, values, change / labels.size)[0])
    return np.array(points)


def first_point(task: Task, seed: int) -> Vector:
    """He's start."""
    return np.asarray(he_start(task.widths, seed, 0), dtype=np.float64)


def class_scores(task: Task, points: Matrix) -> Array:
    """float64 (E, held-out rows, classes): what the last layer says at each point."""
    with np.errstate(all="ignore"):
        return np.array([outputs(task.widths, point, task.held_out)[-1] for point in points])


def class_accuracy(task: Task, points: Matrix) -> Matrix:
    """float64 (E, classes): at each point the accuracy on the held-out rows of each class; 0 once it diverged."""
    scores, classes = class_scores(task, points), np.arange(task.classes)
    right = (scores.argmax(axis=2) == task.held_out_labels) & np.isfinite(scores).all(axis=2)
    of_class = (task.held_out_labels[:, None] == classes).astype(np.float64)
    return np.asarray(right @ of_class / np.maximum(1, of_class.sum(axis=0)))
