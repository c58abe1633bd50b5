"""The virtual clock: an asynchronous server as a queue of events, which gives its delays without any gradient.

Delays do not depend on the iterates as long as durations do not, so that 10^6 updates of 10,000 workers are a matter of
seconds. Everything is a pure function of the arguments: ties are broken by the worker's number.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.common.memory import check_memory
from experiments.runs.recorded_trace import ServerTrace
from experiments.servers.durations import duration
from experiments.servers.speeds import Speed, fleet_text, numbers_of
from theory.common.compiling import kept
from theory.common.errors import InputError
from theory.staleness.count import whole_number


def virtual_run(workers: Sequence[Speed], updates: int, seed: int = 0, bound: int | None = None) -> ServerTrace:
    r"""An asynchronous server on the virtual clock.

    All workers read $x_0$ at second 0. Whoever finishes first has its gradient applied, reads the new point and starts
    again. With a bound b it starts only once it is at most b gradients ahead of the slowest worker (stale synchronous
    parallel); until then it waits, and it reads when it starts.

    Without a bound, $\sum_{k\le T}d_k+\sum_w(T-\ell_w)=T(P-1)$, where $\ell_w$ is the last update that worker w made
    (0 if none): every update ages the P - 1 other gradients on their way by one. The mean delay therefore tends to
    P - 1 as soon as the ages at the end are small beside T.

    With a bound, $d_k\le(P-1)(2b+1)$: see `largest_delay`.

    Args:
        workers: their speeds, P of them; updates: T; seed: of the durations.
        bound: b, a whole number of at least 0, or None.

    Returns:
        The trace; the draw of each gradient is numbered in the order of the reads, 1, 2, ...

    Raises:
        InputError: no workers, or a number out of its range. TooLargeError: more memory than there is.

    Source: the average delay is that of Koloskova, Stich and Jaggi, Sharper Convergence Guarantees for Asynchronous
        SGD, NeurIPS 2022; the bound is that of Ho et al., More Effective Distributed ML via a Stale Synchronous
        Parallel Parameter Server, NeurIPS 2013.

    >>> from experiments.servers.speeds import parse_fleet
    >>> virtual_run(parse_fleet("3*constant:seconds=1"), updates=7).delays
    array([0, 1, 2, 2, 2, 2, 2])
    """
    fleet = tuple(workers)
    if not fleet:
        raise InputError("A server needs at least one worker. Got none.")
    steps = whole_number(updates, 1, "The number of updates", InputError)
    root = whole_number(seed, 0, "The seed", InputError, most=2**63 - 1)
    held = checked_bound(bound)
    check_memory(16 * 8 * steps)
    kinds, spans, numbers = numbers_of(fleet)
    delays, owners, read_at, applied_at, samples = _events(
        kinds, spans, numbers, steps, root, -1 if held is None else held
    )
    if not np.isfinite(applied_at).all():
        raise InputError("The durations of the workers add up to more than a clock can count. Give shorter ones.")
    return ServerTrace(
        delays, owners, read_at, applied_at, samples, len(fleet), "virtual clock", describe(fleet, root, bound)
    )


def checked_bound(bound: int | None) -> int | None:
    """The bound on how many gradients workers may be apart, or None for no bound."""
    return None if bound is None else whole_number(bound, 0, "The bound on how far workers may part", InputError)


def describe(workers: Sequence[Speed], seed: int, bound: int | None) -> str:
    """The workers in one line."""
    held = "no bound" if bound is None else f"at most {bound} gradients apart"
    return f"{fleet_text(workers)}, {held}, seed {seed}"


def largest_delay(workers: int, bound: int) -> int:
    r"""The largest delay under a bound b for P workers, $(P-1)(2b+1)$; it is attained.

    Proof. Let w start a gradient when it has finished f of them and the slowest m; then f <= m + b. As long as w
    computes, the slowest has finished at most f, so that another worker starts only while it has finished at most f + b
    and ends at most with f + b + 1. It had finished m >= f - b when w started: at most 2b + 1 updates of each other
    worker come in between. It is attained by a worker that is fast for b gradients and slow for the next.

    >>> largest_delay(8, 0), largest_delay(8, 2)
    (7, 35)
    """
    return (whole_number(workers, 1, "The number of workers", InputError) - 1) * (
        2 * whole_number(bound, 0, "The bound on how far workers may part", InputError) + 1
    )


Events = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


@kept()
def _events(
    kinds: NDArray[np.int64],
    spans: NDArray[np.int64],
    numbers: NDArray[np.float64],
    steps: int,
    seed: int,
    bound: int,
) -> Events:
    workers = kinds.size
    delays, owners, samples = np.empty(steps, np.int64), np.empty(steps, np.int64), np.empty(steps, np.int64)
    read_at, applied_at = np.empty(steps), np.empty(steps)
    started, point = np.zeros(workers), np.zeros(workers, np.int64)
    finished, draw = np.zeros(workers, np.int64), np.empty(workers, np.int64)
    waiting = np.zeros(workers, np.bool_)
    queue = [(0.0, 0) for _ in range(0)]  # when a gradient will be there, and its worker, whose number breaks ties
    reads, slowest, at_slowest = 0, 0, workers
    for w in range(workers):
        reads += 1
        draw[w] = reads
        ends = duration(kinds[w], numbers, spans[w, 0], spans[w, 1], seed, w, 0, 0.0)
        heapq.heappush(queue, (ends, w))
    for k in range(steps):
        now, w = heapq.heappop(queue)
        delays[k], owners[k], samples[k] = k - point[w], w, draw[w]
        read_at[k], applied_at[k] = started[w], now
        finished[w] += 1
        moved = False
        if finished[w] - 1 == slowest:
            at_slowest -= 1
            if at_slowest == 0:
                # Each worker passes each level once: all these loops together cost one look per update.
                slowest += 1
                for v in range(workers):
                    at_slowest += finished[v] == slowest
                moved = True
        waiting[w] = True
        low, high = (0, workers) if moved and bound >= 0 else (w, w + 1)
        for v in range(low, high):
            if waiting[v] and (bound < 0 or finished[v] - slowest <= bound):
                waiting[v] = False
                reads += 1
                draw[v], point[v], started[v] = reads, k + 1, now
                ends = now + duration(kinds[v], numbers, spans[v, 0], spans[v, 1], seed, v, finished[v], now)
                heapq.heappush(queue, (ends, v))
    return delays, owners, read_at, applied_at, samples
