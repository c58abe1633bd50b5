"""Group averaging, replayed: the pattern of perturbed reads, where two rounds leave nothing of a step."""

from __future__ import annotations

from theory.bounds.group_averaging import ADDED, CAP, GROUP_AVERAGING_BOUND, PATTERN, WITHIN
from theory.bounds.parts.means import ETA, L
from theory.proofs.kernel import scalar
from theory.proofs.nodes import APPLIED, Vector, following, square
from theory.proofs.nodes import G as GRADIENT
from theory.proofs.proof import Apply, Claim, Step, rules
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import HALF, Derived, K, product, symbol
from theory.proofs.theorems.means import side
from theory.proofs.theorems.perturbed import APART, faded, mean_noise, of_workers, proof, up_to

RUNS = of_workers(PATTERN)
STEP, START = RUNS.step, RUNS.start
OWN, ALIKE = meaning(Vector("b"), K), meaning(Vector("z"), K)
AWAY, LONG = rules.square(STEP, meaning(APART, K)), symbol(STEP, "eta", K, power=2)


def short_step() -> Derived:
    """1/2 - 2 L^2 eta_k^2 >= 0, from eta_k <= 1/(2 L)."""
    cap = side(CAP).fact(STEP)
    return product(STEP, cap, rules.add(cap, product(STEP, symbol(STEP, "eta", K), 2)), symbol(STEP, "L", power=2), 2)


def kept() -> Apply:
    """|b|^2 <= 2 |b - z|^2 + 2 |z|^2, as |b - 2 z|^2 >= 0."""
    return rules.add(
        rules.round(STEP, K),
        product(STEP, rules.square(STEP, OWN - 2 * ALIKE), LONG),
        product(STEP, rules.own_gradients(STEP, K), LONG, 2),
        product(STEP, rules.alike(STEP, K), LONG, 2),
        product(STEP, short_step(), AWAY),
    )


def room() -> Derived:
    """1/2 |M_k|^2 + eta_k^2 ((1/m - 1/N) sigma^2 + 2 zeta^2) >= 0."""
    fewer = product(STEP, side(WITHIN).fact(STEP), symbol(STEP, "group", power=-1), symbol(STEP, "workers", power=-1))
    noise = product(STEP, fewer, symbol(STEP, "sigma", power=2), LONG)
    return rules.add(product(STEP, AWAY, HALF), noise, product(STEP, rules.square(STEP, scalar("zeta")), LONG, 2))


DISTANCE = (
    Step(
        "kept",
        "What is left of one step",
        "two rounds leave the last step only; |b|^2 <= 2 |b - z|^2 + 2 |z|^2, L^2 |M_k|^2 >= |b_k - z_k|^2, "
        "zeta^2 >= |z_k|^2; eta_k <= 1/2L",
        Claim(square(APART) / 2 + ETA**2 * ADDED, following(square(APART))),
        kept(),
    ),
    faded(
        RUNS,
        room(),
        rules.one_start(START),
        rules.constant(START, 2),
        "sum over the steps, which do not increase; all workers start at one point",
    ),
)
BEFORE = Step(
    "turned",
    "How far the mean of the workers' gradients is from that at x_k",
    "smoothness of each f_i; the square of a mean is at most the mean of the squares",
    Claim(L**2 * square(APART), square(GRADIENT - APPLIED)),
    rules.read_apart_by_workers(STEP, K),
)
WEIGHT = rules.add(up_to(CAP, RUNS), product(STEP, symbol(STEP, "eta", K), HALF))
PROOF = proof(GROUP_AVERAGING_BOUND, ETA, RUNS, WEIGHT, mean_noise(RUNS), (BEFORE,), DISTANCE)
