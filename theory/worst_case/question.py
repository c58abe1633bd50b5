r"""What is asked: how large can the gradients stay, at these steps, delays and constants, for any L-smooth function?

Steps are numbered from 0: x_{k+1} = x_k - eta_k (g_{tau_k} + e_k), g_k = grad F(x_k), tau_k = k - d_k, k < T;
E[e_k | x_0..x_k] = 0, E|e_k|^2 <= sigma^2. F is L-smooth, F(x_0) - inf F <= Delta. A method other than these delayed
steps comes as its linear rule; the noise of a gradient goes with it wherever it is weighed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.bounds.parts.setting import Setting
from theory.common.errors import InputError, ScheduleError
from theory.common.types import Floats
from theory.methods.rule import LinearRule
from theory.staleness.count import Staleness


class Measure(StrEnum):
    """What is made large: the least E|g_k|^2 over x_0..x_T, or its mean over x_0..x_{T-1} weighted by the steps."""

    MINIMUM = "min"
    MEAN = "mean"


@dataclass(frozen=True, eq=False)
class Question:
    r"""A worst case to be found: the largest $\min_{0\le k\le T}\mathbb E\|\nabla F(x_k)\|^2$, or weighted mean.

    Args:
        step_sizes: float64 (T,), eta_k at position k (the step k + 1 of a schedule); finite and at least 0.
        delays: int64 (T,), 0 <= d_k <= k, d_k at position k.
        smoothness: L; gap: Delta, F(x_0) - inf F; both positive.
        variance: sigma^2, of the noise of each gradient; at least 0.
        coherence: mu, or None; <g_k, g_t> >= mu |g_k|^2 for max(0, k - s + 1) <= t < k < T.
        staleness: the window s, at least 1 + the largest delay; it enters through the coherence only.
        measure: minimum or step-weighted mean.
        rule: how x_{k+1} comes from the gradients, in place of the steps; None for delayed steps. For the minimum.

    Raises:
        ScheduleError, DelayError: steps or delays that no run can have.
        InputError: a constant out of its range, or a delay beyond the staleness.

    >>> Question([0.5, 0.5], [0, 1], staleness=Staleness(2)).steps
    2
    """

    step_sizes: NDArray[np.float64]
    delays: NDArray[np.int64]
    smoothness: float
    gap: float
    variance: float
    coherence: float | None
    staleness: Staleness
    measure: Measure
    rule: LinearRule | None

    def __init__(
        self,
        step_sizes: ArrayLike,
        delays: ArrayLike,
        *,
        smoothness: float = 1.0,
        gap: float = 1.0,
        variance: float = 0.0,
        coherence: float | None = None,
        staleness: Staleness | None = None,
        measure: Measure | str = Measure.MINIMUM,
        rule: LinearRule | None = None,
    ) -> None:
        window = staleness or Staleness(1 + int(np.max(np.asarray(delays), initial=0)))
        run = Setting(step_sizes, delays, window, {})
        values: dict[str, Any] = {
            "step_sizes": run.step_sizes,
            "delays": run.delays,
            "smoothness": _above_zero("L, the smoothness,", smoothness),
            "gap": _above_zero("Delta, the gap,", gap),
            "variance": _at_least_zero("The variance", variance),
            "coherence": None if coherence is None else _coherence(coherence),
            "staleness": window,
            "measure": Measure(measure),
            "rule": rule,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        self._refuse_impossible()

    def _refuse_impossible(self) -> None:
        late = np.flatnonzero(self.delays > self.staleness.maximum_delay)
        if late.size:
            raise InputError(
                f"A staleness of {self.staleness.window} allows delays up to {self.staleness.maximum_delay}. "
                f"Got {self.delays[late[0]]} at step k = {late[0] + 1}. Give a larger staleness."
            )
        if self.rule is not None and self.measure is Measure.MEAN:
            raise InputError(
                "The worst case of a method other than delayed steps is that of the minimum. Leave out the measure."
            )
        if self.rule is not None and self.rule.updates != self.steps:
            raise InputError(f"A rule of {self.rule.updates} updates cannot take {self.steps} steps.")
        if self.measure is Measure.MEAN and not self.step_sizes.any():
            raise ScheduleError("The step-weighted mean needs a positive step. Got step sizes that are all 0.")

    @property
    def steps(self) -> int:
        """T."""
        return int(self.step_sizes.size)

    @property
    def read_points(self) -> NDArray[np.int64]:
        """tau_k = k - d_k, the index of the point whose gradient step k applies; int64 (T,)."""
        return np.arange(self.steps) - self.delays

    @cached_property
    def _combinations(self) -> Floats | None:
        """Of a rule: the moves as combinations of the gradients, float64 (T, T)."""
        return None if self.rule is None else self.rule.moves_of(self.read_points)

    def moves(self, gradients: Floats) -> Floats:
        """x_k - x_{k+1} for all k < T with these gradients g_0.., float64 (T or T+1, r).

        >>> Question([0.5, 0.25], [0, 1]).moves(np.array([[2.0], [8.0]])).ravel()
        array([1. , 0.5])
        """
        if self._combinations is None:
            moves: Floats = self.step_sizes[:, None] * gradients[self.read_points]
            return moves
        return np.asarray(self._combinations @ gradients[: self.steps])

    def move(self, k: int, gradients: Floats) -> Any:
        """x_k - x_{k+1}, from the gradients up to the one that arrives at update k."""
        if self._combinations is None:
            return self.step_sizes[k] * gradients[k - self.delays[k]]
        return self._combinations[k, : k + 1] @ gradients[: k + 1]

    @cached_property
    def lengths(self) -> Floats:
        """The longest that each move can be where no gradient is longer than 1; float64 (T,)."""
        return self.step_sizes if self._combinations is None else np.abs(self._combinations).sum(axis=1)

    @property
    def scale(self) -> float:
        """L Delta: the unit of squared gradients; values of the normalised question are in it."""
        return self.smoothness * self.gap

    @property
    def covered(self) -> str:
        """The iterates that the measure covers."""
        return "x_0..x_T" if self.measure is Measure.MINIMUM else "x_0..x_{T-1}"

    def normalised(self) -> Question:
        """The same question with L = Delta = 1: steps L eta_k, variance sigma^2/(L Delta)."""
        return self.replaced(
            step_sizes=self.step_sizes * self.smoothness,
            smoothness=1.0,
            gap=1.0,
            variance=self.variance / self.scale,
            rule=self.rule and self.rule.scaled(self.smoothness),
        )

    def prefix(self, steps: int) -> Question:
        """The first steps of the same run."""
        rule = self.rule and self.rule.first(steps)
        return self.replaced(step_sizes=self.step_sizes[:steps], delays=self.delays[:steps], rule=rule)

    def replaced(self, **changes: Any) -> Question:
        """A copy with some fields changed."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Question(**{**fields, **changes})

    __replace__ = replaced


def _above_zero(what: str, value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{what} must be a positive number in a worst case. Got {value}.")
    return float(value)


def _at_least_zero(what: str, value: float) -> float:
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"{what} must be a number of at least 0. Got {value}.")
    return float(value)


def _coherence(value: float) -> float:
    if not (math.isfinite(value) and value <= 1):
        raise InputError(f"The coherence is at most 1, as <g_k, g_k> = |g_k|^2. Got {value}.")
    return float(value)
