"""The steps of partitions that train together, compiled: a local step of each, and then an exchange between all."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from experiments.kernels import counters, dense, elementary, keys
from experiments.kernels.dense import compiled
from experiments.simulate import gradients
from experiments.systems.multi_centre import passes, wide_area
from experiments.systems.multi_centre.passes import take_significant
from experiments.systems.multi_centre.wide_area import index_bytes
from experiments.systems.shared import selection
from experiments.systems.shared.selection import top
from experiments.systems.skewscout import layers, methods, network
from experiments.systems.skewscout.layers import Rows, gradient_of
from experiments.systems.skewscout.methods import AVERAGE, FILTER, SPARSE, Exchange
from experiments.systems.skewscout.network import BATCH
from theory.common.compiling import kept, number_of_sources
from theory.common.types import Array, Floats, Ints, Matrix, Vector

FAR = 1e6  # a coordinate beyond it has diverged
VALUE = 8  # bytes
RUNNING = 0.1  # the share of a mini-batch in running statistics
LOCAL, TOGETHER = 1, 2  # the two halves of a step


class State(NamedTuple):
    """What moves on.

    points, momenta, held, outgoing (K, d): the models, momenta, what is withheld, and what is on its way; statistics
    (K, 2, H): running means and variances; sent (T,): bytes of each step.
    """

    points: Matrix
    momenta: Matrix
    held: Matrix
    outgoing: Matrix
    statistics: Array
    sent: Floats


class Numbers(NamedTuple):
    """Of a run: momentum, weight decay, the largest norm of a gradient, and the step sizes (T,)."""

    momentum: float
    decay: float
    clip: float
    step_sizes: Floats


@compiled
def _clip(g: Vector, most: float) -> None:
    if most < np.inf:
        square = 0.0
        for j in range(g.shape[0]):
            square += g[j] * g[j]
        if square > most * most:
            factor = most / np.sqrt(square)
            for j in range(g.shape[0]):
                g[j] *= factor


@compiled
def _local_move(numbers: Numbers, kind: int, state: State, t: int, k: int, g: Vector) -> None:
    """The momentum takes up a gradient, and the model, or what is held, the momentum."""
    share = numbers.step_sizes[t] / (state.points.shape[0] if kind == FILTER else 1)
    point, momentum, held = state.points[k], state.momenta[k], state.held[k]
    for j in range(g.shape[0]):
        momentum[j] = numbers.momentum * momentum[j] + (g[j] + numbers.decay * point[j])
        if kind != SPARSE:
            point[j] -= share * momentum[j]
        if kind == FILTER:
            held[j] -= share * momentum[j]
        elif kind == SPARSE:
            held[j] += momentum[j]


@compiled
def message(count: int, dimension: int) -> int:
    """Bytes of a message with so many entries."""
    return VALUE * count + index_bytes(count, dimension)


@compiled
def _average(points: Matrix) -> float:
    partitions, d = points.shape
    for j in range(d):
        total = 0.0
        for k in range(partitions):
            total += points[k, j]
        for k in range(partitions):
            points[k, j] = total / partitions
    return float(partitions * message(d, d))


@compiled
def _filter(state: State, threshold: float, chosen: Ints, values: Vector, total: Vector) -> float:
    """All partitions look at their own models before anything arrives."""
    size, (partitions, d) = 0, state.points.shape
    total[:] = 0.0
    for k in range(partitions):
        outgoing = state.outgoing[k]
        count = take_significant(state.held[k], state.points[k], threshold, True, chosen, values, 0)
        outgoing[:] = 0.0
        for i in range(count):
            outgoing[chosen[i]] = values[i]
            total[chosen[i]] += values[i]
        size += message(count, d) if count > 0 else 0
    for k in range(partitions):
        for j in range(d):
            state.points[k, j] += total[j] - state.outgoing[k, j]
    return float(size)


@compiled
def _send_largest(
    state: State, entries: int, quantile: float, step_size: float, chosen: Ints, sizes: Vector, total: Vector
) -> float:
    size, (partitions, d) = 0, state.points.shape
    total[:] = 0.0
    for k in range(partitions):
        count = top(state.held[k], entries, quantile, chosen, sizes)
        for i in chosen[:count]:
            total[i] += state.held[k, i]
            state.held[k, i] = 0.0
            state.momenta[k, i] = 0.0
        size += message(count, d)
    for k in range(partitions):
        for j in range(d):
            state.points[k, j] -= step_size * total[j] / partitions
    return float(size)


@compiled
def _in_range(state: State) -> bool:
    """Whether models and what is held are numbers, and not far away; a choice of entries needs numbers."""
    outside = False
    for k in range(state.points.shape[0]):
        for j in range(state.points.shape[1]):
            outside |= not (abs(state.points[k, j]) < FAR and abs(state.held[k, j]) < FAR)
    return not outside


def _build(sources: int) -> Any:
    """The kernel. A variable of the enclosing scope enters numba's key of its cache; other modules do not."""

    @kept(error_model="numpy", nogil=True)
    def advance(
        data: Rows,
        work: Any,
        numbers: Numbers,
        exchange: Exchange,
        state: State,
        chosen: Ints,
        sizes: Vector,
        seed: int,
        first: int,
        last: int,
        halves: int,
    ) -> int:
        move = np.empty(state.points.shape[1])
        for t in range(first, last):
            if halves & LOCAL:
                for k in range(state.points.shape[0]):
                    gradient_of(data, work, seed, t, k, state.points[k], move)
                    _clip(move, numbers.clip)
                    _local_move(numbers, exchange.kind, state, t, k, move)
                    if data.norm == BATCH:
                        running = state.statistics[k]
                        for part in range(2):
                            for j in range(running.shape[1]):
                                running[part, j] += RUNNING * (work.statistics[part, j] - running[part, j])
                if not _in_range(state):
                    return -1
            if halves & TOGETHER:
                if exchange.kind == AVERAGE:
                    if (t + 1) % exchange.interval == 0:
                        state.sent[t] = _average(state.points)
                elif exchange.kind == FILTER:
                    state.sent[t] = _filter(state, exchange.thresholds[t], chosen, sizes, move)
                else:
                    most, quantile = exchange.entries[t], exchange.quantiles[t]
                    state.sent[t] = _send_largest(state, most, quantile, numbers.step_sizes[t], chosen, sizes, move)
        return sources

    return advance


@cache
def steps_kernel() -> Any:
    """The kernel, compiled anew when a source that it is made from has changed."""
    made_of = (
        __file__,
        layers,
        methods,
        network,
        passes,
        selection,
        wide_area,
        keys,
        counters,
        elementary,
        dense,
        gradients,
    )
    return _build(number_of_sources(*made_of))
