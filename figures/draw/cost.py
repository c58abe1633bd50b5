"""What staleness costs: the time to an accuracy for every method, with the crossings where another becomes fastest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.cost.answer import Answer, Curves
from figures.style import labels, style

_WORDS = {
    "asynchronous": "asynchronous",
    "synchronous": "synchronous",
    "waiting": "waiting for one",
    "batched-waiting": "waiting for a batch",
    "counter-momentum": "counter-momentum",
}
_LOOKS = dict(
    zip(
        _WORDS,
        zip(
            (style.VERMILLION, style.BLUE, style.PURPLE, style.GREEN, style.ORANGE),
            (*style.LINE_STYLES, "-"),
            strict=True,
        ),
        strict=True,
    )
)


def cost_picture(answer: Answer, curves: Curves, *, width: float = style.PAGE) -> Figure:
    """Time against accuracy as a picture of its own.

    Args:
        answer: the methods at the accuracy that was asked for; curves: the same methods around it.
        width: inches.
    """
    with style.style():
        drawn = style.figure(width, 0.55 * width)
        time_curves(answer, curves, drawn.add_subplot())
        return drawn


def save_cost(answer: Answer, curves: Curves, folder: Path) -> Path:
    """Write the picture as cost.svg and cost.pdf into the folder; the path of the SVG."""
    return style.save(cost_picture(answer, curves), folder, "cost")[0]


def time_curves(answer: Answer, curves: Curves, axes: Axes) -> Axes:
    """Draw the curves, a dot for every method at the accuracy, hollow where it was measured, and the crossings.

    Args:
        answer, curves: as for `cost_picture`.
        axes: where to draw.

    Returns:
        The same axes.
    """
    style.log_axes(axes)
    for name, times in curves.times.items():
        colour, line = _LOOKS[name]
        axes.plot(curves.accuracies, np.where(np.isfinite(times), times, np.nan), color=colour, linestyle=line)
    for priced in answer.methods:
        colour, _ = _LOOKS[priced.method.name]
        at = priced.time(priced.least.real)
        axes.plot(answer.cost.accuracy, at, marker="o", markersize=4.5, color=colour, markeredgecolor=style.PAPER)
        if priced.measured is not None:
            at = priced.time(max(1, priced.measured.steps))
            axes.plot(answer.cost.accuracy, at, marker="o", markersize=4.5, color=style.PAPER, markeredgecolor=colour)
    for accuracy, time, name in curves.crossings:
        axes.plot(accuracy, time, marker="x", markersize=6, color=style.INK)
        axes.annotate(
            f"from here: {_WORDS[name]}",
            (accuracy, time),
            xytext=(5, -11),
            textcoords="offset points",
            color=style.INK,
        )
    axes.set_xlim(curves.accuracies[0], curves.accuracies[-1])
    axes.set_xlabel("accuracy: what min E|∇F|² is proved to be at most (to the right: more accurate)")
    axes.set_ylabel("seconds" if answer.timed else "gradients that arrive")
    ends = [labels.Label(float(times[-1]), _WORDS[name], _LOOKS[name][0]) for name, times in curves.times.items()]
    labels.label_ends(axes, ends)
    return axes
