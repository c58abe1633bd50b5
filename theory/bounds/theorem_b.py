r"""Theorem B: exact gradients, any delays, larger steps than Theorem A. Exact to 1e-4 at Theorem 1's own steps.

Steps are numbered from 0: x_{k+1} = x_k - eta_k g_{tau_k}, g_k = grad F(x_k), delta_k = g_{k+1} - g_k, tau_k = k - d_k,
W_k = {tau_k..k-1}, W_k^+ = W_k u {k}, H_k = sum_{W_k} eta_j, H_k^+ = H_k + eta_k; k < T.

Proof.
1. Interpolation inequality of L-smooth functions for the pair (k, k+1), weakened by |delta_k| <= L |x_k - x_{k+1}|:
   for any beta_k >= 1, with d = x_k - x_{k+1} = eta_k g_{tau_k},
   F(x_k) - F(x_{k+1}) >= <g_k + g_{k+1}, d>/2 + (beta_k/4L)(|delta_k|^2 - L^2 |d|^2).
2. 2<g_k, g> + 2<g_{k+1}, g> = |g_k|^2 + |g_{k+1}|^2 + 2|g|^2 - |g_k - g|^2 - |g_{k+1} - g|^2 with g = g_{tau_k}.
3. g_k - g_{tau_k} = sum_{W_k} delta_j; a zero step has delta_j = 0, so Cauchy-Schwarz over the others gives
   |g_k - g_{tau_k}|^2 <= H_k sum_{W_k} |delta_j|^2 / eta_j, and the same with k+1, W_k^+ and H_k^+.
4. Sum over k. |delta_j|^2 has the coefficient beta_j/4L - R_j/(4 eta_j), where
   R_j = sum_{k: j in W_k} eta_k H_k + sum_{k: j in W_k^+} eta_k H_k^+
       = sum_{k: j in W_k} eta_k (H_k + H_k^+) + eta_j H_j^+.
   Choose beta_j = max{1, L R_j / eta_j}: it is at least 0 and is dropped. Only b_j = beta_j eta_j = max{eta_j, L R_j}
   enters below, always times eta_j, so that zero steps need no exception.
5. F(x_T) - inf F >= |g_T|^2 / 2L. With v_t = eta_t + eta_{t-1} + sum_{k: tau_k = t} eta_k (2 - L b_k), eta_{-1} = 0,
   sum_{t<T} (v_t/4)|g_t|^2 + (eta_{T-1}/4 + 1/2L)|g_T|^2 <= Delta. If every v_t >= 0 the left side is at least its
   weight, sum_k eta_k (1 - L b_k/4) + 1/2L >= 1/2L, times the minimum.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import BOUNDED_BELOW, DELAYS_FIXED, NO_NOISE, SMOOTH, Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.shared import DELAYS_WITHIN, exact_gradients, of_right_sign
from theory.formulas.formula import Defined, Previous, call, formula, readers, served, total, window
from theory.formulas.notation import name_node

_L, _DELTA, _SIGMA, _ETA = map(name_node, ("L", "Delta", "sigma", "eta"))

H = Defined("H", window(_ETA))
H_PLUS = Defined("H^+", H + _ETA)


def not_negative(weight: Defined, of_a_read: str) -> Condition:
    """The condition that no |g_t|^2 has a negative weight."""
    return Condition(
        f"every weight v_t = eta_t + eta_{{t-1}} + sum of {of_a_read} over the readers of x_t is at least 0",
        "the weight v_t is negative",
        weight,
        Relation.AT_LEAST,
        formula(0),
        "v",
        "smaller steps around there would mend it",
        index="t",
    )


_R = Defined("R", readers(_ETA * (H + H_PLUS)) + _ETA * H_PLUS)
_B = Defined("b", call("max", _ETA, _L * _R))
_V = Defined("v", _ETA + Previous(_ETA) + served(_ETA * (2 - _L * _B)))

THEOREM_B = Bound(
    name="theorem-b",
    title="Theorem B: any steps and delays without noise",
    summary="Stale gradient descent with exact gradients, any step sizes and any delays, without gradient coherence.",
    assumptions=(SMOOTH, BOUNDED_BELOW, DELAYS_FIXED, NO_NOISE),
    conditions=(
        *of_right_sign("L", "Delta"),
        exact_gradients("use theorem-a, which allows noise"),
        DELAYS_WITHIN,
        not_negative(_V, "eta_k (2 - L b_k)"),
    ),
    value=_DELTA / (total(_ETA * (1 - _L * _B / 4)) + 1 / (2 * _L)),
    covers_last=True,
    source=Source(
        "gradlag",
        2026,
        "Stale gradient descent without gradient coherence",
        "derived in theory/bounds/theorem_b.py",
        "Theorem B",
    ),
)
