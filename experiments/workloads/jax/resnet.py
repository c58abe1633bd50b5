"""The residual network of He et al. for small images, in JAX.

The idea: parameters are a tuple of arrays in the order of the layers, consumed as the network is written down, so that
the list of shapes and the forward pass say the same thing in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from experiments.workers.jax.library import jax, jnp
from experiments.workers.jax.training import PART, Inputs, JaxForm, Leaves, classified, cross_entropies
from theory.common.types import Array

EPSILON = 1e-5  # of the normalisations
GROUPS = 8
STATISTICS_ROWS = 512  # training rows whose statistics the evaluation uses

Convolution = Callable[[Any, Any, int], Any]
Normalisation = Callable[[Any, Any, Any], Any]


@dataclass(frozen=True)
class ResidualBlock:
    """Two convolutions beside a shortcut without parameters."""

    inputs: int
    outputs: int
    stride: int


def blocks_of(depth: int, width: int) -> tuple[ResidualBlock, ...]:
    """Three stages of (depth - 2)/6 blocks, of width, 2 width and 4 width channels; the later ones halve the image."""
    each = (depth - 2) // 6
    widths = [width] + [width * 2**stage for stage in range(3) for _ in range(each)]
    strides = [2 if stage and first == 0 else 1 for stage in range(3) for first in range(each)]
    return tuple(map(ResidualBlock, widths, widths[1:], strides))


@dataclass(frozen=True, eq=False)
class ResNetForm(JaxForm):
    """The network on images (n, height, width, channels), centred and scaled by channel.

    Args:
        blocks: after the first convolution.
        norm: batch or group.
        patches: whether convolutions are products of matrices of patches, which a scan and `vmap` over workers bear;
            a convolution proper is faster by itself.
    """

    blocks: tuple[ResidualBlock, ...]
    norm: str
    patches: bool
    convolutional: ClassVar[bool] = True
    sample_part: ClassVar[int] = PART

    @classmethod
    def of(
        cls, blocks: tuple[ResidualBlock, ...], norm: str, data: Inputs, held_out: Inputs, classes: int, patches: bool
    ) -> ResNetForm:
        """The network on images and their labels."""
        _, height, width, channels = data[0].shape
        shapes, activations = shapes_of(blocks, channels, classes), activations_of(blocks, height, width)
        return cls(shapes, np.dtype(np.float32), data, held_out, activations, blocks, norm, patches)

    def loss(self, leaves: Leaves, data: Inputs, inputs: Inputs) -> Any:
        images, labels = data
        (rows,) = inputs
        return cross_entropies(self.scores(leaves, images[rows], self._normalise), labels[rows]).mean()

    def context(self, leaves: Leaves, data: Inputs) -> Any:
        """For batch normalisation, the means and variances of each layer on the first training rows."""
        found: list[tuple[Any, Any]] = []
        if self.norm == "batch":
            self.scores(leaves, data[0][:STATISTICS_ROWS], _recording(found))
        return found

    def tally(self, leaves: Leaves, context: Any, held_out: Inputs) -> Any:
        images, labels = held_out
        normalise = _replaying(iter(context)) if self.norm == "batch" else self._normalise
        return classified(self.scores(leaves, images, normalise), labels)

    def scores(self, leaves: Leaves, values: Any, normalise: Normalisation) -> Any:
        """The scores (n, classes) of images."""
        rest = iter(leaves)
        convolve = by_patches if self.patches else directly

        def layer(values: Any, stride: int) -> Any:
            weights, scale, shift = (next(rest) for _ in range(3))
            return normalise(convolve(values, weights, stride), scale, shift)

        values = jax.nn.relu(layer(values, 1))
        for block in self.blocks:
            change = layer(jax.nn.relu(layer(values, block.stride)), 1)
            values = jax.nn.relu(shortcut(values, block) + change)
        return values.mean(axis=(1, 2)) @ next(rest) + next(rest)

    @property
    def _normalise(self) -> Normalisation:
        return by_batch if self.norm == "batch" else by_group


def shapes_of(blocks: tuple[ResidualBlock, ...], channels: int, classes: int) -> tuple[tuple[int, ...], ...]:
    """Weights (3, 3, inputs, outputs), scales and shifts of every convolution; then weights and biases of the last."""
    convolutions = [(channels, blocks[0].inputs)]
    for block in blocks:
        convolutions += [(block.inputs, block.outputs), (block.outputs, block.outputs)]
    layers = [shape for into, out in convolutions for shape in ((3, 3, into, out), (out,), (out,))]
    return (*layers, (blocks[-1].outputs, classes), (classes,))


def activations_of(blocks: tuple[ResidualBlock, ...], height: int, width: int) -> int:
    """Three arrays for each convolution: its inputs, its outputs and what is normalised."""
    total = height * width * blocks[0].inputs
    for block in blocks:
        height, width = -(-height // block.stride), -(-width // block.stride)
        total += 2 * height * width * block.outputs
    return 3 * total


def directly(values: Any, weights: Any, stride: int) -> Any:
    """The convolution, one row of zeros around the image."""
    layout = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(values, weights, (stride, stride), ((1, 1), (1, 1)), dimension_numbers=layout)


def by_patches(values: Any, weights: Any, stride: int) -> Any:
    """The same as one product of the matrix of patches, which the backward pass builds anew instead of keeping it."""

    def product(values: Any, weights: Any) -> Any:
        height, width = values.shape[1:3]
        padded = jnp.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)))
        shifted = [padded[:, i : i + height : stride, j : j + width : stride] for i in range(3) for j in range(3)]
        return jnp.concatenate(shifted, axis=3) @ weights.reshape(-1, weights.shape[3])

    return jax.checkpoint(product)(values, weights)


def shortcut(values: Any, block: ResidualBlock) -> Any:
    """He et al.'s option A: every second pixel where the image is halved, and zeros for the new channels."""
    values = values[:, :: block.stride, :: block.stride]
    return jnp.pad(values, ((0, 0), (0, 0), (0, 0), (0, block.outputs - block.inputs)))


def by_batch(values: Any, scale: Any, shift: Any) -> Any:
    """Ioffe and Szegedy's normalisation by the minibatch's own mean and variance of each channel."""
    return _affine(values, _moments(values, (0, 1, 2)), scale, shift)


def by_group(values: Any, scale: Any, shift: Any) -> Any:
    """Wu and He's normalisation of each image over groups of channels."""
    rows, height, width, channels = values.shape
    groups = values.reshape(rows, height, width, math.gcd(GROUPS, channels), -1)
    mean, variance = _moments(groups, (1, 2, 4), keep=True)
    return ((groups - mean) * jax.lax.rsqrt(variance + EPSILON)).reshape(values.shape) * scale + shift


def _moments(values: Any, axes: tuple[int, ...], keep: bool = False) -> tuple[Any, Any]:
    return values.mean(axis=axes, keepdims=keep), values.var(axis=axes, keepdims=keep)


def _affine(values: Any, moments: tuple[Any, Any], scale: Any, shift: Any) -> Any:
    mean, variance = moments
    return (values - mean) * (scale * jax.lax.rsqrt(variance + EPSILON)) + shift


def _recording(found: list[tuple[Any, Any]]) -> Normalisation:
    """Normalise by the batch, and keep the moments."""

    def normalise(values: Any, scale: Any, shift: Any) -> Any:
        found.append(_moments(values, (0, 1, 2)))
        return _affine(values, found[-1], scale, shift)

    return normalise


def _replaying(moments: Iterator[tuple[Any, Any]]) -> Normalisation:
    """Normalise by moments that were kept, layer by layer."""
    return lambda values, scale, shift: _affine(values, next(moments), scale, shift)


def centred(pixels: Array, like: Array) -> Array:
    """float32: images (n, h, w, c) less the mean of each channel of `like`, divided by its standard deviation."""
    mean = like.mean(axis=(1, 2), dtype=np.float64).mean(axis=0)
    # Image by image, for the squares of a whole data set in 64 bits would be large.
    variance = np.mean([np.square(image - mean).mean(axis=(0, 1)) for image in like], axis=0)
    scale = (1 / np.sqrt(np.maximum(variance, 1e-24))).astype(np.float32)
    return np.ascontiguousarray((pixels - mean.astype(np.float32)) * scale)
