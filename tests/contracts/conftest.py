"""How a contract is compared with what was written down: a golden file, and one way to write it anew."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
WRITING = os.environ.get("GOLDEN") == "write"

Golden = Callable[[str, str, Any], Any]


@pytest.fixture(scope="session")
def golden() -> Golden:
    """(file, entry, what is now) -> what was written down; with GOLDEN=write it is written down first."""

    def stored(file: str, entry: str, now: Any) -> Any:
        path = HERE / file
        content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if WRITING:
            content[entry] = now
            path.write_text(_text(content), encoding="utf-8")
        assert entry in content, f"{file} lacks {entry}: GOLDEN=write adds it"
        return content[entry]

    return stored


@pytest.fixture(scope="session")
def writing() -> bool:
    """Whether goldens are written anew."""
    return WRITING


@pytest.fixture(scope="session")
def files() -> Path:
    """The folder with files as earlier versions wrote them."""
    return HERE / "files"


def _text(content: dict[str, Any]) -> str:
    """Sorted, one line for each thing in an entry: a change shows as the lines that it changed."""
    entries = (f"{json.dumps(name)}: {_lines(value)}" for name, value in sorted(content.items()))
    return "{\n" + ",\n".join(entries) + "\n}\n"


def _lines(value: Any) -> str:
    if not isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    return (
        "{\n"
        + ",\n".join(f" {json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in sorted(value.items()))
        + "\n}"
    )
