"""A trace of 10^6 updates: made on the virtual clock, written, read, summarised, and replayed on a small quadratic.

    python benchmarks/asynchronous.py

Every line is the seconds of one process after everything has been compiled.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from experiments.runs.recorded_trace import load_trace, save_trace
from experiments.servers.clock import virtual_run
from experiments.servers.job import settle
from experiments.servers.judging.dependence import dependence
from experiments.servers.judging.replay import replay
from experiments.servers.judging.summary import summarise
from experiments.servers.speeds import parse_fleet

UPDATES = 1_000_000
FLEET = "7*exponential:mean=1+1*constant:seconds=4"

T = TypeVar("T")


def timed(what: str, work: Callable[[], T]) -> T:
    """Do it, and print how long it took."""
    began = time.perf_counter()
    done = work()
    print(f"{what:<42}{time.perf_counter() - began:7.2f} s")
    return done


def main() -> None:
    """Print the table."""
    job = settle("quadratic:d=10", "1/(2*s*L)", UPDATES, staleness=8, record_every=10_000)
    small = virtual_run(parse_fleet(FLEET), 1000)
    replay(settle("quadratic:d=10", "1/(2*s*L)", 1000, staleness=8), [small.delays], 1)
    trace = timed(f"virtual clock, {FLEET}", lambda: virtual_run(parse_fleet(FLEET), UPDATES))
    timed("virtual clock, 10,000 workers", lambda: virtual_run(parse_fleet("10000*exponential"), UPDATES))
    with tempfile.TemporaryDirectory() as folder:
        path = timed("written", lambda: save_trace(trace, Path(folder) / "trace.nc"))
        trace = timed("read", lambda: load_trace(path))
    late = timed("summarised", lambda: summarise(trace)).overall
    timed("dependence", lambda: dependence(trace))
    timed("replayed, one seed", lambda: replay(job, [trace.delays], 1))
    print(f"mean delay {late.mean:.4f}, largest {late.maximum}")


if __name__ == "__main__":
    main()
