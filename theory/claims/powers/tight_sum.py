"""Theorem 1's tight sum at steps eta and eta/sqrt(k), replayed by the kernel."""

from __future__ import annotations

from fractions import Fraction

from theory.bounds.dai2019 import TIGHT_SUM
from theory.bounds.parts.bound import Bound
from theory.claims.powers.runs import (
    ETA,
    Powers,
    S,
    of_sums,
    readers_of_point,
)
from theory.formulas.formula import Number, served
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.theorems.dai2019_sums import COHERENT, weight
from theory.proofs.theorems.dai2019_sums import argument as argument_1
from theory.proofs.theorems.lemmas import HALF, START, I, K, product, steps, symbol


def served_squares(run: Powers) -> Apply:
    """S eta_k^2 >= the sum of eta_i^2 over the steps i that read x_k."""
    reader, readers = readers_of_point(run)
    sum_of_both = rules.add(symbol(reader, "eta", K), symbol(reader, "eta", I))
    smaller = product(reader, rules.instantiate(Ref("falling"), reader, t=K, k=I), sum_of_both)
    few = product(run.step, rules.served_count(run.step, K), symbol(run.step, "eta", K, power=2))
    return rules.add(rules.total(smaller, ("i",), *readers), few)


def weights_tight(run: Powers, room: Assumed) -> Apply:
    """w_k >= eta_k (mu - s h/2) >= 0."""
    step, eta = run.step, symbol(run.step, "eta", K)
    smaller = product(step, run.below_first(step, K), eta, symbol(step, "s"), symbol(step, "L"), HALF)
    return rules.add(
        product(step, rules.weaken(room.fact(START), step), eta, HALF),
        smaller,
        product(step, Ref("served"), symbol(step, "L"), HALF),
    )


def closed_tight(run: Powers) -> Apply:
    """The minimum, and both sums."""
    level, half_l = run.level, (symbol(run.level, "L"), HALF)
    at_each = product(run.step, Ref("weights"), rules.minimum(run.step, K, with_last=False))
    factor_of_squares = rules.add(symbol(level, "sigma", power=2), symbol(level, "m"))
    return rules.add(
        Ref("summed"),
        rules.total(at_each, ("k",), *steps(K)),
        product(level, Ref("sum"), symbol(level, "mu"), symbol(level, "m")),
        product(level, Ref("squares"), factor_of_squares, *half_l),
    )


def proof(bound: Bound, p: Fraction) -> Proof:
    """Theorem 1's tight sum at steps eta k^{-p}."""
    run = Powers(p, frozenset())
    room = Assumed("room", Claim(bound.conditions[-2].left, Number(0)))
    w, conclusion = weight(TIGHT_SUM), theorem(bound.value)
    middle = (
        Step(
            "served",
            "Few steps read a point",
            "at most s, each no larger",
            Claim(S * ETA**2, served(ETA**2)),
            served_squares(run),
        ),
        Step("weights", "No weight is negative", "s h <= 2 mu", Claim(w, Number(0)), weights_tight(run, room)),
    )
    last = Step("theorem", "The closed form", "m <= |g_t|^2, and the sums", conclusion, closed_tight(run))
    return Proof(bound.name, (*argument_1(w), *of_sums(run), *middle, last), conclusion, (COHERENT, run.law, room))
