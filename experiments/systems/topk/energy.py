r"""What is left of a vector without its k largest entries, and what bounds of it there are.

Bounds of |u - Top_k(u)|^2 / |u|^2 are powers of 1 - k/d: the first power for every vector, with equality in
expectation for k entries at random; the square, (a1), for vectors whose squares fall fast enough; the cube where |u_i|
has a density that does not increase. So a vector is told by its own power, log(left)/log(1 - k/d).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from experiments.systems.shared.compressors import checked_vector, entries_kept
from theory.common.table import Table
from theory.common.types import Array, Floats, Vector

#: The powers of 1 - k/d that are held against what is left, by the name of the bound.
POWERS: Mapping[str, int] = Table({"random-k": 1, "square": 2, "cubic": 3})


def energy_left(u: Array) -> Vector:
    """|u - Top_k(u)|^2 / |u|^2 for k = 0..d, float64 (d + 1,); the sums begin with the smallest squares.

    >>> energy_left(np.array([1.0, -2.0, 0.0, 1.0]))
    array([1.        , 0.33333333, 0.16666667, 0.        , 0.        ])
    """
    sizes = np.abs(checked_vector(u).astype(np.float64))
    squares = np.sort(sizes / max(sizes.max(), np.finfo(np.float64).tiny)) ** 2
    sums = np.concatenate(([0.0], np.cumsum(squares)))[::-1]
    return sums / sums[0] if sums[0] > 0 else np.zeros(sums.size)


def power_of(left: ArrayLike, kept: ArrayLike) -> Floats:
    """The power of 1 - k/d that what is left comes to; infinite where nothing is left.

    Args:
        left: |u - C(u)|^2 / |u|^2; kept: k/d, below 1.

    >>> power_of([0.81, 0.0], 0.1)
    array([ 2., inf])
    """
    with np.errstate(divide="ignore"):
        power: Floats = np.log(np.asarray(left, dtype=np.float64)) / np.log1p(-np.asarray(kept, dtype=np.float64))
    return power


def powers_at(u: Array, densities: Sequence[float]) -> Floats:
    """The power of a vector at each density, (len(densities),), with k = max(floor(rho d), 1)."""
    entries = np.array([entries_kept(u.size, density) for density in densities])
    return power_of(energy_left(u)[entries], entries / u.size)
