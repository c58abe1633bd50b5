r"""Error feedback: workers that send compressed steps and keep what is left, at the points that they read.

Worker i of N has u_k^i = M_k^i + eta_k g_k^i, sends C(u_k^i) and keeps M_{k+1}^i = u_k^i - C(u_k^i), M_0^i = 0; the
model moves by the mean of what is sent. E|u - C(u)|^2 <= (1 - delta) E|u|^2: k of d coordinates at random have
delta = k/d on average, the k largest have at least that; delta along a run is what its vectors u show. E|g_k^i|^2 is at
most G^2 on average over the workers; their noises are independent, each of variance at most sigma^2.

Proof. The pattern of bounds/perturbed.py. All workers read the model z_k; x_k = z_k less the mean memory moves by
a plain step, a_k = grad F(z_k), and the mean noise has the variance sigma^2/N. P_k = E|z_k - x_k|^2 is at most
R_k = mean over the workers of E|M_k^i|^2.
1. For every worker 2 <eta g, M> <= (delta/(2 (1 - delta))) |M|^2 + (2 (1 - delta)/delta) eta^2 |g|^2, so
   R_{k+1} <= (1 - delta) E|M_k + eta_k g_k|^2 <= (1 - delta/2) R_k + ((1 - delta)(2 - delta)/delta) eta_k^2 G^2.
2. Times eta_{k+1} <= eta_k and summed up, with R_0 = 0:
   sum eta_k R_k <= (2 (1 - delta)(2 - delta)/delta^2) G^2 sum eta_k^3.
3. The lemma, without its first sum: the mean over the points read, with the weights eta_k (1 - L eta_k).

The factor A is at most 4 (1 - delta)/delta^2, as 2 - delta <= 2; the best that step 1 can give at any other weight is
(1 - delta)(1 + sqrt(1 - delta))^2/delta^2, at most 3 % less for delta <= 1/2. With E|mean of g_k^i|^2 <= G^2 in place
of |a_k|^2 + sigma^2/N the same proof ends, at a constant step eta of any length, in
    (1/T) sum E|grad F(z_t)|^2 <= 2 Delta/(eta T) + eta L G^2 + A eta^2 L^2 G^2,
which is weaker where the workers are many: G^2 contains sigma^2, and not sigma^2/N. Memories are in units of steps;
where a residual is kept in units of gradients, only a constant step gives the same run.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    ERROR_FEEDBACK,
    NO_DELAY,
    SMOOTH,
    STEPS_FIXED,
    WORKERS_BOUNDED,
    WORKERS_NOISE,
    Source,
)
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import ETA, SIGMA, L, step_at_most
from theory.bounds.parts.shared import of_right_sign
from theory.bounds.parts.undelayed import with_weight
from theory.bounds.perturbed import FALLING, OF_READS, Perturbed
from theory.formulas.formula import Defined, total
from theory.formulas.notation import name_node

G, DELTA, N = map(name_node, ("G", "delta", "workers"))
#: What the memories keep of the squares of the steps.
FACTOR = Defined("A", 2 * (1 - DELTA) * (2 - DELTA) / DELTA**2, sequence=False)
PATTERN = Perturbed(FACTOR * G**2 * total(ETA**3), SIGMA**2 / N)
CAP = step_at_most(1 / L, "1/L")

EF_TOPK = Bound(
    name="ef-topk",
    title="Error feedback: workers that send compressed steps and keep the rest",
    summary="SGD whose workers compress their steps, top-k or other, and keep what is left for later, with steps that "
    "do not increase, at the mean of the squared gradients where they are taken.",
    assumptions=(SMOOTH, BOUNDED_BELOW, STEPS_FIXED, NO_DELAY, ERROR_FEEDBACK, WORKERS_NOISE, WORKERS_BOUNDED),
    conditions=(*with_weight(OF_READS), *of_right_sign("G", "delta", "workers"), FALLING, CAP),
    value=PATTERN.of_reads,
    covers_last=False,
    weights=OF_READS,
    source=Source(
        "gradlag",
        2026,
        "Perturbed reads and virtual sequences",
        "derived in theory/bounds/ef_topk.py",
        "the pattern of theory/bounds/perturbed.py with memories",
    ),
    example="1/(2*L*sqrt(k))",
    given={"G": 2.0, "delta": 0.5, "workers": 4.0},
)
