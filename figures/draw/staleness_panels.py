"""What the figures of the staleness study share: curves over the extra delay with their spread, and what is missing.

A point is the mean over seeds with its standard deviation. A hollow triangle says that some seeds never reached the
target and count as having reached it at the horizon; a cross that none did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.typing import LineStyleType

from experiments.studies.staleness.claims.slowdown import batches, reached
from experiments.studies.staleness.store import WorkerResult
from experiments.studies.staleness.study import scaled_down
from figures.style import style

EXTRA_DELAY = "largest extra delay $s'$"
BATCHES = "batches to the target"
NORMALISED = "batches, over those at $s' = 0$"
OPTIMIZERS: Mapping[str, str] = {
    "sgd": "SGD",
    "adagrad": "Adagrad",
    "momentum": "Momentum",
    "adam": "Adam",
    "rmsprop": "RMSProp",
}
MARKS = (
    "Points: mean and standard deviation over seeds. Triangles: some seeds never reached the target and count at the "
    "horizon, so that the true mean is above; crosses, at the horizon and without a line: none reached it."
)


@dataclass(frozen=True)
class Look:
    """How a curve is drawn and what it is called."""

    label: str
    colour: str
    line: LineStyleType = "-"


def curve(axes: Axes, runs: Sequence[WorkerResult], look: Look, *, normalised: bool) -> None:
    """Batches to the target over the extra delay; normalised by each seed's own at extra delay 0."""
    ordered = sorted(runs, key=lambda run: run.cell.extra_delay)
    if not ordered or (normalised and ordered[0].cell.extra_delay):
        return
    base = batches(ordered[0]) if normalised else np.ones(ordered[0].cell.seeds)
    rows = [batches(run) / base for run in ordered]
    delays = [run.cell.extra_delay for run in ordered]
    means, spreads = [row.mean() for row in rows], [row.std(ddof=1) if row.size > 1 else 0.0 for row in rows]
    # No line leads to where no seed arrived: nothing was measured there.
    met = [mean if reached(run).any() else np.nan for mean, run in zip(means, ordered, strict=True)]
    axes.plot(delays, met, color=look.colour, linestyle=look.line, label=look.label)
    for delay, mean, spread, run in zip(delays, means, spreads, ordered, strict=True):
        _point(axes, delay, mean, spread, reached(run), look.colour, f"_{look.label}")


def _point(axes: Axes, delay: float, mean: float, spread: float, met: np.ndarray, colour: str, name: str = "") -> None:
    """A mark with its spread; its hidden name is that of the series."""
    if met.all():
        low = min(spread, 0.9 * mean)  # a logarithmic axis has no zero
        look: dict[str, Any] = {"color": colour, "markersize": 3, "elinewidth": 0.8, "capsize": 1.5, "label": name}
        axes.errorbar(delay, mean, [[low], [spread]], fmt="o", **look)
    else:
        mark, face = ("^", style.PAPER) if met.any() else ("x", colour)
        axes.plot(
            delay, mean, mark, color=colour, markerfacecolor=face, markersize=4.5, markeredgewidth=1.1, label=name
        )


def point(axes: Axes, x: float, run: WorkerResult, colour: str, name: str) -> float:
    """The batches of one result at x; their mean."""
    values = batches(run)
    _point(axes, x, values.mean(), values.std(ddof=1) if values.size > 1 else 0.0, reached(run), colour, name)
    return float(values.mean())


def finish(axes: Axes, title: str, *, normalised: bool, delays: Sequence[int]) -> None:
    """Scales, ticks and words of a panel over the extra delay."""
    style.log_axes(axes, x=False)
    axes.set_xticks(sorted(set(delays)))
    axes.set_xlabel(EXTRA_DELAY)
    axes.set_ylabel(NORMALISED if normalised else BATCHES)
    axes.set_title(title)
    if normalised:
        axes.axhline(1.0, color=style.MUTED, linewidth=0.6)


def legend(drawn: Figure, looks: Sequence[Look], title: str = "") -> None:
    """One legend below all panels."""
    lines = [Line2D([], [], color=look.colour, linestyle=look.line, marker="o", markersize=3) for look in looks]
    drawn.legend(
        lines,
        [look.label for look in looks],
        loc="outside lower center",
        ncols=min(len(looks), 7),
        title=title or None,
        title_fontsize=7.5,
    )


def empty(axes: Axes) -> Axes:
    """A panel for which there are no results yet."""
    axes.set_axis_off()
    return axes


def delays_of(runs: Sequence[WorkerResult]) -> list[int]:
    """The extra delays that occur."""
    return sorted({run.cell.extra_delay for run in runs})


def caption(text: str, runs: Sequence[WorkerResult], marks: str = MARKS) -> str:
    """A caption with the number of seeds and with what is smaller than in the study."""
    small = scaled_down(runs)
    seeds = ", ".join(map(str, sorted({run.cell.seeds for run in runs})))
    sentences = (text, marks, f"Seeds: {seeds}.", f"{small[0].upper()}{small[1:]}." if small else "")
    return " ".join(filter(None, sentences))


def depth_looks(depths: Sequence[int]) -> dict[int, Look]:
    """A look for every depth, dark to light."""
    colours = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#7ad151", "#c7b70a")
    places = np.linspace(0, len(colours) - 1, max(2, len(depths))).round().astype(int)
    return {depth: Look(str(depth), colours[place]) for depth, place in zip(sorted(depths), places, strict=False)}
