r"""The banded problem, solved by our own method, and by Clarabel with several settings where that is not accurate."""

from __future__ import annotations

import time

import numpy as np

from theory.common.types import Ints, Share
from theory.common.waiting import silent, watched
from theory.worst_case.costs import banded_cost
from theory.worst_case.question import Measure, Question
from theory.worst_case.solution import Solution, Status
from theory.worst_case.solvers.accuracy import checked
from theory.worst_case.solvers.bands import run
from theory.worst_case.solvers.conic import ConicProblem, find_unknowns
from theory.worst_case.solvers.conic import known_zero as known_zero
from theory.worst_case.solvers.inequalities import system
from theory.worst_case.solvers.interior import solve_interior
from theory.worst_case.solvers.windows import windows

# Clarabel's settings, tried in turn until an answer is accurate; each time the unit is the value that came out before.
ATTEMPTS: tuple[dict[str, object], ...] = (
    {"static_regularization_constant": 1e-7},
    {},
    {"equilibrate_enable": False},
    {"direct_solve_method": "faer", "max_step_fraction": 0.9},
)


OWN_ON_BANDS = "own interior-point method on bands"
_OWN_TOLERANCE = 1e-8
_LAST_RESORT = 1e-5  # gap and shortfall that are put up with when nothing came closer; the gap is in the answer
_NEAR = 0.01  # gap below which what came out is a better unit
_OWN_LIMIT = 2000  # pairs up to which the interior-point method steps in where no answer is accurate


def solve(question: Question, pairs: Ints, *, tolerance: float = 1e-10, tell: Share = silent) -> Solution:
    """The value over the interpolation inequalities of `pairs` only: an upper bound of the worst case.

    Args:
        question: any; it is normalised here.
        pairs: int64 (P, 2), the (i, j) of f_i >= f_j + ...
        tolerance: of Clarabel, absolute and relative, on gap and feasibility; of our own method, if it is above 1e-8.
        tell: called with the share that is done.

    Returns:
        A Solution; its value is what the multipliers prove, NaN unless they do to 1e-6 and the gap is below 1e-6
        (or, where other scales, settings and the interior-point method come no closer, 1e-5).
    """
    began = time.perf_counter()
    rows = system(question.normalised(), pairs)
    frames = windows(rows)
    unknowns, unit = find_unknowns(rows, frames), guess(rows.question)
    first = ConicProblem(rows, frames, unknowns, unit)
    aim = max(tolerance, _OWN_TOLERANCE)
    answer = watched(lambda told: run(first, aim, told), tell, banded_cost(question, pairs).seconds)
    best = first.solution(question, answer, aim, time.perf_counter() - began, OWN_ON_BANDS)
    if best.status is Status.SOLVED:
        return best
    for options in ATTEMPTS:
        problem = ConicProblem(rows, frames, unknowns, unit)
        found = problem.solution(
            question, problem.run(tolerance, options, tell), tolerance, time.perf_counter() - began
        )
        best = found if found.status is Status.SOLVED or found.gap < best.gap else best
        if best.status is Status.SOLVED:
            return best
        if found.multipliers is not None and found.gap < _NEAR:
            unit = min(max(found.multipliers.bound(rows.question.variance), 1e-12), 1e12)
    if not rows.noisy and len(pairs) <= _OWN_LIMIT:
        own = solve_interior(question, pairs, tell=tell)
        best = own if own.status is Status.SOLVED else best
    return best if best.status is Status.SOLVED else checked(best, allowed=_LAST_RESORT)


def guess(question: Question) -> float:
    """The order of magnitude of the value of a normalised question, from a bound that ignores staleness."""
    steps = question.step_sizes
    if question.rule is not None:
        steps = np.maximum(question.rule.moves_of(question.read_points).sum(axis=1), 0.0)
    found = float((1 + question.variance / 2 * (steps**2).sum()) / (steps.sum() + 0.5))
    return min(found, 2.0) if question.measure is Measure.MINIMUM else found
