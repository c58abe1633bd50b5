r"""From a Gram matrix known on overlapping windows to the gradients themselves.

Two fillings of what no window holds: the one of least dimension, where each window's vectors are turned onto those of
the windows before, and the one of largest determinant, where what is new in a gradient is orthogonal to all before.
"""

from __future__ import annotations

import numpy as np

from theory.common.types import Floats
from theory.worst_case.solution import Gram

_SMALL = 1e-7  # of an eigenvalue against the largest one of its window: below, it is the solver's error


def dimension(gram: Gram) -> int:
    """The largest number of dimensions that any window needs."""
    return max(int((_eigenvalues(matrix) > _SMALL * _eigenvalues(matrix)[-1]).sum()) for _, matrix in gram.windows)


def complete(gram: Gram, points: int, dimensions: int | None = None) -> Floats:
    """Gradients g_0..g_T with the inner products of the windows, in as few dimensions as those need.

    Args:
        gram: overlapping windows, PSD but for the solver's error.
        points: T + 1; nodes from there on (noise) are left out.
        dimensions: r, to be kept of each window; by default what the largest window needs.

    Returns:
        float64 (T+1, r).

    >>> one = (np.array([0, 1]), np.array([[1.0, 1.0], [1.0, 2.0]]))
    >>> two = (np.array([1, 2]), np.array([[2.0, 1.0], [1.0, 1.0]]))
    >>> g = complete(Gram((one, two)), 3)
    >>> (g[1:] @ g[1:].T).round(6).tolist()
    [[2.0, 1.0], [1.0, 1.0]]
    """
    r = dimensions or dimension(gram)
    vectors, placed = np.zeros((points, r)), np.zeros(points, dtype=bool)
    for nodes, matrix in gram.windows:
        kept = np.flatnonzero(nodes < points)
        nodes, factor = nodes[kept], _factor(matrix[np.ix_(kept, kept)], r)
        old = placed[nodes]
        factor = factor @ _turn(factor[old], vectors[nodes[old]])
        vectors[nodes[~old]], placed[nodes] = factor[~old], True
    return vectors


def spread(gram: Gram, points: int) -> Floats:
    """The filling of largest determinant: each gradient's new part has its own dimension; float64 (T+1, T+1).

    >>> one = (np.array([0, 1]), np.array([[1.0, 0.5], [0.5, 1.0]]))
    >>> two = (np.array([1, 2]), np.array([[1.0, 0.5], [0.5, 1.0]]))
    >>> g = spread(Gram((one, two)), 3)
    >>> (g @ g.T).round(6).tolist()
    [[1.0, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 1.0]]
    """
    vectors, placed = np.zeros((points, points)), np.zeros(points, dtype=bool)
    for nodes, matrix in gram.windows:
        for place in np.flatnonzero(nodes < points):
            if placed[nodes[place]]:
                continue
            old = np.flatnonzero((nodes < points) & placed[np.minimum(nodes, points - 1)])
            mixture = np.linalg.lstsq(matrix[np.ix_(old, old)], matrix[old, place], rcond=_SMALL)[0]
            vector = mixture @ vectors[nodes[old]]
            vector[nodes[place]] = np.sqrt(max(matrix[place, place] - vector @ vector, 0.0))
            vectors[nodes[place]], placed[nodes[place]] = vector, True
    return vectors


def _eigenvalues(matrix: Floats) -> Floats:
    values: Floats = np.maximum(np.linalg.eigvalsh(matrix), 0.0)
    return values


def _factor(matrix: Floats, dimensions: int) -> Floats:
    """Vectors in the leading dimensions, filled up with zeros."""
    values, turn = np.linalg.eigh(matrix)
    vectors = turn[:, ::-1] * np.sqrt(np.maximum(values[::-1], 0.0))
    kept = vectors[:, :dimensions]
    return np.pad(kept, ((0, 0), (0, dimensions - kept.shape[1])))


def _turn(vectors: Floats, onto: Floats) -> Floats:
    """The orthogonal matrix that brings the vectors nearest to their places."""
    left, _, right = np.linalg.svd(vectors.T @ onto)
    turn: Floats = left @ right
    return turn
