"""Arrays as values: copies that cannot be written to, and digests that identify them."""

import hashlib
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.common.types import Matrix

Number = TypeVar("Number", bound=np.generic)


def frozen(array: NDArray[Number]) -> NDArray[Number]:
    """The array, C-contiguous, which can no longer be written to."""
    array = np.asarray(array, order="C")
    array.setflags(write=False)
    return array


def read_only(values: ArrayLike) -> Matrix:
    """A float64 C-contiguous copy that cannot be written to."""
    with np.errstate(invalid="ignore"):  # a signalling NaN, which is found where values are checked
        return frozen(np.array(values, dtype=np.float64, order="C"))


def digest_of(*arrays: NDArray[Any], text: str = "") -> str:
    """Digest (sha256, hexadecimal) of arrays, with their shapes and types, and of a text."""
    state = hashlib.sha256(text.encode())
    for array in arrays:
        state.update(f"{array.dtype.str}{array.shape}".encode())
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()
