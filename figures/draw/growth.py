"""How the worst case grows with the steps and the staleness beside the theorems.

The hue tells the staleness where lines go over T, and the theorem where they go over s; points are worst cases that
were solved, lines are theorems. Slopes are fitted to the points that are drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType
from numpy.typing import ArrayLike

from experiments.studies.worst_cases.growth_with_staleness import GrowthCell
from experiments.studies.worst_cases.store import SolvedResult
from figures.style import labels, style
from theory.bounds.judging.judge import local_exponent
from theory.common.types import Floats

QUANTITY = r"$\min_{k\leq T}\ \|\nabla F(x_k)\|^2\ /\ L\Delta$"
SCHEDULES: Mapping[str, str] = {
    "theorem-1": r"Theorem 1's steps, $\eta_k = 1/(2sL\sqrt{k})$",
    "corollary-1": r"Corollary 1's step, $\eta = 1/(sL)$",
}
_SOLID, _DASHED, _DOTTED, _MIXED = style.LINE_STYLES


@dataclass(frozen=True)
class _Look:
    title: str
    colour: str
    line: LineStyleType


# From the loosest to the sharpest.
_LOOKS: Mapping[str, _Look] = {
    "dai2019": _Look("Theorem 1", style.VERMILLION, _DOTTED),
    "dai2019-sum": _Look("Theorem 1, sums", style.VERMILLION, _DASHED),
    "lian2015": _Look("Lian", style.ORANGE, _MIXED),
    "corollary-1": _Look("Corollary 1", style.GREEN, _DASHED),
    "theorem-a": _Look("Theorem A", style.BLUE, _DASHED),
    "theorem-b": _Look("Theorem B", style.BLUE, _SOLID),
}
# Over T there is a line for every staleness; more of them than these would hide one another.
_OVER_STEPS: Mapping[str, tuple[str, ...]] = {
    "theorem-1": ("dai2019", "dai2019-sum", "theorem-b"),
    "corollary-1": ("corollary-1", "theorem-b"),
}


def growth_over_steps(results: Iterable[SolvedResult], schedule: str, axes: Axes) -> Axes:
    """Draw the worst case against T, one colour for each staleness, with the theorems as lines.

    Args:
        results: of growth cells; others are left out.
        schedule: "theorem-1" or "corollary-1".
        axes: where to draw.

    Returns:
        The same axes.
    """
    style.log_axes(axes)
    chosen = _growth(results, schedule)
    colours = style.ordered_colours(sorted({_cell(each).staleness for each in chosen}))
    starts: list[labels.Label] = []
    for staleness, colour in colours.items():
        rows = sorted(
            (each for each in chosen if _cell(each).staleness == staleness), key=lambda each: _cell(each).steps
        )
        times = [_cell(each).steps for each in rows]
        for name in _OVER_STEPS[schedule]:
            look: dict[str, Any] = {"color": colour, "linestyle": _LOOKS[name].line, "linewidth": 0.9}
            axes.plot(times, _bound(rows, name), **look, label=f"_{_LOOKS[name].title}, $s = {staleness}$")
        values = [each.values["value"] for each in rows]
        label = f"_worst case, $s = {staleness}$"
        axes.plot(times, values, color=colour, linestyle="", marker="o", markersize=3.4, label=label)
        starts.append(labels.Label(values[0], _joined(f"$s = {staleness}$", slope(times, values, "T")), colour))
    axes.set_xlabel("number of steps $T$")
    axes.set_ylabel(QUANTITY)
    axes.set_title(SCHEDULES[schedule])
    axes.set_xlim(left=2.0)
    _name_starts(axes, starts)
    _line_key(axes, _OVER_STEPS[schedule])
    return axes


def growth_over_staleness(results: Iterable[SolvedResult], schedule: str, axes: Axes, steps: int | None = None) -> Axes:
    """Draw the worst case against s at one T, the theorems beside it, each with the slope of its line.

    Args:
        results: of growth cells; others are left out.
        schedule: "theorem-1" or "corollary-1".
        axes: where to draw.
        steps: T; the largest at which every staleness has a value when left out.

    Returns:
        The same axes.
    """
    style.log_axes(axes)
    chosen = _growth(results, schedule)
    horizon = steps if steps is not None else common_steps(chosen)
    rows = sorted((each for each in chosen if _cell(each).steps == horizon), key=lambda each: _cell(each).staleness)
    windows = np.array([_cell(each).staleness for each in rows], dtype=np.float64)
    values = np.array([each.values["value"] for each in rows])
    ends = []
    for name, look in _LOOKS.items():
        bound = _bound(rows, name)
        if np.isfinite(bound[windows >= 2]).sum() >= 2 and (name, schedule) != ("theorem-a", "theorem-1"):
            axes.plot(windows, bound, color=look.colour, linestyle=look.line, linewidth=1.0, label=look.title)
            ends.append(labels.Label(_last(bound), _joined(look.title, slope(windows, bound)), look.colour))
    axes.plot(windows, values, color=style.INK, linestyle="", marker="o", markersize=3.8, label="worst case")
    ends.append(labels.Label(float(values[-1]), _joined("worst case", slope(windows, values)), style.INK, bold=True))
    axes.set_xticks(windows, [f"{window:g}" for window in windows])
    axes.set_xlabel("staleness $s$")
    axes.set_title(f"$T = {horizon}$")
    labels.label_ends(axes, ends, size=6.5)
    return axes


def slope(at: ArrayLike, values: ArrayLike, name: str = "s") -> str:
    """The exponent of a line, fitted from s = 2 on (at s = 1 nothing is late), or to the second half of a grid of T.

    Empty where there are fewer than two values to fit to.

    >>> slope([1, 2, 4], [1.0, 3.0, 6.0])
    '$s^{1.00}$'
    """
    x, y = np.asarray(at, dtype=np.float64), np.asarray(values, dtype=np.float64)
    kept = x >= 2 if name == "s" else x >= np.sqrt(x[0] * x[-1])
    return f"${name}^{{{local_exponent(x[kept], y[kept]):.2f}}}$" if kept.sum() > 1 else ""


def common_steps(results: Sequence[SolvedResult]) -> int:
    """The largest T at which every staleness has a result, or else the most of them."""
    horizons: dict[int, set[int]] = {}
    for each in results:
        horizons.setdefault(_cell(each).steps, set()).add(_cell(each).staleness)
    return max(horizons, key=lambda steps: (len(horizons[steps]), steps))


def growth_picture(results: Sequence[SolvedResult], *, width: float = style.PAGE) -> Figure:
    """Every schedule that has results: over T on the left, over s on the right."""
    with style.style():
        shown = [schedule for schedule in SCHEDULES if _growth(results, schedule)]
        drawn = style.figure(width, 0.37 * width * len(shown))
        panels = drawn.subplots(len(shown), 2, width_ratios=(1.3, 1.0), squeeze=False)
        for (left, right), schedule in zip(panels, shown, strict=True):
            growth_over_steps(results, schedule, left)
            growth_over_staleness(results, schedule, right)
        return drawn


def _joined(title: str, fitted: str) -> str:
    return f"{title}, {fitted}" if fitted else title


def _growth(results: Iterable[SolvedResult], schedule: str) -> list[SolvedResult]:
    return [each for each in results if isinstance(each.cell, GrowthCell) and each.cell.schedule == schedule]


def _cell(result: SolvedResult) -> GrowthCell:
    assert isinstance(result.cell, GrowthCell)
    return result.cell


def _bound(rows: Sequence[SolvedResult], name: str) -> Floats:
    return np.array([each.values["bounds"].get(name, np.nan) for each in rows], dtype=np.float64)


def _last(values: Floats) -> float:
    return float(values[np.isfinite(values)][-1])


def _name_starts(axes: Axes, names: Sequence[labels.Label]) -> None:
    """Names to the left of the first points, apart from one another."""
    shown = sorted(names, key=lambda name: name.end)
    scale = axes.transScale + axes.transLimits
    heights = [float(scale.transform((axes.get_xlim()[0], name.end))[1]) for name in shown]
    for name, height in zip(shown, labels.spread(heights, 0.055), strict=True):
        axes.text(
            0.255, height, name.text, transform=axes.transAxes, ha="right", va="center", fontsize=6.5, color=name.colour
        )


def _line_key(axes: Axes, names: Sequence[str]) -> None:
    """What the styles of lines mean, in grey, as hues tell the staleness."""
    for name in names:
        axes.plot([], [], color=style.MUTED, linestyle=_LOOKS[name].line, linewidth=0.9, label=_LOOKS[name].title)
    axes.plot([], [], color=style.MUTED, linestyle="", marker="o", markersize=3.4, label="worst case")
    handles, names_shown = axes.get_legend_handles_labels()
    axes.legend(handles, names_shown, loc="lower left", handlelength=2.2, fontsize=6.5)
