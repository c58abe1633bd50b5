"""Figure 1 of the study: batches to an accuracy against staleness, by depth, with SGD and Adam."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.staleness.store import WorkerResult
from experiments.studies.staleness.study import chosen, depth_of
from figures.draw.staleness_panels import OPTIMIZERS, caption, curve, delays_of, depth_looks, empty, finish, legend
from figures.style import style

_PANELS = (("sgd", False), ("sgd", True), ("adam", False), ("adam", True))


def fig1_picture(results: Sequence[WorkerResult]) -> Figure:
    """Panels a-d: several workers, raw and normalised; e-f: one worker, normalised."""
    runs = chosen(results, "fig1")
    with style.style():
        drawn = style.figure(style.PAGE, 8.2)
        panels = drawn.subplots(3, 2)
        panels[1, 0].sharey(panels[0, 0])
        for axes in panels[:, 1]:
            axes.sharey(panels[2, 0])  # so that 8 workers can be compared with one
        for letter, (optimizer, normalised), axes in zip("abcd", _PANELS, panels[:2].flat, strict=True):
            many = [run for run in runs if run.cell.workers > 1 and run.cell.optimizer == optimizer]
            by_depth(axes, many, letter, normalised=normalised)
        for letter, optimizer, axes in zip("ef", ("sgd", "adam"), panels[2], strict=True):
            one = [run for run in runs if run.cell.workers == 1 and run.cell.optimizer == optimizer]
            by_depth(axes, one, letter, normalised=True)
        depths = sorted({depth_of(run.cell.workload) for run in runs})
        legend(drawn, list(depth_looks(depths).values()), "hidden layers")
        return drawn


def by_depth(axes: Axes, runs: Sequence[WorkerResult], letter: str, *, normalised: bool) -> Axes:
    """A curve for every depth."""
    if not runs:
        return empty(axes)
    depths = sorted({depth_of(run.cell.workload) for run in runs})
    for depth, look in depth_looks(depths).items():
        there = [run for run in runs if depth_of(run.cell.workload) == depth]
        curve(
            axes, there, replace(look, label=f"{depth} hidden layer{'s' if depth != 1 else ''}"), normalised=normalised
        )
    workers = runs[0].cell.workers
    title = f"({letter}) {OPTIMIZERS[runs[0].cell.optimizer]}, {workers} worker{'s' if workers > 1 else ''}"
    finish(axes, title, normalised=normalised, delays=delays_of(runs))
    return axes


def fig1_caption(results: Sequence[WorkerResult]) -> str:
    """What is seen."""
    runs = chosen(results, "fig1")
    level = max((run.cell.level or 0.0 for run in runs), default=0.0)
    text = (
        f"Batches of all workers together to {level:.0%} held-out accuracy against the largest extra delay: raw (a, c) "
        "and over each seed's own number without extra delay (b, d, e, f). No hidden layer is multinomial logistic "
        f"regression. Step sizes: {_steps(runs)}."
    )
    return caption(text, runs)


def _steps(runs: Sequence[WorkerResult]) -> str:
    """By optimiser and workers."""
    used = {(run.cell.optimizer, run.cell.workers): run.values["step_size"] for run in runs}
    return ", ".join(
        f"{OPTIMIZERS[optimizer]} {step:g} with {workers}" for (optimizer, workers), step in sorted(used.items())
    )
