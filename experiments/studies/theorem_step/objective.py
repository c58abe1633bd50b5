r"""The training loss of a network as a function F: its value, gradient, noise and curvature, in 64 bits.

F(x) is the mean cross-entropy over all training rows: a finite sum, known exactly. Its constants are another matter.
Without hidden layers F is smooth and L has an upper bound. With ReLU units the gradient jumps where a unit switches,
so that no L serves everywhere, and what is found along a path is a lower estimate of what is met there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from experiments.common.constants import Constant, Known
from experiments.kernels.dense import make_layers
from experiments.problems.finite_sum import round_up
from experiments.simulate.measure import secant_smoothness
from experiments.workloads import get_workload
from experiments.workloads.networks import Network, outputs
from theory.common.errors import InputError
from theory.common.types import Ints, Vector

Gradient = Callable[[Vector], Vector]

# Length of the difference that stands for a derivative: far above rounding, far below the steps of a run.
_DIFFERENCE = 1e-4


@dataclass(frozen=True, eq=False)
class Point:
    """What is known of F at one point x.

    Args:
        x: float64 (d,); loss: F(x); gradient: float64 (d,), of F.
        variance: E|g - grad F|^2 of the gradient g of one training row drawn at random; that of a minibatch drawn with
            replacement is this over its size.
    """

    x: Vector
    loss: float
    gradient: Vector
    variance: float

    @property
    def square(self) -> float:
        """|grad F(x)|^2."""
        return float(self.gradient @ self.gradient)


def as_network(text: str) -> Network:
    """The network of that spelling; InputError for any other workload and for 32 bits.

    >>> as_network("mlr:bits=64").parameters
    650
    """
    workload = get_workload(text)
    if not isinstance(workload, Network) or workload.precision_bits != 64:
        raise InputError(f"The training loss is taken of mlr or dnn with bits=64. Got {text}.")
    return workload


def point_of(network: Network, x: Vector, rows: int = 0) -> Point:
    r"""F, its gradient and the exact variance of a row's gradient at x.

    The gradient of row i by the weights of a layer is the outer product of what enters, $a_i$, and of the loss's
    derivative by what leaves, $\delta_i$; so its square is $\sum_l(|a_{l,i}|^2+1)|\delta_{l,i}|^2$, biases included.

    Args:
        network: with 64 bits.
        x: float64 (d,).
        rows: the first so many training rows in place of all; 0 means all.

    Returns:
        The point.

    Example:
        >>> network = as_network("mlr:bits=64")
        >>> at = point_of(network, np.zeros(650))
        >>> round(at.loss, 6), bool(np.allclose(at.gradient, network.gradient(np.zeros(650), 0, 0, 0, 0)))
        (2.302585, True)
    """
    part = slice(0, rows or None)
    values, labels = outputs(network.widths, x, network.features[0][part]), network.images.labels[part]
    loss, change = _cross_entropy(values[-1], labels)
    gradient, squares = _passed_back(network.widths, x, values, change)
    return Point(x, loss, gradient, max(0.0, float(squares.mean() - gradient @ gradient)))


def loss_of(network: Network, x: Vector) -> float:
    """F(x) alone, over all training rows."""
    return _cross_entropy(outputs(network.widths, x, network.features[0])[-1], network.images.labels)[0]


def _cross_entropy(scores: NDArray[np.float64], labels: Ints) -> tuple[float, NDArray[np.float64]]:
    """The mean over the rows, and the derivative of each row's by its scores."""
    own = np.arange(labels.size)
    top = scores.max(axis=1, keepdims=True)
    change = np.exp(scores - top)
    total = change.sum(axis=1)
    loss = float(np.mean(np.log(total) + top[:, 0] - scores[own, labels]))
    change /= total[:, None]
    change[own, labels] -= 1
    return loss, change


def _passed_back(
    widths: Sequence[int], x: Vector, values: Sequence[Vector], change: NDArray[np.float64]
) -> tuple[Vector, Vector]:
    """The mean gradient (d,), and the squared norms (n,) of the rows' own, from each row's derivative at the output."""
    parts: list[Vector] = []
    squares = np.zeros(len(change))
    shapes = list(zip(make_layers(widths).starts.tolist(), widths, widths[1:], strict=False))
    for layer, (start, into, out) in reversed(list(enumerate(shapes))):
        entering = values[layer]
        parts[:0] = [(entering.T @ change).ravel() / len(change), change.mean(axis=0)]
        squares += (_squares(entering) + 1) * _squares(change)
        if layer:
            change = (change @ x[start : start + into * out].reshape(into, out).T) * (entering > 0)
    return np.concatenate(parts), squares


def _squares(rows: NDArray[np.float64]) -> Vector:
    return np.asarray(np.einsum("ij,ij->i", rows, rows))


def top_curvature(gradient: Gradient, x: Vector, iterations: int = 12) -> float:
    r"""The largest $|\nabla F(x+hv)-\nabla F(x)|/h$ that a power iteration on v meets: a lower estimate of L.

    Where F is twice differentiable this tends to the largest |eigenvalue| of the Hessian at x, from below but for a
    term of order h. Every ratio is a secant of the gradient, and so at most L wherever there is an L.

    Args:
        gradient: of F.
        x: float64 (d,); iterations: at least 1; the start is the same each time.

    Example:
        >>> round(top_curvature(lambda x: np.array([3.0, -5.0]) * x, np.ones(2), 40), 6)
        5.0
    """
    at, direction = gradient(x), np.random.default_rng(0).normal(size=x.size)
    largest = 0.0
    for _ in range(iterations):
        direction /= np.linalg.norm(direction)
        direction = (gradient(x + _DIFFERENCE * direction) - at) / _DIFFERENCE
        ratio = float(np.linalg.norm(direction))
        if not ratio:
            break
        largest = max(largest, ratio)
    return largest


def largest_secant(points: Sequence[Point]) -> float:
    """The largest |g - g'|/|x - x'| of all pairs of points; 0 for fewer than two different ones.

    Example:
        >>> points = [Point(np.array([x]), 0.0, np.array([x * x]), 0.0) for x in (0.0, 1.0, 3.0)]
        >>> largest_secant(points)
        4.0
    """
    ratios = [secant_smoothness(a.x, a.gradient, b.x, b.gradient) for a, b in combinations(points, 2)]
    return max((ratio for ratio in ratios if np.isfinite(ratio)), default=0.0)


def proved_constants(network: Network, batch: int) -> Mapping[str, Constant]:
    r"""Upper bounds of L and sigma that hold at every x; none with hidden layers.

    With z = (row, 1) the Hessian of multinomial logistic regression is the mean of $(\mathrm{diag}\,p-pp^T)\otimes
    zz^T$, at most $\frac12I\otimes\frac1n\sum zz^T$. A row's gradient is $(p-y)\otimes z$ with $|p-y|^2\le2$, so that
    the variance of a minibatch drawn with replacement is at most $\frac2{bn}\sum|z|^2$.

    Args:
        network: with 64 bits; batch: b.

    Example:
        >>> {name: round(each.value, 2) for name, each in proved_constants(as_network("mlr:bits=64"), 32).items()}
        {'L': 5.71, 'sigma': 1.0}
    """
    if len(network.widths) > 2:
        return {}
    rows = np.hstack([network.features[0], np.ones((network.examples, 1))])
    moment = float(np.linalg.eigvalsh(rows.T @ rows / len(rows))[-1])
    noise = float(np.sqrt(2 * _squares(rows).mean() / batch))
    return {
        "L": Constant(round_up(moment / 2 * (1 + 1e-12), 10), Known.UPPER_BOUND, "lambda_max(Z^T Z)/(2n), rounded up"),
        "sigma": Constant(round_up(noise * (1 + 1e-12), 10), Known.UPPER_BOUND, "|p - y|^2 <= 2, rounded up"),
    }
