"""Theorem C with noise: the proof replays for any angle, share and rho; what is near it and wrong is refused."""

from __future__ import annotations

import pytest

from tests.support.replays import last_refusal, refusal, replayed, without
from theory.formulas.formula import Name, Number, call, window
from theory.proofs.kernel import FIXED, LAST, ZERO, Context, ProofError, free_variables, le, lt, tau, var
from theory.proofs.nodes import G, read, square
from theory.proofs.proof import Claim
from theory.proofs.statement import meaning
from theory.proofs.theorems.theorem_c_noise import (
    AFTER,
    BETA,
    DELTA,
    ENDS,
    INTERPOLATED,
    LEAST,
    MET,
    MOST,
    NEAR,
    NEAR_AFTER,
    NOISE,
    ONE_STEP,
    PROOF,
    RHO,
    S_,
    SHARE,
    SIGMA,
    SUMMED,
    TURNING,
    H,
    L,
    T,
)
from theory.proofs.theorems.wirtinger import TURN

I, K = var("i"), var("k")  # noqa: E741


def test_it_replays_for_every_delay_every_number_of_steps_and_with_noise():
    report = replayed(PROOF)
    assert report.proved, [line.refusal for line in report.lines if not line.ok]
    assert PROOF.laws == {FIXED}
    assert {axiom for axiom in report.axioms if axiom.startswith("assumed: ")} == {
        "assumed: all step sizes are equal",
        "assumed: S > 0",
        f"assumed: {LEAST.name}",
        f"assumed: {MOST.name}",
    }
    used = {"steps and delays are independent of the noise", "e_k has mean zero given x_0..x_k and e_0..e_{k-1}"}
    assert used | {"0 <= theta <= pi/(2s - 1)", "the variance is at most sigma^2"} <= report.axioms


def test_it_is_about_one_delay_and_needs_what_it_assumes():
    assert last_refusal(PROOF, laws=frozenset())
    for assumed in PROOF.assumed:
        assert without(PROOF, assumed)


WRONG = {
    "one step less after": ("ordered after", Claim(AFTER.left - SIGMA**2, AFTER.right)),
    "one delay less": ("near", Claim(H**2 * (S_ - 2) * (window(square(read(G))) + SIGMA**2), NEAR.right)),
    "the noise adds up in squares": (
        "near",
        Claim(H**2 * (S_ - 1) * window(square(read(G))) + H**2 * SIGMA**2, NEAR.right),
    ),
    "the step itself left out": (
        "near after",
        Claim(H**2 * S_ * (window(square(read(G))) + SIGMA**2), NEAR_AFTER.right),
    ),
    "the noise meets nothing": ("interpolated", Claim(INTERPOLATED.left, INTERPOLATED.right - H / 2 * TURNING)),
    "the other end": ("interpolated", Claim(INTERPOLATED.left, INTERPOLATED.right + H * square(read(G)))),
    "no variance": ("interpolated", Claim(INTERPOLATED.left, INTERPOLATED.right + BETA * H**2 / 4 * SIGMA**2)),
    "half the price": ("met", Claim(MET.left, -(RHO / 8 * TURN) - H**2 * SIGMA**2 / (4 * RHO))),
    "beta for rho": ("met", Claim(MET.left, -(RHO / 4 * TURN) - H**2 * SIGMA**2 / 4)),
    "all of the lemma": ("step", Claim(ONE_STEP.left - SHARE * ONE_STEP.left.terms[1], ONE_STEP.right)),
    "more at the ends": ("step", Claim(ONE_STEP.left, ONE_STEP.right + H / 4 * ENDS)),
    "less noise": ("summed", Claim(SUMMED.left - T * H**2 * SIGMA**2 / (4 * RHO), SUMMED.right)),
    "noise of one step": ("summed", Claim(SUMMED.left - T * NOISE + NOISE, SUMMED.right)),
    "half the gap": ("summed", Claim(SUMMED.left - L * DELTA / 2, SUMMED.right)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_step_is_refused(name):
    step, claim = WRONG[name]
    assert refusal(PROOF, step, claim=claim)


def test_another_theorem_is_not_what_is_proved():
    left, right = PROOF.conclusion.left, PROOF.conclusion.right
    for claim in (Claim(left, 2 * right), Claim(left - T * NOISE / 2, right), Claim(left, right + square(G))):
        assert last_refusal(PROOF, conclusion=claim)


# -------------------------------------------------------------------------------------- what the trusted core learned


HERE = Context(frozenset({lt(ZERO, LAST), le(ZERO, I), le(I, K), lt(K, LAST)}))


def test_one_delay_for_all_steps_is_no_overtaking():
    """tau_k = max(0, k - D) does not decrease; without the law nothing is known."""
    assert HERE.under(FIXED).entails(le(tau(I), tau(K)))
    assert HERE.under(FIXED).entails(le(tau(I), tau(K + 1)))
    assert not HERE.under(FIXED).entails(le(tau(K), tau(I)))
    assert not HERE.under(FIXED).entails(lt(tau(I), tau(K)))
    assert not HERE.entails(le(tau(I), tau(K)))


def test_a_free_number_is_one_for_the_run_only_where_it_is_no_sequence():
    """Otherwise the maximum of rho_j would be taken for that of rho_k."""
    for name in ("young", "share"):
        one, each = Name(name, name), Name(name, name, sequence=True)
        assert not free_variables(meaning(one)) and free_variables(meaning(each)) == {"k"}
        largest, varying = call("max", 1, one), call("max", 1, each)
        assert not (meaning(largest, I) - meaning(largest, K)).normal(HERE)
        assert (meaning(varying, I) - meaning(varying, K)).normal(HERE)
    assert not free_variables(meaning(call("max", 1, Number(2))))
    with pytest.raises(ProofError):
        meaning(Name("eta", "eta"))
