"""A printed proof: all that a board needs, in lines that fit, in LaTeX that compiles, in JSON that scripts read."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from tests.support.replays import replayed
from theory.formulas.formula import Number
from theory.proofs import PROOFS
from theory.proofs.kernel import IN_ORDER, LAST, NOISELESS, ZERO, Context, latest, le, lt, tau, var
from theory.proofs.printing.printed import described, latex, replay, summary, text, where
from theory.proofs.printing.prose import broken, formula_lines, mixed, spoken, typeset
from theory.proofs.proof import Proof

K, J = var("k"), var("j")
STEP = Context(frozenset({lt(ZERO, LAST), le(ZERO, K), lt(K, LAST)}))


@pytest.fixture(scope="module")
def accounts():
    """Every proof, told as it was replayed once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Proof, "verify", replayed)
        return {name: replay(proof) for name, proof in PROOFS.items()}


def wrong(name: str, position: int, **changes):
    """A proof with one step changed."""
    proof = PROOFS[name]
    steps = list(proof.steps)
    steps[position] = replace(steps[position], **changes)
    return replace(proof, steps=tuple(steps))


# --------------------------------------------------------------------------------------------------------- sentences


@pytest.mark.parametrize(
    ("plainly", "with_formulas"),
    [
        ("the noise has mean zero", "the noise has mean zero"),
        ("as tau_j <= tau_k <= i, sum over them", r"as $\tau_{j} \le \tau_{k} \le i$, sum over them"),
        ("<e_i, e_j> = 0 for i != j", r"$\langle e_{i}, e_{j} \rangle = 0$ for $i \ne j$"),
        ("2<a,b> = |a|^2 - |a-b|^2; telescoping", r"$2\langle a,b \rangle = |a|^{2} - |a-b|^{2}$; telescoping"),
        ("F is L-smooth", "$F$ is L-smooth"),
        ("a bound, and a step of it", "a bound, and a step of it"),
        ("f_{k+1} at x_{k+1}", "$f_{k+1}$ at $x_{k+1}$"),
        ("p = eta sigma sqrt(L T/2 Delta), squared", r"$p = \eta \sigma \sqrt{L T/2 \Delta}$, squared"),
        ("at most 1", "at most 1"),
        ("Cauchy-Schwarz over d_k steps", "Cauchy-Schwarz over $d_{k}$ steps"),
        ("all lie in {k+1..i}", r"all lie in $\{k+1\dots i\}$"),
    ],
)
def test_formulas_are_found_in_sentences(plainly, with_formulas):
    assert mixed(plainly) == with_formulas


def test_a_sentence_is_spoken_and_typeset():
    sentence = mixed("100 % of g_tau_k & more, as |a|^2 >= 0")
    assert spoken(sentence) == "100 % of g_(τ_k) & more, as |a|² ≥ 0"
    assert typeset(sentence) == r"100 \% of $g_{\tau_{k}}$ \& more, as $|a|^{2} \ge 0$"


def test_a_long_formula_breaks_where_it_means_least():
    lines = list(formula_lines("aaaa (bbbb + cccc) + dddd (eeee + ffff) ≥ gggg + hhhh", 30, "  "))
    assert [line.strip() for line in lines] == ["aaaa (bbbb + cccc)", "+ dddd (eeee + ffff)", "≥ gggg + hhhh"]
    assert broken(r"a_{k} + \left(b + c\right) \ge d", room=8) == "a_{k} \\\\\n+ \\left(b + c\\right) \\\\\n\\ge d"


# ----------------------------------------------------------------------------------------------------------- contexts


def test_a_context_is_said_in_chains():
    assert where(STEP) == r"for $0 \le k < T$"
    window = STEP.having(le(tau(K), J), lt(J, K), lt(tau(K), tau(J)))
    assert where(window) == r"for $0 \le k < T$, $\tau_{k} < \tau_{j}$ and $\tau_{k} \le j < k$"
    assert where(STEP.under(NOISELESS)) == r"for $0 \le k < T$, if there is no noise"
    assert "is younger than $g_{\\tau_{k}}$" in where(STEP.under(latest(K)))
    assert where(Context(frozenset({lt(ZERO, LAST)})).under(IN_ORDER)) == "if no gradient overtakes another"
    assert where(Context()) == ""


# ------------------------------------------------------------------------------------------------------ whole proofs


@pytest.mark.parametrize("name", PROOFS)
def test_the_text_fits_and_tells_all(name, accounts):
    account, lines = accounts[name], text(accounts[name]).splitlines()
    assert account.proved
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []
    printed = " ".join(" ".join(lines).split())
    for number, step in enumerate(account.steps, 1):
        title = f"{number}. {spoken(step.title)}"
        for said in (title, *map(spoken, (*step.definitions, step.claim)), f"because {spoken(step.why)}"):
            assert " ".join(said.split()) in printed
    for listed in (*account.axioms, *account.assumed, *account.notation):
        assert spoken(listed) in printed
    assert f"Axioms ({len(account.axioms)}):" in printed
    assert str(account.applications) in lines[-1] and lines[-1].startswith("Proved: ")


@pytest.mark.parametrize("name", PROOFS)
def test_abbreviations_are_defined_once_and_before_they_are_used(name, accounts):
    defined: set[str] = set()
    for step, told in zip(PROOFS[name].steps, accounts[name].steps, strict=True):
        symbols = [node.split("=")[0] for node in told.definitions]
        assert not defined & set(symbols) and len(symbols) == len(set(symbols))
        defined |= set(symbols)
        for node in (node for side in (step.claim.left, step.claim.right) for node in side.definitions()):
            assert f"${node.latex()} " in defined, (step.name, node.symbol)


@pytest.mark.parametrize("name", PROOFS)
def test_the_latex_is_balanced_and_nothing_is_unescaped(name, accounts):
    source = latex(accounts[name])
    assert source.count("{") - source.count(r"\{") == source.count("}") - source.count(r"\}")
    assert source.count(r"\left") == source.count(r"\right")
    for environment in ("enumerate", "multline*"):
        assert source.count(rf"\begin{{{environment}}}") == source.count(rf"\end{{{environment}}}")
    assert source.count(r"\item") == len(PROOFS[name].steps)
    prose = re.sub(r"\\begin\{multline\*\}.*?\\end\{multline\*\}", "", source, flags=re.DOTALL)
    prose = "\n".join(line for line in prose.splitlines() if not line.startswith("%"))
    assert prose.count("$") % 2 == 0
    assert re.findall(r"(?<!\\)[_^&%#<>|≤≥·]", "".join(prose.split("$")[::2])) == []
    assert re.findall(r"[^\x00-\x7f]", source) == []


def test_the_description_is_what_scripts_were_promised(accounts):
    found = json.loads(json.dumps(described(accounts["theorem-a"])))
    assert {"name", "proved", "steps", "axioms"} <= found.keys()
    assert found["proved"] is True and found["name"] == "theorem-a"
    assert all({"title", "rule", "ok"} <= step.keys() and step["ok"] is True for step in found["steps"])
    assert "F is L-smooth" in found["axioms"]


# ---------------------------------------------------------------------------------------------------------- refusals


def test_a_refused_step_is_shown_with_the_reason_and_nothing_after_it():
    claim = replace(PROOFS["theorem-a"].steps[1].claim, left=Number(0))
    account = replay(wrong("theorem-a", 1, claim=claim))
    assert not account.proved
    assert [step.ok for step in account.steps] == [True, False]
    printed = text(account)
    assert "REFUSED: The two sides differ" in printed and "Therefore" not in printed
    assert "step 2 is refused" in summary(account)
    assert r"\textbf{Refused" in latex(account) and "Therefore" not in latex(account)
    assert described(account)["steps"][1]["ok"] is False and described(account)["proved"] is False


def test_a_last_step_that_is_not_the_theorem_is_told():
    proof = PROOFS["theorem-a"]
    account = replay(replace(proof, conclusion=replace(proof.conclusion, left=proof.conclusion.left / 2)))
    assert all(step.ok for step in account.steps) and not account.proved
    assert "is not the theorem" in text(account)
    assert described(account)["refusal"]
