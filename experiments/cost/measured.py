"""Runs beside the proved numbers: after how many steps a tuned method has the accuracy on a problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.cost.methods import Method
from experiments.problems.problem import Problem
from experiments.runs.execute import execute
from experiments.runs.plan import plan
from theory.common.types import Progress
from theory.cost.least_steps import Least
from theory.staleness.delays import TraceDelay

#: The most doublings of the proved step size, which end at 1/L; no run is longer than so many steps.
DOUBLINGS = 12
LONGEST = 4000
_SEEDS = 8


@dataclass(frozen=True)
class Measured:
    """The first step k with mean over seeds of |grad F(x_k)|^2 at most the accuracy, at the best step size tried."""

    steps: int
    step_size: float


def tuned(
    problem: Problem, method: Method, least: Least, accuracy: float, progress: Progress | None = None
) -> Measured | None:
    """The fewest measured steps over the step sizes tried; None where no run gets there in 4,000 steps.

    Args:
        problem: the objective, at its default batch times that of the method.
        method: delays and batch; least: its proved steps, from whose step size the tuning starts.
        accuracy: in units of |grad F|^2. progress: called with (done, total) tries.
    """
    horizon = min(least.steps, LONGEST)
    known = method.case.trace
    delays = "constant" if known is None else TraceDelay(known[:horizon])
    doubled = (least.step_size * 2**power for power in range(DOUBLINGS + 1))
    sizes = [size for size in doubled if size <= max(least.step_size, 1 / method.case.constants["L"])]
    found = []
    for tried, size in enumerate(sizes, 1):
        planned = plan(
            problem,
            f"{size:.17g}",
            method.case.staleness,
            horizon,
            seeds=_SEEDS,
            batch=problem.default_batch * method.batch,
            delays=delays,
        )
        reached = _first(np.asarray(execute(planned).gradient_norm_squared), accuracy)
        if reached is not None:
            found.append(Measured(reached, size))
        if progress is not None:
            progress(tried, len(sizes))
    return min(found, key=lambda each: each.steps, default=None)


def _first(squares: np.ndarray, accuracy: float) -> int | None:
    """The first time at which the mean over seeds (S, T+1) is at most the accuracy; divergence never is."""
    means = np.where(np.isfinite(squares), squares, np.inf).mean(axis=0)
    below = np.flatnonzero(means <= accuracy)
    return int(below[0]) if below.size else None


def fastest(times: Sequence[float | None]) -> int | None:
    """The place of the smallest time that is known."""
    known = [(time, place) for place, time in enumerate(times) if time is not None]
    return min(known)[1] if known else None
