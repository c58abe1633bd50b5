"""The quadratic with Gaussian noise: everything about it is known exactly, so it calibrates the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.common.arrays import digest_of, read_only
from experiments.common.constants import Constant, Known
from experiments.problems.noise import GaussianNoiseProblem
from experiments.problems.problem import KernelData, KernelKind
from theory.common.errors import ProblemError
from theory.common.types import Matrix, Vector


@dataclass(frozen=True, eq=False)
class Quadratic(GaussianNoiseProblem):
    r"""F(x) = \frac12 \sum_i \lambda_i x_i^2 with curvatures lambda_i >= 0, and Gaussian noise.

    The gradient is (lambda_i x_i). L = max lambda_i, Delta = F(x_0) since inf F = F(0) = 0, sigma = noise: all exact.
    A curvature below zero would leave F unbounded below and is refused.

    Args:
        name: the spelling.
        initial_point: float64 (d,).
        noise: sqrt(E|e|^2) at a batch of 1.
        curvatures: float64 (d,), the lambda_i; any diagonal matrix stands for all symmetric ones of its spectrum.

    Raises:
        ProblemError: a curvature below zero or not finite, none above zero, or lengths that differ.

    Example:
        >>> F = quadratic(dimension=2, condition=4, noise=0, start=1)
        >>> F.curvatures, F.constants(1)["L"].value
        (array([0.25, 1.  ]), 1.0)
    """

    curvatures: Vector

    def __post_init__(self) -> None:
        super().__post_init__()
        bad = np.flatnonzero(~(np.isfinite(self.curvatures) & (self.curvatures >= 0)))
        if bad.size:
            raise ProblemError(
                "The curvatures of the quadratic must be finite and at least 0, since a negative one leaves F "
                f"unbounded below. Got {self.curvatures[bad[0]]:g} at place {bad[0] + 1}."
            )
        if self.curvatures.shape != self.initial_point.shape or not self.curvatures.any():
            raise ProblemError("The quadratic needs one curvature for each coordinate, at least one of them above 0.")

    @property
    def curvature(self) -> float:
        return float(self.curvatures.max())

    @property
    def digest(self) -> str:
        return digest_of(self.curvatures, self.initial_point, text=f"quadratic noise={self.noise!r}")

    def constants(self, batch: int) -> Mapping[str, Constant]:
        return {
            "L": Constant(self.curvature, Known.EXACT, "the largest eigenvalue of the diagonal matrix"),
            "Delta": Constant(self.loss(self.initial_point), Known.EXACT, "F(x_0), as inf F = F(0) = 0"),
            "sigma": self.sigma(batch),
        }

    def loss(self, x: Vector) -> float:
        return float(0.5 * np.sum(self.curvatures * x * x))

    def full_gradient(self, x: Vector) -> Vector:
        return self.curvatures * x

    def full_gradients(self, points: Matrix) -> Matrix:
        return points * self.curvatures

    def kernel(self, batch: int) -> KernelData:
        return KernelData.of(KernelKind.QUADRATIC, batch, self.noise_per_coordinate(batch), vector=self.curvatures)


def quadratic(
    dimension: int = 50, condition: float = 100, noise: float = 1, start: float = 10, name: str = "quadratic"
) -> Quadratic:
    """The quadratic with curvatures spaced evenly in the logarithm from 1/condition to 1 (a single one is 1).

    Args:
        dimension: d.
        condition: ratio of the largest to the smallest curvature, at least 1.
        noise: sqrt(E|e|^2) at a batch of 1.
        start: |x_0|, with all coordinates of x_0 equal.
        name: the spelling that the problem carries.

    Example:
        >>> round(quadratic().constants(1)["Delta"].value, 2)
        11.05
    """
    if not condition >= 1:
        raise ProblemError(f"The condition of the quadratic must be at least 1. Got {condition:g}.")
    curvatures = np.geomspace(1 / condition, 1, dimension) if dimension > 1 else np.ones(1)
    return from_curvatures(curvatures, np.full(dimension, start / np.sqrt(dimension)), noise, name)


def from_curvatures(
    curvatures: ArrayLike, initial_point: ArrayLike, noise: float, name: str = "quadratic"
) -> Quadratic:
    """The quadratic with the curvatures (d,) and the start (d,) given as arrays.

    Example:
        >>> from_curvatures([-1.0, 1.0], [1.0, 1.0], noise=0)
        Traceback (most recent call last):
        theory.common.errors.ProblemError: The curvatures of the quadratic must be finite and at least 0, ...
    """
    return Quadratic(name, read_only(initial_point), float(noise), read_only(curvatures))
