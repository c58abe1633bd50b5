"""Random groups, replayed: the pattern of perturbed reads, with distances that fade."""

from __future__ import annotations

from theory.bounds.parts.means import ETA
from theory.bounds.random_groups import ADDED, CAP, DELTA, PATTERN, RANDOM_GROUPS, SOME
from theory.proofs.kernel import scalar
from theory.proofs.nodes import following, square
from theory.proofs.proof import Apply, Claim, Step, rules
from theory.proofs.statement import meaning
from theory.proofs.theorems.ef_topk import left_over, times
from theory.proofs.theorems.group_averaging import ALIKE, AWAY, BEFORE, LONG, OWN, STEP
from theory.proofs.theorems.lemmas import HALF, Derived, K, product, symbol
from theory.proofs.theorems.means import side
from theory.proofs.theorems.perturbed import APART, faded, mean_noise, of_workers, proof, up_to

RUNS = of_workers(PATTERN)
START, D = RUNS.start, scalar("delta")
FADES = symbol(STEP, "delta", power=-1)


def short_step() -> Derived:
    """delta/4 - 2 L^2 eta_k^2 (1 - delta)(2 - delta)/delta >= 0, from eta_k <= delta/(4 L)."""
    cap, eta, smooth = side(CAP).fact(STEP), symbol(STEP, "eta", K), symbol(STEP, "L", power=2)
    squared = product(STEP, cap, rules.add(cap, product(STEP, eta, 2)), smooth, 4)
    more = rules.add(left_over(STEP), rules.constant(STEP, 2))
    return product(STEP, rules.add(squared, product(STEP, smooth, LONG, symbol(STEP, "delta"), more, 2)), FADES)


def kept() -> Apply:
    """|delta M + 2 (1 - delta) eta b|^2 >= 0 parts distance and step; |b|^2 <= 2 |b - z|^2 + 2 |z|^2."""
    apart = rules.square(STEP, D * meaning(APART, K) + 2 * (1 - D) * scalar("eta", K) * OWN)
    own = rules.add(
        rules.square(STEP, OWN - 2 * ALIKE),
        product(STEP, rules.own_gradients(STEP, K), 2),
        product(STEP, rules.alike(STEP, K), 2),
    )
    return rules.add(
        rules.random_round(STEP, K),
        product(STEP, apart, HALF, FADES),
        product(STEP, times(STEP), own),
        product(STEP, short_step(), AWAY),
    )


def room() -> Derived:
    """(1 - delta/4) |M_k|^2 + what a round adds, eta_k^2 times, is at least 0."""
    most = product(STEP, rules.add(left_over(STEP), rules.constant(STEP, 3)), HALF * HALF)
    others = product(STEP, side(SOME).fact(STEP), symbol(STEP, "workers", power=-1))
    noise = product(STEP, left_over(STEP), others, symbol(STEP, "sigma", power=2), LONG)
    return rules.add(
        product(STEP, most, AWAY), noise, product(STEP, times(STEP), rules.square(STEP, scalar("zeta")), 2)
    )


DISTANCE = (
    Step(
        "kept",
        "What is left of the distance and of one step",
        "2<u, v> <= c |u|^2 + |v|^2/c with c = delta/2(1 - delta); |b|^2 <= 2 |b - z|^2 + 2 |z|^2, "
        "L^2 |M_k|^2 >= |b_k - z_k|^2, zeta^2 >= |z_k|^2; 4 L eta_k <= delta",
        Claim((1 - DELTA / 4) * square(APART) + ETA**2 * ADDED, following(square(APART))),
        kept(),
    ),
    faded(
        RUNS,
        room(),
        rules.one_start(START),
        product(START, 4, symbol(START, "delta", power=-1)),
        "sum over the steps, which do not increase; all workers start at one point",
    ),
)
WEIGHT = rules.add(
    up_to(CAP, RUNS),
    product(STEP, rules.add(left_over(STEP), rules.constant(STEP, 3)), symbol(STEP, "eta", K), HALF * HALF),
)
PROOF = proof(RANDOM_GROUPS, ETA, RUNS, WEIGHT, mean_noise(RUNS), (BEFORE,), DISTANCE)
