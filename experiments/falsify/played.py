r"""An adversary that answers with gradients, not with a function: in the plane, without noise, almost the worst case.

Steps and delays turn gradients g_0..g_T into points x_0..x_T. By the interpolation theorem a function of smoothness 1
has these gradients there, with the values f_i and infimum f_*, if and only if for all i, j
    f_i - f_j >= w_ij = <g_i + g_j, x_i - x_j>/2 + |g_i - g_j|^2/4 - |x_i - x_j|^2/4,    f_i - f_* >= |g_i|^2/2.
The least gap f_0 - f_* is therefore the longest path from 0 over the w_ij, provided that no cycle is positive. A
population of gradient sequences climbs towards the largest reading, such as min_t |g_t|^2, over that gap.

Source: interpolation: Taylor, Hendrickx, Glineur (2017); with the infimum: Drori, Shamir (2020).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.falsify.unit_runs import UnitRuns
from theory.common.types import Matrix, Vector
from theory.staleness.traces import Delays

LONGEST_GAME = 9
_CYCLE = 1e-12


def played(
    moves: Vector,
    delays: Delays,
    rng: np.random.Generator,
    *,
    readings: Matrix,
    coherence: float | None = None,
    back: Vector | None = None,
    population: int = 100,
    rounds: int = 120,
) -> UnitRuns:
    """The best gradient sequences found against steps and delays.

    Args:
        moves: float64 (T,), L eta_k.
        delays: int64 (T,).
        rng: draws the first population and the changes.
        coherence: mu, if <g_k, g_{tau_k}> >= mu |g_k|^2 must hold at every step.
        back: float64 (M,), what a step takes back of the moves before.
        readings: float64 (T + 1, R): the least entry of |g_t|^2 @ readings is what counts.
        population: how many sequences; rounds: how many changes each is offered.
    """
    paths = _paths(moves, delays, () if back is None else back.tolist())
    gradients = _first(moves, delays, population, rng)
    score = _score(gradients, paths, delays, coherence, readings)
    reach = np.full(population, 0.3)
    for _ in range(rounds):
        where = rng.random(gradients.shape[:2]) < 2.5 / gradients.shape[1]
        change = reach[:, None, None] * where[:, :, None] * rng.normal(size=gradients.shape)
        other = gradients + change
        value = _score(other, paths, delays, coherence, readings)
        better = value > score
        gradients, score = np.where(better[:, None, None], other, gradients), np.where(better, value, score)
        reach = np.clip(reach * np.where(better, 1.6, 0.88), 1e-7, 1.0)
    keep = np.argsort(-score)[:10]
    return _columns(gradients[keep[np.isfinite(score[keep])]], paths, delays)


def _paths(moves: Vector, delays: Delays, back: Sequence[float]) -> Matrix:
    """The matrix (T + 1, T + 1) that turns gradients into points, x = paths @ g with x_0 = 0."""
    steps = moves.size
    one = np.zeros((steps + 1, steps + 1))
    one[np.arange(1, steps + 1), np.arange(steps) - delays] = -moves
    for k in range(1, steps):
        for part, before in zip(back, range(k, 0, -1), strict=False):
            one[k + 1] -= part * one[before]
    return np.cumsum(one, axis=0)


def _first(moves: Vector, delays: Delays, population: int, rng: np.random.Generator) -> Matrix:
    """Where to start: gradients all the same, those of parabolas, and gradients that turn at a constant speed."""
    points = moves.size + 1
    turned = rng.uniform(0, np.pi, (population // 2, 1)) * np.arange(points)
    same = np.broadcast_to([1.0, 0.0], (population // 4, points, 2))
    curvature = np.linspace(0.05, 1, population - population // 2 - population // 4)
    bowl = np.ones((points, curvature.size))
    for k, (move, delay) in enumerate(zip(moves, delays, strict=True)):
        bowl[k + 1] = bowl[k] - move * curvature * bowl[k - delay]
    parabola = np.stack((bowl.T * curvature[:, None], np.zeros(bowl.T.shape)), axis=2)
    return np.concatenate((same, parabola, np.stack((np.cos(turned), np.sin(turned)), axis=2)))


def _gaps(gradients: Matrix, paths: Matrix) -> Vector:
    """The least gap of each sequence (B,), infinite where no function has these gradients."""
    x = paths @ gradients
    dx, dg = x[:, :, None] - x[:, None], gradients[:, :, None] - gradients[:, None]
    both = gradients[:, :, None] + gradients[:, None]
    longest = np.sum(both * dx, axis=3) / 2 + np.sum(dg**2, axis=3) / 4 - np.sum(dx**2, axis=3) / 4
    for k in range(longest.shape[1]):
        longest = np.maximum(longest, longest[:, :, k, None] + longest[:, None, k, :])
    squared = np.sum(gradients**2, axis=2)
    positive = np.diagonal(longest, axis1=1, axis2=2).max(axis=1) > _CYCLE * squared.max(axis=1)
    return np.where(positive, np.inf, (longest[:, 0] + squared / 2).max(axis=1))


def _inner(gradients: Matrix, delays: Delays) -> Matrix:
    steps = np.arange(delays.size)
    return np.asarray(np.sum(gradients[:, steps] * gradients[:, steps - delays], axis=2), dtype=np.float64)


def _score(gradients: Matrix, paths: Matrix, delays: Delays, coherence: float | None, readings: Matrix) -> Vector:
    squared = np.sum(gradients**2, axis=2)
    score = (squared @ readings).min(axis=1) / _gaps(gradients, paths)
    if coherence is not None:
        margin = (_inner(gradients, delays) - coherence * squared[:, :-1]).min(axis=1)
        score = np.where(margin >= 0, score, -np.inf)
    return np.where(score > 0, score, -np.inf)


def _columns(gradients: Matrix, paths: Matrix, delays: Delays) -> UnitRuns:
    count = len(gradients)
    return UnitRuns(
        np.sum(gradients**2, axis=2),
        _inner(gradients, delays),
        _gaps(gradients, paths),
        np.zeros(count),
        np.zeros(count, dtype=np.bool_),
        lambda i: "interpolated from the gradients " + ", ".join(f"({a:.6g}, {b:.6g})" for a, b in gradients[i]),
    )
