"""`gradlag prove` as a user meets it: a proof step by step, all of them in a table, and a refusal that says where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from theory.formulas.formula import Number
from theory.proofs import PROOFS
from theory.proofs.proof import Proof

FEW = ("dai2019-tight", "theorem-b", "corollary-1")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Three proofs only: what holds for three holds for all."""
    monkeypatch.setattr("gradlag.commands.prove.PROOFS", {name: PROOFS[name] for name in FEW})
    return FEW


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a proof, one step of which has become wrong."""
    proof: Proof = PROOFS["theorem-b"]
    step = replace(proof.steps[0], claim=replace(proof.steps[0].claim, right=Number(0)))
    changed = replace(proof, steps=(step, *proof.steps[1:]))
    monkeypatch.setattr("gradlag.commands.prove.PROOFS", {**{name: PROOFS[name] for name in FEW}, proof.name: changed})
    return proof.name


def test_a_proof_is_shown_step_by_step(gradlag, tmp_path):
    answer = gradlag("prove", "theorem-a", folder=tmp_path)
    # A slow machine is told that work goes on.
    assert answer.status == 0 and all(line.startswith("gradlag prove: ") for line in answer.err.splitlines())
    steps = len(PROOFS["theorem-a"].steps)
    assert f"\n{steps}. " in answer.out and f"\n{steps + 1}. " not in answer.out
    assert answer.out.count("accepted") == steps
    for said in ("where H_k = Σ_(j ∈ W_k) η_j", "F is L-smooth", "Side conditions (5):", "Proved:"):
        assert said in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


def test_a_script_reads_the_same(gradlag, tmp_path):
    found = gradlag("prove", "theorem-a", "--json", folder=tmp_path).json
    assert found["proved"] is True and found["name"] == "theorem-a"
    assert next(step["title"] for step in found["steps"]).startswith("The way since the read")
    assert all(step["ok"] for step in found["steps"]) and "F is L-smooth" in found["axioms"]


def test_the_latex_is_an_enumeration(gradlag, tmp_path):
    answer = gradlag("prove", "theorem-a", "--latex", folder=tmp_path)
    assert answer.status == 0
    assert answer.out.count(r"\item") == len(PROOFS["theorem-a"].steps)


def test_proofs_are_replayed_in_a_table(gradlag, tmp_path, few):
    answer = gradlag("prove", folder=tmp_path)
    assert answer.status == 0
    rows = [line.split() for line in answer.out.splitlines() if line.endswith("  proved")]
    assert [row[0] for row in rows] == list(few)
    assert answer.err.count("replaying") == len(few)
    found = gradlag("prove", "--json", folder=tmp_path).json
    assert found["proved"] is True and [proof["name"] for proof in found["proofs"]] == list(few)


def test_an_unknown_name_is_refused_with_the_names_there_are(gradlag, tmp_path):
    answer = gradlag("prove", "theorem-z", folder=tmp_path)
    assert answer.status == 2 and answer.out == ""
    assert "'theorem-z'" in answer.err and "theorem-a" in answer.err
    assert gradlag("prove", "theorem-z", "--json", folder=tmp_path).json["exit"] == 2


def test_a_step_that_fails_is_shown_and_ends_the_command_with_1(gradlag, tmp_path, broken):
    answer = gradlag("prove", broken, folder=tmp_path)
    assert answer.status == 1
    assert "REFUSED: The two sides differ" in answer.out and "step 1 is refused" in answer.out
    found = gradlag("prove", broken, "--json", folder=tmp_path)
    assert found.status == 1 and found.json["proved"] is False
    assert [step["ok"] for step in found.json["steps"]] == [False]
    everything = gradlag("prove", folder=tmp_path)
    assert everything.status == 1 and "NOT PROVED" in everything.out
