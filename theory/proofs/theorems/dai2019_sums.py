"""The sums in the proof of Theorem 1 of the staleness study, replayed: any steps, any delays, coherence."""

from __future__ import annotations

from fractions import Fraction

from theory.bounds.dai2019 import FACTOR_S_SUM, SMALL_STEPS, TIGHT_SUM
from theory.bounds.parts.bound import Bound
from theory.formulas.formula import Defined, Previous, served, total
from theory.formulas.notation import name_node
from theory.proofs.kernel import LAST, ZERO, Expression, Index, Term, le, lt, scalar, tau
from theory.proofs.nodes import F_GAP, At, G, following, inner, read, square
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Step, rules, side_condition, theorem
from theory.proofs.statement import fraction
from theory.proofs.terms import bound_variables
from theory.proofs.theorems.lemmas import (
    HALF,
    START,
    T_,
    Derived,
    J,
    K,
    at_step,
    descent,
    ends,
    gradient,
    product,
    steps,
    symbol,
    whether,
    window,
)

L, DELTA, SIGMA, MU, S, ETA = map(name_node, ("L", "Delta", "sigma", "mu", "s", "eta"))
STEP, POINT = at_step(), START.having(*steps(T_))


def weight(bound: Bound, symbol: str = "w") -> Defined:
    """The weight w_t of a bound, under the same or another name."""
    return Defined(symbol, next(node for node in bound.definitions if node.symbol == "w").body)


def named(bound: Bound, symbol: str) -> str:
    """The name of the side condition about a symbol."""
    return next(condition.name for condition in bound.conditions if condition.symbol == symbol)


COHERENT = Assumed("coherence, E<g_k, g_tau_k> >= mu E|g_k|^2", Claim(inner(G, read(G)), MU * square(G)))
# Nothing is asked where s = 1; where s > 1 it is that no step is larger than the one before.
FALLING = Assumed(named(FACTOR_S_SUM, "eta"), Claim((S - 1) * Previous(ETA), (S - 1) * ETA), since=1)
SMALL = Assumed("no step is larger than mu/(s L)", Claim(MU / (S * L), ETA, T_))
TIGHT_WEIGHTS, SUM_WEIGHTS = side_condition(TIGHT_SUM, "w"), side_condition(FACTOR_S_SUM, "w")
NUMERATOR = fraction(TIGHT_SUM.value)[0]

# ------------------------------------------------------------------------------------------- the argument up to a sum


def summed() -> Apply:
    """The sum over the steps, with E F(x_0) - E F(x_T) <= Delta."""
    end = rules.bounded_below(START, LAST, Expression())
    return rules.add(rules.total(Ref("coherent"), ("k",), *steps(K)), end, rules.gap(START))


def least(weights: Derived) -> Apply:
    """Sum of w_t (|g_t|^2 - m) >= 0 over t < T."""
    return rules.total(product(POINT, weights, rules.minimum(POINT, T_, with_last=False)), ("t",), *steps(T_))


def argument(weights: Defined) -> tuple[Step, ...]:
    """The steps up to the sum, whose weights take the name given."""
    drop, noise = F_GAP - following(F_GAP), L / 2 * ETA**2 * (square(read(G)) + SIGMA**2)
    coherent = rules.add(Ref("descent"), product(STEP, COHERENT.fact(STEP), symbol(STEP, "eta", K)))
    return (
        Step(
            "descent",
            "Descent at one step",
            "smoothness; e_k is orthogonal to g_k and to g_tau_k",
            Claim(drop, ETA * inner(G, read(G)) - noise),
            descent(STEP),
        ),
        Step(
            "coherent",
            "Coherence, in expectation and at the point that is read",
            "E<g_k, g_tau_k> >= mu E|g_k|^2 is assumed",
            Claim(drop, MU * ETA * square(G) - noise),
            coherent,
        ),
        Step(
            "summed",
            "Sum over the steps: each point counts as often as it is read",
            "f_0 <= Delta, f_T >= 0; sum_k eta_k^2 |g_tau_k|^2 = sum_t |g_t|^2 sum_(k: tau_k = t) eta_k^2",
            Claim(NUMERATOR, total(weights * square(G))),
            summed(),
            ends("f"),
        ),
    )


TIGHT_THEOREM = theorem(TIGHT_SUM.value)
TIGHT_PROOF = Proof(
    "dai2019-tight",
    (
        *argument(weight(TIGHT_SUM)),
        Step(
            "theorem",
            "The minimum",
            "m <= |g_t|^2 for t < T, and no weight w_t is negative",
            TIGHT_THEOREM,
            rules.add(Ref("summed"), least(TIGHT_WEIGHTS.fact(POINT))),
        ),
    ),
    TIGHT_THEOREM,
    assumed=(COHERENT, TIGHT_WEIGHTS),
    weights=rules.instantiate(TIGHT_WEIGHTS.fact(POINT), STEP, t=K),
    mean=Ref("summed"),
)

# ------------------------------------------------------------------------------------------------------ the factor s

# A step k > t that reads the point t.
READS_IT = (lt(T_, K), lt(K, LAST), le(tau(K), T_), le(T_, tau(K)))
READER = POINT.having(*READS_IT)
BEFORE_LAST = START.having(*steps(J)).having(lt(J, LAST - 1))


def falling_on(one_step: Derived, factor: Expression) -> Apply:
    """From factor (eta_j - eta_{j+1}) >= 0 for j + 1 < T: factor (eta_t - eta_k) >= 0 for t <= k < T, by induction."""
    first_k, later = POINT, POINT.having(le(T_, K), lt(K, LAST - 1))
    fallen = factor * (scalar("eta", T_) - scalar("eta", K))
    base = rules.restate(rules.constant(first_k, 0), fallen.at(k=T_))
    return rules.induct(base, rules.instantiate(one_step, later, j=K), fallen, "k", T_, until=LAST - 1)


def falling_if_stale() -> Apply:
    """eta_t >= eta_k if k > t reads t: then s - 1 >= k - tau_k >= 1, and (s - 1)(eta_t - eta_k) >= 0."""
    in_window, at_read = window(J, K), (le(tau(K), J), le(J, tau(K)))
    delayed = rules.widen(rules.constant(READER.having(*in_window), 1), ("j",), in_window, at_read)
    stale = rules.add(rules.window_count(READER, K), delayed)
    one_step = rules.instantiate(FALLING.fact(STEP.having(lt(ZERO, K))), BEFORE_LAST, k=J + 1)
    fallen = rules.weaken(falling_on(one_step, scalar("s") - 1), READER)
    return rules.cancel(fallen, stale, Fraction(1), scalar("eta", T_) - scalar("eta", K))


def served_by_few() -> Apply:
    """S eta_t^2 >= sum of eta_k^2 over the readers of t."""
    many = product(POINT, rules.served_count(POINT, T_), symbol(POINT, "eta", T_, power=2))
    both = rules.add(symbol(READER, "eta", T_), symbol(READER, "eta", K))
    return rules.add(many, rules.total(rules.multiply(Ref("falling"), both), ("k",), *READS_IT))


def or_itself(term: Term) -> tuple[Index, Index] | None:
    """Cut the sums over the readers k of t by whether k = t."""
    cuts = (whether(term, index, T_) for index in bound_variables(term))
    return next((cut for cut in cuts if cut), None)


def with_factor_s() -> Apply:
    """The sum with s eta_t^2 in place of the sum over the readers of t."""
    one = product(POINT, Ref("served"), rules.square(POINT, gradient(T_)), symbol(POINT, "L"), HALF)
    return rules.add(Ref("summed"), rules.total(one, ("t",), *steps(T_)))


def factor_s(falling: Apply, title: str, why: str) -> tuple[Step, ...]:
    """The steps up to the sum with the factor s, from the proof that a later reader takes no larger a step."""
    return (
        *argument(weight(TIGHT_SUM, "u")),
        Step("falling", title, why, Claim(At(ETA, T_, "t"), ETA), falling),
        Step(
            "served",
            "The factor s: at most s steps read a point",
            "tau_k = t means t <= k < t + s, and eta_k <= eta_t for each of these",
            Claim(S * ETA**2, served(ETA**2), T_),
            served_by_few(),
            or_itself,
        ),
        Step(
            "factor-s",
            "The sum with the factor s",
            "the step before, times L |g_t|^2 / 2, summed over t",
            Claim(NUMERATOR, total(weight(FACTOR_S_SUM) * square(G))),
            with_factor_s(),
        ),
    )


FOR_FALLING_STEPS = factor_s(
    falling_if_stale(),
    "A step k that reads an older point t is no larger than step t",
    "induction on k from eta_k >= eta_{k+1}, assumed if s > 1; as t < k is read, s - 1 >= k - tau_k >= 1",
)
SUM_THEOREM = theorem(FACTOR_S_SUM.value)
SUM_PROOF = Proof(
    "dai2019-sum",
    (
        *FOR_FALLING_STEPS,
        Step(
            "theorem",
            "The minimum",
            "m <= |g_t|^2 for t < T, and no weight w_t is negative",
            SUM_THEOREM,
            rules.add(Ref("factor-s"), least(SUM_WEIGHTS.fact(POINT))),
        ),
    ),
    SUM_THEOREM,
    assumed=(COHERENT, FALLING, SUM_WEIGHTS),
    weights=rules.instantiate(SUM_WEIGHTS.fact(POINT), STEP, t=K),
    mean=Ref("factor-s"),
)

# --------------------------------------------------------------------------------------------------- a constant step


def half_of_weight() -> Apply:
    """Mu eta_t - (s L/2) eta_t^2 >= mu eta_t / 2, from eta_t <= mu/(s L)."""
    lengths = product(POINT, symbol(POINT, "s"), symbol(POINT, "L"), symbol(POINT, "eta", T_), HALF)
    return rules.multiply(SMALL.fact(POINT), lengths)


def at_small_steps() -> Apply:
    """The sum with weights mu eta_t, which are at most 2 w_t."""
    rest = rules.total(product(POINT, Ref("half"), rules.square(POINT, gradient(T_))), ("t",), *steps(T_))
    return rules.multiply(rules.add(Ref("factor-s"), rest), rules.constant(START, 2))


SMALL_THEOREM = theorem(SMALL_STEPS.value)
SMALL_PROOF = Proof(
    "dai2019-constant",
    (
        *FOR_FALLING_STEPS,
        Step(
            "half",
            "Half of a small step",
            "eta_t <= mu/(s L)",
            Claim(weight(FACTOR_S_SUM), MU * ETA / 2, T_),
            half_of_weight(),
        ),
        Step(
            "theorem",
            "The minimum; at a constant step eta it is at most 2 Delta/(eta mu T) + L eta sigma^2/mu",
            "m <= |g_t|^2 for t < T, and w_t >= mu eta_t / 2 >= 0; times 2",
            SMALL_THEOREM,
            rules.add(at_small_steps(), least(product(POINT, symbol(POINT, "mu"), symbol(POINT, "eta", T_)))),
        ),
    ),
    SMALL_THEOREM,
    assumed=(COHERENT, FALLING, SMALL),
    mean=at_small_steps(),
)

PROOFS = (SUM_PROOF, TIGHT_PROOF, SMALL_PROOF)
