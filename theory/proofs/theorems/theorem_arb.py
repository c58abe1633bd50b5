"""Theorem A^r_B, replayed: Theorem A_B with the price of overtaking, and one number rho >= 1 that keeps a square."""

from __future__ import annotations

from theory.bounds.theorem_arb import THEOREM_ARB
from theory.formulas.formula import Name, taken
from theory.proofs.kernel import LAST, SEVERAL, Context, scalar
from theory.proofs.nodes import F_GAP, G, Walk, following, inner, last, read, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, side_condition, theorem
from theory.proofs.statement import fraction, meaning
from theory.proofs.theorems.lemmas import (
    HALF,
    T_,
    Derived,
    K,
    ends,
    gradient,
    gradients,
    interpolation,
    last_gap,
    noise_order,
    noises,
    product,
    squares,
    steps,
    symbol,
)
from theory.proofs.theorems.overtaking import TURNED
from theory.proofs.theorems.theorem_a import ETA, SIGMA, L
from theory.proofs.theorems.theorem_ab import GRADIENT, RUN, UPDATE, OverPoints, applied_at

RHO, QUARTER = Name("rho", r"\rho"), HALF * HALF
_NAMED = {node.symbol: node for node in THEOREM_ARB.definitions}
Z, V = _NAMED["z"], _NAMED["v"]
MOVED = Walk(K + 1, K)
NUMBER, WEIGHTS = side_condition(THEOREM_ARB, "rho"), side_condition(THEOREM_ARB, "v")


def z_positive(context: Context) -> Derived:
    """Z = (1 + rho)/2 >= 0."""
    return product(context, rules.add(rules.constant(context, 1), symbol(context, "rho")), HALF)


def weighted() -> Apply:
    """Young's inequality for the last square: |g_{k+1} - rho (g_k - L d)|^2 / rho >= 0."""
    ahead = gradient(K) - scalar("L") * meaning(MOVED, K)
    young = rules.square(UPDATE, gradient(K + 1) - scalar("rho") * ahead)
    inverses = (symbol(UPDATE, "rho", power=-1), symbol(UPDATE, "L", power=-1))
    return rules.add(Ref("interpolated"), product(UPDATE, young, *inverses, QUARTER))


def descent() -> Apply:
    """The expectation: the noises of one update are orthogonal to one another and to the gradients; Cauchy-Schwarz."""
    moves = meaning(Z * (inner(G, MOVED) - L / 2 * square(MOVED)))
    both = rules.add(squares(UPDATE, applied_at), noises(UPDATE, applied_at))
    return rules.add(
        Ref("weighted"),
        rules.orthogonal(UPDATE, moves, noise_order),
        product(UPDATE, both, symbol(UPDATE, "L"), HALF, z_positive(UPDATE)),
    )


def summed_up() -> Apply:
    """2<a,b> = |a|^2 + |b|^2 - |a-b|^2, with how far the gradient has turned; sum over updates and gradients."""
    turned = product(GRADIENT, Ref("smoothed"), symbol(GRADIENT, "eta", K), HALF, z_positive(GRADIENT))
    return rules.add(
        rules.total(Ref("descent"), ("k",), *steps(K)),
        rules.total(turned, ("k",), *gradients(K)),
        last_gap(RUN),
        rules.gap(RUN),
    )


def bonus() -> Apply | Ref:
    """(1 - 1/rho)/4L >= 0."""
    return product(RUN, NUMBER.fact(RUN), symbol(RUN, "rho", power=-1), symbol(RUN, "L", power=-1), QUARTER)


def minimum() -> Apply:
    """Every square is at least m; there are T of those that come next."""
    point = RUN.having(*steps(T_))
    here = rules.multiply(rules.hypothesis(point, meaning(V, T_), WEIGHTS.name), rules.minimum(point, T_))
    ahead = rules.multiply(rules.weaken(bonus(), point), rules.minimum(point, T_ + 1))
    end = product(RUN, rules.minimum(RUN, LAST), symbol(RUN, "L", power=-1), HALF)
    count = rules.scale_equality(rules.steps_count(RUN), meaning((RHO + 1 / RHO - 2) / (4 * L)) * scalar("m"))
    return rules.add(Ref("summed"), rules.total(rules.add(here, ahead), ("t",), *steps(T_)), end, count)


KEPT = ((1 - 1 / RHO) * square(following(G)) - (RHO - 1) * square(G)) / (4 * L)
STEPS = (
    *TURNED,
    Step(
        "interpolated",
        "The interpolation inequality for x_k and x_{k+1}",
        "smoothness, at the point (x_k + x_{k+1})/2 + (g_{k+1} - g_k)/2L",
        Claim(
            F_GAP - following(F_GAP),
            inner(G, MOVED) - L / 2 * square(MOVED) + square(following(G) - G + L * MOVED) / (4 * L),
        ),
        interpolation(UPDATE, K, K + 1),
    ),
    Step(
        "weighted",
        "The number rho weighs the last square",
        "|y-z|^2 = (1 - 1/rho)|y|^2 + (1 - rho)|z|^2 + |y - rho z|^2/rho with y = g_{k+1}, z = g_k - L(x_k - x_{k+1})",
        Claim(F_GAP - following(F_GAP), Z * (inner(G, MOVED) - L / 2 * square(MOVED)) + KEPT),
        weighted(),
    ),
    Step(
        "descent",
        "In expectation",
        "the noises of an update are orthogonal to one another, to g_k and to the gradients; Cauchy-Schwarz; z > 0",
        Claim(
            F_GAP - following(F_GAP),
            Z
            * (
                inner(G, taken(ETA * read(G)))
                - L / 2 * (taken(ETA) * taken(ETA * square(read(G))) + SIGMA**2 * taken(ETA**2))
            )
            + KEPT,
        ),
        descent(),
    ),
    Step(
        "summed",
        "Sum over the updates",
        "2<a,b> = |a|^2 + |b|^2 - |a-b|^2; exchange of sums; telescoping; f_T >= |g_T|^2/2L",
        Claim(
            fraction(THEOREM_ARB.value)[0],
            OverPoints(V * square(G))
            + (1 - 1 / RHO) / (4 * L) * OverPoints(square(following(G)))
            + last(square(G)) / (2 * L),
        ),
        summed_up(),
        ends("f"),
    ),
    Step(
        "theorem",
        "The minimum",
        "m <= |g_t|^2 for t = 0..T; no v_t is negative, and 1 - 1/rho is not; there are T updates",
        theorem(THEOREM_ARB.value),
        minimum(),
    ),
)
PROOF = Proof("theorem-arb", STEPS, theorem(THEOREM_ARB.value), (NUMBER, WEIGHTS), frozenset({SEVERAL}))
