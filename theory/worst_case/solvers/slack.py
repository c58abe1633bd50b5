"""The matrix S that a weak-duality argument leaves over, in floats; what has to be positive semidefinite."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from theory.worst_case.question import Question
from theory.worst_case.solution import Multipliers
from theory.worst_case.solvers.inequalities import Products, system


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
