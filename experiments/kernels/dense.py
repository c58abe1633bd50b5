"""Fully connected layers in compiled code: forward and backward through a flat vector of parameters.

Layer l holds its weights (in, out), row by row, then its biases (out,). The idea: the matrix products are BLAS's, and
all that lies between them happens in one buffer, in which the backward pass overwrites each activation by its own
derivative as soon as nothing reads it any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from experiments.common.arrays import frozen
from experiments.kernels.counters import MINIBATCH, uniform_index
from experiments.kernels.elementary import exp
from experiments.kernels.keys import worker_key
from theory.common.types import Array, Ints

compiled = njit(error_model="numpy", nogil=True)


class Layers(NamedTuple):
    """Widths (n + 1,) from input to output, and where the parameters of each of the n layers start, (n,)."""

    widths: Ints
    starts: Ints


class Work(NamedTuple):
    """Buffers for a batch: the activations one after another, a product, and the rows of the batch."""

    activations: Array
    product: Array
    rows: Ints


def make_layers(widths: Sequence[int], first: int = 0) -> Layers:
    """Layers whose parameters start at `first` of the vector."""
    sizes = [(before + 1) * after for before, after in pairwise(widths)]
    starts = first + np.concatenate([[0], np.cumsum(sizes)])
    return Layers(_fixed(widths), _fixed(starts[:-1]))


def parameter_count(widths: Sequence[int]) -> int:
    """Weights and biases of the layers."""
    return sum((before + 1) * after for before, after in pairwise(widths))


def _fixed(values: Any) -> Ints:
    return frozen(np.array(values, dtype=np.int64))


def make_work(layers: Layers, batch: int, precision: np.dtype[Any]) -> Work:
    """Buffers for a batch of so many rows."""
    widths = layers.widths
    return Work(
        np.zeros(batch * int(widths.sum()), precision),
        np.zeros(batch * int(widths.max()), precision),
        np.zeros(batch, np.int64),
    )


def work_bytes(layers: Layers, batch: int, precision: np.dtype[Any]) -> int:
    """What `make_work` takes."""
    return batch * (int(layers.widths.sum()) + int(layers.widths.max())) * precision.itemsize + 8 * batch


@compiled
def draw_rows(rows: Ints, seed: int, t: int, worker: int, batch: int, n: int) -> None:
    """The rows of a worker's minibatch; all rows if batch is 0."""
    key = worker_key(seed, MINIBATCH, t, worker)
    for i in range(rows.shape[0]):
        rows[i] = uniform_index(key, i, n) if batch > 0 else i


@compiled
def layer_values(layers: Layers, work: Work, layer: int) -> Array:
    """The activations (batch, width) that enter layer 0..n-1, or at n those that leave the last."""
    batch, before = work.rows.shape[0], 0
    for i in range(layer):
        before += layers.widths[i]
    width = layers.widths[layer]
    return work.activations[batch * before : batch * (before + width)].reshape((batch, width))


@compiled
def layer_weights(layers: Layers, layer: int, x: Array) -> Array:
    """The weights (in, out) of a layer, in the vector of parameters or in a gradient."""
    into, out, start = layers.widths[layer], layers.widths[layer + 1], layers.starts[layer]
    return x[start : start + into * out].reshape((into, out))


@compiled
def layer_biases(layers: Layers, layer: int, x: Array) -> Array:
    """The biases (out,) of a layer, likewise."""
    into, out, start = layers.widths[layer], layers.widths[layer + 1], layers.starts[layer]
    return x[start + into * out : start + (into + 1) * out]


@compiled
def gather(features: Array, rows: Ints, out: Array) -> None:
    """Copy the rows (batch,) of the features to `out`."""
    for i in range(rows.shape[0]):
        source, target = features[rows[i]], out[i]
        for j in range(target.shape[0]):
            target[j] = source[j]


@compiled
def add_biases(values: Array, biases: Array, hidden: bool) -> None:
    """Add the biases; in a hidden layer, cut off below 0. What is no number stays none."""
    zero = biases[0] - biases[0]
    for i in range(values.shape[0]):
        row = values[i]
        if hidden:
            for j in range(row.shape[0]):
                value = row[j] + biases[j]
                row[j] = zero if value < zero else value
        else:
            for j in range(row.shape[0]):
                row[j] += biases[j]


@compiled
def forward(layers: Layers, work: Work, x: Array) -> None:
    """From the activations that enter layer 0 to all others."""
    last = layers.starts.shape[0] - 1
    for layer in range(last + 1):
        out = layer_values(layers, work, layer + 1)
        np.dot(layer_values(layers, work, layer), layer_weights(layers, layer, x), out)
        add_biases(out, layer_biases(layers, layer, x), layer < last)


@compiled
def sum_rows(values: Array, out: Array) -> None:
    """The sum over the rows."""
    for j in range(out.shape[0]):
        out[j] = values[0, j]
    for i in range(1, values.shape[0]):
        row = values[i]
        for j in range(out.shape[0]):
            out[j] += row[j]


@compiled
def pass_back(values: Array, product: Array) -> None:
    """The derivative by a hidden layer's sums takes the place of its activations."""
    for i in range(values.shape[0]):
        row, new = values[i], product[i]
        for j in range(row.shape[0]):
            row[j] = new[j] if row[j] > 0 else 0


@compiled
def backward(layers: Layers, work: Work, x: Array, out: Array, to_input: bool) -> None:
    """From the loss's derivative by what leaves the last layer, put in its place, to the gradient in `out`.

    With `to_input` the derivative by the input takes the place of the input.
    """
    batch = work.rows.shape[0]
    for layer in range(layers.starts.shape[0] - 1, -1, -1):
        values, change = layer_values(layers, work, layer), layer_values(layers, work, layer + 1)
        np.dot(values.T, change, layer_weights(layers, layer, out))
        sum_rows(change, layer_biases(layers, layer, out))
        if layer > 0:
            product = work.product[: batch * layers.widths[layer]].reshape(values.shape)
            np.dot(change, layer_weights(layers, layer, x).T, product)
            pass_back(values, product)
        elif to_input:
            np.dot(change, layer_weights(layers, layer, x).T, values)


@compiled
def softmax_change(scores: Array, labels: Ints, rows: Ints) -> None:
    """Scores become the derivative of the mean cross-entropy: (probabilities less the label's indicator) / batch."""
    batch, classes = scores.shape
    for i in range(batch):
        row = scores[i]
        top, total = row[0], 0.0
        for k in range(1, classes):
            top = max(top, row[k])
        for k in range(classes):
            total += exp(row[k] - top)
        for k in range(classes):
            row[k] = exp(row[k] - top) / total / batch
        row[labels[rows[i]]] -= row.dtype.type(1) / row.dtype.type(batch)
