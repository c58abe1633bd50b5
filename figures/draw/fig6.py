"""Figure 6 of the study: coherence by depth, geometric delays; and beyond it, coherence under staleness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.staleness.claims.coherence import coherence_by_cell, median_mu
from experiments.studies.staleness.claims.slowdown import key_of, slowdowns
from experiments.studies.staleness.store import WorkerResult
from experiments.studies.staleness.study import chosen, depth_of, mean_delay
from figures.draw.staleness_panels import OPTIMIZERS, caption, empty, point
from figures.style import style

Runs = Sequence[WorkerResult]
_COLOURS = {"sgd": style.BLUE, "adam": style.VERMILLION}
_MARKS = {"sgd": "o", "adam": "s"}


def fig6_picture(results: Runs) -> Figure:
    """(a) coherence by depth; (b) geometric beside uniform delays; (c, d) coherence and slowdown."""
    runs = chosen(results, "fig6")
    with style.style():
        drawn = style.figure(style.PAGE, 5.4)
        panels = drawn.subplots(2, 2)
        coherence_by_depth(panels[0, 0], runs)
        delay_laws(panels[0, 1], runs)
        prediction(panels[1, 0], runs, under=True)
        prediction(panels[1, 1], runs, under=False)
        return drawn


def coherence_by_depth(axes: Axes, runs: Runs) -> Axes:
    """Median mu over depth, without extra delay and with the largest."""
    if not runs:
        return empty(axes)
    uniform = [run for run in runs if run.cell.delays == "uniform" and "mu" in run.values]
    largest = max(run.cell.extra_delay for run in uniform)
    for optimizer, colour in _COLOURS.items():
        for extra_delay, line in ((0, "-"), (largest // 4, (0, (5, 1.5)))):
            there = [run for run in uniform if (run.cell.optimizer, run.cell.extra_delay) == (optimizer, extra_delay)]
            there.sort(key=lambda run: depth_of(run.cell.workload))
            rows = [median_mu(run) for run in there]
            axes.errorbar(
                [depth_of(run.cell.workload) for run in there],
                [np.nanmean(row) for row in rows],
                [np.nanstd(row) for row in rows],
                color=colour,
                linestyle=line,
                marker="o",
                markersize=3,
                elinewidth=0.8,
                label=f"{OPTIMIZERS[optimizer]}, $s' = {extra_delay}$",
            )
    axes.axhline(0.0, color=style.MUTED, linewidth=0.6)
    axes.grid(which="major")
    axes.set_title("(a) coherence by depth")
    axes.set_xlabel("hidden layers")
    axes.set_ylabel(r"median coherence $\mu_k$")
    axes.legend()
    return axes


def delay_laws(axes: Axes, runs: Runs) -> Axes:
    """Batches to the target over the mean of the extra delay, uniform and geometric."""
    if not runs:
        return empty(axes)
    runs = [run for run in runs if run.cell.level is not None]
    spread = sorted({run.cell.workload for run in runs if run.cell.delays != "uniform"}, key=depth_of)
    for optimizer, colour in _COLOURS.items():
        for workload, width in zip(spread, (1.0, 1.9), strict=False):
            there = [run for run in runs if (run.cell.workload, run.cell.optimizer) == (workload, optimizer)]
            for law, line in (("uniform", "-"), ("geometric", (0, (1.2, 1.2)))):
                chain = [run for run in there if run.cell.delays.startswith(law) or run.cell.extra_delay == 0]
                label = f"{OPTIMIZERS[optimizer]}, depth {depth_of(workload)}, {law}"
                chain.sort(key=mean_delay)
                means = [point(axes, mean_delay(run), run, colour) for run in chain]
                places = [mean_delay(run) for run in chain]
                axes.plot(places, means, color=colour, linestyle=line, linewidth=width, label=label)
    style.log_axes(axes, x=False)
    axes.set_title("(b) geometric and uniform delays")
    axes.set_xlabel("mean of the extra delay")
    axes.set_ylabel("batches to the target")
    axes.set_ylim(top=8 * axes.get_ylim()[1])  # room for the legend
    axes.legend(fontsize=5.5, loc="upper left", ncols=2)
    return axes


def prediction(axes: Axes, runs: Runs, *, under: bool) -> Axes:
    """Slowdown against coherence, a mark for each cell: coherence in the same runs, or in those without delay."""
    if not runs:
        return empty(axes)
    mu = {cell: float(np.nanmean(values)) for cell, values in coherence_by_cell(runs).items()}
    calm = {key_of(cell): value for cell, value in mu.items() if cell.extra_delay == 0}
    found = slowdowns([run for run in runs if run.cell in mu])
    delays = sorted({each.extra_delay for each in found})
    colours = {delay: style.ORDERED[place + 1] for place, delay in enumerate(delays)}
    for each in found:
        level = mu[each.cell] if under else calm[key_of(each.cell)]
        colour = colours[each.extra_delay]
        face = "none" if each.beyond.any() else colour
        mark = _MARKS[each.cell.optimizer]
        axes.plot(level, 2 ** each.logs.mean(), mark, color=colour, markerfacecolor=face, markersize=3.6)
    for delay, colour in colours.items():
        axes.plot([], [], "o", color=colour, markersize=3.6, label=f"$s' = {delay}$")
    style.log_axes(axes, x=False)
    axes.set_title("(c) beyond the study: coherence under staleness" if under else "(d) coherence without extra delay")
    axes.set_xlabel(r"median $\mu_k$ of the same runs" if under else r"median $\mu_k$ at $s' = 0$")
    axes.set_ylabel("slowdown")
    axes.legend(ncols=2, fontsize=6.0)
    return axes


def fig6_caption(results: Runs) -> str:
    """What is seen."""
    runs = chosen(results, "fig6")
    text = (
        "(a) Coherence mu_k over a window of 16 iterations, median along each run. (b) Geometric delays, cut off at "
        "eight means, beside uniform ones of the same mean. (c, d) Slowdown of every cell of figure 1 with several "
        "workers against its coherence; circles are SGD, squares Adam, hollow where seeds never reached the target."
    )
    return caption(text, runs, "Bars: one standard deviation over seeds.")
