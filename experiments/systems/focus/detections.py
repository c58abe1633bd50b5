"""What all of Focus speaks of: detections in a video, and what a cheap classifier says of each of them.

A detection is one object in one frame. The exact classifier gives its class, and what is paid is counted in exact
classifications; a cheap one gives labels in the order of their confidence, and a vector of features. A cheap classifier
that is specialised tells a few classes apart, and calls all others OTHER.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from theory.common.errors import InputError
from theory.common.types import Floats, Ints, Matrix

OTHER = -1  # the label of every class that a specialised classifier does not know


@dataclass(frozen=True, eq=False)
class Detections:
    """Objects in the order of their frames.

    Args:
        classes: int64 (n,), what the exact classifier says, 0..kinds - 1; kinds: how many classes there are.
        frames: int64 (n,), not decreasing; tracks: int64 (n,), the object that is seen.
    """

    classes: Ints
    frames: Ints
    tracks: Ints
    kinds: int

    def part(self, rows: slice) -> Detections:
        """Some of them."""
        return Detections(self.classes[rows], self.frames[rows], self.tracks[rows], self.kinds)


@dataclass(frozen=True, eq=False)
class Cheap:
    """What a cheap classifier says of detections.

    Args:
        labels: int64 (n, M), its labels by falling confidence; confidence: float64 (n, M), in [0, 1].
        specialised: int64, increasing, the classes that it tells apart; all of them for one that is not specialised.
        cost: of a detection, in exact classifications.
    """

    labels: Ints
    confidence: Matrix
    specialised: Ints
    cost: float

    def part(self, rows: slice) -> Cheap:
        """What it says of some detections."""
        return Cheap(self.labels[rows], self.confidence[rows], self.specialised, self.cost)


@dataclass(frozen=True)
class CheapModel:
    """A cheap classifier by name, and what a detection costs it, in exact classifications, before it is specialised."""

    name: str
    cost: float


class Video(Protocol):
    """A recorded video, with the cheap classifiers that may be used on it."""

    @property
    def detections(self) -> Detections:
        """All of it."""

    @property
    def models(self) -> Sequence[CheapModel]:
        """The cheapest first."""

    def features(self, model: int) -> Matrix:
        """float64 (n, d): a model's view of each detection, near each other for objects that look alike.

        The unit is about the distance of two detections taken at random.
        """

    def cheap(self, model: int, specialised: Ints) -> Cheap:
        """What a model says of all detections; told apart are these classes, or all if there are none."""


def known_labels(classes: Ints, specialised: Ints) -> Ints:
    """Classes as a classifier calls them that tells only the specialised ones (increasing) apart.

    >>> known_labels(np.array([4, 0, 7]), np.array([0, 4]))
    array([ 4,  0, -1])
    """
    return np.where(np.isin(classes, specialised), classes, OTHER)


def most_frequent(classes: Ints, count: int) -> Ints:
    """The most frequent classes, that many of those that occur, in increasing order; of equal ones the lower first.

    >>> most_frequent(np.array([3, 1, 1, 2, 2, 2]), 2)
    array([1, 2])
    """
    counts = np.bincount(classes)
    chosen = np.argsort(-counts, kind="stable")[: min(count, np.count_nonzero(counts))]
    return np.sort(chosen).astype(np.int64)


def covering(classes: Ints, share: float) -> Ints:
    """The fewest classes that have this share of the detections, in increasing order.

    >>> covering(np.array([0, 0, 0, 1, 1, 2]), 0.8)
    array([0, 1])
    """
    counts = np.sort(np.bincount(classes))[::-1]
    if not counts.size:
        raise InputError("There is no labelled sample: no detection has a class. Label some detections exactly.")
    return most_frequent(classes, 1 + int(np.argmax(np.cumsum(counts) >= share * counts.sum())))


def ranked(weights: Floats, names: Ints, most: int) -> tuple[Ints, Matrix]:
    """The labels (n, M) of the largest probabilities, and these (n, M); of equal ones the earlier name comes first.

    Args:
        weights: float64 (n, labels), probabilities up to a factor for each row; names: of the labels.

    >>> ranked(np.array([[1.0, 3.0]]), np.array([5, OTHER]), 2)
    (array([[-1,  5]]), array([[0.75, 0.25]]))
    """
    order = np.argsort(-weights, axis=1, kind="stable")[:, :most]
    confidence: Matrix = np.take_along_axis(weights, order, axis=1) / weights.sum(axis=1, keepdims=True)
    return names[order], confidence


def softmax_weights(scores: Matrix) -> Matrix:
    """Probabilities up to a factor for each row, of which the largest weight is 1."""
    weights: Matrix = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights
