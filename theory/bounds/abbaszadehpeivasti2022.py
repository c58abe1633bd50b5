r"""Gradient descent without delay, any steps up to sqrt(3)/L: exact where no step exceeds 1/L.

Steps are numbered from 0: x_{k+1} = x_k - eta_k g_k, g_k = grad F(x_k), delta_k = g_{k+1} - g_k.

Proof.
1. Interpolation inequality for x_k and x_{k+1}; add a multiple of L^2 eta_k^2 |g_k|^2 - |delta_k|^2 >= 0 that makes of
   it, with b_k = max{eta_k, L eta_k^2} and b_k/(4 L eta_k) >= eta_k/4 (a zero step has delta_k = 0),
   F(x_k) - F(x_{k+1}) >= (eta_k/2) <g_k + g_{k+1}, g_k> - (L eta_k b_k/4)|g_k|^2 + (b_k/(4 L eta_k)) |delta_k|^2.
2. 2 <g_{k+1}, g_k> = |g_k|^2 + |g_{k+1}|^2 - |delta_k|^2, so |delta_k|^2 is left with a factor of at least 0: drop it.
   F(x_k) - F(x_{k+1}) >= (eta_k/4)(3 - L b_k)|g_k|^2 + (eta_k/4)|g_{k+1}|^2.
3. Sum over k; F(x_T) - inf F >= |g_T|^2/2L. With L eta_k <= sqrt(3) no factor 3 - L b_k is negative, and the weights of
   the squares sum up to sum_k eta_k (1 - L b_k/4) + 1/2L.

As published for constant and for varying steps; the proof is Theorem B's, at delay zero.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import DELTA, ETA, EXACT, L, at_most
from theory.bounds.parts.undelayed import COMMON, GRADIENT_DESCENT
from theory.formulas.formula import Defined, call, total

LARGER = call("max", ETA, L * ETA**2)
B = Defined("b", LARGER)
WEIGHT = at_most(L * B, 3, "L b_k = max(L eta_k, L^2 eta_k^2) is at most 3", "L b")

ABBASZADEHPEIVASTI2022 = Bound(
    name="abbaszadehpeivasti2022",
    title="Gradient descent without delay, exact where no step exceeds 1/L",
    summary="Gradient descent with any steps up to sqrt(3)/L, at the least of the gradients, the last one included.",
    assumptions=GRADIENT_DESCENT,
    conditions=(*COMMON, EXACT, WEIGHT),
    value=DELTA / (total(ETA * (1 - L * B / 4)) + 1 / (2 * L)),
    covers_last=True,
    source=Source(
        "Abbaszadehpeivasti, de Klerk, Zamani",
        2022,
        "The Exact Worst-Case Convergence Rate of the Gradient Method with Fixed Step Lengths for L-Smooth Functions",
        "Optimization Letters 16, arXiv 2104.05468",
        "the rate for steps up to sqrt(3)/L",
    ),
)
