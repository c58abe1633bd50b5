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


def secant_smoothness(x: Vector, gradient: Vector, old_x: Vector, old_gradient: Vector) -> float:
    r"""|g - g'| / |x - x'|, a lower bound of L but for rounding; NaN where |x - x'| \le 2^{-26} |x|.

    Args:
        x: float64 (d,), a point.
        gradient: float64 (d,), the gradient there.
        old_x: float64 (d,), another point.
        old_gradient: float64 (d,), the gradient there.

    Example:
        >>> secant_smoothness(np.array([3.0]), np.array([6.0]), np.array([1.0]), np.array([2.0]))
        2.0
    """
    with np.errstate(all="ignore"):
        distance = float(np.linalg.norm(x - old_x))
        near = not distance > RESOLUTION * float(np.linalg.norm(x))
        return math.nan if near else float(np.linalg.norm(gradient - old_gradient)) / distance
