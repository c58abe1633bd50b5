"""The bound of Koloskova, Stich and Jaggi (2022) for steps adapted to the delay, replayed."""

from __future__ import annotations

from theory.bounds.koloskova2022_adaptive import ADAPTED, KOLOSKOVA2022_ADAPTIVE, LARGEST
from theory.bounds.parts.means import ETA, D, L
from theory.formulas.formula import formula
from theory.proofs.kernel import Context, Index
from theory.proofs.nodes import At
from theory.proofs.proof import Apply, Claim, Ref, Step, rules
from theory.proofs.theorems.lemmas import HALF, Derived, I, K, product, symbol
from theory.proofs.theorems.means import ANY, at_reader, mean_proof, over_readers, side, weight_step


def larger(context: Context, place: int, step: Index) -> Derived:
    """2 L eta times (the maximum - one of its arguments) >= 0."""
    return product(
        context, rules.maximum(context, LARGEST, place, step), 2, symbol(context, "L"), symbol(context, "eta", step)
    )


def late() -> Apply:
    """1 >= 2 L eta_i d_i for a step i in flight."""
    return rules.add(at_reader(ANY, ADAPTED), larger(ANY.reader, 1, I))


def weight() -> Apply:
    """c_k <= L eta_k + L eta_k n_k, and 2 L eta_k <= a_k, 2 L eta_k n_k <= a_k."""
    step, reader = ANY.step, ANY.reader
    return rules.add(
        over_readers(product(reader, Ref("late"), symbol(reader, "L"), symbol(reader, "eta", K))),
        side(ADAPTED).fact(step),
        product(step, larger(step, 0, K), HALF),
        product(step, larger(step, 2, K), HALF),
    )


STEPS = (
    Step(
        "late",
        "One late step i, with k in W_i",
        "2 L eta_i d_i <= a_i <= 1",
        Claim(formula(1), At(2 * L * ETA * D, I, "i")),
        late(),
    ),
    weight_step(ANY, "sum over the n_k steps in flight; 2 L eta_k <= a_k and 2 L eta_k n_k <= a_k", weight()),
)
PROOF = mean_proof(KOLOSKOVA2022_ADAPTIVE, ANY, STEPS)
