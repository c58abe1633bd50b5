"""Rows that are not independent: copies and near copies of one run, and rows that resemble their neighbours.

A test of a mean counts its rows as independent. Eight copies of one run are one; a file may hold them by mistake, with
their last digits rounded or some noise added. What all rows share cannot be seen.
"""

from __future__ import annotations

import numpy as np

from theory.common.types import Floats, Ints

#: Rows nearer than this everywhere, relatively, are one run whose digits were rounded.
NEAR = 1e-6
#: Rows whose increments correlate more than this are one run with noise added; fewer increments show nothing.
ALIKE, FEWEST_INCREMENTS = 0.95, 50
_PERMUTATIONS = 1999
_SEED = 1_906


def groups(values: Floats) -> Ints:
    """The group (S,) of each row of (S, R), numbered from 0 in the order of their first rows; copies share one.

    >>> groups(np.array([[1.0, 2.0], [1.0, 3.0], [1.0, 2.0000001]]))
    array([0, 1, 0])
    """
    correlation = increment_correlation(values)
    found = np.arange(len(values))
    for row in range(1, len(values)):
        earlier = values[:row]
        same = (_distance(earlier, values[row]) <= NEAR) | (correlation[row, :row] >= ALIKE)
        for other in np.flatnonzero(same):
            found[found == found[row]] = found[other]
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def one_of_each(group: Ints) -> Ints:
    """The first row of every group."""
    return np.unique(group, return_index=True)[1].astype(np.int64)


def increment_correlation(values: Floats) -> Floats:
    """Correlations (S, S) of the increments of log Y, less their mean over the rows; 0 where there are too few."""
    usable = (np.isfinite(values) & (values > 0)).all(axis=0)
    increments = np.diff(np.log(values[:, usable]), axis=1)
    if increments.shape[1] < FEWEST_INCREMENTS:
        return np.zeros((len(values), len(values)))
    centred = increments - increments.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=1))
    unit = centred / np.where(length > 0, length, 1.0)[:, None]
    return np.asarray(unit @ unit.T, dtype=np.float64)


def neighbours_p_value(values: Floats) -> float:
    """How often rows in random order resemble their neighbours as much as these do; 1 where nothing can be seen.

    >>> rng = np.random.default_rng(0)
    >>> walk = np.cumsum(rng.standard_normal((8, 100)), axis=0)
    >>> neighbours_p_value(np.exp(walk)) < 0.01 < neighbours_p_value(np.exp(rng.standard_normal((8, 100))))
    True
    """
    correlation = increment_correlation(values)
    seeds = len(values)
    if seeds < 3 or not correlation.any():
        return 1.0
    orders = np.random.default_rng(_SEED).permuted(np.tile(np.arange(seeds), (_PERMUTATIONS, 1)), axis=1)
    orders = np.concatenate([np.arange(seeds)[None], orders])
    likeness = correlation[orders[:, :-1], orders[:, 1:]].mean(axis=1)
    # A thousandth of a billionth: the same pairs in another order sum up to the same but for rounding.
    return float((likeness >= likeness[0] - 1e-12).mean())


def _distance(rows: Floats, row: Floats) -> Floats:
    """The largest |a - b|/(a + b) of each of the rows (S, R) to one (R,); equal entries are at no distance."""
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.where(rows == row, 0.0, np.abs(rows - row) / (rows + row))
    return np.asarray(np.nan_to_num(apart, nan=1.0).max(axis=1), dtype=np.float64)
