"""Theorem C, replayed for every delay and every number of steps: a constant step, one delay, exact gradients."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

from theory.bounds.theorem_c import THEOREM_C, First
from theory.formula import Defined, Formula, Number, Product, formula, total, window
from theory.notation import name_node
from theory.proofs.axioms import displacement
from theory.proofs.kernel import (
    DELAY,
    LAST,
    ZERO,
    Context,
    Expression,
    Index,
    Term,
    expression,
    le,
    lt,
    scalar,
    tau,
    var,
)
from theory.proofs.lemmas import (
    HALF,
    T_,
    J,
    K,
    ends,
    gaps,
    gradient,
    interpolation,
    lipschitz,
    product,
    steps,
    symbol,
    whether,
)
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.statement import F_GAP, MINIMUM, G, Meant, first, following, inner, last, meaning, read, square
from theory.proofs.theorem_c_windows import (
    INNER,
    NAMED,
    U_LONG,
    U_SHORT,
    A,
    R,
    cutting,
    growth,
    short,
)
from theory.proofs.theorem_c_windows import STEPS as WINDOWS
from theory.proofs.wirtinger import RUN, SINE_SQUARED, STEP, TURN, not_negative, zero
from theory.proofs.wirtinger import STEPS as LEMMA

L, DELTA, ETA, S_ = map(name_node, ("L", "Delta", "eta", "s"))
H, BETA, NU, S, READERS = (NAMED[symbol] for symbol in ("h", r"\beta", r"\nu", "S", "n"))
ALIKE = Assumed("all step sizes are equal", Claim(ETA, First(ETA), equality=True))
POSITIVE = Assumed("S > 0", Claim(S, formula(0)))
QUARTER = HALF * HALF

h, beta = meaning(H), meaning(BETA)


# ------------------------------------------------------------------------------------------ one step, and all


INTERPOLATED = Claim(
    L * (F_GAP - following(F_GAP)),
    H / 2 * inner(G + following(G), read(G)) + BETA / 4 * (TURN - H**2 * square(read(G))),
)
ONE_STEP = Claim(
    L * (F_GAP - following(F_GAP))
    + H / 4 * (U_SHORT + U_LONG) * (window(TURN) - 4 * R**2 * INNER)
    + H / 4 * U_LONG * (TURN - 4 * R**2 * square(G)),
    H / 4 * ((A + 4 * R**2 * U_SHORT) * (square(G) + square(read(G))) + A * (square(following(G)) + square(read(G))))
    + BETA / 4 * (TURN - H**2 * square(read(G))),
)
SUMMED = Claim(
    L * DELTA,
    total(
        H
        / 4
        * ((A + 4 * R**2 * U_SHORT) * (square(G) + square(read(G))) + A * (square(following(G)) + square(read(G))))
        + H * R**2 * ((U_SHORT + U_LONG) * INNER + U_LONG * square(G))
        - BETA * H**2 / 4 * square(read(G))
    )
    + last(square(G)) / 2,
)


def interpolated() -> Apply:
    """The interpolation inequality for x_k and x_{k+1}, and smoothness beta - 1 times."""
    moved, both, used = displacement(K, K + 1), gradient(K) + gradient(K + 1), gradient(tau(K)).square()
    eta, eta_0, smoothness = scalar("eta", K), scalar("eta", ZERO), scalar("L")
    terms = both.dot(moved) * HALF + beta * smoothness * QUARTER * moved.square()
    more = product(
        STEP, lipschitz(STEP, K + 1, K), rules.maximum(STEP, BETA.body, 0), symbol(STEP, "L", power=-1), QUARTER
    )
    alike = both.dot(gradient(tau(K))) * HALF - beta * smoothness * QUARTER * (eta + eta_0) * used
    one = rules.add(
        interpolation(STEP, K, K + 1),
        more,
        zero(rules.orthogonal(STEP, terms), expression(-1)),
        zero(ALIKE.fact(STEP), alike),
    )
    return rules.multiply(one, symbol(STEP, "L"))


def step_length(context: Context) -> Apply:
    """H >= 0."""
    return rules.multiply(symbol(context, "L"), symbol(context, "eta", ZERO))


def short_sine(context: Context) -> Apply:
    """U_{s-1} >= 0."""
    return rules.weaken(Ref("not negative"), context)


def long_sine(context: Context) -> Apply:
    """U_s >= 0."""
    return not_negative(context, rules.instantiate(Ref("at start"), context, n=DELAY + 1))


def growing(context: Context) -> Apply:
    """A >= 0."""
    return rules.sine_increases(context, DELAY, ZERO)


def sine_squared(context: Context) -> Apply:
    """r^2 >= 0."""
    return rules.square(context, scalar("sine"))


def not_negative_at_all() -> Apply:
    """U_{s-1} is U_0 = 0 or at least 1."""
    none, some = RUN.having(le(DELAY, ZERO)), RUN.having(lt(ZERO, DELAY))
    above = not_negative(some, rules.instantiate(Ref("at start"), some, n=DELAY))
    return rules.cases(RUN, DELAY, ZERO, rules.sine_start(none, DELAY, ZERO, 0), above, short)


def one_step() -> Apply:
    """The lemma on both windows, h/4 times."""
    parts = (product(STEP, Ref(name), step_length(STEP), QUARTER) for name in ("short", "long"))
    return rules.add(Ref("interpolated"), *parts)


def summed() -> Apply:
    """Over the steps |delta_j|^2 gets at least (beta - h b)/4."""
    point = RUN.having(*steps(J))
    turn = rules.square(point, gradient(J + 1) - gradient(J))
    sines = rules.add(short_sine(point), long_sine(point))
    counted = product(point, rules.readers_count(point, J), step_length(point), sines, turn, QUARTER)
    enough = product(point, rules.maximum(point, BETA.body, 1), turn, QUARTER)
    return rules.add(
        rules.total(Ref("step"), ("k",), *steps(K)),
        rules.total(rules.add(counted, enough), ("j",), *steps(J)),
        product(RUN, rules.bounded_below(RUN, LAST, -gradient(LAST) * scalar("L", power=-1)), symbol(RUN, "L")),
        product(RUN, rules.gap(RUN), symbol(RUN, "L")),
    )


# ---------------------------------------------------------------------------- which points the squares belong to


@dataclass(frozen=True, eq=False)
class TotalLate(Meant):
    """The sum of a node over the steps that read a point after x_0."""

    body: Formula
    strength = Product.strength

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def mean(self, index: Index) -> Expression:
        j = var("@late")
        return meaning(self.body, j).total((j.core[1],), *steps(j), lt(ZERO, tau(j)))

    def latex(self, index: str = "k") -> str:
        return rf"\sum_{{k:\, \tau_{{k}} \ge 1}} {self.body.bracketed(Product.strength, 'k')}"


Y = Defined("Y", square(G) - MINIMUM)
LATE = TotalLate(read(Y))
OWN = Claim(total(Y) - first(Y), LATE)
NEXT = Claim(total(following(Y)), LATE)
INSIDE = Claim(total(window(Y) - read(Y)) + first(Y), (S_ - 2) * LATE)
READS = Claim(total(read(Y)), LATE + first(READERS) * first(Y), equality=True)


def read_once() -> Apply:
    """Sum of Y_t over 0 < t < T is at least the sum of Y_tau_k over the steps with tau_k >= 1."""
    point = RUN.having(lt(ZERO, T_), lt(T_, LAST))
    one = product(point, rules.served_once(point, T_), rules.minimum(point, T_))
    return rules.total(one, ("t",), lt(ZERO, T_), lt(T_, LAST))


def first_read(context: Context, factor: int) -> Apply:
    """Step 0 reads x_0."""
    return rules.same_point(context, tau(ZERO), ZERO, factor * (gradient(tau(ZERO)) + gradient(ZERO)))


def insides() -> Apply:
    """Each point is read once at most, and s - 2 windows at least hold it inside when it is read after x_0."""
    none, some = RUN.having(le(DELAY, ZERO)), RUN.having(lt(ZERO, DELAY))
    within = (*steps(K), lt(tau(K), J), lt(J, K))
    pair, late = some.having(*within), some.having(*steps(K), lt(ZERO, tau(K)))
    seen = rules.total(product(pair, rules.served_once(pair, J), rules.minimum(pair, J)), ("k", "j"), *within)
    inside_of = product(late, rules.strictly_inside(late, K), rules.minimum(late, tau(K)))
    held = rules.total(inside_of, ("k",), *steps(K), lt(ZERO, tau(K)))
    body = INSIDE.expression()
    without = rules.add(zero(rules.delay_size(none), -meaning(LATE)), first_read(none, -1))
    return rules.cases(
        RUN,
        DELAY,
        ZERO,
        rules.restate(without, body, first_steps),
        rules.restate(rules.add(seen, held, first_read(some, -1)), body, first_steps),
        body,
    )


def first_steps(term: Term) -> tuple[Index, Index] | None:
    """Cut a sum over a window at the point that is read, and a sum over steps alone at the first one."""
    if len(term.bound) == 1:
        return whether(term, var(term.bound[0]), ZERO)
    pairs = ((var(inside), tau(var(step))) for step, inside in permutations(term.bound, 2))
    starts = (pair for pair in pairs if gaps(term).get((pair[1].core, pair[0].core)) == 0)
    return next(filter(None, (whether(term, *pair) for pair in starts)), None)


def reads() -> Apply:
    """A step with tau_k = 0 reads x_0."""
    there = RUN.having(*steps(K), le(tau(K), ZERO))
    one = rules.same_point(there, tau(K), ZERO, gradient(tau(K)) + gradient(ZERO))
    return rules.total(one, ("k",), *steps(K), le(tau(K), ZERO))


def by_read(term: Term) -> tuple[Index, Index] | None:
    """Cut a sum over the steps by whether they read x_0."""
    return whether(term, tau(var(term.bound[0])), ZERO) if term.bound else None


def theorem_c() -> Apply:
    """Every point after x_0 has a weight that is not negative; x_0 has v."""
    late = RUN.having(*steps(K), lt(ZERO, tau(K)))
    last_squares = rules.total(
        product(late, rules.minimum(late, tau(K)), POSITIVE.fact(late)), ("k",), *steps(K), lt(ZERO, tau(K))
    )
    both = rules.add(short_sine(RUN), long_sine(RUN))
    rounded = product(RUN, sine_squared(RUN), step_length(RUN))
    own = rules.add(product(RUN, growing(RUN), step_length(RUN), QUARTER), rules.multiply(rounded, both))
    start = rules.add(rules.bounded_below(RUN, ZERO, -gradient(ZERO) * scalar("L", power=-1)), rules.gap(RUN))
    read_weight = h * HALF * (growth + 2 * SINE_SQUARED * short) - beta * h * h * QUARTER
    return rules.add(
        Ref("summed"),
        rules.multiply(Ref("own"), own),
        product(RUN, Ref("next"), growing(RUN), step_length(RUN), QUARTER),
        product(RUN, Ref("inside"), both, rounded),
        zero(Ref("reads"), read_weight),
        last_squares,
        product(RUN, rules.maximum(RUN, NU.body, 1), rules.minimum(RUN, ZERO)),
        product(RUN, start, rules.maximum(RUN, NU.body, 0), symbol(RUN, "L"), 2),
        product(RUN, rules.minimum(RUN, LAST), HALF),
        zero(rules.steps_count(RUN), -scalar("m") * meaning(S)),
    )


THEOREM = theorem(THEOREM_C.value)

STEPS = (
    *LEMMA,
    *WINDOWS,
    Step(
        "interpolated",
        "The interpolation inequality for x_k and x_{k+1}",
        "smoothness, at the point (x_k + x_{k+1})/2 + (g_{k+1} - g_k)/2L; then add (beta - 1)/4L times "
        "L^2 |x_{k+1} - x_k|^2 - |g_{k+1} - g_k|^2 >= 0",
        INTERPOLATED,
        interpolated(),
    ),
    Step("step", "One step", "add h/4 times the lemma to x_k and to x_{k+1}", ONE_STEP, one_step()),
    Step(
        "not negative",
        "The shorter sine is not negative",
        "U_0 = 0, or U_{s-1} >= 1",
        Claim(U_SHORT, Number(0)),
        not_negative_at_all(),
    ),
    Step(
        "summed",
        "Sum over the steps",
        "at most s - 1 windows hold j, so |g_{j+1} - g_j|^2 gets at least (beta - h b)/4 >= 0; telescoping; "
        "f_T >= |g_T|^2/2L",
        SUMMED,
        summed(),
        ends("f"),
    ),
    Step(
        "own",
        "The points after x_0 that are read, with Y_k = |g_k|^2 - m >= 0",
        "x_t with t >= 1 is read once at most",
        OWN,
        read_once(),
        cutting(ZERO + 1),
    ),
    Step(
        "next",
        "The same for the points that the steps reach",
        "the same, and Y_T >= 0",
        NEXT,
        rules.add(read_once(), rules.minimum(RUN, LAST)),
        cutting(ZERO + 1, LAST),
    ),
    Step(
        "inside",
        "The points inside the windows",
        "x_t with t >= 1 is read once at most; if step k reads it, tau_i < t < i for the s - 2 steps t < i < k",
        INSIDE,
        insides(),
    ),
    Step("reads", "The points that are read", "a step with tau_k = 0 reads x_0", READS, reads(), by_read),
    Step(
        "theorem",
        "The minimum",
        "x_t with t >= 1 has weight S if it is read and more than 0 else, x_0 has weight v; add (nu + v) Y_0 >= 0, "
        "nu (2 L Delta - |g_0|^2) >= 0 and Y_T/2 >= 0",
        THEOREM,
        theorem_c(),
    ),
)
PROOF = Proof(
    "theorem-c",
    STEPS,
    THEOREM,
    assumed=(ALIKE, POSITIVE, "0 <= theta <= pi/(2s - 1)"),
    laws=RUN.laws,
)
