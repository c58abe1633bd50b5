"""What coordination costs when one process hands cells to many workers: a formula, and an exact simulation.

The command serves one task at a time: c seconds for sending it, taking its result and keeping the file. Each of N
workers computes tasks of b cells of l seconds. A window of w tasks per worker is on its way: one that runs, and w - 1
that wait at the worker, so that it need not wait for the command. `benchmarks/sweep.py` measures c.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from theory.common.errors import InputError
from theory.staleness.count import whole_number


@dataclass(frozen=True)
class Coordination:
    """Workers around one command.

    Args:
        workers: N; cell_seconds: l, the mean length of a cell.
        dispatch_seconds: c, the time of the command for a task; keep_seconds: the part of it that every cell needs.
        batch: b, cells of a task; window: tasks on their way per worker.

    >>> Coordination(1000, cell_seconds=1.0, dispatch_seconds=0.002).share
    0.5
    """

    workers: int
    cell_seconds: float
    dispatch_seconds: float
    keep_seconds: float = 0.0
    batch: int = 1
    window: int = 3

    def __post_init__(self) -> None:
        for name in ("workers", "batch", "window"):
            whole_number(getattr(self, name), 1, f"The {name} of a coordination", InputError)
        if not (self.cell_seconds > 0 and self.dispatch_seconds > self.keep_seconds >= 0):
            raise InputError("A cell takes time, and dispatching it more than keeping it, which takes 0 or more.")

    @property
    def service(self) -> float:
        """c_b = c + (b - 1) c_keep: the time of the command for a task of b cells."""
        return self.dispatch_seconds + (self.batch - 1) * self.keep_seconds

    @property
    def cells_per_second(self) -> float:
        """B / c_b: what the command can serve."""
        return self.batch / self.service

    @property
    def share(self) -> float:
        """min(1, b l / (N c_b)): how much of the workers' time is work, where windows hide the command's time."""
        return min(1.0, self.batch * self.cell_seconds / (self.workers * self.service))

    def least_cell_seconds(self, share: float = 0.95) -> float:
        """Share N c_b / b: the shortest cells that keep that share of the workers' time busy."""
        return share * self.workers * self.service / self.batch


def simulated_share(
    setting: Coordination, tasks_per_worker: int = 20, *, seed: int = 0, spread: bool = True, exponential: bool = False
) -> float:
    """The share of the workers' time that is work, by a queue of events; the first third is left out.

    Args:
        setting: what is simulated; tasks_per_worker: how long.
        seed: of the lengths.
        spread: whether lengths are exponential; otherwise all are the same.
        exponential: whether the command's times are exponential too; otherwise all are the same.
    """
    rng = np.random.default_rng(seed)
    total, n = setting.workers * tasks_per_worker, setting.workers
    mean = setting.batch * setting.cell_seconds
    lengths = (rng.gamma(setting.batch, mean / setting.batch, total) if spread else np.full(total, mean)).tolist()
    services = (rng.exponential(setting.service, total) if exponential else np.full(total, setting.service)).tolist()
    # A task is asked for when the one `window` before it ends; whoever asked first is served first.
    requests = [(0.0, place, place % n) for place in range(setting.window * n)]
    free, clock, done = [0.0] * n, 0.0, []
    for length, service in zip(lengths, services, strict=True):
        asked, place, worker = heapq.heappop(requests)
        clock = max(clock, asked) + service
        free[worker] = max(clock, free[worker]) + length
        heapq.heappush(requests, (free[worker], place, worker))
        done.append(free[worker])
    done = sorted(end for end in done if end <= clock)  # without the tail, in which nothing is left to be sent
    first = len(done) // 3
    return (len(done) - 1 - first) * mean / (n * (done[-1] - done[first]))


def plan_table(dispatch_seconds: float, keep_seconds: float, share: float = 0.95) -> str:
    """The shortest cells for many workers, as a table; the last column is simulated at that length."""
    lines = [
        "| workers | cells a task | cells/s served | shortest cell, s | simulated share |",
        "|---|---|---|---|---|",
    ]
    for workers in (100, 1_000, 10_000):
        for batch in (1, 10, 100):
            asked = Coordination(workers, 1.0, dispatch_seconds, keep_seconds, batch)
            least = asked.least_cell_seconds(share)
            setting = Coordination(workers, least, dispatch_seconds, keep_seconds, batch)
            simulated = simulated_share(setting, max(12, 20_000 // workers))
            lines.append(f"| {workers:,} | {batch} | {setting.cells_per_second:,.0f} | {least:.2g} | {simulated:.0%} |")
    return "\n".join(lines)
