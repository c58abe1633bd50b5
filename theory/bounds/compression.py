r"""How much of a vector its k largest entries hold: delta of a compressor, and when it is better than k/d.

Sort |u_1| >= ... >= |u_d|, and let w_i = (d - i + 1)^p - (d - i)^p, which add up to d^p over all i and to (d - k)^p
over i > k. If |u_i|^2/w_i does not increase with i, Chebyshev's inequality for sums says
    |u - top_k(u)|^2 <= (1 - k/d)^p |u|^2   for every k.
p = 1 asks nothing, as w_i = 1: delta = k/d, what k entries at random have on average; p = 2 and p = 3 are the square
and the cubic bound. That all |u_i|^2 lie below the line 1 - i/d is not enough for p = 2: 1, then 0.4 to i = 0.6 d, then
0, breaks it, and so do draws from N(3, 1).

Where |u_i| is drawn from a density that does not increase on [0, oo), such as those of Gauss, Laplace, Student and the
uniform one, its quantile function q is convex with q(0) = 0: q(s)/s, and with it q(s)^2/s^2, does not decrease, and the
same inequality for integrals gives p = 3 for the share of the law, with equality for the uniform one. A finite sample
keeps to the order of |u_i|^2/w_i on average only: what counts for it is the inequality.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from theory.common.errors import InputError
from theory.common.types import Array, Flags, Floats
from theory.staleness.count import whole_number


def share(k: int, dimension: int, power: float = 1.0) -> float:
    r"""$\delta = 1 - (1 - k/d)^p$, what the bound with the power p promises of the k largest entries.

    Args:
        k: the entries that are sent, 1 <= k <= d; dimension: d. power: p, at least 1.

    Raises:
        InputError: a k that is not from 1 to d, a d below 1, or a p below 1.

    >>> share(1, 4), share(1, 4, 2), share(1, 4, 3)
    (0.25, 0.4375, 0.578125)
    """
    size = whole_number(dimension, 1, "The dimension", InputError)
    if not 1 <= (sent := whole_number(k, 1, "The number of entries k", InputError)) <= size:
        raise InputError(f"The number of entries k must be at most the dimension {size}. Got {sent}.")
    if not power >= 1:
        raise InputError(f"The power must be at least 1. Got {power}.")
    return float(1.0 - (1.0 - sent / size) ** power)


def weights(dimension: int, power: float) -> Floats:
    """w_1..w_d: what the bound with a power allows the squares of sorted entries to be like."""
    below = np.arange(dimension - 1.0, 0.0, -1.0)
    return np.append(below**power * np.expm1(power * np.log1p(1 / below)), 1.0)


def is_ordered(vector: Array, power: float) -> bool:
    r"""Whether $|u_{(i)}|^2/w_i$ does not increase, which is enough for the bound with the power p at every k.

    Args:
        vector: (d,), finite; power: p, at least 1.

    >>> is_ordered(np.array([1.0, -1.0]), 1), is_ordered(np.array([1.0, -1.0]), 2), is_ordered(np.array([3.0, 1.0]), 2)
    (True, False, True)
    """
    squares = _sorted_squares(vector)
    allowed = weights(squares.size, power)
    # u_i^2 w_{i+1} >= u_{i+1}^2 w_i: no division by what may be 0.
    return bool(np.all(squares[:-1] * allowed[1:] >= squares[1:] * allowed[:-1] * (1 - 4e-16)))


def left_over(vector: Array) -> Floats:
    r"""What is beyond the k largest entries, as a share of $|u|^2$, for k = 1..d: float64 (d,); 0 where u is 0."""
    squares = _sorted_squares(vector)
    tail = np.cumsum(squares[::-1])[::-1]
    whole = tail[0] if tail[0] > 0 else 1.0
    return np.append(tail[1:], 0.0) / whole


def kept_bound(vector: Array, power: float) -> Flags:
    """At which k = 1..d the k largest entries keep to the bound with a power, to a relative 1e-12: bool (d,)."""
    beyond = left_over(vector)
    allowed = np.arange(beyond.size - 1.0, -1.0, -1.0) / beyond.size
    return np.asarray(beyond <= allowed**power * (1 + 1e-12), dtype=np.bool_)


def measured_share(vector: Array, sent: Sequence[int] | Array) -> float:
    r"""$\delta = 1 - |u - C(u)|^2/|u|^2$ of a compressor that sends the entries `sent` of u; 1 for u = 0.

    Along a run the least of them, over steps and workers, is a delta for `ef-topk`: as if, since it is measured.

    Args:
        vector: (d,), the vector that is compressed, memory included; sent: indices.

    >>> measured_share(np.array([3.0, 1.0, -2.0, 0.0]), [0, 2])
    0.9285714285714286
    """
    squares = np.asarray(vector, dtype=np.float64) ** 2
    whole = squares.sum()
    return float(squares[np.asarray(sent, dtype=np.int64)].sum() / whole) if whole > 0 else 1.0


def _sorted_squares(vector: Array) -> Floats:
    """The squares of the entries, the largest first."""
    return np.asarray(np.sort(np.asarray(vector, dtype=np.float64) ** 2)[::-1])
