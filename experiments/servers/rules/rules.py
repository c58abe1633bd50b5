r"""Step rules of asynchronous SGD: from the arrivals that a server sees to the step that it takes with each.

Arrival j = 1..N takes x_{j-1} to x_{j-1} - eta_j g(x_{j-1-d_j}), d_j counted in arrivals; eta_j = 0 discards it. So
every rule runs in the one simulator, and a rule that counts applied updates alone computes its count from the zeros.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from experiments.runs.recorded_trace import ServerTrace
from theory.bounds import REGISTRY
from theory.bounds.parts.assumptions import Source
from theory.bounds.rates import RATES
from theory.common.errors import InputError
from theory.common.types import Vector
from theory.staleness.count import whole_number
from theory.staleness.traces import Delays

READ = "read in the work"
REPORTED = "reported"


@dataclass(frozen=True)
class Rule:
    """A rule with its base step; a rule whose steps follow from the arrivals alone is a `StepRule`.

    Args:
        base: the number gamma that is tuned, in units of a step; finite and above 0.

    Raises:
        InputError: a base step, or another number of the rule, that is out of its range.
    """

    base: float

    name: ClassVar[str]
    formula: ClassVar[str]
    bound: ClassVar[str]
    theorem: ClassVar[str]
    known: ClassVar[str] = REPORTED

    def __post_init__(self) -> None:
        checked_number(self.base, "The base step")

    @classmethod
    def source(cls) -> Source:
        """Where the rule is published."""
        return REGISTRY[cls.bound].source if cls.bound in REGISTRY else RATES[cls.bound].source

    @classmethod
    def citation(cls) -> str:
        """Author, year, theorem, and how surely that is known here.

        >>> Clipped.citation()
        'Koloskova, Stich, Jaggi 2022, Theorem 8'
        """
        doubt = "" if cls.known == READ else f" ({cls.known})"
        return f"{cls.source().authors} {cls.source().year}, {cls.theorem}{doubt}"


@dataclass(frozen=True)
class StepRule(Rule, ABC):
    """A rule whose steps are a function of the arrivals."""

    @abstractmethod
    def step_sizes(self, trace: ServerTrace) -> Vector:
        """The steps eta_j, float64 (N,), for the arrivals j = 1..N of a trace."""


@dataclass(frozen=True)
class ConstantStep(StepRule):
    """The same step for every arrival.

    >>> from experiments.runs.recorded_trace import trace_of_delays
    >>> ConstantStep(0.5).step_sizes(trace_of_delays([0, 1]))
    array([0.5, 0.5])
    """

    name = "constant"
    formula = r"\eta_j = \gamma"
    bound = "koloskova2022"
    theorem = "Theorem 6"
    known = READ

    def step_sizes(self, trace: ServerTrace) -> Vector:
        return np.full(trace.steps, self.base)


@dataclass(frozen=True)
class InverseDelay(StepRule):
    """The step over the age of its gradient, where a gradient of delay 0 or 1 has age 1.

    >>> from experiments.runs.recorded_trace import trace_of_delays
    >>> InverseDelay(0.5).step_sizes(trace_of_delays([0, 1, 2]))
    array([0.5 , 0.5 , 0.25])
    """

    name = "inverse-delay"
    formula = r"\eta_j = \gamma / \max(1, d_j)"
    bound = "zhang2016"
    theorem = "staleness-dependent step"

    def step_sizes(self, trace: ServerTrace) -> Vector:
        return self.base / np.maximum(1, trace.delays)


@dataclass(frozen=True)
class Clipped(StepRule):
    """A constant step, but at most 1/(4 L d) for delays beyond the concurrency, or none at all.

    Args:
        smoothness: L; concurrency: tau_C, how many gradients are computed at a time.

    >>> from experiments.runs.recorded_trace import trace_of_delays
    >>> Clipped(0.25, smoothness=1.0, concurrency=1).step_sizes(trace_of_delays([0, 1, 2]))
    array([0.25 , 0.25 , 0.125])
    """

    smoothness: float
    concurrency: int

    name = "clipped"
    formula = r"\eta_j = \gamma \text{ if } d_j \le \tau_C, \text{ else } \min(\gamma, 1/(4 L d_j))"
    bound = "koloskova2022-adaptive"
    theorem = "Theorem 8"
    known = READ

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_number(self.smoothness, "The smoothness L")
        whole_number(self.concurrency, 1, "The concurrency", InputError)

    def step_sizes(self, trace: ServerTrace) -> Vector:
        late = trace.delays > self.concurrency
        return np.where(late, self._beyond(np.maximum(1, trace.delays)), self.base)

    def _beyond(self, delays: Delays) -> Vector:
        return np.minimum(self.base, 1 / (4 * self.smoothness * delays))


@dataclass(frozen=True)
class Dropped(Clipped):
    """A constant step, and delays beyond the concurrency are discarded.

    >>> from experiments.runs.recorded_trace import trace_of_delays
    >>> Dropped(0.25, smoothness=1.0, concurrency=1).step_sizes(trace_of_delays([0, 1, 2]))
    array([0.25, 0.25, 0.  ])
    """

    name = "dropped"
    formula = r"\eta_j = \gamma \text{ if } d_j \le \tau_C, \text{ else } 0"
    theorem = "Theorem 8, the value 0"

    def _beyond(self, delays: Delays) -> Vector:
        return np.zeros(delays.size)


@dataclass(frozen=True)
class Capped(StepRule):
    """The step capped by the inverse delay: min(gamma, 1/(2 L max(1, d))), with the constant of gradlag's proof.

    Args:
        smoothness: L.

    >>> from experiments.runs.recorded_trace import trace_of_delays
    >>> Capped(0.3, smoothness=1.0).step_sizes(trace_of_delays([0, 1, 2]))
    array([0.3 , 0.3 , 0.25])
    """

    smoothness: float

    name = "capped"
    formula = r"\eta_j = \min(\gamma, 1/(2 L \max(1, d_j)))"
    bound = "mishchenko2022"
    theorem = "delay-adaptive step"

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_number(self.smoothness, "The smoothness L")

    def step_sizes(self, trace: ServerTrace) -> Vector:
        return np.minimum(self.base, 1 / (2 * self.smoothness * np.maximum(1, trace.delays)))


@dataclass(frozen=True)
class WindowSum(StepRule):
    """A share of what the steps since the read have left of gamma'; with an applied one they sum up to at most gamma'.

    Args:
        base: gamma'; share: alpha, above 0 and at most 1.

    >>> from experiments.runs.recorded_trace import trace_of_delays
    >>> WindowSum(1.0, share=0.5).step_sizes(trace_of_delays([0, 1, 0, 3]))
    array([0.5 , 0.25, 0.5 , 0.  ])
    """

    share: float = 0.9

    name = "window-sum"
    formula = r"\eta_j = \alpha \max(0, \gamma' - \sum_{i=j-d_j}^{j-1} \eta_i)"
    bound = "wu2022"
    theorem = "adaptive step-size principle"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not checked_number(self.share, "The share alpha") <= 1:
            raise InputError(f"The share alpha must be at most 1. Got {self.share:g}.")

    def step_sizes(self, trace: ServerTrace) -> Vector:
        steps, sums = np.empty(trace.steps), [0.0]
        for j, delay in enumerate(trace.delays.tolist()):
            steps[j] = self.share * max(0.0, self.base - (sums[j] - sums[j - delay]))
            sums.append(sums[j] + float(steps[j]))
        return steps


@dataclass(frozen=True)
class Ringmaster(StepRule):
    """A constant step for arrivals whose delay, counted in applied updates, is below a threshold; others are discarded.

    Args:
        threshold: R, at least 1; 1 applies fresh gradients only.

    >>> from experiments.runs.recorded_trace import trace_of_delays
    >>> Ringmaster(0.5, threshold=1).step_sizes(trace_of_delays([0, 1, 1, 0]))
    array([0.5, 0. , 0.5, 0.5])
    """

    threshold: int

    name = "ringmaster"
    formula = (
        r"\eta_j = \gamma \text{ if fewer than } R \text{ of the last } d_j \text{ arrivals were applied, else } 0"
    )
    bound = "maranjyan2025"
    theorem = "the method, R and step"

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number(self.threshold, 1, "The threshold R", InputError)

    def step_sizes(self, trace: ServerTrace) -> Vector:
        applied, used = [0], np.zeros(trace.steps, dtype=np.bool_)
        for j, delay in enumerate(trace.delays.tolist()):
            used[j] = applied[j] - applied[j - delay] < self.threshold
            applied.append(applied[j] + bool(used[j]))
        return np.where(used, self.base, 0.0)


@dataclass(frozen=True)
class Picky(Rule):
    """A constant step where the point has moved at most eps/(2 L) since the read; it depends on the iterates.

    Args:
        smoothness: L; accuracy: eps, of |grad F|, not of its square.

    >>> Picky(0.5, smoothness=2.0, accuracy=0.1).radius
    0.025
    """

    smoothness: float
    accuracy: float

    name = "picky"
    formula = r"\eta_j = \gamma \text{ if } |x_{j-1} - x_{j-1-d_j}| \le \varepsilon/(2 L), \text{ else } 0"
    bound = "cohen2021"
    theorem = "Picky SGD"

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_number(self.smoothness, "The smoothness L")
        checked_number(self.accuracy, "The accuracy eps")

    @property
    def radius(self) -> float:
        """How far the point may have moved."""
        return self.accuracy / (2 * self.smoothness)


#: Every rule by its name, in the order of tables and figures.
RULES: Mapping[str, type[Rule]] = MappingProxyType(
    {rule.name: rule for rule in (ConstantStep, InverseDelay, Clipped, Dropped, Capped, WindowSum, Ringmaster, Picky)}
)


def applied_only(delays: ArrayLike, step_sizes: ArrayLike) -> tuple[Delays, Vector]:
    """The same iterates without the arrivals that were discarded: delays in applied updates, and the steps above 0.

    Args:
        delays: int64 (N,), in arrivals; step_sizes: float64 (N,), at least 0.

    Returns:
        Delays and steps of the applied updates, both (M,), M <= N.

    Raises:
        InputError: a step that is negative or no number, lengths that differ, or every arrival discarded.

    >>> applied_only([0, 1, 2, 1], [0.5, 0.0, 0.5, 0.5])
    (array([0, 1, 1]), array([0.5, 0.5, 0.5]))
    """
    lags, steps = np.asarray(delays, dtype=np.int64), np.asarray(step_sizes, dtype=np.float64)
    if lags.shape != steps.shape or steps.ndim != 1:
        raise InputError(f"There must be one step for each arrival. Got {steps.size} steps and {lags.size} arrivals.")
    bad = np.flatnonzero(~(np.isfinite(steps) & (steps >= 0)))
    if bad.size:
        raise InputError(f"A step must be a finite number of at least 0. Got {steps[bad[0]]} at arrival {bad[0] + 1}.")
    used = steps > 0
    if not used.any():
        raise InputError("Every arrival was discarded: nothing moves. Take a rule that applies some of them.")
    before = np.concatenate(([0], np.cumsum(used)))
    arrivals = np.arange(lags.size)
    counted = before[arrivals] - before[arrivals - lags]
    return counted[used], steps[used]


def ringmaster_threshold(variance: float, target: float) -> int:
    r"""The threshold R = max(1, ceil(sigma^2/eps)) for a mean squared gradient norm of eps.

    Source: Maranjyan, Tyurin, Richtarik 2025, as reported.

    >>> ringmaster_threshold(1.0, 0.3), ringmaster_threshold(0.0, 0.3)
    (4, 1)
    """
    return max(1, math.ceil(variance / checked_number(target, "The target")))


def ringmaster_step(variance: float, target: float, smoothness: float) -> float:
    r"""The step min(1/(2 R L), eps/(4 L sigma^2)) of the same source.

    >>> ringmaster_step(1.0, 0.5, 1.0)
    0.125
    """
    limit = 1 / (2 * ringmaster_threshold(variance, target) * checked_number(smoothness, "The smoothness L"))
    return min(limit, target / (4 * smoothness * variance)) if variance > 0 else limit


def checked_number(value: float, what: str) -> float:
    """The number, or a refusal where it is not finite and above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not (0 < value < math.inf):
        raise InputError(f"{what} must be a finite number above 0. Got {value}.")
    return float(value)
