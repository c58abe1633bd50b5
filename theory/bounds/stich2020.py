r"""Delayed SGD with a fixed delay: a step of 1/(10 L s), and the delay enters at order 1/T only.

Steps are numbered from 0, tau_k = k - d_k, W_k = {tau_k..k-1}, H_k = sum_{W_k} eta_j. Proof, for reads in order.
1. For i, j in W_k, tau_j <= tau_k <= i: the noise e_i is orthogonal to g_{tau_j}, and the noises to one another. So
   E|x_k - x_{tau_k}|^2 <= H_k sum_{W_k} eta_j E|g_{tau_j}|^2 + sigma^2 sum_{W_k} eta_j^2.
2. Descent lemma, 2<a, b> = |a|^2 + |b|^2 - |a - b|^2, smoothness; sum over k and exchange the sums:
   sum_k eta_k E|g_k|^2 + sum_k eta_k (1 - c_k) E|g_{tau_k}|^2
       <= 2 Delta + L sigma^2 sum_k eta_k^2 (1 + L sum_{i: k in W_i} eta_i),
   c_k = L eta_k + L^2 sum_{i: k in W_i} eta_i H_i.
3. 10 s L eta_k <= 1 gives 10 L H_i <= 1 and 10 L sum_{i: k in W_i} eta_i <= 1: c_k <= 1/10 + 1/100, and the noise is at
   most (11/10) L sigma^2 sum eta_k^2.

As recalled: a constant step up to 1/(10 L (tau + M)) with the delay tau = s - 1 and noise of variance at most
M |grad F|^2 + sigma^2, by virtual iterates; the bound is known only as O(L (tau + M) Delta/T + sigma sqrt(L Delta/T)).
Here the variance is at most sigma^2, the step as at M = 1, the numbers are ours and so is the proof.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import ORDERED_READS, Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import DELTA, ETA, IN_ORDER, SIGMA, STALE, WITHIN, L, S, mean, step_at_most
from theory.formulas.formula import formula, total

STICH2020 = Bound(
    name="stich2020",
    title="Delayed SGD with a fixed delay",
    summary="SGD with a fixed delay, or any delays where no gradient overtakes another, and steps up to 1/(10 s L).",
    assumptions=(*STALE, ORDERED_READS),
    conditions=(*WITHIN, IN_ORDER, step_at_most(1 / (10 * S * L), "1/(10 s L)")),
    value=mean(2 * DELTA + formula(11) / 10 * L * SIGMA**2 * total(ETA**2)),
    covers_last=False,
    weights=ETA,
    source=Source(
        "Stich, Karimireddy",
        2020,
        "The Error-Feedback Framework: Better Rates for SGD with Delayed Gradients and Compressed Updates",
        "JMLR 2020, arXiv 1909.05350",
        "non-convex, delayed gradients; its numbers derived in theory/bounds/stich2020.py",
    ),
    example="1/(10*L*s)",
)
