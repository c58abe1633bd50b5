"""Constant-step SGD under given delays: only the step size and the number of steps are left to choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from theory.bounds import Bound, Setting
from theory.common.errors import InputError
from theory.common.types import Floats, Ints
from theory.formulas.notation import checked_constant
from theory.staleness.count import Staleness


@dataclass(frozen=True, eq=False)
class Case:
    """What a number of steps is asked for.

    Args:
        staleness: s; the delays are s - 1, as soon as so many points exist, unless a trace says otherwise.
        constants: L, Delta and sigma.
        trace: int64 (N,), delays that were recorded; beyond them they are taken to go on as in their second half. Or
            (N, B), where each step averages B gradients.
        apart: whether blocks of coordinates are read apart; the delays are then those of the oldest block.

    Raises:
        InputError: a constant that is missing, negative or not finite, an L or Delta of 0, or a trace of one step.

    >>> Case(Staleness(3), {"L": 1.0, "Delta": 1.0, "sigma": 0.0}).setting(0.1, 4).delays
    array([0, 1, 2, 2])
    """

    staleness: Staleness
    constants: Mapping[str, float]
    trace: Ints | None = None
    apart: bool = False

    def __post_init__(self) -> None:
        for name in ("L", "Delta", "sigma"):
            if not (checked_constant(name, self.constants[name]) > 0 or name == "sigma"):
                raise InputError(f"{name} must be above 0 for a number of steps. Got {self.constants[name]:g}.")
        if self.trace is not None and len(self.trace) < 2:
            raise InputError(f"How delays go on is read from 2 of them at least. Got {len(self.trace)}; record more.")

    @property
    def known(self) -> int:
        """The number of steps at which the bounds are looked at to see how they go on."""
        return max(24, 6 * self.staleness.window) if self.trace is None else len(self.trace)

    @property
    def reads(self) -> int:
        """The number B of gradients that a step averages."""
        return 1 if self.trace is None else self.trace.size // len(self.trace)

    @property
    def trivial(self) -> float:
        """2 L Delta, which |grad F(x_0)|^2 cannot exceed."""
        return 2 * self.constants["L"] * self.constants["Delta"]

    @property
    def mean_staleness(self) -> float:
        """1 + the mean delay."""
        return float(self.staleness.window if self.trace is None else 1 + self.trace.mean())

    def setting(self, step_size: float, steps: int) -> Setting:
        """The first `steps` steps at one step size."""
        late = np.minimum(np.arange(steps), self.staleness.maximum_delay) if self.trace is None else self.trace[:steps]
        return Setting(np.full(steps, step_size), late, self.staleness, self.constants, self.apart)

    def undelayed(self, batch: int = 1) -> Case:
        """The same without delay, each gradient a mean of `batch`."""
        return Case(Staleness(1), {**self.constants, "sigma": self.constants["sigma"] / batch**0.5})


@dataclass(frozen=True, eq=False)
class LongRun:
    r"""A bound at one step size, for every number of steps: looked at up to some T, $(a + bT)/(c + dT)$ beyond.

    Args:
        steps, values: (R,), numbers of steps, each twice the one before or so, and the bound after them.
        start, each: a and b of the numerator; under, per: c and d of the denominator.
    """

    steps: Floats
    values: Floats
    start: float
    each: float
    under: float
    per: float

    def value(self, steps: float) -> float:
        """The value after so many steps."""
        if steps < self.steps[-2]:
            return float(np.exp(np.interp(np.log(steps), np.log(self.steps), np.log(self.values))))
        return (self.start + self.each * steps) / (self.under + self.per * steps)

    def steps_to(self, accuracy: float) -> float:
        """The least real T with a value of at most the accuracy, at least 1; infinite where there is none."""
        gain = accuracy * self.per - self.each
        late = float((self.start - accuracy * self.under) / gain) if gain > 0 else np.inf
        if late >= self.steps[-2]:
            return late
        place = int(np.argmax(self.values <= accuracy))  # the affine form says that the last is
        if place == 0:
            return float(self.steps[0])
        pair = [place, place - 1]
        return float(np.exp(np.interp(np.log(accuracy), np.log(self.values[pair]), np.log(self.steps[pair]))))


def long_run(case: Case, bound: Bound, step_size: float, scale: int) -> LongRun | None:
    """How a bound goes on at one step size, None outside its domain.

    For one delay it is exact: numerator and denominator are affine in T at fixed numbers (`Bound.fraction`); a bound of
    which they are not, as its shorter runs tell, is left out. What the bound leaves free is chosen for
    about `scale` steps; any choice is valid.
    """
    numbers = bound.typical(case.setting(step_size, scale if case.trace is None else case.known))
    lengths = [case.known >> halvings for halvings in range(case.known.bit_length())][::-1]
    parts = (bound.fraction(case.setting(step_size, steps), numbers) for steps in lengths)
    inside = list(takewhile(lambda part: part is not None, parts))
    if len(inside) < len(lengths):
        return None
    found = np.array(inside, dtype=np.float64)
    each, per = (found[-1] - found[-2]) / (lengths[-1] - lengths[-2])
    if case.trace is None:
        before = (found[-2] - found[-3]) / (lengths[-2] - lengths[-3])
        if not np.allclose(before, (each, per), rtol=1e-6, atol=1e-9 * np.abs(found[-1])):
            return None
    start, under = found[-1] - np.array([each, per]) * lengths[-1]
    return LongRun(np.array(lengths, dtype=np.float64), found[:, 0] / found[:, 1], start, each, under, per)
