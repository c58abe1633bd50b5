"""The same iteration around a gradient that only its own code can compute, one seed after another."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator

import numpy as np

from experiments.problems.problem import Problem
from experiments.problems.roundoff import ALLOWED
from experiments.simulate.measure import coherence, cosine, secant_smoothness
from experiments.simulate.measured import (
    COHERENCE,
    COSINE,
    DISPLACEMENT,
    INNER_PRODUCT,
    LOSS,
    NORM_SQUARED,
    SMOOTHNESS,
)
from experiments.simulate.naive import mean_gradient
from experiments.simulate.trajectories import FAR, Iteration, Trajectories
from theory.common.types import Progress, Vector

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

    def read_gradient(self, iteration: Iteration, k: int) -> Vector:
        """The mean of the full gradients at the points that step k reads."""
        if iteration.inconsistent:
            return np.array(self._problem.full_gradient(*iteration.reads(k, self.point)), dtype=np.float64)
        return np.asarray(np.mean(iteration.reads(k, self.gradient), axis=0))

    def gradients(self) -> Iterator[Vector]:
        """All full gradients of the window, the last point's first."""
        return (self.gradient(back) for back in range(len(self._points)))


def run_black_box(problem: Problem, iteration: Iteration, progress: Progress) -> Trajectories:
    """Run all seeds; what the user's code raises is passed on."""
    seen = Trajectories.blank(iteration, problem.dimension)
    reported = time.perf_counter()
    with np.errstate(all="ignore"):
        for s, seed in enumerate(iteration.seeds.tolist()):
            for k in _run_seed(problem, iteration, seed, s, seen):
                if time.perf_counter() - reported > _PROGRESS_SECONDS:
                    progress(s * iteration.steps + k, iteration.seeds.size * iteration.steps)
                    reported = time.perf_counter()
    progress(iteration.seeds.size * iteration.steps, iteration.seeds.size * iteration.steps)
    return seen


def _run_seed(problem: Problem, iteration: Iteration, seed: int, s: int, seen: Trajectories) -> Iterator[int]:
    """Yield k after each step, until the last or until the seed diverges."""
    window, records = _Window(problem, iteration.window), seen.records[:, s]
    arrived: deque[Vector] = deque(maxlen=iteration.weights.shape[1])
    moves: deque[Vector] = deque(maxlen=iteration.moves.size)
    window.push(np.array(problem.initial_point, dtype=np.float64))
    recorded = _measure(problem, iteration, window, records[:, 0], 0, None)
    for k in range(1, iteration.steps + 1):
        arrived.appendleft(mean_gradient(problem, iteration, seed, k, window.point))
        x = last = window.point()
        for weight, gradient in zip(iteration.weights[k - 1], arrived, strict=False):
            x = x - weight * gradient
        for weight, move in zip(iteration.moves, moves, strict=False):
            x = x + weight * move
        moves.appendleft(x - last)
        window.push(x)
        seen.final_points[s] = x
        far = not float(np.linalg.norm(x)) <= FAR
        index = -(-k // iteration.record_every)
        if k % iteration.record_every and k < iteration.steps:
            distance = np.inf if far else float(np.linalg.norm(x - recorded[0]))
            records[DISPLACEMENT, index - 1] = max(records[DISPLACEMENT, index - 1], distance)
        elif not far:
            recorded = _measure(problem, iteration, window, records[:, index], k, recorded)
        if far:
            seen.diverged_at[s] = k
            return
        yield k


def _measure(
    problem: Problem,
    iteration: Iteration,
    window: _Window,
    record: Vector,
    k: int,
    previous: tuple[Vector, Vector] | None,
) -> tuple[Vector, Vector]:
    """Fill the record (7,) of x_k; return x_k and its full gradient."""
    x, gradient = window.point(), window.gradient()
    record[NORM_SQUARED] = gradient @ gradient
    record[LOSS] = problem.loss(window.point())
    record[DISPLACEMENT] = 0.0
    if previous is not None:
        record[SMOOTHNESS] = secant_smoothness(x, gradient, *previous, ALLOWED * problem.gradient_roundoff)
    if iteration.coherence:
        record[COHERENCE] = coherence(gradient, window.gradients())
    if k < iteration.steps:
        read = window.read_gradient(iteration, k + 1)
        record[INNER_PRODUCT] = gradient @ read
        record[COSINE] = cosine(gradient, read)
    return x, gradient
