"""The ladder: what was measured, and above it what can be proved, rung by rung, in two chains.

Without coherence: measured <= worst case <= each coherence-free theorem. With coherence: measured <= worst case with
coherence <= tight sum <= sum with the factor s <= Theorem 1 as stated. The hue tells the chain, the dashes tell the
rung. A rung below one that it should be above is a finding, and is ringed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.typing import LineStyleType

from experiments.check.verdict import Verdict
from figures.draw.rungs import Crossing, Rung, as_array, crossings, extent, ladder_notes, ladder_rungs, last
from figures.style import labels, style

QUANTITY = r"$\min_{k\leq T}\ \mathrm{\mathbb{E}}\,\|\nabla F(x_k)\|^2$"
# Fewer horizons than this are runs of their own, one for each T, and are drawn as points.
_FEW = 12
_SOLID = style.LINE_STYLES[0]
_LONG: LineStyleType = (0, (9, 2))


def ladder(verdict: Verdict, axes: Axes, *, notes: bool = True, names: bool = True) -> Axes:
    """Draw the ladder of one verdict.

    Args:
        verdict: a run that met its bounds, or runs at several T.
        axes: where to draw.
        notes: say under the axes which rungs are absent and why, and which points each covers.
        names: write the name of every rung at its right end.

    Returns:
        The same axes.
    """
    style.log_axes(axes)
    rungs = ladder_rungs(verdict)
    for rung in rungs:
        _draw_rung(verdict, rung, axes)
        if names and not rung.whole:
            name_inside(axes, rung, verdict.times)
    _frame(verdict, rungs, axes)
    draw_measured(verdict, axes, style.INK)
    for crossing in crossings(verdict, rungs):
        _ring(axes, crossing, names)
    if names:
        axes.set_xlabel("number of steps $T$")
        axes.set_ylabel(QUANTITY)
        labels.label_ends(axes, list(_labels(verdict, rungs)))
    if notes:
        labels.note(axes, ladder_notes(verdict))
    return axes


def ladder_grid(verdicts: Mapping[int, Verdict], panels: Sequence[Axes]) -> Sequence[Axes]:
    """The ladder at several stalenesses, side by side.

    Args:
        verdicts: staleness s -> verdict.
        panels: as many axes, which share their scales.

    Returns:
        The same axes.
    """
    for (staleness, verdict), axes in zip(sorted(verdicts.items()), panels, strict=True):
        ladder(verdict, axes, notes=False, names=False)
        axes.set_title(f"$s = {staleness}$")
        for text in sorted({_broken_text(verdict, rung) for rung in ladder_rungs(verdict) if rung.broken}):
            axes.text(
                0.98, 0.97, text, transform=axes.transAxes, fontsize=6.3, color=style.VERMILLION, ha="right", va="top"
            )
    _share(panels, list(verdicts.values()))
    return panels


def _draw_rung(verdict: Verdict, rung: Rung, axes: Axes) -> None:
    known = np.isfinite(rung.values)
    few = len(verdict.times) < _FEW or known.sum() < _FEW
    axes.plot(
        np.asarray(verdict.times)[known],
        rung.values[known],
        color=rung.colour,
        linestyle=_LONG if rung.broken and rung.line == _SOLID else rung.line,
        linewidth=1.5 if rung.strong else 1.0,
        alpha=0.45 if rung.broken else 1.0,
        marker="o" if few else "",
        markersize=2.6,
        label=rung.name,
    )


def name_inside(axes: Axes, rung: Rung, times: Sequence[int], text: str = "") -> None:
    """The name of a rung that ends before the last horizon, beside its end."""
    ending = times[int(np.flatnonzero(np.isfinite(rung.values))[-1])]
    axes.annotate(
        text or rung.name,
        (ending, rung.end),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=6.5,
        color=rung.colour,
    )


def draw_measured(verdict: Verdict, axes: Axes, colour: str) -> None:
    """The measured curve with its confidence band."""
    times, bottom = np.asarray(verdict.times), axes.get_ylim()[0]
    lower, upper = as_array(verdict.measured_lower), as_array(verdict.measured_upper)
    if len(times) < _FEW:
        axes.vlines(
            times, np.maximum(lower, bottom), upper, color=colour, linewidth=3.0, alpha=0.25, label="_nolegend_"
        )
    else:
        axes.fill_between(times, np.maximum(lower, bottom), upper, color=colour, alpha=0.16, linewidth=0)
    axes.plot(
        times,
        as_array(verdict.measured),
        color=colour,
        linewidth=1.6,
        marker="o" if len(times) < _FEW else "",
        markersize=2.6,
        label="measured",
    )


def _frame(verdict: Verdict, rungs: Sequence[Rung], axes: Axes) -> None:
    first, final = verdict.times[0], max(verdict.times[-1], verdict.times[0] + 1)
    room = 1.12 if len(verdict.times) < _FEW else 1.0  # points, unlike lines, need it
    low, high = extent(verdict, rungs)
    if 0 < low <= high:
        axes.set_ylim(low / 1.6, high * 1.6)
    else:
        axes.set_yscale("linear")  # nothing positive was measured or proved: a logarithm has nothing to show
    axes.set_xlim(first / room, final * room)


def _share(panels: Sequence[Axes], verdicts: Sequence[Verdict]) -> None:
    ends = [extent(verdict, ladder_rungs(verdict)) for verdict in verdicts]
    ends = [(low, high) for low, high in ends if low > 0]
    for axes in panels if ends else ():
        axes.set_ylim(min(low for low, _ in ends) / 1.6, max(high for _, high in ends) * 1.6)
        axes.label_outer()


def _labels(verdict: Verdict, rungs: Sequence[Rung]) -> Iterator[labels.Label]:
    measured = last(as_array(verdict.measured))
    yield labels.Label(measured, "measured", style.INK, bold=True)
    for rung in (rung for rung in rungs if rung.whole):
        times = f"  {style.factor(rung.end / measured)}×" if measured > 0 else ""
        yield labels.Label(rung.end, rung.name + times, rung.colour, bold=rung.strong, faint=bool(rung.broken))
    doubtful = [rung for rung in rungs if rung.broken and rung.whole]
    for text in dict.fromkeys(_broken_text(verdict, rung) for rung in doubtful):
        top = max(rung.end for rung in doubtful if _broken_text(verdict, rung) == text)
        yield labels.Label(top * 1.001, text, style.MUTED)


def _broken_text(verdict: Verdict, rung: Rung) -> str:
    """Which assumption broke, and where."""
    name = rung.broken[0]
    place = re.search(r"at (k = \d+)", verdict.findings.get(name, ""))
    return f"{name} broken" + (f" at {place[1]}" if place else "")


def _ring(axes: Axes, crossing: Crossing, named: bool) -> None:
    axes.plot(
        [crossing.time],
        [crossing.height],
        marker="o",
        markersize=9,
        markerfacecolor="none",
        markeredgecolor=style.INK,
        markeredgewidth=1.2,
    )
    if named:
        axes.annotate(
            f"{crossing.below} above {crossing.above}\nat T = {crossing.time}",
            (crossing.time, crossing.height),
            xytext=(8, 8),
            textcoords="offset points",
            fontsize=6.5,
            fontweight="bold",
        )
