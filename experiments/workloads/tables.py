"""Real data that are no rows with labels: ratings of movies, and counts of words in documents.

The sets travel with gradlag. A file NAME.npz in the folder that GRADLAG_DATA names is found first; nothing is ever
unpickled.
"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.arrays import digest_of
from experiments.data import FOLDER_VARIABLE
from experiments.simulate.counters import random_bits, stream_key
from theory.errors import DataError

_ORDER_STREAM = 6  # the order in which images are split, too
_MOST = 2**31 - 1
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Ratings:
    """Who rated what how: users and items int64 (n,), numbered from 0, values float64 (n,)."""

    name: str
    users: NDArray[np.int64]
    items: NDArray[np.int64]
    values: NDArray[np.float64]

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of users and of items."""
        return int(self.users.max()) + 1, int(self.items.max()) + 1

    @property
    def digest(self) -> str:
        """Digest of the data."""
        return digest_of(self.users, self.items, self.values)


@dataclass(frozen=True, eq=False)
class Corpus:
    """The words of documents, one after another: words int32 (N,); document d is words[starts[d]:starts[d + 1]]."""

    name: str
    words: NDArray[np.int32]
    starts: NDArray[np.int64]
    vocabulary: int

    @property
    def documents(self) -> int:
        """D."""
        return self.starts.size - 1

    @property
    def digest(self) -> str:
        """Digest of the data."""
        return digest_of(self.words, self.starts, text=str(self.vocabulary))


@lru_cache(maxsize=4)
def ratings(name: str) -> Ratings:
    """The ratings of this name.

    Args:
        name: movielens-small, or NAME for NAME.npz in $GRADLAG_DATA with the whole-number arrays user, movie (both
            numbered from 0) and rating_times_two.

    Raises:
        DataError: no such file, or one that does not hold these.

    Example:
        >>> movies = ratings("movielens-small")
        >>> movies.shape, movies.values.size, movies.values.max()
        ((671, 9066), 100004, np.float64(5.0))
    """
    arrays = _arrays(name, {"movielens-small": "movielens_small"}, ("user", "movie", "rating_times_two"))
    users, items, doubled = (_whole(arrays, key, name) for key in ("user", "movie", "rating_times_two"))
    if not users.size == items.size == doubled.size > 0:
        raise DataError(f"{name} must hold as many users as movies and ratings, and at least one.")
    return Ratings(name, _fixed(users), _fixed(items), _fixed(0.5 * doubled))


@lru_cache(maxsize=4)
def corpus(name: str) -> Corpus:
    """The documents of this name, in an order drawn once from counters, without those that are empty.

    Args:
        name: newsgroups-2k, or NAME for NAME.npz in $GRADLAG_DATA with the whole-number arrays indptr, indices and
            counts (of a documents x words matrix by rows), or the same with train_ before each name.

    Raises:
        DataError: no such file, or one that does not hold these.

    Example:
        >>> news = corpus("newsgroups-2k")
        >>> news.documents, news.vocabulary, news.words.size
        (1998, 2000, 166692)
    """
    arrays = _arrays(name, {"newsgroups-2k": "newsgroups2k"}, ("indptr", "indices", "counts"))
    bounds, indices, counts = (_whole(arrays, key, name) for key in ("indptr", "indices", "counts"))
    if bounds.size < 2 or bounds[0] != 0 or bounds[-1] != indices.size or (np.diff(bounds) < 0).any():
        raise DataError(f"The array indptr of {name} must rise from 0 to the length of indices, {indices.size}.")
    if counts.size != indices.size or not counts.size or counts.min() < 1 or counts.sum() > _MOST:
        raise DataError(f"{name} must hold one count of at least 1 for each of its {indices.size} indices.")
    lengths = np.diff(np.append(0, np.cumsum(counts))[bounds])
    words, ends = np.repeat(indices, counts), np.cumsum(lengths)
    order = [d for d in _order(lengths.size).tolist() if lengths[d]]
    shuffled = np.concatenate([words[ends[d] - lengths[d] : ends[d]] for d in order])
    starts = np.append(0, np.cumsum(lengths[order]))
    return Corpus(name, _fixed(shuffled.astype(np.int32)), _fixed(starts), int(indices.max()) + 1)


def _order(rows: int) -> NDArray[np.int64]:
    key = stream_key(0, _ORDER_STREAM, rows)
    return np.argsort(np.array([random_bits(key, i) for i in range(rows)], dtype=np.uint64), kind="stable")


def _arrays(name: str, installed: dict[str, str], keys: tuple[str, ...]) -> Arrays:
    """The arrays of a file: of the user's own, else of an installed one."""
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", name):
        raise DataError(f"The name of a data set is made of letters, digits, '_', '-' and dots. Got {name!r}.")
    folder = os.environ.get(FOLDER_VARIABLE)
    own = Path(folder).expanduser() / f"{name}.npz" if folder else None
    if own is not None and own.is_file():
        return _read(own, own.name, keys)
    if name not in installed:
        raise DataError(
            f"There is no data set {name!r} of this kind. There is {', '.join(installed)}; for your own, put "
            f"{name}.npz (arrays {', '.join(keys)}) in the folder that {FOLDER_VARIABLE} names."
        )
    file = f"{installed[name]}.npz"
    return _read(resources.files("experiments") / "datasets" / file, file, keys)


def _read(path: Traversable, shown: str, keys: tuple[str, ...]) -> Arrays:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            names = {key: key if key in archive.files else f"train_{key}" for key in keys}
            missing = [key for key, found in names.items() if found not in archive.files]
            if missing:
                raise DataError(f"{shown} must hold the arrays {', '.join(keys)}. It lacks {' and '.join(missing)}.")
            return {key: archive[found] for key, found in names.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, AttributeError, TypeError) as error:
        raise DataError(f"{shown} cannot be read: {error}. Write plain numbers again with numpy.savez.") from error


def _whole(arrays: Arrays, key: str, name: str) -> NDArray[np.int64]:
    array = arrays[key]
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array.size and not 0 <= array.min() <= array.max() <= _MOST):
        raise DataError(f"The array {key} of {name} must be one row of whole numbers in 0..{_MOST}.")
    return array.astype(np.int64)


def _fixed(array: NDArray[Any]) -> NDArray[Any]:
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array
