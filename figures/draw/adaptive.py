"""Delay-adaptive rules beside constant steps: the time to the target over that of the constant step, for every rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.servers.rules.rules import RULES
from experiments.studies.adaptive import FLEETS, PRESCRIBED, RECORDED, TUNED, AdaptiveResult
from figures.style import labels, style

Results = Sequence[AdaptiveResult]

_MARKS = dict(zip(FLEETS, "osD^", strict=True))
_FLEET_COLOURS = dict(zip(FLEETS, (style.BLUE, style.ORANGE, style.VERMILLION, style.PURPLE), strict=True))
_CONSTANT = "constant"
_TITLES = {TUNED: "every rule at a tuned step", PRESCRIBED: "every rule at the step of its theory"}
_GRID = 2**0.5  # between the steps that were tried: a ratio of tuned rules within it, squared, may be that of the grid
_EDGE = 2.2  # where those stand that arrive alone, or never, beyond all ratios
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
    """At tuned and at prescribed steps, how long each rule takes to the target, over what the constant step takes.

    Recorded traces are drawn where there are no others.
    """
    results = [result for result in results if result.cell.fleet in FLEETS] or results
    with style.style():
        drawn = style.figure(style.PAGE, 3.4)
        panels = drawn.subplots(1, 2, sharey=True)
        for choice, axes in zip((TUNED, PRESCRIBED), panels, strict=True):
            times(axes, results, choice)
        panels[0].axvspan(1 / _GRID**2, _GRID**2, color=style.GRID, alpha=0.6, linewidth=0)
        labels.legend(drawn, panels, 4)
        return drawn


def times(axes: Axes, results: Results, choice: str) -> Axes:
    """Draw time over the constant step's, a row for each rule and a mark for each objective, by fleet.

    Args:
        axes: where to draw.
        results: fleets and objectives; choice: "tuned" or "prescribed".

    Returns:
        The same axes; triangles at the edges are rules that arrive where the constant step never does, and that never
        arrive where it does. Where neither arrives there is no mark.
    """
    rules = [name for name in RULES if name != _CONSTANT]
    found = [(result, entry) for result in results for entry in result.values["rules"] if entry["choice"] == choice]
    ratios = [entry["against_constant"]["value"] for _, entry in found]
    known = [ratio for ratio in ratios if ratio]
    left, right = min([*known, 0.5]) / _EDGE, max([*known, 2.0]) * _EDGE
    for place, result in enumerate(results):
        offset = 0.8 * ((place + 0.5) / len(results) - 0.5)
        for entry in (entry for each, entry in found if each is result and entry["rule"] in rules):
            _mark(axes, result, entry, rules.index(entry["rule"]) + offset, (left, right))
    axes.axvline(1.0, color=style.INK, linewidth=0.8)
    for place in range(1, len(rules)):
        axes.axhline(place - 0.5, color=style.GRID, linewidth=0.5)
    style.log_axes(axes, y=False)
    axes.set_xlim(left / 1.3, 1.3 * right)
    axes.set_yticks(range(len(rules)), [SHORT[rule] for rule in rules])
    axes.set_ylim(len(rules) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_title(_TITLES[choice])
    axes.set_xlabel("time to the target, over the constant step's")
    return axes


def _mark(axes: Axes, result: AdaptiveResult, entry: Mapping[str, Any], y: float, edges: tuple[float, float]) -> None:
    fleet, against = result.cell.fleet, entry["against_constant"]
    arrives = entry["arrivals"]["value"] is not None
    if not arrives and against["value"] is not None:  # nor does the constant step
        return
    problem = result.cell.problem.partition(":")[0]
    look: dict[str, Any] = {"color": _FLEET_COLOURS.get(fleet, style.INK), "linestyle": "", "markersize": 3.6}
    if arrives and against["value"]:
        low, high = against["low"] or against["value"], against["high"] or edges[1]
        axes.plot((low, high), (y, y), color=look["color"], linewidth=0.8, label="_nolegend_")
        known: dict[str, Any] = {"marker": _MARKS.get(fleet, "o"), "label": _once(axes, fleet_name(fleet))}
        axes.plot(against["value"], y, **look, **known)
    elif arrives:
        axes.plot(edges[0], y, **look, marker="<", label=f"_{fleet_name(fleet)}, {problem}: it alone arrives")
    else:
        axes.plot(edges[1], y, **look, marker=">", label=f"_{fleet_name(fleet)}, {problem}: it never arrives")


def _once(axes: Axes, name: str) -> str:
    """The name, hidden from the legend where it stands there already."""
    return f"_{name}" if name in axes.get_legend_handles_labels()[1] else name


def fleet_name(fleet: str) -> str:
    """What a fleet is called."""
    known = {**FLEETS, **RECORDED}
    return known[fleet][0] if fleet in known else "recorded trace"
