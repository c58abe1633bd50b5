"""Whole command lines: the exit status, one sentence on stderr, one object of JSON on stdout."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from fuzzing.files import Files
from fuzzing.grammar import schedule_text
from fuzzing.tally import Found, Tally
from fuzzing.verdicts import Escape, check_sentence, require
from gradlag.cli import execute
from theory.common.errors import GradlagError
from theory.schedules.schedule import parse_schedule

_STATUSES = {"check": (0, 1, 2, 3), "verify": (0, 1, 2), "log": (0, 1, 2, 3), "run": (0, 2), "claim": (0, 1, 2, 3)}
_ALONE = 16  # one command in so many runs in a process of its own as well
_TINY = ("--problem", "quadratic:d=2", "--staleness", "2", "--steps", "4", "--seeds", "2")
_LOG = ("--schedule", "1/(2*L)", "--staleness", "5", "--constants", "L=1,Delta=2,sigma=0.5")


def ask_commands(folder: Path, kept: Path, seed: int, count: int) -> Tally:
    """The tally of `count` command lines, asked in the folder."""
    tally, before = Tally(), Path.cwd()
    files = Files.of(folder)
    os.environ["COLUMNS"] = "10000"  # sentences are not wrapped
    try:
        for index in range(count):
            group, line, expected = _command(Random(f"{seed} commands {index}"), files)
            began = time.perf_counter()
            try:
                _judge(line, expected, alone=index % _ALONE == 0)
                word = "accepted"
            except Exception as error:
                word = "escape"
                told = f"{type(error).__name__}: {error}"
                (kept / f"commands-{index}-{group}.txt").write_text(f"{line!a}\n{told!a}\n", encoding="ascii")
                tally.found.append(Found("commands", index, group, word, told))
            tally.add("commands", group, word, time.perf_counter() - began, index)
    finally:
        os.chdir(before)
    return tally


def _command(rng: Random, files: Files) -> tuple[str, list[str], tuple[int, ...]]:
    """A group, a command line, and the exit statuses that it may have."""
    group = rng.choice(("schedule", "schedule", "verify", "log", "delays", "run", "steps"))
    if group == "schedule":
        text = schedule_text(rng)[1].replace("\x00", " ")[:50_000]  # what no command line can hold
        text = text.encode("utf-8", "replace").decode()
        return group, ["check", f"--schedule={text}", *_TINY], _STATUSES["check"] if _reads(text) else (2,)
    name = rng.choice({"verify": ("certificate", "certificate+", "witness", "witness+")}.get(group, (group,)))
    path = Path(os.environ["GRADLAG_DATA"]) / f"command{files.sorts[name].suffix}"
    path.write_bytes(rng.choice(files.right[name]) if rng.random() < 0.1 else _mutated(rng, files, name))
    line = {
        "verify": ["verify", str(path)],
        "log": ["check", "--run", str(path), *_LOG],
        "delays": ["check", "--schedule", "1/(2*s*L)", *_TINY, "--delays-file", str(path)],
        "run": ["run", "--schedule", "1/(2*s*L)", *_TINY, "--out", str(path)],
        "steps": ["check", f"--schedule=@{path}", *_TINY],
    }[group]
    return group, line, _STATUSES.get(group, _STATUSES["check"])


def _mutated(rng: Random, files: Files, name: str) -> bytes:
    while True:
        sort, content = files.one(rng)
        if sort == name:
            return content


def _reads(text: str) -> bool:
    try:
        parse_schedule(text)
    except GradlagError:
        return False
    return True


def _judge(line: Sequence[str], expected: Sequence[int], *, alone: bool) -> None:
    status, out, err = _asked(line)
    again, told, _ = _asked([*line, "--json"])
    require(status in expected, f"exit status {status}: {err[-300:]}")
    require(status == again, f"exit status {status}, and {again} with --json")
    said = json.loads(told)
    require(isinstance(said, dict), "no object")
    if status == 2 or "error" in said:
        sentence = err.splitlines()[-1]
        require(
            out == "" and said == {"error": sentence.removeprefix("gradlag: "), "exit": status}, f"two answers: {err}"
        )
        check_sentence(said["error"])
    require("Traceback" not in err, "a traceback")
    if alone:
        done = subprocess.run(
            [sys.executable, "-m", "gradlag", *line],
            capture_output=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        require(done.returncode == status, f"exit status {done.returncode} in a process of its own")
        require(b"Traceback" not in done.stderr, "a traceback")


def _asked(line: Sequence[str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = execute(list(line))
    return status, out.getvalue(), err.getvalue()


__all__ = ["Escape", "ask_commands"]
