"""Theorem A_B with the price of overtaking: the proof replays; what is near it, and a wrong induction, is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support import replays
from tests.support.replays import last_refusal, replayed, without
from theory.bounds.theorem_ab_overtaking import ALPHA, BETA
from theory.proofs.kernel import NOISELESS, SEVERAL, ZERO, expression, tau, update
from theory.proofs.nodes import G, Walk, read, square
from theory.proofs.proof import Claim, rules
from theory.proofs.theorems.lemmas import J, K
from theory.proofs.theorems.overtaking import AT, FURTHER, LATE, NOISES, SINCE, THETA, Mass, N, Pairs, overtaking
from theory.proofs.theorems.theorem_a import NOW, L
from theory.proofs.theorems.theorem_ab import HERE
from theory.proofs.theorems.theorem_ab_overtaking import PROOF


def test_the_proof_replays_and_says_what_it_rests_on():
    report = replayed(PROOF)
    assert report.proved
    assert report.axioms == {
        "F is L-smooth",
        "F is bounded below",
        "Delta >= F(x_0) - inf F",
        "steps and delays are independent of the noise",
        "the noises of one update have mean zero and are independent given what was before",
        "the variance is at most sigma^2",
        "where there is no noise, e_k is 0",
        "noisy is 1 if there is noise, else 0",
        "m is the minimum over x_0..x_T",
        f"assumed: {PROOF.assumed[0].name}",
    }
    assert all(fact.context.laws == {SEVERAL} for fact in report.facts.values())


def test_the_weights_must_be_assumed_and_one_gradient_a_step_is_another_theorem():
    assert without(PROOF, PROOF.assumed[0]) and "does not say so" in last_refusal(PROOF, laws=frozenset())


WAY = square(Walk(tau(K), NOW))
WRONG = {
    "pairs three times": ("pairs", Claim(Mass() ** 2, 3 * Pairs())),
    "no mass": ("since", Claim(FURTHER + NOISES, square(Walk(tau(K), N)))),
    "no theta": ("since", Claim(FURTHER + NOISES * (1 + Mass() / THETA), square(Walk(tau(K), N)))),
    "no inverse": ("since", Claim((1 + THETA * Mass()) * (FURTHER + NOISES), square(Walk(tau(K), N)))),
    "gradients for free": ("way", Claim(FURTHER + BETA * NOISES, WAY)),
    "noise for free": ("way", Claim(ALPHA * FURTHER + NOISES, WAY)),
    "half of L": ("smoothed", Claim(L**2 / 2 * (ALPHA * FURTHER + BETA * NOISES), square(HERE - read(G)))),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_claim_is_refused(name):
    step, claim = WRONG[name]
    assert replays.refusal(PROOF, step, claim=claim)


# ------------------------------------------------------------------------------------ the rule of strong induction

INDUCTION = next(step.derivation for step in PROOF.steps if step.name == "since")
PLACES = ("outer", "inner", "factor", "weight", "part", "body", "name", "start", "point", "names")


def tried(**changes):
    """Why the induction is refused with other arguments."""
    given = dict(zip(PLACES, INDUCTION.arguments, strict=False))
    where = changes.pop("where", INDUCTION.arguments[len(PLACES) :])
    arguments = (*(changes.get(place, given[place]) for place in PLACES), *where)
    return replays.refusal(PROOF, "since", derivation=replace(INDUCTION, arguments=arguments))


def test_an_induction_must_come_from_earlier_points_that_it_is_about():
    for point in (N, update(J) + 1, N + 1, update(K)):
        assert tried(point=point)
    # From x_0 on nothing is known of the claim: it is about points since the read.
    assert tried(point=ZERO)
    assert "speak neither" in tried(start=N)
    assert tried(start=N - 1)


def test_an_induction_needs_every_part_of_its_premise():
    body = SINCE.expression()
    zero = rules.constant(LATE, 0)
    for changes in (
        {"part": expression(0)},
        {"body": body - 1},
        {"factor": rules.add(zero, rules.constant(LATE, 1))},
        {"weight": zero},
        {"inner": zero},
        {"outer": rules.constant(AT, 0)},
        {"where": overtaking(J, N)[:2]},
        {"where": ()},
        {"names": ("i",)},
        {"names": ("k",)},
        {"names": ("n",)},
        {"name": "k"},
    ):
        assert tried(**changes), changes
    quiet = rules.constant(LATE.under(NOISELESS), 0)
    assert tried(weight=quiet) and tried(factor=quiet)


def test_an_induction_without_a_start_is_none():
    """Body = -1 for every n: each value follows from the one before, and there is no first one."""
    from theory.proofs import kernel

    at = kernel.Context(frozenset({kernel.le(N, kernel.LAST)}))
    j, false = kernel.var("j"), expression(-1)
    where = kernel.le(j, N - 1), kernel.le(N - 1, j)
    inside = at.having(*where)
    same = kernel.add(kernel.constant(at, 0))
    one, none = kernel.constant(inside, 1), kernel.constant(inside, 0)
    with pytest.raises(kernel.ProofError, match="does not follow"):
        kernel.descend(same, none, none, one, false, false, "n", kernel.ZERO, j, ("j",), *where)
    for start in (j, j - 1, kernel.tau(j)):  # each point would be its own start
        with pytest.raises(kernel.ProofError, match="speak neither"):
            kernel.descend(same, none, none, one, false, false, "n", start, j, ("j",), *where)
