"""Witness files: one spelling, read back exactly, and refused with any number changed."""

import hashlib
import subprocess
import sys
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from theory.common.errors import CertificateError, StoreError
from theory.worst_case.question import Question
from theory.worst_case.solve import worst_case
from theory.worst_case.witness.file import HEADER, dumps, loads, read, verify_witness, write
from theory.worst_case.witness.find import witness


@pytest.fixture(scope="module")
def found():
    steps = 0.25 / np.sqrt(np.arange(1, 11))
    asked = Question(steps, np.minimum(1, np.arange(10)), smoothness=1.5, gap=0.7, coherence=0.25)
    return witness(worst_case(asked))


def signed(text):
    """The text with the digest that its lines have."""
    body = text[: text.rindex("digest ")]
    return f"{body}digest {hashlib.sha256(body.encode()).hexdigest()}\n"


def refusal(text):
    try:
        verify_witness(text)
    except (StoreError, CertificateError) as error:
        return error
    return None


def test_a_file_gives_back_the_witness_exactly(found, tmp_path):
    back = read(write(tmp_path / "w.txt", found))
    assert back.values == found.values
    assert back.gradients.tobytes() == found.gradients.tobytes()
    for name in ("smoothness", "gap", "variance", "coherence", "staleness", "measure", "steps"):
        assert getattr(back.question, name) == getattr(found.question, name)
    assert back.question.step_sizes.tobytes() == found.question.step_sizes.tobytes()
    assert dumps(back) == dumps(found)
    assert [path.name for path in tmp_path.iterdir()] == ["w.txt"]


def test_what_is_verified_is_what_was_found(found):
    verified = verify_witness(dumps(found))
    assert verified.value == found.value
    assert repr(found.lower) in verified.sentence and "L = 1.5" in verified.sentence


def test_any_changed_character_is_noticed(found):
    text, rng = dumps(found), np.random.default_rng(0)
    for place in rng.integers(len(text), size=400):
        other = chr(rng.integers(32, 127))
        changed = text[:place] + other + text[place + 1 :]
        assert changed == text or isinstance(refusal(changed), StoreError)


def is_true(witness, claim):
    """The statement of a witness in plain fractions, in one dimension after the other, by the definition alone."""
    L, n, r = Fraction(witness.question.smoothness), len(witness.values), witness.dimension
    g = [[Fraction(value) for value in row] for row in witness.gradients.tolist()]
    x = [[Fraction(0)] * r]
    for k, step in enumerate(witness.question.step_sizes.tolist()):
        read = g[k - int(witness.question.delays[k])]
        x.append([x[k][c] - Fraction(step) * read[c] for c in range(r)])
    for i, j in permutations(range(n), 2):
        inner = sum((g[i][c] + g[j][c]) * (x[i][c] - x[j][c]) for c in range(r)) / 2
        bends = sum((g[i][c] - g[j][c]) ** 2 / L - L * (x[i][c] - x[j][c]) ** 2 for c in range(r)) / 4
        if witness.values[i] < witness.values[j] + inner + bends:
            return False
    squares = [sum(value**2 for value in row) for row in g]
    floor = all(2 * L * f >= square for f, square in zip(witness.values, squares, strict=True))
    return floor and witness.values[0] <= Fraction(witness.question.gap) and min(squares) == claim


def test_a_changed_number_with_the_digest_made_to_fit_is_refused_or_leaves_a_true_statement(found):
    lines, rng, survived = dumps(found).split("\n"), np.random.default_rng(1), 0
    for _ in range(300):
        row = int(rng.integers(1, len(lines) - 2))
        digits = [place for place, mark in enumerate(lines[row]) if mark in "0123456789abcdef"]
        place = int(rng.choice(digits))
        changed = lines[row][:place] + str(rng.choice(list("0123456789abcdef"))) + lines[row][place + 1 :]
        text = signed("\n".join([*lines[:row], changed, *lines[row + 1 :]]))
        if changed != lines[row] and refusal(text) is None:
            assert is_true(loads(text), found.value)
            survived += 1
    assert 10 < survived < 200


def test_a_claim_that_is_larger_than_the_gradients_give_is_refused(found):
    lines = dumps(found).split("\n")
    claim = lines[-3]
    assert claim.startswith("claim ")
    larger = signed("\n".join([*lines[:-3], "claim 0x1/0x1", *lines[-2:]]))
    assert isinstance(refusal(larger), CertificateError)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (HEADER, "gradlag witness 2"),
        ("measure min", "measure most"),
        ("steps 10", "steps 010"),
        ("steps 10", "steps 11"),
        ("steps 10", "steps -1"),
        ("dimension ", "dimension 99999999999"),
        ("staleness 2", "staleness 1"),
        ("smoothness 0x1.8000000000000p+0", "smoothness 1.5"),
        ("smoothness 0x1.8000000000000p+0", "smoothness inf"),
        ("smoothness 0x1.8000000000000p+0", "smoothness -0x1.8000000000000p+0"),
        ("variance 0x0.0p+0", "variance nan"),
        ("variance 0x0.0p+0\n", ""),
        ("coherence 0x", "coherence 0X"),
        ("claim 0x", "claim -0x"),
        ("\nclaim", "\nnote 1\nclaim"),
        ("step 0x", "step  0x"),
    ],
)
def test_malformed_lines_are_refused_in_a_sentence(found, old, new):
    text = dumps(found)
    assert old in text
    error = refusal(signed(text.replace(old, new, 1)))
    assert isinstance(error, StoreError | CertificateError)
    assert error.exit_status == (1 if isinstance(error, CertificateError) else 2)


@pytest.mark.parametrize("text", ["", "gradlag witness 1\n", "digest \n", "gradlag certificate 1\n", "\x00\x01"])
def test_other_texts_are_refused(text):
    assert isinstance(refusal(text), StoreError)


def test_files_that_cannot_be_read_or_written_are_refused(found, tmp_path):
    with pytest.raises(StoreError):
        read(tmp_path / "none.txt")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError):
        read(tmp_path / "binary")
    with pytest.raises(StoreError):
        write(tmp_path / "no" / "folder.txt", found)


def test_reading_without_the_check_accepts_what_it_does_not_prove(found):
    text = signed(dumps(found).replace("claim 0x", "claim 0x1", 1))
    assert loads(text).values == found.values
    assert isinstance(refusal(text), CertificateError | StoreError)


def test_verifying_imports_no_solver_and_not_what_made_the_witness():
    code = (
        "import sys; import theory.worst_case.witness.file; "
        "print([m for m in ('clarabel', 'cvxpy', 'theory.worst_case.witness.find', 'theory.worst_case.solvers.banded', "
        "'scipy.optimize', 'theory.worst_case.solvers.interior') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
