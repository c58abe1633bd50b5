"""The proofs of the published bounds replay; variants that are wrong by a little are refused where they are wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.replays import last_refusal, refusal, replayed, reworded, without
from theory.bounds.abbaszadehpeivasti2022 import B
from theory.bounds.parts.means import ETA, SIGMA, C, D, H, L, S
from theory.bounds.parts.shared import DELAYS_WITHIN
from theory.formulas.formula import formula, readers, total
from theory.proofs.axioms import AXIOMS
from theory.proofs.kernel import (
    IN_ORDER,
    LAST,
    PROMPT,
    ProofError,
    constant,
    expression,
    hypothesis,
    le,
    lt,
    scalar,
    tau,
    up_to_the_last,
    var,
    vector,
    weaken,
)
from theory.proofs.kernel import total as summed
from theory.proofs.nodes import F_GAP, At, G, Travelled, first, following, read, square
from theory.proofs.proof import Claim, Ref, evaluate, mean_theorem, rules
from theory.proofs.theorems import (
    abbaszadehpeivasti2022,
    bottou2018,
    ghadimi2013,
    koloskova2022,
    koloskova2022_adaptive,
    lian2015,
    maranjyan2025,
    mishchenko2022,
    stich2020,
    wu2022,
    zhang2016,
)
from theory.proofs.theorems.lemmas import START, I, K, at_step, steps
from theory.proofs.theorems.means import ALL_SQUARES, ANY, ORDERED, QUIET, P, Q, U, side, way

MODULES = (
    lian2015, maranjyan2025, stich2020, koloskova2022, koloskova2022_adaptive, mishchenko2022, zhang2016, wu2022,
    ghadimi2013, bottou2018, abbaszadehpeivasti2022,
)  # fmt: skip
PROOFS = {module.PROOF.name: module.PROOF for module in MODULES}


@pytest.mark.parametrize("name", PROOFS)
def test_every_step_is_accepted_and_the_last_one_is_the_bound(name):
    report = replayed(PROOFS[name])
    assert report.proved, [line.refusal for line in report.lines if not line.ok]
    assert len(report.lines) == len(PROOFS[name].steps) + 1
    allowed = {f"assumed: {one.name}" for one in PROOFS[name].assumed}
    assert {axiom for axiom in report.axioms if axiom.startswith("assumed: ")} <= allowed


#: Which of the axioms that are not about every run a proof rests on.
DELAYS, NOISE, LEAST = "delays are at most s - 1", "the variance is at most sigma^2", "m is the minimum over x_0..x_T"
RESTS_ON = {
    "lian2015": {DELAYS, NOISE},
    "maranjyan2025": {DELAYS, NOISE},
    "stich2020": {DELAYS, NOISE},
    "koloskova2022": {DELAYS, NOISE},
    "koloskova2022-adaptive": {NOISE},
    "mishchenko2022": {NOISE},
    "zhang2016": {DELAYS, NOISE},
    "wu2022": set(),
    "ghadimi2013": {NOISE},
    "bottou2018": {NOISE},
    "abbaszadehpeivasti2022": {LEAST},
}


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_rests_on_no_more_than_it_should(name):
    assert replayed(PROOFS[name]).axioms & {DELAYS, NOISE, LEAST} == RESTS_ON[name]


# ---------------------------------------------------------------------------------------------------- wrong variants


def at_i(body):
    return At(body, I, "i")


MOVED = square(Travelled())
WRONG = {
    "gradients counted once": ("lian2015", "way", Claim(D * U + 2 * SIGMA**2 * Q, MOVED)),
    "noise counted once": ("lian2015", "way", Claim(2 * D * U + SIGMA**2 * Q, MOVED)),
    "noise forgotten": ("stich2020", "way", Claim(H * P, MOVED)),
    "a power of L lost": ("lian2015", "turned", Claim(L * (2 * D * U + 2 * SIGMA**2 * Q), square(G - read(G)))),
    "another point": ("lian2015", "turned", Claim(L**2 * ANY.way, square(following(G) - read(G)))),
    "a sign turned": ("lian2015", "weight", Claim(C, formula(1))),
    "a little too much": ("lian2015", "weight", Claim(formula(99) / 100, C)),
    "squares one step later": (
        "lian2015",
        "summed",
        Claim(ANY.above, total(ETA * square(following(G))) + total(ETA * (1 - C) * square(read(G)))),
    ),
    "squares at the read point twice": ("lian2015", "summed", Claim(ANY.above, 2 * total(ETA * square(read(G))))),
    "a window too long": ("maranjyan2025", "late", Claim(formula(1), at_i(2 * L * ETA * (D + 1)))),
    "three for two": ("maranjyan2025", "flight", Claim(formula(1), 3 * L * readers(ETA))),
    "noise too small": ("maranjyan2025", "noise", Claim(formula(19) / 10 * L * SIGMA**2 * total(ETA**2), ANY.noise)),
    "eleven for ten": ("stich2020", "window", Claim(formula(1), 11 * L * H)),
    "the order turned": ("koloskova2022", "low", Claim(first(ETA), ETA)),
    "one more in flight": ("koloskova2022", "flight", Claim(formula(1), 2 * L * (ETA + readers(ETA)))),
    "a delay too long": ("koloskova2022-adaptive", "late", Claim(formula(1), at_i(2 * L * ETA * (D + 1)))),
    "the present step too": ("mishchenko2022", "flight", Claim(formula(1), 2 * L * (ETA + readers(ETA)))),
    "a third for a half": ("zhang2016", "late", Claim(1 / (3 * S), 2 * L**2 * ETA * at_i(ETA * D))),
    "a longer own step": ("zhang2016", "own", Claim(formula(1) / 2, 2 * L * ETA)),
    "the own step twice": ("wu2022", "flight", Claim(1 / L, 2 * ETA + readers(ETA))),
    "beyond the window": ("wu2022", "late", Claim(formula(1), at_i(L * (H + 2 * ETA)))),
    "a curvature too small": (
        "ghadimi2013",
        "descent",
        Claim(F_GAP - following(F_GAP), ETA * square(G) - L / 3 * ETA**2 * (square(G) + SIGMA**2)),
    ),
    "a negative weight": ("ghadimi2013", "weights", Claim(2 * ETA - 2 * L * ETA**2, formula(0))),
    "four for three": (
        "abbaszadehpeivasti2022",
        "step",
        Claim(F_GAP - following(F_GAP), ETA / 4 * ((4 - L * B) * square(G) + square(following(G)))),
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_step_that_claims_a_little_more_is_refused(what):
    name, step, claim = WRONG[what]
    assert refusal(PROOFS[name], step, claim=claim)


@pytest.mark.parametrize("name", PROOFS)
def test_a_bound_that_is_one_percent_smaller_is_refused(name):
    proof = PROOFS[name]
    smaller = Claim(formula(99) / 100 * proof.conclusion.left, proof.conclusion.right)
    assert last_refusal(proof, conclusion=smaller)
    assert refusal(proof, "theorem", claim=smaller)


@pytest.mark.parametrize("name", sorted(PROOFS.keys() - {"ghadimi2013"}))
def test_a_side_condition_that_says_something_else_is_refused(name):
    proof = PROOFS[name]
    used = {axiom.removeprefix("assumed: ") for axiom in replayed(proof).axioms}
    for assumed in (assumed for assumed in proof.assumed if assumed.name in used):
        claim = replace(assumed.claim, right=2 * assumed.claim.right)
        assert "assumes something else" in reworded(proof, assumed, replace(assumed, claim=claim))
        assert "assumes what the theorem does not" in without(proof, assumed)


@pytest.mark.parametrize("name", ["stich2020", "wu2022", "ghadimi2013", "bottou2018", "abbaszadehpeivasti2022"])
def test_what_holds_for_some_runs_is_not_proved_for_all(name):
    assert "the new context does not say so" in last_refusal(PROOFS[name], laws=frozenset())


@pytest.mark.parametrize("family", [ORDERED, QUIET])
def test_noise_is_orthogonal_to_the_gradients_of_a_window_only_in_order_and_absent_only_without_noise(family):
    fact = evaluate(way(family), {})
    assert fact.context.laws == frozenset(family.laws)
    anyhow = replace(family, laws=())
    wrong = tuple(replace(s, derivation=way(anyhow)) if s.name == "way" else s for s in PROOFS["stich2020"].steps)
    assert not replace(PROOFS["stich2020"], steps=wrong).verify().proved
    fact = evaluate(way(anyhow), {})
    with pytest.raises(ProofError, match="differ"):
        evaluate(way_claimed(anyhow), {"way": fact})


def way_claimed(family):
    """The way, as the family states it."""
    return rules.restate(Ref("way"), Claim(family.way, MOVED).expression())


def test_a_mean_is_over_the_sum_of_its_own_weights():
    assert mean_theorem(formula(1) / total(ETA), ETA).right.latex() == ALL_SQUARES.latex()
    with pytest.raises(ProofError, match="not the sum of the weights"):
        mean_theorem(formula(1) / total(ETA**2), ETA)


def test_conditions_enter_as_the_inequalities_they_are():
    claim = side(DELAYS_WITHIN).claim
    assert (claim.left, claim.right) == (DELAYS_WITHIN.right, DELAYS_WITHIN.left)


# --------------------------------------------------------------------------------------------- additions to the kernel


def test_reads_in_order_and_reads_without_delay_are_laws_and_nothing_follows_without_them():
    pair = START.having(*steps(K), *steps(I), le(I, K))
    assert not pair.entails(le(tau(I), tau(K)))
    assert pair.under(IN_ORDER).entails(le(tau(I), tau(K)))
    assert pair.under(IN_ORDER).entails(le(tau(I - 1), tau(K + 2)))
    assert not pair.under(IN_ORDER).entails(le(tau(K), tau(I)))
    assert not pair.under(IN_ORDER).entails(lt(tau(I), tau(K)))
    assert not pair.entails(le(K, tau(K)))
    assert pair.under(PROMPT).entails(le(K, tau(K)))
    assert pair.under(PROMPT).entails(le(I, tau(K)))
    assert not pair.under(PROMPT).entails(le(K + 1, tau(K)))


def test_a_fact_about_runs_in_order_holds_for_no_other_run():
    fact = AXIOMS["bounded_variance"](at_step().under(IN_ORDER), K)
    for laws in ((), (PROMPT,)):
        with pytest.raises(ProofError, match="does not say so"):
            weaken(fact, at_step().under(*laws))
    assert summed(fact, ("k",), *steps(K)).context.laws == {IN_ORDER}


def test_two_gradients_are_the_same_only_at_the_same_point():
    fact = AXIOMS["same_point"](at_step().under(PROMPT), tau(K), K, vector("g", K))
    assert fact.equality
    for context in (at_step(), at_step().under(IN_ORDER)):
        with pytest.raises(ProofError, match="does not follow"):
            AXIOMS["same_point"](context, tau(K), K, vector("g", K))
    with pytest.raises(ProofError, match="does not follow"):
        AXIOMS["same_point"](at_step().under(PROMPT), K + 1, K, vector("g", K))


J = var("j")
WHERE = (le(K, J), lt(J, LAST))
HERE = (le(K, I), lt(I, LAST))


def assumed(context, body):
    """A fact to begin with."""
    return hypothesis(context, body, "up to")


def so_far(body, index=I):
    """The sum over K..index."""
    return body.total(("j",), le(K, J), lt(J, LAST), le(J, index))


def test_the_sum_over_a_set_is_the_sum_up_to_its_last_index():
    step, there = at_step(), at_step().having(*HERE)
    none, each = constant(step, 3), assumed(there, expression(3) - so_far(scalar("eta", J)))
    fact = up_to_the_last(each, none, scalar("eta", J), "j", "i", *WHERE)
    assert fact.context == step and not (fact.expression - (3 - scalar("eta", J).total(("j",), *WHERE))).normal(step)
    assert "assumed: up to" in fact.axioms


def test_the_sum_up_to_the_last_index_refuses_what_is_not_about_every_index():
    step, there, eta = at_step(), at_step().having(*HERE), scalar("eta", J)
    none, right = constant(step, 3), expression(3) - so_far(eta)
    part = eta
    cases = (
        (assumed(there.having(le(K + 1, I)), right), none, part, WHERE, "every index"),
        (assumed(there, expression(3) - so_far(eta, I - 1)), none, part, WHERE, "differ"),
        (assumed(there, expression(2) - so_far(eta)), none, part, WHERE, "differ"),
        (assumed(there, right), none, part * part, WHERE, "differ"),
        (assumed(step.having(le(K, I)), right), none, part, (le(K, J),), "no end"),
        (assumed(there, right), assumed(step, scalar("eta", I)), part, WHERE, "must not speak"),
        (assumed(there, right), assumed(step, eta), part, WHERE, "must not speak"),
        (assumed(there, right), none, part * scalar("eta", I), WHERE, "must not speak"),
        (assumed(there, right), none, part, (*WHERE, le(J, I)), "must not speak"),
        (assumed(there, right), constant(step.having(le(K, I)), 3), part, WHERE, "must not speak"),
    )
    for each, bound, body, where, why in cases:
        with pytest.raises(ProofError, match=why):
            up_to_the_last(each, bound, body, "j", "i", *where)
    with pytest.raises(ProofError, match="must not speak"):
        up_to_the_last(assumed(there, right), none, part.at(j=I), "i", "i", *HERE)
