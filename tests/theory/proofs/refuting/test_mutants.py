"""Wrong variants of every proof are rejected; those that are not say the same as before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.replays import replayed
from theory.formulas.formula import Name, Negative, Number, formula, total, window
from theory.formulas.notation import name_node
from theory.proofs import PROOFS
from theory.proofs.kernel import ZERO, Context, ProofError, lt, scalar, var
from theory.proofs.nodes import E, G, read, square
from theory.proofs.proof import Claim, rules
from theory.proofs.refuting.mutants import Fate, Mutant, _judged, judge, mutants, score
from theory.proofs.refuting.mutations import of_claim, of_derivation, of_expression, of_formula
from theory.proofs.statement import meaning

L, ETA = name_node("L"), name_node("eta")
ANY = Context()


def normal_forms(changes) -> list[dict]:
    return [new.normal(ANY) for _, new in changes]


def test_every_change_of_a_formula_is_a_change():
    """No variant has the meaning of the original, and no two are the same."""
    node = total(ETA * (2 - L * ETA**2)) * square(G - read(G)) + window(ETA) / (2 * L)
    original = meaning(node).normal(ANY)
    forms = []
    for text, new in of_formula(node):
        try:
            form = meaning(new).normal(ANY)
        except ProofError:  # a meaningless variant, such as a product of two inner products
            continue
        assert form != original, text
        forms.append(frozenset(form.items()))
    assert len(forms) > 25
    assert len(set(forms)) > 0.8 * len(forms)


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        (formula(2), [3, 1, 4, 0.5]),
        (Negative(L), ["L"]),
        (ETA**2, ["eta^3", "eta"]),
    ],
)
def test_constants_signs_and_exponents_change(node, wanted):
    values = {3: formula(3), 1: formula(1), 4: formula(4), 0.5: formula(1) / 2, "L": L, "eta^3": ETA**3, "eta": ETA}
    forms = [meaning(new).normal(ANY) for _, new in of_formula(node)]
    assert all(meaning(values[one]).normal(ANY) in forms for one in wanted)


def test_noise_and_gradient_are_exchanged_and_indices_move():
    forms = [meaning(new).normal(ANY) for _, new in of_formula(square(G))]
    assert meaning(square(E)).normal(ANY) in forms
    moved = [meaning(new).normal(ANY) for _, new in of_formula(square(read(G)))]
    assert meaning(square(G)).normal(ANY) in moved


def test_claims_are_turned_around():
    claim = Claim(L, Number(1))
    assert any(new.left is claim.right and new.right is claim.left for _, new in of_claim(claim))


def test_derivations_lose_parts_and_expressions_change():
    start = Context(frozenset({lt(ZERO, var("k"))}))
    node = rules.add(rules.constant(start, 2), rules.sign(start, "L"))
    texts = [text for text, _ in of_derivation(node)]
    assert any("dropped part 1 of add" in text for text in texts)
    assert any("swapped symbol" in text for text in texts)
    assert any("dropped constraint" in text for text in texts)
    body = scalar("L") * scalar("eta", var("k"))
    forms = normal_forms(of_expression(body))
    assert body.normal(ANY) not in forms and scalar("L").normal(ANY) in forms


def test_the_draw_is_the_same_every_time():
    one, other = (mutants(PROOFS["theorem-a"], most=20) for _ in range(2))
    assert [mutant.text() for mutant in one] == [mutant.text() for mutant in other]
    assert {mutant.kind for mutant in one} == {"theorem", "claim", "derivation", "domain", "bound"}
    assert len(one) <= 32


def test_a_proof_that_does_not_replay_is_no_proof_to_change():
    proof = PROOFS["theorem-a"]
    with pytest.raises(ProofError, match="does not replay"):
        judge(replace(proof, conclusion=Claim(Name("m", "m"), Number(0))))


def test_equivalent_changes_are_told_from_gaps():
    """A mutant that says the same survives, and is not counted as a mistake."""
    proof = PROOFS["theorem-b"]
    verdicts = judge(proof, most=12)
    counted = score("theorem-b", verdicts)
    assert counted.made == len(verdicts) == counted.killed + counted.equivalent + len(counted.gaps)
    assert counted.rejected == 1.0


def test_a_survivor_that_says_something_else_is_a_gap():
    """Without the comparison of the last step with the theorem, a wrong theorem would survive."""
    proof = PROOFS["theorem-b"]
    report = replayed(proof)
    longer = replace(proof, least_steps=2)
    assert _judged(Mutant(proof, "domain", proof.name, "T >= 2", longer, 0), report).outcome is Fate.GAP


@pytest.mark.long
def test_at_least_97_percent_of_two_hundred_mutants_are_rejected():
    most = 1 + 200 // len(PROOFS)
    verdicts = [verdict for proof in PROOFS.values() for verdict in judge(proof, most)]
    counted = score("all", verdicts)
    assert counted.made >= 200
    assert counted.gaps == ()
    assert counted.rejected == 1.0
    assert counted.killed >= 0.97 * counted.made
