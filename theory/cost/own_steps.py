"""Steps to an accuracy where the method has steps of its own, which leaves nothing to choose."""

from __future__ import annotations

import math
from dataclasses import dataclass

from theory.bounds import Setting
from theory.bounds.counter_momentum import COUNTER_MOMENTUM, run_of_method
from theory.cost.case import Case
from theory.cost.least_steps import Least
from theory.methods.counter_momentum import Tuning


@dataclass(frozen=True)
class OwnSteps:
    """The search of counter-momentum, under one delay: its bound says how many steps.

    Behind the start it is (a + b T)/(c + d T), so that T is solved for. With noise it falls no further than b/d.

    >>> from theory.staleness.count import Staleness
    >>> found = OwnSteps(Case(Staleness(2), {"L": 1.0, "Delta": 1.0, "sigma": 0.0})).least(0.01)
    >>> found.steps, round(found.step_size, 4), found.bound
    (229, 0.9116, 'counter-momentum')
    >>> OwnSteps(Case(Staleness(2), {"L": 1.0, "Delta": 1.0, "sigma": 0.1})).least(0.01) is None
    True
    """

    case: Case

    def rough(self, accuracy: float) -> float:
        """The real number of steps, at least 1; infinite where the bound does not reach the accuracy."""
        start = self.case.staleness.window
        parts = (COUNTER_MOMENTUM.fraction(self._run(steps)) for steps in (start, start + 1))
        (above, under), (more, wider) = (part for part in parts if part)
        gain = accuracy * (wider - under) - (more - above)
        late = start + (above - accuracy * under) / gain if gain > 0 else math.inf
        if self.case.constants["sigma"] == 0:
            return max(1.0, late)
        # Every step of the start has a share of the noise of its own.
        early = (n for n in range(1, start + 1) if COUNTER_MOMENTUM.evaluate(self._run(n)) <= accuracy)
        return float(next(early, late))

    def least(self, accuracy: float) -> Least | None:
        """The fewest steps, and the step size behind the start; None where the bound does not reach the accuracy."""
        real = self.rough(accuracy)
        if math.isinf(real):
            return None
        settled = self._run(self.case.staleness.window).step_sizes[-1]
        return Least(math.ceil(real * (1 - 1e-14)), real, float(settled), COUNTER_MOMENTUM.name)

    def _run(self, steps: int) -> Setting:
        return run_of_method(steps, self.case.staleness, self.case.constants)


def ahead_of_waiting(delay: int) -> int:
    r"""The T from which on the bound of counter-momentum is below that of waiting, at every T.

    Waiting makes $N=\lceil T/n\rceil$ steps of gradient descent in T updates, n = D + 1. The least bound for those is
    $L\Delta/(wN+1/2)$, that of counter-momentum without delay, at the step $2/(\sqrt3L)$; the bound here is
    $L\Delta/(WT+1/2)$. It is the least where $WT>w\lceil T/n\rceil$, which has no exception once
    $T>w(n-1)/(nW-w)$.

    Args:
        delay: D, at least 1.

    >>> [ahead_of_waiting(delay) for delay in (1, 2)]
    [8, 11]
    """
    n, (weight, fresh) = delay + 1, (Tuning.of(each).weight for each in (delay, 0))
    last = math.ceil(fresh * (n - 1) / (n * weight - fresh))
    return 1 + max((steps for steps in range(1, last + 1) if weight * steps <= fresh * -(-steps // n)), default=0)
