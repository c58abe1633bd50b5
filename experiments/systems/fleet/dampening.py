r"""What the server makes of a stale gradient: its weight $\Lambda(\tau)$, and the boost of gradients with rare labels.

The idea: a weight depends on staleness and labels alone, never on the noise of the gradient that it multiplies; so all
weights of a run are known before it begins, and a run is plain delayed SGD with steps $\gamma\,w_t$.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from theory.common.errors import InputError
from theory.common.types import Array, Flags, Ints, Vector

NON_STRAGGLERS = 0.997  # the share s of gradients that are expected not to be stragglers: mu + 3 sigma of a normal law
ENOUGH = 50  # staleness values that are waited for before beta is taken from them


def beta_of(threshold: float) -> float:
    r"""$\beta=\ln(\tau_{thres}/2+1)/(\tau_{thres}/2)$: there $e^{-\beta\tau}$ meets $1/(\tau+1)$ at $\tau_{thres}/2$.

    At 0 it is the limit 1. As recalled of the paper, unverified; the released code is given beta.

    >>> [round(beta_of(threshold), 5) for threshold in (0, 12, 24)]
    [1.0, 0.32432, 0.21375]
    """
    half = threshold / 2
    return float(np.log1p(half) / half) if half else 1.0


class Dampening(ABC):
    """A rule for weights; `formula` is LaTeX in tau."""

    formula: ClassVar[str]

    @abstractmethod
    def weights(self, staleness: Ints) -> Vector:
        """The weights (n,) of gradients of this staleness (n,), in the order in which they arrive."""


@dataclass(frozen=True)
class Averaging(Dampening):
    """No dampening: gradients are averaged whatever their age, as by FedAvg.

    >>> Averaging().weights(np.array([0, 5]))
    array([1., 1.])
    """

    formula: ClassVar[str] = "1"

    def weights(self, staleness: Ints) -> Vector:
        return np.ones(staleness.shape)


@dataclass(frozen=True)
class Inverse(Dampening):
    r"""$1/(\tau+1)$, as DynSGD.

    >>> Inverse().weights(np.array([0, 1, 3]))
    array([1.  , 0.5 , 0.25])
    """

    formula: ClassVar[str] = r"\frac1{\tau+1}"

    def weights(self, staleness: Ints) -> Vector:
        return 1 / (staleness + 1.0)


@dataclass(frozen=True)
class Exponential(Dampening):
    r"""$e^{-\beta\min(\tau,S)}$, AdaSGD's dampening.

    Args:
        threshold: tau_thres, from which beta follows by `beta_of`. None: the smallest staleness that a share s of all
            that arrived before do not exceed, found anew for every gradient; until there are enough of them the weight
            is that of `Inverse`.
        saturation: S, beyond which a weight falls no further, in the released code the number of models kept; None:
            it falls for ever.
        share: s.
        enough: how many staleness values are enough.

    Example:
        >>> Exponential(12, saturation=13).weights(np.array([0, 6, 12, 48])).round(5)
        array([1.     , 0.14286, 0.02041, 0.01476])
    """

    formula: ClassVar[str] = r"e^{-\beta\tau}"
    threshold: float | None = None
    saturation: int | None = None
    share: float = NON_STRAGGLERS
    enough: int = ENOUGH

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 <= self.threshold < np.inf:
            raise InputError(f"The threshold of staleness must be a finite number of at least 0. Got {self.threshold}.")
        if not 0 < self.share <= 1:
            raise InputError(f"The share of gradients that are in time must be above 0, at most 1. Got {self.share}.")
        if self.saturation is not None and self.saturation < 0:
            raise InputError(f"The staleness at which weights saturate must be at least 0. Got {self.saturation}.")

    def weights(self, staleness: Ints) -> Vector:
        counted = staleness if self.saturation is None else np.minimum(staleness, self.saturation)
        if self.threshold is not None:
            return np.exp(-beta_of(self.threshold) * counted)
        threshold = past_percentile(staleness, self.share)
        known = np.arange(staleness.size) >= max(1, self.enough)
        beta = np.array([beta_of(each) for each in range(int(threshold.max(initial=0)) + 1)])[threshold]
        return np.where(known, np.exp(-beta * counted), Inverse().weights(staleness))


def past_percentile(staleness: Ints, share: float) -> Ints:
    """For each gradient the smallest value that this share of all staleness before it does not exceed; 0 for the first.

    >>> past_percentile(np.array([3, 1, 2, 0, 5]), 0.5)
    array([0, 3, 1, 2, 1])
    """
    values = np.arange(int(staleness.max(initial=0)) + 1)
    at_most = np.cumsum(staleness[:, None] <= values, axis=0)
    # A share that is met up to rounding counts as met.
    needed = share * np.arange(1, staleness.size + 1) * (1 - 1e-12)
    found = np.argmax(at_most >= needed[:, None], axis=1)
    return np.concatenate([np.zeros(1, np.int64), found[:-1]])[: staleness.size]


def similarity(p: Array, q: Array) -> Vector:
    r"""The Bhattacharyya coefficient $\sum_y\sqrt{p_yq_y}\in[0,1]$ of label counts (n, classes) with others.

    Each is divided by its sum first. Where one is empty, as before the first update, the coefficient is 1: nothing is
    known to be rare.

    >>> similarity(np.array([[1, 1], [1, 0], [1, 0]]), np.array([[2, 2], [0, 3], [0, 0]]))
    array([1., 0., 1.])
    """
    sums = p.sum(axis=1) * q.sum(axis=1)
    return np.where(sums > 0, np.sqrt(p * q).sum(axis=1) / np.sqrt(np.where(sums > 0, sums, 1)), 1.0)


def similarities(counts: Ints, gradients: int) -> Vector:
    """The similarity of each gradient's labels with those of all that was used in updates before its own.

    Args:
        counts: int64 (T K, classes), the label counts of the mini-batches in the order of arrival.
        gradients: K, of an update.

    Returns:
        (T K,); 1 throughout the first update.
    """
    updates = counts.reshape(-1, gradients, counts.shape[1])
    used = np.cumsum(updates.sum(axis=1), axis=0)
    before = np.repeat(np.vstack([np.zeros_like(used[:1]), used[:-1]]), gradients, axis=0)
    return similarity(counts, before)


@dataclass(frozen=True)
class Boosting:
    r"""Weights of dissimilar gradients are divided by their similarity: $\Lambda(\tau)/\max(\text{floor},sim)$.

    Args:
        floor: the smallest divisor; the released code has 0.1.
        beyond: only gradients staler than this are boosted, in the released code 1.5 times the number of models kept,
            and there only in the experiment with a long tail; None: all are.
        capped: whether a weight is at most 1. The released code has no cap; the paper's min(1, .) is as recalled.

    Example:
        >>> Boosting(beyond=10).boosted(np.array([0.5, 0.1]), np.array([3, 48]), np.array([0.5, 0.5]))
        array([0.5, 0.2])
    """

    floor: float = 0.1
    beyond: float | None = None
    capped: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.floor <= 1:
            raise InputError(f"The smallest divisor of a boost must be above 0, at most 1. Got {self.floor}.")

    def boosted(self, weights: Vector, staleness: Ints, similarity: Vector) -> Vector:
        """The weights (n,) after the boost."""
        chosen: Flags = staleness > (-1 if self.beyond is None else self.beyond)
        found = np.where(chosen, weights / np.maximum(self.floor, similarity), weights)
        return np.minimum(found, 1.0) if self.capped else found
