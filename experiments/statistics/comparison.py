r"""The least mean against a number: is $\min_k m_k$ above B, below B, or can the seeds not tell?

Above needs every k, so each is tested at the full level (an intersection of claims needs no correction). Below needs
one k, which must not be chosen by the data that test it: half of the seeds choose, the other half tests, and the
halves then change places, each at half the level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from experiments.statistics.intervals import lower_bound, mean, upper_bound
from theory.common.types import Flags, Floats

# A fixed multiple of the bound at which values are cut off before they are tested for being above it. The mean of
# what is cut off is smaller, so the test stays valid, and a few enormous values no longer hide the others.
CUT_OFF = 10.0


class Outcome(StrEnum):
    """What the numbers alone say about min m_k and B."""

    BELOW = "below"
    ABOVE = "above"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class MeanComparison:
    """The outcome, and how many seeds would decide an open one (None: no number of seeds is likely to)."""

    outcome: Outcome
    seeds_needed: int | None = None


def is_above(values: Floats, bound: float, level: float) -> Flags:
    """Whether every mean exceeds the bound.

    Args:
        values: float64 (..., S, R), squared norms of every point the bound covers; infinite where diverged.
        bound: B.
        level: probability of saying so when min m_k <= B.

    Returns:
        bool (...): True where each of the R lower confidence bounds exceeds B.

    >>> y = np.array([[2.0, 3.0], [2.2, 3.1], [2.1, 3.3]])
    >>> bool(is_above(y, 1.0, 0.05)), bool(is_above(y, 2.1, 0.05))
    (True, False)
    """
    cut = np.minimum(values, CUT_OFF * bound)
    return np.asarray((lower_bound(cut, level) > bound).all(axis=-1))


def running_upper_bound(values: Floats, level: float) -> Floats:
    """Upper confidence bounds of min over j <= r of m_j, for every r (not jointly over r).

    Args:
        values: float64 (..., S, R).
        level: probability of error at one r.

    Returns:
        float64 (..., R); infinite for fewer than four seeds unless no seed differs.

    >>> y = np.array([[4.0, 1.0], [4.0, 1.1], [4.0, 0.9], [4.0, 1.0], [4.0, 1.2], [4.0, 0.8]])
    >>> u = running_upper_bound(y, 0.05)
    >>> float(u[0]), bool(1.0 < u[1] < 4.0)
    (4.0, True)
    """
    halves = values[..., ::2, :], values[..., 1::2, :]
    if not halves[1].shape[-2]:
        return np.full(mean(values).shape, np.inf)
    varies = values.max(axis=-2) > values.min(axis=-2)
    first, second = (_half_bound(half, varies, level / 2) for half in halves)
    return np.minimum(_taken_at_best(first, second), _taken_at_best(second, first))


def _half_bound(half: Floats, varies: Flags, level: float) -> Floats:
    """Upper bounds from half of the seeds; infinite where this half happens to agree and the whole does not."""
    agrees = half.max(axis=-2) == half.min(axis=-2)
    limits = np.where(agrees & ~varies, mean(half), upper_bound(half, level))
    return np.where(agrees & varies, np.inf, limits)


def _taken_at_best(chooser: Floats, tester: Floats) -> Floats:
    best = np.minimum.accumulate(chooser, axis=-1)
    fresh = np.concatenate([np.ones_like(best[..., :1], bool), best[..., 1:] < best[..., :-1]], axis=-1)
    index = np.maximum.accumulate(np.where(fresh, np.arange(best.shape[-1]), 0), axis=-1)
    return np.take_along_axis(tester, index, axis=-1)


def is_below(values: Floats, bound: float, level: float) -> Flags:
    """Whether some mean is at most the bound; wrong with probability at most `level` when min m_k > B."""
    return np.asarray(running_upper_bound(values, level)[..., -1] <= bound)


def compare(values: Floats, floor: Floats, bound: float, level: float) -> MeanComparison:
    """Compare min m_k with B for seeds that carry noise.

    Args:
        values: float64 (S, R), squared norms at the recorded points that the bound covers.
        floor: float64 (S, G), lower bounds of the squared norms at the points between them; G = 0 if there are none.
        bound: B.
        level: probability of error of either decision.

    Returns:
        The outcome; for an open one, the number of seeds at which the present half-width would decide it.
    """
    if is_below(values, bound, level):
        return MeanComparison(Outcome.BELOW)
    if is_above(np.concatenate([values, floor], axis=1), bound, level):
        return MeanComparison(Outcome.ABOVE)
    return MeanComparison(Outcome.UNDECIDED, _seeds_needed(values, floor, bound, level))


def compare_exactly(values: Floats, floor: Floats, bound: float, margin: float) -> MeanComparison:
    """Compare numbers without noise; `margin` is the relative rounding error they may carry.

    >>> one = np.array([[4.0, 1.0]])
    >>> [str(compare_exactly(one, one[:, :0], b, 1e-12).outcome) for b in (1.1, 1.0, 0.9)]
    ['below', 'undecided', 'above']
    """
    exact = values[0]
    if (exact * (1 + margin) <= bound).any():
        return MeanComparison(Outcome.BELOW)
    if (np.concatenate([exact, floor[0]]) * (1 - margin) > bound).all():
        return MeanComparison(Outcome.ABOVE)
    return MeanComparison(Outcome.UNDECIDED)


def _seeds_needed(values: Floats, floor: Floats, bound: float, level: float) -> int | None:
    """The seeds at which the interval, shrinking as 1/sqrt(S), leaves B outside; None if S says nothing."""
    seeds = values.shape[0]
    if seeds < 4:
        return None
    middle, least = mean(values), float(mean(values).min())
    if least < bound:
        width = float(running_upper_bound(values, level)[-1]) - least
        factor = width / (bound - least)
    else:
        tested = np.minimum(np.concatenate([values, floor], axis=1), CUT_OFF * bound)
        gaps = mean(tested) - bound
        if not (gaps > 0).all() or np.isinf(middle).all():
            return None
        factor = float(((mean(tested) - lower_bound(tested, level)) / gaps).max())
    wanted = seeds * factor**2 if math.isfinite(factor) else math.inf
    return max(seeds + 1, math.ceil(wanted)) if wanted < 1e6 else None
