"""Several schedules in one picture: each one's measured curve with its band, and the best bound that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from experiments.check.verdict import Verdict
from figures.draw.ladder import QUANTITY, draw_measured, name_inside
from figures.draw.rungs import Rung, as_array, extent, ladder_rungs, last
from figures.style import labels, style


def comparison(verdicts: Mapping[str, Verdict], axes: Axes, *, names: bool = True) -> Axes:
    """Draw what was measured of each schedule, solid, and its deciding bound, dashed.

    Args:
        verdicts: schedule -> verdict, on the same problem.
        axes: where to draw.
        names: write the schedules at the right ends.

    Returns:
        The same axes.
    """
    style.log_axes(axes)
    ends = [extent(verdict, _best(verdict)) for verdict in verdicts.values()]
    ends = [(low, high) for low, high in ends if low > 0]
    if ends:
        axes.set_ylim(min(low for low, _ in ends) / 1.6, max(high for _, high in ends) * 1.6)
    axes.set_xlim(1, max(2, *(verdict.times[-1] for verdict in verdicts.values())))
    for (schedule, verdict), colour in zip(verdicts.items(), _colours(), strict=False):
        _draw_bound(schedule, verdict, axes, colour)
        draw_measured(verdict, axes, colour)
    axes.set_xlabel("number of steps $T$")
    axes.set_ylabel(QUANTITY)
    if names:
        labels.label_ends(axes, list(_labels(verdicts)))
    return axes


def _best(verdict: Verdict) -> tuple[Rung, ...]:
    """The bound that decided, if it has a value."""
    return tuple(rung for rung in ladder_rungs(verdict) if rung.name == verdict.bound)


def _draw_bound(schedule: str, verdict: Verdict, axes: Axes, colour: str) -> None:
    for rung in _best(verdict):
        few = np.isfinite(rung.values).sum() < 12
        axes.plot(
            verdict.times,
            rung.values,
            color=colour,
            linestyle=style.LINE_STYLES[1],
            linewidth=1.0,
            alpha=0.45 if rung.broken else 1.0,
            marker="o" if few else "",
            markersize=2.6,
        )
        if not rung.whole:
            name_inside(axes, replace(rung, colour=colour), verdict.times, f"{rung.name}: {schedule}")


def _labels(verdicts: Mapping[str, Verdict]) -> Iterator[labels.Label]:
    for (schedule, verdict), colour in zip(verdicts.items(), _colours(), strict=False):
        yield labels.Label(last(as_array(verdict.measured)), schedule, colour, bold=True)
        for rung in (rung for rung in _best(verdict) if rung.whole):
            yield labels.Label(rung.end, f"{rung.name}: {schedule}", colour, faint=bool(rung.broken))


def _colours() -> Iterator[str]:
    while True:
        yield from style.CATEGORIES
