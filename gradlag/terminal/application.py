"""The command as an application: its name, its help, and how a verb is added to it."""

from __future__ import annotations

from collections.abc import Callable

import typer

from gradlag.terminal.examples import EXAMPLES
from gradlag.terminal.usage import Command

app = typer.Typer(
    name="gradlag",
    help="What staleness costs SGD: what can be proved, and what is measured, side by side.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def command(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command of that name, with an example below its flags."""
    return app.command(name, cls=Command, epilog=f"\b\nExample:\n  {EXAMPLES[name]}")
