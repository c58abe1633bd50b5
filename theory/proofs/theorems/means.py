"""The inequality that the published bounds on a mean share, as steps of their proofs; see bounds/parts/means.py."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.means import C_IN_ORDER, DELTA, ETA, NOISE, NOISE_IN_ORDER, SIGMA, C, D, H, L
from theory.formulas.formula import Defined, Formula, formula, readers, total, window
from theory.proofs.axioms import displacement
from theory.proofs.kernel import IN_ORDER, LAST, NOISELESS, Context, Expression, Index, Law, Le, expression, scalar, tau
from theory.proofs.nodes import F_GAP, G, Travelled, following, inner, read, square
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Step, mean_theorem, rules
from theory.proofs.theorems.lemmas import (
    HALF,
    START,
    A,
    B,
    Derived,
    I,
    K,
    Range,
    applied,
    descent,
    ends,
    gradient,
    lipschitz,
    noise,
    noise_order,
    noises,
    product,
    squares,
    steps,
    symbol,
    weighted,
    window_of,
)
from theory.proofs.theorems.lemmas import window as inside

IN_WINDOW = window_of(K)
U = Defined("U", window(ETA**2 * square(read(G))))
P = Defined("P", window(ETA * square(read(G))))
Q = Defined("Q", window(ETA**2))
ALL_SQUARES = total(ETA * square(G))


@dataclass(frozen=True, eq=False)
class Family:
    """One form of the shared inequality.

    Args:
        laws: what it needs to know of every run.
        weight: c_k; noise: what the noise adds to 2 Delta.
        way: the bound of |x_k - x_{tau_k}|^2; why: why it holds.
    """

    laws: tuple[Law, ...]
    weight: Defined
    noise: Formula
    way: Formula
    why: str

    @property
    def above(self) -> Formula:
        """The right side of the shared inequality."""
        return 2 * DELTA if self is QUIET else 2 * DELTA + self.noise

    @property
    def start(self) -> Context:
        """What is known of the run."""
        return START.under(*self.laws)

    @property
    def step(self) -> Context:
        """What is known at a step k."""
        return self.start.having(*steps(K))

    @property
    def reader(self) -> Context:
        """What is known of a step i that is in flight while step k is applied: k in W_i."""
        return self.step.having(*reading(I))


ANY = Family(
    (),
    C,
    NOISE,
    2 * D * U + 2 * SIGMA**2 * Q,
    "|a+b|^2 <= 2|a|^2 + 2|b|^2, Cauchy-Schwarz over d_k steps, and <e_i, e_j> = 0 for i != j",
)
ORDERED = Family(
    (IN_ORDER,),
    C_IN_ORDER,
    NOISE_IN_ORDER,
    H * P + SIGMA**2 * Q,
    "Cauchy-Schwarz; <e_i, g_tau_j> = 0 as tau_j <= tau_k <= i, and <e_i, e_j> = 0 for i != j",
)
QUIET = Family((NOISELESS,), C_IN_ORDER, formula(0), H * P, "Cauchy-Schwarz; there is no noise")


def reading(index: Index) -> tuple[Le, ...]:
    """The step `index` is in flight while step k is applied: k in W_index."""
    return (*steps(index), *inside(K, index))


# ----------------------------------------------------------------------------------------------- the shared steps


def plain_squares(context: Context, where: Range) -> Apply:
    """Cauchy-Schwarz: (number of steps) sum eta_a^2 |v_a|^2 >= |sum eta_a v_a|^2, by the squares of all differences."""
    pair = context.having(*where(A), *where(B))
    apart = rules.square(pair, scalar("eta", A) * applied(A) - scalar("eta", B) * applied(B))
    return rules.total(product(pair, apart, HALF), ("a", "b"), *where(A), *where(B))


def way(family: Family) -> Apply:
    """How far the point has moved since the read."""
    context = family.step
    if family is ANY:
        gradients, noise_sum = weighted(IN_WINDOW, applied), weighted(IN_WINDOW, noise)
        return rules.add(
            rules.square(context, gradients - noise_sum),
            product(context, plain_squares(context, IN_WINDOW), 2),
            product(context, noises(context, IN_WINDOW), 2),
            rules.scale_equality(rules.orthogonal(context, -noise_sum.square(), noise_order), expression(2)),
        )
    no_cross_terms = rules.orthogonal(context, -displacement(tau(K), K).square(), noise_order)
    variance = () if family is QUIET else (noises(context, IN_WINDOW),)
    return rules.add(squares(context, IN_WINDOW), *variance, no_cross_terms)


def turned(context: Context) -> Apply:
    """L^2 times the way bounds |g_k - g_tau_k|^2."""
    return rules.add(lipschitz(context, K, tau(K)), product(context, Ref("way"), symbol(context, "L", power=2)))


def summed_up(start: Context, step: Context) -> Apply:
    """Twice the descent, with 2<a,b> = |a|^2 + |b|^2 - |a-b|^2, over all steps; F(x_T) >= inf F."""
    one = rules.add(product(step, Ref("descent"), 2), product(step, Ref("turned"), symbol(step, "eta", K)))
    end = rules.bounded_below(start, LAST, Expression())
    return rules.add(rules.total(one, ("k",), *steps(K)), product(start, end, 2), product(start, rules.gap(start), 2))


def descended(family: Family) -> Apply:
    """The descent lemma at step k."""
    return quiet_descent(family.step) if family is QUIET else descent(family.step)


def quiet_descent(context: Context) -> Apply:
    """f_k - f_{k+1} >= eta_k <g_k, g_tau_k> - L/2 eta_k^2 |g_tau_k|^2, where there is no noise."""
    moved = displacement(K, K + 1)
    terms = gradient(K).dot(moved) + scalar("L") * HALF * moved.square()
    return rules.add(
        rules.smooth(context, K, K + 1, moved), rules.scale_equality(rules.orthogonal(context, terms), expression(-1))
    )


def shared(family: Family) -> tuple[Step, ...]:
    """The steps up to the inequality that every one of these proofs uses."""
    left = ALL_SQUARES + total(ETA * (1 - family.weight) * square(read(G)))
    moved = square(read(G)) if family is QUIET else square(read(G)) + SIGMA**2
    return (
        Step("way", "The way since the read", family.why, Claim(family.way, square(Travelled())), way(family)),
        Step(
            "turned",
            "How far the gradient has turned since the read",
            "smoothness: |g_k - g_tau_k| <= L |x_k - x_tau_k|",
            Claim(L**2 * family.way, square(G - read(G))),
            turned(family.step),
        ),
        Step(
            "descent",
            "Descent at one step",
            "smoothness" if family is QUIET else "smoothness; e_k is orthogonal to g_k and to g_tau_k",
            Claim(F_GAP - following(F_GAP), ETA * inner(G, read(G)) - L / 2 * ETA**2 * moved),
            descended(family),
        ),
        Step(
            "summed",
            "Sum over the steps",
            "2<a,b> = |a|^2 + |b|^2 - |a-b|^2; exchange of sums; telescoping; f_T >= 0",
            Claim(family.above, left),
            summed_up(family.start, family.step),
            ends("f"),
        ),
    )


# ------------------------------------------------------------------------------------- from it to each of the bounds


def side(condition: Condition) -> Assumed:
    """A side condition of a bound, as what may be assumed."""
    small, large = condition.left, condition.right
    if condition.relation is Relation.AT_LEAST:
        small, large = large, small
    claim = Claim(large, small, equality=condition.relation is Relation.EQUALS)
    return Assumed(condition.name, claim, since=condition.since)


def sides(bound: Bound) -> tuple[Assumed, ...]:
    """The side conditions of a bound that a proof may assume."""
    return tuple(side(condition) for condition in bound.conditions if condition.relation is not Relation.ABOVE)


def at_reader(family: Family, condition: Condition) -> Apply:
    """A side condition at every step k, for a step i in flight."""
    return rules.instantiate(side(condition).fact(family.step), family.reader, k=I)


def over_readers(one: Derived) -> Apply:
    """The sum over the steps in flight."""
    return rules.total(one, ("i",), *reading(I))


def weight_step(family: Family, why: str, derivation: Apply) -> Step:
    """The step c_k <= 1."""
    return Step("weight", "The weights c_k", why, Claim(formula(1), family.weight), derivation)


def noise_steps(family: Family, why: str, derivation: Derived, factor: Formula, times: int) -> tuple[Step, ...]:
    """From 1 >= times L (sum of the steps in flight): the noise is at most factor L sigma^2 sum eta_k^2."""
    step, share = family.step, Fraction(2 if family is ANY else 1, times)
    each = product(
        step, Ref("flight"), share, symbol(step, "L"), symbol(step, "sigma", power=2), symbol(step, "eta", K, power=2)
    )
    return (
        Step("flight", "The steps in flight", why, Claim(formula(1), times * L * readers(ETA)), rules.add(derivation)),
        Step(
            "noise",
            "The noise",
            "exchange of sums; the steps in flight",
            Claim(factor * L * SIGMA**2 * total(ETA**2), family.noise),
            rules.total(each, ("k",), *steps(K)),
        ),
    )


def mean_proof(bound: Bound, family: Family, weight: tuple[Step, ...], noise: tuple[Step, ...] = ()) -> Proof:
    """A proof from the shared inequality.

    Args:
        bound: what is proved; family: the form of the inequality.
        weight: the steps that end with one named "weight", c_k <= 1.
        noise: the steps that end with one named "noise": the noise is at most that of the bound.
    """
    step, claim = family.step, mean_theorem(bound.value, ETA)
    one = product(step, Ref("weight"), symbol(step, "eta", K), rules.square(step, applied(K)))
    parts = [Ref("summed"), rules.total(one, ("k",), *steps(K)), *([Ref("noise")] if noise else [])]
    last = Step("theorem", "The mean", "the second sum is not negative, as c_k <= 1", claim, rules.add(*parts))
    all_steps = (*shared(family), *weight, *noise, last)
    return Proof(bound.name, all_steps, claim, assumed=sides(bound), laws=frozenset(family.laws))


def room(family: Family) -> Apply:
    """S - 1 >= the number of gradients in flight."""
    return rules.readers_count(family.step, K)


def number_in_flight(family: Family) -> Apply:
    """n_k >= 0."""
    return over_readers(rules.constant(family.reader, 1))


def delay(family: Family, context: Context, step: Index = K) -> Apply:
    """d_step >= 0."""
    return rules.total(rules.constant(context.having(*inside(A, step)), 1), ("a",), *inside(A, step))


def at_least_one(family: Family) -> Apply:
    """S >= 1, as s - 1 >= d_k >= 0."""
    return rules.add(rules.window_count(family.step, K), delay(family, family.step))


def in_flight(family: Family, cap: Condition, kappa: int) -> Derived:
    """1 >= kappa L (sum of eta_i over the steps in flight), from eta_i <= 1/(kappa s L)."""
    step, reader = family.step, family.reader
    each = product(reader, at_reader(family, cap), kappa, symbol(reader, "L"), symbol(reader, "s"))
    all_of_them = rules.add(over_readers(each), room(family), rules.constant(step, 1))
    return product(step, all_of_them, symbol(step, "s", power=-1))
