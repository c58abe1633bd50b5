r"""Upper limits of the least mean so far, for pictures: a k is chosen on one half of the seeds and tested on the other.

Both ways round, each at half the level. The limits are those of intervals.py, which presume tails as light as those of
squares of Gaussians; a verdict does not rest on them.
"""

from __future__ import annotations

import numpy as np

from experiments.statistics.intervals import mean, upper_bound
from theory.common.types import Flags, Floats


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
