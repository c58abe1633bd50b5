"""Errors that speak to users: what was wrong, the value got, what to do.

Each class carries the exit status that the command gives it.
"""

from typing import ClassVar

# A sentence that quotes more than this of a user's text is shortened in the middle.
_BEGINNING, _END = 700, 300


class GradlagError(Exception):
    """Any refusal that gradlag explains in one sentence: one line that prints, whatever text it quotes."""

    exit_status: ClassVar[int] = 2

    def __init__(self, sentence: str = "") -> None:
        super().__init__(_one_line(sentence))


def _one_line(sentence: str) -> str:
    """The sentence with what does not print written as Python would, and not longer than a screen."""
    if not sentence.isprintable():
        sentence = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in sentence)
    return sentence if len(sentence) <= _BEGINNING + _END else f"{sentence[:_BEGINNING]} ... {sentence[-_END:]}"


class InputError(GradlagError):
    """The user's input cannot be used as it is."""


class ScheduleError(InputError):
    """A step-size schedule that does not parse or does not give usable step sizes."""


class DelayError(InputError):
    """A delay model or trace that breaks 0 <= d_k <= min(s - 1, k - 1)."""


class StalenessError(InputError):
    """A staleness that is not a whole number of at least 1, or has no such reading."""


class DomainError(InputError):
    """A bound evaluated where it does not hold."""


class DataError(InputError):
    """Data that is missing, malformed or not finite."""


class ProblemError(InputError):
    """An unknown objective, or a user's problem file that breaks its contract."""


class StoreError(InputError):
    """A result file that cannot be read, or a place where none can be written."""


class TooLargeError(InputError):
    """Work that would need more memory than there is."""


class EnvironmentFailure(GradlagError):
    """Something outside gradlag failed: a full disk, a missing system facility."""

    exit_status: ClassVar[int] = 4


class CertificateError(GradlagError):
    """A certificate or a witness that does not prove what it claims."""

    exit_status: ClassVar[int] = 1
