"""The notebooks of the course as files: where they are, what their cells show, and the solutions beside them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from gradlag.teaching.lessons import lesson
from gradlag.teaching.sheet import page
from gradlag.teaching.shown.medium import Medium
from gradlag.teaching.shown.prose import Prose, text
from gradlag.teaching.syllabus import Entry
from theory.common.errors import InputError

#: Found beside the package and never imported by name: a user may have a folder of the same name.
COURSE = Path(__file__).resolve().parents[2] / "course"


def require_marimo() -> None:
    """Refuse where marimo is not installed.

    Raises:
        InputError: it is not; the sentence says how to install it.
    """
    if importlib.util.find_spec("marimo") is None:
        raise InputError("Lessons are marimo notebooks. Install marimo with: pip install 'gradlag[course]'")


def notebook(entry: Entry) -> Path:
    """The file of a lesson."""
    return COURSE / "lessons" / f"{entry.stem}.py"


def outputs(entry: Entry) -> tuple[Any, ...]:
    """What the cells of a lesson show, run from top to bottom without a browser."""
    require_marimo()
    shown, _ = _module(notebook(entry)).app.run()
    return tuple(shown)


def solutions(entry: Entry) -> dict[str, dict[str, Any]]:
    """For every exercise by name: `answers`, a right one by field, and `text`, how it is found."""
    found = _module(COURSE / "solutions" / f"{entry.stem}.py").SOLUTIONS
    return dict(found)


def as_page(entry: Entry, medium: Medium) -> str:
    """A lesson as one HTML file."""
    return page(f"{entry.number}. {entry.title}", entry.number, outputs(entry), medium)


def solved(entry: Entry) -> str:
    """The solutions of a lesson as one HTML file, for the instructor's printer."""
    require_marimo()
    parts: list[Any] = [Prose(f"# {entry.number}. {entry.title}: solutions")]
    for name, solution in solutions(entry).items():
        exercise = lesson(entry.number).exercises[name]
        given = "; ".join(f"{exercise.fields[field].label}: `{value}`" for field, value in solution["answers"].items())
        parts += [Prose(f"## Exercise {name}. {exercise.title}"), exercise.task, Prose(f"**For example** {given}.")]
        parts += [text(solution["text"])]
    return page(f"{entry.number}. {entry.title}: solutions", entry.number, parts, Medium.PAPER)


def _module(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"gradlag_course_{file.parent.name}_{file.stem}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise InputError(f"There is no file {file}. Install gradlag again: its lessons travel with it.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
