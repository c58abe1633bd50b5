"""Theorem B at steps eta and eta/sqrt(k), replayed by the kernel."""

from __future__ import annotations

from fractions import Fraction

from theory.bounds.parts.bound import Bound
from theory.claims.powers.runs import (
    ETA,
    REACH,
    Powers,
    S,
    first_step,
    of_sums,
    reach,
    served_by_few,
    weights,
)
from theory.formulas.formula import Call, Defined, Number, Previous, served
from theory.proofs.kernel import (
    LAST,
    NOISELESS,
    ZERO,
    Context,
    le,
)
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.theorems.constant_step import others, readers_of_k
from theory.proofs.theorems.lemmas import HALF, START, A, J, K, last_step, product, steps, symbol
from theory.proofs.theorems.theorem_a import H, L
from theory.proofs.theorems.theorem_b import _NAMED as OF_B
from theory.proofs.theorems.theorem_b import argument

TURNED_R = OF_B["R"]


def turned_at_all(run: Powers) -> Apply:
    """eta_k eta (2 D^2 + 2 D + 1) >= R_k."""
    step, there = run.step, readers_of_k(A)
    reader, twice = step.having(*there), product(step, 2, others(step), first_step(step))
    bound = rules.add(twice, first_step(step))
    reached = rules.instantiate(Ref("reach"), reader, k=A)
    larger = rules.instantiate(Ref("falling"), reader, t=K, k=A)
    each = rules.add(
        product(reader, rules.add(product(reader, 2, reached), run.below_first(reader, A)), symbol(reader, "eta", A)),
        rules.multiply(larger, rules.weaken(bound, reader)),
    )
    own = product(step, rules.add(Ref("reach"), run.below_first(step, K)), symbol(step, "eta", K))
    fewer = product(step, rules.readers_count(step, K), bound, symbol(step, "eta", K))
    return rules.add(rules.total(each, ("a",), *there), fewer, own)


def as_long_as_turned(run: Powers, m: Call) -> Apply:
    """M eta_k >= L R_k."""
    longer = product(run.step, rules.maximum(run.step, m, 1), symbol(run.step, "eta", K))
    return rules.add(longer, product(run.step, turned_at_all(run), symbol(run.step, "L")))


def factor(context: Context, m: Call) -> Apply:
    """M >= 0."""
    return rules.add(rules.maximum(context, m, 0), rules.constant(context, 1))


def low_b(run: Powers, m: Call, room: Assumed) -> Apply:
    """2 + 1/s >= L m eta_k."""
    more = product(run.step, run.below_first(run.step, K), factor(run.step, m), symbol(run.step, "L"))
    return rules.add(rules.weaken(room.fact(START), run.step), more)


def weights_b(run: Powers) -> Apply:
    """v_k >= 0."""
    before = (le(ZERO, J), le(J, K - 1), le(K - 1, J))
    own = rules.total(symbol(run.step.having(*before), "eta", J), ("j",), *before)
    return rules.add(weights(run), own)


def closed_b(run: Powers, m: Call) -> Apply:
    """The minimum, and both sums."""
    level, quarter = run.level, HALF * HALF
    at_each = product(run.step, Ref("weights"), rules.minimum(run.step, K), quarter)
    end = rules.add(
        product(level, symbol(level, "eta", LAST - 1), quarter), product(level, symbol(level, "L", power=-1), HALF)
    )
    squares_factor = product(level, factor(level, m), symbol(level, "m"), symbol(level, "L"), quarter)
    return rules.add(
        Ref("summed"),
        rules.total(at_each, ("k",), *steps(K)),
        rules.multiply(end, rules.minimum(level, LAST)),
        product(level, rules.weaken(Ref("sum"), level), symbol(level, "m")),
        product(level, rules.weaken(Ref("squares"), level), squares_factor),
    )


def proof(bound: Bound, p: Fraction) -> Proof:
    """Theorem B at steps eta k^{-p}."""
    run = Powers(p, frozenset({NOISELESS}))
    room = Assumed("room", Claim(bound.conditions[-2].left, Number(0)))
    m = next(node for node in bound.conditions[-2].left.walk() if isinstance(node, Call))
    b = Defined("b", m * ETA)
    v = Defined("v", ETA + Previous(ETA) + served(ETA * (2 - L * b)))
    as_step = product(run.step, rules.maximum(run.step, m, 0), symbol(run.step, "eta", K))
    conclusion = theorem(bound.value)
    middle = (
        Step("reach", "A window is short", "at most s - 1 steps, each at most eta", Claim(REACH, H), reach(run)),
        Step(
            "turned",
            "m eta_k is enough",
            "at most s - 1 windows hold k",
            Claim(b, L * TURNED_R),
            as_long_as_turned(run, m),
        ),
        *argument(b, v, as_step, Ref("turned")),
        Step("low", "The factor is hardly above 2", "h m <= 2 + 1/s", Claim(2 + 1 / S, L * b), low_b(run, m, room)),
        Step(
            "served",
            "Few steps read a point",
            "at most s, each no larger",
            Claim(S * ETA, served(ETA)),
            served_by_few(run),
        ),
        Step("weights", "No weight is negative", "the two steps before", Claim(v, Number(0)), weights_b(run)),
    )
    last = Step("theorem", "The closed form", "m <= |g_t|^2, and the sums", conclusion, closed_b(run, m), last_step)
    return Proof(bound.name, (*of_sums(run), *middle, last), conclusion, (run.law, room), run.laws)
