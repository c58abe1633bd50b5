"""Which entries of a vector are sent: compiled selections, each in time proportional to d.

The idea: a selection by a threshold is passes over the vector that only count, and one that writes what it finds. Each
function writes indices to `chosen`, in increasing order and as many as fit, and returns how many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from experiments.kernels import counters
from experiments.kernels.counters import uniform
from experiments.simulate import gradients
from experiments.simulate.gradients import OPTIONS
from theory.common.compiling import Function, kept, number_of_sources
from theory.common.types import Array, Ints

EVERY, TOP, RANDOM, GAUSSIAN, BRACKETED, SAMPLED, BISECTED = range(7)
_SUMMED, _COUNTED = 256, 32  # entries of a block; a fixed number lets the compiler lay out the loop
SAMPLE = 100  # the sampled threshold looks at one entry in so many
_ATTEMPTS, _RATIO_WIDTH = 3, 0.2  # of the released Gaussian-k; of the bisection between mean and maximum

# Infinities and NaN keep their meaning. Nothing here allocates, so that all does without reference counts.
_compiled: Callable[[Function], Function] = njit(**OPTIONS, nogil=True)


@_compiled
def _block_moments(block: Array) -> tuple[float, float, float, int]:
    """The mean, the squares about it, the largest |u_i|, and how many are not 0."""
    total = squares = largest = 0.0
    present = 0
    for i in range(block.shape[0]):
        total += block[i]
        present += block[i] != 0
        largest = max(largest, abs(block[i]))
    mean = total / block.shape[0]
    for i in range(block.shape[0]):
        squares += (block[i] - mean) * (block[i] - mean)
    return mean, squares, largest, present


@_compiled
def moments(u: Array) -> tuple[float, float, float, int]:
    """The mean and sample standard deviation of the entries, the largest |u_i|, and how many are not 0.

    Blocks that stay in the first-level cache are summed about their own mean and put together: nothing cancels.
    """
    mean = squares = largest = 0.0
    present = 0
    for first in range(0, u.shape[0], _SUMMED):
        block = u[first : first + _SUMMED]
        middle, spread, top_here, here = _block_moments(block)
        gap, share = middle - mean, block.shape[0] / (first + block.shape[0])
        mean += gap * share
        squares += spread + gap * gap * share * first
        largest = max(largest, top_here)
        present += here
    return mean, np.sqrt(squares / (u.shape[0] - 1)), largest, present


@_compiled
def _above_between(u: Array, first: int, last: int, threshold: float, chosen: Ints, found: int) -> int:
    """Go on from what was found before the entry `first`."""
    for i in range(first, last):
        if abs(u[i]) > threshold:
            if found < chosen.shape[0]:
                chosen[found] = i
            found += 1
    return found


@_compiled
def above(u: Array, threshold: float, chosen: Ints) -> int:
    """The entries with |u_i| > threshold."""
    found, room, whole = 0, chosen.shape[0], u.shape[0] // _COUNTED
    blocks = u[: whole * _COUNTED].reshape((whole, _COUNTED))
    for b in range(whole):
        block, here, first = blocks[b], np.int32(0), b * _COUNTED
        for i in range(_COUNTED):
            here += np.int32(abs(block[i]) > threshold)
        if here == 0 or found >= room:
            found += int(here)
        elif found + here < room:
            # Every index is written, and the next one over it unless it counts: no branch to be guessed.
            for i in range(_COUNTED):
                chosen[found] = first + i
                found += abs(block[i]) > threshold
        else:
            found = _above_between(u, first, first + _COUNTED, threshold, chosen, found)
    return _above_between(u, whole * _COUNTED, u.shape[0], threshold, chosen, found)


@_compiled
def exactly(u: Array, threshold: float, k: int, chosen: Ints) -> int:
    """Those of the entries with |u_i| > threshold, and the first of those at the threshold that fill up k."""
    larger = 0
    for i in range(u.shape[0]):
        larger += abs(u[i]) > threshold
    room, found = k - larger, 0
    for i in range(u.shape[0]):
        size = abs(u[i])
        if size > threshold or (size == threshold and room > 0):
            room -= size == threshold
            chosen[found] = i
            found += 1
    return found


@_compiled
def halfway(low: float, high: float) -> float:
    """The number in the middle of the numbers of 64 bits between two that are not negative."""
    first, last = np.float64(low).view(np.int64), np.float64(high).view(np.int64)
    return float(np.int64(first + (last - first) // 2).view(np.float64))


@_compiled
def bracket(u: Array, least: int, most: int, quantile: float, chosen: Ints) -> tuple[float, int]:
    """A threshold that `least` to `most` entries exceed, and their number; or the size at which too many tie, and -1.

    The first threshold is mean + quantile * deviation. Others go up or down by factors that square until one lies on
    either side of what is wanted; this bracket is halved in the order of the numbers of 64 bits, at most 63 times. If
    no more than `most` entries differ from 0, the threshold is 0, whatever their number.
    """
    mean, deviation, high, present = moments(u)
    if present <= most:
        return 0.0, above(u, 0.0, chosen)
    low, largest, up, down = 0.0, high, 1.5, 0.5
    threshold = mean + quantile * deviation
    if not 0.0 < threshold < high:
        threshold = 0.5 * high
    while True:
        if not low < threshold < high:
            threshold = halfway(low, high)
            if threshold == low:
                return high, -1
        count = above(u, threshold, chosen)
        if least <= count <= most:
            return threshold, count
        if count < least:
            high = threshold
            threshold, down = threshold * down, down * down
        else:
            low = threshold
            threshold, up = threshold * up, up * up
        if low > 0.0 and high < largest:
            threshold = halfway(low, high)


@_compiled
def kth_largest(values: Array, k: int) -> float:
    """The k-th largest of numbers, which are put in another order: Hoare's selection about the middle one."""
    left, right, place = 0, values.shape[0] - 1, k - 1
    while left < right:
        pivot, i, j = values[(left + right) // 2], left, right
        while i <= j:
            while values[i] > pivot:
                i += 1
            while values[j] < pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if place <= j:
            right = j
        elif place >= i:
            left = i
        else:
            break
    return float(values[place])


@_compiled
def kth_size(u: Array, rows: Ints, count: int, k: int, sizes: Array) -> float:
    """The k-th largest |u_i| of the first `count` rows; `sizes` is work space."""
    for i in range(count):
        sizes[i] = abs(u[rows[i]])
    return kth_largest(sizes[:count], k)


@_compiled
def top(u: Array, k: int, quantile: float, chosen: Ints, sizes: Array) -> int:
    """The k largest |u_i|; of equal ones the first. Only those within a bracket of k to 2k are put in order."""
    threshold, count = bracket(u, k, 2 * k, quantile, chosen)
    if count < k:
        return exactly(u, threshold, k, chosen)
    threshold = kth_size(u, chosen, count, k, sizes)
    room, found = k, 0
    for i in range(count):
        room -= abs(u[chosen[i]]) > threshold
    for i in range(count):
        size = abs(u[chosen[i]])
        if size > threshold or (size == threshold and room > 0):
            room -= size == threshold
            chosen[found] = chosen[i]
            found += 1
    return found


@_compiled
def bracketed(u: Array, k: int, quantile: float, chosen: Ints) -> int:
    """Gaussian-k mended: the count is in [2k/3, 4k/3] whenever 2k/3 entries are not 0; tied ones are taken in order."""
    threshold, count = bracket(u, (2 * k + 2) // 3, 4 * k // 3, quantile, chosen)
    return exactly(u, threshold, k, chosen) if count < 0 else count


@_compiled
def drawn(d: int, k: int, key: int, chosen: Ints) -> int:
    """Draw k of d indices, each set equally likely: an index is taken with the share of those that are still wanted."""
    found = 0
    for i in range(d):
        if uniform(key, i) * (d - i) < k - found:
            chosen[found] = i
            found += 1
    return found


@_compiled
def gaussian(u: Array, k: int, quantile: float, chosen: Ints) -> int:
    """Gaussian-k as released: mean + quantile * deviation, then at most three sets, each after a correction.

    The set that was evaluated last is sent, whatever its size; the last correction is never used.
    """
    mean, deviation, _, _ = moments(u)
    threshold, count = mean + quantile * deviation, 0
    for _ in range(_ATTEMPTS):
        count = above(u, threshold, chosen)
        if 3 * count < 2 * k:
            threshold *= 0.5
        elif 3 * count > 4 * k:
            threshold *= 1.5
        else:
            break
    return count


@_compiled
def sampled(u: Array, k: int, quantile: float, key: int, chosen: Ints, sizes: Array) -> int:
    """The threshold is the k-th largest |u_i| of a sample of d/100, as coded; more than 4k/3 are selected again."""
    sample = drawn(u.shape[0], u.shape[0] // SAMPLE, key, chosen)
    count = above(u, kth_size(u, chosen, sample, k, sizes), chosen)
    return top(u, k, quantile, chosen, sizes) if 3 * count > 4 * k else count


@_compiled
def bisected(u: Array, k: int, chosen: Ints) -> int:
    """Bisection between the mean and the largest of |u_i| until k < count < 2k, or until its width is at most 0.2."""
    middle = largest = 0.0
    for i in range(u.shape[0]):
        middle += abs(u[i])
        largest = max(largest, abs(u[i]))
    middle /= u.shape[0]
    low, high, count = 0.0, 1.0, 0
    while high - low > _RATIO_WIDTH:
        ratio = (low + high) / 2
        count = above(u, middle + ratio * (largest - middle), chosen)
        if k < count < 2 * k:
            break
        low, high = (low, ratio) if count <= k else (ratio, high)
    return count


def _build(sources: int) -> Any:
    """The choice between all. A variable of the enclosing scope enters numba's key of its cache; other files do not."""

    @kept(**OPTIONS, nogil=True)
    def select(kind: int, u: Array, k: int, quantile: float, key: int, chosen: Ints, sizes: Array) -> int:
        """The selection of one kind; `chosen` holds the indices if they fit; it and `sizes` hold `room_for` entries."""
        if kind == TOP:
            return top(u, k, quantile, chosen, sizes)
        if kind == RANDOM:
            return drawn(u.shape[0], k, key, chosen)
        if kind == GAUSSIAN:
            return gaussian(u, k, quantile, chosen)
        if kind == BRACKETED:
            return bracketed(u, k, quantile, chosen)
        if kind == SAMPLED:
            return sampled(u, k, quantile, key, chosen, sizes)
        if kind == BISECTED:
            return bisected(u, k, chosen)
        return above(u, -1.0, chosen) if sources else 0

    return select


select = _build(number_of_sources(__file__, counters, gradients))


def room_for(dimension: int, k: int) -> int:
    """How many entries `chosen` and `sizes` have to hold: those of a bracket, or of a sample."""
    return min(dimension, max(2 * k, dimension // SAMPLE))
