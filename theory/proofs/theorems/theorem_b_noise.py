"""Theorem B with noise, replayed: any steps, any delays, any shares w_k and numbers rho_k."""

from __future__ import annotations

from theory.bounds.theorem_b_noise import THEOREM_B_NOISE
from theory.formulas.formula import Defined, Name, Previous, total
from theory.formulas.notation import name_node
from theory.proofs.axioms import displacement
from theory.proofs.kernel import LAST, expression, scalar, tau
from theory.proofs.nodes import F_GAP, E, G, Walk, following, inner, last, read, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, side_condition, theorem
from theory.proofs.statement import fraction, meaning
from theory.proofs.theorems.lemmas import (
    START,
    Derived,
    K,
    before,
    ends,
    gradient,
    interpolation,
    last_step,
    last_weight,
    lipschitz,
    mean_of,
    noise,
    noise_at,
    over_the_run,
    product,
    symbol,
    up_to_now,
)
from theory.proofs.theorems.theorem_a import (
    ANY,
    ORDERED,
    QUIET,
    SMOOTHED,
    TURNED,
    P,
    Q,
    smoothed,
    way_any,
    way_ordered,
    way_quiet,
)
from theory.proofs.theorems.theorem_b import (
    PAIRED,
    QUARTER,
    S_PLUS,
    SPREAD,
    H,
    R,
    S,
    enough,
    minimum,
    own_turn,
    positive,
    slope,
    stretched,
)

L, SIGMA, ETA = map(name_node, ("L", "sigma", "eta"))
SHARE, RHO = Name("share", "w", sequence=True), Name("young", r"\rho", sequence=True)
_NAMED = {node.symbol: node for node in THEOREM_B_NOISE.definitions}
H_PLUS, OVERTAKES, B, V = (_NAMED[symbol] for symbol in ("H^+", "o", "b", "v"))
P_PLUS = Defined("P^+", P + ETA * square(read(G)))
Q_PLUS = Defined("Q^+", Q + ETA**2)


# --------------------------------------------------------------------------------------- the way once the step is taken


def way_after(kind: str) -> Apply:
    """The way since the read and the step itself: its noise meets no gradient read before."""
    way, context = {"ordered": (way_ordered, ORDERED), "quiet": (way_quiet, QUIET), "anyhow": (way_any, ANY)}[kind]
    return way(context, up_to_now, K + 1)


def smoothed_after() -> Apply:
    """L^2 times it bounds |g_{k+1} - g_tau_k|^2."""
    cases = ((ORDERED, "ordered after"), (QUIET, "quiet after"), (ANY, "anyhow after"))
    parts = (smoothed(context, way, K + 1) for context, way in cases)
    return rules.overtaking_cases(*parts, K, SMOOTHED_AFTER.expression())


def shared(turned: str, smooth: str) -> Apply:
    """The share w_k of one bound, and the share 1 - w_k of the other."""
    return rules.add(product(ANY, Ref(turned), LEAST.fact(ANY)), product(ANY, Ref(smooth), MOST.fact(ANY)))


# ----------------------------------------------------------------------------------------------- from it to the theorem


def interpolated() -> Apply:
    """The interpolation inequality for x_k and x_{k+1}; the noise meets g_{k+1} - g_k = eta_k r_k only."""
    moved = displacement(K, K + 1)
    unmet = gradient(K).dot(moved) + scalar("L") * QUARTER * moved.square()
    return rules.add(
        interpolation(ANY, K, K + 1),
        rules.scale_equality(rules.orthogonal(ANY, unmet), expression(-1)),
        rules.scale_equality(rules.turning(ANY, K, K + 1, noise(K)), scalar("eta", K) * (2 * QUARTER)),
        own_turn(ANY, scalar("L", power=-1) * QUARTER),
        product(ANY, noise_at(ANY, K), symbol(ANY, "L"), QUARTER),
    )


def slope_bounded() -> Apply:
    """Smoothness, divided by the step."""
    length = scalar("L", power=2)
    squared = rules.add(
        lipschitz(ANY, K + 1, K),
        rules.scale_equality(rules.orthogonal(ANY, length * displacement(K, K + 1).square()), expression(-1)),
        own_turn(ANY, expression(1)),
    )
    body = length * (gradient(tau(K)).square() + noise(K).square()) - slope(K).square()
    variance = product(ANY, rules.bounded_variance(ANY, K), symbol(ANY, "eta", K), symbol(ANY, "L", power=2))
    return rules.add(rules.unsquare(squared, symbol(ANY, "eta", K), body), variance)


def met() -> Apply:
    """Young's inequality: |rho_k r_k + L e_k|^2 >= 0."""
    inverse = symbol(ANY, "young", K, power=-1)
    young = rules.square(ANY, scalar("young", K) * slope(K) + scalar("L") * noise(K))
    return rules.add(
        product(ANY, young, symbol(ANY, "eta", K, power=2), inverse, symbol(ANY, "L", power=-1), QUARTER),
        product(ANY, noise_at(ANY, K), inverse, symbol(ANY, "L"), QUARTER),
    )


def one_step() -> Apply:
    """2<a,b> = |a|^2 + |b|^2 - |a-b|^2, with the two bounds of the differences."""
    parts: tuple[Derived, ...] = tuple(
        product(ANY, Ref(name), symbol(ANY, "eta", K), QUARTER) for name in ("shared", "shared after")
    )
    return rules.add(Ref("stretched"), Ref("met"), *parts)


def summed_up() -> Apply:
    """Over the steps |r_k|^2 gets eta_k (b_k - L R_k - rho_k eta_k)/4L, which is not negative."""
    return over_the_run(rules.add(Ref("step"), enough(ANY, rules.maximum(ANY, B.body, 1, K))))


def last_length() -> Apply:
    """eta_{T-1}/4 + 1/2L >= 0."""
    return rules.add(
        product(START, symbol(START, "eta", LAST - 1), QUARTER),
        product(START, symbol(START, "L", power=-1), 2 * QUARTER),
    )


_OVERTAKEN = L * H * (2 * H * P + 3 * SIGMA**2 * Q)
FAR = Walk(tau(K), K + 1)
SIMPLE = Claim(H_PLUS * P_PLUS + SIGMA**2 * Q_PLUS, square(FAR))
ANYHOW = Claim(SIMPLE.left + _OVERTAKEN, square(FAR))
SMOOTHED_AFTER = Claim(L**2 * (SIMPLE.left + OVERTAKES * _OVERTAKEN), square(following(G) - read(G)))
M = Defined("M", SHARE * H * S + (1 - SHARE) * SMOOTHED.left)
M_PLUS = Defined("M^+", SHARE * H_PLUS * S_PLUS + (1 - SHARE) * SMOOTHED_AFTER.left)
SHARED = Claim(M, square(G - read(G)))
SHARED_AFTER = Claim(M_PLUS, square(following(G) - read(G)))
LOST = L * (square(read(G)) + SIGMA**2)
INTERPOLATED = Claim(F_GAP - following(F_GAP), PAIRED + ETA**2 / 2 * inner(R, E) + ETA**2 / 4 * (square(R) / L - LOST))
SLOPE = Claim(ETA * L**2 * (square(read(G)) + SIGMA**2), ETA * square(R))
STRETCHED = Claim(F_GAP - following(F_GAP), PAIRED + ETA**2 / 2 * inner(R, E) + B * ETA / 4 * (square(R) / L - LOST))
MET = Claim(ETA**2 / 2 * inner(R, E), -(RHO * ETA**2 / (4 * L) * square(R)) - L * ETA**2 * SIGMA**2 / (4 * RHO))
ONE_STEP = Claim(
    F_GAP - following(F_GAP),
    ETA / 4 * (square(G) + square(following(G)) + 2 * square(read(G)) - M - M_PLUS)
    + B * ETA / 4 * (square(R) / L - LOST)
    - RHO * ETA**2 / (4 * L) * square(R)
    - L * ETA**2 * SIGMA**2 / (4 * RHO),
)
SUMMED = Claim(
    fraction(THEOREM_B_NOISE.value)[0],
    total(V * square(G)) / 4 + last((Previous(ETA) / 4 + 1 / (2 * L)) * square(G)),
)
THEOREM = theorem(THEOREM_B_NOISE.value)
LEAST, MOST, WEIGHTS = (side_condition(THEOREM_B_NOISE, symbol) for symbol in ("w", "1 - w", "v"))

STEPS = (
    *TURNED,
    Step(
        "ordered after",
        "The way once the step is taken, where nothing overtakes",
        "Cauchy-Schwarz; <e_i, g_tau_j> = 0 as tau_j <= tau_k <= i for i in W_k, and tau_j <= j <= k for i = k",
        SIMPLE,
        way_after("ordered"),
        before(K),
    ),
    Step("quiet after", "The same without noise", "Cauchy-Schwarz", SIMPLE, way_after("quiet"), before(K)),
    Step(
        "anyhow after",
        "The same in any order",
        "Cauchy-Schwarz; e_k meets no gradient read before, so that what overtaking costs is as before the step",
        ANYHOW,
        way_after("anyhow"),
        before(K),
    ),
    Step(
        "smoothed after",
        "How far the gradient has turned once the step is taken",
        "smoothness: |g_{k+1} - g_tau_k| <= L |x_{k+1} - x_tau_k|; o_k tells the cases apart",
        SMOOTHED_AFTER,
        smoothed_after(),
    ),
    *SPREAD,
    Step(
        "shared",
        "Two bounds of one difference, in shares",
        "w_k times the one with r_j, 1 - w_k times the one with the steps, 0 <= w_k <= 1",
        SHARED,
        shared("before", "smoothed"),
    ),
    Step(
        "shared after", "The same once the step is taken", "the same", SHARED_AFTER, shared("after", "smoothed after")
    ),
    Step(
        "interpolated",
        "The interpolation inequality for x_k and x_{k+1}, with r_k = (g_{k+1} - g_k)/eta_k",
        "smoothness, at the point (x_k + x_{k+1})/2 + (g_{k+1} - g_k)/2L; e_k is orthogonal to g_k and to g_tau_k, "
        "not to g_{k+1} = g_k + eta_k r_k; if eta_k = 0 then r_k = 0",
        INTERPOLATED,
        interpolated(),
    ),
    Step(
        "slope",
        "How fast the gradient turns",
        "|g_{k+1} - g_k| <= L |x_{k+1} - x_k|; divide by eta_k, or both are 0; e_k is orthogonal to g_tau_k",
        SLOPE,
        slope_bounded(),
    ),
    Step(
        "stretched",
        "More weight on the last term",
        "add (b_k - eta_k)/4L times the step before: b_k >= eta_k",
        STRETCHED,
        stretched(ANY, rules.maximum(ANY, B.body, 0, K)),
    ),
    Step("met", "What the noise of a step does to the turn of that step", "|rho_k r_k + L e_k|^2 >= 0", MET, met()),
    Step(
        "step",
        "One step in squares",
        "2<a,b> = |a|^2 + |b|^2 - |a-b|^2 for g_k, g_tau_k and for g_{k+1}, g_tau_k; the bounds in shares",
        ONE_STEP,
        one_step(),
    ),
    Step(
        "summed",
        "Sum over the steps",
        "exchange of sums: |r_k|^2 gets eta_k (b_k - L R_k - rho_k eta_k)/4L >= 0; telescoping; f_T >= |g_T|^2/2L",
        SUMMED,
        summed_up(),
        ends("f", "ip"),
    ),
    Step(
        "theorem",
        "The minimum",
        "m <= |g_t|^2 for t = 0..T, and no weight is negative",
        THEOREM,
        minimum(START, WEIGHTS),
        last_step,
    ),
)
PROOF = Proof(
    "theorem-b-noise",
    STEPS,
    THEOREM,
    (LEAST, MOST, WEIGHTS),
    denominator=positive(START, WEIGHTS, fraction(THEOREM_B_NOISE.value)[1]),
    weights=product(ANY, rules.hypothesis(ANY, meaning(V, K), WEIGHTS.name), QUARTER),
    last=last_weight(THEOREM_B_NOISE, last_length(), last_step),
    mean=mean_of(THEOREM_B_NOISE, Ref("summed"), last_step),
)
