"""The best steps for the worst case itself: descents on its sensitivities from several starts, then over all pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from theory.common.types import Floats, Ints, Stages
from theory.common.waiting import part
from theory.worst_case.question import Question
from theory.worst_case.solution import Status
from theory.worst_case.solve import worst_case
from theory.worst_case.solvers.descent import Descent, default_reach, descend
from theory.worst_case.solvers.inequalities import neighbours, system
from theory.worst_case.solvers.windows import windows

#: Seconds of one solve per node of a window to the power 3.5, roughly, and what all descents together may take.
_SECONDS, _BUDGET = 2.5e-6, 60.0
_FEWEST, _MOST = 8, 300
#: A lower worst case by less than this share is none: the design is then a local optimum to some 1e-6.
_STILL = 1e-7
#: Of the mean step.
_LITTLE = 0.01


def best_worst_case(question: Question, starts: Sequence[Floats], *, progress: Stages | None = None) -> Descent:
    """A short descent from each start, and a longer one from where the best of them ended.

    Args:
        question: delays and constants; its steps do not matter.
        starts: step sizes (T,) to begin from.
        progress: called with (done, total, text).

    Returns:
        A Descent from the best start.
    """
    total = solves_within(question)
    short = max(_FEWEST, total // (2 * len(starts)))
    found = [_descent(question, start, short, n * short, total, progress) for n, start in enumerate(starts)]
    best = min(found, key=lambda descent: descent.value)
    long = max(_FEWEST, total - short * len(starts))
    last = _descent(question, best.step_sizes, long, total - long, total, progress)
    return replace(last, start=best.start, solves=last.solves + sum(descent.solves for descent in found))


def polished(question: Question, *, progress: Stages | None = None) -> Floats:
    """Steps that no small change improves: descents over the pairs that the worst case needs, until it is no lower.

    Over the pairs of the first descents alone the least value lies elsewhere: up to a thousandth above a local optimum.

    Args:
        question: its steps are where it begins.
        progress: called with (done, total, text).
    """
    best = steps = question.step_sizes
    value, left = np.inf, (total := solves_within(question))
    pairs = neighbours(question.steps, default_reach(question))
    while left > 0:
        rated, count = worst_case(question.replaced(step_sizes=steps)), len(pairs)
        if rated.status is not Status.SOLVED:
            break
        lower, value = rated.value < value * (1 - _STILL), min(value, rated.value)
        best = steps if lower else best
        pairs = np.unique(np.concatenate([pairs, rated.pairs, *_beside(question, best)]), axis=0)
        # Where the descent was led astray by pairs that were not there, it begins again with them.
        if not lower and len(pairs) == count:
            break
        found = _descent(question, best, left, total - left, total, progress, pairs)
        steps, left = found.step_sizes, left - found.solves
    return best


def _beside(question: Question, steps: Floats) -> Iterator[Ints]:
    """The pairs that are needed where steps of no length get a little: points that are one need none between them."""
    longer = np.maximum(steps, _LITTLE * steps.mean())
    if (longer > steps).any():
        yield worst_case(question.replaced(step_sizes=longer)).pairs


def _descent(
    question: Question,
    start: Floats,
    solves: int,
    done: int,
    total: int,
    progress: Stages | None,
    pairs: Ints | None = None,
) -> Descent:
    """One of several descents, of which all have `total` solves and those before had `done`."""
    told = part(progress, done / total, min((done + solves) / total, 1.0))
    return descend(question.replaced(step_sizes=start), pairs=pairs, solves=solves, progress=told)


def solves_within(question: Question) -> int:
    """How many solves a design may take, from the size of the windows alone, so that the same input gives the same.

    >>> solves_within(Question([0.1] * 9, [0, 1, 1, 1, 1, 1, 1, 1, 1]))
    300
    """
    rows = system(question.normalised(), neighbours(question.steps, default_reach(question)))
    one = _SECONDS * sum(len(window) ** 3.5 for window in windows(rows))
    return int(np.clip(_BUDGET / one, _FEWEST, _MOST))


def starts(constant: Floats, others: Sequence[Floats], *, seed: int = 0) -> tuple[Floats, ...]:
    """The constant step, other steps, and the constant step shaken by 30 % with a fixed seed.

    A constant step can be a saddle or have a kink, where a descent stays; shaken steps do not.
    """
    shaken = constant * np.clip(1 + 0.3 * np.random.default_rng(seed).standard_normal(constant.size), 0.1, None)
    return constant, *others, shaken
