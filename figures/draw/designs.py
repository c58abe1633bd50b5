"""Designed schedules: the steps chosen for each target beside the usual ones, and what they all give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from figures.style import style
from theory.design.best import Design, Rated, Target

COLOURS = {Target.THEOREM_1: style.GREEN, Target.THEOREM_A: style.BLUE, Target.WORST_CASE: style.VERMILLION}
TITLES = {
    Target.THEOREM_1: "design for Theorem 1's sum*",
    Target.THEOREM_A: "design for Theorem A",
    Target.WORST_CASE: "design for the worst case",
}
_STEPS, _ROW = 0.82, 0.2  # inches: a panel of steps, a row of values
_GROUND = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1.0}


def steps(found: Design, axes: Axes) -> Axes:
    """Draw a designed schedule as one stem for each step, beside Theorem 1's schedule and the best constant step.

    Args:
        found: the design; it is drawn in units of 1/L.
        axes: where to draw.

    Returns:
        The same axes.
    """
    k, unit, colour = np.arange(1, found.brief.steps + 1), found.brief.smoothness, COLOURS[found.target]
    usual, constant = (found.baselines[name].step_sizes * unit for name in ("theorem-1", "constant"))
    heights = found.step_sizes * unit
    gaps = np.full(k.size, np.nan)
    stems = np.c_[k, k, gaps].ravel(), np.c_[np.zeros(k.size), heights, gaps].ravel()
    axes.plot(*stems, color=colour, linewidth=1.1, alpha=0.55, solid_capstyle="butt", label="_nolegend_")
    axes.plot(k, heights, linestyle="", marker="o", markersize=2.2, color=colour, zorder=3, label="_designed")
    axes.plot(k, usual, color=style.MUTED, linestyle=style.LINE_STYLES[2], linewidth=1.0, label=_SCHEDULE)
    axes.plot(k, constant, color=style.INK, linewidth=0.9, label=_CONSTANT)
    axes.set_ylim(0.0, 1.4 * max(float(heights.max()), float(constant[0])))
    axes.set_xlim(0.0, found.brief.steps + 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3))
    said: dict[str, Any] = {"ha": "center", "va": "top", "bbox": _GROUND}
    axes.text(0.5, 0.99, TITLES[found.target], color=colour, transform=axes.transAxes, **said)
    return axes


_SCHEDULE, _CONSTANT, _WAITING = "Theorem 1's schedule", "best constant step", "waiting"


@dataclass(frozen=True)
class DesignRow:
    """A schedule among the values: its name and colour, its worst case and bound over L Delta, what is said of it."""

    name: str
    colour: str
    worst_case: float | None
    bound: float | None
    said: str = ""

    @property
    def given(self) -> list[float]:
        """The values that there are."""
        return [value for value in (self.worst_case, self.bound) if value is not None]


def rows(designs: Mapping[Target, Design]) -> list[DesignRow]:
    """The usual schedules and the designs, from top to bottom."""
    first = designs.get(Target.THEOREM_A) or next(iter(designs.values()))
    named = {"theorem-1": _SCHEDULE, "constant": _CONSTANT, "waiting": _WAITING}
    usual = [
        _row(name, style.INK, first, first.baselines[key]) for key, name in named.items() if key in first.baselines
    ]
    return usual + [
        _row(TITLES[target], COLOURS[target], found, found.chosen, _gains(found)) for target, found in designs.items()
    ]


def _row(name: str, colour: str, found: Design, rated: Rated, said: str = "") -> DesignRow:
    """A row with values in units of L Delta; without a bound where the measure is the worst case itself."""
    scale = found.brief.smoothness * found.brief.gap
    worst = None if rated.worst_case_value is None else rated.worst_case_value / scale
    bound = None if rated.value is None or found.target is Target.WORST_CASE else rated.value / scale
    return DesignRow(name, colour, worst, bound, said)


def _gains(found: Design) -> str:
    """The worst case beside those of Theorem 1's schedule and of the best constant step, in per cent."""
    gains = [found.worst_case_improvement(name) for name in ("theorem-1", "constant")]
    return " / ".join("?" if gain is None else _signed(-100 * gain) for gain in gains)


def _signed(change: float) -> str:
    """A change in per cent.

    >>> _signed(-12.345), _signed(-0.0649), _signed(3.0)
    ('−12 %', '−0.065 %', '+3 %')
    """
    if abs(change) < 0.005:
        return "0 %"
    return f"{change:+.2g} %".replace("-", "\N{MINUS SIGN}")


def values(designs: Mapping[Target, Design], axes: Axes, *, names: bool = True) -> Axes:
    """Draw the worst case of every schedule as a full dot and its bound as an open one.

    Args:
        designs: target -> design, all at the same run.
        axes: where to draw.
        names: write the schedules' names at the left.

    Returns:
        The same axes.
    """
    listed = rows(designs)
    for place, row in enumerate(listed):
        axes.plot(row.given, [place] * len(row.given), color=row.colour, linewidth=0.8, alpha=0.5, label="_nolegend_")
        for what, value, face in (("worst case", row.worst_case, row.colour), ("bound", row.bound, style.PAPER)):
            if value is not None:
                look: dict[str, Any] = {"marker": "o", "markersize": 4.5, "color": row.colour, "markerfacecolor": face}
                axes.plot(value, place, **look, label=f"_{row.name}: {what}")
        where: dict[str, Any] = {"xy": (1.02, place), "xycoords": ("axes fraction", "data"), "va": "center"}
        axes.annotate(row.said, **where, fontsize=6.5, color=row.colour)
    style.log_axes(axes, y=False)
    axes.set_yticks(range(len(listed)), [row.name for row in listed] if names else [""] * len(listed))
    axes.set_ylim(len(listed) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0, labelsize=6.5)
    axes.annotate(
        "worst case against\nschedule / constant",
        (1.02, 2.0),
        xycoords=("axes fraction", "data"),
        va="bottom",
        fontsize=6.0,
        color=style.MUTED,
    )
    return axes


def designs_picture(settings: Sequence[Mapping[Target, Design]], *, width: float = style.PAGE) -> Figure:
    """The designs at one or two settings side by side: their steps above, their values below.

    Args:
        settings: for each setting, target -> design.
        width: inches.
    """
    with style.style():
        targets, listed = list(settings[0]), rows(settings[0])
        heights = [_STEPS] * len(targets) + [_ROW * len(listed) + 0.1]
        drawn = style.figure(width, sum(heights) + 1.25)
        grid = GridSpec(len(heights), len(settings), figure=drawn, height_ratios=heights)
        for column, designs in enumerate(settings):
            _column(drawn, grid, column, designs)
        _key(drawn)
        first = settings[0].get(Target.THEOREM_1)
        if first:
            drawn.supxlabel(
                _SMALL_PRINT.format(first.brief.coherence), x=0.01, ha="left", fontsize=6.0, color=style.MUTED
            )
        return drawn


_SMALL_PRINT = (
    "* Its bound and worst case assume gradient coherence $\\mu = {:g}$, which also sets Theorem 1's schedule; "
    "the others assume none."
)


def _column(drawn: Figure, grid: GridSpec, column: int, designs: Mapping[Target, Design]) -> None:
    panels = [drawn.add_subplot(grid[place, column]) for place in range(len(designs))]
    for axes, found in zip(panels, designs.values(), strict=True):
        steps(found, axes)
        axes.tick_params(labelbottom=axes is panels[-1])
    panels[0].set_title(_title(next(iter(designs.values()))))
    panels[-1].set_xlabel("step $k$")
    if column == 0:
        panels[len(panels) // 2].set_ylabel(r"step size $L\,\eta_k$")
    below = values(designs, drawn.add_subplot(grid[len(designs), column]), names=column == 0)
    below.set_xlabel(r"$\min_t\;\mathrm{E}\,\|\nabla F(x_t)\|^2\;/\;L\Delta$")


def _title(found: Design) -> str:
    brief = found.brief
    noise = "no noise" if brief.variance == 0 else rf"$\sigma^2 = {style.number(brief.noise)}\,L\Delta$"
    return rf"$s = {brief.staleness.window}$, $T = {brief.steps}$, {noise}"


def _key(drawn: Figure) -> None:
    """One legend for all panels, above them."""
    dot: dict[str, Any] = {"linestyle": "", "marker": "o", "markersize": 4.5, "color": style.INK}
    where: dict[str, Any] = {"loc": "outside upper center", "ncols": 4}
    drawn.legend(
        handles=[
            Line2D([], [], color=style.MUTED, linestyle=style.LINE_STYLES[2], linewidth=1.0, label=_SCHEDULE),
            Line2D([], [], color=style.INK, linewidth=0.9, label=_CONSTANT),
            Line2D([], [], **dot, label="worst case"),
            Line2D([], [], **dot, markerfacecolor=style.PAPER, label="bound"),
        ],
        **where,
    )
