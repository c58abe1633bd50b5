"""The table of faults as HTML: what `make faults` injected into sweeps, stores, downloads and servers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from theory.common.errors import StoreError

FILE = "faults.json"
_SCHEMA = "gradlag-faults/1"
_HEADS = (("fault", ""), *((name, "number") for name in ("injected", "survived", "results lost", "redone")))

INTRODUCTION = (
    "<p>Each fault was injected into a small sweep of real cells, a store, a download or a server. A fault is survived "
    "if what was finished is intact, the same command makes the rest, a failure is one sentence with the right exit "
    "status, and no process lives on. Made by <code>make faults</code>.</p>"
)


def faults_section(folder: Path | str) -> str:
    """The table of the counts in a folder of results; empty if there are none.

    Raises:
        StoreError: the file is damaged, or holds something else.
    """
    path = Path(folder) / FILE
    if not path.exists():
        return ""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["schema"] != _SCHEMA:
            raise ValueError(stored["schema"])
        rows = "".join(_row(each) for each in (*stored["rows"], stored["all"]))
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise StoreError(f"The file {path} holds no counts of faults. Delete it, or run make faults again.") from cause
    heads = "".join(f'<th scope="col" class="{kind}">{text}</th>' for text, kind in _HEADS)
    return f'{INTRODUCTION}<div class="panel"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'


def _row(row: Mapping[str, Any]) -> str:
    """A sort of fault; one that was not tried says why."""
    name = f"<td>{escape(row['fault'])}</td>"
    if row["skipped"]:
        return f'<tr>{name}<td colspan="4">not tried: {escape(row["skipped"])}</td></tr>'
    numbers = (int(row[key]) for key in ("injected", "survived", "lost", "redone"))
    cells = "".join(f'<td class="number">{n}</td>' for n in numbers)
    return f"<tr>{name}{cells}</tr>"
