"""What the library says of any schedule and delay trace: every bound judged, its value or the condition that fails.

A bound speaks of a whole run. Its curve over the horizon judges each prefix of the run as a run of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.bounds import REGISTRY, Bound, Failure, Setting, get
from theory.common.errors import InputError


@dataclass(frozen=True)
class Judgement:
    """A bound at a setting: its value, or None and the side conditions that fail."""

    bound: Bound
    value: float | None
    failures: tuple[Failure, ...]

    @property
    def applies(self) -> bool:
        """Whether every side condition holds."""
        return self.value is not None


def judge(setting: Setting, names: Iterable[str] | None = None) -> tuple[Judgement, ...]:
    """Every bound at a setting, or those named.

    Args:
        setting: the steps, delays, staleness and constants.
        names: names of the library; None for all of it.

    Returns:
        One judgement for each, in that order.

    Raises:
        InputError: a name that the library does not have.

    >>> from theory.staleness.count import Staleness
    >>> still = Setting([1.0], [0], Staleness(1), {"L": 1.0, "Delta": 1.0, "sigma": 0.0})
    >>> [(j.bound.name, round(j.value, 3)) for j in judge(still, ["theorem-a", "theorem-b"])]
    [('theorem-a', 1.0), ('theorem-b', 0.8)]
    """
    bounds = REGISTRY.values() if names is None else map(get, names)
    return tuple(Judgement(bound, *bound.assess(setting)) for bound in bounds)


def best(judgements: Iterable[Judgement]) -> Judgement | None:
    """The smallest bound that applies, or None where none does."""
    applying = (judgement for judgement in judgements if judgement.applies)
    return min(applying, key=lambda judgement: judgement.value or 0.0, default=None)


def curve(bound: Bound, setting: Setting, horizons: ArrayLike) -> NDArray[np.float64]:
    """The bound after the first t steps, for each horizon t.

    Args:
        bound: a bound of the library; setting: the whole run.
        horizons: int64 (R,), each between 1 and the number of steps.

    Returns:
        float64 (R,): the value, NaN where the bound does not apply to that prefix (a bound whose steps depend on T
        applies at the run's own T alone).

    Raises:
        InputError: a horizon outside the run.
    """
    times = np.atleast_1d(np.asarray(horizons, dtype=np.int64))
    outside = times[(times < 1) | (times > setting.steps)]
    if outside.size:
        raise InputError(f"A horizon lies between 1 and the number of steps, {setting.steps}. Got {outside[0]}.")
    values = (bound.assess(setting.prefix(int(t)))[0] for t in times)
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def local_exponent(horizons: ArrayLike, values: ArrayLike) -> float:
    """The slope of log(value) against log(T) by least squares: -1/2 for a bound that decays as 1/sqrt(T).

    Args:
        horizons: (R,) numbers of steps; values: (R,) bounds there; NaN and zeros are left out.

    Raises:
        InputError: fewer than two horizons with a positive finite value.

    >>> round(local_exponent([10, 100, 1000], [3.0, 0.3, 0.03]), 12)
    -1.0
    """
    times, sizes = np.asarray(horizons, dtype=np.float64), np.asarray(values, dtype=np.float64)
    usable = np.isfinite(sizes) & (sizes > 0)
    if np.unique(times[usable]).size < 2:
        raise InputError(f"An exponent needs a positive value at 2 horizons at least. Got {int(usable.sum())}.")
    x, y = np.log(times[usable]), np.log(sizes[usable])
    x -= x.mean()
    return float(x @ y / (x @ x))
