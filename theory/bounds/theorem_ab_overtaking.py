r"""Theorem A_B with the price of overtaking: the mass that overtakes a gradient in place of its whole window.

Gradients, updates, W_k and H_k as in theory/bounds/theorem_ab.py. The overtaking mass of gradient k is y_k = L sum of
eta_j over j in W_k with tau_j > tau_k; theta_k > 0 is any number; nu = 1 if sigma > 0, else 0.

Lemma. E|x_{u_k} - x_{tau_k}|^2 <= (1 + nu theta_k y_k) H_k P_k + (1 + theta_k y_k + y_k/theta_k + y_k^2) sigma^2 Q_k,
with P_k = sum_{W_k} eta_j E|g_{tau_j}|^2 and Q_k = sum_{W_k} eta_j^2. Proof. Write p = H_k P_k, q = sigma^2 Q_k, and
y(n) for the part of y_k with u_j < n. For tau_k <= n <= u_k, by strong induction on n,
   E|x_n - x_{tau_k}|^2 <= (1 + theta y(n)) (p + q + y(n) q/theta),   which at n = u_k is the lemma.
1. x_n - x_{tau_k} = -(G + Z). By Cauchy-Schwarz E|G|^2 <= p, the noises are orthogonal: E|Z|^2 <= q, and of 2 E<G, Z>
   there remain 2 eta_j E<g_{tau_j} - g_{tau_k}, Z> of the j that overtake k, as in theory/bounds/theorem_a.py.
2. With mu = theta/(1 + theta y_j), y_j = y(u_j): 2<a, Z> <= (mu/L)|a|^2 + (L/mu)|Z|^2, |a|^2 <= L^2 |x_{tau_j} -
   x_{tau_k}|^2, and tau_j <= u_j < n, so that the induction bounds this at tau_j, where y(tau_j) <= y_j:
   2<a, Z> <= L (theta (p + q) + y_j q + q/theta + y_j q).
3. Sum over these j: sum L eta_j 2 y_j <= y(n)^2, as y_j sums over earlier updates. Together p + q + theta y (p + q) +
   y q/theta + y^2 q, the claim. Without noise Z = 0, and |G|^2 <= p.

The rest is Theorem A_B with 1 + nu theta y in place of 1 + 2 o L H, and 1 + theta y + y/theta + y^2 in place of
1 + 3 o L H, inside the sums over the windows that hold k. In order y = 0. As y <= L H, theta = 1 is never above Theorem
A or A_B where y <= 1, which it supersedes there.

theory/bounds/theorem_arb.py supersedes it by one more number.

The best numbers: if t is the value, theta_i = (1 + t H_i^2/(sigma^2 Q_i))^(-1/2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.free_numbers import WithFreeNumbers, having
from theory.bounds.parts.weighing import Weighing
from theory.bounds.theorem_ab import THEOREM_AB
from theory.common.types import Floats
from theory.formulas.formula import (
    Defined,
    Environment,
    Name,
    Number,
    WhereNoisy,
    block,
    call,
    formula,
    readers,
    served,
    taken,
    total,
    window,
    younger,
)
from theory.formulas.notation import name_node

_ROUNDS, _LEAST = 6, 1e-6

_L, _DELTA, _SIGMA, _ETA = map(name_node, ("L", "Delta", "sigma", "eta"))
_THETA, _VALUE = Name("young", r"\theta", sequence=True), Name("value", "t")

_H = Defined("H", window(_ETA))
_Y = Defined("y", _L * younger(_ETA))
_NU = Defined(r"\nu", WhereNoisy(Number(1), Number(0)), sequence=False)
#: What overtaking costs of the gradients, and of the noises.
ALPHA = 1 + _NU * _THETA * _Y
BETA = 1 + _THETA * _Y + _Y / _THETA + _Y**2
_C = Defined("c", _L * block(_ETA) + _L**2 * readers(_ETA * _H * ALPHA))
_V = Defined("v", taken(_ETA) + served(_ETA * (1 - _C)))
NOISE = total(_ETA**2 * (1 + _L * readers(_ETA * BETA)))
_DENOMINATOR = total(_ETA * (1 - _C / 2)) + 1 / (2 * _L)
_BEST = 1 / call("sqrt", 1 + _VALUE * _H**2 / (_SIGMA**2 * window(_ETA**2)))


@dataclass(frozen=True, eq=False)
class WithTurns(WithFreeNumbers):
    """Theorem A_B evaluated at good numbers theta_k, found by fixed-point rounds."""

    free, each = ("young",), ("young",)

    def chosen(self, environment: Environment) -> Environment:
        """The environment with numbers theta_k: small ones, or better ones where those meet the conditions."""
        size = environment.gradients()
        if not environment.values["sigma"] or not environment.delay_map().overtaken.any():
            return having(environment, young=np.ones(size))
        best, value = np.full(size, _LEAST), np.inf
        tried = [best, np.full(size, 0.1), np.ones(size)]
        for _ in range(_ROUNDS):
            values = [self._value(environment, young=theta) for theta in tried]
            least, theta = min((np.inf if v is None else v, t) for v, t in zip(values, range(len(tried)), strict=True))
            if not 0 < least < value:
                break
            best, value = tried[theta], least
            tried = [_best_numbers(environment, value)]
        return having(environment, young=best)


def _best_numbers(environment: Environment, value: float) -> Floats:
    """The theta_k that are best where the bound has this value."""
    with np.errstate(all="ignore"):
        theta = np.asarray(_BEST.evaluate(having(environment, value=value)), dtype=np.float64)
    return np.where(np.isfinite(theta), np.maximum(theta, _LEAST), 1.0)


_POSITIVE = Condition(
    "the numbers theta_k are positive",
    "theta_k is not positive",
    _THETA,
    Relation.ABOVE,
    formula(0),
    "theta",
    "take other numbers",
    index="k",
)
*_SIGNS, _WEIGHTS = THEOREM_AB.conditions
THEOREM_AB_OVERTAKING = WithTurns(
    name="theorem-ab-overtaking",
    title="Theorem A_B with the price of overtaking: several gradients an update, in any order",
    summary="Theorem A_B, and with B = 1 Theorem A, with the mass of the gradients that overtake another in place of "
    "all that is applied since its read, for any numbers theta_k; gradlag evaluates it at nearly the best ones.",
    assumptions=THEOREM_AB.assumptions,
    conditions=(*_SIGNS, _POSITIVE, replace(_WEIGHTS, left=_V)),
    value=(_DELTA + _L * _SIGMA**2 / 2 * NOISE) / _DENOMINATOR,
    covers_last=True,
    weighing=Weighing(_V / 2, _DENOMINATOR),
    source=Source(
        "gradlag",
        2026,
        "Stale SGD without gradient coherence",
        "derived in theory/bounds/theorem_ab_overtaking.py",
        "Theorem A_B with Lemma 1 (c)",
    ),
    variant=True,
)
