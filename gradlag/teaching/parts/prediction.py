"""A prediction: the reader commits to an answer, and only then is shown what is true, with the guess beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradlag.teaching.parts.fields import Field, batch, controls
from gradlag.teaching.parts.picture import Drawn
from gradlag.teaching.shown.medium import Medium, asked
from gradlag.teaching.shown.prose import Prose


@dataclass(frozen=True)
class Prediction:
    """A question that is answered before the picture is seen.

    Args:
        name: its name within the lesson.
        question: what is to be predicted, Markdown with formulas.
        fields: sliders and choices, by name.
        reveal: from the guesses by name to a drawing; from None to the drawing without a guess, for a sheet.
    """

    name: str
    question: Prose
    fields: Mapping[str, Field]
    reveal: Callable[[Mapping[str, Any] | None], Drawn]

    def form(self) -> Any:
        """The question with its widgets and a button, for a notebook; its value is None before it is pressed."""
        return batch(f'<div class="gl gl-text gl-task">{self.heading}</div>', self.fields).form(
            submit_button_label="Reveal"
        )

    @property
    def heading(self) -> str:
        """The question as HTML."""
        return f"<h3>Predict first</h3>{self.question.html}"

    def respond(self, values: Mapping[str, Any]) -> str:
        """What an app shows when the button is pressed."""
        return self.shown(values).html

    def shown(self, guess: Mapping[str, Any] | None) -> Revealed:
        """What is true, beside the guess; nothing before there is one."""
        complete = guess is not None and all(guess.get(name) is not None for name in self.fields)
        return Revealed(self, guess if complete else None)


@dataclass(frozen=True)
class Revealed:
    """A prediction with a guess; None before there is one."""

    prediction: Prediction
    guess: Mapping[str, Any] | None

    @property
    def html(self) -> str:
        """What is true, or that it waits."""
        if self.guess is None:
            return '<div class="gl gl-text gl-waiting">The picture appears here when you have predicted.</div>'
        return f'<div class="gl gl-text">{self.prediction.reveal(self.guess).html}</div>'

    def on(self, medium: Medium) -> str:
        """The question; what is true comes after a guess, is folded away on a page, and is not on paper."""
        if medium is Medium.APP:
            inside = f'<div class="gl-task">{self.prediction.heading}</div>{controls(self.prediction.fields)}'
            return asked("prediction", self.prediction.name, inside, "Reveal")
        if medium is Medium.PAPER:
            blank = '<p class="gl-blank">My prediction, and why <span></span></p>'
            return f'<section class="gl gl-text">{self.prediction.heading}{blank}</section>'
        shown = self.prediction.reveal(None).html
        folded = f"<details><summary>I have predicted: show it</summary>{shown}</details>"
        return f'<section class="gl gl-text gl-task">{self.prediction.heading}{folded}</section>'

    def _mime_(self) -> tuple[str, str]:
        return "text/html", self.html
