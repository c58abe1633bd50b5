r"""Is a mean of non-negative values above B? A test that no law of the values can mislead: Gaffke's.

With S independent values $y_i\ge0$ of mean at most B, and D uniform on the simplex of S + 1 cells, one valued 0,
$$p=P\Big(\sum_iD_iy_i\le B\Big)$$
is at most alpha with probability at most alpha. On values of 0 and c it is the test of Clopper and Pearson, and for one
value Markov's inequality. Student's and Hall's limits have no such guarantee: where a few values of 0 are rare, the
others lie above the mean and look settled.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from theory.common.types import Floats

# A value far above B counts as this multiple of it, which lowers its mean: the test stays valid.
LARGEST_RATIO = 1e12
_HALVINGS = 30
_BLOCK = 1_000_000


def p_value(values: Floats, bound: ArrayLike) -> Floats:
    r"""Gaffke's p-value of "the mean is at most B", by a contour integral through the saddle point.

    $$p=\frac1\pi\int_0^\infty\mathrm{Re}\,\frac{dt}{z(1-z)\prod_i(1+za_i)},\qquad z=c+it,\quad a_i=y_i/B-1$$

    Args:
        values: float64 (..., S, R), at least 0, in rows of independent seeds; infinity counts as a large multiple of B.
        bound: B, a number or float64 that broadcasts to (..., R); below 0 no mean can be at most B.

    Returns:
        float64 (..., R), between 0 and 1.

    Source: N. Gaffke, Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative
        variable (2005). That it keeps its level for every law was shown in 2026 (Vlassis and Thomas, arXiv 2607.08415).

    >>> p_value(np.array([[4.0, 2.0], [0.0, 2.0]]), 1.0).round(6)
    array([0.4375, 0.25  ])
    """
    columns = np.moveaxis(values, -2, -1)
    limits = np.broadcast_to(np.asarray(bound, np.float64), columns.shape[:-1])
    ratios = _ratios(columns, limits).reshape(-1, columns.shape[-1])
    block = max(1, _BLOCK // (_rule(ratios.shape[1])[0].size * (ratios.shape[1] + 2)))
    parts = [_simplex_probability(ratios[at : at + block]) for at in range(0, len(ratios), block)]
    found = np.concatenate(parts) if parts else np.empty(0)
    return np.where(limits < 0, 0.0, np.clip(found.reshape(limits.shape), 0.0, 1.0))


def largest_p_value(values: Floats, bound: float, enough: float) -> float:
    """The largest p-value over the R columns (S, R), or the first beyond `enough` from the smallest mean on.

    >>> round(largest_p_value(np.array([[8.0, 4.0], [8.0, 4.0]]), 1.0, 0.05), 9)
    0.0625
    """
    order = np.argsort(np.minimum(values, LARGEST_RATIO * max(bound, 1e-290)).mean(axis=0))
    largest, size = 0.0, 16
    while order.size and largest <= enough:
        largest = max(largest, float(p_value(values[:, order[:size]], bound).max()))
        order, size = order[size:], 4 * size
    return largest


def _ratios(values: Floats, bound: Floats) -> Floats:
    """Floats over the bound (..., S), capped; a positive value over a bound of 0 is at the cap."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = values / np.maximum(bound, 0.0)[..., None]
    return np.minimum(np.where(values > 0, found, 0.0), LARGEST_RATIO)


def _simplex_probability(ratios: Floats) -> Floats:
    """P(sum D_i y_i <= 1) for rows (N, S) of values."""
    excess = ratios - 1
    centre = _saddle(excess)[:, None]
    # Every factor of the integrand, over its value at the saddle, is 1 + i t slope.
    slopes = np.concatenate([excess / (1 + centre * excess), 1 / centre, -1 / (1 - centre)], axis=1)
    height = np.exp(-np.log(centre) - np.log1p(-centre) - np.log1p(centre * excess).sum(axis=1, keepdims=True))
    width = 1 / np.sqrt((slopes**2).sum(axis=1, keepdims=True))
    u, spacing = _rule(excess.shape[1])
    turned = (width * np.sinh(u))[:, :, None] * slopes[:, None, :]
    product = ((1 - 1j * turned) / (1 + turned**2)).prod(axis=-1).real
    return np.asarray((height * width / np.pi * product * np.cosh(u)).sum(axis=1) * spacing, np.float64)


def _rule(seeds: int) -> tuple[Floats, float]:
    """Midpoints in u and their spacing, t = w sinh u, for p to a relative 1e-6, and near 1 to 1e-2.

    The integrand falls as t to the -2 - (number of positive values); with many seeds it turns sqrt(S) times.
    """
    end = 6.5 if seeds >= 8 else 12.0
    nodes = math.ceil(end / 6.5 * max(28.0, 7 * math.sqrt(seeds)))
    return np.asarray((np.arange(nodes) + 0.5) * (end / nodes), dtype=np.float64), end / nodes


def _saddle(excess: Floats) -> Floats:
    """The c in (0, 1) of least -ln c - ln(1-c) - sum ln(1 + c a_i), which is convex, by bisection.

    Its derivative lies between those for all a_i = -1 and for all a_i infinite, whose roots are the first ends.
    """
    seeds = excess.shape[1]
    low, high = np.full(len(excess), 1 / (seeds + 2)), np.full(len(excess), (seeds + 1) / (seeds + 2))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rising = -1 / middle + 1 / (1 - middle) - (excess / (1 + middle[:, None] * excess)).sum(axis=1)
        low, high = np.where(rising < 0, middle, low), np.where(rising < 0, high, middle)
    centre: Floats = (low + high) / 2
    return centre
