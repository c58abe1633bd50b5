"""The command as a user meets it: inside this process where a claim is about answers, in one of its own elsewhere."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from gradlag.cli import execute


@dataclass(frozen=True)
class Answer:
    """What a command gave: its exit status, stdout and stderr."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout; two, or anything beside it, do not parse."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Gradlag = Callable[..., Answer]


@pytest.fixture(scope="session")
def gradlag() -> Gradlag:
    """Call the command in a folder, in this process."""

    def call(*arguments: object, folder: Path, columns: int = 80) -> Answer:
        out, err = io.StringIO(), io.StringIO()
        width = patch.dict(os.environ, {"COLUMNS": str(columns)})
        with chdir(folder), redirect_stdout(out), redirect_stderr(err), width:
            status = execute([str(argument) for argument in arguments])
        return Answer(status, out.getvalue(), err.getvalue())

    return call


@pytest.fixture(scope="session")
def shell() -> Gradlag:
    """Call the command in a folder, in a process of its own."""

    def call(*arguments: object, folder: Path, module: str = "gradlag", **options: Any) -> Answer:
        line = [sys.executable, "-m", module, *(str(argument) for argument in arguments)]
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=120, check=False, **options)
        return Answer(done.returncode, done.stdout, done.stderr)

    return call
