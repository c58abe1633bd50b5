"""Labelled images, scaled to [0, 1] and split once and for all into training and held-out rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import isqrt
from typing import Any

import numpy as np

from experiments.common.arrays import frozen
from experiments.data.array_files import own_file
from experiments.data.on_request import ON_REQUEST, plain, stored
from experiments.data.pictures import Pictures, load_pictures
from experiments.data.sets import DATASETS, load
from experiments.kernels.counters import drawn_order
from experiments.workers.workload import Workload, precision_of
from theory.common.errors import InputError
from theory.common.types import Array, Ints

_HELD_OUT = 5  # one row in so many
_BRIGHTEST = 255


@dataclass(frozen=True, eq=False)
class Images:
    """Rows of numbers in [0, 1] with a class 0..classes-1 each, training rows and held-out rows, all read-only.

    Args:
        name: of the set.
        features: (n, p), the training rows; float32 where a split was published, else float64.
        labels: int64 (n,).
        held_out, held_out_labels: the same of the held-out rows.
        classes: the number of classes.
        digest: of the data.
        shape: height, width and channels of the image that a row holds, one channel after another; none if it is no
            image.
        source: where the data come from, and whether they are a stand-in.
    """

    name: str
    features: Array
    labels: Ints
    held_out: Array
    held_out_labels: Ints
    classes: int
    digest: str
    shape: tuple[int, int, int] | None = None
    source: str = ""

    def in_precision(self, precision: np.dtype[Any]) -> tuple[Array, Array]:
        """Training and held-out features in this precision."""
        return frozen(self.features.astype(precision, copy=False)), frozen(self.held_out.astype(precision, copy=False))

    def pictures(self, precision: np.dtype[Any]) -> tuple[Array, Array]:
        """Training and held-out images (n, height, width, channels) in this precision; views of the rows.

        Raises:
            InputError: the rows are no images.

        Example:
            >>> train, held_out = images("mnist-5k").pictures(np.dtype(np.float32))
            >>> train.shape, held_out.shape
            ((4000, 28, 28, 1), (1000, 28, 28, 1))
        """
        if self.shape is None:
            columns = self.features.shape[1]
            raise InputError(f"Square images are needed, and a row of {self.name} has {columns} numbers.")
        train, held_out = self.in_precision(precision)
        height, width, channels = self.shape
        planes = (rows.reshape(-1, channels, height, width) for rows in (train, held_out))
        first, second = (each.transpose(0, 2, 3, 1) for each in planes)
        return first, second


@dataclass(frozen=True, eq=False)
class ImageWorkload(Workload):
    """What is trained on labelled images.

    Args:
        images: the data.
        precision_bits: 32 or 64, of the parameters.
    """

    images: Images
    precision_bits: int

    @property
    def examples(self) -> int:
        return len(self.images.labels)

    @property
    def precision(self) -> np.dtype[Any]:
        return precision_of(self.precision_bits)

    @property
    def digest(self) -> str:
        return self.images.digest

    @cached_property
    def features(self) -> tuple[Array, Array]:
        """Training and held-out rows in the precision of the parameters."""
        return self.images.in_precision(self.precision)


def images(name: str) -> Images:
    """The data set of this name, its features scaled to [0, 1].

    Where a split into training and test images was published, as for mnist, fashion-mnist and cifar-10, the test
    images are held out, and pixels are divided by 255. Else the features are divided by their largest value, and of
    all rows, put in an order drawn once from counters (the same for every seed), the first fifth is held out.

    Args:
        name: with or without its hyphens: mnist-5k is mnist5k.

    Raises:
        DataError: no such set, or one that was not downloaded yet.

    Example:
        >>> digits = images("digits")
        >>> digits.features.shape, digits.held_out.shape, digits.classes, digits.shape
        ((1438, 64), (359, 64), 10, (8, 8, 1))
    """
    known = plain(name, {**DATASETS, **ON_REQUEST})
    return _images(known, _stamp(known))


@lru_cache(maxsize=4)
def _images(name: str, stamp: object) -> Images:
    """The images, kept as long as the file is the same."""
    pictures = load_pictures(name)
    return _published(pictures, pictures.training) if pictures and pictures.training else _drawn(name, pictures)


def _stamp(name: str) -> object:
    """What changes when the file of this name does."""
    found = stored(name) if name in ON_REQUEST else None
    path = found.path if found else own_file(name)
    return None if path is None else (path, path.stat().st_mtime_ns)


def _published(pictures: Pictures, training: int) -> Images:
    classes, labels = np.unique(pictures.labels, return_inverse=True)
    rows = pictures.rows
    scaled = [np.divide(part, _BRIGHTEST, dtype=np.float32) for part in (rows[:training], rows[training:])]
    return Images(
        pictures.name,
        frozen(scaled[0]),
        frozen(labels[:training].astype(np.int64)),
        frozen(scaled[1]),
        frozen(labels[training:].astype(np.int64)),
        len(classes),
        pictures.digest,
        _shape_of(pictures),
        pictures.source,
    )


def _drawn(name: str, pictures: Pictures | None) -> Images:
    data = load(name)
    order = drawn_order(len(data.labels))
    held, kept = order[: len(order) // _HELD_OUT], order[len(order) // _HELD_OUT :]
    features = (data.features - data.features.min()) / max(1e-300, float(np.ptp(data.features)))
    classes, labels = np.unique(data.labels, return_inverse=True)
    return Images(
        data.name,
        frozen(features[kept]),
        frozen(labels[kept].astype(np.int64)),
        frozen(features[held]),
        frozen(labels[held].astype(np.int64)),
        len(classes),
        data.digest,
        _shape_of(pictures) if pictures else _square(data.features.shape[1]),
        data.source,
    )


def _shape_of(pictures: Pictures) -> tuple[int, int, int]:
    height, width, channels = pictures.pixels.shape[1:]
    return height, width, channels


def _square(columns: int) -> tuple[int, int, int] | None:
    """The square image, grey or in three colours, that a row of so many numbers may be."""
    sides = ((isqrt(columns // channels), channels) for channels in (1, 3))
    return next(((side, side, channels) for side, channels in sides if channels * side * side == columns), None)
