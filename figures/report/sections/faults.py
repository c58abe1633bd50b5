"""The section on faults: what `make faults` injected into sweeps, stores, downloads and servers, and what was lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from figures.report.exhibit import Section
from figures.report.rendering import render
from theory.common.errors import StoreError

FILE = "faults.json"
_SCHEMA = "gradlag-faults/1"


def sections(folder: Path | str) -> Iterator[Section]:
    """The section with the counts in a folder of results, if they are there.

    Raises:
        StoreError: the file is damaged, or holds something else.
    """
    path = Path(folder) / FILE
    if not path.exists():
        return
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["schema"] != _SCHEMA:
            raise ValueError(stored["schema"])
        rows = [_checked(each) for each in (*stored["rows"], stored["all"])]
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise StoreError(f"The file {path} holds no counts of faults. Delete it, or run make faults again.") from cause
    yield Section("Nothing lost", render("faults.html", rows=rows))


def _checked(row: dict[str, str | int]) -> tuple[str, str, list[int]]:
    """A sort of fault, why it was not tried if it was not, and its counts."""
    counts = [int(row[key]) for key in ("injected", "survived", "lost", "redone")]
    return str(row["fault"]), str(row["skipped"]), counts
