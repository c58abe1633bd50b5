"""A share of `make fuzz` with a fixed seed: nothing made or mutated gets past a reader, and the judge can tell.

The whole, a million texts and a hundred thousand files in watched processes, is benchmarks/fuzz.py.
"""

import os
import sys
import warnings
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from fuzzing import parts
from fuzzing.grammar import MAKERS
from fuzzing.oracle import NotRead, Reading
from fuzzing.verdicts import Escape, accepted_or_refused, check_sentence

from theory.common.errors import EnvironmentFailure, InputError
from theory.schedules.schedule import Schedule

SEED = 20
COUNTS = {"schedules": 1500, "spellings": 200, "files": 800, "logs": 600}


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    """The parts of a run, and the folder that they work in."""
    folder, before, data = tmp_path_factory.mktemp("fuzz"), Path.cwd(), os.environ.get("GRADLAG_DATA")
    parts.prepare(folder)
    yield parts.load(folder)
    os.chdir(before)
    os.environ.pop("GRADLAG_DATA", None)
    os.environ.update({} if data is None else {"GRADLAG_DATA": data})


@pytest.mark.parametrize("name", parts.NAMES)
def test_no_input_escapes(readers, name):
    words = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for index in range(COUNTS[name]):
            group, given = parts.made(readers[name], SEED, name, index)
            try:
                words.add(readers[name].judge(group, given))
            except Exception as error:
                pytest.fail(f"{name} {index} ({group}): {type(error).__name__}: {error} for {given!r:.300}")
    assert "accepted" in words and len(words) > 1


def test_the_same_number_is_the_same_input_whatever_ran_before(readers):
    for name in parts.NAMES:
        first = [parts.made(readers[name], SEED, name, index) for index in range(20)]
        assert first == [parts.made(readers[name], SEED, name, index) for index in reversed(range(20))][::-1]
        assert first != [parts.made(readers[name], SEED + 1, name, index) for index in range(20)]


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_of_text_is_made_in_many_ways(kind):
    texts = {MAKERS[kind][0](Random(number)) for number in range(60)}
    assert len(texts) > 15


# The judge sees what it is there to see.


def parsed_as(monkeypatch, change):
    """Schedules whose step sizes are changed after they were computed."""
    honest = Schedule.step_sizes
    monkeypatch.setattr(Schedule, "step_sizes", lambda self, *steps, **known: change(honest(self, *steps, **known)))


@pytest.mark.parametrize("change", [lambda sizes: sizes * (1 + 2**-52), lambda sizes: sizes + 1e-300, np.negative])
def test_step_sizes_that_are_off_by_one_bit_are_an_escape(readers, monkeypatch, change):
    parsed_as(monkeypatch, change)
    with pytest.raises(Escape, match="where numpy has"):
        readers["schedules"].judge("usual", "1e-300/(s*L*k)")


def test_a_right_text_that_is_refused_is_an_escape(readers, monkeypatch):
    def refusing(text):
        raise InputError("The schedule cannot be read at character 1: it is not to our liking.")

    monkeypatch.setattr("fuzzing.schedules.parse_schedule", refusing)
    with pytest.raises(Escape, match="a right text is refused"):
        readers["schedules"].judge("valid", "1/(2*L)")


def test_a_refusal_with_another_exit_status_is_an_escape():
    def failing():
        raise EnvironmentFailure("The file x could not be written.")

    with pytest.raises(Escape, match="exit status 4"):
        accepted_or_refused(failing)


@pytest.mark.parametrize(
    "told",
    ["", "bad", "The value 1 is wrong", "Line 1\nis wrong.", "x" * 2000 + "1.", "Something is wrong here, sadly."],
)
def test_what_is_no_sentence_is_an_escape(told):
    with pytest.raises(Escape, match="the refusal"):
        check_sentence(told)


def test_a_false_certificate_would_be_seen(readers, monkeypatch):
    right = Path("valid/certificate-0.txt").read_bytes()
    assert readers["files"].judge("certificate+", right) == "accepted"
    honest = __import__("theory.worst_case.certificate.verify", fromlist=["verify_file"]).verify_file

    def too_low(path):
        found = honest(path)
        return type(found)(found.statement, found.claim, found.upper / 1000, found.nodes)

    monkeypatch.setattr("fuzzing.claims_made.verify_file", too_low)
    with pytest.raises(Escape, match="a parabola reaches"):
        readers["files"].judge("certificate+", right)


def test_the_second_reading_is_the_language_and_no_more():
    values = {"k": 2.0, "L": 3.0}
    assert Reading("-2^2 + max(k, L, 1)*.5e1", values).value(values) == 11
    assert Reading("2^-1^2", values).value(values) == Fraction(1, 2)
    assert Reading("-5//k + 7%L if 1 < k < L and not k == L else 0", values).value(values) == -2
    assert Reading("np.where((k > 3) | (L == 3), 2*(k <= 2), 0)", values).value(values) == 2
    assert Reading("k if k else L", values).value(values) == 2
    assert Reading("where(k - 2, 1, 3)", values).value(values) == 3
    for text in (
        "",
        "k L",
        "__import__",
        "v",
        "v[0]",
        "Real(1)",
        "eval(k)",
        "k.real",
        "k < L",
        "np.k",
        "k and L",
        "1_0",
        "0x1",
    ):
        with pytest.raises(NotRead):
            Reading(text, values).value(values)
