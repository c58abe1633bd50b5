"""The descent of SGD without delay, as the first steps of the proofs about it."""

from __future__ import annotations

from theory.bounds.parts.bound import Bound
from theory.bounds.parts.means import ETA, SIGMA, L
from theory.bounds.parts.undelayed import ABOVE
from theory.formulas.formula import Formula, total
from theory.proofs.kernel import LAST, PROMPT, Context, Expression, scalar, tau
from theory.proofs.nodes import F_GAP, G, following, square
from theory.proofs.proof import Apply, Claim, Proof, Ref, Step, mean_theorem, rules
from theory.proofs.theorems.lemmas import HALF, START, Derived, K, descent, ends, gradient, product, steps
from theory.proofs.theorems.means import sides

RUN = START.under(PROMPT)
STEP = RUN.having(*steps(K))
WEIGHTS = 2 * ETA - L * ETA**2


def read_here(context: Context, inner: Expression, squared: Expression) -> tuple[Apply, Apply]:
    """As tau_k = k: inner times <g_k, g_tau_k> - |g_k|^2, and squared times |g_tau_k|^2 - |g_k|^2, are 0."""
    with_own = rules.same_point(context, tau(K), K, gradient(K))
    with_read = rules.same_point(context, tau(K), K, gradient(tau(K)) + gradient(K))
    return rules.scale_equality(with_own, inner), rules.scale_equality(with_read, squared)


def one_step() -> Apply:
    """The descent lemma, with the gradient read here."""
    eta = scalar("eta", K)
    return rules.add(descent(STEP), *read_here(STEP, eta, eta * eta * scalar("L") * -HALF))


def summed_up() -> Apply:
    """Twice the descent over all steps; F(x_T) >= inf F."""
    one = rules.total(product(STEP, Ref("descent"), 2), ("k",), *steps(K))
    end = rules.bounded_below(RUN, LAST, Expression())
    return rules.add(one, product(RUN, end, 2), product(RUN, rules.gap(RUN), 2))


SHARED = (
    Step(
        "descent",
        "Descent at one step",
        "smoothness; e_k is orthogonal to g_k; tau_k = k",
        Claim(F_GAP - following(F_GAP), ETA * square(G) - L / 2 * ETA**2 * (square(G) + SIGMA**2)),
        one_step(),
    ),
    Step(
        "summed",
        "Sum over the steps",
        "telescoping; f_T >= 0",
        Claim(ABOVE, total(WEIGHTS * square(G))),
        summed_up(),
        ends("f"),
    ),
)


def undelayed_proof(
    bound: Bound, weights: Formula, why: str, derivation: Apply, *more: Step, positive: Derived | None = None
) -> Proof:
    """A proof that ends with a mean."""
    claim = mean_theorem(bound.value, weights)
    last = Step("theorem", "The mean", why, claim, derivation)
    return Proof(
        bound.name, (*SHARED, *more, last), claim, assumed=sides(bound), laws=frozenset({PROMPT}), weights=positive
    )
