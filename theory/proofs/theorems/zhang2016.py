"""The bound for the steps of Zhang, Gupta, Lian and Liu (2016), replayed."""

from __future__ import annotations

from theory.bounds.parts.means import ETA, D, L, S
from theory.bounds.zhang2016 import DIVIDED, ROOT, ZHANG2016
from theory.formulas.formula import formula
from theory.proofs.kernel import Context, Expression, Index
from theory.proofs.nodes import At
from theory.proofs.proof import Apply, Claim, Ref, Step, rules
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import HALF, Derived, I, K, product, symbol
from theory.proofs.theorems.means import (
    ANY,
    at_least_one,
    at_reader,
    delay,
    mean_proof,
    over_readers,
    room,
    side,
    weight_step,
)

QUARTER = HALF * HALF


def positive(context: Context, step: Index) -> Derived:
    """p_step >= 0."""
    more = rules.add(delay(ANY, context, step), rules.constant(context, 1))
    return product(context, more, 2, symbol(context, "L"), symbol(context, "eta", step), rules.root_sign(context, ROOT))


def squared_root(context: Context, times: Expression) -> Apply:
    """sqrt(s)^2 = s, times something."""
    return rules.scale_equality(rules.root_squared(context, ROOT), times)


def late() -> Apply:
    """1/(2 s) >= 2 L^2 eta_k eta_i d_i for a step i in flight: 1 >= p_k p_i."""
    reader = ANY.reader
    both = rules.add(
        rules.weaken(side(DIVIDED).fact(ANY.step), reader),
        product(reader, at_reader(ANY, DIVIDED), positive(reader, K)),
    )
    steps = product(reader, symbol(reader, "L", power=2), symbol(reader, "eta", K), symbol(reader, "eta", I), 2)
    rest = rules.add(
        rules.constant(reader, 1),
        delay(ANY, reader, K),
        product(reader, delay(ANY, reader, K), delay(ANY, reader, I)),
    )
    without_roots = meaning(2 * L**2 * (1 + D) * ETA / S, K) * meaning((1 + D) * ETA, I)
    return rules.add(
        product(reader, both, HALF, symbol(reader, "s", power=-1)),
        squared_root(reader, without_roots),
        product(reader, steps, rest),
    )


def own() -> Derived:
    """1/2 >= L eta_k: 4 L eta_k <= 1 + 4 L^2 eta_k^2 <= 1 + p_k^2 <= 2."""
    step = ANY.step
    once = rules.add(side(DIVIDED).fact(step), product(step, side(DIVIDED).fact(step), positive(step, K)))
    more = product(step, delay(ANY, step), rules.add(rules.constant(step, 2), delay(ANY, step)), symbol(step, "s"))
    room_for_root = product(
        step, rules.add(at_least_one(ANY), more), symbol(step, "L", power=2), symbol(step, "eta", K, power=2), 4
    )
    return product(
        step,
        rules.add(
            rules.square(step, 1 - meaning(2 * L * ETA)),
            room_for_root,
            squared_root(step, meaning(4 * L**2 * (1 + D) ** 2 * ETA**2)),
            once,
        ),
        QUARTER,
    )


def weight() -> Apply:
    """c_k <= 1/2 + (s - 1)/(2 s)."""
    step = ANY.step
    return rules.add(
        over_readers(Ref("late")),
        Ref("own"),
        product(step, room(ANY), HALF, symbol(step, "s", power=-1)),
        product(step, HALF, symbol(step, "s", power=-1)),
    )


STEPS = (
    Step(
        "late",
        "Two steps at once, i with k in W_i",
        "p_k p_i <= 1 and sqrt(s)^2 = s",
        Claim(1 / (2 * S), 2 * L**2 * ETA * At(ETA * D, I, "i")),
        late(),
    ),
    Step(
        "own", "One step", "2 x <= 1 + x^2 for x = 2 L eta_k <= p_k", Claim(formula(1) / 2, L * ETA), rules.add(own())
    ),
    weight_step(ANY, "sum over at most s - 1 steps in flight", weight()),
)
PROOF = mean_proof(ZHANG2016, ANY, STEPS)
