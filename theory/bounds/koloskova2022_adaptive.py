r"""Asynchronous SGD with steps adapted to the delay: neither the largest delay nor the average one limits the others.

n_k is the number of gradients in flight while step k is applied (steps i with k in W_i).

Proof. The argument of bounds/parts/means.py with 2 L eta_k max{1, d_k, n_k} <= 1:
c_k = L eta_k + 2 L^2 eta_k sum_{i: k in W_i} eta_i d_i <= 1/2 + L eta_k n_k <= 1.

As published: some eta <= 1/(4 L), eta_k = eta where d_k <= tau_C, else any value below min{eta, 1/(4 L d_k)}, 0 allowed
(the gradient is dropped). With eta <= 1/(4 L tau_C) that meets this condition, as n_k < tau_C. Read as a rule,
eta_k = min{eta, 1/(2 L d_k)} with eta <= 1/(2 L tau_C): the mean delay is the mean of n_k, below tau_C, so at most half
of the delays exceed 2 tau_C, and sum eta_k >= eta T/4. As 2 L eta_k d_k <= 1, the last sum of the value is at most
L sigma^2 T eta^2. So O(sigma^2/eps^2 + tau_C/eps) steps suffice, as published, with numbers that can be read off.
"""

from __future__ import annotations

from dataclasses import replace

from theory.bounds.koloskova2022 import KOLOSKOVA2022
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import COMMON, DELTA, ETA, IN_FLIGHT, NOISE, STALE, D, L, at_most, mean
from theory.formulas.formula import Defined, call

LARGEST = call("max", 1, D, IN_FLIGHT)
ADAPTED = at_most(
    Defined("a", 2 * L * ETA * LARGEST),
    1,
    "a_k = 2 L eta_k max(1, delay, number of gradients in flight) is at most 1",
    "a",
)

KOLOSKOVA2022_ADAPTIVE = Bound(
    name="koloskova2022-adaptive",
    title="Asynchronous SGD with steps adapted to the delay and to the gradients in flight",
    summary="Stale SGD whose step is at most 1/(2 L max(1, d_k, n_k)); a step of zero drops its gradient.",
    assumptions=STALE,
    conditions=(*COMMON, ADAPTED),
    value=mean(2 * DELTA + NOISE),
    covers_last=False,
    weights=ETA,
    source=replace(
        KOLOSKOVA2022.source, result="Theorem 8; its numbers derived in theory/bounds/koloskova2022_adaptive.py"
    ),
    example="1/(2*L*max(1,d,s-1))",
)
