"""Interpolation inequalities that a solver did not use and that its answer breaks: the pairs to use next."""

from __future__ import annotations

import numpy as np

from theory.common.types import Floats, Ints
from theory.worst_case.question import Question
from theory.worst_case.solution import Gram, Solution

_RIDGE = 1e-7


def whole(gram: Gram, nodes: int) -> Floats:
    """The Gram matrix of all nodes, what is new in a window orthogonal to all that came before (largest determinant).

    >>> one = (np.array([0, 1]), np.array([[1.0, 0.5], [0.5, 1.0]]))
    >>> two = (np.array([1, 2]), np.array([[1.0, 0.5], [0.5, 1.0]]))
    >>> whole(Gram((one, two)), 3)[0, 2].round(6).item()
    0.25
    """
    full, seen = np.zeros((nodes, nodes)), np.zeros(nodes, dtype=bool)
    for window, matrix in gram.windows:
        old = int(seen[window].sum())  # those seen before were born before
        shared, new = window[:old], window[old:]
        if old:
            known = matrix[:old, :old]
            # The ridge keeps the whole PSD although windows are so only up to the solver's error.
            ridge = _RIDGE * known.trace() / old
            across = full[:, shared] @ np.linalg.solve(known + ridge * np.eye(old), matrix[:old, old:])
            full[:, new], full[new] = across, across.T
        full[window[:, None], window] = matrix
        seen[new] = True
    return full


def surpluses(question: Question, solution: Solution) -> Floats:
    """By how much f_i >= f_j + ... holds, for all i and j, in units of Delta; float64 (T+1, T+1), 0 on the diagonal."""
    normal = question.normalised()
    points = normal.steps + 1
    nodes = 2 * points - 1 if normal.variance > 0 else points
    assert solution.gram is not None
    gram = whole(solution.gram, nodes)
    places = _summed(_moves(normal, gram))  # <node, x_j>
    cross = places[:points]
    positions = _summed(_moves(normal, np.ascontiguousarray(places.T)))
    gradients = gram[:points, :points]
    own = np.diag(cross)
    along = (own[:, None] - cross) + (cross.T - own[None, :])
    values = solution.function_values
    found = values[:, None] - values[None, :] - along / 2 - _apart(gradients) / 4 + _apart(positions) / 4
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)


def cuts(question: Question, surplus: Floats, *, longest: int, tolerance: float = 1e-6) -> Ints:
    """For each point the two inequalities, as i and as j, that are broken most; int64 (P, 2).

    Args:
        question: for its number of steps.
        surplus: of `surpluses`.
        longest: pairs that are further apart are left alone.
        tolerance: what is broken by less counts as kept, in units of Delta.
    """
    k = np.arange(question.steps + 1)
    near = np.where(np.abs(k[:, None] - k[None, :]) <= longest, surplus, 0.0)
    found = np.concatenate([np.c_[k, near.argmin(axis=1)], np.c_[near.argmin(axis=0), k]])
    broken = found[near[found[:, 0], found[:, 1]] < -tolerance]
    return np.unique(broken, axis=0)


def _moves(question: Question, inner: Floats) -> Floats:
    """Inner products with nodes, one a column, as inner products with the steps x_{k+1} - x_k."""
    k, points = np.arange(question.steps), question.steps + 1
    noise = inner[:, points + k] if inner.shape[1] > points else 0.0
    return np.asarray(-question.step_sizes * (inner[:, question.read_points] + noise))


def _summed(moves: Floats) -> Floats:
    """Inner products with steps as those with the points x_0..x_T - x_0."""
    return np.concatenate([np.zeros((len(moves), 1)), np.cumsum(moves, axis=1)], axis=1)


def _apart(gram: Floats) -> Floats:
    """|u_i - u_j|^2 for all i and j."""
    squares = np.diag(gram)
    return squares[:, None] + squares[None, :] - 2 * gram
