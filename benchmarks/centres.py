"""Speed of several centres, compiled, against the plain loop in numpy that they agree with.

    python benchmarks/centres.py

Gaia on 4 centres of 2 workers over the wide-area network, one seed on one thread; both draw from the same counters and
give the same points to the last digits. The unit is the processor time of one clock of one centre; medians of several
turns. On ratings both spend their time on passes over 48,685 parameters, of which a minibatch moves few.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np

from experiments.systems.multi_centre.centres import run_centres
from experiments.systems.multi_centre.naive import naive_centres
from experiments.systems.multi_centre.setting import gaia, thresholds
from experiments.systems.multi_centre.wide_area import wide_area
from experiments.systems.shared.split import split
from experiments.workers.seeds import single_threaded_products

CENTRES, WORKERS, REPEATS = 4, 2, 5
#: Workload, batch, step size, and clocks of a turn of the plain loop; the compiled one takes ten times as many.
CASES = (
    ("problem:quadratic:d=20", 1, 0.1, 40),
    ("problem:logistic-digits", 8, 0.3, 40),
    ("dnn:width=32,bits=64", 8, 0.1, 20),
    ("matrix-factorization", 100, 0.04, 20),
)


def seconds(run: Callable[[], object]) -> float:
    """Processor time."""
    began = time.process_time()
    run()
    return time.process_time() - began


def main() -> None:
    """Print the table."""
    setting, network = gaia(CENTRES, WORKERS), wide_area(CENTRES, "lognormal:mean=0.05,spread=0.25", 1e6)
    print(f"{'4 centres of 2 workers':<28}{'plain, us':>12}{'compiled, us':>14}{'times as fast':>15}")
    for name, batch, step_size, clocks in CASES:
        task, turns = split(name, CENTRES * WORKERS), []
        few, many = (np.full(steps, step_size) for steps in (clocks, 10 * clocks))
        plain_run = partial(
            naive_centres, task, setting, network, few, thresholds(0.02, few), batch=batch, every=clocks
        )
        fast_run = partial(run_centres, task, setting, network, many, thresholds(0.02, many), batch=batch, every=clocks)
        fast_run()
        for _ in range(REPEATS):
            plain, fast = seconds(plain_run) / clocks, seconds(fast_run) / (10 * clocks)
            turns.append((plain, fast, plain / fast))
        plain, fast, ratio = (median(column) for column in zip(*turns, strict=True))
        print(f"{name:<28}{1e6 * plain / CENTRES:>12.1f}{1e6 * fast / CENTRES:>14.2f}{ratio:>15.0f}")


if __name__ == "__main__":
    with single_threaded_products():
        main()
