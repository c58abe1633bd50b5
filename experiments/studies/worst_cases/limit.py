"""The exact constant of a constant step as the number of steps grows: one cell for each fixed delay.

A cell's values are the constant C at a grid of steps up to the stability limit, the best step, and the constants of
the theorems, each at its own best step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from experiments.sweep.json_store import Values
from theory.staleness.stability import fixed_delay_limit

DELAYS = tuple(range(9))


@dataclass(frozen=True)
class ConstantAtStep:
    """The constant at one step; see `theory.worst_case.limit.constant.LimitConstant`.

    Args:
        delay: D; step: h = L eta.
        value: C from above; lower: from below, by floats; start: the factor that the start may cost.
        certified: whether C is proved from above, in exact and ball arithmetic.
    """

    delay: int
    step: float
    value: float
    lower: float
    start: float
    certified: bool


@dataclass(frozen=True)
class Limits:
    """What the figure shows, by the delay: a curve, its best point, and the constants beside it."""

    curves: Mapping[int, Sequence[ConstantAtStep]]
    best: Mapping[int, ConstantAtStep]
    compared: Mapping[int, Mapping[str, float]] = field(repr=False)


@dataclass(frozen=True)
class LimitCell:
    """The constants at one fixed delay.

    Args:
        delay: D; points: how many steps the curve has, dense towards the stability limit.
    """

    delay: int
    points: int = 48
    kind: ClassVar[str] = "limit"

    @property
    def name(self) -> str:
        return f"limit-D{self.delay}-n{self.points}"

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        return 300 * (self.points + 10) * (self.delay + 4)

    def compute(self) -> Values:
        """The curve, the best step, and what the theorems give."""
        from theory.worst_case.limit.comparison import comparison
        from theory.worst_case.limit.constant import LimitConstant, best_step, curve

        def stored(found: LimitConstant) -> dict[str, Any]:
            return {name: getattr(found, name) for name in ConstantAtStep.__dataclass_fields__}

        # Dense towards the stability limit, where the curve rises.
        shares = 0.995 - 0.955 * np.linspace(0, 1, self.points)[::-1] ** 1.5
        steps = shares * fixed_delay_limit(self.delay)
        return {
            "curve": [stored(each) for each in curve(self.delay, steps)],
            "best": stored(best_step(self.delay)),
            "compared": dict(comparison(self.delay)),
        }


_POINTS = MappingProxyType({"quick": 16, "lesson": 32, "paper": 64})


def limit_cells(scale: str) -> tuple[LimitCell, ...]:
    """D = 0..8, with more points on each curve at the larger scales."""
    return tuple(LimitCell(delay, _POINTS[scale]) for delay in DELAYS)


def limits(values: Iterable[Values]) -> Limits:
    """What cells gave, as the figure takes it.

    >>> found = limits([LimitCell(1, points=3).compute()])
    >>> round(found.best[1].value, 4), len(found.curves[1]), found.best[1].certified
    (2.6751, 3, True)
    """
    best = {each["best"]["delay"]: each for each in values}
    ordered = {delay: best[delay] for delay in sorted(best)}
    return Limits(
        {delay: tuple(ConstantAtStep(**point) for point in each["curve"]) for delay, each in ordered.items()},
        {delay: ConstantAtStep(**each["best"]) for delay, each in ordered.items()},
        {delay: each["compared"] for delay, each in ordered.items()},
    )
