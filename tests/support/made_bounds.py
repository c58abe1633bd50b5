"""Bounds made for attacks: m <= 2 L Delta is true of every run, and what is not may be added to it."""

from __future__ import annotations

from typing import Any

from theory.bounds import Setting
from theory.bounds.parts.assumptions import BOUNDED_BELOW, BOUNDED_VARIANCE, DELAYS_FIXED, NO_NOISE, SMOOTH, UNBIASED
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, Relation
from theory.bounds.parts.shared import of_right_sign
from theory.formulas.formula import formula
from theory.formulas.notation import name_node
from theory.proofs.axioms import AXIOMS, sign
from theory.proofs.computed import require_computable
from theory.proofs.kernel import (
    LAST,
    ZERO,
    Context,
    Fact,
    ProofError,
    add,
    constant,
    hypothesis,
    instantiate,
    le,
    lt,
    multiply,
    restate,
    scalar,
    var,
    vector,
)
from theory.proofs.theorem import compare
from theory.staleness.count import Staleness

L, DELTA, SIGMA, ETA, S, T, D, NUMBER = map(name_node, ("L", "Delta", "sigma", "eta", "s", "T", "d", "k"))
K, J = var("k"), var("j")
RUN = Context(frozenset({lt(ZERO, LAST)}))
STEP = RUN.having(le(ZERO, K), lt(K, LAST))
SIGNS = of_right_sign("L", "Delta", "sigma")
NOISY = (SMOOTH, BOUNDED_BELOW, UNBIASED, BOUNDED_VARIANCE, DELAYS_FIXED)
QUIET = (SMOOTH, BOUNDED_BELOW, NO_NOISE)
TRUE = 2 * L * DELTA


def condition(left: Any, relation: str, right: Any, **more: Any) -> Condition:
    return Condition("c", "broken", formula(left), Relation(relation), formula(right), "c", "mend it", **more)


EXACT = condition(SIGMA, "==", 0)


def made(value: Any, *conditions: Condition, assumptions: Any = NOISY, kind: Any = Bound, **more: Any) -> Bound:
    """A bound with this value and these conditions, beside those on the signs."""
    return kind(
        "made", "t", "s", assumptions, (*SIGNS, *conditions), formula(value), more.pop("covers_last", True), None, "r",
        **more,
    )  # fmt: skip


def true(there: Context = RUN) -> Fact:
    """2 L Delta - m >= 0, from smoothness at x_0."""
    down = AXIOMS["bounded_below"](there, ZERO, -scalar("L", power=-1) * vector("g", ZERO))
    doubled = multiply(add(AXIOMS["gap"](there), down), multiply(sign(there, "L"), constant(there, 2)))
    return restate(add(doubled, AXIOMS["least"](there, ZERO)), 2 * scalar("L") * scalar("Delta") - scalar("m"))


def times_true(factor: Fact) -> Fact:
    """2 L Delta a >= 0, from a >= 0."""
    there = factor.context
    return multiply(multiply(multiply(sign(there, "L"), sign(there, "Delta")), constant(there, 2)), factor)


def long_steps(at: Any = ZERO) -> Fact:
    """L eta >= 1 at a step, assumed of all."""
    body = scalar("L") * scalar("eta", K) - 1
    return instantiate(hypothesis(STEP, body, "long"), RUN, k=at)


def refusal(bound: Bound, *facts: Any) -> str:
    """Why these facts are no proof of the bound, or floats do not see what it says."""
    found = []
    for check, given in ((compare, (bound, *facts)), (require_computable, (bound,))):
        try:
            check(*given)
        except (ProofError, AttributeError) as refused:  # what is no condition has no sides to compute
            found.append(str(refused))
    assert found, "The bound is accepted."
    return " ".join(found)


def value_of(bound: Bound, eta: Any, delays: Any, s: int, **constants: float) -> float | None:
    """What the bound evaluates to, or None where a condition fails."""
    given = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, **constants}
    return bound.assess(Setting(eta, delays, Staleness(s), given))[0]
