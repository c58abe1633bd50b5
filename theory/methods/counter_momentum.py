r"""Counter-momentum: most of the moves in flight are taken back, graded by their age, in closed form.

With n = D + 1 and an angle theta in [pi/(2n+1), 2 pi/(2n+1)], gradients g_k = grad F(x_k):
   x_{k+1} = x_k - (eta/L) gamma_k - sum_{j=1..min(D,k)} m_j (x_{k+1-j} - x_{k-j}),
   gamma_k = g_{k-D}, and rho_k g_0 for k < D (the soft start),
and min_{k<=N} |g_k|^2 <= L Delta / (W N + 1/2), without noise (theory/bounds/counter_momentum.py). W is largest where
tan(n theta) = -2 n tan(theta/2), which is the angle unless another is given. A gradient that arrives younger than D is
held until it is D old.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from theory.common.errors import DomainError
from theory.common.spelling import Option
from theory.common.types import Floats, Ints
from theory.formulas.formula import Environment, Formula, Name, Number, call
from theory.methods.method import Method, Recursion, Updates
from theory.methods.rule import LinearRule

_HALF = Number(0.5, "1/2")


def closed_form(n: Formula, j: Formula, angle: Formula) -> Mapping[str, Formula]:
    """The coefficients and the weight W; `start` is rho_j."""

    def sine(order: Formula) -> Formula:
        return call("sin", order * angle)

    return {
        "step": sine(n) / sine(n - _HALF),
        "move": sine(n - _HALF - j) / sine(n - _HALF),
        "start": sine(j + 1) / sine(n),
        "weight": sine(n) * call("sin", angle / 2),
    }


FORMULAS = closed_form(Name("n", "n"), Name("j", "j"), Name("theta", r"\theta"))
_THETA_OPTION = Option("theta", "the angle", 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Tuning:
    """Counter-momentum under one fixed delay.

    Args:
        delay: D.
        theta: the angle.
        step: eta, in units of 1/L.
        moves: m_1..m_D, which are taken back; start: rho_0..rho_{D-1}.
        weight: W; the constant of the method is 1/W.
    """

    delay: int
    theta: float
    step: float
    moves: Floats = field(repr=False)
    start: Floats = field(repr=False)
    weight: float

    @classmethod
    def of(cls, delay: int, theta: float | None = None) -> Tuning:
        """The coefficients at the delay D, at the best angle or another one.

        Raises:
            DomainError: an angle out of [pi/(2D+3), 2 pi/(2D+3)], where nothing is proved.

        >>> found = Tuning.of(1)
        >>> round(found.step, 4), round(float(found.moves[0]), 4), round(1 / found.weight, 5)
        (0.9116, 0.4806, 2.29389)
        """
        n = delay + 1
        least = math.pi / (2 * n + 1)
        # A rounding beyond the ends costs nothing: the moves are those of the end.
        if theta is not None and not least * (1 - 1e-12) <= theta <= 2 * least * (1 + 1e-12):
            raise DomainError(
                f"The angle of counter-momentum at the delay {delay} must be from {least:.6g} to {2 * least:.6g}. "
                f"Got {theta:.6g}. Leave it out for the best one."
            )
        angle = _best_angle(n) if theta is None else theta
        values = {"n": float(n), "theta": angle}

        def value(name: str, j: Floats) -> Floats:
            found = FORMULAS[name].evaluate(Environment({**values, "j": j}))
            return np.asarray(found, dtype=np.float64)

        ages = np.arange(n, dtype=np.float64)
        step, weight = (float(value(name, ages)) for name in ("step", "weight"))
        return cls(delay, angle, step, value("move", ages[1:]), value("start", ages[:-1]), weight)


def angle_of(delay: int, first_move: float) -> float:
    """The angle at which m_1 is so large, D >= 1; the nearest end of [pi/(2D+3), 2 pi/(2D+3)] where there is none.

    >>> found = Tuning.of(3)
    >>> round(angle_of(3, float(found.moves[0])) - found.theta, 12)
    0.0
    """
    n = delay + 1
    least = math.pi / (2 * n + 1)

    def excess(theta: float) -> float:  # increases, as x cot(x theta) falls in x
        return float(FORMULAS["move"].evaluate(Environment({"n": n, "theta": theta, "j": 1.0}))) - first_move

    if excess(least) >= 0 or excess(2 * least) <= 0:
        return least if excess(least) >= 0 else 2 * least
    return _root(excess, least, 2 * least)


def _best_angle(n: int) -> float:
    def slope(theta: float) -> float:
        return math.sin(n * theta) + 2 * n * math.tan(theta / 2) * math.cos(n * theta)

    return _root(slope, math.pi / (2 * n), math.pi / n)


def _root(of: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq  # slow to load, and the bounds import this file

    return float(brentq(of, low, high, xtol=1e-17, rtol=1e-15))


@dataclass(frozen=True)
class CounterMomentum(Method):
    r"""Moves in flight are taken back; its step eta/L is its own.

    Args:
        theta: the angle, within [pi/(2s+1), 2 pi/(2s+1)]; None for the best one.

    >>> rule = CounterMomentum().linear([1.0] * 3, [0, 1, 1])
    >>> rule.gradient_weights.ravel().round(4), rule.move_weights.round(4)
    (array([0.8436, 0.9116, 0.9116]), array([-0.4806]))
    """

    theta: float | None = None
    spelling: ClassVar[str] = "counter-momentum[:theta=A]"
    words: ClassVar[str] = (
        "Each update takes back most of the last D moves, graded by their age; every gradient is applied when it is D "
        "old. The step is a multiple of 1/L that the delay gives."
    )
    options: ClassVar[Mapping[str, Callable[[str], Any]]] = {"theta": _THETA_OPTION.read}
    takes_steps: ClassVar[bool] = False

    def latex(self) -> str:
        """The update as LaTeX, with the closed form of its coefficients."""
        step, move, start = (FORMULAS[name].latex() for name in ("step", "move", "start"))
        return (
            r"x_{k+1} = x_{k} - \frac{\eta}{L} \, \gamma_{k} - \sum_{j=1}^{\min(D,k)} m_j \, "
            r"\left(x_{k+1-j} - x_{k-j}\right), \quad "
            rf"\eta = {step}, \quad m_j = {move}, \quad n = D + 1, \quad \gamma_k = \nabla F(x_{{k-D}}), "
            rf"\quad \gamma_j = {start} \, \nabla F(x_0) \text{{ for }} j < D"
        )

    def rule(self, updates: Updates) -> LinearRule:
        """The rule at D = s - 1."""
        tuning = Tuning.of(updates.staleness.maximum_delay, self.theta)
        waits, weights = _held(updates, tuning.delay), np.full(updates.delays.size, tuning.step)
        early = min(weights.size, tuning.delay)
        weights[:early] *= tuning.start[:early]
        rows = np.zeros((weights.size, 1 + int(waits.max())))
        rows[np.arange(weights.size), waits] = weights / updates.smoothness
        return LinearRule(rows, -tuning.moves)

    def recursion(self, delay: int) -> Recursion:
        """The recursion behind its start."""
        tuning = Tuning.of(delay, self.theta)
        return Recursion(delay, np.ones(1), -tuning.moves, step=tuning.step)


def _held(updates: Updates, delay: int) -> Ints:
    """How many updates ago the gradient came that is applied now: of those at most D old, the newest of the oldest."""
    read = updates.read_points
    eldest, waits = read.copy(), np.zeros(read.size, dtype=np.int64)
    for wait in range(1, min(delay, read.size - 1) + 1):
        before = read[:-wait]
        # It arrived when its update came, so that none that old is there before.
        older = (before >= np.arange(wait, read.size) - delay) & (before < eldest[wait:])
        eldest[wait:][older], waits[wait:][older] = before[older], wait
    return waits
