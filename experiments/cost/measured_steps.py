"""Runs beside the proved numbers: after how many steps a tuned method has the accuracy on a problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.cost.methods import Method
from experiments.problems.problem import Problem
from experiments.runs.execute import execute
from experiments.runs.plan import plan
from experiments.statistics.intervals import student_critical
from theory.common.types import Floats, Ints, Progress
from theory.cost.least_steps import Least
from theory.staleness.delays import TraceDelay

#: The most doublings of the proved step size, which end at 1/L; no run is longer than so many steps.
DOUBLINGS = 12
LONGEST = 4000
_SEEDS = 8


@dataclass(frozen=True)
class MeasuredSteps:
    """The first step k with mean over seeds of |grad F(x_k)|^2 at most the accuracy, at the best step size tried.

    Args:
        steps: k; interval: where the lower and the upper limit of that mean get there, Student's at 95 %; None for an
            end beyond the runs.
        step_size: eta.
    """

    steps: int
    interval: tuple[int, int | None]
    step_size: float


def tuned(
    problem: Problem, method: Method, least: Least, accuracy: float, progress: Progress | None = None
) -> MeasuredSteps | None:
    """The fewest measured steps over the step sizes tried; None where no run gets there in 4,000 steps.

    Args:
        problem: the objective, at its default batch times that of the method.
        method: delays and batch; least: its proved steps, from whose step size the tuning starts.
        accuracy: in units of |grad F|^2. progress: called with (done, total) tries.
    """
    horizon = min(least.steps, LONGEST)
    known = method.case.trace
    delays = "constant" if known is None else TraceDelay(gone_on(known, horizon))
    doubled = (least.step_size * 2**power for power in range(DOUBLINGS + 1))
    most = least.step_size if method.own_steps else max(least.step_size, 1 / method.case.constants["L"])
    sizes = [size for size in doubled if size <= most]
    found = []
    for tried, size in enumerate(sizes, 1):
        planned = plan(
            problem,
            f"{size:.17g}",
            method.case.staleness,
            horizon,
            seeds=_SEEDS,
            batch=problem.default_batch * (method.batch // method.case.reads),
            delays=delays,
            method=method.name if method.own_steps else "delayed",
        )
        reached = _reached(np.asarray(execute(planned).gradient_norm_squared), accuracy, size)
        if reached is not None:
            found.append(reached)
        if progress is not None:
            progress(tried, len(sizes))
    return min(found, key=lambda each: each.steps, default=None)


def gone_on(trace: Ints, steps: int) -> Ints:
    """As many delays as there are steps: beyond the trace, its second half over and over.

    >>> gone_on(np.array([0, 1, 2, 1]), 8)
    array([0, 1, 2, 1, 2, 1, 2, 1])
    """
    half = len(trace) // 2
    late = half + (np.arange(max(0, steps - len(trace))) % (len(trace) - half))
    return np.concatenate([trace[:steps], trace[late]])


def _reached(squares: Floats, accuracy: float, size: float) -> MeasuredSteps | None:
    """When the mean over seeds (S, T+1) and both limits of it are at most the accuracy; divergence never is."""
    values = np.where(np.isfinite(squares), squares, np.inf)
    means = values.mean(axis=0)
    with np.errstate(invalid="ignore"):
        width = student_critical(_SEEDS, 0.025) * np.nan_to_num(values.std(axis=0, ddof=1), nan=np.inf) / _SEEDS**0.5
    low, steps, high = (_first(ends, accuracy) for ends in (means - width, means, means + width))
    return None if low is None or steps is None else MeasuredSteps(steps, (low, high), size)


def _first(values: Floats, accuracy: float) -> int | None:
    below = np.flatnonzero(values <= accuracy)
    return int(below[0]) if below.size else None


def fastest(times: Sequence[float | None]) -> int | None:
    """The place of the smallest time that is known."""
    known = [(time, place) for place, time in enumerate(times) if time is not None]
    return min(known)[1] if known else None
