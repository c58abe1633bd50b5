"""The bound of Stich and Karimireddy (2020) for delayed SGD, replayed."""

from __future__ import annotations

from fractions import Fraction

from theory.bounds.parts.means import H, L
from theory.bounds.stich2020 import STICH2020
from theory.formulas.formula import formula
from theory.proofs.proof import Apply, Claim, Ref, Step, rules
from theory.proofs.theorems.lemmas import A, Derived, I, K, product, symbol, window
from theory.proofs.theorems.means import (
    ORDERED,
    at_least_one,
    in_flight,
    mean_proof,
    noise_steps,
    over_readers,
    side,
    weight_step,
)

CAP = STICH2020.conditions[-1]
TENTH = Fraction(1, 10)


def window_sum() -> Derived:
    """1 >= 10 L H_k, from eta_j <= 1/(10 s L) for the d_k <= s - 1 steps of W_k."""
    step = ORDERED.step
    there = step.having(*window(A, K))
    cap = rules.instantiate(side(CAP).fact(step), there, k=A)
    each = rules.total(product(there, cap, 10, symbol(there, "L"), symbol(there, "s")), ("a",), *window(A, K))
    return product(
        step, rules.add(each, rules.window_count(step, K), rules.constant(step, 1)), symbol(step, "s", power=-1)
    )


def weight() -> Apply:
    """c_k <= 1/(10 s) + 1/100 <= 1."""
    step, reader = ORDERED.step, ORDERED.reader
    late = rules.instantiate(Ref("window"), reader, k=I)
    return rules.add(
        over_readers(product(reader, late, TENTH, symbol(reader, "L"), symbol(reader, "eta", I))),
        product(step, Ref("flight"), TENTH * TENTH),
        product(step, side(CAP).fact(step), symbol(step, "L")),
        product(step, at_least_one(ORDERED), TENTH, symbol(step, "s", power=-1)),
        rules.constant(step, 1 - TENTH - TENTH * TENTH),
    )


NOISE = noise_steps(
    ORDERED, "at most s - 1 windows hold k; 10 s L eta_i <= 1", in_flight(ORDERED, CAP, 10), formula(11) / 10, 10
)
STEPS = (
    Step(
        "window",
        "The steps since the read",
        "d_k <= s - 1 and 10 s L eta_j <= 1",
        Claim(formula(1), 10 * L * H),
        rules.add(window_sum()),
    ),
    NOISE[0],
    weight_step(ORDERED, "10 L H_i <= 1; the steps in flight; L eta_k <= 1/10", weight()),
)
PROOF = mean_proof(STICH2020, ORDERED, STEPS, NOISE[1:])
