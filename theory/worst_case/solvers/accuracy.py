"""What a solver's answer is worth in floats: by how much its bound must rise for the slack matrix to be PSD.

Every squared gradient and noise can be paid for by raising a floor's or a noise's multiplier, at a known price. An
answer that needs more than a millionth of its value is not called solved, whatever its solver says.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from theory.common.types import Floats
from theory.worst_case.question import Measure, Question
from theory.worst_case.solution import Multipliers, Solution, Status
from theory.worst_case.solvers.inequalities import Products, system

ALLOWED = 1e-6
SHARES = (1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)
CEILING = 2.0  # |g_0|^2 <= 2 L Delta: no minimum is larger


def shortfall(question: Question, multipliers: Multipliers) -> float:
    """The relative price of making S PSD, in powers of 10 up to 1e-4; inf beyond, or where f's are left over."""
    normal = question.normalised()
    bound = multipliers.bound(normal.variance)
    if not np.isfinite(bound) or bound <= 0 or unbalanced(normal, multipliers) > ALLOWED:
        return float("inf")
    matrix = slack_matrix(question, multipliers)
    order = _births(normal)
    matrix = matrix[order][:, order]
    price = _price(normal, bound, float(multipliers.measure.sum()))[order]
    return next((share for share in SHARES if positive(matrix, share * price)), float("inf"))


def checked(solution: Solution, *, allowed: float = ALLOWED) -> Solution:
    """The same, solved with the value that its multipliers prove if they do to 1e-6 and the gap is below 1e-6."""
    if solution.multipliers is None:
        return solution
    normal = solution.question.normalised()
    multipliers = capped(normal, solution.multipliers)
    accurate = solution.gap <= allowed and shortfall(normal, multipliers) <= allowed
    value = multipliers.bound(normal.variance) * solution.question.scale
    status = Status.SOLVED if accurate else Status.INACCURATE
    return replace(solution, multipliers=multipliers, status=status, value=value if accurate else float("nan"))


def covers_all(pairs: NDArray[np.int64], points: int) -> bool:
    """Whether these are all pairs of distinct points, in both orders."""
    return len(np.unique(pairs, axis=0)) == points * (points - 1)


def unbalanced(question: Question, multipliers: Multipliers) -> float:
    """The largest f that is left over, and the most negative multiplier, relative to the multiplier of the gap."""
    i, j = multipliers.pairs.T
    points = question.steps + 1
    flow = np.bincount(i, multipliers.pair, points) - np.bincount(j, multipliers.pair, points) + multipliers.floor
    flow[0] -= multipliers.gap
    least = min(multipliers.pair.min(initial=0.0), multipliers.floor.min(initial=0.0))
    return float(max(np.abs(flow).max(), -least) / multipliers.gap)


def capped(question: Question, multipliers: Multipliers) -> Multipliers:
    """The multipliers of |g_0|^2 <= 2 L Delta where the given ones are no better, up to the accuracy allowed."""
    minimum = question.measure is Measure.MINIMUM
    useless = multipliers.bound(question.variance / question.scale) > CEILING * (1 - ALLOWED / 10)
    if not (minimum and useless):
        return multipliers
    first = np.eye(1, question.steps + 1)[0]
    numbers = {name: np.zeros_like(getattr(multipliers, name)) for name in ("pair", "coherence", "noise", "free")}
    return replace(multipliers, floor=CEILING * first, gap=CEILING, measure=first, **numbers)


def _births(question: Question) -> NDArray[np.int64]:
    points = question.steps + 1
    born = np.arange(points, dtype=np.int64)
    together = np.concatenate([born, 1 + born[:-1]])
    return np.argsort(together, kind="stable") if question.variance > 0 else born


def _price(question: Question, bound: float, measured: float) -> Floats:
    """What may be added to the diagonal of S for a rise of the bound by half of it each for gradients and noise."""
    points = question.steps + 1
    gradients = np.full(points, bound * measured / points / 2)
    if question.variance == 0:
        return gradients
    noises = np.full(points - 1, bound * measured / (points - 1) / question.variance / 2)
    return np.concatenate([gradients, noises])


def positive(matrix: sparse.csr_matrix, diagonal: Floats) -> bool:
    """Whether matrix + diag(diagonal) has a Cholesky factor, by its band."""
    entries = matrix.tocoo()
    size = len(diagonal)
    width = int(np.abs(entries.row - entries.col).max(initial=0))
    try:
        if width > size // 3:
            np.linalg.cholesky(matrix.toarray() + np.diag(diagonal))
            return True
        band = np.zeros((width + 1, size))
        lower = entries.row >= entries.col
        band[(entries.row - entries.col)[lower], entries.col[lower]] = entries.data[lower]
        band[0] += diagonal
        linalg.cholesky_banded(band, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return False
    return True


def slack_matrix(question: Question, multipliers: Multipliers) -> sparse.csr_matrix:
    """S over the nodes g_0..g_T, e_0..e_{T-1} (with noise), symmetric.

    Sum of all rows times their multipliers = (terms in f, which cancel) - <S, G>, the measure included with a minus.
    """
    normal = question.normalised()
    rows = system(normal, multipliers.pairs)
    points = rows.points
    k = np.arange(points)
    squares = Products(k, k, k, np.ones(points))
    parts = [
        _scaled(rows.interpolation, multipliers.pair),
        _scaled(squares, -0.5 * multipliers.floor),
        _scaled(squares, multipliers.measure),
        _scaled(rows.coherence_products, multipliers.coherence),
    ]
    if rows.noisy:
        noise, row = points + np.arange(points - 1), np.arange(points - 1)
        parts.append(_scaled(Products(row, noise, noise, np.ones(points - 1)), -multipliers.noise))
        k, node = multipliers.orthogonal.T
        left, right = np.maximum(points + k, node), np.minimum(points + k, node)
        count = np.arange(len(k))
        parts.append(_scaled(Products(count, left, right, np.ones(len(k))), -2 * multipliers.free))
    size = 2 * points - 1 if rows.noisy else points
    left, right, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    half = sparse.coo_matrix((-value / 2, (left, right)), shape=(size, size))
    return (half + half.T).tocsr()


def _scaled(
    products: Products, multiplier: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    return products.left, products.right, products.coefficient * multiplier[products.row]
