"""Time per gradient of every method, and of several reads an update, beside that of plain delayed steps, in one run.

Usage: python benchmarks/methods.py [--repeats 9] [--gradients 200000]

Each case runs in turn with plain steps, several times, on the fused engine with one thread and 8 seeds; the table shows
the median of the ratios of processor time per gradient of turns that ran side by side. Nothing is recorded but the last
point. The delays are uniform on 0..15, as many a step as are read; nothing may take more than 1.5 times as long.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import numpy as np

from experiments.problems import get_problem
from experiments.problems.problem import Problem
from experiments.simulate import simulate
from theory.common.types import Ints
from theory.methods import LinearRule, parse_method
from theory.staleness.count import Staleness

SEEDS, BATCH, WINDOW, STEP_SIZE = 8, 32, 16, 0.001
PROBLEMS = ("quadratic:d=100", "nonconvex:d=100", "logistic-digits", "softmax-digits")
#: Spelling of the method, delays a step, and whether they are of blocks.
CASES = (
    ("delayed", 1, False),
    ("delayed", 3, False),
    ("delayed", 8, False),
    ("delayed", 4, True),
    ("wait", 1, False),
    ("batch-wait", 1, False),
    ("momentum:beta=0.5", 1, False),
    ("nesterov:beta=0.5", 1, False),
    ("counter-momentum", 1, False),
)


def some_delays(steps: int, reads: int) -> Ints:
    """Uniform delays, (T, B)."""
    drawn = np.random.default_rng(1).integers(0, WINDOW, (steps, reads))
    return np.minimum(drawn, np.arange(steps)[:, None])


class Case:
    """What is timed."""

    def __init__(self, problem: Problem, gradients: int, method: str, reads: int, blocks: bool) -> None:
        self.gradients = gradients // SEEDS if blocks else gradients // SEEDS // reads * reads
        steps = self.gradients if blocks else self.gradients // reads
        self.problem, self.blocks, self.delays = problem, blocks, some_delays(steps, reads)
        smoothness = problem.constants(BATCH)["L"].value
        sizes, late = np.full(steps, STEP_SIZE), self.delays.max(axis=1)
        self.rule: LinearRule = parse_method(method).linear(sizes, late, smoothness, Staleness(WINDOW))

    def seconds(self) -> float:
        """Processor time of a gradient."""
        busy = time.process_time()
        simulate(
            self.problem,
            self.rule,
            self.delays,
            seeds=range(SEEDS),
            batch=BATCH,
            window=WINDOW,
            record_every=len(self.delays),
            coherence=False,
            inconsistent=self.blocks,
            engine="fused",
            threads=1,
        )
        return (time.process_time() - busy) / (SEEDS * self.gradients)


def report(repeats: int, gradients: int) -> None:
    """Measure everything and print the table."""
    print("| problem | method | delays a step | ns a gradient | ratio | limit |\n|---|---|---|---|---|---|")
    for name in PROBLEMS:
        problem = get_problem(name)
        cases = [Case(problem, gradients, *case) for case in CASES]
        for case in cases:
            case.seconds()
        turns = [[case.seconds() for case in cases] for _ in range(repeats)]
        for at, (method, reads, blocks) in enumerate(CASES):
            ratio = median(turn[at] / turn[0] for turn in turns)
            each = f"{reads} of blocks" if blocks else str(reads)
            limit = "" if at == 0 or blocks else "1.5"
            nanoseconds = 1e9 * median(turn[at] for turn in turns)
            print(f"| {name} | {method} | {each} | {nanoseconds:,.0f} | {ratio:.2f} | {limit} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9, help="turns")
    parser.add_argument("--gradients", type=int, default=200_000, help="gradients of a turn, over all seeds")
    arguments = parser.parse_args()
    report(arguments.repeats, arguments.gradients)
