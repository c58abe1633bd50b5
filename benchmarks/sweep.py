"""What the machinery of sweeps costs beside cells of a second, and what it can serve.

Usage: python benchmarks/sweep.py [--cells 20] [--seconds 1.0] [--empty 300] [--no-ray]

A cell turns in a loop for a second of the clock and stores a curve; the table shows by how much longer a sweep takes
than its cells (start-up apart: until every worker has had a cell), and what one empty cell costs. Where the rest goes:
encoding and writing a file are measured alone. The plan for many workers follows from the cost of an empty cell.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from busy import BUSY, Busy

from experiments.common.files import write_atomically
from experiments.sweep.coordination import plan_table
from experiments.sweep.executor import executor_for, run_cells
from experiments.sweep.store import Executor

TARGET = 0.02


@dataclass(frozen=True)
class WorkerTimes:
    """Seconds until the workers are warm, and the seconds that each further cell takes of a worker."""

    startup: float
    per_cell: float


def measure(executor: Executor, workers: int, cells: int, seconds: float) -> WorkerTimes:
    """Times at which outcomes arrive; the first ones of each worker are start-up."""
    arrived: list[float] = []
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = run_cells(
            BUSY,
            [Busy(number, seconds) for number in range(cells)],
            folder,
            executor=executor,
            progress=lambda done, total: arrived.append(time.perf_counter()) if done else None,
        )
    if any(outcome.error for outcome in outcomes):
        raise SystemExit(next(outcome.error for outcome in outcomes if outcome.error))
    first, last, rest = arrived[2 * workers - 1], arrived[-1], cells - 2 * workers
    return WorkerTimes(first - began - 2 * seconds, workers * (last - first) / rest)


def parts(repeats: int = 200) -> dict[str, float]:
    """Seconds per cell of what happens beside computing and sending."""
    cell = Busy(0, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "busy").mkdir()
        path = BUSY.path(cell, folder)
        made = BUSY.make(cell, "")
        return {
            "looking for a file": _each(lambda: BUSY.find(cell, Path(folder)), repeats),
            "computing nothing and encoding": _each(lambda: BUSY.make(cell, ""), repeats),
            "writing and flushing to the disk": _each(lambda: write_atomically(path, made.content), repeats),
        }


def _each(call: object, repeats: int) -> float:
    began = time.perf_counter()
    for _ in range(repeats):
        call()  # type: ignore[operator]
    return (time.perf_counter() - began) / repeats


def report(cells: int, seconds: float, empty: int, ray: bool) -> None:
    """Measure and print."""
    ways: list[tuple[str, AbstractContextManager[Executor], int]] = [
        ("this process", executor_for(), 1),
        ("2 processes", executor_for(2), 2),
    ]
    if ray:
        ways.append(("Ray on this machine", executor_for(cluster="local"), 0))
    print(f"| executor | start-up, s | beyond cells of {seconds:g} s | target | an empty cell, ms | cells/s |")
    print("|---|---|---|---|---|---|")
    served = 0.0
    for name, context, workers in ways:
        began = time.perf_counter()
        with context as executor:
            connected = time.perf_counter() - began
            count = workers or executor.window // 3  # type: ignore[attr-defined]
            full, none = measure(executor, count, cells, seconds), measure(executor, count, empty, 0.0)
        served, beyond = none.per_cell / count, full.per_cell / seconds - 1
        print(
            f"| {name} | {connected + full.startup:.1f} | {beyond:.2%} | {TARGET:.0%} | {1e3 * served:.2f} "
            f"| {1 / served:,.0f} |",
            flush=True,
        )
    costs = parts()
    print("\nOf an empty cell: " + "; ".join(f"{name} {1e3 * cost:.2f} ms" for name, cost in costs.items()) + ".")
    keep = min(costs["writing and flushing to the disk"], 0.9 * served)
    print(
        f"\nOne command before many workers, 95 % busy, at {1e3 * served:.2f} ms a task:\n\n{plan_table(served, keep)}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=20, help="cells of a second")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a cell")
    parser.add_argument("--empty", type=int, default=300, help="empty cells")
    parser.add_argument("--no-ray", action="store_true", help="local executors only")
    arguments = parser.parse_args()
    report(arguments.cells, arguments.seconds, arguments.empty, not arguments.no_ray)
