"""The discrete Wirtinger lemma for all lengths at once, as used by Theorem C: steps 1 to 5 of its proof.

U_m = sin(m theta)/sin(theta) and r = sin(theta/2). Along a path y_0..y_m, written with gradients g_q..g_p, the lemma
says: the sum of |y_{j+1} - y_j|^2 minus 4 r^2 times the sum of the inner |y_j|^2 is at least
(1 - U_{m-1}/U_m)(|y_0|^2 + |y_m|^2) - (2/U_m) <y_0, y_m>. It grows by one square when the path grows by one point:

    (1/(U_m U_{m+1})) |U_{m+1} y_m - U_m y_{m+1} - y_0|^2 >= 0.

The path of Theorem C stands still at g_0 before the first step: that part is the same square with y_m = y_{m+1} = g_0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from theory.bounds.theorem_c import HalfSine
from theory.formulas.formula import Defined, Formula, Name, Number, Product
from theory.proofs.kernel import DELAY, FIXED, ZERO, Context, Expression, Index, Term, le, lt, scalar, tau, var
from theory.proofs.nodes import At, G, Meant, following, inner, square, written
from theory.proofs.proof import Apply, Claim, Ref, Step, rules
from theory.proofs.statement import meaning
from theory.proofs.terms import bound_variables
from theory.proofs.theorems.lemmas import START, Derived, J, K, at_step, gradient, product, symbol, whether

Q, P, N = var("q"), var("p"), var("n")
RUN, STEP = START.under(FIXED), at_step().under(FIXED)
R = Defined("r", HalfSine(Name("theta", r"\theta")), sequence=False)
SINE_SQUARED = scalar("sine", power=2)
COSINE = 2 - 4 * SINE_SQUARED  # 2 cos(theta)

# Along the path from q to p; the last point is at most k + 1, the first at least tau_k.
ON_PATH = STEP.having(le(tau(K), Q), le(Q, K))
PATH_END = ON_PATH.having(le(Q + 1, P), le(P, K + 1))
AT_START = RUN.having(le(ZERO + 1, N), le(N, DELAY + 1))
STILL = RUN.having(le(ZERO + 1, P))


# ------------------------------------------------------------------------------------------------ as claims are printed


@dataclass(frozen=True, eq=False)
class Sine(Meant):
    """U_m for m = high - low."""

    high: Index
    low: Index

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def mean(self, index: Index) -> Expression:
        return scalar("U", self.high, self.low)

    def latex(self, index: str = "k") -> str:
        low = "" if self.low == ZERO else f"-{written(self.low)}"
        return f"U_{{{written(self.high)}{low}}}"


@dataclass(frozen=True, eq=False)
class OverSine(Meant):
    """A node divided by U_m, which is at least 1."""

    over: Formula
    under: Sine
    strength = Product.strength

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.over, self.under)

    def mean(self, index: Index) -> Expression:
        return meaning(self.over, index) * scalar("1/U", self.under.high, self.under.low)

    def latex(self, index: str = "k") -> str:
        return rf"\frac{{{self.over.latex(index)}}}{{{self.under.latex(index)}}}"


@dataclass(frozen=True, eq=False)
class Along(Meant):
    """The sum of a node over start <= j < stop."""

    body: Formula
    start: Index
    stop: Index
    strength = Product.strength

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def mean(self, index: Index) -> Expression:
        return meaning(self.body, J).total(("j",), le(self.start, J), lt(J, self.stop))

    def latex(self, index: str = "k") -> str:
        body = self.body.bracketed(Product.strength, "j")
        return rf"\sum_{{j={written(self.start)}}}^{{{written(self.stop - 1)}}} {body}"


def at(index: Index) -> Formula:
    """G at an index of the claim."""
    return At(G, index, written(index))


def _energy(y: Index, z: Index, high: Index, low: Index) -> Formula:
    """(1 - U_{m-1}/U_m)(|y|^2 + |z|^2) - (2/U_m)<y, z>: the least energy of a path of m steps from z to y."""
    both, pair, sine = square(at(y)) + square(at(z)), inner(at(y), at(z)), Sine(high, low)
    return (1 - OverSine(Sine(high - 1, low), sine)) * both - OverSine(Number(2), sine) * pair


TURN = square(following(G) - G)
CASSINI = Claim(Sine(N, Q) ** 2, Sine(N + 1, Q) * Sine(N - 1, Q) + 1, N)
GROWN = Claim(Sine(P, Q), Number(1), P)
GROWN_AT_START = Claim(Sine(N, ZERO), Number(1), N)
PATH = Claim(Along(TURN, Q, P) - 4 * R**2 * Along(square(G), Q + 1, P), _energy(P, Q, P, Q), P)
STANDING = Claim(_energy(Q, ZERO, P, ZERO) - 4 * R**2 * Along(square(at(ZERO)), P, N), _energy(Q, ZERO, N, ZERO), N)


# ---------------------------------------------------------------------------------------------------------- derivations


def zero(fact: Derived, factor: Expression) -> Apply:
    """A multiple of an equality."""
    return rules.scale_equality(fact, factor)


def inverse_is(context: Context, high: Index, low: Index, at_least_one: Apply) -> Apply:
    """U_m / U_m = 1."""
    return rules.sine_inverse(context, high, low, at_least_one)


def not_negative(context: Context, at_least_one: Apply) -> Apply:
    """U_m >= 0."""
    return rules.add(at_least_one, rules.constant(context, 1))


def cassini() -> Apply:
    """By induction on n: U_{n+1}^2 - U_{n+2} U_n - U_n^2 + U_{n+1} U_{n-1} = 0 by the recurrence at n and at n + 1."""
    above, here = scalar("U", N + 1, Q), scalar("U", N, Q)
    one, none = rules.sine_start(RUN, Q + 1, Q, 1), rules.sine_start(RUN, Q, Q, 0)
    base = rules.add(zero(one, scalar("U", Q + 1, Q) + 1), zero(none, -scalar("U", Q + 2, Q)))
    grow = RUN.having(le(Q + 1, N))
    step = rules.add(zero(rules.sine_recurrence(grow, N, Q), above), zero(rules.sine_recurrence(grow, N + 1, Q), -here))
    return rules.induct(base, step, CASSINI.expression(), "n", Q + 1)


def grown() -> Apply:
    """By induction on p: U_1 = 1, and U_m grows while m <= D."""
    step = rules.sine_increases(PATH_END.having(lt(P, K + 1)), P, Q, K)
    return rules.induct(rules.sine_start(ON_PATH, Q + 1, Q, 1), step, GROWN.expression(), "p", Q + 1, until=K + 1)


def grown_at_start() -> Apply:
    """The same for a path that starts at 0 and may be as long as D + 1."""
    step = rules.sine_increases(AT_START.having(lt(N, DELAY + 1)), N, ZERO)
    base = rules.sine_start(RUN, ZERO + 1, ZERO, 1)
    return rules.induct(base, step, GROWN_AT_START.expression(), "n", ZERO + 1, until=DELAY + 1)


def one_square(
    context: Context, high: Index, low: Index, ones: tuple[Apply, Apply], points: tuple[Expression, ...]
) -> Apply:
    """The square by which the lemma grows, with y_0, y_m, y_{m+1} = points, divided out and with the recurrence used.

    2 |y_m|^2 - 4 r^2 |y_m|^2 + U_m/U_{m+1} (|y_0|^2 + |y_{m+1}|^2) - U_{m-1}/U_m (|y_0|^2 + |y_m|^2)
        - 2 <y_m, y_{m+1}> - 2/U_m <y_m, y_0> + 2/U_{m+1} <y_{m+1}, y_0> >= 0.
    """
    start, y, beyond = points
    below, here, above = (scalar("U", high + shift, low) for shift in (-1, 0, 1))
    v, v_above = scalar("1/U", high, low), scalar("1/U", high + 1, low)
    unit, unit_above = inverse_is(context, high, low, ones[0]), inverse_is(context, high + 1, low, ones[1])
    weights = product(context, symbol(context, "1/U", high, low), symbol(context, "1/U", high + 1, low))
    squared = rules.multiply(weights, rules.square(context, above * y - here * beyond - start))
    curved = rules.instantiate(Ref("cassini"), context, n=high, q=low)
    return rules.add(
        squared,
        product(context, curved, weights, rules.square(context, start)),
        zero(unit, -v_above * (here * (beyond.square() + start.square()) + 2 * beyond.dot(start - above * y))),
        zero(unit_above, 2 * y.dot(beyond + v * start) - v * (above * y.square() - below * start.square())),
        zero(rules.sine_recurrence(context, high, low), -v * y.square()),
        zero(unit, -COSINE * y.square()),
    )


def path() -> Apply:
    """By induction on p: one more point adds one square."""
    there = PATH_END.having(lt(P, K + 1))
    ones = (rules.weaken(Ref("grown"), there), rules.instantiate(Ref("grown"), there, p=P + 1))
    step = one_square(there, P, Q, ones, (gradient(Q), gradient(P), gradient(P + 1)))
    first = rules.instantiate(Ref("grown"), ON_PATH, p=Q + 1)
    pair, both = gradient(Q).dot(gradient(Q + 1)), gradient(Q).square() + gradient(Q + 1).square()
    base = rules.add(
        zero(inverse_is(ON_PATH, Q + 1, Q, first), 2 * pair),
        zero(rules.sine_start(ON_PATH, Q + 1, Q, 1), -2 * scalar("1/U", Q + 1, Q) * pair),
        zero(rules.sine_start(ON_PATH, Q, Q, 0), scalar("1/U", Q + 1, Q) * both),
    )
    return rules.induct(base, step, PATH.expression(), "p", Q + 1, last_of(P), until=K + 1)


def standing() -> Apply:
    """By induction on n: the same square where the path stands still at g_0."""
    there = STILL.having(le(P, N), lt(N, DELAY + 1))
    ones = (rules.instantiate(Ref("at start"), there), rules.instantiate(Ref("at start"), there, n=N + 1))
    step = one_square(there, N, ZERO, ones, (gradient(Q), gradient(ZERO), gradient(ZERO)))
    return rules.induct(rules.constant(STILL, 0), step, STANDING.expression(), "n", P, last_of(N), until=DELAY + 1)


def last_of(end: Index) -> Callable[[Term], tuple[Index, Index] | None]:
    """Cut every sum before `end` and after it."""

    def choose(term: Term) -> tuple[Index, Index] | None:
        cuts = (whether(term, index + 1, end + more) for index in bound_variables(term) for more in (0, 1))
        return next(filter(None, cuts), None)

    return choose


STEPS = (
    Step(
        "cassini",
        "Three sines in a row, for n > q",
        "induction on n: U_0 = 0, U_1 = 1, U_{m+1} + U_{m-1} = (2 - 4r^2) U_m",
        CASSINI,
        cassini(),
    ),
    Step(
        "grown",
        "The sines are at least 1, for tau_k <= q < p <= k + 1",
        "induction on p: U_1 = 1, and U_m grows up to m = s, as theta <= pi/(2s - 1)",
        GROWN,
        grown(),
    ),
    Step("at start", "The same for 1 <= n <= s", "the same induction", GROWN_AT_START, grown_at_start()),
    Step(
        "path",
        "The lemma along the path from g_q to g_p, for tau_k <= q < p <= k + 1",
        "induction on p: with m = p - q, one more point adds "
        "|U_{m+1} g_p - U_m g_{p+1} - g_q|^2/(U_m U_{m+1}) >= 0; three sines in a row",
        PATH,
        path(),
    ),
    Step(
        "standing",
        "The lemma where the path stands still at g_0, for 1 <= p <= n <= s",
        "induction on n: one more point adds |(U_{n+1} - U_n) g_0 - g_q|^2/(U_n U_{n+1}) >= 0",
        STANDING,
        standing(),
    ),
)
