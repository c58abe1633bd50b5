"""Proofs: they replay, prove what the library says and no more, and every claim of theirs holds on runs."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from tests.support.replays import replayed
from theory.bounds import REGISTRY
from theory.formulas.formula import Call, Number, Peak, Previous
from theory.formulas.notation import name_node
from theory.proofs import PROOFS, kernel, statement
from theory.proofs.kernel import LAST, ZERO, Context, ProofError, le, lt, scalar, var, vector
from theory.proofs.proof import Apply, Assumed, Claim, Proof, Ref, Step, evaluate, mean_theorem, rules, theorem
from theory.proofs.statement import F_GAP, Meant
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness

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
    stated = theorem(bound.value) if bound.weights is None else mean_theorem(bound.value, bound.weights)
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
    needed |= {kernel.FIXED: "fixed delay", kernel.RANDOM: "delays random"}
    for law in PROOFS[name].laws:
        if law[0] == "particular":  # the steps are those of the bound's own schedule, a condition of it
            assert REGISTRY[name].schedule is not None
            continue
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
WITHOUT_FORMULA = {"Delta > 0", "0 <= theta <= pi/(2s - 1)"}


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


SQUARE = Claim(statement.square(statement.G), Number(0), ZERO)


def test_a_proof_of_one_step_replays():
    assert small(SQUARE, rules.square(START, vector("g", ZERO))).verify().proved


def test_a_step_must_derive_what_it_claims():
    for wrong in (vector("g", LAST), vector("e", ZERO), vector("g", ZERO) * 2):
        report = small(SQUARE, rules.square(START, wrong)).verify()
        assert not report.proved and "differ" in report.lines[0].refusal


def test_the_conclusion_must_be_the_last_claim():
    other = replace(SQUARE, left=2 * SQUARE.left)
    report = small(SQUARE, rules.square(START, vector("g", ZERO)), conclusion=other).verify()
    assert report.lines[0].ok and not report.lines[1].ok


def test_an_equality_is_derived_from_equalities():
    report = small(replace(SQUARE, equality=True), rules.square(START, vector("g", ZERO))).verify()
    assert "derives an inequality" in report.lines[0].refusal


def test_a_theorem_holds_for_every_horizon():
    longer = Context(frozenset({lt(ZERO + 1, LAST)}))
    assert not small(SQUARE, rules.square(longer, vector("g", ZERO))).verify().proved
    assert small(SQUARE, rules.square(longer, vector("g", ZERO)), least_steps=2).verify().proved


def test_a_theorem_keeps_no_law_that_it_does_not_state():
    quiet = START.under(kernel.NOISELESS)
    assert not small(SQUARE, rules.square(quiet, vector("g", ZERO))).verify().proved
    assert small(SQUARE, rules.square(quiet, vector("g", ZERO)), laws=frozenset({kernel.NOISELESS})).verify().proved


def test_nothing_is_assumed_that_the_theorem_does_not_state():
    claim = Claim(F_GAP, Number(0), ZERO)
    body = claim.expression()
    report = small(claim, rules.hypothesis(START, body, "f_0 >= 0")).verify()
    assert "assumes what the theorem does not" in report.lines[-1].refusal
    stated = Assumed("f_0 >= 0", claim)
    assert small(claim, rules.hypothesis(START, body, "f_0 >= 0"), assumed=(stated,)).verify().proved
    for wrong in (body - 1, body * 2, kernel.gap_at(LAST), -body):
        derivation = rules.add(rules.hypothesis(START, wrong, "f_0 >= 0"), rules.constant(START, 0))
        report = small(claim, derivation, assumed=(stated,)).verify()
        assert "assumes something else" in report.lines[0].refusal


def test_a_condition_is_assumed_only_where_it_is_asked():
    """That all steps are like the one before says nothing of the first, before which there is none."""
    k = var("k")
    equal = Assumed("the step is constant", Claim(Previous(ETA), ETA, equality=True), since=1)
    everywhere = START.having(le(ZERO, k), lt(k, LAST))
    claim = Claim(-ETA, Number(0), ZERO)
    for context in (everywhere, START.having(lt(ZERO, k)), START):
        assumed = rules.hypothesis(context, equal.claim.expression(), equal.name, equality=True)
        report = small(claim, rules.instantiate(assumed, START, k=ZERO), assumed=(equal,)).verify()
        assert not report.proved and "does not follow" in report.lines[0].refusal
    later = everywhere.having(lt(ZERO, k))
    same = small(equal.claim, equal.fact(later), assumed=(equal,)).verify()
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
    forged = replace(true, expression=scalar("m") * 0 - 1)
    with pytest.raises(ProofError):
        evaluate(rules.add(forged, forged), {})


def test_steps_refer_to_earlier_steps_only():
    with pytest.raises(AttributeError, match="no rule"):
        rules.believe(START)
    with pytest.raises((ProofError, KeyError)):
        evaluate(Ref("later"), {})


# ------------------------------------------------------------------------------------------------------ claims on runs

LONGEST = 4


def random_run(world, proof: Proof, draw: random.Random):
    """A run that the theorem may be about: its noise, delays and steps are as the proof's laws and schedule say."""
    laws, bound = proof.laws, REGISTRY.get(proof.name)
    T = max(proof.least_steps, draw.randint(1, 3 if kernel.RANDOM in laws else LONGEST))
    deviation = 0.0 if kernel.NOISELESS in laws else draw.choice([0.0, 0.2, 1.0])
    reads = list(world.random_reads(draw, T))
    if kernel.PROMPT in laws:
        reads = list(range(T))
    if kernel.IN_ORDER in laws:
        reads = sorted(reads)
    if kernel.FIXED in laws:
        delay = draw.randint(0, 2)
        T = max(T, delay + 1)
        reads = [max(0, k - delay) for k in range(T)]
    given = {"mu": draw.choice([0.1, 0.4, 0.8, 1.0]), "cut": float(draw.randint(1, 3)), "young": draw.uniform(0.2, 3)}
    given["share"] = draw.choice([0.0, 1.0, draw.random()])
    if kernel.RANDOM in laws:
        given["law"] = draw.choice([[0.5, 0.5], [0.2, 0.3, 0.5], [1.0], [0.6, 0.0, 0.4]])
        reads = list(range(T))
    scale, equal = 10 ** draw.uniform(-1.5, 0.3), draw.random() < 0.5 or kernel.FIXED in laws

    def steps(run) -> np.ndarray:
        if bound is not None and isinstance(bound.schedule, Schedule) and run.constants["Delta"]:
            delays = np.array([k - r for k, r in enumerate(run.reads)])
            constants = {name: run.constants[name] for name in ("L", "Delta", "sigma", "mu")}
            return bound.schedule.step_sizes(run.steps, delays=delays, s=Staleness(run.staleness).window, **constants)
        longest = scale / run.constants["L"] / run.staleness
        sizes = [longest * (1 if equal else draw.choice([0.0, 0.5, 1, 2])) for _ in reads]
        return np.sort(sizes)[::-1] if draw.random() < 0.4 else np.array(sizes)

    run = world.Run(reads, steps, draw.randint(0, 10**6), deviation, **given)
    run.ends_before_last = bound is not None and not bound.covers_last
    return run


def prepare(world, run, proof: Proof) -> None:
    """Let the run know what maxima and roots of the proof stand for."""
    for claim in (*(step.claim for step in proof.steps), proof.conclusion):
        for node in (node for side in (claim.left, claim.right) for node in side.walk()):
            if isinstance(node, Call | Peak):
                run.nodes[statement._name_of(node)] = node


def margin(world, run, claim: Claim, names) -> tuple[float, float]:
    """Left minus right, and the size of both."""
    left, right = (float(world.worth(run, side, claim.index, names)) for side in (claim.left, claim.right))
    return left - right, abs(left) + abs(right)


def free_names(claim: Claim, fact) -> tuple[str, ...]:
    cores = [core for c in fact.context.constraints for core in (c.left, c.right)] + [claim.index.core]
    cores += [law[1] for law in fact.context.laws if law[0] == "latest"]
    for term, _ in fact.expression.terms:
        bound = frozenset(term.bound)
        cores += [index.core for index in term.indices() if not kernel.variables(index.core) & bound]
    found = {name for core in cores for name in kernel.variables(core)}
    return tuple(sorted(name for name in found if name[0].isalpha()))


def assumed_here(world, run, proof: Proof, fact) -> bool:
    """Whether the side conditions that a fact rests on hold on the run."""
    stated = {side.name: side.claim for side in proof.assumed if isinstance(side, Assumed)}
    return all(_condition_holds(world, run, stated[name]) for name in conditions(fact) if name in stated)


def _condition_holds(world, run, claim: Claim) -> bool:
    names = kernel.variables(claim.index.core)
    for k in range(run.steps) if names else [0]:
        gap, size = margin(world, run, claim, dict.fromkeys(names, k))
        if gap < -1e-12 * size or (claim.equality and gap > 1e-9 * size):
            return False
    return True


def check_claims(world, proof: Proof, report, wanted: int, tries: int) -> dict[str, int]:
    """Every claim on random runs; how often each was met."""
    draw, met = random.Random(proof.name), {step.name: 0 for step in proof.steps}
    for _ in range(tries):
        if min(met.values()) >= wanted:
            break
        run = random_run(world, proof, draw)
        prepare(world, run, proof)
        for step in (step for step in proof.steps if met[step.name] < wanted):
            fact = report.facts[step.name]
            if assumed_here(world, run, proof, fact):
                met[step.name] += check_claim(world, run, proof.name, step, fact)
    return met


def check_claim(world, run, name: str, step: Step, fact) -> bool:
    """A claim at all indices that its context allows; whether there are any."""
    found = False
    for names in run.assignments(free_names(step.claim, fact), fact.context):
        gap, size = margin(world, run, step.claim, names)
        assert gap >= -1e-9 * (1 + size), (name, step.name, run.reads, run.step_sizes, names, gap)
        assert not step.claim.equality or gap <= 1e-9 * (1 + size), (name, step.name, run.reads, names, gap)
        found = True
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_holds_on_a_few_runs(name, world):
    """The claims are formulas: they are evaluated as they are printed, not as the kernel reads them."""
    met = check_claims(world, PROOFS[name], replayed(PROOFS[name]), wanted=2, tries=60)
    assert min(met.values()) >= 1, met


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_every_claim_holds_on_fifty_runs(name, world):
    met = check_claims(world, PROOFS[name], replayed(PROOFS[name]), wanted=50, tries=4000)
    assert min(met.values()) >= 50, met


def test_a_wrong_claim_is_noticed_on_runs(world):
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
            check_claims(world, replace(proof, steps=steps), report, wanted=20, tries=200)
