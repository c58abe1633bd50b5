r"""Group averaging: workers with points of their own, means over groups that change; two rounds make the mean of all.

Worker i of N: x_{k+1}^i is the mean over its group of m of x_k^j - eta_k (grad f_j(x_k^j) + e_k^j). As matrices, group
means are orthogonal projections W_k of rank N/m that keep J = 11^T/N, and W_{k+1} W_k = J: workers on a grid of m x m,
rows and columns in turn. x_k is the mean of the points, F that of the f_i; |v|^2 of a vector for each worker is the
mean over the workers; (1/N) sum |grad f_i - grad F|^2 <= zeta^2.

Proof. The pattern of bounds/perturbed.py: x_k moves by a plain step, a_k = (1/N) sum grad f_i(x_k^i), whose noise
has the variance sigma^2/N, and P_k = E|D_k|^2 for D_k = the workers' points less x_k, as each f_i is L-smooth.
1. D_{k+1} = (W_k - J)(D_k - eta_k (gradients and noises)). D_k lies in the range of W_{k-1} - J (and D_0 = 0), and
   (W_k - J)(W_{k-1} - J) = W_k W_{k-1} - J = 0: nothing is left of D_k, only of the last step.
2. W_k - J is a projection of rank N/m - 1: of independent noises it keeps (1/m - 1/N) sigma^2 on average. It does not
   see the mean, so of the gradients it keeps at most |b_k|^2, b_k^i = grad f_i(x_k^i) - grad F(x_k), and
   |b_k|^2 <= 2 L^2 |D_k|^2 + 2 zeta^2. The noises are orthogonal to that:
   E|D_{k+1}|^2 <= eta_k^2 ((1/m - 1/N) sigma^2 + 2 zeta^2) + 2 L^2 eta_k^2 E|D_k|^2, where 2 L^2 eta_k^2 <= 1/2.
3. Times eta_{k+1} <= eta_k and summed up: sum eta_k E|D_k|^2 <= 2 ((1/m - 1/N) sigma^2 + 2 zeta^2) sum eta_k^3.
4. The lemma, without its second sum: the mean at the mean of the workers' points.

At a constant step eta it is 2 Delta/(eta T) + eta L sigma^2/N + 2 eta^2 L^2 ((1/m - 1/N) sigma^2 + 2 zeta^2): the first
two terms are those of a full mean in every step, so that with eta ~ sqrt(N/T) groups cost N/T only. With m = N it is
the bound for full means but for zeta, which then is not needed.
"""

from __future__ import annotations

from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    GROUP_AVERAGING,
    NO_DELAY,
    SMOOTH,
    STEPS_FIXED,
    WORKERS_ALIKE,
    WORKERS_NOISE,
    WORKERS_SMOOTH,
    Source,
)
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.means import ETA, SIGMA, L, step_at_most
from theory.bounds.parts.shared import of_right_sign
from theory.bounds.parts.undelayed import with_weight
from theory.bounds.perturbed import FALLING, Perturbed
from theory.formulas.formula import total
from theory.formulas.notation import name_node

ZETA, N, GROUP = map(name_node, ("zeta", "workers", "group"))
#: What a round adds to the square of the workers' distance, for a step of 1.
ADDED = (1 / GROUP - 1 / N) * SIGMA**2 + 2 * ZETA**2
PATTERN = Perturbed(2 * ADDED * total(ETA**3), SIGMA**2 / N)
CAP = step_at_most(1 / (2 * L), "1/(2 L)")
WITHIN = Condition(
    "a group has at most all workers",
    "a group has more than all workers",
    GROUP,
    Relation.AT_MOST,
    N,
    "m",
    "give the number of workers in a group, and of all",
)

GROUP_AVERAGING_BOUND = Bound(
    name="group-averaging",
    title="Group averaging: means over changing groups in place of all workers",
    summary="Local steps of N workers, each followed by means over groups of m that change so that two rounds in a row "
    "make the mean of all; at the mean of the workers' points.",
    assumptions=(
        SMOOTH, BOUNDED_BELOW, STEPS_FIXED, NO_DELAY, GROUP_AVERAGING, WORKERS_NOISE, WORKERS_SMOOTH, WORKERS_ALIKE,
    ),
    conditions=(*with_weight(ETA), *of_right_sign("zeta", "workers", "group"), WITHIN, FALLING, CAP),
    value=PATTERN.of_virtual_points,
    covers_last=False,
    weights=ETA,
    source=Source(
        "gradlag",
        2026,
        "Perturbed reads and virtual sequences",
        "derived in theory/bounds/group_averaging.py",
        "the pattern of theory/bounds/perturbed.py with groups",
    ),
    example="1/(2*L*sqrt(k))",
    given={"zeta": 0.5, "workers": 16.0, "group": 4.0},
)  # fmt: skip
