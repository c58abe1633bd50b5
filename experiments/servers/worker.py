"""What a worker's process does. It imports little, as every one of many processes has to."""

from __future__ import annotations

import os
import time

from experiments.problems import get_problem
from experiments.servers.speeds import Speed, seconds_of
from theory.common.types import Vector

NEEDS_RAY = "An asynchronous server on real processes"  # what it is, for the sentence that Ray is missing


class GradientWorker:
    """It computes a gradient and takes its time."""

    def prepare(self, problem: str, seed: int, batch: int, worker: int, speed: Speed) -> int:
        """Build the problem once, and compile its gradient; the number of the process."""
        self.problem, self.seed, self.batch = get_problem(problem), seed, batch
        self.worker, self.speed = worker, speed
        self.problem.stochastic_gradient(self.problem.initial_point, seed, 0, batch)
        seconds_of(speed, seed, worker, 0, 0.0)
        return os.getpid()

    def compute(self, point: Vector, sample: int, draw: int, start: float) -> Vector:
        """The gradient of one draw, after the seconds of the worker's speed besides the computing."""
        gradient = self.problem.stochastic_gradient(point, self.seed, sample, self.batch)
        time.sleep(seconds_of(self.speed, self.seed, self.worker, draw, start))
        return gradient
