"""Beyond the study: the simulator's caches beside the one sequence of iterates that the theorems are about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.staleness.store import WorkerResult
from experiments.studies.staleness.study import chosen
from figures.draw.staleness_panels import caption, empty
from figures.style import labels, style

Runs = Sequence[WorkerResult]
_LINES = {"uniform": ("-", "caches"), "one-sequence": ((0, (1.2, 1.2)), "one sequence")}


def distance_picture(results: Runs) -> Figure:
    """A row for each objective, a column for each number of workers."""
    runs = chosen(results, "distance")
    problems = sorted({run.cell.workload for run in runs}, reverse=True)
    workers = sorted({run.cell.workers for run in runs})
    with style.style():
        drawn = style.figure(style.PAGE, 2.6 * max(1, len(problems)))
        panels = drawn.subplots(max(1, len(problems)), max(1, len(workers)), squeeze=False, sharey="row")
        for row, problem in zip(panels, problems, strict=False):
            for axes, count in zip(row, workers, strict=False):
                both(axes, [run for run in runs if (run.cell.workload, run.cell.workers) == (problem, count)])
        labels.legend(drawn, list(panels.flat), 3)
        return drawn


def both(axes: Axes, runs: Runs) -> Axes:
    """Mean squared gradient over batches: a colour for each extra delay, a line style for each model."""
    if not runs:
        return empty(axes)
    delays = sorted({run.cell.extra_delay for run in runs})
    colours = dict(zip(delays, (style.INK, style.BLUE, style.VERMILLION, style.GREEN), strict=False))
    for run in sorted(runs, key=lambda run: (run.cell.extra_delay, run.cell.delays)):
        line, name = _LINES[run.cell.delays]
        mean = np.array(run.values["curve"], dtype=np.float64).mean(axis=0)
        colour, label = colours[run.cell.extra_delay], f"{name}, $s' = {run.cell.extra_delay}$"
        axes.plot(run.values["curve_batches"], mean, color=colour, linestyle=line, label=label)
    style.log_axes(axes, x=False)
    name, workers = runs[0].cell.workload.partition(":")[2], runs[0].cell.workers
    axes.set_title(f"{name}, {workers} worker{'s' if workers > 1 else ''}")
    axes.set_xlabel("batches")
    axes.set_ylabel(r"mean $\|\nabla F\|^2$")
    return axes


def distance_caption(results: Runs) -> str:
    """What is seen."""
    text = (
        "Squared gradient with P caches and along one sequence of iterates that applies as many gradients of the same "
        "mean age, at the same step size."
    )
    return caption(text, chosen(results, "distance"), "Lines: means over seeds.")
