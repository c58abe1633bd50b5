"""A picture that the reader moves: sliders with few values each, and a drawing for every choice of them.

The drawing is a pure function of the sliders, so that a notebook draws it as they move, and a page without Python
carries one for every choice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import product
from math import prod
from typing import Any

from gradlag.teaching.parts.fields import Slider, batch
from gradlag.teaching.shown.medium import Medium, asked
from gradlag.teaching.shown.prose import Prose
from gradlag.teaching.shown.svg import told
from theory.common.errors import InputError

#: A page carries a drawing for every choice up to this many; beyond, an app draws as sliders move.
MOST = 400


@dataclass(frozen=True)
class Drawn:
    """A drawing, and in a sentence what is seen."""

    svg: str
    sentence: str

    @property
    def html(self) -> str:
        """Both, as HTML."""
        return f'{self.svg}<div class="gl-seen" aria-live="polite">{Prose(self.sentence).html}</div>'


@dataclass(frozen=True)
class Picture:
    """A picture of a lesson.

    Args:
        name: its name within the lesson; title: what it shows.
        sliders: by name; up to `MOST` choices in all move without Python.
        draw: from the values of the sliders, by name, to a drawing; pure.
    """

    name: str
    title: str
    sliders: Mapping[str, Slider]
    draw: Callable[..., Drawn]

    @property
    def choices(self) -> int:
        """How many choices of the sliders there are."""
        return prod(len(slider.values) for slider in self.sliders.values())

    def controls(self) -> Any:
        """The sliders of a notebook; their value is what `at` takes."""
        return batch(f'<div class="gl gl-text">{self.heading}</div>', self.sliders)

    @property
    def heading(self) -> str:
        """The title as HTML."""
        return f"<h3>{escape(self.title)}</h3>"

    def at(self, values: Mapping[str, float]) -> Frame:
        """The picture at these values."""
        return Frame(self, tuple(values[name] for name in self.sliders))

    def respond(self, values: Mapping[str, float]) -> str:
        """What an app shows when a slider moves, where not every drawing was sent before."""
        choice = tuple(values.get(name, slider.start) for name, slider in self.sliders.items())
        if not all(value in slider.values for value, slider in zip(choice, self.sliders.values(), strict=True)):
            raise InputError("A slider stands where it has no stop.")
        return self.frame(choice)

    def frame(self, choice: tuple[float, ...]) -> str:
        """The drawing as HTML; what was drawn once is kept."""
        return _drawn(self.draw, tuple(self.sliders), choice)


@lru_cache(maxsize=2048)
def _drawn(draw: Callable[..., Drawn], names: tuple[str, ...], choice: tuple[float, ...]) -> str:
    return draw(**dict(zip(names, choice, strict=True))).html


@dataclass(frozen=True)
class Frame:
    """A picture at one choice of its sliders."""

    picture: Picture
    choice: tuple[float, ...]

    def on(self, medium: Medium) -> str:
        """Sliders with a drawing for every choice; on paper this drawing."""
        sliders, here = self.picture.sliders, f'<div class="gl-frame">{self.picture.frame(self.choice)}</div>'
        if medium is Medium.PAPER or (medium is Medium.PAGE and self.picture.choices > MOST):
            placed = zip(sliders.values(), self.choice, strict=True)
            settings = ", ".join(f"{slider.label}: {told(value)}" for slider, value in placed)
            return f'<figure class="gl gl-text">{self.picture.heading}<p>{escape(settings)}</p>{here}</figure>'
        values = dict(zip(sliders, self.choice, strict=True))
        moved = "".join(slider.control(name, values[name]) for name, slider in sliders.items())
        if self.picture.choices > MOST:
            return asked("picture", self.picture.name, self.picture.heading + moved)
        every = product(*(slider.values for slider in sliders.values()))
        frames = json.dumps([self.picture.frame(choice) for choice in every]).replace("</", "<\\/")
        data = f'<script type="application/json">{frames}</script>'
        return f'<figure class="gl gl-text gl-moves">{self.picture.heading}{moved}{here}{data}</figure>'

    def _mime_(self) -> tuple[str, str]:
        return "text/html", f'<div class="gl gl-text">{self.picture.frame(self.choice)}</div>'
