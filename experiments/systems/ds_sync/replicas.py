r"""Replicas that step on their own and then average within groups, compiled; beside them a server with stale workers.

$$x_i\leftarrow x_i-\gamma\,\nabla f_i(x_i;\xi_i),\qquad x_i\leftarrow\frac1m\sum_{j\in\text{group}(i)}x_j$$

What an optimiser remembers stays with its worker. One group of all workers is full synchronisation: for SGD and
momentum, whose updates are linear in the gradients, averaging parameters and averaging gradients are then the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from experiments.kernels import counters, dense, elementary, keys
from experiments.kernels.dense import compiled
from experiments.simulate import gradients
from experiments.systems.shared import split as parts
from experiments.systems.shared.averaging_groups import Mixing
from experiments.systems.shared.network import Arrivals
from experiments.systems.shared.split import Split
from experiments.workers import optimizers
from experiments.workers.engines import ring
from experiments.workers.engines.ring import gradient_into
from experiments.workers.optimizers import get_optimizer, turn_into_update
from theory.common.compiling import kept, number_of_sources
from theory.common.errors import InputError
from theory.common.types import Array, Ints

FAR = 1e15  # a coordinate beyond it has diverged; squares of gradients stay finite


class Recorded(NamedTuple):
    """Points of a run at the recorded steps.

    times: int64 (R,), steps; points: (R, N, d), the replicas after them, N = 1 for a server; diverged: whether it left
    the range of numbers, and is nan from there on.
    """

    times: Ints
    points: Array
    diverged: bool


@compiled
def average(points: Array, members: Ints, mean: Array) -> None:
    """The members' points become their mean; they are added one after another."""
    for j in range(mean.shape[0]):
        mean[j] = points[members[0], j]
    for member in members[1:]:
        for j in range(mean.shape[0]):
            mean[j] += points[member, j]
    for j in range(mean.shape[0]):
        mean[j] /= mean.dtype.type(members.shape[0])
    for member in members:
        for j in range(mean.shape[0]):
            points[member, j] = mean[j]


def _build(sources: int) -> tuple[Any, Any]:
    """The two kernels. A variable of the enclosing scope enters numba's key of its cache; other modules do not."""

    @kept(error_model="numpy", nogil=True)
    def advance(
        data: Any,
        scratch: Any,
        optimizer: Any,
        moments: Array,
        points: Array,
        orders: Ints,
        group: int,
        seed: int,
        first: int,
        last: int,
        move: Array,
    ) -> int:
        for t in range(first, last):
            for i in range(points.shape[0]):
                gradient_into(data, scratch, seed, t, i, points[i], move)
                turn_into_update(optimizer, t, move, moments[i])
                for j in range(move.shape[0]):
                    points[i, j] += move[j]
            for start in range(0, points.shape[0], group):
                average(points, orders[t, start : start + group], move)
        return sources

    @kept(error_model="numpy", nogil=True)
    def serve(
        data: Any,
        scratch: Any,
        optimizer: Any,
        moments: Array,
        x: Array,
        caches: Array,
        owners: Ints,
        draws: Ints,
        seed: int,
        first: int,
        last: int,
        move: Array,
    ) -> int:
        for k in range(first, last):
            i = owners[k]
            gradient_into(data, scratch, seed, draws[k], i, caches[i], move)
            turn_into_update(optimizer, k, move, moments)
            for j in range(move.shape[0]):
                x[j] += move[j]
                caches[i, j] = x[j]
        return sources

    return advance, serve


@cache
def _kernels(kind: type[Any]) -> tuple[Any, Any]:
    """The kernels for one class of data, compiled anew when a source that they are made from has changed."""
    made_of = (__file__, ring, optimizers, keys, counters, elementary, gradients, dense, parts, kind)
    return _build(number_of_sources(*made_of))


def checked_fit(task: Split, workers: int) -> None:
    """Refuse a task that is spread over another number of workers."""
    if task.workers != workers:
        raise InputError(f"The task is spread over {task.workers} workers, and {workers} are to average.")


def recorded_times(steps: int, every: int) -> Ints:
    """0, every, 2 every, ..., and the last step.

    >>> recorded_times(5, 2)
    array([0, 2, 4, 5])
    """
    return np.append(np.arange(0, steps, every), steps)


def run_replicas(
    task: Split,
    mixing: Mixing,
    step_size: float,
    steps: int,
    *,
    seed: int = 0,
    batch: int = 1,
    optimizer: str = "sgd",
    every: int = 1,
) -> Recorded:
    """Train N replicas that average in groups after every step.

    Args:
        task: what each of them trains; mixing: who averages with whom.
        step_size: gamma; steps: T; batch: rows of a gradient; optimizer: its name.
        seed: of minibatches, noise and partitions; every: steps between records.

    Returns:
        The replicas at the recorded steps, after averaging.

    Raises:
        InputError: a task for another number of workers, or one without a compiled gradient.

    Example:
        >>> from experiments.systems.shared.averaging_groups import get_mixing
        >>> from experiments.systems.shared.split import split
        >>> task = split("problem:quadratic:d=1,noise=0,start=1,condition=1", 2)
        >>> run_replicas(task, get_mixing("full", 2, 2), 0.5, 2).points[:, :, 0]
        array([[1.  , 1.  ],
               [0.5 , 0.5 ],
               [0.25, 0.25]])
    """
    checked_fit(task, mixing.workers)
    kernel, rule, start = task.kernel(batch), get_optimizer(optimizer), task.start(seed)
    orders, numbers = mixing.orders(steps, seed), rule.data(step_size, steps, start.dtype)
    points, moments = np.tile(start, (mixing.workers, 1)), np.stack([rule.start(start)] * mixing.workers)
    kind: Any = type(kernel.data)
    advance, scratch, move = _kernels(kind)[0], kernel.scratch(), np.empty_like(start)

    def go_on(first: int, last: int) -> None:
        advance(kernel.data, scratch, numbers, moments, points, orders, mixing.group, seed, first, last, move)

    return _recorded(points, recorded_times(steps, every), go_on)


def run_server(
    task: Split,
    arrivals: Arrivals,
    step_size: float,
    *,
    seed: int = 0,
    batch: int = 1,
    optimizer: str = "sgd",
    every: int = 1,
) -> Recorded:
    """Train one model at a server that applies every gradient as it comes, stale as it is.

    Args:
        arrivals: whose gradients come in which order; everything else is that of `run_replicas`. A worker computes at
            the point that it got with its own last update.
    """
    kernel, rule, start = task.kernel(batch), get_optimizer(optimizer), task.start(seed)
    updates = arrivals.owners.size
    numbers, moments = rule.data(step_size, updates, start.dtype), rule.start(start)
    x, caches = start[None].copy(), np.tile(start, (task.workers, 1))
    kind: Any = type(kernel.data)
    serve, scratch, move = _kernels(kind)[1], kernel.scratch(), np.empty_like(start)

    def go_on(first: int, last: int) -> None:
        come = arrivals.owners, arrivals.draws
        serve(kernel.data, scratch, numbers, moments, x[0], caches, *come, seed, first, last, move)

    return _recorded(x, recorded_times(updates, every), go_on)


def _recorded(points: Array, times: Ints, go_on: Callable[[int, int], None]) -> Recorded:
    """Go on from record to record, which moves the points in place."""
    seen = np.full((times.size, *points.shape), np.nan, points.dtype)
    seen[0] = points
    for place, (first, last) in enumerate(pairwise(times.tolist()), start=1):
        go_on(first, last)
        if not np.all(np.abs(points) < FAR):
            return Recorded(times, seen, True)
        seen[place] = points
    return Recorded(times, seen, False)
