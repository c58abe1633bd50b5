"""Real data that are no rows with labels: ratings of movies, and counts of words in documents.

Small sets travel with gradlag, and the study's own are had on request. A file NAME.npz in the folder that GRADLAG_DATA
names is found first; nothing is ever unpickled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

import numpy as np
from numpy.typing import NDArray

from experiments.common.arrays import digest_of, frozen, read_only
from experiments.data.array_files import Arrays, own_file, read_arrays
from experiments.data.on_request import FOLDER_VARIABLE, ON_REQUEST, Stored, missing, plain, said, stored
from experiments.kernels.counters import drawn_order
from theory.common.errors import DataError

_MOST = 2**31 - 1
_RATINGS = ("user", "movie", "rating_times_two")
_COUNTS = ("indptr", "indices", "counts")


@dataclass(frozen=True, eq=False)
class Ratings:
    """Who rated what how: users and items int64 (n,), numbered from 0, values float64 (n,); and whence this is."""

    name: str
    users: NDArray[np.int64]
    items: NDArray[np.int64]
    values: NDArray[np.float64]
    source: str = ""

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
    """The words of documents, one after another: words int32 (N,); document d is words[starts[d]:starts[d + 1]].

    The source tells where they come from, and whether they are a stand-in.
    """

    name: str
    words: NDArray[np.int32]
    starts: NDArray[np.int64]
    vocabulary: int
    source: str = ""

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
        name: movielens-small; movielens-1m, which is had on request; or NAME for NAME.npz in $GRADLAG_DATA with the
            whole-number arrays user, movie (both numbered from 0) and rating_times_two.

    Raises:
        DataError: no such file, one that was not downloaded yet, or one that does not hold these.

    Example:
        >>> movies = ratings("movielens-small")
        >>> movies.shape, movies.values.size, movies.values.max()
        ((671, 9066), 100004, np.float64(5.0))
    """
    arrays, source = _arrays(name, "ratings", {"movielens-small": "movielens_small"}, _RATINGS)
    users, items, doubled = (_whole(arrays, key, name) for key in _RATINGS)
    if not users.size == items.size == doubled.size > 0:
        raise DataError(f"{name} must hold as many users as movies and ratings, and at least one.")
    return Ratings(name, frozen(users), frozen(items), read_only(0.5 * doubled), source)


@lru_cache(maxsize=4)
def corpus(name: str) -> Corpus:
    """The documents of this name, in an order drawn once from counters, without those that are empty.

    Args:
        name: newsgroups-2k; newsgroups-20, which is had on request (its training documents); or NAME for NAME.npz in
            $GRADLAG_DATA with the whole-number arrays indptr, indices and counts (of a documents x words matrix by
            rows), or the same with train_ before each name.

    Raises:
        DataError: no such file, one that was not downloaded yet, or one that does not hold these.

    Example:
        >>> news = corpus("newsgroups-2k")
        >>> news.documents, news.vocabulary, news.words.size
        (1998, 2000, 166692)
    """
    arrays, source = _arrays(name, "words", {"newsgroups-2k": "newsgroups2k"}, _COUNTS)
    bounds, indices, counts = (_whole(arrays, key, name) for key in _COUNTS)
    if bounds.size < 2 or bounds[0] != 0 or bounds[-1] != indices.size or (np.diff(bounds) < 0).any():
        raise DataError(f"The array indptr of {name} must rise from 0 to the length of indices, {indices.size}.")
    if counts.size != indices.size or not counts.size or counts.min() < 1 or counts.sum() > _MOST:
        raise DataError(f"{name} must hold one count of at least 1 for each of its {indices.size} indices.")
    lengths = np.diff(np.append(0, np.cumsum(counts))[bounds])
    words, ends = np.repeat(indices, counts), np.cumsum(lengths)
    order = [d for d in drawn_order(lengths.size).tolist() if lengths[d]]
    shuffled = np.concatenate([words[ends[d] - lengths[d] : ends[d]] for d in order])
    starts = np.append(0, np.cumsum(lengths[order]))
    return Corpus(name, frozen(shuffled.astype(np.int32)), frozen(starts), int(indices.max()) + 1, source)


def _arrays(name: str, kind: str, installed: dict[str, str], keys: tuple[str, ...]) -> tuple[Arrays, str]:
    """The arrays of a file, and its source: of the user's own, of one that was downloaded, or of an installed one."""
    name = plain(name, {**installed, **ON_REQUEST})
    own = own_file(name) or own_file(installed.get(name, name))
    if own is not None:
        return _read(own, own.name, keys), said(name, Stored(own, stand_in=False))[2]
    if name in ON_REQUEST:
        return _downloaded(name, kind, keys)
    if name not in installed:
        requested = [other for other, entry in ON_REQUEST.items() if entry.kind == kind]
        raise DataError(
            f"There is no data set {name!r} of this kind. There is {', '.join(installed)}, and on request "
            f"{', '.join(requested)}; for your own, put {name}.npz (arrays {', '.join(keys)}) in the folder that "
            f"{FOLDER_VARIABLE} names."
        )
    file = f"{installed[name]}.npz"
    return _read(resources.files("experiments") / "datasets" / file, file, keys), "came with gradlag"


def _downloaded(name: str, kind: str, keys: tuple[str, ...]) -> tuple[Arrays, str]:
    found, entry = stored(name), ON_REQUEST[name]
    if entry.kind != kind:
        raise DataError(f"The data set {name} holds {entry.kind}, and {kind} are needed here.")
    if found is None:
        raise missing(name)
    return _read(found.path, found.path.name, keys), said(name, found)[2]


def _read(path: Traversable, shown: str, keys: tuple[str, ...]) -> Arrays:
    arrays = read_arrays(path, shown, (*keys, *(f"train_{key}" for key in keys)))
    names = {key: key if key in arrays else f"train_{key}" for key in keys}
    lacking = [key for key, found in names.items() if found not in arrays]
    if lacking:
        raise DataError(f"{shown} must hold the arrays {', '.join(keys)}. It lacks {' and '.join(lacking)}.")
    return {key: arrays[found] for key, found in names.items()}


def _whole(arrays: Arrays, key: str, name: str) -> NDArray[np.int64]:
    array = arrays[key]
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array.size and not 0 <= array.min() <= array.max() <= _MOST):
        raise DataError(f"The array {key} of {name} must be one row of whole numbers in 0..{_MOST}.")
    return array.astype(np.int64)
