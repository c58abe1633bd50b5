"""How the worst case grows with the steps and the staleness beside the theorems, and which delay pattern is the worst.

The hue tells the staleness where lines go over T, and the theorem where they go over s; points are worst cases that
were solved, lines are theorems. Slopes are fitted to the points that are drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType
from numpy.typing import ArrayLike, NDArray

from experiments.studies.worst_case import GrowthCell, PatternCell, SawtoothCell
from experiments.studies.worst_case_results import Result
from figures import labels, style
from theory.general_bound import local_exponent
from theory.stability import adversarial_delay_limit, adversarial_period, fixed_delay_limit

Values = NDArray[np.float64]

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
_MARKERS = {"constant": "o", "decreasing": "v", "increasing": "^", "alternating": "D"}


def growth_over_steps(results: Iterable[Result], schedule: str, axes: Axes) -> Axes:
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
            axes.plot(times, _bound(rows, name), color=colour, linestyle=_LOOKS[name].line, linewidth=0.9)
        values = [each.values["value"] for each in rows]
        axes.plot(times, values, color=colour, linestyle="", marker="o", markersize=3.4, label=f"$s = {staleness}$")
        starts.append(labels.Label(values[0], f"$s = {staleness}$", colour))
        _write(axes, (times[-1], values[-1]), slope(times, values, "T"), colour)
    axes.set_xlabel("number of steps $T$")
    axes.set_ylabel(QUANTITY)
    axes.set_title(SCHEDULES[schedule])
    axes.set_xlim(left=4.5)
    _name_starts(axes, starts)
    _line_key(axes, _OVER_STEPS[schedule])
    return axes


def growth_over_staleness(results: Iterable[Result], schedule: str, axes: Axes, steps: int | None = None) -> Axes:
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
            axes.plot(windows, bound, color=look.colour, linestyle=look.line, linewidth=1.0)
            ends.append(labels.Label(_last(bound), f"{look.title}, {slope(windows, bound)}", look.colour))
    axes.plot(windows, values, color=style.INK, linestyle="", marker="o", markersize=3.8)
    ends.append(labels.Label(float(values[-1]), f"worst case, {slope(windows, values)}", style.INK, bold=True))
    axes.set_xticks(windows, [f"{window:g}" for window in windows])
    axes.set_xlabel("staleness $s$")
    axes.set_title(f"$T = {horizon}$")
    labels.label_ends(axes, ends, size=6.5)
    return axes


def slope(at: ArrayLike, values: ArrayLike, name: str = "s") -> str:
    """The exponent of a line, fitted from s = 2 on (at s = 1 nothing is late), or to the second half of a grid of T.

    >>> slope([1, 2, 4], [1.0, 3.0, 6.0])
    '$s^{1.00}$'
    """
    x, y = np.asarray(at, dtype=np.float64), np.asarray(values, dtype=np.float64)
    kept = x >= 2 if name == "s" else x >= np.sqrt(x[0] * x[-1])
    return f"${name}^{{{local_exponent(x[kept], y[kept]):.2f}}}$"


def common_steps(results: Sequence[Result]) -> int:
    """The largest T at which every staleness has a result."""
    horizons: dict[int, set[int]] = {}
    for each in results:
        horizons.setdefault(_cell(each).staleness, set()).add(_cell(each).steps)
    return max(set.intersection(*horizons.values()))


def pattern_ratio(results: Iterable[Result], axes: Axes, staleness: int) -> Axes:
    """Draw worst trace / constant delay against the size of the steps, one marker for each family of steps.

    Args:
        results: of pattern cells without noise, coherence and mean; others are left out.
        axes: where to draw.
        staleness: s.

    Returns:
        The same axes; the winning trace is drawn above the largest ratio where it is not the constant delay.
    """
    chosen = [each for each in _patterns(results) if _pattern(each).staleness == staleness]
    _ratio_axes(axes)
    drawn: list[tuple[Result, str]] = []
    for (family, marker), colour in zip(_MARKERS.items(), style.CATEGORIES, strict=False):
        rows = sorted(
            (each for each in chosen if _pattern(each).family == family), key=lambda each: _pattern(each).fraction
        )
        at, ratios = [_pattern(each).fraction for each in rows], [each.values["ratio"] for each in rows]
        axes.plot(
            at, ratios, color=colour, marker=marker, markersize=4, mfc="none", linewidth=0.9, label=f"{family} steps"
        )
        worst = max(rows, key=lambda each: float(each.values["ratio"]), default=None)
        if worst is not None and worst.values["ratio"] > 1.002:
            drawn.append((worst, colour))
    top = max((float(each.values["ratio"]) for each in chosen), default=1.0)
    axes.set_ylim(1 - 0.06 * max(top - 1, 0.05), top + 0.2 * max(top - 1, 0.05))
    for worst, colour in drawn:  # when the limits of the axes are known
        _draw_trace(axes, worst, colour)
    steps = max((_pattern(each).steps for each in chosen), default=0)
    axes.set_title(f"all traces, $s = {staleness}$, $T = {steps}$")
    axes.set_xlabel("mean step / fixed-delay limit")
    return axes


def sawtooth_ratio(results: Iterable[Result], axes: Axes) -> Axes:
    """Draw the adversary's sawtooth / constant delay against a constant step, one line for each T.

    Args:
        results: of sawtooth cells of one staleness and period; others are left out.
        axes: where to draw.

    Returns:
        The same axes, with the stability limit of the sawtooth marked.
    """
    chosen = [each for each in results if isinstance(each.cell, SawtoothCell)]
    _ratio_axes(axes)
    lengths = sorted({_sawtooth(each).steps for each in chosen})
    for steps, colour in zip(lengths, (style.SKY, style.BLUE, style.DARK_BLUE), strict=False):
        rows = sorted(
            (each for each in chosen if _sawtooth(each).steps == steps), key=lambda each: _sawtooth(each).fraction
        )
        axes.plot(
            [_sawtooth(each).fraction for each in rows],
            [each.values["ratio"] for each in rows],
            color=colour,
            marker="o",
            markersize=3.2,
            linewidth=0.9,
            label=f"$T = {steps}$",
        )
    if chosen:
        _mark_limit(axes, _sawtooth(chosen[0]))
    axes.set_xlabel("step / fixed-delay limit")
    return axes


def growth_picture(results: Sequence[Result], *, width: float = style.PAGE) -> Figure:
    """Both schedules: over T on the left, over s on the right."""
    with style.style():
        drawn = style.figure(width, 0.74 * width)
        panels = drawn.subplots(2, 2, width_ratios=(1.3, 1.0))
        for (left, right), schedule in zip(panels, SCHEDULES, strict=True):
            growth_over_steps(results, schedule, left)
            growth_over_staleness(results, schedule, right)
        return drawn


def patterns_picture(results: Sequence[Result], *, width: float = style.PAGE) -> Figure:
    """The worst of all traces at two stalenesses, and the sawtooth over long runs."""
    with style.style():
        windows = sorted({_pattern(each).staleness for each in _patterns(results)})[:2]
        drawn = style.figure(width, 0.4 * width)
        panels = drawn.subplots(1, len(windows) + 1)
        for staleness, axes in zip(windows, panels, strict=False):
            pattern_ratio(results, axes, staleness)
        sawtooth_ratio(results, panels[-1])
        highest = max((axes.get_ylim() for axes in panels[:-1]), key=lambda limits: float(limits[1]))
        for axes in panels[:-1]:
            axes.set_ylim(highest)
        panels[0].set_ylabel("worst trace / constant delay")
        panels[-1].set_ylabel("sawtooth / constant delay")
        panels[-1].legend(loc="upper left", handlelength=1.6)
        labels.legend(drawn, panels[: len(windows)])
        return drawn


def _growth(results: Iterable[Result], schedule: str) -> list[Result]:
    return [each for each in results if isinstance(each.cell, GrowthCell) and each.cell.schedule == schedule]


def _patterns(results: Iterable[Result]) -> list[Result]:
    """Those of the minimum without noise and coherence."""
    found = [each for each in results if isinstance(each.cell, PatternCell)]
    return [
        each
        for each in found
        if _pattern(each).variance == 0 and _pattern(each).coherence is None and _pattern(each).measure == "min"
    ]


def _cell(result: Result) -> GrowthCell:
    assert isinstance(result.cell, GrowthCell)
    return result.cell


def _pattern(result: Result) -> PatternCell:
    assert isinstance(result.cell, PatternCell)
    return result.cell


def _sawtooth(result: Result) -> SawtoothCell:
    assert isinstance(result.cell, SawtoothCell)
    return result.cell


def _bound(rows: Sequence[Result], name: str) -> Values:
    return np.array([each.values["bounds"].get(name, np.nan) for each in rows], dtype=np.float64)


def _last(values: Values) -> float:
    return float(values[np.isfinite(values)][-1])


def _write(axes: Axes, point: tuple[float, float], text: str, colour: str) -> None:
    """A word to the right of a point."""
    ground = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.6, "alpha": 0.8}
    axes.annotate(text, point, (5, 0), textcoords="offset points", va="center", fontsize=6.5, color=colour, bbox=ground)


def _name_starts(axes: Axes, names: Sequence[labels.Label]) -> None:
    """Names to the left of the first points, apart from one another."""
    shown = sorted(names, key=lambda name: name.end)
    scale = axes.transScale + axes.transLimits
    heights = [float(scale.transform((axes.get_xlim()[0], name.end))[1]) for name in shown]
    for name, height in zip(shown, labels.spread(heights, 0.055), strict=True):
        axes.text(
            0.135, height, name.text, transform=axes.transAxes, ha="right", va="center", fontsize=6.5, color=name.colour
        )


def _line_key(axes: Axes, names: Sequence[str]) -> None:
    """What the styles of lines mean, in grey, as hues tell the staleness."""
    for name in names:
        axes.plot([], [], color=style.MUTED, linestyle=_LOOKS[name].line, linewidth=0.9, label=_LOOKS[name].title)
    axes.plot([], [], color=style.MUTED, linestyle="", marker="o", markersize=3.4, label="worst case")
    handles, names_shown = axes.get_legend_handles_labels()
    kept = [(h, n) for h, n in zip(handles, names_shown, strict=True) if not n.startswith("$s")]
    axes.legend([h for h, _ in kept], [n for _, n in kept], loc="lower left", handlelength=2.2, fontsize=6.5)


def _ratio_axes(axes: Axes) -> None:
    axes.axhline(1.0, color=style.INK, linewidth=0.8)
    axes.grid(which="major")


def _draw_trace(axes: Axes, result: Result, colour: str) -> None:
    """The winning delays as a small staircase beside its point."""
    delays = np.array(result.values["delays"])
    point = (_pattern(result).fraction, float(result.values["ratio"]))
    x, y = axes.transAxes.inverted().transform(axes.transData.transform(point))
    wide, high = 0.24, 0.09
    left = x - wide - 0.04 if x > 0.5 else x + 0.04
    small = axes.inset_axes((left, min(max(y - high / 2, 0.12), 0.84), wide, high))
    small.stairs(delays, color=colour, linewidth=1.0, baseline=0, fill=False)
    small.fill_between(np.arange(len(delays) + 1), np.append(delays, delays[-1]), step="post", color=colour, alpha=0.2)
    small.set_axis_off()
    small.set_ylim(-0.2, max(int(delays.max()), 1) + 0.2)
    small.set_title("$d_k$: " + "".join(str(int(d)) for d in delays), fontsize=5.8, color=colour, pad=1.0, loc="center")


def _mark_limit(axes: Axes, cell: SawtoothCell) -> None:
    maximum = cell.staleness - 1
    limit = adversarial_delay_limit(maximum) / fixed_delay_limit(maximum)
    axes.axvline(limit, color=style.VERMILLION, linewidth=0.9, linestyle=_DASHED)
    axes.set_title(
        f"$d_k = \\min(k\\ \\mathrm{{mod}}\\ {adversarial_period(maximum)}, {maximum})$, $s = {cell.staleness}$"
    )
    axes.annotate(
        "stability limit\nof the sawtooth",
        (limit, 0.68),
        xycoords=("data", "axes fraction"),
        xytext=(-3, 0),
        textcoords="offset points",
        ha="right",
        fontsize=6.3,
        color=style.VERMILLION,
    )
