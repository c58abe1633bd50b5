"""The tests of a verdict for thousands of checks at once, to measure how often they err."""

from __future__ import annotations

import numpy as np

from experiments.statistics.kurtosis import GAUSSIAN, below_up_to, sample_kappa
from experiments.statistics.mean_test import p_value
from experiments.statistics.tails import ANY, largest_below
from theory.common.types import Flags, Floats


def found_above(values: Floats, bound: float, level: float) -> Flags:
    """Whether the mean of every column of values (N, S, R) is found above the bound, for N checks at once."""
    found = np.zeros(len(values), dtype=np.bool_)
    least = np.take_along_axis(values, values.mean(axis=1, keepdims=True).argmin(axis=2)[..., None], axis=2)
    # Most checks fail at the column of the least mean; only the others have to be looked at in full.
    near = np.flatnonzero(p_value(least, bound)[:, 0] <= level)
    found[near] = (p_value(values[near], bound) <= level).all(axis=1)
    return found


def found_below(values: Floats, bound: float, level: float) -> Flags:
    """Whether one of the three means fixed beforehand is found below the bound, for N checks (N, S, R) at once."""
    last, half, whole = values[..., -1], values[..., values.shape[-1] // 2 :].mean(axis=-1), values.mean(axis=-1)
    return _below(last, bound, level) | _below(half, bound, level) | _below(whole, bound, level)


def _below(values: Floats, bound: float, level: float) -> Flags:
    # Without a mean below the bound, and a usual kappa, there is nothing to find.
    possible = np.flatnonzero((sample_kappa(values) <= GAUSSIAN) & (values.mean(axis=-1) < bound))
    found = np.zeros(len(values), dtype=np.bool_)
    if ANY.few(values.shape[-1], level / 3):
        found[possible] = largest_below(values[possible], bound, level / 3)
    else:
        found[possible] = below_up_to(values[possible], bound, GAUSSIAN, level / 3)
    return found
