"""Words in figures: names at the ends of lines, small print, one legend for many panels."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style.style import COLUMN, MUTED


@dataclass(frozen=True)
class Label:
    """A name at the right end of a line: where it ends, what it says, how it looks."""

    end: float
    text: str
    colour: str
    bold: bool = False
    faint: bool = False


def label_ends(axes: Axes, labels: Sequence[Label], size: float = 7.0) -> None:
    """Names at the right ends of lines, moved apart where they would overlap, a hair line leading to each."""
    shown = sorted((label for label in labels if _drawable(axes, label.end)), key=lambda label: label.end)
    heights = [_fraction(axes, label.end) for label in shown]
    frame, place = axes.get_figure(), axes.get_position()
    tall = frame.get_figheight() * place.height if isinstance(frame, Figure) else 2.0
    for label, height, moved in zip(shown, heights, spread(heights, 1.3 * size / 72 / tall), strict=True):
        axes.plot(
            [1.005, 1.03, 1.045],
            [height, moved, moved],
            transform=axes.transAxes,
            clip_on=False,
            color=label.colour,
            linewidth=0.5,
            alpha=0.6 if label.faint else 1.0,
        )
        axes.annotate(
            label.text,
            (1.055, moved),
            xycoords="axes fraction",
            va="center_baseline",
            fontsize=size,
            color=label.colour,
            fontweight="bold" if label.bold else "normal",
            alpha=0.6 if label.faint else 1.0,
            annotation_clip=False,
        )


def spread(heights: Sequence[float], gap: float, low: float = 0.0, high: float = 1.0) -> list[float]:
    """The nearest places, in order, at least `gap` apart, kept within [low, high] where they fit.

    >>> [round(place, 2) for place in spread([0.5, 0.5], 0.1)]
    [0.45, 0.55]
    """
    groups: list[tuple[float, list[float]]] = []
    for height in heights:
        groups.append((height, [height]))
        while len(groups) > 1 and _top(groups[-2], gap) + gap > _bottom(groups[-1], gap):
            _, upper = groups.pop()
            _, lower = groups.pop()
            groups.append((float(np.mean(lower + upper)), lower + upper))
    places = [_bottom(group, gap) + gap * i for group in groups for i in range(len(group[1]))]
    return _within(places, gap, low, high)


def _top(group: tuple[float, list[float]], gap: float) -> float:
    return group[0] + gap * (len(group[1]) - 1) / 2


def _bottom(group: tuple[float, list[float]], gap: float) -> float:
    return group[0] - gap * (len(group[1]) - 1) / 2


def _within(places: list[float], gap: float, low: float, high: float) -> list[float]:
    for i in reversed(range(len(places))):
        above = places[i + 1] - gap if i + 1 < len(places) else high
        places[i] = min(places[i], above)
    for i, place in enumerate(places):
        places[i] = max(place, places[i - 1] + gap if i else low)
    return places


def _drawable(axes: Axes, value: float) -> bool:
    return bool(np.isfinite(value)) and (value > 0 or axes.get_yscale() != "log")


def _fraction(axes: Axes, value: float) -> float:
    """The height of a value in the axes, 0 at the bottom and 1 at the top, held within."""
    scaled = (axes.transScale + axes.transLimits).transform((axes.get_xlim()[1], value))
    return float(np.clip(scaled[1], 0.0, 1.0))


def note(axes: Axes, text: str, size: float = 6.3, offset: float = -26.0) -> None:
    """Small print under the axes, `offset` points below them, wrapped to the width of the figure."""
    frame = axes.get_figure()
    wide = frame.get_figwidth() if isinstance(frame, Figure) else COLUMN
    axes.annotate(
        "\n".join(textwrap.wrap(text, int(72 * wide / (0.56 * size)), break_on_hyphens=False)),
        (0, 0),
        xytext=(4, offset),
        xycoords=("figure fraction", "axes fraction"),
        textcoords="offset points",
        va="top",
        fontsize=size,
        color=MUTED,
        annotation_clip=False,
        linespacing=1.35,
    )


def legend(drawn: Figure, panels: Sequence[Axes], columns: int = 4) -> None:
    """One legend above all panels, each name once."""
    entries: dict[str, Artist] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    drawn.legend(
        list(entries.values()),
        list(entries),
        loc="outside upper left",
        ncols=columns,
        handlelength=2.4,
        columnspacing=1.6,
    )
