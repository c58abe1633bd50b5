"""Residual networks for small images: the study's workload on CIFAR-10, trained by gradients that JAX compiles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from experiments.kernels.counters import INITIAL, normals
from experiments.workers.jax.library import need_jax
from experiments.workers.results import Threshold
from experiments.workloads.images import Images, ImageWorkload, images
from theory.common.errors import InputError
from theory.common.types import Array

if TYPE_CHECKING:
    from experiments.workers.jax.training import JaxForm, Routines
    from experiments.workloads.jax.resnet import ResNetForm

DEEPEST = 110
NORMS = ("batch", "group")


@dataclass(frozen=True, eq=False)
class ResNet(ImageWorkload):
    r"""The residual network of 6n + 2 weight layers: mean cross-entropy, no regulariser, no augmentation.

    A convolution, three stages of n blocks of two convolutions with `width`, 2 width and 4 width channels on the image,
    its half and its quarter, the mean over the pixels and a layer of scores; shortcuts without parameters (option A).
    Every convolution is normalised. norm=batch: in a gradient, by the mean and variance of each channel over the
    minibatch at hand, so that workers share nothing but updates and no running statistics enter; at an evaluation, by
    those over the first 512 training rows at the same parameters, so that the quality is a function of the parameters
    alone. A gradient on a fixed sample is the mean over parts of at most 256 rows, each normalised by itself.
    norm=group: by every image's own statistics, the same in training and evaluation.

    Images enter centred and scaled by channel. The start is He's: weights of convolutions have variance 2/(9 inputs),
    those of the last layer 1/inputs; scales are 1, shifts and biases 0. Measured on the held-out rows: "loss" (mean
    cross-entropy) and "accuracy".

    Source: He et al., Deep Residual Learning for Image Recognition, CVPR 2016, section 4.2.

    Args:
        name: the spelling.
        images: the data.
        precision_bits: 32.
        depth: 6n + 2.
        width: channels of the first stage.
        norm: batch or group.
    """

    depth: int
    width: int
    norm: str
    metrics: ClassVar[tuple[str, ...]] = ("loss", "accuracy")

    @property
    def parameters(self) -> int:
        return sum(math.prod(shape) for shape in self.form.shapes)

    @property
    def target(self) -> Threshold:
        """The study's 71 per cent on CIFAR-10; on digits as the networks."""
        return Threshold("accuracy", 0.90 if self.images.name in ("digits", "mnist5k") else 0.71, "above")

    @property
    def form(self) -> ResNetForm:
        """The network in JAX, with convolutions that a scan and `vmap` bear."""
        return _form(self.depth, self.width, self.norm, self.images, True)

    @cached_property
    def routines(self) -> Routines:
        """The compiled functions behind `gradient`, `evaluate` and `sample_gradient`."""
        return _routines(self.depth, self.width, self.norm, self.images)

    def jax_form(self) -> JaxForm:
        return self.form

    def initial(self, seed: int) -> Array:
        x = self.form.split(normals(seed, INITIAL, 0, self.parameters))
        *layers, weights, biases = x
        for i in range(0, len(layers), 3):
            layers[i] *= np.sqrt(2 / math.prod(layers[i].shape[:3]))
            layers[i + 1][:], layers[i + 2][:] = 1, 0
        weights /= np.sqrt(len(weights))
        biases[:] = 0
        return np.concatenate([leaf.ravel() for leaf in (*layers, weights, biases)]).astype(self.precision)

    def gradient(self, x: Array, seed: int, t: int, worker: int, batch: int) -> Array:
        drawn = self.form.draw(seed, range(t, t + 1), range(worker, worker + 1), batch)
        return self.routines.gradient(x, tuple(each[0, 0] for each in drawn))

    def sample_gradient(self, x: Array, sample: int) -> Array:
        """Over the first training rows, in parts of at most 256."""
        return self.routines.sample_gradient(x, sample)

    def evaluate(self, x: Array) -> Mapping[str, float]:
        return dict(zip(self.metrics, self.routines.measure(x).tolist(), strict=True))


# Kept by value: the compiled functions hang on the form, and workloads are rebuilt from their names.
@lru_cache(maxsize=8)
def _form(depth: int, width: int, norm: str, data: Images, patches: bool) -> ResNetForm:
    from experiments.workloads.jax.resnet import ResNetForm, blocks_of

    pairs = zip(_pixels(data), (data.labels, data.held_out_labels), strict=True)
    training, held_out = ((pixels, labels.astype(np.int32)) for pixels, labels in pairs)
    return ResNetForm.of(blocks_of(depth, width), norm, training, held_out, data.classes, patches)


@lru_cache(maxsize=8)
def _routines(depth: int, width: int, norm: str, data: Images) -> Routines:
    from experiments.workers.jax.training import Routines

    return Routines(_form(depth, width, norm, data, False))


@lru_cache(maxsize=2)
def _pixels(data: Images) -> tuple[Array, Array]:
    """Training and held-out images (n, height, width, channels), centred and scaled."""
    from experiments.workloads.jax.resnet import centred

    training, held_out = data.pictures(np.dtype(np.float32))
    return centred(training, training), centred(held_out, training)


def build(name: str, values: Mapping[str, Any]) -> ResNet:
    """The network that the options describe.

    Raises:
        InputError: a depth that is not 6n + 2, another normalisation, or data that are no images.
        EnvironmentFailure: JAX is not installed.

    Example:
        >>> from experiments.workloads import get_workload
        >>> get_workload("resnet:depth=10")
        Traceback (most recent call last):
        theory.common.errors.InputError: A ResNet has 6n + 2 layers: 8, 14, 20, 32 and so on up to 110. Got 10.
    """
    depth, norm = values["depth"], values["norm"]
    if depth % 6 != 2 or not 8 <= depth <= DEEPEST:
        raise InputError(f"A ResNet has 6n + 2 layers: 8, 14, 20, 32 and so on up to {DEEPEST}. Got {depth}.")
    if norm not in NORMS:
        raise InputError(f"The normalisation must be {' or '.join(NORMS)}. Got {norm!r}.")
    need_jax("A ResNet")
    data = images(values["data"])
    if data.shape is None:
        raise InputError(f"A ResNet needs images. The rows of {data.name} are none.")
    return ResNet(name, data, 32, depth, values["width"], norm)
