"""Corollary 1_B* and the mean delay: the proofs replay, rest on what they say, and what is near them is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from tests.support import replays
from tests.support.replays import last_refusal, replayed, without
from theory.formulas.formula import Number, block, total
from theory.proofs.kernel import SEVERAL, tau
from theory.proofs.nodes import MINIMUM, E, Walk, square
from theory.proofs.proof import Assumed, Claim, theorem
from theory.proofs.theorems.corollary_star import (
    A_,
    COUNTED,
    NU,
    P_,
    PROOF_1B_STAR,
    PROOF_AVERAGE_DELAY_B,
    SHAKEN,
    SHARE,
    SHARED,
    SUMMED,
    THETA,
    C,
)
from theory.proofs.theorems.lemmas import K
from theory.proofs.theorems.theorem_a import DELTA, ETA, NOW, SIGMA, H, L, P, Q

PROOFS = {proof.name: proof for proof in (PROOF_1B_STAR, PROOF_AVERAGE_DELAY_B)}
REASONS = {
    "F is L-smooth",
    "F is bounded below",
    "Delta >= F(x_0) - inf F",
    "steps and delays are independent of the noise",
    "the noises of one update have mean zero and are independent given what was before",
    "the variance is at most sigma^2",
    "where there is no noise, e_k is 0",
    "noisy is 1 if there is noise, else 0",
    "a maximum is at least what it is the maximum of",
    "every update applies B gradients",
    "m is the minimum over x_0..x_T",
}


@pytest.mark.parametrize("name", PROOFS)
def test_the_proof_replays_and_says_what_it_rests_on(name):
    report = replayed(PROOFS[name])
    assert report.proved
    assert report.axioms == REASONS | {f"assumed: {side.name}" for side in PROOFS[name].assumed}
    for fact in report.facts.values():
        assert fact.context.laws == {SEVERAL}  # no word of the order of reads, nor of a largest delay


@pytest.mark.parametrize("name", PROOFS)
def test_every_side_condition_is_needed(name):
    for assumed in PROOFS[name].assumed:
        assert isinstance(assumed, Assumed) and without(PROOFS[name], assumed)
    assert "does not say so" in last_refusal(PROOFS[name], laws=frozenset())


WAY = square(Walk(tau(K), NOW))
WRONG = {
    "less noise": ("variance", Claim(NU * SIGMA**2 / 2, square(E))),
    "no Young": ("way", Claim(H * P + (1 + 1 / THETA) * NU * SIGMA**2 * Q, WAY)),
    "gradients for free": ("way", Claim((1 + P_) * H * P + NU * SIGMA**2 * Q, WAY)),
    "no noise in the sum": ("summed", Claim(DELTA, SUMMED.right)),
    "c below 1": ("room", Claim(Number(1) - L * ETA, C)),
    "twice the noise": ("surplus", Claim(1 - C, SHAKEN + P_ * A_)),
    "half the noise": ("counted", Claim(DELTA, COUNTED.right)),
    "c_k for c": ("counted", Claim(COUNTED.left, MINIMUM * total(ETA * (1 - L * block(ETA) / 2)))),
    "Delta for 2 Delta": ("theorem", theorem(DELTA / (SHARE * total(ETA)))),
    "all steps": ("theorem", theorem(2 * DELTA / total(ETA))),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_claim_is_refused(name):
    step, claim = WRONG[name]
    assert replays.refusal(PROOF_1B_STAR, step, claim=claim)


@pytest.mark.parametrize("step", [step.name for step in SHARED])
def test_every_part_of_a_sum_is_needed(step):
    refusal = partial(replays.refusal, PROOF_1B_STAR, step)
    derivation = next(one.derivation for one in SHARED if one.name == step)
    for drop in range(len(derivation.arguments)) if derivation.rule == "add" else ():
        kept = tuple(part for place, part in enumerate(derivation.arguments) if place != drop)
        assert refusal(derivation=replace(derivation, arguments=kept))
