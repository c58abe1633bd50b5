"""The bound of Koloskova, Stich and Jaggi (2022) for a constant step, replayed."""

from __future__ import annotations

from theory.bounds.koloskova2022 import CAP, CONSTANT, KOLOSKOVA2022, ROOT
from theory.bounds.parts.means import ETA, IN_FLIGHT, L
from theory.formulas.formula import formula
from theory.proofs.kernel import LAST, ZERO, Context, expression, le, lt, scalar
from theory.proofs.nodes import first
from theory.proofs.proof import Apply, Claim, Ref, Step, rules
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import HALF, START, I, K, product, steps, symbol
from theory.proofs.theorems.means import (
    ANY,
    delay,
    mean_proof,
    noise_steps,
    number_in_flight,
    over_readers,
    room,
    side,
    weight_step,
)

FIRST = scalar("eta", ZERO)
NEXT = START.having(le(ZERO, K), lt(K, LAST - 1))


def all_equal(sign: int) -> Apply:
    """With sign 1 eta_k >= eta_0, with sign -1 eta_0 >= eta_k, by induction."""
    later = START.having(*steps(K), lt(ZERO, K))
    equal = rules.scale_equality(rules.instantiate(side(CONSTANT).fact(later), NEXT, k=K + 1), expression(-sign))
    body = (scalar("eta", K) - FIRST) * sign
    return rules.induct(rules.constant(START, 0), equal, body, "k", ZERO, until=LAST - 1)


def no_longer(context: Context) -> Apply:
    """eta_k >= eta_i for a step i in flight."""
    low, high = rules.weaken(Ref("low"), context), rules.instantiate(Ref("high"), context, k=I)
    return rules.add(low, high)


def weight() -> Apply:
    """c_k <= L eta + 2 L^2 eta^2 (s - 1) n_k <= 1/2 + 1/2."""
    step, reader = ANY.step, ANY.reader
    square = product(reader, symbol(reader, "L", power=2), 2, symbol(reader, "eta", K))
    each = rules.add(
        product(reader, square, no_longer(reader), delay(ANY, reader, I)),
        product(reader, square, symbol(reader, "eta", K), rules.window_count(reader, I)),
    )
    return rules.add(
        over_readers(each),
        product(step, side(ROOT).fact(step), HALF),
        product(step, side(CAP).fact(step), symbol(step, "L")),
    )


def flight() -> Apply:
    """2 L (sum of the steps in flight) = 2 L eta n_k, whose square is at most 4 L^2 eta^2 n_k (s - 1) <= 1."""
    step, reader = ANY.step, ANY.reader
    each = over_readers(product(reader, no_longer(reader), symbol(reader, "L"), 2))
    one_less = rules.square(step, 1 - meaning(2 * L * ETA * IN_FLIGHT))
    fewer = product(
        step, room(ANY), number_in_flight(ANY), symbol(step, "L", power=2), symbol(step, "eta", K, power=2), 4
    )
    return rules.add(each, product(step, rules.add(one_less, fewer, side(ROOT).fact(step)), HALF))


EQUAL = (
    Step("low", "No step is shorter than the first", "induction", Claim(ETA, first(ETA)), all_equal(1)),
    Step("high", "No step is longer than the first", "induction", Claim(first(ETA), ETA), all_equal(-1)),
)
NOISE = noise_steps(
    ANY, "equal steps; 2 x <= 1 + x^2 for x = 2 L eta n_k, with n_k <= s - 1 and a_k <= 1", flight(), formula(2), 2
)
WEIGHT = weight_step(ANY, "equal steps, d_i <= s - 1; a_k <= 1 and L eta_k <= 1/2", weight())
PROOF = mean_proof(KOLOSKOVA2022, ANY, (*EQUAL, WEIGHT), NOISE)
