"""Theorem A at steps eta and eta/sqrt(k), replayed by the kernel."""

from __future__ import annotations

from fractions import Fraction

from theory.bounds.parts.assumptions import ORDERED_READS
from theory.bounds.parts.bound import Bound
from theory.claims.powers.bounds import FIRST, kappa, noise
from theory.claims.powers.runs import (
    ETA,
    REACH,
    Powers,
    S,
    first_step,
    of_sums,
    one_and,
    reach,
    served_by_few,
    waits,
    weights,
)
from theory.formulas.formula import Formula, Number, readers, served
from theory.proofs.kernel import (
    IN_ORDER_IF_NOISY,
    LAST,
    ZERO,
    Context,
    Index,
)
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.statement import meaning
from theory.proofs.theorems.constant_step import others, readers_of_k
from theory.proofs.theorems.lemmas import HALF, START, A, Derived, K, product, steps, symbol
from theory.proofs.theorems.lemmas import window as inside
from theory.proofs.theorems.theorem_a import OVERTAKES, C, H, L, V
from theory.proofs.theorems.theorem_a import STEPS as STEPS_OF_A


def turn(late: int) -> Formula:
    """At least H_k (1 + 2 o_k L H_k)."""
    return REACH * (1 + 2 * late * L * REACH)


def window_sum(run: Powers) -> Apply:
    """H_k >= 0."""
    within = run.step.having(*inside(A, K))
    return rules.total(symbol(within, "eta", A), ("a",), *inside(A, K))


def overtaken(run: Powers, late: int, number: int, room: Derived, further: Formula) -> Apply:
    """Room for `number` L (D eta or H_k) o_k times `further`, which is H_k or 1."""
    if not late:
        return rules.add(
            room, rules.scale_equality(rules.not_overtaken(run.step, K), -meaning(number * L * H * further))
        )
    h, reached = window_sum(run), product(run.step, others(run.step), first_step(run.step))
    ordered = product(run.step, rules.indicator(run.step, K), h)
    longer: Derived = Ref("reach")
    if further is H:
        ordered = product(run.step, ordered, h)
        longer = product(run.step, longer, rules.add(reached, h))
    return rules.add(room, product(run.step, rules.add(ordered, longer), number, symbol(run.step, "L")))


def turned(run: Powers, late: int) -> Apply:
    """D eta (1 + 2 o L D eta) >= H_k (1 + 2 o_k L H_k)."""
    return overtaken(run, late, 2, Ref("reach"), H)


def noised(run: Powers, late: int) -> Apply:
    """1 + 3 o L D eta >= 1 + 3 o_k L H_k."""
    return overtaken(run, late, 3, rules.constant(run.step, 0), Number(1))


def over_readers(run: Powers, one: str, body: Derived, size: Index) -> Apply:
    """D eta_size times a bound, at least the sum over the steps i with k in W_i of eta_i times what it bounds."""
    there = readers_of_k(A)
    reader = run.step.having(*there)
    larger = rules.instantiate(Ref("falling"), reader, t=size, k=A)
    each = rules.add(
        product(reader, rules.instantiate(Ref(one), reader, k=A), symbol(reader, "eta", A)),
        rules.multiply(larger, rules.weaken(body, reader)),
    )
    fewer = product(run.step, rules.readers_count(run.step, K), body, symbol(run.step, "eta", size))
    return rules.add(rules.total(each, ("a",), *there), fewer)


def turns(run: Powers, late: int) -> Apply:
    """L eta_k kappa >= c_k."""
    bound = product(run.step, others(run.step), first_step(run.step), one_and(run.step, waits(run.step), 2 * late))
    return rules.multiply(over_readers(run, "turn", bound, K), symbol(run.step, "L", power=2))


def noises(run: Powers, late: int) -> Apply:
    """Nu >= 1 + L times the sum of eta_i (1 + 3 o_i L H_i)."""
    bound = one_and(run.step, waits(run.step), 3 * late)
    return rules.multiply(over_readers(run, "noise", bound, ZERO), symbol(run.step, "L"))


def large(context: Context, late: int) -> Derived:
    """Kappa >= 0."""
    wait = product(context, others(context), waits(context))
    return rules.add(rules.constant(context, 1), product(context, wait, one_and(context, waits(context), 2 * late)))


def low(run: Powers, late: int, room: Assumed) -> Apply:
    """1/s >= c_k - 1."""
    more = product(run.step, run.below_first(run.step, K), large(run.step, late), symbol(run.step, "L"))
    return rules.add(rules.weaken(room.fact(START), run.step), more, Ref("turns"))


def closed_a(run: Powers, late: int) -> Apply:
    """The minimum, c_k and the noise at most so, and both sums."""
    level, step = run.level, run.step
    point, m = rules.minimum(step, K), rules.minimum
    at_each = rules.add(
        product(step, Ref("weights"), point, HALF),
        product(step, Ref("turns"), symbol(step, "m"), symbol(step, "eta", K), HALF),
        product(
            step,
            Ref("noises"),
            symbol(step, "eta", K, power=2),
            symbol(step, "sigma", power=2),
            symbol(step, "L"),
            HALF,
        ),
    )
    lots = product(level, large(level, late), symbol(level, "m"))
    some = product(level, one_and_noise(level, late), symbol(level, "sigma", power=2))
    squares_factor = product(level, rules.add(lots, some), symbol(level, "L"), HALF)
    return rules.add(
        rules.weaken(Ref("summed"), level),
        rules.total(at_each, ("k",), *steps(K)),
        product(level, m(level, LAST), symbol(level, "L", power=-1), HALF),
        product(level, rules.weaken(Ref("sum"), level), symbol(level, "m")),
        product(level, rules.weaken(Ref("squares"), level), squares_factor),
    )


def one_and_noise(context: Context, late: int) -> Apply:
    """Nu >= 0."""
    return rules.add(
        rules.constant(context, 1), product(context, waits(context), one_and(context, waits(context), 3 * late))
    )


def proof(bound: Bound, p: Fraction) -> Proof:
    """Theorem A at steps eta k^{-p}."""
    late = 0 if ORDERED_READS in bound.assumptions else 1
    run = Powers(p, frozenset() if late else frozenset({IN_ORDER_IF_NOISY}))
    room_side = bound.conditions[-2]
    room = Assumed("room", Claim(room_side.left, Number(0)))
    conclusion = theorem(bound.value)
    middle = (
        Step("reach", "A window is short", "at most s - 1 steps, each at most eta", Claim(REACH, H), reach(run)),
        Step(
            "turn",
            "What a step turns",
            "o_k <= 1, or 0",
            Claim(turn(late), H * (1 + 2 * OVERTAKES * L * H)),
            turned(run, late),
        ),
        Step(
            "noise",
            "What a step adds to the noise",
            "the same",
            Claim(1 + 3 * late * L * REACH, 1 + 3 * OVERTAKES * L * H),
            noised(run, late),
        ),
        Step(
            "turns",
            "c_k is small",
            "at most s - 1 windows hold k, of steps no larger",
            Claim(L * ETA * kappa(FIRST, late), C),
            turns(run, late),
        ),
        Step(
            "noises",
            "The noise is small",
            "the same",
            Claim(noise(FIRST, late), 1 + L * readers(ETA * (1 + 3 * OVERTAKES * L * H))),
            noises(run, late),
        ),
        Step("low", "c_k is hardly above 1", "h kappa <= 1 + 1/s", Claim(1 + 1 / S, C), low(run, late, room)),
        Step(
            "served",
            "Few steps read a point",
            "at most s, each no larger",
            Claim(S * ETA, served(ETA)),
            served_by_few(run),
        ),
        Step("weights", "No weight is negative", "the two steps before", Claim(V, Number(0)), weights(run)),
    )
    last = Step("theorem", "The closed form", "m <= |g_t|^2, and the sums", conclusion, closed_a(run, late))
    return Proof(bound.name, (*STEPS_OF_A[:-1], *of_sums(run), *middle, last), conclusion, (run.law, room), run.laws)
