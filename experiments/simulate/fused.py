"""The theorem's iteration for the built-in objectives: one numba kernel, its threads sharing out the seeds.

The idea: a seed needs only the last `window` points (a ring), and its random numbers come from counters; so a chunk of
steps of a seed is a pure function of the state before it, and no number depends on chunks, threads or other seeds.
"""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from experiments.kernels import counters, elementary
from experiments.problems.problem import KernelData
from experiments.simulate import gradients, measure, measured, steps, trajectories
from experiments.simulate.gradients import (
    LOGISTIC,
    NONCONVEX,
    OPTIONS,
    QUADRATIC,
    SOFTMAX,
    Objective,
    Scratch,
    compiled,
    dot,
    gradient_at,
    make_scratch,
    pasted,
)
from experiments.simulate.measure import RESOLUTION
from experiments.simulate.measured import (
    COHERENCE,
    COSINE,
    DISPLACEMENT,
    INNER_PRODUCT,
    LOSS,
    NORM_SQUARED,
    SMOOTHNESS,
)
from experiments.simulate.steps import add, arrive, divide, move, plain_step, put_together, slots_of_terms
from experiments.simulate.trajectories import FAR_SQUARED, Iteration, Trajectories, block_starts, frozen
from theory.common import compiling
from theory.common.compiling import kept, number_of_sources
from theory.common.errors import ProblemError
from theory.common.types import Ints, Progress, Vector

# Seconds between two calls of `progress`, and so the longest that an interruption waits.
_CHUNK_SECONDS = 0.3
# Numbers read in the first chunk, whose speed is not yet known: some milliseconds.
_FIRST_CHUNK = 10**7
# Parts of the seeds for each thread.
_SHARES = 4
# As a numpy number it has the type of every other step, so that the gradient is compiled once.
_FULL: Any = np.int64(0)


class _State(NamedTuple):
    """What a chunk leaves to the next; axis 0 is the seed, and what belongs to x_k is in slot k mod window."""

    points: NDArray[np.float64]
    terms: NDArray[np.float64]
    gradients: NDArray[np.float64]
    gradient_times: Ints
    recorded_points: NDArray[np.float64]
    recorded_gradients: NDArray[np.float64]
    diverged_at: Ints
    records: NDArray[np.float64]


@compiled
def _distance(a: Vector, b: Vector) -> float:
    """|a - b|."""
    total: float = 0.0
    for j in range(a.shape[0]):
        total += (a[j] - b[j]) * (a[j] - b[j])
    return math.sqrt(total)


@compiled
def _secant(x: Vector, gradient: Vector, old_x: Vector, old_gradient: Vector) -> float:
    """|difference of gradients| / |difference of points|; NaN for points too close to tell apart."""
    distance = _distance(x, old_x)
    if not distance > RESOLUTION * math.sqrt(dot(x, x)):
        return np.nan
    return float(_distance(gradient, old_gradient) / distance)


@pasted
def _measure(objective: Objective, scratch: Scratch, run: Iteration, state: _State, s: int, k: int) -> None:
    """Record what is measured at x_k."""
    x, gradient = state.points[s, k % state.points.shape[1]], scratch.gradient
    old_x, old_gradient = state.recorded_points[s], state.recorded_gradients[s]
    record = state.records[:, s, _record_index(run, k)]
    record[LOSS] = gradient_at(objective, scratch, run.seeds[s], _FULL, x, gradient)
    record[NORM_SQUARED] = dot(gradient, gradient)
    record[DISPLACEMENT] = 0.0
    if k > 0:
        record[SMOOTHNESS] = _secant(x, gradient, old_x, old_gradient)
    slot = k % state.gradients.shape[1]
    for j in range(x.shape[0]):
        old_x[j], old_gradient[j], state.gradients[s, slot, j] = x[j], gradient[j], gradient[j]
    state.gradient_times[s, slot] = k
    _compare(objective, scratch, run, state, s, k, record)


@pasted
def _gradient_slot(objective: Objective, scratch: Scratch, run: Iteration, state: _State, s: int, t: int) -> int:
    """Where the ring holds the full gradient at x_t, which it may have lacked."""
    slot: int = t % state.gradients.shape[1]
    if state.gradient_times[s, slot] != t:
        point = state.points[s, t % state.points.shape[1]]
        gradient_at(objective, scratch, run.seeds[s], _FULL, point, state.gradients[s, slot])
        state.gradient_times[s, slot] = t
    return slot


@pasted
def _read_several(
    objective: Objective, scratch: Scratch, run: Iteration, state: _State, s: int, k: int, out: Vector
) -> None:
    """Write the mean of the full gradients at the points that step k + 1 reads to `out`."""
    if run.inconsistent:
        points = state.points[s]
        put_together(points, k % points.shape[0], run.delays[k], scratch.starts, scratch.direction)
        gradient_at(objective, scratch, run.seeds[s], _FULL, scratch.direction, out)
    else:
        for j in range(out.shape[0]):
            out[j] = 0.0
        for b in range(run.delays.shape[1]):
            slot = _gradient_slot(objective, scratch, run, state, s, k - run.delays[k, b])
            add(out, state.gradients[s, slot])
        divide(out, run.delays.shape[1])


@pasted
def _compare(
    objective: Objective, scratch: Scratch, run: Iteration, state: _State, s: int, k: int, record: Vector
) -> None:
    """Compare the gradient at x_k with those of its window, of which the ring lacks some if points go unrecorded."""
    gradient = state.recorded_gradients[s]
    square = dot(gradient, gradient)
    smallest = 1.0 if run.coherence and 0.0 < square < np.inf else np.nan
    if run.coherence:
        # Rounding would keep the ratio of g_k with itself from being 1.
        for t in range(max(0, k - run.window + 1), k):
            slot = _gradient_slot(objective, scratch, run, state, s, t)
            ratio = dot(gradient, state.gradients[s, slot]) / square
            if ratio < smallest:
                smallest = ratio
    record[COHERENCE] = smallest
    if k < run.delays.shape[0]:
        read = scratch.gradient
        if run.delays.shape[1] > 1:
            _read_several(objective, scratch, run, state, s, k, read)
        else:
            read = state.gradients[s, _gradient_slot(objective, scratch, run, state, s, k - run.delays[k, 0])]
        product = dot(gradient, read)
        record[INNER_PRODUCT] = product
        record[COSINE] = product / math.sqrt(square) / math.sqrt(dot(read, read))


@compiled
def _record_index(run: Iteration, k: int) -> int:
    """The position of the first recorded time that is not before k."""
    return (k + run.record_every - 1) // run.record_every


@pasted
def _advance_seed(
    objective: Objective, run: Iteration, state: _State, scratch: Scratch, s: int, first: int, last: int
) -> None:
    """Take steps first + 1 .. last of one seed, or as many as there are before it diverges."""
    points, displacements = state.points[s], state.records[DISPLACEMENT, s]
    window, last_step, kept = points.shape[0], run.weights.shape[0], run.weights.shape[1]
    plain = kept == 1 and run.moves.shape[0] == 0
    # No step leads to x_0, which is measured here too: code that is pasted in one place compiles in half the time.
    for k in range(min(first, 1) * (first + 1), last + 1):
        x, square = points[k % window], 0.0
        if k > 0:
            before, arrived = points[(k - 1) % window], state.terms[s, (k - 1) % kept]
            arrive(objective, scratch, run, points, run.seeds[s], k, arrived)
            if plain:
                square = plain_step(before, arrived, run.weights[k - 1, 0], x)
            else:
                square = move(run, scratch, state.terms[s], k, before, x)
        near, recorded = square <= FAR_SQUARED, k % run.record_every == 0 or k == last_step
        if near and recorded:
            _measure(objective, scratch, run, state, s, k)
        elif not recorded:
            record = _record_index(run, k) - 1
            distance = _distance(x, state.recorded_points[s]) if near else np.inf
            displacements[record] = max(displacements[record], distance)
        if not near:
            state.diverged_at[s] = k
            break


def _build(sources: int) -> Any:
    """The kernel. A variable of the enclosing scope enters numba's key of its cache; other modules do not."""

    @kept(**OPTIONS, nogil=True)
    def advance(
        objective: Objective, run: Iteration, state: _State, scratch: Scratch, rows: Ints, first: int, last: int
    ) -> int:
        for s in rows:
            _advance_seed(objective, run, state, scratch, s, first, last)
        return sources

    return advance


_advance = _build(
    number_of_sources(__file__, compiling, counters, elementary, gradients, measure, measured, steps, trajectories)
)


def run_fused(
    kernel: KernelData, start: Vector, run: Iteration, progress: Progress, threads: int | None = None
) -> Trajectories:
    """Run all seeds from the point `start` (d,), on `threads` threads or as many as numba may use."""
    seen, seeds, workers = Trajectories.blank(run, start.size), run.seeds.size, threads or _all_threads()
    check_arrays(kernel, start.size)
    objective, state = compiled_objective(kernel), _initial_state(run, start, seen)
    starts = block_starts(run.delays.shape[1], start.size)

    def advance(rows: Ints, first: int, last: int) -> None:
        scratch = make_scratch(objective, start.size, slots_of_terms(run), starts)
        _advance(objective, run, state, scratch, rows, first, last)

    done, chunk = 0, 1 + _FIRST_CHUNK // (seeds * (kernel.matrix.size + start.size))
    with ThreadPoolExecutor(min(workers, seeds)) as pool:
        while done < run.steps:
            last, started = min(run.steps, done + chunk), time.perf_counter()
            tasks = _shares(seen.diverged_at, workers)
            list(pool.map(advance, tasks, repeat(done), repeat(last)))
            chunk = _next_chunk(last - done, time.perf_counter() - started)
            done = last
            progress(done * seeds, run.steps * seeds)
    last_times = np.where(seen.diverged_at < 0, run.steps, seen.diverged_at)
    seen.final_points[:] = state.points[np.arange(seeds), last_times % state.points.shape[1]]
    return seen


def _shares(diverged_at: Ints, workers: int) -> list[Ints]:
    """The seeds that go on, in several shares for each worker, so that none waits long for another."""
    alive = np.flatnonzero(diverged_at < 0)
    return [share for share in np.array_split(alive, _SHARES * workers) if share.size]


def _all_threads() -> int:
    """The processors that this process may use, or what the environment variable NUMBA_NUM_THREADS says."""
    return int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]


def check_arrays(kernel: KernelData, dimension: int) -> None:
    """Refuse shapes and labels with which compiled code would read or write outside its arrays."""
    width = kernel.matrix.shape[1] * max(1, kernel.classes)
    fits = {
        QUADRATIC: kernel.vector.size == dimension,
        NONCONVEX: True,
        LOGISTIC: width == dimension and kernel.classes <= 1 and len(kernel.matrix) > 0,
        SOFTMAX: width == dimension and kernel.labels.shape == kernel.matrix.shape[:1] and len(kernel.matrix) > 0,
    }
    labelled = kernel.labels.size == 0 or (kernel.labels.min() >= 0 and kernel.labels.max() < kernel.classes)
    if not (fits.get(int(kernel.kind), False) and labelled and kernel.scalars.shape == (8,)):
        raise ProblemError(f"The problem's arrays do not fit its dimension {dimension} or its labels 0..K-1.")


def _next_chunk(steps: int, seconds: float) -> int:
    """As many steps as fill a chunk's time, but not many times more than were just timed."""
    return max(1, min(8 * steps, int(steps * _CHUNK_SECONDS / max(seconds, 1e-9))))


def compiled_objective(kernel: KernelData) -> Objective:
    """The kernel's numbers with fixed types, so that all objectives share one compiled kernel."""
    return Objective(
        int(kernel.kind),
        frozen(kernel.matrix, np.float64),
        frozen(kernel.labels, np.int64),
        frozen(kernel.vector, np.float64),
        frozen(kernel.scalars, np.float64),
        int(kernel.classes),
    )


def _initial_state(run: Iteration, start: Vector, seen: Trajectories) -> _State:
    seeds, d = run.seeds.size, start.size
    points = np.zeros((seeds, point_slots(run.window), d))
    points[:, 0] = start
    gradient_slots = run.window if run.coherence else 1
    return _State(
        points,
        np.zeros((seeds, slots_of_terms(run), d)),
        np.zeros((seeds, gradient_slots, d)),
        np.full((seeds, gradient_slots), -1),
        np.zeros((seeds, d)),
        np.zeros((seeds, d)),
        seen.diverged_at,
        seen.records,
    )


def point_slots(window: int) -> int:
    """Points kept per seed: two at least, since a step is written while the point before it is read."""
    return max(2, window)
