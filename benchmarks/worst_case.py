"""Speed of the worst cases against PEPit, over long runs and large staleness, in one run on one core.

Usage: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/worst_case.py [--quick] [--repeats 3]

Everything is solved here, one after the other, at Theorem 1's steps mu/(s L sqrt(k)) unless said. Times are elapsed
(least of the repeats) and, as other programs may use the machine, processor seconds of the same call. PEPit solves the
dense problem of the same schedule with the same solver, once. Targets are printed beside what was measured.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from theory.worst_case.question import Question
from theory.worst_case.solution import Solution
from theory.worst_case.solve import worst_case
from theory.worst_case.solvers.banded import solve
from theory.worst_case.solvers.inequalities import neighbours
from theory.worst_case.solvers.interior import solve_interior


@dataclass(frozen=True)
class Timing:
    """Elapsed and processor seconds, and the value."""

    elapsed: float
    processor: float
    value: float


def falling(steps: int, s: int, **constants: float) -> Question:
    """Theorem 1's steps at L = 1 and mu = 1/2, delays as large as s allows."""
    sizes = 0.5 / (s * np.sqrt(np.arange(1, steps + 1)))
    return Question(sizes, np.minimum(np.arange(steps), s - 1), **constants)  # type: ignore[arg-type]


def timed(call: Callable[[], float], repeats: int) -> Timing:
    """The fastest of the repeats."""
    found = []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        value = call()
        found.append(Timing(time.perf_counter() - wall, time.process_time() - cpu, value))
    return min(found, key=lambda timing: timing.elapsed)


def by_pepit(question: Question) -> float:
    """The dense problem as PEPit builds it; the infimum of f is a variable below every f_k - |g_k|^2/2L."""
    from PEPit import PEP, Expression
    from PEPit.functions import SmoothFunction

    problem = PEP()
    function = problem.declare_function(SmoothFunction, L=question.smoothness)
    point, gradients, infimum = problem.set_initial_point(), [], Expression()
    for k in range(question.steps + 1):
        gradient, value = function.oracle(point)
        gradients.append(gradient)
        problem.add_constraint(infimum <= value - gradient**2 / (2 * question.smoothness))
        problem.set_performance_metric(gradient**2)
        if k == 0:
            problem.set_initial_condition(value - infimum <= question.gap)
        if k < question.steps:
            point = point - float(question.step_sizes[k]) * gradients[question.read_points[k]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(problem.solve(wrapper="cvxpy", solver="CLARABEL", verbose=0))


def line(name: str, timing: Timing, remark: str = "") -> None:
    """One row of the table."""
    print(f"{name:<46} {timing.elapsed:9.3f} {timing.processor:9.3f}  {timing.value:.7f}  {remark}", flush=True)


def against_pepit(steps: int, repeats: int) -> None:
    """Target: all pairs at least 400 times faster at 48 steps."""
    question = falling(steps, 4)
    ours = timed(lambda: solve(question, neighbours(steps, 1)).value, max(repeats, 5))
    settled = timed(lambda: worst_case(question).value, repeats)
    exact = timed(lambda: worst_case(question, exact=True).value, repeats)
    theirs = timed(lambda: by_pepit(question), 1)
    for name, timing in (("reach 1", ours), ("settled", settled), ("exact, all pairs", exact)):
        ratio, processor = theirs.elapsed / timing.elapsed, theirs.processor / timing.processor
        remark = f"{ratio:.0f} times faster than PEPit ({processor:.0f} in processor time)"
        line(f"T={steps} s=4, {name}", timing, remark)
    line(f"T={steps} s=4, PEPit, all pairs", theirs, f"relative difference {exact.value / theirs.value - 1:+.1e}")


def long_runs(repeats: int) -> None:
    """The sizes with targets."""
    cases = [
        ("T=1000 s=4", falling(1000, 4), 1.5),
        ("T=10000 s=4", falling(10000, 4), 10),
        ("T=1000 s=4 with noise", falling(1000, 4, variance=1.0), 5),
        ("T=200 s=16", falling(200, 16), 3),
        ("T=2000 s=8, steps 1/(L s)", Question(np.full(2000, 1 / 8), np.minimum(np.arange(2000), 7)), 60),
    ]
    for name, question, target in cases:
        one = timed(lambda q=question: worst_case(q, reach=1).value, 1)  # type: ignore[misc]
        settled = timed(lambda q=question: worst_case(q).value, min(repeats, 2))  # type: ignore[misc]
        line(f"{name}, reach 1", one)
        line(f"{name}, settled", settled, f"target {target} s: {'met' if settled.elapsed <= target else 'MISSED'}")


def methods(sizes: list[tuple[int, int]]) -> None:
    """Bands against the dense interior-point method."""
    for s, steps in sizes:
        question, pairs = falling(steps, s), neighbours(steps, 1)
        own: Callable[[], Solution] = lambda q=question, p=pairs: solve_interior(q, p)  # type: ignore[misc]  # noqa: E731
        line(f"T={steps} s={s}, interior point", timed(lambda own=own: own().value, 1))  # type: ignore[misc]
        if s <= 16 and steps <= 300:
            banded = timed(lambda q=question, p=pairs: solve(q, p).value, 1)  # type: ignore[misc]
            line(f"T={steps} s={s}, bands", banded)


def growth(lengths: list[int], variance: float) -> None:
    """The exponent of the time in T by log-log regression."""
    times = []
    for steps in lengths:
        question = falling(steps, 4, variance=variance)
        timing = timed(lambda q=question: worst_case(q, reach=1).value, 2 if steps < 3000 else 1)  # type: ignore[misc]
        line(
            f"T={steps} s=4{' with noise' if variance else ''}",
            timing,
            f"{1e3 * timing.processor / steps:.2f} ms a step",
        )
        times.append(timing.processor)
    slope = np.polyfit(np.log(lengths), np.log(times), 1)[0]
    print(f"time grows as T^{slope:.2f} (processor time, T = {lengths[0]}..{lengths[-1]})")


def main() -> None:
    """All tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller sizes: half a minute instead of some minutes")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(f"{'':<46} {'elapsed':>9} {'processor':>9}  value")
    against_pepit(16 if options.quick else 48, options.repeats)
    if not options.quick:
        long_runs(options.repeats)
    methods([(4, 100), (8, 100)] if options.quick else [(4, 200), (8, 300), (16, 200), (16, 500), (32, 300), (64, 300)])
    growth([125, 250, 500] if options.quick else [250, 500, 1000, 2000, 5000], 0.0)
    growth([125, 250] if options.quick else [125, 250, 500, 1000], 1.0)


if __name__ == "__main__":
    main()
