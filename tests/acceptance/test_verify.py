"""`gradlag verify` as a user meets it: a saved certificate or witness stands on its own, and a changed one is refused.

0 the file proves what it says; 1 it is well formed and its argument fails; 2 it was changed, cut, or never was one.
"""

from __future__ import annotations

import hashlib
import random
import re
import subprocess
import sys

import pytest

CERTIFICATE, WITNESS = "kept/worst-case.certificate.txt", "kept/worst-case.witness.txt"
#: One step of length 1 without delay: 4 (f_0 - f_1) + ... <= 4 gives 4/5, by hand.
BY_HAND = """\
gradlag certificate 1
claim: For every L-smooth F with F(x_0) - inf F <= Delta, x_{k+1} = x_k - eta_k grad F(x_{k-d_k}) for k = 0..T-1: \
the minimum over x_0..x_T of |grad F(x_k)|^2 is at most 0.8, where T = 1, L = 1.0, Delta = 1.0, \
for the steps eta_k and the delays d_k of the certificate.
steps: 1
staleness: 1
measure: min
L: 0x1.0000000000000p+0
Delta: 0x1.0000000000000p+0
sigma^2: 0x0.0p+0
coherence: none
unit: 0
step 0 0x1.0000000000000p+0 0
start 4
pair 0 1 4
floor 1 4
measure 0 2
measure 1 3
upper: 4/5
probe: 0
sum: 7144908
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory, gradlag):
    """A folder with a certificate and a witness of the same worst case."""
    folder = tmp_path_factory.mktemp("verify")
    asked = ("--schedule", "0.3/(L*sqrt(k))", "--staleness", 3, "--steps", 8, "--smoothness", 2, "--gap", 0.7)
    assert gradlag("worst-case", *asked, "--out", "kept", folder=folder).status == 0
    (folder / "folder").mkdir()
    (folder / "empty").write_bytes(b"")
    (folder / "binary").write_bytes(bytes(range(255, -1, -1)))
    return folder


@pytest.fixture(scope="module")
def verified(gradlag, place):
    """What the command says of a text or of bytes."""

    def of(content):
        (place / "file").write_bytes(content if isinstance(content, bytes) else content.encode())
        return gradlag("verify", "file", "--json", folder=place)

    return of


@pytest.fixture(scope="module", params=[CERTIFICATE, WITNESS])
def text(request, place):
    return (place / request.param).read_text()


def signed(body):
    """A certificate with the digest that its text has: well formed, whatever it says."""
    return f"{body}sha256: {hashlib.sha256(body.encode()).hexdigest()}\n"


def signed_again(text):
    """The text of a certificate or a witness whose digest is made to fit."""
    body, mark, _ = text.rpartition("sha256: " if "sha256: " in text else "digest ")
    return f"{body}{mark}{hashlib.sha256(body.encode()).hexdigest()}\n"


# What holds


def test_a_certificate_says_what_it_proves(gradlag, place):
    told = gradlag("verify", CERTIFICATE, "--json", folder=place)
    assert told.status == 0 and set(told.json) >= {"kind", "verified", "statement", "how", "upper"}
    assert (told.json["kind"], told.json["verified"]) == ("certificate", True)
    assert f"is at most {told.json['upper']!r}, where T = 8, L = 2.0, Delta = 0.7" in told.json["statement"]


def test_a_witness_says_what_it_proves_and_the_two_meet(gradlag, place):
    told = gradlag("verify", WITNESS, "--json", folder=place)
    assert (told.status, told.json["kind"], told.json["verified"]) == (0, "witness", True)
    upper = gradlag("verify", CERTIFICATE, "--json", folder=place).json["upper"]
    assert 0.999 * upper < told.json["lower"] <= upper


@pytest.mark.parametrize("file", [CERTIFICATE, WITNESS])
def test_the_text_is_the_statement_and_how_it_was_checked(gradlag, place, file):
    told = gradlag("verify", file, folder=place)
    spoken = " ".join(told.out.split())
    answer = gradlag("verify", file, "--json", folder=place).json
    assert told.status == 0 and answer["statement"] in spoken and "No solver was asked." in spoken
    assert max(map(len, told.out.splitlines())) <= 80


def test_a_certificate_written_by_hand_is_accepted(verified):
    assert verified(signed(BY_HAND)).json["upper"] == 0.8


def test_neither_a_solver_nor_what_made_the_file_is_imported(place):
    program = (
        "import sys; from gradlag.cli import execute; "
        f"print(execute(['verify', {CERTIFICATE!r}]), execute(['verify', {WITNESS!r}])); "
        "print([name for name in sys.modules if name.split('.')[0] in ('clarabel', 'cvxpy', 'scs') or name in ("
        "'scipy.optimize', 'theory.worst_case.certificate.certify', 'theory.worst_case.solve', "
        "'theory.worst_case.solvers.banded', "
        "'theory.worst_case.solvers.dense', 'theory.worst_case.solvers.interior', 'theory.worst_case.witness.find')])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=place, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["0 0", "[]"]


# What was changed


def test_any_changed_character_is_refused(verified, text):
    dice = random.Random(0)
    for _ in range(60):
        place = dice.randrange(len(text))
        other = dice.choice("0123456789abcdefpx+-. \n\x00")
        if other != text[place]:
            told = verified(text[:place] + other + text[place + 1 :])
            assert told.status == 2 and set(told.json) == {"error", "exit"}


def test_a_file_that_is_cut_or_goes_on_is_refused(verified, text):
    for part in (text[: len(text) // 2], text[:-1], text + "\n", text + text, text.replace("\n", "\r\n")):
        assert verified(part).status == 2
    lines = text.splitlines(keepends=True)
    for count in (1, 2, 9, len(lines) - 1):
        assert verified("".join(lines[:count])).status == 2


@pytest.mark.parametrize("ending", [b"\xff", b"\x00", "é".encode()])
def test_bytes_that_are_no_text_are_refused(verified, text, ending):
    assert verified(text.encode() + ending).status == 2
    assert verified(text.encode().replace(b"steps", b"st" + ending + b"eps", 1)).status == 2


def test_a_changed_number_with_a_fitting_digest_is_refused_all_the_same(verified, place):
    """In a certificate nothing can be changed and stay an argument for what it says."""
    text, dice = (place / CERTIFICATE).read_text(), random.Random(1)
    numbers = list(re.finditer(r"\d+", text[: text.rindex("sha256: ")]))
    for found in dice.sample(numbers, 60):
        other = str(int(found[0]) + dice.choice([1, 7]))
        told = verified(signed_again(text[: found.start()] + other + text[found.end() :]))
        assert told.status in (1, 2), (found, other)


# What is well formed and wrong

WRONG = [
    ("is at most 0.8", "is at most 0.7", "where its numbers say"),
    ("upper: 4/5", "upper: 3/5", "where its numbers say"),
    ("sum: 7144908", "sum: 7144909", "where its numbers say"),
    ("pair 0 1 4", "pair 0 1 5", "The function values do not cancel"),
    ("floor 1 4", "floor 1 -4", "has to be positive"),
    ("pair 0 1 4", "pair 0 2 4", "The statement does not have"),
]


@pytest.mark.parametrize(("old", "new", "why"), WRONG, ids=[new for _, new, _ in WRONG])
def test_a_well_formed_argument_that_fails_is_a_verdict(verified, old, new, why):
    told = verified(signed(BY_HAND.replace(old, new)))
    assert told.status == told.json["exit"] == 1
    assert why in told.json["error"]


def test_a_bound_that_is_too_small_has_no_positive_slack(verified):
    """More weight on the gradients for the same start: 4/6 < 4/5, which no function values support."""
    from theory.worst_case.certificate.text import KINDS, Argument, Statement
    from theory.worst_case.certificate.verify import write

    tables = {"start": {(): 4}, "pair": {(0, 1): 4}, "floor": {(1,): 4}, "measure": {(0,): 2, (1,): 4}}
    argument = Argument(0, {kind: tables.get(kind, {}) for kind in KINDS})
    told = verified(write(Statement((1.0,), (0,), 1, "min", 1.0, 1.0, 0.0, None), argument))
    assert told.status == 1 and "not positive definite" in told.json["error"]


def test_a_witness_that_claims_more_than_its_gradients_give_is_a_verdict(verified, place):
    lines = (place / WITNESS).read_text().splitlines()
    (row,) = (row for row, line in enumerate(lines) if line.startswith("claim "))
    lines[row] = "claim 0x7/0x1"
    told = verified(signed_again("\n".join([*lines, ""])))
    assert told.status == 1 and "claims 7" in told.json["error"]


def test_changed_line_ends_are_told(verified, text):
    told = verified(text.replace("\n", "\r\n"))
    assert told.status == 2 and "its lines end as on Windows" in told.json["error"]


# What is something else


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nosuch", "There is no file nosuch."),
        ("folder", "folder is a folder. Give a certificate or a witness in it."),
        ("empty", "it is empty"),
        ("binary", "it is a binary file"),
        ("kept/worst-case.json", "it opens with '{'"),
        ("/dev/null", "/dev/null is no ordinary file"),
    ],
)
def test_other_things_are_refused_in_one_sentence(gradlag, place, name, sentence):
    told = gradlag("verify", name, folder=place)
    assert told.status == 2 and told.out == ""
    assert sentence in told.err and told.err.count("\n") == 1
    assert gradlag("verify", name, "--json", folder=place).json["exit"] == 2


def test_a_file_is_asked_for(gradlag, place):
    told = gradlag("verify", folder=place)
    assert told.status == 2 and "`gradlag verify --help` shows the usage." in told.err
