"""Slack: how many times a bound is larger than what was measured, over time, one colour for each staleness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from experiments.check.verdict import Verdict
from figures.draw.rungs import as_array, last, shown
from figures.style import labels, style
from theory.bounds import REGISTRY

_FEW = 12


def slack(verdicts: Mapping[int, Verdict], axes: Axes, bound: str, *, names: bool = True) -> Axes:
    """Draw bound / measured against the horizon.

    Args:
        verdicts: staleness s -> verdict.
        axes: where to draw.
        bound: name of the bound.
        names: write each s at the right end of its line.

    Returns:
        The same axes; a line at 1 marks where a bound would be exact.
    """
    style.log_axes(axes)
    axes.axhline(1.0, color=style.INK, linewidth=0.8)
    colours, ends = style.ordered_colours(list(verdicts)), []
    for staleness, verdict in sorted(verdicts.items()):
        ratio = _ratio(verdict, bound)
        if not np.isfinite(ratio).any():
            continue
        few = len(verdict.times) < _FEW or np.isfinite(ratio).sum() == 1
        axes.plot(
            verdict.times,
            ratio,
            color=colours[staleness],
            marker="o" if few else "",
            markersize=2.6,
            label=f"$s = {staleness}$",
        )
        ends.append(labels.Label(last(ratio), f"$s = {staleness}$", colours[staleness]))
    axes.set_title(bound)
    if names:
        axes.set_xlabel("number of steps $T$")
        axes.set_ylabel("bound / measured")
        axes.set_ylim(bottom=min(0.8, axes.get_ylim()[0]))
        labels.label_ends(axes, ends)
    return axes


def slack_grid(verdicts: Mapping[int, Verdict], panels: Sequence[Axes], bounds: Sequence[str]) -> Sequence[Axes]:
    """The slack of several bounds, one panel each, on the same scale.

    Args:
        verdicts: staleness s -> verdict.
        panels: as many axes as bounds.
        bounds: names of the bounds.

    Returns:
        The same axes.
    """
    for bound, axes in zip(bounds, panels, strict=True):
        slack(verdicts, axes, bound, names=False)
    limits = [axes.get_ylim() for axes in panels]
    for axes in panels:
        axes.set_ylim(min(0.8, *(low for low, _ in limits)), max(high for _, high in limits))
        axes.label_outer()
    return panels


def _ratio(verdict: Verdict, bound: str) -> NDArray[np.float64]:
    """Bound / measured at each horizon, NaN where there is no bound or nothing was measured."""
    measured = as_array(verdict.measured)
    value = as_array(verdict.bounds.get(bound, (None,) * measured.size))
    ratio: NDArray[np.float64] = np.divide(value, measured, out=np.full(measured.size, np.nan), where=measured > 0)
    return ratio


def bounds_with_values(verdicts: Mapping[int, Verdict]) -> tuple[str, ...]:
    """The bounds that have a value at some staleness, in the order of the library."""
    # Worst cases are known at a few horizons only, and the ladder shows them.
    names = dict.fromkeys(name for verdict in verdicts.values() for name in shown(verdict) if name in REGISTRY)
    return tuple(
        name
        for name in names
        if any(np.isfinite(as_array(verdict.bounds.get(name, ()))).any() for verdict in verdicts.values())
    )
