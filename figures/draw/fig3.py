"""Figure 3 of the study: matrix factorisation, variational autoencoders and topic models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.staleness.store import WorkerResult
from experiments.studies.staleness.study import chosen, depth_of
from figures.draw.staleness_panels import MARKS, OPTIMIZERS, Look, caption, curve, delays_of, depth_looks, empty, finish
from figures.style import style

Runs = Sequence[WorkerResult]


def fig3_picture(results: Runs) -> Figure:
    """Rows: (a) factorisation, raw and normalised; (b) autoencoders; from (c) on topics, few workers and many."""
    runs = chosen(results, "fig3")
    models = sorted({run.cell.workload for run in _kind(runs, "lda")}, key=_topics)
    with style.style():
        rows = 2 + max(1, len(models))
        drawn = style.figure(style.PAGE, 2.5 * rows)
        panels = drawn.subplots(rows, 2)
        for axes, normalised in zip(panels[0], (False, True), strict=True):
            by_workers(axes, _kind(runs, "matrix-factorization"), f"a{1 + normalised}", normalised=normalised)
        for letter, axes, optimizer in zip(("b1", "b2"), panels[1], ("sgd", "adam"), strict=True):
            autoencoders(axes, [run for run in _kind(runs, "vae") if run.cell.optimizer == optimizer], letter)
        for letter, model, row in zip("cdefgh", models or [""], panels[2:], strict=False):
            _topic_row(row, [run for run in runs if run.cell.workload == model], letter)
        return drawn


def _topic_row(row: Sequence[Axes], runs: Runs, letter: str) -> None:
    counts = sorted({run.cell.workers for run in runs})
    for place, axes, workers in zip("12", row, (counts[0], counts[-1]) if counts else (0, 0), strict=True):
        topics(axes, [run for run in runs if run.cell.workers == workers], letter + place)
    row[1].sharey(row[0])


def by_workers(axes: Axes, runs: Runs, letter: str, *, normalised: bool) -> Axes:
    """Factorisation: a curve for every number of workers."""
    if not runs:
        return empty(axes)
    counts = sorted({run.cell.workers for run in runs})
    for workers, colour in zip(counts, style.CATEGORIES, strict=False):
        look = Look(f"{workers} worker{'s' if workers > 1 else ''}", colour)
        curve(axes, [run for run in runs if run.cell.workers == workers], look, normalised=normalised)
    finish(axes, f"({letter}) matrix factorisation", normalised=normalised, delays=delays_of(runs))
    axes.set_yscale("linear")  # the range is short
    axes.legend()
    return axes


def autoencoders(axes: Axes, runs: Runs, letter: str) -> Axes:
    """A curve for every depth."""
    if not runs:
        return empty(axes)
    depths = sorted({depth_of(run.cell.workload) for run in runs})
    for depth, look in depth_looks(depths).items():
        there = [run for run in runs if depth_of(run.cell.workload) == depth]
        curve(axes, there, Look(f"depth {look.label}", look.colour), normalised=True)
    name = OPTIMIZERS[runs[0].cell.optimizer] if runs else ""
    finish(axes, f"({letter}) autoencoder, {name}, 1 worker", normalised=True, delays=delays_of(runs))
    axes.legend()
    return axes


def topics(axes: Axes, runs: Runs, letter: str) -> Axes:
    """Log-likelihood against sweeps of the corpus, a curve with its spread for every extra delay."""
    if not runs:
        return empty(axes)
    ordered = sorted(runs, key=lambda run: run.cell.extra_delay)
    for run, place in zip(ordered, np.linspace(0, 5, len(ordered)).round().astype(int), strict=True):
        values = np.array(run.values["curve"], dtype=np.float64) / 1e6
        sweeps = np.array(run.values["curve_batches"]) / run.cell.workers / 10
        mean, spread, colour = values.mean(axis=0), values.std(axis=0), style.ORDERED[place]
        axes.plot(sweeps, mean, color=colour, label=f"$s' = {run.cell.extra_delay}$")
        axes.fill_between(sweeps, mean - spread, mean + spread, color=colour, alpha=0.2, linewidth=0)
    cell = ordered[0].cell
    axes.set_title(f"({letter}) topic model, K = {_topics(cell.workload)}, {cell.workers} workers")
    axes.set_xlabel("documents sampled, in sweeps of the corpus")
    axes.set_ylabel("log-likelihood / $10^6$")
    axes.grid(which="major")
    axes.legend(ncols=2, loc="lower right")
    return axes


def _kind(runs: Runs, name: str) -> list[WorkerResult]:
    return [run for run in runs if run.cell.workload.partition(":")[0] == name]


def _topics(workload: str) -> int:
    given = dict(part.split("=") for part in workload.partition(":")[2].split(",") if part)
    return int(given.get("topics", 10))


def fig3_caption(results: Runs) -> str:
    """What is seen."""
    runs = chosen(results, "fig3")
    levels = {run.cell.workload.partition(":")[0]: run.cell.level for run in runs}
    text = (
        f"(a) Batches to a training loss of {levels.get('matrix-factorization', 0):g}. (b) Batches of one worker to "
        f"a held-out loss of {levels.get('vae', 0):g}, over each seed's own number without extra delay. (c, d) "
        "Log-likelihood along sampling, with bands of one standard deviation."
    )
    return caption(text, runs, MARKS)
