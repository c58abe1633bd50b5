"""The glossary states every symbol once; constants that contradict it are refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.units import powers
from theory.common.errors import InputError
from theory.formulas.notation import CONSTANTS, GLOSSARY, Sign, checked_constant, constants_from_text, name_node


def test_every_symbol_of_the_theory_is_in_the_glossary_once():
    of_methods = {"G", "delta", "zeta", "workers", "group", "radius", "centres", "threshold", "size"}
    of_methods |= {"lowest", "highest", "bend", "influence", "local"}
    assert {"L", "Delta", "sigma", "mu", "s", "T", "B", "k", "d", "eta", "tau"} | of_methods == set(GLOSSARY)
    assert all(symbol.name == name for name, symbol in GLOSSARY.items())
    assert len({symbol.latex for symbol in GLOSSARY.values()}) == len(GLOSSARY)
    assert all(symbol.meaning and symbol.unit for symbol in GLOSSARY.values())


def test_the_glossary_cannot_be_changed():
    with pytest.raises(TypeError):
        GLOSSARY["L"] = GLOSSARY["mu"]  # type: ignore[index]


def combined(**exponents: int) -> dict[str, int]:
    """The unit of a product of powers of symbols."""
    return {
        letter: sum(power * powers(GLOSSARY[name].unit)[letter] for name, power in exponents.items())
        for letter in ("f", "x")
    }


def test_units_agree_with_the_formulas_they_enter():
    gradient_squared = {"f": 2, "x": -2}
    assert combined(L=1, Delta=1) == gradient_squared  # Theorem 1's first term
    assert combined(sigma=2) == gradient_squared  # and its second
    assert combined(mu=1, L=-1) == combined(eta=1)  # its step size mu / (s L sqrt k)
    assert combined(L=1, eta=1) == {"f": 0, "x": 0}  # the stability product


@pytest.mark.parametrize(
    ("name", "latex"),
    [("k", "k"), ("d", "d_{k}"), ("eta", r"\eta_{k}"), ("tau", r"\tau_{k}"), ("L", "L"), ("Delta", r"\Delta")],
)
def test_formulas_take_their_latex_from_the_glossary(name, latex):
    assert name_node(name).latex() == latex
    assert name_node(name).names() == {name}


def test_an_indexed_symbol_prints_the_index_it_is_given():
    assert name_node("eta").latex("j") == r"\eta_{j}"


@given(st.fixed_dictionaries({}, optional={name: st.floats(1e-300, 1.0) for name in CONSTANTS}))
def test_constants_read_back_exactly(constants):
    assert constants_from_text(",".join(f"{name}={value!r}" for name, value in constants.items())) == constants


def test_spaces_and_short_numbers_are_accepted():
    assert constants_from_text(" L = 2 , mu=.5,Delta=1e3 ") == {"L": 2.0, "mu": 0.5, "Delta": 1000.0}
    assert constants_from_text("  ") == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lambda=1", "The constants are L, Delta, sigma, mu and G. Got 'Lambda'."),
        ("l=1", "Got 'l'."),
        ("s=3", "--staleness"),
        ("T=3", "--steps"),
        ("L=1,L=2", "The constant L is given twice"),
        ("L=2_5", "The value of the constant L must be a number. Got '2_5'."),
        ("L=one", "The value of the constant L must be a number. Got 'one'."),
        ("L=nan", "The constant L must be a finite number, greater than 0. Got nan."),
        ("L=inf", "Got inf."),
        ("Delta=1e999", "Got inf."),
        ("L=0", "greater than 0. Got 0.0."),
        ("Delta=-1e-9", "at least 0. Got -1e-09."),
        ("sigma=-1", "at least 0. Got -1.0."),
        ("mu=0", "greater than 0 and at most 1. Got 0.0."),
        ("mu=1.0000001", "Got 1.0000001."),
        ("L", "NAME=NUMBER"),
        ("L=", "NAME=NUMBER"),
        ("=1", "NAME=NUMBER"),
        ("L=1,", "NAME=NUMBER"),
        ("L=1=2", "must be a number. Got '1=2'."),
        ("L=1;mu=2", "must be a number"),
    ],
)
def test_what_contradicts_the_glossary_is_refused_with_a_sentence(text, expected):
    with pytest.raises(InputError) as refusal:
        constants_from_text(text)
    assert expected in str(refusal.value)
    assert refusal.value.exit_status == 2


def test_the_edges_of_each_sign():
    assert checked_constant("mu", 1.0) == 1.0
    assert checked_constant("sigma", 0) == 0.0
    assert not Sign.POSITIVE.admits(0.0)
    assert not Sign.FRACTION.admits(math.nextafter(1.0, 2.0))
    assert not any(sign.admits(value) for sign in Sign for value in (math.nan, math.inf, -math.inf))
    assert [sign for sign in Sign if sign.admits(-1.0)] == [Sign.ANY]


@given(st.text(max_size=30))
def test_no_text_raises_anything_but_a_refusal(text):
    try:
        constants = constants_from_text(text)
    except InputError:
        return
    assert all(GLOSSARY[name].sign.admits(value) for name, value in constants.items())
