r"""Counter-momentum: most of the moves in flight are taken back, graded by their age, in closed form.

With n = D + 1 and an angle theta in [pi/(2n+1), 2 pi/(2n+1)], gradients g_k = grad F(x_k):
   x_{k+1} = x_k - (eta/L) gamma_k - sum_{j=1..min(D,k)} m_j (x_{k+1-j} - x_{k-j}),
   gamma_k = g_{k-D}, and rho_k g_0 for k < D (the soft start),
and min_{k<=N} |g_k|^2 <= L Delta / (W N + 1/2), without noise (theory/bounds/counter_momentum.py). W is largest where
tan(n theta) = -2 n tan(theta/2), which is the angle unless another is given. A gradient that arrives younger than D is
held until it is D old.

With noise, nu = sigma^2 T/(L Delta), the step is lambda times as long and of each move lambda^(5/4) times as much is
taken back, lambda = (1 + eta^2 nu/2 + 0.35 n nu^(2/3))^(-1/2): from counter-momentum, nu = 0, to delayed steps of
sqrt(2/nu)/L, as nu grows. The first term of nu makes it so; the other two numbers, .35 and 5/4, were found: they
lose little against the best coefficients for the bound of theory/worst_case/limit/storage.py (docs/noise.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from theory.common.errors import DomainError, InputError
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
_NOISE_OPTION = Option("noise", "sigma^2 T/(L Delta)", 0.0, 0.0)
_NU, _ETA = Name("nu", r"\nu"), Name("eta", r"\eta_0")
#: lambda, and its power that the moves have.
SHARE = (1 + _ETA**2 * _NU / 2 + 0.35 * Name("n", "n") * _NU ** Number(2 / 3, "2/3")) ** Number(-0.5, "-1/2")
MOVES_POWER = Number(1.25, "5/4")


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


def softened(tuning: Tuning, noise: float) -> tuple[float, Floats, Floats]:
    """The step, the moves taken back and the start of counter-momentum for nu = sigma^2 T/(L Delta).

    >>> step, moves, start = softened(Tuning.of(1), 10.0)
    >>> round(step, 4), moves.round(4), start.round(4)
    (0.3145, array([0.1271]), array([0.9743]))
    """
    values = {"n": tuning.delay + 1.0, "eta": tuning.step, "nu": noise}
    share = float(SHARE.evaluate(Environment(values)))
    return tuning.step * share, tuning.moves * share**MOVES_POWER.value, 1 + share * (tuning.start - 1)


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
        noise: nu = sigma^2 T/(L Delta), at least 0, that it is made for; None for exact gradients.

    >>> rule = CounterMomentum().linear([1.0] * 3, [0, 1, 1])
    >>> rule.gradient_weights.ravel().round(4), rule.move_weights.round(4)
    (array([0.8436, 0.9116, 0.9116]), array([-0.4806]))
    """

    theta: float | None = None
    noise: float | None = None
    spelling: ClassVar[str] = "counter-momentum[:theta=A,noise=NU]"
    words: ClassVar[str] = (
        "Each update takes back most of the last D moves, graded by their age; every gradient is applied when it is D "
        "old. The step is a multiple of 1/L that the delay gives; with noise it is shorter and less is taken back."
    )
    options: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "theta": _THETA_OPTION.read,
        "noise": _NOISE_OPTION.read,
    }
    takes_steps: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.noise is not None and not 0 <= self.noise < math.inf:
            raise InputError(f"The noise of counter-momentum must be a number of at least 0. Got {self.noise}.")

    def _tuned(self, delay: int) -> tuple[float, Floats, Floats]:
        """The step, the moves and the start."""
        tuning = Tuning.of(delay, self.theta)
        return softened(tuning, self.noise) if self.noise else (tuning.step, tuning.moves, tuning.start)

    def latex(self) -> str:
        """The update as LaTeX, with the closed form of its coefficients."""
        step, move, start = (FORMULAS[name].latex() for name in ("step", "move", "start"))
        if self.noise:
            move, start = rf"\lambda^{{{MOVES_POWER.latex()}}} \, {move}", rf"(1 - \lambda + \lambda \, {start})"
            step = rf"\lambda \, \eta_0, \quad \eta_0 = {step}, \quad \lambda = {SHARE.latex()}"
        return (
            r"x_{k+1} = x_{k} - \frac{\eta}{L} \, \gamma_{k} - \sum_{j=1}^{\min(D,k)} m_j \, "
            r"\left(x_{k+1-j} - x_{k-j}\right), \quad "
            rf"\eta = {step}, \quad m_j = {move}, \quad n = D + 1, \quad \gamma_k = \nabla F(x_{{k-D}}), "
            rf"\quad \gamma_j = {start} \, \nabla F(x_0) \text{{ for }} j < D"
        )

    def rule(self, updates: Updates) -> LinearRule:
        """The rule at D = s - 1."""
        delay = updates.staleness.maximum_delay
        step, moves, start = self._tuned(delay)
        waits, weights = _held(updates, delay), np.full(updates.delays.size, step)
        early = min(weights.size, delay)
        weights[:early] *= start[:early]
        rows = np.zeros((weights.size, 1 + int(waits.max())))
        rows[np.arange(weights.size), waits] = weights / updates.smoothness
        return LinearRule(rows, -moves)

    def recursion(self, delay: int) -> Recursion:
        """The recursion behind its start."""
        step, moves, start = self._tuned(delay)
        return Recursion(delay, np.ones(1), -moves, step=step, start=start, quiet=not self.noise)


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
