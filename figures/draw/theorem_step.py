"""Theorem 1's steps on networks: batches to the target by the size of the steps, the bounds, and the coherence met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.typing import LineStyleType

from experiments.studies.theorem_step.comparison import (
    StepComparison,
    arrived,
    comparisons,
    counted,
    smallest_coherence,
    start_square,
)
from experiments.studies.theorem_step.store import StepResult
from experiments.studies.theorem_step.study import HALVED, SUGGESTED
from figures.draw.staleness_panels import empty
from figures.style import style

RUNGS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "dai2019": ("Theorem 1, stated", style.DARK_VERMILLION, "^"),
        "dai2019-tight": ("its tight sum", style.VERMILLION, "v"),
        "theorem-a": ("Theorem A", style.BLUE, "s"),
    }
)


def theorem_step_picture(results: Sequence[StepResult]) -> Figure:
    """(a) batches to the target over the size of the steps; (b) bounds and measured; (c) coherence."""
    found = comparisons(results)
    depths = sorted({each.depth for each in found})
    middle = [each for each in found if each.depth == depths[len(depths) // 2]] if depths else []
    with style.style():
        drawn = style.figure(style.PAGE, 2.9)
        panels = drawn.subplots(1, 3)
        arrivals(panels[0], middle)
        bounds(panels[1], middle)
        coherences(panels[2], found)
        return drawn


def arrivals(axes: Axes, found: Sequence[StepComparison]) -> Axes:
    """Batches to the target over the mean step, in units of that of Theorem 1 with mu = 1: a line for each s."""
    there = [each for each in found if each.theorem(1.0) is not None]
    if not there:
        return empty(axes)
    colours = style.ordered_colours([each.staleness for each in there])
    for each in there:
        unit, colour = each.theorem(1.0).values["steps"][1], colours[each.staleness]  # type: ignore[union-attr]
        places = [result.values["steps"][1] / unit for result in each.multiples]
        axes.plot(places, [counted(r).mean() for r in each.multiples], color=colour, label=f"$s = {each.staleness}$")
        for place, result in zip(places, each.multiples, strict=True):
            _mark(axes, place, result, colour, "o", f"_$s = {each.staleness}$")
        others = ((each.tuned, "*", "tuned step"), (each.constant(SUGGESTED), "D", "Corollary 1's step"))
        for other, mark, name in others:
            if other is not None:
                _mark(axes, other.values["steps"][1] / unit, other, colour, mark, f"_{name}, $s = {each.staleness}$")
    style.log_axes(axes)
    axes.set_title(f"(a) {_model(found)}")
    axes.set_xlabel(r"mean step, over that of Theorem 1 ($\mu = 1$)")
    axes.set_ylabel("batches to the target")
    axes.legend(fontsize=6.0, loc="lower left")
    return axes


def _mark(axes: Axes, place: float, result: StepResult, colour: str, mark: str, name: str) -> None:
    """Full where all seeds arrived, hollow where some did, a cross at T in place of a dot where none did."""
    count = arrived(result)
    face = colour if count == result.cell.seeds else style.PAPER
    size = {"*": 7.5, "D": 3.6}.get(mark, 3.6)
    shape = "x" if mark == "o" and not count else mark
    axes.plot(place, counted(result).mean(), shape, color=colour, markerfacecolor=face, markersize=size, label=name)


def bounds(axes: Axes, found: Sequence[StepComparison]) -> Axes:
    """At Theorem 1's steps with mu = 1/2: the bounds and the least measured mean, over s."""
    there = [(each, result) for each in found if (result := each.theorem(0.5)) is not None]
    if not there:
        return empty(axes)
    places = [each.staleness for each, _ in there]
    for name, (label, colour, mark) in RUNGS.items():
        values = [_number(result.values["bounds"][name]) for _, result in there]
        axes.plot(places, values, color=colour, marker=mark, markersize=3.6, label=label)
    starts = [start_square(result) for _, result in there]
    axes.plot(places, starts, color=style.MUTED, linestyle=style.LINE_STYLES[1], label=r"$\|\nabla F(x_0)\|^2$")
    tuned = [(each, result) for each in found if (result := each.tuned) is not None]
    means = [*_measured(axes, there, style.INK, "measured"), *_measured(axes, tuned, style.GREEN, "tuned step", 1.06)]
    style.log_axes(axes)
    _stalenesses(axes, places)
    axes.set_title(r"(b) Theorem 1's steps, $\mu = 1/2$")
    axes.set_ylabel(r"least mean $\|\nabla F\|^2$")
    drawn = [value for line in axes.lines for value in np.asarray(line.get_ydata(), float) if value > 0]
    # Room for the legend; intervals may go down to 0.
    axes.set_ylim(min(means, default=min(drawn)) / 8, 100 * max(drawn))
    axes.legend(fontsize=5.5, loc="upper left", ncols=2, columnspacing=0.8)
    return axes


def _measured(
    axes: Axes, there: Sequence[tuple[StepComparison, StepResult]], colour: str, label: str, aside: float = 1.0
) -> list[float]:
    """Means with their intervals, a little aside so that two are told apart; the means that were drawn."""
    least = [(each.staleness, result.values["least"]) for each, result in there]
    whole = [(s, one) for s, one in least if one["mean"] is not None and one["high"] is not None]
    means = [one["mean"] for _, one in whole]
    if whole:
        spans = [[max(0.0, 0.999 * (m - o["low"])) for m, (_, o) in zip(means, whole, strict=True)]]
        spans += [[o["high"] - m for m, (_, o) in zip(means, whole, strict=True)]]
        axes.errorbar([aside * s for s, _ in whole], means, spans, color=colour, marker="o", markersize=3, label=label)
    return means


def coherences(axes: Axes, found: Sequence[StepComparison]) -> Axes:
    """The smallest mu_k over s, a line for each network and schedule, the deeper the thicker."""
    if not found:
        return empty(axes)
    depths = sorted({each.depth for each in found})
    looks: Mapping[str, tuple[str, LineStyleType, Callable[[StepComparison], StepResult | None]]] = {
        "$1/(2sL)$": (style.SKY, "-", lambda each: each.constant(HALVED)),
        "tuned step": (style.GREEN, "-", lambda each: each.tuned),
        "Theorem 1, $\\mu = 1$": (style.DARK_VERMILLION, style.LINE_STYLES[2], lambda each: each.theorem(1.0)),
    }
    for label, (colour, line, pick) in looks.items():
        for place, depth in enumerate(depths):
            chain = [(each.staleness, pick(each)) for each in found if each.depth == depth]
            points = [(s, smallest_coherence(result)) for s, result in chain if result is not None]
            name = label if place == 0 else f"_{label}, depth {depth}"
            points = [(s, mu) for s, mu in points if np.isfinite(mu)]
            width = 0.6 + 0.5 * place
            axes.plot(*np.array(points).reshape(-1, 2).T, color=colour, linestyle=line, linewidth=width, label=name)
    axes.axhline(0.5, color=style.INK, linestyle=style.LINE_STYLES[1], linewidth=0.7)
    axes.axhline(0.0, color=style.MUTED, linewidth=0.6)
    style.log_axes(axes, y=False)
    _stalenesses(axes, [each.staleness for each in found])
    axes.set_yscale("symlog", linthresh=1.0)
    axes.yaxis.set_major_locator(FixedLocator([-100, -10, -1, 0, 0.5, 1]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}".replace("-", "\N{MINUS SIGN}")))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(bottom=min(-1.2, 1.6 * axes.get_ylim()[0]), top=1.2)
    axes.set_title("(c) coherence, all networks")
    axes.set_ylabel(r"smallest $\mu_k$")
    axes.legend(fontsize=6.0, loc="lower left")
    return axes


def _stalenesses(axes: Axes, places: Sequence[int]) -> None:
    ticks = sorted(set(places))
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xlabel("staleness $s$ (delay $s - 1$)")


def _model(found: Sequence[StepComparison]) -> str:
    return network(found[0].workload) if found else ""


def network(workload: str) -> str:
    """The name of a workload, with its depth."""
    name, _, options = workload.partition(":")
    kept = [part.replace("=", " ") for part in options.split(",") if part.startswith("depth")]
    return ", ".join((name, *kept))


def _number(value: float | None) -> float:
    return np.nan if value is None else value
