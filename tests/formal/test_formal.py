"""Formal: what Coq proves is what the library states, and it rests on Coq's real numbers alone."""

import re
import shutil
from dataclasses import replace

import pytest

from formal.build import AXIOMS, FILES, HERE, NO_COQ, checked_again, compiled, main, named_in, rests_on, theorem
from formal.export import FILE, module, statements, written
from formal.mutants import MUTANTS
from formal.mutants import main as try_mutants
from theory.bounds import REGISTRY
from theory.bounds.parts.checked import IN_COQ
from theory.formulas.formula import Number, formula

LINK = (HERE / "Link.v").read_text(encoding="utf-8")
PROOFS = {file: (HERE / f"{file}.v").read_text(encoding="utf-8") for file in FILES}
needs_coq = pytest.mark.skipif(shutil.which("coqc") is None, reason=NO_COQ)


def test_the_statements_are_those_of_the_library():
    assert FILE.read_text(encoding="utf-8") == statements(), "write them with python -m formal.export"


def test_every_bound_that_is_told_as_checked_has_its_theorem_and_no_other_has():
    said = re.findall(r"^Theorem (\w+) : (\w+)\.statement\.$", LINK, re.MULTILINE)
    assert {name for name, _ in said} == {theorem(name) for name in IN_COQ}
    assert all(name == f"{stated}_checked" for name, stated in said)


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_admitted_or_assumed(file):
    code = re.sub(r"\(\*.*?\*\)", "", PROOFS[file], flags=re.DOTALL)
    words = [
        "Admitted",
        "admit",
        "Axiom",
        "Axioms",
        "Parameter",
        "Parameters",
        "Conjecture",
        "Abort",
        "Unset",
        "bypass_check",
    ]
    assert not re.search(rf"\b({'|'.join(words)})\b", code)
    # Outside a section each of the last three declares an axiom.
    opened: list[str] = []
    for word in re.findall(r"^\s*(Section|Module|End|Hypothes[ie]s|Variables?|Context)\b", code, re.MULTILINE):
        if word in ("Section", "Module"):
            opened.append(word)
        elif word == "End":
            opened.pop()
        else:
            assert "Section" in opened, word


def test_an_axiom_is_seen_however_coq_breaks_its_line():
    told = "Axioms:\nplain : 0 = 1\nprimed' : 2 = 3\nlong\n  : forall P : Prop,\n    P\nAxioms:\nA.b : True\n"
    assert named_in(told) == {"plain", "primed'", "long", "A.b"}
    assert named_in("Closed under the global context\n") == frozenset()


def test_every_file_of_the_folder_is_built():
    assert {path.stem for path in HERE.glob("*.v")} - {"Assumptions"} == set(FILES)


@pytest.mark.parametrize("name", IN_COQ)
def test_a_bound_with_another_value_has_another_statement(name):
    bound = REGISTRY[name]
    more = replace(bound, value=bound.value * Number(2))
    assert list(module(more)) != list(module(bound))
    assert list(module(replace(bound, assumptions=bound.assumptions[1:]))) != list(module(bound))
    assert list(module(replace(bound, conditions=bound.conditions[1:]))) != list(module(bound))
    if not bound.measures:
        assert list(module(replace(bound, covers_last=not bound.covers_last, weights=None))) != list(module(bound))


def test_a_formula_without_a_form_in_coq_is_refused():
    class Own(Number):
        pass

    with pytest.raises(TypeError, match="has no form in Coq"):
        written(Own(1.0))
    with pytest.raises(TypeError, match="has no form in Coq"):
        written(formula(2) ** Number(0.5, "1/2"))


def test_without_coq_one_line_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert main() == 4
    assert "sudo apt-get install coq" in capsys.readouterr().err


@needs_coq
@pytest.mark.long
def test_all_compile_and_rest_on_the_real_numbers_of_coq(tmp_path):
    for file in FILES:
        (tmp_path / f"{file}.v").write_text(PROOFS[file], encoding="utf-8")
        compiled(tmp_path, file)
    assert rests_on(tmp_path) <= AXIOMS
    checked_again(tmp_path)


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_mutant_changes_what_is_there(mutant):
    text = PROOFS[mutant.file]
    assert mutant.applied(text) != text


def test_every_bound_has_a_mutant_of_its_value_and_of_what_it_asks_for():
    assert {mutant.bound for mutant in MUTANTS} - {None} == {name.replace("-", "_") for name in IN_COQ}


@needs_coq
@pytest.mark.long
def test_no_wrong_statement_compiles():
    assert try_mutants() == 0
