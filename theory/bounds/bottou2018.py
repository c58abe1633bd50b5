r"""Stochastic gradient descent without delay: steps up to 1/L, the mean with the steps as weights.

Proof. Descent lemma in expectation, E F(x_k) - E F(x_{k+1}) >= eta_k E|g_k|^2 - (L eta_k^2/2)(E|g_k|^2 + sigma^2); with
L eta_k <= 1 the right side is at least (eta_k/2) E|g_k|^2 - L eta_k^2 sigma^2/2. Sum over k,
F(x_T) >= inf F, and double.

As published, for noise of second moment at most M + M_G |grad F|^2 and steps up to mu/(L M_G); here mu = M_G = 1, as
for an unbiased gradient of variance M = sigma^2. A constant step eta gives 2 Delta/(eta T) + L eta sigma^2; steps whose
sum diverges while the sum of their squares converges send the weighted mean to zero.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import ETA, L, step_at_most
from theory.bounds.parts.undelayed import ABOVE, SGD, with_weight
from theory.formulas.formula import total

BOTTOU2018 = Bound(
    name="bottou2018",
    title="SGD without delay: constant or decreasing steps",
    summary="SGD without delay with any steps up to 1/L, at the weighted mean of the squared gradients.",
    assumptions=SGD,
    conditions=(*with_weight(ETA), step_at_most(1 / L, "1/L")),
    value=ABOVE / total(ETA),
    covers_last=False,
    weights=ETA,
    source=Source(
        "Bottou, Curtis, Nocedal",
        2018,
        "Optimization Methods for Large-Scale Machine Learning",
        "SIAM Review 60(2)",
        "stochastic gradient on a non-convex objective, constant and diminishing steps",
    ),
)
