"""Sums of 1/sqrt(j) and 1/j over j = 1..n against sqrt(n) and ln n, by induction on n.

What the kernel is told of roots: the square of sqrt(n) is n, and sqrt(n) is positive. All else follows here.
"""

from __future__ import annotations

from fractions import Fraction

from theory.formulas.formula import call, formula
from theory.proofs.kernel import ZERO, Context, Expression, Index, Term, expression, le, scalar, var
from theory.proofs.nodes import HERE, UpTo, following
from theory.proofs.proof import Apply, Claim, Ref, Step, rules
from theory.proofs.terms import bound_variables
from theory.proofs.theorems.lemmas import HALF, Derived, product, symbol, whether

N = var("n")
NOTHING, FROM_1, FROM_7 = Context(), Context(frozenset({le(ZERO + 1, N)})), Context(frozenset({le(ZERO + 7, N)}))
ROOT = call("sqrt", HERE)
# Upper bounds of the roots of 1, ..., 7, near enough for the start of the induction.
NEAR_ROOTS = tuple(map(Fraction, ("1", "10/7", "7/4", "2", "9/4", "5/2", "8/3")))
NUMBERS = range(1, 8)


def root(index: Index, power: int = 1) -> Expression:
    """A power of the root of a whole number."""
    return scalar("root", index, power=power)


def one_over(index: Index) -> Expression:
    """One over a whole number."""
    return scalar("number", index, power=-1)


def minus(equality: Derived) -> Apply:
    """The equality the other way round."""
    return rules.scale_equality(equality, expression(-1))


def inverse_square(context: Context, index: Index) -> Apply:
    """1/n - 1/sqrt(n)^2 = 0."""
    return rules.scale_equality(rules.root(context, index), root(index, -2) * one_over(index))


def one_by_one(term: Term) -> tuple[Index, Index] | None:
    """Cut a sum of known length at its first term, and one over 1..n at its last."""
    known = {(c.left, c.right): c.gap for c in term.constraints}
    for core in (index.core for index in bound_variables(term)):
        if (most := known.get((core, ("0",)))) is not None:
            least = -known[("0",), core]
            return (Index(core), ZERO + least) if least < most else None
        if (core, N.core) in known:
            return whether(term, Index(core), N)
    return None


# --------------------------------------------------------------------------------------------------- roots in a row


def at_least_one() -> Apply:
    """sqrt(n) >= 1 for n >= 1: its square is at least 1, by counting."""
    counted = rules.add(rules.number(FROM_1, N), rules.constant(FROM_1, 1))
    number = rules.induct(rules.number_is(NOTHING, 1), counted, scalar("number", N) - 1, "n", ZERO + 1)
    return rules.cancel(rules.add(rules.root(FROM_1, N), number), symbol(FROM_1, "root", N), Fraction(1), root(N) - 1)


def apart() -> Apply:
    """sqrt(n+1)^2 - sqrt(n)^2 = 1."""
    return rules.add(rules.root(FROM_1, N + 1), minus(rules.root(FROM_1, N)), rules.number(FROM_1, N))


def both() -> Apply:
    """sqrt(n+1) + sqrt(n) >= 1."""
    return rules.add(Ref("root"), symbol(FROM_1, "root", N + 1))


def rising() -> Apply:
    """sqrt(n+1) >= sqrt(n): divide by their sum."""
    squares = rules.add(Ref("apart"), rules.constant(FROM_1, 1))
    return rules.cancel(squares, both(), Fraction(1), root(N + 1) - root(N))


ROOTS = (
    Step("root", "Roots are at least 1", "n >= 1, by counting", Claim(ROOT, formula(1), N), at_least_one()),
    Step(
        "apart",
        "Two roots in a row",
        "the square of sqrt(n) is n",
        Claim(following(ROOT) ** 2, ROOT**2 + 1, N, equality=True),
        apart(),
    ),
    Step("rising", "Roots do not fall", "divide by sqrt(n+1) + sqrt(n)", Claim(following(ROOT), ROOT, N), rising()),
)

# ------------------------------------------------------------------------------------------------- the logarithm


def particular(number: int) -> Apply:
    """1/number_n - 1/n = 0 for a given n."""
    return rules.scale_equality(rules.number_is(NOTHING, number), -one_over(ZERO + number) * Fraction(1, number))


def harmonic() -> Apply:
    """1 + ln n >= sum of 1/j, by induction."""
    base = rules.add(rules.logarithm_of_one(NOTHING), minus(particular(1)))
    return rules.induct(base, rules.logarithm(FROM_1, N), HARMONIC.expression(), "n", ZERO + 1, one_by_one)


def twice_logarithm() -> Apply:
    """2 ln n >= sum of 1/j for n >= 7, as ln n >= ln 7 >= 1/1 + ... + 1/7 - 1 >= 1 there."""
    seven = sum(Fraction(1, number) for number in NUMBERS)
    start = (rules.instantiate(Ref("harmonic"), NOTHING, n=ZERO + 7), *map(particular, NUMBERS))
    base = rules.restate(rules.add(*start, rules.constant(NOTHING, seven - 2)), scalar("log", ZERO + 7) - 1, one_by_one)
    grows = rules.add(rules.logarithm(FROM_7, N), symbol(FROM_7, "number", N + 1, power=-1))
    least = rules.induct(base, grows, scalar("log", N) - 1, "n", ZERO + 7)
    return rules.add(rules.weaken(Ref("harmonic"), FROM_7), least)


HARMONIC = Claim(1 + call("log", HERE), UpTo(1 / HERE), N)
LOGARITHM = Step(
    "harmonic",
    "Where the logarithm comes from: squares of steps 1/sqrt(j) add up to a harmonic sum",
    "induction: ln(n+1) - ln n >= 1/(n+1)",
    HARMONIC,
    harmonic(),
    one_by_one,
)
LOGARITHM_FROM_7 = Step(
    "logarithm",
    "The harmonic sum is at most 2 ln n for n >= 7",
    "ln n >= 1/1 + ... + 1/7 - 1 >= 1 there",
    Claim(2 * call("log", HERE), UpTo(1 / HERE), N),
    twice_logarithm(),
    one_by_one,
)

# -------------------------------------------------------------------------------------- the sum of 1/sqrt(j) - 1/(2j)

GAIN = UpTo(1 / ROOT - 1 / (2 * HERE))


def grows_like_root() -> Apply:
    """1/r - 1/(2 r^2) >= r - q for q = sqrt(n), r = sqrt(n+1): 2 q r >= q + r, and (r - q)(r + q) = 1."""
    q, r = root(N), root(N + 1)
    large = rules.add(
        product(FROM_1, Ref("root"), symbol(FROM_1, "root", N + 1), HALF),
        product(FROM_1, rules.instantiate(Ref("root"), FROM_1, n=N + 1), symbol(FROM_1, "root", N), HALF),
    )
    times_both = rules.add(large, rules.scale_equality(Ref("apart"), -r * r))
    polynomial = rules.cancel(times_both, both(), Fraction(1), r - HALF - r * r * (r - q))
    half_square = rules.scale_equality(inverse_square(FROM_1, N + 1), expression(-HALF))
    return rules.add(product(FROM_1, polynomial, symbol(FROM_1, "root", N + 1, power=-2)), half_square)


def root_below(number: int, near: Fraction) -> Apply:
    """Near - sqrt(n) >= 0 for a given n, as near^2 >= n."""
    squared = rules.add(
        rules.constant(NOTHING, near * near - number),
        minus(rules.root(NOTHING, ZERO + number)),
        minus(rules.number_is(NOTHING, number)),
    )
    return rules.cancel(squared, symbol(NOTHING, "root", ZERO + number), near, near - root(ZERO + number))


def inverse_root_above(number: int, near: Fraction) -> Derived:
    """1/sqrt(n) - 1/near >= 0 for a given n."""
    return product(NOTHING, root_below(number, near), symbol(NOTHING, "root", ZERO + number, power=-1), 1 / near)


def gain_from_7() -> Apply:
    """The sum of 1/sqrt(j) - 1/(2j) is at least sqrt(n) from n = 7 on."""
    pairs = tuple(zip(NUMBERS, NEAR_ROOTS, strict=True))
    excess = sum(1 / near - Fraction(1, 2 * number) for number, near in pairs) - NEAR_ROOTS[-1]
    base = rules.add(
        *(inverse_root_above(*pair) for pair in pairs),
        *(rules.scale_equality(particular(number), expression(-HALF)) for number in NUMBERS),
        root_below(*pairs[-1]),
        rules.constant(NOTHING, excess),
    )
    step = rules.weaken(Ref("grows"), FROM_7)
    return rules.induct(base, step, Claim(GAIN, ROOT, N).expression(), "n", ZERO + 7, one_by_one)


def gain_from_1() -> Apply:
    """The sum of 1/sqrt(j) - 1/(2j) is at least sqrt(n) / 2 for every n."""
    q, r = root(N), root(N + 1)
    # (r + q)(1 - r (r - q)) = q, so 1/r >= r - q.
    whole = rules.cancel(
        rules.add(symbol(FROM_1, "root", N), rules.scale_equality(Ref("apart"), -r)),
        both(),
        Fraction(1),
        1 - r * (r - q),
    )
    step = rules.add(
        product(FROM_1, whole, symbol(FROM_1, "root", N + 1, power=-1), HALF),
        product(
            FROM_1,
            rules.instantiate(Ref("root"), FROM_1, n=N + 1),
            symbol(FROM_1, "root", N + 1, power=-2),
            HALF,
        ),
        rules.scale_equality(inverse_square(FROM_1, N + 1), expression(-HALF)),
    )
    # 1/sqrt(1) - 1/2 - sqrt(1)/2 = (1/sqrt(1) - 1)/2 = 0, as sqrt(1)^2 = 1
    one = ZERO + 1
    base = rules.add(
        rules.scale_equality(rules.root(NOTHING, one), -root(one, -1) * HALF),
        rules.scale_equality(rules.number_is(NOTHING, 1), -root(one, -1) * HALF),
        product(NOTHING, rules.instantiate(Ref("root"), NOTHING, n=one), symbol(NOTHING, "root", one, power=-2), HALF),
        rules.scale_equality(inverse_square(NOTHING, one), expression(-HALF)),
    )
    return rules.induct(base, step, Claim(GAIN, ROOT / 2, N).expression(), "n", one, one_by_one)


SUM_FROM_7 = (
    Step(
        "grows",
        "How the sum grows",
        "(r - q)(r + q) = 1 and 2 q r >= q + r for q = sqrt(n), r = sqrt(n+1)",
        Claim(1 / following(ROOT) - 1 / (2 * following(HERE)), following(ROOT) - ROOT, N),
        grows_like_root(),
    ),
    Step(
        "gain",
        "The sum is at least sqrt(n) for n >= 7",
        "induction from n = 7, where it is 2.72 > sqrt(7) = 2.65; smaller n fail",
        Claim(GAIN, ROOT, N),
        gain_from_7(),
        one_by_one,
    ),
)
SUM_FROM_1 = Step(
    "gain",
    "The sum is at least sqrt(n)/2 for every n",
    "induction: 1/r >= r - q and 1/r >= 1/r^2 for q = sqrt(n), r = sqrt(n+1)",
    Claim(GAIN, ROOT / 2, N),
    gain_from_1(),
    one_by_one,
)
