r"""Coherence along runs: what Theorem 1 assumes, what its proof uses of that, and the cosine that is often measured.

Three different quantities of the same gradients, drawn on the scale of a cosine. The pathwise mu_k has no lower limit:
what falls below the frame is marked at its edge, with the smallest value written out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.typing import LineStyleType

from experiments.check.findings.coherence import CoherenceSummary
from figures.draw.rungs import last
from figures.style import labels, style
from theory.common.types import Floats

_LOW, _HIGH = -1.0, 2.0
PATHWISE = r"median $\mu_k$, band 10-90 %"
LEAST = r"least $\mu_k$ of all seeds"
PROOF = r"$\mathbb{E}\langle g_k, g_{\tau_k}\rangle\,/\,\mathbb{E}\|g_k\|^2$"
COSINE = r"cosine of $g_k, g_{\tau_k}$"


def coherence(shown: CoherenceSummary, axes: Axes, *, names: bool = True) -> Axes:
    """Draw the coherence of a run.

    Args:
        shown: what was measured along it, and the mu that was assumed.
        axes: where to draw.
        names: write the name of every line at its right end.

    Returns:
        The same axes.
    """
    mu = shown.assumed
    _frame(axes, shown)
    if mu is not None:
        axes.axhline(
            mu, color=style.INK, linewidth=0.9, linestyle=style.LINE_STYLES[1], label=f"assumed $\\mu = {mu:g}$"
        )
    _draw(axes, shown)
    _mark_beyond(axes, shown)
    if names:
        axes.set_xlabel("step $k$")
        axes.set_ylabel("coherence, cosine")
        labels.label_ends(axes, _labels(shown, mu))
    return axes


def coherence_grid(runs: Mapping[int, CoherenceSummary], panels: Sequence[Axes]) -> Sequence[Axes]:
    """The coherence at several stalenesses, one panel each.

    Args:
        runs: staleness s -> what was measured along the run.
        panels: as many axes.

    Returns:
        The same axes.
    """
    limits = []
    for (staleness, shown), axes in zip(sorted(runs.items()), panels, strict=True):
        coherence(shown, axes, names=False)
        axes.set_title(f"$s = {staleness}$")
        limits.append(axes.get_ylim())  # before the next panel: they may share their scale
    for axes in panels:
        axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
        axes.label_outer()
    return panels


def _frame(axes: Axes, shown: CoherenceSummary) -> None:
    axes.set_yscale("linear")
    style.log_axes(axes, y=False)
    axes.set_xlim(1, max(shown.steps, 2))
    seen = np.concatenate([values[np.isfinite(values)] for values, *_ in _lines(shown)] + [[0.0, 1.0]])
    axes.set_ylim(max(_LOW, seen.min()) - 0.06, min(_HIGH, seen.max()) + 0.06)


def _draw(axes: Axes, shown: CoherenceSummary) -> None:
    for values, colour, width, line, name in _lines(shown):
        axes.plot(
            shown.times,
            _clipped(values),
            color=colour,
            linewidth=width,
            linestyle=line,
            label=name,
        )
    axes.fill_between(shown.times, _clipped(shown.low), _clipped(shown.high), color=style.BLUE, alpha=0.18, linewidth=0)


def _clipped(values: Floats) -> Floats:
    """The values, none of them far outside the frame: a file must not hold coordinates of a million inches."""
    return np.clip(values, 2 * _LOW, 2 * _HIGH)


def _lines(shown: CoherenceSummary) -> tuple[tuple[Floats, str, float, LineStyleType, str], ...]:
    solid, dashed, dotted, _ = style.LINE_STYLES
    return (
        (shown.least, style.SKY, 0.8, solid, LEAST),
        (shown.median, style.BLUE, 1.5, solid, PATHWISE),
        (shown.cosine, style.GREEN, 1.2, dotted, COSINE),
        (shown.proof, style.VERMILLION, 1.3, dashed, PROOF),
    )


def _mark_beyond(axes: Axes, shown: CoherenceSummary) -> None:
    """Triangles where a curve leaves the frame, and how far down mu_k goes."""
    for values, colour, _, _, name in _lines(shown):
        for beyond, edge, mark in ((values < _LOW, _LOW, "v"), (values > _HIGH, _HIGH, "^")):
            look: dict[str, Any] = {"color": colour, "markersize": 3.6, "label": f"_{name}, beyond the frame"}
            axes.plot(shown.times[beyond], np.full(beyond.sum(), edge), mark, **look)
    if shown.lowest < _LOW:
        text = f"down to $\\mu_k =$ {style.number(shown.lowest)}"
        axes.text(0.03, 0.09, text, transform=axes.transAxes, fontsize=6.5, color=style.BLUE)


def _labels(shown: CoherenceSummary, mu: float | None) -> list[labels.Label]:
    ends = [
        labels.Label(float(np.clip(last(values), _LOW, _HIGH)), name, colour)
        for values, colour, _, _, name in _lines(shown)
        if np.isfinite(values).any()
    ]
    return ends if mu is None else [*ends, labels.Label(mu, f"assumed $\\mu = {mu:g}$", style.INK)]
