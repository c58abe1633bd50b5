"""The gradients of normalised networks, compiled, with a mini-batch that each partition draws from rows of its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from experiments.kernels.dense import (
    Layers,
    Work,
    add_biases,
    compiled,
    draw_rows,
    gather,
    layer_biases,
    layer_values,
    layer_weights,
    make_work,
    pass_back,
    softmax_change,
    sum_rows,
)
from experiments.systems.skewscout.network import BATCH, EPSILON, NONE
from theory.common.types import Array, Ints, Matrix, Vector

# Taken into the loop that calls it before anything is compiled, which is then compiled once and not at every level.
_inlined = njit(error_model="numpy", nogil=True, inline="always")


class Rows(NamedTuple):
    """Layers, how they are normalised, and the training rows in the order of the partitions.

    layers; norm: NONE, BATCH or GROUP; groups; scales: where the scales of the hidden units start among parameters;
    features (n, p), labels (n,); starts (K + 1,), where each partition's rows start; batch: rows of a gradient.
    """

    layers: Layers
    norm: int
    groups: int
    scales: int
    features: Matrix
    labels: Ints
    starts: Ints
    batch: int


class NormalisedWork(NamedTuple):
    """Buffers: those of plain layers, the normalised sums, one over the deviations, the batch's statistics (2, H)."""

    plain: Work
    unit: Vector
    inverse: Vector
    statistics: Matrix


def make_normalised_work(rows: Rows) -> NormalisedWork:
    """Buffers for one partition at a time."""
    hidden = rows.layers.widths[1:-1]
    deviations = max(int(hidden.sum()), hidden.size * rows.batch * rows.groups)
    plain = make_work(rows.layers, rows.batch, np.dtype(np.float64))
    units = int(hidden.sum())
    return NormalisedWork(plain, np.zeros(rows.batch * units), np.zeros(deviations), np.zeros((2, units)))


@compiled
def _before(layers: Layers, layer: int) -> int:
    """Units of the hidden layers before this one."""
    found = 0
    for i in range(layer):
        found += layers.widths[i + 1]
    return found


@compiled
def _unit(data: Rows, work: NormalisedWork, layer: int) -> Array:
    """The normalised sums (batch, width) of a hidden layer."""
    width, first = data.layers.widths[layer + 1], data.batch * _before(data.layers, layer)
    return work.unit[first : first + data.batch * width].reshape((data.batch, width))


@compiled
def _normalise_batch(sums: Array, unit: Array, inverse: Array, means: Array, variances: Array) -> None:
    batch, width = sums.shape
    sum_rows(sums, means)
    for j in range(width):
        means[j] /= batch
        variances[j] = 0.0
    for i in range(batch):
        for j in range(width):
            unit[i, j] = sums[i, j] - means[j]
            variances[j] += unit[i, j] * unit[i, j]
    for j in range(width):
        variances[j] /= batch
        inverse[j] = 1.0 / np.sqrt(variances[j] + EPSILON)
    for i in range(batch):
        for j in range(width):
            unit[i, j] *= inverse[j]


@compiled
def _normalise_group(sums: Array, unit: Array, inverse: Array) -> None:
    """Rows by groups: inverse is (batch, groups)."""
    size = sums.shape[1] // inverse.shape[1]
    for i in range(sums.shape[0]):
        for g in range(inverse.shape[1]):
            mean = square = 0.0
            for j in range(g * size, (g + 1) * size):
                mean += sums[i, j]
            mean /= size
            for j in range(g * size, (g + 1) * size):
                unit[i, j] = sums[i, j] - mean
                square += unit[i, j] * unit[i, j]
            inverse[i, g] = 1.0 / np.sqrt(square / size + EPSILON)
            for j in range(g * size, (g + 1) * size):
                unit[i, j] *= inverse[i, g]


@compiled
def _scaled(out: Array, unit: Array, scale: Array) -> None:
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = scale[j] * unit[i, j]


@_inlined
def _forward(data: Rows, work: NormalisedWork, x: Vector) -> None:
    layers, last = data.layers, data.layers.starts.shape[0] - 1
    for layer in range(last + 1):
        out = layer_values(layers, work.plain, layer + 1)
        np.dot(layer_values(layers, work.plain, layer), layer_weights(layers, layer, x), out)
        if layer < last and data.norm != NONE:
            first, width = _before(layers, layer), out.shape[1]
            unit = _unit(data, work, layer)
            if data.norm == BATCH:
                means, variances = work.statistics[0, first : first + width], work.statistics[1, first : first + width]
                _normalise_batch(out, unit, work.inverse[first : first + width], means, variances)
            else:
                _normalise_group(out, unit, _group_inverse(data, work, layer))
            _scaled(out, unit, x[data.scales + first : data.scales + first + width])
        add_biases(out, layer_biases(layers, layer, x), layer < last)


@compiled
def _group_inverse(data: Rows, work: NormalisedWork, layer: int) -> Array:
    size = data.batch * data.groups
    return work.inverse[layer * size : (layer + 1) * size].reshape((data.batch, data.groups))


@compiled
def _back_batch(change: Array, unit: Array, inverse: Array) -> None:
    batch, width = change.shape
    for j in range(width):
        mean = inner = 0.0
        for i in range(batch):
            mean += change[i, j]
            inner += change[i, j] * unit[i, j]
        mean /= batch
        inner /= batch
        for i in range(batch):
            change[i, j] = (change[i, j] - mean - unit[i, j] * inner) * inverse[j]


@compiled
def _back_group(change: Array, unit: Array, inverse: Array) -> None:
    size = change.shape[1] // inverse.shape[1]
    for i in range(change.shape[0]):
        for g in range(inverse.shape[1]):
            mean = inner = 0.0
            for j in range(g * size, (g + 1) * size):
                mean += change[i, j]
                inner += change[i, j] * unit[i, j]
            mean /= size
            inner /= size
            for j in range(g * size, (g + 1) * size):
                change[i, j] = (change[i, j] - mean - unit[i, j] * inner) * inverse[i, g]


@compiled
def _back_through(data: Rows, work: NormalisedWork, layer: int, x: Vector, change: Array, out: Vector) -> None:
    """From the derivative by what leaves a normalised layer to that by its sums, in place; the scales' in `out`."""
    first, width, unit = _before(data.layers, layer), change.shape[1], _unit(data, work, layer)
    scale, slope = x[data.scales + first :], out[data.scales + first :]
    for j in range(width):
        slope[j] = 0.0
    for i in range(change.shape[0]):
        for j in range(width):
            slope[j] += change[i, j] * unit[i, j]
            change[i, j] *= scale[j]
    if data.norm == BATCH:
        _back_batch(change, unit, work.inverse[first : first + width])
    else:
        _back_group(change, unit, _group_inverse(data, work, layer))


@_inlined
def _backward(data: Rows, work: NormalisedWork, x: Vector, out: Vector) -> None:
    layers, plain, last = data.layers, work.plain, data.layers.starts.shape[0] - 1
    for layer in range(last, -1, -1):
        values, change = layer_values(layers, plain, layer), layer_values(layers, plain, layer + 1)
        sum_rows(change, layer_biases(layers, layer, out))
        if layer < last and data.norm != NONE:
            _back_through(data, work, layer, x, change, out)
        np.dot(values.T, change, layer_weights(layers, layer, out))
        if layer > 0:
            product = plain.product[: values.size].reshape(values.shape)
            np.dot(change, layer_weights(layers, layer, x).T, product)
            pass_back(values, product)


@_inlined
def gradient_of(data: Rows, work: NormalisedWork, seed: int, t: int, partition: int, x: Vector, out: Vector) -> None:
    """The gradient at x of a mini-batch of a partition at step t = 0, 1, ...; its statistics stay in the buffers."""
    layers, plain = data.layers, work.plain
    first, last = data.starts[partition], data.starts[partition + 1]
    draw_rows(plain.rows, seed, t, partition, data.batch, last - first)
    gather(data.features[first:last], plain.rows, layer_values(layers, plain, 0))
    _forward(data, work, x)
    scores = layer_values(layers, plain, layers.starts.shape[0])
    softmax_change(scores, data.labels[first:last], plain.rows)
    _backward(data, work, x, out)
