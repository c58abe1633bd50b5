"""A network and labelled rows, spread over partitions with a percentage of label skew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from experiments.common.arrays import frozen
from experiments.kernels.dense import make_layers, parameter_count
from experiments.systems.shared.label_skew import equal_shares
from experiments.systems.skewscout.layers import Rows
from experiments.systems.skewscout.network import NORMS, NormalisedNetwork
from experiments.workloads.images import Images
from theory.common.errors import InputError
from theory.common.types import Ints, Matrix
from theory.staleness.count import whole_number


@dataclass(frozen=True, eq=False)
class Partitions:
    """What K partitions train together.

    Args:
        network: the model.
        features: float64 (n, p), labels: int64 (n,), the training rows, partition after partition.
        starts: int64 (K + 1,), where each partition's rows start.
        held_out, held_out_labels: the rows on which accuracy is measured.
    """

    network: NormalisedNetwork
    features: Matrix
    labels: Ints
    starts: Ints
    held_out: Matrix
    held_out_labels: Ints

    @property
    def count(self) -> int:
        """K."""
        return self.starts.size - 1

    @property
    def own(self) -> list[slice]:
        """The rows of each partition."""
        return [slice(first, last) for first, last in pairwise(self.starts.tolist())]

    def rows(self, batch: int) -> Rows:
        """The same for compiled code, with gradients of so many rows."""
        net = self.network
        layers = make_layers(net.widths)
        scales = parameter_count(net.widths)
        kind = NORMS.index(net.norm)
        return Rows(layers, kind, net.groups, scales, self.features, self.labels, self.starts, batch)


def partitioned(
    images: Images,
    partitions: int = 5,
    skew: float = 100.0,
    *,
    hidden: Sequence[int] = (),
    norm: str = "none",
    groups: int = 2,
    seed: int = 0,
) -> Partitions:
    r"""Labelled images spread over partitions: p per cent of the rows by label modulo K, the others at random.

    Args:
        images: the rows; partitions: K; skew: p, from 0 to 100.
        hidden: units of the hidden layers, none for softmax regression; norm, groups: how they are normalised.
        seed: of the deal.

    Returns:
        The partitions, each with the same number of rows: as many as the smallest has.

    Raises:
        InputError: one partition, a partition without rows, more classes than rows, a skew outside 0..100, or a
            normalisation that there is not.

    Example:
        >>> from experiments.workloads.images import images
        >>> task = partitioned(images("digits"), 5, 100)
        >>> [sorted(set(task.labels[own].tolist())) for own in task.own]
        [[0, 5], [1, 6], [2, 7], [3, 8], [4, 9]]
    """
    count = whole_number(partitions, 1, "The number of partitions", InputError)
    if count == 1:
        raise InputError("One partition has nobody to exchange with. Give at least 2.")
    if images.classes > images.labels.size:
        raise InputError(
            f"There are {images.classes} classes and only {images.labels.size} rows. Give at least a row of each class."
        )
    rows = equal_shares(images.labels, count, skew, seed=seed, by="label")
    training, held_out = images.in_precision(np.dtype(np.float64))
    widths = (training.shape[1], *(whole_number(each, 1, "The units of a layer", InputError) for each in hidden))
    return Partitions(
        NormalisedNetwork((*widths, images.classes), norm, groups),
        frozen(training[rows.ravel()]),
        frozen(images.labels[rows.ravel()]),
        frozen(np.arange(count + 1) * rows.shape[1]),
        held_out,
        images.held_out_labels,
    )
