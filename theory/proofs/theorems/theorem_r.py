"""Theorem R, replayed: random delays through E d and E d^2 of their law.

In these claims a_k is the gradient that step k applies, wherever it was read, and p_{k,r} the probability that it was
read at x_r.
"""

from __future__ import annotations

from theory.bounds.theorem_r import THEOREM_R
from theory.formulas.formula import Formula, Name, formula, total
from theory.formulas.notation import name_node
from theory.proofs.axioms import displacement
from theory.proofs.kernel import (
    LAST,
    NOISELESS,
    RANDOM,
    ZERO,
    Context,
    Expression,
    Index,
    Le,
    expression,
    le,
    lt,
    scalar,
    vector,
)
from theory.proofs.lemmas import (
    HALF,
    Derived,
    I,
    J,
    K,
    at_step,
    ends,
    gradient,
    half_at_least,
    noise,
    noise_at,
    noise_order,
    noise_room,
    noises,
    over_the_run,
    product,
    squares,
    steps,
    summed,
    symbol,
    weighted,
)
from theory.proofs.lemmas import START as ANY_START
from theory.proofs.nodes import F_GAP, G, following, inner, last, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.theorems.means import side
from theory.proofs.theorems.random_delays import APPLIED as A
from theory.proofs.theorems.random_delays import Drawn, Gone, Later, R, Since

L, DELTA, SIGMA, ETA = map(name_node, ("L", "Delta", "sigma", "eta"))
START, STEP = ANY_START.under(RANDOM), at_step().under(RANDOM)


def _constant(name: str) -> Formula:
    """A constant of the bound."""
    return next(node for node in THEOREM_R.value.walk() if isinstance(node, Name) and node.name == name)


_NAMED = {node.symbol: node for node in THEOREM_R.definitions}
NU, C, LARGEST = (_NAMED[symbol] for symbol in (r"\nu", "c", r"\eta"))
THETA, MEAN, MEAN_SQUARE = (_constant(name) for name in ("young", "Ed", "Ed2"))
BELOW_1 = side(THEOREM_R.conditions[-1])


# ------------------------------------------------------------------------------------------------- the way from a point

# A point x_r that step k may have read.
WAY = STEP.having(le(ZERO, R), le(R, K))


def since(index: Index) -> tuple[Le, ...]:
    """The steps from x_r to x_k."""
    return le(R, index), lt(index, K)


def drawn_gradient(index: Index) -> Expression:
    """a_index."""
    return vector("a", index)


def way_quiet() -> Apply:
    """H sum eta_j |a_j|^2 >= |x_k - x_r|^2 without noise; the rest is not negative."""
    quiet = WAY.under(NOISELESS)
    factor = rules.add(rules.constant(quiet, 1), symbol(quiet, "young"))
    return rules.add(
        squares(quiet, since, drawn_gradient),
        product(quiet, summed(quiet, since, noise_room), factor),
        rules.orthogonal(quiet, -displacement(R, K, drawn=True).square()),
    )


def way_any() -> Apply:
    """|G + Z|^2 <= (1 + 1/theta) |G|^2 + (1 + theta) |Z|^2, from |G - theta Z|^2 >= 0."""
    gradients, noise_sum = weighted(since, drawn_gradient), weighted(since, noise)
    one, theta, inverse = rules.constant(WAY, 1), symbol(WAY, "young"), symbol(WAY, "young", power=-1)
    variance = rules.add(noises(WAY, since), rules.orthogonal(WAY, -noise_sum.square(), noise_order))
    return rules.add(
        product(WAY, rules.square(WAY, gradients - scalar("young") * noise_sum), inverse),
        product(WAY, squares(WAY, since, drawn_gradient), rules.add(one, inverse)),
        product(WAY, variance, rules.add(one, theta)),
    )


def lipschitz() -> Derived:
    """L^2 |x_k - x_r|^2 >= |g_k - g_r|^2: the interpolation inequality both ways."""
    moved, turned = displacement(R, K, drawn=True), (gradient(K) - gradient(R)) * scalar("L", power=-1)
    forth = rules.smooth(WAY, K, R, (-moved - turned) * HALF)
    back = rules.smooth(WAY, R, K, (moved + turned) * HALF)
    return product(WAY, rules.add(forth, back), 2, symbol(WAY, "L"))


def averaged() -> Apply:
    """E|g_k - a_k|^2 = sum p(k, r) E|g_k - g_r|^2, and the way bounds each of these."""
    turned = rules.add(lipschitz(), product(WAY, Ref("way"), symbol(WAY, "L", power=2)))
    mixed = rules.total(product(WAY, turned, symbol(WAY, "p", K, R)), ("r",), le(ZERO, R), le(R, K))
    return rules.add(
        mixed,
        rules.scale_equality(rules.certain(STEP, K), gradient(K).square()),
        rules.scale_equality(rules.drawn(STEP, K, "g", K), expression(2)),
        rules.scale_equality(rules.drawn(STEP, K, "a", K), expression(-1)),
    )


# ------------------------------------------------------------------------------------------- from it to the theorem


def descent() -> Apply:
    """f_k - f_{k+1} >= eta_k <g_k, a_k> - L/2 eta_k^2 (|a_k|^2 + sigma^2)."""
    moved = displacement(K, K + 1, drawn=True)
    terms = gradient(K).dot(moved) + scalar("L") * HALF * moved.square()
    return rules.add(
        rules.smooth(STEP, K, K + 1, moved),
        rules.scale_equality(rules.orthogonal(STEP, terms), expression(-1)),
        product(STEP, noise_at(STEP, K), symbol(STEP, "L"), HALF),
    )


def summed_up() -> Apply:
    """2<a,b> = |a|^2 + |b|^2 - |a-b|^2 turns the descent into squares; sum it over the steps."""
    one = rules.add(Ref("descent"), product(STEP, Ref("averaged"), symbol(STEP, "eta", K), HALF))
    return over_the_run(one, START)


# A later step i, a point x_r that it may have read with r <= k, and a step j between the two.
LATER = (lt(K, I), lt(I, LAST), le(ZERO, R), le(R, K))
FLIGHT = STEP.having(*LATER)
PASSED = (le(R, J), lt(J, I))


def is_positive(context: Context) -> Apply:
    """The largest step is not negative: it is at least the first one."""
    return rules.add(rules.largest(context, LARGEST.body, ZERO), symbol(context, "eta", ZERO))


def mean_square() -> Apply:
    """Eta^2 E d^2 bounds what a_k meets in the ways of later steps."""
    there = FLIGHT.having(*PASSED)
    each = rules.add(
        product(there, rules.largest(there, LARGEST.body, I), is_positive(there)),
        product(there, rules.largest(there, LARGEST.body, J), symbol(there, "eta", I)),
    )
    weighed = product(there, each, symbol(there, "p", I, R))
    law = product(STEP, rules.in_flight(STEP, K, 1), is_positive(STEP), is_positive(STEP))
    return rules.add(rules.total(weighed, ("i", "r", "j"), *LATER, *PASSED), law)


def mean() -> Apply:
    """Eta E d bounds the steps that are in flight, on average."""
    each = product(FLIGHT, rules.largest(FLIGHT, LARGEST.body, I), symbol(FLIGHT, "p", I, R))
    law = product(STEP, rules.in_flight(STEP, K, 0), is_positive(STEP))
    return rules.add(rules.total(each, ("i", "r"), *LATER), law)


def exchanged() -> Apply:
    """Exchange the sums over k and j, and put the moments of the law for what multiplies |a_j|^2 and sigma^2."""
    young = rules.add(rules.constant(STEP, 1), product(STEP, symbol(STEP, "noisy"), symbol(STEP, "young", power=-1)))
    theta = rules.add(rules.constant(STEP, 1), symbol(STEP, "young"))
    twice = product(STEP, symbol(STEP, "L", power=2), HALF, symbol(STEP, "eta", K))
    gradients = product(STEP, Ref("mean-square"), twice, young, rules.square(STEP, drawn_gradient(K)))
    variance = product(STEP, Ref("mean"), twice, theta, symbol(STEP, "sigma", power=2), symbol(STEP, "eta", K))
    return rules.add(Ref("summed"), rules.total(rules.add(gradients, variance), ("k",), *steps(K)))


def theorem_r() -> Apply:
    """An average of squares is at least m, and c_k <= 1."""
    one = product(WAY, rules.minimum(WAY, R), symbol(WAY, "p", K, R))
    average = rules.add(
        rules.total(one, ("r",), le(ZERO, R), le(R, K)),
        rules.drawn(STEP, K, "a", K),
        rules.scale_equality(rules.certain(STEP, K), scalar("m")),
    )
    at_read = rules.multiply(average, BELOW_1.fact(STEP))
    both = product(STEP, rules.add(rules.minimum(STEP, K), at_read), symbol(STEP, "eta", K), HALF)
    at_end = product(START, rules.minimum(START, LAST), rules.sign(START, "L", power=-1), HALF)
    return rules.add(Ref("exchanged"), rules.total(both, ("k",), *steps(K)), at_end)


FACTOR = 1 + NU / THETA
WHERE = FACTOR * Since(ETA) * Since(ETA * square(A)) + (1 + THETA) * SIGMA**2 * Since(ETA**2)
CLAIMED_WAY = Claim(WHERE, square(Gone()))
QUIET_WAY = Claim(Since(ETA) * Since(ETA * square(A)) + (1 + THETA) * SIGMA**2 * Since(ETA**2), square(Gone()))
SQUARES = total(ETA * square(G)) / 2 + last(square(G)) / (2 * L)
STEPS = (
    Step(
        "way",
        "The way from a point x_r, r <= k, that the step may have read",
        "Young: |a+b|^2 <= (1 + 1/theta)|a|^2 + (1 + theta)|b|^2 if there is noise; Cauchy-Schwarz; <e_i, e_j> = 0",
        CLAIMED_WAY,
        rules.noise_cases(rules.restate(way_quiet(), QUIET_WAY.expression()), way_any(), CLAIMED_WAY.expression()),
    ),
    Step(
        "averaged",
        "How far the gradient has turned since the read, on average: p_{k,r} is the probability of tau_k = r",
        "the delay is independent of x_0..x_k, so |g_k - a_k|^2 averages |g_k - g_r|^2 <= L^2 |x_k - x_r|^2",
        Claim(L**2 * Drawn(WHERE), square(G - A)),
        averaged(),
    ),
    Step(
        "descent",
        "Descent at one step",
        "smoothness; e_k is orthogonal to g_k and to a_k",
        Claim(F_GAP - following(F_GAP), ETA * inner(G, A) - L / 2 * ETA**2 * (square(A) + SIGMA**2)),
        descent(),
    ),
    Step(
        "summed",
        "Sum over the steps",
        "2<a,b> = |a|^2 + |b|^2 - |a-b|^2; telescoping; f_T >= |g_T|^2/2L",
        Claim(
            DELTA + L * SIGMA**2 / 2 * total(ETA**2) + L**2 / 2 * total(ETA * Drawn(WHERE)),
            SQUARES + total(ETA * (1 - L * ETA) * square(A)) / 2,
        ),
        summed_up(),
        ends("f"),
    ),
    Step(
        "mean-square",
        "What later steps i read at or before x_k",
        "every step is at most eta; r <= k < i says d_i >= i - k, and sum_m E[d 1{d >= m}] = E[d^2]",
        Claim(LARGEST**2 * MEAN_SQUARE, Later(ETA * Drawn(Since(ETA), K))),
        mean_square(),
    ),
    Step(
        "mean",
        "How many later steps read at or before x_k",
        "sum_m P(d >= m) = E[d]",
        Claim(LARGEST * MEAN, Later(ETA * Drawn(formula(1), K))),
        mean(),
    ),
    Step(
        "exchanged",
        "Exchange the sums",
        "a_j is met by the later steps that read at or before x_j: the two steps before",
        Claim(
            DELTA + L * SIGMA**2 / 2 * total(ETA**2) * (1 + (1 + THETA) * L * LARGEST * MEAN),
            SQUARES + total(ETA * (1 - C) * square(A)) / 2,
        ),
        exchanged(),
    ),
    Step(
        "theorem",
        "The minimum",
        "m <= |g_t|^2 for t = 0..T, so m <= |a_k|^2, an average of these; and c_k <= 1",
        theorem(THEOREM_R.value),
        theorem_r(),
    ),
)
PROOF = Proof(
    "theorem-r",
    STEPS,
    theorem(THEOREM_R.value),
    assumed=(BELOW_1,),
    laws=frozenset({RANDOM}),
    denominator=half_at_least(BELOW_1.fact(STEP), STEP),
)
