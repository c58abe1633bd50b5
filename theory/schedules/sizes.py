"""Step sizes as an array: what a run of T steps can have, and what to do about the rest."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from theory.common.errors import ScheduleError
from theory.common.types import Floats


def checked_steps(steps: int) -> int:
    """T, a whole number of at least 1."""
    try:
        count = operator.index(steps)
    except TypeError:
        count = 0
    if count < 1:
        raise ScheduleError(f"The number of steps must be a whole number of at least 1. Got {steps!r}.")
    return count


def sealed(sizes: Floats, remedy: str = "") -> Floats:
    """A copy that nobody changes, of sizes that steps can have; else a refusal that says what to do."""
    wrong = np.flatnonzero(~(np.isfinite(sizes) & (sizes >= 0)))
    if wrong.size:
        at = int(wrong[0])
        raise ScheduleError(
            f"The step size must be a finite number of at least 0 at every step. Got {sizes[at]:.6g} at step k = "
            f"{at + 1}. {remedy or _remedy(float(sizes[at]), at + 1)}"
        )
    kept = sizes + 0.0  # -0.0 made 0.0
    kept.setflags(write=False)
    return kept


def _remedy(size: float, k: int) -> str:
    """What to write instead of a step size that cannot be."""
    if size == np.inf:
        return "It is divided by 0 there, or grows too fast: a limit keeps it finite, as in min(1/L, ...)."
    if np.isfinite(size):
        return "Change the schedule there, for example with max(0, ...)."
    others = f"k > {k}" if k == 1 else f"k != {k}"
    undefined = "It has no value there, as 0/0, log(0) or the root of a negative number"
    return f"{undefined}: give it one, as in ... if {others} else 0."


def as_numbers(values: Any) -> Floats:
    """A list of numbers as an array."""
    try:
        numbers = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        numbers = np.empty(0)
    if numbers.ndim != 1 or numbers.size == 0:
        raise ScheduleError("A list of step sizes must hold at least one number, one for each step. Got none.")
    return numbers
