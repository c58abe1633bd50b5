"""Families of made vectors: bell-shaped ones, for which the square and the cube hold, and ones that break them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from theory.common.errors import InputError
from theory.common.spelling import meant
from theory.common.table import Table
from theory.common.types import Vector

Draw = Callable[[np.random.Generator, int], Vector]


@dataclass(frozen=True)
class Family:
    """Vectors with independent entries of one law, or of a given shape.

    Args:
        title: what it is called; entries: draws d of them.
        bell: whether |u_i| has a density that does not increase, so that the cube holds for the law.
    """

    title: str
    entries: Draw
    bell: bool

    def draw(self, seed: int, dimension: int) -> Vector:
        """A vector (d,)."""
        return self.entries(np.random.default_rng(seed), dimension)


def below_the_line(dimension: int) -> Vector:
    """Sorted squares under the line 1 - i/d that break the square bound: 1 once, 0.4 up to 0.6 d, then 0.

    >>> from experiments.systems.topk.energy import energy_left
    >>> round(float(energy_left(below_the_line(10**5))[10**4]), 3)
    0.833
    """
    squares = np.where(np.arange(dimension) < 0.6 * dimension, 0.4, 0.0)
    squares[0] = 1.0
    return np.sqrt(squares)


FAMILIES: Mapping[str, Family] = Table(
    {
        "uniform": Family("uniform", lambda rng, d: rng.uniform(-1, 1, d), True),
        "normal": Family("normal", lambda rng, d: rng.standard_normal(d), True),
        "laplace": Family("Laplace", lambda rng, d: rng.laplace(size=d), True),
        "student": Family("Student t, 3", lambda rng, d: rng.standard_t(3, d), True),
        "cauchy": Family("Cauchy", lambda rng, d: rng.standard_cauchy(d), True),
        "shifted": Family("normal about 3", lambda rng, d: rng.normal(3, 1, d), False),
        "line": Family("below the line", lambda rng, d: below_the_line(d), False),
        "signs": Family("±1", lambda rng, d: rng.choice([-1.0, 1.0], d), False),
    }
)


def get_family(name: str) -> Family:
    """The family of that name; InputError lists the names if there is none."""
    if name not in FAMILIES:
        raise InputError(f"There is no family {name!r}.{meant(name, FAMILIES)} The families are {', '.join(FAMILIES)}.")
    return FAMILIES[name]
