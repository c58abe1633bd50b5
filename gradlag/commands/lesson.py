"""`gradlag lesson`: the lessons of the course; one of them opened, or written as a page or as sheets."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from gradlag.teaching.notebook import as_page, notebook, solved
from gradlag.teaching.serve import edit as open_editor
from gradlag.teaching.serve import free_port, serve
from gradlag.teaching.shown.medium import Medium
from gradlag.teaching.syllabus import SYLLABUS, Entry
from gradlag.terminal.output import print_entry, print_prose, print_text, silent
from theory.common.errors import InputError
from theory.common.shown import Facts, Listed
from theory.common.types import Say


def lesson(
    number: int | None = None,
    *,
    export: Path | str | None = None,
    sheets: Path | str | None = None,
    solutions: Path | str | None = None,
    page: Path | str | None = None,
    edit: bool = False,
    port: int | None = None,
    browser: bool = True,
    opens: bool = True,
    announce: Say = silent,
) -> Listed[Facts]:
    """The lessons; with a number that one, opened as an app on this machine alone, or written to a file.

    Args:
        number: which one; without it the lessons are listed, and nothing is opened.
        export: instead, a file for the lesson as one HTML page that needs no network, no server and no Python.
        sheets: instead, a folder for the printable sheets: of this lesson, or of all.
        solutions: instead, a folder for the solutions, to be printed alike.
        page: instead, a file for the page without installation, in which delay, step, noise and momentum are dragged.
        edit: open a copy of the notebook, in the folder where you are, to be changed.
        port: of 127.0.0.1; any free one by default. browser: open the address in a browser.
        opens: False to be told of the lesson only. announce: hears the address.

    Returns:
        The lessons: number, title, minutes, file, and what was written; the page, if it was asked for.

    Raises:
        InputError: there is no such lesson, or marimo is not installed.

    >>> lesson()["1"]["title"], lesson()["1"]["minutes"]
    ('Delay as instability', 90)
    """
    from gradlag.teaching.lessons import chosen

    asked = [each for each in (export, sheets, solutions) if each is not None]
    if page is not None:
        return _page(Path(page), alone=number is None and not asked and not edit)
    if len(asked) > 1:
        raise InputError("Write one thing at a time: --export, --sheets or --solutions.")
    entries = tuple(SYLLABUS.values()) if number is None else (chosen(number),)
    if export is not None and number is None:
        raise InputError("A page is of one lesson. Give its number: `gradlag lesson 1 --export lesson_1.html`.")
    if port is not None:
        free_port(port)  # what cannot be had is told before a lesson is made
    written = _written(entries, export, sheets, solutions)
    if number is not None and opens and not written:
        opened = open_editor if edit else serve
        opened(entries[0], port=port, browser=browser, announce=announce)
    return Listed({"lessons": {str(entry.number): _told(entry, written.get(entry.number)) for entry in entries}})


def _page(out: Path, alone: bool) -> Listed[Facts]:
    from gradlag.teaching.page.build import build

    if not alone:
        raise InputError("The page without installation is of no lesson. Give --page FILE.html alone.")
    build(out)
    return Listed({"pages": {"page": Facts("Late gradients", {"title": "Late gradients", "written": str(out)})}})


def _written(
    entries: tuple[Entry, ...], export: Path | str | None, sheets: Path | str | None, solutions: Path | str | None
) -> dict[int, Path]:
    from experiments.common.files import check_writable, write_atomically

    folder = sheets if solutions is None else solutions
    if folder is not None:
        places = {entry.number: Path(folder) / f"{entry.stem}.html" for entry in entries}
    else:
        places = {} if export is None else {entries[0].number: Path(export)}
    made = partial(as_page, medium=Medium.PAGE if sheets is None else Medium.PAPER) if solutions is None else solved
    for entry in (entry for entry in entries if entry.number in places):
        check_writable(places[entry.number])
        write_atomically(places[entry.number], made(entry).encode())
    return places


def _told(entry: Entry, written: Path | None) -> Facts:
    facts = {
        "number": entry.number,
        "title": entry.title,
        "minutes": entry.minutes,
        "file": str(notebook(entry)),
        "written": None if written is None else str(written),
    }
    return Facts(f"{entry.number}. {entry.title}", facts)


def show(found: Listed[Facts], listed: bool = True) -> None:
    """The lessons, where they were asked for; or what was written."""
    files = [each["written"] for each in found.values() if each["written"]]
    for file in files:
        print_text(file)
    if listed and not files:
        for each in found.values():
            print_entry(str(each["number"]), each["title"], f"{each['minutes']} minutes; {each['file']}")
        print_prose(
            "`gradlag lesson 1` opens one in your browser, `--export FILE.html` makes a page that needs nothing; "
            "`gradlag lesson --page FILE.html` makes one to drag delay, step size, noise and momentum in."
        )
