"""The worst function of a schedule: the path on its landscape, how steep it is on the way, and where the steps point.

Three reasons for a slow run are to be seen: the gradient is smaller between the iterates than at them, a late gradient
points away from the present one, and long steps climb. Together they make F fall by less than eta |grad F|^2 a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from figures.style import style
from theory.common.types import Floats
from theory.worst_case.question import Measure
from theory.worst_case.witness.check import Witness
from theory.worst_case.witness.interpolation import Interpolant

_FLAT = 0.01  # a path no wider than this share of its length is drawn as a line
_SHOWN = 24  # arrows
_GRID, _WAY = 48, 12
_HEIGHTS = LinearSegmentedColormap.from_list("heights", ["#f3f6fa", "#b9cfe3"])


def worst_function_picture(witness: Witness, *, width: float = style.PAGE) -> Figure:
    """The worst function as a picture of its own: landscape on the left, gradients and angles on the right.

    Args:
        witness: one that has been checked.
        width: inches.
    """
    with style.style():
        drawn = style.figure(width, 0.52 * width)
        grid = drawn.add_gridspec(2, 2, width_ratios=(1.25, 1))
        landscape(witness, drawn.add_subplot(grid[:, 0]))
        steepness(witness, drawn.add_subplot(grid[0, 1]))
        second = fall if _view(witness).width <= _FLAT else angles
        second(witness, drawn.add_subplot(grid[1, 1]))
        drawn.suptitle(_title(witness), x=0.01, ha="left", fontsize=8.5)
        return drawn


def save_worst_function(witness: Witness, folder: Path) -> Path:
    """Write the picture as worst-function.svg and worst-function.pdf into the folder; the path of the SVG."""
    return style.save(worst_function_picture(witness), folder, "worst-function")[0]


def landscape(witness: Witness, axes: Axes) -> Axes:
    """F along the line of the path, or its level lines in the plane in which the path extends most.

    Args:
        witness: one that has been checked.
        axes: where to draw.

    Returns:
        The same axes.
    """
    view = _view(witness)
    return _profile(witness, view, axes) if view.width <= _FLAT else _contours(witness, view, axes)


def steepness(witness: Witness, axes: Axes) -> Axes:
    """|grad F|^2 on the way from iterate to iterate, with the iterates and the value, which none of them is below."""
    function, points = _function(witness), witness.points
    steps = witness.question.steps
    k = np.linspace(0, steps, steps * max(3, _WAY * _SHOWN // steps) + 1)
    low = np.minimum(k.astype(int), steps - 1)
    way = points[low] + (k - low)[:, None] * (points[low + 1] - points[low])
    squares = np.array([float(gradient @ gradient) for gradient in map(function.gradient, way)])
    axes.plot(k, squares, color=style.BLUE, linewidth=0.9, label="_between")
    axes.plot(_squares(witness), "o", color=style.INK, markersize=2.0, label="_at the iterates")
    axes.axhline(witness.lower, color=style.VERMILLION, linewidth=0.8, linestyle=(0, (4, 2)))
    axes.set_title(r"$|\nabla F|^2$ at the iterates (dots) and between")
    axes.set_xlabel("step $k$")
    return axes


def angles(witness: Witness, axes: Axes) -> Axes:
    """The angle between the gradient at x_k and the way that step k goes."""
    degrees = _degrees(witness)
    look: dict[str, Any] = {"color": style.VERMILLION, "linewidth": 0.9, "marker": "o", "markersize": 1.6}
    axes.plot(np.arange(len(degrees)), degrees, **look, label="_angle")
    axes.set_ylim(0.0, max(10.0, 1.1 * degrees.max()))
    axes.set_title(r"degrees between $\nabla F(x_k)$ and the move of step $k$")
    axes.set_xlabel("step $k$")
    return axes


def fall(witness: Witness, axes: Axes) -> Axes:
    """By which share of |grad F(x_k)| |x_{k+1} - x_k| each step lowers F; 1 on a plane."""
    values, lengths = witness.function_values, np.sqrt(_squares(witness))
    most = np.linalg.norm(witness.question.moves(witness.gradients), axis=1) * lengths[:-1]
    k = np.flatnonzero(most > 0)
    look: dict[str, Any] = {"color": style.VERMILLION, "linewidth": 0.9, "marker": "o", "markersize": 1.6}
    axes.plot(k, (values[k] - values[k + 1]) / most[k], **look, label="_share of the step")
    axes.axhline(1.0, color=style.MUTED, linewidth=0.6)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]), top=1.1)
    axes.set_title(r"fall of $F$ in step $k$, as a share of $\eta_k|\nabla F|^2$")
    axes.set_xlabel("step $k$")
    return axes


@dataclass(frozen=True, eq=False)
class _View:
    """Orthonormal directions (2 or 3, r) in which the path extends most, its middle, and its extents there."""

    directions: Floats
    centre: Floats
    extents: Floats

    @property
    def width(self) -> float:
        """The second extent as a share of the first."""
        return float(self.extents[1] / max(self.extents[0], 1e-300))

    @property
    def winds(self) -> bool:
        """Whether the path is a long screw: as wide in a third direction as in the second."""
        return len(self.directions) > 2 and self.width < 0.25 and self.extents[2] > 0.5 * self.extents[1]

    @property
    def plane(self) -> Floats:
        """The first two directions (2, r)."""
        return self.directions[:2]

    def seen(self, vectors: Floats) -> Floats:
        """Coordinates (n, 2 or 3) of points relative to the centre."""
        return np.asarray((vectors - self.centre) @ self.directions.T)


def _view(witness: Witness) -> _View:
    points = witness.points
    centre = points.mean(axis=0)
    _, extents, directions = np.linalg.svd(points - centre, full_matrices=False)
    directions[0] *= np.sign((points[-1] - points[0]) @ directions[0] or 1.0)
    if len(directions) == 1:
        directions, extents = np.concatenate([directions, 0 * directions]), np.append(extents, 0.0)
    return _View(directions[:3], centre, extents[:3])


def _profile(witness: Witness, view: _View, axes: Axes) -> Axes:
    """F along the line, beyond both ends, with the iterates and their slopes."""
    function, along = _function(witness), view.seen(witness.points)[:, 0]
    room = 0.15 * (along.max() - along.min()) + 1e-12
    down = along.max() + float(np.linalg.norm(witness.gradients[-1])) / function.smoothness
    line = np.linspace(along.min() - room, max(down, along.max() + room), 600)
    heights = [function.value(view.centre + t * view.directions[0]) for t in line]
    axes.plot(line, heights, color=style.BLUE, linewidth=1.0, label="_F")
    axes.plot(along, witness.function_values, "o", color=style.INK, markersize=2.4, label="_iterates")
    axes.annotate("$x_0$", (along[0], witness.function_values[0]), xytext=(4, 4), textcoords="offset points")
    axes.annotate("$x_T$", (along[-1], witness.function_values[-1]), xytext=(4, 4), textcoords="offset points")
    axes.set_title("$F$ along the line of the path, iterates as dots")
    axes.set_xlabel("place on the line")
    axes.set_ylabel(r"$F - \inf F$")
    return axes


def _contours(witness: Witness, view: _View, axes: Axes) -> Axes:
    """Level lines through the middle of the path, the path from dark to light, and the gradients' directions."""
    path = view.seen(witness.points)
    (left, right), (low, high) = (_widened(path[:, side]) for side in (0, 1))
    if view.winds:
        low -= 0.9 * (high - low)
    x, y = np.linspace(left, right, _GRID), np.linspace(low, high, _GRID)
    function = _function(witness)
    heights = [[function.value(view.centre + np.array([a, b]) @ view.plane) for a in x] for b in y]
    axes.contourf(x, y, heights, levels=14, cmap=_HEIGHTS)
    axes.contour(x, y, heights, levels=14, colors=style.MUTED, linewidths=0.35)
    axes.plot(path[:, 0], path[:, 1], "o-", color=style.INK, linewidth=0.7, markersize=2.0, label="_iterates")
    _arrows(witness, view, path, axes)
    axes.annotate("$x_0$", tuple(path[0, :2]), xytext=(4, 4), textcoords="offset points", fontweight="bold")
    axes.annotate("$x_T$", tuple(path[-1, :2]), xytext=(4, 4), textcoords="offset points", fontweight="bold")
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
    axes.set_title(r"the path on $F$, where it is widest; arrows: $-\nabla F(x_k)$")
    axes.locator_params(nbins=5)
    axes.set_xlabel("first direction of the path")
    axes.set_ylabel("second direction")
    if view.winds:
        _section(path, axes)
    return axes


def _section(path: Floats, axes: Axes) -> None:
    """The path seen along its first direction, in a corner."""
    inset = axes.inset_axes((0.32, 0.02, 0.36, 0.36))
    inset.plot(path[:, 1], path[:, 2], color=style.INK, linewidth=0.5, marker="o", markersize=1.4)
    inset.set_aspect("equal")
    inset.set_xticks([])
    inset.set_yticks([])
    inset.set_facecolor(style.PAPER)
    for spine in inset.spines.values():
        spine.set_visible(True)
    axes.annotate("seen along\nthe first direction:\na screw", (0.03, 0.2), xycoords="axes fraction", va="center")


def _arrows(witness: Witness, view: _View, path: Floats, axes: Axes) -> None:
    every = max(1, len(path) // _SHOWN)
    slopes = -(witness.gradients[::every] @ view.plane.T)
    axes.quiver(
        path[::every, 0],
        path[::every, 1],
        slopes[:, 0],
        slopes[:, 1],
        color=style.VERMILLION,
        angles="xy",
        width=0.003,
        headwidth=4,
        zorder=3,
    )


def _widened(values: Floats) -> tuple[float, float]:
    room = 0.2 * float(values.max() - values.min())
    return float(values.min()) - room, float(values.max()) + room


def _squares(witness: Witness) -> Floats:
    return np.asarray(np.square(witness.gradients).sum(axis=1))


def _function(witness: Witness) -> Interpolant:
    question = witness.question
    return Interpolant(witness.points, witness.gradients, witness.function_values, question.smoothness)


def _title(witness: Witness) -> str:
    question = witness.question
    what = r"$\min_k|\nabla F(x_k)|^2$" if question.measure is Measure.MINIMUM else r"mean of $|\nabla F(x_k)|^2$"
    value = style.number(witness.lower, 4)
    head = f"A worst function for $T = {question.steps}$, $s = {question.staleness.window}$: {what} $=$ {value}"
    return f"{head}\n{_reason(witness)}"


def _reason(witness: Witness) -> str:
    """Why the run is slow, in a line."""
    question, values = witness.question, witness.function_values
    late = float(_degrees(witness).max())
    if (values[1:] > values[:-1]).any():
        k = int(np.argmax(values[1:] - values[:-1]))
        return f"Long steps of stale gradients climb, most at step $k = {k}$; gradients are up to {late:.0f}° off."
    if _view(witness).width <= _FLAT:
        gone = f"steps that add up to {style.number(float(question.step_sizes.sum()))} lower"
        low = style.number(float(values[0] - values[-1]))
        return (
            f"The slope never gives way, and {gone if question.rule is None else 'the run lowers'} $F$ by {low} only."
        )
    off = f", and each step applies an old one, up to {late:.0f}° off" if late >= 1 else ""
    return f"The gradient turns on the way{off}."


def _degrees(witness: Witness) -> Floats:
    """The angle between the gradient at x_k and x_k - x_{k+1}, which is what step k applies; float64 (T,)."""
    now, applied = witness.gradients[:-1], witness.question.moves(witness.gradients)
    lengths = np.linalg.norm(now, axis=1) * np.linalg.norm(applied, axis=1)
    cosine = np.divide((now * applied).sum(axis=1), lengths, out=np.ones(len(now)), where=lengths > 0)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
