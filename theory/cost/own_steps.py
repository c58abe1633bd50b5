"""Steps to an accuracy where the method has steps of its own, which leaves nothing to choose."""

from __future__ import annotations

import math
from dataclasses import dataclass

from theory.bounds import Setting
from theory.bounds.counter_momentum import COUNTER_MOMENTUM, run_of_method
from theory.cost.case import Case
from theory.cost.least_steps import Least

# The bound is L Delta over an affine function of T: two numbers of steps tell it.
_AT = (1, 2)


@dataclass(frozen=True)
class OwnSteps:
    """The search of counter-momentum, without noise and under one delay: its bound says how many steps.

    >>> from theory.staleness.count import Staleness
    >>> found = OwnSteps(Case(Staleness(2), {"L": 1.0, "Delta": 1.0, "sigma": 0.0})).least(0.01)
    >>> found.steps, round(found.step_size, 4), found.bound
    (229, 0.9116, 'counter-momentum')
    """

    case: Case

    def rough(self, accuracy: float) -> float:
        """The real number of steps, at least 1."""
        first, second = (1 / COUNTER_MOMENTUM.evaluate(self._run(steps)) for steps in _AT)
        return max(1.0, 1 + (1 / accuracy - first) / (second - first))

    def least(self, accuracy: float) -> Least:
        """The fewest steps; the step size is that behind the start."""
        real = self.rough(accuracy)
        settled = self._run(self.case.staleness.window).step_sizes[-1]
        return Least(math.ceil(real * (1 - 1e-14)), real, float(settled), COUNTER_MOMENTUM.name)

    def _run(self, steps: int) -> Setting:
        return run_of_method(steps, self.case.staleness, self.case.constants)
