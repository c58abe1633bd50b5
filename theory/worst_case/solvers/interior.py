r"""An interior-point method for worst cases without noise whose cost does not grow with the staleness.

Primal and dual, infeasible start, the direction of Helmberg, Rendl, Vanderbei, Wolkowicz, Kojima, Shindoh, Hara and
Monteiro with Mehrotra's correction. The dual has a few multipliers per step and one slack matrix S; all matrices are
dense. The multipliers of the chain and of the gap are eliminated, so that the f's cancel exactly at every iterate, and
the value that is reported is the dual's: with S positive definite it is a bound on its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from theory.common.types import Floats, Ints, Share
from theory.common.waiting import silent, watched
from theory.worst_case.costs import interior_cost
from theory.worst_case.question import Measure, Question
from theory.worst_case.solution import Gram, Multipliers, Solution, Status
from theory.worst_case.solvers.accuracy import ALLOWED, checked, covers_all
from theory.worst_case.solvers.forms import Forms

ITERATIONS = 100
OWN = "own interior-point method"


@dataclass(frozen=True, eq=False)
class _State:
    gram: Floats
    slack: Floats
    multipliers: Floats
    surplus: Floats  # by how much each row holds
    values: Floats  # the f's
    least: float  # t


@dataclass(frozen=True, eq=False)
class _Residual:
    surplus: Floats
    slack: Floats
    centrality: float  # the mean product of primal and dual

    @property
    def primal(self) -> float:
        return float(np.abs(self.surplus).max())

    @property
    def dual(self) -> float:
        return float(np.abs(self.slack).max())


@dataclass(frozen=True, eq=False)
class _Direction:
    gram: Floats
    slack: Floats
    multipliers: Floats
    surplus: Floats
    values: Floats
    least: float


@dataclass(frozen=True, eq=False)
class _Outcome:
    state: _State
    gap: float
    infeasible: float
    status: Status


def solve_interior(
    question: Question,
    pairs: Ints,
    *,
    tolerance: float = 1e-8,
    unit: float | None = None,
    tell: Share = silent,
) -> Solution:
    """The value over the interpolation inequalities of `pairs` and of the chain (k, k+1), noise-free.

    Args:
        question: of variance 0; it is normalised here.
        pairs: int64 (P, 2).
        tolerance: relative, on the gap and on what broken rows may add to the value.
        unit: a guess of the value of the normalised question.
        tell: called with the share that is done.

    Returns:
        A Solution whose Gram is one matrix over all g's; its value is NaN unless gap and rows hold to 1e-6 (or to ten
        times a larger tolerance).
    """
    began = time.perf_counter()
    normal = question.normalised()
    forms = Forms(normal, _others(pairs, question.steps), unit or 1 / (float(normal.step_sizes.sum()) + 0.5))
    seconds = interior_cost(question, pairs).seconds
    outcome = watched(lambda told: _iterate(forms, tolerance, told), tell, seconds)
    return _solution(question, forms, outcome, tolerance, time.perf_counter() - began)


def _others(pairs: Ints, steps: int) -> Ints:
    """The pairs that are not in the chain, each once."""
    outside = pairs[pairs[:, 1] != pairs[:, 0] + 1]
    return np.unique(outside, axis=0) if len(outside) else np.empty((0, 2), dtype=np.int64)


def _start(forms: Forms) -> _State:
    rows = forms.rows
    points = rows.points
    free = np.zeros(rows.count)
    free[rows.floor], free[rows.measure], free[rows.coherence] = 10 / points, 1 / points, 1 / points
    weight = 2.0
    while True:  # small enough that the chain's multipliers, which follow, are positive
        weight /= 2
        free[rows.pairs[rows.steps :]] = weight
        multipliers = forms.expand(free[rows.basic :])
        if multipliers[: rows.basic].min() > weight / 100:
            break
    identity = np.eye(points)
    return _State(10 * identity, 100 / points * identity, multipliers, np.ones(rows.count), np.full(points, 0.5), 1.0)


def _residual(forms: Forms, state: _State) -> _Residual:
    rows = forms.rows
    held = forms.flow @ state.values + forms.apply(state.gram) - state.surplus
    held[rows.measure] -= state.least
    held[rows.steps] += 1.0
    slack = -np.diag(forms.weights) - forms.adjoint(state.multipliers) - state.slack
    total = float(np.sum(state.gram * state.slack) + state.multipliers @ state.surplus)
    return _Residual(held, slack, total / (rows.points + rows.count))


def _iterate(forms: Forms, tolerance: float, tell: Share) -> _Outcome:
    state = _start(forms)
    best = _Outcome(state, float("inf"), float("inf"), Status.FAILED)
    damping = 1e-14
    for _ in range(ITERATIONS):
        residual = _residual(forms, state)
        if residual.dual < 1e-12:
            state = replace(state, slack=state.slack + residual.slack)
            residual = replace(residual, slack=np.zeros_like(residual.slack))
        best = _better(forms, state, residual, best)
        if best.gap < tolerance and best.infeasible < tolerance:
            break
        try:
            newton = _Newton(forms, state, residual, damping)
        except np.linalg.LinAlgError:
            break
        damping = max(newton.damping / 3, 1e-14)
        direction, lengths = newton.step()
        if not min(lengths) > 1e-7:
            break
        state = _moved(forms, state, direction, *lengths)
        left = np.log(max(best.gap, best.infeasible, tolerance) / tolerance) / np.log(1 / tolerance)
        tell(float(max(0.0, 1 - left)))
    return best


def _better(forms: Forms, state: _State, residual: _Residual, best: _Outcome) -> _Outcome:
    """The one of two outcomes that is nearer to a solution; only states whose S belongs to the multipliers count."""
    rows = forms.rows
    bound = abs(state.multipliers[rows.steps])
    gap = residual.centrality * (rows.points + rows.count) / max(bound, 1e-300)
    # What broken rows may add to the value, to first order.
    broken = float(state.multipliers @ np.abs(residual.surplus)) / max(bound, 1e-300)
    if residual.dual > 0 or max(gap, broken) > max(best.gap, best.infeasible):
        return best
    return _Outcome(state, gap, broken, Status.INACCURATE)


def _moved(forms: Forms, state: _State, by: _Direction, primal: float, dual: float) -> _State:
    gram = state.gram + primal * by.gram
    free = (state.multipliers + dual * by.multipliers)[forms.rows.basic :]
    return _State(
        gram=(gram + gram.T) / 2,
        slack=state.slack + dual * by.slack,
        multipliers=forms.expand(free),
        surplus=state.surplus + primal * by.surplus,
        values=state.values + primal * by.values,
        least=state.least + primal * by.least,
    )


class _Newton:
    """The linear system of one iteration, factored once and used for predictor and corrector."""

    def __init__(self, forms: Forms, state: _State, residual: _Residual, damping: float) -> None:
        self.forms, self.state, self.residual = forms, state, residual
        self.root_slack, self.root_gram = np.linalg.cholesky(state.slack), np.linalg.cholesky(state.gram)
        self.inverse = linalg.cho_solve((self.root_slack, True), np.eye(len(state.slack)), check_finite=False)
        matrix = forms.normal(state.gram, self.inverse)
        matrix[np.diag_indices(len(matrix))] += state.surplus / state.multipliers
        self.basic = matrix[: forms.rows.basic].copy()
        reduced = forms.reduce(np.ascontiguousarray(forms.reduce(matrix).T))
        self.system = _Damped((reduced + reduced.T) / 2, damping)
        self.damping = self.system.damping
        self.measured = np.zeros(forms.rows.count)
        self.measured[forms.rows.measure] = -1.0
        self.border = forms.reduce(self.measured)
        self.along = self.system.solve(self.border)

    def step(self) -> tuple[_Direction, tuple[float, float]]:
        """Mehrotra's direction and how far to go along it, in the primal and in the dual."""
        state, centrality = self.state, self.residual.centrality
        zero = np.zeros(1)
        guess = self.direction(0.0, zero, zero)
        primal, dual = (min(1.0, length) for length in self.lengths(guess))
        matrices = (state.gram + primal * guess.gram) * (state.slack + dual * guess.slack)
        products = (state.surplus + primal * guess.surplus) * (state.multipliers + dual * guess.multipliers)
        ahead = float(matrices.sum()) + float(products.sum())
        ratio = ahead / (centrality * (self.forms.rows.points + self.forms.rows.count))
        centring = max(min(1.0, max(ratio, 0.01) ** 2), 0.3 * (1 - min(primal, dual)) ** 2)
        second = guess.gram @ guess.slack @ self.inverse
        found = self.direction(centring * centrality, (second + second.T) / 2, guess.multipliers * guess.surplus)
        primal, dual = self.lengths(found)
        share = 0.9 + 0.09 * min(primal, dual, 1.0)
        return found, (min(1.0, share * primal), min(1.0, share * dual))

    def direction(self, target: float, second: Floats, product: Floats) -> _Direction:
        """Towards products equal to `target`, given the second-order terms of matrices and of rows."""
        forms, state, residual = self.forms, self.state, self.residual
        held = state.gram @ residual.slack @ self.inverse
        matrix = target * self.inverse - state.gram - second - (held + held.T) / 2
        aim = (target - product) / state.multipliers - state.surplus
        right = aim - residual.surplus - forms.apply(matrix)
        free, least = self.system.solve(forms.reduce(right)), 0.0
        if forms.rows.measured:
            least = float(self.border @ free) / float(self.border @ self.along)
            free = free - least * self.along
        multipliers = forms.expand(free)
        change = forms.adjoint(multipliers)
        moved = state.gram @ change @ self.inverse
        return _Direction(
            gram=matrix + (moved + moved.T) / 2,
            slack=residual.slack - change,
            multipliers=multipliers,
            surplus=aim - state.surplus / state.multipliers * multipliers,
            values=forms.potential(right[: forms.rows.basic] - self.basic @ multipliers),
            least=least,
        )

    def lengths(self, by: _Direction) -> tuple[float, float]:
        """How far to the boundary, primal and dual."""
        state = self.state
        primal = max(-_least(self.root_gram, by.gram), float((-by.surplus / state.surplus).max()), 1e-12)
        dual = max(-_least(self.root_slack, by.slack), float((-by.multipliers / state.multipliers).max()), 1e-12)
        return 1 / primal, 1 / dual


def _least(root: NDArray[np.floating[Any]], matrix: Floats) -> float:
    """The least eigenvalue of root^-1 matrix root^-T."""
    half = linalg.solve_triangular(root, matrix, lower=True, check_finite=False)
    whole = linalg.solve_triangular(root, half.T, lower=True, check_finite=False)
    return float(linalg.eigvalsh((whole + whole.T) / 2, subset_by_index=[0, 0], check_finite=False)[0])


class _Damped:
    """A scaled Cholesky factor, a little damping added where it needs some, with conjugate gradients to make up."""

    def __init__(self, matrix: Floats, damping: float) -> None:
        diagonal = np.diag(matrix)
        if not (np.isfinite(diagonal).all() and diagonal.min() > 0):
            raise np.linalg.LinAlgError
        self.scale = 1 / np.sqrt(diagonal)
        self.matrix = matrix * self.scale[:, None] * self.scale[None, :]
        while True:
            try:
                damped = self.matrix.copy()
                damped[np.diag_indices(len(damped))] += damping
                self.factor = linalg.cho_factor(damped, lower=True, overwrite_a=True, check_finite=False)
                break
            except np.linalg.LinAlgError:
                damping *= 10
                if damping > 1e-6:
                    raise
        self.damping = damping

    def solve(self, right: Floats) -> Floats:
        right = right * self.scale
        found = self._approximate(right)
        left = right - self.matrix @ found
        direction = image = self._approximate(left)
        product = left @ image
        for _ in range(8):
            if not product > 0 or np.linalg.norm(left) < 1e-13 * np.linalg.norm(right):
                break
            ahead = self.matrix @ direction
            length = product / (direction @ ahead)
            found, left = found + length * direction, left - length * ahead
            image = self._approximate(left)
            before, product = product, left @ image
            direction = image + product / before * direction
        return np.asarray(found * self.scale)

    def _approximate(self, right: Floats) -> Floats:
        return np.asarray(linalg.cho_solve(self.factor, right, check_finite=False))


def _solution(question: Question, forms: Forms, outcome: _Outcome, tolerance: float, seconds: float) -> Solution:
    state, points = outcome.state, forms.rows.points
    failed = outcome.status is Status.FAILED
    return checked(
        Solution(
            question=question,
            pairs=forms.pairs,
            exhaustive=covers_all(forms.pairs, points),
            value=float("nan"),
            status=outcome.status,
            multipliers=None if failed else _multipliers(forms, state.multipliers),
            gram=None if failed else Gram(((np.arange(points), state.gram * forms.unit),)),
            function_values=np.full(points, np.nan) if failed else state.values,
            gap=max(outcome.gap, outcome.infeasible),
            solver=OWN,
            seconds=seconds,
        ),
        allowed=max(ALLOWED, 10 * tolerance),
    )


def _multipliers(forms: Forms, found: Floats) -> Multipliers:
    rows, unit = forms.rows, forms.unit
    minimum = forms.question.measure is Measure.MINIMUM
    return Multipliers(
        pairs=forms.pairs,
        pair=found[rows.pairs] * unit,
        floor=found[rows.floor] * unit,
        gap=float(found[rows.steps]) * unit,
        measure=found[rows.measure] if minimum else forms.weights,
        coherent=forms.coherent,
        coherence=found[rows.coherence],
        noise=np.zeros(rows.steps),
        orthogonal=np.empty((0, 2), dtype=np.int64),
        free=np.empty(0),
    )
