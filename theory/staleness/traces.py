"""Delays as plain arrays: checked against what a step can read, and read from a file with a line for each step.

An array (T,) holds one delay a step. In an array (T, B) update k averages B gradients, read at x_{k-1-d_{k,b}}, or
takes B blocks of coordinates from there; one of (T, 1) is one of (T,).
"""

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
    """The delays as int64, refused unless 0 <= d <= min(s - 1, k - 1) for every delay d of every step k.

    Args:
        delays: (T,) or (T, B), whole numbers, those of step k at position k - 1; floats count when they are whole.
        staleness: the window s; without one, only d <= k - 1 is asked.

    Returns:
        int64 (T,), or (T, B) for B > 1; a copy.

    Raises:
        DelayError: an array of another shape, an entry that is no whole number, or one out of range; the step is named.

    >>> validate_delays([0, 1, 2], Staleness(3))
    array([0, 1, 2])
    >>> validate_delays([[0, 0], [1, 0]]).shape
    (2, 2)
    """
    try:
        array = np.asarray(delays)
    except ValueError:
        array = np.empty(())
    if array.ndim not in (1, 2) or array.shape[1:] == (0,):
        raise DelayError(
            "The delays must be one list of whole numbers, one for each step, or one such list for each step, all "
            "equally long. Got another shape."
        )
    if array.shape[1:] == (1,):
        array = array[:, 0]
    whole = _whole_entries(array)
    _refuse_out_of_range(whole, staleness, "The delay of step {}".format)
    return whole


def one_read(delays: Delays, what: str) -> Delays:
    """The delays, refused where a step has several: `what` begins the sentence and is about one delay a step.

    >>> one_read(np.array([0, 1]), "A worst case")
    array([0, 1])
    """
    if delays.ndim != 1:
        raise DelayError(
            f"{what} takes one delay a step. Got {delays.shape[1]} a step, of updates that read several points."
        )
    return delays


def oldest(delays: Delays) -> Delays:
    """int64 (T,): the largest delay of each step.

    >>> oldest(np.array([[0, 0], [1, 0]]))
    array([0, 1])
    """
    return delays if delays.ndim == 1 else np.asarray(delays.max(axis=1))


def _refuse_out_of_range(delays: Delays, staleness: Staleness | None, what: Callable[[int], str]) -> None:
    """Refuse delays that no step can have, then those beyond the window, telling the staleness that has them all."""
    reads = delays if delays.ndim == 2 else delays[:, None]
    least, most = reads.min(axis=1), reads.max(axis=1)
    older = np.flatnonzero((least < 0) | (most > np.arange(len(delays))))
    if older.size:
        k, delay = int(older[0]) + 1, int(most[older[0]] if least[older[0]] >= 0 else least[older[0]])
        got = delay if abs(delay) < HUGE else "a number beyond 2^62"  # which it was cut to
        if delay < 0:
            raise DelayError(f"{what(k)} must be at least 0, as no step reads a later point. Got {got}.")
        raise DelayError(f"{what(k)} must be at most {k - 1}, as no older point exists at step {k}. Got {got}.")
    beyond = np.flatnonzero(most > staleness.maximum_delay) if staleness else older
    if staleness and beyond.size:
        k, needed = int(beyond[0]) + 1, int(delays.max()) + 1
        raise DelayError(
            f"{what(k)} must be at most {staleness.maximum_delay} at staleness {staleness.window}. "
            f"Got {most[k - 1]}. Give a staleness of {needed}."
        )


def read_delays(path: str | Path, steps: int | None, staleness: Staleness) -> Delays:
    r"""The delays recorded in a text file, line k holding d_k of step k = 1..T, or its d_{k,1}, ..., d_{k,B}.

    Lines that begin with # and blank lines at the end say nothing; a whole number may be written as 2.00 or 2e+00.
    Several delays of a step are written as 0 2 1, as [0, 2, 1], with commas or tabs, and are as many in every line.

    Args:
        path: the file.
        steps: T; the file must have exactly as many such lines, unless it is None.
        staleness: the window s; every delay must be at most min(s - 1, k - 1).

    Returns:
        int64 (T,), or (T, B).

    Raises:
        DelayError: no such file, no text, a line that is blank, holds no whole number or not as many as the first, a
            delay out of range, or a number of lines other than T; the line is named.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "delays.txt"
    ...     _ = path.write_text("# delays\n0\n1.0\n1\n")
    ...     read_delays(path, 3, Staleness(2))
    array([0, 1, 1])
    """
    lines = _lines(Path(path), steps)
    numbers = [number for number, line in enumerate(lines, start=1) if not line.lstrip(_BLANKS).startswith("#")]
    if len(numbers) == 1 and steps != 1 and len(delays_of(lines[numbers[0] - 1]) or ()) > 1:
        raise DelayError(f"The file of delays {path} has all of them in one line. Give one delay a line.")
    read = [_line_values(lines[at - 1], at, k, path) for k, at in enumerate(numbers, start=1)]
    for at, values in zip(numbers, read, strict=True):
        if len(values) != len(read[0]):
            raise DelayError(
                f"Line {at} of {path} holds {len(values)} of the delays of an update, and line {numbers[0]} holds "
                f"{len(read[0])}. Every line must hold as many: one for each gradient of the update."
            )
    delays = np.array(read, np.int64).reshape((len(read), -1) if read and len(read[0]) > 1 else -1)
    _refuse_out_of_range(delays, staleness, lambda k: f"The delay in line {numbers[k - 1]} of {path}")
    if steps is not None and len(delays) != steps:
        raise DelayError(
            f"The file of delays {path} must have {steps} lines, one for each step. Got {len(delays)} lines. "
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


def _line_values(line: str, at: int, k: int, path: str | Path) -> tuple[int, ...]:
    written = line.strip(_BLANKS)
    if not written:
        raise DelayError(f"Line {at} of {path} is blank. Every line must hold the delay of one step.")
    values = delays_of(written)
    if values is None:
        raise DelayError(
            f"Line {at} of {path} must hold the delay of step {k}, a whole number, or several, one for each "
            f"gradient of the update. Got {written[:40]!a}."
        )
    return values


def delays_of(text: str) -> tuple[int, ...] | None:
    """The delays of a step that a text spells, as in 0 2 1 or [0, 2, 1]; None where it holds anything else.

    >>> [delays_of(text) for text in ("0 2 1", "[0, 2]", "3", "3,5", "a b")]
    [(0, 2, 1), (0, 2), (3,), (3, 5), None]
    """
    listed = re.fullmatch(r"\[(.*)\]|\((.*)\)|(.*)", text.strip(_BLANKS), re.DOTALL)
    inner = next((group for group in listed.groups() if group is not None), "") if listed else ""
    numbers = [whole_from_text(part) for part in re.split(r"[ \t\r]*[,;|][ \t\r]*|[ \t\r]+", inner.strip(_BLANKS))]
    found = tuple(number for number in numbers if number is not None)
    return found if len(found) == len(numbers) else None


def _whole_entries(array: NDArray[Any]) -> Delays:
    if array.dtype.kind == "i":
        return array.astype(np.int64)
    reads = array.size // max(1, len(array))
    flat = [_whole_entry(value, at // reads + 1) for at, value in enumerate(array.ravel().tolist())]
    return np.array(flat, dtype=np.int64).reshape(array.shape)


def _whole_entry(value: Any, k: int) -> int:
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    try:
        if isinstance(whole, bool):
            raise TypeError
        # A delay of more than 62 bits is out of range whatever it is; cut, it fits the array.
        return max(-HUGE, min(HUGE, index(whole)))
    except TypeError:
        raise DelayError(f"The delay of step {k} must be a whole number. Got {ascii(value)[:40]}.") from None
