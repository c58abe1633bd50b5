"""Corollaries 1 and 2: the proofs replay, the polynomials are what they say, and what is near and wrong is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests.support.replays import refusal, replayed, reworded
from theory.bounds import Setting, get
from theory.bounds.corollaries import COROLLARY_2
from theory.formulas.formula import Number, call
from theory.formulas.notation import name_node
from theory.proofs.kernel import IN_ORDER_IF_NOISY, ProofError, restate
from theory.proofs.proof import Assumed, Claim, evaluate, rules, theorem
from theory.proofs.theorems.constant_step import (
    COUNT,
    OVERTAKES,
    PACE,
    WAIT,
    Runs,
    S,
    noise_late,
    turn_in_order,
    turn_late,
)
from theory.proofs.theorems.corollaries import CASE_1, CASE_2, PROOF_1, PROOF_2, proof, share
from theory.proofs.theorems.lemmas import START, K, at_step
from theory.staleness.count import Staleness

PROOFS = {"corollary-1": PROOF_1, "corollary-2": PROOF_2}
L, DELTA, SIGMA, T, ETA = map(name_node, ("L", "Delta", "sigma", "T", "eta"))


@pytest.mark.parametrize("name", PROOFS)
def test_the_proof_replays_and_says_what_it_assumes(name):
    report = replayed(PROOFS[name])
    assert report.proved
    assumed = {"assumed: Delta > 0", f"assumed: every step size is {get(name).schedule.text}"}
    assert {axiom for axiom in report.axioms if axiom.startswith("assumed")} == assumed
    assert PROOFS[name].laws == ({IN_ORDER_IF_NOISY} if name == "corollary-1" else set())


@pytest.mark.parametrize("case", (CASE_1, CASE_2), ids=PROOFS)
def test_the_polynomials_are_those_of_the_claims(case):
    """At rational a, b and p = 1 - times (a + b): 1 - Y and 1 - Y - p^2 Z, written out by hand."""
    for a, b in ((Fraction(i, 11), Fraction(j, 13)) for i in range(5) for j in range(5)):
        p = 1 - case.times * (a + b)
        y = b + a**2 * (1 + 2 * a if case.late else 1)
        z = 1 + a * (1 + 3 * a if case.late else 1)
        for terms, value in ((case.room, 1 - y), (case.surplus, 1 - y - p**2 * z)):
            assert all(c > 0 for c, _ in terms)
            known = {"a": a, "b": b, "p": p}
            assert sum(c * np.prod([known[letter] for letter in word] or [1]) for c, word in terms) == value


def fewer(case, field, drop):
    """The case with one monomial less."""
    return replace(case, **{field: tuple(term for i, term in enumerate(getattr(case, field)) if i != drop)})


@pytest.mark.parametrize("case", (CASE_1, CASE_2), ids=PROOFS)
@pytest.mark.parametrize("field", ("room", "surplus"))
def test_no_monomial_can_be_left_out(case, field):
    for drop in range(len(getattr(case, field))):
        step = next(step for step in proof(fewer(case, field, drop)).steps if step.name == field)
        assert refusal(PROOFS[case.bound.name], field, derivation=step.derivation)


ROOT = CASE_1.roots[0]
WRONG_CLAIMS = {
    "1 for 2": ("corollary-2", "turn", Claim((S - 1) * (1 + WAIT), COUNT * (1 + 2 * OVERTAKES * PACE * COUNT))),
    "overtaking forgotten": ("corollary-2", "turn", Claim(S - 1, COUNT * (1 + 2 * OVERTAKES * PACE * COUNT))),
    "s - 2 steps in a window": ("corollary-1", "turn", Claim(S - 2, COUNT * (1 + 2 * OVERTAKES * PACE * COUNT))),
    "a step of 1/(s L) and more": ("corollary-2", "share", Claim(1 - 3 * S * PACE, Number(0))),
    "twice the noise's share": ("corollary-1", "noise_share", Claim(L * T * SIGMA**2 / 2, DELTA * 2, equality=True)),
    "Delta for 2 Delta": ("corollary-1", "size", replace(PROOF_1.steps[-3].claim, right=DELTA)),
    "half of the weights": (
        "corollary-2",
        "covered",
        replace(PROOF_2.steps[-2].claim, left=COROLLARY_2.value / (2 * L)),
    ),
    "the roots the other way round": (
        "corollary-1",
        "roots",
        Claim(T * CASE_1.roots[1], 2 * DELTA * CASE_1.roots[0], equality=True),
    ),
    "another root of the same number": (
        "corollary-1",
        "roots",
        Claim(T * call("sqrt", 2 * L * DELTA / T), 2 * DELTA * CASE_1.roots[1], equality=True),
    ),
    "half the last term": ("corollary-1", "theorem", theorem(SIGMA * ROOT + S * L * DELTA / T)),
    "half the noise": ("corollary-1", "theorem", theorem(SIGMA * ROOT / 2 + 2 * S * L * DELTA / T)),
    "corollary 1 for any delays": ("corollary-2", "theorem", theorem(SIGMA * CASE_2.roots[0] + 2 * S * L * DELTA / T)),
}


@pytest.mark.parametrize("name", WRONG_CLAIMS)
def test_a_wrong_claim_is_refused(name):
    proof_name, step, claim = WRONG_CLAIMS[name]
    assert refusal(PROOFS[proof_name], step, claim=claim)


WRONG_DERIVATIONS = {
    "the delays are in any order": ("corollary-1", "turn", turn_late(Runs(late=False))),
    "the delays are in order": ("corollary-2", "turn", turn_in_order(Runs(late=True))),
    "the noise for the turn": ("corollary-2", "turn", noise_late(Runs(late=True))),
    "the step of the other corollary": ("corollary-2", "share", share(CASE_1)),
}


@pytest.mark.parametrize("name", WRONG_DERIVATIONS)
def test_a_wrong_derivation_is_refused(name):
    proof_name, step, derivation = WRONG_DERIVATIONS[name]
    assert refusal(PROOFS[proof_name], step, derivation=derivation)


def test_the_order_of_the_reads_may_not_be_assumed_where_it_is_not_said():
    careless = replace(proof(replace(CASE_2, late=False)), assumed=PROOF_2.assumed)
    assert not careless.verify().proved


def test_another_step_size_may_not_be_assumed():
    stated = CASE_1.step_size
    longer = Assumed(stated.name, Claim(stated.claim.left, Number(2), equality=True))
    assert "assumes something else" in refusal(PROOFS["corollary-1"], "share", derivation=longer.fact(START))
    other = replace(stated.claim, equality=False)
    assert reworded(PROOF_1, PROOF_1.assumed[0], Assumed(stated.name, other))


# ------------------------------------------------------------------------------------------------- roots of constants


def carried_out(rule):
    return evaluate(rule, {})


def test_a_root_is_known_by_its_square_and_sign():
    root = call("sqrt", 2 * L / T)
    square = carried_out(rules.root_squared(START, root))
    assert square.equality and restate(square, Claim(T * root**2, 2 * L).expression())
    assert restate(carried_out(rules.root_sign(START, root)), Claim(root, Number(0)).expression())
    assert not any(axiom.startswith("assumed") for axiom in square.axioms)


def test_what_a_root_divides_by_is_assumed_to_be_positive():
    for rule in (rules.root_squared, rules.root_sign):
        assert "assumed: Delta > 0" in carried_out(rule(START, call("sqrt", L / DELTA))).axioms


@pytest.mark.parametrize(
    "inside", (-L, L - DELTA, ETA, L / ETA, ETA * L, name_node("d"), name_node("k")), ids=lambda node: node.latex()
)
def test_other_roots_are_refused(inside):
    """Of something that may be negative, or that is another number at every step."""
    for rule in (rules.root_squared, rules.root_sign):
        with pytest.raises(ProofError):
            carried_out(rule(START, call("sqrt", inside)))


def test_the_indicator_is_at_most_one():
    assert restate(carried_out(rules.indicator(at_step(), K)), Claim(Number(1), OVERTAKES).expression())
    with pytest.raises(ProofError, match="differ"):
        restate(carried_out(rules.indicator(at_step(), K)), Claim(Number(1), 2 * OVERTAKES).expression())


# ------------------------------------------------------------------------------------------------------- the numbers


@pytest.mark.parametrize("name", PROOFS)
def test_the_closed_form_is_above_theorem_a_at_its_step(name):
    for steps in (1, 2, 7, 60):
        for window in (1, 2, 5):
            for sigma in (0.0, 0.3, 4.0):
                setting = at_its_step(name, steps, window, sigma)
                assert get(name).evaluate(setting) >= get("theorem-a").evaluate(setting) * (1 - 1e-12)


def at_its_step(name, steps, window, sigma):
    constants = {"L": 2.0, "Delta": 0.7, "sigma": sigma}
    delays = np.minimum(np.arange(steps), window - 1)
    if name == "corollary-2":
        delays = np.where(np.arange(steps) % 2 == 0, delays, 0)
    sizes = get(name).schedule.step_sizes(steps, delays=delays, s=window, **constants)
    return Setting(sizes, delays, Staleness(window), constants)
