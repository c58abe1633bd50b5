r"""Is a mean of non-negative values below B? That needs an assumption: here $\mathbb E Y^2\le\kappa\,(\mathbb E Y)^2$.

Without one nothing is below anything: a large value, rarer than one in S, raises the mean and no seed shows it. With
Y = |g|^2 the assumption says that the fourth moment of |g| is at most kappa times the square of the second; kappa = 3
covers every Gaussian g. It has no unit and no scale.

Where m = B, cutting Y/B off at c loses at most e(c) of the mean (Scarf). So V = c - min(Y/B, c) has a mean of at most
c - 1 + e(c) wherever m >= B, and Gaffke's test of that is a test of "m is at least B" at its level.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from experiments.statistics.mean_test import p_value
from theory.common.types import Flags, Floats

#: The kappa of a square of one Gaussian, which no quadratic form of Gaussians exceeds.
GAUSSIAN = 3.0
_GRID = GAUSSIAN ** (np.arange(180) / 22)  # steps of 5 %, from 1 to 8,000
_PARTS = (12, 36, 84)


def largest_excess(cut: ArrayLike, kappa: ArrayLike) -> Floats:
    r"""$e(c)=\sup\mathbb E(Y-c)_+$ over laws on $[0,\infty)$ with $\mathbb EY=1$ and $\mathbb EY^2\le\kappa$.

    Source: H. Scarf, A min-max solution of an inventory problem (1958).

    >>> float(largest_excess(0.0, 3.0)), float(largest_excess(1.5, 3.0))
    (1.0, 0.5)
    """
    c, k = np.asarray(cut, np.float64), np.asarray(kappa, np.float64)
    high = (np.sqrt(k - 1 + (c - 1) ** 2) - (c - 1)) / 2
    return np.asarray(np.where(c >= k / 2, high, 1 - c / k), dtype=np.float64)


def best_cut(seeds: int, kappa: ArrayLike, level: float) -> Floats:
    """The c at which equal values pass as near to B as possible: it maximises `reach`, in closed form.

    >>> float(best_cut(8, 3.0, 0.05).round(3))
    1.573
    """
    k, q = np.asarray(kappa, np.float64), level ** (-1 / seeds)
    return np.asarray(np.maximum(k / 2, 1 + (1 - q / 2) * np.sqrt((k - 1) / (q - 1))), dtype=np.float64)


def reach(seeds: int, kappa: ArrayLike, level: float) -> Floats:
    """The largest mean/B that equal values may have and still pass; negative where no values can.

    >>> [round(float(reach(S, 3.0, 0.05)), 2) for S in (8, 16, 32, 64)]
    [0.05, 0.36, 0.56, 0.69]
    """
    c, q = best_cut(seeds, kappa, level), level ** (-1 / seeds)
    return np.asarray(q * (1 - largest_excess(c, kappa)) - (q - 1) * c, dtype=np.float64)


def below_p_value(values: Floats, bound: float, kappa: float, level: float) -> Floats:
    """p-values (...) of "the mean is at least B" for values (..., S), given kappa.

    >>> y = np.full((32, ), 0.5)
    >>> bool(below_p_value(y, 1.0, 3.0, 0.05) <= 0.05), bool(below_p_value(y, 0.8, 3.0, 0.05) <= 0.05)
    (True, False)
    """
    return _p_values(values, bound, np.array([kappa]), level)[..., 0]


def below_up_to(values: Floats, bound: float, kappa: float, level: float) -> Flags:
    """Whether the mean of values (..., S) is found below B at this kappa and at all smaller ones.

    >>> below_up_to(np.array([np.full(64, 0.2), np.full(64, 1.1)]), 1.0, 3.0, 0.05)
    array([ True, False])
    """
    # The largest kappa asks most; the others are looked at where it passes.
    found = np.asarray(below_p_value(values, bound, kappa, level) <= level)
    smaller = _GRID[kappa > _GRID]
    found[found] = (_p_values(values[found], bound, smaller, level) <= level).all(axis=-1)
    return found


def largest_kappa(values: Floats, bound: float, level: float, wanted: float = GAUSSIAN) -> Floats:
    """The largest kappa for which, and for all smaller ones, the mean is found below B; 0 where it is for none.

    Though the data choose it, "m <= B, or kappa is larger" errs with probability at most `level`: if m > B, then the
    test at the true kappa had to err as well.

    Args:
        values: float64 (..., S), independent, at least 0.
        bound: B. level: probability of error. wanted: a kappa that is to be on the grid.

    Returns:
        float64 (...), rounded down to a grid of 5 %.

    >>> largest_kappa(np.full(64, 0.2), 1.0, 0.05) > 3, float(largest_kappa(np.full(64, 1.1), 1.0, 0.05))
    (np.True_, 0.0)
    """
    grid = np.union1d(_GRID, [wanted])
    passed, going = np.zeros(values.shape[:-1], dtype=np.int64), np.ones(values.shape[:-1], dtype=bool)
    # In parts that grow: most values fail early, and what comes after a failure is not asked.
    for part in np.split(grid, _PARTS):
        held = np.logical_and.accumulate(_p_values(values[going], bound, part, level) <= level, axis=-1).sum(axis=-1)
        passed[going] += held
        going[going] = held == part.size
    return np.where(passed > 0, grid[np.maximum(passed, 1) - 1], 0.0)


def sample_kappa(values: Floats) -> Floats:
    """S sum Y^2/(sum Y)^2 of values (..., S): between 1 and S; infinite where a seed diverged, or where most are equal.

    Equal values show that the noise is rare: what it does to the mean was not seen.

    >>> round(float(sample_kappa(np.array([1.0, 3.0]))), 9)
    1.25
    """
    largest = values.max(axis=-1)
    usual = np.isfinite(largest) & (largest > 0)
    scaled = np.where(usual[..., None], values, 1.0) / np.where(usual, largest, 1.0)[..., None]
    found = values.shape[-1] * (scaled**2).sum(axis=-1) / scaled.sum(axis=-1) ** 2
    ordered, half = np.sort(values, axis=-1), max(1, values.shape[-1] // 2)
    tied = (ordered[..., half:] == ordered[..., :-half]).any(axis=-1)
    return np.where(np.isfinite(largest) & ~tied, found, np.inf)


def _p_values(values: Floats, bound: float, kappas: Floats, level: float) -> Floats:
    """p-values (..., K) at several kappa."""
    cuts = best_cut(values.shape[-1], kappas, level)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratios = np.where(values > 0, values / max(bound, 0.0), 0.0)[..., None]
    return p_value(cuts - np.minimum(ratios, cuts), cuts - 1 + largest_excess(cuts, kappas))
