"""What staleness costs: the steps to an accuracy beside those without delay, and from where on staleness is free."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scipy.optimize import brentq

from theory.common.errors import InputError
from theory.cost.case import Case
from theory.cost.least_steps import Least, Search
from theory.staleness.count import whole_number

#: Staleness is called free where it takes at most this many times the steps.
FREE = 1.1
# How far from the closed form's answer the accuracy is looked for at which staleness is free: logarithms.
_WAYS = tuple(0.5 * half * math.log(10) for half in range(9))


@dataclass(frozen=True)
class Cost:
    """The cost of a staleness at an accuracy.

    Args:
        accuracy: what min_k E|grad F(x_k)|^2 is promised to be at most.
        stale: the fewest steps under the delays; synchronous: without, as many gradients a step.
        free_from: the largest accuracy from which on down the factor is at most 1.1; None where there is none.
    """

    accuracy: float
    stale: Least
    synchronous: Least
    free_from: float | None

    @property
    def factor(self) -> float:
        """How many times the steps."""
        return self.stale.real / self.synchronous.real

    @property
    def break_even(self) -> float:
        """The share of a synchronous step's time below which an update must stay for asynchrony to be faster."""
        return 1 / self.factor

    def to_dict(self) -> dict[str, Any]:
        """The keys of `--json`, the methods aside."""
        return {
            "accuracy": self.accuracy,
            "steps": self.stale.steps,
            "steps_synchronous": self.synchronous.steps,
            "factor": self.factor,
            "break_even": self.break_even,
            "step_size": self.stale.step_size,
            "bound": self.stale.bound,
            "bound_synchronous": self.synchronous.bound,
            "free_from": self.free_from,
        }


def cost(
    case: Case, accuracy: float | None = None, steps: int | None = None, bounds: Iterable[str] | None = None
) -> Cost:
    r"""What staleness costs, each way at the best step size of the best bound that applies.

    By Corollary 1 alone, with n = s, the steps to $\varepsilon$ are
    $N_n = 2L\Delta/x_n^2$, $x_n = (\sqrt{\sigma^2+4n\varepsilon}-\sigma)/2n$, and the factor is $(x_1/x_n)^2$: it tends
    to 1 as $\varepsilon\to 0$ where there is noise, and is n where there is none.

    Args:
        case: delays and constants.
        accuracy: in units of |grad F|^2; or steps: T, after which the accuracy is what the best bound promises then.
        bounds: names to choose from; by default all that assume no coherence.

    Raises:
        InputError: neither or both; an accuracy that x_0 has already, or that no bound reaches.

    >>> from theory.staleness.count import Staleness
    >>> case = Case(Staleness(8), {"L": 1.0, "Delta": 1.0, "sigma": 1.0})
    >>> found = cost(case, accuracy=0.01, bounds=["corollary-1"])
    >>> found.stale.steps, round(found.factor, 3)
    (23090, 1.132)
    """
    if (accuracy is None) == (steps is None):
        raise InputError("Give an accuracy to reach or a number of steps, one of the two.")
    names = None if bounds is None else tuple(bounds)
    late, fresh = Search.of(case, names), Search.of(case.undelayed(case.reads), names)
    after = None if steps is None else late.reached(whole_number(steps, 1, "The number of steps", InputError))
    target = accuracy if accuracy is not None else after[0] if after is not None else None
    if target is None:
        raise InputError(f"No bound says anything after {steps} steps. Give more steps.")
    if not 0 < target < case.trivial:
        raise InputError(
            f"The accuracy must be above 0 and below 2 L Delta = {case.trivial:g}, which "
            f"|grad F(x_0)|^2 does not exceed. Got {target:g}."
        )
    stale = after[1] if after is not None else _reached(late.least(target), target)
    synchronous = stale if late.case.staleness.window == 1 else _reached(fresh.least(target), target)
    return Cost(target, stale, synchronous, free_from(late, fresh))


def _reached(found: Least | None, accuracy: float) -> Least:
    if found is None:
        raise InputError(f"No bound that applies reaches {accuracy:g}. Name others, or a larger accuracy.")
    return found


def free_from(late: Search, fresh: Search) -> float | None:
    r"""The largest accuracy from which on down staleness takes at most 1.1 times the steps.

    Near it Corollary 1 gives $\varepsilon\approx 0.1\,\sigma^2/(2D)$. Without noise the factor does not fall: None.
    """
    case = late.case
    delay, noise = case.mean_staleness - 1, case.constants["sigma"] ** 2

    def excess(logarithm: float) -> float:
        return late.rough(math.exp(logarithm)) / fresh.rough(math.exp(logarithm)) - FREE

    most = math.log(case.trivial * 0.99)
    if delay <= 0:
        return case.trivial
    if noise == 0:
        return None
    # From Corollary 1's answer down to where the factor is small enough, then up to where it is not.
    centre = min(math.log((FREE - 1) * noise / (2 * delay)), most)
    low = next((centre - way for way in _WAYS if excess(centre - way) <= 0), None)
    if low is None:
        return None
    high = next((min(low + way, most) for way in _WAYS[1:] if low + way >= most or excess(low + way) > 0), most)
    return math.exp(high if excess(high) <= 0 else float(brentq(excess, low, high, xtol=1e-3)))
