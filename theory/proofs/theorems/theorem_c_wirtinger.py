"""The discrete Wirtinger lemma on the two windows of a step, from the point that it reads to x_k and to x_{k+1}.

Before the run the path stands still at x_0, so that it always has s - 1 and s steps. Four cases: there is no delay; it
is step 0; the step reads x_0; it reads the point s - 1 points back.
"""

from __future__ import annotations

from collections.abc import Callable

from theory.bounds.theorem_c import THEOREM_C
from theory.formulas.formula import Defined, window
from theory.formulas.notation import name_node
from theory.proofs.kernel import DELAY, ZERO, Context, Expression, Index, Term, le, lt, scalar, tau
from theory.proofs.nodes import G, first, following, inner, read, square
from theory.proofs.proof import Apply, Claim, Ref, Step, rules
from theory.proofs.statement import meaning
from theory.proofs.terms import bound_variables
from theory.proofs.theorems.lemmas import J, K, gaps, gradient, whether
from theory.proofs.theorems.wirtinger import SINE_SQUARED, STEP, TURN, inverse_is, not_negative, zero

NAMED = {node.symbol: node for node in THEOREM_C.definitions}
R, U_SHORT, U_LONG = (NAMED[symbol] for symbol in ("r", "U_{s-1}", "U_{s}"))
#: The A of Theorem C; where there is noise, A is another number.
A = Defined("A_{0}", NAMED["A"].body, sequence=False)
short, long, growth = meaning(U_SHORT), meaning(U_LONG), meaning(A)

WAITING = name_node("s") - 1 - name_node("d")  # how many points before x_0 the window would reach
INNER = window(square(G)) - square(read(G)) + WAITING * first(square(G))
SHORT = Claim(
    2 * inner(G, read(G)) + U_SHORT * (window(TURN) - 4 * R**2 * INNER),
    (A + 4 * R**2 * U_SHORT) * (square(G) + square(read(G))),
)
LONG = Claim(
    2 * inner(following(G), read(G)) + U_LONG * (window(TURN) + TURN - 4 * R**2 * (INNER + square(G))),
    A * (square(following(G)) + square(read(G))),
)


def sum_along(start: Index, stop: Index) -> Expression:
    """The sum of |g_{j+1} - g_j|^2 over start <= j < stop, less 4 r^2 times that of |g_j|^2 over start < j < stop."""
    turns = (gradient(J + 1) - gradient(J)).square().total(("j",), le(start, J), lt(J, stop))
    return turns - 4 * SINE_SQUARED * gradient(J).square().total(("j",), lt(start, J), lt(J, stop))


def multiplied(
    context: Context, lemma: Apply, one: Apply, high: Index, low: Index, y: Expression, z: Expression
) -> Apply:
    """The lemma times U_m: U_m * sum + 2 <y, z> - (U_m - U_{m-1})(|y|^2 + |z|^2) >= 0."""
    factor = 2 * y.dot(z) + scalar("U", high - 1, low) * (y.square() + z.square())
    unit = inverse_is(context, high, low, one)
    return rules.add(rules.multiply(lemma, not_negative(context, one)), zero(unit, -factor))


def pair_of(y: Expression, z: Expression) -> Expression:
    """|y|^2 + |z|^2."""
    return y.square() + z.square()


def later(context: Context, y: Index, longer: int) -> Apply:
    """A step k >= D: the window is whole, U_m with m = k + longer - tau_k is U_{D + longer}."""
    end, low = K + longer, tau(K)
    one = rules.instantiate(Ref("grown"), context, p=end, q=low)
    lemma = rules.instantiate(Ref("path"), context, p=end, q=low)
    along, both = sum_along(low, end), pair_of(gradient(y), gradient(low))
    here, above = rules.sine_full(context, K, 0), rules.sine_full(context, K, 1)
    if longer:
        renamed: tuple[Apply, ...] = (zero(above, both - along), zero(here, -both))
        sine = long
    else:
        renamed = (
            zero(rules.sine_recurrence(context, K, low), -both),
            zero(here, -(1 - 4 * SINE_SQUARED) * both - along),
            zero(above, both),
        )
        sine = short
    return rules.add(
        multiplied(context, lemma, one, end, low, gradient(y), gradient(low)),
        *renamed,
        zero(rules.window_full(context, K), -4 * SINE_SQUARED * sine * gradient(ZERO).square()),
    )


def early(context: Context, y: Index, longer: int, lemma: Apply) -> Apply:
    """A step k <= D: it reads x_0, and the path stands still there until it is D + longer long."""
    end = DELAY + longer
    one = rules.instantiate(Ref("at start"), context, n=end)
    both = pair_of(gradient(y), gradient(ZERO))
    sine, done = (long, ()) if longer else (short, (zero(rules.sine_recurrence(context, DELAY, ZERO), -both),))
    # From g_0 to the same gradient as the one that is read, and from the length of the wait to s - 1 - d_k.
    weight = -growth if longer else -(growth + 4 * SINE_SQUARED * short)
    moved = 2 * gradient(y) + (weight + 4 * SINE_SQUARED * sine) * (gradient(tau(K)) + gradient(ZERO))
    return rules.add(
        multiplied(context, lemma, one, end, ZERO, gradient(y), gradient(ZERO)),
        *done,
        rules.same_point(context, tau(K), ZERO, moved),
        zero(rules.delay_size(context), -4 * SINE_SQUARED * sine * gradient(ZERO).square()),
    )


def waiting(context: Context, end: Index, longer: int) -> Apply:
    """The path from g_0 to g_end, then standing still."""
    walked = rules.instantiate(Ref("path"), context, p=end, q=ZERO)
    return rules.add(walked, rules.instantiate(Ref("standing"), context, p=end, q=end, n=DELAY + longer))


def at_once(context: Context, y: Index, longer: int) -> Apply:
    """No delay: g_k is read, U_D = 0 and U_{D+1} = 1."""
    none, one = rules.sine_start(context, DELAY, ZERO, 0), rules.sine_start(context, DELAY + 1, ZERO, 1)
    both, here, there = pair_of(gradient(y), gradient(tau(K))), gradient(K), gradient(tau(K))
    if longer:
        along = meaning(window(TURN) + TURN - 4 * R**2 * (INNER + square(G)))
        moved = (1 - 4 * SINE_SQUARED) * (here + there) - 2 * gradient(y)
        no_wait = zero(rules.delay_size(context), -4 * SINE_SQUARED * gradient(ZERO).square())
        renamed: tuple[Apply, ...] = (zero(one, along - both), zero(none, both), no_wait)
    else:
        along = meaning(window(TURN) - 4 * R**2 * INNER)
        moved = there - here
        renamed = (zero(one, -both), zero(none, along + (1 - 4 * SINE_SQUARED) * both))
    return rules.add(rules.same_point(context, K, tau(K), moved), *renamed)


def standing_still(context: Context) -> Apply:
    """The first step, before it is taken: the whole path stands still."""
    square_0, v = 2 * gradient(ZERO).square(), scalar("1/U", ZERO + 1, ZERO)
    unit = inverse_is(context, ZERO + 1, ZERO, rules.instantiate(Ref("at start"), context, n=ZERO + 1))
    one, none = rules.sine_start(context, ZERO + 1, ZERO, 1), rules.sine_start(context, ZERO, ZERO, 0)
    return rules.add(
        rules.instantiate(Ref("standing"), context, p=ZERO + 1, q=ZERO, n=DELAY),
        zero(unit, square_0),
        zero(one, -v * square_0),
        zero(none, v * square_0),
    )


def at_first_step(context: Context, longer: int) -> Apply:
    """Step 0, where k is another name of 0."""
    here, there, ahead, behind = gradient(K), gradient(ZERO), gradient(K + 1), gradient(ZERO + 1)
    if longer:
        moved = (
            2 * gradient(tau(K)) - growth * (ahead + behind) + long * (ahead + behind - 2 * here),
            long * ((1 - 4 * SINE_SQUARED) * (here + there) - 2 * behind),
        )
        return rules.add(
            early(context, ZERO + 1, 1, waiting(context, ZERO + 1, 1)),
            rules.same_point(context, K + 1, ZERO + 1, moved[0]),
            rules.same_point(context, K, ZERO, moved[1]),
        )
    moved_0 = 2 * gradient(tau(K)) - (growth + 4 * SINE_SQUARED * short) * (here + there)
    return rules.add(early(context, ZERO, 0, standing_still(context)), rules.same_point(context, K, ZERO, moved_0))


def cutting(*places: Index) -> Callable[[Term], tuple[Index, Index] | None]:
    """Cut every sum before each of some places; before a read only a sum that starts there."""

    def choose(term: Term) -> tuple[Index, Index] | None:
        pairs = ((index, place) for index in bound_variables(term) for place in places)
        near = (pair for pair in pairs if pair[1].core[0] != "tau" or (pair[1].core, pair[0].core) in gaps(term))
        return next(filter(None, (whether(term, index + 1, place) for index, place in near)), None)

    return choose


def on_window(claim: Claim, y: Index, longer: int) -> Apply:
    """The lemma on the window of a step: no delay; the first step; a step k <= D; a later one."""
    body = claim.expression()
    none, some = STEP.having(le(DELAY, ZERO)), STEP.having(lt(ZERO, DELAY))
    begin, after = some.having(le(K, ZERO)), some.having(lt(ZERO, K))
    within, beyond = after.having(le(K, DELAY)), after.having(lt(DELAY, K))
    at_start = cutting(ZERO + 1, K, K + 1, DELAY)
    parts = (
        rules.restate(early(within, y, longer, waiting(within, y, longer)), body, at_start),
        rules.restate(later(beyond, y, longer), body, cutting(tau(K) + 1, K, K + 1)),
    )
    first_too = rules.cases(
        some,
        K,
        ZERO,
        rules.restate(at_first_step(begin, longer), body, cutting(ZERO + 1, DELAY)),
        rules.cases(after, K, DELAY, *parts, body),
        body,
    )
    return rules.cases(STEP, DELAY, ZERO, at_once(none, y, longer), first_too, body)


STEPS = (
    Step(
        "short",
        "The lemma from the point that step k reads to x_k, standing still at x_0 before the run",
        "times U_{s-1}; cases: no delay; step 0; k <= s - 1, where the path stands still first; k > s - 1",
        SHORT,
        on_window(SHORT, K, 0),
    ),
    Step("long", "The same to x_{k+1}", "times U_s; the same cases", LONG, on_window(LONG, K + 1, 1)),
)
