"""Step sizes in a file: one number a line, and before them, where they were made for one smoothness, a line with it."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from theory.common.errors import ScheduleError
from theory.common.numbers import NUMBER
from theory.common.reading import read_ordinary
from theory.common.types import Floats

_LARGEST_FILE = 2**26
_HEADER = "# step sizes for L = {!r}\n"
_HEADED = re.compile(r"#\s*(?:step sizes for\s+)?L\s*=\s*(.*)")


def written(values: Floats, smoothness: float | None) -> str:
    """The text of a file that `read_numbers` reads back to the same floats."""
    header = "" if smoothness is None else _HEADER.format(smoothness)
    return header + "".join(f"{float(step)!r}\n" for step in values)


def read_numbers(text: str) -> tuple[Floats, float | None]:
    """The numbers of `@FILE`, and the L that they were made for if its first line says so.

    Raises:
        ScheduleError: a file that cannot be read or holds anything else.
    """
    path = Path(text[1:])
    try:
        if not path.is_file():
            raise ScheduleError(f"There is no file {str(path)!r} to read step sizes from. Check the name after @.")
        if path.stat().st_size > _LARGEST_FILE:
            raise ScheduleError(f"The file {str(path)!r} is too large for a list of step sizes. Shorten it.")
        # Lines end as they do on any system.
        content = read_ordinary(path, _LARGEST_FILE).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        lines = content.rstrip().split("\n")
    except (OSError, ValueError) as error:
        raise ScheduleError(f"The file {text[1:]!r} cannot be read as text: {error}. Give one number a line.") from None
    headed = _HEADED.fullmatch(lines[0].strip())
    first = 0 if headed is None else 1
    numbers = [_number(line, at, text) for at, line in enumerate(lines[first:], first + 1)]
    return np.array(numbers), None if headed is None else _made_for(headed[1], text)


def _made_for(written: str, text: str) -> float:
    smoothness = float(written) if NUMBER.fullmatch(written) else math.nan
    if not (math.isfinite(smoothness) and smoothness > 0):
        raise ScheduleError(
            f"Line 1 of {text[1:]!r} must give L as a positive number, as in '# L = 2.5'. Got {written[:40]!r}."
        )
    return smoothness


def _number(line: str, at: int, text: str) -> float:
    written = line.strip(" \t\r")
    if not NUMBER.fullmatch(written):
        found = repr(written[:40]) if written else "a blank line"
        raise ScheduleError(f"Line {at} of {text[1:]!r} must hold one step size, a plain number. Got {found}.")
    value = float(written)
    if not (math.isfinite(value) and value >= 0):
        raise ScheduleError(
            f"Line {at} of {text[1:]!r} must be a finite number of at least 0, the step size of step k = {at}. "
            f"Got {written[:40]}."
        )
    return value
