"""Speed of compressors against an exact partial sort, and of workers with error compensation against a plain loop.

Usage: python benchmarks/compressors.py [--repeats 5] [--seconds 0.5]

Selection: d = 10^7 numbers of 64 bits, one thread, both sides in turn; the partial sort is numpy.argpartition of |x|,
the absolute value included, and the selection is `Compressor.select` with its check of the vector. Medians, and the
median of the ratios of turns that ran side by side. The peak memory is that of a process of its own, in vectors of d
numbers, the vector that is compressed among them.

Workers: P = 4 with top-k, as `simulate_compensated` runs them, 4 seeds on all threads that numba may use, all that it
records included; the plain loop runs one seed on one thread in numpy, is given its minibatches for nothing, and records
nothing. The unit is one update of one worker of one seed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import sys
from pathlib import Path
from statistics import median
from typing import Any

import numba
import numpy as np

from experiments.kernels.counters import stream_key
from experiments.kernels.keys import worker_minibatch
from experiments.systems.shared.compressors import entries_kept, get_compressor
from experiments.systems.shared.error_compensation import Compensation, simulate_compensated
from experiments.systems.topk.families import get_family
from experiments.workers.seeds import single_threaded_products
from experiments.workloads import get_workload

sys.path.insert(0, str(Path(__file__).parent))
from engine import rates, steps_for, timed

from theory.common.types import Array

D, WORKERS, SEEDS, STEP_SIZE, BATCH, DENSITY = 10**7, 4, 4, 0.05, 32, 0.05
NAMES = ("gaussian-k", "gaussian-k-bracketed", "top-k", "bisected", "sampled", "random-k")
#: (family, density), and the ratio that Gaussian-k is to reach; on Laplace it evaluates all its three sets.
VECTORS = (("normal", 0.001, 3.0), ("normal", 0.01, 3.0), ("laplace", 0.01, None))


def peak(name: str, density: float) -> float:
    """The largest resident memory of one selection, in vectors, beyond what the process had before the vector."""
    compressor, key = get_compressor(name), stream_key(0, 1, 1)
    compressor.select(np.ones(1000) + np.arange(1000), 1, key)
    before = _high_water()
    compressor.select(np.random.default_rng(0).standard_normal(D), entries_kept(D, density), key)
    return (_high_water() - before) / (8 * D)


def _high_water() -> int:
    """The largest resident memory of this process so far, in bytes (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def selection(repeats: int) -> None:
    """The table of selections."""
    print("| vector | density | selection | argpartition s | selection s | ratio | target | count/k | peak, vectors |")
    print("|---|---|---|---|---|---|---|---|---|")
    for family, density, target in VECTORS:
        u, k = get_family(family).draw(0, D), entries_kept(D, density)
        for name in NAMES:
            count, slow, fast = one_selection(name, u, k, repeats)
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                vectors = pool.apply(peak, (name, density))
            told = f"{target:g}" if target and name.startswith("gaussian") else ""
            print(
                f"| {family} | {density:g} | {name} | {median(slow):.3f} | {median(fast):.3f} "
                f"| {median(slow / fast):.1f} | {told} | {count / k:.2f} | {vectors:.2f} |",
                flush=True,
            )


def one_selection(name: str, u: Array, k: int, repeats: int) -> tuple[int, Array, Array]:
    """How many entries are selected, and the seconds of both sides, turn by turn."""
    compressor, key = get_compressor(name), stream_key(0, 1, 1)
    count = compressor.select(u, k, key).size
    turns = [
        (timed(lambda: np.argpartition(np.abs(u), D - k)), timed(lambda: compressor.select(u, k, key)))
        for _ in range(repeats)
    ]
    slow, fast = (np.array(column) for column in zip(*turns, strict=True))
    return count, slow, fast


def plain(work: Any, k: int, iterations: int) -> Array:
    """One seed as on paper, in numpy."""
    x, residuals = np.array(work.initial(0)), np.zeros((WORKERS, work.parameters))
    rows = [[worker_minibatch(0, t, p, BATCH, max(1, work.examples)) for p in range(WORKERS)] for t in range(100)]
    noise, problem = np.random.default_rng(0), work.problem
    for t in range(iterations):
        total = np.zeros_like(x)
        for p in range(WORKERS):
            if work.examples:
                u = problem.gradient_over(x, rows[t % 100][p])
            else:
                u = problem.full_gradient(x) + problem.noise_per_coordinate(BATCH) * noise.standard_normal(x.size)
            u += residuals[p]
            chosen = np.argpartition(np.abs(u), x.size - k)[x.size - k :]
            total[chosen] += u[chosen]
            u[chosen] = 0
            residuals[p] = u
        total *= STEP_SIZE / WORKERS
        x -= total
    return x


def workers(repeats: int, seconds: float) -> None:
    """The table of workers."""
    print("\n| problem | d | k | plain loop /s | compiled /s | ratio | target | ratio per core |")
    print("|---|---|---|---|---|---|---|---|")
    for name in ("quadratic:d=100", "nonconvex:d=100", "logistic-digits"):
        work: Any = get_workload(f"problem:{name}")
        plain_rate, plain_busy, rate, busy = run_both(work, repeats, seconds)
        print(
            f"| {name} | {work.parameters} | {entries_kept(work.parameters, DENSITY)} | {median(plain_rate):,.0f} "
            f"| {median(rate):,.0f} | {median(rate / plain_rate):.1f} | 10 | {median(busy / plain_busy):.1f} |",
            flush=True,
        )


def run_both(work: Any, repeats: int, seconds: float) -> tuple[Array, ...]:
    """Updates per second of the plain loop and of the engine, by elapsed and by processor time, turn by turn."""
    k = entries_kept(work.parameters, DENSITY)

    def loop(iterations: int) -> Array:
        return plain(work, k, iterations)

    def engine(iterations: int) -> Array:
        setting = Compensation("top-k", DENSITY, STEP_SIZE, iterations, WORKERS, BATCH, evaluate_every=iterations)
        return simulate_compensated(work, setting, range(SEEDS)).final

    engine(10)
    slow, fast = (
        steps_for(seconds, lambda n: timed(lambda: loop(n))),
        steps_for(seconds, lambda n: timed(lambda: engine(n))),
    )
    turns = [
        (*rates(lambda: loop(slow), WORKERS * slow), *rates(lambda: engine(fast), SEEDS * WORKERS * fast))
        for _ in range(repeats)
    ]
    return tuple(np.array(column) for column in zip(*turns, strict=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="turns of each side")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a turn of the workers")
    arguments = parser.parse_args()
    threads = numba.get_num_threads()
    print(f"{platform.processor() or platform.machine()}; numpy {np.__version__}, numba {numba.__version__}")
    print(f"selections on one thread, workers on {threads}; d = {D:,}\n")
    with single_threaded_products():
        selection(arguments.repeats)
        workers(arguments.repeats, arguments.seconds)
