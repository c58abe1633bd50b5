"""The iteration as it is written on paper, every point kept: the oracle that the other engines must match."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from experiments.simulate.measure import RESOLUTION
from experiments.simulate.trajectories import FAR, Plan, Recording
from theory.common.types import Progress, Vector

if TYPE_CHECKING:
    from experiments.problems.problem import Problem


def points_of(problem: Problem, plan: Plan, seed: int) -> list[Vector]:
    """x_0..x_T, or up to the first point that is too far out."""
    points = [problem.initial_point]
    for k, (step_size, delay) in enumerate(zip(plan.step_sizes, plan.delays, strict=True), start=1):
        gradient = problem.stochastic_gradient(points[k - 1 - delay], seed, k, plan.batch)
        points.append(points[k - 1] - step_size * gradient)
        if not np.linalg.norm(points[k]) <= FAR:
            break
    return points


def run_naive(problem: Problem, plan: Plan, progress: Progress) -> Recording:
    """Run all seeds of a plan, and measure from the whole list of points."""
    recording = Recording.blank(plan, problem.dimension)
    with np.errstate(all="ignore"):
        for s, seed in enumerate(plan.seeds.tolist()):
            points = points_of(problem, plan, seed)
            recording.final_points[s] = points[-1]
            if not np.linalg.norm(points[-1]) <= FAR:
                recording.diverged_at[s] = len(points) - 1
            _measure(problem, plan, points, recording.records[:, s])
            progress((s + 1) * plan.steps, plan.seeds.size * plan.steps)
    return recording


def _measure(problem: Problem, plan: Plan, points: list[Vector], records: Vector) -> None:
    gradients = [problem.full_gradient(x) for x in points]
    times = [k for k in plan.times.tolist() if k < len(points) and np.linalg.norm(points[k]) <= FAR]
    for r, k in enumerate(times):
        x, g, square = points[k], gradients[k], gradients[k] @ gradients[k]
        window = [g @ gradients[t] / square for t in range(max(0, k - plan.window + 1), k + 1)]
        read = gradients[k - plan.delays[k]] if k < plan.steps else np.full(x.size, np.nan)
        change = x - points[times[r - 1]]
        secant = np.linalg.norm(g - gradients[times[r - 1]]) / np.linalg.norm(change)
        until = plan.times[r + 1] if r + 1 < plan.times.size else k
        records[:, r] = (
            square,
            problem.loss(x),
            min(window) if plan.coherence and square > 0 else np.nan,
            g @ read,
            g @ read / np.linalg.norm(g) / np.linalg.norm(read),
            secant if r > 0 and np.linalg.norm(change) > RESOLUTION * np.linalg.norm(x) else np.nan,
            max((_distance(points[j], x) for j in range(k + 1, min(until, len(points)))), default=0.0),
        )


def _distance(a: Vector, b: Vector) -> float:
    """|a - b|, infinite if a is too far out."""
    return float(np.linalg.norm(a - b)) if np.linalg.norm(a) <= FAR else np.inf
