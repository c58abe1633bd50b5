"""Corollary 1_B* and the mean delay, replayed: any steps and any order of reads, with room for delays and noise.

h = L eta, p and a add up to 1 by the meaning of a; what remains in the end are products of these.
"""

from __future__ import annotations

from theory.bounds.corollary_star import AVERAGE_DELAY_B, COROLLARY_1B_STAR
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Relation
from theory.formulas.formula import Defined, Name, Number, Peak, WhereNoisy, block, readers, taken, total
from theory.formulas.notation import name_node
from theory.proofs.axioms import displacement
from theory.proofs.kernel import (
    LAST,
    NOISELESS,
    SEVERAL,
    ZERO,
    Context,
    expression,
    le,
    lt,
    scalar,
    tau,
    update,
)
from theory.proofs.nodes import F_GAP, MINIMUM, E, G, Walk, following, inner, last, read, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import (
    HALF,
    A,
    Derived,
    J,
    K,
    Range,
    applied,
    ends,
    gradient,
    gradients,
    lipschitz,
    noise,
    noise_order,
    noises,
    product,
    squares,
    summed,
    symbol,
    weighted,
)
from theory.proofs.theorems.means import side
from theory.proofs.theorems.theorem_a import DELTA, ETA, IN_WINDOW, NOW, SIGMA, H, L, P, Q
from theory.proofs.theorems.theorem_ab import GRADIENT, HERE, RUN, UPDATE, applied_at, descent, summed_up

_NAMED = {node.symbol: node for node in COROLLARY_1B_STAR.definitions}
STEP, P_, A_ = (_NAMED[symbol] for symbol in (r"\eta", "p", "a"))
PEAK = next(node for node in STEP.walk() if isinstance(node, Peak))
THETA, SHARE, B = Name("young", r"\theta"), Name("share", "w"), name_node("B")
NU = Defined(r"\nu", WhereNoisy(Number(1), Number(0)), sequence=False)
PACE = Defined("h", L * STEP, sequence=False)
FLIGHT, REACH = L * readers(ETA), L**2 * readers(ETA * H)

SMALL, WHOLE, IN_FLIGHT, IN_REACH, QUIET_ENOUGH = map(side, COROLLARY_1B_STAR.conditions[4:9])
KEPT = side(AVERAGE_DELAY_B.conditions[-2])


# ------------------------------------------------------------------------------------------------- noise, and the way


def variance() -> Apply:
    """Nu sigma^2 >= E|e_k|^2: where there is no noise, e_k is 0."""
    quiet = GRADIENT.under(NOISELESS)
    none = rules.orthogonal(quiet, -noise(K).square())
    return rules.noise_cases(none, rules.bounded_variance(GRADIENT, K), VARIANCE.expression())


def noises_of(context: Context, where: Range) -> Apply:
    """Nu sigma^2 sum eta_a^2 >= sum eta_a^2 |e_a|^2."""
    return summed(
        context,
        where,
        lambda there, a: product(
            there, rules.instantiate(Ref("variance"), there, k=a), symbol(there, "eta", a, power=2)
        ),
    )


def way_quiet() -> Apply:
    """H P >= |x_u - x_tau|^2 without noise."""
    quiet = GRADIENT.under(NOISELESS)
    still = rules.orthogonal(quiet, -displacement(tau(K), NOW).square())
    return rules.add(squares(quiet, IN_WINDOW), still)


def way_any() -> Apply:
    """|G + Z|^2 <= (1 + theta) |G|^2 + (1 + 1/theta) |Z|^2, from |theta G - Z|^2 >= 0."""
    of_gradients, shaken = weighted(IN_WINDOW, applied), weighted(IN_WINDOW, noise)
    one, theta, inverse = (rules.constant(GRADIENT, 1), *(symbol(GRADIENT, "young", power=n) for n in (1, -1)))
    of_noises = rules.add(noises(GRADIENT, IN_WINDOW), rules.orthogonal(GRADIENT, -shaken.square(), noise_order))
    return rules.add(
        product(GRADIENT, rules.square(GRADIENT, scalar("young") * of_gradients - shaken), inverse),
        product(GRADIENT, squares(GRADIENT, IN_WINDOW), rules.add(one, theta)),
        product(GRADIENT, of_noises, rules.add(one, inverse)),
    )


def smoothed() -> Apply:
    """L^2 times the way bounds |g_u - g_tau|^2."""
    return rules.add(lipschitz(GRADIENT, NOW, tau(K)), product(GRADIENT, Ref("way"), symbol(GRADIENT, "L", power=2)))


# --------------------------------------------------------------------------------------------------- room and surplus


def pace(context: Context) -> Derived:
    """L eta >= 0."""
    longest = rules.add(rules.largest(context, PEAK, ZERO), symbol(context, "eta", ZERO))
    return product(context, longest, symbol(context, "L"), symbol(context, "B"))


def noisy(context: Context) -> Derived:
    """Nu theta >= 0."""
    return product(context, symbol(context, "noisy"), symbol(context, "young"))


def room(context: Context) -> Apply:
    """What is left, a, is not negative, as nothing in flight is."""
    first = rules.instantiate(IN_FLIGHT.fact(GRADIENT), RUN, k=ZERO)
    where = (*gradients(A), le(tau(A), ZERO), lt(ZERO, update(A)))
    flying = product(RUN, rules.total(symbol(RUN.having(*where), "eta", A), ("a",), *where), symbol(RUN, "L"))
    return rules.weaken(rules.add(first, flying), context)


def below_one() -> Apply:
    """1 - c = a (h + p) + p (h + p)(1 + a)."""
    h, p, a = (of(RUN) for of in (pace, noisy, room))
    both, more = rules.add(h, p), rules.add(rules.constant(RUN, 1), a)
    return rules.add(product(RUN, a, both), product(RUN, p, both, more))


def surplus() -> Apply:
    """1 - c - nu (theta^2 + (theta^2 + theta) a) = h (a + p + a p) + (nu^2 - nu) theta^2 (1 + a)."""
    h, p, a = (of(RUN) for of in (pace, noisy, room))
    more = rules.add(rules.constant(RUN, 1), a)
    zero = expression(0)
    indicator = rules.noise_cases(
        rules.restate(rules.constant(RUN.under(NOISELESS), 0), zero),
        rules.constant(RUN, 0),
        scalar("noisy", power=2) - scalar("noisy"),
    )
    return rules.add(
        product(RUN, h, rules.add(a, p, product(RUN, a, p))),
        product(RUN, indicator, symbol(RUN, "young", power=2), more),
    )


# ------------------------------------------------------------------------------------------------- from it to the end


def counted() -> Apply:
    """What every gradient pays, with the largest step for its step and m for its squares."""
    at, eta = GRADIENT, symbol(GRADIENT, "eta", K)
    longest, one = rules.largest(at, PEAK, K), rules.constant(at, 1)
    whole = rules.add(longest, eta)  # the largest step
    inverse = rules.add(one, symbol(at, "young", power=-1))
    where = (*gradients(A), le(tau(A), update(K)), lt(update(K), update(A)))
    flying = product(at, rules.total(symbol(at.having(*where), "eta", A), ("a",), *where), symbol(at, "L"))
    shaken = rules.add(one, product(at, inverse, flying))
    of_noise = rules.add(product(at, longest, shaken), product(at, whole, inverse, IN_FLIGHT.fact(at)))
    here = le(update(K), update(J)), le(update(J), update(K))
    block_of = rules.total(rules.largest(at.having(*here), PEAK, J), ("j",), *here)
    full = rules.scale_equality(rules.block_count(at, update(K)), meaning(PEAK))
    young = rules.add(one, noisy(at))
    slower = rules.add(product(at, rules.add(block_of, full), symbol(at, "L")), product(at, young, IN_REACH.fact(at)))
    used = rules.square(at, applied(K))
    each = rules.add(
        product(at, of_noise, eta, symbol(at, "noisy"), symbol(at, "sigma", power=2), symbol(at, "L"), HALF),
        product(at, slower, used, eta, HALF),
        product(at, rules.weaken(Ref("room"), at), rules.minimum(at, tau(K)), eta, HALF),
        product(at, rules.minimum(at, NOW), eta, HALF),
    )
    end = product(RUN, rules.square(RUN, gradient(LAST)), symbol(RUN, "L", power=-1), HALF)
    return rules.add(Ref("summed"), rules.total(each, ("k",), *gradients(K)), end)


def shared() -> Apply:
    """Times w; the noise is paid by Delta p^2, and 1 - c/2 >= 1/2 is cancelled."""
    p, a = rules.constant(RUN, 1), room(RUN)
    inverse = rules.add(p, symbol(RUN, "young", power=-1))
    shaken = rules.add(p, product(RUN, inverse, a))
    whole = rules.add(
        product(RUN, SMALL.fact(RUN), Ref("counted")),
        product(RUN, WHOLE.fact(RUN), symbol(RUN, "Delta")),
        product(RUN, QUIET_ENOUGH.fact(RUN), shaken, symbol(RUN, "noisy"), symbol(RUN, "B", power=-1), HALF),
        product(RUN, Ref("surplus"), symbol(RUN, "Delta")),
    )
    return rules.cancel(whole, product(RUN, Ref("room"), HALF), HALF, meaning(2 * DELTA - MINIMUM * SHARE * total(ETA)))


WAY = (1 + P_) * H * P + (1 + 1 / THETA) * NU * SIGMA**2 * Q
C = Defined("c", PACE + (1 + P_) * A_**2, sequence=False)
SHAKEN = NU * (THETA**2 + (THETA**2 + THETA) * A_)
VARIANCE = Claim(NU * SIGMA**2, square(E))
TURN = (1 - L * block(ETA) - (1 + P_) * REACH) * square(read(G))
SUMMED = Claim(
    DELTA + NU * L * SIGMA**2 / 2 * total(ETA**2 * (1 + (1 + 1 / THETA) * FLIGHT)),
    total(ETA * (square(HERE) + TURN)) / 2 + last(square(G)) / (2 * L),
)
COUNTED = Claim(
    DELTA + NU * L * SIGMA**2 / 2 * PEAK * total(ETA) * (1 + (1 + 1 / THETA) * A_),
    MINIMUM * total(ETA) * (1 - C / 2),
)
SHARED = (
    Step("variance", "The noise", "it is 0 where there is none", VARIANCE, variance()),
    Step(
        "way",
        "The way since the read, in any order",
        "Young's inequality where there is noise; Cauchy-Schwarz; <e_i, e_j> = 0 for i != j",
        Claim(WAY, square(Walk(tau(K), NOW))),
        rules.noise_cases(way_quiet(), way_any(), Claim(WAY, square(Walk(tau(K), NOW))).expression()),
    ),
    Step(
        "smoothed",
        "How far the gradient has turned since the read",
        "smoothness",
        Claim(L**2 * WAY, square(HERE - read(G))),
        smoothed(),
    ),
    Step(
        "descent",
        "Descent at one update",
        "smoothness; Cauchy-Schwarz; its noises are orthogonal to one another, to g_k and to the gradients",
        Claim(
            F_GAP - following(F_GAP),
            inner(G, taken(ETA * read(G)))
            - L / 2 * (taken(ETA) * taken(ETA * square(read(G))) + NU * SIGMA**2 * taken(ETA**2)),
        ),
        descent(UPDATE, noises_of(UPDATE, applied_at)),
    ),
    Step(
        "summed",
        "Sum over the updates",
        "2<a,b> = |a|^2 + |b|^2 - |a-b|^2; exchange of sums; telescoping; f_T >= |g_T|^2/2L",
        SUMMED,
        summed_up(),
        ends("f"),
    ),
    Step("room", "c is at most 1", "1 - c = a (h + p) + p (h + p)(1 + a)", Claim(Number(1), C), below_one()),
    Step(
        "surplus",
        "What is left over",
        "1 - c - p^2 - (p^2 + p) a = h (a + p + a p)",
        Claim(1 - C, SHAKEN),
        surplus(),
    ),
    Step(
        "counted",
        "The largest step for the others, and m <= |g_t|^2",
        "c_k <= c <= 1; sums in flight are at most a and a^2",
        COUNTED,
        counted(),
    ),
)


def proof(bound: Bound, *more: Derived) -> Proof:
    """The proof of one of the two; `more` is what its value says of the steps."""
    conclusion = theorem(bound.value)
    closed = rules.add(shared(), *more)
    end = Step(
        "theorem", "The minimum", "times w; L sigma^2 eta w S <= 2 B Delta p^2; divide by 1 - c/2", conclusion, closed
    )
    assumed = [side(condition) for condition in bound.conditions[4:] if condition.relation is not Relation.ABOVE]
    return Proof(bound.name, (*SHARED, end), conclusion, tuple(assumed), frozenset({SEVERAL}))


PROOF_1B_STAR = proof(COROLLARY_1B_STAR)
PROOF_AVERAGE_DELAY_B = proof(AVERAGE_DELAY_B, product(RUN, KEPT.fact(RUN), symbol(RUN, "m")))
