"""The iteration as it is written on paper, every point kept: the oracle that the other engines must match."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from experiments.problems.problem import Problem
from experiments.problems.roundoff import ALLOWED
from experiments.simulate.measure import RESOLUTION
from experiments.simulate.trajectories import FAR, Iteration, Trajectories
from theory.common.types import Progress, Vector


def points_of(problem: Problem, iteration: Iteration, seed: int) -> list[Vector]:
    """x_0..x_T, or up to the first point that is too far out."""
    points, arrived = [problem.initial_point], []
    for k, weights in enumerate(iteration.weights, start=1):
        arrived.append(mean_gradient(problem, iteration, seed, k, lambda back: points[-1 - back]))
        x = points[k - 1]
        for i, weight in enumerate(weights[:k]):
            x = x - weight * arrived[k - 1 - i]
        for j, move in enumerate(iteration.moves[: k - 1], start=1):
            x = x + move * (points[k - j] - points[k - j - 1])
        points.append(x)
        if not np.linalg.norm(x) <= FAR:
            break
    return points


def mean_gradient(problem: Problem, iteration: Iteration, seed: int, k: int, point: Callable[[int], Vector]) -> Vector:
    """The mean of the stochastic gradients of step k, read at points so many steps back."""
    drawn = zip(iteration.draws(k), iteration.reads(k, point), strict=True)
    gradients = [problem.stochastic_gradient(x, seed, draw, iteration.batch) for draw, x in drawn]
    return reduce(np.add, gradients) / len(gradients)


def run_naive(problem: Problem, iteration: Iteration, progress: Progress) -> Trajectories:
    """Run all seeds of a iteration, and measure from the whole list of points."""
    seen = Trajectories.blank(iteration, problem.dimension)
    with np.errstate(all="ignore"):
        for s, seed in enumerate(iteration.seeds.tolist()):
            points = points_of(problem, iteration, seed)
            seen.final_points[s] = points[-1]
            if not np.linalg.norm(points[-1]) <= FAR:
                seen.diverged_at[s] = len(points) - 1
            _measure(problem, iteration, points, seen.records[:, s])
            progress((s + 1) * iteration.steps, iteration.seeds.size * iteration.steps)
    return seen


def _measure(problem: Problem, iteration: Iteration, points: list[Vector], records: Vector) -> None:
    gradients = [problem.full_gradient(x) for x in points]
    rounding = ALLOWED * problem.gradient_roundoff
    times = [k for k in iteration.times.tolist() if k < len(points) and np.linalg.norm(points[k]) <= FAR]
    for r, k in enumerate(times):
        x, g, square = points[k], gradients[k], gradients[k] @ gradients[k]
        window = [g @ gradients[t] / square for t in range(max(0, k - iteration.window + 1), k + 1)]
        read = _read(problem, iteration, points, gradients, k + 1) if k < iteration.steps else np.full(x.size, np.nan)
        change = x - points[times[r - 1]]
        secant = _secant(change, g, gradients[times[r - 1]], x, rounding)
        until = iteration.times[r + 1] if r + 1 < iteration.times.size else k
        records[:, r] = (
            square,
            problem.loss(x),
            min(window) if iteration.coherence and square > 0 else np.nan,
            g @ read,
            g @ read / np.linalg.norm(g) / np.linalg.norm(read),
            secant if r > 0 and np.linalg.norm(change) > RESOLUTION * np.linalg.norm(x) else np.nan,
            max((_distance(points[j], x) for j in range(k + 1, min(until, len(points)))), default=0.0),
        )


def _read(problem: Problem, iteration: Iteration, points: list[Vector], gradients: list[Vector], k: int) -> Vector:
    """The mean of the full gradients at the points that step k reads."""
    if iteration.inconsistent:
        return problem.full_gradient(*iteration.reads(k, lambda back: points[k - 1 - back]))
    return np.asarray(np.mean(iteration.reads(k, lambda back: gradients[k - 1 - back]), axis=0))


def _secant(change: Vector, g: Vector, before: Vector, x: Vector, rounding: float) -> float:
    """|g - g'| / |x - x'|, both moved by what rounding may do to them."""
    off = rounding * (np.linalg.norm(g) + np.linalg.norm(before))
    apart = np.linalg.norm(change) + rounding * (np.linalg.norm(x) + np.linalg.norm(x - change))
    return float(np.divide(max(float(np.linalg.norm(g - before) - off), 0.0), apart))


def _distance(a: Vector, b: Vector) -> float:
    """|a - b|, infinite if a is too far out."""
    return float(np.linalg.norm(a - b)) if np.linalg.norm(a) <= FAR else np.inf
