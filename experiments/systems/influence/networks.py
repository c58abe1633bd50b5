r"""Clients with labelled rows, and a network on them: dense layers, softmax, the mean cross-entropy and a ridge.

No Hessian is ever formed. Its product with a vector is the derivative of the gradient along it (Pearlmutter 1994):
beside every value its derivative is carried forward and backward, for many vectors at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from experiments.common.arrays import frozen
from experiments.systems.influence.constants import Curvature
from theory.common.errors import InputError
from theory.common.types import Array, Ints, Matrix, Vector

ACTIVATIONS = ("relu", "linear")
LEAST_CHANCE = 1e-300  # of a label, so that its logarithm is a number


@dataclass(frozen=True, eq=False)
class NetworkClients:
    """One network for all clients; its parameters are those of `experiments/workloads/networks.py`.

    Args:
        features: float64 (n, p); labels: int64 (n,), the rows of one client after the other.
        starts: int64 (K + 1,), where each client's begin.
        widths: inputs, hidden units, classes; without hidden units it is softmax regression.
        activation: of hidden units, "relu" or "linear".
        ridge: that much is added to every curvature.

    Raises:
        InputError: no such activation, or widths that the rows do not have.
    """

    features: Matrix
    labels: Ints
    starts: Ints
    widths: tuple[int, ...]
    activation: str = "relu"
    ridge: float = 0.0

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise InputError(f"The activation must be one of {', '.join(ACTIVATIONS)}. Got {self.activation!r}.")
        if self.widths[0] != self.features.shape[1] or self.widths[-1] <= self.labels.max():
            raise InputError(
                f"Rows of {self.features.shape[1]} numbers and labels up to {self.labels.max()} do not fit a network "
                f"with {self.widths[0]} inputs and {self.widths[-1]} classes."
            )

    @property
    def counts(self) -> Ints:
        return np.diff(self.starts)

    @cached_property
    def layers(self) -> tuple[slice, ...]:
        """Weights and biases of each layer."""
        ends = [0]
        for into, out in pairwise(self.widths):
            ends += [ends[-1] + into * out, ends[-1] + (into + 1) * out]
        return tuple(slice(*both) for both in pairwise(ends))

    def rows_of(self, client: int) -> tuple[Matrix, Ints]:
        """Features and labels of a client."""
        own = slice(self.starts[client], self.starts[client + 1])
        return self.features[own], self.labels[own]

    def gradients(self, client: int, points: Matrix) -> Matrix:
        features, labels = self.rows_of(client)
        parts = self._tensors(points)
        values = self._forward(parts, features)
        change = _softmax_change(values[-1], labels) / labels.size
        found: list[Matrix] = []
        for layer in reversed(range(len(parts))):
            found += [change.sum(axis=-1), _flat(values[layer] @ _turned(change))]
            if layer:
                change = self._through(parts[layer][0] @ change, values[layer])
        return np.concatenate(found[::-1], axis=1) + self.ridge * points

    def hessian_products(self, client: int, point: Vector, vectors: Matrix) -> Matrix:
        features, labels = self.rows_of(client)
        parts, along = self._tensors(point[None]), self._tensors(vectors)
        values = self._forward(parts, features)
        moves = self._moved(parts, along, values)
        chances = _softmax(values[-1]) / labels.size
        change = _softmax_change(values[-1], labels) / labels.size
        turning = chances * (moves[-1] - labels.size * (chances * moves[-1]).sum(axis=-2, keepdims=True))
        found: list[Matrix] = []
        for layer in reversed(range(len(parts))):
            product = values[layer] @ _turned(turning)
            if layer:
                product += moves[layer] @ _turned(change)
            found += [turning.sum(axis=-1), _flat(product)]
            if layer:
                weights, turn = parts[layer][0], along[layer][0]
                turning = self._through(weights @ turning + turn @ change, values[layer])
                change = self._through(weights @ change, values[layer])
        return np.concatenate(found[::-1], axis=1) + self.ridge * vectors

    def sample_gradients(self, client: int, point: Vector, rows: Ints) -> Matrix:
        features, labels = self.rows_of(client)
        features, labels = features[rows], labels[rows]
        parts = self._tensors(point[None])
        values = self._forward(parts, features)
        change = _softmax_change(values[-1], labels)
        found: list[Matrix] = []
        for layer in reversed(range(len(parts))):
            inputs, out = values[layer].reshape(self.widths[layer], -1).T, change[0].T
            found += [out, _flat(inputs[:, :, None] * out[:, None, :])]
            if layer:
                change = self._through(parts[layer][0] @ change, values[layer])
        return np.concatenate(found[::-1], axis=1)

    def losses(self, points: Matrix, features: Matrix, labels: Ints) -> Vector:
        """(B,): the mean cross-entropy on some rows at each of B points, without the ridge."""
        chances = _softmax(self.scores(points, features))[:, labels, np.arange(labels.size)]
        return np.asarray(-np.log(np.maximum(chances, LEAST_CHANCE)).mean(axis=1))

    def accuracies(self, points: Matrix, features: Matrix, labels: Ints) -> Vector:
        """(B,): the share of rows whose class is named right."""
        return np.asarray((self.scores(points, features).argmax(axis=1) == labels).mean(axis=1))

    def scores(self, points: Matrix, features: Matrix) -> Array:
        """(B, classes, n): what the last layer says at each of B points."""
        return self._forward(self._tensors(points), features)[-1]

    @property
    def curvature(self) -> Curvature:
        r"""Bounds on the Hessians of all clients, of softmax regression.

        Of one row with features a (an intercept among them) the Hessian along U is the variance of Ua under the class
        probabilities: at most $\frac12\|Ua\|^2$ (Popoviciu). Along V it changes by the third central moment
        $\mathbb E(Ua-\cdot)^2(Va-\cdot)\le\sqrt2\|Va\|\cdot\frac12\|Ua\|^2$. So with $\mu$ the largest
        eigenvalue of $\frac1nA^TA$ and R the longest row, $\Lambda=\text{ridge}+\mu/2$, $\lambda=\text{ridge}$ and
        $\rho=R\mu/\sqrt2$; the largest over the clients.

        Raises:
            InputError: hidden units, for which no bound is known.
        """
        if len(self.widths) > 2:
            raise InputError("No bound on the curvature of a network with hidden units is known. Take none.")
        sizes, longest = [], []
        for client in range(self.counts.size):
            rows = self.rows_of(client)[0]
            rows = np.column_stack([rows, np.ones(len(rows))])
            sizes.append(np.linalg.norm(rows, 2) ** 2 / len(rows))
            longest.append(np.linalg.norm(rows, axis=1).max())
        changing = np.array(longest) * sizes / np.sqrt(2)
        return Curvature(self.ridge, self.ridge + float(max(sizes)) / 2, float(changing.max()))

    def _tensors(self, points: Matrix) -> list[tuple[Array, Array]]:
        """Weights (B, in, out) and biases (B, out, 1) of each layer."""
        cut = [points[:, part] for part in self.layers]
        sizes = list(pairwise(self.widths))
        return [
            (weights.reshape(-1, *size), biases[:, :, None])
            for weights, biases, size in zip(cut[::2], cut[1::2], sizes, strict=True)
        ]

    def _forward(self, parts: Sequence[tuple[Array, Array]], features: Matrix) -> list[Array]:
        """The features (p, n), and the activations (B, out, n) after each layer."""
        values: list[Array] = [features.T]
        for layer, (weights, biases) in enumerate(parts):
            sums = _turned(weights) @ values[-1] + biases
            bends = self.activation == "relu" and layer < len(parts) - 1
            values.append(np.maximum(sums, 0) if bends else sums)
        return values

    def _moved(
        self, parts: Sequence[tuple[Array, Array]], along: Sequence[tuple[Array, Array]], values: Sequence[Array]
    ) -> list[Array]:
        """The derivatives of the activations; a number in place of those of the features, which do not move."""
        moves: list[Array] = [np.zeros(1)]
        for layer, ((weights, _), (turn, shift)) in enumerate(zip(parts, along, strict=True)):
            move = _turned(turn) @ values[layer] + shift
            if layer:
                move = move + _turned(weights) @ moves[-1]
            moves.append(self._through(move, values[layer + 1]) if layer < len(parts) - 1 else move)
        return moves

    def _through(self, change: Array, values: Array) -> Array:
        """A change behind hidden units as it is before them."""
        return change * (values > 0) if self.activation == "relu" else change


def _softmax(scores: Array) -> Array:
    """The chance of each class, of scores (B, classes, n)."""
    chances: Array = np.exp(scores - scores.max(axis=-2, keepdims=True))
    chances /= chances.sum(axis=-2, keepdims=True)
    return chances


def _softmax_change(scores: Array, labels: Ints) -> Array:
    """The derivative of each row's cross-entropy by its scores."""
    change = _softmax(scores)
    change[:, labels, np.arange(labels.size)] -= 1
    return change


def _turned(array: Array) -> Array:
    return np.swapaxes(array, -1, -2)


def _flat(array: Array) -> Matrix:
    return array.reshape(len(array), -1)


def of_rows(
    features: Matrix, labels: Ints, rows: Sequence[Ints], widths: tuple[int, ...], **more: Any
) -> NetworkClients:
    """The clients that have these rows, each some of them.

    Raises:
        InputError: a client without rows, or what `NetworkClients` refuses.

    Example:
        >>> two = of_rows(np.eye(2), np.array([0, 1]), [np.array([1]), np.array([0])], (2, 2))
        >>> two.counts, two.rows_of(0)[0]
        (array([1, 1]), array([[0., 1.]]))
    """
    empty = [client for client, own in enumerate(rows) if not own.size]
    if empty or not rows:
        raise InputError(f"Client {empty[0]} has no rows. Every client needs at least one." if empty else "No client.")
    order, starts = np.concatenate(rows), np.cumsum([0, *(own.size for own in rows)])
    return NetworkClients(frozen(features[order]), frozen(labels[order]), frozen(starts), widths, **more)
