"""Speed of matrix factorisation and of collapsed Gibbs sampling by workers against plain numpy loops, in one run.

Usage: python benchmarks/sampling.py [--repeats 5] [--seconds 0.5]

Each case runs both sides in turn, several times, with P = 8 workers and an extra delay of up to 10; the table shows
medians, and the median of the ratios of turns that ran side by side. The unit is one update of one worker of one seed
(factorisation), or one word whose topic is drawn (topics). The plain loop runs one seed on one thread: factorisation
computes a dense update of both factors with numpy (fancy indices, np.add.at) and delivers vectors of d numbers; Gibbs
sampling draws every word by numpy on rows of K counts, and delivers differences of V x K tables. It draws by numpy's
own generator. The engines run 4 seeds on all threads that numba may use. The ratio per core compares processor time.

The limit counts the bytes that an engine must move. Factorisation: per update about 2 b rows of r numbers, read from
the cache, written, scaled (read and written), read P times and added to P caches (read and written). Topics: per word
K counts of its row, K of its document and K inverses, and P rows' pairs of counts for its move, against STREAM; all
that stands in the processor's caches, which are faster, so that the fraction may exceed what STREAM allows.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numba
import numpy as np

from experiments.workers.engines.gibbs import part_bounds, tables
from experiments.workers.engines.gibbs_kernel import PARTS
from experiments.workers.memory import predicted_worker_memory
from experiments.workers.seeds import single_threaded_products
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workers.workload import Workload
from experiments.workloads import get_workload

sys.path.insert(0, str(Path(__file__).parent))
from engine import rates, stream_rate, timed

from theory.common.types import Array

WORKERS, EXTRA_DELAY, SEEDS, STEP_SIZE = 8, 10, 4, 0.001


def plain_factors(work: Any, batch: int, iterations: int) -> Array:
    """One seed with dense updates in a ring with due times."""
    rng, slots, rank, data = np.random.default_rng(0), EXTRA_DELAY + 1, work.rank, work._data
    caches = np.tile(work.initial(0).reshape(-1, rank), (WORKERS, 1, 1))
    updates = np.zeros((slots * WORKERS, *caches.shape[1:]), caches.dtype)
    due = np.full((slots * WORKERS, WORKERS), -1)
    for t in range(iterations):
        first = t % slots * WORKERS
        for worker in range(WORKERS):
            x, out, chosen = caches[worker], updates[first + worker], rng.integers(0, work.examples, batch)
            users, items = data.users[chosen], data.items[chosen]
            left, right = x[users], x[items]
            errors = 2 * ((left * right).sum(axis=1) - data.values[chosen])[:, None]
            out[:] = 0
            np.add.at(out, users, errors * right + data.weights[users, None] * left)
            np.add.at(out, items, errors * left + data.weights[items, None] * right)
            out *= -STEP_SIZE
        due[first : first + WORKERS] = t + 1 + rng.integers(0, slots, (WORKERS, WORKERS))
        for receiver in range(WORKERS):
            for place in np.flatnonzero(due[:, receiver] == t + 1):
                caches[receiver] += updates[place]
    quality: Array = caches[0]
    return quality


def plain_topics(work: Any, batch: int, iterations: int) -> Array:
    """One seed; every word by numpy on its row of counts. `batch` is not read."""
    rng, data, mass = np.random.default_rng(0), work.corpus, work.beta * work.corpus.vocabulary
    topics: Array = work.initial(0)
    documents, table = tables(data, topics, work.topics)
    bounds, caches = part_bounds(data, WORKERS), [table.copy() for _ in range(WORKERS)]
    messages: list[tuple[int, int, Array]] = []
    for t in range(iterations):
        for worker in range(WORKERS):
            local, part = caches[worker].copy(), t % PARTS * WORKERS + worker
            totals = local.sum(axis=0)
            for d in range(bounds[part], bounds[part + 1]):
                counts = documents[d]
                for i in range(data.starts[d], data.starts[d + 1]):
                    row, old = local[data.words[i]], topics[i]
                    counts[old] -= 1
                    row[old] -= 1
                    totals[old] -= 1
                    weights = (counts + work.alpha) * (np.maximum(row, 0) + work.beta) / (np.maximum(totals, 0) + mass)
                    sums = weights.cumsum()
                    new = sums.searchsorted(rng.random() * sums[-1], side="right")
                    counts[new] += 1
                    row[new] += 1
                    totals[new] += 1
                    topics[i] = new
            change = local - caches[worker]
            messages += [(t + 1 + int(rng.integers(0, EXTRA_DELAY + 1)), to, change) for to in range(WORKERS)]
        for when, receiver, change in messages:
            if when == t + 1:
                caches[receiver] += change
        messages = [message for message in messages if message[0] > t + 1]
    return topics


def setting(batch: int, iterations: int) -> WorkerSetting:
    """What both sides run."""
    return WorkerSetting(WORKERS, EXTRA_DELAY, iterations, step_size=STEP_SIZE, batch=batch, evaluate_every=iterations)


def measure(
    work: Workload, plain: Callable[[Any, int, int], Array], batch: int, units: float, repeats: int, seconds: float
) -> tuple[float, float, float, float]:
    """Units per second of either side, their ratio, and the ratio per core."""

    def engine(iterations: int) -> Array:
        return simulate_workers(work, setting(batch, iterations), range(SEEDS)).final

    def loop(iterations: int) -> Array:
        return plain(work, batch, iterations)

    slow, fast = _iterations(seconds, loop, 1), _iterations(seconds, engine, 20)
    turns = [
        (*rates(lambda: loop(slow), int(units * slow)), *rates(lambda: engine(fast), int(SEEDS * units * fast)))
        for _ in range(repeats)
    ]
    plain_rate, plain_busy, rate, busy = (np.array(column) for column in zip(*turns, strict=True))
    return median(plain_rate), median(rate), median(rate / plain_rate), median(busy / plain_busy)


def _iterations(seconds: float, run: Callable[[int], object], least: int) -> int:
    """How many iterations take about that long."""
    run(least)
    return max(least, int(least * seconds / timed(lambda: run(least))))


CASES = (
    ("matrix-factorization", 100, plain_factors, 15),
    ("matrix-factorization", 1000, plain_factors, None),
    ("matrix-factorization", 2500, plain_factors, None),
    ("lda", 0, plain_topics, 100),
    ("lda:topics=100", 0, plain_topics, 100),
)


def traffic(work: Any, batch: int) -> float:
    """Bytes that one unit moves."""
    if batch:
        return float(2 * batch * work.rank * np.dtype(work.precision).itemsize * (4 + 3 * WORKERS))
    return float(16 * work.topics + 4 * 4 * WORKERS)


def report(repeats: int, seconds: float) -> None:
    """Measure everything and print the table."""
    processor, threads = platform.processor() or platform.machine(), numba.get_num_threads()
    print(f"{processor}, {os.cpu_count()} processors; numpy {np.__version__}, numba {numba.__version__} on {threads} ")
    stream = stream_rate()
    print(f"threads; P = {WORKERS}, extra delay {EXTRA_DELAY}, {SEEDS} seeds; STREAM triad {stream:.0f} GB/s\n")
    print(
        "| case | batch | unit | plain /s | engine /s | ratio | target | ratio per core | memory MB | GB/s | STREAM |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, batch, plain, target in CASES:
        work: Any = get_workload(name)
        units = WORKERS if batch else work.corpus.words.size / PARTS
        with single_threaded_products():
            slow, fast, ratio, per_core = measure(work, plain, batch, units, repeats, seconds)
        memory = 1e-6 * predicted_worker_memory(work, setting(batch, 1000), SEEDS, engine="own")
        moved = 1e-9 * traffic(work, batch) * fast
        print(
            f"| {name} | {batch or ''} | {'update' if batch else 'word'} | {slow:,.0f} | {fast:,.0f} | {ratio:.1f} "
            f"| {target or ''} | {per_core:.1f} | {memory:.0f} | {moved:.1f} | {moved / stream:.0%} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="turns of each side")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a turn")
    arguments = parser.parse_args()
    report(arguments.repeats, arguments.seconds)
