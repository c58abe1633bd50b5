r"""Steps from the measured delay: the steps since the read, the present one included, sum up to at most 1/L.

Steps are numbered from 0: x_{k+1} = x_k - eta_k g_{tau_k}, g_k = grad F(x_k), tau_k = k - d_k, W_k = {tau_k..k-1},
H_k = sum_{W_k} eta_j. No bound of the delays is needed, only that the rule L (H_k + eta_k) <= 1 is kept, as the step
alpha max{0, 1/L - H_k}, alpha <= 1, does where the reads are in order. Proof.
1. Cauchy-Schwarz with the weights eta_j: |x_k - x_{tau_k}|^2 <= H_k sum_{W_k} eta_j |g_{tau_j}|^2.
2. Descent lemma, 2<a, b> = |a|^2 + |b|^2 - |a - b|^2, smoothness; sum over k and exchange the sums:
   sum_k eta_k |g_k|^2 + sum_k eta_k (1 - c_k) |g_{tau_k}|^2 <= 2 Delta,
   c_k = L eta_k + L^2 sum_{i: k in W_i} eta_i H_i.
3. The steps whose window holds k, up to the last of them, i, lie in {k+1..i}, and {k..i} lies in W_i and i itself; so
   their sum and eta_k are together at most H_i + eta_i <= 1/L.
4. L H_i <= 1, so c_k <= L (eta_k + sum_{i: k in W_i} eta_i) <= 1.

As recalled: sum_{t=k-tau_k}^{k} gamma_t <= h/L with h < 1, for proximal incremental aggregated gradient and for
asynchronous block-coordinate descent, with rates through sum gamma_t. Here is the consequence for one component without
a regulariser, not convex; h = 1 is allowed, and the number 2 is ours.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import BOUNDED_BELOW, DELAYS_FIXED, NO_NOISE, SMOOTH, Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import COMMON, DELTA, ETA, EXACT, H, L, at_most, mean

RULE = at_most(H + ETA, 1 / L, "the steps since the read, the present one included, sum up to at most 1/L", "(H + eta)")

WU2022 = Bound(
    name="wu2022",
    title="Delay-adaptive steps: the steps since the read sum up to at most 1/L",
    summary="Stale gradient descent with exact gradients whose steps since each read sum up to at most 1/L.",
    assumptions=(SMOOTH, BOUNDED_BELOW, DELAYS_FIXED, NO_NOISE),
    conditions=(*COMMON, EXACT, RULE),
    value=mean(2 * DELTA),
    covers_last=False,
    weights=ETA,
    source=Source(
        "Wu, Magnusson, Feyzmahdavian, Johansson",
        2022,
        "Delay-adaptive Step-sizes for Asynchronous Learning",
        "ICML 2022",
        "the step-size principle; the bound and its number derived in theory/bounds/wu2022.py",
    ),
    example="1/(L*s)",
)
