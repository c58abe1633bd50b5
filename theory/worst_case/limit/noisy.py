"""What a method costs with noise over T steps, at its own step or the one at which the proved bound is least."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from scipy.optimize import minimize_scalar

from theory.common.errors import DomainError, InputError
from theory.common.shown import Shown
from theory.methods.method import Method, Recursion
from theory.staleness.count import Staleness, whole_number
from theory.worst_case.limit.program import step_limit
from theory.worst_case.limit.storage import Storage, storage_of

# The step is looked for between these parts of the longest one that settles, or of the one that noise alone would ask.
_SHORTEST, _LONGEST, _STEP_ACCURACY = 0.25, 0.97, 0.01


@dataclass(frozen=True, eq=False, repr=False)
class NoisyBound(Shown):
    """min E|grad F(x_t)|^2 <= bound over t <= T, for every L-smooth F and noise of variance at most sigma^2.

    Args:
        method: its spelling; staleness: s, of a fixed delay of s - 1; steps: T; step: L eta.
        noise: nu = sigma^2 T/(L Delta).
        bound: in units of L Delta, or of what was given; floor: what is left as T grows, in parts of sigma^2.
        proof: the form that proves it.
    """

    method: str
    staleness: int
    steps: int
    step: float
    noise: float
    bound: float
    floor: float
    proof: Storage = field(repr=False)

    def __repr__(self) -> str:
        return f"{self.method} at staleness {self.staleness}: at most {self.bound:.6g} over {self.steps} steps"

    def to_dict(self) -> dict[str, Any]:
        """The bound as plain values."""
        return {
            "steps": self.steps,
            "noise": self.noise,
            "step": self.step,
            "bound": self.bound,
            "floor": self.floor,
            "weight": self.proof.weight,
            "certified": True,
        }


def noisy_bound(
    method: Method,
    staleness: Staleness,
    steps: int,
    variance: float,
    smoothness: float = 1.0,
    gap: float = 1.0,
    step: float | None = None,
) -> NoisyBound:
    """A bound with noise for a method under a fixed delay, proved in exact arithmetic.

    Args:
        method: one that applies late gradients; staleness: s, at least 2, the delay is s - 1.
        steps: T, at least s; variance: sigma^2; smoothness: L; gap: Delta.
        step: L eta; when left out the method's own, or that of the least bound.

    Raises:
        InputError: a method that waits, no delay, or a number out of its range.
        DomainError: a step at which nothing is proved.

    Source: derived in theory/worst_case/limit/storage.py.

    >>> from theory.methods.registry import parse_method
    >>> noisy_bound(parse_method("counter-momentum:noise=10"), Staleness(3), 100, 0.1)
    counter-momentum:noise=10.0 at staleness 3: at most 0.0711299 over 100 steps
    """
    count = whole_number(steps, staleness.window, "The number of steps", InputError)
    for name, value, positive in (("sigma^2", variance, False), ("L", smoothness, True), ("Delta", gap, True)):
        if not (math.isfinite(value) and (value > 0 if positive else value >= 0)):
            raise InputError(f"{name} must be a number {'above' if positive else 'of at least'} 0. Got {value}.")
    recursion, unit = method.recursion(staleness.maximum_delay), smoothness * gap
    noise = variance * count / unit
    chosen = step or recursion.step or _best_step(recursion, noise, count)
    proof = storage_of(recursion, chosen, noise, count)
    value = unit * proof.bound(count, noise)
    return NoisyBound(method.text, staleness.window, count, chosen, noise, value, proof.floor, proof)


def _best_step(recursion: Recursion, noise: float, steps: int) -> float:
    def bound(logarithm: float) -> float:
        try:
            return math.log(storage_of(recursion, math.exp(logarithm), noise, steps).bound(steps, noise))
        except DomainError:
            return math.inf

    if recursion.delay < 1 or recursion.period > 1:
        return 1.0  # which is refused where the bound is
    longest = _LONGEST * step_limit(recursion)[0]
    shortest = _SHORTEST * min(longest, math.sqrt(2 / noise) if noise else longest)
    within = (math.log(shortest), math.log(longest))
    return math.exp(minimize_scalar(bound, bounds=within, method="bounded", options={"xatol": _STEP_ACCURACY}).x)
