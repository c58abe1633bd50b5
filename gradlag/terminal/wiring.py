"""From flags to a verb of the door, and from what it gives to its printing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import signature
from typing import Any, NoReturn

import typer

from gradlag.terminal.output import print_json, print_note
from theory.common.errors import InputError


def answer(
    command: str, flags: Mapping[str, Any], verb: str = "", beside: Mapping[str, Any] | None = None, **shown: Any
) -> NoReturn:
    """Give the flags to a verb of the door, print what comes of it, and end with its status.

    `beside` is what the JSON object holds besides the result; `shown` is what its printing wants to know.
    """
    found = call(command, verb or command, flags)
    if flags["as_json"]:
        print_json({**(beside or {}), **found.to_dict()})
    else:
        import_module(f"gradlag.commands.{command}").show(found, **shown)
    raise typer.Exit(getattr(found, "exit_status", 0))


def call(command: str, verb: str, flags: Mapping[str, Any]) -> Any:
    """What a verb of the door gives; a person hears its remarks and sees its progress."""
    from experiments.common.progress import accompanied  # takes a moment, which --help does not have

    with accompanied(f"gradlag {command.replace('_', '-')}"):
        function = getattr(import_module(f"gradlag.commands.{command}"), verb)
        heard: dict[str, Any] = {"announce": print_note, "progress": True}
        given = {name: value for name, value in heard.items() if name in signature(function).parameters}
        given |= {name: value for name, value in flags.items() if name != "as_json"}
        if "constants" in given:
            given["constants"] = _constants(given["constants"])
        return function(**given)


def refuse(context: typer.Context, why: str, *names: str) -> None:
    """Refuse flags that would have no effect."""
    flags = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise InputError(f"{flags[name]} is about {why}")


def heard(told: list[str]) -> Callable[[str], None]:
    """Print remarks and remember them."""

    def announce(sentence: str) -> None:
        told.append(sentence)
        print_note(sentence)

    return announce


def _constants(text: str | None) -> dict[str, float]:
    """The values of `--constants`."""
    from theory.formulas.notation import constants_from_text

    return {} if text is None else constants_from_text(text)
