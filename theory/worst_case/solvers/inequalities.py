r"""The inequalities of a worst case as rows over function values and inner products, for the solvers.

Everything here is about the normalised question, L = Delta = 1. Vectors are nodes: g_k is node k (k = 0..T), the noise
e_k is node T + 1 + k. A row says: a value of F minus another, plus a combination of inner products, is at least 0.

For i < j put d = x_i - x_j = sum_{i <= l < j} eta_l (g_{tau_l} + e_l). L-smooth functions are interpolated iff, for all
i and j (both orders),
    f_i - f_j -+ <g_i + g_j, d>/2 - |g_i - g_j|^2/4 + |d|^2/4 >= 0,    f_k - inf F - |g_k|^2/2 >= 0.
Where the question has a rule, d is what the rule makes of it: any combination of the gradients.
With noise <.,.> is E<.,.>: the inequalities hold pathwise, hence in expectation, and e_l is orthogonal to e_m and to
g_k for k <= l. These inner products are known to be 0 and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from theory.common.types import Floats, Ints
from theory.methods.rule import LinearRule
from theory.worst_case.question import Question


@dataclass(frozen=True, eq=False)
class Products:
    """Entries `coefficient * <left, right>` of rows; an inner product may appear several times in a row.

    Args:
        row, left, right: int64 (n,), left >= right as nodes; coefficient: float64 (n,).
    """

    row: Ints
    left: Ints
    right: Ints
    coefficient: Floats


@dataclass(frozen=True, eq=False)
class System:
    """The rows of a normalised question for chosen pairs of points.

    Args:
        question: normalised.
        pairs: int64 (P, 2), the pairs (i, j) of the rows f_i >= f_j + ...
        interpolation: the inner products of those rows.
        coherent: int64 (C, 2), the pairs (k, t) of the rows <g_k, g_t> - mu |g_k|^2 >= 0.
    """

    question: Question
    pairs: Ints
    interpolation: Products
    coherent: Ints

    @property
    def points(self) -> int:
        """T + 1."""
        return self.question.steps + 1

    @property
    def noisy(self) -> bool:
        """Whether there is noise at all."""
        return self.question.variance > 0

    @cached_property
    def coherence_products(self) -> Products:
        """The inner products of the coherence rows."""
        k, t = self.coherent.T
        rows = np.arange(len(k))
        mu = np.full(len(k), self.question.coherence or 0.0)
        return _products(np.r_[rows, rows], np.r_[k, k], np.r_[t, k], np.r_[np.ones(len(k)), -mu])


def system(question: Question, pairs: Ints) -> System:
    """The rows of a normalised question for `pairs`, int64 (P, 2) with i != j."""
    return System(question, pairs, _interpolation(question, pairs), coherent_pairs(question))


def neighbours(steps: int, reach: int) -> Ints:
    """All pairs (i, j) and (j, i) with 0 < j - i <= reach, points 0..steps.

    >>> neighbours(2, 1).tolist()
    [[0, 1], [1, 2], [1, 0], [2, 1]]
    """
    spans = range(1, min(reach, steps) + 1)
    first = np.concatenate([np.arange(steps + 1 - span) for span in spans])
    last = np.concatenate([np.arange(span, steps + 1) for span in spans])
    return np.concatenate([np.c_[first, last], np.c_[last, first]])


def _interpolation(question: Question, pairs: Ints) -> Products:
    if question.rule is not None:
        return _of_rule(_moves(question, question.rule), pairs)
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    sign = np.where(pairs[:, 0] < pairs[:, 1], -1.0, 1.0)
    parts = [
        part
        for span in np.unique(high - low)
        for part in _of_span(question, np.flatnonzero(high - low == span), low, high, sign, int(span))
    ]
    if not parts:
        nothing = np.empty(0, dtype=np.int64)
        return Products(nothing, nothing, nothing, np.empty(0))
    row, left, right, coefficient = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _products(row, left, right, coefficient)


def _moves(question: Question, rule: LinearRule) -> Floats:
    """The moves as combinations of g_0..g_T and, with noise, of e_0..e_{T-1}, each of which arrives at its update."""
    parts = [rule.moves_of(question.read_points), np.zeros((question.steps, 1))]
    if question.variance > 0:
        parts.append(rule.moves_of(np.arange(question.steps)))
    return np.concatenate(parts, axis=1)


def _of_rule(moves: Floats, pairs: Ints) -> Products:
    """The entries of all pairs, where every move is a combination of all gradients and noises.

    Those are left out that are 0: of a noise e_k with another noise, and with a gradient g_i, i <= k.
    """
    gone = np.concatenate([np.zeros((1, moves.shape[1])), np.cumsum(moves, axis=0)])
    (i, j), rows = pairs.T, np.arange(len(pairs))
    apart = gone[j] - gone[i]  # x_i - x_j
    row, node = np.nonzero(apart)
    half, place = -0.5 * apart[row, node], {int(each): np.flatnonzero(row == each) for each in np.unique(row)}
    parts = [_entry(rows, i, i, -0.25), _entry(rows, j, j, -0.25), _entry(rows, i, j, 0.5)]
    parts += [_entry(row, end[row], node, half) for end in (i, j)]
    for each, held in place.items():
        lengths = apart[each, node[held]]
        parts.append(_entry(np.full(1, each), node[held][:, None], node[held], 0.25 * np.outer(lengths, lengths)))
    found = _products(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    points = len(moves) + 1
    noise, other = found.left - points, found.right  # the larger node is the left one
    known = (noise < 0) | (other == found.left) | ((other < points) & (other > noise))
    return Products(found.row[known], found.left[known], found.right[known], found.coefficient[known])


def _of_span(
    question: Question, rows: Ints, low: Ints, high: Ints, sign: Floats, span: int
) -> list[tuple[Ints, Ints, Ints, Floats]]:
    """The entries of all pairs whose points are `span` steps apart."""
    i, j, direction = low[rows], high[rows], sign[rows]
    steps = i[:, None] + np.arange(span)
    eta, tau, noise = question.step_sizes[steps], question.read_points[steps], question.steps + 1 + steps
    parts = [_entry(rows, i, i, -0.25), _entry(rows, j, j, -0.25), _entry(rows, i, j, 0.5)]
    half = 0.5 * direction[:, None] * eta
    parts += [_entry(rows[:, None], end[:, None], tau, half) for end in (i, j)]
    both = 0.25 * eta[:, :, None] * eta[:, None, :]
    parts.append(_entry(rows[:, None, None], tau[:, :, None], tau[:, None, :], both))
    if question.variance > 0:
        parts.append(_entry(rows[:, None], j[:, None], noise, half))
        parts.append(_entry(rows[:, None], noise, noise, 0.25 * eta**2))
        # <g_{tau_l}, e_m> is not known where the gradient of step l was taken after the noise of step m.
        later = (tau[:, :, None] > steps[:, None, :]) & (both > 0)
        where, read, past = np.nonzero(later)
        parts.append(_entry(rows[where], tau[where, read], noise[where, past], 2 * both[where, read, past]))
    return parts


def _entry(row: Ints, left: Ints, right: Ints, coefficient: Floats | float) -> tuple[Ints, Ints, Ints, Floats]:
    arrays = np.broadcast_arrays(row, left, right, np.asarray(coefficient, dtype=np.float64))
    flat_row, flat_left, flat_right, flat_coefficient = (np.ravel(array) for array in arrays)
    return flat_row, flat_left, flat_right, flat_coefficient


def _products(row: Ints, left: Ints, right: Ints, coefficient: Floats) -> Products:
    """Sorted, with equal entries added up and zeros left out."""
    nodes = 2 * (int(max(left.max(initial=0), right.max(initial=0))) + 1)
    key = (row * nodes + np.maximum(left, right)) * nodes + np.minimum(left, right)
    unique, inverse = np.unique(key, return_inverse=True)
    added: Floats = np.bincount(inverse, weights=coefficient, minlength=len(unique)).astype(np.float64)
    kept = np.flatnonzero(added)
    key, added = unique[kept], added[kept]
    return Products(key // nodes**2, key // nodes % nodes, key % nodes, added)


def coherent_pairs(question: Question) -> Ints:
    """The pairs (k, t) of the rows <g_k, g_t> - mu |g_k|^2 >= 0; none without a coherence."""
    if question.coherence is None:
        return np.empty((0, 2), dtype=np.int64)
    k, t = np.indices((question.steps, question.steps))
    within = (t < k) & (t > k - question.staleness.window)
    return np.argwhere(within)
