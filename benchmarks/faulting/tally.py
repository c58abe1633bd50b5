"""What is counted: a row for each sort of fault, the table, and the file that keeps it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from experiments.common.files import write_atomically

SCHEMA = "gradlag-faults/1"
_COLUMNS = ("fault", "injected", "survived", "results lost", "redone", "seconds")


@dataclass
class Row:
    """One sort of fault.

    Args:
        fault: what was done; injected: how often; survived: after how many of them everything was as it must be.
        lost: finished results that were gone, changed or wrong, and results that could not be had afterwards.
        redone: results that the fault had kept from being finished, and that the same command then made.
        seconds: for all of them; skipped: why there were none; complaints: what was not as it must be.
    """

    fault: str
    injected: int = 0
    survived: int = 0
    lost: int = 0
    redone: int = 0
    seconds: float = 0.0
    skipped: str = ""
    complaints: list[str] = field(default_factory=list)

    def count(self, complaints: Sequence[str], lost: int = 0, redone: int = 0) -> None:
        """One more fault, and what was found after it."""
        self.injected += 1
        self.survived += not complaints and not lost
        self.lost += lost
        self.redone += redone
        self.complaints += complaints


@contextmanager
def timed(row: Row) -> Iterator[Row]:
    """Add the seconds that something takes to a row."""
    began = time.monotonic()
    try:
        yield row
    finally:
        row.seconds += time.monotonic() - began


def total(rows: Sequence[Row]) -> Row:
    """All rows as one."""
    whole = Row("all")
    for row in rows:
        for name in ("injected", "survived", "lost", "redone", "seconds"):
            setattr(whole, name, getattr(whole, name) + getattr(row, name))
    return whole


def table(rows: Sequence[Row]) -> str:
    """The rows and their sum, aligned."""
    lines = [_COLUMNS, *(_cells(row) for row in rows if row.injected), _cells(total(rows))]
    sizes = [max(len(line[place]) for line in lines) for place in range(len(_COLUMNS))]
    text = [
        "  ".join([line[0].ljust(sizes[0]), *(c.rjust(n) for c, n in zip(line[1:], sizes[1:], strict=True))])
        for line in lines
    ]
    return "\n".join([*text, *(f"not tried: {row.fault}: {row.skipped}" for row in rows if row.skipped)])


def _cells(row: Row) -> tuple[str, ...]:
    return row.fault, str(row.injected), str(row.survived), str(row.lost), str(row.redone), f"{row.seconds:.0f}"


def write_counts(rows: Sequence[Row], path: Path, seed: int) -> None:
    """Keep the rows as JSON."""
    stored = {"schema": SCHEMA, "seed": seed, "rows": [asdict(row) for row in rows], "all": asdict(total(rows))}
    write_atomically(path, json.dumps(stored, indent=1).encode())


def read_counts(path: Path | str) -> list[dict[str, Any]]:
    """The rows of a file that `benchmarks/faults.py --out` wrote, the sum last.

    Raises:
        ValueError: it is no such file.
    """
    stored = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(stored, dict) or stored.get("schema") != SCHEMA:
        raise ValueError(f"{path} holds no counts of faults.")
    return [*stored["rows"], stored["all"]]


def message_faults(status: int, out: str, err: str, *, as_json: bool = False) -> list[str]:
    """What is wrong with what a command said: a failure is one sentence, or one object with --json; else there is none.

    >>> message_faults(4, "", "gradlag: The disk is full. Make room.\\n")
    []
    >>> message_faults(0, "", "gradlag: The disk is full.\\n")
    ['1 sentences of failure, and status 0']
    """
    found = []
    sentences = [line for line in err.splitlines() if line.startswith("gradlag: ")]
    wanted = int(status != 0 and not as_json)
    if len(sentences) != wanted:
        found.append(f"{len(sentences)} sentences of failure, and status {status}")
    if strange := re.search(r"Traceback|^\s+\S|Exception ignored|[Ww]arning:|an unexpected error", err, re.MULTILINE):
        found.append(f"strange words on stderr: {strange[0].strip()!r}")
    if as_json:
        try:
            told = json.loads(out)
            if status and told["exit"] != status:
                found.append(f"the object says exit {told['exit']}, and the status is {status}")
        except (ValueError, KeyError, TypeError):
            found.append(f"no JSON object on stdout: {out[:80]!r}")
    return found
