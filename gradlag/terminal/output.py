"""How the command speaks: one JSON object, or text for people; errors as one sentence on stderr."""

from __future__ import annotations

import gc
import io
import json
import math
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

_GAP = "  "
# A quotation (not an apostrophe), and a relation such as eta_1 = 2.
_KEPT_WHOLE = re.compile(r"(?<!\w)'[^'\n]{1,60}'(?!\w)|`[^`\n]{1,60}`|\S+ (?:<=?|>=?|=) \S+")
_NARROWEST_PROSE = 24
_WIDEST = 110


def prepare_process() -> None:
    """Make a process of its own ready for a command: any terminal can show what it says."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Greek letters
    gc.set_threshold(20_000, 20, 20)  # what compiles and proves makes many small objects, and few cycles


def plain(value: Any) -> Any:
    """The value as JSON knows it: null for a number that is not finite, lists for arrays."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def keep_json(path: Path, value: Any) -> None:
    """The same object as a file, written whole or not at all."""
    from experiments.common.files import check_writable, write_atomically

    write_atomically(check_writable(path), (json.dumps(plain(value), indent=1, allow_nan=False) + "\n").encode())


def silent(sentence: str) -> None:
    """Say nothing: how remarks are heard where nobody asked for them."""


def print_json(value: Any) -> None:
    """The one object that `--json` promises on stdout."""
    _say(json.dumps(plain(value), allow_nan=False))


def print_error(sentence: str, status: int, as_json: bool) -> None:
    """A refusal: as an object on stdout when a script asked, else as a sentence on stderr."""
    if as_json:
        print_json({"error": sentence, "exit": status})
    else:
        _print_remark(f"gradlag: {sentence}", sys.stderr)


def print_note(text: str) -> None:
    """A remark on stderr, so that stdout stays for results."""
    _print_remark(text, sys.stderr)


def print_text(text: str = "") -> None:
    """Text on stdout, as it is: formulas, code."""
    _say(text)


def print_prose(*paragraphs: str) -> None:
    """Sentences on stdout, wrapped to the terminal."""
    for paragraph in filter(None, paragraphs):
        _say(wrapped(paragraph))


def print_entry(name: str, title: str, *lines: str) -> None:
    """A name with its title, and indented lines below."""
    _say(wrapped(f"{name}: {title}", rest="    "))
    for line in filter(None, lines):
        _say(wrapped(line, first="    ", rest="    "))


def print_list(title: str, lines: Sequence[str]) -> None:
    """A title, the lines below it, and a blank line; nothing if there are none."""
    if lines:
        _say("\n".join([title, *(wrapped(line, first="    ", rest="        ") for line in lines)]) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], width: int | None = None) -> None:
    """A table on stdout, not wider than the terminal; a blank line follows."""
    _say("\n".join(table_lines(columns, [tuple(row) for row in rows], width or text_width())) + "\n")


def table_lines(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """The table as wide as it need be, its last column wrapped; else each row below its first cell; else row by row.

    >>> print("\\n".join(table_lines(("bound", "value"), [("theorem-a", "3.85"), ("theorem-b", "-")], 80)))
    bound      value
    theorem-a   3.85
    theorem-b      -
    """
    sizes = _sizes(columns, rows)
    left = width - sum(sizes[:-1]) - len(_GAP) * (len(sizes) - 1)
    if left >= min(sizes[-1], _NARROWEST_PROSE):
        return _aligned(columns, rows, [*sizes[:-1], min(sizes[-1], left)])
    if sum(sizes[1:]) + len(_GAP) * len(sizes[1:]) <= width:
        return _below_first_cell(columns, rows, sizes[1:])
    return [line for row in rows for line in _one_by_one(columns, row, width)]


def minimum_over(iterates: str) -> str:
    """The points of a minimum, short enough for a column.

    >>> minimum_over("x_0..x_T and the points read")
    'x_0..x_T, reads'
    """
    return iterates.replace(" and the points read", ", reads")


def text_width() -> int:
    """How wide text may be: the terminal, within what can be read."""
    return min(max(shutil.get_terminal_size().columns, 40), _WIDEST)


def wrapped(text: str, first: str = "", rest: str = "", width: int | None = None) -> str:
    """The text in lines that break between words, but neither inside a quotation nor around a sign of relation.

    >>> print(wrapped("use '1/(s*L + sigma)' on logistic-cancer, as L = 2 there", width=24))
    use '1/(s*L + sigma)' on
    logistic-cancer, as
    L = 2 there
    """
    columns = width or text_width()
    words = _KEPT_WHOLE.sub(lambda found: unbroken(found[0]), text).split(" ")
    lines = textwrap.fill(
        # A quotient that is wider than a line goes on behind its sign.
        " ".join(word.replace("/(", "/ (") if len(word) > columns - len(rest) else word for word in words),
        columns,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace("\N{NO-BREAK SPACE}", " ")


def unbroken(text: str) -> str:
    """The text with its spaces made non-breaking, for `wrapped`."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def number(value: float | None, digits: int = 4) -> str:
    """A number for a table; a dash where there is none.

    >>> number(0.123456), number(None), number(12345678.0)
    ('0.1235', '-', '1.235e+07')
    """
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.{digits}g}"


def interval(low: float | None, high: float | None, digits: int = 4) -> str:
    """An interval for a table; nothing where there is none.

    >>> interval(0.5, 1.25), interval(None, None)
    ('[0.5, 1.25]', '')
    """
    return "" if low is None and high is None else f"[{number(low, digits)}, {number(high, digits)}]"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def verb(names: Sequence[str], one: str, more: str) -> str:
    """The form of a verb that goes with these names."""
    return one if len(names) == 1 else more


def discard_output() -> None:
    """Let what cannot be written go; Python would complain of it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    """Print; a reader that has closed the pipe (`gradlag bounds | head`) is no error, and changes no exit status."""
    try:
        print(text)
    except BrokenPipeError:
        discard_output()


def _print_remark(text: str, stream: TextIO) -> None:
    """One line, as scripts want it; wrapped where a person reads it."""
    print(wrapped(text) if stream.isatty() else text, file=stream, flush=True)


def _sizes(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(cell) for cell in cells) for cells in zip(columns, *rows, strict=True)]


def _aligned(columns: Sequence[str], rows: Sequence[Sequence[str]], sizes: Sequence[int]) -> list[str]:
    """Columns side by side, numbers to the right; the last cell may take several lines."""
    right = [all(_is_number(cell) for cell in cells) and bool(cells) for cells in zip(*rows, strict=True)]
    lines = []
    for row in (columns, *rows):
        last = wrapped(row[-1], width=sizes[-1]).splitlines() or [""]
        for head, tail in zip([row[:-1], *[("",) * (len(row) - 1)] * (len(last) - 1)], last, strict=True):
            lines.append(_line((*head, tail), sizes, right))
    return lines


def _line(cells: Sequence[str], sizes: Sequence[int], right: Sequence[bool]) -> str:
    flags = right or [False] * len(cells)
    parts = [
        cell.rjust(size) if flag else cell.ljust(size) for cell, size, flag in zip(cells, sizes, flags, strict=True)
    ]
    return _GAP.join(parts).rstrip()


def _is_number(cell: str) -> bool:
    return cell == "-" or cell.replace(".", "", 1).replace("e+", "").replace("e-", "").lstrip("-").isdigit()


def _below_first_cell(columns: Sequence[str], rows: Sequence[Sequence[str]], sizes: Sequence[int]) -> list[str]:
    head, *body = _aligned(columns[1:], [row[1:] for row in rows], sizes)
    lines = [columns[0], _GAP + head]
    for row, line in zip(rows, body, strict=True):
        lines += [row[0], _GAP + line]
    return lines


def _one_by_one(columns: Sequence[str], row: Sequence[str], width: int) -> list[str]:
    told = "; ".join(unbroken(f"{column} {cell}") for column, cell in zip(columns[1:], row[1:], strict=True) if cell)
    return [row[0], *wrapped(told, first="    ", rest="    ", width=width).splitlines()]
