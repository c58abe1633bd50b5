"""Real data: the small sets that travel with gradlag, those that are had on request, and the user's own files.

A data set is a table of numbers with a class for every row. The environment variable GRADLAG_DATA may name a folder;
a file NAME.npz in it (arrays features and labels, or images and labels) is found before an installed set. Nothing is
ever unpickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.common.arrays import digest_of, read_only
from experiments.data.array_files import check_labels, kind_of, own_file, read_arrays
from experiments.data.on_request import FOLDER_VARIABLE, ON_REQUEST, downloaded, missing, own_folder, stored
from experiments.data.pictures import Pictures, load_pictures
from theory.common.errors import DataError, TooLargeError
from theory.common.spelling import meant
from theory.common.types import Matrix

__all__ = ["DATASETS", "FOLDER_VARIABLE", "Dataset", "DatasetEntry", "load", "own_names", "standardise", "where"]

_CC_BY = "CC BY 4.0"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of numbers with a class each.

    Args:
        name: what `load` was asked for.
        features: float64 (n, p).
        labels: int64 (n,).
        title, licence, source: where it comes from and on which terms.
        digest: sha256 of features and labels.
    """

    name: str
    features: Matrix
    labels: NDArray[np.int64]
    title: str
    licence: str
    source: str
    digest: str

    @property
    def classes(self) -> int:
        """The number of different labels."""
        return int(np.unique(self.labels).size)


@dataclass(frozen=True)
class DatasetEntry:
    """What `gradlag data list` says about a set that is there after installation."""

    name: str
    title: str
    rows: int
    columns: int
    classes: int
    licence: str
    source: str


_ENTRIES = (
    DatasetEntry(
        "breast_cancer",
        "Breast Cancer Wisconsin (Diagnostic)",
        569,
        30,
        2,
        _CC_BY,
        "Wolberg, Mangasarian, Street, Street 1995; UCI, doi 10.24432/C5DW2B",
    ),
    DatasetEntry(
        "digits",
        "Optical Recognition of Handwritten Digits, test part, 8 x 8",
        1797,
        64,
        10,
        _CC_BY,
        "Alpaydin, Kaynak 1998; UCI, doi 10.24432/C50P49",
    ),
    DatasetEntry(
        "mnist5k",
        "MNIST, 500 images of each digit, 28 x 28",
        5000,
        784,
        10,
        "CC BY-SA 3.0",
        "LeCun, Cortes: The MNIST database of handwritten digits",
    ),
)
DATASETS: Mapping[str, DatasetEntry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})


def load(name: str) -> Dataset:
    """The data set of this name: the user's NAME.npz in $GRADLAG_DATA, the downloaded one, or the installed one.

    Images become rows of pixels, those of training before those held out.

    Args:
        name: letters, digits, `_`, `-` and dots, without the ending `.npz`.

    Returns:
        the data, checked: features finite and two-dimensional, one whole-number label a row.

    Raises:
        DataError: no such set, one that was not downloaded yet, or a file that is corrupt, holds text or objects, or
            has a value that is not finite.
        TooLargeError: more rows than there is memory for.

    Example:
        >>> cancer = load("breast_cancer")
        >>> cancer.features.shape, cancer.classes, cancer.licence
        ((569, 30), 2, 'CC BY 4.0')
    """
    pictures = load_pictures(name)
    if pictures is not None:
        return _as_rows(pictures)
    own = own_file(name)
    if own is not None:
        features, labels = _read(own, own.name)
        return Dataset(
            name, features, labels, f"{own.name}, the user's own", "the user's", "user", _digest(features, labels)
        )
    return _installed(name)


def where(name: str) -> str:
    """One sentence for `gradlag data get NAME`: where the set is found.

    Example:
        >>> where("digits")
        'digits is there already: it came with gradlag (1797 rows, 64 columns).'
    """
    own = own_file(name)
    if own is not None and not downloaded(own):
        return f"{name} is there already: it is your own file {own}."
    if name in ON_REQUEST:
        found = stored(name)
        if found is None:
            raise missing(name)
        kind = "a stand-in" if found.stand_in else "downloaded"
        return f"{name} is there already: {kind}, {found.path}."
    entry = _entry(name)
    return f"{name} is there already: it came with gradlag ({entry.rows} rows, {entry.columns} columns)."


def own_names() -> tuple[str, ...]:
    """The names of the user's own sets: the .npz files in $GRADLAG_DATA, but for sets on request."""
    folder = own_folder()
    known = {name for entry in ON_REQUEST.values() for name in (entry.name, *(entry.stand_in or ())[:1])}
    return () if folder is None else tuple(sorted({path.stem for path in folder.glob("*.npz")} - known))


def standardise(features: Matrix) -> Matrix:
    """Columns of zero mean and unit variance, and a last column of ones (the intercept).

    The variance is the mean squared deviation over the rows. A column that is constant carries nothing and becomes 0.

    Args:
        features: float64 (n, p).

    Returns:
        float64 (n, p + 1), read-only.

    Example:
        >>> standardise(np.array([[1.0, 7.0], [3.0, 7.0]]))
        array([[-1.,  0.,  1.],
               [ 1.,  0.,  1.]])
    """
    constant = features.max(axis=0) == features.min(axis=0)
    deviation = np.where(constant, 1.0, features.std(axis=0))
    scaled = np.where(constant, 0.0, (features - features.mean(axis=0)) / deviation)
    return read_only(np.column_stack([scaled, np.ones(len(features))]))


def _entry(name: str) -> DatasetEntry:
    if name not in DATASETS:
        known, near = ", ".join([*DATASETS, *own_names()]), meant(name, (*DATASETS, *own_names(), *ON_REQUEST))
        raise DataError(
            f"There is no data set {name!r}.{near} The sets here are: {known}; on request: {', '.join(ON_REQUEST)}. "
            f"For your own, put {name}.npz (arrays features and labels) in the folder that {FOLDER_VARIABLE} names."
        )
    return DATASETS[name]


@cache
def _installed(name: str) -> Dataset:
    entry = _entry(name)
    features, labels = _read(resources.files("experiments") / "datasets" / f"{name}.npz", f"{name}.npz")
    return Dataset(name, features, labels, entry.title, entry.licence, entry.source, _digest(features, labels))


def _digest(features: Matrix, labels: NDArray[np.int64]) -> str:
    return digest_of(features, labels)


def _as_rows(pictures: Pictures) -> Dataset:
    from experiments.common.memory import available_memory

    needed, there = 16 * pictures.pixels.size, available_memory()
    if needed > there:
        raise TooLargeError(
            f"The images of {pictures.name} as rows of numbers would need {needed / 1e9:.3g} GB of memory and "
            f"{there / 1e9:.3g} GB are available. Take a smaller set."
        )
    features = read_only(pictures.rows)
    # Without a published split images are what the same rows of features are.
    digest = pictures.digest if pictures.training else _digest(features, pictures.labels)
    return Dataset(pictures.name, features, pictures.labels, pictures.title, pictures.licence, pictures.source, digest)


def _read(path: Traversable, shown: str) -> tuple[Matrix, NDArray[np.int64]]:
    arrays = read_arrays(path, shown, ("features", "labels"))
    lacking = [key for key in ("features", "labels") if key not in arrays]
    if lacking:
        raise DataError(f"{shown} must hold the arrays features and labels. It lacks {' and '.join(lacking)}.")
    features = _check_features(arrays["features"], shown)
    return features, check_labels(arrays["labels"], len(features), shown)


def _check_features(features: NDArray[Any], shown: str) -> Matrix:
    if features.dtype.kind not in "biuf":
        raise DataError(f"The features in {shown} must be real numbers. Got an array of {kind_of(features)}.")
    if features.ndim != 2 or 0 in features.shape:
        raise DataError(
            f"The features in {shown} must have two dimensions, rows and columns, neither empty. "
            f"Got shape {features.shape}."
        )
    values = read_only(features)
    # Beyond 1e150 the squares of the standardisation overflow.
    bad = np.argwhere(~(np.abs(values) < 1e150))
    if bad.size:
        row, column = (int(place) for place in bad[0])
        raise DataError(
            f"The features in {shown} must be finite and below 1e150 in size. Row {row + 1}, column {column + 1} "
            f"(counted from 1) holds {values[row, column]}; {len(bad)} in all. Fill or drop them."
        )
    return values
