"""Cells whose results are one small JSON file each: written whole or not at all, digested, checked when read.

A file is a function of its cell alone. Its name carries the cell's key, so that another configuration is another file;
a file that is damaged, altered or of another cell is refused when read and made again by a sweep.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from experiments.common.files import check_writable, write_atomically
from experiments.common.provenance import current_versions
from experiments.sweep.executor import Found, Made, Outcome, failed
from theory.common.errors import StoreError


class Computed(Protocol):
    """What a cell gave, and where, when and for whom it was computed."""

    @property
    def cell(self) -> Any: ...

    @property
    def values(self) -> Mapping[str, Any]: ...

    @property
    def versions(self) -> Mapping[str, str]: ...

    @property
    def seconds(self) -> float: ...

    @property
    def command(self) -> str: ...


R = TypeVar("R", bound=Computed)


@dataclass(frozen=True)
class CellFiles(Generic[R]):
    """The files of one sort of cell.

    Args:
        schema: their schema; folder: where they go, below the folder of results.
        noun: what one file is, for sentences.
        key: the digest (sha256, hexadecimal) of everything that determines a cell.
        asked: the cell as plain values, with whatever tells its kind.
        restore: (what a file holds) -> result; it may raise anything.
        build: (cell, values, versions, seconds, command) -> result.
        check: raises StoreError where a stored result is not to be taken although it is whole.
        indent: of the JSON.
    """

    schema: str
    folder: str
    noun: str
    key: Callable[[Any], str]
    asked: Callable[[Any], Mapping[str, Any]]
    restore: Callable[[Mapping[str, Any]], R]
    build: Callable[[Any, Mapping[str, Any], Mapping[str, str], float, str], R]
    check: Callable[[R], None] = lambda result: None
    indent: int | None = None

    def name(self, cell: Any) -> str:
        """The name of the file of a cell."""
        return f"{cell.name}-{self.key(cell)[:12]}.json"

    def path(self, cell: Any, out: Path | str) -> Path:
        """The file of a cell of a study that goes into `out`."""
        return Path(out) / self.folder / self.name(cell)

    def encode(self, result: R) -> bytes:
        """The content of a file; StoreError where a number is not finite."""
        content: dict[str, Any] = {
            "schema": self.schema,
            "key": self.key(result.cell),
            **self.asked(result.cell),
            "values": dict(result.values),
            "versions": dict(result.versions),
            "seconds": result.seconds,
            "command": result.command,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        try:
            stored = content | {"content": digest(content)}
            return json.dumps(stored, indent=self.indent, sort_keys=True, allow_nan=False).encode()
        except ValueError as cause:
            raise StoreError(f"The cell {result.cell.name} holds a number that is not finite.") from cause

    def save(self, result: R, out: Path | str) -> Path:
        """Write a result whole or not at all.

        Raises:
            StoreError: the folder cannot be written to, or a number of the result is not finite.
        """
        path = check_writable(self.path(result.cell, out))
        write_atomically(path, self.encode(result))
        return path

    def load(self, path: Path | str) -> R:
        """Read a result and check it.

        Raises:
            StoreError: no such file, or one that is damaged, altered or of another schema.
        """
        try:
            return self._restored(json.loads(Path(path).read_text(encoding="utf-8")))
        except Exception as cause:  # whatever a damaged file makes the readers raise
            raise StoreError(f"The {self.noun} {path} cannot be used: it is damaged or altered. Delete it.") from cause

    def _restored(self, stored: dict[str, Any]) -> R:
        if stored["schema"] != self.schema or stored.pop("content") != digest(stored):
            raise StoreError("Another schema, or another content.")
        found = self.restore(stored)
        if stored["key"] != self.key(found.cell):
            raise StoreError("Another cell.")
        return found

    def load_all(self, out: Path | str) -> tuple[R, ...]:
        """All results in a folder of results, in the order of their names; none if there are none."""
        return tuple(self.load(path) for path in sorted((Path(out) / self.folder).glob("*.json")))

    def find(self, cell: Any, out: Path | str) -> Found:
        """The file of a cell if it is whole; one that is not stays until a whole one takes its place."""
        path = self.path(cell, out)
        if not path.exists():
            return Found()
        try:
            found = self.load(path)
            if self.key(found.cell) != self.key(cell):
                raise StoreError(f"The {self.noun} {path} is that of another cell.")
            self.check(found)
        except StoreError as damage:
            return Found(notes=(f"{damage} It is computed again now.",))
        return Found(path)

    def make(self, cell: Any, command: str) -> Made:
        """Compute a cell; nothing is written."""
        began = time.perf_counter()
        values = cell.compute()
        seconds = time.perf_counter() - began
        return Made(
            self.name(cell), self.encode(self.build(cell, values, current_versions(), seconds, command)), seconds
        )

    def run(self, cell: Any, out: Path | str, command: str = "") -> Outcome:
        """Compute one cell, or take its file if it is whole; a failure is told, an interruption passes through."""
        notes: tuple[str, ...] = ()
        try:
            found = self.find(cell, out)
            if found.path is not None:
                return Outcome(cell, found.path)
            notes, made = found.notes, self.make(cell, command)
            path = check_writable(self.path(cell, out))
            write_atomically(path, made.content)
            return Outcome(cell, path, notes=notes, seconds=made.seconds)
        except Exception as error:
            return failed(cell, error, notes)


def digest(content: Mapping[str, Any]) -> str:
    """Digest (sha256, hexadecimal) of plain values.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def canonical(value: Mapping[str, Any]) -> str:
    """Plain values as one text, the same for any order of keys; ValueError for NaN and infinity.

    >>> canonical({"b": 2, "a": [1, None]})
    '{"a":[1,null],"b":2}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
