"""What a worst case will cost, before it is begun: seconds on one core and bytes, from the sizes of its matrices."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from theory.common.errors import TooLargeError
from theory.common.types import Floats, Ints
from theory.worst_case.question import Measure, Question

HOPELESS = 6 * 3600.0  # seconds
DENSE = 900.0  # seconds of one dense solve
_MINUTE = 60.0


@dataclass(frozen=True)
class Cost:
    """Seconds on one core, and bytes; both within a factor of three."""

    seconds: float
    size: float


def banded_cost(question: Question, pairs: Ints) -> Cost:
    """Of our method on bands: twenty factors of a band, in which windows and rows of pairs are added up."""
    alive, oldest = window_sizes(question, pairs)
    unknowns = np.cumsum(alive + 1)  # those born up to each point
    width = unknowns - np.append(0.0, unknowns)[oldest]
    band, windows = float((alive + 1) @ width**2), float(((alive * (alive + 1) / 2) ** 2).sum())
    rows = float(((np.abs(pairs[:, 0] - pairs[:, 1]) + 2.0) ** 4).sum())
    seconds = 20 * (1.5e-5 * len(alive) + 7e-11 * band + 5e-9 * windows + 7e-10 * rows)
    return Cost(seconds, 1e4 * len(alive) + 30 * float(unknowns[-1] * width.max()))


def interior_cost(question: Question, pairs: Ints) -> Cost:
    """Of the interior-point method: thirty dense factorisations, a row and a column for each multiplier."""
    points = question.steps + 1
    coherent = 0 if question.coherence is None else question.steps * (question.staleness.window - 1)
    rows = len(pairs) + points * (1 if question.measure is Measure.MEAN else 2) + coherent
    free = rows - points
    return Cost(0.1 + 7e-6 * free**2 + 1e-9 * float(free) ** 3, 120.0 * rows**2)


def cheaper_cost(question: Question, pairs: Ints) -> Cost:
    """Of the method that is predicted to be faster; the other one knows no noise."""
    banded = banded_cost(question, pairs)
    return banded if question.variance > 0 else min(banded, interior_cost(question, pairs), key=lambda c: c.seconds)


def dense_cost(question: Question) -> Cost:
    """Of cvxpy with Clarabel: one dense block of all inner products."""
    nodes = (2 if question.variance > 0 else 1) * (question.steps + 1)
    entries = nodes * (nodes + 1) / 2
    return Cost(0.1 + 1e-9 * entries**3, 24 * entries**2)


def window_sizes(question: Question, pairs: Ints) -> tuple[Floats, Ints]:
    """How many nodes are alive at each point, and the point at which the oldest was born, without building the rows."""
    points = question.steps + 1
    last = np.arange(points)
    np.maximum.at(last, question.read_points, np.arange(1, points))
    if question.coherence is not None:
        last = np.maximum(last, np.minimum(np.arange(points) + question.staleness.window - 1, question.steps - 1))
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    np.maximum.at(last, low, high)
    # The gradients read on the way from low to high are needed until high is born.
    until = np.arange(points)
    np.maximum.at(until, low, high)
    until = np.maximum.accumulate(until)
    np.maximum.at(last, question.read_points, until[:-1])
    change = np.zeros(points + 1)
    np.add.at(change, np.arange(points), 1.0)
    np.add.at(change, last + 1, -1.0)
    alive = np.cumsum(change)[:points]
    oldest = np.searchsorted(np.maximum.accumulate(last), np.arange(points))
    return alive + (until - np.arange(points) + 1.0) if question.variance > 0 else alive, oldest


def refuse_hopeless(question: Question, cost_of: Callable[[Question], Cost], most: float = HOPELESS) -> None:
    """Raise before the work begins.

    Args:
        question: what is asked; cost_of: what it, or fewer of its steps, would cost.
        most: seconds that are put up with.

    Raises:
        TooLargeError: more memory than the machine has, or more than `most` seconds.
    """
    cost = cost_of(question)
    if _hopeless(cost, most):
        raise TooLargeError(
            f"The worst case of {question.steps} steps at staleness {question.staleness.window} would need about "
            f"{cost.seconds / 3600:,.1f} hours and {cost.size / 1e9:,.1f} GB. Ask for fewer steps, a smaller staleness"
            f"{', no coherence' if question.coherence is not None else ''} or fewer pairs{_instead(question, cost_of)}."
        )


def notice(question: Question, cost_of: Callable[[Question], Cost]) -> str | None:
    """How long a worst case will take, where that is more than a minute and is not refused; and what takes less."""
    cost = cost_of(question)
    if cost.seconds <= _MINUTE or _hopeless(cost, HOPELESS):
        return None
    return (
        f"The worst case of {question.steps} steps at staleness {question.staleness.window} takes about "
        f"{cost.seconds / 60:,.0f} minutes on one core, before refinements{_instead(question, cost_of)}."
    )


def _hopeless(cost: Cost, most: float) -> bool:
    memory = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) if hasattr(os, "sysconf") else 1e11
    return cost.size > memory or cost.seconds > most


def _instead(question: Question, cost_of: Callable[[Question], Cost]) -> str:
    """How many of the steps are done within a minute, as the end of a sentence; nothing where hardly any are."""
    steps = question.steps
    while steps > 1 and cost_of(question.prefix(steps)).seconds > _MINUTE:
        steps = int(0.8 * steps)
    return f"; {steps} steps would take about a minute" if steps > 1 else ""
