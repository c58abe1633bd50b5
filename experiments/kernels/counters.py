"""Random numbers from counters: each is a pure function of (seed, stream, step, position).

The idea: no generator has a state, so nothing depends on the order in which threads, chunks or seeds are worked
through. A key mixes seed, stream and step; the i-th number of a key is a mix of key + i (the splitmix64 sequence).
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

# numba's cache watches this file alone: after a change to elementary.py, touch this one too.
from experiments.kernels.elementary import log, turn
from theory.common.compiling import kept

MINIBATCH = 1
NOISE = 2
INITIAL = 3
DELAYS = 4
ORDER = 6  # 5 is that of the workers, in keys.py

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_LOW_WORD = np.uint64(0xFFFFFFFF)
_ULP = 2.0**-53


@njit(inline="always")
def _mix(bits: np.uint64) -> np.uint64:
    """Stafford's 13th variant of the murmur3 finaliser: a bijection of 64 bits."""
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))


@kept(forceinline=True)
def stream_key(seed: int, stream: int, step: int) -> int:
    """The key of one step of one stream of one seed: 63 bits, so that Python and numba both hold it as an int."""
    key = _mix(np.uint64(seed) + _GOLDEN)
    key = _mix(key ^ (np.uint64(stream) * _FIRST))
    key = _mix(_mix(key + np.uint64(step) * _GOLDEN))
    return int(np.int64(key >> np.uint64(1)))


@kept(forceinline=True)
def random_bits(key: int, i: int) -> int:
    """The i-th 64 random bits of a key, i = 0, 1, ..."""
    return int(_mix(np.uint64(key) + (np.uint64(i) + np.uint64(1)) * _GOLDEN))


@kept(forceinline=True)
def uniform(key: int, i: int) -> float:
    """The i-th uniform number of a key, in [0, 1), a multiple of 2^-53."""
    return float(np.uint64(random_bits(key, i)) >> np.uint64(11)) * _ULP


@kept(forceinline=True)
def uniform_index(key: int, i: int, n: int) -> int:
    """The i-th uniform whole number of a key in [0, n), n < 2^32: floor(n * bits / 2^64), off by less than 2^-64."""
    bits, size = np.uint64(random_bits(key, i)), np.uint64(n)
    low = ((bits & _LOW_WORD) * size) >> np.uint64(32)
    return int(np.int64(((bits >> np.uint64(32)) * size + low) >> np.uint64(32)))


@kept(forceinline=True)
def normal_pair(key: int, j: int) -> tuple[float, float]:
    """The j-th pair of standard normal numbers of a key, by Box and Muller; tails reach 9.4 standard deviations."""
    radius_bits = np.uint64(random_bits(key, 2 * j))
    angle_bits = np.uint64(random_bits(key, 2 * j + 1))
    # The half keeps the logarithm's argument above 0; it is rounded away wherever it does not matter.
    radius = math.sqrt(-2.0 * log((float(radius_bits) + 0.5) * 2.0**-64))
    cos, sin = turn(float(angle_bits >> np.uint64(11)) * _ULP)
    return radius * cos, radius * sin


@kept()
def normal(key: int, i: int) -> float:
    """The i-th standard normal number of a key."""
    first, second = normal_pair(key, i // 2)
    return second if i % 2 == 1 else first


@kept()
def minibatch(seed: int, step: int, batch: int, n: int) -> NDArray[np.int64]:
    """The `batch` indices in [0, n), drawn with replacement, of the minibatch of step `step` (1, 2, ...)."""
    key = stream_key(seed, MINIBATCH, step)
    indices = np.empty(batch, np.int64)
    for i in range(batch):
        indices[i] = uniform_index(key, i, n)
    return indices


@kept()
def normals(seed: int, stream: int, step: int, size: int) -> NDArray[np.float64]:
    """The first `size` standard normal numbers of one step of one stream."""
    key = stream_key(seed, stream, step)
    numbers = np.empty(size)
    for j in range((size + 1) // 2):
        first, second = normal_pair(key, j)
        numbers[2 * j] = first
        if 2 * j + 1 < size:
            numbers[2 * j + 1] = second
    return numbers


@kept()
def uniforms(seed: int, stream: int, step: int, size: int) -> NDArray[np.float64]:
    """The first `size` uniform numbers of one step of one stream."""
    key = stream_key(seed, stream, step)
    numbers = np.empty(size)
    for i in range(size):
        numbers[i] = uniform(key, i)
    return numbers


def drawn_order(rows: int) -> NDArray[np.int64]:
    """An order of so many rows, the same for every seed."""
    key = stream_key(0, ORDER, rows)
    return np.argsort(np.array([random_bits(key, i) for i in range(rows)], dtype=np.uint64), kind="stable")
