"""Files of arrays, NAME.npz: where the user's own are, and how any of them is read. Nothing is ever unpickled."""

from __future__ import annotations

import re
import zipfile
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.common.arrays import frozen
from experiments.data.on_request import own_folder
from theory.common.errors import DataError

Arrays = dict[str, NDArray[Any]]


def own_file(name: str) -> Path | None:
    """NAME.npz in the folder that GRADLAG_DATA names, if it is there.

    Raises:
        DataError: a name that could lead elsewhere, or no such folder.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}", name):
        raise DataError(
            f"The name of a data set is made of letters, digits, '_', '-' and dots, at most 100. Got {name[:120]!r}."
        )
    folder = own_folder()
    path = None if folder is None else folder / f"{name}.npz"
    return path if path is not None and path.is_file() else None


def read_arrays(path: Traversable, shown: str, keys: tuple[str, ...]) -> Arrays:
    """Those of the arrays that the file holds.

    Raises:
        DataError: the file is damaged, or holds Python objects.
    """
    try:
        with path.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise DataError(f"{shown} is not an .npz file, or is cut off. Write it again with numpy.savez.")
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as archive:
                found = {key: archive[key] for key in keys if key in archive.files}
            if not all(isinstance(array, np.ndarray) for array in found.values()):
                raise ValueError("a part of it is no array")
            return found
    except DataError:
        raise
    except Exception as error:  # whatever a damaged file makes the readers raise
        reason = (
            "it holds Python objects, which are never read" if "pickle" in str(error) else f"it is damaged: {error}"
        )
        raise DataError(f"{shown} cannot be read: {reason}. Write plain numbers again with numpy.savez.") from error


def check_labels(labels: NDArray[Any], rows: int, shown: str) -> NDArray[np.int64]:
    """The labels int64 (rows,), read-only.

    Raises:
        DataError: they are not one whole number for every row.
    """
    if labels.dtype.kind not in "biuf":
        raise DataError(f"The labels in {shown} must be whole numbers. Got an array of {kind_of(labels)}.")
    if labels.shape != (rows,):
        raise DataError(f"The labels in {shown} must be one for each of the {rows} rows. Got shape {labels.shape}.")
    bad = np.flatnonzero(~np.isfinite(labels) | (np.floor(labels) != labels) | (np.abs(labels.astype(float)) > 2**53))
    if bad.size:
        raise DataError(f"The labels in {shown} must be whole numbers. Row {bad[0] + 1} holds {labels[bad[0]]}.")
    return frozen(labels.astype(np.int64))


def kind_of(array: NDArray[Any]) -> str:
    """The type of the array in words."""
    return "text" if array.dtype.kind in "US" else f"type {array.dtype}"
