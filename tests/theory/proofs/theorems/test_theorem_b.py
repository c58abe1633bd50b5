"""Theorem B: the proof replays for exact gradients, and what is near it and wrong is refused."""

from __future__ import annotations

from functools import partial

import pytest

from tests.support import replays
from tests.support.replays import last_refusal, replayed
from theory.formulas.formula import call
from theory.proofs.kernel import LAST, NOISELESS, ProofError, expression, restate, scalar, tau
from theory.proofs.nodes import MINIMUM, G, following, read, square
from theory.proofs.proof import Claim, evaluate, rules
from theory.proofs.theorems.lemmas import START, J, K, at_step, before, ends, gradient, symbol, window_of
from theory.proofs.theorems.theorem_b import (
    AFTER,
    BEFORE,
    DELTA,
    ETA,
    H_PLUS,
    INTERPOLATED,
    PROOF,
    S_PLUS,
    SLOPE,
    STEP,
    THEOREM,
    THEOREM_B,
    WEIGHTS,
    B,
    H,
    L,
    R,
    S,
    spread,
    up_to_now,
)

STRETCHED, ONE_STEP, SUMMED = (
    next(s.claim for s in PROOF.steps if s.name == n) for n in ("stretched", "step", "summed")
)

refusal = partial(replays.refusal, PROOF)


def test_the_proof_replays_and_says_what_it_rests_on():
    report = replayed(PROOF)
    assert report.proved
    assert report.axioms == {
        "F is L-smooth",
        "F is bounded below",
        "Delta >= F(x_0) - inf F",
        "where there is no noise, e_k is 0",
        "eta_j r_j is g_{j+1} - g_j",
        "a maximum is at least what it is the maximum of",
        "m is the minimum over x_0..x_T",
        f"assumed: {WEIGHTS.name}",
    }


def test_it_is_about_exact_gradients_only():
    assert "noiseless" in last_refusal(PROOF, laws=frozenset())


BETTER = ETA / 4 * (square(R) / L - L * square(read(G)))
WRONG_CLAIMS = {
    "twice the last term": ("interpolated", Claim(INTERPOLATED.left, INTERPOLATED.right + ETA * BETTER)),
    "the other sign": ("interpolated", Claim(-INTERPOLATED.left, INTERPOLATED.right)),
    "the other way round": ("slope", Claim(SLOPE.right, SLOPE.left)),
    "L for L squared": ("slope", Claim(SLOPE.left / L, SLOPE.right)),
    "without the step": ("slope", Claim(L**2 * square(read(G)), square(R))),
    "2 b for b": ("stretched", Claim(STRETCHED.left, STRETCHED.right + B * BETTER)),
    "half the window": ("before", Claim(H * S / 2, square(G - read(G)))),
    "one gradient later": ("before", Claim(BEFORE.left, square(following(G) - read(G)))),
    "the step itself left out": ("after", Claim(H_PLUS * S, AFTER.right)),
    "H for H^+": ("after", Claim(H * S_PLUS, AFTER.right)),
    "half the square": ("step", Claim(ONE_STEP.left, ONE_STEP.right + ETA / 4 * square(G))),
    "half the gap": ("summed", Claim(DELTA / 2, SUMMED.right)),
    "more weight": ("theorem", Claim(DELTA, MINIMUM * (THEOREM_B.value.under + 1 / (2 * L)))),
    "b with a third": ("theorem", Claim(DELTA, THEOREM.right + MINIMUM * L / 12)),
}


@pytest.mark.parametrize("name", WRONG_CLAIMS)
def test_a_wrong_claim_is_refused(name):
    step, claim = WRONG_CLAIMS[name]
    assert refusal(step, claim=claim)


WRONG_DERIVATIONS = {
    "the window ends too early": ("after", spread(window_of(K), K + 1)),
    "the window ends too late": ("before", spread(up_to_now, K)),
    "b is at least eta, and not the other way round": ("stretched", rules.maximum(STEP, B.body, 1, K)),
}


@pytest.mark.parametrize("name", WRONG_DERIVATIONS)
def test_a_wrong_derivation_is_refused(name):
    step, derivation = WRONG_DERIVATIONS[name]
    assert refusal(step, derivation=derivation, cut=before(K))


def test_sums_are_lined_up_by_the_right_cut():
    assert refusal("summed", cut=ends("f"))


# ------------------------------------------------------------------------------------- rules that Theorem B brought in


def carried_out(rule):
    return evaluate(rule, {})


def test_a_factor_is_taken_from_its_square_only():
    """From eta^2 b >= 0 to eta b >= 0; nothing is divided by eta, which may be 0."""
    step, body = at_step(), expression(1) - scalar("L")
    squared = rules.hypothesis(step, scalar("eta", K, power=2) * body, "eta^2 (1 - L) >= 0")
    eta = symbol(step, "eta", K)
    derived = carried_out(rules.unsquare(squared, eta, body))
    assert not (derived.expression - scalar("eta", K) * body).normal(step)
    for wrong in (body * 2, scalar("eta", K) * body, expression(1)):
        with pytest.raises(ProofError, match="differ"):
            carried_out(rules.unsquare(squared, eta, wrong))
    with pytest.raises(ProofError, match="differ"):
        carried_out(rules.unsquare(squared, symbol(step, "eta", K + 1), body))


def test_the_slope_is_defined_along_the_run_only():
    turned = gradient(K)
    assert carried_out(rules.turning(at_step(), tau(K), K, turned)).equality
    for start, stop in ((K, tau(K)), (J, K), (K - 1, K), (K, LAST + 1)):
        with pytest.raises(ProofError, match="does not follow"):
            carried_out(rules.turning(at_step(), start, stop, turned))


def test_nothing_is_known_of_the_noise_and_a_slope():
    """r_k depends on e_k through g_{k+1}."""
    for index in (K, K - 1, tau(K)):
        with pytest.raises(ProofError, match="may depend"):
            carried_out(rules.unbiased(at_step(), K, "r", index))
    assert carried_out(rules.unbiased(at_step().under(NOISELESS), K, "r", K)).equality


def test_a_maximum_is_only_what_it_says():
    with pytest.raises(ProofError, match="no maximum"):
        carried_out(rules.maximum(START, call("min", ETA, L), 0, K))
    assert restate(carried_out(rules.maximum(STEP, B.body, 0, K)), Claim(B, ETA).expression())
    with pytest.raises(ProofError, match="differ"):
        restate(carried_out(rules.maximum(STEP, B.body, 1, K)), Claim(B, ETA).expression())
    with pytest.raises(ProofError, match="differ"):
        restate(carried_out(rules.maximum(STEP, call("max", ETA, L), 0, K)), Claim(B, ETA).expression())
