r"""Ringmaster: asynchronous SGD that discards a gradient as soon as its delay reaches a threshold.

The threshold is s: a discarded gradient is no step, so the steps counted here have delays up to s - 1, in any order.

Proof. The argument of bounds/parts/means.py with 2 s L eta_k <= 1.
1. d_i <= s - 1 gives 2 L eta_i d_i <= 1, and at most s - 1 windows hold k, so
   c_k <= L eta_k + L eta_k (s - 1) = s L eta_k <= 1/2.
2. L sum_{i: k in W_i} eta_i <= (s - 1)/(2 s) <= 1/2, so the noise is at most 2 L sigma^2 sum eta_k^2.

With a constant step eta = min{1/(2 s L), eps/(4 L sigma^2)} the noise 2 L eta sigma^2 is at most eps/2, and
T >= 4 Delta/(eta eps), that is 8 s L Delta/eps and 16 L Delta sigma^2/eps^2, makes the rest at most eps/2: the
recalled step sizes (threshold max{1, ceil(sigma^2/eps)}) with explicit numbers in K = O(.).
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import DELTA, ETA, SIGMA, STALE, WITHIN, L, S, mean, step_at_most
from theory.formulas.formula import total

MARANJYAN2025 = Bound(
    name="maranjyan2025",
    title="Ringmaster: gradients with a delay of s or more are discarded",
    summary="Stale SGD whose steps are at most 1/(2 s L), discarded gradients not counted, any order of reads.",
    assumptions=STALE,
    conditions=(*WITHIN, step_at_most(1 / (2 * S * L), "1/(2 s L)")),
    value=mean(2 * DELTA + 2 * L * SIGMA**2 * total(ETA**2)),
    covers_last=False,
    weights=ETA,
    source=Source(
        "Maranjyan, Tyurin, Richtarik",
        2025,
        "Ringmaster ASGD: The First Asynchronous SGD with Optimal Time Complexity",
        "ICML 2025, arXiv 2501.16168",
        "the iteration bound; its numbers derived in theory/bounds/maranjyan2025.py",
    ),
    example="1/(2*L*s)",
)
