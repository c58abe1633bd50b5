"""The same iteration around a gradient that only its own code can compute, one seed after another."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from experiments.simulate.measure import coherence, cosine, secant_smoothness
from experiments.simulate.trajectories import (
    COHERENCE,
    COSINE,
    DISPLACEMENT,
    FAR,
    INNER_PRODUCT,
    LOSS,
    NORM_SQUARED,
    SMOOTHNESS,
    Plan,
    Recording,
)
from theory.common.types import Progress, Vector

if TYPE_CHECKING:
    from experiments.problems.problem import Problem

_PROGRESS_SECONDS = 0.3


class _Window:
    """The last points, and of their full gradients those that were needed."""

    def __init__(self, problem: Problem, size: int) -> None:
        self._problem = problem
        self._points: deque[Vector] = deque(maxlen=size)
        self._gradients: deque[Vector | None] = deque(maxlen=size)

    def push(self, point: Vector) -> None:
        self._points.append(point)
        self._gradients.append(None)

    def point(self, back: int = 0) -> Vector:
        """A copy of the point `back` steps before the last."""
        return self._points[-1 - back].copy()

    def gradient(self, back: int = 0) -> Vector:
        """The full gradient there."""
        gradient = self._gradients[-1 - back]
        if gradient is None:
            gradient = np.array(self._problem.full_gradient(self.point(back)), dtype=np.float64)
            self._gradients[-1 - back] = gradient
        return gradient

    def gradients(self) -> Iterator[Vector]:
        """All full gradients of the window, the last point's first."""
        return (self.gradient(back) for back in range(len(self._points)))


def run_black_box(problem: Problem, plan: Plan, progress: Progress) -> Recording:
    """Run all seeds of a plan; what the user's code raises is passed on."""
    recording = Recording.blank(plan, problem.dimension)
    reported = time.perf_counter()
    with np.errstate(all="ignore"):
        for s, seed in enumerate(plan.seeds.tolist()):
            for k in _run_seed(problem, plan, seed, s, recording):
                if time.perf_counter() - reported > _PROGRESS_SECONDS:
                    progress(s * plan.steps + k, plan.seeds.size * plan.steps)
                    reported = time.perf_counter()
    progress(plan.seeds.size * plan.steps, plan.seeds.size * plan.steps)
    return recording


def _run_seed(problem: Problem, plan: Plan, seed: int, s: int, recording: Recording) -> Iterator[int]:
    """Yield k after each step, until the last or until the seed diverges."""
    window, records = _Window(problem, plan.window), recording.records[:, s]
    window.push(np.array(problem.initial_point, dtype=np.float64))
    recorded = _measure(problem, plan, window, records[:, 0], 0, None)
    for k in range(1, plan.steps + 1):
        read = window.point(int(plan.delays[k - 1]))
        gradient = problem.stochastic_gradient(read, seed, k, plan.batch)
        x = window.point() - plan.step_sizes[k - 1] * gradient
        window.push(x)
        recording.final_points[s] = x
        far = not float(np.linalg.norm(x)) <= FAR
        index = -(-k // plan.record_every)
        if k % plan.record_every and k < plan.steps:
            distance = np.inf if far else float(np.linalg.norm(x - recorded[0]))
            records[DISPLACEMENT, index - 1] = max(records[DISPLACEMENT, index - 1], distance)
        elif not far:
            recorded = _measure(problem, plan, window, records[:, index], k, recorded)
        if far:
            recording.diverged_at[s] = k
            return
        yield k


def _measure(
    problem: Problem, plan: Plan, window: _Window, record: Vector, k: int, previous: tuple[Vector, Vector] | None
) -> tuple[Vector, Vector]:
    """Fill the record (7,) of x_k; return x_k and its full gradient."""
    x, gradient = window.point(), window.gradient()
    record[NORM_SQUARED] = gradient @ gradient
    record[LOSS] = problem.loss(window.point())
    record[DISPLACEMENT] = 0.0
    if previous is not None:
        record[SMOOTHNESS] = secant_smoothness(x, gradient, *previous)
    if plan.coherence:
        record[COHERENCE] = coherence(gradient, window.gradients())
    if k < plan.steps:
        read = window.gradient(int(plan.delays[k]))
        record[INNER_PRODUCT] = gradient @ read
        record[COSINE] = cosine(gradient, read)
    return x, gradient
