r"""Theorem A^r: Theorem A with one free number per step. With noise it is close to the exact worst case.

Steps, reads and o_i as in theorem_a.py; z_k = (1 + rho_k)/2 for numbers rho_k >= 1/3 of one's choice.

Proof.
1. The interpolation inequality of L-smooth functions for x_k and x_{k+1}, with d = x_k - x_{k+1}, is the same as
   F(x_k) - F(x_{k+1}) >= <g_k, d> - (L/2)|d|^2 + (1/4L)|g_{k+1} - (g_k - L d)|^2. Theorem A drops the last square.
2. For rho > 0, |y - z|^2 = (1 - 1/rho)|y|^2 + (1 - rho)|z|^2 + |y - rho z|^2/rho. With y = g_{k+1}, z = g_k - L d:
   F(x_k) - F(x_{k+1}) >= z_k (<g_k, d> - (L/2)|d|^2) + (1/4L)[(1 - 1/rho_k)|g_{k+1}|^2 - (rho_k - 1)|g_k|^2].
3. Take expectations and continue as in Theorem A, as z_k > 0: with
   u_k = (eta_k/2)(z_k (1 - L eta_k) - L^2 sum_{i: k in W_i} z_i eta_i H_i (1 + 2 o_i L H_i)),
   v_t = z_t eta_t/2 - (rho_t - 1)/4L + (1 - 1/rho_{t-1})/4L + sum_{k: tau_k = t} u_k   (no rho_{-1} term at t = 0),
   n = sum_k eta_k^2 (z_k + L sum_{i: k in W_i} z_i eta_i (1 + 3 o_i L H_i)),
   sum_{t<T} v_t E|g_t|^2 + ((1 - 1/rho_{T-1})/4L + 1/2L) E|g_T|^2 <= Delta + (L sigma^2/2) n.
   The last weight is at least 0 as rho_{T-1} >= 1/3. If every v_t >= 0, the left side is at least its weight times the
   minimum.

rho = 1 is Theorem A, step by step.
Where gradients overtake, theory/bounds/theorem_arb.py supersedes it at equal steps.

The best numbers: if t is the value, t times the denominator minus the numerator is
   sum_k [(1 + rho_k) t G_k/2 - (rho_k + 1/rho_k - 2) t/4L] + constant, largest at rho_k = (1 - 2 L G_k)^(-1/2), where
   G_k = eta_k (1 - L eta_k/2 - (L^2/2) H_k^2 (1 + 2 o_k L H_k))
         - (L sigma^2/2t) eta_k (eta_k + L (1 + 3 o_k L H_k) sum_{W_k} eta_j^2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.bounds.parts.assumptions import BOUNDED_BELOW, BOUNDED_VARIANCE, DELAYS_FIXED, SMOOTH, UNBIASED, Source
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.free_numbers import WithFreeNumbers, having
from theory.bounds.parts.shared import DELAYS_WITHIN, of_right_sign, positive_denominator
from theory.bounds.parts.weighing import Weighing
from theory.common.types import Floats
from theory.formulas.formula import (
    Defined,
    Environment,
    Formula,
    Name,
    Number,
    Previous,
    WhereOvertaken,
    call,
    formula,
    readers,
    served,
    total,
    window,
)
from theory.formulas.notation import name_node

_ROUNDS, _HALVINGS = 6, 12


@dataclass(frozen=True, eq=False)
class WithWeighedSquares(WithFreeNumbers):
    """Theorem A^r: evaluated at good numbers rho_k, found by fixed-point rounds."""

    free, each = ("rho",), ("rho",)

    def chosen(self, environment: Environment) -> Environment:
        """The environment with numbers rho_k: ones, or better ones where those meet the conditions."""
        steps = np.ones(environment.steps())
        best, value = steps, self._value(environment, rho=steps)
        for _ in range(_ROUNDS):
            if value is None or value <= 0:
                break
            rho = self._allowed(environment, _best_numbers(environment, value))
            found = self._value(environment, rho=rho)
            if found is None or found >= value:
                break
            best, value = rho, found
        return having(environment, rho=best)

    def _allowed(self, environment: Environment, rho: Floats) -> Floats:
        """Rho, or the farthest point of the way from 1 to rho that meets the conditions, which are convex."""
        if self._value(environment, rho=rho) is not None:
            return rho
        share = 0.0
        for power in range(1, _HALVINGS + 1):
            further = share + 0.5**power
            if self._value(environment, rho=1 + further * (rho - 1)) is not None:
                share = further
        return np.asarray(1 + share * (rho - 1), dtype=np.float64)


def _best_numbers(environment: Environment, value: float) -> Floats:
    """The rho_k that are best where the bound has this value."""
    with np.errstate(all="ignore"):
        rho = np.asarray(_BEST.evaluate(having(environment, value=value)), dtype=np.float64)
    return np.where(np.isfinite(rho), rho, 1.0)


_L, _DELTA, _SIGMA, _ETA = map(name_node, ("L", "Delta", "sigma", "eta"))
_RHO, _VALUE = Name("rho", r"\rho", sequence=True), Name("value", "t")

_H = Defined("H", window(_ETA))
_O = Defined("o", WhereOvertaken(Number(1), Number(0)))
_Z = Defined("z", (1 + _RHO) / 2)


def _late(number: int) -> Formula:
    """The factor 1 + number L H_k where step k is overtaken, else 1."""
    return 1 + number * _O * _L * _H


_U = Defined("u", _ETA / 2 * (_Z * (1 - _L * _ETA) - _L**2 * readers(_Z * _ETA * _H * _late(2))))
_V = Defined("v", _Z * _ETA / 2 - (_RHO - 1) / (4 * _L) + Previous((1 - 1 / _RHO) / (4 * _L)) + served(_U))
_NOISE = total(_ETA**2 * (_Z + _L * readers(_Z * _ETA * _late(3))))
_DENOMINATOR = total(_Z * _ETA / 2 + _U - (_RHO + 1 / _RHO - 2) / (4 * _L)) + 1 / (2 * _L)

_G = _ETA * (1 - _L * _ETA / 2 - _L**2 / 2 * _H**2 * _late(2)) - _L * _SIGMA**2 / (2 * _VALUE) * _ETA * (
    _ETA + _L * _late(3) * window(_ETA**2)
)
# Where the steps are as long as 1/L without noise the best number is infinite; 1000 is as good to a thousandth.
_BEST = 1 / call("sqrt", call("min", 9, call("max", 1e-6, 1 - 2 * _L * _G)))

THEOREM_AR = WithWeighedSquares(
    name="theorem-ar",
    title="Theorem A^r: any steps and delays, with noise, nearly exact",
    summary=(
        "Stale SGD with any step sizes and any delays fixed beforehand, without gradient coherence, for any numbers "
        "rho_k; gradlag evaluates it at nearly the best ones."
    ),
    assumptions=(SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, DELAYS_FIXED),
    conditions=(
        *of_right_sign("L", "Delta", "sigma"),
        DELAYS_WITHIN,
        Condition(
            "the numbers rho_k are at least 1/3",
            "rho_k is below 1/3",
            _RHO,
            Relation.AT_LEAST,
            Number(1) / 3,
            "rho",
            "take other numbers",
            index="k",
        ),
        Condition(
            "every weight v_t of x_t is at least 0",
            "the weight v_t is negative",
            _V,
            Relation.AT_LEAST,
            formula(0),
            "v",
            "smaller steps around there would mend it",
            index="t",
        ),
        positive_denominator(_DENOMINATOR),
    ),
    value=(_DELTA + _L * _SIGMA**2 / 2 * _NOISE) / _DENOMINATOR,
    covers_last=True,
    weighing=Weighing(_V, _DENOMINATOR),
    source=Source(
        "gradlag",
        2026,
        "Stale SGD without gradient coherence",
        "derived in theory/bounds/theorem_ar.py",
        "Theorem A^r",
    ),
)
