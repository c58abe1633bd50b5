"""Proofs: they replay, prove what the library says and no more, and every claim of theirs holds on runs."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from tests.support.replays import replayed
from theory.bounds import REGISTRY
from theory.formulas.formula import Number, Previous
from theory.formulas.notation import name_node
from theory.proofs import PROOFS, kernel
from theory.proofs.kernel import LAST, ZERO, Context, ProofError, le, lt, var, vector
from theory.proofs.nodes import APPLIED, F_GAP, G, Meant, square
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Step, evaluate, mean_theorem, rules, theorem
from theory.proofs.refuting.refute import examined

NAMES = tuple(PROOFS)
START = Context(frozenset({lt(ZERO, LAST)}))
ETA = name_node("eta")


# ------------------------------------------------------------------------------------------------- what proofs prove


def test_there_are_proofs():
    assert len(PROOFS) >= 15


@pytest.mark.parametrize("name", NAMES)
def test_every_proof_replays(name):
    assert [line.refusal for line in replayed(PROOFS[name]).lines if not line.ok] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_theorem_is_the_bound_of_the_library(name):
    """Numerator >= m denominator, or, of a weighted mean, numerator >= the weighted sum."""
    if name not in REGISTRY:
        pytest.skip("the bound is not in the registry yet")
    proof, bound = PROOFS[name], REGISTRY[name]
    gradient = APPLIED if bound.of_reads else G
    stated = theorem(bound.value) if bound.weights is None else mean_theorem(bound.value, bound.weights, gradient)
    assert not (proof.conclusion.expression() - stated.expression()).normal(START)
    assert proof.conclusion.equality == stated.equality


@pytest.mark.parametrize("name", NAMES)
def test_the_minimum_runs_over_the_points_that_the_bound_names(name):
    if name not in REGISTRY:
        pytest.skip("the bound is not in the registry yet")
    used = {axiom for axiom in replayed(PROOFS[name]).axioms if axiom.startswith("m is the minimum")}
    if REGISTRY[name].weights is None:
        last = "T" if REGISTRY[name].covers_last else "T-1"
        assert used == {f"m is the minimum over x_0..x_{{{last}}}".replace("{T}", "T")}
    else:
        assert used == set()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_proof_knows_of_every_run_is_an_assumption_of_the_bound(name):
    if name not in REGISTRY:
        pytest.skip("the bound is not in the registry yet")
    stated = {assumption.name for assumption in REGISTRY[name].assumptions}
    needed = {kernel.NOISELESS: "no noise", kernel.IN_ORDER: "ordered reads", kernel.PROMPT: "no delay"}
    needed |= {kernel.FIXED: "fixed delay", kernel.RANDOM: "delays random", kernel.IN_ORDER_IF_NOISY: "ordered reads"}
    needed |= {kernel.SEVERAL: "several gradients an update", kernel.MIXED: "blocks read apart"}
    needed |= {kernel.WORKERS: "noise of workers"}
    for law in PROOFS[name].laws:
        assert any(needed[law].split()[-1] in assumption for assumption in stated), (law, stated)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_proof_assumes_is_stated_with_its_content(name):
    """Every side condition that is used has a formula, and what is assumed under its name is compared with it."""
    stated = {side.name for side in PROOFS[name].assumed if isinstance(side, Assumed)}
    assert conditions(replayed(PROOFS[name])) - stated <= WITHOUT_FORMULA


def conditions(fact) -> set[str]:
    """The names of the side conditions that a fact, or a whole proof, rests on."""
    return {axiom.removeprefix(kernel.CONDITIONAL) for axiom in fact.axioms if axiom.startswith(kernel.CONDITIONAL)}


# Conditions that axioms state themselves, so that they need no formula.
WITHOUT_FORMULA = {"Delta > 0"}


@pytest.mark.parametrize("name", NAMES)
def test_theorems_and_conditions_have_a_meaning_of_their_own(name):
    """Nodes that say themselves what they mean stand in claims of steps only."""
    proof = PROOFS[name]
    claims = [proof.conclusion, *(side.claim for side in proof.assumed if isinstance(side, Assumed))]
    for side in (side for claim in claims for side in (claim.left, claim.right)):
        assert not any(isinstance(node, Meant) for node in side.walk())


# ------------------------------------------------------------------------------------------- what is refused in proofs


def small(claim: Claim, derivation: Apply | Ref, *before: Step, **options) -> Proof:
    step = Step("last", "the last step", "by nothing", claim, derivation)
    return Proof("small", (*before, step), options.pop("conclusion", claim), **options)


SQUARE = Claim(square(G), Number(0), ZERO)


def test_a_proof_of_one_step_replays():
    assert small(SQUARE, rules.square(START, vector("g", ZERO))).against(None).proved


def test_a_step_must_derive_what_it_claims():
    for wrong in (vector("g", LAST), vector("e", ZERO), vector("g", ZERO) * 2):
        report = small(SQUARE, rules.square(START, wrong)).against(None)
        assert not report.proved and "differ" in report.lines[0].refusal


def test_the_conclusion_must_be_the_last_claim():
    other = replace(SQUARE, left=2 * SQUARE.left)
    report = small(SQUARE, rules.square(START, vector("g", ZERO)), conclusion=other).against(None)
    assert report.lines[0].ok and not report.lines[1].ok


def test_an_equality_is_derived_from_equalities():
    report = small(replace(SQUARE, equality=True), rules.square(START, vector("g", ZERO))).against(None)
    assert "derives an inequality" in report.lines[0].refusal


def test_a_theorem_holds_for_every_horizon():
    longer = Context(frozenset({lt(ZERO + 1, LAST)}))
    assert not small(SQUARE, rules.square(longer, vector("g", ZERO))).against(None).proved
    assert small(SQUARE, rules.square(longer, vector("g", ZERO)), least_steps=2).against(None).proved


def test_a_theorem_keeps_no_law_that_it_does_not_state():
    quiet = START.under(kernel.NOISELESS)
    assert not small(SQUARE, rules.square(quiet, vector("g", ZERO))).against(None).proved
    assert (
        small(SQUARE, rules.square(quiet, vector("g", ZERO)), laws=frozenset({kernel.NOISELESS})).against(None).proved
    )


def test_nothing_is_assumed_that_the_theorem_does_not_state():
    claim = Claim(F_GAP, Number(0), ZERO)
    body = claim.expression()
    report = small(claim, rules.hypothesis(START, body, "f_0 >= 0")).against(None)
    assert "assumes what the theorem does not" in report.lines[-1].refusal
    stated = Assumed("f_0 >= 0", claim)
    assert small(claim, rules.hypothesis(START, body, "f_0 >= 0"), assumed=(stated,)).against(None).proved
    for wrong in (body - 1, body * 2, kernel.gap_at(LAST), -body):
        derivation = rules.add(rules.hypothesis(START, wrong, "f_0 >= 0"), rules.constant(START, 0))
        report = small(claim, derivation, assumed=(stated,)).against(None)
        assert "assumes something else" in report.lines[0].refusal


def test_a_condition_is_assumed_only_where_it_is_asked():
    """That all steps are like the one before says nothing of the first, before which there is none."""
    k = var("k")
    equal = Assumed("the step is constant", Claim(Previous(ETA), ETA, equality=True), since=1)
    everywhere = START.having(le(ZERO, k), lt(k, LAST))
    claim = Claim(-ETA, Number(0), ZERO)
    for context in (everywhere, START.having(lt(ZERO, k)), START):
        assumed = rules.hypothesis(context, equal.claim.expression(), equal.name, equality=True)
        report = small(claim, rules.instantiate(assumed, START, k=ZERO), assumed=(equal,)).against(None)
        assert not report.proved and "does not follow" in report.lines[0].refusal
    later = everywhere.having(lt(ZERO, k))
    same = small(equal.claim, equal.fact(later), assumed=(equal,)).against(None)
    assert same.lines[0].ok


@pytest.mark.parametrize("name", [name for name in NAMES if name in REGISTRY])
def test_conditions_are_assumed_from_where_the_bound_asks_for_them(name):
    """Where the library states a condition from a later step on, so does the proof."""
    since = {condition.name: condition.since for condition in REGISTRY[name].conditions}
    for side in (side for side in PROOFS[name].assumed if isinstance(side, Assumed)):
        parts = (side.claim.left, side.claim.right)
        shifted = any(isinstance(node, Previous) for part in parts for node in part.walk())
        assert side.since == since.get(side.name, 0) or not shifted, side.name


def test_a_derivation_holds_no_fact():
    """A fact in a derivation would be trusted without being derived."""
    true = kernel.constant(START, 1)
    with pytest.raises(ProofError, match="no fact can be put into it"):
        evaluate(rules.add(true, true), {})
    with pytest.raises(AttributeError):
        true.expression = kernel.expression(-1)
    for copied in (copy.copy, copy.deepcopy):
        with pytest.raises(ProofError, match="made by the kernel"):
            copied(true)


def test_steps_refer_to_earlier_steps_only():
    with pytest.raises(AttributeError, match="no rule"):
        rules.believe(START)
    with pytest.raises((ProofError, KeyError)):
        evaluate(Ref("later"), {})


# ------------------------------------------------------------------------------------------------------ claims on runs


def met_on_runs(proof: Proof, report, wanted: int, tries: int) -> dict[str, int]:
    """How often each claim was met on random runs, where none fails."""
    met = {step.name: 0 for step in proof.steps}
    for failure in examined(proof, report, met, wanted, tries):
        raise AssertionError(failure.sentence())
    return met


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_holds_on_a_few_runs(name):
    """The claims are formulas: they are evaluated as they are printed, not as the kernel reads them."""
    met = met_on_runs(PROOFS[name], replayed(PROOFS[name]), wanted=2, tries=200)
    assert min(met.values()) >= 1, met


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_every_claim_holds_on_fifty_runs(name):
    met = met_on_runs(PROOFS[name], replayed(PROOFS[name]), wanted=50, tries=4000)
    assert min(met.values()) >= 50, met


def test_a_wrong_claim_is_noticed_on_runs():
    """The test of claims can fail: with the sign of one term changed, or a constant that is too good, it does."""
    proof, report = PROOFS["theorem-a"], replayed(PROOFS["theorem-a"])
    descent = next(step for step in proof.steps if step.name == "descent")
    half, turned = (
        replace(descent.claim, left=descent.claim.left / 2),
        replace(descent.claim, right=-descent.claim.right),
    )
    for wrong in (half, turned):
        steps = tuple(replace(step, claim=wrong) if step is descent else step for step in proof.steps)
        with pytest.raises(AssertionError):
            met_on_runs(replace(proof, steps=steps), report, wanted=20, tries=200)
