r"""Our own interior-point method for the banded problem: its Newton matrix is a band, and so is its Cholesky factor.

minimise c x subject to s = A x + o >= 0 and windows W(x) >= 0, with duals z >= 0 and Z >= 0, c = A' z + W' Z. Primal
and dual, the direction of Helmberg, Kojima and Monteiro with Mehrotra's correction, as in `interior.py`. There the
matrix is over the multipliers and dense; here it is over the unknowns, A' diag(z/s) A + W' (Z x W(x)^-1) W. In the
order of their births only unknowns of common rows and windows meet in it, but for t, which borders it. W(x) is kept
exactly, so that only s and c can be violated on the way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import blas, lapack

from theory.common.types import Flags, Floats, Ints, Share
from theory.worst_case.solvers import kernels
from theory.worst_case.solvers.conic import ConicAnswer, ConicProblem, triangle
from theory.worst_case.solvers.windows import births

_ITERATIONS = 100
_DAMPING = (1e-15, 1e-13, 1e-11, 1e-9, 1e-7)  # of the diagonal, where the matrix has no Cholesky factor
_STUCK = 1e-6  # a shorter step is none
_REFINEMENTS, _EXACT = 2, 1e-12


@dataclass(frozen=True, eq=False)
class _Data:
    """The conic data in the order of births; t is the last unknown.

    Args:
        place: int64, where each unknown of the problem stands here.
        rows, offset: A and o; cost: c.
        columns, sizes: of the windows, as `kernels` wants them; lower: where their lower entries stand, row by row;
            on_diagonal: which of these are on the diagonal.
        width: of the lower band.
    """

    place: Ints
    rows: sparse.csr_matrix
    offset: Floats
    cost: Floats
    columns: Ints
    sizes: Ints
    lower: Ints
    on_diagonal: Flags
    width: int

    @property
    def banded(self) -> int:
        return len(self.cost) - 1

    @property
    def degree(self) -> int:
        return len(self.offset) + int(self.sizes.sum())

    def windows(self, unknowns: Floats) -> Floats:
        found = np.empty(int((self.sizes**2).sum()))
        kernels.fill(unknowns, self.columns, self.sizes, found)
        return found

    def apply(self, unknowns: Floats) -> Floats:
        """A x."""
        found = np.empty(len(self.offset))
        kernels.multiply(self.rows.indptr, self.rows.indices, self.rows.data, unknowns, found)
        return found

    def adjoint(self, multipliers: Floats, duals: Floats) -> Floats:
        """A' z + W' Z."""
        rows, found = self.rows, np.zeros(len(self.cost))
        kernels.add_transposed(rows.indptr, rows.indices, rows.data, multipliers, found)
        kernels.gather(duals, self.columns, self.sizes, found)
        return found


def _data(problem: ConicProblem) -> _Data:
    unknowns, points = problem.unknowns, problem.unknowns.points
    born = births(problem.rows)
    later = np.maximum(born[unknowns.left], born[unknowns.right])
    order = np.argsort(np.concatenate([2 * np.arange(points), 2 * later + 1, [4 * points]]), kind="stable")
    place = np.empty(len(order) + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(len(order)), -1  # column -1 stays so
    matrix, offset = problem.linear()
    rows = sparse.csr_matrix(-matrix)
    rows = sparse.csr_matrix((rows.data, place[rows.indices], rows.indptr), shape=rows.shape)
    cost = np.empty(len(order))
    cost[place[:-1]] = problem.cost()
    columns = place[problem.columns]
    sizes = np.array([len(frame) for frame in problem.frames])
    starts = np.cumsum(sizes**2) - sizes**2
    row, column = (np.concatenate([triangle(size)[k] for size in sizes.tolist()]) for k in (0, 1))
    entries = sizes * (sizes + 1) // 2
    lower = np.repeat(starts, entries) + row * np.repeat(sizes, entries) + column
    triangles = np.append(0, np.cumsum(entries))
    reach = max(_reach(rows.indices, rows.indptr, len(order) - 1), _reach(columns, triangles, len(order) - 1))
    return _Data(place[:-1], rows, offset, cost, columns, sizes, lower, row == column, 1 + reach)


def _reach(columns: Ints, starts: Ints, count: int) -> int:
    """The largest distance of two columns of a row, those outside 0..count-1 left out."""
    row = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    inside = (columns >= 0) & (columns < count)
    high, low = np.zeros(len(starts) - 1, dtype=np.int64), np.full(len(starts) - 1, count)
    np.maximum.at(high, row[inside], columns[inside])
    np.minimum.at(low, row[inside], columns[inside])
    return max(0, int((high - low).max()))


@dataclass(frozen=True, eq=False)
class _Point:
    """Unknowns and windows, surpluses of the rows, and the duals of both; or a change of them."""

    unknowns: Floats
    windows: Floats
    surplus: Floats
    multipliers: Floats
    duals: Floats

    def product(self, by: _Point | None = None, primal: float = 0.0, dual: float = 0.0) -> float:
        """<W, Z> + s z, after a step."""
        if by is None:
            return float(self.windows @ self.duals + self.surplus @ self.multipliers)
        matrices = (self.windows + primal * by.windows) @ (self.duals + dual * by.duals)
        numbers = (self.surplus + primal * by.surplus) @ (self.multipliers + dual * by.multipliers)
        return float(matrices + numbers)

    def lengths(self, by: _Point, sizes: Ints) -> tuple[float, float]:
        """How far to the boundary, primal and dual, at most 1."""
        primal = min(_length(self.surplus, by.surplus), kernels.length(self.windows, by.windows, sizes))
        dual = min(_length(self.multipliers, by.multipliers), kernels.length(self.duals, by.duals, sizes))
        return primal, dual


def _length(numbers: Floats, change: Floats) -> float:
    falling = change < 0
    return min(1.0, float((-numbers[falling] / change[falling]).min(initial=np.inf)))


@dataclass(frozen=True, eq=False)
class _Residual:
    surplus: Floats  # o + A x - s
    cost: Floats  # c - A' z - W' Z
    centrality: float  # the mean product of primal and dual
    gap: float  # relative, as what the broken rows add to the value
    broken: float
    dual: float

    @property
    def worst(self) -> float:
        return max(self.gap, self.broken, self.dual)


def _residual(data: _Data, point: _Point) -> _Residual:
    surplus = data.offset + data.apply(point.unknowns) - point.surplus
    cost = data.cost - data.adjoint(point.multipliers, point.duals)
    total, bound = point.product(), max(abs(float(data.offset @ point.multipliers)), 1e-300)
    return _Residual(
        surplus,
        cost,
        total / data.degree,
        total / bound,
        float(point.multipliers @ np.abs(surplus)) / bound,
        float(np.abs(cost).max() / np.abs(data.cost).max()),
    )


def run(problem: ConicProblem, tolerance: float, tell: Share) -> ConicAnswer:
    """The answer to the conic data: the best point met.

    Args:
        problem: the data, in its scales.
        tolerance: relative, on the gap, on what broken rows may add to the value, and on c.
        tell: called with the share that is done.
    """
    data = _data(problem)
    point = _start(problem, data)
    best, reached = point, _residual(data, point)
    for _ in range(_ITERATIONS):
        residual = _residual(data, point)
        if not np.isfinite(residual.worst):
            break
        if residual.worst <= reached.worst:
            best, reached = point, residual
        left = np.log(max(reached.worst, tolerance) / tolerance) / np.log(1 / tolerance)
        tell(float(max(0.0, 1 - left)))
        if reached.worst <= tolerance:
            break
        try:
            newton = _Newton(data, point, residual)
        except np.linalg.LinAlgError:
            break
        change, primal, dual = newton.step()
        if not min(primal, dual) > _STUCK:
            break
        point = _moved(data, point, change, primal, dual)
    # As Clarabel has it: the lower entries of the windows, those off the diagonal times sqrt(2).
    duals = best.duals[data.lower] * np.where(data.on_diagonal, 1.0, np.sqrt(2.0))
    multipliers = np.concatenate([best.multipliers, duals]) / problem.weight
    return ConicAnswer(True, best.unknowns[data.place], multipliers, reached.worst)


def _start(problem: ConicProblem, data: _Data) -> _Point:
    unknowns = np.zeros(len(data.cost))
    unknowns[data.place[: problem.rows.points]] = problem.root / 2
    duals = np.zeros(int((data.sizes**2).sum()))
    duals[data.lower[data.on_diagonal]] = 10.0
    unknowns[data.columns[data.on_diagonal]] = 10.0
    unknowns[-1] = 1.0 if problem.minimum else 0.0
    rows = np.ones(len(data.offset))
    return _Point(unknowns, data.windows(unknowns), rows, 10 * rows, duals)


def _moved(data: _Data, point: _Point, by: _Point, primal: float, dual: float) -> _Point:
    unknowns = point.unknowns + primal * by.unknowns
    return _Point(
        unknowns,
        data.windows(unknowns),
        point.surplus + primal * by.surplus,
        point.multipliers + dual * by.multipliers,
        point.duals + dual * by.duals,
    )


class _Newton:
    """The linear system of one iteration, factored once and used for predictor and corrector."""

    def __init__(self, data: _Data, point: _Point, residual: _Residual) -> None:
        self.data, self.point, self.residual = data, point, residual
        roots = np.empty_like(point.windows)
        if not kernels.factor(point.windows, data.sizes, roots):
            raise np.linalg.LinAlgError
        self.inverse = np.empty_like(roots)
        kernels.invert(roots, data.sizes, self.inverse)
        self.weights = point.multipliers / point.surplus
        # Column by column in memory, as LAPACK wants it.
        self.band, self.border = np.zeros((data.width, data.banded), order="F"), np.zeros(data.banded)
        rows = data.rows
        corner = kernels.add_rows(rows.indptr, rows.indices, rows.data, self.weights, self.band, self.border)
        kernels.add_windows(self.inverse, point.duals, data.columns, data.sizes, self.band)
        self.corner = corner or 1.0  # no row has t where the mean is measured
        self.factor = _cholesky(self.band)
        self.along = self._banded(self.border)

    def _banded(self, right: Floats) -> Floats:
        return np.asarray(lapack.dpbtrs(self.factor, right, lower=1)[0])

    def _bordered(self, right: Floats) -> Floats:
        inner = self._banded(right[:-1])
        last = (right[-1] - self.border @ inner) / (self.corner - self.border @ self.along)
        return np.append(inner - last * self.along, last)

    def solve(self, right: Floats) -> Floats:
        found = self._bordered(right)
        for _ in range(_REFINEMENTS):
            inner = blas.dsbmv(
                len(self.band) - 1, 1.0, self.band, found[:-1], lower=1, beta=1.0, y=self.border * found[-1]
            )
            last = self.border @ found[:-1] + self.corner * found[-1]
            left = right - np.append(inner, last)
            if np.abs(left).max() <= _EXACT * np.abs(right).max():
                break
            found = found + self._bordered(left)
        return found

    def direction(self, target: float, rows: Floats, windows: Floats) -> _Point:
        """Towards products equal to `target`, given the second-order terms of rows and of windows."""
        data, point, residual = self.data, self.point, self.residual
        aim = (target - rows) / point.surplus - point.multipliers
        matrix = target * self.inverse - point.duals - windows
        unknowns = self.solve(data.adjoint(aim - self.weights * residual.surplus, matrix) - residual.cost)
        surplus = residual.surplus + data.apply(unknowns)
        moved = data.windows(unknowns)
        return _Point(
            unknowns, moved, surplus, aim - self.weights * surplus, matrix - self._sandwich(point.duals, moved)
        )

    def _sandwich(self, duals: Floats, moved: Floats) -> Floats:
        """The symmetric part of Z dW W^-1."""
        found = np.empty_like(moved)
        kernels.product(duals, moved, self.inverse, self.data.sizes, found)
        return found

    def step(self) -> tuple[_Point, float, float]:
        """Mehrotra's direction and how far to go along it, in the primal and in the dual."""
        point, centrality = self.point, self.residual.centrality
        nothing = np.zeros(1)
        guess = self.direction(0.0, nothing, nothing)
        primal, dual = point.lengths(guess, self.data.sizes)
        ratio = point.product(guess, primal, dual) / (centrality * self.data.degree)
        centring = max(min(1.0, max(ratio, 0.01) ** 2), 0.3 * (1 - min(primal, dual)) ** 2)
        second = self._sandwich(guess.duals, guess.windows)
        found = self.direction(centring * centrality, guess.surplus * guess.multipliers, second)
        primal, dual = point.lengths(found, self.data.sizes)
        share = 0.9 + 0.09 * min(primal, dual)
        return found, primal if primal == 1.0 else share * primal, dual if dual == 1.0 else share * dual


def _cholesky(band: Floats) -> Floats:
    """The factor of a band, a little added to its diagonal where it has none."""
    for damping in _DAMPING:
        damped = band.copy(order="F")
        damped[0] *= 1 + damping
        factor, failed = lapack.dpbtrf(damped, lower=1, overwrite_ab=1)
        if not failed:
            return np.asarray(factor)
    raise np.linalg.LinAlgError
