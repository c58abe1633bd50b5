"""Theorem A_B and its corollaries: the proofs replay, rest on the right axioms, and what is near them is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from tests.support import replays
from tests.support.replays import last_refusal, replayed, reworded, without
from theory.bounds import get
from theory.formulas.formula import Number, formula, readers, taken
from theory.proofs.kernel import SEVERAL, tau, update
from theory.proofs.nodes import F_GAP, MINIMUM, G, Walk, following, inner, last, read, square
from theory.proofs.proof import Assumed, Claim, theorem
from theory.proofs.theorems.constant_step import ETA as FIRST
from theory.proofs.theorems.corollaries_b import PROOF_1B, PROOF_1B_PLUS, homogeneous, proof
from theory.proofs.theorems.corollary_b import CASES, COUNT, B, S, T
from theory.proofs.theorems.lemmas import K
from theory.proofs.theorems.theorem_a import DELTA, ETA, SIGMA, H, L, P, Q
from theory.proofs.theorems.theorem_ab import PROOF, OverPoints

STATED = {step.name: step.claim for step in PROOF.steps}
SUMMED, (WEIGHTS,) = STATED["summed"], PROOF.assumed
V = WEIGHTS.claim.left
PROOFS = {proved.name: proved for proved in (PROOF, PROOF_1B, PROOF_1B_PLUS)}
ALWAYS = {
    "F is L-smooth",
    "F is bounded below",
    "Delta >= F(x_0) - inf F",
    "steps and delays are independent of the noise",
    "the noises of one update have mean zero and are independent given what was before",
    "the variance is at most sigma^2",
    "m is the minimum over x_0..x_T",
}
COUNTED = {"delays are at most s - 1", "every update applies B gradients", "there are T steps"}
ROOTS = "sqrt(a) is not negative, its square is a"


@pytest.mark.parametrize("name", PROOFS)
def test_the_proof_replays_and_says_what_it_rests_on(name):
    report = replayed(PROOFS[name])
    assert report.proved
    order = {"where there is no noise, e_k is 0", "o_k is 1 if there is noise and step k is overtaken, else 0"}
    assumed = {f"assumed: {side if isinstance(side, str) else side.name}" for side in PROOFS[name].assumed}
    assert report.axioms == ALWAYS | assumed | (order if name == "theorem-ab" else COUNTED | {ROOTS})


def test_no_step_of_the_corollaries_speaks_of_the_order_of_reads():
    for proved in (PROOF_1B, PROOF_1B_PLUS):
        for fact in replayed(proved).facts.values():
            assert fact.context.laws == {SEVERAL}


def test_what_is_proved_of_several_gradients_is_no_theorem_about_one():
    assert "does not say so" in last_refusal(PROOF, laws=frozenset())


WAY = square(Walk(tau(K), update(K)))
WRONG_CLAIMS = {
    "half the gradients": ("ordered", Claim(H * P / 2 + SIGMA**2 * Q, WAY)),
    "no noise in the way": ("ordered", Claim(H * P, WAY)),
    "overtaking costs nothing": ("anyhow", Claim(H * P + SIGMA**2 * Q, WAY)),
    "the point with the number of the gradient": (
        "smoothed",
        Claim(L**2 * (H * P + SIGMA**2 * Q), square(G - read(G))),
    ),
    "each gradient by its own step alone": (
        "descent",
        Claim(
            F_GAP - following(F_GAP),
            inner(G, taken(ETA * read(G))) - L / 2 * (taken(ETA**2 * square(read(G))) + SIGMA**2 * taken(ETA**2)),
        ),
    ),
    "half the noise of an update": (
        "descent",
        Claim(
            F_GAP - following(F_GAP),
            inner(G, taken(ETA * read(G)))
            - L / 2 * (taken(ETA) * taken(ETA * square(read(G))) + SIGMA**2 / 2 * taken(ETA**2)),
        ),
    ),
    "no noise in the sum": ("summed", Claim(DELTA, SUMMED.right)),
    "twice the weights": ("summed", Claim(SUMMED.left, OverPoints(V * square(G)) + last(square(G)) / (2 * L))),
}


@pytest.mark.parametrize("name", WRONG_CLAIMS)
def test_a_wrong_claim_is_refused(name):
    step, claim = WRONG_CLAIMS[name]
    assert replays.refusal(PROOF, step, claim=claim)


def test_the_weights_must_be_assumed():
    assert without(PROOF, WEIGHTS)
    assert reworded(PROOF, WEIGHTS, replace(WEIGHTS, claim=Claim(2 * V, Number(0) - DELTA, WEIGHTS.claim.index)))


refusal = partial(replays.refusal, PROOF_1B)
CASE, PLUS, *_ = CASES
WRONG_STEPS = {
    "B s gradients are not fewer than B (s - 1)": ("few", Claim((S - 2) * B, COUNT)),
    "a window without B": ("few", Claim(S - 1, COUNT)),
    "windows without B": ("many", Claim((S - 1) ** 2, readers(COUNT))),
    "T gradients": ("all", Claim(T, B * 1, equality=True)),
    "a step without B": ("share", Claim(1 - S * L * B**2 * FIRST, Number(0))),
    "theta is too small for the gradients": ("young", Claim(CASE.weight * H * P + SIGMA**2 * Q, CASE.weight * WAY)),
    "theta is too small for the noise": (
        "young",
        Claim((CASE.weight + CASE.q**2) * H * P + CASE.weight * SIGMA**2 * Q, CASE.weight * WAY),
    ),
    "c is at most 1/2": ("room", Claim(CASE.room, CASE.weight / 2)),
    "more is left over": ("surplus", Claim(CASE.gain * CASE.middle, CASE.weight + 2 * CASE.share**2 * CASE.noise)),
    "Delta for 2 Delta": ("short", Claim(DELTA, MINIMUM * T * B * FIRST)),
    "the roots without B": ("roots", Claim(T * CASE.roots[0], 2 * B * DELTA * CASE.roots[1], equality=True)),
    "half the last term": ("theorem", theorem(SIGMA * CASE.roots[0] + S * L * DELTA / T)),
    "the other corollary's": ("theorem", theorem(get("corollary-1b-plus").value)),
    "a variance of a mean of more": ("theorem", theorem(SIGMA * CASE.roots[0] / B + 2 * S * L * DELTA / T)),
}


@pytest.mark.parametrize("name", WRONG_STEPS)
def test_a_wrong_step_of_the_corollary_is_refused(name):
    step, claim = WRONG_STEPS[name]
    assert refusal(step, claim=claim)


def test_a_longer_step_or_a_smaller_factor_has_no_proof():
    """What is said of a polynomial's coefficients is not so any more, and the kernel says no."""
    for other in (
        replace(CASE, gamma=Number(1.9, "1.9")),
        replace(PLUS, gamma=Number(1.8, "1.8")),
        replace(PLUS, kappa=Number(20)),
        replace(PLUS, ratio=formula(1)),
        replace(PLUS, extra=0),
    ):
        step = next(step for step in proof(other).steps if step.name == "surplus")
        known = PROOF_1B if other.bound is CASE.bound else PROOF_1B_PLUS
        assert replays.refusal(known, "surplus", claim=step.claim, derivation=step.derivation)


@pytest.mark.parametrize("name", ("room", "surplus"))
def test_every_term_of_a_polynomial_is_needed(name):
    for case, proved in zip(CASES, (PROOF_1B, PROOF_1B_PLUS), strict=False):
        derivation = homogeneous(case, name)
        for drop in range(0, len(derivation.arguments), 5):
            fewer = replace(derivation, arguments=tuple(a for i, a in enumerate(derivation.arguments) if i != drop))
            assert replays.refusal(proved, name, derivation=fewer)


def test_the_step_and_the_least_staleness_must_be_assumed():
    for proved in (PROOF_1B, PROOF_1B_PLUS):
        for side in (side for side in proved.assumed if isinstance(side, Assumed)):
            assert without(proved, side)
        assert last_refusal(proved, assumed=tuple(side for side in proved.assumed if side != "Delta > 0"))
