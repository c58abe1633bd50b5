"""Error feedback, replayed: the pattern of perturbed reads, with memories that fade."""

from __future__ import annotations

from theory.bounds.ef_topk import CAP, DELTA, EF_TOPK, PATTERN, G
from theory.bounds.parts.conditions import Relation
from theory.bounds.parts.means import ETA, L
from theory.bounds.perturbed import OF_READS
from theory.proofs.kernel import Context, scalar
from theory.proofs.nodes import APPLIED, Vector, following, square
from theory.proofs.nodes import G as GRADIENT
from theory.proofs.proof import Apply, Claim, Step, rules
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import HALF, Derived, K, product, symbol
from theory.proofs.theorems.means import side
from theory.proofs.theorems.perturbed import APART, faded, mean_noise, of_workers, proof, up_to

RUNS = of_workers(PATTERN)
STEP, START = RUNS.step, RUNS.start
AT_MOST_ONE = next(c for c in EF_TOPK.conditions if c.symbol == "delta" and c.relation is Relation.AT_MOST)
KEPT = (1 - DELTA) * (2 - DELTA) / DELTA * G**2


def left_over(context: Context) -> Derived:
    """1 - delta >= 0."""
    return side(AT_MOST_ONE).fact(context)


def times(context: Context) -> Derived:
    """(1 - delta)(2 - delta)/delta eta_k^2 >= 0."""
    more = rules.add(left_over(context), rules.constant(context, 1))
    return product(
        context, left_over(context), more, symbol(context, "delta", power=-1), symbol(context, "eta", K, power=2)
    )


def kept() -> Apply:
    """|delta M - 2 (1 - delta) eta h|^2 >= 0 parts memory and step; |h|^2 is at most G^2."""
    delta, step = scalar("delta"), scalar("eta", K) * meaning(Vector("h"), K)
    apart = rules.square(STEP, delta * meaning(APART, K) - 2 * (1 - delta) * step)
    return rules.add(
        rules.memory(STEP, K),
        product(STEP, apart, HALF, symbol(STEP, "delta", power=-1)),
        product(STEP, times(STEP), rules.workers_gradient(STEP, K)),
    )


def room() -> Derived:
    """(1 - delta/2) |M_k|^2 + (1 - delta)(2 - delta)/delta eta_k^2 G^2 >= 0."""
    half = product(STEP, rules.add(left_over(STEP), rules.constant(STEP, 1)), HALF)
    memory = product(STEP, half, rules.square(STEP, meaning(APART, K)))
    return rules.add(memory, product(STEP, times(STEP), rules.square(STEP, scalar("G"))))


MEMORY = (
    Step(
        "kept",
        "What is kept of one step",
        "2<u, v> <= c |u|^2 + |v|^2/c for each worker, with c = delta/2(1 - delta); |h_k|^2 is at most G^2",
        Claim((1 - DELTA / 2) * square(APART) + KEPT * ETA**2, following(square(APART))),
        kept(),
    ),
    faded(
        RUNS,
        room(),
        rules.one_start(START),
        product(START, 2, symbol(START, "delta", power=-1)),
        "sum over the steps, which do not increase; the memories are empty at the start",
    ),
)
BEFORE = Step(
    "turned",
    "How far the gradient that is applied is from that at x_k",
    "smoothness: all workers read x_k + (mean of M_k)",
    Claim(L**2 * square(APART), square(GRADIENT - APPLIED)),
    rules.read_with_memory(STEP, K),
)
PROOF = proof(EF_TOPK, OF_READS, RUNS, up_to(CAP, RUNS), mean_noise(RUNS), (BEFORE,), MEMORY)
