"""Theorem A_B, replayed: several gradients an update. What Theorem A says of one gradient holds of each of them."""

from __future__ import annotations

from dataclasses import dataclass

from theory.bounds.parts.bound import Bound
from theory.bounds.theorem_ab import THEOREM_AB
from theory.formulas.formula import Formula, taken
from theory.proofs.axioms import displacement
from theory.proofs.kernel import (
    MIXED,
    RANDOM,
    SEVERAL,
    Context,
    Expression,
    Index,
    Le,
    expression,
    le,
    scalar,
    tau,
    update,
)
from theory.proofs.kernel import var as letter
from theory.proofs.nodes import F_GAP, G, Meant, Walk, applying, following, inner, last, read, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, rules, side_condition, theorem
from theory.proofs.statement import fraction, meaning
from theory.proofs.theorems.lemmas import (
    HALF,
    START,
    T_,
    K,
    applied,
    ends,
    gradient,
    gradients,
    last_gap,
    least,
    no_weight_is_negative,
    noise_order,
    noises,
    product,
    read_apart,
    squares,
    steps,
    symbol,
)
from theory.proofs.theorems.theorem_a import ETA, SIGMA, L, turning

#: A run, one of its updates k, one of its gradients k.
RUN = START.under(SEVERAL)
UPDATE, GRADIENT = RUN.having(*steps(K)), RUN.having(*gradients(K))

#: g at the point to which gradient k is applied.
HERE = applying(G)


@dataclass(frozen=True, eq=False)
class OverPoints(Meant):
    """The sum of a node over the points x_0..x_{T-1}."""

    body: Formula

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def mean(self, index: Index) -> Expression:
        return meaning(self.body, letter("t")).total(("t",), *steps(letter("t")))

    def latex(self, index: str = "k") -> str:
        return rf"\sum_{{t < T}} {self.body.bracketed(self.strength, 't')}"


def applied_at(index: Index) -> tuple[Le, Le]:
    """The gradients that update k applies."""
    return le(K, update(index)), le(update(index), K)


def descent(there: Context = UPDATE, variance: Apply | None = None) -> Apply:
    """The descent lemma for an update: Cauchy-Schwarz for its gradients, and its noises are orthogonal.

    `variance` is what its noises cost; by default sigma^2 eta^2 each.
    """
    apart = bool(there.laws & {MIXED, RANDOM})
    moved = displacement(K, K + 1, apart)
    terms = gradient(K).dot(moved) + scalar("L") * HALF * moved.square()
    of_gradients = squares(there, applied_at, read_apart if apart else applied)
    return rules.add(
        rules.smooth(there, K, K + 1, moved),
        rules.scale_equality(rules.orthogonal(there, terms, noise_order), expression(-1)),
        product(there, rules.add(of_gradients, variance or noises(there, applied_at)), symbol(there, "L"), HALF),
    )


def summed_up() -> Apply:
    """2<a,b> = |a|^2 + |b|^2 - |a-b|^2 turns the descent into squares; sum it over updates and gradients."""
    turned = product(GRADIENT, Ref("smoothed"), symbol(GRADIENT, "eta", K), HALF)
    return rules.add(
        rules.total(Ref("descent"), ("k",), *steps(K)),
        rules.total(turned, ("k",), *gradients(K)),
        last_gap(RUN),
        rules.gap(RUN),
    )


def descends(used: Formula) -> Claim:
    """What an update is worth that applies the gradients `used`."""
    noisy = SIGMA**2 * taken(ETA**2)
    return Claim(
        F_GAP - following(F_GAP),
        inner(G, taken(ETA * used)) - L / 2 * (taken(ETA) * taken(ETA * square(used)) + noisy),
    )


DESCENT = descends(read(G))


def proof(bound: Bound, turned: tuple[Step, ...]) -> Proof:
    """The proof of a bound of this form, from how far the gradient has turned since the read."""
    weights, conclusion = side_condition(bound, "v"), theorem(bound.value)
    v = next(node for node in bound.definitions if node.symbol == "v")
    squares_of_it = OverPoints(v * square(G)) / 2 + last(square(G)) / (2 * L)
    steps_of_it = (
        *turned,
        Step(
            "descent",
            "Descent at one update",
            "smoothness; Cauchy-Schwarz; its noises are orthogonal to one another, to g_k and to the gradients",
            DESCENT,
            descent(),
        ),
        Step(
            "summed",
            "Sum over the updates",
            "2<a,b> = |a|^2 + |b|^2 - |a-b|^2; exchange of sums; telescoping; f_T >= |g_T|^2/2L",
            Claim(fraction(bound.value)[0], squares_of_it),
            summed_up(),
            ends("f"),
        ),
        Step(
            "theorem",
            "The minimum",
            "m <= |g_t|^2 for t = 0..T, and no weight v_t is negative",
            conclusion,
            rules.add(Ref("summed"), least(meaning(v, T_), weights.name, start=RUN)),
        ),
    )
    return Proof(
        bound.name,
        steps_of_it,
        conclusion,
        (weights,),
        frozenset({SEVERAL}),
        denominator=no_weight_is_negative(meaning(v, T_), weights.name, start=RUN),
        weights=product(UPDATE, rules.hypothesis(UPDATE, meaning(v, K), weights.name), HALF),
        mean=Ref("summed"),
    )


PROOF = proof(THEOREM_AB, turning(GRADIENT, Walk(tau(K), update(K)), HERE - read(G)))
