"""Slack: how many times a bound is larger than what was measured, of every bound at every staleness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from experiments.check.verdict import Verdict
from figures.draw.rungs import COHERENT, as_array, shown
from figures.style import style
from theory.bounds import REGISTRY

_MARKS = "osD^vP*X"


def slack(verdicts: Mapping[int, Verdict], axes: Axes, bounds: Sequence[str]) -> Axes:
    """Draw bound / measured against the staleness: a mark at its least along the run, a bar up to that at the last T.

    Args:
        verdicts: staleness s -> verdict.
        axes: where to draw.
        bounds: names of the bounds.

    Returns:
        The same axes; a line at 1 marks where a bound would be exact.
    """
    axes.set_xscale("linear")
    ranked = sorted(verdicts)
    hues = {True: iter((style.VERMILLION, style.ORANGE, style.DARK_VERMILLION)), False: iter(_OTHERS)}
    for place, bound in enumerate(bounds):
        known = [(at, ratio) for at, s in enumerate(ranked) if (ratio := _ratio(verdicts[s], bound)).size]
        colour = next(hues[bound in COHERENT], style.MUTED)
        at = np.array([at for at, _ in known]) + 0.1 * (place - (len(bounds) - 1) / 2)
        least, last = (np.array([end(ratio) for _, ratio in known]) for end in (np.min, lambda ratio: ratio[-1]))
        axes.vlines(at, least, last, color=colour, linewidth=1.4, alpha=0.5, label="_nolegend_")
        axes.plot(at, last, "_", markersize=4, color=colour, label=f"_{bound}, at the last T")
        look: dict[str, Any] = {
            "marker": _MARKS[place % len(_MARKS)],
            "markersize": 3.4,
            "linestyle": "",
            "color": colour,
        }
        axes.plot(at, least, **look, label=bound)
    style.log_axes(axes, x=False)
    axes.axhline(1.0, color=style.INK, linewidth=0.8)
    axes.set_xticks(range(len(ranked)), [f"$s = {staleness}$" for staleness in ranked])
    axes.set_xlim(-0.5, len(ranked) - 0.5)
    axes.set_ylim(bottom=min(0.8, axes.get_ylim()[0]))
    axes.set_xlabel("staleness $s$")
    axes.set_ylabel("bound / measured")
    return axes


_OTHERS = (style.BLUE, style.DARK_BLUE, style.SKY, style.GREEN, style.PURPLE, style.INK)


def _ratio(verdict: Verdict, bound: str) -> NDArray[np.float64]:
    """Bound / measured at the horizons at which there is a bound and something was measured."""
    measured = as_array(verdict.measured)
    value = as_array(verdict.bounds.get(bound, (None,) * measured.size))
    there = np.isfinite(value) & (measured > 0)
    ratio: NDArray[np.float64] = value[there] / measured[there]
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
