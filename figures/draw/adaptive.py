"""Delay-adaptive rules beside constant steps: curves on two fleets, and the seconds to the target for every rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.servers.rules.rules import RULES
from experiments.studies.adaptive import FLEETS, PRESCRIBED, RECORDED, TUNED, AdaptiveResult
from figures.style import style

Results = Sequence[AdaptiveResult]

_COLOURS = dict(
    zip(
        RULES,
        (
            style.INK,
            style.BLUE,
            style.VERMILLION,
            style.ORANGE,
            style.GREEN,
            style.PURPLE,
            style.SKY,
            style.DARK_VERMILLION,
        ),
        strict=True,
    )
)
_LINES = {name: style.LINE_STYLES[place % 2] for place, name in enumerate(RULES)}
_MARKS = dict(zip(FLEETS, "osD^", strict=True))
_FLEET_COLOURS = dict(zip(FLEETS, (style.BLUE, style.ORANGE, style.VERMILLION, style.PURPLE), strict=True))
SHORT = {
    "constant": "constant",
    "inverse-delay": "1/delay",
    "clipped": "clipped",
    "dropped": "dropped",
    "capped": "capped",
    "window-sum": "window sum",
    "ringmaster": "Ringmaster",
    "picky": "picky",
}


def adaptive_picture(results: Results) -> Figure:
    """Curves at the prescribed steps with the bounds, curves at the tuned steps, and seconds to the target.

    Recorded traces, whose seconds are of another size, are drawn where there are no others.
    """
    results = [result for result in results if result.cell.fleet in FLEETS] or results
    problems = list(dict.fromkeys(result.cell.problem for result in results))
    with style.style():
        drawn = style.figure(style.PAGE, 5.9)
        grid = drawn.add_gridspec(2, 6, height_ratios=(1.15, 1.0))
        left, right = drawn.add_subplot(grid[0, :3]), drawn.add_subplot(grid[0, 3:])
        curves(left, _shown(results, "one-slow"), PRESCRIBED, "arrivals")
        curves(right, _shown(results, "heavy"), TUNED, "seconds")
        span = 6 // max(1, min(3, len(problems)))
        lower: list[Axes] = []
        for place, problem in enumerate(problems[:3]):
            shared = lower[0] if lower else None
            lower.append(drawn.add_subplot(grid[1, place * span : (place + 1) * span], sharex=shared))
            times(lower[-1], [each for each in results if each.cell.problem == problem], _never(results), place == 0)
        _legends(drawn, results)
        return drawn


def _shown(results: Results, fleet: str) -> AdaptiveResult:
    """The result whose curves are drawn: a noisy objective without data on this fleet, or what is nearest to it."""
    return min(results, key=lambda r: (r.cell.fleet != fleet, not r.cell.problem.startswith("nonconvex"), r.cell.draw))


def curves(axes: Axes, result: AdaptiveResult, choice: str, over: str) -> Axes:
    """Draw the mean squared gradient of every rule with its band; at prescribed steps the bounds at the right.

    Args:
        axes: where to draw.
        result: a fleet and an objective; choice: "tuned" or "prescribed"; over: "arrivals" or "seconds".

    Returns:
        The same axes.
    """
    entries = [entry for entry in result.values["rules"] if entry["choice"] == choice]
    timed = entries and entries[0]["curve"]["seconds"][-1] is not None
    axis = over if timed else "arrivals"
    last = 1.0
    for entry in entries:
        colour, curve = _COLOURS[entry["rule"]], entry["curve"]
        x, middle, low, high = (np.array(curve[name], dtype=np.float64) for name in (axis, "mean", "low", "high"))
        axes.plot(x[1:], middle[1:], color=colour, linestyle=_LINES[entry["rule"]], linewidth=1.1)
        axes.fill_between(x[1:], low[1:], high[1:], color=colour, alpha=0.15, linewidth=0)
        last = max(last, float(x[-1]))
        if choice == PRESCRIBED:
            _bound_marks(axes, float(x[-1]), entry)
    about = result.values["about"]
    axes.axhline(about["target"], color=style.MUTED, linewidth=0.7, linestyle=style.LINE_STYLES[2])
    axes.annotate("target", (0.01, about["target"]), xycoords=("axes fraction", "data"), va="bottom", fontsize=6.0)
    style.log_axes(axes)
    axes.set_xlim(right=1.6 * last if choice == PRESCRIBED else None)
    axes.set_title(f"{choice} steps, {fleet_name(result.cell.fleet)}: {result.cell.problem.partition(':')[0]}")
    axes.set_xlabel("arrivals $j$" if axis == "arrivals" else "simulated seconds")
    axes.set_ylabel(r"mean $\|\nabla F(x)\|^2$")
    return axes


def _bound_marks(axes: Axes, x: float, entry: Mapping[str, Any]) -> None:
    bounds, colour = entry["bounds"], _COLOURS[entry["rule"]]
    if bounds["own"]["value"] is not None:
        axes.plot(1.15 * x, bounds["own"]["value"], marker="_", markersize=7, markeredgewidth=1.6, color=colour)
    values = [each["value"] for each in bounds["general"] if each["value"] is not None]
    if values:
        axes.plot(1.38 * x, min(values), marker="*", markersize=4.5, color=colour, markeredgewidth=0)


def times(axes: Axes, results: Results, never: float, names: bool = True) -> Axes:
    """Draw the seconds to the target, a row for each rule and a mark for each fleet: tuned full, prescribed open.

    Args:
        axes: where to draw.
        results: of one objective; never: where those stand that do not reach it; names: write the rules' names.

    Returns:
        The same axes.
    """
    rules, fleets = list(RULES), list(dict.fromkeys(result.cell.fleet for result in results))
    unit = _unit(results)
    for result in results:
        offset = (fleets.index(result.cell.fleet) - (len(fleets) - 1) / 2) * 0.75 / max(1, len(fleets))
        for entry in result.values["rules"]:
            _time_mark(axes, rules.index(entry["rule"]) + offset, result.cell.fleet, entry, entry[unit], never)
    for place in range(1, len(rules)):
        axes.axhline(place - 0.5, color=style.GRID, linewidth=0.5)
    style.log_axes(axes, y=False)
    axes.set_yticks(range(len(rules)), [SHORT[rule] for rule in rules] if names else [""] * len(rules))
    axes.set_ylim(len(rules) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    about = results[0].values["about"]
    axes.set_title(f"{results[0].cell.problem.partition(':')[0]}{', no noise' if about['exact'] else ''}")
    axes.set_xlabel(f"{unit} until mean $\\|\\nabla F\\|^2$ ≤ {style.number(about['target'])}")
    return axes


def _unit(results: Results) -> str:
    return "seconds" if all(_timed(result) for result in results) else "arrivals"


def _never(results: Results) -> float:
    """A place to the right of all times."""
    unit = _unit(results)
    ends = (entry[unit]["value"] for result in results for entry in result.values["rules"])
    return 2.0 * max((end for end in ends if end), default=1.0)


def _time_mark(
    axes: Axes, y: float, fleet: str, entry: Mapping[str, Any], time: Mapping[str, float | None], never: float
) -> None:
    tuned, colour = entry["choice"] == TUNED, _FLEET_COLOURS.get(fleet, style.INK)
    if time["value"] is None:
        axes.plot(never, y, marker=">", markersize=3.5, color=colour, markerfacecolor=colour if tuned else style.PAPER)
        return
    low, high = time["low"] or time["value"], time["high"] or never
    axes.plot((low, high), (y, y), color=colour, linewidth=0.8)
    face = colour if tuned else style.PAPER
    axes.plot(time["value"], y, marker=_MARKS.get(fleet, "o"), markersize=3.5, color=colour, markerfacecolor=face)


def _legends(drawn: Figure, results: Results) -> None:
    """The rules above all panels, the fleets and the marks below."""
    rules = [Line2D([], [], color=_COLOURS[n], linestyle=_LINES[n], linewidth=1.3, label=SHORT[n]) for n in RULES]
    dot: dict[str, Any] = {"linestyle": "", "markersize": 4}
    fleets = [
        Line2D([], [], marker=_MARKS.get(f, "o"), color=_FLEET_COLOURS.get(f, style.INK), label=fleet_name(f), **dot)
        for f in dict.fromkeys(result.cell.fleet for result in results)
    ]
    bounds = [
        Line2D([], [], marker="_", color=style.INK, label="own bound", **dot),
        Line2D([], [], marker="*", color=style.INK, label="Theorem A or A$^r$", **dot),
        Line2D([], [], marker=">", color=style.INK, label="not reached", **dot),
        Line2D([], [], marker="o", color=style.INK, markerfacecolor=style.PAPER, label="prescribed step", **dot),
    ]
    shared: dict[str, Any] = {"fontsize": 6.3, "handlelength": 1.8, "columnspacing": 1.1}
    drawn.legend(handles=rules, loc="outside upper center", ncols=8, **shared)
    drawn.legend(handles=[*fleets, *bounds], loc="outside lower center", ncols=4, **shared)


def fleet_name(fleet: str) -> str:
    """What a fleet is called."""
    known = {**FLEETS, **RECORDED}
    return known[fleet][0] if fleet in known else "recorded trace"


def _timed(result: AdaptiveResult) -> bool:
    return result.values["about"]["seconds"] is not None
