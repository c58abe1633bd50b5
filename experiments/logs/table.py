"""A log as a table of texts, whatever its form: CSV with any usual delimiter, JSON lines, or one JSON document.

A CSV may have remarks (lines that begin with #; numpy writes its header as one) and may repeat its header, as after a
resume. A JSON document is a list of objects, an object with such a list under log_history (Hugging Face's
trainer_state.json), or a table as pandas writes it, by rows or by columns.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from theory.common.errors import DataError
from theory.common.numbers import NUMBER
from theory.common.reading import open_ordinary, read_ordinary

DELIMITERS = (",", ";", "\t", "|")
# What a line above the header may hold that says nothing.
_EMPTY = " \r\n" + "".join(DELIMITERS)
_LONGEST_LINE, _LONGEST_OBJECT = 2**16, 2**20
_LARGEST_DOCUMENT = 2**26
# Where Hugging Face's trainer keeps what it logged.
_HISTORY = "log_history"
_SAVE = "Save it as text, in UTF-8"


@dataclass(frozen=True)
class Row:
    """A row: where it stands, its entries as they are written, and whether it is the header again."""

    where: str
    entries: Sequence[str]
    again: bool = False


@dataclass(frozen=True)
class Table:
    """What a file holds.

    Args:
        header: the names of the columns; rows: reads the rows, each with an entry for every column.
        form: "CSV", "JSON lines" or "JSON".
    """

    header: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]
    form: str


def read_table(path: Path | str) -> Table:
    """The table in a file.

    Raises:
        DataError: no file, no text, a line far too long, a JSON document that is no table, an empty file; rows() also
            where a row does not fit the header.
    """
    try:
        if _first_mark(path) in ("{", "["):
            return _from_json(path)
        header, _ = _csv_header(path)
    except OSError as cause:
        reason = (cause.strerror or str(cause)).lower()
        raise DataError(f"The log {path} cannot be opened ({reason}). Check the path.") from cause
    except (UnicodeDecodeError, csv.Error) as cause:
        raise _no_text(path, cause) from cause
    return Table(header, lambda: _csv_rows(path), "CSV")


# How files begin that are no text, what they are, and what to do.
_FORMS = (
    (b"\x1f\x8b", "it is packed by gzip", "Unpack it first"),
    (b"PK", "it is a spreadsheet, or another zip archive", "Save its table as CSV"),
    (b"\x93NUMPY", "it is an array of numpy", "Write it with numpy.savetxt"),
    (b"\xff\xfe", "it is in UTF-16", _SAVE),
    (b"\xfe\xff", "it is in UTF-16", _SAVE),
)


def _no_text(path: Path | str, cause: Exception | None = None) -> DataError:
    reason, remedy = f"{cause}", _SAVE
    if cause is None or isinstance(cause, UnicodeDecodeError):
        with open_ordinary(path) as stream:
            start = stream.read(8)
        nul = "it holds bytes that are no text" if cause is None else "it is not in UTF-8"
        reason, remedy = next((told for mark, *told in _FORMS if start.startswith(mark)), (nul, _SAVE))
    return DataError(f"The log {path} is not a CSV text file ({reason}). {remedy}.")


def _first_mark(path: Path | str) -> str:
    with io.TextIOWrapper(open_ordinary(path), encoding="utf-8-sig") as stream:
        start = stream.read(4096)
    if "\0" in start:
        raise _no_text(path)
    return start.lstrip()[:1]


def _no_json(cause: Exception) -> str:
    """Why a text is no JSON, in words."""
    kinds = {RecursionError: "it is nested too deeply", UnicodeDecodeError: "it is not in UTF-8"}
    return kinds.get(type(cause), str(cause))


class _Lines:
    """The lines of a stream that are no remarks, none of them so long that it fills the memory."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self.stream, self.number, self.remark, self.blanks = stream, 0, "", False

    def __iter__(self) -> Iterator[str]:
        for line in iter(lambda: self.stream.readline(_LONGEST_LINE), ""):
            self.number += 1
            if len(line) == _LONGEST_LINE:
                raise csv.Error(f"a line has more than {_LONGEST_LINE:,} characters")
            if line.lstrip(" \t").startswith("#"):
                self.remark = line.lstrip(" \t#")
            elif not (self.number == 1 and line.lower().startswith("sep=") and len(line.strip()) <= 5):
                yield line.strip(" \r\n") + "\n" if self.blanks else line


def _csv_header(path: Path | str) -> tuple[tuple[str, ...], bool]:
    """The names of the columns, and whether they stand in a remark above the numbers."""
    with io.TextIOWrapper(open_ordinary(path), newline="", encoding="utf-8-sig") as stream:
        lines = _Lines(stream)
        first = next((line for line in lines if line.strip(_EMPTY)), None)
        if first is None:
            raise DataError(
                f"The log {path} is empty. It needs the header step,grad_norm[,seed,delay] and a row per step."
            )
        named = _split(first)
        if all(NUMBER.fullmatch(entry) for entry in named) and lines.remark:
            above = _split(lines.remark)
            if len(above) == len(named) and not any(NUMBER.fullmatch(entry) for entry in above):
                return tuple(above), True
        return tuple(named), False


def _split(line: str) -> list[str]:
    found = next(csv.reader([line.strip(" \r\n")], **_dialect(line)), [])
    return [entry.strip() for entry in found]


def _dialect(line: str) -> dict[str, Any]:
    """The delimiter that makes most columns of the header; blanks where none makes two."""
    counts = {mark: len(next(csv.reader([line], delimiter=mark), [])) for mark in DELIMITERS}
    mark = max(DELIMITERS, key=counts.__getitem__)
    if counts[mark] == 1 and len(line.split()) > 1 and '"' not in line:
        return {"delimiter": " ", "skipinitialspace": True}
    return {"delimiter": mark}


def _csv_rows(path: Path | str) -> Iterator[Row]:
    header, above = _csv_header(path)
    try:
        with io.TextIOWrapper(open_ordinary(path), newline="", encoding="utf-8-sig") as stream:
            yield from _fitting(_Lines(stream), header, above, path)
    except OSError as cause:
        raise DataError(f"The log {path} cannot be read ({cause.strerror}). Check the disk.") from cause
    except (UnicodeDecodeError, csv.Error) as cause:
        raise _no_text(path, cause) from cause


def _fitting(lines: _Lines, header: tuple[str, ...], above: bool, path: Path | str) -> Iterator[Row]:
    stream = iter(lines)
    first = next(line for line in stream if line.strip(_EMPTY))
    dialect = _dialect(first)
    lines.blanks = dialect["delimiter"] == " "

    reader = csv.reader(chain([first.strip(" ") if lines.blanks else first], stream), strict=True, **dialect)
    if not above:
        next(reader)
    for entries in reader:
        if not any(entry.strip() for entry in entries):
            continue
        if len(entries) != len(header):
            raise DataError(
                f"Line {lines.number} of {path} does not fit the header: {len(entries)} entries for {len(header)} "
                "columns. Give every column an entry in every line, or leave the column out."
            )
        again = tuple(entry.strip() for entry in entries) == header
        yield Row(f"line {lines.number} of {path}", entries, again)


def _from_json(path: Path | str) -> Table:
    try:
        if _holds_lines(path):
            names: dict[str, None] = {}
            for _, found in _json_lines(path):
                names.update(dict.fromkeys(found))
            return Table(tuple(names), lambda: _aligned(_json_lines(path), tuple(names)), "JSON lines")
        records = _records(_parsed(read_ordinary(path, _LARGEST_DOCUMENT).decode("utf-8-sig")), path)
    except OSError as cause:
        raise DataError(f"The log {path} cannot be read ({cause.strerror}). Check the file.") from cause
    except (ValueError, RecursionError) as cause:
        raise DataError(
            f"The log {path} begins as JSON and is none ({_no_json(cause)}). Save it again, in UTF-8."
        ) from cause
    names = dict.fromkeys(name for record in records for name in record)
    placed = [(f"entry {at} of {path}", record) for at, record in enumerate(records, 1)]
    return Table(tuple(names), lambda: _aligned(iter(placed), tuple(names)), "JSON")


def _holds_lines(path: Path | str) -> bool:
    """Whether the first line is an object of its own that describes a step, as in JSON lines."""
    with io.TextIOWrapper(open_ordinary(path), encoding="utf-8-sig") as stream:
        first = next((line for line in iter(lambda: stream.readline(_LONGEST_OBJECT), "") if line.strip()), "")
    try:
        found = _parsed(first)
    except (ValueError, RecursionError):
        return False
    whole = not isinstance(found, dict) or isinstance(found.get(_HISTORY), list)
    return not whole and not all(map(_is_column, found.values()))


def _json_lines(path: Path | str) -> Iterator[tuple[str, Mapping[str, str]]]:
    with io.TextIOWrapper(open_ordinary(path), encoding="utf-8-sig") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_OBJECT), ""), 1):
            if line.strip():
                where = f"line {number} of {path}"
                try:
                    yield where, _flat(_parsed(line), where)
                except (ValueError, RecursionError) as cause:
                    raise DataError(
                        f"The {where} is no JSON object ({_no_json(cause)}). Each line must be one."
                    ) from cause


def _parsed(text: str) -> Any:
    """The value of a JSON text, its numbers left as they are written."""
    return json.loads(text, parse_int=_Written, parse_float=_Written, parse_constant=_Written)


class _Written(str):
    """A number as it is written."""


def _records(found: Any, path: Path | str) -> list[Mapping[str, str]]:
    if isinstance(found, dict):
        found = _unfolded(found)
    if not isinstance(found, list) or not found:
        raise DataError(
            f"The log {path} is JSON, but no list of steps: give a list of objects, one a step, with the keys step and "
            f"grad_norm, an object with such a list under {_HISTORY}, or one such object a line."
        )
    return [_flat(record, f"entry {at} of {path}") for at, record in enumerate(found, 1)]


def _unfolded(found: dict[str, Any]) -> Any:
    """The list of objects in one object: a history, or a table by rows or by columns as pandas writes it."""
    if isinstance(found.get(_HISTORY), list):
        return found[_HISTORY]
    names, data = found.get("columns"), found.get("data")
    if isinstance(names, list) and isinstance(data, list):
        fitting = all(isinstance(row, list) and len(row) == len(names) for row in data)
        return [dict(zip(map(_text, names), row, strict=True)) for row in data] if fitting else None
    columns = {name: [*v.values()] if isinstance(v, dict) else v for name, v in found.items() if _is_column(v)}
    if len({len(values) for values in columns.values()}) != 1:
        return None
    return [dict(zip(columns, entries, strict=True)) for entries in zip(*columns.values(), strict=True)]


def _is_column(value: Any) -> bool:
    return isinstance(value, list | dict)


def _flat(record: Any, where: str) -> Mapping[str, str]:
    """The texts of an object's entries; those of an object within it are named OUTER/INNER."""
    if not isinstance(record, dict):
        raise DataError(f'The {where} must be a JSON object, such as {{"step": 0, "grad_norm": 1.5}}.')
    flat: dict[str, str] = {}
    for name, value in record.items():
        inner = value if isinstance(value, dict) else {"": value}
        flat |= {f"{name}/{key}" if key else name: _text(each) for key, each in inner.items()}
    return flat


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _aligned(records: Iterator[tuple[str, Mapping[str, str]]], names: tuple[str, ...]) -> Iterator[Row]:
    for where, record in records:
        yield Row(where, [record.get(name, "") for name in names])
