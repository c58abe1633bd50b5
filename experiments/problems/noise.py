"""Gaussian noise added to an exact gradient: the variance is a number chosen in advance, so it is known exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from experiments.common.constants import Constant, Known
from experiments.kernels.counters import NOISE, normals
from experiments.problems.problem import Problem, validate_batch
from theory.common.errors import ProblemError
from theory.common.types import Vector


@dataclass(frozen=True, eq=False)
class GaussianNoiseProblem(Problem):
    """An objective whose stochastic gradient is its gradient plus a Gaussian vector e.

    E|e|^2 = noise^2 for a batch of 1, spread evenly over the d coordinates. A batch of b averages b independent
    vectors, which divides the variance by b and is drawn as one vector; a batch of 0 means no noise.

    Args:
        noise: standard deviation sqrt(E|e|^2) of the whole vector at a batch of 1.
    """

    noise: float

    def __post_init__(self) -> None:
        if not 0 <= self.noise < math.inf:
            raise ProblemError(f"The noise must be a finite standard deviation of at least 0. Got {self.noise:g}.")
        if self.initial_point.ndim != 1 or not self.initial_point.size or not np.isfinite(self.initial_point).all():
            raise ProblemError("The initial point must have one dimension and hold finite numbers.")

    def sigma(self, batch: int) -> Constant:
        """The standard deviation of the noise: noise / sqrt(batch), exactly; 0 for the full gradient."""
        if validate_batch(batch) == 0 or self.noise == 0:
            return Constant(0.0, Known.EXACT, "the gradient is exact")
        reason = f"Gaussian noise with E|e|^2 = {self.noise:g}^2, averaged over a batch of {batch}"
        return Constant(self.noise / math.sqrt(batch), Known.EXACT, reason)

    def deterministic(self, batch: int) -> bool:
        return self.sigma(batch).value == 0

    def noise_per_coordinate(self, batch: int) -> float:
        """Standard deviation of one coordinate of the noise."""
        return self.sigma(batch).value / math.sqrt(self.dimension)

    def stochastic_gradient(self, x: Vector, seed: int, step: int, batch: int) -> Vector:
        if self.deterministic(batch):
            return self.full_gradient(x)
        return self.full_gradient(x) + self.noise_per_coordinate(batch) * normals(seed, NOISE, step, self.dimension)

    def example_gradient_variance(self, x: Vector) -> float:
        return self.noise**2
