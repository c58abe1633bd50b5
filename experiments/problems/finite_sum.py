"""Means over the rows of a data matrix: minibatches, and constants that follow from the rows alone."""

from __future__ import annotations

import math
import sys
from abc import abstractmethod
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from experiments.common.constants import Constant, Known
from experiments.kernels.counters import minibatch
from experiments.problems.problem import Problem, validate_batch
from theory.common.types import Matrix, Vector

# Entries of the intermediate arrays of many full gradients: 32 MB.
_BLOCK_ENTRIES = 1 << 22


def round_up(value: float, digits: int) -> float:
    """The value rounded up to so many decimal digits, so that no thread count or library shows in a constant.

    Example:
        >>> round_up(3.3204019205659, 10)
        3.320401921
    """
    return float(Context(prec=digits, rounding=ROUND_CEILING).create_decimal(value))


@dataclass(frozen=True)
class GramSpectrum:
    """Proved bounds of the extreme eigenvalues of A^T A: `largest` is above, `smallest` below the exact ones."""

    smallest: float
    largest: float


def gram_spectrum(matrix: Matrix) -> GramSpectrum:
    """The extreme eigenvalues of A^T A, moved outwards by more than the rounding.

    The computed product differs from A^T A by at most n eps |A|^T |A| (entrywise; Higham, Accuracy and Stability,
    section 3.5), the symmetric eigenvalue solver is backward stable with an error of a modest multiple of d eps times
    the norm, for which 10 d eps is taken, and by Weyl no eigenvalue moves further than the norms of these errors,
    which are at most (n + 10 d) eps |A|_F^2 in all.

    Args:
        matrix: float64 (n, d), its entries taken as exact.

    Example:
        >>> spectrum = gram_spectrum(np.diag([1.0, 2.0]))
        >>> spectrum.smallest < 1 and 4 < spectrum.largest < 4 + 1e-12
        True
    """
    rows, columns = matrix.shape
    gram = matrix.T @ matrix
    margin = (rows + 10 * columns) * sys.float_info.epsilon * float(np.trace(gram))
    eigenvalues = np.linalg.eigvalsh(gram)
    return GramSpectrum(float(eigenvalues[0]) - margin, float(eigenvalues[-1]) + margin)


@dataclass(frozen=True, eq=False)
class FiniteSumProblem(Problem):
    """F(x) = (1/n) sum_i f_i(x) + a term without noise, with minibatches drawn independently with replacement.

    A minibatch gradient of b examples has the variance of one example's gradient divided by b.

    Args:
        matrix: float64 (n, p), a row for each example.
    """

    matrix: Matrix

    @property
    def examples(self) -> int:
        return len(self.matrix)

    @property
    def default_batch(self) -> int:
        return 32

    @property
    def curvature(self) -> float:
        return self.smoothness.value

    @property
    @abstractmethod
    def smoothness(self) -> Constant:
        """L, a proved upper bound."""

    @property
    @abstractmethod
    def second_moment_factor(self) -> float:
        """A number c with |grad f_i(x)|^2 <= c |a_i|^2 for every x."""

    @abstractmethod
    def gradient_over(self, x: Vector, rows: NDArray[np.int64] | slice) -> Vector:
        """The mean gradient (d,) over the given rows, with the term without noise."""

    @abstractmethod
    def gradients_over_all(self, points: Matrix) -> Matrix:
        """The full gradients (m, d) at points (m, d), all at once."""

    @abstractmethod
    def example_norms_squared(self, x: Vector) -> Vector:
        """The squared norms (n,) of the gradients of the f_i at x."""

    @abstractmethod
    def data_gradient(self, x: Vector) -> Vector:
        """The full gradient (d,) at x less the gradient of the term without noise."""

    @property
    @abstractmethod
    def entries_per_point(self) -> int:
        """Numbers held at a time by `gradients_over_all` for each point."""

    @cached_property
    def spectrum(self) -> GramSpectrum:
        """Proved bounds of the extreme eigenvalues of A^T A."""
        return gram_spectrum(self.matrix)

    def sigma(self, batch: int) -> Constant:
        """An upper bound of sigma: variance <= second moment <= (c / (b n)) sum_i |a_i|^2, rounded up."""
        if validate_batch(batch) == 0:
            return Constant(0.0, Known.EXACT, "the full gradient has no noise")
        factor = self.second_moment_factor
        square = factor * float(np.mean(np.sum(self.matrix**2, axis=1))) / batch
        reason = f"no gradient of one row a has a square above {factor:g} |a|^2; batch of {batch} with replacement"
        return Constant(round_up(math.sqrt(square) * (1 + 1e-12), 10), Known.UPPER_BOUND, reason)

    def deterministic(self, batch: int) -> bool:
        return validate_batch(batch) == 0

    def full_gradient(self, x: Vector) -> Vector:
        return self.gradient_over(x, slice(None))

    def full_gradients(self, points: Matrix) -> Matrix:
        size = max(1, _BLOCK_ENTRIES // self.entries_per_point)
        blocks = [self.gradients_over_all(points[i : i + size]) for i in range(0, len(points), size)]
        return np.concatenate(blocks) if blocks else np.zeros_like(points)

    def stochastic_gradient(self, x: Vector, seed: int, step: int, batch: int) -> Vector:
        if self.deterministic(batch):
            return self.full_gradient(x)
        return self.gradient_over(x, minibatch(seed, step, batch, self.examples))

    def example_gradient_variance(self, x: Vector) -> float:
        # E|g_i|^2 - |E g_i|^2; rounding may take a variance of zero just below it.
        mean = self.data_gradient(x)
        return max(0.0, float(self.example_norms_squared(x).mean() - mean @ mean))
