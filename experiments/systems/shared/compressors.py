r"""What a worker sends of a vector: compressors that choose entries, with a memory of what stays behind or without.

With u = g + eps (gradient and residual), C(u) keeps the chosen entries of u as they are, and the new residual is
u - C(u), exactly u with the sent entries zeroed. k = max(floor(rho d), 1) entries are wanted at density rho.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from experiments.systems.shared import selection
from experiments.systems.shared.selection import SAMPLE, room_for, select
from theory.common.errors import InputError
from theory.common.spelling import meant
from theory.common.table import Table
from theory.common.types import Array, Ints
from theory.staleness.count import whole_number


@dataclass(frozen=True, eq=False)
class Sent:
    """What a compressor made of a vector u.

    Args:
        indices: int64, increasing, of the entries that are sent; values: those entries.
        residual: (d,), u with the sent entries zeroed; zero for a compressor without memory.
    """

    indices: Ints
    values: Array
    residual: Array


@dataclass(frozen=True)
class Compressor:
    """A rule that chooses the entries to send.

    Args:
        name: the spelling.
        title: what it does, in one line.
        kind: which of the compiled selections.
        memory: whether what is not sent is kept as a residual and added to the next gradient.
        range: the least and the largest count that it promises, in units of k; None if it promises none.

    Example:
        >>> sent = get_compressor("top-k").compress(np.array([3.0, -1.0, 0.5, -4.0]), 2)
        >>> sent.indices, sent.values, sent.residual
        (array([0, 3]), array([ 3., -4.]), array([ 0. , -1. ,  0.5,  0. ]))
    """

    name: str
    title: str
    kind: int
    memory: bool = True
    range: tuple[float, float] | None = None

    def select(self, vector: Array, k: int, key: int = 0) -> Ints:
        """The indices, increasing, of the entries that are sent.

        Args:
            vector: (d,), of 32 or 64 bits, finite.
            k: how many entries are wanted, 1 <= k <= d; a threshold gives more or fewer.
            key: of the random numbers (`experiments.kernels.counters.stream_key`), where there are any.

        Raises:
            InputError: a k below 1 or above d, an entry that is not finite, or a sample of fewer than k entries.
        """
        u = checked_vector(vector)
        self.check(k, u.size)
        quantile = gaussian_quantile(k / u.size)
        room = room_for(u.size, k)
        # A released threshold may end at several times k; what is not written to takes no memory.
        chosen, sizes = np.empty(min(u.size, 4 * room), np.int64), np.empty(room, u.dtype)
        count = select(self.kind, u, k, quantile, key, chosen, sizes)
        if count > chosen.size:
            chosen = np.empty(count, np.int64)
            select(self.kind, u, k, quantile, key, chosen, sizes)
        return chosen[:count]

    def compress(self, vector: Array, k: int, key: int = 0) -> Sent:
        """What is sent of a vector, and what stays; arguments and refusals are those of `select`."""
        indices = self.select(vector, k, key)
        residual = np.array(vector) if self.memory else np.zeros_like(vector)
        residual[indices] = 0
        return Sent(indices, vector[indices], residual)

    def check(self, k: int, dimension: int) -> None:
        """Raise InputError where k of so many entries cannot be chosen."""
        whole_number(k, 1, "The number k of entries to send", InputError)
        if k > dimension:
            raise InputError(f"Of a vector with {dimension} entries at most {dimension} can be sent. Got k = {k}.")
        if self.kind == selection.SAMPLED and k > dimension // SAMPLE:
            raise InputError(
                f"The threshold of {self.name} is the k-th largest of a sample of d/{SAMPLE} = {dimension // SAMPLE} "
                f"entries. Got k = {k}; take a smaller density or a larger vector."
            )


COMPRESSORS: Mapping[str, Compressor] = Table(
    {
        compressor.name: compressor
        for compressor in (
            Compressor("dense", "all entries", selection.EVERY),
            Compressor("top-k", "the k entries of largest size", selection.TOP, range=(1, 1)),
            Compressor("random-k", "k entries drawn at random", selection.RANDOM, range=(1, 1)),
            Compressor(
                "random-k-forgetful", "k entries drawn at random, the others are lost", selection.RANDOM, False, (1, 1)
            ),
            Compressor(
                "gaussian-k",
                "a threshold from mean and deviation, three attempts, as released",
                selection.GAUSSIAN,
                range=(2 / 3, 4 / 3),
            ),
            Compressor(
                "gaussian-k-bracketed",
                "the same threshold, bracketed until the count is in range",
                selection.BRACKETED,
                range=(2 / 3, 4 / 3),
            ),
            Compressor(
                "sampled",
                "the k-th largest of a sample as threshold, at most 4k/3",
                selection.SAMPLED,
                range=(0, 4 / 3),
            ),
            Compressor(
                "bisected", "a threshold between mean and largest, by three halvings", selection.BISECTED, range=(1, 2)
            ),
        )
    }
)


def get_compressor(name: str) -> Compressor:
    """The compressor of that name; InputError lists the names if there is none."""
    if name not in COMPRESSORS:
        raise InputError(
            f"There is no compressor {name!r}.{meant(name, COMPRESSORS)} The compressors are {', '.join(COMPRESSORS)}."
        )
    return COMPRESSORS[name]


def entries_kept(dimension: int, density: float) -> int:
    """How many entries are sent at density rho: k = max(floor(rho d), 1).

    Raises:
        InputError: a density that is not above 0 and at most 1.

    >>> entries_kept(269_722, 0.001), entries_kept(65, 0.001)
    (269, 1)
    """
    if not 0 < density <= 1:
        raise InputError(
            f"The density, the share of entries that are sent, must be above 0 and at most 1. Got {density}."
        )
    return max(int(density * dimension), 1)


def gaussian_quantile(density: float) -> float:
    """The z with P(|Z| > z) = rho for a standard normal Z.

    >>> round(gaussian_quantile(0.05), 3)
    1.96
    """
    return -float(ndtri(density / 2))


def checked_vector(vector: Array) -> Array:
    """The vector as it is; InputError for one that is empty, not flat, of other numbers, or not finite."""
    u = np.ascontiguousarray(vector)
    if u.ndim != 1 or u.size == 0 or u.dtype not in (np.float32, np.float64):
        raise InputError(
            f"A vector to compress is a flat array of floats of 32 or 64 bits. Got {u.dtype} of shape {u.shape}."
        )
    with np.errstate(all="ignore"):  # a sum that is finite shows, without an array of flags, that every entry is
        finite = bool(np.isfinite(u.sum()) or np.isfinite(u).all())
    if not finite:
        at = int(np.flatnonzero(~np.isfinite(u))[0])
        raise InputError(
            f"The vector to compress is not finite: entry {at} is {u[at]}. The gradients of such a step cannot be sent."
        )
    return u
