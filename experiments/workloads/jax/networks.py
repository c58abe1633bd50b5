"""The networks and autoencoders in JAX: the same losses as in numpy, differentiated by JAX."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from experiments.kernels.compiling import kept
from experiments.kernels.counters import NOISE, normals
from experiments.kernels.keys import worker_seed
from experiments.workers.workload import Array, Workload
from experiments.workloads.images import Images
from experiments.workloads.jax.library import jax, jnp, need_jax
from experiments.workloads.jax.training import (
    Inputs,
    JaxForm,
    Leaves,
    classified,
    cross_entropies,
    minibatch_rows,
    row_range,
)
from experiments.workloads.networks import Network
from experiments.workloads.vae import Autoencoder
from theory.common.errors import InputError


@dataclass(frozen=True, eq=False)
class NetworkForm(JaxForm):
    """Softmax regression on layers of ReLU units; leaves are weights and biases in turn."""

    work: Network

    @property
    def data(self) -> Inputs:
        return self.work.features[0], self.work.images.labels.astype(np.int32)

    @property
    def held_out(self) -> Inputs:
        return self.work.features[1], self.work.images.held_out_labels.astype(np.int32)

    @property
    def activations(self) -> int:
        return 2 * sum(self.work.widths)

    def draw(self, seed: int, times: range, workers: range, batch: int) -> Inputs:
        return (minibatch_rows(seed, times, workers, batch, self.work.examples),)

    def sample_inputs(self, rows: range) -> Inputs:
        return (row_range(rows),)

    def loss(self, leaves: Leaves, data: Inputs, inputs: Inputs) -> Any:
        features, labels = data
        (rows,) = inputs
        return cross_entropies(dense(leaves, features[rows]), labels[rows]).mean()

    def tally(self, leaves: Leaves, context: Any, held_out: Inputs) -> Any:
        features, labels = held_out
        return classified(dense(leaves, features), labels)


@dataclass(frozen=True, eq=False)
class AutoencoderForm(JaxForm):
    """The negative evidence bound; leaves are those of the encoder, then those of the decoder."""

    work: Autoencoder

    @property
    def data(self) -> Inputs:
        return (self.work.features[0],)

    @property
    def held_out(self) -> Inputs:
        return self.work.features[1], self.work.evaluation_noise

    @property
    def activations(self) -> int:
        return 2 * (sum(self.work.encoder) + sum(self.work.decoder))

    def draw(self, seed: int, times: range, workers: range, batch: int) -> Inputs:
        rows = minibatch_rows(seed, times, workers, batch, self.work.examples)
        size = rows.shape[2] * self.work.latent
        noise = drawn_noise(seed, times.start, times.stop, workers.start, workers.stop, size)
        return rows, noise.reshape(*rows.shape, self.work.latent).astype(self.precision)

    def sample_inputs(self, rows: range) -> Inputs:
        noise = normals(0, NOISE, 0, rows.stop * self.work.latent).reshape(rows.stop, self.work.latent)
        return row_range(rows), noise[rows.start :].astype(self.precision)

    def loss(self, leaves: Leaves, data: Inputs, inputs: Inputs) -> Any:
        rows, noise = inputs
        return self._losses(leaves, data[0][rows], noise).mean()

    def tally(self, leaves: Leaves, context: Any, held_out: Inputs) -> Any:
        return self._losses(leaves, *held_out).sum()[None]

    def _losses(self, leaves: Leaves, pixels: Any, noise: Any) -> Any:
        """The loss of each image."""
        inner = 2 * (len(self.work.encoder) - 1)
        m, v = jnp.split(dense(leaves[:inner], pixels), 2, axis=1)
        scores = dense(leaves[inner:], m + jnp.exp(v / 2) * noise)
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


def jax_form(workload: Workload, what: str = "The scanned engine") -> JaxForm:
    """The workload in JAX.

    Args:
        workload: a network, an autoencoder or a ResNet.
        what: is said to need JAX where it is missing.

    Raises:
        InputError: a workload that has no such form.
        EnvironmentFailure: JAX is not installed.
    """
    from experiments.workloads.resnet import ResNet

    if not isinstance(workload, Network | Autoencoder | ResNet):
        raise InputError(
            f"The workload {workload.name} is not written in JAX, so the scanned engine cannot run it. "
            "Use the engine auto."
        )
    need_jax(what)
    if isinstance(workload, Network):
        return _network_form(workload.widths, workload.images, workload.precision_bits)
    if isinstance(workload, Autoencoder):
        return _autoencoder_form(workload.encoder, workload.decoder, workload.images, workload.precision_bits)
    return workload.form


# Kept by value, because the compiled functions hang on the form and workloads are rebuilt from their names.
@lru_cache(maxsize=8)
def _network_form(widths: tuple[int, ...], images: Images, bits: int) -> JaxForm:
    work = Network("network", widths, images, bits)
    return NetworkForm(_shapes(widths), work.precision, work)


@lru_cache(maxsize=8)
def _autoencoder_form(encoder: tuple[int, ...], decoder: tuple[int, ...], images: Images, bits: int) -> JaxForm:
    work = Autoencoder("autoencoder", encoder, decoder, images, bits)
    return AutoencoderForm(_shapes(encoder) + _shapes(decoder), work.precision, work)


def _shapes(widths: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(shape for into, out in pairwise(widths) for shape in ((into, out), (out,)))
