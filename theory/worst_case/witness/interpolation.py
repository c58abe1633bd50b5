r"""The largest L-smooth function through given values and gradients that stays above their infimum; any point, exactly.

With p_i(x) = f_i + <g_i, x - x_i> + L|x - x_i|^2/2 and u_i(x) = g_i + L(x - x_i), the gradient of p_i, the function is
    F(x) = min over weights a >= 0, sum a = 1 of  sum_i a_i p_i(x) - sum_i a_i |u_i(x) - w|^2/4L,  w = sum_i a_i u_i(x),
and grad F(x) = w at the minimum (`witness_check` proves that F is L-smooth, interpolates and stays above inf F).
With c_i = p_i - |u_i|^2/4L this is a least-distance problem over a simplex, min c.a + |w|^2/4L: at most r + 1 of the
weights are positive, and Wolfe's active-set method finds them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theory.common.types import Floats

_CLOSE = 64 * 2.0**-53  # optimality, relative to the sizes that enter
_HALF_THE_DIGITS = 1e-7
_ROUNDS = 500


@dataclass(frozen=True, eq=False)
class Interpolant:
    """The function; all arrays in the same units.

    Args:
        points, gradients: float64 (n, r); values: float64 (n,); smoothness: L.

    >>> parabola = Interpolant(np.array([[0.0], [2.0]]), np.array([[1.0], [-1.0]]), np.array([0.5, 0.5]), 1.0)
    >>> parabola.value(np.array([1.0])), parabola.gradient(np.array([1.0]))
    (1.0, array([0.]))
    """

    points: Floats
    gradients: Floats
    values: Floats
    smoothness: float

    def value(self, x: Floats) -> float:
        """F(x)."""
        return self.at(x)[0]

    def gradient(self, x: Floats) -> Floats:
        """The gradient (r,) of F at x."""
        return self.at(x)[1]

    def at(self, x: Floats) -> tuple[float, Floats]:
        """F(x) and its gradient (r,)."""
        away = x - self.points
        slopes = self.gradients + self.smoothness * away
        inner, far = np.einsum("ij,ij->i", self.gradients, away), np.einsum("ij,ij->i", away, away)
        steep = np.einsum("ij,ij->i", self.gradients, self.gradients)
        cost = self.values + inner / 2 + self.smoothness / 4 * far - steep / (4 * self.smoothness)
        chosen, weights = least(cost, slopes / np.sqrt(2 * self.smoothness))
        gradient = self._near_the_nearest(weights @ slopes[chosen], x, far)
        return float(weights @ cost[chosen] + gradient @ gradient / (4 * self.smoothness)), gradient

    def _near_the_nearest(self, gradient: Floats, x: Floats, far: Floats) -> Floats:
        """The gradient, brought within L|x - x_j| of g_j if rounding took it out of there.

        The weights of points that nearly coincide are known to half of the digits only. What is further out than that
        can cause is left as it is: such data belong to no function, and this is to be seen.
        """
        j = int(np.argmin(far))
        reach = self.smoothness * (np.sqrt(far[j]) + 2.0**-51 * float(np.abs(x).max()))
        apart = gradient - self.gradients[j]
        length = float(np.linalg.norm(apart))
        if not reach < length < reach + _HALF_THE_DIGITS * float(np.linalg.norm(self.gradients[j])):
            return gradient
        return np.asarray(self.gradients[j] + apart * (reach / length))


def least(cost: Floats, vectors: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The weights a >= 0 with sum 1 that minimise cost . a + |sum a_i vectors_i|^2 / 2.

    Args:
        cost: float64 (n,); vectors: float64 (n, r).

    Returns:
        The places of the positive weights and the weights.

    Source: Wolfe, Finding the nearest point in a polytope, Mathematical Programming 11, 1976.
    """
    squares = np.einsum("ij,ij->i", vectors, vectors) / 2
    chosen, weights = [int(np.argmin(cost + squares))], np.ones(1)
    for _ in range(_ROUNDS):
        mean = weights @ vectors[chosen]
        slope = cost + vectors @ mean
        new = int(np.argmin(slope))
        size = abs(cost[new]) + np.abs(vectors[new] * mean).sum() + np.abs(cost[chosen]).max()
        if new in chosen or slope[new] >= weights @ slope[chosen] - _CLOSE * size:
            break
        chosen, weights = _descend(cost, vectors, [*chosen, new], np.append(weights, 0.0))
    return np.array(chosen), weights


def _descend(cost: Floats, vectors: Floats, chosen: list[int], weights: Floats) -> tuple[list[int], Floats]:
    """Move to the minimum over the weights of `chosen`, dropping those that reach 0 on the way."""
    while True:
        target = _affine(cost[chosen], vectors[chosen], weights)
        if (target > 0).all():
            return chosen, target
        falling = np.flatnonzero(target <= 0)
        share = weights[falling] / np.maximum(weights[falling] - target[falling], 1e-300)
        weights = weights + min(1.0, share.min()) * (target - weights)
        gone = falling[np.argmin(share)]
        chosen = [place for k, place in enumerate(chosen) if k != gone]
        weights = np.maximum(np.delete(weights, gone), 0.0)
        weights = weights / weights.sum()
        if len(chosen) == 1:
            return chosen, np.ones(1)


def _affine(cost: Floats, vectors: Floats, weights: Floats) -> Floats:
    """The minimum over weights with sum 1 and any signs; far out on the way to it where there is none.

    In the differences to the first vector, each scaled to length 1.
    """
    apart = vectors[1:] - vectors[0]
    lengths = np.maximum(np.linalg.norm(apart, axis=1), 1e-150)
    apart = apart / lengths[:, None]
    right = -(cost[1:] - cost[0]) / lengths - apart @ vectors[0]
    left, sizes, _ = np.linalg.svd(apart)
    rank = int((sizes > 1e-11 * sizes[0]).sum())
    null = left[:, rank:]
    drift = null @ (null.T @ right)
    if np.abs(drift).max(initial=0.0) > 1e-13 * np.abs(right).max():
        step = drift / lengths
        rest = weights[1:] + 4 * step / np.abs(np.append(step, step.sum())).max()
    else:
        rest = left[:, :rank] @ ((left[:, :rank].T @ right) / sizes[:rank] ** 2) / lengths
    return np.append(1 - rest.sum(), rest)
