r"""The banded problem as conic data for Clarabel: maximise t subject to the rows and to windows that are PSD.

Unknowns: f_0..f_T (inf F = 0), the inner products that some window holds and that are not known to be 0, and t.

Scales decide how many digits come out. Inner products and t are in units of a guess of the value; the objective counts
as many times as there are points, so that S is near 1 and errors in it are relative; pairs are weighted and f's are
measured by the root of that number, since a thousand small errors in differences of f's add up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import clarabel
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from theory.common.types import Floats, Ints, Share
from theory.common.waiting import heard, silent
from theory.worst_case.question import Measure, Question
from theory.worst_case.solution import Gram, Multipliers, Solution, Status
from theory.worst_case.solvers.accuracy import ALLOWED, checked, covers_all
from theory.worst_case.solvers.inequalities import Products, System

CLARABEL = f"Clarabel {clarabel.__version__}"
_FEASIBLE = 1e-6  # primal residual up to which an answer is looked at, whatever its status says


@dataclass(frozen=True, eq=False)
class Unknowns:
    """Where the unknowns stand: f_k at k, inner product number n at T + 1 + n, t last."""

    points: int
    left: Ints
    right: Ints
    nodes: int

    @cached_property
    def _keys(self) -> Ints:
        return self.left * self.nodes + self.right

    def find(self, left: Ints, right: Ints) -> Ints:
        """Columns of inner products with left >= right; -1 where the product is known to be 0."""
        wanted = left * self.nodes + right
        place = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[place] == wanted, self.points + place, -1)

    @property
    def count(self) -> int:
        return self.points + len(self.left) + 1


def find_unknowns(rows: System, frames: tuple[Ints, ...]) -> Unknowns:
    """All inner products of nodes that share a window, but those known to be 0."""
    points, nodes = rows.points, 2 * rows.points
    grid = [np.broadcast_arrays(frame[:, None], frame[None, :]) for frame in frames]
    left, right = (np.concatenate([side[k].ravel() for side in grid]) for k in (0, 1))
    kept = (left >= right) & ~known_zero(left, right, points)
    keys = np.unique(left[kept] * nodes + right[kept])
    return Unknowns(points, keys // nodes, keys % nodes, nodes)


def known_zero(left: Ints, right: Ints, points: int) -> NDArray[np.bool_]:
    """Whether <left, right> (left >= right as nodes) is 0 by the independence of the noise."""
    noise = left - points
    return (left >= points) & np.where(right >= points, left != right, right <= noise)


@cache
def triangle(size: int) -> tuple[Ints, Ints]:
    """Rows and columns of the entries on and below the diagonal, row by row."""
    return np.tril_indices(size)


@dataclass(frozen=True, eq=False)
class ConicAnswer:
    """What Clarabel gave, in the scales of the problem."""

    usable: bool
    primal: Floats
    dual: Floats
    gap: float


@dataclass(frozen=True, eq=False)
class ConicProblem:
    """The rows, the windows and the scales."""

    rows: System
    frames: tuple[Ints, ...]
    unknowns: Unknowns
    unit: float

    @property
    def minimum(self) -> bool:
        return self.rows.question.measure is Measure.MINIMUM

    @property
    def weight(self) -> float:
        """Of the objective."""
        return float(self.rows.points)

    @property
    def root(self) -> float:
        """Weight of the pairs, and of the f's unit."""
        return float(np.sqrt(self.rows.points))

    def run(self, tolerance: float, options: Mapping[str, object], tell: Share = silent) -> ConicAnswer:
        """Clarabel's answer: minimise cost . x subject to offset - matrix x in the cones."""
        matrix, offset = self.linear()
        cone_matrix, cones = self._cones()
        stacked = sparse.vstack([matrix, cone_matrix], format="csc")
        right = np.concatenate([offset, np.zeros(cone_matrix.shape[0])])
        size = self.unknowns.count
        cones = [clarabel.NonnegativeConeT(len(offset)), *cones]
        nothing = sparse.csc_matrix((size, size))
        solver = clarabel.DefaultSolver(nothing, self.cost(), stacked, right, cones, _settings(tolerance, options))
        answer = _run(solver, tolerance, tell)
        primal, dual = np.asarray(answer.x), np.asarray(answer.z)
        # Not the difference of the two values: there, rows that are a little broken hide what is left of the gap.
        left = max(abs(float(np.asarray(answer.s) @ dual)), abs(answer.obj_val - answer.obj_val_dual))
        gap = left / max(abs(answer.obj_val_dual), 1e-300)
        finite = bool(np.isfinite(primal).all() and np.isfinite(dual).all() and np.isfinite(gap))
        usable = finite and answer.r_prim < _FEASIBLE
        return ConicAnswer(usable, primal, dual / self.weight, gap if np.isfinite(gap) else float("inf"))

    def cost(self) -> Floats:
        """Of each unknown."""
        cost = np.zeros(self.unknowns.count)
        if self.minimum:
            cost[-1] = -self.weight
        else:
            k = np.arange(self.rows.points)
            cost[self.unknowns.find(k, k)] = -self.weight * self.weights
        return cost

    @property
    def weights(self) -> Floats:
        """The weights of the mean, 0 at the last point."""
        steps = self.rows.question.step_sizes
        return np.append(steps / steps.sum(), 0.0)

    def linear(self) -> tuple[sparse.csc_matrix, Floats]:
        """Rows offset - matrix x >= 0 in the order pairs, floor, gap, measure, coherence, noise."""
        rows, points, unit, root = self.rows, self.rows.points, self.unit, self.root
        k, count = np.arange(points), len(self.rows.pairs)
        signs = np.repeat([1.0, -1.0], count)  # weight root, unit 1 / root
        values = self._matrix(count, np.tile(np.arange(count), 2), rows.pairs.T.ravel(), signs)
        pairs = values + self._inner(count, rows.interpolation, root * unit)
        floor = self._matrix(points, k, k, np.full(points, 1 / root))
        squares = self._inner(points, Products(k, k, k, np.full(points, -0.5)), unit)
        start = self._matrix(1, np.zeros(1, int), np.zeros(1, int), np.full(1, -1 / root))
        blocks: list[tuple[sparse.coo_matrix, Floats]] = [
            (pairs, np.zeros(count)),
            (floor + squares, np.zeros(points)),
            (start, np.ones(1)),
        ]
        if self.minimum:
            least = self._matrix(points, k, np.full(points, self.unknowns.count - 1), -np.ones(points))
            blocks.append((least + self._inner(points, Products(k, k, k, np.ones(points)), 1.0), np.zeros(points)))
        count = len(rows.coherent)
        if count:
            blocks.append((self._inner(count, rows.coherence_products, 1.0), np.zeros(count)))
        if rows.noisy:
            noise, row = points + np.arange(points - 1), np.arange(points - 1)
            least = self._inner(points - 1, Products(row, noise, noise, -np.ones(points - 1)), 1.0)
            blocks.append((least, np.full(points - 1, rows.question.variance / unit)))
        matrix = sparse.vstack([block for block, _ in blocks], format="csc")
        return -matrix, np.concatenate([offset for _, offset in blocks])

    def _matrix(self, rows: int, row: Ints, column: Ints, value: Floats) -> sparse.coo_matrix:
        return sparse.coo_matrix((value, (row, column)), shape=(rows, self.unknowns.count))

    def _inner(self, rows: int, products: Products, unit: float) -> sparse.coo_matrix:
        column = self.unknowns.find(products.left, products.right)
        return self._matrix(rows, products.row, column, products.coefficient * unit)

    @cached_property
    def columns(self) -> Ints:
        """The unknown of each entry of the windows' lower triangles, row by row; -1 where it is known to be 0."""
        b, a = (np.concatenate([frame[triangle(len(frame))[k]] for frame in self.frames]) for k in (0, 1))
        return self.unknowns.find(np.maximum(a, b), np.minimum(a, b))

    def _cones(self) -> tuple[sparse.csc_matrix, list[object]]:
        """Each window's upper triangle, column by column, off-diagonal entries times sqrt(2)."""
        column = self.columns
        values = [np.where(np.equal(*triangle(len(frame))), 1.0, np.sqrt(2.0)) for frame in self.frames]
        value = np.concatenate(values)
        kept = np.flatnonzero(column >= 0)
        matrix = self._matrix(len(column), kept, column[kept], -value[kept])
        return matrix.tocsc(), [clarabel.PSDTriangleConeT(len(frame)) for frame in self.frames]

    def solution(
        self, question: Question, answer: ConicAnswer, tolerance: float, seconds: float, solver: str = CLARABEL
    ) -> Solution:
        """Checked before it is called solved."""
        multipliers = self.multipliers(answer.dual) if answer.usable else None
        return checked(
            Solution(
                question=question,
                pairs=self.rows.pairs,
                exhaustive=covers_all(self.rows.pairs, self.rows.points),
                value=float("nan"),
                status=Status.FAILED if multipliers is None else Status.INACCURATE,
                multipliers=multipliers,
                gram=self._gram(answer.primal) if answer.usable else None,
                function_values=answer.primal[: self.rows.points] / self.root,
                gap=answer.gap,
                solver=solver,
                seconds=seconds,
            ),
            allowed=max(ALLOWED, 10 * tolerance),
        )

    def multipliers(self, dual: Floats) -> Multipliers:
        """Clarabel's dual as the multipliers of the unscaled rows."""
        rows, points = self.rows, self.rows.points
        sizes = [
            len(rows.pairs),
            points,
            1,
            points if self.minimum else 0,
            len(rows.coherent),
            points - 1 if rows.noisy else 0,
        ]
        pair, floor, gap, measure, coherence, noise = np.split(dual[: sum(sizes)], np.cumsum(sizes)[:-1])
        orthogonal, free = self._free(dual[sum(sizes) :])
        # The rows measure in units of the guess: t = unit * t', so their multipliers are for t' .
        return Multipliers(
            pairs=rows.pairs,
            pair=pair * self.unit * self.root,
            floor=floor * self.unit,
            gap=float(gap[0]) * self.unit,
            measure=measure if self.minimum else self.weights,
            coherent=rows.coherent,
            coherence=coherence,
            noise=noise if rows.noisy else np.zeros(points - 1),
            orthogonal=orthogonal,
            free=free,
        )

    def _free(self, dual: Floats) -> tuple[Ints, Floats]:
        """The entries of S where an inner product is known to be 0: sums of the windows' dual matrices."""
        if not self.rows.noisy:
            return np.empty((0, 2), dtype=np.int64), np.empty(0)
        points, keys, values, start = self.rows.points, [], [], 0
        for frame in self.frames:
            b, a = triangle(len(frame))
            left, right = np.maximum(frame[a], frame[b]), np.minimum(frame[a], frame[b])
            zero = np.flatnonzero(known_zero(left, right, points))
            keys.append(left[zero] * self.unknowns.nodes + right[zero])
            values.append(dual[start + zero] / np.sqrt(2.0))
            start += len(a)
        unique, inverse = np.unique(np.concatenate(keys), return_inverse=True)
        free: Floats = np.bincount(inverse, weights=np.concatenate(values), minlength=len(unique)).astype(np.float64)
        pairs = np.c_[unique // self.unknowns.nodes - points, unique % self.unknowns.nodes]
        return pairs.astype(np.int64), free

    def _gram(self, primal: Floats) -> Gram:
        filled = np.append(primal * self.unit, 0.0)  # column -1, a product known to be 0, reads the appended 0
        values, entries, start = filled[self.columns], [], 0
        for frame in self.frames:
            matrix, (b, a) = np.empty((len(frame), len(frame))), triangle(len(frame))
            matrix[b, a] = matrix[a, b] = values[start : start + len(a)]
            entries.append((frame, matrix))
            start += len(a)
        return Gram(tuple(entries))


def _run(solver: Any, tolerance: float, tell: Share) -> Any:
    """Clarabel's answer, from a thread that ends after the iteration in which it is told to."""
    done = 0.0

    def work(ended: Callable[[], bool]) -> Any:
        def after_iteration(info: Any) -> bool:
            nonlocal done
            left = np.log(max(info.gap_rel, info.res_primal, info.res_dual, tolerance) / tolerance)
            done = max(done, float(1 - left / np.log(1 / tolerance)))
            return ended()

        solver.set_termination_callback(after_iteration)
        return solver.solve()

    return heard(work, lambda: tell(done))


def _settings(tolerance: float, options: Mapping[str, object]) -> Any:
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = tolerance
    settings.reduced_tol_gap_abs = settings.reduced_tol_gap_rel = settings.reduced_tol_feas = 100 * tolerance
    settings.chordal_decomposition_enable = False
    settings.max_iter = 200
    for name, value in options.items():
        setattr(settings, name, value)
    return settings
