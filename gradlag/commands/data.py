"""`gradlag data`: the data sets, what is there, and how to get the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.data.on_request import ON_REQUEST, RemoteSet, downloaded, megabytes, stored
from experiments.data.sets import DATASETS, DatasetEntry, load, own_names, where
from gradlag.terminal.output import print_entry, print_prose, silent
from theory.common.errors import InputError
from theory.common.shown import Facts, Listed
from theory.common.types import Say


def data(
    action: str = "list", name: str | None = None, *, announce: Say = silent, progress: bool = False
) -> Listed[Facts]:
    """The data sets by name; or one of them, read and checked, downloaded first where it is one on request.

    Args:
        action: "list", or "get".
        name: the data set to get.
        announce: hears what should be known of a download. progress: show it on stderr.

    Returns:
        What each is, its size, its licence and its source.

    Raises:
        InputError, DataError: there is no such set, or its file cannot be used.
        EnvironmentFailure: a download that failed.

    >>> data()["digits"]["rows"]
    1797
    """
    if (action, name is None) not in (("list", True), ("get", False)):
        got = " ".join(filter(None, [action, name]))
        raise InputError(f"`gradlag data` knows `list`, and `get NAME` with the name of a data set. Got {got!r}.")
    if name is not None:
        return Listed({"data": {name: _got(name, announce, progress)}})
    own = own_names()  # the user's own sets are named and not read
    there = {known: _installed(entry) for known, entry in DATASETS.items() if known not in own}
    on_request = {known: _requested(entry) for known, entry in ON_REQUEST.items()}
    return Listed({"data": there | {each: _own(each) for each in own}, "on_request": on_request})


def _got(name: str, announce: Say, progress: bool) -> Facts:
    if name in ON_REQUEST:
        return _download(ON_REQUEST[name], announce, progress)
    found = load(name)
    rows, columns = found.features.shape
    return _own(name, rows, columns, found.classes) if name in own_names() else _installed(DATASETS[name])


def _download(entry: RemoteSet, announce: Say, progress: bool) -> Facts:
    from experiments.common.progress import reporting
    from experiments.data.downloads import get

    with reporting(f"getting {entry.name}", quiet=not progress) as report:
        get(entry, report, announce)
    return _requested(entry)


def _requested(entry: RemoteSet) -> Facts:
    found = stored(entry.name)
    state = "missing"
    if found is not None:
        state = "stand-in" if found.stand_in else "downloaded" if downloaded(found.path) else "own"
    return _facts(
        entry,
        rows=sum(entry.rows),
        kind=entry.kind,
        state=state,
        file=str(found.path) if found else None,
        download_bytes=entry.size,
        terms=entry.terms or None,
    )


def _installed(entry: DatasetEntry) -> Facts:
    return _facts(entry, rows=entry.rows)


def _facts(entry: RemoteSet | DatasetEntry, *, rows: int, **more: Any) -> Facts:
    names = ("name", "title", "rows", "columns", "classes", "licence", "source")
    told = {name: rows if name == "rows" else getattr(entry, name) for name in names}
    return Facts(f"{entry.name}: {entry.title}", told | more)


def _own(name: str, rows: int | None = None, columns: int | None = None, classes: int | None = None) -> Facts:
    size = {"rows": rows, "columns": columns, "classes": classes}
    told = {"name": name, "title": "your own", **size, "licence": None, "source": f"$GRADLAG_DATA/{name}.npz"}
    return Facts(f"{name}: your own", told)


def show(found: Listed[Facts]) -> None:
    """The data sets, a few lines each, and how to add one; or the one that was got, and where it is."""
    for name, each in found.items():
        facts = [_extent(each) if each["rows"] else "", each["licence"] or ""]
        print_entry(name, each["title"], "; ".join(filter(None, facts)), each["source"], _state(each))
    if "on_request" in found.groups:
        print_prose(_ADVICE)
    else:
        # Of one on request its entry says where it is.
        print_prose(*(where(name) for name in found if name not in ON_REQUEST))


_EXTENTS = {"ratings": "{rows} ratings, {columns} movies", "words": "{rows} documents, {columns} words"}


def _extent(described: Mapping[str, Any]) -> str:
    plainly = "{rows} rows, {columns} columns, {classes} classes"
    return _EXTENTS.get(described.get("kind", ""), plainly).format_map(described)


def _state(described: Mapping[str, Any]) -> str:
    """Whether a set on request is there."""
    size = megabytes(described.get("download_bytes"))
    states = {
        "missing": f"not here yet, {size}: gradlag data get {described['name']}",
        "stand-in": f"a stand-in is here, {described.get('file')}; the original, {size}: gradlag data get "
        f"{described['name']}",
        "own": f"your own file, {described.get('file')}",
        "downloaded": f"here, {described.get('file')}",
    }
    return states.get(described.get("state", ""), "")


_ADVICE = (
    "Only what is not here yet needs a download, into the folder that the variable GRADLAG_DATA names or into the "
    "user's cache. For a set of your own put NAME.npz (arrays features and labels) in the folder that "
    "the variable GRADLAG_DATA names; --problem logistic:data=NAME or softmax:data=NAME uses it."
)
