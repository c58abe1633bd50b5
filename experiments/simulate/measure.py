"""What is measured of points and full gradients: coherence, cosine, smoothness along the path."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from theory.common.types import Vector

# Two points closer than this, relative to their size, differ by rounding as much as by their distance.
RESOLUTION = 2.0**-26


def coherence(gradient: Vector, window: Iterable[Vector]) -> float:
    r"""The pathwise coherence \mu_k = \min_t \langle g_k, g_t\rangle / |g_k|^2 over a window that holds g_k itself.

    Args:
        gradient: float64 (d,), g_k.
        window: the gradients g_t of the window, float64 (d,) each.

    Returns:
        A number of at most 1; NaN if g_k = 0.

    Source: Dai et al., Toward Understanding the Impact of Staleness in Distributed Machine Learning, ICLR 2019,
    Definition 1.

    Example:
        >>> coherence(np.array([2.0, 0.0]), [np.array([2.0, 0.0]), np.array([1.0, 5.0])])
        0.5
    """
    square = float(gradient @ gradient)
    with np.errstate(all="ignore"):
        ratios = [float(np.divide(gradient @ other, square)) for other in window]
    return min([1.0 if 0 < square < math.inf else math.nan, *ratios])


def cosine(a: Vector, b: Vector) -> float:
    """The cosine of the angle between two vectors (d,); NaN if one is zero.

    Example:
        >>> cosine(np.array([1.0, 0.0]), np.array([3.0, 4.0]))
        0.6
    """
    with np.errstate(all="ignore"):
        return float(np.divide(a @ b, np.sqrt(a @ a)) / np.sqrt(b @ b))


def secant_smoothness(x: Vector, gradient: Vector, old_x: Vector, old_gradient: Vector, rounding: float = 0.0) -> float:
    r"""|g - g'| / |x - x'|, a lower bound of L but for rounding; NaN where |x - x'| \le 2^{-26} |x|.

    Where numbers are rounded more than in float64, gradients may differ by that much more, at points that far apart.

    Args:
        x: float64 (d,), a point.
        gradient: float64 (d,), the gradient there.
        old_x: float64 (d,), another point.
        old_gradient: float64 (d,), the gradient there.
        rounding: how far points and gradients may be off, relative to their size.

    Example:
        >>> secant_smoothness(np.array([3.0]), np.array([6.0]), np.array([1.0]), np.array([2.0]))
        2.0
    """
    norm = np.linalg.norm
    with np.errstate(all="ignore"):
        distance = float(norm(x - old_x))
        near = not distance > RESOLUTION * float(norm(x))
        change = float(norm(gradient - old_gradient)) - rounding * float(norm(gradient) + norm(old_gradient))
        return math.nan if near else max(change, 0.0) / (distance + rounding * float(norm(x) + norm(old_x)))
