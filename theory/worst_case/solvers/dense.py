"""The dense problem in cvxpy: all pairs, the whole Gram matrix. The reference that the banded form is held against."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import lazy_loader
import numpy as np
from scipy import sparse

from theory.common.types import Floats, Share
from theory.common.waiting import heard, silent
from theory.worst_case.costs import dense_cost
from theory.worst_case.question import Measure, Question
from theory.worst_case.solution import Gram, Multipliers, Solution, Status
from theory.worst_case.solvers.accuracy import checked
from theory.worst_case.solvers.banded import ATTEMPTS, guess
from theory.worst_case.solvers.inequalities import Products, System, neighbours, system

cp: Any = lazy_loader.load("cvxpy")  # slow to load, and its functions are not typed
# All pairs at once have many multipliers that say the same: S comes out with fewer digits than in the banded form.
LOOSE = 1e-5


def solve_dense(question: Question, *, tolerance: float = 1e-9, tell: Share = silent) -> Solution:
    """The value over all interpolation inequalities, stated plainly; for up to some fifty steps.

    Args:
        question: any; it is normalised here.
        tolerance: of Clarabel, absolute and relative, on gap and feasibility.
        tell: called with the share of the predicted time that has passed.

    Returns:
        A Solution with `exhaustive` set; its value is what the multipliers prove, NaN unless they do to 1e-5 and the
        gap is below 1e-5.

    >>> from theory.worst_case.question import Question
    >>> round(solve_dense(Question([1.0], [0])).value, 4)
    0.8
    """
    began = time.perf_counter()
    rows = system(question.normalised(), neighbours(question.steps, question.steps))
    return _Dense(rows).solve(question, tolerance, began, tell)


class _Dense:
    """The unknowns and constraints; rows are those of `system`, vectors are stacked g_0..g_T, e_0..e_{T-1}."""

    def __init__(self, rows: System) -> None:
        self.rows = rows
        points = rows.points
        nodes = 2 * points - 1 if rows.noisy else points
        self.unit = guess(rows.question)
        self.values = cp.Variable(points)
        self.gram = self.unit * cp.Variable((nodes, nodes), PSD=True)
        self.least = self.unit * cp.Variable()
        i, j = rows.pairs.T
        self.pair = self.values[i] - self.values[j] + self._inner(rows.interpolation, len(i)) >= 0
        self.floor = self.values - self._squares() / 2 >= 0
        self.start = self.values[0] <= 1
        self.measure = self._squares() >= self.least
        self.coherence = self._inner(rows.coherence_products, len(rows.coherent)) >= 0
        noise = points + np.arange(points - 1)
        self.noise = cp.diag(self.gram)[noise] <= rows.question.variance if rows.noisy else None
        self.independent = self._independence()

    def _squares(self) -> Any:
        return cp.diag(self.gram)[: self.rows.points]

    def _inner(self, products: Products, count: int) -> Any:
        """Each row's combination of inner products."""
        flat = products.left * self.gram.shape[0] + products.right
        matrix = sparse.csr_matrix((products.coefficient, (products.row, flat)), shape=(count, self.gram.size))
        return matrix @ cp.reshape(self.gram, (self.gram.size,), order="C")

    def _independence(self) -> list[Any]:
        if not self.rows.noisy:
            return []
        points = self.rows.points
        blocks = []
        for k in range(points - 1):
            others = [*range(k + 1), *range(points, points + k)]
            blocks.append(self.gram[points + k, others] == 0)
        return blocks

    def solve(self, question: Question, tolerance: float, began: float, tell: Share) -> Solution:
        minimum = question.measure is Measure.MINIMUM
        steps = self.rows.question.step_sizes
        weights = np.append(steps, 0.0) / max(steps.sum(), 1e-300)
        target = self.least if minimum else weights @ self._squares()
        rows = [self.pair, self.floor, self.start, *self.independent]
        rows += [self.measure] if minimum else []
        rows += [self.coherence] if len(self.rows.coherent) else []
        rows += [self.noise] if self.noise is not None else []
        # The objective counts as many times as there are points: S is then near 1, and errors in it are relative.
        self.weight = self.rows.points / self.unit
        problem = cp.Problem(cp.Maximize(self.weight * target), rows)
        answer: Solution | None = None
        expected = dense_cost(question).seconds
        for options in ATTEMPTS:
            usable = _solved(problem, tolerance, options, lambda: tell((time.perf_counter() - began) / expected))
            answer = self._answer(question, problem, tolerance, began, weights if usable else None)
            if answer.status is Status.SOLVED:
                break
        assert answer is not None
        return answer

    def _answer(
        self, question: Question, problem: Any, tolerance: float, began: float, weights: Floats | None
    ) -> Solution:
        """What the variables hold, checked; without weights, that nothing came out."""
        usable = weights is not None
        multipliers = None if weights is None else self._multipliers(question.measure is Measure.MINIMUM, weights)
        gap = float("inf")
        if multipliers is not None:
            bound = multipliers.bound(self.rows.question.variance)
            gap = abs(float(problem.value) / self.weight / bound - 1)
        answer = Solution(
            question=question,
            pairs=self.rows.pairs,
            exhaustive=True,
            value=float("nan"),
            status=Status.INACCURATE if usable else Status.FAILED,
            multipliers=multipliers,
            gram=Gram(((np.arange(self.gram.shape[0]), np.asarray(self.gram.value)),)) if usable else None,
            function_values=np.asarray(self.values.value) if usable else np.full(self.rows.points, np.nan),
            gap=gap,
            solver=f"cvxpy {cp.__version__} with Clarabel",
            seconds=time.perf_counter() - began,
        )
        return checked(answer, allowed=max(LOOSE, 10 * tolerance))

    def _multipliers(self, minimum: bool, weights: Floats) -> Multipliers:
        points, noisy = self.rows.points, self.rows.noisy
        free, orthogonal = np.empty(0), np.empty((0, 2), dtype=np.int64)
        if noisy:
            # cvxpy's dual of `== 0` is minus the sum of the two symmetric entries of S.
            free = np.concatenate([np.atleast_1d(row.dual_value) for row in self.independent]) / (2 * self.weight)
            places = [(k, node) for k in range(points - 1) for node in [*range(k + 1), *range(points, points + k)]]
            orthogonal = np.array(places, dtype=np.int64)
        return Multipliers(
            pairs=self.rows.pairs,
            pair=np.asarray(self.pair.dual_value) / self.weight,
            floor=np.asarray(self.floor.dual_value) / self.weight,
            gap=float(self.start.dual_value) / self.weight,
            measure=np.asarray(self.measure.dual_value) / self.weight if minimum else weights,
            coherent=self.rows.coherent,
            coherence=np.asarray(self.coherence.dual_value) / self.weight if len(self.rows.coherent) else np.empty(0),
            noise=np.asarray(self.noise.dual_value) / self.weight if self.noise is not None else np.zeros(points - 1),
            orthogonal=orthogonal,
            free=free,
        )


def _solved(problem: Any, tolerance: float, options: dict[str, object], pulse: Callable[[], object]) -> bool:
    """Whether Clarabel gave an answer worth a look; its own word on the accuracy is not taken for it."""
    names = ("tol_gap_abs", "tol_gap_rel", "tol_feas")
    accuracy = dict.fromkeys(names, tolerance) | {f"reduced_{name}": 100 * tolerance for name in names}
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Solution may be inaccurate")
            heard(lambda ended: problem.solve(solver=cp.CLARABEL, max_iter=200, **accuracy, **options), pulse)
    except cp.SolverError:
        return False
    return problem.status in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE)
