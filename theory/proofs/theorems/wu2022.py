"""The bound for the steps of Wu, Magnusson, Feyzmahdavian and Johansson (2022), replayed."""

from __future__ import annotations

from theory.bounds.parts.means import ETA, H, L
from theory.bounds.wu2022 import RULE, WU2022
from theory.formulas.formula import formula, readers
from theory.proofs.kernel import Index, Term, le, lt, scalar
from theory.proofs.nodes import At
from theory.proofs.proof import Apply, Claim, Ref, Step, rules
from theory.proofs.statement import meaning
from theory.proofs.terms import bound_variables
from theory.proofs.theorems.lemmas import A, Derived, I, K, product, summed, symbol, whether, window
from theory.proofs.theorems.means import (
    IN_WINDOW,
    QUIET,
    at_reader,
    mean_proof,
    over_readers,
    reading,
    side,
    weight_step,
)


def at_k_and_i(term: Term) -> tuple[Index, Index] | None:
    """Cut sums at k and at i."""
    cuts = (whether(term, *ends) for index in bound_variables(term) for ends in ((index, K), (I, index)))
    return next(filter(None, cuts), None)


def up_to() -> Apply:
    """1/L >= eta_k + the steps in flight up to i, for i in flight: they lie in {k+1..i}, and {k..i-1} lies in W_i."""
    reader = QUIET.reader
    since_k, after_k = (le(K, A), lt(A, I)), (lt(K, A), le(A, I))
    own = (*reading(A), le(A, I))
    in_window = rules.widen(symbol(reader.having(*window(A, I)), "eta", A), ("a",), window(A, I), since_k)
    in_between = rules.widen(symbol(reader.having(*after_k), "eta", A), ("a",), after_k, own)
    so_far = scalar("eta", A).total(("a",), *own)
    body = meaning(1 / L - ETA) - so_far
    return rules.restate(rules.add(at_reader(QUIET, RULE), in_window, in_between), body, at_k_and_i)


def flight() -> Apply:
    """The same for all steps in flight: up to the last."""
    step = QUIET.step
    window_sum = summed(step, IN_WINDOW, lambda context, index: symbol(context, "eta", index))
    none = rules.restate(rules.add(side(RULE).fact(step), window_sum), meaning(1 / L - ETA))
    return rules.up_to_the_last(up_to(), none, scalar("eta", A), "a", "i", *reading(A))


def weight() -> Apply:
    """c_k <= L (eta_k + the steps in flight) <= 1."""
    step, reader = QUIET.step, QUIET.reader
    return rules.add(
        over_readers(product(reader, Ref("late"), symbol(reader, "L"), symbol(reader, "eta", I))),
        product(step, Ref("flight"), symbol(step, "L")),
    )


def late() -> Derived:
    """1 >= L H_i for a step i in flight."""
    reader = QUIET.reader
    whole = rules.add(at_reader(QUIET, RULE), symbol(reader, "eta", I))
    return product(reader, whole, symbol(reader, "L"))


STEPS = (
    Step(
        "late",
        "One late step i, with k in W_i",
        "H_i + eta_i <= 1/L",
        Claim(formula(1), At(L * H, I, "i")),
        rules.add(late()),
    ),
    Step(
        "flight",
        "The steps in flight",
        "let i be the last of them: all lie in {k+1..i}, and {k..i-1} lies in W_i, so H_i + eta_i <= 1/L covers them",
        Claim(1 / L, ETA + readers(ETA)),
        flight(),
    ),
    weight_step(QUIET, "L H_i <= 1, and the steps in flight", weight()),
)
PROOF = mean_proof(WU2022, QUIET, STEPS)
