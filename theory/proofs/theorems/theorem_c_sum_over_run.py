"""One step, one delay: which points the squares belong to. Steps that Theorem C with and without noise share.

With Y_t = |g_t|^2 - m >= 0: every point after x_0 is read once at most, and what is not read has no negative weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from theory.bounds.theorem_c import First
from theory.formulas.formula import Defined, Formula, Number, Product, total, window
from theory.formulas.notation import name_node
from theory.proofs.kernel import DELAY, LAST, ZERO, Context, Expression, Index, Term, le, lt, scalar, tau
from theory.proofs.nodes import MINIMUM, G, Meant, first, following, read, square
from theory.proofs.proof import Apply, Assumed, Claim, Ref, Step, rules
from theory.proofs.statement import meaning
from theory.proofs.terms import bound_variables
from theory.proofs.theorems.lemmas import HALF, T_, Derived, J, K, gaps, gradient, product, steps, symbol, whether
from theory.proofs.theorems.theorem_c_wirtinger import NAMED, U_SHORT, cutting, short
from theory.proofs.theorems.wirtinger import RUN, not_negative, zero

ETA, S_ = map(name_node, ("eta", "s"))
H, READERS = NAMED["h"], NAMED["n"]
ALIKE = Assumed("all step sizes are equal", Claim(ETA, First(ETA), equality=True))
QUARTER = HALF * HALF

h = meaning(H)


# ------------------------------------------------------------------------------------------------------------ signs


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
        return meaning(self.body, J).total(("j",), *steps(J), lt(ZERO, tau(J)))

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
    if len(bound_variables(term)) == 1:
        return whether(term, bound_variables(term)[0], ZERO)
    pairs = ((inside, tau(step)) for step, inside in permutations(bound_variables(term), 2))
    starts = (pair for pair in pairs if gaps(term).get((pair[1].core, pair[0].core)) == 0)
    return next(filter(None, (whether(term, *pair) for pair in starts)), None)


def reads() -> Apply:
    """A step with tau_k = 0 reads x_0."""
    there = RUN.having(*steps(K), le(tau(K), ZERO))
    one = rules.same_point(there, tau(K), ZERO, gradient(tau(K)) + gradient(ZERO))
    return rules.total(one, ("k",), *steps(K), le(tau(K), ZERO))


def by_read(term: Term) -> tuple[Index, Index] | None:
    """Cut a sum over the steps by whether they read x_0."""
    return whether(term, tau(bound_variables(term)[0]), ZERO) if bound_variables(term) else None


# --------------------------------------------------------------------------------------------- the run, the minimum


def over_the_run(run: Context, enough: Derived, *more: Derived, share: Derived | Fraction | int = 1) -> Apply:
    """Step "step" summed over the steps; `enough` is what beta is at least, `share` that of the lemma, `more` is added.

    Over the steps |delta_j|^2 then gets a coefficient that is not negative: at most s - 1 windows hold j.
    """
    point = run.having(*steps(J))
    turn = rules.square(point, gradient(J + 1) - gradient(J))
    sines = rules.add(short_sine(point), long_sine(point))
    counted = product(point, rules.readers_count(point, J), step_length(point), sines, turn, share, QUARTER)
    return rules.add(
        rules.total(Ref("step"), ("k",), *steps(K)),
        rules.total(rules.add(counted, product(point, enough, turn, QUARTER)), ("j",), *steps(J)),
        product(run, rules.bounded_below(run, LAST, -gradient(LAST) * scalar("L", power=-1)), symbol(run, "L")),
        product(run, rules.gap(run), symbol(run, "L")),
        *more,
    )


@dataclass(frozen=True, eq=False)
class Ending:
    """What the last step needs: A, r^2 (with the share of the lemma), beta (with all that is paid like it), nu, S > 0.

    Of A and r^2 also the facts that they are not negative.
    """

    run: Context
    growth: Expression
    growing: Derived
    round: Expression
    rounded: Derived
    cost: Expression
    nu: Formula
    positive: Assumed

    def minimum(self) -> Apply:
        """Every point after x_0 has a weight that is not negative; x_0 has v."""
        run = self.run
        late = run.having(*steps(K), lt(ZERO, tau(K)))
        last_squares = rules.total(
            product(late, rules.minimum(late, tau(K)), self.positive.fact(late)), ("k",), *steps(K), lt(ZERO, tau(K))
        )
        both = rules.add(short_sine(run), long_sine(run))
        rounded, growing = product(run, self.rounded, step_length(run)), product(run, self.growing, step_length(run))
        own = rules.add(product(run, growing, QUARTER), rules.multiply(rounded, both))
        start = rules.add(rules.bounded_below(run, ZERO, -gradient(ZERO) * scalar("L", power=-1)), rules.gap(run))
        read_weight = h * HALF * (self.growth + 2 * self.round * short) - self.cost * h * h * QUARTER
        return rules.add(
            Ref("summed"),
            rules.multiply(rules.weaken(Ref("own"), run), own),
            product(run, rules.weaken(Ref("next"), run), growing, QUARTER),
            product(run, rules.weaken(Ref("inside"), run), both, rounded),
            zero(rules.weaken(Ref("reads"), run), read_weight),
            last_squares,
            product(run, rules.maximum(run, self.nu, 1), rules.minimum(run, ZERO)),
            product(run, start, rules.maximum(run, self.nu, 0), symbol(run, "L"), 2),
            product(run, rules.minimum(run, LAST), HALF),
            zero(rules.steps_count(run), -scalar("m") * meaning(self.positive.claim.left)),
        )

    def step(self, theorem: Claim) -> Step:
        """The last step of the proof."""
        why = (
            "x_t with t >= 1 has weight S if it is read and more than 0 else, x_0 has weight v; add (nu + v) Y_0 >= 0, "
            "nu (2 L Delta - |g_0|^2) >= 0 and Y_T/2 >= 0"
        )
        return Step("theorem", "The minimum", why, theorem, self.minimum())

    def denominator(self) -> Apply:
        """T S + nu is not negative, so that T S + nu + 1/2 is positive."""
        weight = product(self.run, self.positive.fact(self.run), symbol(self.run, "T"))
        return rules.add(weight, rules.maximum(self.run, self.nu, 0))


NOT_NEGATIVE = (
    Step(
        "not negative",
        "The shorter sine is not negative",
        "U_0 = 0, or U_{s-1} >= 1",
        Claim(U_SHORT, Number(0)),
        not_negative_at_all(),
    ),
)
STEPS = (
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
)
