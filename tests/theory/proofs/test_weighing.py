"""The weighted mean that `check` tests beside a minimum: where the proof ends in it, a step of the proof says so."""

from __future__ import annotations

import pytest

from tests.support.replays import replayed
from theory.bounds import REGISTRY
from theory.bounds.parts.bound import Weighing
from theory.formulas.formula import formula
from theory.formulas.notation import name_node
from theory.proofs import PROOFS
from theory.proofs.kernel import LAST, ZERO, Context, Expression, ProofError, le, lt, var, vector, weaken
from theory.proofs.statement import fraction, meaning
from theory.proofs.theorem import laws, least_steps

K, ETA = var("k"), name_node("eta")
STEPS = (le(ZERO, K), lt(K, LAST))
#: Of the others the weighted mean is derived by hand, as docs/kernel.md says.
SHOWN = ("dai2019-sum", "dai2019-tight", "theorem-a")


def claimed(name: str, weighing: Weighing) -> Expression:
    """Whole * value less the sum of the w_t |g_t|^2, where the value is over the whole of the weights."""
    bound = REGISTRY[name]
    numerator, denominator = map(meaning, fraction(bound.value))
    each, whole = meaning(weighing.each), meaning(weighing.whole)
    mean = (each * vector("g", K).square()).total(("k",), *STEPS)
    left = whole - each.total(("k",), *STEPS)
    assert not (denominator - whole).normal(Context(frozenset({lt(ZERO, LAST)})))
    return numerator - mean - (left * vector("g", LAST).square() if bound.covers_last else 0)


def said(name: str, weighing: Weighing) -> list[str]:
    """The steps of the proof that say it of every run of the bound."""
    bound = REGISTRY[name]
    run = Context(frozenset({le(ZERO + least_steps(bound), LAST)}), laws(bound))
    wanted, found = claimed(name, weighing), []
    for step, fact in replayed(PROOFS[name]).facts.items():
        try:
            found += [step] if not (weaken(fact, run).expression - wanted).normal(run) else []
        except ProofError:  # about one step, or about other runs
            continue
    return found


@pytest.mark.parametrize("name", SHOWN)
def test_a_step_of_the_proof_bounds_the_weighted_mean(name):
    weighing = REGISTRY[name].weighing
    assert said(name, weighing)
    for lie in (formula(0), 2 * weighing.each, weighing.each + ETA, ETA):
        assert not said(name, Weighing(lie, weighing.whole))
