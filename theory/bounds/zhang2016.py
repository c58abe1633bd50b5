r"""Staleness-aware asynchronous SGD: each step is divided by the age of its gradient.

Proof. The argument of bounds/parts/means.py with steps alpha/(1 + d_k), or less, and 2 L alpha sqrt(s) <= 1; write
p_k = 2 L sqrt(s) (1 + d_k) eta_k <= 1.
1. 2 L^2 eta_k eta_i d_i <= p_k p_i/(2 s) <= 1/(2 s), as 2 L sqrt(s) eta_k <= p_k.
2. At most s - 1 windows hold k, and L eta_k <= 1/2: c_k <= 1/2 + (s - 1)/(2 s) < 1.

The published rule is the step alpha_0/tau; its constants are not recovered, these are ours. The base step may be of
order 1/(L sqrt(s)), not 1/(L s); as the mean of 1/(1 + d_k) is at least 1/(1 + mean delay), the first term is at most
4 sqrt(s) (1 + mean delay) L Delta/T at alpha = 1/(2 L sqrt(s)).
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import DELTA, ETA, NOISE, STALE, WITHIN, D, L, S, at_most, mean
from theory.formulas.formula import Defined, call

ROOT = call("sqrt", S)
DIVIDED = at_most(
    Defined("p", 2 * L * ROOT * (1 + D) * ETA),
    1,
    "p_k = 2 L sqrt(s) (1 + d_k) eta_k is at most 1",
    "p",
)

ZHANG2016 = Bound(
    name="zhang2016",
    title="Staleness-aware SGD: the step is divided by the age of its gradient",
    summary="Stale SGD with steps of at most 1/(2 L sqrt(s) (1 + d_k)): a stale gradient moves less.",
    assumptions=STALE,
    conditions=(*WITHIN, DIVIDED),
    value=mean(2 * DELTA + NOISE),
    covers_last=False,
    weights=ETA,
    source=Source(
        "Zhang, Gupta, Lian, Liu",
        2016,
        "Staleness-aware Async-SGD for Distributed Deep Learning",
        "IJCAI 2016, arXiv 1511.05950",
        "the step rule; the bound and its numbers derived in theory/bounds/zhang2016.py",
    ),
    example="1/(2*L*sqrt(s)*(1+d))",
)
