"""What a design is for: the delays, the horizon and the constants, in the user's units and with L = Delta = 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from theory.bounds import Bound, Setting
from theory.common.errors import DelayError, InputError
from theory.common.types import Floats, Ints
from theory.schedules.schedule import GivenSchedule
from theory.staleness.count import Staleness, whole_number
from theory.staleness.traces import one_read, validate_delays
from theory.worst_case.question import Question

_MOST_STEPS = 100_000
#: Counts as infinite in a search.
_OUTSIDE = 1e100


@dataclass(frozen=True, eq=False)
class Brief:
    """A run whose steps are to be chosen.

    Args:
        delays: int64 (T,), the delay of step k at position k - 1; staleness: s.
        smoothness: L; gap: Delta; variance: sigma^2.
        coherence: mu, of Theorem 1's schedule and sums.
    """

    delays: Ints
    staleness: Staleness
    smoothness: float
    gap: float
    variance: float
    coherence: float

    @property
    def steps(self) -> int:
        """T."""
        return int(self.delays.size)

    @property
    def constants(self) -> dict[str, float]:
        """L, Delta, sigma and mu by name."""
        return {
            "L": self.smoothness,
            "Delta": self.gap,
            "sigma": math.sqrt(self.variance),
            "mu": self.coherence,
        }

    @property
    def noise(self) -> float:
        """The variance with L = Delta = 1: sigma^2/(L Delta)."""
        return self.variance / (self.smoothness * self.gap)

    @property
    def read_points(self) -> Ints:
        """tau_k = k - d_k, steps numbered from 0."""
        return np.arange(self.steps) - self.delays

    @property
    def usual_step(self) -> float:
        """Corollary 1's constant step with L = 1."""
        return float(1 / (1 + self.delays.max() + math.sqrt(self.noise * self.steps / 2)))

    def setting(self, step_sizes: ArrayLike) -> Setting:
        """The run at these steps, as the library's bounds take it."""
        return Setting(step_sizes, self.delays, self.staleness, self.constants)

    def question(self, step_sizes: ArrayLike, *, coherent: bool = False) -> Question:
        """The worst case of these steps, with or without gradient coherence."""
        return Question(
            step_sizes,
            self.delays,
            smoothness=self.smoothness,
            gap=self.gap,
            variance=self.variance,
            coherence=self.coherence if coherent else None,
            staleness=self.staleness,
        )

    def scheduled(self, schedule: GivenSchedule) -> Setting:
        """The run with the steps of a schedule."""
        return Setting.of(schedule, self.delays, self.staleness, self.constants)


def brief(
    staleness: int | Staleness,
    steps: int,
    *,
    delays: ArrayLike | None = None,
    smoothness: float = 1.0,
    gap: float = 1.0,
    variance: float = 0.0,
    mu: float | None = None,
) -> Brief:
    """A brief from what a user gives; see `theory.design.best.design` for the arguments and refusals."""
    window = Staleness.of(staleness)
    horizon = whole_number(steps, 1, "The number of steps", InputError, _MOST_STEPS)
    trace = np.minimum(np.arange(horizon), window.maximum_delay) if delays is None else np.asarray(delays)
    checked = one_read(validate_delays(trace, window), "A design")
    if checked.size != horizon:
        raise DelayError(f"There must be one delay for each of the {horizon} steps. Got {checked.size} delays.")
    return Brief(
        delays=checked,
        staleness=window,
        smoothness=_number("L, the smoothness,", smoothness, above=True),
        gap=_number("Delta, the gap,", gap, above=True),
        variance=_number("The variance", variance, above=False),
        coherence=_coherence(1.0 if mu is None else mu),
    )


def _number(what: str, value: Any, *, above: bool) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and (number > 0 if above else number >= 0)):
        wanted = "a positive number" if above else "a number of at least 0"
        raise InputError(f"{what} must be {wanted}. Got {value!r}.")
    return number


def _coherence(value: Any) -> float:
    number = _number("mu, the coherence,", value, above=True)
    if number > 1:
        raise InputError(f"mu, the coherence, is at most 1, as <g_k, g_k> = |g_k|^2. Got {number:g}.")
    return number


def best_multiple(bound: Bound, brief: Brief, shape: Floats) -> Floats:
    """The multiple of a shape at which a bound is least, from a grid over six decades and a search between its points.

    >>> from theory.bounds import get
    >>> best_multiple(get("theorem-a"), brief(1, 2, smoothness=4.0), np.ones(2)).round(6)
    array([0.25, 0.25])
    """
    usual = brief.usual_step / brief.smoothness / float(shape.mean())
    grid = np.log(usual * np.geomspace(1e-4, 1e2, 121))

    def value(logarithm: float) -> float:
        found = bound.assess(brief.setting(shape * math.exp(logarithm)))[0]
        return _OUTSIDE if found is None or found <= 0 else found / (brief.smoothness * brief.gap)

    values = [value(logarithm) for logarithm in grid]
    best = int(np.argmin(values))
    if values[best] >= _OUTSIDE:
        raise InputError(f"No multiple of these steps is inside the domain of {bound.name}. Give other delays.")
    around = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(value, bounds=around, method="bounded", options={"xatol": 1e-9})
    return shape * math.exp(found.x if found.fun < values[best] else grid[best])


def waiting(brief: Brief, length: float, *, last: bool = True) -> Floats:
    """Steps of one length, each taken as soon as its gradient is fresh, 0 in between; with L = 1.

    A step at k is fresh where all steps from tau_k to k - 1 are 0. With `last` one ends at the last step if the delay
    is the same throughout, else the first step is one.
    """
    steps, moved = np.zeros(brief.steps), -1
    spare = (brief.steps - 1) % (int(brief.delays.max()) + 1) if last else 0
    for k, tau in enumerate(brief.read_points):
        if k >= spare and tau > moved:
            steps[k], moved = length, k
    return steps
