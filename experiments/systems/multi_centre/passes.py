"""Passes over all coordinates of plain vectors, compiled: a loop each, which becomes vector instructions."""

from typing import Any

from numba import njit

from theory.common.types import Array, Ints

# Nothing that is compiled so allocates: it does without reference counts.
_OPTIONS: Any = {"error_model": "numpy", "_nrt": False}
compiled = njit(**_OPTIONS)
BLOCK = 64  # coordinates that are looked at together


@njit(error_model="numpy", fastmath={"reassoc", "contract"})
def squares(vector: Array) -> float:
    """|x|^2 in 64 bits."""
    total = 0.0
    for j in range(vector.shape[0]):
        total += float(vector[j]) * float(vector[j])
    return total


@compiled
def copy(out: Array, vector: Array) -> None:
    """Write one to the other: as a loop, since assigning slices takes seconds to compile."""
    for j in range(out.shape[0]):
        out[j] = vector[j]


@compiled
def add_scaled(out: Array, weight: Any, vector: Array) -> None:
    """Add a multiple."""
    for j in range(out.shape[0]):
        out[j] += weight * vector[j]


@compiled
def turn_into_change(change: Array, memory: Array, momentum: Any) -> None:
    """A weighted sum of gradients becomes the change of the model, in its place; the momentum moves on."""
    for j in range(change.shape[0]):
        memory[j] = momentum * memory[j] + change[j]
        change[j] = -memory[j]


@compiled
def count_not_zero(vector: Array) -> int:
    """How many coordinates are not 0."""
    count = 0
    for j in range(vector.shape[0]):
        count += vector[j] != 0
    return count


@compiled
def count_small(change: Array, point: Array, limit: Any) -> int:
    """How many of the changes that are not 0 are insignificant by themselves."""
    count = 0
    for j in range(change.shape[0]):
        count += (change[j] != 0) & (abs(change[j]) <= limit * abs(point[j]))
    return count


@compiled
def any_significant(held: Array, point: Array, limit: Any, first: int, last: int) -> bool:
    """Whether any of these coordinates is to be sent."""
    found = 0
    for j in range(first, last):
        found |= abs(held[j]) > limit * abs(point[j])
    return found != 0


@compiled
def take_significant(
    held: Array, point: Array, limit: Any, at_once: bool, index: Ints, value: Array, first: int
) -> int:
    """Move what is significant from what is withheld to the entries from `first` on; where these end."""
    last = first
    for start in range(0, held.shape[0], BLOCK):
        end = min(held.shape[0], start + BLOCK)
        if any_significant(held, point, limit, start, end):
            for j in range(start, end):
                if abs(held[j]) > limit * abs(point[j]):
                    index[last], value[last] = j, held[j]
                    last += 1
    if not at_once:
        for place in range(first, last):
            point[index[place]] += value[place]
    for place in range(first, last):
        held[index[place]] = 0
    return last


@compiled
def is_far(point: Array, far: Any) -> bool:
    """Whether a coordinate is beyond the limit or no number."""
    outside = 0
    for j in range(point.shape[0]):
        outside |= not (abs(point[j]) <= far)
    return outside != 0
