r"""Asynchronous parallel SGD (AsySG-con): any steps, ages at most s - 1, weighted mean of the squared gradients.

Proof. The argument of bounds/parts/means.py; every d_i <= s - 1, so c_k <= 1 is what the condition says.

As recalled, with minibatches of M and T_d = s - 1: if L M gamma_k + 2 L^2 M^2 T_d gamma_k sum_{n=1}^{T_d} gamma_{k+n}
<= 1, the mean is at most (2 Delta + sum_k (gamma_k^2 M L + 2 L^2 M^2 gamma_k sum_{j=k-T_d}^{k-1} gamma_j^2) sigma^2)
/ (M sum gamma_k). Here M = 1; a minibatch of M gradients of one point has eta = M gamma and the variance sigma^2 / M,
which gives the same numbers. Here the sums run over the windows of the trace, which lie in those of T_d steps: the
condition is implied by the published one, and the value is never larger; they agree where every delay is s - 1.

A constant step sqrt(Delta / (L T sigma^2)) and T >= 4 L Delta s^2 / sigma^2 give L eta <= 1/(2 s), so the condition
holds and the value is at most 4 sigma sqrt(L Delta / T): the recalled corollary, constant included.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import DELTA, ETA, NOISE, STALE, WITHIN, L, S, at_most, mean
from theory.formulas.formula import Defined, readers

LIAN2015 = Bound(
    name="lian2015",
    title="Asynchronous parallel SGD with consistent reads: any steps, bounded ages",
    summary="Stale SGD with any steps and any delays up to s - 1, at the weighted mean of the squared gradients.",
    assumptions=STALE,
    conditions=(
        *WITHIN,
        at_most(
            Defined("a", L * ETA + 2 * L**2 * (S - 1) * ETA * readers(ETA)),
            1,
            "a_k = L eta_k + 2 L^2 (s - 1) eta_k (sum of the steps whose window holds k) is at most 1",
            "a",
        ),
    ),
    value=mean(2 * DELTA + NOISE),
    covers_last=False,
    weights=ETA,
    source=Source(
        "Lian, Huang, Li, Liu",
        2015,
        "Asynchronous Parallel Stochastic Gradient for Nonconvex Optimization",
        "NeurIPS 2015, arXiv 1506.08272",
        "the bound for consistent reads (AsySG-con), with M = 1",
    ),
    example="1/(2*L*s*sqrt(k))",
)
