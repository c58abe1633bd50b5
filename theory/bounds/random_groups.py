r"""Random groups: workers with points of their own, and means that leave a share of their distance at every round.

As in theory/bounds/group_averaging.py, but a round W_k is fixed or drawn anew, apart from all else, and leaves
E|W_k v - mean|^2 <= (1 - delta) |v - mean|^2. A random partition of N workers into groups of m has
1 - delta = (N - m)/(m (N - 1)); a fixed symmetric W_k the square of its second eigenvalue, in absolute value. Groups
that never change have delta = 0, and no bound.

Proof. The pattern of theory/bounds/perturbed.py, with D_k and b_k as there.
1. D_{k+1} = (W_k - J)(D_k - eta_k (gradients and noises)), where noises are orthogonal to the rest:
   E|D_{k+1}|^2 <= (1 - delta)(E|D_k - eta_k b_k|^2 + eta_k^2 (1 - 1/N) sigma^2).
2. 2 <D, eta b> as in step 1 of theory/bounds/ef_topk.py, and |b_k|^2 <= 2 L^2 |D_k|^2 + 2 zeta^2:
   (1 - delta) |D_k - eta_k b_k|^2 <= (1 - delta/2 + q) |D_k|^2 + ((1 - delta)(2 - delta)/delta) 2 eta_k^2 zeta^2 with
   q = 2 L^2 eta_k^2 (1 - delta)(2 - delta)/delta, at most delta/4, as 4 L eta_k <= delta.
3. Times eta_{k+1} <= eta_k and summed up:
   sum eta_k E|D_k|^2 <= (4/delta)(1 - delta)((1 - 1/N) sigma^2 + 2 ((2 - delta)/delta) zeta^2) sum eta_k^3.

The noise costs 1/delta and the difference of the workers 1/delta^2; full means, delta = 1, leave nothing of either.
"""

from __future__ import annotations

from theory.bounds.group_averaging import ZETA, N
from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    NO_DELAY,
    RANDOM_MIXING,
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
from theory.formulas.formula import formula, total
from theory.formulas.notation import name_node

DELTA = name_node("delta")
#: What a round adds to the square of the workers' distance, for a step of 1.
ADDED = (1 - DELTA) * ((1 - 1 / N) * SIGMA**2 + 2 * (2 - DELTA) / DELTA * ZETA**2)
PATTERN = Perturbed(formula(4) / DELTA * ADDED * total(ETA**3), SIGMA**2 / N)
SOME = Condition(
    "there is a worker",
    "there is no worker",
    N,
    Relation.AT_LEAST,
    formula(1),
    "N",
    "give the number of workers",
)
CAP = step_at_most(DELTA / (4 * L), "delta/(4 L)")

RANDOM_GROUPS = Bound(
    name="random-groups",
    title="Random groups: means that leave a share of the workers' distance",
    summary="Local steps of N workers, each followed by a mean, over random groups or with the neighbours, that takes "
    "off a share of their distance; at the mean of the workers' points.",
    assumptions=(
        SMOOTH, BOUNDED_BELOW, STEPS_FIXED, NO_DELAY, RANDOM_MIXING, WORKERS_NOISE, WORKERS_SMOOTH, WORKERS_ALIKE,
    ),
    conditions=(*with_weight(ETA), *of_right_sign("zeta", "delta", "workers"), SOME, FALLING, CAP),
    value=PATTERN.of_virtual_points,
    covers_last=False,
    weights=ETA,
    source=Source(
        "gradlag",
        2026,
        "Perturbed reads and virtual sequences",
        "derived in theory/bounds/random_groups.py",
        "the pattern of theory/bounds/perturbed.py with random groups",
    ),
    example="1/(8*L*sqrt(k))",
    given={"zeta": 0.5, "delta": 0.5, "workers": 16.0},
)  # fmt: skip


def share_of_groups(workers: int, group: int) -> float:
    r"""$\delta = 1 - (N - m)/(m (N - 1))$ of random partitions of N workers into groups of m.

    Args:
        workers: N, at least 1; group: m, at least 1, which divides N.

    >>> share_of_groups(4, 2), share_of_groups(16, 16), share_of_groups(1, 1)
    (0.6666666666666667, 1.0, 1.0)
    """
    return 1.0 - (workers - group) / (group * (workers - 1)) if workers > 1 else 1.0
