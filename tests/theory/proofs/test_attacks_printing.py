"""Attacks by what is printed: a formula that reads otherwise than it is meant, and what a proof rests on unprinted."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.support.made_bounds import (
    DELTA,
    ETA,
    NUMBER,
    RUN,
    SIGMA,
    TRUE,
    D,
    L,
    S,
    T,
    condition,
    made,
    refusal,
    true,
)
from tests.support.replays import replayed
from theory.bounds import REGISTRY
from theory.bounds.parts.printed import BEFORE
from theory.bounds.theorem_c import First, HalfSine, SineRatio
from theory.formulas.formula import (
    Defined,
    Name,
    Number,
    Peak,
    Previous,
    Readers,
    Served,
    StepNumber,
    Total,
    WhereNoisy,
    WhereOvertaken,
    Window,
    call,
    formula,
    total,
    window,
)
from theory.formulas.plain import plain
from theory.proofs import PROOFS
from theory.proofs.kernel import constant, restate
from theory.proofs.printing.replayed_proof import replay
from theory.proofs.proof import Claim, Proof, Step, rules
from theory.proofs.theorem import compare

CHOICES = (WhereNoisy(L, S), WhereOvertaken(L, S))


@pytest.mark.parametrize("choice", CHOICES, ids=["noisy", "overtaken"])
def test_c_what_holds_if_something_does_is_bracketed_inside_of_anything_else(choice):
    """`2 L Delta + a if sigma > 0, else b` reads as (2 L Delta + a) if sigma > 0, else b."""
    alone, bracketed = choice.latex(), rf"\left({choice.latex()}\right)"
    for whole in (
        TRUE + choice,
        choice + TRUE,
        TRUE - choice,
        -choice,
        2 * choice,
        choice**2,
        total(choice),
        window(choice),
    ):
        assert r"\left(" + choice.latex().split(" ")[0] in whole.latex()
    for whole in (call("max", 1, choice), TRUE + choice, WhereNoisy(choice, T), WhereNoisy(T, choice)):
        assert bracketed in whole.latex() or bracketed in whole.latex().replace("j", "k")
    assert condition(choice, ">", 0).latex() == rf"{bracketed} > 0"
    assert condition(L, "<=", choice).latex() == rf"L \le {bracketed}"
    assert Claim(choice, choice).latex() == rf"{bracketed} \ge {bracketed}"
    assert (choice / S).latex() == rf"\frac{{{alone}}}{{s}}"


@pytest.mark.parametrize("body", [L, formula(3), 2 * L * ETA + 100, total(ETA), 1 - 1 / Name("rho", r"\rho", True)])
def test_c_what_a_formula_is_before_the_first_step_is_said_with_it(body):
    """2 L eta_{k-1} + 100 is 100 at k = 0 for a reader who puts 0 for eta_{-1}; Previous is 0 there as a whole."""
    earlier = Previous(body)
    assert earlier.latex("t") == rf"{body.latex('t-1')} \text{{ if }} t > 0, \text{{ else }} 0"
    for whole in (TRUE + earlier, 2 * earlier, -earlier, earlier**2, total(earlier)):
        assert rf"\left({earlier.latex()}\right)" in whole.latex()
    asked = made(TRUE, condition(earlier + ETA, ">=", 0, index="t"))
    assert r"\text{ if } t > 0" in asked.statement and BEFORE not in asked.statement


@pytest.mark.parametrize("sum_", [Window, Readers, Served, Total, Peak, Previous, First])
def test_c_a_schedule_counts_from_1_and_a_bound_from_0(sum_):
    """The k of a schedule stands in no bound; the number of step k does, and prints as k + 1, also under a sum."""
    for inside in (sum_(NUMBER * ETA), NUMBER * ETA):
        assert "cannot stand for" in refusal(made(TRUE, condition(inside + ETA, ">=", 0, index="k")), true())
        assert "cannot stand for" in refusal(made(TRUE + 0 * sum_(inside)), true())
    counted = sum_(StepNumber() * ETA)
    assert re.search(r"\(([a-z]|k-1|0) \+ 1", counted.latex().replace(r"\left", ""))
    compare(made(TRUE, condition(counted + ETA, ">=", 0, index="k")), true())


@pytest.mark.parametrize(
    ("name", "letter", "sequence"),
    [("young", "0+x", False), ("young", "a", False), ("Ed", "a", False), ("Ed2", r"\mathbb{E}[d]", False),
     ("cut", r"\mu", False), ("share", "1-w", True), ("rho", r"\theta", True), ("L", "l", False),
     ("eta", r"\eta", False),     ("sigma", r"\sigma", True), ("d", "d", False), ("tau", r"\tau", True),
     ("T", "N", False), ("f", "f", True)],
)  # fmt: skip
def test_c_each_name_of_a_bound_has_its_letters(name, letter, sequence):
    free = Name(name, letter, sequence)
    assert "cannot stand for" in refusal(made(TRUE + 0 * free), true())
    assert "cannot stand for" in refusal(made(TRUE, condition(free, ">=", 2 * L, index="k")), true())


def test_c_one_name_has_one_letter():
    one, other = Name("young", r"\theta"), Name("young", r"\rho")
    assert "cannot stand for" in refusal(made(TRUE + 0 * one * other, condition(one, ">", 0)), true())


@pytest.mark.parametrize(
    "letter",
    ["{}", "{L}", "", " ", "L ", r"\frac", r"\text{L}", "x+y", "2", "L_{0}", r"\eta_{k}", "L}{", "LL", "À", "½"],
)
def test_c_an_abbreviation_is_a_letter(letter):
    assert "abbreviation" in refusal(made(TRUE + 0 * Defined(letter, 3 * L, sequence=False)), true())
    compare(made(TRUE + 0 * Defined("q", 3 * L, sequence=False)), true())


def test_c_the_power_of_a_fraction_or_a_root_shows_what_it_is_a_power_of():
    ratio = SineRatio(0, Name("theta", r"\theta"))
    assert (ratio**2).latex() == rf"\left({ratio.latex()}\right)^{{2}}"
    assert plain((ratio**2).latex()) == "((sin(s θ))/(sin θ))²"
    assert plain((call("sqrt", T) ** 2).latex()) == "(√T)²"
    assert plain((call("sqrt", L * T) ** 2).latex()) == "(√(L T))²"
    assert plain((call("sqrt", T) * 2).latex()) == "√T · 2"
    assert "sin" in HalfSine(Name("theta", r"\theta")).latex()


def test_c_what_stands_before_the_first_step_is_said_to_be_0():
    looking = [name for name, bound in REGISTRY.items() if bound.latex_definitions()[-1:] == (BEFORE,)]
    assert set(looking) == {"theorem-b", "theorem-b-noise"}
    assert BEFORE in made(TRUE, condition(Previous(ETA), ">=", 0, index="k")).statement
    later = condition(ETA, ">=", Previous(ETA), index="k", since=1)
    assert BEFORE not in made(TRUE, later).statement


def test_e_one_law_of_the_delays_is_printed_with_its_means():
    assert "one law, of mean E[d] and mean square E[d^2]" in REGISTRY["theorem-r"].assumptions[-1].text


# -------------------------------------------------------------------------------- what a proof rests on is printed


@pytest.mark.parametrize("name", PROOFS)
def test_c_all_that_a_proof_was_shown_is_listed(name):
    """Side conditions of what shows a denominator positive and weights not negative, and the signs of the letters."""
    from theory.proofs.proof import evaluate

    proof, report = PROOFS[name], replayed(PROOFS[name])
    for part in (proof.denominator, proof.weights):
        assert part is None or evaluate(part, report.facts).axioms <= report.axioms


def test_c_the_account_lists_them():
    account = replay(PROOFS["ghadimi2013"])
    assert account.proved and any("2/L" in sentence for sentence in account.assumed)
    assert [sentence for sentence in account.assumed if "sigma" in sentence] == [r"$\sigma \ge 0$"]


def test_c_without_a_bound_of_its_name_nothing_is_proved():
    claim = Claim(formula(1), formula(0))
    proof = Proof("theorem-z", (Step("s", "", "", claim, rules.constant(RUN, 1)),), claim)
    assert proof.against(None).proved and not proof.verify().proved and not replay(proof).proved
    assert "no bound named 'theorem-z'" in proof.verify().lines[-1].refusal


@pytest.mark.parametrize("claim", [Claim(formula(0), formula(1)), Claim(formula(7), formula(0), equality=True)])
def test_c_a_fact_that_is_known_is_what_its_step_claims(claim):
    lie = Step("s", "", "", claim, rules.constant(RUN, 0))
    end = Claim(formula(1), formula(0))
    proof = Proof("x", (lie, Step("e", "", "", end, rules.constant(RUN, 1))), end)
    known = restate(constant(RUN, 7), Claim(formula(7), formula(0)).expression())
    assert not proof.against(None, {"s": known}).proved
    true_step = replace(lie, claim=Claim(formula(7), formula(0)))
    assert replace(proof, steps=(true_step, proof.steps[1])).against(None, {"s": known}).proved


# ------------------------------------------------------------------------ numbers that a float would not see the end of


@pytest.mark.parametrize("large", [Number(1e20, "1e20"), Number(1e9, "1000000000"), Number(1e-9, "1e-9")])
def test_d_no_number_dwarfs_the_others(large):
    assert "too large or small" in refusal(made(TRUE + large * L), true())
    assert "too large or small" in refusal(made(TRUE, condition(L + large, ">=", S)), true())
    assert "too large or small" in refusal(made(TRUE, condition(L * ETA, "<=", large * S, index="k")), true())
    many = Number(1e3, "1000")
    assert "too large or small" in refusal(made(TRUE + many * many * many * L), true())
    assert "too large or small" in refusal(made(TRUE + many**5 * L), true())


@pytest.mark.parametrize("part", [T**9, total(ETA), L * SIGMA**2, window(ETA * D), 900 * S])
def test_d_no_parts_cancel(part):
    """2 L Delta + a - a is computed as 0 where a is large."""
    assert "cancel" in refusal(made((2 * L * DELTA + total(ETA * part) - total(ETA * part)) / 1), true())
    assert "cancel" in refusal(made(TRUE, condition(L * ETA + part - part, ">=", 1, index="k")), true())
    compare(made(TRUE, condition(L * ETA + part, ">=", L, index="k")), true())
