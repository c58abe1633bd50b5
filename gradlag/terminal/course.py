"""The command of the course: `gradlag lesson`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gradlag.terminal import flags as flag
from gradlag.terminal.application import command
from gradlag.terminal.usage import whole
from gradlag.terminal.wiring import answer


@command("lesson")
def lesson(
    number: Annotated[int | None, typer.Argument(metavar="N", help="Which lesson; without it they are listed.")] = None,
    export: Annotated[Path | None, typer.Option("--export", help="Instead: a page that needs no network.")] = None,
    sheets: Annotated[Path | None, typer.Option("--sheets", help="Instead: a folder for printable sheets.")] = None,
    solutions: Annotated[Path | None, typer.Option("--solutions", help="Instead: a folder for solutions.")] = None,
    page: Annotated[Path | None, typer.Option("--page", help="Instead: a page to drag the delay in, one file.")] = None,
    edit: Annotated[bool, typer.Option("--edit", help="Open a copy of the notebook, to be changed.")] = False,
    port: Annotated[int | None, whole("--port", "Of 127.0.0.1. Default: any free one.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the address in a browser.")] = True,
    as_json: flag.Json = False,
) -> None:
    """The course: its lessons, and one of them opened on this machine alone, or written as a page."""
    flags = {"number": number, "export": export, "sheets": sheets, "solutions": solutions, "page": page}
    flags |= {"edit": edit, "port": port, "browser": browser}
    answer("lesson", {**flags, "opens": not as_json, "as_json": as_json}, listed=number is None)
