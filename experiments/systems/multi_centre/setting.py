r"""What is decided of D centres: what is withheld and how far one may run ahead. The three methods by name.

Thresholds and step sizes are arrays over the clocks: $|a_j|>v_t|w_j|$ is sent, with $v_t=v/\sqrt t$, or v times the
factor by which the step size has fallen, as in the released code, or v throughout.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from theory.common.errors import InputError
from theory.common.spelling import meant
from theory.common.types import Floats
from theory.staleness.count import whole_number


@dataclass(frozen=True)
class Centres:
    """Centres and the rules between them.

    Args:
        centres: D; workers: P, of each centre.
        staleness: s, clocks that a worker may be ahead of the slowest in its centre; 0 is bulk synchronous.
        clock: Delta_c, clocks that a centre may be ahead of what it has received from the slowest other; None: any.
        barrier: whether lists of coordinates go ahead of updates that queue, and reads of these wait.
        at_once: whether a local change is applied at once, or only when it is sent.
        soft: the factor of the threshold while no link of the centre is busy.

    Raises:
        InputError: no centre, a centre without workers, a negative staleness or clock, a factor outside 0..1.
    """

    centres: int
    workers: int
    staleness: int = 0
    clock: int | None = None
    barrier: bool = False
    at_once: bool = True
    soft: float = 1.0

    def __post_init__(self) -> None:
        whole_number(self.centres, 1, "The number of centres", InputError)
        whole_number(self.workers, 1, "The number of workers of a centre", InputError)
        whole_number(self.staleness, 0, "The staleness inside a centre", InputError)
        if self.clock is not None:
            whole_number(self.clock, 0, "The difference of the mirror clocks", InputError)
        if not 0 <= self.soft <= 1:
            raise InputError(f"The factor of a soft threshold must lie in 0..1. Got {self.soft:g}.")

    @property
    def everyone(self) -> int:
        """D P, the workers of all centres; worker p of centre c is number c P + p."""
        return self.centres * self.workers


def full_exchange(centres: int, workers: int) -> Centres:
    """Bulk synchronous over all centres: with thresholds of 0 every change is everywhere before the next clock."""
    return Centres(centres, workers, clock=0)


def gaia(centres: int, workers: int, *, clock: int = 4, staleness: int = 0) -> Centres:
    """Selective barrier and mirror clock."""
    return Centres(centres, workers, staleness, clock, barrier=True)


def unsynchronised(centres: int, workers: int, *, staleness: int = 0) -> Centres:
    """The significance filter alone: neither barrier nor clock."""
    return Centres(centres, workers, staleness)


def _root(v: float, step_sizes: Floats) -> Floats:
    return np.asarray(v / np.sqrt(np.arange(1, step_sizes.size + 1)))


def _schedule(v: float, step_sizes: Floats) -> Floats:
    return np.asarray(v * step_sizes / step_sizes[0])


def _constant(v: float, step_sizes: Floats) -> Floats:
    return np.full(step_sizes.size, v)


THRESHOLDS: Mapping[str, Callable[[float, Floats], Floats]] = MappingProxyType(
    {"root": _root, "schedule": _schedule, "constant": _constant}
)


def thresholds(v: float, step_sizes: Floats, rule: str = "root") -> Floats:
    r"""float64 (T,): $v_t$ of clock t.

    Args:
        v: the first, such as 0.01; step_sizes: float64 (T,), of the clocks.
        rule: root, $v/\sqrt t$; schedule, $v\,\eta_t/\eta_1$ as the released code does; constant.

    Raises:
        InputError: a threshold below 0, or no such rule.

    Example:
        >>> thresholds(0.02, np.array([1.0, 1.0, 0.5, 0.1]))[3], thresholds(0.02, np.array([1.0, 0.1]), "schedule")[1]
        (np.float64(0.01), np.float64(0.002))
    """
    if not 0 <= v < math.inf:
        raise InputError(f"The threshold must be a finite number of at least 0. Got {v:g}.")
    if rule not in THRESHOLDS:
        raise InputError(f"Thresholds go by {', '.join(THRESHOLDS)}. Got {rule!r}.{meant(rule, THRESHOLDS)}")
    return THRESHOLDS[rule](v, step_sizes)
