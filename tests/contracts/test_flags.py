"""Contract: commands and flags. A flag may be added; none may vanish, or change its spelling, its default, its kind."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from gradlag.cli import app

COMMANDS = (
    "gradlag", "async", "bounds", "check", "compare", "cost", "data", "design", "lesson", "limit", "problems", "prove",
    "rate", "report", "reproduce", "run", "trace", "verify", "worst-case",
)  # fmt: skip


def flags(command: str) -> dict[str, dict[str, Any]]:
    """What a command takes, by the spelling of each flag, or the place of each argument."""
    group: Any = typer.main.get_command(app)
    found = (group if command == "gradlag" else group.commands[command]).params
    options = {" ".join([*t.opts, *t.secondary_opts]): t for t in found if t.param_type_name == "option"}
    arguments = {f"argument {n}": t for n, t in enumerate(t for t in found if t.param_type_name == "argument")}
    return {name: described(taken) for name, taken in (options | arguments).items()}


def described(taken: Any) -> dict[str, Any]:
    """Everything of a flag that a command line depends on."""
    default = taken.default
    if taken.required or default == () or not isinstance(default, bool | int | float | str | type(None)):
        default = None if taken.required or not default else str(default)
    return {
        "required": taken.required,
        "default": default,
        "several": bool(getattr(taken, "multiple", False)) or taken.nargs != 1,
        "switch": bool(getattr(taken, "is_flag", False)),
        "takes": taken.metavar,
    }


def test_there_are_these_commands():
    group: Any = typer.main.get_command(app)
    assert set(COMMANDS) - {"gradlag"} == set(group.commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_flag_vanishes_or_changes(golden, command):
    now = flags(command)
    written = golden("flags.json", command, now)
    assert {name: now.get(name) for name in written} == written
    assert not [name for name, flag in now.items() if flag["required"] and name not in written]
