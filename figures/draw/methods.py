"""What methods cost in the limit against the delay: the best constant of each, per unit of delay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType

from figures.style import labels, style
from theory.worst_case.limit.of_method import SHOWN, MethodLimit

_SOLID, _DASHED, _DOTTED, _MIXED = style.LINE_STYLES
_LOOKS: Mapping[str, tuple[str, LineStyleType]] = {
    "delayed": (style.VERMILLION, _SOLID),
    "wait": (style.PURPLE, _SOLID),
    "batch-wait": (style.PURPLE, _DASHED),
    "counter-momentum": (style.BLUE, _SOLID),
    "momentum": (style.GREEN, _SOLID),
    "nesterov": (style.GREEN, _DASHED),
    "spike-compensation": (style.ORANGE, _DASHED),
    "weight-prediction": (style.ORANGE, _DOTTED),
}


def methods_picture(
    found: MethodLimit, constants: Sequence[Mapping[str, float]], *, width: float = style.PAGE
) -> Figure:
    """The constants as a picture of its own.

    Args:
        found: the method that was asked about; constants: those of all methods, for the delays 0, 1, ...
        width: inches.
    """
    with style.style():
        drawn = style.figure(width, 0.55 * width)
        method_curves(found, constants, drawn.add_subplot())
        return drawn


def save_methods(found: MethodLimit, constants: Sequence[Mapping[str, float]], folder: Path) -> Path:
    """Write the picture as limit.svg and limit.pdf into the folder; the path of the SVG."""
    return style.save(methods_picture(found, constants), folder, "limit")[0]


def method_curves(found: MethodLimit, constants: Sequence[Mapping[str, float]], axes: Axes) -> Axes:
    """Draw C / (D + 1) of every method against the delay D, and a cross for the method that was asked about.

    Args:
        found, constants: as for `methods_picture`.
        axes: where to draw.

    Returns:
        The same axes.
    """
    style.log_axes(axes, x=False)
    delays = np.arange(len(constants))
    for name, (colour, line) in _LOOKS.items():
        values = np.array([each[name] for each in constants]) / (delays + 1)
        axes.plot(delays, values, color=colour, linestyle=line, marker="o", markersize=2.8)
    at = found.constant / found.staleness
    axes.plot(found.staleness - 1, at, marker="x", markersize=7, color=style.INK, zorder=4)
    axes.set_xticks(delays[:: 1 + len(delays) // 16])
    axes.set_xlabel("delay $D$")
    axes.set_ylabel(r"$C/(D+1)$ in $\min_k\|\nabla F(x_k)\|^2\sim C\,L\Delta/T$, no noise")
    axes.set_title(f"What methods cost under a fixed delay, each at its best step (x: {found.method})")
    last = constants[-1]
    ends = [labels.Label(last[name] / len(constants), words, _LOOKS[name][0]) for name, words in SHOWN.items()]
    labels.label_ends(axes, ends)
    return axes
