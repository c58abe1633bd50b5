r"""Theorem A^r_B: Theorem A_B with the price of overtaking and one more number, which keeps a square that A_B drops.

Gradients, updates, y_k, theta_k and nu as in theory/bounds/theorem_ab_overtaking.py; rho >= 1 is one number for the
whole run, z = (1 + rho)/2.

Proof. Steps 1 and 2 of theory/bounds/theorem_ar.py are about one update, with d = x_k - x_{k+1}:
   F(x_k) - F(x_{k+1}) >= z (<g_k, d> - (L/2)|d|^2) + (1/4L)[(1 - 1/rho)|g_{k+1}|^2 - (rho - 1)|g_k|^2].
Continue as for Theorem A_B, as z > 0. With its c_k and n,
   v_t = (z/2)(sum_{u_k = t} eta_k + sum_{tau_k = t} eta_k (1 - c_k)) - (rho - 1)/4L,
   sum_{t<T} v_t E|g_t|^2 + sum_{1 <= t <= T} ((1 - 1/rho)/4L) E|g_t|^2 + E|g_T|^2/2L <= Delta + (L sigma^2/2) z n.
If every v_t >= 0, the left side is at least its weight times the minimum, and that is
   z sum_k eta_k (1 - c_k/2) - T (rho + 1/rho - 2)/4L + 1/2L.

rho = 1 is Theorem A_B with the price of overtaking, which this supersedes. Theorem A^r has a number for each step, and
the whole window for what overtakes: at steps that differ much it can be less.

The best number: if t is the value, rho = (1 - 2 L G/T)^(-1/2) with G = sum_k eta_k (1 - c_k/2) - (L sigma^2/2t) n.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.free_numbers import WithFreeNumbers, having
from theory.bounds.parts.shared import positive_denominator
from theory.bounds.theorem_ab_overtaking import NOISE, THEOREM_AB_OVERTAKING
from theory.formulas.formula import Defined, Environment, Name, formula, served, taken, total
from theory.formulas.notation import name_node

_ROUNDS, _HALVINGS = 6, 12

_L, _DELTA, _SIGMA, _T, _ETA = map(name_node, ("L", "Delta", "sigma", "T", "eta"))
_RHO = Name("rho", r"\rho")
_NAMED = {node.symbol: node for node in THEOREM_AB_OVERTAKING.definitions}
_C, _Z = _NAMED["c"], Defined("z", (1 + _RHO) / 2, sequence=False)
_V = Defined("v", _Z / 2 * (taken(_ETA) + served(_ETA * (1 - _C))) - (_RHO - 1) / (4 * _L))
_KEPT = total(_ETA * (1 - _C / 2))
_DENOMINATOR = _Z * _KEPT - _T * (_RHO + 1 / _RHO - 2) / (4 * _L) + 1 / (2 * _L)


@dataclass(frozen=True, eq=False)
class WithOneSquare(WithFreeNumbers):
    """Theorem A^r_B: evaluated at the theta_k of Theorem A_B, and at a good rho found by fixed-point rounds."""

    free, each = ("young", "rho"), ("young",)

    def chosen(self, environment: Environment) -> Environment:
        """The environment with rho = 1, or a better one that meets the conditions."""
        known = THEOREM_AB_OVERTAKING.chosen(environment)
        best, value = 1.0, self._value(known, rho=np.float64(1))
        for _ in range(_ROUNDS if value else 0):
            rho = _best_number(known, value or 1.0)
            tried = (1 + (rho - 1) * 0.5**power for power in range(_HALVINGS))
            found = ((one, self._value(known, rho=np.float64(one))) for one in tried)
            one, after = next((pair for pair in found if pair[1] is not None), (1.0, None))
            if after is None or value is None or after >= value:
                break
            best, value = one, after
        return having(known, rho=np.float64(best))


def _best_number(environment: Environment, value: float) -> float:
    """The rho that is best where the bound has this value; at most 1000, which is as good to a thousandth."""
    values, kept, noise = environment.values, *(float(node.evaluate(environment)) for node in (_KEPT, NOISE))
    gain = kept - values["L"] * values["sigma"] ** 2 / (2 * value) * noise
    return float(max(1e-6, 1 - 2 * values["L"] * max(gain, 0.0) / values["T"]) ** -0.5)


_AT_LEAST_1 = Condition(
    "rho is at least 1",
    "rho is below 1",
    _RHO,
    Relation.AT_LEAST,
    formula(1),
    "rho",
    "take another number",
)
*_BEFORE, _WEIGHTS = THEOREM_AB_OVERTAKING.conditions
THEOREM_ARB = WithOneSquare(
    name="theorem-arb",
    title="Theorem A^r_B: several gradients an update, any order, nearly exact",
    summary="Theorem A_B with the price of overtaking, for any numbers theta_k and any number rho of at least 1; "
    "gradlag evaluates it at nearly the best ones. It supersedes theorem-ab-overtaking.",
    assumptions=THEOREM_AB_OVERTAKING.assumptions,
    conditions=(
        *_BEFORE,
        _AT_LEAST_1,
        replace(_WEIGHTS, name="every weight v_t of x_t is at least 0", left=_V),
        positive_denominator(_DENOMINATOR),
    ),
    value=(_DELTA + _L * _SIGMA**2 / 2 * _Z * NOISE) / _DENOMINATOR,
    covers_last=True,
    source=Source(
        "gradlag",
        2026,
        "Stale SGD without gradient coherence",
        "derived in theory/bounds/theorem_arb.py",
        "Theorem A^r_B",
    ),
    variant=True,
)
