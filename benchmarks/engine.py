"""Speed of the fused engine against a plain numpy loop, and against the limits of the machine, in one run.

Usage: python benchmarks/engine.py [--repeats 9] [--seconds 0.5]

Each case runs the two engines in turn, several times; the table shows medians, and the median of the ratios of turns
that ran side by side. Neither side records anything but its last point. The naive loop runs one seed and is given its
minibatch indices for nothing; where both draw the same minibatches, their last points must agree. The fused engine
runs 16 seeds on all threads that numba may use, and draws its random numbers. The ratio per core compares processor
time instead of elapsed time: it hardly moves when other programs use the machine, and leaves the threads out.

Work counted per update, for b rows of p numbers and K classes (d = K p): 4 b p K flops for scores and gradient and
4 d for the step and its norm; b p + 3 d numbers of 8 bytes are read or written. For the objectives without data, 9 d
or 12 d flops and 3 d numbers. Logarithms, exponentials and random numbers are not counted, so that the fractions of
the limits (the larger one of flops against GEMM and bytes against STREAM) are too small if anything. Data that stays
in a cache may be read faster than STREAM.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median

import numba
import numpy as np
from numpy.typing import NDArray

from experiments.kernels.counters import minibatch
from experiments.problems import Problem, get_problem
from experiments.problems.logistic import Logistic
from experiments.problems.quadratic import Quadratic
from experiments.problems.softmax import Softmax
from experiments.simulate import simulate
from theory.common.types import Floats

SEEDS, BATCH, WINDOW, STEP_SIZE = 16, 32, 16, 0.01
Gradient = Callable[[int, Floats], Floats]


@dataclass(frozen=True)
class Case:
    """A problem, its naive gradient, and the work of an update."""

    problem: Problem
    gradient: Callable[[Problem, int], Gradient]
    flops: int
    numbers: int
    target: float | None = None


@dataclass(frozen=True)
class Limits:
    """What the machine can do: float64 GEMM in GF/s, STREAM triad in GB/s."""

    gemm: float
    stream: float


def naive_logistic(problem: Logistic, steps: int) -> Gradient:
    """The minibatch gradient in plain numpy, its indices drawn beforehand."""
    matrix, indices = problem.matrix, drawn_indices(problem, steps)
    rows = np.empty((BATCH, matrix.shape[1]))

    def gradient(k: int, x: Floats) -> Floats:
        np.take(matrix, indices[k], axis=0, out=rows, mode="clip")
        weights = rows @ x
        np.exp(weights, out=weights)
        weights += 1.0
        np.divide(-1.0 / BATCH, weights, out=weights)
        return weights @ rows

    return gradient


def naive_softmax(problem: Softmax, steps: int) -> Gradient:
    """The minibatch gradient in plain numpy, its indices drawn beforehand."""
    matrix, labels, indices = problem.matrix, problem.labels, drawn_indices(problem, steps)
    rows, positions = np.empty((BATCH, matrix.shape[1])), np.arange(BATCH)

    def gradient(k: int, x: Floats) -> Floats:
        np.take(matrix, indices[k], axis=0, out=rows, mode="clip")
        scores = rows @ x.reshape(problem.classes, -1).T
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        scores[positions, labels[indices[k]]] -= 1.0
        scores *= 1.0 / BATCH
        return (scores.T @ rows).ravel()

    return gradient


def naive_quadratic(problem: Quadratic, steps: int) -> Gradient:
    """The gradient with noise in plain numpy."""
    noise, deviation = np.random.default_rng(0), problem.noise_per_coordinate(BATCH)

    def gradient(k: int, x: Floats) -> Floats:
        out = noise.standard_normal(x.size)
        out *= deviation
        out += problem.curvatures * x
        return out

    return gradient


def naive_nonconvex(problem: Problem, steps: int) -> Gradient:
    """The gradient with noise in plain numpy."""
    noise, deviation = np.random.default_rng(0), problem.noise_per_coordinate(BATCH)  # type: ignore[attr-defined]

    def gradient(k: int, x: Floats) -> Floats:
        out = noise.standard_normal(x.size)
        out *= deviation
        growth = x * x
        growth += 1.0
        growth *= growth
        out += 2.0 * x / growth
        return out

    return gradient


def drawn_indices(problem: Problem, steps: int) -> NDArray[np.int64]:
    """The minibatches that the fused engine draws for seed 0."""
    return np.array([minibatch(0, k, BATCH, problem.examples) for k in range(1, steps + 1)])


def run_naive(start: Floats, gradient: Gradient, steps: int) -> Floats:
    """The last point of one seed: a plain loop around a ring of points."""
    ring = np.empty((WINDOW, start.size))
    ring[0] = start
    x = start.copy()
    for k in range(steps):
        update = gradient(k, ring[max(0, k - WINDOW + 1) % WINDOW])
        update *= STEP_SIZE
        x -= update
        ring[(k + 1) % WINDOW] = x
    return x


def run_fused(problem: Problem, steps: int) -> Floats:
    """The last point of seed 0 of 16."""
    delays = np.minimum(WINDOW - 1, np.arange(steps))
    run = simulate(
        problem,
        np.full(steps, STEP_SIZE),
        delays,
        seeds=range(SEEDS),
        batch=BATCH,
        window=WINDOW,
        record_every=steps,
        coherence=False,
        engine="fused",
    )
    last: Floats = run.final_points[0]
    return last


def cases() -> Iterator[tuple[str, Case]]:
    """What is measured."""
    for name, gradient, target in (
        ("logistic-digits", naive_logistic, 12.0),
        ("softmax-digits", naive_softmax, 3.0),
    ):
        problem = get_problem(name)
        d, p = problem.dimension, problem.matrix.shape[1]  # type: ignore[attr-defined]
        yield name, Case(problem, gradient, 4 * BATCH * d + 4 * d, BATCH * p + 3 * d, target)  # type: ignore[arg-type]
    quadratic, nonconvex = get_problem("quadratic:d=100"), get_problem("nonconvex:d=100")
    yield "quadratic:d=100", Case(quadratic, naive_quadratic, 7 * 100, 4 * 100)  # type: ignore[arg-type]
    yield "nonconvex:d=100", Case(nonconvex, naive_nonconvex, 12 * 100, 3 * 100)


def timed(run: Callable[[], object]) -> float:
    """Seconds that passed."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def rates(run: Callable[[], object], updates: int) -> tuple[float, float]:
    """Updates per second that passed, and per second of processor time."""
    busy = time.process_time()
    elapsed = timed(run)
    return updates / elapsed, updates / (time.process_time() - busy)


def measure(case: Case, repeats: int, seconds: float) -> tuple[float, float, float, float]:
    """Seed-updates per second of the naive loop and of the fused engine, their ratio, and the ratio per core."""
    start = np.array(case.problem.initial_point)
    naive_steps = steps_for(seconds, lambda n: timed(lambda: run_naive(start, case.gradient(case.problem, n), n)))
    fused_steps = steps_for(seconds, lambda n: timed(lambda: run_fused(case.problem, n)))
    gradient = case.gradient(case.problem, naive_steps)
    if case.problem.examples:
        np.testing.assert_allclose(run_naive(start, gradient, 500), run_fused(case.problem, 500), rtol=1e-8, atol=1e-12)
    turns = [
        (
            *rates(lambda: run_naive(start, gradient, naive_steps), naive_steps),
            *rates(lambda: run_fused(case.problem, fused_steps), SEEDS * fused_steps),
        )
        for _ in range(repeats)
    ]
    naive, naive_busy, fused, fused_busy = (np.array(column) for column in zip(*turns, strict=True))
    ratios = median(fused / naive), median(fused_busy / naive_busy)
    return median(naive), median(fused), *ratios


def steps_for(seconds: float, run: Callable[[int], float]) -> int:
    """How many steps take about that long."""
    run(500)
    return max(500, int(2000 * seconds / run(2000)))


def gemm_rate(size: int = 1200, repeats: int = 7) -> float:
    """float64 matrix product, GF/s, on all threads; the best of several."""
    a = np.random.default_rng(0).standard_normal((size, size))
    out = np.empty_like(a)
    best = min(timed(lambda: np.dot(a, a, out=out)) for _ in range(repeats))
    return 2e-9 * size**3 / best


@numba.njit(nogil=True)
def _triad(a: Floats, b: Floats, c: Floats) -> None:
    for i in range(a.size):
        a[i] = b[i] + 3.0 * c[i]


def stream_rate(size: int = 1 << 24, repeats: int = 7) -> float:
    """STREAM triad, GB/s, on all threads; the best of several, three numbers counted for each element."""
    threads = numba.get_num_threads()
    parts = [tuple(np.ones(size // threads) for _ in range(3)) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        best = min(timed(lambda: list(pool.map(lambda part: _triad(*part), parts))) for _ in range(repeats))
    return 24e-9 * (size // threads * threads) / best


def report(repeats: int, seconds: float) -> None:
    """Measure everything and print the table."""
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors; numpy {np.__version__}, ", end=""
    )
    print(f"numba {numba.__version__} on {numba.get_num_threads()} threads; {SEEDS} seeds, batch {BATCH}, s = {WINDOW}")
    limits = Limits(gemm_rate(), stream_rate())
    print(f"limits of the machine: GEMM float64 {limits.gemm:.0f} GF/s, STREAM triad {limits.stream:.0f} GB/s\n")
    print(
        "| case | naive /s | fused /s | ratio | target | ratio per core | flops | bytes | GF/s | GB/s | of the limit |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, case in cases():
        naive, fused, ratio, per_core = measure(case, repeats, seconds)
        flops, traffic = 1e-9 * case.flops * fused, 8e-9 * case.numbers * fused
        limit = max((flops / limits.gemm, "GEMM"), (traffic / limits.stream, "STREAM"))
        target = "" if case.target is None else f"{case.target:g}"
        print(
            f"| {name} | {naive:,.0f} | {fused:,.0f} | {ratio:.1f} | {target} | {per_core:.1f} "
            f"| {case.flops:,} | {8 * case.numbers:,} | {flops:.1f} | {traffic:.1f} | {limit[0]:.0%} of {limit[1]} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9, help="turns of each engine")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a turn")
    arguments = parser.parse_args()
    report(arguments.repeats, arguments.seconds)
