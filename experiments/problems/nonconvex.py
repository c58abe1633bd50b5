"""A smooth non-convex objective whose constants are known exactly, and its one-dimensional part r(t) = t^2/(1+t^2).

The same r serves as the non-convex regulariser of the logistic problems.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from experiments.common.arrays import digest_of, read_only
from experiments.common.constants import Constant, Known
from experiments.problems.noise import GaussianNoiseProblem
from experiments.problems.problem import KernelData, KernelKind
from theory.common.types import Matrix, Vector

SMOOTHNESS = 2.0


def bounded_square(x: Vector) -> Vector:
    """The values r(t) = t^2 / (1 + t^2), each in [0, 1)."""
    square = x * x
    return square / (1 + square)


def bounded_square_derivative(x: Vector) -> Vector:
    """The derivatives r'(t) = 2 t / (1 + t^2)^2, divided twice so that a large t does not overflow."""
    growth = 1 + x * x
    return 2 * (x / growth) / growth


@dataclass(frozen=True, eq=False)
class Nonconvex(GaussianNoiseProblem):
    r"""F(x) = \sum_i r(x_i), r(t) = t^2/(1+t^2), with Gaussian noise.

    L = 2 exactly. With u = t^2, r''(t) = (2 - 6u)/(1+u)^3 =: h(u), and h'(u) = 12(u-1)/(1+u)^4, so h falls on [0, 1]
    from h(0) = 2 to h(1) = -1/2 and then rises towards 0: r'' lies in [-1/2, 2], with 2 reached at t = 0 and -1/2 at
    t = 1 and t = -1. The Hessian is diagonal with entries r''(x_i), so its norm is at most 2, reached at x = 0.
    Delta = F(x_0) exactly, as inf F = F(0) = 0. sigma = noise exactly.

    Args:
        name: the spelling.
        initial_point: float64 (d,).
        noise: sqrt(E|e|^2) at a batch of 1.

    Example:
        >>> F = nonconvex(dimension=3, noise=0, start=1)
        >>> F.loss(F.initial_point), F.full_gradient(F.initial_point)
        (1.5, array([0.5, 0.5, 0.5]))
    """

    @property
    def curvature(self) -> float:
        return SMOOTHNESS

    @property
    def digest(self) -> str:
        return digest_of(self.initial_point, text=f"nonconvex noise={self.noise!r}")

    def constants(self, batch: int) -> Mapping[str, Constant]:
        return {
            "L": Constant(SMOOTHNESS, Known.EXACT, "the second derivative of t^2/(1+t^2) lies in [-1/2, 2]"),
            "Delta": Constant(self.loss(self.initial_point), Known.EXACT, "F(x_0), as inf F = F(0) = 0"),
            "sigma": self.sigma(batch),
        }

    def loss(self, x: Vector) -> float:
        return float(bounded_square(x).sum())

    def full_gradient(self, x: Vector) -> Vector:
        return bounded_square_derivative(x)

    def full_gradients(self, points: Matrix) -> Matrix:
        return bounded_square_derivative(points)

    def kernel(self, batch: int) -> KernelData:
        return KernelData.of(KernelKind.NONCONVEX, batch, self.noise_per_coordinate(batch))


def nonconvex(dimension: int = 50, noise: float = 1, start: float = 1, name: str = "nonconvex") -> Nonconvex:
    """The non-convex objective in d dimensions with every coordinate of x_0 equal to `start`."""
    return Nonconvex(name, read_only(np.full(dimension, float(start))), float(noise))
