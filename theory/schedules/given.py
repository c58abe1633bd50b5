"""What is given beside a schedule, constants and delays: each is refused where no run can have it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from theory.common.errors import DelayError, ScheduleError
from theory.common.types import Floats
from theory.formulas.notation import CONSTANTS, GLOSSARY

#: The constants that `step_sizes` takes by name; T is the number of steps, k and d belong to each step.
TAKEN: tuple[str, ...] = (*CONSTANTS, "s", "B")


def checked_constants(constants: Mapping[str, Any]) -> dict[str, float]:
    """The constants as floats of the right sign."""
    return {name: _checked_constant(name, value) for name, value in constants.items()}


def _checked_constant(name: str, value: Any) -> float:
    if name not in TAKEN:
        raise ScheduleError(f"The constants of a schedule are {', '.join(TAKEN)}. Got {name!r}: leave it out.")
    sign = GLOSSARY[name].sign
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not sign.admits(number):
        raise ScheduleError(f"The constant {name} must be a finite number {sign.value}. Got {value!r}.")
    return number


def checked_delays(delays: Any, count: int) -> Floats:
    """The delays of `count` steps as floats, none of them beyond the start."""
    lags = np.asarray(delays)
    if lags.shape != (count,) or lags.dtype.kind not in "iu":
        found = f"{lags.dtype} of shape {lags.shape}"
        raise DelayError(f"The delays must be {count} whole numbers, one for each step. Got {found}.")
    wrong = np.flatnonzero((lags < 0) | (lags >= np.arange(1, count + 1)))
    if wrong.size:
        k = int(wrong[0]) + 1
        raise DelayError(f"The delay of step k = {k} must lie between 0 and k - 1 = {k - 1}. Got {lags[k - 1]}.")
    return lags.astype(np.float64)
