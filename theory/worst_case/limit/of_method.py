"""The exact constant of a method at a staleness, and of all methods side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from theory.bounds.counter_momentum import COUNTER_MOMENTUM
from theory.common.errors import DomainError
from theory.common.shown import Shown
from theory.methods.filters import Filtered, read_filter
from theory.methods.method import Method
from theory.methods.registry import parse_method
from theory.staleness.count import Staleness
from theory.worst_case.limit.constant import LimitConstant, best_of, limit_of, sketch
from theory.worst_case.limit.noisy import NoisyBound
from theory.worst_case.limit.program import step_limit

#: The momentum at which published corrections are shown, which is the one that they are published with.
PUBLISHED = 0.9
#: The methods of the table, by name, with their words.
SHOWN: Mapping[str, str] = {
    "delayed": "delayed steps",
    "wait": "waiting",
    "batch-wait": "batched waiting",
    "counter-momentum": "counter-momentum",
    "momentum": "momentum 0.9",
    "nesterov": "Nesterov 0.9",
    "spike-compensation": "spike compensation 0.9",
    "weight-prediction": "weight prediction 0.9",
}


#: The delays at which `better` has a filter.
BETTER = (0, 5, 6, 7, 8, 12, 20, 32)


@dataclass(frozen=True, eq=False, repr=False)
class MethodLimit(Shown):
    """What a method costs in the limit: min |g|^2 ~ C L Delta / T over T gradients that arrive, without noise.

    Args:
        method: its spelling; staleness: s, of a fixed delay of s - 1.
        found: the constant of its recursion, one update of which takes `period` arrivals.
        period: above 1 where the method waits.
        largest_step: L eta at which some function keeps it turning for ever.
        beside: the best constants of other methods, by their spelling.
        bound: the bound of the library that proves it at every T; None where there is none.
        noisy: what is proved over T steps, with noise, if that was asked.
    """

    method: str
    staleness: int
    found: LimitConstant
    period: int
    largest_step: float
    beside: Mapping[str, float] = field(default_factory=dict)
    bound: str | None = None
    noisy: NoisyBound | None = None

    @property
    def constant(self) -> float:
        """C, from above."""
        return self.found.value * self.period

    @property
    def lower(self) -> float:
        """C, from below."""
        return self.found.lower * self.period

    @property
    def start(self) -> float | None:
        """C is at most this times `constant`; None where nothing is proved about the start."""
        return self.found.start if math.isfinite(self.found.start) else None

    def __repr__(self) -> str:
        return f"{self.method} at staleness {self.staleness}: {self.constant:.6g} L Delta / T"

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "constant": self.constant,
            "lower": self.lower,
            "step": self.found.step,
            "method": self.method,
            "certified": self.found.certified,
            "staleness": self.staleness,
            "start": self.start,
            "period": self.period,
            "largest_step": self.largest_step,
            "lags": [int(m) for m in self.found.beta.nonzero()[0] + 1],
            "frequencies": list(self.found.worst_frequencies),
            "masses": list(self.found.masses),
            "beside": dict(self.beside),
            "bound": self.bound,
            "noisy": self.noisy and self.noisy.to_dict(),
        }


def method_limit(method: Method, staleness: Staleness, step: float | None = None) -> MethodLimit:
    """The exact constant of a method under a fixed delay.

    Args:
        method: any of `theory.methods`.
        staleness: s; the delay is s - 1.
        step: L eta; when left out the best one, or the method's own.

    Raises:
        DomainError: a step at which some function keeps the method turning for ever.
        InputError: a method that has no limit: its moves do not die out, or it climbs.

    Source: derived in theory/worst_case/limit/constant.py.

    >>> found = method_limit(parse_method("wait"), Staleness(2))
    >>> round(found.constant, 4), round(found.lower, 4), found.period
    (2.5981, 2.5981, 2)
    """
    recursion = method.recursion(staleness.maximum_delay)
    found = best_of(recursion) if step is None else limit_of(recursion, step)
    largest = step_limit(recursion)[0]  # once it is sure that there is one
    if not math.isfinite(found.value):
        raise DomainError(
            f"At the step {step:.9g} / L the constant of {method.text} is infinite: from {largest:.9g} / L on, some "
            f"function never settles at a staleness of {staleness.window}. Take a shorter step."
        )
    proved = COUNTER_MOMENTUM.name if recursion.quiet and step is None else None
    return MethodLimit(method.text, staleness.window, found, recursion.period, largest, bound=proved)


def published(name: str, delay: int) -> Method:
    r"""The method of a row of the table, at this delay.

    With momentum m, spike compensation adds to each move what the delay withheld, so that it is $a\,v+b\,g$ with
    $a=m^D$ and $b=(1-m^D)/(1-m)$; linear weight prediction reads gradients at $x_k+D(x_k-x_{k-1})$, whose own moves are
    $(1+D)v_k-Dv_{k-1}$. Both are filters.

    Source: Kosson et al. 2021, Pipelined Backpropagation at Scale; Chen, Yang and Cheng 2018 (SpecTrain).

    >>> published("spike-compensation", 0), published("weight-prediction", 1)
    (Filtered(gradients=(1.0, -0.0), moves=(0.9,)), Filtered(gradients=(2.0, -1.0), moves=(0.9,)))
    """
    m = PUBLISHED
    if name == "spike-compensation":
        plain = (1 - m**delay) / (1 - m)
        return Filtered((m**delay + plain, -m * plain), (m,))
    if name == "weight-prediction":
        return Filtered((1.0 + delay, -float(delay)), (m,))
    return parse_method(f"{name}:beta={m}" if name in ("momentum", "nesterov") else name)


def constants(delay: int) -> Iterator[tuple[str, float]]:
    """The best constant of every method of the table at one delay, to four digits, by name; one by one.

    >>> [(name, round(value, 3)) for name, value in constants(1)][:4]
    [('delayed', 2.675), ('wait', 2.598), ('batch-wait', 3.897), ('counter-momentum', 2.294)]
    """
    for name in SHOWN:
        recursion = published(name, delay).recursion(delay)
        yield name, recursion.period * sketch(recursion)


def better(delay: int) -> Filtered:
    """A filter that is better than counter-momentum, at the step 1/L; `optimality` says at which delays there is one.

    Its moves are those of counter-momentum; its gradients and the multipliers of some lags were optimised by turns (for
    fixed multipliers the gradients are a convex problem). Nothing rests on how it was found: `limit_of` certifies it.

    >>> round(limit_of(better(5).recursion(5), 1.0).value, 4)
    6.623
    """
    return read_filter(str(Path(__file__).parent / "filters" / f"delay_{delay}.json"))
