"""What every objective offers: a start, gradients, and the constants of the theory with how each is known.

A problem is an immutable value. Its stochastic gradient is a pure function of (point, seed, step, batch), so a run
is reproduced from numbers alone; its constants hold along every point that SGD can reach, or say that they do not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np

from experiments.common.arrays import frozen, read_only
from experiments.common.constants import Constant
from experiments.problems.roundoff import roundoff
from theory.common.errors import ProblemError
from theory.common.types import Ints, Matrix, Vector


class KernelKind(IntEnum):
    """The gradients that the fused engine computes itself."""

    QUADRATIC = 0
    NONCONVEX = 1
    LOGISTIC = 2
    SOFTMAX = 3


_NO_MATRIX, _NO_VECTOR, _NO_LABELS = read_only(np.zeros((0, 0))), read_only(np.zeros(0)), frozen(np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False)
class KernelData:
    """The numbers with which the fused engine computes a gradient.

    Args:
        kind: which gradient.
        scalars: float64 (8,). [0] standard deviation of the noise per coordinate, already divided by sqrt(batch)
            (QUADRATIC, NONCONVEX), or the weight l2 of |x|^2/2 (LOGISTIC); [1] the weight lambda of
            sum x^2/(1+x^2) (LOGISTIC); [7] examples per minibatch, 0 meaning all of them.
        matrix: float64 (n, d'), C-contiguous; LOGISTIC: row i is y_i a_i, SOFTMAX: row i is a_i.
        labels: int64 (n,), SOFTMAX only.
        vector: float64 (d,); QUADRATIC: the eigenvalues.
        classes: number of classes K, SOFTMAX only.
    """

    kind: KernelKind
    scalars: Vector
    matrix: Matrix = field(default_factory=lambda: _NO_MATRIX)
    labels: Ints = field(default_factory=lambda: _NO_LABELS)
    vector: Vector = field(default_factory=lambda: _NO_VECTOR)
    classes: int = 0

    @classmethod
    def of(cls, kind: KernelKind, batch: int, first: float = 0.0, second: float = 0.0, **arrays: Any) -> KernelData:
        """The numbers of a gradient, the first two scalars given by themselves."""
        return cls(kind, read_only([first, second, 0, 0, 0, 0, 0, batch]), **arrays)


@dataclass(frozen=True, eq=False)
class Problem(ABC):
    """An objective F with its stochastic gradients.

    Args:
        name: the spelling that rebuilds it, such as "quadratic:d=50,condition=100".
        initial_point: float64 (d,), x_0.
    """

    name: str
    initial_point: Vector

    @property
    def dimension(self) -> int:
        """The number d of unknowns."""
        return int(self.initial_point.size)

    @property
    def examples(self) -> int:
        """The number n of data rows; 0 when the noise is added to the gradient."""
        return 0

    @property
    def default_batch(self) -> int:
        """The minibatch size used when the user gives none."""
        return 1

    @property
    @abstractmethod
    def curvature(self) -> float | None:
        """Largest curvature, for the announcement of a step beyond the stability limit; None if unknown."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """Digest (sha256, hexadecimal) of the numbers that define the objective."""

    @abstractmethod
    def constants(self, batch: int) -> Mapping[str, Constant]:
        """L, Delta and sigma, where sigma^2 is the variance of the gradient of a minibatch of this size."""

    @abstractmethod
    def deterministic(self, batch: int) -> bool:
        """True if the gradient of a minibatch of this size has no noise at all."""

    @abstractmethod
    def loss(self, x: Vector) -> float:
        """F(x), or NaN if it is not known."""

    @abstractmethod
    def full_gradient(self, x: Vector) -> Vector:
        """The gradient (d,) of F at x."""

    @abstractmethod
    def stochastic_gradient(self, x: Vector, seed: int, step: int, batch: int) -> Vector:
        """The gradient (d,) at x that the given seed sees at step k = 1..T."""

    @cached_property
    def gradient_roundoff(self) -> float:
        """The rounding of the full gradient relative to |g| + L |x|; 0 where it is that of float64."""
        return roundoff(self.full_gradient, self.initial_point)

    @cached_property
    def loss_roundoff(self) -> float:
        """The rounding of the loss relative to |F| + |g| |x|; 0 where it is that of float64."""
        return roundoff(self.loss, self.initial_point)

    def full_gradients(self, points: Matrix) -> Matrix:
        """The gradients (m, d) of F at m points (m, d)."""
        return np.stack([self.full_gradient(point) for point in points])

    def example_gradient_variance(self, x: Vector) -> float:
        """The exact variance E|g - grad F|^2 at x for a minibatch of one; NaN if it cannot be computed."""
        return float("nan")

    def kernel(self, batch: int) -> KernelData | None:
        """The numbers for the fused engine; None for a gradient that only its own code can compute."""
        return None


def validate_batch(batch: int) -> int:
    """Return the batch as an int, or refuse it; 0 means the full gradient."""
    if isinstance(batch, bool) or not isinstance(batch, int | np.integer) or batch < 0:
        raise ProblemError(f"The batch must be a whole number of at least 0, where 0 is all the data. Got {batch!r}.")
    return int(batch)
