r"""Online clustering: each detection joins the nearest active cluster within a radius, or opens one.

Detection $i$ with features $z_i$ joins the active cluster whose centre is nearest if $\|z_i-z_c\|\le T$; otherwise it
is the centre of a new one. At most C clusters are active: if a new one has no place, the smallest is sealed and gives
up its own. A centre never moves, so every member is within T of the object that is classified exactly in its stead.
One pass, at most n C distances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.common.arrays import frozen
from theory.common.compiling import kept
from theory.common.errors import InputError
from theory.common.types import Ints, Matrix, Vector
from theory.staleness.count import whole_number

ACTIVE = 100  # C, as in the source


@dataclass(frozen=True, eq=False)
class Clusters:
    """Who is with whom.

    Args:
        of: int64 (n,), the cluster of each detection, 0..m - 1 in the order in which they opened.
        centres: int64 (m,), the detection that opened each cluster.
    """

    of: Ints
    centres: Ints


@kept(error_model="numpy", nogil=True)
def _cluster(features: Matrix, radius: float, of: Ints, centres: Ints, points: Matrix, sizes: Ints, names: Ints) -> int:
    """Fills `of` and the first of `centres`, whose number is returned; the last three are the places of C clusters.

    A distance is given up where it exceeds the least so far: sums of squares do not fall again.
    """
    opened, taken, reach = 0, 0, radius * radius
    for i in range(features.shape[0]):
        nearest, least = -1, reach
        for place in range(taken):
            distance = 0.0
            for j in range(features.shape[1]):
                difference = features[i, j] - points[place, j]
                distance += difference * difference
                if distance > least:
                    break
            if distance < least or (nearest < 0 and distance == least):
                nearest, least = place, distance
        if nearest < 0:
            if taken < sizes.shape[0]:
                nearest, taken = taken, taken + 1
            else:
                nearest = int(np.argmin(sizes))
            for j in range(features.shape[1]):
                points[nearest, j] = features[i, j]
            sizes[nearest], names[nearest], centres[opened] = 0, opened, i
            opened += 1
        sizes[nearest] += 1
        of[i] = names[nearest]
    return opened


def checked_features(features: Matrix, radius: float, active: int) -> None:
    """Refuse what cannot be clustered."""
    if features.ndim != 2 or not np.isfinite(features).all():
        raise InputError(
            f"Features must be a table of finite numbers, a row for each detection. Got shape {features.shape}"
            f"{', with numbers that are not finite' if features.ndim == 2 else ''}."
        )
    if not 0 <= radius < np.inf:
        raise InputError(f"The radius T within which detections join a cluster must be at least 0. Got {radius}.")
    whole_number(active, 1, "The number of active clusters", InputError)


def cluster(features: Matrix, radius: float, active: int = ACTIVE) -> Clusters:
    r"""The clusters of detections in the order in which they come.

    $$i\to\arg\min_c\|z_i-z_c\|\quad\text{if this is at most }T,\text{ else a new cluster with centre }z_i$$

    Args:
        features: float64 (n, d), in the order of time.
        radius: T, in the unit of the features; 0 joins what is equal.
        active: C, the most clusters that may still grow.

    Returns:
        The cluster of each detection and the centre of each cluster. Of equally near clusters the one in the first
        place is taken, of equally small ones that in the first place is sealed.

    Raises:
        InputError: features that are no table of finite numbers, a radius below 0, or no active cluster.

    Source: Hsieh et al., Focus: Querying Large Video Datasets with Low Latency and Low Cost, OSDI 2018; that a centre
        stays where it opened is gradlag's reading.

    Example:
        >>> cluster(np.array([[0.0], [5.0], [1.0], [4.5], [9.0]]), 1.0)
        Clusters(of=array([0, 1, 0, 1, 2]), centres=array([0, 1, 4]))
    """
    features = np.ascontiguousarray(features, dtype=np.float64)
    checked_features(features, radius, active)
    count, width = features.shape
    of, centres = np.empty(count, np.int64), np.empty(count, np.int64)
    places: tuple[Matrix, Ints, Ints] = (
        np.empty((active, width)),
        np.zeros(active, np.int64),
        np.zeros(active, np.int64),
    )
    opened = _cluster(features, radius, of, centres, *places)
    return Clusters(frozen(of), frozen(centres[:opened].copy()))


def spread(features: Matrix) -> float:
    """The root of the mean squared distance of two rows drawn independently: a unit for radii.

    >>> spread(np.array([[0.0], [2.0]]))
    1.4142135623730951
    """
    variances: Vector = features.var(axis=0)
    return float(np.sqrt(2 * variances.sum()))
