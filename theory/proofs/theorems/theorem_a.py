"""Theorem A, replayed: any steps, any delays, noise, no coherence."""

from __future__ import annotations

from theory.bounds.theorem_a import THEOREM_A
from theory.formulas.formula import Defined, Formula, total, window
from theory.formulas.notation import name_node
from theory.proofs.axioms import displacement
from theory.proofs.kernel import (
    NOISELESS,
    Context,
    Cut,
    Expression,
    Index,
    Le,
    Term,
    expression,
    latest,
    le,
    lt,
    scalar,
    tau,
    update,
)
from theory.proofs.nodes import F_GAP, At, E, G, Travelled, Walk, following, inner, last, read, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, side_condition, theorem
from theory.proofs.statement import fraction, meaning
from theory.proofs.theorems.lemmas import (
    HALF,
    T_,
    Derived,
    I,
    K,
    Range,
    applied,
    at_step,
    before,
    descent,
    ends,
    least,
    lipschitz,
    no_weight_is_negative,
    noise,
    noise_order,
    noise_room,
    noises,
    over_the_run,
    product,
    squares,
    summed,
    symbol,
    weighted,
    weighted_squares,
    whether,
    wider,
    wider_squares,
    window_of,
)
from theory.proofs.theorems.lemmas import window as inside

L, DELTA, SIGMA, ETA = map(name_node, ("L", "Delta", "sigma", "eta"))
_NAMED = {node.symbol: node for node in THEOREM_A.definitions}
H, OVERTAKES, C, V = (_NAMED[symbol] for symbol in ("H", "o", "c", "v"))
P = Defined("P", window(ETA * square(read(G))))
Q = Defined("Q", window(ETA**2))

# The three cases of a step: nothing overtakes it; there is no noise; anything.
ORDERED, QUIET, ANY = at_step().under(latest(K)), at_step().under(NOISELESS), at_step()
IN_WINDOW = window_of(K)
# The point to which gradient k is applied: x_k itself.
NOW = update(K)


def overtaking(index: Index) -> tuple[Le, ...]:
    """Index in W_k with a younger gradient than step k applies."""
    return (*inside(index, K), lt(tau(K), tau(index)))


def between_reads(index: Index) -> tuple[Le, Le]:
    """The steps from x_tau_k to x_tau_i, all of them in W_k if i overtakes k."""
    return le(tau(K), update(index)), lt(update(index), tau(I))


# ---------------------------------------------------------------------------------------- the way since the read


def way_ordered(context: Context, where: Range = IN_WINDOW, stop: Index = NOW) -> Apply:
    """H P + sigma^2 Q >= |x_k - x_tau_k|^2 where the noises meet nothing that depends on them; or up to x_{k+1}."""
    no_cross_terms = rules.orthogonal(context, -displacement(tau(K), stop).square(), _own_or(noise_order, where))
    return rules.add(squares(context, where), noises(context, where), no_cross_terms)


def _own_or(choose: Cut, where: Range) -> Cut:
    """Cut off step k itself first, where a sum goes so far."""
    own = before(K)
    return choose if where is IN_WINDOW else lambda term: own(term) or choose(term)


def way_quiet(context: Context, where: Range = IN_WINDOW, stop: Index = NOW) -> Apply:
    """The same without noise."""
    no_noise = rules.orthogonal(context, -displacement(tau(K), stop).square())
    return rules.add(squares(context, where), summed(context, where, noise_room), no_noise)


def way_between_reads(context: Context) -> Apply:
    """2 H P + 2 sigma^2 Q >= |x_tau_i - x_tau_k|^2 for an overtaking i: |a + b|^2 <= 2 |a|^2 + 2 |b|^2."""
    gradients, noise_sum = weighted(between_reads, applied), weighted(between_reads, noise)
    no_cross_terms = rules.orthogonal(context, -noise_sum.square(), noise_order)
    return rules.add(
        rules.square(context, gradients - noise_sum),
        product(context, squares(context, between_reads), 2),
        product(context, noises(context, between_reads), 2),
        rules.scale_equality(no_cross_terms, expression(2)),
        product(context, wider_squares(context, IN_WINDOW, between_reads), 2),
        product(context, wider(context, IN_WINDOW, between_reads, noise_room), 2),
    )


def turned(index: Index) -> Expression:
    """g_tau_index - g_tau_k."""
    return applied(index) - applied(K)


def late_gradient(context: Context) -> Apply:
    """L (2 H P + 3 sigma^2 Q) >= 2 <g_tau_i - g_tau_k, sum eta_j e_j> for an overtaking i."""
    noise_sum, inverse = weighted(IN_WINDOW, noise), symbol(context, "L", power=-1)
    variance = rules.add(noises(context, IN_WINDOW), rules.orthogonal(context, -noise_sum.square(), noise_order))
    return rules.add(
        product(context, rules.square(context, turned(I) - scalar("L") * noise_sum), inverse),
        product(context, lipschitz(context, tau(I), tau(K)), inverse),
        product(context, Ref("between"), symbol(context, "L")),
        product(context, variance, symbol(context, "L")),
    )


def way_any(context: Context, where: Range = IN_WINDOW, stop: Index = NOW) -> Apply:
    """|x_k - x_tau_k|^2 with the factors of overtaking: <e_j, g_tau_i> = 0 but for i that overtake."""
    late = (2 * scalar("eta", I) * turned(I).dot(weighted(IN_WINDOW, noise))).total(("i",), *overtaking(I))
    overtaken = context.having(*overtaking(I))
    return rules.add(
        rules.total(product(overtaken, Ref("late"), symbol(overtaken, "eta", I)), ("i",), *overtaking(I)),
        wider(context, IN_WINDOW, overtaking, _late_room, I),
        squares(context, where),
        noises(context, where),
        rules.orthogonal(context, late - displacement(tau(K), stop).square(), _own_or(_late_order, where)),
    )


def _late_room(context: Context, step: Index) -> Derived:
    """The part eta L (2 H P + 3 sigma^2 Q) >= 0 at a step of W_k: not every step overtakes."""
    both = rules.add(
        product(context, weighted_squares(context, IN_WINDOW), 2),
        product(context, summed(context, IN_WINDOW, noise_room), 3),
    )
    return product(context, both, symbol(context, "eta", step), symbol(context, "L"))


def _late_order(term: Term) -> tuple[Index, Index] | None:
    """Cut <g_tau_i, e_j> by whether tau_i is younger than tau_k, and <e_i, e_j> by their order."""
    if term.payload is None or term.payload[0] != "ip":
        return None
    one, other = term.payload[1:]
    if {one[0], other[0]} != {"g", "e"}:
        return noise_order(term)
    point = one[1] if one[0] == "g" else other[1]
    return whether(term, tau(K) + 1, point) if point.core[0] == "tau" else None


# ----------------------------------------------------------------------------------------------- from it to the theorem


def smoothed(context: Context, way: str, stop: Index = NOW) -> Apply:
    """L^2 times the way bounds |g_stop - g_tau_k|^2."""
    return rules.add(lipschitz(context, stop, tau(K)), product(context, Ref(way), symbol(context, "L", power=2)))


def summed_up() -> Apply:
    """2<a,b> = |a|^2 + |b|^2 - |a-b|^2 turns the descent into squares; sum it over the steps."""
    return over_the_run(rules.add(Ref("descent"), product(ANY, Ref("smoothed"), symbol(ANY, "eta", K), HALF)))


def _late(number: int) -> Formula:
    """The factor 1 + number L H where step k is overtaken, else 1."""
    return 1 + number * OVERTAKES * L * H


SIMPLE = Claim(H * P + SIGMA**2 * Q, square(Travelled()))
DESCENT = Claim(F_GAP - following(F_GAP), ETA * inner(G, read(G)) - L / 2 * ETA**2 * (square(read(G)) + SIGMA**2))
SUMMED = Claim(fraction(THEOREM_A.value)[0], total(V * square(G)) / 2 + last(square(G)) / (2 * L))
THEOREM = theorem(THEOREM_A.value)
WEIGHTS = side_condition(THEOREM_A, "v")


def turning(run: Context, way: Formula, turn: Formula) -> tuple[Step, ...]:
    """How far the gradient turns within a delay, whatever the delays: other theorems start from there.

    Args:
        run: what is known of gradient k; way: what it means that x has moved since the read, and turn: that g has.
    """
    ordered, quiet, overtaken = run.under(latest(K)), run.under(NOISELESS), run.having(*overtaking(I))
    simple, in_any_order = H * P + SIGMA**2 * Q, (1 + 2 * L * H) * H * P + (1 + 3 * L * H) * SIGMA**2 * Q
    claim = Claim(L**2 * (_late(2) * H * P + _late(3) * SIGMA**2 * Q), square(turn))
    cases = smoothed(ordered, "ordered"), smoothed(quiet, "quiet"), smoothed(run, "anyhow")
    return (
        Step(
            "ordered",
            "The way since the read, where nothing overtakes",
            "Cauchy-Schwarz; <e_i, g_tau_j> = 0 as tau_j <= tau_k <= i, and <e_i, e_j> = 0 for i != j",
            Claim(simple, square(way)),
            way_ordered(ordered),
        ),
        Step(
            "quiet",
            "The way since the read, without noise",
            "Cauchy-Schwarz",
            Claim(simple, square(way)),
            way_quiet(quiet),
        ),
        Step(
            "between",
            "The way between two reads, for i in W_k with tau_i > tau_k",
            "|a+b|^2 <= 2|a|^2 + 2|b|^2, Cauchy-Schwarz; the steps tau_k..tau_i - 1 lie in W_k",
            Claim(2 * simple, square(Walk(tau(K), tau(I)))),
            way_between_reads(overtaken),
        ),
        Step(
            "late",
            "What a younger gradient and the noise have in common, for i in W_k with tau_i > tau_k",
            "2<a,b> <= |a|^2/L + L|b|^2, and smoothness: |g_tau_i - g_tau_k| <= L |x_tau_i - x_tau_k|",
            Claim(L * (2 * H * P + 3 * SIGMA**2 * Q), 2 * inner(At(read(G), I, "i") - read(G), window(ETA * E))),
            late_gradient(overtaken),
        ),
        Step(
            "anyhow",
            "The way since the read, in any order",
            "Cauchy-Schwarz; of <e_j, g_tau_i> only the i with tau_i > tau_k remain, and <e_j, g_tau_k> = 0: sum over "
            "them",
            Claim(in_any_order, square(way)),
            way_any(run),
        ),
        Step(
            "smoothed",
            "How far the gradient has turned since the read",
            "smoothness: |g_k - g_tau_k| <= L |x_k - x_tau_k|; o_k tells the cases apart",
            claim,
            rules.overtaking_cases(*cases, K, claim.expression()),
        ),
    )


TURNED = turning(ANY, Travelled(), G - read(G))
SMOOTHED = TURNED[-1].claim
STEPS = (
    *TURNED,
    Step(
        "descent",
        "Descent at one step",
        "smoothness; e_k is orthogonal to g_k and to g_tau_k",
        DESCENT,
        descent(ANY),
    ),
    Step(
        "summed",
        "Sum over the steps",
        "2<a,b> = |a|^2 + |b|^2 - |a-b|^2; exchange of sums; telescoping; f_T >= |g_T|^2/2L",
        SUMMED,
        summed_up(),
        ends("f"),
    ),
    Step(
        "theorem",
        "The minimum",
        "m <= |g_t|^2 for t = 0..T, and no weight v_t is negative",
        THEOREM,
        rules.add(Ref("summed"), least(meaning(V, T_), WEIGHTS.name)),
    ),
)
PROOF = Proof(
    "theorem-a",
    STEPS,
    THEOREM,
    (WEIGHTS,),
    denominator=no_weight_is_negative(meaning(V, T_), WEIGHTS.name),
    weights=product(ANY, rules.hypothesis(ANY, meaning(V, K), WEIGHTS.name), HALF),
    mean=Ref("summed"),
)
