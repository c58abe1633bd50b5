"""Delay traces below a staleness: all that read different gradients, and the few that have a name.

Steps are numbered from 0; a trace is a tuple of delays, 0 <= d_k <= min(s - 1, k).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice, product

import numpy as np
from numpy.typing import ArrayLike

from theory.common.types import Ints
from theory.staleness.count import Staleness
from theory.staleness.stability import adversarial_period

Trace = tuple[int, ...]


def constant_delays(steps: int, staleness: Staleness) -> Ints:
    """The constant delay s - 1 as a trace, d_k = min(s - 1, k).

    >>> constant_delays(4, Staleness(3))
    array([0, 1, 2, 2])
    """
    return np.minimum(np.arange(steps), staleness.maximum_delay)


def sawtooth(steps: int, period: int, staleness: Staleness) -> Ints:
    """The trace min(k mod P, s - 1): a point is read s times, then P - s steps read s - 1 back.

    >>> sawtooth(6, 4, Staleness(3))
    array([0, 1, 2, 2, 0, 1])
    """
    return np.minimum(np.arange(steps) % period, staleness.maximum_delay)


def count_traces(step_sizes: ArrayLike, staleness: Staleness) -> int:
    """How many traces read different gradients: prod_k min(s, k + 1) where no step is 0.

    >>> count_traces([1.0, 1.0, 1.0], Staleness(2)), count_traces([1.0, 0.0, 1.0], Staleness(2))
    (4, 1)
    """
    return math.prod(len(delays) for delays in choices(step_sizes, staleness))


def all_traces(step_sizes: ArrayLike, staleness: Staleness) -> Iterator[Trace]:
    """Every trace that reads different gradients, the constant delay first.

    >>> list(all_traces([1.0, 1.0, 1.0], Staleness(2)))
    [(0, 1, 1), (0, 1, 0), (0, 0, 1), (0, 0, 0)]
    """
    yield from product(*choices(step_sizes, staleness))


def choices(step_sizes: ArrayLike, staleness: Staleness) -> list[list[int]]:
    """For each step the delays that read different points, the largest first.

    >>> choices([1.0, 0.0, 1.0, 1.0], Staleness(3))
    [[0], [1], [2, 1], [2, 0]]
    """
    steps = np.asarray(step_sizes, dtype=np.float64)
    point = np.append(0, np.cumsum(steps > 0))  # points that a step of size 0 leaves where they are share a number
    chosen = []
    for k, step in enumerate(steps):
        largest = min(staleness.maximum_delay, k)
        distinct = {int(point[k - d]): d for d in range(largest + 1)} if step > 0 else {0: largest}
        chosen.append(sorted(distinct.values(), reverse=True))
    return chosen


def named_traces(steps: int, staleness: Staleness) -> dict[str, Trace]:
    """The traces that a search begins with, by name; equal ones once.

    >>> list(named_traces(5, Staleness(2)))
    ['constant', 'fresh', 'batch', 'sawtooth 3', 'sawtooth 4', 'constant, then fresh', 'fresh, then constant']
    """
    latest, window = constant_delays(steps, staleness), staleness.window
    found = {"constant": latest, "fresh": np.zeros_like(latest), "batch": sawtooth(steps, window, staleness)}
    if window > 1:
        found["adversarial"] = sawtooth(steps, adversarial_period(window - 1), staleness)
    found |= {f"sawtooth {period}": sawtooth(steps, period, staleness) for period in range(window + 1, 3 * window + 1)}
    half = np.arange(steps) < (steps + 1) // 2
    found |= {"constant, then fresh": latest * half, "fresh, then constant": latest * ~half}
    traces = {name: tuple(int(d) for d in trace) for name, trace in found.items()}
    return {name: trace for name, trace in traces.items() if trace not in _before(name, traces)}


def _before(name: str, traces: dict[str, Trace]) -> list[Trace]:
    return [trace for _, trace in islice(traces.items(), list(traces).index(name))]
