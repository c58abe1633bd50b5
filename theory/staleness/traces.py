"""Delays as plain arrays: checked against what a step can read, and read from a file with one delay a line."""

import re
from collections.abc import Callable, Sequence
from operator import index
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.common.errors import DelayError
from theory.common.numbers import HUGE, whole_from_text
from theory.staleness.count import Staleness

Delays = NDArray[np.int64]

# A file of delays is at most this many bytes, or 64 a line if that is more.
_LARGEST_FILE = 64 << 20
_BLANKS = " \t\r"  # not the control characters that Python counts as blanks


def validate_delays(delays: Sequence[int] | NDArray[Any], staleness: Staleness | None = None) -> Delays:
    """The delays as int64, refused unless 0 <= d_k <= min(s - 1, k - 1) at every step k.

    Args:
        delays: (T,), whole numbers, d_k at position k - 1; floats count when they are whole.
        staleness: the window s; without one, only d_k <= k - 1 is asked.

    Returns:
        int64 (T,), a copy.

    Raises:
        DelayError: an array of another shape, an entry that is no whole number, or one out of range; the step is named.

    >>> validate_delays([0, 1, 2], Staleness(3))
    array([0, 1, 2])
    """
    try:
        array = np.asarray(delays)
    except ValueError:
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise DelayError("The delays must be one list of whole numbers, one for each step. Got another shape.")
    whole = _whole_entries(array)
    _refuse_out_of_range(whole, staleness, "The delay of step {}".format)
    return whole


def _refuse_out_of_range(delays: Delays, staleness: Staleness | None, what: Callable[[int], str]) -> None:
    """Refuse delays that no step can have, then those beyond the window, telling the staleness that has them all."""
    older = np.flatnonzero((delays < 0) | (delays > np.arange(delays.size)))
    if older.size:
        k, delay = int(older[0]) + 1, int(delays[older[0]])
        got = delay if abs(delay) < HUGE else "a number beyond 2^62"  # which it was cut to
        if delay < 0:
            raise DelayError(f"{what(k)} must be at least 0, as no step reads a later point. Got {got}.")
        raise DelayError(f"{what(k)} must be at most {k - 1}, as no older point exists at step {k}. Got {got}.")
    beyond = np.flatnonzero(delays > staleness.maximum_delay) if staleness else older
    if staleness and beyond.size:
        k, needed = int(beyond[0]) + 1, int(delays.max()) + 1
        raise DelayError(
            f"{what(k)} must be at most {staleness.maximum_delay} at staleness {staleness.window}. "
            f"Got {delays[k - 1]}. Give a staleness of {needed}."
        )


def read_delays(path: str | Path, steps: int | None, staleness: Staleness) -> Delays:
    r"""The delays recorded in a text file, one whole number a line, line k holding d_k of step k = 1..T.

    Lines that begin with # and blank lines at the end say nothing; a whole number may be written as 2.00 or 2e+00.

    Args:
        path: the file.
        steps: T; the file must have exactly as many such lines, unless it is None.
        staleness: the window s; every delay must be at most min(s - 1, k - 1).

    Returns:
        int64 (T,).

    Raises:
        DelayError: no such file, no text, a line that is blank or no whole number, a delay out of range, or a number of
            lines other than T; the line is named.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "delays.txt"
    ...     _ = path.write_text("# delays\n0\n1.0\n1\n")
    ...     read_delays(path, 3, Staleness(2))
    array([0, 1, 1])
    """
    lines = _lines(Path(path), steps)
    numbers = [number for number, line in enumerate(lines, start=1) if not line.lstrip(_BLANKS).startswith("#")]
    if len(numbers) == 1 and steps != 1 and holds_several(lines[numbers[0] - 1]):
        raise DelayError(f"The file of delays {path} has all of them in one line. Give one delay a line.")
    delays = np.array([_line_value(lines[at - 1], at, k, path) for k, at in enumerate(numbers, start=1)], np.int64)
    _refuse_out_of_range(delays, staleness, lambda k: f"The delay in line {numbers[k - 1]} of {path}")
    if steps is not None and delays.size != steps:
        raise DelayError(
            f"The file of delays {path} must have {steps} lines, one for each step. Got {delays.size} lines. "
            "Give a file of that length, or change the number of steps."
        )
    return delays


def _lines(path: Path, steps: int | None) -> list[str]:
    asked = "one delay a line" if steps is None else f"{steps} lines"
    if path.is_dir():
        raise DelayError(f"{path} is a folder, and no file of delays. Give the path of a text file with {asked}.")
    if not path.is_file():
        raise DelayError(f"There is no file of delays at {path}. Give the path of a text file with {asked}.")
    try:
        if path.stat().st_size > max(_LARGEST_FILE, 64 * (steps or 0)):
            raise DelayError(f"The file of delays {path} is too large for {asked}. Give one delay a line.")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DelayError(f"The file of delays {path} is no text file. Give one whole number a line.") from None
    except OSError as error:
        raise DelayError(f"The file of delays {path} cannot be read ({error.strerror}). Give another file.") from error
    lines = text.split("\n")
    while lines and not lines[-1].strip(_BLANKS):
        lines.pop()
    return lines


def _line_value(line: str, at: int, k: int, path: str | Path) -> int:
    written = line.strip(_BLANKS)
    if not written:
        raise DelayError(f"Line {at} of {path} is blank. Every line must hold the delay of one step.")
    value = whole_from_text(written)
    if value is None:
        where = f"Line {at} of {path} must hold one whole number, the delay of step {k}. Got {written[:40]!a}."
        raise DelayError(f"{where}{SEVERAL_READS if holds_several(written) else ''}")
    return value


#: What is said of an update that averages gradients read at several points.
SEVERAL_READS = (
    " An update with several delays averages gradients that were read at several points; no model of several reads "
    "exists here yet, and no bound covers it."
)


def holds_several(text: str) -> bool:
    """Whether a text spells several whole numbers, as in 0 2 1 or [0, 2, 1].

    >>> [holds_several(text) for text in ("0 2 1", "[0, 2]", "3", "3,5", "a b")]
    [True, True, False, True, False]
    """
    parts = re.split(r"[\s,;|]+", text.strip().strip("[](){}").strip())
    return len(parts) > 1 and all(whole_from_text(part) is not None for part in parts)


def _whole_entries(array: NDArray[Any]) -> Delays:
    if array.dtype.kind == "i":
        return array.astype(np.int64)
    return np.array([_whole_entry(value, k) for k, value in enumerate(array.tolist(), start=1)], dtype=np.int64)


def _whole_entry(value: Any, k: int) -> int:
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    try:
        if isinstance(whole, bool):
            raise TypeError
        # A delay of more than 62 bits is out of range whatever it is; cut, it fits the array.
        return max(-HUGE, min(HUGE, index(whole)))
    except TypeError:
        raise DelayError(f"The delay of step {k} must be a whole number. Got {ascii(value)[:40]}.") from None
