"""Witnesses as small text files: the statement, the gradients and values as exact numbers, the claimed measure.

    gradlag witness 1
    smoothness 0x1.0000000000000p+0
    gap 0x1.0000000000000p+0
    variance 0x0.0p+0
    coherence none
    staleness 1
    measure min
    steps 1
    dimension 1
    step 0x1.0000000000000p-1 0                        eta_k and d_k, one line for each k < T
    point 0x1/0x2 0x1.0000000000000p+0                 f_k as a fraction of whole numbers and g_k, for each k <= T
    point 0x1/0x8 0x1.0000000000000p-1
    claim 0x1/0x4                                      the measure, exactly
    digest ...                                         sha256 of all lines before

Where a method other than delayed steps moves, `rule A M` follows the dimension, and behind the steps stand T lines
`weights` of A numbers w_k and one line `moves` of M numbers m, as in `theory/methods/rule.py`.

Every number has one spelling only, so that a file means one thing and a thing has one file.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from theory.common.errors import CertificateError, InputError, StoreError
from theory.common.reading import read_ordinary
from theory.methods.rule import LinearRule
from theory.staleness.count import Staleness
from theory.worst_case.question import Measure, Question
from theory.worst_case.witness.check import Witness, check

HEADER = "gradlag witness 1"
_LARGEST = 200_000_000  # bytes
_MOST_STEPS, _MOST_DIMENSIONS = 1_000_000, 1_000_000
_WHOLE = re.compile(r"0|[1-9][0-9]{0,15}")
_FRACTION = re.compile(r"(-?0x[0-9a-f]+)/(0x[0-9a-f]+)")


@dataclass(frozen=True, eq=False)
class VerifiedWitness:
    """A witness whose check passed.

    Args:
        witness: what was checked.
        value: its measure, exactly; the worst case of its question is at least this.
    """

    witness: Witness
    value: Fraction

    @property
    def question(self) -> Question:
        """The statement: steps, delays, constants and measure."""
        return self.witness.question

    @property
    def lower(self) -> float:
        """The value, rounded down."""
        return self.witness.lower

    @property
    def sentence(self) -> str:
        """What is now certain."""
        q = self.question
        what = "min |grad F|^2" if q.measure is Measure.MINIMUM else "the step-weighted mean of |grad F|^2"
        run = f"{q.steps} steps" if q.rule is None else f"{q.steps} updates"
        return (
            f"There is a function with L = {q.smoothness!r} and F(x_0) - inf F <= {q.gap!r} whose run of these "
            f"{run} and delays has {what} over {q.covered} of at least {self.lower!r}."
        )


def dumps(witness: Witness) -> str:
    """The text of a witness.

    >>> parabola = Witness(Question([0.5], [0]), np.array([[1.0], [0.5]]), (Fraction(1, 2), Fraction(1, 8)))
    >>> loads(dumps(parabola)).value
    Fraction(1, 4)
    """
    body = "".join(f"{line}\n" for line in _lines(witness))
    return f"{body}digest {_digest(body)}\n"


def loads(text: str) -> Witness:
    """The witness of a text, unchecked but for its form.

    Raises:
        StoreError: anything but the one spelling of a witness, with the line.
    """
    body, mark, digest = text.rpartition("digest ")
    if not text.startswith(f"{HEADER}\n"):
        raise StoreError(f"This is no witness file: it does not begin with the line {HEADER!r}.")
    if not mark or digest != f"{_digest(body)}\n":
        raise StoreError("The witness file is damaged: its digest does not fit its lines. Make it again.")
    reader = _Reader(body.split("\n"))
    witness = _parse(reader)
    if reader.left() != [""]:
        raise reader.refusal("no line")
    return witness


def verify_witness(text: str) -> VerifiedWitness:
    """Read a witness and prove what it claims, with exact numbers; what `gradlag verify` does with such a file.

    Raises:
        StoreError: a text that is no witness file.
        CertificateError: a witness that does not prove its claim.

    >>> parabola = Witness(Question([0.5], [0]), np.array([[1.0], [0.5]]), (Fraction(1, 2), Fraction(1, 8)))
    >>> verify_witness(dumps(parabola)).lower
    0.25
    """
    witness = loads(text)
    value, claim = check(witness), _claim(text)
    if value != claim:
        raise CertificateError(f"The witness claims {claim}. Its gradients give {value}.")
    return VerifiedWitness(witness, value)


def read(path: Path | str, *, checked: bool = True) -> Witness:
    """The witness in a file.

    Args:
        path: of the file; checked: whether to prove it as well.

    Raises:
        StoreError: a file that cannot be read or is no witness file.
        CertificateError: a witness that does not prove its claim.
    """
    text = read_text(path)
    return verify_witness(text).witness if checked else loads(text)


def read_text(path: Path | str) -> str:
    """The text of a file of a sensible size."""
    try:
        return read_ordinary(path, _LARGEST).decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"The file {path} cannot be read as a witness: {reason}.") from error


def write(path: Path | str, witness: Witness) -> Path:
    """Write the witness, whole or not at all; returns the path."""
    file = Path(path)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="ascii") as stream:
            stream.write(dumps(witness))
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"The witness cannot be written to {path}: {error}.") from error
    return file


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _lines(witness: Witness) -> Iterator[str]:
    question = witness.question
    yield HEADER
    yield f"smoothness {question.smoothness.hex()}"
    yield f"gap {question.gap.hex()}"
    yield f"variance {question.variance.hex()}"
    yield f"coherence {'none' if question.coherence is None else question.coherence.hex()}"
    yield f"staleness {question.staleness.window}"
    yield f"measure {question.measure}"
    yield f"steps {question.steps}"
    yield f"dimension {witness.dimension}"
    if question.rule is not None:
        yield f"rule {question.rule.gradients} {question.rule.moves}"
    for step, delay in zip(question.step_sizes.tolist(), question.delays.tolist(), strict=True):
        yield f"step {step.hex()} {delay}"
    if question.rule is not None:
        yield from (_row("weights", row) for row in question.rule.gradient_weights.tolist())
        yield _row("moves", question.rule.move_weights.tolist())
    for value, gradient in zip(witness.values, witness.gradients.tolist(), strict=True):
        yield " ".join(["point", _shown(value), *(g.hex() for g in gradient)])
    yield f"claim {_shown(witness.value)}"


def _row(name: str, values: Sequence[float]) -> str:
    return " ".join([name, *(value.hex() for value in values)])


def _shown(value: Fraction) -> str:
    return f"{value.numerator:#x}/{value.denominator:#x}"


class _Reader:
    """The lines one after the other."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._next = 0

    def left(self) -> list[str]:
        """The lines not yet read."""
        return list(self._lines[self._next :])

    def fields(self, name: str, count: int) -> list[str]:
        """The fields of the next line, which begins with this name."""
        self._next += 1
        words = self._lines[self._next - 1].split(" ") if self._next <= len(self._lines) else []
        if len(words) != count + 1 or words[0] != name:
            raise self.refusal(f"{name!r} and {count} more")
        return words[1:]

    def refusal(self, wanted: str) -> StoreError:
        """What to say of the line read last."""
        return StoreError(f"Line {self._next} of the witness file should hold {wanted}.")

    def number(self, text: str) -> float:
        """A finite float in the one spelling of `float.hex`."""
        try:
            value = float.fromhex(text)
        except (ValueError, OverflowError):
            value = math.nan
        if not math.isfinite(value) or value.hex() != text:
            raise self.refusal("finite numbers as Python's float.hex writes them")
        return value

    def whole(self, text: str, most: int) -> int:
        """A whole number in the one decimal spelling."""
        if not _WHOLE.fullmatch(text) or int(text) > most:
            raise self.refusal(f"a whole number up to {most}")
        return int(text)

    def fraction(self, text: str) -> Fraction:
        """A fraction in lowest terms."""
        match = _FRACTION.fullmatch(text)
        below = int(match[2], 16) if match else 0
        value = Fraction(int(match[1], 16), below) if match and below else Fraction(0)
        if not below or _shown(value) != text:
            raise self.refusal("a fraction of hexadecimal whole numbers in lowest terms")
        return value


def _parse(reader: _Reader) -> Witness:
    if reader.left()[0] != HEADER:
        raise StoreError(f"This is no witness file: it does not begin with the line {HEADER!r}.")
    reader.fields("gradlag", 2)
    smoothness, gap, variance = (reader.number(reader.fields(key, 1)[0]) for key in ("smoothness", "gap", "variance"))
    (coherence,) = reader.fields("coherence", 1)
    mu = None if coherence == "none" else reader.number(coherence)
    window = reader.whole(reader.fields("staleness", 1)[0], 2**53)
    (measure,) = reader.fields("measure", 1)
    steps = reader.whole(reader.fields("steps", 1)[0], _MOST_STEPS)
    dimension = reader.whole(reader.fields("dimension", 1)[0], _MOST_DIMENSIONS)
    shape = reader.fields("rule", 2) if reader.left()[:1] and reader.left()[0].startswith("rule ") else None
    lines = [reader.fields("step", 2) for _ in range(steps)]
    sizes = [reader.number(size) for size, _ in lines]
    delays = [reader.whole(delay, _MOST_STEPS) for _, delay in lines]
    weights = None if shape is None else _weights(reader, steps, *(reader.whole(each, _MOST_STEPS) for each in shape))
    points = [reader.fields("point", dimension + 1) for _ in range(steps + 1)]
    gradients = np.array([[reader.number(g) for g in point[1:]] for point in points]).reshape(steps + 1, dimension)
    values = tuple(reader.fraction(point[0]) for point in points)
    reader.fraction(reader.fields("claim", 1)[0])
    try:
        question = Question(
            sizes,
            np.array(delays, dtype=np.int64),
            smoothness=smoothness,
            gap=gap,
            variance=variance,
            coherence=mu,
            staleness=Staleness(window),
            measure=Measure(measure),
            rule=None if weights is None else LinearRule(*weights),
        )
    except (InputError, ValueError) as error:
        raise StoreError(f"The witness file states a question that cannot be: {str(error).rstrip('.')}.") from error
    return Witness(question, gradients, values)


def _weights(reader: _Reader, steps: int, gradients: int, moves: int) -> tuple[list[list[float]], list[float]]:
    rows = [[reader.number(each) for each in reader.fields("weights", gradients)] for _ in range(steps)]
    return rows, [reader.number(each) for each in reader.fields("moves", moves)]


def _claim(text: str) -> Fraction:
    line = text.rstrip("\n").split("\n")[-2]
    reader = _Reader([line])
    return reader.fraction(reader.fields("claim", 1)[0])
