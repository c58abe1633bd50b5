"""How late gradients were: the delays of a trace in a few numbers, overall and for each worker."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.runs.recorded_trace import ServerTrace

QUANTILES = (0.5, 0.9, 0.99)
# More workers than this are summed up, not listed.
_LISTED = 64


@dataclass(frozen=True)
class Lateness:
    """The delays of some updates: how many, and their mean, standard deviation, quantiles and maximum.

    A quantile is the smallest delay that at least that share of the updates does not exceed.
    """

    updates: int
    mean: float
    deviation: float
    median: int
    ninetieth: int
    ninety_ninth: int
    maximum: int


@dataclass(frozen=True)
class TraceSummary:
    """A trace in numbers.

    Args:
        count: the workers P, 0 where nobody knows; overall: of all updates.
        workers: of each worker that made an update, by its number; empty where nobody knows.
        seconds: of the whole run; updates_per_second: both None without times.
        concurrency: the mean number of other gradients under way, which the mean delay tends to; None without workers.
        source, description: of the trace.
        reads: how many gradients an update averages; delays are those of gradients.
    """

    count: int
    overall: Lateness
    workers: Mapping[int, Lateness]
    seconds: float | None
    updates_per_second: float | None
    concurrency: int | None
    source: str
    description: str
    reads: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Plain values; the workers are listed where there are at most 64."""
        plain = asdict(self)
        listed = len(self.workers) <= _LISTED
        plain["workers"] = {str(w): asdict(late) for w, late in self.workers.items()} if listed else {}
        return plain


def summarise(trace: ServerTrace) -> TraceSummary:
    """The delays of a trace in a few numbers.

    >>> from experiments.servers.clock import virtual_run
    >>> from experiments.servers.speeds import parse_fleet
    >>> summarise(virtual_run(parse_fleet("2*constant+constant:seconds=2"), 100)).overall.maximum
    4
    """
    delays, everyone = trace.delays.ravel(), np.zeros(trace.delays.size, dtype=np.int64)
    seconds = float(trace.applied_at[-1]) if trace.timed else None
    return TraceSummary(
        count=trace.count,
        overall=_lateness(delays, everyone)[0],
        workers=_lateness(delays, trace.workers.ravel()) if trace.attributed else {},
        seconds=seconds,
        updates_per_second=trace.steps / seconds if seconds else None,
        concurrency=trace.count - 1 if trace.count else None,
        source=trace.source,
        description=trace.description,
        reads=trace.reads,
    )


def _lateness(delays: NDArray[np.int64], owners: NDArray[np.int64]) -> dict[int, Lateness]:
    """Of each owner, from one sorting of all delays."""
    order = np.lexsort((delays, owners))
    values, names = delays[order], owners[order]
    starts = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
    sizes = np.diff(np.append(starts, names.size))
    means = np.add.reduceat(values, starts) / sizes
    squares = np.add.reduceat((values - np.repeat(means, sizes)) ** 2, starts) / sizes
    ranks = [values[starts + np.ceil(q * sizes).astype(np.int64) - 1] for q in QUANTILES]
    rows = zip(names[starts], sizes, means, squares, *ranks, values[starts + sizes - 1], strict=True)
    return {
        int(name): Lateness(int(n), float(mean), math.sqrt(square), *(int(rank) for rank in last))
        for name, n, mean, square, *last in rows
    }
