r"""The worst function of a question: from a solver's inner products to a function that certainly exists.

1. The solver's gradients are completed in least dimension. Between pairs of points that the solver did not use they
   may break the inequalities; bringing in such pairs, or wider neighbourhoods, and solving again repairs most of that.
2. What is left is mended by adding a share of a function that is valid whatever the steps (`witness_parts`), by a
   linear program over the shares (`witness_mixture`).
3. The result is rounded and checked exactly (`witness_check`), with a little more of the valid function if need be.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from theory.common.errors import CertificateError
from theory.common.types import Floats, Ints, Stages
from theory.worst_case.costs import banded_cost, interior_cost
from theory.worst_case.question import Question
from theory.worst_case.solution import Solution, Status
from theory.worst_case.solvers.banded import solve
from theory.worst_case.solvers.dense import solve_dense
from theory.worst_case.solvers.inequalities import neighbours
from theory.worst_case.solvers.interior import solve_interior
from theory.worst_case.solvers.violated_pairs import cuts, surpluses
from theory.worst_case.witness.check import Witness, check
from theory.worst_case.witness.completion import complete
from theory.worst_case.witness.mixture import best_weights
from theory.worst_case.witness.parts import Part, combined, known, linear, tight_pairs

__all__ = ["Witness", "check", "witness"]


SEARCH = 20.0  # seconds
_NEAR_ENOUGH = 0.9995  # of the relaxation's value: no further repair
_DENSE = 400  # steps up to which all pairs are looked at in one matrix
# Moves as shares of the gradient: those that the solver's error may hide, and those that rounding hides.
_STILL, _LOST = (1e-5, 1e-3), 1e-13
_NOWHERE = 1e-6  # a sum of steps, in 1/L
_SHARES = (1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)


def witness(solution: Solution, *, progress: Stages | None = None, seconds: float = SEARCH) -> Witness | None:
    """A function that makes the schedule slow: its measure is a true lower bound of the worst case.

    Args:
        solution: of the question; its gradients are where the search begins. With noise the search is for a function
            without, which the adversary may play as well.
        progress: called with (done, total, text), the share of the seconds that have passed.
        seconds: about how long to go on improving; a first answer may take longer.

    Returns:
        A checked witness; None where even the closed forms do not pass the check.

    >>> from theory.worst_case.question import Question
    >>> from theory.worst_case.solve import worst_case
    >>> found = witness(worst_case(Question([1.0], [0])))
    >>> round(found.lower, 6)
    0.8
    """
    question = solution.question.normalised().replaced(variance=0.0)
    parts = known(question)
    search = _Search(_moving(question), solution, time.perf_counter() + seconds, seconds, progress)
    mixtures = [combined(parts, best_weights(question, parts))]
    for near, candidates in search.parts():
        parts += [_continued(question, part) for part in candidates]
        mixtures.append(combined(parts, best_weights(question, parts)))
        if mixtures[-1].measure(question) >= _NEAR_ENOUGH * near.measure(question):
            break
    return _best(solution.question, sorted(mixtures, key=lambda part: -part.measure(question)))


def _best(question: Question, mixtures: list[Part]) -> Witness | None:
    """The first of these that loses next to nothing when it is checked, or else the best one after the check."""
    passed: list[Witness] = []
    for part in mixtures:
        if passed and passed[-1].lower >= 0.999 * question.scale * part.measure(question):
            break
        found = _checked(question, part)
        passed += [] if found is None else [found]
    return max(passed, key=lambda found: found.value, default=None)


def _moving(question: Question) -> Question:
    """The question without last steps that together lead nowhere."""
    left = np.cumsum(question.lengths[::-1])[::-1]
    return question.prefix(max(1, int((left > _NOWHERE).sum())))


def _continued(question: Question, part: Part) -> Part:
    """A part of the first steps, its last gradient kept for the others."""
    known_steps = len(part.values) - 1
    rest = np.arange(known_steps, question.steps)
    last = part.gradients[-1:]
    gradients = np.concatenate([part.gradients, np.repeat(last, len(rest), axis=0)])
    falls = (question.moves(gradients) @ last[0])[rest]
    return Part(gradients, np.concatenate([part.values, part.values[-1] - np.cumsum(falls)]))


@dataclass(frozen=True, eq=False)
class _Search:
    """Gradients from a solver, each time with more pairs than before."""

    question: Question
    solution: Solution
    until: float
    seconds: float
    progress: Stages | None

    def parts(self) -> Iterator[tuple[Part, list[Part]]]:
        """One answer after the other, raw and in versions, until the time is up or nothing new can be asked."""
        solved, reach = self._first(), 2
        while solved is not None:
            versions = [as_part(self.question, solved, still) for still in _STILL]
            part = versions[0]
            if part is not None:
                yield part, [version for version in versions if version is not None]
            solved = self._next(solved, part, reach)
            reach += max(1, reach // 2)

    def _first(self) -> Solution | None:
        asked = self.solution.question
        if asked.variance == 0 and asked.steps == self.question.steps and self.solution.gram is not None:
            return self.solution
        return self._solve(neighbours(self.question.steps, 1)) if asked.rule is None else solve_dense(self.question)

    def _next(self, solved: Solution, part: Part | None, reach: int) -> Solution | None:
        """The answer with more pairs, the first of these choices that there is time for; a rule's has all of them."""
        if self.question.rule is not None:
            return None
        for pairs in self._wider(solved, part, reach):
            found = self._solve(pairs)
            if found is not None:
                return found
        return None

    def _wider(self, solved: Solution, part: Part | None, reach: int) -> Iterator[Ints]:
        """The pairs and for each point the two that are broken most; or all broken ones nearby and more neighbours."""
        pairs, steps = solved.pairs, self.question.steps
        if part is not None and steps <= _DENSE and solved.gram is not None:
            broken = cuts(self.question, surpluses(self.question, solved), longest=steps)
            if len(broken):
                yield np.unique(np.concatenate([pairs, broken]), axis=0)
        span = 2 * self.question.staleness.window + 2
        close = np.empty((0, 2), dtype=np.int64)
        if part is not None:
            i, j = tight_pairs(self.question, part, -1e-6)
            close = np.stack([i, j], axis=1)[j - i <= 2 * span]
        everywhere = neighbours(steps, min(reach, steps))
        for limit in (2 * span, span):
            near = close[close[:, 1] - close[:, 0] <= limit]
            wanted = np.unique(np.concatenate([pairs, everywhere, near, near[:, ::-1]]), axis=0)
            if len(wanted) > len(np.unique(pairs, axis=0)):
                yield wanted

    def _solve(self, pairs: Ints) -> Solution | None:
        """By the faster solver; None where it would take too long or fails."""
        banded, interior = banded_cost(self.question, pairs), interior_cost(self.question, pairs)
        left = self.until - time.perf_counter()
        if 2 * min(banded.seconds, interior.seconds) > left:
            return None
        solver = solve if banded.seconds <= interior.seconds else solve_interior
        found = solver(self.question, pairs, tell=lambda share: self._tell(len(pairs)))
        return found if found.gram is not None else None

    def _tell(self, count: int) -> None:
        if self.progress:
            passed = 1 - (self.until - time.perf_counter()) / self.seconds
            self.progress(int(1000 * min(passed, 1.0)), 1000, f"worst function from {count} pairs of points")


def as_part(question: Question, solution: Solution, still: float = _STILL[0]) -> Part | None:
    """The solver's gradients and values along the run, rid of its errors where the run moves too little to bear them.

    Args:
        question: normalised; solution: of it.
        still: a move shorter than this share of the gradient leaves the gradient as it was.
    """
    if solution.gram is None or solution.status is Status.FAILED:
        return None
    gradients, values = complete(solution.gram, question.steps + 1), solution.function_values
    norms = np.linalg.norm(gradients, axis=1)
    for k in np.flatnonzero(np.linalg.norm(question.moves(gradients), axis=1) < still * norms[1:]):
        gradients[k + 1] = gradients[k]
    falls = _falls(question, gradients) + _deviations(question, Part(gradients, values)) / 4
    values = values[0] - np.append(0.0, np.cumsum(falls))
    part = Part(gradients, values)
    lift = max(0.0, float((part.squares / 2 - values).max()))
    size = max(1.0, float(values[0]) + lift)
    return Part(gradients / np.sqrt(size), (values + lift) / size)


def _checked(question: Question, part: Part) -> Witness | None:
    """The first rounding that passes, with more and more of the linear function in it."""
    normal = question.normalised()
    for share in _SHARES:
        mixed = combined([part, linear(normal)], np.array([1 - share, share]))
        found = rounded(question, mixed, min(share / 100, 1e-6), small=1e-2 * np.sqrt(share))
        try:
            check(found)
        except CertificateError:
            continue
        return found
    return None


def rounded(question: Question, part: Part, spare: float, small: float = 1e-12) -> Witness:
    """The witness in the user's units: floats for the gradients, and values that follow from them exactly.

    f_{k+1} = f_k - <g_k + g_{k+1}, x_k - x_{k+1}>/2 - c_k/4 with the part's deviation c_k, so that no digit is lost
    however small the step.

    Args:
        question: in the user's units; part: in units L = Delta = 1.
        spare: the gradients are made smaller by this share, so that F(x_0) - inf F has as much to spare.
        small: dimensions in which the gradients are smaller than this share of the largest one are left out.
    """
    normal = question.normalised()
    deviation = _deviations(normal, part) * (1 - spare) * (1 - 1e-9)
    gradients = _without_empty(part.gradients, small) * np.sqrt(question.scale * (1 - spare))
    # Where a move is lost among the gradient's last digits, so is any change of the gradient.
    lengths = np.sqrt(part.squares)
    for lost in np.flatnonzero(np.linalg.norm(normal.moves(part.gradients), axis=1) < _LOST * lengths[1:]):
        gradients[lost + 1], deviation[lost] = gradients[lost], 0.0
    witness = Witness(question, gradients, ())
    value = Fraction(question.gap)
    values = [value]
    for k, (inner, power) in enumerate(witness.falls()):
        value = value - Fraction(inner, 2 << power) - Fraction(question.gap * float(deviation[k])) / 4
        values.append(value)
    return replace(witness, values=tuple(values))


def _falls(question: Question, gradients: Floats) -> Floats:
    """<g_k + g_{k+1}, x_k - x_{k+1}>/2, by which F would fall in step k if it were a parabola."""
    return np.asarray(((gradients[:-1] + gradients[1:]) * question.moves(gradients)).sum(axis=1) / 2)


def _deviations(question: Question, part: Part) -> Floats:
    """4(f_k - f_{k+1}) - 2<g_k + g_{k+1}, x_k - x_{k+1}>, kept to what the inequality of (k, k+1) allows."""
    g = part.gradients
    room = np.maximum(np.square(question.moves(g)).sum(axis=1) - np.square(g[:-1] - g[1:]).sum(axis=1), 0.0)
    return np.asarray(np.clip(-4 * np.diff(part.values) - 4 * _falls(question, g), -room, room))


def _without_empty(gradients: Floats, small: float) -> Floats:
    """The gradients without the dimensions that they do not use, the most important ones first."""
    _, sizes, turn = np.linalg.svd(gradients, full_matrices=False)
    kept = max(1, int((sizes > small * sizes[0]).sum()))
    return np.ascontiguousarray(gradients @ turn[:kept].T)
