"""The reference of the command: every verb and flag, from the application itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

import gradlag.cli  # noqa: F401  (adds the verbs to the application)
from gradlag.terminal.application import app

EXIT_STATUSES = (
    ("0", "holds, proved, done"),
    ("1", "violated, refuted, a step of a proof fails: only ever a verdict"),
    ("2", "the input cannot be used; one sentence says what was wrong, the value got, and what to do"),
    ("3", "undecided, or an assumption is broken"),
    ("4", "the environment failed"),
    ("130", "interrupted; the same command goes on where it stopped"),
)


def command_page() -> dict[str, str]:
    """Path -> text of the one page."""
    return {"reference/command.md": "\n".join(_lines(get_command(app))) + "\n"}


def _lines(whole: Any) -> Iterator[str]:
    yield from ("# The command", "", whole.help, "")
    yield "Every command takes `--json` (one JSON object on standard output, nothing else) and `--help`."
    yield from (
        "",
        "| exit status | means |",
        "|---|---|",
        *(f"| {status} | {means} |" for status, means in EXIT_STATUSES),
    )
    for name, each in sorted(whole.commands.items()):
        if not each.hidden:
            yield from _verb(name, each)


def _verb(name: str, verb: Any) -> Iterator[str]:
    arguments = [each for each in verb.params if each.param_type_name == "argument"]
    words = (each.name.upper() if each.required else f"[{each.name.upper()}]" for each in arguments)
    yield from ("", f"## {name}", "", f"`{' '.join(('gradlag', name, *words))}`", "", verb.help or "", "")
    yield from ("| flag | | |", "|---|---|---|")
    yield from (_flag(each) for each in verb.params if not getattr(each, "hidden", False))
    if verb.epilog:
        yield from ("", "```", *verb.epilog.replace("\b\n", "").splitlines()[1:], "```")


def _flag(flag: Any) -> str:
    shown = ", ".join(f"`{word}`" for word in (*flag.opts, *flag.secondary_opts)) or f"`{flag.name}`"
    asked = "needed" if flag.required else ""
    kept = flag.default if not callable(flag.default) else None
    default = "" if kept in (None, False, (), []) else f"default `{kept}`"
    return f"| {shown} | {_cell(flag.help or '')} | {asked or default} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
