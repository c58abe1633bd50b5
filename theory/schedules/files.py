"""Step sizes in a file: one number a line, and before them, where they were made for one smoothness, a line with it.

Other lines that begin with # say nothing, as in files of delays.
"""

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
    """The numbers of `@FILE`, and the L that they were made for if a line before them says so.

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
    told = {at: line.strip() for at, line in enumerate(lines, start=1) if line.lstrip().startswith("#")}
    held = [(at, line) for at, line in enumerate(lines, start=1) if at not in told]
    numbers = [_number(line, at, k, text) for k, (at, line) in enumerate(held, start=1)]
    headers = [(at, found) for at, line in told.items() if (found := _HEADED.fullmatch(line))]
    if held and headers and headers[-1][0] > held[0][0]:
        raise ScheduleError(f"Line {headers[-1][0]} of {text[1:]!r} gives L. Put it before the first step size.")
    return np.array(numbers), _made_for(headers[0][1][1], headers[0][0], text) if headers else None


def _made_for(written: str, at: int, text: str) -> float:
    smoothness = float(written) if NUMBER.fullmatch(written) else math.nan
    if not (math.isfinite(smoothness) and smoothness > 0):
        raise ScheduleError(
            f"Line {at} of {text[1:]!r} must give L as a positive number, as in '# L = 2.5'. Got {written[:40]!r}."
        )
    return smoothness


def _number(line: str, at: int, k: int, text: str) -> float:
    written = line.strip(" \t\r")
    if not NUMBER.fullmatch(written):
        found = repr(written[:40]) if written else "a blank line"
        remedy = " Begin a line that is a heading with #." if k == 1 and written[:1].isalpha() else ""
        raise ScheduleError(f"Line {at} of {text[1:]!r} must hold one step size, a plain number. Got {found}.{remedy}")
    value = float(written)
    if not (math.isfinite(value) and value >= 0):
        raise ScheduleError(
            f"Line {at} of {text[1:]!r} must be a finite number of at least 0, the step size of step k = {k}. "
            f"Got {written[:40]}."
        )
    return value
