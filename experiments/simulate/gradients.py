"""Stochastic and full gradients of the built-in objectives, as numba functions on plain arrays.

The idea: data rows are taken in blocks that stay in the first-level cache; one pass gives the scores of a block, one
pass adds its weighted rows to the gradient. Sums run in an order that depends on the shapes alone.
"""

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from experiments.kernels.counters import MINIBATCH, NOISE, normal_pair, stream_key, uniform_index
from experiments.kernels.elementary import exp, log, softplus
from theory.common.types import Ints, Matrix, Vector

QUADRATIC, NONCONVEX, LOGISTIC, SOFTMAX = range(4)  # as in KernelKind

BLOCK = 64  # rows per block, a multiple of the 4 rows that the inner loops take at once

# Infinities and NaN keep their meaning: no flag of fastmath lets the compiler assume them away. Nothing here allocates,
# so the functions do without reference counts (_nrt), which would cost a third of the time.
OPTIONS: dict[str, Any] = {
    "fastmath": {"reassoc", "contract", "arcp", "nsz"},
    "error_model": "numpy",
    "_nrt": False,
}
# `inlined` code is put into its caller by LLVM; `pasted` code earlier, which compiles faster if there is one caller.
compiled = njit(**OPTIONS)
inlined = njit(**OPTIONS, forceinline=True)
pasted = njit(**OPTIONS, inline="always")

Four: TypeAlias = tuple[float, float, float, float]


class Objective(NamedTuple):
    """The numbers of a `KernelData`, in the form in which numba takes them."""

    kind: int
    matrix: Matrix
    labels: Ints
    vector: Vector
    scalars: Vector
    classes: int


class Scratch(NamedTuple):
    """Work space of one seed: the rows of a block, its scores (K, BLOCK), two numbers a row, and two vectors (d,).

    The shares are what each of the terms of a step weighs, the starts those of blocks of coordinates.
    """

    rows: Ints
    scores: Matrix
    top: Vector
    total: Vector
    gradient: Vector
    direction: Vector
    shares: Vector
    starts: Ints


def make_scratch(objective: Objective, dimension: int, terms: int = 0, starts: ArrayLike = (0,)) -> Scratch:
    """Work space for the gradients of an objective, for steps of so many terms, and for blocks of coordinates."""
    scores, rows = np.empty((max(1, objective.classes), BLOCK)), np.empty(BLOCK, np.int64)
    vectors = np.empty(dimension), np.empty(dimension)
    shares = np.zeros(terms), np.array(starts, dtype=np.int64)
    return Scratch(rows, scores, np.empty(BLOCK), np.empty(BLOCK), *vectors, *shares)


@compiled
def dot(a: Vector, b: Vector) -> float:
    """<a, b>."""
    total: float = 0.0
    for j in range(a.shape[0]):
        total += a[j] * b[j]
    return total


@inlined
def _fill(out: Vector, value: float) -> None:
    """Set all entries of a vector: as a loop it compiles in a tenth of the time of an assignment to a slice."""
    for j in range(out.shape[0]):
        out[j] = value


@inlined
def _dots(a: Vector, b: Vector, c: Vector, e: Vector, u: Vector) -> Four:
    """The products of four rows with one vector."""
    a_u = b_u = c_u = e_u = 0.0
    for j in range(u.shape[0]):
        a_u += a[j] * u[j]
        b_u += b[j] * u[j]
        c_u += c[j] * u[j]
        e_u += e[j] * u[j]
    return a_u, b_u, c_u, e_u


@inlined
def _dots_twice(a: Vector, b: Vector, c: Vector, e: Vector, u: Vector, v: Vector) -> tuple[Four, Four]:
    """The products of four rows with two vectors: each number read serves twice."""
    a_u = b_u = c_u = e_u = a_v = b_v = c_v = e_v = 0.0
    for j in range(u.shape[0]):
        a_u += a[j] * u[j]
        b_u += b[j] * u[j]
        c_u += c[j] * u[j]
        e_u += e[j] * u[j]
        a_v += a[j] * v[j]
        b_v += b[j] * v[j]
        c_v += c[j] * v[j]
        e_v += e[j] * v[j]
    return (a_u, b_u, c_u, e_u), (a_v, b_v, c_v, e_v)


@inlined
def add_four(a: Vector, b: Vector, c: Vector, e: Vector, p: Four, g: Vector) -> None:
    """Add p0 a + p1 b + p2 c + p3 e to g."""
    p0, p1, p2, p3 = p
    for j in range(g.shape[0]):
        g[j] += (p0 * a[j] + p1 * b[j]) + (p2 * c[j] + p3 * e[j])


@inlined
def _add_twice(a: Vector, b: Vector, c: Vector, e: Vector, p: Four, q: Four, g: Vector, h: Vector) -> None:
    """Add p0 a + ... to g and q0 a + ... to h: each number read serves twice."""
    p0, p1, p2, p3 = p
    q0, q1, q2, q3 = q
    for j in range(g.shape[0]):
        g[j] += (p0 * a[j] + p1 * b[j]) + (p2 * c[j] + p3 * e[j])
        h[j] += (q0 * a[j] + q1 * b[j]) + (q2 * c[j] + q3 * e[j])


@inlined
def _put(scores: Vector, i: int, four: Four) -> None:
    """Set scores i..i+3."""
    scores[i], scores[i + 1], scores[i + 2], scores[i + 3] = four


@inlined
def _get(scores: Vector, i: int) -> Four:
    """Scores i..i+3."""
    return scores[i], scores[i + 1], scores[i + 2], scores[i + 3]


@pasted
def _score_block(matrix: Matrix, rows: Ints, count: int, weights: Matrix, scores: Matrix) -> None:
    """Set scores[k, i] = <row i, weights k>."""
    pairs = weights.shape[0] // 2
    for i in range(0, count, 4):
        a, b, c, e = matrix[rows[i]], matrix[rows[i + 1]], matrix[rows[i + 2]], matrix[rows[i + 3]]
        for k in range(0, 2 * pairs, 2):
            first, second = _dots_twice(a, b, c, e, weights[k], weights[k + 1])
            _put(scores[k], i, first)
            _put(scores[k + 1], i, second)
        for k in range(2 * pairs, weights.shape[0]):
            _put(scores[k], i, _dots(a, b, c, e, weights[k]))


@pasted
def _add_block(matrix: Matrix, rows: Ints, count: int, scores: Matrix, gradient: Matrix) -> None:
    """Add sum_i scores[k, i] * row i to gradient k."""
    pairs = gradient.shape[0] // 2
    for i in range(0, count, 4):
        a, b, c, e = matrix[rows[i]], matrix[rows[i + 1]], matrix[rows[i + 2]], matrix[rows[i + 3]]
        for k in range(0, 2 * pairs, 2):
            _add_twice(a, b, c, e, _get(scores[k], i), _get(scores[k + 1], i), gradient[k], gradient[k + 1])
        for k in range(2 * pairs, gradient.shape[0]):
            add_four(a, b, c, e, _get(scores[k], i), gradient[k])


@pasted
def _logistic_weights(margins: Vector, count: int, with_loss: bool) -> float:
    """Margins m become the derivatives -1 / (1 + e^m) of log(1 + e^-m); returns the sum of the latter."""
    loss: float = 0.0
    if with_loss:
        for i in range(count):
            loss += softplus(-margins[i])
    for i in range(count):
        margins[i] = -1.0 / (1.0 + exp(margins[i]))
    return loss


@pasted
def _softmax_weights(scores: Matrix, labels: Ints, rows: Ints, top: Vector, total: Vector, count: int) -> float:
    """Scores become probabilities less the indicator of the label; returns the sum of -log p(label)."""
    classes = scores.shape[0]
    for i in range(count):
        top[i], total[i] = scores[0, i], 0.0
    for k in range(1, classes):
        for i in range(count):
            top[i] = max(top[i], scores[k, i])
    loss: float = 0.0
    for i in range(count):
        loss += top[i] - scores[labels[rows[i]], i]
    for k in range(classes):
        for i in range(count):
            scores[k, i] = exp(scores[k, i] - top[i])
            total[i] += scores[k, i]
    for i in range(count):
        loss += log(total[i])
        total[i] = 1.0 / total[i]
    for k in range(classes):
        for i in range(count):
            scores[k, i] *= total[i]
    for i in range(count):
        scores[labels[rows[i]], i] -= 1.0
    return loss


@pasted
def _data_block(
    objective: Objective, scratch: Scratch, count: int, weights: Matrix, gradient: Matrix, with_loss: bool
) -> float:
    """Add the gradient of the first `count` rows of the scratch to `gradient`; return their loss."""
    rows, scores = scratch.rows, scratch.scores
    # Rows come in fours; the ones that fill up the last four weigh nothing.
    padded = (count + 3) // 4 * 4
    for i in range(count, padded):
        rows[i] = rows[0]
    _score_block(objective.matrix, rows, padded, weights, scores)
    if objective.kind == LOGISTIC:
        loss = _logistic_weights(scores[0], count, with_loss)
    else:
        loss = _softmax_weights(scores, objective.labels, rows, scratch.top, scratch.total, count)
    for k in range(weights.shape[0]):
        for i in range(count, padded):
            scores[k, i] = 0.0
    _add_block(objective.matrix, rows, padded, scores, gradient)
    return float(loss)


@pasted
def _choose_rows(rows: Ints, key: int, first: int, count: int, n: int, drawn: bool) -> None:
    """Set rows to first, first + 1, ... or to the draws of these numbers from all n."""
    if drawn:
        for i in range(count):
            rows[i] = uniform_index(key, first + i, n)
    else:
        for i in range(count):
            rows[i] = first + i


@pasted
def _data_gradient(
    objective: Objective, scratch: Scratch, key: int, count: int, x: Vector, out: Vector, drawn: bool
) -> float:
    """Write the mean gradient over `count` rows, drawn or in order, to `out`; return their mean loss, if not drawn."""
    classes, n = scratch.scores.shape[0], objective.matrix.shape[0]
    weights = x.reshape((classes, x.shape[0] // classes))
    gradient = out.reshape((classes, x.shape[0] // classes))
    loss: float = 0.0
    _fill(out, 0.0)
    for first in range(0, count, BLOCK):
        block = min(BLOCK, count - first)
        _choose_rows(scratch.rows, key, first, block, n, drawn)
        loss += _data_block(objective, scratch, block, weights, gradient, not drawn)
    for j in range(x.shape[0]):
        out[j] /= count
    return loss / count


@compiled
def _add_regulariser(ridge: float, rational: float, x: Vector, out: Vector) -> float:
    """Add the gradient of ridge |x|^2 / 2 + rational sum x^2 / (1 + x^2) to `out`; return its value."""
    value: float = 0.0
    for j in range(x.shape[0]):
        square = x[j] * x[j]
        share = 1.0 / (1.0 + square)
        out[j] += ridge * x[j] + 2.0 * rational * x[j] * share * share
        value += 0.5 * ridge * square + rational * square * share
    return value


@compiled
def _add_noise(key: int, deviation: float, out: Vector) -> None:
    """Add independent normal numbers of the given standard deviation."""
    d = out.shape[0]
    for j in range(d // 2):
        first, second = normal_pair(key, j)
        out[2 * j] += deviation * first
        out[2 * j + 1] += deviation * second
    if d % 2 == 1:
        first, second = normal_pair(key, d // 2)
        out[d - 1] += deviation * first


@compiled
def _analytic_gradient(objective: Objective, x: Vector, out: Vector) -> float:
    """Write the gradient of the quadratic or of sum x^2 / (1 + x^2) to `out`; return the loss."""
    if objective.kind == NONCONVEX:
        _fill(out, 0.0)
        return float(_add_regulariser(0.0, 1.0, x, out))
    loss: float = 0.0
    for j in range(x.shape[0]):
        out[j] = objective.vector[j] * x[j]
        loss += 0.5 * out[j] * x[j]
    return loss


@compiled
def gradient_at(objective: Objective, scratch: Scratch, seed: int, step: int, x: Vector, out: Vector) -> float:
    """Write the gradient that a seed sees at x at step 1, 2, ... to `out`; at step 0 the full one, and return F(x)."""
    sampled = step > 0
    if objective.kind == QUADRATIC or objective.kind == NONCONVEX:
        loss: float = _analytic_gradient(objective, x, out)
        if sampled and objective.scalars[0] != 0.0:
            _add_noise(stream_key(seed, NOISE, step), objective.scalars[0], out)
        return loss
    batch = np.int64(objective.scalars[7])
    drawn = sampled and batch > 0
    count = batch if drawn else objective.matrix.shape[0]
    loss = _data_gradient(objective, scratch, stream_key(seed, MINIBATCH, step), count, x, out, drawn)
    if objective.scalars[0] != 0.0 or objective.scalars[1] != 0.0:
        loss += _add_regulariser(objective.scalars[0], objective.scalars[1], x, out)
    return loss
