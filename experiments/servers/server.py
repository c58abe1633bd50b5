"""A parameter server: it hands out its point, applies what comes back, and writes down who was how late.

The server knows no time of its own and no transport. A driver tells it when something happens: the virtual clock in
`virtual_server`, actors on a cluster in `ray_server`. Both make the same trace of the same events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from experiments.common.progress import untold
from experiments.runs.recorded_trace import ServerTrace
from experiments.servers.clock import checked_bound
from experiments.servers.job import Job, ServerRun, measured
from experiments.simulate.trajectories import recorded_times
from theory.common.errors import InputError
from theory.common.types import Ints, Progress, Vector

#: Delay, worker, read_at, arrival and sample of one gradient.
Row = tuple[int, int, float, float, int]

# A run that is further out than this has diverged.
_FAR = 1e150
# How many updates are replayed between two reports.
_TOLD = 256


@dataclass(frozen=True, eq=False)
class Ticket:
    """What a worker takes along: the point to compute at, the draw to use, and when it got them.

    Args:
        worker: who; draw: the number of this gradient among its own, 0, 1, ...
        sample: the number of the random draw; index: the updates applied so far, so that `point` is x_index.
        point: float64 (d,); read_at: seconds since the start.
    """

    worker: int
    draw: int
    sample: int
    index: int
    point: Vector
    read_at: float


class Server:
    """The state of a parameter server, changed by events alone.

    Args:
        job: what to optimise, with which steps.
        workers: how many there are, P.
        bound: how many gradients a worker may be ahead of the slowest, or None.
    """

    def __init__(self, job: Job, workers: int, bound: int | None = None) -> None:
        self.job, self.workers, self.bound = job, workers, checked_bound(bound)
        self.x = job.problem.initial_point
        self.applied, self.notes = 0, []  # type: int, list[str]
        self.diverged_at = -1
        self.rows: list[Row] = []
        self._buffer: list[Vector] = []
        self._times = set(recorded_times(job.steps, job.record_every).tolist())
        self._kept = {0: self.x}
        self._samples = 0
        self._finished, self._begun = np.zeros(workers, np.int64), np.zeros(workers, np.int64)
        self._alive, self._waiting = np.ones(workers, np.bool_), np.ones(workers, np.bool_)

    @property
    def done(self) -> bool:
        """Whether the run has ended: all updates are there, or it has diverged."""
        return self.applied >= self.job.steps or self.diverged_at >= 0

    def begin(self, now: float) -> list[Ticket]:
        """Tickets for the workers that may begin a gradient now, in the order of their numbers."""
        held = np.inf if self.bound is None else self._finished[self._alive].min(initial=np.iinfo(np.int64).max)
        ready = self._waiting & self._alive
        if self.bound is not None:
            ready = ready & (self._finished <= held + self.bound)
        return [self._ticket(int(worker), now) for worker in np.flatnonzero(ready)]

    def arrive(self, ticket: Ticket, gradient: Vector, now: float) -> list[Ticket]:
        """Apply a gradient, or the mean of a full buffer, and hand out tickets to whoever may go on."""
        delay = self.applied - ticket.index
        self.rows.append((delay, ticket.worker, ticket.read_at, now, ticket.sample))
        self._buffer.append(gradient)
        if len(self._buffer) == self.job.buffer:
            self._apply(mean_of(self._buffer), delay)
            self._buffer = []
        self._finished[ticket.worker] += 1
        self._waiting[ticket.worker] = True
        return [] if self.done else self.begin(now)

    def _apply(self, gradient: Vector, delay: int) -> None:
        k = self.applied + 1
        self.x = self.x - self.job.step_size(k, delay) * gradient
        self.applied = k
        if k in self._times:
            self._kept[k] = self.x
        if not np.linalg.norm(self.x) <= _FAR:
            self.diverged_at = k

    def lose(self, worker: int, note: str, now: float) -> list[Ticket]:
        """A worker died: its gradient is lost, and nobody waits for it."""
        self.notes.append(note)
        self._alive[worker], self._waiting[worker] = False, False
        return self.begin(now)

    def revive(self, worker: int, note: str, now: float) -> list[Ticket]:
        """A worker is back; it starts level with the slowest, so that nobody waits until it has caught up."""
        self.notes.append(note)
        if self._alive.any():
            self._finished[worker] = max(self._finished[worker], self._finished[self._alive].min())
        self._alive[worker], self._waiting[worker] = True, True
        return self.begin(now)

    def trace(self, source: str, description: str) -> ServerTrace:
        """What was recorded so far; InputError if nothing was."""
        told = " ".join([f"{description}.", *self.notes])
        return trace_of_rows(self.rows, self.workers, source, told, self.job.buffer)

    def result(self, source: str, description: str) -> ServerRun:
        """The run so far, with the gradient norms at its recorded points; they are measured now, after the run."""
        trace = self.trace(source, f"{self.job.text}; {description}")
        kept: dict[int, Vector] = {**self._kept, self.applied: self.x}
        times = np.array(sorted(k for k in kept if k <= self.applied), dtype=np.int64)
        return _run(self.job, trace, times, [kept[k] for k in times.tolist()], self.diverged_at)

    def _ticket(self, worker: int, now: float) -> Ticket:
        self._samples += 1
        self._waiting[worker] = False
        draw = int(self._begun[worker])
        self._begun[worker] += 1
        return Ticket(worker, draw, self._samples, self.applied, self.x, now)


def mean_of(gradients: Sequence[Vector]) -> Vector:
    """The mean of the gradients of an update, added in the order of their arrival."""
    return reduce(np.add, gradients) / len(gradients)


def trace_of_rows(rows: Sequence[Row], workers: int, source: str, description: str, buffer: int = 1) -> ServerTrace:
    """The trace of applied updates, each of so many gradients; InputError if there are none."""
    updates = len(rows) // buffer
    if not updates:
        raise InputError("The server stopped before its first update: there is nothing to store.")
    columns = (np.array(column) for column in zip(*rows[: updates * buffer], strict=True))
    delays, owners, read_at, arrived, samples = (column.reshape(updates, buffer) for column in columns)
    applied_at = arrived[:, -1].astype(float)
    return ServerTrace(delays, owners, read_at.astype(float), applied_at, samples, workers, source, description)


def rebuilt(job: Job, trace: ServerTrace) -> ServerRun:
    """The run of a server from its trace alone: the same iterates, measured again."""
    times = recorded_times(trace.steps, job.record_every)
    wanted, kept, diverged = set(times.tolist()), {0: job.problem.initial_point}, -1
    with np.errstate(over="ignore", invalid="ignore"):
        for k, (_, _, point) in enumerate(_walk(job, trace), start=1):
            if k in wanted:
                kept[k] = point
            if diverged < 0 and not np.linalg.norm(point) <= _FAR:
                diverged = k
    return _run(job, trace, times, list(kept.values()), diverged)


def _run(job: Job, trace: ServerTrace, times: Ints, points: Sequence[Vector], diverged_at: int) -> ServerRun:
    """A run with what is measured at its recorded points, the last of which is its end."""
    squares, losses = measured(job.problem, points)
    if diverged_at >= 0:
        squares[-1], losses[-1] = np.inf, np.nan
    sizes = job.sizes_used(trace.delays)
    return ServerRun(trace, job.described, sizes, times, squares, losses, points[-1], diverged_at)


def replayed_points(job: Job, trace: ServerTrace) -> list[Vector]:
    """x_0..x_T from the trace alone: what the server's iterates must equal bit for bit."""
    return [job.problem.initial_point, *(point for _, _, point in _walk(job, trace))]


def noise_norms(job: Job, trace: ServerTrace, progress: Progress = untold) -> Vector:
    """|g - grad F| of every applied gradient, like the delays, where it was computed; found by replaying the trace."""
    norms = np.empty(trace.delays.shape)
    for k, (reads, seen, _) in enumerate(_walk(job, trace)):
        pairs = zip(reads, seen, strict=True)
        norms[k] = np.reshape([np.linalg.norm(g - job.problem.full_gradient(x)) for x, g in pairs], norms[k].shape)
        if k % _TOLD == 0:
            progress(k, trace.steps)
    progress(trace.steps, trace.steps)
    return norms


def _walk(job: Job, trace: ServerTrace) -> Iterator[tuple[list[Vector], list[Vector], Vector]]:
    """Of each update the points that were read, the gradients there and the point they led to."""
    recent = deque([job.problem.initial_point], maxlen=trace.maximum + 1)
    sizes = job.sizes_used(trace.delays).tolist()
    columns = (column.reshape(trace.steps, -1).tolist() for column in (trace.delays, trace.samples))
    for delays, samples, size in zip(*columns, sizes, strict=True):
        reads = [recent[-1 - delay] for delay in delays]
        drawn = zip(reads, samples, strict=True)
        gradients = [job.problem.stochastic_gradient(x, job.seed, sample, job.batch) for x, sample in drawn]
        recent.append(recent[-1] - size * mean_of(gradients))
        yield reads, gradients, recent[-1]
