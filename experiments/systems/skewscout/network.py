r"""Networks whose hidden layers are normalised, or not, in numpy as on paper.

A hidden layer of weights W gives $\max(0,\gamma\hat z+b)$ with $z=aW$ and $\hat z=(z-m)/\sqrt{v+\epsilon}$. Batch: mean
m and variance v of each unit over the mini-batch, and, in a test, running means of both. Group: of each row over each
group of units, in training and test alike. None: $\hat z=z$, without $\gamma$. The last layer is softmax regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.kernels.dense import make_layers, parameter_count
from experiments.workloads.networks import he_start
from theory.common.errors import InputError
from theory.common.spelling import meant
from theory.common.types import Array, Ints, Matrix, Vector
from theory.staleness.count import whole_number

NONE, BATCH, GROUP = range(3)
NORMS = ("none", "batch", "group")
EPSILON = 1e-5


@dataclass(frozen=True)
class NormalisedNetwork:
    """Softmax regression on hidden layers of ReLU units.

    Args:
        widths: inputs, units of each hidden layer, classes.
        norm: of the hidden layers, one of NORMS; groups: of units that are normalised together under "group".

    Raises:
        InputError: no such normalisation, or groups that do not divide the units of a hidden layer.

    Example:
        >>> NormalisedNetwork((64, 32, 10), "batch").parameters - NormalisedNetwork((64, 32, 10)).parameters
        32
    """

    widths: tuple[int, ...]
    norm: str = "none"
    groups: int = 2

    def __post_init__(self) -> None:
        if self.norm not in NORMS:
            raise InputError(
                f"The normalisation must be one of {', '.join(NORMS)}. Got {self.norm!r}.{meant(self.norm, NORMS)}"
            )
        whole_number(self.groups, 1, "The number of groups", InputError)
        if self.norm == "group" and any(width % self.groups for width in self.hidden):
            raise InputError(f"Groups must divide the units of a hidden layer. Got {self.groups} of {self.hidden}.")

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of the hidden layers."""
        return self.widths[1:-1]

    @property
    def units(self) -> int:
        """H, of all hidden layers."""
        return sum(self.hidden)

    @property
    def parameters(self) -> int:
        """d: weights and biases layer by layer, then the scales gamma of all normalised units."""
        return parameter_count(self.widths) + (self.units if self.norm != "none" else 0)

    def start(self, seed: int) -> Vector:
        """He's start; scales are 1."""
        x = np.ones(self.parameters)
        x[: parameter_count(self.widths)] = he_start(self.widths, seed, 0)
        return x

    def blank_statistics(self) -> Matrix:
        """(2, H): the running means and variances with which training begins, 0 and 1."""
        return np.stack([np.zeros(self.units), np.ones(self.units)])

    def scores(self, x: Vector, features: Matrix, statistics: Matrix | None = None) -> Matrix:
        """(n, classes): what the last layer says of rows; in a test under "batch" with running statistics (2, H)."""
        return self._forward(x, features, statistics)[0][-1]

    def accuracy(self, x: Vector, features: Matrix, labels: Ints, statistics: Matrix | None = None) -> float:
        """The share of rows whose label has the largest score; 0 where a score is not finite."""
        with np.errstate(all="ignore"):
            scores = self.scores(x, features, statistics)
        return float(((scores.argmax(axis=1) == labels) & np.isfinite(scores).all(axis=1)).mean())

    def loss(self, x: Vector, features: Matrix, labels: Ints, statistics: Matrix | None = None) -> float:
        """The mean cross-entropy."""
        scores = self.scores(x, features, statistics)
        top = scores.max(axis=1)
        sums = np.log(np.exp(scores - top[:, None]).sum(axis=1)) + top
        return float((sums - scores[np.arange(labels.size), labels]).mean())

    def statistics(self, x: Vector, features: Matrix, given: Matrix | None = None) -> Matrix:
        """(2, H): the means and variances of the hidden units' sums z over rows; earlier layers as in `scores`."""
        return _moments(self._forward(x, features, given)[1])

    def gradient(self, x: Vector, features: Matrix, labels: Ints) -> tuple[Vector, Matrix]:
        """The gradient (d,) of the mean cross-entropy over a mini-batch, and the batch's statistics (2, H)."""
        values, sums = self._forward(x, features, None)
        change = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        change /= change.sum(axis=1, keepdims=True)
        change[np.arange(labels.size), labels] -= 1
        change /= labels.size
        parts: list[Array] = []
        scales: list[Array] = []
        for layer in reversed(range(len(self.widths) - 1)):
            weights, _, scale = self._layer(x, layer)
            biases = change.sum(axis=0)
            if layer < len(self.hidden) and self.norm != "none":
                unit, deviation = self._normalised(sums[layer], None)
                scales[:0] = [(change * unit).sum(axis=0)]
                change = self._through(change * scale, unit, deviation)
            parts[:0] = [(values[layer].T @ change).ravel(), biases]
            if layer:
                change = (change @ weights.T) * (values[layer] > 0)
        return np.concatenate(parts + scales), _moments(sums)

    def _layer(self, x: Vector, layer: int) -> tuple[Matrix, Vector, Vector]:
        """Weights, biases and, of a normalised layer, scales."""
        into, out = self.widths[layer], self.widths[layer + 1]
        start = int(make_layers(self.widths).starts[layer])
        weights, biases = x[start : start + into * out].reshape(into, out), x[start + into * out :][:out]
        return weights, biases, x[parameter_count(self.widths) + sum(self.hidden[:layer]) :][:out]

    def _forward(self, x: Vector, features: Matrix, statistics: Matrix | None) -> tuple[list[Matrix], list[Matrix]]:
        """The rows and what leaves each layer, and the sums z of the hidden layers."""
        values, sums, ends = [features], [], np.cumsum([0, *self.hidden])
        for layer in range(len(self.widths) - 1):
            weights, biases, scale = self._layer(x, layer)
            out = values[-1] @ weights
            if layer < len(self.hidden):
                sums.append(out)
                if self.norm != "none":
                    given = None if statistics is None else statistics[:, ends[layer] : ends[layer + 1]]
                    out = scale * self._normalised(out, given)[0]
                out = np.maximum(out + biases, 0)
            else:
                out = out + biases
            values.append(out)
        return values, sums

    def _normalised(self, sums: Matrix, given: Matrix | None) -> tuple[Matrix, Array]:
        """The sums normalised, and the deviations by which they were divided."""
        if self.norm == "group":
            apart = sums.reshape(len(sums), self.groups, -1)
            deviation = np.sqrt(apart.var(axis=2, keepdims=True) + EPSILON)
            return ((apart - apart.mean(axis=2, keepdims=True)) / deviation).reshape(sums.shape), deviation
        mean, variance = (sums.mean(axis=0), sums.var(axis=0)) if given is None else given
        deviation = np.sqrt(variance + EPSILON)
        return (sums - mean) / deviation, deviation

    def _through(self, change: Matrix, unit: Matrix, deviation: Array) -> Matrix:
        r"""The derivative by z of one by $\hat z$: $(c-\bar c-\hat z\,\overline{c\hat z})/\sqrt{v+\epsilon}$."""
        if self.norm == "group":
            shape = (len(unit), self.groups, -1)
            c, u = change.reshape(shape), unit.reshape(shape)
            inner = c - c.mean(axis=2, keepdims=True) - u * (c * u).mean(axis=2, keepdims=True)
            return np.asarray((inner / deviation).reshape(unit.shape))
        return np.asarray((change - change.mean(axis=0) - unit * (change * unit).mean(axis=0)) / deviation)


def _moments(sums: Sequence[Matrix]) -> Matrix:
    if not sums:
        return np.zeros((2, 0))
    return np.concatenate([np.stack([each.mean(axis=0), each.var(axis=0)]) for each in sums], axis=1)
