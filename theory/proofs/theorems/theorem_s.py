"""Theorem S, replayed: blocks are read apart, any steps, and numbers that say how much of each gradient is kept."""

from __future__ import annotations

from theory.bounds.theorem_s import THEOREM_S, THEOREM_S_READS
from theory.formulas.formula import Defined, Name, block, readers, total, window
from theory.proofs.kernel import LAST, MIXED, SEVERAL, Context, Index, scalar, vector
from theory.proofs.nodes import APPLIED, G, last, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, theorem
from theory.proofs.statement import fraction
from theory.proofs.theorems.lemmas import (
    HALF,
    START,
    A,
    Derived,
    K,
    ends,
    gradient,
    gradients,
    last_gap,
    noises,
    product,
    read_apart,
    steps,
    symbol,
)
from theory.proofs.theorems.means import side
from theory.proofs.theorems.theorem_a import ETA, IN_WINDOW, NOW, SIGMA, H, L, Q
from theory.proofs.theorems.theorem_ab import HERE, applied_at, descends, descent

RUN = START.under(SEVERAL, MIXED)
UPDATE, GRADIENT = RUN.having(*steps(K)), RUN.having(*gradients(K))

SMALL, SOME, MOST, ROOM = map(side, THEOREM_S.conditions[-4:])
THETA, SHARE, RHO = Name("young", r"\theta"), Name("share", "w", sequence=True), Name("rho", r"\rho", sequence=True)
U = next(node for node in THEOREM_S.definitions if node.symbol == "U")
WAY = (1 + THETA) * H * Defined("P", window(ETA * square(APPLIED))) + (1 + 1 / THETA) * SIGMA**2 * Q
SEEN = ETA * (1 + SHARE * (1 - RHO))


def turned() -> Apply:
    """|theta M - N|^2 >= 0 turns what the point lacks into squares; smoothness."""
    one, theta, inverse = (rules.constant(GRADIENT, 1), *(symbol(GRADIENT, "young", power=n) for n in (1, -1)))
    of_noises = rules.add(noises(GRADIENT, IN_WINDOW), rules.missing_noises(GRADIENT, K))
    way = rules.add(
        product(GRADIENT, rules.square(GRADIENT, scalar("young") * vector("M", K) - vector("N", K)), inverse),
        product(GRADIENT, rules.missing_gradients(GRADIENT, K), rules.add(one, theta)),
        product(GRADIENT, of_noises, rules.add(one, inverse)),
    )
    return rules.add(rules.read_apart(GRADIENT, K), product(GRADIENT, way, symbol(GRADIENT, "L", power=2)))


def summed() -> Apply:
    """The descent of all updates, with what 2<g, a> is for each gradient."""
    eta, w, inverse = symbol(GRADIENT, "eta", K), SOME.fact(GRADIENT), symbol(GRADIENT, "rho", K, power=-1)
    apart = gradient(NOW) - read_apart(K)
    kept = product(GRADIENT, rules.square(GRADIENT, scalar("rho", K) * gradient(NOW) - apart), w, inverse)
    more = rules.add(MOST.fact(GRADIENT), product(GRADIENT, w, inverse))
    each = product(GRADIENT, rules.add(kept, product(GRADIENT, Ref("turned"), more)), eta, HALF)
    return rules.add(
        rules.total(Ref("descent"), ("k",), *steps(K)),
        rules.total(each, ("k",), *gradients(K)),
        last_gap(RUN),
        rules.gap(RUN),
    )


def seen(context: Context, index: Index = K) -> Derived:
    """Eta (1 + w (1 - rho)) / 2 of a gradient is not negative."""
    kept = product(context, *(rules.instantiate(one.fact(GRADIENT), context, k=index) for one in (SOME, SMALL)))
    return product(context, rules.add(rules.constant(context, 1), kept), symbol(context, "eta", index), HALF)


def kept_alone() -> Apply:
    """The gradients that are applied are left out, as their weights are not negative."""
    spare = product(
        GRADIENT, ROOM.fact(GRADIENT), rules.square(GRADIENT, read_apart(K)), symbol(GRADIENT, "eta", K), HALF
    )
    return rules.add(Ref("summed"), rules.total(spare, ("k",), *gradients(K)))


def least() -> Apply:
    """M <= |g_t|^2 for t = 0..T."""
    each = product(GRADIENT, rules.minimum(GRADIENT, NOW), seen(GRADIENT))
    end = product(RUN, rules.minimum(RUN, LAST), symbol(RUN, "L", power=-1), HALF)
    return rules.add(Ref("kept"), rules.total(each, ("k",), *gradients(K)), end)


def least_with_reads() -> Apply:
    """The same where the gradients that are applied are kept: m <= |a_k|^2."""
    read = product(GRADIENT, rules.least_read(GRADIENT, K), ROOM.fact(GRADIENT), symbol(GRADIENT, "eta", K), HALF)
    each = rules.add(product(GRADIENT, rules.minimum(GRADIENT, NOW), seen(GRADIENT)), read)
    end = product(RUN, rules.minimum(RUN, LAST), symbol(RUN, "L", power=-1), HALF)
    return rules.add(Ref("summed"), rules.total(each, ("k",), *gradients(K)), end)


def positive_with_reads() -> Apply:
    """The weights of the points of the run and of those that were read are not negative."""
    read = product(GRADIENT, ROOM.fact(GRADIENT), symbol(GRADIENT, "eta", K), HALF)
    return rules.total(rules.add(seen(GRADIENT), read), ("k",), *gradients(K))


def weights() -> Apply:
    """What an update weighs its point with is not negative."""
    return rules.total(seen(UPDATE.having(*applied_at(A)), A), ("a",), *applied_at(A))


C = Defined("c", L * block(ETA) + (1 + THETA) * L**2 * readers(ETA * U * H))
THEOREM = theorem(THEOREM_S.value)
NUMERATOR = fraction(THEOREM_S.value)[0]
END = last(square(G)) / (2 * L)
STEPS = (
    Step(
        "turned",
        "How far the gradient is from the one that is applied",
        "Young's inequality, and Cauchy-Schwarz in every block; noises are orthogonal; smoothness",
        Claim(L**2 * WAY, square(HERE - APPLIED)),
        turned(),
    ),
    Step(
        "descent",
        "Descent at one update",
        "smoothness; Cauchy-Schwarz; its noises are orthogonal to one another, to g_k and to the gradients",
        descends(APPLIED),
        descent(UPDATE),
    ),
    Step(
        "summed",
        "Sum over the updates",
        "2<g,a> and squares, by |rho g - (g - a)|^2 >= 0; exchange of sums; telescoping; f_T >= |g_T|^2/2L",
        Claim(NUMERATOR, total(SEEN * square(HERE) + ETA * (1 - SHARE - C) * square(APPLIED)) / 2 + END),
        summed(),
        ends("f"),
    ),
    Step(
        "kept",
        "The gradients at the points of the run",
        "c_k <= 1 - w_k",
        Claim(NUMERATOR, total(SEEN * square(HERE)) / 2 + END),
        kept_alone(),
    ),
    Step("theorem", "The minimum", "m <= |g_t|^2 for t = 0..T", THEOREM, least()),
)
PROOF = Proof(
    "theorem-s",
    STEPS,
    THEOREM,
    (SMALL, SOME, MOST, ROOM),
    frozenset({SEVERAL, MIXED}),
    denominator=rules.total(seen(GRADIENT), ("k",), *gradients(K)),
    weights=weights(),
    mean=Ref("kept"),
)

WITH_READS = theorem(THEOREM_S_READS.value)
PROOF_WITH_READS = Proof(
    "theorem-s-reads",
    (
        *STEPS[:3],
        Step("theorem", "The minimum", "m <= |g_t|^2, t = 0..T, and m <= |a_k|^2", WITH_READS, least_with_reads()),
    ),
    WITH_READS,
    (SMALL, SOME, MOST, ROOM),
    frozenset({SEVERAL, MIXED}),
    denominator=positive_with_reads(),
)
