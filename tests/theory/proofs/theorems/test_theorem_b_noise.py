"""Theorem B with noise: the proof replays for any shares and numbers; what is near it and wrong is refused."""

from __future__ import annotations

from functools import partial

import pytest

from tests.support import replays
from tests.support.replays import replayed, without
from theory.formulas.formula import total
from theory.proofs.kernel import expression, restate, scalar
from theory.proofs.nodes import MINIMUM, E, G, following, inner, read, square
from theory.proofs.proof import Claim, evaluate, rules
from theory.proofs.theorems.lemmas import START, J, K, before, ends, noise, product, symbol, window_of
from theory.proofs.theorems.theorem_a import ANY, ORDERED, way_any, way_ordered
from theory.proofs.theorems.theorem_b import QUARTER, R, slope
from theory.proofs.theorems.theorem_b_noise import (
    ANYHOW,
    ETA,
    FAR,
    H_PLUS,
    INTERPOLATED,
    LEAST,
    MET,
    MOST,
    ONE_STEP,
    P_PLUS,
    PROOF,
    Q_PLUS,
    RHO,
    SHARE,
    SHARED,
    SHARED_AFTER,
    SIGMA,
    SIMPLE,
    SLOPE,
    SMOOTHED_AFTER,
    STRETCHED,
    SUMMED,
    THEOREM,
    THEOREM_B_NOISE,
    WEIGHTS,
    B,
    L,
    M,
    P,
    Q,
    S,
    V,
)

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
        "eta_j r_j is g_{j+1} - g_j",
        "o_k is 1 if there is noise and step k is overtaken, else 0",
        "a maximum is at least what it is the maximum of",
        "m is the minimum over x_0..x_T",
        f"assumed: {LEAST.name}",
        f"assumed: {MOST.name}",
        f"assumed: {WEIGHTS.name}",
    }


def test_it_needs_its_side_conditions_and_no_law_about_the_run():
    assert not PROOF.laws
    for assumed in PROOF.assumed:
        assert assumed.name in without(PROOF, assumed)


NOISE = THEOREM_B_NOISE.value.over
WRONG_CLAIMS = {
    "less noise after": ("ordered after", Claim(H_PLUS * P_PLUS + SIGMA**2 * Q, square(FAR))),
    "the last gradient left out": ("ordered after", Claim(H_PLUS * P + SIGMA**2 * Q_PLUS, square(FAR))),
    "overtaking for nothing": ("anyhow after", Claim(SIMPLE.left, ANYHOW.right)),
    "overtaking tells nothing": ("smoothed after", Claim(L**2 * SIMPLE.left, SMOOTHED_AFTER.right)),
    "both bounds, one share": ("shared", Claim(SHARE * M, SHARED.right)),
    "one gradient later": ("shared", Claim(M, SHARED_AFTER.right)),
    "the noise meets nothing": ("interpolated", Claim(INTERPOLATED.left, INTERPOLATED.right - ETA**2 * inner(R, E))),
    "the noise meets a half": (
        "interpolated",
        Claim(INTERPOLATED.left, INTERPOLATED.right - ETA**2 / 4 * inner(R, E)),
    ),
    "no variance": ("interpolated", Claim(INTERPOLATED.left, INTERPOLATED.right + L * ETA**2 * SIGMA**2 / 4)),
    "a turn without noise": ("slope", Claim(ETA * L**2 * square(read(G)), SLOPE.right)),
    "2 b for b": ("stretched", Claim(STRETCHED.left, STRETCHED.right + B * ETA * square(R) / (4 * L))),
    "half the price": ("met", Claim(MET.left, -(RHO * ETA**2 / (8 * L) * square(R)) - MET.right.terms[1].body)),
    "noise for nothing": ("met", Claim(MET.left, -(RHO * ETA**2 / (4 * L) * square(R)))),
    "half the square": ("step", Claim(ONE_STEP.left, ONE_STEP.right + ETA / 4 * square(G))),
    "less to pay": ("summed", Claim(SUMMED.left - L * SIGMA**2 / 4 * total(ETA**2 / RHO), SUMMED.right)),
    "more weight": ("summed", Claim(SUMMED.left, SUMMED.right + total(ETA * square(G)) / 4)),
    "weights of Theorem B": ("theorem", Claim(NOISE, THEOREM.right + MINIMUM * total(V) / 4)),
    "half the noise": ("theorem", Claim((NOISE + SUMMED.left.terms[0]) / 2, THEOREM.right)),
}


@pytest.mark.parametrize("name", WRONG_CLAIMS)
def test_a_wrong_claim_is_refused(name):
    step, claim = WRONG_CLAIMS[name]
    assert refusal(step, claim=claim)


def young(number, part):
    """|number r_k + L e_k|^2 / 4 L rho_k, with what it is paid with."""
    inverse = symbol(ANY, "young", K, power=-1)
    squared = rules.square(ANY, number * slope(K) + part * noise(K))
    variance = product(ANY, rules.bounded_variance(ANY, K), symbol(ANY, "eta", K, power=2))
    return rules.add(
        product(ANY, squared, symbol(ANY, "eta", K, power=2), inverse, symbol(ANY, "L", power=-1), QUARTER),
        product(ANY, variance, inverse, symbol(ANY, "L"), QUARTER),
    )


def test_young_needs_the_number_of_the_step():
    assert restate(evaluate(young(scalar("young", K), scalar("L")), {}), MET.expression())
    assert refusal("met", derivation=young(scalar("young", K + 1), scalar("L")))
    assert refusal("met", derivation=young(expression(1), scalar("L")))
    assert refusal("met", derivation=young(scalar("young", K), -scalar("L")))


WRONG_DERIVATIONS = {
    "the window ends too early": ("ordered after", way_ordered(ORDERED, window_of(K), K + 1)),
    "where gradients overtake": ("anyhow after", way_ordered(ANY, window_of(K), K)),
    "the way before the step": ("anyhow after", way_any(ANY)),
}


@pytest.mark.parametrize("name", WRONG_DERIVATIONS)
def test_a_wrong_derivation_is_refused(name):
    step, derivation = WRONG_DERIVATIONS[name]
    assert refusal(step, derivation=derivation, cut=before(K))


def test_the_noise_is_not_orthogonal_to_the_next_gradient_nor_to_its_slope():
    for name, index in (("g", K + 1), ("r", K)):
        with pytest.raises(Exception, match="may depend"):
            evaluate(rules.unbiased(ANY, K, name, index), {})
    assert evaluate(rules.unbiased(ANY, K, "g", K), {}).equality


def test_sums_are_lined_up_by_the_right_cut():
    assert refusal("summed", cut=ends("f"))
    assert refusal("after", cut=ends("f"))


def test_the_numbers_may_differ_from_step_to_step():
    """A share w_j is not w_k, and a fact about one is none about the other."""
    assert refusal("shared", claim=Claim(M + (SHARE - following(SHARE)) * S, SHARED.right))
    here = START.having(*replayed(PROOF).facts["shared"].context.constraints)
    assert "something else" in refusal("shared", derivation=rules.hypothesis(here, scalar("share", J), LEAST.name))
