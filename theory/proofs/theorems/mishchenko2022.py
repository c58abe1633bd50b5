"""The bound of Mishchenko, Bach, Even and Woodworth (2022), replayed."""

from __future__ import annotations

from theory.bounds.mishchenko2022 import ADAPTED, LARGER, MISHCHENKO2022, MOST
from theory.bounds.parts.means import ETA, D, L
from theory.formulas.formula import formula, readers
from theory.proofs.kernel import Context, Index
from theory.proofs.nodes import At
from theory.proofs.proof import Apply, Claim, Ref, Step, rules
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import HALF, Derived, I, K, product, symbol
from theory.proofs.theorems.means import (
    ANY,
    at_reader,
    mean_proof,
    noise_steps,
    number_in_flight,
    over_readers,
    side,
    weight_step,
)


def larger(context: Context, place: int, step: Index) -> Derived:
    """2 L eta (max(w, d) - w) >= 0 at place 0, 2 L eta (max(w, d) - d) >= 0 at place 1."""
    length = product(context, 2, symbol(context, "L"), symbol(context, "eta", step))
    return product(context, rules.maximum(context, LARGER, place, step), length)


def late() -> Apply:
    """1 >= 2 L eta_i d_i for a step i in flight."""
    return rules.add(at_reader(ANY, ADAPTED), larger(ANY.reader, 1, I))


def weight() -> Apply:
    """c_k <= L eta_k (1 + n_k) <= L eta_k w <= 1/2."""
    step, reader = ANY.step, ANY.reader
    own = rules.add(side(ADAPTED).fact(step), larger(step, 0, K))
    return rules.add(
        over_readers(product(reader, Ref("late"), symbol(reader, "L"), symbol(reader, "eta", K))),
        product(step, rules.largest(step, MOST, K), symbol(step, "L"), symbol(step, "eta", K)),
        product(step, own, HALF),
        rules.constant(step, HALF),
    )


def flight() -> Apply:
    """W >= 1 + n_k >= 1 + 2 L w (sum of the steps in flight), divided by w."""
    step = ANY.step
    each = rules.add(at_reader(ANY, ADAPTED), larger(ANY.reader, 0, I))
    fewer = rules.largest(step, MOST, K)
    times_w = rules.add(over_readers(each), fewer, rules.constant(step, 1))
    more = rules.add(fewer, number_in_flight(ANY))
    return rules.cancel(times_w, more, 1, meaning(1 - 2 * L * readers(ETA)))


STEPS = (
    Step(
        "late",
        "One late step i, with k in W_i",
        "2 L eta_i d_i <= a_i <= 1",
        Claim(formula(1), At(2 * L * ETA * D, I, "i")),
        late(),
    ),
    weight_step(ANY, "sum over the n_k <= w - 1 steps in flight; 2 L eta_k w <= a_k <= 1", weight()),
)
NOISE = noise_steps(ANY, "2 L eta_i w <= a_i <= 1 for n_k <= w steps; divide by w >= 1", flight(), formula(2), 2)
PROOF = mean_proof(MISHCHENKO2022, ANY, STEPS, NOISE)
