"""The compiled iteration of several workers with error compensation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from experiments.kernels import counters, dense, elementary, keys
from experiments.kernels.keys import worker_key
from experiments.simulate import gradients
from experiments.simulate.gradients import OPTIONS
from experiments.systems.shared import selection
from experiments.systems.shared.selection import EVERY, select
from experiments.workers.engines.ring import gradient_into
from theory.common.compiling import Function, kept, number_of_sources
from theory.common.types import Array, Floats, Ints, Matrix

COMPRESSION = 16  # the stream of random numbers, beside those of experiments/kernels and of the other systems

# Nothing here allocates, so the functions do without reference counts; see experiments/simulate/gradients.py.
_compiled: Callable[[Function], Function] = njit(**OPTIONS, nogil=True)


class Rules(NamedTuple):
    """What all seeds share: the selection, what of it is kept, entries k, quantiles and steps of every iteration."""

    kind: int
    memory: bool
    entries: Ints
    quantiles: Floats
    step_sizes: Floats
    momentum: float
    weight_decay: float
    limit: float


class Replicas(NamedTuple):
    """The state of one seed.

    points (2, d): the model, and the virtual sequence that the same gradients drive uncompressed; velocities and sums
    (2, d) of the same two. residuals and compensated (P, d): eps and u of every worker. chosen, sizes (d,): work space.
    """

    points: Array
    velocities: Array
    sums: Array
    residuals: Array
    compensated: Array
    chosen: Ints
    sizes: Array


class Recorded(NamedTuple):
    """What is measured of one seed: (T, P) entries sent, |u - C(u)|^2 / |u|^2 and |g|^2; (T + 1,) |x - x~|^2."""

    sent: Ints
    left: Matrix
    gradient_squares: Matrix
    distance_squares: Floats


@_compiled
def _square(a: Array) -> float:
    total = 0.0
    for j in range(a.shape[0]):
        total += a[j] * a[j]
    return total


@_compiled
def _clear(a: Array) -> None:
    for j in range(a.shape[0]):
        a[j] = 0


@_compiled
def _compress(rules: Rules, state: Replicas, seed: int, t: int, worker: int) -> tuple[int, float]:
    """Add what a worker sends to the sum and leave the rest as its residual; the count, and the square of the rest."""
    u, residual, total = state.compensated[worker], state.residuals[worker], state.sums[0]
    if rules.kind == EVERY:
        for j in range(u.shape[0]):
            total[j] += u[j]
            residual[j] = 0
        return u.shape[0], 0.0
    key = worker_key(seed, COMPRESSION, t, worker)
    count = select(rules.kind, u, rules.entries[t], rules.quantiles[t], key, state.chosen, state.sizes)
    for j in range(u.shape[0]):
        residual[j] = u[j]
    for i in range(count):
        j = state.chosen[i]
        total[j] += u[j]
        residual[j] = 0
    left = _square(residual)
    if not rules.memory:
        _clear(residual)
    return count, left


@_compiled
def _step(rules: Rules, t: int, read: Array, total: Array, workers: int, velocity: Array, point: Array) -> None:
    """Move a point by the workers' mean, with weight decay at the point that was read, and momentum."""
    for j in range(point.shape[0]):
        velocity[j] = rules.momentum * velocity[j] + (total[j] / workers + rules.weight_decay * read[j])
        point[j] -= rules.step_sizes[t] * velocity[j]


@_compiled
def _move(rules: Rules, state: Replicas, t: int) -> float:
    """Take the step of the virtual sequence and of the model; the squared distance between them."""
    x, virtual, workers = state.points[0], state.points[1], state.residuals.shape[0]
    _step(rules, t, x, state.sums[1], workers, state.velocities[1], virtual)
    _step(rules, t, x, state.sums[0], workers, state.velocities[0], x)
    distance = 0.0
    for j in range(x.shape[0]):
        distance += (x[j] - virtual[j]) * (x[j] - virtual[j])
    return distance


@_compiled
def exchange(rules: Rules, state: Replicas, recorded: Recorded, seed: int, t: int) -> bool:
    """Iteration t from the workers' gradients, which stand in `compensated`; whether the run goes on."""
    for i in range(2):
        _clear(state.sums[i])
    for worker in range(state.residuals.shape[0]):
        u, residual = state.compensated[worker], state.residuals[worker]
        recorded.gradient_squares[t, worker] = _square(u)
        for j in range(u.shape[0]):
            state.sums[1, j] += u[j]
            u[j] += residual[j]
        energy = _square(u)
        if not energy <= rules.limit:
            return False
        count, left = _compress(rules, state, seed, t, worker)
        recorded.sent[t, worker] = count
        recorded.left[t, worker] = left / energy if energy > 0.0 else 0.0
    recorded.distance_squares[t + 1] = _move(rules, state, t)
    return _square(state.points[0]) <= rules.limit


def _build(sources: int) -> Any:
    """The kernel. A variable of the enclosing scope enters numba's key of its cache; other modules do not."""

    @kept(error_model="numpy", nogil=True)
    def advance(
        data: Any, scratch: Any, rules: Rules, state: Replicas, recorded: Recorded, seed: int, first: int, last: int
    ) -> int:
        """Iterations first..last-1; the one at which the run diverged, or -1."""
        for t in range(first, last):
            for worker in range(state.residuals.shape[0]):
                gradient_into(data, scratch, seed, t, worker, state.points[0], state.compensated[worker])
            if not exchange(rules, state, recorded, seed, t):
                return t
        return -1 if sources else -2

    return advance


@cache
def kernel_for(kind: type[Any]) -> Any:
    """The kernel for one class of data, compiled anew when a source that it is made from has changed."""
    return _build(number_of_sources(__file__, selection, keys, counters, elementary, gradients, dense, kind))


def blank_state(start: Array, workers: int) -> Replicas:
    """The state before the first iteration, at a start (d,)."""
    pair, each = (2, start.size), (workers, start.size)
    velocities, sums, residuals, compensated = (np.zeros(shape, start.dtype) for shape in (pair, pair, each, each))
    chosen, sizes = np.zeros(start.size, np.int64), np.zeros(start.size, start.dtype)
    return Replicas(np.stack([start, start]), velocities, sums, residuals, compensated, chosen, sizes)


def blank_record(iterations: int, workers: int) -> Recorded:
    """The record before the first iteration."""
    shape = (iterations, workers)
    distances = np.full(iterations + 1, np.nan)
    distances[0] = 0.0
    return Recorded(np.zeros(shape, np.int64), np.full(shape, np.nan), np.full(shape, np.nan), distances)
