"""Files of results: written whole or not at all, and what a writer that was killed left behind.

A content is written beside its place, flushed to the disk and then renamed.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from theory.common.errors import EnvironmentFailure, StoreError

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")  # a name that only `write_atomically` and probes give
_STALE_SECONDS = 86_400.0  # no writing takes a day


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Replace the file at `path` by these bytes in one step, or leave it as it is."""
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:12]}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as cause:
        raise EnvironmentFailure(
            f"The file {path} could not be written ({reason_of(cause)}). Make room, or choose another place, and run "
            "the same command again."
        ) from cause
    finally:
        temporary.unlink(missing_ok=True)


def remove_stale(folder: Path) -> None:
    """Remove what writers that were killed more than a day ago left in a folder, by the clock of its own disk.

    A date more than a day ahead comes from a clock that was wrong: nothing that is being written has one.
    """
    probe = folder / f".probe.{uuid4().hex[:12]}.tmp"
    with suppress(OSError):
        probe.touch(exist_ok=False)
        now = probe.stat().st_mtime
        probe.unlink()
        for path in folder.glob(".*.tmp"):
            with suppress(OSError):  # another command removes it too
                if _TEMPORARY.fullmatch(path.name) and abs(now - path.stat().st_mtime) > _STALE_SECONDS:
                    path.unlink()


def remove_folder(folder: Path) -> None:
    """Remove a folder with what is in it, into which processes killed a moment ago may still write; or leave it."""
    for _ in range(10):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def check_writable(path: Path | str) -> Path:
    """Make sure, before long work, that a result file can be written at `path`.

    Args:
        path: the file that will be written; its folder is made if need be.

    Returns:
        The path.

    Raises:
        StoreError: the folder cannot be made or written to, or the path is a folder itself.
    """
    target = Path(path)
    if target.is_dir():
        raise StoreError(f"{target} is a folder. Give --out the name of a file in it, such as {target / 'run.nc'}.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        probe = target.with_name(f".{target.name}.{uuid4().hex[:12]}.tmp")
        probe.touch(exist_ok=False)
        probe.unlink()
    except (OSError, ValueError) as cause:
        raise StoreError(
            f"The output folder {target.parent} cannot be written to ({reason_of(cause)}). Choose another with --out."
        ) from cause
    return target


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reason_of(cause: BaseException) -> str:
    """What the system says of a failure, for the middle of a sentence."""
    return (getattr(cause, "strerror", None) or str(cause)).lower()
