"""Speed of replicas that average in groups, compiled, against the plain loop in numpy that they agree with.

    python benchmarks/replicas.py

16 workers in groups of 4 on a grid, one seed on one thread; both draw from the same counters and give the same points
to the last digits. The unit is the processor time of one gradient of one worker; medians of several turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median

from experiments.systems.ds_sync.naive import naive_replicas
from experiments.systems.ds_sync.replicas import run_replicas
from experiments.systems.shared.averaging_groups import get_mixing
from experiments.systems.shared.split import split
from experiments.workers.seeds import single_threaded_products

WORKERS, GROUP, REPEATS = 16, 4, 7
#: Workload, skew, batch, and steps of a turn of the plain loop; the compiled one takes ten times as many.
CASES = (
    ("problem:quadratic:d=20", 1.0, 1, 40),
    ("problem:nonconvex:d=20", 1.0, 1, 40),
    ("problem:logistic-digits", 100, 8, 40),
    ("dnn:width=32,bits=64", 100, 8, 20),
)


def seconds(run: Callable[[], object]) -> float:
    """Processor time."""
    began = time.process_time()
    run()
    return time.process_time() - began


def main() -> None:
    """Print the table."""
    mixing = get_mixing("grid", WORKERS, GROUP)
    print(f"{'16 replicas in groups of 4':<28}{'plain, us':>12}{'compiled, us':>14}{'times as fast':>15}")
    for name, skew, batch, steps in CASES:
        task = split(name, WORKERS, skew)
        run_replicas(task, mixing, 0.01, 2, batch=batch)
        turns = []
        for _ in range(REPEATS):
            plain = seconds(partial(naive_replicas, task, mixing, 0.01, steps, batch=batch)) / steps
            compiled = partial(run_replicas, task, mixing, 0.01, 10 * steps, batch=batch, every=steps)
            fast = seconds(compiled) / (10 * steps)
            turns.append((plain, fast, plain / fast))
        plain, fast, ratio = (median(column) for column in zip(*turns, strict=True))
        print(f"{name:<28}{1e6 * plain / WORKERS:>12.1f}{1e6 * fast / WORKERS:>14.2f}{ratio:>15.0f}")


if __name__ == "__main__":
    with single_threaded_products():
        main()
