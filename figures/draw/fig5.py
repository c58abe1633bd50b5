"""Figure 5 of the study: the cosine of gradients that lie some iterations apart, on a fixed sample, synchronously."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.staleness.store import WorkerResult
from experiments.studies.staleness.study import chosen
from figures.draw.staleness_panels import OPTIMIZERS, caption
from figures.style import style

_QUARTERS = ("first", "second", "third", "last")


def fig5_picture(results: Sequence[WorkerResult]) -> Figure:
    """A panel for each optimiser, a curve for each quarter of the run."""
    runs = sorted(chosen(results, "fig5"), key=lambda run: run.cell.optimizer != "sgd")
    with style.style():
        drawn = style.figure(style.PAGE, 2.9)
        panels = drawn.subplots(1, max(1, len(runs)), sharey=True, squeeze=False)[0]
        for letter, run, axes in zip("ab", runs, panels, strict=False):
            cosines(axes, run, letter)
            axes.label_outer()
        if runs:
            panels[0].legend(title="quarter of the run", ncols=2)
        return drawn


def cosines(axes: Axes, run: WorkerResult, letter: str) -> Axes:
    """Mean and standard deviation over seeds against the lag."""
    values = np.array(run.values["cosine"], dtype=np.float64)  # seeds, quarters, lags
    lags = run.cell.evaluate_every * np.arange(1, values.shape[2] + 1)
    for quarter, (name, colour) in enumerate(zip(_QUARTERS, style.ORDERED[::-1][1:], strict=False)):
        mean, spread = values[:, quarter].mean(axis=0), values[:, quarter].std(axis=0)
        axes.plot(lags, mean, color=colour, marker="o", markersize=2.4, label=name)
        axes.fill_between(lags, mean - spread, mean + spread, color=colour, alpha=0.18, linewidth=0)
    axes.axhline(0.0, color=style.MUTED, linewidth=0.6)
    axes.grid(which="major")
    axes.set_title(f"({letter}) {OPTIMIZERS[run.cell.optimizer]}, {run.cell.workers} workers, $s' = 0$")
    axes.set_xlabel("lag $m$ in iterations")
    axes.set_ylabel("cosine of gradients at $k$ and $k - m$")
    return axes


def fig5_caption(results: Sequence[WorkerResult]) -> str:
    """What is seen."""
    runs = chosen(results, "fig5")
    sample = runs[0].cell.sample if runs else 0
    steps = ", ".join(f"{OPTIMIZERS[run.cell.optimizer]} {run.values['step_size']:g}" for run in runs)
    text = (
        f"Cosine of the gradients at iterations k and k - m, over {sample} fixed training examples, without delay. "
        f"Step sizes: {steps}."
    )
    return caption(text, runs, "Bands: one standard deviation over seeds.")
