r"""Theorem C: exact gradients, one constant step, one fixed delay, up to the step where a quadratic becomes unstable.

Steps are numbered from 0: x_{k+1} = x_k - eta g_{tau_k}, g_k = grad F(x_k), delta_k = g_{k+1} - g_k, k < T, h = L eta,
D = s - 1, tau_k = max(0, k - D). For an angle theta in [0, pi/(2s-1)] write r = sin(theta/2),
U_m = sin(m theta)/sin(theta) (m at theta = 0): U_0 = 0, U_1 = 1, U_{m+1} + U_{m-1} = (2 - 4r^2) U_m, and U_0 <= U_1 <=
.. <= U_s. Put a_m = U_m - U_{m-1} = cos((m-1/2) theta)/cos(theta/2), A = a_s, b = (s-1) U_{s-1} + s U_s.

Lemma (discrete Wirtinger). For vectors y_0..y_m, 1 <= m <= s,
   2<y_0, y_m> >= a_m (|y_0|^2 + |y_m|^2) - U_m [sum_{j<m} |y_{j+1} - y_j|^2 - 4r^2 sum_{0<j<m} |y_j|^2].
Proof. Divide by U_m. As U_j^2 - U_{j-1} U_{j+1} = 1, the two sides then differ by the sum over 0 < j < m of
   |U_{j+1} y_j - U_j y_{j+1} - y_0|^2 / (U_j U_{j+1}) >= 0.

Proof of the theorem.
1. Interpolation inequality of L-smooth functions for the pair (k, k+1), weakened by |delta_k| <= L |x_k - x_{k+1}|:
   L (F(x_k) - F(x_{k+1})) >= (h/2) <g_k + g_{k+1}, g_{tau_k}> + (beta/4)(|delta_k|^2 - h^2 |g_{tau_k}|^2), beta >= 1.
2. Put g_j = g_0 for j < 0 and apply the lemma to g_{k-D}..g_k (m = D) and to g_{k-D}..g_{k+1} (m = s). Then |delta_j|^2
   has in the sum over k at least the coefficient (beta - h b)/4, and is dropped: beta = max{1, h b}.
3. The coefficients of all |g_j|^2 in step k add up to h (A + r^2 (b - A)) - beta h^2/4 = S.
4. For t >= 1 the coefficient of |g_t|^2 in the whole sum is not negative: it is S where some step reads x_t, and else
   only non-negative terms remain. That of |g_0|^2 is, with n_0 steps reading x_0,
   v_0 = n_0 (h/2)(A + 2r^2 U_{s-1} - beta h/2) + (h/4) A + h r^2 (U_{s-1} + U_s) sum_k (s - 1 - d_k).
5. L (F(x_T) - inf F) >= |g_T|^2/2, and |g_0|^2 <= 2 L Delta where v_0 < 0: with nu = max{0, -v_0},
   L Delta (1 + 2 nu) >= (T S + nu + 1/2) min |g_t|^2.

At h = 2 sin(theta/2) with h b >= 1 this is S = sin(theta) cos((s-1/2) theta) > 0 for every h below the stability limit
2 sin(pi/(2(2s-1))) of a quadratic. Any angle gives a bound; the one at which the bound is least is looked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.bounds.parts.assumptions import BOUNDED_BELOW, NO_NOISE, SMOOTH, Assumption, Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.shared import exact_gradients, of_right_sign
from theory.common.table import Table
from theory.common.types import Floats
from theory.formulas.formula import (
    Defined,
    Environment,
    Formula,
    Name,
    Number,
    Previous,
    Product,
    call,
    formula,
    served,
    total,
)
from theory.formulas.notation import name_node

if TYPE_CHECKING:
    from theory.formulas.symbolic import Expr, Translator

_L, _DELTA, _SIGMA, _ETA, _S, _T, _D = map(name_node, ("L", "Delta", "sigma", "eta", "s", "T", "d"))
_ANGLE = Name("theta", r"\theta")
_GRID, _ZOOM, _ROUNDS = 65, 20, 10


@dataclass(frozen=True, eq=False)
class SineRatio(Formula):
    r"""U_m = sin(m theta)/sin(theta) for m = s + shift, and m where theta = 0."""

    shift: int
    angle: Formula
    strength = Product.strength

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.angle, _S)

    def compute(self, environment: Environment) -> Floats:
        angle = np.asarray(self.angle.evaluate(environment), dtype=np.float64)
        order = environment.values["s"] + self.shift
        safe = np.where(angle == 0, 1.0, angle)
        return np.asarray(np.where(angle == 0, order, np.sin(order * safe) / np.sin(safe)), dtype=np.float64)

    def symbolic(self, translator: Translator, index: Expr) -> Expr:
        """As sympy has it: at an angle of 0 by its own limit."""
        from sympy import Eq, Piecewise, sin

        angle, order = translator.entry(self.angle, index), translator.entry(_S + self.shift, index)
        return Piecewise((order, Eq(angle, 0)), (sin(order * angle) / sin(angle), True))

    @property
    def order(self) -> str:
        """LaTeX of m."""
        return f"s{self.shift:+d}" if self.shift else "s"

    def latex(self, index: str = "k") -> str:
        order = rf"({self.order})" if self.shift else self.order
        return rf"\frac{{\sin\left({order} \, {self.angle.latex(index)}\right)}}{{\sin {self.angle.latex(index)}}}"


@dataclass(frozen=True, eq=False)
class HalfSine(Formula):
    """r = sin(theta/2), so that cos(theta) = 1 - 2 r^2."""

    angle: Formula

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.angle,)

    def compute(self, environment: Environment) -> Any:
        return np.sin(np.float64(0.5) * self.angle.evaluate(environment))

    def symbolic(self, translator: Translator, index: Expr) -> Expr:
        """As sympy has it."""
        return translator.entry(call("sin", self.angle / 2), index)

    def latex(self, index: str = "k") -> str:
        return rf"\sin\left(\frac{{{self.angle.latex(index)}}}{{2}}\right)"


@dataclass(frozen=True, eq=False)
class First(Formula):
    """The entry of a sequence at the first step or point, k = 0."""

    body: Formula
    of_a_step = False

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def compute(self, environment: Environment) -> np.float64:
        return np.float64(np.ravel(self.body.evaluate(environment))[0])

    def symbolic(self, translator: Translator, index: Expr) -> Expr:
        """As sympy has it."""
        return translator.first(self.body)

    def latex(self, index: str = "k") -> str:
        return self.body.latex("0")

    def bracketed(self, at_least: int, index: str) -> str:
        return self.body.bracketed(at_least, "0")

    @property
    def reaches_on(self) -> bool:
        return self.body.reaches_on


@dataclass(frozen=True, eq=False)
class BestAngle(Formula):
    """The angle in [0, pi/(2s-1)] at which a bound, a function of the angle, is least: by zooming in on a grid.

    The bound is true at every angle, so that nothing rests on the search but how good it is.
    """

    weight: Formula
    value: Formula
    fixed: Mapping[str, Formula]

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def compute(self, environment: Environment) -> float:
        values = {**environment.values, **{name: node.evaluate(environment) for name, node in self.fixed.items()}}
        # The side conditions are not checked yet: anything may be zero, negative or beyond floats.
        with np.errstate(all="ignore"):
            return self._search(values, math.pi / (2 * float(environment.values["s"]) - 1))

    def _search(self, values: Mapping[str, Any], limit: float) -> float:
        natural = float(np.clip(2 * np.arcsin(np.clip(values["h"] / 2, 0, 1)), 0, limit))
        best, reach = natural, limit
        for _ in range(_ROUNDS):
            around = np.linspace(max(0.0, best - reach), min(limit, best + reach), _GRID)
            angles = np.union1d(around, [0.0, natural, best])
            best, reach = float(angles[np.argmin(self._rank(values, angles))]), reach / _ZOOM
        return best

    def _rank(self, values: Mapping[str, Any], angles: Floats) -> Floats:
        """Smaller is better: less than 0 where S > 0 and the bound applies, -S elsewhere."""
        environment = Environment({**values, "theta": angles})
        weight = np.broadcast_to(self.weight.evaluate(environment), angles.shape)
        inverse = np.broadcast_to(1 / self.value.evaluate(environment), angles.shape)
        rank = np.where((weight > 0) & (inverse > 0), -inverse, np.maximum(-weight, 0))
        return np.asarray(np.where(np.isfinite(rank), rank, np.inf), dtype=np.float64)

    def symbolic(self, translator: Translator, index: Expr) -> Expr:
        """As sympy has it: the bound is true at every angle theta."""
        return translator.entry(_ANGLE, index)

    def latex(self, index: str = "k") -> str:
        return r"\text{the angle in } [0, \frac{\pi}{2 \, s - 1}] \text{ at which the bound is least}"


def _at_angle(theta: Formula, gap: Formula, h: Formula, reads: Formula, waits: Formula) -> tuple[Defined, Formula]:
    """The theorem at an angle: the weight S of each step, and the bound."""
    r = single("r", HalfSine(theta))
    shorter, longer = (single(f"U_{{{u.order}}}", u) for u in (SineRatio(-1, theta), SineRatio(0, theta)))
    a = single("A", longer - shorter)
    b = single("b", (_S - 1) * shorter + _S * longer)
    beta = single(r"\beta", call("max", 1, h * b))
    weight = single("S", h * (a + r**2 * (b - a) - beta * h / 4))
    read = reads * h / 2 * (a + 2 * r**2 * shorter - beta * h / 2)
    start = single("v", read + h / 4 * a + h * r**2 * (shorter + longer) * waits)
    nu = single(r"\nu", call("max", 0, -start))
    return weight, gap * (1 + 2 * nu) / (_T * weight + nu + Number(0.5, "1/2"))


def single(symbol: str, body: Formula) -> Defined:
    """An abbreviation of one number."""
    return Defined(symbol, body, sequence=False)


#: What the bound takes from the run, whatever the angle; in the search these are numbers, computed once.
OF_THE_RUN: Mapping[str, Formula] = Table(
    {
        "h": single("h", _L * First(_ETA)),
        "n": First(Defined("n", served(1))),
        "p": total(_S - 1 - _D),
    }
)
_SEARCHED = _at_angle(_ANGLE, Number(1), *(Name(name, name) for name in OF_THE_RUN))
BEST_ANGLE = BestAngle(*_SEARCHED, OF_THE_RUN)
_WEIGHT, _VALUE = _at_angle(single(r"\theta", BEST_ANGLE), _L * _DELTA, *OF_THE_RUN.values())

CONSTANT_STEP = Assumption("constant step", "All steps are equal.", r"\eta_k = \eta_0")
FIXED_DELAY = Assumption(
    "fixed delay",
    "Every step reads the point s - 1 points back, or x_0 where there is none.",
    r"\tau_k = \max(0, k - s + 1)",
)


def one_step_one_delay(other: str) -> tuple[Condition, Condition]:
    """The conditions of one step and one delay; `other` is the bound that asks for neither."""
    return (
        Condition(
            "all step sizes are equal",
            "the step size is not that of the first step",
            _ETA,
            Relation.EQUALS,
            First(_ETA),
            "eta",
            f"use {other}, which allows any step sizes",
            index="k",
        ),
        Condition(
            "the delay is s - 1 as soon as there are s - 1 points, d_k = min(d_{k-1} + 1, s - 1)",
            "the delay is not the fixed one",
            _D,
            Relation.EQUALS,
            call("min", Previous(_D) + 1, _S - 1),
            "d",
            f"give the staleness as 1 + the fixed delay, or use {other}, which allows any delays",
            index="k",
            since=1,
        ),
    )


def positive_weight(weight: Defined) -> Condition:
    """The condition that S > 0."""
    return Condition(
        "the weight S is positive, which is so for 0 < L eta < 2 sin(pi/(2(2s-1)))",
        "no angle gives the steps a positive weight",
        weight,
        Relation.ABOVE,
        formula(0),
        "S",
        "take a positive step below 2 sin(pi/(2(2s-1)))/L, the limit of stability",
    )


THEOREM_C = Bound(
    name="theorem-c",
    title="Theorem C: a constant step up to the stability limit, fixed delay, without noise",
    summary="Stale gradient descent with exact gradients, one constant step and one fixed delay, for every step at "
    "which a quadratic is stable.",
    assumptions=(SMOOTH, BOUNDED_BELOW, NO_NOISE, CONSTANT_STEP, FIXED_DELAY),
    conditions=(
        *of_right_sign("L", "Delta"),
        exact_gradients("use theorem-a, which allows noise"),
        *one_step_one_delay("theorem-b"),
        positive_weight(_WEIGHT),
    ),
    value=_VALUE,
    covers_last=True,
    source=Source(
        "gradlag",
        2026,
        "Stale gradient descent without gradient coherence",
        "derived in theory/bounds/theorem_c.py",
        "Theorem C",
    ),
    example="0.8/(s*L)",
)
