"""Counter-momentum over delayed steps, every problem under every kind of delays, with noise and without."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.studies.systems.counter_momentum.cells import DELAYS
from experiments.studies.systems.counter_momentum.effects import (
    OURS,
    TUNED,
    UNTUNED,
    Place,
    Results,
    by_place,
    has_constants,
    problems_of,
    ratio,
)
from figures.style import style
from theory.common.types import Vector

#: How the delays are named below the axes.
NAMES: Mapping[str, str] = {
    "fixed:0": "0",
    "fixed:1": "1",
    "fixed:3": "3",
    "fixed:8": "8",
    "caches:4:3": "caches",
    "trace:even": "even\nserver",
    "trace:uneven": "uneven\nserver",
}
SHOWN = DELAYS[1:]  # without delay the two are one method
_FAR = 3.5  # log2 of the ratio at which a point is put on the edge
_SPREAD = 0.62


def counter_momentum_picture(results: Results) -> Figure:
    """Four panels: full gradients above, minibatches below; the theory's steps to the left, the best to the right."""
    with style.style():
        drawn = style.figure(style.PAGE, 4.4)
        grid = drawn.subplots(2, 2, squeeze=False, sharey=True, sharex=True)
        chosen: tuple[tuple[float | str, str], ...] = ((UNTUNED, "steps from L"), (TUNED, "best steps"))
        for row, (noisy, gradients) in zip(grid, ((False, "Full gradients"), (True, "Minibatches")), strict=True):
            for axes, (steps, words) in zip(row, chosen, strict=True):
                ratios(results, axes, noisy, steps).set_title(f"{gradients}, {words}")
            row[0].set_ylabel("counter-momentum / delayed")
        return drawn


def ratios(results: Results, axes: Axes, noisy: bool, steps: float | str) -> Axes:
    """A dot a problem: the ratio of the least squared gradients; their median and their middle half."""
    there, problems = by_place(results), list(problems_of(results))
    places = np.linspace(-_SPREAD / 2, _SPREAD / 2, max(1, len(problems)))
    for column, delays in enumerate(SHOWN):
        found = {
            problem: ratio(there[Place(problem, delays, noisy)], OURS, "delayed", steps).mean()
            for problem in problems
            if Place(problem, delays, noisy) in there
        }
        for place, problem in zip(places, problems, strict=False):
            if problem in found:
                known = has_constants(there[Place(problem, delays, noisy)])
                _dot(axes, column + place, float(found[problem]), known, f"_{problem}, log2")
        _middle(axes, column, np.array(list(found.values())))
    axes.axhline(0, color=style.MUTED, linewidth=0.7)
    axes.set_ylim(-_FAR - 0.2, _FAR + 0.2)
    axes.set_yticks([-3, -2, -1, 0, 1, 2, 3], ["1/8", "1/4", "1/2", "1", "2", "4", "8"])
    axes.set_xticks(range(len(SHOWN)), [NAMES[each] for each in SHOWN])
    axes.set_xlim(-0.6, len(SHOWN) - 0.4)
    return axes


def _dot(axes: Axes, x: float, value: float, known: bool, name: str) -> None:
    """Blue where counter-momentum ends lower, vermillion where higher, grey at a tie; hollow where L is an estimate."""
    colour = style.BLUE if value < 0 else style.VERMILLION if value > 0 else style.MUTED
    marker = "o" if abs(value) <= _FAR else "v" if value < 0 else "^"
    face = colour if known else "none"
    height = np.clip(value, -_FAR, _FAR)
    axes.plot(x, height, marker, markersize=3.0, color=colour, markerfacecolor=face, label=name)


def _middle(axes: Axes, x: float, values: Vector) -> None:
    """The median and the middle half: a mean would hang on one problem that is solved to the floor."""
    if values.size:
        low, middle, high = np.clip(np.quantile(values, [0.25, 0.5, 0.75]), -_FAR, _FAR)
        axes.fill_between([x - 0.42, x + 0.42], low, high, color=style.GRID, linewidth=0, zorder=0)
        axes.plot([x - 0.42, x + 0.42], [middle, middle], color=style.INK, linewidth=0.9, label="_median, log2")


def counter_momentum_caption(results: Results) -> str:
    """What is seen."""
    count = len(list(problems_of(results)))
    return (
        f"The least squared gradient of counter-momentum over that of delayed steps: a dot for each of {count} "
        "problems, always in the same order, blue where counter-momentum is lower, grey where both are solved to the "
        "floor, hollow where L is an estimate; a triangle lies further out. Line and shade: the median of the problems "
        "and their middle half. Below: the fixed delay; four workers with caches, delays up to 3; the delays that two "
        "servers recorded. Delayed steps take gradients as they come, counter-momentum holds them until they are as "
        "old as the oldest."
    )
