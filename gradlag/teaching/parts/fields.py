"""Where a reader moves, types or chooses: a slider, a line of text, one of several, some of several.

A field knows its widget in a notebook, its control on a page, and its empty line on a printed sheet. What is
typed is parsed, never evaluated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from gradlag.teaching.shown.svg import told
from theory.common.errors import InputError, ScheduleError
from theory.formulas.formula import Environment
from theory.formulas.parsing import SCHEDULE_NAMES, parse

_NAMES = {"pi": SCHEDULE_NAMES["pi"]}


@dataclass(frozen=True)
class Slider:
    """Numbers that a slider stops at, and where it stands at first."""

    label: str
    values: tuple[float, ...]
    start: float

    def widget(self) -> Any:
        """The widget of a notebook."""
        import marimo

        return marimo.ui.slider(
            steps=list(self.values), value=self.start, label=self.label, show_value=True, full_width=True
        )

    def control(self, name: str, start: float | None = None) -> str:
        """The slider of a page."""
        value = self.start if start is None else start
        stops = escape(json.dumps([[each, told(each)] for each in self.values]))
        place = f'min="0" max="{len(self.values) - 1}" value="{self.values.index(value)}"'
        field = f'<input type="range" {place} data-field="{name}" data-stops="{stops}">'
        return f'<label class="gl-slider">{escape(self.label)} {field} <output>{told(value)}</output></label>'

    def printed(self) -> str:
        """A line on a sheet."""
        return _blank(self.label, "")


@dataclass(frozen=True)
class Typed:
    """A line of text; `example` says what it may look like."""

    label: str
    example: str = ""

    def widget(self) -> Any:
        """The widget of a notebook."""
        import marimo

        return marimo.ui.text(label=self.label, placeholder=self.example, full_width=True)

    def control(self, name: str) -> str:
        """The line of a page."""
        place = f'data-field="{name}" placeholder="{escape(self.example)}" autocomplete="off" spellcheck="false"'
        return f'<label class="gl-typed">{escape(self.label)} <input type="text" {place}></label>'

    def printed(self) -> str:
        """The line on a sheet."""
        return _blank(self.label, self.example)


@dataclass(frozen=True)
class Lines(Typed):
    """Several lines of text."""

    def widget(self) -> Any:
        """The widget of a notebook."""
        import marimo

        return marimo.ui.text_area(label=self.label, placeholder=self.example, full_width=True, rows=6)

    def control(self, name: str) -> str:
        """The lines of a page."""
        place = f'data-field="{name}" placeholder="{escape(self.example)}" rows="6" spellcheck="false"'
        return f'<label class="gl-typed">{escape(self.label)} <textarea {place}></textarea></label>'


@dataclass(frozen=True)
class Chosen:
    """One of several."""

    label: str
    options: tuple[str, ...]
    kind = "radio"

    def widget(self) -> Any:
        """The widget of a notebook."""
        import marimo

        return marimo.ui.radio(options=list(self.options), label=self.label)

    def control(self, name: str) -> str:
        """The options of a page."""
        each = f'<input type="{self.kind}" data-field="{name}" name="{name}" value="{{0}}">'
        boxes = "".join(f"<label>{each.format(escape(option))} {escape(option)}</label>" for option in self.options)
        return f'<fieldset class="gl-chosen"><legend>{escape(self.label)}</legend>{boxes}</fieldset>'

    def printed(self) -> str:
        """The options on a sheet, each with a box."""
        boxes = "".join(f"<li>&#9744; {escape(option)}</li>" for option in self.options)
        return f'<p>{escape(self.label)}</p><ul class="gl-boxes">{boxes}</ul>'


@dataclass(frozen=True)
class Selected(Chosen):
    """Any number of several; the answer is a list."""

    kind = "checkbox"

    def widget(self) -> Any:
        """The widget of a notebook."""
        import marimo

        return marimo.ui.multiselect(options=list(self.options), label=self.label, full_width=True)


Field = Slider | Typed | Chosen
Answers = Mapping[str, Any]


def batch(heading: str, fields: Mapping[str, Field]) -> Any:
    """The widgets of several fields below a heading, as one widget of a notebook."""
    import marimo

    # A brace is a place for a widget: those of formulas are written as references.
    top = heading.replace("{", "&#123;").replace("}", "&#125;")
    places = "".join(f"<div>{{{name}}}</div>" for name in fields)
    return marimo.Html(top + places).batch(**{name: field.widget() for name, field in fields.items()})


def controls(fields: Mapping[str, Field]) -> str:
    """The fields of a page."""
    return "".join(field.control(name) for name, field in fields.items())


def _blank(label: str, example: str) -> str:
    hint = f" <small>(for example {escape(example)})</small>" if example else ""
    return f'<p class="gl-blank">{escape(label)}{hint} <span></span></p>'


def number(text: Any, what: str = "The answer", names: Mapping[str, float] | None = None) -> float:
    """The number that an answer states: arithmetic of numbers, pi, and names that the exercise gives a value.

    Raises:
        InputError: it is empty, does not parse, or has no finite value.

    >>> round(number("(sqrt(5) - 1)/2"), 6), number("2*L", names={"L": 3.0})
    (0.618034, 6.0)
    """
    typed = str(text if text is not None else "").strip().replace("\N{MINUS SIGN}", "-").replace("π", "pi")
    if not typed:
        raise InputError(f"{what} is empty. Type a number such as 0.25, or arithmetic such as (sqrt(5) - 1)/2.")
    if re.fullmatch(r"[+-]?\d+,\d+", typed):
        typed = typed.replace(",", ".")
    given = names or {}
    known = {**_NAMES, **{name: SCHEDULE_NAMES[name] for name in given if name in SCHEDULE_NAMES}}
    try:
        with np.errstate(all="ignore"):
            value = float(parse(typed, known, "number", pieces=False).evaluate(Environment(dict(given))))
    except ScheduleError as refusal:
        raise InputError(f"{what} was not read. {refusal}") from None
    except (ZeroDivisionError, OverflowError, FloatingPointError):
        value = float("nan")
    if not abs(value) < float("inf"):
        raise InputError(f"{what} is not a finite number: {typed}.")
    return value


_DECIMAL_COMMA = re.compile(r"\b0,\d")


def numbers(text: Any, what: str = "The answer") -> tuple[float, ...]:
    """The numbers that an answer lists, apart by spaces, commas or semicolons; each may be arithmetic without spaces.

    Raises:
        InputError: it is empty, or one of them does not parse.

    >>> numbers("0.1, 1/4; 2")
    (0.1, 0.25, 2.0)
    """
    told = str(text or "").strip()
    if _DECIMAL_COMMA.search(told) and "." not in told and re.search(r"[\s;]", told):
        raise InputError(
            f"{what} has commas within numbers, or between them without a space. Write decimals with a point, and "
            "numbers with spaces between them, such as 0.1 0.2 1/4."
        )
    parts = [part for part in re.split(r"[\s,;]+", str(text or "").strip("[]() \n\t,;")) if part]
    if not parts:
        raise InputError(f"{what} is empty. Type numbers with spaces between them, such as 0.1 0.2 1/4.")
    return tuple(number(part, f"{what}, entry {place},") for place, part in enumerate(parts, 1))


def whole_numbers(text: Any, what: str = "The answer") -> tuple[int, ...]:
    """The whole numbers that an answer lists, apart by spaces, commas or semicolons.

    Raises:
        InputError: it is empty, or one of them is no whole number.

    >>> whole_numbers("0, 1 2;2")
    (0, 1, 2, 2)
    """
    parts = re.split(r"[\s,;]+", str(text or "").strip("[]() \n\t,;"))
    if parts == [""]:
        raise InputError(f"{what} is empty. Type whole numbers with spaces between them, such as 0 1 2.")
    odd = next((part for part in parts if not re.fullmatch(r"[+-]?\d{1,6}", part)), None)
    if odd is not None:
        raise InputError(f"{what} lists whole numbers, such as 0 1 2. Got {odd!r} among them.")
    return tuple(map(int, parts))
