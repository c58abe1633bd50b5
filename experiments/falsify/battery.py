r"""Cheap adversaries in one variable: functions of smoothness 1 whose gap at the start is known exactly.

A batch holds many functions phi with a start y_0 each; a run on all of them at once is a few array operations a step.
Scaling makes more of each: $F(x)=Lb^2\varphi(x/b)$ is L-smooth, its gap is $Lb^2\gamma$ and its squared gradients are
$(Lb)^2\varphi'^2$, so one unit run serves every L, Delta and sigma.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from theory.common.types import Flags, Matrix, Vector

_FEW_KNOTS = 20


@dataclass(frozen=True, eq=False)
class Landscapes(ABC):
    """A batch of B functions of one variable with |phi''| <= 1, bounded below, each with a start.

    Args:
        name: what kind of function they are.
        start: float64 (B,), y_0.
    """

    name: str
    start: Vector

    @abstractmethod
    def gradient(self, points: Matrix) -> Matrix:
        """The slopes phi' at points (B, P), row b belonging to function b."""

    @property
    @abstractmethod
    def gap(self) -> Vector:
        """phi(y_0) - inf phi, exactly, (B,)."""

    @property
    @abstractmethod
    def convex(self) -> Flags:
        """Which functions are convex, (B,)."""

    @abstractmethod
    def text(self, row: int) -> str:
        """One function with its start, in full: enough to rebuild it."""


@dataclass(frozen=True, eq=False)
class PiecewiseQuadratic(Landscapes):
    """Functions whose gradient is piecewise linear.

    Args:
        knots: float64 (B, K), not decreasing along a row.
        values: float64 (B, K), phi' at the knots; neighbours at the same place hold the same value.
        left, right: float64 (B,), phi'' before the first and after the last knot, in [0, 1].
        labels: what each function is called, where the batch holds several kinds.

    >>> valley = PiecewiseQuadratic("valley", np.array([2.0]), np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]]))
    >>> valley.gradient(np.array([[-3.0, 0.5, 2.0]])), valley.gap
    (array([[0. , 0.5, 1. ]]), array([1.5]))
    """

    knots: Matrix
    values: Matrix
    left: Vector = field(default_factory=lambda: np.zeros(1))
    right: Vector = field(default_factory=lambda: np.zeros(1))
    labels: tuple[str, ...] = ()

    @cached_property
    def slopes(self) -> Matrix:
        """The curvatures phi'' on the K + 1 pieces."""
        widths, rises = np.diff(self.knots), np.diff(self.values)
        inner = np.divide(rises, widths, out=np.zeros_like(rises), where=widths > 0)
        ends = (np.broadcast_to(end, self.start.shape)[:, None] for end in (self.left, self.right))
        return np.concatenate((next(ends), inner, next(ends)), axis=1)

    @cached_property
    def _anchors(self) -> tuple[Matrix, Matrix]:
        return tuple(np.concatenate((a[:, :1], a), axis=1) for a in (self.knots, self.values))  # type: ignore[return-value]

    def gradient(self, points: Matrix) -> Matrix:
        piece = (points[:, :, None] >= self.knots[:, None, :]).sum(axis=2)
        piece += (np.arange(len(points)) * self.slopes.shape[1])[:, None]
        knot, value, slope = (np.take(table, piece) for table in (*self._anchors, self.slopes))
        return np.asarray(value + slope * (points - knot), dtype=np.float64)

    @cached_property
    def _heights(self) -> Matrix:
        """The values phi at the knots, zero at the first: the trapezoid rule is exact."""
        areas = np.diff(self.knots) * (self.values[:, 1:] + self.values[:, :-1]) / 2
        return np.concatenate((np.zeros((len(areas), 1)), np.cumsum(areas, axis=1)), axis=1)

    def height(self, points: Vector) -> Vector:
        """The value phi at one point of each function, up to a constant."""
        piece = (points[:, None] >= self.knots).sum(axis=1)[:, None]
        heights = np.concatenate((self._heights[:, :1], self._heights), axis=1)
        knot, value, slope, height = (
            np.take_along_axis(a, piece, 1)[:, 0] for a in (*self._anchors, self.slopes, heights)
        )
        step = points - knot
        return np.asarray(height + step * (value + slope * step / 2), dtype=np.float64)

    @cached_property
    def lowest(self) -> Vector:
        """The infimum of phi, up to the same constant: the least of the knots and of the vertices."""
        slope, value = self.slopes, self.values
        # A piece holds a minimum where phi' rises through zero in it; its depth below either end is value^2 / 2 slope.
        inside = (value[:, :-1] < 0) & (value[:, 1:] > 0)
        outside = np.stack((value[:, 0] > 0, value[:, -1] < 0), axis=1)
        holds = np.concatenate((outside[:, :1], inside, outside[:, 1:]), axis=1)
        near = np.concatenate((value[:, :1], value[:, :-1], value[:, -1:]), axis=1)
        depth = np.divide(near**2, 2 * slope, out=np.zeros_like(near), where=holds & (slope > 0))
        depth[holds & (slope <= 0)] = np.inf
        floor = np.concatenate((self._heights[:, :1], self._heights[:, :-1], self._heights[:, -1:]), axis=1) - depth
        return np.asarray(np.minimum(floor.min(axis=1), self._heights.min(axis=1)), dtype=np.float64)

    @cached_property
    def gap(self) -> Vector:
        # Rounded upwards: a gap too small by rounding, at a start close to the minimum, would break true bounds.
        proved = self.gradient(self.start[:, None])[:, 0] ** 2 / 2
        rounding = 8 * np.finfo(np.float64).eps * np.abs(self._heights).max(axis=1)
        return np.asarray(np.maximum(self.height(self.start) - self.lowest, proved) + rounding, dtype=np.float64)

    @cached_property
    def convex(self) -> Flags:
        return np.asarray(self.slopes.min(axis=1) >= 0)

    def text(self, row: int) -> str:
        keep = np.append(True, np.diff(self.knots[row]) > 0)
        knots, values = (", ".join(f"{x:.6g}" for x in a[row][keep]) for a in (self.knots, self.values))
        left, right = self.slopes[row, 0], self.slopes[row, -1]
        label = self.labels[row] if self.labels else self.name
        return (
            f"{label}: F' through ({values}) at ({knots}), F'' = {left:g} before and {right:g} after, "
            f"from {self.start[row]:.6g}"
        )


@dataclass(frozen=True, eq=False)
class Cosine(Landscapes):
    """1 - cos y: periodic, not convex, infimum 0."""

    def gradient(self, points: Matrix) -> Matrix:
        return np.asarray(np.sin(points), dtype=np.float64)

    @property
    def gap(self) -> Vector:
        return np.asarray(2 * np.sin(self.start / 2) ** 2, dtype=np.float64)

    @property
    def convex(self) -> Flags:
        return np.zeros(self.start.size, dtype=np.bool_)

    def text(self, row: int) -> str:
        return f"{self.name}: 1 - cos y from {self.start[row]:.6g}"


@dataclass(frozen=True, eq=False)
class Saturating(Landscapes):
    """y^2 / (2 + 2 y^2): its second derivative lies in [-1/4, 1], its infimum is 0."""

    def gradient(self, points: Matrix) -> Matrix:
        return np.asarray(points / (1 + points**2) ** 2, dtype=np.float64)

    @property
    def gap(self) -> Vector:
        return np.asarray(self.start**2 / (2 + 2 * self.start**2), dtype=np.float64)

    @property
    def convex(self) -> Flags:
        return np.zeros(self.start.size, dtype=np.bool_)

    def text(self, row: int) -> str:
        return f"{self.name}: y^2/(2 + 2 y^2) from {self.start[row]:.6g}"


# ------------------------------------------------------------------------------------------------ the functions


def huber(starts: ArrayLike) -> PiecewiseQuadratic:
    """A parabola flattened at slope 1; within [-1, 1] it is the parabola itself."""
    start = np.asarray(starts, dtype=np.float64)
    ends = np.tile([-1.0, 1.0], (start.size, 1))
    return PiecewiseQuadratic("linear, then flattened", start, ends, ends)


def two_piece(starts: ArrayLike, curvatures: ArrayLike) -> PiecewiseQuadratic:
    """Curvature 1 on one side of the minimum, another one on the other: all starts with all curvatures."""
    start, other = (np.ravel(a) for a in np.meshgrid(np.asarray(starts, float), np.asarray(curvatures, float)))
    knots = np.tile([-1.0, 0.0, 1.0], (start.size, 1))
    values = np.stack((-other, np.zeros_like(other), np.ones_like(other)), axis=1)
    return PiecewiseQuadratic("two parabolas", start, knots, values, left=other, right=np.ones_like(other))


def waves(starts: ArrayLike, tilts: ArrayLike, periods: int = 4) -> PiecewiseQuadratic:
    """Hills that turn into valleys, phi'' = 1 and -1 in turn, on a slope of each tilt; a wall of curvature 1 ends it.

    Args:
        starts: in units of the half-wave 2, counted from the wall.
        tilts: the mean of phi'.
    """
    start, tilt = (np.ravel(a) for a in np.meshgrid(np.asarray(starts, float), np.asarray(tilts, float)))
    corners = 2.0 * np.arange(2 * periods + 1)
    knots = np.tile(corners, (start.size, 1))
    values = np.where(np.arange(corners.size) % 2, 1.0, -1.0) + tilt[:, None]
    return PiecewiseQuadratic("hills and valleys", 2 * start, knots, values, left=np.ones(1), right=np.ones(1))


def at_random(count: int, width: float, rng: np.random.Generator, pieces: int = 7) -> PiecewiseQuadratic:
    """Pieces of curvature 1, 0 and -1 in random order, about `width` long, between two walls of curvature 1."""
    lengths = width * rng.exponential(1.0, (count, pieces))
    curvature = rng.choice([-1.0, 1.0, 0.0], (count, pieces), p=[0.4, 0.4, 0.2])
    blank = np.zeros((count, 1))
    knots = np.concatenate((blank, np.cumsum(lengths, axis=1)), axis=1)
    rise = np.concatenate((blank, np.cumsum(lengths * curvature, axis=1)), axis=1)
    values = rise + rng.normal(0, width, (count, 1))
    start = knots[:, -1] * rng.uniform(0, 1.2, count)
    return PiecewiseQuadratic("pieces at random", start, knots, values, left=np.ones(1), right=np.ones(1))


def descents(moves: ArrayLike, dips: ArrayLike) -> PiecewiseQuadratic:
    r"""Slope 1 at every point visited, as little gained in between as smoothness allows.

    The points are y_0 - h_0, y_0 - h_0 - h_1, ...: all gradients read are 1 whatever the delays. Between two points a
    move h apart, phi' dips by dip * h / 2 and rises again. A parabola of curvature 1 ends the slope. Without delay and
    with h <= 1 no function keeps a larger gradient: the gap is $\sum h(1-h/4)+1/2$ for the dip 1.

    Args:
        moves: float64 (n,), L eta_k of the steps whose start and end have slope 1.
        dips: depth of the dips, 0 (a straight slope) to 1 (curvature 1 and -1).
    """
    steps, depth = np.asarray(moves, dtype=np.float64)[::-1], np.asarray(dips, dtype=np.float64)
    ends = np.concatenate(([1.0], 1.0 + np.cumsum(steps)))
    middle = ends[:-1] + steps / 2
    inner = np.insert(ends, np.arange(1, ends.size), middle)
    knots = np.tile(np.concatenate(([0.0], inner)), (depth.size, 1))
    low = 1.0 - depth[:, None] * steps / 2
    ones = np.ones((depth.size, 1))
    pairs = np.stack((low, np.broadcast_to(ones, low.shape)), axis=2).reshape(depth.size, -1)
    values = np.concatenate((0 * ones, ones, pairs), axis=1)
    start = np.full(depth.size, ends[-1])
    return PiecewiseQuadratic("slope with dips", start, knots, values, left=np.ones(1), right=np.zeros(1))


def bursts(reaches: ArrayLike, slopes: ArrayLike, run_outs: ArrayLike) -> PiecewiseQuadratic:
    """A burst of stale steps lifts the point over a hill, behind which a gentle slope leads down again.

    From y = 1 in the valley y^2/2 the burst reaches 1 - reach. The hill's top lies as far before that point as the
    slope behind it is steep. The slope ends in a parabola, `run_out` further on or at the height of the valley.

    Args:
        reaches: float64 (n,), how far a burst carries: the sum of L eta over the steps that read x_0.
        slopes: |phi'| behind the hill; every reach is met with every slope that fits.
        run_outs: float64 (n,), how far the steps after the burst may descend, per unit of slope.

    Source: gradlag's example that a constant step cannot depend on the mean delay alone.
    """
    steep, reach = (np.ravel(a) for a in np.meshgrid(np.asarray(slopes, float), np.asarray(reaches, float)))
    run_out = np.repeat(np.asarray(run_outs, float), np.size(slopes))
    fits = reach - 1.0 > 2 * steep
    steep, reach, run_out = steep[fits], reach[fits], run_out[fits]
    top = 1.0 - reach + steep
    turn = top / 2  # curvature 1 down to half way, curvature -1 up to the top
    drop = (turn**2 - steep**2 / 2) / steep
    behind = top - steep
    far = behind - np.minimum(run_out * steep, drop) - steep
    ones, zero = np.ones_like(steep), np.zeros_like(steep)
    knots = np.stack((far - steep, far, behind, turn, zero), axis=1)
    values = np.stack((zero, steep, steep, turn, zero), axis=1)
    return PiecewiseQuadratic("burst over a hill", ones, knots, values, left=np.ones(1), right=np.ones(1))


def together(batches: Sequence[PiecewiseQuadratic]) -> PiecewiseQuadratic:
    """Several batches as one, the last knot repeated where a function has fewer."""
    most = max(batch.knots.shape[1] for batch in batches)
    wider = [[(0, 0), (0, most - batch.knots.shape[1])] for batch in batches]
    return PiecewiseQuadratic(
        "battery",
        np.concatenate([batch.start for batch in batches]),
        np.concatenate([np.pad(b.knots, pad, mode="edge") for b, pad in zip(batches, wider, strict=True)]),
        np.concatenate([np.pad(b.values, pad, mode="edge") for b, pad in zip(batches, wider, strict=True)]),
        np.concatenate([batch.slopes[:, 0] for batch in batches]),
        np.concatenate([batch.slopes[:, -1] for batch in batches]),
        tuple(batch.name for batch in batches for _ in range(batch.start.size)),
    )


def battery(moves: Vector, rng: np.random.Generator, size: int = 100) -> Iterator[Landscapes]:
    """Everything above, with starts scanned and lengths that fit a run.

    Args:
        moves: float64 (T,), L eta_k of the run.
        rng: draws the random ones.
        size: about how many starts or functions of each kind.
    """
    total = float(moves.sum())
    starts = np.concatenate((np.linspace(0.05, 2.0, size // 4), np.geomspace(0.3, 2.0 + 2 * total, size // 2)))
    counts = np.unique(np.geomspace(2, 40, 12).astype(int))
    counts = counts[counts < moves.size]
    reaches = np.cumsum(moves)[counts - 1]
    largest, dips = float(moves.max(initial=0.0)) or 1.0, np.array([0.0, 0.5, 1.0])
    piecewise = [
        huber(starts),
        two_piece(np.concatenate((starts[::2], -starts[::2])), (0.0, 0.3)),
        waves(np.linspace(0.0, 8.0, size), (0.0, 0.4, 0.9)),
        *(at_random(size, width, rng) for width in (largest / 2, largest, 2 * largest + total / 4)),
        bursts(reaches, (0.1, 0.25, 0.5), total - reaches),
        descents(moves, dips),
        descents(moves[:-1], dips),
    ]
    yield together([functions for functions in piecewise if functions.knots.shape[1] <= _FEW_KNOTS])
    yield from (functions for functions in piecewise if functions.knots.shape[1] > _FEW_KNOTS)
    yield Cosine("periodic", np.linspace(0.05, np.pi, size // 2))
    yield Saturating("saturating", np.geomspace(0.1, 10.0, size // 2))
