"""Theorem A: the proof replays, rests on the axioms it should, and what is near it and wrong is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from tests.support import replays
from tests.support.replays import last_refusal, replayed
from theory.formulas.formula import window
from theory.proofs.kernel import LAST, NOISELESS, ZERO, Context, ProofError, latest, le, lt, tau
from theory.proofs.nodes import F_GAP, MINIMUM, At, E, G, Travelled, Walk, following, inner, read, square
from theory.proofs.proof import Assumed, Claim, evaluate, rules
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import HALF, T_, I, K, gradient, product, symbol
from theory.proofs.theorems.lemmas import window as inside
from theory.proofs.theorems.theorem_a import (
    ANY,
    DELTA,
    ETA,
    ORDERED,
    OVERTAKES,
    PROOF,
    QUIET,
    SIGMA,
    SMOOTHED,
    STEPS,
    THEOREM,
    THEOREM_A,
    WEIGHTS,
    H,
    L,
    P,
    Q,
    V,
    descent,
    overtaking,
    smoothed,
    way_between_reads,
    way_ordered,
    way_quiet,
)

WAY, OVERTAKEN = square(Travelled()), ANY.having(*overtaking(I))


refusal = partial(replays.refusal, PROOF)


def test_the_proof_replays_and_says_what_it_rests_on():
    report = replayed(PROOF)
    assert report.proved
    assert report.axioms == {
        "F is L-smooth",
        "F is bounded below",
        "Delta >= F(x_0) - inf F",
        "steps and delays are independent of the noise",
        "e_k has mean zero given x_0..x_k and e_0..e_{k-1}",
        "where there is no noise, e_k is 0",
        "the variance is at most sigma^2",
        "o_k is 1 if there is noise and step k is overtaken, else 0",
        "m is the minimum over x_0..x_T",
        f"assumed: {WEIGHTS.name}",
    }


def test_the_theorem_is_the_bound_of_the_library():
    over, under = THEOREM_A.value.over, THEOREM_A.value.under
    assert not (THEOREM.expression() - meaning(over) + meaning(MINIMUM) * meaning(under)).normal(Context())


WRONG_CLAIMS = {
    "half the gradients": ("ordered", Claim(H * P / 2 + SIGMA**2 * Q, WAY)),
    "no noise in the way": ("ordered", Claim(H * P, WAY)),
    "minus the noise": ("ordered", Claim(H * P - SIGMA**2 * Q, WAY)),
    "noise without its squares": ("ordered", Claim(H * P + SIGMA**2 * H, WAY)),
    "the way between reads once": ("between", Claim(H * P + SIGMA**2 * Q, square(Walk(tau(K), tau(I))))),
    "late noise 2 for 3": (
        "late",
        Claim(L * (2 * H * P + 2 * SIGMA**2 * Q), 2 * inner(At(read(G), I, "i") - read(G), window(ETA * E))),
    ),
    "late gradients 1 for 2": (
        "late",
        Claim(L * (H * P + 3 * SIGMA**2 * Q), 2 * inner(At(read(G), I, "i") - read(G), window(ETA * E))),
    ),
    "overtaking costs nothing": ("anyhow", Claim(H * P + SIGMA**2 * Q, WAY)),
    "overtaking 1 for 2": ("anyhow", Claim((1 + L * H) * H * P + (1 + 3 * L * H) * SIGMA**2 * Q, WAY)),
    "overtaking 2 for 3": ("anyhow", Claim((1 + 2 * L * H) * H * P + (1 + 2 * L * H) * SIGMA**2 * Q, WAY)),
    "L for L squared": ("smoothed", Claim(SMOOTHED.left / L, SMOOTHED.right)),
    "the next gradient": ("smoothed", Claim(SMOOTHED.left, square(following(G) - read(G)))),
    "a quarter of the curvature": (
        "descent",
        Claim(F_GAP - following(F_GAP), ETA * inner(G, read(G)) - L / 4 * ETA**2 * (square(read(G)) + SIGMA**2)),
    ),
    "the gradient after the step": (
        "descent",
        Claim(
            F_GAP - following(F_GAP), ETA * inner(following(G), read(G)) - L / 2 * ETA**2 * (square(read(G)) + SIGMA**2)
        ),
    ),
    "ascent": (
        "descent",
        Claim(following(F_GAP) - F_GAP, ETA * inner(G, read(G)) - L / 2 * ETA**2 * (square(read(G)) + SIGMA**2)),
    ),
    "no noise in the sum": ("summed", Claim(DELTA, STEPS[-2].claim.right)),
    "twice the weight": ("summed", Claim(STEPS[-2].claim.left, 2 * STEPS[-2].claim.right)),
    "an equality": ("descent", replace(STEPS[6].claim, equality=True)),
}


@pytest.mark.parametrize("name", WRONG_CLAIMS)
def test_a_wrong_claim_is_refused(name):
    step, claim = WRONG_CLAIMS[name]
    assert refusal(step, claim=claim)


WRONG_DERIVATIONS = {
    "the order of the reads is not known": ("ordered", way_ordered(ANY)),
    "there is noise": ("quiet", way_quiet(ANY)),
    "i need not overtake": ("between", way_between_reads(ANY.having(*inside(I, K)))),
    "any order from reads in order": ("anyhow", way_ordered(ANY)),
    "the cases are mixed up": (
        "smoothed",
        rules.overtaking_cases(
            smoothed(QUIET, "quiet"), smoothed(ORDERED, "ordered"), smoothed(ANY, "anyhow"), K, SMOOTHED.expression()
        ),
    ),
    "the case of overtaking is left out": (
        "smoothed",
        rules.overtaking_cases(
            smoothed(ORDERED, "ordered"), smoothed(QUIET, "quiet"), smoothed(ANY, "ordered"), K, SMOOTHED.expression()
        ),
    ),
    "descent before the first step": ("descent", descent(Context())),
}


@pytest.mark.parametrize("name", WRONG_DERIVATIONS)
def test_a_wrong_derivation_is_refused(name):
    step, derivation = WRONG_DERIVATIONS[name]
    assert refusal(step, derivation=derivation)


def test_the_noise_is_not_independent_of_what_it_made():
    """e_k moves x_{k+1}, so that its product with g_{k+1} need not vanish; nor with g_tau_i for a younger read."""
    for index in (K + 1, tau(K + 1)):
        with pytest.raises(ProofError, match="may depend on that noise"):
            evaluate(rules.unbiased(ANY, K, "g", index), {})
    with pytest.raises(ProofError, match="may depend on that noise"):
        evaluate(rules.unbiased(OVERTAKEN, tau(K), "g", tau(I)), {})
    assert evaluate(rules.unbiased(ORDERED.having(*inside(I, K)), tau(K), "g", tau(I)), {}).equality


def test_the_weights_must_be_those_of_the_bound():
    stronger = Assumed(WEIGHTS.name, replace(WEIGHTS.claim, left=V - ETA))
    there = Context(frozenset({le(ZERO, T_), lt(T_, LAST)}))
    with_it = rules.add(rules.weaken(STEPS[-1].derivation, there), stronger.fact(there))
    assert "assumes something else" in refusal("theorem", derivation=with_it)
    assert "does not follow" in refusal("theorem", derivation=rules.weaken(WEIGHTS.fact(Context()), there))


def test_nothing_is_assumed_that_the_theorem_does_not_say():
    assert "assumes what the theorem does not" in last_refusal(PROOF, assumed=())


WRONG_THEOREMS = {
    "no noise": (DELTA, MINIMUM * THEOREM_A.value.under),
    "half the noise": (
        DELTA + L * SIGMA**2 / 4 * THEOREM_A.value.over.terms[1].factors[-1],
        MINIMUM * THEOREM_A.value.under,
    ),
    "a larger weight": (THEOREM_A.value.over, MINIMUM * (THEOREM_A.value.under + 1 / L)),
}


@pytest.mark.parametrize("name", WRONG_THEOREMS)
def test_another_theorem_is_not_proved(name):
    assert last_refusal(PROOF, conclusion=Claim(*WRONG_THEOREMS[name]))


def test_a_weight_of_unknown_sign_multiplies_nothing():
    with pytest.raises(ProofError, match="Nothing is known of the sign"):
        evaluate(symbol(ANY, "v", T_), {})
    with pytest.raises(ProofError, match="negative"):
        evaluate(product(ANY, rules.square(ANY, gradient(K)), -HALF), {})


def test_overtaking_is_told_by_the_law():
    assert ORDERED.laws == {latest(K)} and QUIET.laws == {NOISELESS} and not ANY.laws and OVERTAKES.symbol == "o"
