r"""Asynchronous SGD of w workers with delay-adaptive steps: the guarantee knows w, and no delay.

n_k is the number of gradients in flight while step k is applied (steps i with k in W_i), and w is 1 + the largest n_k:
the number of workers, if all of them are always busy.

Proof. The argument of bounds/parts/means.py with 2 L eta_k max{w, d_k} <= 1.
1. 2 L eta_i d_i <= 1, so c_k = L eta_k + 2 L^2 eta_k sum_{i: k in W_i} eta_i d_i <= L eta_k (1 + n_k) <= L eta_k w,
   which is at most 1/2.
2. 2 L w sum_{i: k in W_i} eta_i <= n_k <= w, so the noise is at most 2 L sigma^2 sum eta_k^2.

With eta_k = min{gamma, 1/(2 L max{w, d_k})}: the mean delay is the mean of n_k, below w, so at most half of the delays
exceed 2 w and sum eta_k >= (T/2) min{gamma, 1/(4 L w)}; the best gamma gives O(w L Delta/T + sigma sqrt(L Delta/T)),
the rate as published, there by virtual iterates. The rule is recalled as min{c/(L d_k), .} without its constants; those
here, and the proof, are ours.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import COMMON, DELTA, ETA, IN_FLIGHT, SIGMA, STALE, D, L, at_most, mean
from theory.formulas.formula import Defined, call, peak, total

MOST = peak(IN_FLIGHT)
W = Defined("w", 1 + MOST, sequence=False)
LARGER = call("max", W, D)
ADAPTED = at_most(
    Defined("a", 2 * L * ETA * LARGER),
    1,
    "a_k = 2 L eta_k max(w, d_k) is at most 1, w = 1 + the largest number of gradients in flight",
    "a",
)

MISHCHENKO2022 = Bound(
    name="mishchenko2022",
    title="Asynchronous SGD of w workers with delay-adaptive steps",
    summary="Stale SGD of w workers with steps of at most 1/(2 L max(w, d_k)), whatever the largest delay.",
    assumptions=STALE,
    conditions=(*COMMON, ADAPTED),
    value=mean(2 * DELTA + 2 * L * SIGMA**2 * total(ETA**2)),
    covers_last=False,
    weights=ETA,
    source=Source(
        "Mishchenko, Bach, Even, Woodworth",
        2022,
        "Asynchronous SGD Beats Minibatch SGD Under Arbitrary Delays",
        "NeurIPS 2022, arXiv 2206.07638",
        "non-convex, delay-adaptive steps; its numbers derived in theory/bounds/mishchenko2022.py",
    ),
    example="1/(2*L*s)",
)
