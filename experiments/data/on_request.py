"""The sets that are had on request: what they are, where they come from, and where on this computer they are kept.

Sizes and checksums are those that were published; a file is used only if it has them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from theory.common.errors import DataError

FOLDER_VARIABLE = "GRADLAG_DATA"


@dataclass(frozen=True)
class RemoteFile:
    """One file of a set.

    Args:
        name: the file's own name.
        addresses: where it is had, the best first; http or https.
        sha256: of all its bytes, as published.
        size: its bytes, where that was published.
    """

    name: str
    addresses: tuple[str, ...]
    sha256: str
    size: int | None = None


@dataclass(frozen=True)
class RemoteSet:
    """A set on request.

    Args:
        name: as in `gradlag data get NAME`.
        title, licence, source: what it is, on which terms, and by whom.
        kind: images, ratings or words.
        rows: training and held-out images, all ratings, or training and held-out documents.
        columns: pixels times channels of an image, movies, or words.
        classes: different labels; none for ratings.
        reader: the function of `experiments.data.archives` that reads the files.
        files: what is downloaded.
        terms: what is said before the download.
        stand_in: name of a file that may stand in for it in the folder that GRADLAG_DATA names, and what that holds.
    """

    name: str
    title: str
    licence: str
    source: str
    kind: str
    rows: tuple[int, ...]
    columns: int
    classes: int | None
    reader: str
    files: tuple[RemoteFile, ...]
    terms: str = ""
    stand_in: tuple[str, str] | None = None

    @property
    def size(self) -> int | None:
        """Bytes of the download, if those of every file were published."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(filter(None, sizes))


@dataclass(frozen=True)
class Stored:
    """The file that holds a set; a stand-in holds something that is not quite the set."""

    path: Path
    stand_in: bool


def _idx(folders: tuple[str, ...], *files: tuple[str, int, str]) -> tuple[RemoteFile, ...]:
    return tuple(
        RemoteFile(name, tuple(f"{folder}/{name}" for folder in folders), digest, size) for name, size, digest in files
    )


_MNIST = _idx(
    ("https://storage.googleapis.com/cvdf-datasets/mnist", "https://ossci-datasets.s3.amazonaws.com/mnist"),
    ("train-images-idx3-ubyte.gz", 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    ("train-labels-idx1-ubyte.gz", 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    ("t10k-images-idx3-ubyte.gz", 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    ("t10k-labels-idx1-ubyte.gz", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
)
_FASHION = _idx(
    (
        "https://fashion-mnist.s3.eu-central-1.amazonaws.com",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    ),
    ("train-images-idx3-ubyte.gz", 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    ("train-labels-idx1-ubyte.gz", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    ("t10k-images-idx3-ubyte.gz", 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    ("t10k-labels-idx1-ubyte.gz", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
)
_CIFAR = RemoteFile(
    "cifar-10-binary.tar.gz",
    (
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "https://cave.cs.toronto.edu/kriz/cifar-10-binary.tar.gz",
    ),
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    170052171,
)
_MOVIELENS = RemoteFile(
    "ml-1m.zip",
    ("https://files.grouplens.org/datasets/movielens/ml-1m.zip",),
    "a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
    5917549,
)
_NEWSGROUPS = RemoteFile(
    "20news-bydate.tar.gz",
    (
        "https://ndownloader.figshare.com/files/5975967",
        "http://qwone.com/~jason/20Newsgroups/20news-bydate.tar.gz",
        "https://people.csail.mit.edu/jrennie/20Newsgroups/20news-bydate.tar.gz",
    ),
    "8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610",
)
_SETS = (
    RemoteSet(
        "mnist",
        "MNIST, handwritten digits, 28 x 28",
        "CC BY-SA 3.0",
        "LeCun, Cortes: The MNIST database of handwritten digits",
        "images",
        (60000, 10000),
        784,
        10,
        "read_idx_pairs",
        _MNIST,
    ),
    RemoteSet(
        "fashion-mnist",
        "Fashion-MNIST, articles of clothing, 28 x 28",
        "MIT",
        "Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747",
        "images",
        (60000, 10000),
        784,
        10,
        "read_idx_pairs",
        _FASHION,
    ),
    RemoteSet(
        "cifar-10",
        "CIFAR-10, photographs, 32 x 32 in colour",
        "none stated; cite Krizhevsky 2009",
        "Krizhevsky 2009: Learning multiple layers of features from tiny images; binary version",
        "images",
        (50000, 10000),
        3072,
        10,
        "read_cifar",
        (_CIFAR,),
        stand_in=("cifar10_jpeg", "JPEG re-encodes"),
    ),
    RemoteSet(
        "movielens-1m",
        "MovieLens 1M, ratings of movies",
        "GroupLens' terms of use for research; not to be redistributed",
        "GroupLens; Harper, Konstan 2015, doi 10.1145/2827872",
        "ratings",
        (1000209,),
        3706,
        None,
        "read_movielens",
        (_MOVIELENS,),
        "The terms of MovieLens 1M, by GroupLens (University of Minnesota): for research, and without any warranty; "
        "acknowledge it in publications by citing Harper, Konstan 2015, doi 10.1145/2827872; imply no endorsement; do "
        "not redistribute the data, and make no commercial or revenue-bearing use of them, without permission. By "
        "keeping the download you accept them.",
    ),
    RemoteSet(
        "newsgroups-20",
        "20 Newsgroups by date, counts of 5,000 words",
        "none stated; distributed freely for research",
        "Lang 1995: NewsWeeder: learning to filter netnews; by-date version by J. Rennie",
        "words",
        (11314, 7532),
        5000,
        20,
        "read_newsgroups",
        (_NEWSGROUPS,),
        stand_in=("newsgroups20_counts", "counts of other words"),
    ),
)
ON_REQUEST: Mapping[str, RemoteSet] = MappingProxyType({each.name: each for each in _SETS})


def own_folder() -> Path | None:
    """The folder that GRADLAG_DATA names, if it names one.

    Raises:
        DataError: there is no such folder.
    """
    text = os.environ.get(FOLDER_VARIABLE)
    if not text:
        return None
    folder = Path(text).expanduser()
    if not folder.is_dir():
        raise DataError(
            f"{FOLDER_VARIABLE} must name a folder that exists. Got {text}. Create it or unset the variable."
        )
    return folder


def data_folder() -> Path:
    """Where sets on request are kept: the folder that GRADLAG_DATA names, else the user's cache.

    That is $XDG_CACHE_HOME/gradlag or ~/.cache/gradlag, ~/Library/Caches/gradlag on macOS, and gradlag in
    %LOCALAPPDATA% on Windows. Nothing is made here.
    """
    return own_folder() or _user_cache() / "gradlag"


def _user_cache() -> Path:
    given = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    # A relative path is to be ignored, says the XDG specification.
    if Path(given).is_absolute():
        return Path(given)
    home = Path.home()
    return {"win32": home / "AppData" / "Local", "darwin": home / "Library" / "Caches"}.get(
        sys.platform, home / ".cache"
    )


def stored(name: str) -> Stored | None:
    """The file that holds the set on request, or one that stands in for it; nothing if it is not there."""
    folder = data_folder()
    if (folder / f"{name}.npz").is_file():
        return Stored(folder / f"{name}.npz", stand_in=False)
    other = ON_REQUEST[name].stand_in
    path = folder / f"{other[0]}.npz" if other and own_folder() else None
    return Stored(path, stand_in=True) if path is not None and path.is_file() else None


def downloaded(path: Path) -> bool:
    """Whether gradlag made this file: its sources are then told in a .json beside it."""
    return path.stem in ON_REQUEST and path.with_suffix(".json").is_file()


def said(name: str, found: Stored) -> tuple[str, str, str]:
    """Title, licence and source of what a file of this name holds."""
    entry = ON_REQUEST.get(name)
    if entry is not None and found.stand_in and entry.stand_in:
        title = f"{entry.title}: {entry.stand_in[1]}, which stand in for the original"
        return title, entry.licence, f"{found.path.name} in ${FOLDER_VARIABLE}, not the original of {entry.source}"
    if entry is not None and downloaded(found.path):
        return entry.title, entry.licence, entry.source
    return f"{found.path.name}, the user's own", "the user's", "user"


def missing(name: str) -> DataError:
    """What is said of a set that is not there."""
    size = f" ({megabytes(ON_REQUEST[name].size)})" if ON_REQUEST[name].size else ""
    return DataError(f"The data set {name} is not on this computer yet. Get it with: gradlag data get {name}{size}.")


def megabytes(size: int | None) -> str:
    """A size in words.

    >>> megabytes(170052171), megabytes(4542), megabytes(None)
    ('170 MB', '0.005 MB', 'size not published')
    """
    return "size not published" if size is None else f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size / 1e6:.1g} MB"


def plain(name: str, names: Mapping[str, object]) -> str:
    """The one of the names that differs by hyphens alone: mnist-5k is mnist5k, cifar10 is cifar-10."""
    same = (known for known in names if known.replace("-", "") == name.replace("-", ""))
    return next(same, name)
