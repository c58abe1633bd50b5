"""The reference of `import gradlag as gl`: every name of the door, its signature and docstring, as they stand."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import gradlag as gl

#: A docstring opens one of these parts with a line of its own.
_PARTS = ("Args:", "Returns:", "Raises:", "Source:", "Yields:")


def door_page() -> dict[str, str]:
    """Path -> text of the one page."""
    return {"reference/python.md": "\n".join(_lines()) + "\n"}


def _lines() -> Iterator[str]:
    names = dir(gl)
    verbs = [name for name in names if inspect.isfunction(getattr(gl, name))]
    classes = [name for name in names if inspect.isclass(getattr(gl, name))]
    values = [name for name in names if name not in {*verbs, *classes}]
    yield from ("# From Python", "", "Everything is reached through `import gradlag as gl`. A verb of the command is")
    yield "a function with the names of its flags; what it returns does not change and has `to_dict()`."
    for title, kind in (("Functions", verbs), ("Values that are handed on", classes), ("Tables", values)):
        yield from ("", f"## {title}", "")
        for name in kind:
            yield from _entry(name, getattr(gl, name))


def _entry(name: str, found: Any) -> Iterator[str]:
    yield from ("", f"### gl.{name}", "")
    if callable(found):
        yield from ("```python", f"gl.{name}{_signature(found)}", "```", "")
    yield from _docstring(inspect.getdoc(found) or "" if callable(found) else f"A {type(found).__name__}.")
    for method, value in _public(found) if inspect.isclass(found) else ():
        yield f"- `.{method}` {_first(value)}"


def _signature(found: Any) -> str:
    try:
        told = inspect.signature(found)
    except (TypeError, ValueError):
        return "(...)"
    shown = [_parameter(each) for each in told.parameters.values()]
    starred = next((n for n, each in enumerate(told.parameters.values()) if each.kind is each.KEYWORD_ONLY), None)
    if starred is not None:
        shown.insert(starred, "*")
    result = "" if told.return_annotation is told.empty else f" -> {told.return_annotation}"
    short = f"({', '.join(shown)}){result}"
    return short if len(short) < 90 else "(\n    " + ",\n    ".join(shown) + f",\n){result}"


def _parameter(told: inspect.Parameter) -> str:
    stars = "*" * (told.kind is told.VAR_POSITIONAL) + "**" * (told.kind is told.VAR_KEYWORD)
    typed = "" if told.annotation is told.empty else f": {told.annotation}"
    if told.default is told.empty:
        return f"{stars}{told.name}{typed}"
    value = told.default.__name__ if inspect.isfunction(told.default) else repr(told.default)
    return f"{stars}{told.name}{typed} = {value}"


def _public(found: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(found).items():
        told = inspect.isfunction(value) or isinstance(value, property) or hasattr(value, "func")
        if told and not name.startswith("_") and inspect.getdoc(value):
            yield name, value


def _first(value: Any) -> str:
    return _escaped((inspect.getdoc(value) or "").split("\n")[0])


def _docstring(text: str) -> Iterator[str]:
    """The parts of a docstring as headed lists, its examples as code."""
    examples: list[str] = []
    for line in text.splitlines():
        if line.startswith(">>> ") or (examples and line and not line.startswith(_PARTS)):
            examples.append(line)
            continue
        yield from _code(examples)
        examples = []
        part = next((part for part in _PARTS if line.startswith(part)), None)
        if part:
            yield from ("", f"**{part[:-1]}**{_escaped(line[len(part) :])}", "")
        elif line.startswith("    ") and not line.startswith("     "):
            yield f"- {_escaped(line.strip())}"
        else:
            yield _escaped(line) if not line.startswith("     ") else f"  {_escaped(line.strip())}"
    yield from _code(examples)
    yield ""


def _code(lines: list[str]) -> Iterator[str]:
    if lines:
        yield from ("", "```pycon", *lines, "```", "")


def _escaped(text: str) -> str:
    """Text outside of `code` and $formulas$ without a mark that Markdown would read."""
    pieces = text.replace("``", "`").split("`")
    shown = (piece if place % 2 else _plain(piece) for place, piece in enumerate(pieces))
    return "`".join(shown)


def _plain(piece: str) -> str:
    parts = piece.split("$")
    marks = str.maketrans({"*": "\\*", "_": "\\_", "|": "\\|", "<": "&lt;", "[": "\\[", "]": "\\]"})
    return "$".join(part if place % 2 else part.translate(marks) for place, part in enumerate(parts))
