r"""Theorem A_B: updates of several gradients, each read at a point of its own, in any order; noise, no coherence.

Gradients are numbered k = 0, 1, ...; gradient k has a step eta_k >= 0, is read at x_{tau_k} and applied by update
u_k >= tau_k: x_{t+1} = x_t - sum_{u_k = t} eta_k (g_{tau_k} + e_k), g_t = grad F(x_t), t < T. An update that averages B
gradients gives each of them eta/B. Given x_0..x_t and the noise before, the noises e_k of update t have mean zero and
are independent of one another; E|e_k|^2 <= sigma^2. W_k = {j: tau_k <= u_j < u_k}, H_k = sum_{j in W_k} eta_j.
Gradient i is overtaken, o_i = 1, if sigma > 0 and some j in W_i has tau_j > tau_i; else o_i = 0.

Proof. That of theory/bounds/theorem_a.py, gradient by gradient; different are only:
1. Descent lemma for update t, H = sum_{u_k = t} eta_k. The noises of one update are orthogonal to g_t, to the gradients
   and to one another, and |sum eta_k g_{tau_k}|^2 <= H sum eta_k |g_{tau_k}|^2:
   E F(x_t) - E F(x_{t+1}) >= sum_{u_k = t} (eta_k E<g_t, g_{tau_k}> - (L/2)(H eta_k E|g_{tau_k}|^2 + eta_k^2 sigma^2)).
2. Steps 2 to 5 of Theorem A are about one gradient and the gradients applied since it was read. They need
   <e_i, e_j> = 0 for i != j, also of one update, and <e_i, g_{tau_j}> = 0 where tau_j <= u_i.
3. Sum over t and exchange the sums: |g_{tau_k}|^2 gets eta_k (1 - c_k)/2 and the noise (L sigma^2/2) n, with
   c_k = L sum_{u_j = u_k} eta_j + L^2 sum_{i: k in W_i} eta_i H_i (1 + 2 o_i L H_i),
   n = sum_k eta_k^2 (1 + L sum_{i: k in W_i} eta_i (1 + 3 o_i L H_i)).
4. Step 7 of Theorem A with v_t = sum_{u_k = t} eta_k + sum_{tau_k = t} eta_k (1 - c_k).

One gradient an update is Theorem A. Reads within one update need no order. Where gradients overtake,
theory/bounds/theorem_ab_overtaking.py supersedes it: what overtakes in place of the whole window.
"""

from __future__ import annotations

from dataclasses import replace

from theory.bounds.parts.assumptions import SEVERAL_READS, Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition
from theory.bounds.parts.weighing import Weighing
from theory.bounds.theorem_a import THEOREM_A
from theory.formulas.formula import Defined, Number, WhereOvertaken, block, readers, served, taken, total, window
from theory.formulas.notation import name_node

_L, _DELTA, _SIGMA, _ETA = map(name_node, ("L", "Delta", "sigma", "eta"))

_H = Defined("H", window(_ETA))
_O = Defined("o", WhereOvertaken(Number(1), Number(0)))
_C = Defined("c", _L * block(_ETA) + _L**2 * readers(_ETA * _H * (1 + 2 * _O * _L * _H)))
_V = Defined("v", taken(_ETA) + served(_ETA * (1 - _C)))
_NOISE = total(_ETA**2 * (1 + _L * readers(_ETA * (1 + 3 * _O * _L * _H))))
_DENOMINATOR = total(_ETA * (1 - _C / 2)) + 1 / (2 * _L)


def _with_blocks(condition: Condition) -> Condition:
    """The condition of Theorem A on the weights, with those of updates of several gradients."""
    name = (
        "every weight v_t = sum of eta_k over the gradients applied at x_t, and of eta_k (1 - c_k) over those read "
        "there, is at least 0"
    )
    return replace(condition, name=name, left=_V)


THEOREM_AB = Bound(
    name="theorem-ab",
    title="Theorem A_B: several gradients an update, any steps and delays, with noise, without coherence",
    summary="Stale SGD whose updates apply B gradients, each read at a point of its own, in any order and with any "
    "steps; with B = 1 it is Theorem A.",
    assumptions=(*THEOREM_A.assumptions, SEVERAL_READS),
    conditions=tuple(_with_blocks(c) if c.symbol == "v" else c for c in THEOREM_A.conditions),
    value=(_DELTA + _L * _SIGMA**2 / 2 * _NOISE) / _DENOMINATOR,
    covers_last=True,
    weighing=Weighing(_V / 2, _DENOMINATOR),
    source=Source(
        "gradlag", 2026, "Stale SGD without gradient coherence", "derived in theory/bounds/theorem_ab.py", "Theorem A_B"
    ),
    variant=True,
)
