"""The variational autoencoder: a Gaussian code for every image, and Bernoulli pixels from the code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from experiments.kernels.counters import NOISE, normal_pair, normals
from experiments.kernels.dense import (
    Layers,
    Work,
    backward,
    compiled,
    draw_rows,
    forward,
    gather,
    layer_values,
    make_layers,
    make_work,
    parameter_count,
    work_bytes,
)
from experiments.kernels.elementary import exp
from experiments.kernels.keys import worker_key, worker_minibatch, worker_seed
from experiments.workers.engines.ring import register_gradient
from experiments.workers.results import Threshold
from experiments.workers.workload import WorkerKernel, checked_bits
from experiments.workloads.images import Images, ImageWorkload, images
from experiments.workloads.networks import gradients, he_start, outputs
from theory.common.errors import InputError
from theory.common.types import Array

if TYPE_CHECKING:  # which would import JAX
    from experiments.workers.jax.training import JaxForm

DEEPEST = 3


class AutoencoderData(NamedTuple):
    """Both halves, training rows (n, p), and the batch, for compiled code."""

    encoder: Layers
    decoder: Layers
    features: Array
    batch: int


class AutoencoderWork(NamedTuple):
    """The buffers of both halves, and the noise (batch, latent)."""

    encoder: Work
    decoder: Work
    noise: Array


@compiled
def _fill_noise(key: int, noise: Array) -> None:
    flat = noise.reshape(noise.size)
    for j in range((flat.shape[0] + 1) // 2):
        first, second = normal_pair(key, j)
        flat[2 * j] = first
        if 2 * j + 1 < flat.shape[0]:
            flat[2 * j + 1] = second


@compiled
def _sample_codes(moments: Array, noise: Array, codes: Array) -> None:
    """Codes m + exp(v/2) e from means and log-variances (batch, 2 latent)."""
    latent = codes.shape[1]
    for i in range(codes.shape[0]):
        for k in range(latent):
            codes[i, k] = moments[i, k] + exp(0.5 * moments[i, latent + k]) * noise[i, k]


@compiled
def _pixel_change(scores: Array, pixels: Array) -> None:
    """Scores become the derivative of the mean cross-entropy of the pixels."""
    batch = scores.shape[0]
    for i in range(batch):
        row, pixel = scores[i], pixels[i]
        for j in range(row.shape[0]):
            row[j] = (1.0 / (1.0 + exp(-row[j])) - pixel[j]) / batch


@compiled
def _moment_change(moments: Array, noise: Array, codes: Array) -> None:
    """Means and log-variances become the loss's derivative by them; codes hold that by the codes."""
    batch, latent = codes.shape
    for i in range(batch):
        for k in range(latent):
            root = exp(0.5 * moments[i, latent + k])
            moments[i, k] = codes[i, k] + moments[i, k] / batch
            moments[i, latent + k] = 0.5 * (codes[i, k] * noise[i, k] * root + (root * root - 1.0) / batch)


@compiled
def _gradient(
    data: AutoencoderData, work: AutoencoderWork, seed: int, t: int, worker: int, x: Array, out: Array
) -> None:
    encoder, decoder, inner, outer, rows = data.encoder, data.decoder, work.encoder, work.decoder, work.encoder.rows
    draw_rows(rows, seed, t, worker, data.batch, data.features.shape[0])
    _fill_noise(worker_key(seed, NOISE, t, worker), work.noise)
    pixels = layer_values(encoder, inner, 0)
    moments, codes = layer_values(encoder, inner, encoder.starts.shape[0]), layer_values(decoder, outer, 0)
    gather(data.features, rows, pixels)
    forward(encoder, inner, x)
    _sample_codes(moments, work.noise, codes)
    forward(decoder, outer, x)
    _pixel_change(layer_values(decoder, outer, decoder.starts.shape[0]), pixels)
    backward(decoder, outer, x, out, True)
    _moment_change(moments, work.noise, codes)
    backward(encoder, inner, x, out, False)


register_gradient(AutoencoderData, _gradient)


@dataclass(frozen=True, eq=False)
class Autoencoder(ImageWorkload):
    r"""The negative evidence bound, per image, in nats.

    With means m and log-variances v of the code of image a, z = m + exp(v/2) e, e standard normal, and scores s(z),
    $\sum_j\log(1+e^{s_j})-a_js_j+\frac12\sum_k m_k^2+e^{v_k}-1-v_k$, averaged over the images. The start is He's on
    either side. Measured is that "loss" on the held-out images, with one draw of e that is the same at all times.

    Args:
        name: the spelling.
        images: the data.
        precision_bits: 32 or 64.
        encoder: widths from the pixels to 2 latent outputs.
        decoder: widths from the code to the pixels.
    """

    encoder: tuple[int, ...]
    decoder: tuple[int, ...]
    metrics: ClassVar[tuple[str, ...]] = ("loss",)

    @property
    def latent(self) -> int:
        """The length of a code."""
        return self.decoder[0]

    @property
    def parameters(self) -> int:
        return parameter_count(self.encoder) + parameter_count(self.decoder)

    @property
    def target(self) -> Threshold:
        """The study's 130 nats; on the small sets what networks of 64 units reach."""
        return Threshold("loss", {"digits": 25.5, "mnist5k": 150.0}.get(self.images.name, 130.0), "below")

    @cached_property
    def evaluation_noise(self) -> Array:
        """The e (n, latent) of the held-out images."""
        return self._noise(0, 0, len(self.images.held_out))

    def initial(self, seed: int) -> Array:
        return np.concatenate([he_start(self.encoder, seed, 0), he_start(self.decoder, seed, 1)]).astype(self.precision)

    def gradient(self, x: Array, seed: int, t: int, worker: int, batch: int) -> Array:
        rows = worker_minibatch(seed, t, worker, batch, self.examples) if batch else slice(None)
        noise = self._noise(int(worker_seed(seed, worker)), t + 1, batch or self.examples)
        return self._mean_gradient(x, self.features[0][rows], noise)

    def sample_gradient(self, x: Array, sample: int) -> Array:
        """Over the first training rows, with noise that is the same at all times."""
        rows = self.features[0][:sample]
        return self._mean_gradient(x, rows, self._noise(0, 0, len(rows)))

    def evaluate(self, x: Array) -> Mapping[str, float]:
        pixels = self.features[1]
        moments, scores = (values[-1] for values in self._values(x, pixels, self.evaluation_noise))
        m, v = np.split(moments, 2, axis=1)
        pixel_loss = np.sum(np.logaddexp(0, scores) - pixels * scores, axis=1)
        return {"loss": float(np.mean(pixel_loss + 0.5 * np.sum(m * m + np.exp(v) - 1 - v, axis=1)))}

    def kernel(self, batch: int) -> WorkerKernel:
        encoder, rows, precision = make_layers(self.encoder), batch or self.examples, self.precision
        decoder = make_layers(self.decoder, parameter_count(self.encoder))
        noise = rows * self.latent * precision.itemsize
        return WorkerKernel(
            AutoencoderData(encoder, decoder, self.features[0], batch),
            lambda: AutoencoderWork(
                make_work(encoder, rows, precision),
                make_work(decoder, rows, precision),
                np.zeros((rows, self.latent), precision),
            ),
            work_bytes(encoder, rows, precision) + work_bytes(decoder, rows, precision) + noise,
        )

    def jax_form(self) -> JaxForm:
        return _jax_form(self.encoder, self.decoder, self.images, self.precision_bits)

    def _noise(self, seed: int, step: int, rows: int) -> Array:
        return normals(seed, NOISE, step, rows * self.latent).reshape(rows, self.latent).astype(self.precision)

    def _halves(self, x: Array) -> tuple[Array, Array]:
        inner = parameter_count(self.encoder)
        return x[:inner], x[inner:]

    def _values(self, x: Array, pixels: Array, noise: Array) -> tuple[list[Array], list[Array]]:
        """The activations of both halves."""
        encoder, decoder = self._halves(x)
        inner = outputs(self.encoder, encoder, pixels)
        m, v = np.split(inner[-1], 2, axis=1)
        return inner, outputs(self.decoder, decoder, m + np.exp(v / 2) * noise)

    def _mean_gradient(self, x: Array, pixels: Array, noise: Array) -> Array:
        encoder, decoder = self._halves(x)
        inner, outer = self._values(x, pixels, noise)
        rows = x.dtype.type(len(pixels))
        change = (1 / (1 + np.exp(-outer[-1])) - pixels) / rows
        outer_gradient, by_code = gradients(self.decoder, decoder, outer, change)
        m, v = np.split(inner[-1], 2, axis=1)
        root = np.exp(v / 2)
        by_moments = np.hstack([by_code + m / rows, 0.5 * (by_code * noise * root + (root * root - 1) / rows)])
        return np.concatenate([gradients(self.encoder, encoder, inner, by_moments)[0], outer_gradient])


# Kept by value, because the compiled functions hang on the form and workloads are rebuilt from their names.
@lru_cache(maxsize=8)
def _jax_form(encoder: tuple[int, ...], decoder: tuple[int, ...], data: Images, bits: int) -> JaxForm:
    from experiments.workloads.jax.networks import AutoencoderForm, layer_shapes

    work = Autoencoder("autoencoder", data, bits, encoder, decoder)
    training, held_out = work.features
    return AutoencoderForm(
        layer_shapes(encoder) + layer_shapes(decoder),
        work.precision,
        (training,),
        (held_out, work.evaluation_noise),
        2 * (sum(encoder) + sum(decoder)),
        encoder_leaves=2 * (len(encoder) - 1),
        latent=work.latent,
    )


def build(name: str, values: Mapping[str, Any]) -> Autoencoder:
    """The autoencoder that the options describe.

    Example:
        >>> from experiments.workloads import get_workload
        >>> vae = get_workload("vae:depth=2,width=32,latent=4")
        >>> vae.encoder, vae.decoder
        ((64, 32, 32, 8), (4, 32, 32, 64))
    """
    data, latent, depth = images(values["data"]), values["latent"], values["depth"]
    if depth > DEEPEST:
        raise InputError(f"An autoencoder has 1 to {DEEPEST} hidden layers on either side. Got {depth}.")
    hidden, pixels = (values["width"],) * depth, data.features.shape[1]
    return Autoencoder(
        name, data, checked_bits(values["bits"]), (pixels, *hidden, 2 * latent), (latent, *hidden, pixels)
    )
