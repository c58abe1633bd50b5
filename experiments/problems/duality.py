"""A proved lower bound of the infimum of the logistic loss, from a feasible point of its dual problem.

The best loss that an optimiser finds lies above the infimum and would make the gap Delta too small. A dual point
lies below: log(1 + exp(-z)) >= H(a) - a z for every a in [0, 1], with H the binary entropy.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, expit

from experiments.problems.finite_sum import gram_spectrum
from theory.common.types import Matrix, Vector

_EPS = sys.float_info.epsilon
_NEWTON_STEPS = 60
# Weights this far inside [0, 1] are free to be corrected to exact feasibility; the others stay as they are.
_INTERIOR = 1e-4
# Weights below this become zero: their rows pull x to infinity, and the infimum is not attained.
_NEGLIGIBLE = 1e-9
_LARGEST = 1e9


@dataclass(frozen=True)
class Infimum:
    """A number that is at most inf F, whether it equals inf F, and why."""

    value: float
    exact: bool
    reason: str


_NON_NEGATIVE = Infimum(0.0, False, "F >= 0")


def logistic_infimum(rows: Matrix, l2: float) -> Infimum:
    r"""A proved lower bound of inf F for F(x) = (1/n) sum_i log(1 + exp(-a_i.x)) + (l2/2)|x|^2.

    Averaging the inequality above gives F(x) >= (1/n) sum H(w_i) - r.x + (l2/2)|x|^2 with r = (1/n) sum w_i a_i.
    If l2 > 0 the right side is at least (1/n) sum H(w_i) - |r|^2/(2 l2). If l2 = 0, weights with r = 0 exactly are
    needed. Let B be the rows whose weights lie well inside [0, 1], with smallest singular value s > 0: some change v of
    those weights alone gives r = 0, with |v| <= |A^T w|/s. If that keeps them in [0, 1], the bound holds with the
    changed weights, and H, being concave, is on [w - |v|, w + |v|] at least its smaller value at the two ends.
    If some x has a_i.x > 0 for all i, then inf F = 0, approached along the ray through x.

    Args:
        rows: float64 (n, d), row i is y_i times the features of example i.
        l2: weight of the quadratic term, at least 0.

    Returns:
        the bound, never below 0; 0 where nothing sharper is proved: columns depend on each other, or l2 = 0 and n d^2
        is above 10^9, where trying takes too long.

    Example:
        >>> logistic_infimum(np.array([[1.0], [-1.0]]), 0.0).value > math.log(2) - 1e-9
        True
    """
    used = rows[:, rows.any(axis=0)]
    if l2 > 0:
        return _from_dual(_regularised(used, l2))
    if used.size * used.shape[1] > _LARGEST:
        return _NON_NEGATIVE
    x = _near_minimiser(used, 0.0)
    # Rounding of a_i.x is at most d eps |a_i|.|x|.
    if np.all(used @ x > used.shape[1] * 2 * _EPS * (np.abs(used) @ np.abs(x))):
        return Infimum(0.0, True, "the two classes are linearly separable, so inf F = 0")
    return _from_dual(_unregularised(used, expit(-(used @ x))))


def _from_dual(value: float) -> Infimum:
    if not value > 0:
        return _NON_NEGATIVE
    return Infimum(value, False, f"a feasible point of the dual problem proves inf F >= {value:.6g}")


def _regularised(rows: Matrix, l2: float) -> float:
    weights = expit(-(rows @ _near_minimiser(rows, l2)))
    residual = float(np.linalg.norm(_residual(rows, weights))) / len(rows)
    return _mean_entropy(weights, 0.0) - residual**2 / (2 * l2) * (1 + 1e-12)


def _unregularised(rows: Matrix, weights: Vector) -> float:
    held = weights > _NEGLIGIBLE
    rows, values, count = rows[held], weights[held], len(rows)
    rows = rows[:, _independent_of_last(rows)]
    free = (values > _INTERIOR) & (values < 1 - _INTERIOR)
    movable = rows[free]
    if len(movable) < rows.shape[1] or (smallest := gram_spectrum(movable).smallest) <= 0:
        return 0.0
    for _ in range(2):
        values[free] -= movable @ np.linalg.solve(movable.T @ movable, rows.T @ values)
    distance = float(np.linalg.norm(_residual(rows, values))) / math.sqrt(smallest) * (1 + 1e-12)
    if not np.all((values[free] >= distance) & (values[free] <= 1 - distance)):
        return 0.0
    return _mean_entropy(values, np.where(free, distance, 0.0)) * len(values) / count


def _independent_of_last(rows: Matrix) -> NDArray[np.bool_]:
    """Marks the columns that are no exact multiples of the last one, which holds the signed ones of the intercept.

    A pixel that is black but for a few rows is such a multiple on the other rows; its equation follows from the last.
    """
    if not np.all(np.abs(rows[:, -1]) == 1):
        return np.ones(rows.shape[1], dtype=bool)
    ratios = rows * rows[:, -1:]
    marked: NDArray[np.bool_] = (ratios != ratios[:1]).any(axis=0)
    marked[-1] = True
    return marked


def _residual(rows: Matrix, weights: Vector) -> Vector:
    """Upper bounds (d,) of the exact |A^T w|: the computed value and the largest rounding of the sums."""
    rounding = (len(rows) + 2) * _EPS * (np.abs(rows).T @ np.abs(weights))
    result: Vector = np.abs(rows.T @ weights) + rounding
    return result


def _mean_entropy(weights: Vector, distance: Vector | float) -> float:
    """At most the mean of H over weights within `distance` of the given ones; 1e-12 covers the rounding."""
    low, high = np.maximum(weights - distance, 0.0), np.minimum(weights + distance, 1.0)
    ends = [entr(end) + entr(1 - end) for end in (low, high)]
    return float(np.mean(np.minimum(*ends))) - 1e-12


def _near_minimiser(rows: Matrix, l2: float) -> Vector:
    """Newton's method with halved steps; any answer serves, a good one makes the bound sharp."""
    x = np.zeros(rows.shape[1])
    for _ in range(_NEWTON_STEPS):
        gradient, step = _newton_step(rows, x, l2)
        slope = float(gradient @ step)
        if slope < (1e-9 if l2 > 0 else 1e-13) or (l2 == 0 and np.all(rows @ x > 1)):
            break
        length, value = 1.0, _loss(rows, x, l2)
        while length > 1e-6 and _loss(rows, x - length * step, l2) > value - 0.1 * length * slope:
            length /= 2
        x = x - length * step
    return x


def _newton_step(rows: Matrix, x: Vector, l2: float) -> tuple[Vector, Vector]:
    weights = expit(-(rows @ x))
    gradient = l2 * x - rows.T @ weights / len(rows)
    hessian = (rows.T * (weights * (1 - weights))) @ rows / len(rows)
    # A small multiple of the identity keeps the system solvable where the loss is flat.
    ridge = max(l2, 1e-12 * float(np.trace(hessian)) + 1e-300)
    return gradient, np.linalg.solve(hessian + ridge * np.eye(len(x)), gradient)


def _loss(rows: Matrix, x: Vector, l2: float) -> float:
    return float(np.logaddexp(0, -(rows @ x)).mean() + 0.5 * l2 * (x @ x))
