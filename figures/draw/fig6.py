"""Figure 6 of the study: coherence by depth, and geometric delays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.staleness.claims.coherence import median_mu
from experiments.studies.staleness.store import WorkerResult
from experiments.studies.staleness.study import chosen, depth_of, mean_delay
from figures.draw.staleness_panels import OPTIMIZERS, caption, empty, point
from figures.style import style

Runs = Sequence[WorkerResult]
_COLOURS = {"sgd": style.BLUE, "adam": style.VERMILLION}


def fig6_picture(results: Runs) -> Figure:
    """(a) coherence by depth; (b) geometric beside uniform delays."""
    runs = chosen(results, "fig6")
    with style.style():
        drawn = style.figure(style.PAGE, 2.9)
        left, right = drawn.subplots(1, 2)
        coherence_by_depth(left, runs)
        delay_laws(right, runs)
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
    if not spread:
        return empty(axes)
    for optimizer, colour in _COLOURS.items():
        for workload, width in zip(spread, (1.0, 1.9), strict=False):
            there = [run for run in runs if (run.cell.workload, run.cell.optimizer) == (workload, optimizer)]
            for law, line in (("uniform", "-"), ("geometric", (0, (1.2, 1.2)))):
                chain = [run for run in there if run.cell.delays.startswith(law) or run.cell.extra_delay == 0]
                label = f"{OPTIMIZERS[optimizer]}, depth {depth_of(workload)}, {law}"
                chain.sort(key=mean_delay)
                means = [point(axes, mean_delay(run), run, colour, f"_{label}") for run in chain]
                places = [mean_delay(run) for run in chain]
                axes.plot(places, means, color=colour, linestyle=line, linewidth=width, label=label)
    style.log_axes(axes, x=False)
    axes.set_title("(b) geometric and uniform delays")
    axes.set_xlabel("mean of the extra delay")
    axes.set_ylabel("batches to the target")
    axes.set_ylim(top=8 * axes.get_ylim()[1])  # room for the legend
    axes.legend(fontsize=5.5, loc="upper left", ncols=2)
    return axes


def fig6_caption(results: Runs) -> str:
    """What is seen."""
    runs = chosen(results, "fig6")
    text = (
        "(a) Coherence mu_k over a window of 16 iterations, median along each run. (b) Geometric delays, cut off at "
        "eight means, beside uniform ones of the same mean. How well coherence predicts the slowdown is told by the "
        "claims."
    )
    return caption(text, runs, "Bars: one standard deviation over seeds.")
