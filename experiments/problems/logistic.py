"""Logistic regression between two classes, plain, with a quadratic, or with a non-convex regulariser."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from experiments.common.arrays import digest_of, read_only
from experiments.common.constants import Constant, Known
from experiments.data.sets import Dataset, load, standardise
from experiments.problems.duality import logistic_infimum
from experiments.problems.finite_sum import FiniteSumProblem, round_up
from experiments.problems.nonconvex import SMOOTHNESS, bounded_square, bounded_square_derivative
from experiments.problems.problem import KernelData, KernelKind
from theory.common.errors import ProblemError
from theory.common.types import Matrix, Vector


@dataclass(frozen=True, eq=False)
class Logistic(FiniteSumProblem):
    r"""F(x) = \frac1n \sum_i \log(1 + e^{-y_i a_i.x}) + \frac{l2}{2}|x|^2 + \lambda \sum_j x_j^2/(1 + x_j^2).

    With z = y_i a_i.x and p = 1/(1 + e^z), the gradient of one example is -p y_i a_i and its Hessian p(1-p) a_i a_i^T.

    L: p(1-p) <= 1/4, so the Hessian of the mean is at most A^T A/(4n), with equality at x = 0. The regularisers add
    l2 and at most 2 lambda. L = lambda_max(A^T A)/(4n) + l2 + 2 lambda, rounded up (see `gram_spectrum`).
    Delta: at x_0 = 0, F = log 2. The terms are not negative, so inf F >= 0; a sharper lower bound of inf F is proved by
    duality where that succeeds (see `logistic_infimum`; leaving the lambda term out only lowers F).
    sigma: 0 < p < 1, so |grad f_i|^2 <= |a_i|^2; the variance of a minibatch of b drawn with replacement is that of
    one example over b, at most the second moment over b: sigma^2 <= (1/(b n)) sum_i |a_i|^2.

    Args:
        name: the spelling.
        initial_point: float64 (d,), zero.
        matrix: float64 (n, d), row i is y_i a_i.
        l2: weight of |x|^2/2.
        nonconvexity: lambda.
        data_digest: sha256 of the data set.

    Example:
        >>> F = logistic("breast_cancer")
        >>> F.examples, F.dimension, round(F.constants(32)["L"].value, 3)
        (569, 31, 3.32)
    """

    l2: float
    nonconvexity: float
    data_digest: str

    @property
    def digest(self) -> str:
        return digest_of(text=f"logistic {self.data_digest} l2={self.l2!r} lambda={self.nonconvexity!r}")

    @cached_property
    def smoothness(self) -> Constant:
        regular = self.l2 + SMOOTHNESS * self.nonconvexity
        value = self.spectrum.largest / (4 * self.examples) + regular
        terms = "".join([" + l2" * (self.l2 > 0), " + 2 lambda" * (self.nonconvexity > 0)])
        return Constant(
            round_up(value * (1 + 1e-15), 10), Known.UPPER_BOUND, f"lambda_max(A^T A)/(4n){terms}, rounded up"
        )

    @cached_property
    def gap(self) -> Constant:
        """Delta = F(0) - inf F, at most log 2 less a proved lower bound of inf F."""
        infimum = logistic_infimum(self.matrix, self.l2)
        exact = infimum.exact and self.nonconvexity == 0
        reason = infimum.reason if exact or not infimum.exact else "F >= 0"
        known = Known.EXACT if exact else Known.UPPER_BOUND
        value = round_up(math.log(2) - infimum.value, 8) if infimum.value > 0 else math.log(2)
        return Constant(value, known, f"F(0) = log 2 and {reason}")

    @property
    def second_moment_factor(self) -> float:
        return 1.0

    @property
    def entries_per_point(self) -> int:
        return self.examples

    def constants(self, batch: int) -> Mapping[str, Constant]:
        return {"L": self.smoothness, "Delta": self.gap, "sigma": self.sigma(batch)}

    def loss(self, x: Vector) -> float:
        data = float(np.logaddexp(0, -(self.matrix @ x)).mean())
        return data + 0.5 * self.l2 * float(x @ x) + self.nonconvexity * float(bounded_square(x).sum())

    def gradient_over(self, x: Vector, rows: NDArray[np.int64] | slice) -> Vector:
        return self._data_gradient(x, self.matrix[rows]) + self._regulariser_gradient(x)

    def gradients_over_all(self, points: Matrix) -> Matrix:
        weights = expit(-(points @ self.matrix.T))
        gradients: Matrix = self._regulariser_gradient(points) - weights @ self.matrix / self.examples
        return gradients

    def data_gradient(self, x: Vector) -> Vector:
        return self._data_gradient(x, self.matrix)

    def example_norms_squared(self, x: Vector) -> Vector:
        norms: Vector = expit(-(self.matrix @ x)) ** 2 * np.sum(self.matrix**2, axis=1)
        return norms

    def kernel(self, batch: int) -> KernelData:
        return KernelData.of(KernelKind.LOGISTIC, batch, self.l2, self.nonconvexity, matrix=self.matrix)

    @staticmethod
    def _data_gradient(x: Vector, rows: Matrix) -> Vector:
        gradient: Vector = -(expit(-(rows @ x)) @ rows) / len(rows)
        return gradient

    def _regulariser_gradient(self, x: Vector) -> Vector:
        gradient = self.l2 * x
        return gradient + self.nonconvexity * bounded_square_derivative(x) if self.nonconvexity else gradient


def logistic(data: str, l2: float = 0.0, nonconvexity: float = 0.0, name: str = "logistic") -> Logistic:
    """Logistic regression on a data set, its features standardised and an intercept added.

    Args:
        data: name of the data set. Of two classes the larger label is +1; of more, even labels stand against odd.
        l2: weight of |x|^2/2.
        nonconvexity: weight lambda of sum x^2/(1+x^2).
        name: the spelling that the problem carries.

    Raises:
        DataError: no such data set, or one that cannot be used.
        ProblemError: all rows are of one class.
    """
    dataset = load(data)
    signed = read_only(_signs(dataset)[:, None] * standardise(dataset.features))
    return Logistic(name, read_only(np.zeros(signed.shape[1])), signed, l2, nonconvexity, dataset.digest)


def _signs(dataset: Dataset) -> Vector:
    positive = dataset.labels == dataset.labels.max() if dataset.classes == 2 else dataset.labels % 2 == 0
    if positive.all() or not positive.any():
        raise ProblemError(
            f"Logistic regression needs rows of both classes. In {dataset.name} all rows are of one "
            f"({'one label' if dataset.classes == 1 else 'even against odd labels'})."
        )
    return np.where(positive, 1.0, -1.0)
