"""Theorem B, replayed: any steps, any delays, exact gradients."""

from __future__ import annotations

from theory.bounds.theorem_b import THEOREM_B
from theory.formulas.formula import Defined, Formula, Previous, total, window
from theory.formulas.notation import name_node
from theory.proofs.axioms import displacement
from theory.proofs.kernel import LAST, NOISELESS, Context, Expression, Index, expression, scalar, tau, vector
from theory.proofs.nodes import F_GAP, G, Vector, following, inner, last, read, square
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Step, rules, side_condition, theorem
from theory.proofs.statement import fraction, meaning
from theory.proofs.theorems.lemmas import (
    HALF,
    START,
    T_,
    Derived,
    J,
    K,
    Range,
    at_step,
    before,
    ends,
    gradient,
    interpolation,
    last_step,
    least,
    lipschitz,
    no_weight_is_negative,
    over_the_run,
    product,
    squares,
    symbol,
    up_to_now,
    window_of,
)

L, DELTA, ETA = map(name_node, ("L", "Delta", "eta"))
_NAMED = {node.symbol: node for node in THEOREM_B.definitions}
H, H_PLUS, B, V = (_NAMED[symbol] for symbol in ("H", "H^+", "b", "v"))
R = Vector("r")
S = Defined("S", window(ETA * square(R)))
S_PLUS = Defined("S^+", S + ETA * square(R))
QUARTER = HALF * HALF
QUIET, ANY = START.under(NOISELESS), at_step()
STEP = ANY.under(NOISELESS)


def slope(index: Index) -> Expression:
    """r_index."""
    return vector("r", index)


def exact(terms: Expression, factor: Expression) -> Apply:
    """A multiple of the part of some terms that is noise: it is zero."""
    return rules.scale_equality(rules.orthogonal(STEP, terms), factor)


def turned_by(start: Index, stop: Index) -> Expression:
    """g_stop - g_start."""
    return gradient(stop) - gradient(start)


def replaced(context: Context, start: Index, stop: Index, slopes: Expression, factor: Expression) -> Apply:
    """A multiple of |g_stop - g_start|^2 - |sum eta_j r_j|^2 = 0."""
    return rules.scale_equality(rules.turning(context, start, stop, turned_by(start, stop) + slopes), factor)


def positive(context: Context, weights: Assumed, denominator: Formula) -> Apply:
    """The denominator is at least 1/2L: a quarter of all weights, and of the last step."""
    last_step_length = product(context, symbol(context, "eta", LAST - 1), QUARTER)
    added = no_weight_is_negative(meaning(weights.claim.left, T_), weights.name, QUARTER, context)
    body = meaning(denominator) - scalar("L", power=-1) * HALF
    return rules.restate(rules.add(added, last_step_length), body, last_step)


_ONE = expression(1)
_OWN_SLOPE = scalar("eta", K) * slope(K)


def own_turn(context: Context, factor: Expression) -> Apply:
    """A multiple of |g_{k+1} - g_k|^2 - |eta_k r_k|^2 = 0."""
    return replaced(context, K, K + 1, _OWN_SLOPE, factor)


def interpolated() -> Apply:
    """The interpolation inequality for x_k and x_{k+1}."""
    moved = displacement(K, K + 1)
    terms = (gradient(K) + gradient(K + 1)).dot(moved) * HALF + scalar("L") * QUARTER * moved.square()
    return rules.add(
        interpolation(STEP, K, K + 1),
        exact(terms, expression(-1)),
        own_turn(STEP, scalar("L", power=-1) * QUARTER),
    )


def slope_bounded() -> Apply:
    """Smoothness, divided by the step."""
    moved = displacement(K, K + 1)
    squared = rules.add(
        lipschitz(STEP, K + 1, K),
        exact(scalar("L", power=2) * moved.square(), expression(-1)),
        own_turn(STEP, _ONE),
    )
    body = scalar("L", power=2) * gradient(tau(K)).square() - slope(K).square()
    return rules.unsquare(squared, symbol(STEP, "eta", K), body)


def spread(where: Range, stop: Index) -> Apply:
    """Cauchy-Schwarz for g_stop - g_tau_k = sum eta_j r_j."""
    slopes = (scalar("eta", J) * slope(J)).total(("j",), *where(J))
    return rules.add(squares(ANY, where, slope), replaced(ANY, tau(K), stop, slopes, expression(-1)))


def stretched(context: Context, longer: Derived) -> Apply:
    """The interpolation inequality with the factor b_k / eta_k >= 1 on the last term."""
    more = product(context, Ref("slope"), longer, symbol(context, "L", power=-1), QUARTER)
    return rules.add(Ref("interpolated"), more)


def enough(context: Context, longer: Derived) -> Derived:
    """What |r_k|^2 gets over the steps is not negative."""
    return product(
        context,
        longer,
        symbol(context, "eta", K),
        rules.square(context, slope(K)),
        symbol(context, "L", power=-1),
        QUARTER,
    )


def one_step() -> Apply:
    """2<a,b> = |a|^2 + |b|^2 - |a-b|^2, with what Cauchy-Schwarz gave."""
    return rules.add(
        Ref("stretched"),
        product(STEP, rules.weaken(Ref("before"), STEP), symbol(STEP, "eta", K), QUARTER),
        product(STEP, rules.weaken(Ref("after"), STEP), symbol(STEP, "eta", K), QUARTER),
    )


def summed_up(longer: Derived) -> Apply:
    """Over the steps |r_k|^2 gets eta_k (b_k - L R_k)/4L, which is not negative."""
    return over_the_run(rules.add(Ref("step"), enough(STEP, longer)), QUIET)


def minimum(start: Context, weights: Assumed) -> Apply:
    """Every square is at least the minimum."""
    at_end = product(start, rules.minimum(start, LAST), symbol(start, "eta", LAST - 1), QUARTER)
    return rules.add(Ref("summed"), least(meaning(weights.claim.left, T_), weights.name, QUARTER, start), at_end)


PAIRED = ETA / 2 * inner(G + following(G), read(G))
INTERPOLATED = Claim(F_GAP - following(F_GAP), PAIRED + ETA**2 / 4 * (square(R) / L - L * square(read(G))))
SLOPE = Claim(ETA * L**2 * square(read(G)), ETA * square(R))
BEFORE = Claim(H * S, square(G - read(G)))
AFTER = Claim(H_PLUS * S_PLUS, square(following(G) - read(G)))
THEOREM = theorem(THEOREM_B.value)
WEIGHTS = side_condition(THEOREM_B, "v")

# Whatever the noise: how far the gradient has turned, by how fast it turned at the steps in between.
SPREAD = (
    Step(
        "before",
        "How far the gradient has turned since the read",
        "g_k - g_tau_k is the sum of eta_j r_j over W_k; Cauchy-Schwarz",
        BEFORE,
        spread(window_of(K), K),
    ),
    Step(
        "after",
        "The same once the step is taken",
        "g_{k+1} - g_tau_k is the sum of eta_j r_j over W_k and k; Cauchy-Schwarz",
        AFTER,
        spread(up_to_now, K + 1),
        before(K),
    ),
)


def argument(b: Formula, v: Formula, as_step: Derived, as_turn: Derived) -> tuple[Step, ...]:
    """The steps up to the sum, for any b_k with the facts b_k >= eta_k and b_k >= L R_k; v_t are the weights."""
    bent = b * ETA / 4 * (square(R) / L - L * square(read(G)))
    stretched_claim = Claim(F_GAP - following(F_GAP), PAIRED + bent)
    squares_of_it = square(G) + square(following(G)) + 2 * square(read(G)) - H * S - H_PLUS * S_PLUS
    one_claim = Claim(F_GAP - following(F_GAP), ETA / 4 * squares_of_it + bent)
    return (
        Step(
            "interpolated",
            "The interpolation inequality for x_k and x_{k+1}, with r_k = (g_{k+1} - g_k)/eta_k",
            "smoothness, at the point (x_k + x_{k+1})/2 + (g_{k+1} - g_k)/2L; if eta_k = 0 then r_k = 0",
            INTERPOLATED,
            interpolated(),
        ),
        Step(
            "slope",
            "How fast the gradient turns",
            "|g_{k+1} - g_k| <= L |x_{k+1} - x_k|, so eta_k |r_k| <= L eta_k |g_tau_k|; divide by eta_k, or both are 0",
            SLOPE,
            slope_bounded(),
        ),
        Step(
            "stretched",
            "More weight on the last term",
            "add (b_k - eta_k)/4L times the step before: b_k >= eta_k",
            stretched_claim,
            stretched(STEP, as_step),
        ),
        *SPREAD,
        Step(
            "step",
            "One step in squares",
            "2<a,b> = |a|^2 + |b|^2 - |a-b|^2 for g_k, g_tau_k and for g_{k+1}, g_tau_k; the two steps before",
            one_claim,
            one_step(),
        ),
        Step(
            "summed",
            "Sum over the steps",
            "exchange of sums: |r_k|^2 gets eta_k (b_k - L R_k)/4L, and b_k >= L R_k; telescoping; f_T >= |g_T|^2/2L",
            Claim(DELTA, total(v * square(G)) / 4 + last((Previous(ETA) / 4 + 1 / (2 * L)) * square(G))),
            summed_up(as_turn),
            ends("f", "ip"),
        ),
    )


STEPS = (
    *argument(B, V, rules.maximum(STEP, B.body, 0, K), rules.maximum(STEP, B.body, 1, K)),
    Step(
        "theorem",
        "The minimum",
        "m <= |g_t|^2 for t = 0..T, and no weight is negative",
        THEOREM,
        minimum(QUIET, WEIGHTS),
        last_step,
    ),
)
PROOF = Proof(
    "theorem-b",
    STEPS,
    THEOREM,
    (WEIGHTS,),
    QUIET.laws,
    denominator=positive(QUIET, WEIGHTS, fraction(THEOREM_B.value)[1]),
)
