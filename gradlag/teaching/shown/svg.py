"""Small pictures as SVG text, made in a few milliseconds: panels with axes, lines, points and words beside them.

Colours are CSS variables, so that a picture is right on a light and on a dark ground; no picture depends on colour
alone. A panel turns numbers into places, and every mark is a piece of text; nothing is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import ArrayLike

INK, MUTED, GRID = "var(--gl-ink)", "var(--gl-muted)", "var(--gl-grid)"
BLUE, VERMILLION, GREEN, PURPLE, ORANGE = (f"var(--gl-{name})" for name in ("blue", "red", "green", "purple", "orange"))

# A tick every 1, 2 or 5 times a power of ten; and how near to the edge a label may come, in pixels.
_ROUND, _EDGE = (1.0, 2.0, 5.0, 10.0), 12


@dataclass(frozen=True)
class Axis:
    """From which number to which an axis goes, and what it says; logarithmic where numbers are over many sizes."""

    low: float
    high: float
    label: str = ""
    log: bool = False
    ticks: tuple[float, ...] | None = None

    def place(self, values: ArrayLike) -> np.ndarray:
        """Values as shares of the axis; beyond it they are at most a tenth outside."""
        numbers = np.asarray(values, dtype=float)
        low, high = self.low, self.high
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                numbers, low, high = np.log10(numbers), math.log10(low), math.log10(high)
        return np.asarray(np.clip((numbers - low) / (high - low), -0.1, 1.1))

    def marks(self) -> tuple[float, ...]:
        """Where ticks are: some five of them."""
        if self.ticks is not None:
            return self.ticks
        if self.log:
            powers = range(math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9) + 1)
            return tuple(10.0**power for power in powers if power % math.ceil(len(powers) / 6) == 0)
        rough = (self.high - self.low) / 5
        size = 10.0 ** math.floor(math.log10(rough))
        gap = next(each * size for each in _ROUND if each * size >= rough * 0.999)
        first, last = math.ceil(self.low / gap - 1e-9), math.floor(self.high / gap + 1e-9)
        return tuple(round(gap * each, 12) for each in range(first, last + 1))


@dataclass(frozen=True)
class Panel:
    """A rectangle of a picture with two axes; left, top, width and height are in pixels."""

    x: Axis
    y: Axis
    left: float = 74
    top: float = 28
    width: float = 500
    height: float = 220
    title: str = ""

    def at(self, x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Places in pixels."""
        return self.left + self.width * self.x.place(x), self.top + self.height * (1 - self.y.place(y))

    def axes(self) -> str:
        """The axes with ticks, labels and the title."""
        bottom, right = self.top + self.height, self.left + self.width
        parts = [_words(self.left, self.top - 11, self.title, INK, size=13)]
        for value in self.x.marks():
            place = float(self.at(value, self.y.low)[0])
            parts += [_stroke([place, place], [self.top, bottom], GRID, 1), _words(place, bottom + 16, told(value))]
        for value in self.y.marks():
            place = float(self.at(self.x.low, value)[1])
            parts += [_stroke([self.left, right], [place, place], GRID, 1)]
            parts += [_words(self.left - 6, place + 4, told(value), anchor="end")]
        parts += [_words((self.left + right) / 2, bottom + 33, self.x.label, INK)]
        parts += [_turned(self.left - 54, (self.top + bottom) / 2, self.y.label)]
        return "".join(parts)

    def line(self, x: ArrayLike, y: ArrayLike, colour: str = BLUE, width: float = 1.8, dash: str = "") -> str:
        """A line through points; it stops where a value is not finite, and just outside the panel."""
        across, down = self.at(x, y)
        return _stroke(across, down, colour, width, dash)

    def points(self, x: ArrayLike, y: ArrayLike, colour: str = BLUE, radius: float = 3.5, hollow: bool = False) -> str:
        """Points; hollow ones are told apart without colour."""
        fill = "var(--gl-ground)" if hollow else colour
        places = zip(*(np.atleast_1d(each) for each in self.at(x, y)), strict=True)
        return "".join(
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{radius}" fill="{fill}" stroke="{colour}" stroke-width="1.6"/>'
            for a, b in places
            if math.isfinite(a) and math.isfinite(b)
        )

    def note(self, x: float, y: float, words: str, colour: str = INK, dx: float = 6, dy: float = -6) -> str:
        """Words beside a point, to the left of it near the right edge."""
        across, down = (float(each) for each in self.at(x, y))
        ends = across + dx + 6.4 * len(words) > self.left + self.width + _EDGE
        return _words(across - dx if ends else across + dx, down + dy, words, colour, "end" if ends else "start")

    def clip(self, *marks: str) -> str:
        """Marks, cut at the edges of the panel."""
        name = f"c{int(self.left)}-{int(self.top)}-{int(self.width)}-{int(self.height)}"
        box = f'x="{self.left}" y="{self.top}" width="{self.width}" height="{self.height}"'
        return f'<clipPath id="{name}"><rect {box}/></clipPath><g clip-path="url(#{name})">{"".join(marks)}</g>'


def drawing(width: float, height: float, parts: Iterable[str], label: str) -> str:
    """The picture; `label` says in words what it shows, for those who do not see it."""
    return (
        f'<svg class="gl-picture" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}" '
        f'style="width:100%;max-width:{width:g}px;height:auto">{"".join(parts)}</svg>'
    )


def told(value: float) -> str:
    """A number as a tick has it."""
    if value and (abs(value) >= 1e4 or abs(value) < 1e-3):
        power = math.floor(math.log10(abs(value)) + 1e-9)
        part = value / 10.0**power
        raised = f"10{str(power).translate(_RAISED)}"
        return raised if abs(part - 1) < 1e-9 else f"{part:.3g} × {raised}"
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _stroke(x: ArrayLike, y: ArrayLike, colour: str, width: float, dash: str = "") -> str:
    across, down = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    there = np.isfinite(across) & np.isfinite(down)
    path: list[str] = []
    for place, (a, b) in enumerate(zip(across, down, strict=True)):
        if there[place]:
            path.append(f"{'L' if place and there[place - 1] else 'M'}{a:.1f} {b:.1f}")
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>'


def _words(x: float, y: float, words: str, colour: str = MUTED, anchor: str = "middle", size: int = 12) -> str:
    anchor = "start" if size > 12 else anchor
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {place} fill="{colour}">{escape(words)}</text>' if words else ""


def _turned(x: float, y: float, words: str) -> str:
    place = f'transform="translate({x:.1f} {y:.1f}) rotate(-90)" text-anchor="middle" font-size="12"'
    return f'<text {place} fill="{INK}">{escape(words)}</text>' if words else ""


def legend(x: float, y: float, entries: Sequence[tuple[str, str, str]]) -> str:
    """What lines mean: (words, colour, dash) from left to right."""
    parts, left = [], x
    for words, colour, dash in entries:
        parts += [
            _stroke([left, left + 22], [y - 4, y - 4], colour, 2, dash),
            _words(left + 28, y, words, INK, "start"),
        ]
        left += 28 + 8.4 * len(words) + 14  # room for the larger letters of a telephone
    return "".join(parts)
