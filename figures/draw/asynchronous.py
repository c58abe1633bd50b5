"""Servers, real and virtual: their delays, and the gradient norms of simulations over theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.asynchronous import AsyncResult
from figures.style import labels, style

CURVES: Mapping[str, tuple[str, Any, str]] = {
    "replay": (style.BLUE, "-", "replay"),
    "uniform": (style.ORANGE, (0, (1.2, 1.2)), "uniform delays"),
    "shuffled": (style.GREEN, (0, (5, 1.2, 1.2, 1.2)), "shuffled trace"),
    "virtual clock": (style.VERMILLION, (0, (5, 1.5)), "virtual clock"),
}


_MOST = 20.0  # times the server's, or one over it: what is drawn of a band


def asynchronous_picture(results: Sequence[AsyncResult]) -> Figure:
    """A row for each server: how often each delay occurs, and what simulations say over what the server did."""
    with style.style():
        drawn = style.figure(style.PAGE, 1.75 * max(1, len(results)) + 0.4)
        grid = drawn.subplots(max(1, len(results)), 2, squeeze=False, width_ratios=(1, 1.5))
        for place, ((left, right), result) in enumerate(zip(grid, results, strict=False)):
            frequencies(left, result).set_title(_title(result))
            ratios(right, result)
            if place < len(results) - 1:
                left.set_xlabel("")
                right.set_xlabel("")
        grid[0][1].set_title(r"mean $\|\nabla F\|^2$, over the server's")
        labels.legend(drawn, [grid[0][0], grid[0][1]], 4)
        return drawn


def frequencies(axes: Axes, result: AsyncResult) -> Axes:
    """How often each delay occurs: bars for the server, a line for the virtual clock with fitted speeds."""
    laws = result.values["laws"]["frequencies"]
    real, virtual = np.array(laws["server"]), np.array(laws["virtual clock"])
    widest = int(np.searchsorted(np.cumsum(real), 0.995)) + 1
    axes.bar(
        np.arange(real.size)[: widest + 1],
        real[: widest + 1],
        width=0.85,
        color=style.GRID,
        label="delays of the server",
    )
    colour, line, label = CURVES["virtual clock"]
    look: dict[str, Any] = {"color": colour, "linestyle": line, "linewidth": 1}
    axes.plot(np.arange(virtual.size)[: widest + 1], virtual[: widest + 1], **look, label=label)
    axes.set_xlim(-0.7, widest + 0.7)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("delay")
    axes.set_ylabel("share of updates")
    return axes


def ratios(axes: Axes, result: AsyncResult) -> Axes:
    """Mean squared gradient of each simulation over that of the server, whose own bounds of the mean are the band."""
    curves = {
        name: {key: np.array(values, dtype=np.float64) for key, values in curve.items() if key != "runs"}
        for name, curve in result.values["curves"].items()
    }
    server = curves["server"]
    low, high = server["low"] / server["mean"], server["high"] / server["mean"]
    axes.axhline(1.0, color=style.INK, linewidth=0.8)
    axes.fill_between(server["time"], low, high, color=style.INK, alpha=0.12, linewidth=0, label="the server's bounds")
    for name, (colour, line, label) in CURVES.items():
        ratio = curves[name]["mean"] / np.interp(curves[name]["time"], server["time"], server["mean"])
        axes.plot(curves[name]["time"], ratio, color=colour, linestyle=line, linewidth=1.1, label=label)
    style.log_axes(axes, x=False)
    axes.set_ylim(np.clip(0.95 * low.min(), 1 / _MOST, 0.5), np.clip(1.05 * high.max(), 2.0, _MOST))
    axes.set_xlabel("update k")
    axes.set_ylabel("times the server's")
    return axes


def _title(result: AsyncResult) -> str:
    kind = "real" if result.values["source"] == "ray" else "virtual"
    held = "" if result.cell.bound is None else f", bound {result.cell.bound}"
    return f"{result.cell.name} ({kind}{held})"
