"""What a constant step costs in the limit: the exact constant against the step, and the best constants side by side.

Every curve is min |g|^2 N / (L Delta) as the number of steps N grows, for one fixed delay; it blows up at the step
where a quadratic becomes unstable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType

from experiments.studies.worst_cases.limit import ConstantAtStep, Limits
from figures.style import labels, style
from theory.staleness.stability import fixed_delay_limit

EXACT = "exact limit"
_TOP = 60.0
_SOLID, _DASHED, _DOTTED, _MIXED = style.LINE_STYLES
#: The results in the panel, from the best to the weakest: heading, colour, line, marker.
_SHOWN: Mapping[str, tuple[str, str, LineStyleType, str]] = {
    EXACT: ("exact limit", style.INK, _SOLID, "o"),
    "theorem-c": ("Theorem C", style.BLUE, _SOLID, "^"),
    "theorem-b": ("Theorem B", style.BLUE, _DASHED, "s"),
    "theorem-a": ("Theorem A", style.BLUE, _DOTTED, "D"),
    "lian2015": ("Lian 2015", style.GREEN, _SOLID, "v"),
    "dai2019-sum, mu=1": (r"Theorem 1, $\mu=1$", style.VERMILLION, _SOLID, "P"),
    "dai2019-sum, mu=0.5": (r"Theorem 1, $\mu=\frac{1}{2}$", style.VERMILLION, _DASHED, "X"),
    "stich2020": ("Stich–Kar. 2020", style.PURPLE, _SOLID, "*"),
}


def constant_curves(limits: Limits, axes: Axes) -> Axes:
    """Draw C against h for every delay, with the optimum of each and the stability limits.

    Args:
        limits: as `experiments.studies.worst_cases.limit.limits` reads them.
        axes: where to draw.

    Returns:
        The same axes.
    """
    style.log_axes(axes)
    colours = _colours(tuple(limits.curves))
    for delay, found in limits.curves.items():
        colour, best = colours[delay], limits.best[delay]
        axes.axvline(fixed_delay_limit(delay), color=colour, linewidth=0.5, linestyle=_DOTTED, alpha=0.8)
        _draw_curve(found, axes, colour)
        look: dict[str, Any] = {"marker": "o", "markersize": 4.2, "color": colour, "markeredgecolor": style.PAPER}
        axes.plot(best.step, best.value, **look, label=f"_best step, $D={delay}$")
        _name_limit(axes, delay, colour)
    _frame(limits, axes)
    return axes


def constants_panel(limits: Limits, axes: Axes) -> Axes:
    """Draw the best constants of the results against the delay, each divided by D + 1/2.

    Args:
        limits: as `experiments.studies.worst_cases.limit.limits` reads them.
        axes: where to draw.

    Returns:
        The same axes.
    """
    style.log_axes(axes, x=False)
    delays = np.array(list(limits.best))
    for name, (heading, colour, line, marker) in _SHOWN.items():
        values = np.array([_constant(limits, delay, name) for delay in delays])
        axes.plot(
            delays,
            values / (delays + 0.5),
            color=colour,
            linestyle=line,
            linewidth=1.6 if name == EXACT else 1.0,
            marker=marker,
            markersize=3.2,
            label=heading,
        )
    axes.set_xticks(delays)
    axes.set_xlabel("delay $D$")
    axes.set_ylabel(r"best constant / $(D+\frac{1}{2})$")
    axes.set_title("Best constants, per unit of delay")
    labels.label_ends(axes, [_end(limits, name) for name in _SHOWN], 6.5)
    return axes


def limit_picture(limits: Limits, *, width: float = style.PAGE) -> Figure:
    """The curves and the best constants, side by side."""
    with style.style():
        drawn = style.figure(width, 0.46 * width)
        left, right = drawn.subplots(1, 2, width_ratios=(1.3, 1))
        constant_curves(limits, left)
        constants_panel(limits, right)
        return drawn


def _draw_curve(found: Sequence[ConstantAtStep], axes: Axes, colour: str) -> None:
    """The curve, dashed where what is proved has a factor for the start."""
    steps, values = ([getattr(each, name) for each in found] for name in ("step", "value"))
    exact = [each.start == 1 for each in found].index(False) if any(each.start > 1 for each in found) else len(found)
    axes.plot(steps[:exact], values[:exact], color=colour, label=f"$D={found[0].delay}$")
    dashed = slice(max(exact - 1, 0), None)
    axes.plot(
        steps[dashed], values[dashed], color=colour, linestyle=_DASHED, label=f"_$D={found[0].delay}$, from below"
    )


def _name_limit(axes: Axes, delay: int, colour: str) -> None:
    """The delay at the foot of its stability limit."""
    axes.annotate(
        f"$D={delay}$" if delay == 0 else str(delay),
        (fixed_delay_limit(delay), 0.022),
        xycoords=("data", "axes fraction"),
        ha="center" if delay else "right",
        fontsize=6.5,
        color=colour,
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.8},
    )


def _end(limits: Limits, name: str) -> labels.Label:
    last = max(limits.best)
    heading, colour, _, _ = _SHOWN[name]
    return labels.Label(_constant(limits, last, name) / (last + 0.5), heading, colour, bold=name == EXACT)


def _frame(limits: Limits, axes: Axes) -> None:
    lowest, highest = (end(best.value for best in limits.best.values()) for end in (min, max))
    everything = [each for found in limits.curves.values() for each in found]
    steps, starts = [each.step for each in everything], [each.start for each in everything]
    axes.set_ylim(lowest / 1.6, max(_TOP, 4 * highest))
    axes.set_xlim(min(best.step for best in limits.best.values()) / 3, 1.06 * max(steps))
    axes.set_xlabel(r"step $h=L\eta$; dotted: where a quadratic becomes unstable")
    axes.set_ylabel(r"$C$ in $\min_k\|\nabla F(x_k)\|^2\sim C\,L\Delta/N$")
    axes.set_title("The exact constant of a constant step")
    axes.text(
        0.03,
        0.10,
        f"solid: exact, proved\ndashed: proved from\nbelow; from above up\nto a factor {max(starts):.3g}",
        transform=axes.transAxes,
        fontsize=6.5,
        color=style.MUTED,
        linespacing=1.35,
    )


def _constant(limits: Limits, delay: int, name: str) -> float:
    return limits.best[delay].value if name == EXACT else limits.compared[delay][name]


def _colours(delays: Sequence[int]) -> dict[int, str]:
    """Dark to light as the delay grows."""
    ramp = LinearSegmentedColormap.from_list("ordered", style.ORDERED)
    return {
        delay: to_hex(ramp(place)) for delay, place in zip(delays, np.linspace(0, 1, max(len(delays), 2)), strict=False)
    }
