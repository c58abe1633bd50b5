"""An exercise: what is asked, where the answer goes, and the grader that the library stands behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradlag.teaching.parts.fields import Answers, Field, batch, controls
from gradlag.teaching.parts.marks import Mark, Outcome, unread
from gradlag.teaching.shown.medium import Medium, asked
from gradlag.teaching.shown.prose import Prose
from theory.common.errors import InputError

_SIGNS = {Outcome.RIGHT: "✓", Outcome.WRONG: "✗", Outcome.UNDECIDED: "?", Outcome.UNREAD: "…"}
_WORDS = {
    Outcome.RIGHT: "Right.",
    Outcome.WRONG: "Not yet.",
    Outcome.UNDECIDED: "Not decided; nothing is marked wrong.",
    Outcome.UNREAD: "Not read; nothing is marked wrong.",
}


@dataclass(frozen=True)
class Exercise:
    """An exercise of a lesson.

    Args:
        name: its number in the lesson, "1" to "3"; title: what it is about.
        task: what is asked, Markdown with formulas.
        fields: where the answer goes, by name.
        grade: from the answers by name to a mark; it accepts whatever is right, not one answer.
    """

    name: str
    title: str
    task: Prose
    fields: Mapping[str, Field]
    grade: Callable[[Answers], Mark]

    def form(self) -> Any:
        """The task with its widgets and a button, for a notebook; its value is None before the button is pressed."""
        return batch(self.heading, self.fields).form(submit_button_label=self.button)

    def mark(self, answers: Answers | None) -> Marked:
        """What the grader says; an answer that cannot be read is not wrong."""
        if answers is None:
            return Marked(self, None)
        try:
            return Marked(self, self.grade(answers))
        except InputError as refusal:
            return Marked(self, unread(str(refusal)))

    def respond(self, values: Answers) -> str:
        """What an app shows when the button is pressed."""
        return self.mark(values).html

    @property
    def button(self) -> str:
        """What the button says."""
        return f"Grade exercise {self.name}"

    @property
    def heading(self) -> str:
        """Title and task as HTML."""
        return f'<div class="gl gl-text gl-task"><h3>Exercise {self.name}. {self.title}</h3>{self.task.html}</div>'


@dataclass(frozen=True)
class Marked:
    """An exercise with what came of an answer; None before there is one."""

    exercise: Exercise
    mark: Mark | None

    @property
    def html(self) -> str:
        """The mark."""
        if self.mark is None:
            return ""
        kind = self.mark.outcome.value.replace(" ", "-")
        words = f"{_SIGNS[self.mark.outcome]} **{_WORDS[self.mark.outcome]}** {self.mark.sentence}"
        return f'<div class="gl gl-text gl-mark gl-{kind}" role="status">{Prose(words).html}{self.mark.picture}</div>'

    def on(self, medium: Medium) -> str:
        """The task: with fields and a button where answers are graded, else with lines for them."""
        if medium is Medium.APP:
            return asked(
                "exercise",
                self.exercise.name,
                self.exercise.heading + controls(self.exercise.fields),
                self.exercise.button,
            )
        blanks = "".join(field.printed() for field in self.exercise.fields.values())
        return f'<section class="gl gl-text">{self.exercise.heading}{blanks}</section>'

    def _mime_(self) -> tuple[str, str]:
        return "text/html", self.html
