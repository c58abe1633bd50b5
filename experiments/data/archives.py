"""Readers of foreign formats: idx and CIFAR images, MovieLens ratings, news in a tar archive, and JPEG bytes.

Archives are read in memory, member by member, with every size checked before it is read; nothing is unpacked under the
names that an archive gives, and nothing is unpickled. What comes out are the arrays of a NAME.npz.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.common.errors import DataError, EnvironmentFailure

Arrays = dict[str, NDArray[Any]]
Pixels = NDArray[np.uint8]
Reader = Callable[[Mapping[str, Path]], Arrays]

_MOST = 2**30  # bytes that an archive may hold
_MOST_MEMBERS = 100_000
_LARGEST_SIDE = 1024
_VOCABULARY = 5000
_WORD = re.compile(r"[a-z]{3,20}")
_TOO_COMMON = 10  # a word in more than one document in so many is left out
_DAMAGED = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError,
    KeyError,
)  # fmt: skip


def read_idx_pairs(files: Mapping[str, Path]) -> Arrays:
    """The images and labels of MNIST's four files, training images first.

    Args:
        files: the path of each of the four idx files, compressed by gzip, by its published name.

    Returns:
        images uint8 (n, h, w), labels uint8 (n,), n_train.

    Raises:
        DataError: a file is damaged, or is not what it should be.
    """
    parts = {name: _idx(path, 3 if "images" in name else 1) for name, path in files.items()}
    train, held = ("train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz")
    images = [parts[name] for name in (train, held)]
    labels = [parts[name.replace("images-idx3", "labels-idx1")] for name in (train, held)]
    if [len(part) for part in images] != [len(part) for part in labels]:
        raise DataError("The idx files do not hold one label for every image. Remove them and get them again.")
    return _labelled(np.concatenate(images), np.concatenate(labels), len(images[0]), train)


def read_cifar(files: Mapping[str, Path]) -> Arrays:
    """The images and labels of CIFAR-10's binary version: records of a label and 3 x 32 x 32 pixels.

    Returns:
        images uint8 (n, 32, 32, 3), labels uint8 (n,), n_train.

    Raises:
        DataError: the archive is damaged, or is not what it should be.
    """
    (path,) = files.values()
    names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    wanted = {f"cifar-10-batches-bin/{name}": name for name in names}
    with _reading(path):
        found = {wanted[name]: content for name, content in _members(path, wanted.__contains__)}
        batches = [np.frombuffer(found[name], np.uint8).reshape(-1, 1 + 3 * 32 * 32) for name in names]
    records = np.concatenate(batches)
    pixels = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return _labelled(np.ascontiguousarray(pixels), records[:, 0], sum(map(len, batches[:-1])), path.name)


def read_movielens(files: Mapping[str, Path]) -> Arrays:
    """The ratings of MovieLens 1M: lines UserID::MovieID::Rating::Timestamp.

    Users and movies are numbered from 0 in the order of their identifiers, and ratings doubled, as in the small set.

    Returns:
        user, movie (n,), rating_times_two uint8 (n,), movie_id.

    Raises:
        DataError: the archive is damaged, or is not what it should be.
    """
    (path,) = files.values()
    with _reading(path), zipfile.ZipFile(path) as archive:
        member = archive.getinfo("ml-1m/ratings.dat")
        _check_size(member.file_size, path.name)
        text = archive.read(member).decode("ascii").replace("::", " ")
        table = np.loadtxt(io.StringIO(text), dtype=np.int64, ndmin=2, comments=None)
    if table.ndim != 2 or table.shape[1] != 4 or table.min() < 0 or not (table[:, 2] <= 5).all():
        raise DataError(f"{path.name} does not hold lines of user, movie, rating up to 5, and time.")
    user = np.unique(table[:, 0], return_inverse=True)[1]
    identifiers, movie = np.unique(table[:, 1], return_inverse=True)
    return {
        "user": user.astype(np.int32),
        "movie": movie.astype(np.int32),
        "rating_times_two": (2 * table[:, 2]).astype(np.uint8),
        "movie_id": identifiers,
    }


def read_newsgroups(files: Mapping[str, Path]) -> Arrays:
    """Counts of words in 20 Newsgroups by date.

    A word is a run of 3 to 20 letters a to z, after lower-casing, in the text after a posting's first empty line (its
    header is left out). Words in more than a tenth of the training documents are left out as too common; of the
    others the 5,000 most frequent in the training documents are counted, in alphabetical order, and of words that are
    equally frequent the earlier in the alphabet. Documents are in the order of their paths; none is left out, not even
    an empty one.

    Returns:
        indptr, indices and counts of documents x words by rows and labels, each with train_ and with test_ before
        it; vocabulary, label_names.

    Raises:
        DataError: the archive is damaged, or is not what it should be.
    """
    (path,) = files.values()
    pattern = re.compile(r"20news-bydate-(train|test)/([a-z.-]{1,40})/(\d{1,9})")
    postings: dict[str, list[tuple[str, int, Counter[str]]]] = {"train": [], "test": []}
    with _reading(path):
        for name, content in _members(path, lambda name: pattern.fullmatch(name) is not None):
            part, group, number = pattern.fullmatch(name).groups()  # type: ignore[union-attr]
            postings[part].append((group, int(number), _words(content)))
    if not all(postings.values()):
        raise DataError(f"{path.name} does not hold postings for training and for testing.")
    groups = sorted({group for part in postings.values() for group, _, _ in part})
    vocabulary = _vocabulary([words for _, _, words in postings["train"]])
    arrays: Arrays = {"vocabulary": np.array(vocabulary), "label_names": np.array(groups)}
    for part, documents in postings.items():
        documents.sort(key=lambda each: each[:2])
        counts = _rows([words for _, _, words in documents], vocabulary)
        labels = np.array([groups.index(group) for group, _, _ in documents], np.uint8)
        arrays |= {f"{part}_{key}": value for key, value in (counts | {"labels": labels}).items()}
    return arrays


def decode_jpegs(content: NDArray[Any], offsets: NDArray[Any], shown: str) -> Pixels:
    """The pixels of JPEG images of one size whose bytes stand one after another.

    Args:
        content: uint8 (bytes,).
        offsets: (n + 1,); image i is content[offsets[i]:offsets[i + 1]].
        shown: the name of the file.

    Returns:
        uint8 (n, h, w, 3).

    Raises:
        DataError: offsets or images that are damaged, or are of several sizes.
        EnvironmentFailure: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as absent:
        raise EnvironmentFailure(
            f"{shown} holds JPEG images, which need Pillow. Install it with: pip install pillow"
        ) from absent
    fits = content.dtype == np.uint8 and content.ndim == offsets.ndim == 1 and offsets.dtype.kind in "iu"
    if not fits or offsets.size < 2 or offsets[0] != 0 or offsets[-1] != content.size or (np.diff(offsets) <= 0).any():
        raise DataError(f"The offsets in {shown} must rise from 0 to the number of bytes of its JPEG images.")
    bytes_, bounds = content.tobytes(), offsets.tolist()
    pixels, first = np.empty((0, 0, 0, 3), np.uint8), (0, 0)
    for i, (start, end) in enumerate(pairwise(bounds)):
        try:
            with Image.open(io.BytesIO(bytes_[start:end]), formats=("JPEG",)) as image:
                if not i:
                    pixels, first = _room(len(bounds) - 1, image.size, shown), image.size
                if image.size != first:
                    raise DataError(f"The images in {shown} must be of one size. Image {i + 1} is {image.size}.")
                pixels[i] = np.asarray(image.convert("RGB"))
        except (*_DAMAGED, SyntaxError, struct.error, Image.DecompressionBombError) as error:
            raise DataError(f"Image {i + 1} in {shown} cannot be decoded: {error}. Make the file again.") from error
    return pixels


def _room(count: int, size: tuple[int, int], shown: str) -> Pixels:
    width, height = size
    if max(size) > _LARGEST_SIDE or 3 * count * width * height > 4 * _MOST:
        raise DataError(f"The images in {shown} are too many or too large: {count} of {width} x {height}.")
    return np.empty((count, height, width, 3), np.uint8)


def _labelled(images: Pixels, labels: Pixels, training: int, shown: str) -> Arrays:
    if not 0 < training < len(images) or labels.max() > 9:
        raise DataError(f"{shown} does not hold training and held-out images of ten classes.")
    return {"images": images, "labels": labels.copy(), "n_train": np.array(training)}


def _idx(path: Path, dimensions: int) -> Pixels:
    """An array of bytes: 0, 0, 8 (bytes), the number of dimensions, each of them in four bytes, and the values."""
    with _reading(path), gzip.open(path) as stream:
        head = stream.read(4 + 4 * dimensions)
        shape = tuple(int.from_bytes(head[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions))
        size = int(np.prod(shape, dtype=object))
        if head[:4] != bytes([0, 0, 8, dimensions]) or len(head) < 4 + 4 * dimensions or not 0 < size <= _MOST:
            raise ValueError("it is not an idx file of bytes of a sensible size")
        content = stream.read(size + 1)
        if len(content) != size:
            raise ValueError(f"it should hold {size} bytes")
        return np.frombuffer(content, np.uint8).reshape(shape)


def _members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Names and contents of those regular files of a tar.gz archive that are wanted."""
    total = 0
    with tarfile.open(path, "r:gz") as archive:
        for number, member in enumerate(archive):
            total += member.size
            _check_size(total if number < _MOST_MEMBERS else _MOST + 1, path.name)
            content = archive.extractfile(member) if member.isreg() and wanted(member.name) else None
            if content is not None:
                yield member.name, content.read()


def _check_size(size: int, shown: str) -> None:
    if size > _MOST:
        raise DataError(f"{shown} unpacks to more than {_MOST >> 20} MB, which cannot be right. Remove it.")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        told = f"it lacks {error}" if isinstance(error, KeyError) else str(error) or "it ends too early"
        raise DataError(f"{path.name} cannot be read: {told}. Remove {path} and get it again.") from error


def _words(posting: bytes) -> Counter[str]:
    _, _, body = posting.decode("latin-1").replace("\r\n", "\n").partition("\n\n")
    return Counter(_WORD.findall(_letters_apart(body.lower())))


def _letters_apart(text: str) -> str:
    """Longer runs of letters are no words: they are encoded files."""
    return re.sub(r"[a-z]{21,}", " ", text)


def _vocabulary(documents: Sequence[Counter[str]]) -> list[str]:
    """The words that are counted, in alphabetical order."""
    spread = Counter(word for document in documents for word in document)
    total: Counter[str] = Counter()
    for document in documents:
        total.update(document)
    kept = (word for word in total if spread[word] * _TOO_COMMON <= len(documents))
    return sorted(sorted(kept, key=lambda word: (-total[word], word))[:_VOCABULARY])


def _rows(documents: Sequence[Counter[str]], vocabulary: Sequence[str]) -> Arrays:
    number = {word: place for place, word in enumerate(vocabulary)}
    rows = [sorted((number[word], count) for word, count in each.items() if word in number) for each in documents]
    flat = np.array([pair for row in rows for pair in row], np.int64).reshape(-1, 2)
    indptr = np.append(0, np.cumsum([len(row) for row in rows]))
    return {"indptr": indptr, "indices": flat[:, 0].astype(np.uint16), "counts": flat[:, 1].astype(np.int32)}
