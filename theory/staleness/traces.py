"""Delays as plain arrays: checked against what a step can read, and read from a file with one delay a line."""

import re
from collections.abc import Sequence
from operator import index
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.common.errors import DelayError
from theory.staleness.count import Staleness

Delays = NDArray[np.int64]

# A file of delays is at most this many bytes, or 64 a line if that is more.
_LARGEST_FILE = 64 << 20
_HUGE = 1 << 62


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
    latest = np.minimum(np.arange(whole.size), staleness.maximum_delay if staleness else whole.size)
    bad = np.flatnonzero((whole < 0) | (whole > latest))
    if bad.size:
        k = int(bad[0]) + 1
        raise DelayError(_out_of_range(f"The delay of step {k}", int(whole[k - 1]), k, staleness))
    return whole


def read_delays(path: str | Path, steps: int, staleness: Staleness) -> Delays:
    r"""The delays recorded in a text file, one whole number a line, line k holding d_k of step k = 1..T.

    Args:
        path: the file.
        steps: T; the file must have exactly as many lines.
        staleness: the window s; every delay must be at most min(s - 1, k - 1).

    Returns:
        int64 (T,).

    Raises:
        DelayError: no such file, no text, a line that is blank or no whole number, a delay out of range, or a number of
            lines other than T; the line is named.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "delays.txt"
    ...     _ = path.write_text("0\n1\n1\n")
    ...     read_delays(path, 3, Staleness(2))
    array([0, 1, 1])
    """
    lines = _lines(Path(path), steps)
    delays = [_line_value(line, k, path, staleness) for k, line in enumerate(lines, start=1)]
    if len(delays) != steps:
        raise DelayError(
            f"The file of delays {path} must have {steps} lines, one for each step. Got {len(delays)} lines. "
            "Give a file of that length, or change the number of steps."
        )
    return np.array(delays, dtype=np.int64)


def _lines(path: Path, steps: int) -> list[str]:
    if not path.is_file():
        raise DelayError(f"There is no file of delays at {path}. Give the path of a text file with {steps} lines.")
    try:
        if path.stat().st_size > max(_LARGEST_FILE, 64 * steps):
            raise DelayError(f"The file of delays {path} is too large for {steps} lines. Give one delay a line.")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DelayError(f"The file of delays {path} is no text file. Give one whole number a line.") from None
    except OSError as error:
        raise DelayError(f"The file of delays {path} cannot be read ({error.strerror}). Give another file.") from error
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def _line_value(line: str, k: int, path: str | Path, staleness: Staleness) -> int:
    written = line.strip(" \t\r")  # not the control characters that Python counts as blanks
    if not written:
        raise DelayError(f"Line {k} of {path} is blank. Every line must hold the delay of one step.")
    if not re.fullmatch(r"[+-]?[0-9]+", written):
        got = ascii(written[:40])
        raise DelayError(f"Line {k} of {path} must hold one whole number, the delay of step {k}. Got {got}.")
    # More than 18 digits are out of range whatever they are, unless they are zeros.
    value = int(re.sub(r"^([+-]?)0+(?=[0-9])", r"\1", written)[:19])
    if not 0 <= value <= min(k - 1, staleness.maximum_delay):
        raise DelayError(_out_of_range(f"The delay in line {k} of {path}", value, k, staleness))
    return value


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
        return max(-_HUGE, min(_HUGE, index(whole)))
    except TypeError:
        raise DelayError(f"The delay of step {k} must be a whole number. Got {ascii(value)[:40]}.") from None


def _out_of_range(what: str, delay: int, k: int, staleness: Staleness | None) -> str:
    """Which of the three limits a delay breaks, in words."""
    if delay < 0:
        return f"{what} must be at least 0, as no step reads a later point. Got {delay}."
    if delay > k - 1:
        return f"{what} must be at most {k - 1}, as no older point exists at step {k}. Got {delay}."
    window = staleness.window if staleness else k
    return f"{what} must be at most {window - 1} at staleness {window}. Got {delay}. Give a staleness of {delay + 1}."
