"""Chosen instants: every opening, mkdir, flush, renaming and removal that a command does below a folder is numbered.

Python tells of each by an audit event before it happens; a flush is told by a wrapper. At the one that was chosen the
command is killed, or the system refuses.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Act = Callable[[int, str, Any], None]
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_REMOVALS = ("os.remove", "os.rmdir", "shutil.rmtree")


def watch(folder: Path, act: Act) -> None:
    """Call `act` with (number, what, argument) at every instant below a folder, for the rest of this process.

    What is "open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree", with the path; or "fsync", with
    the descriptor, when all bytes are written and none is on the disk yet.
    """
    below, count = str(folder), 0

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("os.mkdir", "os.rename", *_REMOVALS) or (event == "open" and _writes(arguments)):
            tell(event, arguments[0])

    def tell(event: str, argument: Any) -> None:
        nonlocal count
        path = _path(argument)
        if path.startswith(below):
            count += 1
            act(count, event, argument)

    real = os.fsync

    def fsync(descriptor: int) -> None:
        tell("fsync", descriptor)
        real(descriptor)

    vars(os)["fsync"] = fsync
    sys.addaudithook(heard)


def kill_at(number: int, torn: float | None = None) -> Act:
    """Kill this process at an instant; a flush may leave a part of the bytes alone."""

    def act(count: int, what: str, argument: Any) -> None:
        if count != number:
            return
        if what == "fsync" and torn is not None and Path(f"/proc/self/fd/{argument}").is_file():
            os.ftruncate(argument, int(torn * os.fstat(argument).st_size))
        os.kill(os.getpid(), signal.SIGKILL)

    return act


def full_at(number: int, *, lasting: bool) -> Act:
    """A disk that is full at an instant, or from it on. Removals succeed."""

    def act(count: int, what: str, argument: Any) -> None:
        if what not in _REMOVALS and (count == number or (lasting and count > number)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return act


def count_into(path: Path) -> Act:
    """Write down each instant in a file, to know how many there are."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def act(count: int, what: str, argument: Any) -> None:
        os.write(descriptor, f"{what}\n".encode())

    return act


def _writes(arguments: tuple[Any, ...]) -> bool:
    return isinstance(arguments[2], int) and bool(arguments[2] & _WRITING)


def _path(argument: Any) -> str:
    if isinstance(argument, int):
        try:
            return os.readlink(f"/proc/self/fd/{argument}")  # noqa: PTH115
        except OSError:
            return ""
    try:
        return os.fsdecode(argument)
    except TypeError:
        return ""
