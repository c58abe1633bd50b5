"""Theorem A^r_B: the proof replays and rests on what it says; wrong claims and missing conditions are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support import replays
from tests.support.replays import last_refusal, replayed, without
from theory.formulas.formula import Number
from theory.proofs.kernel import SEVERAL
from theory.proofs.nodes import MINIMUM, G, following, square
from theory.proofs.proof import Claim
from theory.proofs.theorems.theorem_a import ETA, SIGMA
from theory.proofs.theorems.theorem_ab import OverPoints
from theory.proofs.theorems.theorem_arb import PROOF, RHO, V, Z


def test_the_proof_replays_and_says_what_it_rests_on():
    report = replayed(PROOF)
    assert report.proved and {frozenset({SEVERAL})} == {fact.context.laws for fact in report.facts.values()}
    assert {axiom for axiom in report.axioms if axiom.startswith("assumed")} == {
        f"assumed: {side.name}" for side in PROOF.assumed
    }
    assert {"there are T steps", "the variance is at most sigma^2"} <= report.axioms


def test_both_conditions_are_needed_and_several_gradients():
    for side in PROOF.assumed:
        assert without(PROOF, side)
    assert "does not say so" in last_refusal(PROOF, laws=frozenset())


MORE = {
    "interpolated": square(following(G)) / 100,
    "weighted": (1 - 1 / RHO) * square(following(G)),
    "descent": Z * SIGMA**2 * ETA**2 / 2,
    "summed": OverPoints(V * square(G)),
    "theorem": MINIMUM * Number(0.01, "0.01"),
}


@pytest.mark.parametrize("name", MORE)
def test_more_than_the_claim_is_refused(name):
    claim = next(step.claim for step in PROOF.steps if step.name == name)
    assert replays.refusal(PROOF, name, claim=replace(claim, right=claim.right + MORE[name]))


def test_the_square_is_not_kept_twice():
    claim = next(step.claim for step in PROOF.steps if step.name == "weighted")
    assert replays.refusal(PROOF, "weighted", claim=Claim(claim.left, 2 * claim.right))
