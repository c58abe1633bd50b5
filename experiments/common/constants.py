"""A constant of the theory with how it is known: what a problem states, a run carries, and a verdict weighs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Known(StrEnum):
    """How a constant is known; an estimate can never refute a theorem."""

    EXACT = "exact"
    UPPER_BOUND = "upper bound"
    ESTIMATE = "estimate"
    GIVEN = "given"


@dataclass(frozen=True)
class Constant:
    """A value of L, Delta or sigma, how it is known, and why."""

    value: float
    known: Known
    reason: str
