"""What methods cost under a delay, and what they bear: the numbers of the text that no result file holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import brentq

from paper.kept import published
from theory.bounds import REGISTRY, Setting
from theory.bounds.counter_momentum import noise_left
from theory.common.errors import InputError
from theory.cost.own_steps import ahead_of_waiting
from theory.methods.counter_momentum import CounterMomentum, Tuning
from theory.staleness.count import Staleness
from theory.worst_case.limit.best.neighbourhood import REACH
from theory.worst_case.limit.best.optimality import Slacks
from theory.worst_case.limit.constant import limit_of
from theory.worst_case.limit.of_method import better
from theory.worst_case.limit.program import step_limit
from theory.worst_case.traces.named import constant_delays, sawtooth

# Steps after which what is left of the noise has three digits.
_SETTLED = 20_000
# A trace beside its fixed delay: staleness, period, L eta between the two limits of stability, and steps.
_TURNING = (3, 4, Fraction(3, 5), 1000)


@dataclass(frozen=True)
class MethodRow:
    """The constants C at a delay: of the best constant step, of waiting, of counter-momentum from both sides.

    `found` is that of a better filter, where one is kept.
    """

    delay: int
    constant: float
    waiting: float
    counter: float
    lower: float
    published: Mapping[str, float]
    found: float | None

    @property
    def apart(self) -> float:
        """How far the two sides of counter-momentum are apart, relatively."""
        return self.counter / self.lower - 1


@dataclass(frozen=True)
class Tuned:
    """Counter-momentum at a delay: its coefficients, the slack of lag 2, and how far L may be misjudged.

    Args:
        bearable: the largest factor of its steps with which it settles on every function.
        best: whether no method near it is better; None where that is not known.
        ahead: the T from which on its bound is below that of waiting; reach: kappa of the optimality theorem.
        floor: what is left of the noise for ever, in parts of sigma^2; plain: at most, at the best constant step.
    """

    tuning: Tuning
    slack: float
    bearable: float
    best: bool | None
    floor: float
    plain: float
    ahead: int
    reach: float | None


@dataclass(frozen=True)
class Turning:
    """A quadratic on which a trace of delays below s is worse than the constant delay s - 1.

    Args:
        step: L eta; growth: x_P over x_0 after a period of P steps; least: the least squared gradient, over L Delta.
        bound: what Theorem C says at the constant delay and `steps` steps, over L Delta.
    """

    staleness: int
    period: int
    step: Fraction
    growth: Fraction
    least: Fraction
    bound: float
    steps: int


def method_row(delay: int, constant: float, fresh: float) -> MethodRow:
    """What methods cost at a delay, beside the best constant step there and without delay."""
    recursion = CounterMomentum().recursion(delay)
    assert recursion.step is not None
    counter = limit_of(recursion, recursion.step)
    waiting = (delay + 1) * fresh  # one step of D + 1 is taken, with a fresh gradient
    both, beside = (counter.value, counter.lower), published().get(delay, {})
    return MethodRow(delay, constant, waiting, *both, beside, _better(delay))


def _better(delay: int) -> float | None:
    try:
        filtered = better(delay)
    except InputError:
        return None  # none is kept
    found = limit_of(filtered.recursion(delay), 1.0)
    return found.value if found.certified else None


def counter_momentum_per_delay() -> float:
    """What C/(D + 1) of counter-momentum tends to: 2/(nu sin nu), tan nu = -nu.

    >>> round(counter_momentum_per_delay(), 5)
    1.09908
    """
    nu = brentq(lambda x: math.sin(x) + x * math.cos(x), math.pi / 2, math.pi)
    return 2 / (float(nu) * math.sin(nu))


def tuned(delay: int, constant_step: float) -> Tuned:
    """Counter-momentum at a delay of at least 1, beside the best constant step without noise."""
    recursion, slacks, tuning = CounterMomentum().recursion(delay), Slacks(delay), Tuning.of(delay)
    slack = slacks.slack(2)
    best = False if slack < 0 else slacks.are_positive() or None
    assert recursion.step is not None
    bearable = step_limit(recursion)[0] / recursion.step
    noise = (noise_left(Staleness(delay + 1)), _noise_left(delay, constant_step))
    return Tuned(tuning, float(slack.mid()), bearable, best, *noise, ahead_of_waiting(delay), REACH.get(delay))


def _noise_left(delay: int, step: float) -> float:
    """What Theorem A leaves of the noise at a constant step, in parts of sigma^2, once it is settled."""
    staleness = Staleness(delay + 1)
    constants = {"L": 1.0, "Delta": 0.0, "sigma": 1.0}
    run = Setting(np.full(_SETTLED, step), constant_delays(_SETTLED, staleness), staleness, constants)
    return float(REGISTRY["theorem-a"].evaluate(run))


def turning() -> Turning:
    """A sawtooth of delays on F = L x^2 / 2, exactly, and Theorem C at the constant delay."""
    window, period, step, steps = _TURNING
    staleness, points = Staleness(window), [Fraction(1)]
    for k, delay in enumerate(sawtooth(period, period, staleness).tolist()):
        points.append(points[k] - step * points[k - delay])
    constants = {"L": 1.0, "Delta": 1.0, "sigma": 0.0}
    run = Setting(np.full(steps, float(step)), constant_delays(steps, staleness), staleness, constants)
    least = 2 * min(abs(x) for x in points[:-1]) ** 2  # Delta = L x_0^2 / 2
    return Turning(window, period, step, points[-1], least, float(REGISTRY["theorem-c"].evaluate(run)), steps)
