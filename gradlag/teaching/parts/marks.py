"""What a grader says of an answer: right, wrong with the error named, or not decided with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What came of an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    UNDECIDED = "not decided"
    UNREAD = "not read"


@dataclass(frozen=True)
class Mark:
    """An outcome with its sentence: why it is right, which error was made, or why it cannot be said.

    An answer that is not read was not understood as one, and an answer that is not decided is not wrong: neither costs
    anything. `picture` is SVG that shows the reason.
    """

    outcome: Outcome
    sentence: str
    picture: str = ""


def right(sentence: str, picture: str = "") -> Mark:
    """The answer is right."""
    return Mark(Outcome.RIGHT, sentence, picture)


def wrong(sentence: str, picture: str = "") -> Mark:
    """The answer is wrong; the sentence names the error."""
    return Mark(Outcome.WRONG, sentence, picture)


def undecided(sentence: str) -> Mark:
    """Whether the answer is right was not found; the sentence says why."""
    return Mark(Outcome.UNDECIDED, sentence)


def unread(sentence: str) -> Mark:
    """The answer is not one; the sentence says what is asked for."""
    return Mark(Outcome.UNREAD, sentence)
