"""Figure 2 of the study: five optimisers and 1, 8 and 16 workers, each at its fastest step size."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.staleness.store import WorkerResult
from experiments.studies.staleness.study import FRAGILE, chosen
from figures.draw.staleness_panels import OPTIMIZERS, Look, caption, curve, delays_of, empty, finish, legend
from figures.style import style

_COLOURS = {
    "sgd": style.BLUE,
    "adagrad": style.SKY,
    "momentum": style.DARK_VERMILLION,
    "adam": style.VERMILLION,
    "rmsprop": style.ORANGE,
}
# Those to which the study finds staleness to do more harm are broken lines, each in its own way.
_LINES = dict(zip(FRAGILE, style.LINE_STYLES[1:], strict=True))
LOOKS = {name: Look(OPTIMIZERS[name], colour, _LINES.get(name, "-")) for name, colour in _COLOURS.items()}


def fig2_picture(results: Sequence[WorkerResult]) -> Figure:
    """A column for each number of workers: raw above, normalised below."""
    runs = chosen(results, "fig2")
    workers = sorted({run.cell.workers for run in runs}) or [0]
    with style.style():
        drawn = style.figure(style.PAGE, 5.0)
        panels = drawn.subplots(2, len(workers), squeeze=False, sharey="row")
        for column, count in enumerate(workers):
            there = [run for run in runs if run.cell.workers == count]
            for row, normalised in enumerate((False, True)):
                by_optimizer(panels[row, column], there, normalised=normalised)
                panels[row, column].label_outer()
        legend(drawn, list(LOOKS.values()))
        return drawn


def by_optimizer(axes: Axes, runs: Sequence[WorkerResult], *, normalised: bool) -> Axes:
    """A curve for every optimiser."""
    if not runs:
        return empty(axes)
    for name, look in LOOKS.items():
        there = [run for run in runs if run.cell.optimizer == name]
        if there:
            curve(axes, there, look, normalised=normalised)
    workers = runs[0].cell.workers
    title = f"{workers} worker{'s' if workers > 1 else ''}"
    finish(axes, title, normalised=normalised, delays=delays_of(runs))
    return axes


def fig2_caption(results: Sequence[WorkerResult]) -> str:
    """What is seen, with the step sizes."""
    runs = [run for run in chosen(results, "fig2") if run.cell.extra_delay == 0]
    steps = "; ".join(
        f"{OPTIMIZERS[name]} "
        + ", ".join(
            f"{run.values['step_size']:g}"
            for run in sorted(runs, key=lambda run: run.cell.workers)
            if run.cell.optimizer == name
        )
        for name in LOOKS
    )
    workers = ", ".join(map(str, sorted({run.cell.workers for run in runs})))
    text = (
        f"Batches to {runs[0].cell.level or 0:.0%} held-out accuracy against the largest extra delay, raw (above) and "
        "over each seed's own number without extra delay (below). Every optimiser takes that one of three step sizes "
        f"with which it is the fastest without extra delay; with {workers} workers: {steps}."
        if runs
        else "No runs."
    )
    return caption(text, chosen(results, "fig2"))
