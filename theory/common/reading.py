"""Bytes of a user's file: of an ordinary one and not too many, so that no name makes a command wait or fill memory."""

from __future__ import annotations

import errno
import stat
from io import BufferedReader
from pathlib import Path

_PART = 1 << 22


def open_ordinary(path: Path | str) -> BufferedReader:
    """An ordinary file, opened to read bytes.

    Raises:
        OSError: it cannot be opened, or is a folder, a pipe or a device; `strerror` says so.
    """
    try:
        mode = Path(path).stat().st_mode
    except ValueError as cause:  # a NUL, or half a character
        raise OSError(errno.EINVAL, "no file can have that name") from cause
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a directory")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is no ordinary file")
    return Path(path).open("rb")


def read_ordinary(path: Path | str, most: int) -> bytes:
    """The bytes of an ordinary file, at most `most`.

    Raises:
        OSError: as `open_ordinary`, or more bytes than that.
    """
    with open_ordinary(path) as stream:
        if Path(path).stat().st_size > most:
            raise OSError(errno.EFBIG, f"it is larger than {most >> 20:,} MiB")
        parts: list[bytes] = []
        # Some files of the system state no size, and go on.
        while sum(map(len, parts)) <= most and (part := stream.read(_PART)):
            parts.append(part)
    content = b"".join(parts)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20:,} MiB")
    return content
