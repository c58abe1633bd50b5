"""One speller: what it writes it reads back, in any order, and what it refuses it refuses wherever it stands."""

from itertools import permutations

import pytest

from experiments.servers.speeds import SPEEDS, parse_speed
from theory.common.errors import InputError, ProblemError
from theory.common.spelling import Option, meant, parts_of, settled

BOX = (Option("width", "across", 1, 1), Option("weight", "in kg", 0.5, 0), Option("colour", "of the lid", "red"))
GIVEN = ("width=3", "weight=0.25", "colour=blue")


@pytest.mark.parametrize("order", permutations(GIVEN))
def test_the_spelling_does_not_depend_on_the_order_and_reads_back_as_itself(order):
    name, values = settled(f"box:{','.join(order)}", BOX)
    assert (name, values) == ("box:width=3,weight=0.25,colour=blue", {"width": 3, "weight": 0.25, "colour": "blue"})
    assert settled(name, BOX) == (name, values)
    assert parts_of(name) == ("box", {key: str(value) for key, value in values.items()})


def test_defaults_are_not_spelled():
    assert settled("box:width=1, colour = red", BOX)[0] == "box" == settled("box", BOX)[0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("box:", "Options are written name=value, and box takes width, weight, colour. Got nothing."),
        ("box:depth=1", "Got depth=1."),
        ("box:width", "Got width."),
        ("box:width=2,width=2", "The option width is given twice. Give it once."),
        ("box:width=0", r"The option width \(across\) must be a whole number from 1 to 1e\+07. Got 0."),
        ("box:width=1.5", "Got 1.5."),
        ("box:weight=nan", r"The option weight \(in kg\) must be a number from 0 to 1e\+100. Got nan."),
        ("lid:width=1", "lid takes no options. Got width=1."),
    ],
)
def test_what_is_malformed_is_refused_by_the_class_that_was_asked_for(text, sentence):
    for error in (InputError, ProblemError):
        with pytest.raises(error, match=sentence):
            settled(text, () if text.startswith("lid") else BOX, error=error)


def test_only_a_name_that_is_near_is_meant():
    assert meant("quadrtic", ["quadratic", "softmax"]) == " Did you mean quadratic?"
    assert meant("xyz", ["quadratic", "softmax"]) == ""
    assert meant("nan", ["and", "min"]) == meant("inf", ["if", "min"])[:0] == ""
    assert meant("qaudratic", ["quadratic"]) == " Did you mean quadratic?"
    assert meant("dramatic", ["quadratic"]) == ""


@pytest.mark.parametrize("law", SPEEDS)
def test_a_speed_takes_the_numbers_of_its_law_and_nothing_else_that_its_class_has(law):
    assert parse_speed(parse_speed(law).text) == parse_speed(law)
    for name in ("kind", "spelling"):
        with pytest.raises(InputError, match=f"The speed {law} is written"):
            parse_speed(f"{law}:{name}=1")
