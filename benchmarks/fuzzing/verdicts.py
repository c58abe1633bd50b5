"""What may become of an input: it is accepted, or refused in one sentence with the right status; all else escapes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from theory.common.errors import GradlagError

LONGEST_SENTENCE = 1_200
# A position, a value in quotes, or a word that says which thing is meant.
_NAMED = re.compile(
    r"\d|'|`|\"|Got |uses |reads |lacks |[a-z_]+\.[a-z]+|-{1,2}[a-z]"
    r"|file|log|certificate|witness|trace|run|result|schedule|option |constant "
)


class Escape(Exception):
    """What no input may do."""


def accepted_or_refused(read: Callable[[], str], statuses: Collection[int] = (2,)) -> str:
    """`read()`'s word where it accepts, else the class of the refusal.

    Raises:
        Escape: the refusal is no sentence or has another exit status than `statuses`; any other exception passes.
    """
    try:
        return read()
    except GradlagError as refusal:
        check_sentence(str(refusal))
        if refusal.exit_status not in statuses:
            raise Escape(f"exit status {refusal.exit_status} of {type(refusal).__name__}: {refusal}") from refusal
        return type(refusal).__name__


def check_sentence(told: str) -> None:
    """One line that can be read, ends as a sentence, and names something."""
    wrong = [
        *(["is too long"] if len(told) > LONGEST_SENTENCE else []),
        *(["has characters that do not print"] if not told.isprintable() else []),
        *(["does not end as a sentence"] if not told.endswith((".", "?")) else []),
        *(["names nothing"] if len(told) < 20 or not _NAMED.search(told) else []),
    ]
    if wrong:
        raise Escape(f"the refusal {' and '.join(wrong)}: {told[:300]!r} ({len(told)} characters)")


def require(holds: bool, otherwise: str) -> None:
    """Escape unless it holds."""
    if not holds:
        raise Escape(otherwise)
