r"""Corollary S: blocks of coordinates are read apart, as by the stages of a pipeline; one constant step, closed form.

Gradient k is applied by update u_k and read at \hat x_k, each block of which is that of one of x_{tau_k}..x_{u_k}:
\hat x_k = sum_j Pi_j x_{tau_{k,j}}, tau_k = min_j tau_{k,j}, with orthogonal projections Pi_j on the blocks that add up
to the identity.
Each gradient has the step eta/B, a_k = grad F(\hat x_k), and the noise is that of theory/bounds/theorem_ab.py. Write
u = s L eta in (0, 1], w = 1 - u = q eta with q = sigma sqrt(L T/(2 B Delta)), d = (s-1)/s.

Proof.
1. \hat x_k = x_{u_k} + M + N, where M = sum_j Pi_j sum_{M_j} eta_i a_i and N likewise with the noises e_i, M_j the
   gradients that block j lacks; all M_j lie in W_k. In each block Cauchy-Schwarz gives |sum_{M_j} eta_i Pi_j a_i|^2 <=
   H_k sum_{W_k} eta_i |Pi_j a_i|^2; sum over j: |M|^2 <= H_k sum_{W_k} eta_i |a_i|^2. Noises are orthogonal, in a block
   too: E|N|^2 <= sigma^2 sum_{W_k} eta_i^2. Smoothness and Young's inequality, theta > 0:
   E|g_{u_k} - a_k|^2 <= L^2 (1 + theta) H_k sum_{W_k} eta_i E|a_i|^2 + L^2 (1 + 1/theta) sigma^2 sum_{W_k} eta_i^2.
2. Descent and sums as in Theorem A_B, with a_k for the gradient that is applied, and with the counts of Corollary 1_B:
   (eta/2) sum_{t<T} E|g_t|^2 + (eta/2B)(1 - c) sum_k E|a_k|^2 <= Delta + (L sigma^2 T eta^2/2B)(1 + (1 + 1/theta) u d),
   c = u (1-d) + (1 + theta) u^2 d^2.
3. Let theta = ((s-1) w + 1)/(1 + (s-1) u). Then 1 + theta = (2-d)/(1 - d + d u), so c increases in u; it is at most
   (1-d) + (2-d) d^2 = 1 - d (1-d)^2 <= 1: what the a_k weigh is left out, as they are gradients of no point of the run.
4. L sigma^2 T/(2B) = q^2 Delta, so the claim, 2 Delta s L (1 + w)/(T u), says w^2 (1 + (1 + 1/theta) u d) <= w:
   theta >= (s-1) w/(1 + (s-1) u) gives w (1 + 1/theta) d <= w d + (1 + (s-1) u)/s = w d + 1 - d w = 1, so
   w + w (1 + 1/theta) u d <= w + u = 1.

theory/bounds/theorem_s.py has any steps, and at this step a smaller value.
"""

from __future__ import annotations

from dataclasses import replace

from theory.bounds.corollaries_b import COROLLARY_1B
from theory.bounds.parts.assumptions import BLOCK_READS, Source
from theory.formulas.formula import call
from theory.formulas.notation import name_node

_L, _DELTA, _SIGMA, _S, _T, _B = map(name_node, ("L", "Delta", "sigma", "s", "T", "B"))

COROLLARY_S = replace(
    COROLLARY_1B,
    name="corollary-s",
    title="Corollary S: inconsistent reads, one constant step, B gradients an update",
    summary="Stale SGD whose gradients are computed at points that mix blocks of several iterates, as in a pipeline "
    "that stashes its weights or without locks, with one constant step; it bounds the gradients at the iterates.",
    assumptions=(*COROLLARY_1B.assumptions, BLOCK_READS),
    value=2 * _SIGMA * call("sqrt", 2 * _L * _DELTA / (_B * _T)) + 2 * _S * _L * _DELTA / _T,
    covers_last=False,
    weighing=None,
    source=Source(
        "gradlag",
        2026,
        "Stale SGD without gradient coherence",
        "derived in theory/bounds/corollary_s.py",
        "Corollary S",
    ),
)
