"""Theorem A^r, replayed: Theorem A with one free number rho_k per step."""

from __future__ import annotations

from fractions import Fraction

from theory.bounds.theorem_ar import THEOREM_AR
from theory.formulas.formula import Name, Previous, total
from theory.formulas.notation import name_node
from theory.proofs.kernel import LAST, Expression, Index, Term, scalar
from theory.proofs.nodes import F_GAP, G, Walk, following, inner, last, read, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, side_condition, theorem
from theory.proofs.statement import fraction, meaning
from theory.proofs.theorems.lemmas import (
    HALF,
    START,
    T_,
    Derived,
    K,
    at_step,
    ends,
    first_of_many,
    gradient,
    interpolation,
    is_constant,
    last_step,
    last_weight,
    least_before_last,
    mean_of,
    noise_at,
    over_the_run,
    product,
    symbol,
)
from theory.proofs.theorems.theorem_a import TURNED

L, SIGMA, ETA = map(name_node, ("L", "sigma", "eta"))
RHO = Name("rho", r"\rho", sequence=True)
_NAMED = {node.symbol: node for node in THEOREM_AR.definitions}
Z, V = (_NAMED[symbol] for symbol in ("z", "v"))
MOVED = Walk(K + 1, K)
STEP, QUARTER = at_step(), HALF * HALF
_NUMBER = scalar("rho", K)


def z_positive() -> Derived:
    """z_k = (1 + rho_k)/2 >= 0."""
    return product(STEP, rules.add(rules.constant(STEP, 1), symbol(STEP, "rho", K)), HALF)


def weighted(number: Expression = _NUMBER) -> Apply:
    """Young's inequality for the last square: |g_{k+1} - rho_k (g_k - L d)|^2 / rho_k >= 0."""
    ahead = gradient(K) - scalar("L") * meaning(MOVED, K)
    young = rules.square(STEP, gradient(K + 1) - number * ahead)
    inverses = (symbol(STEP, "rho", K, power=-1), symbol(STEP, "L", power=-1))
    return rules.add(Ref("interpolated"), product(STEP, young, *inverses, QUARTER))


def descent() -> Apply:
    """The expectation: e_k is orthogonal to g_k and g_tau_k."""
    variance = product(STEP, noise_at(STEP, K), symbol(STEP, "L"), HALF, z_positive())
    return rules.add(
        Ref("weighted"),
        rules.orthogonal(STEP, _moves()),
        variance,
    )


def _moves() -> Expression:
    """The terms of the step before in which x_k - x_{k+1} = eta_k (g_tau_k + e_k) stands."""
    return meaning(Z * (inner(G, MOVED) - L / 2 * square(MOVED)))


def summed_up() -> Apply:
    """2<a,b> = |a|^2 + |b|^2 - |a-b|^2, with how far the gradient has turned; sum over the steps."""
    turned = product(STEP, Ref("smoothed"), symbol(STEP, "eta", K), HALF, z_positive())
    return over_the_run(rules.add(Ref("descent"), turned))


def minimum() -> Apply:
    """The last weight is (3 - 1/rho_{T-1})/4L = (rho_{T-1} - 1/3) 3/(4 L rho_{T-1})."""
    end = product(START, last_number(), rules.minimum(START, LAST))
    return rules.add(Ref("summed"), least_before_last(meaning(V, T_), WEIGHTS.name, Fraction(1)), end)


def last_number() -> Derived:
    """3 (rho_{T-1} - 1/3)/(4 L rho_{T-1}) >= 0."""
    at_last = rules.instantiate(NUMBERS.fact(STEP), START, k=LAST - 1)
    return product(START, at_last, symbol(START, "rho", LAST - 1, power=-1), symbol(START, "L", power=-1), 3 * QUARTER)


def first_or_last(term: Term) -> tuple[Index, Index] | None:
    """Cut sums of a constant at the first step, others at the last one."""
    return first_of_many(term) if all(map(is_constant, term.indices())) else last_step(term)


KEPT = ((1 - 1 / RHO) * square(following(G)) - (RHO - 1) * square(G)) / (4 * L)
INTERPOLATED = Claim(
    F_GAP - following(F_GAP),
    inner(G, MOVED) - L / 2 * square(MOVED) + square(following(G) - G + L * MOVED) / (4 * L),
)
WEIGHTED = Claim(F_GAP - following(F_GAP), Z * (inner(G, MOVED) - L / 2 * square(MOVED)) + KEPT)
DESCENT = Claim(
    F_GAP - following(F_GAP),
    Z * (ETA * inner(G, read(G)) - L / 2 * ETA**2 * (square(read(G)) + SIGMA**2)) + KEPT,
)
SUMMED = Claim(
    fraction(THEOREM_AR.value)[0],
    total(V * square(G)) + last((Previous((1 - 1 / RHO) / (4 * L)) + 1 / (2 * L)) * square(G)),
)
THEOREM = theorem(THEOREM_AR.value)
NUMBERS, WEIGHTS = side_condition(THEOREM_AR, "rho"), side_condition(THEOREM_AR, "v")

STEPS = (
    *TURNED,
    Step(
        "interpolated",
        "The interpolation inequality for x_k and x_{k+1}",
        "smoothness, at the point (x_k + x_{k+1})/2 + (g_{k+1} - g_k)/2L",
        INTERPOLATED,
        interpolation(STEP, K, K + 1),
    ),
    Step(
        "weighted",
        "A number rho_k > 0 weighs the last square",
        "|y-z|^2 = (1 - 1/rho)|y|^2 + (1 - rho)|z|^2 + |y - rho z|^2/rho with y = g_{k+1}, z = g_k - L(x_k - x_{k+1})",
        WEIGHTED,
        weighted(),
    ),
    Step(
        "descent",
        "In expectation",
        "x_k - x_{k+1} = eta_k (g_tau_k + e_k), and e_k is orthogonal to g_k and to g_tau_k; z_k > 0",
        DESCENT,
        descent(),
    ),
    Step(
        "summed",
        "Sum over the steps",
        "2<a,b> = |a|^2 + |b|^2 - |a-b|^2; exchange of sums; telescoping; f_T >= |g_T|^2/2L",
        SUMMED,
        summed_up(),
        ends("f", "ip"),
    ),
    Step(
        "theorem",
        "The minimum",
        "m <= |g_t|^2 for t = 0..T; no v_t is negative, and the weight of x_T is (3 - 1/rho_{T-1})/4L >= 0",
        THEOREM,
        minimum(),
        first_or_last,
    ),
)
PROOF = Proof(
    "theorem-ar",
    STEPS,
    THEOREM,
    assumed=(NUMBERS, WEIGHTS),
    weights=rules.hypothesis(STEP, meaning(V, K), WEIGHTS.name),
    last=last_weight(THEOREM_AR, last_number(), first_or_last),
    mean=mean_of(THEOREM_AR, Ref("summed"), first_or_last),
)
