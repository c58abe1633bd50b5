"""The networks and autoencoders in JAX: the same losses as in numpy, differentiated by JAX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from experiments.kernels.counters import NOISE, normals
from experiments.kernels.keys import worker_seed
from experiments.workers.jax.library import jax, jnp
from experiments.workers.jax.training import (
    Inputs,
    JaxForm,
    Leaves,
    classified,
    cross_entropies,
    row_range,
)
from theory.common.compiling import kept
from theory.common.types import Array


@dataclass(frozen=True, eq=False)
class NetworkForm(JaxForm):
    """Softmax regression on layers of ReLU units; leaves are weights and biases in turn, data are rows and labels."""

    def loss(self, leaves: Leaves, data: Inputs, inputs: Inputs) -> Any:
        features, labels = data
        (rows,) = inputs
        return cross_entropies(dense(leaves, features[rows]), labels[rows]).mean()

    def tally(self, leaves: Leaves, context: Any, held_out: Inputs) -> Any:
        features, labels = held_out
        return classified(dense(leaves, features), labels)


@dataclass(frozen=True, eq=False)
class AutoencoderForm(JaxForm):
    """The negative evidence bound; leaves are those of the encoder, so many, then those of the decoder.

    The data are pixels, and the held-out pixels have the noise of their codes beside them.
    """

    encoder_leaves: int
    latent: int

    def draw(self, seed: int, times: range, workers: range, batch: int) -> Inputs:
        (rows,) = super().draw(seed, times, workers, batch)
        noise = drawn_noise(seed, times.start, times.stop, workers.start, workers.stop, rows.shape[2] * self.latent)
        return rows, noise.reshape(*rows.shape, self.latent).astype(self.precision)

    def sample_inputs(self, rows: range) -> Inputs:
        noise = normals(0, NOISE, 0, rows.stop * self.latent).reshape(rows.stop, self.latent)
        return row_range(rows), noise[rows.start :].astype(self.precision)

    def loss(self, leaves: Leaves, data: Inputs, inputs: Inputs) -> Any:
        rows, noise = inputs
        return self._losses(leaves, data[0][rows], noise).mean()

    def tally(self, leaves: Leaves, context: Any, held_out: Inputs) -> Any:
        return self._losses(leaves, *held_out).sum()[None]

    def _losses(self, leaves: Leaves, pixels: Any, noise: Any) -> Any:
        """The loss of each image."""
        m, v = jnp.split(dense(leaves[: self.encoder_leaves], pixels), 2, axis=1)
        scores = dense(leaves[self.encoder_leaves :], m + jnp.exp(v / 2) * noise)
        pixel_losses = jnp.sum(jnp.logaddexp(0, scores) - pixels * scores, axis=1)
        return pixel_losses + 0.5 * jnp.sum(m * m + jnp.exp(v) - 1 - v, axis=1)


def dense(leaves: Leaves, values: Any) -> Any:
    """The outputs of layers of weights (inputs, outputs) and biases, ReLU in all but the last."""
    for layer in range(0, len(leaves), 2):
        values = values @ leaves[layer] + leaves[layer + 1]
        values = jax.nn.relu(values) if layer < len(leaves) - 2 else values
    return values


@kept()
def drawn_noise(seed: int, first: int, last: int, first_worker: int, last_worker: int, size: int) -> Array:
    """float64 (iterations, workers, size): the standard normal numbers of the workers' iterations."""
    noise = np.empty((last - first, last_worker - first_worker, size))
    for t in range(first, last):
        for worker in range(first_worker, last_worker):
            noise[t - first, worker - first_worker] = normals(worker_seed(seed, worker), NOISE, t + 1, size)
    return noise


def layer_shapes(widths: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Weights and biases of every layer."""
    return tuple(shape for into, out in pairwise(widths) for shape in ((into, out), (out,)))
