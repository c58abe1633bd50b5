"""TopK-SGD: what is left of vectors, made ones and those along training, losses, counts, and what is proved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.systems.topk.cells import COUNTED_AT, DENSITIES
from experiments.studies.systems.topk.effects import (
    NEAR,
    Results,
    bounded,
    counts,
    numbers,
    proved,
    short_name,
    trained,
    vectors,
)
from experiments.systems.topk.energy import POWERS
from experiments.systems.topk.families import FAMILIES
from figures.style import style
from theory.bounds.ef_topk import EF_TOPK

#: Of each compressor its colour, its line, its width and its name.
LOOKS: Mapping[str, tuple[str, Any, float, str]] = {
    "dense": (style.SKY, "-", 3.2, "dense"),
    "top-k": (style.DARK_BLUE, (0, (5, 1.5)), 1.3, "top-k"),
    "gaussian-k": (style.ORANGE, "-", 1.1, "Gaussian-k, released"),
    "gaussian-k-bracketed": (style.GREEN, (0, (1.2, 1.2)), 1.4, "Gaussian-k, bracketed"),
    "random-k": (style.VERMILLION, "-", 1.3, "random-k"),
    "random-k-forgetful": (style.PURPLE, (0, (5, 1.2, 1.2, 1.2)), 1.1, "random-k, no memory"),
}
_TASKS = (style.DARK_BLUE, style.VERMILLION, style.GREEN)
_BOUND_NAMES = {"random-k": "random-k", "square": "square", "cubic": "cube"}


def topk_picture(results: Results) -> Figure:
    """Above what top-k leaves, made and trained, and counts; below losses, and what is proved."""
    with style.style():
        drawn = style.figure(style.PAGE, 4.5)
        grid = drawn.subplots(2, 3, squeeze=False)
        left_by_family(grid[0][0], results).set_title("Top-k of made vectors")
        left_in_training(grid[0][1], results).set_title("Top-k of gradient + residual")
        counted(grid[0][2], results).set_title("How many Gaussian-k sends")
        tasks = list(trained(results).items())[:2]
        for axes, (workload, found) in zip(grid[1], tasks, strict=False):
            losses(axes, found).set_title(f"Loss: {short_name(workload)}, k/d = {_density(found):g}")
        for axes in grid[1][len(tasks) : 2]:
            axes.set_visible(False)
        below_bound(grid[1][2], results).set_title("Top-k: measured, proved")
        handles, labels = grid[1][0].get_legend_handles_labels()
        drawn.legend(
            handles, labels, loc="outside lower center", ncols=max(1, len(labels)), handlelength=2.4, fontsize=6.3
        )
        return drawn


def _density(found: Mapping[str, Any]) -> float:
    return float(found["top-k"].cell.density)


def _powers_axis(axes: Axes) -> Axes:
    """The axis of powers, with the three bounds."""
    for name, power in POWERS.items():
        axes.axhline(power, color=style.MUTED, linewidth=0.8, linestyle=style.LINE_STYLES[power - 1])
        axes.annotate(
            _BOUND_NAMES[name], (1.02, power), xycoords=("axes fraction", "data"), va="center_baseline",
            fontsize=5.5, color=style.MUTED, annotation_clip=False,
        )  # fmt: skip
    axes.set_ylabel(r"power $q$: left $=(1 - k/d)^q$")
    return axes


def left_by_family(axes: Axes, results: Results) -> Axes:
    """The power of 1 - k/d that is left, over the density: the median over the vectors of each family."""
    _powers_axis(axes)
    for place, (name, result) in enumerate(vectors(results).items()):
        family, power = FAMILIES[name], np.median(numbers(result, "powers"), axis=0)
        colour = style.BLUE if family.bell else style.VERMILLION
        look: dict[str, Any] = {"color": colour, "linewidth": 1.1, "linestyle": style.LINE_STYLES[place % 4]}
        axes.plot(DENSITIES, power, **look, label=f"_{family.title}")
        place_of_name, offset = _NAMES[name]
        axes.annotate(
            family.title, (DENSITIES[place_of_name], power[place_of_name]), offset, textcoords="offset points",
            fontsize=5.5, color=colour,
        )  # fmt: skip
    style.log_axes(axes)
    axes.set_ylim(0.8, _CEILING)
    axes.set_xlabel("density $k/d$")
    return axes


_CEILING = 100.0
#: Of each family at which density its name stands, and how far from its line, in points.
_NAMES: Mapping[str, tuple[int, tuple[float, float]]] = {
    "uniform": (3, (4.0, 2.5)),
    "normal": (0, (2.0, 1.0)),
    "laplace": (0, (2.0, 1.0)),
    "student": (2, (2.0, 2.0)),
    "cauchy": (5, (-27.0, -3.0)),
    "shifted": (0, (2.0, 2.0)),
    "line": (0, (2.0, -7.5)),
    "signs": (3, (0.0, 2.0)),
}


def left_in_training(axes: Axes, results: Results) -> Axes:
    """The same of the compensated vectors along training: median, least and largest over workers and seeds."""
    _powers_axis(axes)
    for colour, (workload, found) in zip(_TASKS, trained(results).items(), strict=False):
        values = found["top-k"].values
        low, middle, high = np.array(values["along"], dtype=np.float64).T
        share = np.array(values["times"][1:]) / values["times"][-1]
        axes.plot(share, middle, color=colour, label=short_name(workload))
        axes.fill_between(share, low, high, color=colour, alpha=0.2, linewidth=0)
    style.log_axes(axes, x=False)
    axes.set_ylim(0.8, _CEILING)
    axes.set_xlabel("share of the run")
    axes.legend(*axes.get_legend_handles_labels(), loc="upper left", ncols=2, handlelength=1.4)
    return axes


def counted(axes: Axes, results: Results) -> Axes:
    """count/k over all vectors of a family at each density: released and bracketed, between 2/3 and 4/3 or not."""
    axes.axvspan(1 / 1.5, NEAR, color=style.GRID, linewidth=0)
    found = vectors(results)
    for name, offset in (("gaussian-k", -0.18), ("gaussian-k-bracketed", 0.18)):
        for place, result in enumerate(found.values()):
            share = np.maximum(counts(result, name), _NOTHING)
            for at, marker in zip(range(len(COUNTED_AT)), "os", strict=True):
                axes.plot(
                    np.median(share[:, at]), place + offset, marker, markersize=3.2, color=LOOKS[name][0],
                    markerfacecolor=LOOKS[name][0] if at else style.PAPER,
                    label=f"_{LOOKS[name][3]}, k/d = {COUNTED_AT[at]:g}",
                )  # fmt: skip
    style.log_axes(axes, y=False)
    axes.set_xlim(_NOTHING / 1.5, None)
    axes.set_yticks(range(len(found)), [FAMILIES[name].title for name in found], fontsize=6.0)
    axes.set_ylim(max(1, len(found)) - 0.5, -0.5)
    axes.set_xlabel("sent / k (open 0.1 %, full 1 %)")
    return axes


_NOTHING = 1e-3  # where a count of 0 is drawn


def losses(axes: Axes, found: Mapping[str, Any]) -> Axes:
    """The loss over the iterations, the median over the seeds."""
    for method, (colour, line, width, label) in LOOKS.items():
        if method in found:
            curve = np.median(numbers(found[method], "loss"), axis=0)
            axes.plot(found[method].values["times"], curve, color=colour, linestyle=line, linewidth=width, label=label)
    style.log_axes(axes, x=False)
    axes.set_xlabel("iterations")
    axes.set_ylabel("$F(x)$" if next(iter(found.values())).values["constants"] else "held-out loss")
    return axes


def below_bound(axes: Axes, results: Results) -> Axes:
    """The mean squared gradient of runs at given steps, and the bound at three deltas."""
    runs = bounded(results)
    places = np.arange(len(runs), dtype=np.float64)
    measured = np.array([numbers(run, "gradient").mean() for run in runs])
    for power, colour, label in ((1, style.MUTED, "$k/d$"), (None, style.BLUE, "as measured")):
        limits = [proved(EF_TOPK, run, power) for run in runs]
        axes.plot(
            places, limits, "_", markersize=11, markeredgewidth=1.6, color=colour, label=rf"proved, $\delta$ {label}"
        )
    axes.plot(places, measured, "o", markersize=3.6, color=style.DARK_BLUE, label="measured")
    names = [f"{short_name(run.cell.workload)}\n{run.values['step_size']:g}/L".replace("-", "-\n") for run in runs]
    axes.set_xticks(places, names, fontsize=5.5)
    style.log_axes(axes, x=False)
    axes.set_ylabel(r"mean of $\|\nabla F(x)\|^2$ along the run")
    axes.margins(x=0.15)
    if runs:
        low, high = axes.get_ylim()
        axes.set_ylim(low, high * (high / low) ** 0.45)
    axes.legend(loc="upper right", handlelength=1.2, fontsize=5.8)
    return axes


def topk_caption(results: Results) -> str:
    """What is seen."""
    cells = [found["top-k"].cell for found in trained(results).values()]
    workers = f"{cells[0].workers} workers. " if cells else ""
    made = next(iter(vectors(results).values())).cell.dimension if vectors(results) else 0
    return (
        "Above left: what remains of a vector without its k largest entries, told as a power of 1 - k/d: 1 is what "
        "random-k leaves, 2 the square bound, 3 the cube, higher is less; vectors whose sizes have a mode at zero in "
        f"blue, others in red, d = {made:,}. Above middle: the same of every worker's gradient plus residual at the "
        "density in use, median with the range over workers and seeds. Above right: entries that Gaussian-k sends, "
        "over k; the range that it aims at is shaded, nothing is drawn at the left edge. "
        f"{workers}Below: losses, each compressor at the best step size of one grid, medians over seeds. Below right: "
        "dots are measured at given steps, bars are what is proved for these steps, with G as the runs show it and "
        "delta that of every vector or as the runs show it."
    )
