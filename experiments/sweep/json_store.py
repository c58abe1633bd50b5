"""Cells whose results are one small JSON file each: written whole or not at all, digested, checked when read.

A file is a function of its cell alone. Its name carries the cell's key, so that another configuration is another file;
a file that is damaged, altered or of another cell is refused when read and made again by a sweep.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Generic

import numpy as np

from experiments.common.provenance import current_versions
from experiments.sweep.store import C, FoundFile, Made, Store, safe_name
from theory.common.errors import StoreError

#: What a cell gives: plain numbers, text, lists and mappings, as JSON holds them.
Values = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class CellResult(Generic[C]):
    """What a cell gave, with everything that a reader needs to trust it.

    Args:
        cell: what was computed; values: its numbers.
        versions: of what computed it; seconds: how long that took; command: the command that asked for it.
        created: when it was written, in UTC; empty before.
    """

    cell: C
    values: Values
    versions: Mapping[str, str]
    seconds: float
    command: str
    created: str = ""


class JsonStore(Store[C]):
    """The files of one sort of cells, which are data classes with a method `compute`.

    Attributes:
        schema: of the files; noun: what one file is, for sentences.
        cell_type: builds a cell of its fields; indent: of the JSON.
    """

    schema: ClassVar[str]
    noun: ClassVar[str]
    cell_type: ClassVar[Any]
    indent: ClassVar[int | None] = None

    def compute(self, cell: Any) -> Values:
        """The values of a cell."""
        return cell.compute()  # type: ignore[no-any-return]

    def key(self, cell: Any) -> str:
        """Digest (sha256, hexadecimal) of everything that determines a cell."""
        return digest({"schema": self.schema} | asdict(cell))

    def identity(self, cell: Any) -> dict[str, Any]:
        """What a file says of its cell, as plain values."""
        return {"cell": asdict(cell), "key": self.key(cell)}

    def restored(self, stored: Mapping[str, Any]) -> C:
        """The cell of a file; whatever a damaged file makes it raise is a refusal."""
        return self.cell_type(**stored["cell"])  # type: ignore[no-any-return]

    def check(self, result: CellResult[C]) -> None:
        """Raise StoreError where a stored result is not to be taken although it is whole."""

    def path(self, cell: C, out: Path | str) -> Path:
        """The file of a cell: its name made safe for a file system, and the start of its key."""
        return Path(out) / self.folder / self.file_name(cell)

    def file_name(self, cell: C) -> str:
        """The name of the file of a cell."""
        return f"{safe_name(cell.name)}-{self.key(cell)[:12]}.json"

    def describe(self, result: CellResult[C]) -> dict[str, Any]:
        """Everything that determined a result, as plain values."""
        file = {"file": f"{self.folder}/{self.file_name(result.cell)}"}
        return file | self.identity(result.cell) | {"versions": dict(result.versions), "seconds": result.seconds}

    def encode(self, result: CellResult[C]) -> bytes:
        """The content of a file; StoreError where a number is not finite."""
        content: dict[str, Any] = {
            "schema": self.schema,
            **self.identity(result.cell),
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

    def save(self, result: CellResult[C], out: Path | str) -> Path:
        """Write a result whole or not at all.

        Raises:
            StoreError: the folder cannot be written to, or a number of the result is not finite.
        """
        return self.keep(Made(self.file_name(result.cell), self.encode(result), result.seconds), Path(out))

    def load(self, path: Path | str) -> CellResult[C]:
        """Read a result and check it.

        Raises:
            StoreError: no such file, or one that is damaged, altered or of another schema.
        """
        try:
            return self._decoded(json.loads(Path(path).read_text(encoding="utf-8")))
        except Exception as cause:  # whatever a damaged file makes the readers raise
            raise StoreError(f"The {self.noun} {path} cannot be used: it is damaged or altered. Delete it.") from cause

    def _decoded(self, stored: dict[str, Any]) -> CellResult[C]:
        if stored["schema"] != self.schema or stored.pop("content") != digest(stored):
            raise StoreError("Another schema, or another content.")
        cell = self.restored(stored)
        if any(stored[name] != told for name, told in json.loads(canonical(self.identity(cell))).items()):
            raise StoreError("Another cell.")
        seconds = float(stored["seconds"])
        return CellResult(cell, stored["values"], stored["versions"], seconds, stored["command"], stored["created"])

    def load_all(self, out: Path | str) -> tuple[CellResult[C], ...]:
        """All results in a folder of results, in the order of their names; none if there are none."""
        return tuple(self.load(path) for path in sorted((Path(out) / self.folder).glob("*.json")))

    def find(self, cell: C, out: Path) -> FoundFile:
        """The file of a cell if it is whole."""
        path = self.path(cell, out)
        if not path.exists():
            return FoundFile()
        try:
            found = self.load(path)
            if self.key(found.cell) != self.key(cell):
                raise StoreError(f"The {self.noun} {path} is that of another cell.")
            self.check(found)
        except StoreError as damage:
            return FoundFile(notes=(f"{damage} It is computed again now.",))
        return FoundFile(path)

    def make(self, cell: C, command: str) -> Made:
        """Compute a cell; nothing is written."""
        began = time.perf_counter()
        values = self.compute(cell)
        return self.made(cell, values, time.perf_counter() - began, command)

    def made(
        self, cell: C, values: Values, seconds: float, command: str, versions: Mapping[str, str] | None = None
    ) -> Made:
        """The file of values that were computed, by other things than usual where these give their versions."""
        result = CellResult(cell, values, current_versions() | dict(versions or {}), seconds, command)
        return Made(self.file_name(cell), self.encode(result), seconds)


class KindStore(JsonStore[C]):
    """The files of cells of several classes, each with a `kind`, which a file names.

    Attributes:
        kinds: the classes by their kinds.
    """

    kinds: ClassVar[Mapping[str, Any]]

    def key(self, cell: Any) -> str:
        """The kind tells cells apart too."""
        return digest({"schema": self.schema, "kind": cell.kind} | asdict(cell))

    def identity(self, cell: Any) -> dict[str, Any]:
        """The kind is told too."""
        return {"kind": cell.kind} | super().identity(cell)

    def restored(self, stored: Mapping[str, Any]) -> C:
        """The cell, of the kind that the file names."""
        return self.kinds[stored["kind"]](**stored["cell"])  # type: ignore[no-any-return]


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


def rounded(value: Any, digits: int = 7) -> Any:
    """Numbers as JSON has them: None for what is not finite, some digits of the others.

    >>> rounded(np.array([[1.0, np.inf], [1 / 3, np.nan]]))
    [[1.0, None], [0.3333333, None]]
    """
    if isinstance(value, np.ndarray | list | tuple):
        return [rounded(each, digits) for each in value]
    return float(f"{value:.{digits}g}") if np.isfinite(value) else None
