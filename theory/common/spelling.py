"""One way to spell a thing that has options: `name:key=value,key=value`. It is read, refused and written here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from theory.common.errors import InputError

OptionValue = int | float | str
Value = TypeVar("Value")
# Above these, squares overflow or memory ends.
_LARGEST_NUMBER, _LARGEST_COUNT = 1e100, 10_000_000
# A longer text is no misspelt name, and comparing it takes long.
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Option:
    """A setting after the colon: its name, what it means, its default (whose type it keeps) and its smallest value."""

    name: str
    meaning: str
    default: OptionValue
    smallest: float = -math.inf

    def read(self, text: str, error: type[InputError] = InputError) -> OptionValue:
        """The value that the text spells, or a refusal."""
        if isinstance(self.default, str):
            return text
        whole = isinstance(self.default, int)
        kind, limit = ("a whole number", _LARGEST_COUNT) if whole else ("a number", _LARGEST_NUMBER)
        try:
            value: int | float = int(text) if whole else float(text)
        except ValueError:
            value = math.nan
        smallest = max(self.smallest, -limit)
        if not smallest <= value <= limit:
            raise error(
                f"The option {self.name} ({self.meaning}) must be {kind} from {smallest:,g} to {limit:,.7g}. "
                f"Got {text or 'nothing'}."
            )
        return value


def settled(
    text: str,
    options: Sequence[Option],
    *,
    error: type[InputError] = InputError,
    show: Callable[[OptionValue], str] = str,
) -> tuple[str, dict[str, OptionValue]]:
    """The shortest spelling of what the text spells, and the value of every option, given or left at its default.

    Args:
        text: a name, or a name, a colon and options in any order.
        options: those that the name takes.
        error: what a refusal is.
        show: how a value is written.

    Raises:
        InputError: an option that is unknown, given twice or malformed, or a value that it refuses; of class `error`.

    Example:
        >>> settled("box:b=2,a=1", (Option("a", "width", 1), Option("b", "height", 1)))
        ('box:b=2', {'a': 1, 'b': 2})
    """
    name, colon, told = text.partition(":")
    takes = f"takes {', '.join(option.name for option in options)}" if options else "takes no options"
    given = read_options(
        told if colon else None,
        {option.name: lambda value, option=option: option.read(value, error) for option in options},  # type: ignore[misc]
        lambda part: error(f"Options are written name=value, and {name} {takes}. Got {part or 'nothing'}."),
        lambda key: error(f"The option {key} is given twice. Give it once."),
    )
    values = {option.name: given.get(option.name, option.default) for option in options}
    changed = {option.name: show(values[option.name]) for option in options if values[option.name] != option.default}
    return spelled(name, changed), values


def read_options(
    text: str | None,
    readers: Mapping[str, Callable[[str], Value]],
    refused: Callable[[str], Exception],
    twice: Callable[[str], Exception] | None = None,
) -> dict[str, Value]:
    """The values in `key=value,key=value`, in that order; none for no text.

    Args:
        text: what stands behind the colon.
        readers: of each key that there may be, what turns its text into a value.
        refused: the error for a part that is no `key=value` of such a key.
        twice: the error for a key that is there already; else `refused` tells.

    Example:
        >>> read_options("a = 1,b=2", {"a": int, "b": float}, ValueError)
        {'a': 1, 'b': 2.0}
    """
    values: dict[str, Value] = {}
    for part in () if text is None else text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if key not in readers or not equals:
            raise refused(part.strip())
        if key in values:
            raise (twice or refused)(key)
        values[key] = readers[key](value)
    return values


def parts_of(text: str) -> tuple[str, dict[str, str]]:
    """The name and the options that are given, as they stand, whatever the name takes.

    >>> parts_of("dnn:depth=2,data=mnist-5k")
    ('dnn', {'depth': '2', 'data': 'mnist-5k'})
    """
    name, _, told = text.partition(":")
    return name, {key: value for key, equals, value in (part.partition("=") for part in told.split(",")) if equals}


def spelled(name: str, options: Mapping[str, object]) -> str:
    """The name with its options.

    >>> spelled("box", {"a": 1, "b": 2}), spelled("box", {})
    ('box:a=1,b=2', 'box')
    """
    return f"{name}:{','.join(f'{key}={value}' for key, value in options.items())}" if options else name


def nearest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The name among `names` that a misspelt or shortened one is most likely to stand for; None where none is near.

    >>> nearest("quadrtic", ["quadratic", "logistic"]), nearest("kolo", ["koloskova2022"]), nearest("nan", ["and"])
    ('quadratic', 'koloskova2022', None)
    """
    known = list(names)
    if not 0 < len(name) <= _LONGEST_NAME:
        return None
    lowered = {each.lower(): each for each in reversed(known)}
    begun = [each for each in known if len(name) > 2 and each.lower().startswith(name.lower())]
    alike = get_close_matches(name, known, 3, cutoff)
    alike += [lowered[each] for each in get_close_matches(name.lower(), lowered, 3, cutoff)]
    near = [each for each in alike if _changes(name.lower(), each.lower()) <= max(1, len(name) // 3)]
    return next(iter(near or begun), None)


def _changes(one: str, other: str) -> int:
    """How many letters are put in, left out, exchanged or swapped with their neighbour.

    >>> _changes("quadrtic", "quadratic"), _changes("sgima", "sigma"), _changes("nan", "and")
    (1, 1, 2)
    """
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one):
        rows.append([i + 1])
        for j, b in enumerate(other):
            least = min(rows[i][j] + (a != b), rows[i][j + 1] + 1, rows[i + 1][j] + 1)
            if i and j and one[i - 1] == b and a == other[j - 1]:
                least = min(least, rows[i - 1][j - 1] + 1)
            rows[i + 1].append(least)
    return rows[-1][-1]


def meant(name: str, names: Iterable[str]) -> str:
    """What a name that there is not may have meant, as a sentence behind another one, or nothing.

    >>> meant("quadrtic", ["quadratic", "logistic"])
    ' Did you mean quadratic?'
    """
    near = nearest(name, names)
    return f" Did you mean {near}?" if near else ""


def shown(text: object) -> str:
    """A user's text within a sentence: in plain letters, and not long."""
    return ascii(text)[:60]
