"""FLeet's servers against plain numpy loops, and I-Prof on 10,000 devices, in one run.

Usage: python benchmarks/fleet.py [--repeats 7]

Servers apply K gradients an update under D1, weighed by 1/(tau + 1). The plain loop runs one seed on one thread, keeps
the points that can still be read, and draws noise by numpy's own generator; the engine runs 8 seeds on all threads that
numba may use and records the last point. The loop of federated training is the oracle of the tests, and the compiled
one runs on one thread: digits, ten rows a gradient. The table shows the time of a gradient and the median of the ratios
of turns that ran side by side. I-Prof sizes three tasks of every device.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np

from experiments.problems import get_problem
from experiments.systems.fleet.controlled import D1, controlled_staleness
from experiments.systems.fleet.dampening import Inverse
from experiments.systems.fleet.devices import draw_tasks
from experiments.systems.fleet.federated import Task, draw_arrivals, first_point, train
from experiments.systems.fleet.profiler import OBJECTIVES, profile
from experiments.systems.fleet.updates import serve
from experiments.systems.shared.label_skew import label_skew
from experiments.workloads.images import images
from theory.common.types import Floats, Ints, Vector

SEEDS, STEP_SIZE, TARGET = 8, 0.01, 10
#: Objective, gradients an update, and updates of a turn.
CASES = (("nonconvex:d=20", 1, 20_000), ("nonconvex:d=20", 4, 5_000), ("quadratic:d=100", 1, 20_000))


def timed(run: Callable[[], object]) -> float:
    """Seconds that passed."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def plain_gradient(name: str) -> Callable[[Vector], Vector]:
    """The gradient in numpy, without noise."""
    if name.startswith("nonconvex"):
        return lambda x: 2 * x / (1 + x * x) ** 2
    eigenvalues = np.array(get_problem(name).kernel(1).vector)  # type: ignore[union-attr]
    return lambda x: eigenvalues * x


def plain_loop(name: str, weights: Floats, staleness: Ints, steps: int) -> Vector:
    """One seed: the points that can still be read in a list, a gradient at a time."""
    problem, rng, gradient = get_problem(name), np.random.default_rng(0), plain_gradient(name)
    gradients, deviation = weights.shape[1], 1 / np.sqrt(problem.dimension)
    points = [np.array(problem.initial_point)]
    for row, delays in zip(weights[:steps].tolist(), staleness[:steps].tolist(), strict=True):
        change = np.zeros_like(points[0])
        for weight, delay in zip(row, delays, strict=True):
            noise = deviation * rng.standard_normal(change.size)
            change += weight * (gradient(points[-1 - delay]) + noise)
        points.append(points[-1] - STEP_SIZE / gradients * change)
        del points[: max(0, len(points) - D1.maximum - 1)]
    return points[-1]


def servers(name: str, gradients: int, updates: int, repeats: int) -> tuple[float, float, float]:
    """Seconds a gradient of the plain loop and of the engine, and the ratio."""
    staleness = controlled_staleness(D1, updates, gradients)
    weights, steps = Inverse().weights(staleness), updates // 4

    arguments = weights, staleness, STEP_SIZE
    engine = partial(serve, get_problem(name), *arguments, seeds=range(SEEDS), every=updates)
    plain = partial(plain_loop, name, weights, staleness, steps)
    return side_by_side(plain, steps * gradients, engine, updates * gradients * SEEDS, repeats)


def federated(hidden: int, updates: int, repeats: int) -> tuple[float, float, float]:
    """The same of federated training with so many hidden units."""
    data = images("digits")
    task = Task(data.features, data.labels, data.held_out, data.held_out_labels, (64, hidden, 10))
    arrivals = draw_arrivals(task.labels, label_skew(task.labels, 10), updates, 10, classes=10)
    staleness, start = controlled_staleness(D1, updates), first_point(task, 0)
    weights = Inverse().weights(staleness)

    run = partial(train, task, arrivals, weights, staleness, STEP_SIZE, start, updates)
    return side_by_side(partial(run, compiled=False), updates, run, updates, repeats)


def side_by_side(
    plain: Callable[[], object], slow_gradients: int, engine: Callable[[], object], fast_gradients: int, repeats: int
) -> tuple[float, float, float]:
    """Medians over turns; the first, in which things are compiled, does not count."""
    turns = [(timed(plain) / slow_gradients, timed(engine) / fast_gradients) for _ in range(repeats + 1)][1:]
    return (
        median(slow for slow, _ in turns),
        median(fast for _, fast in turns),
        median(slow / fast for slow, fast in turns),
    )


def report(repeats: int) -> None:
    """Measure everything and print the tables."""
    print("| server | K | plain, us a gradient | engine, us | ratio | target |\n|---|---|---|---|---|---|")
    rows = [(name, gradients, servers(name, gradients, updates, repeats)) for name, gradients, updates in CASES]
    rows.append(("federated, 32 hidden units", 1, federated(32, 2000, repeats)))
    for name, gradients, (plain, engine, ratio) in rows:
        target = "" if name.startswith("federated") else str(TARGET)
        print(f"| {name} | {gradients} | {1e6 * plain:.2f} | {1e6 * engine:.3f} | {ratio:.1f} | {target} |", flush=True)
    tasks, before = draw_tasks(10_000, 40, 3), draw_tasks(40, 20, 5, seed=1)
    print("\n| I-Prof, 10,000 devices, 3 tasks each | s | target |\n|---|---|---|")
    for name, objective in OBJECTIVES.items():
        print(f"| {name} | {timed(partial(profile, tasks, before, objective)):.2f} | 5 |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7, help="turns")
    report(parser.parse_args().repeats)
