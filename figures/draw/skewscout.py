"""Skewed partitions: what labels of one's own cost each method, normalisation, and what a controller does about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiments.studies.claim import interval
from experiments.studies.systems.skewscout.cells import BSP, FEDAVG, GAIA, LADDERS, METHODS, SCOUT, SPARSIFIED
from experiments.studies.systems.skewscout.effects import Curve, Results, by_skew, by_theta, numbers
from figures.draw.staleness_panels import empty
from figures.style import style

#: Of each method its colour, mark and name.
LOOKS: Mapping[str, tuple[str, str, str]] = {
    BSP: (style.INK, "o", "BSP"),
    GAIA: (style.BLUE, "s", "Gaia"),
    FEDAVG: (style.VERMILLION, "^", "federated averaging"),
    SPARSIFIED: (style.GREEN, "D", "sparsified"),
}
NORMS: Mapping[str, tuple[str, Any]] = {
    "none": (style.INK, "-"),
    "group": (style.ORANGE, (0, (5, 1.5))),
    "batch": (style.PURPLE, "-"),
}
#: Without skew, and at total skew.
LINES: Mapping[float, Any] = {0.0: (0, (1.2, 1.2)), 100.0: "-"}
_SKEWS = {0.0: "no skew", 100.0: "total skew"}


def skewscout_picture(results: Results) -> Figure:
    """Above accuracy by skew of methods and normalisation, and the mismatch; below ladders and the controller."""
    with style.style():
        drawn = style.figure(style.PAGE, 4.6)
        grid = drawn.subplots(2, 3)
        methods(grid[0][0], results).set_title("Less communication, more skew")
        normalisation(grid[0][1], results).set_title("Normalisation under BSP")
        missing(grid[0][2], results).set_title("Batch statistics against a test's")
        ladders(grid[1][0], results).set_title("Accuracy for bytes")
        rungs(grid[1][1], results).set_title("What SkewScout chooses")
        bytes_spent(grid[1][2], results).set_title("Bytes of a run")
        handles, labels = grid[0][0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper center", ncols=max(1, len(labels)))
        return drawn


def _over_skew(axes: Axes, curve: Curve, quantity: str, **look: Any) -> None:
    """Means over seeds by the degree of skew, with 95 % intervals."""
    means = np.array([numbers(each, quantity).mean() for each in curve.values()])
    reach = np.array([interval(numbers(each, quantity))[1] for each in curve.values()]) - means
    axes.errorbar(
        list(curve),
        means,
        np.where(np.isfinite(reach), reach, 0.0),
        markersize=3.2,
        elinewidth=0.8,
        linewidth=1.2,
        **look,
    )


def _skew_axis(axes: Axes, label: str) -> Axes:
    axes.set_xticks((0, 20, 40, 60, 80, 100))
    axes.set_xlabel("rows dealt by label, %")
    axes.set_ylabel(label)
    axes.grid(axis="y")
    return axes


def methods(axes: Axes, results: Results) -> Axes:
    """Final accuracy of every method by the degree of skew, the network without normalisation."""
    for method in METHODS:
        if curve := by_skew(results, method):
            colour, mark, name = LOOKS[method]
            _over_skew(axes, curve, "final", color=colour, marker=mark, label=name)
    return _skew_axis(axes, "final accuracy")


def normalisation(axes: Axes, results: Results) -> Axes:
    """The same of BSP, by how the hidden units are normalised."""
    for norm, (colour, line) in NORMS.items():
        if curve := by_skew(results, BSP, norm=norm):
            _over_skew(axes, curve, "final", color=colour, linestyle=line, marker="o", label=norm)
    if axes.lines:
        axes.legend(loc="lower left", title="normalisation", title_fontsize=7.0)
    return _skew_axis(axes, "final accuracy")


def missing(axes: Axes, results: Results) -> Axes:
    """The share of a hidden unit's variance that running statistics miss."""
    if curve := by_skew(results, BSP, norm="batch"):
        _over_skew(axes, curve, "missing", color=NORMS["batch"][0], marker="o", label="_batch")
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return _skew_axis(axes, "variance that is missed")


def _share(result: Any, bsp: Any) -> float:
    """Bytes of a run, of those of BSP."""
    return float(numbers(result, "sent")[:, -1].mean() / numbers(bsp, "sent")[:, -1].mean())


def ladders(axes: Axes, results: Results) -> Axes:
    """Final accuracy over bytes along each ladder, without skew and at total skew, and where the controller ends."""
    for method in LADDERS:
        colour, mark, title = LOOKS[method]
        for skew, line in LINES.items():
            curve, bsp = by_theta(results, method, skew), by_skew(results, BSP).get(skew)
            if bsp is None or not curve:
                continue
            shares = [_share(each, bsp) for each in curve.values()]
            means = [numbers(each, "final").mean() for each in curve.values()]
            hollow: dict[str, Any] = {"markerfacecolor": style.PAPER} if skew == 0 else {}
            look: dict[str, Any] = {"color": colour, "linestyle": line, "marker": mark, "markersize": 3.0} | hollow
            axes.plot(shares, means, **look, linewidth=1.0, label=f"_{title}, {_SKEWS[skew]}")
            if skew and (scout := by_skew(results, SCOUT + method).get(skew)):
                place = _share(scout, bsp), numbers(scout, "final").mean()
                axes.plot(
                    *place,
                    "*",
                    color=colour,
                    markersize=9,
                    markeredgecolor=style.PAPER,
                    zorder=4,
                    label=f"_SkewScout, {title}",
                )
    if not axes.lines:
        return empty(axes)
    style.log_axes(axes, y=False)
    axes.set_xlabel("bytes, of those of BSP")
    axes.set_ylabel("final accuracy")
    for skew, name in _SKEWS.items():
        axes.plot([], [], linestyle=LINES[skew], color=style.MUTED, label=name)
    axes.plot([], [], "*", color=style.MUTED, markersize=7, label="SkewScout")
    axes.legend(loc="lower right", handlelength=1.6)
    return axes


def rungs(axes: Axes, results: Results) -> Axes:
    """The mean rung of the controller over the run, without skew and at total skew."""
    for method in LADDERS:
        colour = LOOKS[method][0]
        for skew, line in LINES.items():
            found = by_skew(results, SCOUT + method).get(skew)
            if found is not None:
                period = found.cell.period
                climbed = numbers(found, "rungs").mean(axis=0)
                look: dict[str, Any] = {"color": colour, "linestyle": line, "linewidth": 1.2}
                steps = period * np.arange(1, climbed.size + 1)
                axes.plot(steps, climbed, **look, label=f"_{LOOKS[method][2]}, {_SKEWS[skew]}")
                axes.axvline(found.cell.steps / 2, color=style.MUTED, linewidth=0.5)
    if not axes.lines:
        return empty(axes)
    axes.set_yticks((0, 5), ("tight", "loose"))
    axes.set_ylim(-0.4, 5.4)
    axes.set_xlabel("steps")
    axes.set_ylabel(r"rung of $\theta$")
    for skew, name in _SKEWS.items():
        axes.plot([], [], linestyle=LINES[skew], color=style.MUTED, label=name)
    axes.legend(loc="lower right", handlelength=2.0)
    return axes


def bytes_spent(axes: Axes, results: Results) -> Axes:
    """Bytes of a run under the controller by the degree of skew, of those of BSP."""
    plain = by_skew(results, BSP)
    for method in LADDERS:
        colour, mark, title = LOOKS[method]
        shares = {
            skew: _share(each, plain[skew]) for skew, each in by_skew(results, SCOUT + method).items() if skew in plain
        }
        if shares:
            look: dict[str, Any] = {"color": colour, "marker": mark, "markersize": 3.2, "linewidth": 1.2}
            axes.plot(list(shares), list(shares.values()), **look, label=f"_{title}")
    if axes.lines:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return _skew_axis(axes, "bytes, of those of BSP")


def skewscout_caption(results: Results) -> str:
    """What is seen."""
    cells = [each.cell for each in results]
    seeds = f" Means over {max(cell.seeds for cell in cells)} seeds with 95 % intervals." if cells else ""
    return (
        "Five partitions; every cell at the best step size of one grid. Above left: the network without normalisation, "
        "at the usual tightness of each method. Middle: BSP by the normalisation of the hidden units. Right: the share "
        "of their variance over held-out rows that running variances of batch normalisation miss, as these are means "
        "within partitions. Below left: final accuracy over bytes along the ladder of each theta, dotted and hollow "
        "without skew, solid at total skew; stars are SkewScout at total skew. Middle: the mean rung that SkewScout "
        "chooses, dotted without skew, solid at total skew; the step size first falls at the grey line. Right: the "
        "bytes of a run under SkewScout, travelling models included." + seeds
    )
