"""Runs on disk: one schema, written atomically, checked when read, open to xarray.

A file holds either a whole result or nothing: it is encoded in memory, written beside its place, flushed to the disk
and then renamed. What is read back is compared with its seal before it is decoded (`experiments/seal.py`), then with
the schema, with its own key and with its own digest.
"""

from __future__ import annotations

import io
import os
import re
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import xarray as xr

from experiments.configuration import SCHEMA, Configuration
from experiments.result import Run, build_run
from experiments.seal import sealed, unsealed
from theory.errors import EnvironmentFailure, InputError, StoreError
from theory.reading import read_ordinary

__all__ = [
    "Configuration",
    "Run",
    "build_run",
    "check_writable",
    "encode",
    "load",
    "load_all",
    "remove_stale",
    "save",
    "write_atomically",
]

_LARGEST = 1 << 34
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")  # a name that only `write_atomically` and probes give
_STALE_SECONDS = 86_400.0  # no writing takes a day
_COMPRESSION = {"zlib": True, "complevel": 1, "shuffle": True}


def save(run: Run, path: Path | str) -> Path:
    """Write a run as a netCDF file, whole or not at all.

    Args:
        run: what to store.
        path: the file; its folder is made if need be. An earlier file is replaced only by a complete new one.

    Returns:
        The path.

    Raises:
        StoreError: the folder cannot be written to.
        EnvironmentFailure: writing failed, on a full disk for example; an earlier file is as it was.
    """
    target = check_writable(path)
    write_atomically(target, encode(run))
    return target


def encode(run: Run) -> bytes:
    """The content of the netCDF file of a run, sealed."""
    encoding = dict.fromkeys(run.data.data_vars, _COMPRESSION)
    return sealed(bytes(run.data.to_netcdf(engine="h5netcdf", encoding=encoding)))


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
            f"The file {path} could not be written ({_reason(cause)}). Make room, or choose another place, and run "
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


def load(path: Path | str) -> Run:
    """Read a run and check it.

    Args:
        path: a file written by `save`.

    Returns:
        The run, wholly in memory.

    Raises:
        StoreError: no such file; not a netCDF file, or a truncated or altered one; another schema.
    """
    try:
        content = read_ordinary(path, _LARGEST)
    except OSError as cause:
        raise StoreError(f"The result file {path} cannot be opened ({_reason(cause)}). Check the path.") from cause
    try:
        return _decode(content)
    except InputError as cause:
        raise StoreError(f"The result file {path} cannot be used. {cause} Delete it and run again.") from cause


def load_all(folder: Path | str) -> tuple[Run, ...]:
    """The runs of all result files (*.nc) in a folder, in the order of their names."""
    return tuple(load(path) for path in sorted(Path(folder).glob("*.nc")))


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
            f"The output folder {target.parent} cannot be written to ({_reason(cause)}). Choose another with --out."
        ) from cause
    return target


def _decode(content: bytes) -> Run:
    whole = unsealed(content)
    try:
        data = xr.load_dataset(io.BytesIO(whole), engine="h5netcdf")
    except Exception as cause:  # whatever a damaged file makes the readers raise
        raise StoreError("It is not a complete netCDF file.") from cause
    if data.attrs.get("schema") != SCHEMA:
        raise StoreError(f"Its schema is {data.attrs.get('schema')!r}, and this version reads {SCHEMA!r}.")
    return Run(Configuration.from_json(str(data.attrs.get("configuration"))), data)


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(cause: BaseException) -> str:
    return (getattr(cause, "strerror", None) or str(cause)).lower()
