"""Gaia: what withholding saves in bytes and seconds, what waiting is for, and its regret beside what is proved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.claim import interval
from experiments.studies.systems.gaia.cells import LONG, SLOWER
from experiments.studies.systems.gaia.effects import (
    NEAR,
    Methods,
    Results,
    bounds_of,
    curves,
    regrets,
    target_of,
    task_name,
    to_target,
    trained,
)
from figures.style import style

COLUMNS = 3
#: Of each method its colour, its line, its width and its name.
LOOKS: Mapping[str, tuple[str, Any, float, str]] = {
    "local": (style.SKY, "-", 3.2, "full exchange, one building"),
    "full": (style.VERMILLION, "-", 1.3, "full exchange, between centres"),
    "gaia": (style.DARK_BLUE, (0, (5, 1.5)), 1.3, "Gaia, between centres"),
    "gaia-slow": (style.GREEN, (0, (1.2, 1.2)), 1.3, "Gaia, long delay"),
    "filter-slow": (style.ORANGE, (0, (5, 1.2, 1.2, 1.2)), 1.3, "filter alone, long delay"),
}


def gaia_picture(results: Results) -> Figure:
    """Above loss over time and what is saved, below what is withheld, what waiting is for, and regrets."""
    with style.style():
        tasks = trained(results)
        drawn = style.figure(style.PAGE, 4.4)
        grid = drawn.subplots(2, COLUMNS, squeeze=False)
        for axes, (task, methods) in zip(grid[0][:2], tasks.items(), strict=False):
            over_time(axes, methods).set_title(f"{task_name(task).capitalize()}: loss over time")
        for axes in grid[0][len(tasks) : 2]:
            axes.set_visible(False)
        saved(grid[0][2], tasks).set_title("Gaia to the same loss")
        withheld(grid[1][0], tasks).set_title("Insignificant changes")
        waiting(grid[1][1], tasks).set_title("Without barrier and clock")
        below_bound(grid[1][2], results).set_title("Regret: measured, proved")
        named = [axes.get_legend_handles_labels() for axes in (grid[0][0], grid[1][1])]
        handles, labels = ([each for part in parts for each in part] for parts in zip(*named, strict=True))
        drawn.legend(handles, labels, loc="outside upper center", ncols=3, handlelength=2.6)
        return drawn


def _legend(axes: Axes, **options: Any) -> None:
    """A legend, where anything was drawn."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(**options)


def _curve(axes: Axes, x: Any, values: Any, method: str) -> None:
    colour, line, width, label = LOOKS[method]
    axes.plot(x, values, color=colour, linestyle=line, linewidth=width, label=label)


def over_time(axes: Axes, methods: Methods) -> Axes:
    """The loss at the mean model over simulated seconds, medians over the seeds."""
    for method in ("local", "full", "gaia"):
        if method in methods:
            seconds = np.median(curves(methods[method], "seconds"), axis=0)
            _curve(axes, seconds[1:], np.median(curves(methods[method]), axis=0)[1:], method)
    axes.axhline(target_of(methods), color=style.MUTED, linewidth=0.7)
    style.log_axes(axes)
    axes.set_xlabel("simulated seconds")
    axes.set_ylabel("loss")
    return axes


def saved(axes: Axes, tasks: Mapping[str, Methods]) -> Axes:
    """Bytes and seconds to the target over those of full exchange between centres, and of full exchange at home."""
    axes.axhline(1, color=style.MUTED, linewidth=0.7)
    for place, methods in enumerate(tasks.values()):

        def over_full(method: str, quantity: str, methods: Methods = methods) -> Any:
            taken = (to_target(methods[name], target_of(methods), quantity) for name in (method, "full"))
            return np.log2(np.divide(*taken))

        for side, quantity, colour in ((-0.15, "bytes", style.BLUE), (0.15, "seconds", style.DARK_BLUE)):
            _bar(axes, place + side, over_full("gaia", quantity), colour, f"_{quantity}" if place else quantity)
        if "local" in methods:
            height = 2 ** over_full("local", "seconds").mean()
            axes.hlines(height, place - 0.32, place + 0.32, color=style.SKY, linewidth=2.2, label="_seconds at home")
    axes.set_xticks(range(len(tasks)), [task_name(task) for task in tasks])
    axes.set_ylim(0, 1.45)
    axes.set_ylabel("over full exchange")
    _legend(axes, loc="upper center", ncols=2, handlelength=1.0, columnspacing=1.0, fontsize=6.0)
    return axes


def _bar(axes: Axes, x: float, ratio: Any, colour: str, label: str) -> None:
    height, ends = 2 ** ratio.mean(), 2 ** np.array(interval(ratio))
    axes.bar(x, height, 0.26, color=colour, label=label)
    if np.isfinite(ends).all():
        axes.errorbar(
            x,
            height,
            np.abs(ends - height)[:, None],
            color=style.INK,
            elinewidth=0.8,
            label=f"_{label.removeprefix('_')}",
        )
    axes.annotate(f"{height:.2f}", (x, max(height, ends[1]) if np.isfinite(ends[1]) else height), (0, 2),
                  textcoords="offset points", ha="center", va="bottom", fontsize=6.0, color=style.INK)  # fmt: skip


def withheld(axes: Axes, tasks: Mapping[str, Methods]) -> Axes:
    """The share of changes that are small, at each threshold, and that were not sent at once."""
    methods = {"gaia-1": "1 %", "gaia": "2 %", "gaia-5": "5 %"}
    for place, (task, found) in enumerate(tasks.items()):
        there = [method for method in methods if method in found]
        colour = style.CATEGORIES[place]
        small = [100 * np.mean(found[method].values["small"]) for method in there]
        kept = [100 * np.mean(found[method].values["withheld"]) for method in there]
        x = [list(methods).index(method) for method in there]
        axes.plot(x, small, "-o", color=colour, markersize=3.6, label=f"{task_name(task)}, small")
        axes.plot(x, kept, ":s", color=colour, markersize=3.0, label="not sent at once")
    axes.axhline(95, color=style.MUTED, linewidth=0.7)
    axes.annotate(
        "95 %",
        (len(methods) - 0.8, 95),
        (0, 2),
        textcoords="offset points",
        ha="right",
        fontsize=6.0,
        color=style.MUTED,
    )
    axes.set_xticks(range(len(methods)), list(methods.values()))
    axes.set_xlim(-0.25, len(methods) - 0.75)
    axes.set_ylim(0, 150)
    axes.set_yticks(range(0, 101, 25))
    axes.set_xlabel("threshold")
    axes.set_ylabel("% of changes")
    _legend(axes, loc="upper left", ncols=2, fontsize=5.8, handlelength=1.8, columnspacing=0.8)
    return axes


def waiting(axes: Axes, tasks: Mapping[str, Methods]) -> Axes:
    """The loss under a long delay over that at the start, clock by clock, with and without waiting, by task."""
    for place, (task, found) in enumerate(tasks.items()):
        for method in ("gaia-slow", "filter-slow"):
            if method in found:
                median = np.median(curves(found[method]), axis=0)
                times = np.array(found[method].values["times"])
                colour, line, width, label = LOOKS[method]
                axes.plot(
                    100 * times / times[-1], median / median[0], color=colour, linestyle=line, linewidth=width,
                    alpha=1 if not place else 0.7, label=f"_{label}, {task_name(task)}" if place else label,
                )  # fmt: skip
                if method == "filter-slow":
                    axes.annotate(task_name(task), (100, median[-1] / median[0]), (-2, 3), textcoords="offset points",
                                  ha="right", va="bottom", fontsize=6.0, color=style.INK)  # fmt: skip
    style.log_axes(axes, x=False)
    axes.set_xlabel("% of the clocks")
    axes.set_ylabel("loss / at the start")
    return axes


def below_bound(axes: Axes, results: Results) -> Axes:
    """The mean regret of runs on convex tasks over T, and what is proved of each."""
    lines: dict[tuple[str, bool], list[Any]] = {}
    for run in regrets(results):
        lines.setdefault((run.cell.workload, run.cell.falling), []).append(run)
    for place, ((task, falling), runs) in enumerate(lines.items()):
        colour, x = style.CATEGORIES[place], [run.cell.steps for run in runs]
        label = f"{task_name(task)}, {'falling' if falling else 'constant'}"
        axes.plot(x, [np.mean(run.values["regret"]) for run in runs], "-o", color=colour, markersize=3.0, label=label)
        look: dict[str, Any] = {"color": colour, "markersize": 7, "linewidth": 0.8}
        axes.plot(x, [bounds_of(run).mean() for run in runs], "--_", **look, label=f"_{label}, proved")
    style.log_axes(axes)
    axes.set_xlabel("clocks T")
    axes.set_ylabel("mean regret")
    low, high = axes.get_ylim()
    axes.set_ylim(low / (high / low) ** 0.45, high)
    _legend(axes, loc="lower left", ncols=2, handlelength=1.2, columnspacing=0.8, fontsize=5.1)
    return axes


def gaia_caption(results: Results) -> str:
    """What is seen."""
    runs = regrets(results)
    most = max((np.max(run.values["printed"]) for run in runs), default=0.0)
    exceeded = (
        " The published step from withheld changes to the threshold v_t, as it is printed, is exceeded up to "
        f"{most:.3g} times on them: it lacks the sizes of gradient and parameter."
    )
    return (
        "4 centres of 2 workers; links between centres have a fifteenth of the local bandwidth on average, the slowest "
        "a sixtieth. Above: each method at the best step size of one grid, medians over seeds; the line is the target, "
        f"{NEAR:g} times the final loss of full exchange, and right are Gaia's bytes and simulated seconds to it, at "
        "2 %, over those of full exchange between centres, with 95 % intervals, and the seconds in one building. Below "
        "left: changes of a centre's clock that are insignificant by themselves, and changed coordinates that were not "
        f"sent at once; the line is what the paper tells of 1 %. Middle: links {SLOWER} times slower and {LONG:g} s a "
        "message. Right: dots are measured, dashes are what is proved for these runs." + (exceeded if most > 1 else "")
    )
