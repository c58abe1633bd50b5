"""Whole pictures made of the figures: sizes, panels, legends, files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.check.findings.coherence import CoherenceSummary
from experiments.check.verdict import Verdict
from figures.draw.coherence import coherence_grid
from figures.draw.comparison import comparison
from figures.draw.ladder import QUANTITY, ladder, ladder_grid
from figures.draw.slack import bounds_with_values, slack
from figures.style import labels, style

_COLUMNS = 3


def ladder_picture(verdict: Verdict, title: str = "", *, width: float = style.REPORT, notes: bool = True) -> Figure:
    """The ladder of one verdict as a picture of its own."""
    with style.style():
        drawn = style.figure(width, 0.62 * width + (1.0 if notes else 0.4))
        ladder(verdict, drawn.add_subplot(), notes=notes).set_title(title)
        return drawn


def ladder_grid_picture(verdicts: Mapping[int, Verdict], *, width: float = style.PAGE) -> Figure:
    """The ladder at every staleness."""
    with style.style():
        drawn, panels = _panels(len(verdicts), width)
        ladder_grid(verdicts, panels)
        return _finished(drawn, panels, "number of steps $T$", QUANTITY)


def slack_picture(verdicts: Mapping[int, Verdict], *, width: float = style.PAGE) -> Figure:
    """The slack of every bound at every staleness."""
    with style.style():
        drawn = style.figure(width, 0.42 * width)
        axes = slack(verdicts, drawn.add_subplot(), bounds_with_values(verdicts))
        labels.legend(drawn, [axes], 4)
        return drawn


def coherence_picture(runs: Mapping[int, CoherenceSummary], *, width: float = style.PAGE) -> Figure:
    """The coherence at every staleness."""
    with style.style():
        drawn, panels = _panels(len(runs), width)
        coherence_grid(runs, panels)
        return _finished(drawn, panels, "step $k$", "coherence, cosine", legend_columns=5)


def comparison_picture(verdicts: Mapping[str, Verdict], title: str = "", *, width: float = style.REPORT) -> Figure:
    """Several schedules on one problem."""
    with style.style():
        drawn = style.figure(width, 0.7 * width)
        comparison(verdicts, drawn.add_subplot()).set_title(title)
        return drawn


def save_ladder(verdict: Verdict, folder: Path, title: str = "") -> Path:
    """Write the ladder as ladder.svg and ladder.pdf into the folder; the path of the SVG."""
    return style.save(ladder_picture(verdict, title), folder, "ladder")[0]


def save_comparison(verdicts: Mapping[str, Verdict], folder: Path, title: str = "") -> Path:
    """Write the comparison as comparison.svg and comparison.pdf into the folder; the path of the SVG."""
    return style.save(comparison_picture(verdicts, title), folder, "comparison")[0]


def _panels(count: int, width: float, columns: int = _COLUMNS) -> tuple[Figure, list[Axes]]:
    """As many panels as asked for, in rows; they share their scales."""
    columns = max(1, min(columns, count))
    rows = -(-count // columns)
    drawn = style.figure(width, 0.5 + rows * min(0.86 * width / columns, 2.1))
    grid = drawn.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for spare in grid[count:]:
        spare.set_visible(False)
    return drawn, list(grid[:count])


def _finished(drawn: Figure, panels: Sequence[Axes], x: str, y: str, legend_columns: int = 5) -> Figure:
    """Labels at the outer panels, and one legend above all of them."""
    columns = panels[0].get_gridspec().ncols if panels else 1  # type: ignore[union-attr]
    for place, axes in enumerate(panels):
        if place % columns == 0:
            axes.set_ylabel(y)
        if place + columns >= len(panels):
            axes.set_xlabel(x)
            axes.tick_params(labelbottom=True)
    labels.legend(drawn, panels, legend_columns)
    return drawn
