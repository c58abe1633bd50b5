r"""Delayed SGD whose steps weigh late gradients down: any weights, any delays, no coherence, bounded gradients.

Step k is eta_k = gamma w_k: a server that dampens stale gradients, 0 < w_k <= 1, chooses w_k by the delay and not by
the gradient. Steps are numbered from 0, W_k = {tau_k..k-1}, H_k = sum_{W_k} eta_j; E|g_{tau_k} + e_k|^2 <= G^2.

Proof. The pattern of bounds/perturbed.py with a_k = g_{tau_k}: the point that is read lies
x_k - x_{tau_k} = -sum_{W_k} eta_j (g_{tau_j} + e_j) away, so P_k = G^2 H_k^2 by Cauchy-Schwarz with the weights eta_j.
L eta_k <= 1, so the second sum of the lemma is not negative.

As a bound in gamma and w: H_k <= gamma d_k, where no weight is above 1, gives
    (sum w_k E|g_k|^2)/(sum w_k) <= 2 Delta/(gamma sum w_k) + gamma L sigma^2 (sum w_k^2)/(sum w_k)
                                    + gamma^2 L^2 G^2 (sum w_k d_k^2)/(sum w_k),
whose last ratio is the effective squared staleness: what is dampened weighs less there, and less in the first term's
sum too. The bound here keeps the sums H_k, in which late steps are short, and costs nothing for it. Where weights look
at the gradient or its labels, as similarity boosting does, the steps are not independent of the noise and nothing here
is claimed.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import BOUNDED_GRADIENT, Source
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import COMMON, ETA, STALE, H, L, step_at_most
from theory.bounds.parts.shared import of_right_sign
from theory.bounds.perturbed import Perturbed
from theory.formulas.formula import total
from theory.formulas.notation import name_node

G = name_node("G")
PATTERN = Perturbed(G**2 * total(ETA * H**2))

WEIGHTED_DELAYS = Bound(
    name="weighted-delays",
    title="Weighted delays: steps that dampen stale gradients, bounded gradients",
    summary="Stale SGD with steps up to 1/L, weighed by the staleness in any way, with any delays, at the mean of the "
    "squared gradients with these weights.",
    assumptions=(*STALE, BOUNDED_GRADIENT),
    conditions=(*COMMON, *of_right_sign("G"), step_at_most(1 / L, "1/L")),
    value=PATTERN.of_virtual_points,
    covers_last=False,
    weights=ETA,
    source=Source(
        "gradlag",
        2026,
        "Perturbed reads and virtual sequences",
        "derived in theory/bounds/weighted_delays.py",
        "the pattern of theory/bounds/perturbed.py at delayed reads",
    ),
    example="1/(2*L*s)",
    given={"G": 2.0},
)
