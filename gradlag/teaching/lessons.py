"""A lesson as a notebook sees it: its opening, pictures, predictions and exercises by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import Any

from gradlag.teaching.parts.exercise import Exercise
from gradlag.teaching.parts.picture import Picture
from gradlag.teaching.parts.prediction import Prediction
from gradlag.teaching.shown.medium import Medium
from gradlag.teaching.shown.styles import STYLE
from gradlag.teaching.syllabus import SYLLABUS, Entry
from theory.common.errors import InputError


@dataclass(frozen=True)
class Opening:
    """Title and aims of a lesson, and the style of all that follows."""

    entry: Entry

    def on(self, medium: Medium) -> str:
        """The opening, alike everywhere."""
        aims = "".join(f"<li>{escape(aim)}</li>" for aim in self.entry.aims)
        return (
            f'<header class="gl gl-text"><h1>{self.entry.number}. {escape(self.entry.title)}</h1>'
            f"<p>After this lesson you can</p><ul>{aims}</ul>"
            f'<p class="gl-small">{self.entry.minutes} minutes. You need: {escape(self.entry.needs)}</p></header>'
        )

    def _mime_(self) -> tuple[str, str]:
        return "text/html", f"<style>{STYLE}</style>{self.on(Medium.APP)}"


@dataclass(frozen=True)
class Lesson:
    """What a notebook takes from the library, by name; facts are what its text quotes."""

    entry: Entry
    pictures: Mapping[str, Picture]
    predictions: Mapping[str, Prediction]
    exercises: Mapping[str, Exercise]
    facts: Mapping[str, Any]

    def opening(self) -> Opening:
        """Title and aims; the first thing that a notebook shows."""
        return Opening(self.entry)


def lesson(number: int) -> Lesson:
    """The lesson of that number.

    Raises:
        InputError: there is no such lesson.

    >>> lesson(1).entry.title
    'Delay as instability'
    """
    entry = chosen(number)
    pictures = import_module(f"gradlag.teaching.pictures.{entry.stem}")
    exercises = import_module(f"gradlag.teaching.exercises.{entry.stem}")
    shown, asked = _named(pictures.PICTURES), _named(pictures.PREDICTIONS)
    return Lesson(entry, shown, asked, _named(exercises.EXERCISES), pictures.FACTS)


def chosen(number: int) -> Entry:
    """The entry of a lesson."""
    if number not in SYLLABUS:
        raise InputError(f"There is no lesson {number}. `gradlag lesson` lists those there are.")
    return SYLLABUS[number]


def _named(things: tuple[Any, ...]) -> dict[str, Any]:
    return {thing.name: thing for thing in things}
