"""Contract: the text of certificates and witnesses. What was written is still verified, and is written again as it is.

Which multipliers a solver finds is a matter of its floats and of the machine. What is fixed is the text for given
numbers, to the byte; the lines of a question; and what `gradlag verify` says of a file, whole or changed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from hashlib import sha256
from itertools import takewhile

import pytest

from theory.worst_case.certificate.text import read
from theory.worst_case.certificate.verify import write
from theory.worst_case.witness.file import dumps, loads

QUESTIONS = (
    "--schedule 1/(2*L) --staleness 2 --steps 3",
    "--schedule mu/(s*L*sqrt(k)) --staleness 1 --steps 2 --coherence 0.5 --constants mu=0.5",
    "--schedule 0.25/L --staleness 2 --steps 2 --variance 0.5 --measure mean --gap 3",
)
PROOFS = [f"{kind}-{number}.txt" for kind in ("certificate", "witness") for number in range(len(QUESTIONS))]
EXACT = os.environ.get("GOLDEN") == "exact"
#: How far the values of two machines' solvers may lie apart; `gradlag worst-case` promises 1e-6.
NEAR = 1e-6


def signed(text: str) -> str:
    """The text with the digest that fits it, so that only its argument can be wrong."""
    body, mark, _ = text.rpartition("sha256: " if "sha256: " in text else "digest ")
    return f"{body}{mark}{sha256(body.encode()).hexdigest()}\n"


def other(text: str, before: str) -> str:
    """The text, signed anew, with another digit after the first place that fits."""
    return signed(re.sub(rf"({before})([0-9a-f])", lambda at: f"{at[1]}{int(at[2], 16) % 9 + 1}", text, count=1))


CHANGES: dict[str, Callable[[str], str]] = {
    "whole": lambda text: text,
    "a digit": lambda text: text.replace("steps", "steqs", 1),
    "cut": lambda text: text[: len(text) // 2],
    "signed anew, another claim": lambda text: other(text, r"\nupper: |\nclaim 0x"),
    "signed anew, another number": lambda text: other(text, r"\npair 0 1 |\npoint \S+ -?0x1\."),
    "Windows": lambda text: text.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("file", PROOFS)
def test_verify_says_the_same_of_the_file(gradlag, golden, files, tmp_path, file, change):
    (tmp_path / file).write_bytes(CHANGES[change]((files / file).read_text()).encode())
    told = gradlag("verify", file, "--json", folder=tmp_path)
    now = {"status": told.status} | ({} if told.status else told.json)
    written = golden("proofs.json", f"{file}, {change}", now)
    assert {name: now.get(name) for name in written} == written
    assert (told.status == 0) == (change == "whole")


@pytest.mark.parametrize("file", PROOFS)
def test_the_same_numbers_are_written_as_the_same_bytes(files, file):
    text = (files / file).read_text()
    assert (write(*read(text)) if file.startswith("certificate") else dumps(loads(text))) == text


def question_lines(text: str) -> list[str]:
    """The first lines of a certificate or a witness: what was asked, before what the solver found."""
    asked = takewhile(lambda line: not line.startswith(("start ", "point ")), text.splitlines())
    kept = [line for line in asked if not line.startswith(("unit: ", "dimension "))]
    return [re.sub(r"is at most [0-9.e+-]+,", "is at most VALUE,", line) for line in kept]


@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_a_new_certificate_and_witness_are_about_the_same_question(gradlag, files, tmp_path, number):
    asked = ("worst-case", *QUESTIONS[number].split(), "--certify", "c.txt", "--out", "w", "--json")
    told = gradlag(*asked, folder=tmp_path).json
    new = {"certificate": tmp_path / "c.txt", "witness": tmp_path / "w" / "worst-case.witness.txt"}
    for kind, path in new.items():
        stored = files / f"{kind}-{number}.txt"
        assert question_lines(path.read_text()) == question_lines(stored.read_text())
        assert not EXACT or path.read_bytes() == stored.read_bytes()
        side = "upper" if kind == "certificate" else "lower"
        before = gradlag("verify", stored, "--json", folder=tmp_path).json[side]
        assert gradlag("verify", path, "--json", folder=tmp_path).json[side] == pytest.approx(before, rel=NEAR)
    assert told["certified"] is True
