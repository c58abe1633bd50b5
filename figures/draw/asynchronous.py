"""Servers, real and virtual: their delays, and their gradient norms beside simulations of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.asynchronous import AsyncResult
from figures.style import style

CURVES: Mapping[str, tuple[str, Any, str]] = {
    "replay": (style.BLUE, "-", "replay"),
    "uniform": (style.ORANGE, (0, (1.2, 1.2)), "uniform delays"),
    "shuffled": (style.GREEN, (0, (5, 1.2, 1.2, 1.2)), "shuffled trace"),
    "virtual clock": (style.VERMILLION, (0, (5, 1.5)), "virtual clock"),
    "server": (style.INK, "-", "server"),
}
# Of the server's curve that are drawn with their bounds.
_POINTS = 16


def asynchronous_picture(results: Sequence[AsyncResult]) -> Figure:
    """A row for each cell: delays by worker, their frequencies, their autocorrelation, and the gradient norms."""
    with style.style():
        drawn = style.figure(style.PAGE, 1.85 * max(1, len(results)) + 0.25)
        grid = drawn.subplots(max(1, len(results)), 4, squeeze=False, width_ratios=(1.05, 1, 1, 1.5))
        for place, (row, result) in enumerate(zip(grid, results, strict=False)):
            for axes, draw in zip(row, (delays_by_worker, frequencies, correlations, curves), strict=True):
                draw(axes, result)
                if place < len(results) - 1:
                    axes.set_xlabel("")
            row[0].set_title(_title(result))
        for axes, title in zip(grid[0][1:], ("How often", "Autocorrelation", "Gradient norms"), strict=True):
            axes.set_title(title)
        handles, labels = grid[0][3].get_legend_handles_labels()
        drawn.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=len(labels), fontsize=6.5)
        return drawn


def delays_by_worker(axes: Axes, result: AsyncResult) -> Axes:
    """Each delay of the first run over the updates, a colour for each worker."""
    shown = result.values["shown"]
    delays, workers = np.array(shown["delays"]), np.array(shown["workers"])
    colours = _worker_colours(int(workers.max()) + 1)
    axes.scatter(np.arange(1, delays.size + 1), delays, s=3, c=[colours[w] for w in workers], linewidths=0)
    mean = result.values["summary"]["overall"]["mean"]
    axes.axhline(mean, color=style.MUTED, linewidth=0.7)
    axes.set_xlabel("update k")
    axes.set_ylabel("delay $d_k$")
    axes.set_ylim(bottom=-0.5)
    return axes


def frequencies(axes: Axes, result: AsyncResult) -> Axes:
    """How often each delay occurs: bars for the server, a line for the virtual clock with fitted speeds."""
    laws = result.values["laws"]["frequencies"]
    real, virtual = np.array(laws["server"]), np.array(laws["virtual clock"])
    widest = int(np.searchsorted(np.cumsum(real), 0.995)) + 1
    axes.bar(np.arange(real.size)[: widest + 1], real[: widest + 1], width=0.85, color=style.GRID, edgecolor="none")
    colour, line, _ = CURVES["virtual clock"]
    axes.plot(np.arange(virtual.size)[: widest + 1], virtual[: widest + 1], color=colour, linestyle=line, linewidth=1)
    axes.set_xlim(-0.7, widest + 0.7)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("delay")
    axes.set_ylabel("share of updates")
    return axes


def correlations(axes: Axes, result: AsyncResult) -> Axes:
    """Autocorrelation of the delays at lags 1..32, with the band of independent ones."""
    values = np.array(result.values["dependence"]["autocorrelation"])
    chance = 1.96 / np.sqrt(result.values["summary"]["overall"]["updates"])
    axes.axhspan(-chance, chance, color=style.GRID, alpha=0.7, linewidth=0)
    axes.vlines(np.arange(1, values.size + 1), 0, values, color=style.BLUE, linewidth=1.1)
    axes.axhline(0, color=style.MUTED, linewidth=0.6)
    reach = max(0.25, 1.1 * float(np.abs(values).max(initial=0)))
    axes.set_ylim(-reach, reach)
    axes.set_xlabel("lag")
    axes.set_ylabel("correlation")
    return axes


def curves(axes: Axes, result: AsyncResult) -> Axes:
    """Mean squared gradient over the updates: server and replay with bounds of the mean, the others as lines."""
    for name, (colour, line, label) in CURVES.items():
        curve = {key: np.array(values) for key, values in result.values["curves"][name].items()}
        if name == "server":
            # Points with bars, so that what lies below them is seen.
            every = slice(0, None, max(1, -(-curve["time"].size // _POINTS)))
            at, mean, low, high = (curve[key][every] for key in ("time", "mean", "low", "high"))
            bars = [mean - low, high - mean]
            axes.errorbar(at, mean, bars, fmt="o", markersize=2.4, elinewidth=0.7, color=colour, zorder=3, label=label)
            continue
        if name == "replay":
            axes.fill_between(curve["time"], curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
        width = 1.4 if name == "replay" else 1.0
        axes.plot(curve["time"], curve["mean"], color=colour, linestyle=line, linewidth=width, label=label)
    style.log_axes(axes, x=False)
    means = np.concatenate([np.array(result.values["curves"][name]["mean"]) for name in ("server", "replay")])
    axes.set_ylim(0.4 * means.min(), 2 * means.max())
    axes.set_xlabel("update k")
    axes.set_ylabel(r"mean $\|\nabla F\|^2$")
    return axes


def _worker_colours(count: int) -> list[str]:
    """A colour for each worker; those of a large fleet take turns."""
    colours = (*style.CATEGORIES, style.DARK_BLUE, style.INK)
    return [colours[worker % len(colours)] for worker in range(count)]


def _title(result: AsyncResult) -> str:
    kind = "real" if result.values["source"] == "ray" else "virtual"
    held = "" if result.cell.bound is None else f", bound {result.cell.bound}"
    return f"{result.cell.name} ({kind}{held})"
