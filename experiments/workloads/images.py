"""Labelled images, scaled to [0, 1] and split once and for all into training and held-out rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.arrays import Matrix
from experiments.data import DATASETS, Dataset, load
from experiments.simulate.counters import random_bits, stream_key

_SPLIT_STREAM = 6  # beside the streams of counters.py and worker_keys.py
_HELD_OUT = 5  # one row in so many


@dataclass(frozen=True, eq=False)
class Images:
    """Rows of numbers in [0, 1] with a class 0..classes-1 each, training rows and held-out rows, all read-only."""

    name: str
    features: Matrix
    labels: NDArray[np.int64]
    held_out: Matrix
    held_out_labels: NDArray[np.int64]
    classes: int
    digest: str

    def in_precision(self, precision: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Training and held-out features in this precision."""
        return _fixed(self.features.astype(precision)), _fixed(self.held_out.astype(precision))


@lru_cache(maxsize=4)
def images(name: str) -> Images:
    """The data set of this name, its features divided by their largest value.

    Of all rows, put in an order drawn once from counters (the same for every seed), the first fifth is held out.

    Raises:
        DataError: no such set.

    Example:
        >>> digits = images("digits")
        >>> digits.features.shape, digits.held_out.shape, digits.classes
        ((1438, 64), (359, 64), 10)
    """
    data = _dataset(name)
    order = _order(len(data.labels))
    held, kept = order[: len(order) // _HELD_OUT], order[len(order) // _HELD_OUT :]
    features = (data.features - data.features.min()) / max(1e-300, float(np.ptp(data.features)))
    classes, labels = np.unique(data.labels, return_inverse=True)
    return Images(
        data.name,
        _fixed(features[kept]),
        _fixed(labels[kept].astype(np.int64)),
        _fixed(features[held]),
        _fixed(labels[held].astype(np.int64)),
        len(classes),
        data.digest,
    )


def _dataset(name: str) -> Dataset:
    """Names are written with or without hyphens: mnist-5k is mnist5k."""
    plain = name.replace("-", "")
    return load(plain if plain in DATASETS else name)


def _order(rows: int) -> NDArray[np.int64]:
    key = stream_key(0, _SPLIT_STREAM, rows)
    return np.argsort(np.array([random_bits(key, i) for i in range(rows)], dtype=np.uint64), kind="stable")


def _fixed(array: NDArray[Any]) -> NDArray[Any]:
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array
