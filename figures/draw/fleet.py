"""FLeet: what weights of stale gradients leave once steps are tuned; late labels, sizes for devices, drift, a bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType

from experiments.studies.systems.fleet.bounded import BoundCell
from experiments.studies.systems.fleet.effects import STALE_LAWS, Results, reached
from experiments.studies.systems.fleet.profiling import SHARES, ProfilerCell
from experiments.studies.systems.fleet.streaming import OnlineCell
from experiments.studies.systems.fleet.training import StepsCell, TailCell, chosen
from experiments.systems.fleet.methods import METHODS
from experiments.systems.fleet.online import DAY
from experiments.systems.fleet.profiler import OBJECTIVES
from figures.draw.staleness_panels import empty
from figures.style import style

_COLOURS: Mapping[str, str] = {
    "synchronous": style.INK,
    "adasgd": style.VERMILLION,
    "exponential": style.ORANGE,
    "inverse": style.BLUE,
    "averaging": style.GREEN,
}
_MARKS = dict(zip(_COLOURS, "osD^v", strict=True))
#: Servers with a long tail: the colour of the server that each is most like.
_TAILS = {"boosted": "adasgd", "saturated": "exponential", "inverse": "inverse", "averaging": "averaging"}
_PROFILERS = {
    "i-prof": ("I-Prof", style.VERMILLION),
    "least-squares": ("least squares", style.ORANGE),
    "global": ("one regression", style.BLUE),
}
_LINES: Mapping[str, LineStyleType] = dict(zip(OBJECTIVES, style.LINE_STYLES, strict=False))


def fleet_picture(results: Results) -> Figure:
    """Updates over the step under both laws; a late class; distances to a limit; F1 by the hour; the bound."""
    with style.style():
        drawn = style.figure(style.PAGE, 4.9)
        panels = drawn.subplots(2, 3)
        for axes, law in zip(panels[0], STALE_LAWS, strict=False):
            updates_over_steps(axes, results, law)
        panels[0, 1].set_ylabel("")
        late_class(panels[0, 2], _of(results, TailCell))
        distances(panels[1, 0], _of(results, ProfilerCell))
        stream(panels[1, 1], _of(results, OnlineCell))
        slack(panels[1, 2], _of(results, BoundCell))
        handles, labels = panels[0, 0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper center", ncols=len(labels))
        return drawn


def updates_over_steps(axes: Axes, results: Results, law: str) -> Axes:
    """Geometric mean of the updates to the accuracy over the step; the best step, chosen by other seeds, is filled."""
    cells = {(each.cell.method, each.cell.law): each.cell for each in _of(results, StepsCell)}
    there = [(name, "none" if METHODS[name].waits else law) for name in METHODS]
    there = [each for each in there if each in cells]
    if not there:
        return empty(axes)
    for name, under in there:
        found, colour = reached(results, name, under), _COLOURS[name]
        means = 2 ** found.logs.mean(axis=1)
        some = found.kept.any(axis=1)
        mark: dict[str, Any] = {"color": colour, "marker": _MARKS[name], "markersize": 3.2}
        axes.plot(found.steps[some], means[some], **mark, markerfacecolor=style.PAPER, label=METHODS[name].title)
        best = f"_{METHODS[name].title}, best step"
        axes.plot(found.steps[found.best], means[found.best], **mark, linestyle="", zorder=3, label=best)
    style.log_axes(axes, y=False)
    axes.set_xticks(found.steps[::4])
    axes.set_ylim(0, cells[there[0]].updates)
    axes.set_title(f"Staleness {law}")
    axes.set_xlabel(r"step $\gamma$")
    axes.set_ylabel(f"updates to {cells[there[0]].target:.0%}")
    return axes


def late_class(axes: Axes, results: Results) -> Axes:
    """The accuracy on the class in the long tail, each server at the step of its best accuracy on all rows."""
    if not results:
        return empty(axes)
    for result in results:
        values, name = result.values, result.cell.method
        best = chosen(np.array(values["overall"]["tuning"]), np.argmax)
        colour = _COLOURS[_TAILS[name]]
        axes.plot(values["updates"], values["curves"][best], color=colour, linewidth=1.1, label=f"_{name}")
    axes.set_ylim(0, 1)
    axes.grid()
    axes.set_title("Class 0 four ranges late")
    axes.set_xlabel("updates")
    axes.set_ylabel("accuracy on class 0")
    return axes


def distances(axes: Axes, results: Results) -> Axes:
    """How far tasks are from their limit, as a share of it, by the share of tasks that are no further."""
    if not results:
        return empty(axes)
    for result in results:
        limit = OBJECTIVES[result.cell.objective].limit
        for name, (title, colour) in _PROFILERS.items():
            apart = np.array(result.values["distances"][name]) / limit
            label = title if result is results[0] else f"_{title}, {result.cell.objective}"
            line = _LINES[result.cell.objective]
            axes.plot(apart[:-1], SHARES[:-1], color=colour, linestyle=line, linewidth=1.1, label=label)
        axes.plot([], [], color=style.MUTED, linestyle=_LINES[result.cell.objective], label=result.cell.objective)
    style.log_axes(axes, y=False)
    axes.axhline(0.9, color=style.MUTED, linewidth=0.7)
    axes.set_ylim(0, 1)
    axes.legend(fontsize=6.3, loc="lower right", handlelength=1.6, labelspacing=0.25, borderaxespad=0.1)
    axes.set_title("Sizes for devices")
    axes.set_xlabel("distance to the limit / limit")
    axes.set_ylabel("share of tasks within it")
    return axes


def stream(axes: Axes, results: Results) -> Axes:
    """F1 of five hashtags in every hour, online and daily, each at its best step."""
    if not results:
        return empty(axes)
    values = results[0].values
    for name, colour, side in (("online", style.VERMILLION, "bottom"), ("daily", style.BLUE, "top")):
        curve = values[name]["curves"][chosen(np.array(values[name]["tuning"]), np.argmax)]
        days = np.arange(1, len(curve) + 1) / DAY
        axes.plot(days, curve, color=colour, linewidth=0.9, label=f"_{name}")
        place = max(curve[-DAY:]) if side == "bottom" else min(curve[-DAY:])
        axes.annotate(name, (0.98, place), xycoords=("axes fraction", "data"), color=colour, ha="right", va=side)
    axes.set_ylim(bottom=0)
    axes.grid()
    axes.set_title("A stream that drifts")
    axes.set_xlabel("days")
    axes.set_ylabel("F1 of five hashtags")
    return axes


def slack(axes: Axes, results: Results) -> Axes:
    """How many times the bound is what was measured, by rule, law and step."""
    if not results:
        return empty(axes)
    for result in results:
        measured = np.array(result.values["measured"], dtype=np.float64)
        times = np.array(result.values["bounds"])[:, None] / measured
        line = style.LINE_STYLES[STALE_LAWS.index(result.cell.law)]
        name = result.cell.rule
        axes.plot(
            result.values["steps"],
            times.min(axis=1),
            color=_COLOURS[name],
            marker=_MARKS[name],
            markersize=3.2,
            linestyle=line,
            label=f"_{name}, {result.cell.law}",
        )
    for law, line in zip(STALE_LAWS, style.LINE_STYLES, strict=False):
        axes.plot([], [], color=style.MUTED, linestyle=line, label=law)
    axes.axhline(1, color=style.INK, linewidth=0.8)
    style.log_axes(axes)
    axes.legend(fontsize=6.3, loc="upper left", handlelength=1.8)
    axes.set_title("Bound over measured mean")
    axes.set_xlabel(r"step $\gamma$")
    axes.set_ylabel("times, smallest of the seeds")
    return axes


def fleet_caption(results: Results) -> str:
    """What is seen."""
    steps = _of(results, StepsCell)
    seeds = f" Means over {steps[0].cell.seeds} seeds." if steps else ""
    return (
        "Above: updates until an accuracy of 90 % is kept, over the step, for digits spread over ten clients with two "
        "shards of labels each; open marks are all steps, the filled one is chosen by other seeds. Weights move a "
        "server's curve to larger steps; how low it comes is what tuning leaves. Where a line ends no seed got there "
        "any more. Right: accuracy on class 0, whose gradients come four ranges late; weights saturate, as in the "
        "released code. Below: the distance of tasks to 3 s and to 0.075 % of the battery on simulated phones (the "
        "grey line is nine in ten); quality by the hour where hashtags come and go; and the bound on weighted delays "
        f"over the weighted mean of squared gradients, for three rules.{seeds}"
    )


def _of(results: Results, kind: type[Any]) -> Sequence[Any]:
    return [each for each in results if isinstance(each.cell, kind)]
