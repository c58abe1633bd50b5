"""Speed of the workers' simulator against a plain numpy loop, and against the limits of the machine, in one run.

Usage: python benchmarks/workers.py [--repeats 7] [--seconds 0.5]

Each case runs both in turn, several times, with P = 8 workers and an extra delay of up to 16; the table shows medians,
and the median of the ratios of turns that ran side by side. The unit is one update of one worker of one seed. The
naive loop runs one seed on one thread around the same ring, in plain numpy: it draws minibatches, noise and delays by
numpy's own generator, and delivers by summing the updates that are due. The fused engine runs 4 seeds on all threads
that numba may use and draws its random numbers from counters. Neither evaluates but at the ends. The ratio per core
compares processor time: it hardly moves when other programs use the machine, and leaves the threads out.

Work counted per update, with b rows, P receivers and d parameters: matrix products 2 b each for forward, weights and
all but the first layer's inputs; d for the optimiser, and P d additions for the deliveries; every parameter is read in
the forward and backward pass, written to the gradient, read, written to the ring, and read P times for the deliveries,
which read and write a cache once for every four updates: about (7 + 1.5 P) d numbers. Random numbers and exponentials
are not counted. The limit is the larger fraction of flops against GEMM and bytes against STREAM.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numba
import numpy as np

from experiments.workers.memory import predicted_worker_memory
from experiments.workers.seeds import single_threaded_products
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workers.workload import Workload
from experiments.workloads import get_workload

sys.path.insert(0, str(Path(__file__).parent))
from engine import rates, stream_rate, timed

from theory.common.types import Array

# A step size at which nothing diverges, which would end the fused runs early.
WORKERS, EXTRA_DELAY, SEEDS, BATCH, STEP_SIZE = 8, 16, 4, 32, 0.001
Gradient = Callable[[Array], Array]


@dataclass(frozen=True)
class Case:
    """A workload, its naive gradient, and the flops of one gradient."""

    workload: str
    gradient: Callable[[Any, np.random.Generator], Gradient]
    flops: Callable[[Any], int]
    target: float | None = None


def naive_quadratic(work: Any, rng: np.random.Generator) -> Gradient:
    """Curvatures times x, and noise."""
    problem = work.problem
    deviation = problem.noise_per_coordinate(BATCH)
    return lambda x: problem.curvatures * x + deviation * rng.standard_normal(x.size)


def naive_logistic(work: Any, rng: np.random.Generator) -> Gradient:
    """The minibatch gradient."""
    matrix = work.problem.matrix

    def gradient(x: Array) -> Array:
        rows = matrix[rng.integers(0, len(matrix), BATCH)]
        return (-1.0 / BATCH / (1.0 + np.exp(rows @ x))) @ rows

    return gradient


def naive_network(work: Any, rng: np.random.Generator) -> Gradient:
    """Forward and backward over the layers of a flat vector, each gradient written in its place."""
    features, labels, widths = work.features[0], work.images.labels, work.widths
    starts = np.cumsum([0, *((a + 1) * b for a, b in pairwise(widths))])
    last, positions = len(widths) - 2, np.arange(BATCH)

    def gradient(x: Array) -> Array:
        rows = rng.integers(0, len(labels), BATCH)
        views = [
            (x[start : start + a * b].reshape(a, b), x[start + a * b : start + (a + 1) * b])
            for start, a, b in zip(starts, widths, widths[1:], strict=False)
        ]
        values = [features[rows]]
        for layer, (weights, biases) in enumerate(views):
            sums = values[-1] @ weights
            sums += biases
            values.append(np.maximum(sums, 0, out=sums) if layer < last else sums)
        change = values[-1]
        change -= change.max(axis=1, keepdims=True)
        np.exp(change, out=change)
        change /= change.sum(axis=1, keepdims=True)
        change[positions, labels[rows]] -= 1
        change /= BATCH
        out = np.empty_like(x)
        for layer in range(last, -1, -1):
            start, a, b = starts[layer], widths[layer], widths[layer + 1]
            np.matmul(values[layer].T, change, out=out[start : start + a * b].reshape(a, b))
            change.sum(axis=0, out=out[start + a * b : start + (a + 1) * b])
            if layer:
                change = change @ views[layer][0].T
                change *= values[layer] > 0
        return out

    return gradient


def run_naive(work: Workload, gradient: Gradient, iterations: int) -> Array:
    """One seed: a ring of updates with due times, delivered by sums over what is due."""
    rng, slots = np.random.default_rng(0), EXTRA_DELAY + 1
    caches = np.tile(work.initial(0), (WORKERS, 1))
    updates = np.zeros((slots * WORKERS, caches.shape[1]), caches.dtype)
    due = np.full((slots * WORKERS, WORKERS), -1)
    for t in range(iterations):
        first = t % slots * WORKERS
        for worker in range(WORKERS):
            np.multiply(gradient(caches[worker]), -STEP_SIZE, out=updates[first + worker], casting="same_kind")
        due[first : first + WORKERS] = t + 1 + rng.integers(0, slots, (WORKERS, WORKERS))
        arrived = due == t + 1
        for receiver in range(WORKERS):
            for place in np.flatnonzero(arrived[:, receiver]):
                caches[receiver] += updates[place]
    return caches[0]


def run_fused(work: Workload, iterations: int) -> Array:
    """The same by the fused engine, for several seeds."""
    return simulate_workers(work, setting(iterations), range(SEEDS), engine="fused").final


def setting(iterations: int) -> WorkerSetting:
    """What both sides run."""
    return WorkerSetting(WORKERS, EXTRA_DELAY, iterations, step_size=STEP_SIZE, batch=BATCH, evaluate_every=iterations)


def gemm_rate(precision: type, size: int = 1200, repeats: int = 7) -> float:
    """Matrix product, GF/s, on all threads; the best of several."""
    a = np.random.default_rng(0).standard_normal((size, size)).astype(precision)
    out = np.empty_like(a)
    return 2e-9 * size**3 / min(timed(lambda: np.dot(a, a, out=out)) for _ in range(repeats))


def network_flops(work: Any) -> int:
    """Matrix products of forward and backward."""
    products = [a * b for a, b in pairwise(work.widths)]
    return 2 * BATCH * (3 * sum(products) - products[0])


CASES = (
    Case("problem:quadratic:d=100", naive_quadratic, lambda work: 2 * work.parameters),
    Case("problem:logistic-digits", naive_logistic, lambda work: 4 * BATCH * work.parameters),
    Case("dnn:depth=2,width=32", naive_network, network_flops),
    Case("dnn:depth=2,width=256", naive_network, network_flops, 2.0),
    Case("dnn:depth=2,width=256,data=mnist-5k", naive_network, network_flops),
)


def measure(case: Case, work: Workload, repeats: int, seconds: float) -> tuple[float, float, float, float]:
    """Updates per second of either side, their ratio, and the ratio per core."""
    gradient = case.gradient(work, np.random.default_rng(1))
    naive_steps = _iterations(seconds, lambda n: run_naive(work, gradient, n))
    fused_steps = _iterations(seconds, lambda n: run_fused(work, n))
    turns = [
        (
            *rates(lambda: run_naive(work, gradient, naive_steps), WORKERS * naive_steps),
            *rates(lambda: run_fused(work, fused_steps), SEEDS * WORKERS * fused_steps),
        )
        for _ in range(repeats)
    ]
    naive, naive_busy, fused, fused_busy = (np.array(column) for column in zip(*turns, strict=True))
    return median(naive), median(fused), median(fused / naive), median(fused_busy / naive_busy)


def _iterations(seconds: float, run: Callable[[int], object]) -> int:
    """How many iterations take about that long; enough to go round the ring several times, as long runs do."""
    least = 8 * (EXTRA_DELAY + 1)
    run(least)
    return max(least, int(least * seconds / timed(lambda: run(least))))


def report(repeats: int, seconds: float) -> None:
    """Measure everything and print the table."""
    threads = numba.get_num_threads()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors; numpy {np.__version__}, ", end=""
    )
    print(f"numba {numba.__version__} on {threads} threads; P = {WORKERS}, extra delay {EXTRA_DELAY}, {SEEDS} seeds")
    gemm = {8: gemm_rate(np.float64), 4: gemm_rate(np.float32)}
    stream = stream_rate()
    print(f"limits: GEMM {gemm[8]:.0f} GF/s (64 bits), {gemm[4]:.0f} (32 bits); STREAM triad {stream:.0f} GB/s\n")
    print(
        "| case | d | naive /s | fused /s | ratio | target | ratio per core | memory MB | GF/s | GB/s | of the limit |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for case in CASES:
        work = get_workload(case.workload)
        with single_threaded_products():
            naive, fused, ratio, per_core = measure(case, work, repeats, seconds)
        size, d = np.dtype(work.precision).itemsize, work.parameters
        flops = 1e-9 * (case.flops(work) + (1 + WORKERS) * d) * fused
        traffic = 1e-9 * size * (7 + 1.5 * WORKERS) * d * fused
        limit = max((flops / gemm[size], "GEMM"), (traffic / stream, "STREAM"))
        memory = 1e-6 * predicted_worker_memory(work, setting(1000), SEEDS)
        target = "" if case.target is None else f"{case.target:g}"
        print(
            f"| {case.workload} | {d:,} | {naive:,.0f} | {fused:,.0f} | {ratio:.1f} | {target} | {per_core:.1f} "
            f"| {memory:.0f} | {flops:.1f} | {traffic:.1f} | {limit[0]:.0%} of {limit[1]} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7, help="turns of each side")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a turn")
    arguments = parser.parse_args()
    report(arguments.repeats, arguments.seconds)
