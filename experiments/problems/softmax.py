"""Multinomial logistic regression (softmax): K classes, a weight vector for each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from experiments.common.arrays import digest_of, frozen, read_only
from experiments.common.constants import Constant, Known
from experiments.data.sets import load, standardise
from experiments.problems.finite_sum import FiniteSumProblem, round_up
from experiments.problems.problem import KernelData, KernelKind
from theory.common.errors import ProblemError
from theory.common.types import Matrix, Vector


@dataclass(frozen=True, eq=False)
class Softmax(FiniteSumProblem):
    r"""F(W) = \frac1n \sum_i \left(\log \sum_k e^{w_k.a_i} - w_{y_i}.a_i\right), W of shape (K, p), K classes.

    The unknown x is W row after row. With p the class probabilities of row i, the gradient of one example is
    (p - e_y) a_i^T and its Hessian the Kronecker product of diag(p) - p p^T and a_i a_i^T.

    L: for a unit v, v^T (diag(p) - p p^T) v is the variance of a random variable that takes the values v_k, at most
    (max v - min v)^2/4 <= 1/2 (Popoviciu). So L = lambda_max(A^T A)/(2n), rounded up (see `gram_spectrum`).
    Delta: at W = 0, F = log K; the terms are not negative, so inf F >= 0 and Delta <= log K.
    sigma: |p - e_y|^2 = (1 - p_y)^2 + sum_{k != y} p_k^2 <= 2 (1 - p_y)^2 <= 2, so |grad f_i|^2 <= 2 |a_i|^2 and
    sigma^2 <= (2/(b n)) sum_i |a_i|^2 for a minibatch of b drawn with replacement.

    Args:
        name: the spelling.
        initial_point: float64 (K p,), zero.
        matrix: float64 (n, p), row i is a_i.
        labels: int64 (n,), 0..K-1.
        classes: K.
        data_digest: sha256 of the data set.

    Example:
        >>> F = softmax_regression("digits")
        >>> F.examples, F.dimension, round(F.loss(F.initial_point), 4) == round(math.log(10), 4)
        (1797, 650, True)
    """

    labels: NDArray[np.int64]
    classes: int
    data_digest: str

    @property
    def digest(self) -> str:
        return digest_of(text=f"softmax {self.data_digest}")

    @cached_property
    def smoothness(self) -> Constant:
        value = round_up(self.spectrum.largest / (2 * self.examples) * (1 + 1e-15), 10)
        return Constant(value, Known.UPPER_BOUND, "lambda_max(A^T A)/(2n), rounded up")

    @property
    def second_moment_factor(self) -> float:
        return 2.0

    @property
    def entries_per_point(self) -> int:
        return self.examples * self.classes

    def constants(self, batch: int) -> Mapping[str, Constant]:
        gap = Constant(math.log(self.classes), Known.UPPER_BOUND, f"F(0) = log {self.classes} and F >= 0")
        return {"L": self.smoothness, "Delta": gap, "sigma": self.sigma(batch)}

    def loss(self, x: Vector) -> float:
        scores = self.matrix @ self._weights(x).T
        return float(np.mean(logsumexp(scores, axis=1) - scores[np.arange(self.examples), self.labels]))

    def gradient_over(self, x: Vector, rows: NDArray[np.int64] | slice) -> Vector:
        features, labels = self.matrix[rows], self.labels[rows]
        errors = self._errors(features @ self._weights(x).T, labels)
        return (errors.T @ features).ravel() / len(features)

    def gradients_over_all(self, points: Matrix) -> Matrix:
        # One product for all points: the rows of all weight matrices, one below the other.
        scores = self.matrix @ points.reshape(-1, self.matrix.shape[1]).T
        errors = self._errors(scores.reshape(self.examples, len(points), self.classes), self.labels)
        gradients: Matrix = errors.reshape(self.examples, -1).T @ self.matrix / self.examples
        return gradients.reshape(points.shape)

    def data_gradient(self, x: Vector) -> Vector:
        return self.full_gradient(x)

    def example_norms_squared(self, x: Vector) -> Vector:
        errors = self._errors(self.matrix @ self._weights(x).T, self.labels)
        norms: Vector = np.sum(errors**2, axis=1) * np.sum(self.matrix**2, axis=1)
        return norms

    def kernel(self, batch: int) -> KernelData:
        return KernelData.of(KernelKind.SOFTMAX, batch, matrix=self.matrix, labels=self.labels, classes=self.classes)

    def _weights(self, x: Vector) -> Matrix:
        return x.reshape(self.classes, -1)

    @staticmethod
    def _errors(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """The differences p - e_y (n, K), or (n, m, K) for m points."""
        errors: NDArray[np.float64] = softmax(scores, axis=-1)
        errors[np.arange(len(labels)), ..., labels] -= 1
        return errors


def softmax_regression(data: str, name: str = "softmax") -> Softmax:
    """Softmax regression on a data set, its features standardised and an intercept added.

    Args:
        data: name of the data set; its labels, in ascending order, are the classes.
        name: the spelling that the problem carries.

    Raises:
        DataError: no such data set, or one that cannot be used.
        ProblemError: all rows are of one class.
    """
    dataset = load(data)
    if dataset.classes < 2:
        raise ProblemError(f"Softmax regression needs at least two classes. All rows of {data} have one label.")
    features = standardise(dataset.features)
    labels = frozen(np.unique(dataset.labels, return_inverse=True)[1].astype(np.int64))
    start = read_only(np.zeros(dataset.classes * features.shape[1]))
    return Softmax(name, start, features, labels, dataset.classes, dataset.digest)
