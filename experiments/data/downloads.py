"""Getting a set on request: download with resumption, test of the checksum, and one file NAME.npz.

A file on its way is called FILE.part and is taken up where it stopped; only a file whose checksum is the published one
is read; and NAME.npz appears whole or not at all. Mirrors are tried one after another.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO, Any, BinaryIO
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from experiments.common.arrays import digest_of
from experiments.common.files import write_atomically
from experiments.data import archives
from experiments.data.on_request import RemoteFile, RemoteSet, data_folder, megabytes
from theory.common.errors import DataError, EnvironmentFailure
from theory.common.types import Progress, Say

_CHUNK = 1 << 18
_PATIENCE = 30.0  # seconds without a byte
_ATTEMPTS = 3  # that bring nothing, at one address
_PAUSE = 1.0
_LARGEST = 1 << 28  # bytes of a file whose size was not published
_ROOM = 40_000_000  # more than ratings and counts need on the disk


class _Unserved(Exception):
    """Why an address did not give the file."""


class _CutOff(Exception):
    """Why a transfer ended too early; it may be taken up."""


def get(entry: RemoteSet, report: Progress = lambda done, total: None, say: Say = lambda sentence: None) -> Path:
    """Download a set, unless it is there, and keep it as one file.

    Args:
        entry: one of `experiments.data.on_request.ON_REQUEST`.
        report: called with the bytes that have arrived and those that there are.
        say: called with the terms of the set before anything is downloaded.

    Returns:
        NAME.npz in the folder that GRADLAG_DATA names, else in the user's cache; NAME.json beside it tells the source.

    Raises:
        EnvironmentFailure: no address gave the file, the disk is full, or another command is getting the same set.
            What has arrived is kept, and taken up the next time.
        DataError: a file put there by hand is another one than the published.
    """
    folder = data_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder, entry.name):
            target = folder / f"{entry.name}.npz"
            for left in folder.glob(f".{entry.name}.*.tmp"):  # by a process that was killed while it wrote
                left.unlink()
            if not target.is_file():
                if entry.terms:
                    say(entry.terms)
                _get(entry, target, report)
            _clear(entry, target.with_suffix(".download"))
            return target
    except OSError as error:
        raise EnvironmentFailure(
            f"The folder {folder} cannot be written to ({_reason(error)}). Make room or choose another folder with "
            "GRADLAG_DATA, and run the same command again; what has arrived is kept."
        ) from error


def _get(entry: RemoteSet, target: Path, report: Progress) -> None:
    parts = target.with_suffix(".download")
    parts.mkdir(exist_ok=True)
    _check_room(entry, parts)
    paths, addresses, done = {}, {}, 0
    for file in entry.files:
        paths[file.name] = parts / file.name
        addresses[file.name] = _fetch(entry, file, paths[file.name], _shifted(report, done, entry.size))
        done += paths[file.name].stat().st_size
    read: archives.Reader = getattr(archives, entry.reader)
    _keep(entry, read(paths), addresses, target)


def _clear(entry: RemoteSet, parts: Path) -> None:
    """Remove the files of a set that is kept as one file; a process may have been killed when it was about to."""
    for file in entry.files:
        (parts / file.name).unlink(missing_ok=True)
    if parts.is_dir() and not any(parts.iterdir()):
        parts.rmdir()


def _keep(entry: RemoteSet, arrays: archives.Arrays, addresses: Mapping[str, str], target: Path) -> None:
    """Write the arrays, and before them where they come from: a file without that is the user's own."""
    content = io.BytesIO()
    save: Callable[..., None] = np.savez
    save(content, allow_pickle=False, **arrays)
    told = {
        "name": entry.name,
        "title": entry.title,
        "source": entry.source,
        "licence": entry.licence,
        "files": [{"name": f.name, "address": addresses[f.name], "sha256": f.sha256} for f in entry.files],
        "digest": _digest(arrays),
        "date": datetime.now(UTC).date().isoformat(),
    }
    write_atomically(target.with_suffix(".json"), json.dumps(told, indent=2).encode())
    write_atomically(target, content.getbuffer())


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    return digest_of(*(arrays[name] for name in sorted(arrays)), text=" ".join(sorted(arrays)))


def _shifted(report: Progress, before: int, whole: int | None) -> Progress:
    """The report of one file among several."""
    return lambda done, total: report(before + done, whole or before + total)


def _check_room(entry: RemoteSet, parts: Path) -> None:
    there = sum(path.stat().st_size for path in parts.iterdir())
    unpacked = sum(entry.rows) * entry.columns if entry.kind == "images" else _ROOM
    needed, free = max(0, (entry.size or 0) - there) + unpacked, shutil.disk_usage(parts).free
    if free < needed:
        raise EnvironmentFailure(
            f"The set {entry.name} needs {megabytes(needed)} on the disk, and {megabytes(free)} are free at "
            f"{parts.parent}. Make room or choose another folder with GRADLAG_DATA."
        )


def _fetch(entry: RemoteSet, file: RemoteFile, target: Path, report: Progress) -> str:
    """Make sure that the file is there with its published checksum, and say which address gave it."""
    if target.is_file():
        if _sha256(target) != file.sha256:
            raise DataError(
                f"{target} is not the file that was published: its checksum is another. Remove it and run it again."
            )
        return "by hand, or an earlier download"
    failures = []
    for address in file.addresses:
        try:
            _download(address, file, target.with_name(f"{file.name}.part"), report)
            target.with_name(f"{file.name}.part").replace(target)
            return address
        except _Unserved as failure:
            failures.append(f"{urlsplit(address).netloc} {failure}")
    raise EnvironmentFailure(
        f"The file {file.name} of {entry.name} could not be had: {'; '.join(failures)}. Run the same command again "
        f"when there is a network, or put the file by hand into {target.parent}."
    )


def _download(address: str, file: RemoteFile, part: Path, report: Progress) -> None:
    """Load the file into the part, from where the part ends, and test its checksum."""
    # What was there before may have been the beginning of another file: then it is loaded anew.
    for _ in range(1 + part.exists()):
        _insist(address, file, part, report)
        if _sha256(part) == file.sha256:
            return
        part.unlink()
    raise _Unserved("gave a file whose checksum is not the published one, which was removed")


def _insist(address: str, file: RemoteFile, part: Path, report: Progress) -> None:
    """Take a transfer up until it is complete, or brings nothing any more."""
    left = _ATTEMPTS
    while left:
        before = _size(part)
        try:
            return _transfer(address, file, part, report)
        except _CutOff as reason:
            left = _ATTEMPTS - 1 if _size(part) > before else left - 1
            if not left:
                raise _Unserved(str(reason)) from reason
            time.sleep(_PAUSE)
    return None


def _transfer(address: str, file: RemoteFile, part: Path, report: Progress) -> None:
    if file.size is not None and _size(part) > file.size:
        part.unlink()
    have = _size(part)
    if have and have == file.size:
        return
    with _answer(address, have) as answer:
        start = have if answer.status == 206 else 0
        total = _total(answer, start)
        if None not in (file.size, total) and total != file.size:
            raise _Unserved(f"offers {total} bytes, and {file.size} were published")
        most = file.size or total or _LARGEST
        with part.open("ab" if start else "wb") as stream:
            done = _copy(answer, stream, start, min(most, _LARGEST), report)
    if total is not None and done < total:
        raise _CutOff("cut the transfer off")


def _copy(answer: HTTPResponse, stream: BinaryIO, done: int, most: int, report: Progress) -> int:
    report(done, most)
    while chunk := _next(answer):
        done += len(chunk)
        if done > most:
            raise _Unserved(f"sends more than the {most} bytes there should be")
        stream.write(chunk)
        stream.flush()  # what has arrived outlives a process that is killed
        report(done, most)
    return done


def _next(answer: HTTPResponse) -> bytes:
    """The next bytes; a fault of the network is not one of the disk."""
    try:
        return answer.read1(_CHUNK)
    except (OSError, HTTPException) as error:
        raise _CutOff(f"cut the transfer off ({_reason(error)})") from error


def _answer(address: str, start: int) -> HTTPResponse:
    headers = {"User-Agent": "gradlag", "Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        answer: HTTPResponse = _opener().open(request.Request(_web(address), headers=headers), timeout=_PATIENCE)
    except HTTPError as error:
        error.close()
        if start and error.code == 416:  # the part is no beginning of that file
            return _answer(address, 0)
        raise _Unserved(f"answers {error.code} {error.reason}".rstrip()) from error
    except (URLError, OSError, HTTPException) as error:
        raise _Unserved(f"does not answer ({_reason(error)})") from error
    if answer.status == 206 and not answer.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        answer.close()
        return _answer(address, 0) if start else _refuse("gives a part that was not asked for")
    return answer


def _refuse(reason: str) -> HTTPResponse:
    raise _Unserved(reason)


def _total(answer: HTTPResponse, start: int) -> int | None:
    length = answer.headers.get("Content-Length", "")
    return start + int(length) if length.isdecimal() else None


class _WebOnly(request.HTTPRedirectHandler):
    """Follows redirections to http and https alone."""

    def redirect_request(
        self, req: request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> request.Request | None:
        """The request for the new address."""
        return super().redirect_request(req, fp, code, msg, headers, _web(newurl))


def _web(address: str) -> str:
    if urlsplit(address).scheme not in ("http", "https"):
        raise _Unserved(f"leads to {address}, which is no http address")
    return address


def _opener() -> request.OpenerDirector:
    """Only what http needs: no files, no ftp."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler,
        request.HTTPHandler,
        request.HTTPSHandler,
        request.HTTPDefaultErrorHandler,
        request.HTTPErrorProcessor,
        _WebOnly,
    ):
        opener.add_handler(handler())
    return opener


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _reason(error: BaseException) -> str:
    inner = error.reason if isinstance(error, URLError) else error
    return str(getattr(inner, "strerror", None) or inner or type(inner).__name__).lower()


@contextmanager
def _locked(folder: Path, name: str) -> Iterator[None]:
    """Keep other commands from getting the same set; the system lets go of it however this process ends."""
    try:
        with FileLock(folder / f".{name}.lock", timeout=0):
            yield
    except Timeout as error:
        raise EnvironmentFailure(
            f"Another command is getting {name} into {folder} right now. Wait until it has ended."
        ) from error
