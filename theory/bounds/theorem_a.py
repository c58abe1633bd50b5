r"""Theorem A: any steps, any delays, noise, no coherence. Close to the exact worst case at Theorem 1's own steps.

Steps are numbered from 0: x_{k+1} = x_k - eta_k (g_{tau_k} + e_k), g_k = grad F(x_k), tau_k = k - d_k,
W_k = {tau_k..k-1}, H_k = sum_{j in W_k} eta_j; E[e_k | x_0..x_k] = 0, E|e_k|^2 <= sigma^2; k < T.
Step i is overtaken, o_i = 1, if sigma > 0 and some j in W_i has tau_j > tau_i; else o_i = 0.

Proof.
1. Descent lemma in expectation, e_k being orthogonal to g_k and g_{tau_k}:
   E F(x_k) - E F(x_{k+1}) >= eta_k E<g_k, g_{tau_k}> - (L eta_k^2 / 2)(E|g_{tau_k}|^2 + sigma^2).
2. 2<a, b> = |a|^2 + |b|^2 - |a - b|^2, and |g_k - g_{tau_k}| <= L |x_k - x_{tau_k}|.
3. x_k - x_{tau_k} = -(G + Z), G = sum_{W_k} eta_j g_{tau_j}, Z = sum_{W_k} eta_j e_j. Cauchy-Schwarz gives
   |G|^2 <= H_k P with P = sum_{W_k} eta_j |g_{tau_j}|^2, and E|Z|^2 <= sigma^2 Q with Q = sum_{W_k} eta_j^2, as
   the noises of different steps are orthogonal.
4. Cross term. If tau_j <= tau_k for all j in W_k, then tau_j <= tau_k <= i for all i, j in W_k, so e_i is orthogonal
   to g_{tau_j}: E<G, Z> = 0, and E|x_k - x_{tau_k}|^2 <= H_k E P + sigma^2 Q.
5. Otherwise put O = {j in W_k: tau_j > tau_k}, B = sum_O eta_j (g_{tau_j} - g_{tau_k}). Then E<G, Z> = E<B, Z>: Z is
   orthogonal to g_{tau_k} and to every g_{tau_j} with tau_j <= tau_k. With H_k > 0 (else x_k = x_{tau_k}):
   2 E<B, Z> <= L H_k E|Z|^2 + E|B|^2 / (L H_k),  E|B|^2 <= L^2 H_k sum_O eta_j E|x_{tau_j} - x_{tau_k}|^2, and, as
   {tau_k..tau_j - 1} lies in W_k, E|x_{tau_j} - x_{tau_k}|^2 <= 2 H_k E P + 2 sigma^2 Q. As sum_O eta_j <= H_k,
   E|x_k - x_{tau_k}|^2 <= (1 + 2 L H_k) H_k E P + (1 + 3 L H_k) sigma^2 Q.
   Without noise Z = 0, and step 3 suffices for every delay: this is why o_i asks for sigma > 0.
6. Sum over k and exchange the sums; |g_{tau_k}|^2 gets eta_k (1 - c_k)/2 and the noise (L sigma^2/2) n, with
   c_k = L eta_k + L^2 sum_{i: k in W_i} eta_i H_i (1 + 2 o_i L H_i),
   n = sum_k eta_k^2 (1 + L sum_{i: k in W_i} eta_i (1 + 3 o_i L H_i)).
7. F(x_T) - inf F >= |g_T|^2 / 2L. Hence, with v_t = eta_t + sum_{k: tau_k = t} eta_k (1 - c_k),
   sum_{t<T} (v_t/2) E|g_t|^2 + E|g_T|^2 / 2L <= Delta + (L sigma^2/2) n.
   If every v_t >= 0 the left side is at least its weight, sum_k eta_k (1 - c_k/2) + 1/2L >= 1/2L, times the minimum.

Where gradients overtake, theory/bounds/theorem_ab_overtaking.py supersedes it: what overtakes in place of H_k.

Zero steps are allowed. c_k <= 1 is not asked for: a constant step with a fixed delay may have c_k up to 2.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import BOUNDED_BELOW, BOUNDED_VARIANCE, DELAYS_FIXED, SMOOTH, UNBIASED, Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.shared import DELAYS_WITHIN, of_right_sign
from theory.bounds.parts.weighing import Weighing
from theory.formulas.formula import Defined, Number, WhereOvertaken, formula, readers, served, total, window
from theory.formulas.notation import name_node

_L, _DELTA, _SIGMA, _ETA = map(name_node, ("L", "Delta", "sigma", "eta"))

_H = Defined("H", window(_ETA))
_O = Defined("o", WhereOvertaken(Number(1), Number(0)))
_C = Defined("c", _L * _ETA + _L**2 * readers(_ETA * _H * (1 + 2 * _O * _L * _H)))
_V = Defined("v", _ETA + served(_ETA * (1 - _C)))
_NOISE = total(_ETA**2 * (1 + _L * readers(_ETA * (1 + 3 * _O * _L * _H))))
_DENOMINATOR = total(_ETA * (1 - _C / 2)) + 1 / (2 * _L)

THEOREM_A = Bound(
    name="theorem-a",
    title="Theorem A: any steps and delays, with noise, without coherence",
    summary="Stale SGD with any step sizes and any delays fixed beforehand, without gradient coherence.",
    assumptions=(SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, DELAYS_FIXED),
    conditions=(
        *of_right_sign("L", "Delta", "sigma"),
        DELAYS_WITHIN,
        Condition(
            "every weight v_t = eta_t + sum of eta_k (1 - c_k) over the readers of x_t is at least 0",
            "the weight v_t is negative",
            _V,
            Relation.AT_LEAST,
            formula(0),
            "v",
            "smaller steps around there would mend it",
            index="t",
        ),
    ),
    value=(_DELTA + _L * _SIGMA**2 / 2 * _NOISE) / _DENOMINATOR,
    covers_last=True,
    weighing=Weighing(_V / 2, _DENOMINATOR),
    source=Source(
        "gradlag",
        2026,
        "Stale SGD without gradient coherence",
        "derived in theory/bounds/theorem_a.py",
        "Theorem A' where no gradient overtakes another, Theorem A'' elsewhere",
    ),
)
