r"""Stochastic gradient descent without delay: any steps up to 2/L, the mean with the weights 2 eta_t - L eta_t^2.

Proof. Descent lemma in expectation, E F(x_k) - E F(x_{k+1}) >= eta_k E|g_k|^2 - (L eta_k^2/2)(E|g_k|^2 + sigma^2); sum
over k, F(x_T) >= inf F, and double: sum_k (2 eta_k - L eta_k^2) E|g_k|^2 <= 2 Delta + L sigma^2 sum eta_k^2.

As published: the output is x_R with R = t of probability proportional to these weights, steps below 2/L, and
E|grad F(x_R)|^2 / L <= (D_F^2 + sigma^2 sum eta_k^2) / sum (2 eta_k - L eta_k^2) with D_F^2 = 2 Delta/L: the same.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import ETA, L, step_at_most
from theory.bounds.parts.undelayed import ABOVE, SGD, with_weight
from theory.formulas.formula import total

WEIGHTS = 2 * ETA - L * ETA**2

GHADIMI2013 = Bound(
    name="ghadimi2013",
    title="SGD without delay: a random iterate",
    summary="SGD without delay with any steps up to 2/L, at an iterate drawn with the weights 2 eta_t - L eta_t^2.",
    assumptions=SGD,
    conditions=(*with_weight(WEIGHTS), step_at_most(2 / L, "2/L")),
    value=ABOVE / total(WEIGHTS),
    covers_last=False,
    weights=WEIGHTS,
    source=Source(
        "Ghadimi, Lan",
        2013,
        "Stochastic First- and Zeroth-Order Methods for Nonconvex Stochastic Programming",
        "SIAM Journal on Optimization 23(4)",
        "the randomised stochastic gradient method, non-convex",
    ),
)
