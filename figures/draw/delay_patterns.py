"""Which delay pattern is the worst: all traces of short runs, and a sawtooth over long ones, beside the constant delay.

Every ratio is the worst case of a trace divided by that of the constant delay; above 1 the constant delay is beaten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.worst_cases.delay_patterns import PatternCell, SawtoothCell
from experiments.studies.worst_cases.store import SolvedResult
from figures.style import labels, style
from theory.staleness.stability import adversarial_delay_limit, adversarial_period, fixed_delay_limit

_MARKERS = {"constant": "o", "decreasing": "v", "increasing": "^", "alternating": "D"}


def pattern_ratio(results: Iterable[SolvedResult], axes: Axes, staleness: int) -> Axes:
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
    drawn: list[tuple[SolvedResult, str]] = []
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


def sawtooth_ratio(results: Iterable[SolvedResult], axes: Axes) -> Axes:
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


def patterns_picture(results: Sequence[SolvedResult], *, width: float = style.PAGE) -> Figure:
    """The worst of all traces at two stalenesses, and the sawtooth over long runs: what there is of them."""
    with style.style():
        windows = sorted({_pattern(each).staleness for each in _patterns(results)})[:2]
        long_runs = any(isinstance(each.cell, SawtoothCell) for each in results)
        drawn = style.figure(width, 0.4 * width)
        panels = list(drawn.subplots(1, max(len(windows) + long_runs, 1), squeeze=False)[0])
        for staleness, axes in zip(windows, panels, strict=False):
            pattern_ratio(results, axes, staleness)
        if windows:
            _alike(panels[: len(windows)])
            labels.legend(drawn, panels[: len(windows)])
        if long_runs:
            sawtooth_ratio(results, panels[-1])
            panels[-1].set_ylabel("sawtooth / constant delay")
            panels[-1].legend(loc="upper left", handlelength=1.6)
        return drawn


def _alike(panels: Sequence[Axes]) -> None:
    """One scale for all, that of the highest, and its name at the first."""
    highest = max((axes.get_ylim() for axes in panels), key=lambda limits: float(limits[1]))
    for axes in panels:
        axes.set_ylim(highest)
    panels[0].set_ylabel("worst trace / constant delay")


def _patterns(results: Iterable[SolvedResult]) -> list[SolvedResult]:
    """Those of the minimum without noise and coherence."""
    found = [each for each in results if isinstance(each.cell, PatternCell)]
    return [
        each
        for each in found
        if _pattern(each).variance == 0 and _pattern(each).coherence is None and _pattern(each).measure == "min"
    ]


def _pattern(result: SolvedResult) -> PatternCell:
    assert isinstance(result.cell, PatternCell)
    return result.cell


def _sawtooth(result: SolvedResult) -> SawtoothCell:
    assert isinstance(result.cell, SawtoothCell)
    return result.cell


def _ratio_axes(axes: Axes) -> None:
    axes.axhline(1.0, color=style.INK, linewidth=0.8)
    axes.grid(which="major")


def _draw_trace(axes: Axes, result: SolvedResult, colour: str) -> None:
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
    axes.axvline(limit, color=style.VERMILLION, linewidth=0.9, linestyle=style.LINE_STYLES[1])
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
