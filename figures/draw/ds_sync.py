"""DS-Sync: the same steps as full synchronisation, the workers' own models, the seconds, and what is proved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.claim import interval
from experiments.studies.systems.ds_sync.cells import METHODS, NETWORKS
from experiments.studies.systems.ds_sync.effects import (
    CONSENSUS,
    Place,
    Results,
    bounded,
    clocks,
    logs,
    proved,
    short_name,
    trained,
)
from figures.style import style
from theory.bounds.group_averaging import GROUP_AVERAGING_BOUND

COLUMNS = 3
#: Of each method its colour, its line, its width and its name.
LOOKS: Mapping[str, tuple[str, Any, float, str]] = {
    "full": (style.SKY, "-", 3.2, "full synchronisation"),
    "grid": (style.DARK_BLUE, (0, (5, 1.5)), 1.3, "grid"),
    "random": (style.GREEN, (0, (1.2, 1.2)), 1.3, "random partitions"),
    "fixed": (style.VERMILLION, "-", 1.3, "fixed groups"),
    "stale": (style.ORANGE, (0, (5, 1.2, 1.2, 1.2)), 1.3, "stale server"),
}


def ds_sync_picture(results: Results) -> Figure:
    """Above the tasks of the most workers, below own models, seconds, and measured beside proved."""
    with style.style():
        tasks = {place: found for place, found in trained(results).items() if place[1] == _most(results)}
        drawn = style.figure(style.PAGE, 4.3)
        grid = drawn.subplots(2, COLUMNS, squeeze=False)
        for axes, (place, found) in zip(grid[0], tasks.items(), strict=False):
            curves(axes, found).set_title(f"Step by step: {short_name(place[0])}")
        for axes in grid[0][len(tasks) :]:
            axes.set_visible(False)
        own_models(grid[1][0], tasks).set_title("The workers' own models")
        seconds(grid[1][1], results).set_title("Simulated time of a step")
        below_bounds(grid[1][2], results).set_title("The grid: measured, proved")
        handles, labels = grid[0][0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper center", ncols=max(1, len(labels)), handlelength=2.6)
        return drawn


def _most(results: Results) -> int:
    """The largest number of workers among the tuned runs."""
    return max((place[1] for place in trained(results)), default=0)


def curves(axes: Axes, found: Mapping[str, Any]) -> Axes:
    """The quality of the mean of the replicas over the steps, the median over the seeds."""
    for method in METHODS:
        if method in found:
            values, (colour, line, width, label) = found[method].values, LOOKS[method]
            curve = np.array([[np.inf if each is None else each for each in row] for row in values["curves"]])
            share = np.array(values["times"]) / values["times"][-1] * found[method].cell.steps
            axes.plot(share, np.median(curve, axis=0), color=colour, linestyle=line, linewidth=width, label=label)
    style.log_axes(axes, x=False)
    network = not next(iter(found.values())).values["constants"]
    axes.set_xlabel("gradients of each worker")
    axes.set_ylabel("held-out loss" if network else r"$\|\nabla F(\bar x)\|^2$")
    return axes


def own_models(axes: Axes, tasks: Mapping[Place, Mapping[str, Any]]) -> Axes:
    """The final quality of the replicas over that of full synchronisation, with intervals over seeds."""
    axes.axhline(1, color=style.MUTED, linewidth=0.7)
    for place, found in enumerate(tasks.values()):
        for offset, method in enumerate(METHODS[1:]):
            if method not in found:
                continue
            ratio = logs(found[method], "own") - logs(found["full"], "own")
            _points(axes, place + 0.17 * (offset - 1.5), 2 ** ratio.mean(), 2 ** np.array(interval(ratio)), method)
    axes.set_xticks(range(len(tasks)), [short_name(place[0]) for place in tasks])
    style.log_axes(axes, x=False)
    axes.set_ylabel("final quality / full's")
    return axes


def _points(axes: Axes, x: float, middle: float, ends: Any, method: str) -> None:
    bars = np.abs(np.where(np.isfinite(ends) & (ends > 0), ends, middle)[:, None] - middle)
    axes.errorbar(
        x, middle, bars, fmt="o", markersize=3.6, elinewidth=0.9, color=LOOKS[method][0], label=f"_{LOOKS[method][3]}"
    )


def seconds(axes: Axes, results: Results) -> Axes:
    """Seconds over those of full synchronisation, on each network."""
    axes.axhline(1, color=style.MUTED, linewidth=0.7)
    for place, network in enumerate(NETWORKS):
        found = clocks(results, network)
        taken = found[max(found)] if found else {}
        for offset, method in enumerate(METHODS[1:]):
            if not {"full", method} <= set(taken):
                continue
            height = float(np.mean(taken[method]) / np.mean(taken["full"]))
            x = place + 0.19 * (offset - 1.5)
            axes.bar(x, height - 1, 0.17, bottom=1, color=LOOKS[method][0], label=f"_{LOOKS[method][3]}")
            axes.annotate(
                f"{height:.2f}", (x, height), (0, 2 if height > 1 else -2), textcoords="offset points", rotation=90,
                ha="center", va="bottom" if height > 1 else "top", fontsize=5.5, color=style.INK,
            )  # fmt: skip
    axes.set_xticks(range(len(NETWORKS)), NETWORKS)
    style.log_axes(axes, x=False)
    axes.set_ylabel("seconds / full's")
    axes.margins(y=0.22)
    return axes


def below_bounds(axes: Axes, results: Results) -> Axes:
    """What the grid's runs at given steps measure, and what is proved of them."""
    runs = bounded(results)
    pairs = ((GROUP_AVERAGING_BOUND, "average", style.BLUE), (CONSENSUS, "consensus", style.PURPLE))
    for bound, quantity, colour in pairs:
        values = np.array([np.mean(run.values[quantity]) for run in runs])
        limits = np.array([proved(bound, run) for run in runs])
        places = np.arange(len(runs)) + (0.15 if quantity == "consensus" else -0.15)
        axes.vlines(places, values, limits, color=colour, linewidth=0.7, alpha=0.5, label="_nolegend_")
        label = r"$\|\nabla F(\bar x)\|^2$" if quantity == "average" else r"$\|x_i-\bar x\|^2$"
        axes.plot(places, limits, "_", markersize=9, markeredgewidth=1.6, color=colour, label=f"_proved, {label}")
        axes.plot(places, values, "o", markersize=3.6, color=colour, label=label)
    names = [f"{short_name(run.cell.workload)}\n{run.values['step_size']:g}/L" for run in runs]
    axes.set_xticks(range(len(runs)), names, fontsize=5.0)
    style.log_axes(axes, x=False)
    axes.set_ylabel("mean along the run")
    axes.margins(x=0.12)
    low, high = axes.get_ylim()
    axes.set_ylim(low / (high / low) ** 0.2, high)
    axes.legend(loc="lower left", ncols=2, handlelength=0.8, columnspacing=1.2)
    return axes


def ds_sync_caption(results: Results) -> str:
    """What is seen."""
    fewer = sorted({place[1] for place in trained(results)})[:-1]
    return (
        f"{_most(results)} workers. Above: the mean of the replicas after as many gradients, each method at the best "
        "step size of one grid, medians over seeds. Below left: the final quality of the models that workers have, "
        "over that of full synchronisation, with 95 % intervals. Middle: simulated seconds for one gradient of every "
        "worker, over those of full synchronisation; even: all workers alike, stragglers: exponential compute times, "
        "latency: a small model and messages of a millisecond; the server has one link. Right: dots are measured under "
        "the grid at given steps, bars are what is proved for these steps."
        + (f" The verdicts rest on {', '.join(map(str, fewer))} workers as well." if fewer else "")
    )
