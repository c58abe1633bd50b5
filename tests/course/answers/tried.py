"""What a file of answers holds, for every exercise of a lesson: `ANSWERS`, by the name of the exercise."""

from __future__ import annotations

from typing import Any, NamedTuple


class Tried(NamedTuple):
    """Answers to one exercise; the wrong ones with a piece of the sentence that names the error."""

    right: tuple[dict[str, Any], ...]
    wrong: tuple[tuple[dict[str, Any], str], ...]
    undecided: tuple[dict[str, Any], ...] = ()
    unread: tuple[dict[str, Any], ...] = ()


def of(*fields: str):
    """A maker of answers with these fields."""
    return lambda *values: dict(zip(fields, values, strict=True))
