"""Runs on disk: one schema, written atomically, checked when read, open to xarray.

A file holds either a whole result or nothing (`experiments/common/files.py`). What is read back is compared with its
seal before it is decoded (`experiments/common/seal.py`), then with the schema, its own key and its own digest.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import h5netcdf
import xarray as xr

from experiments.common.files import check_writable, reason_of, write_atomically
from experiments.common.seal import sealed, unsealed
from experiments.runs.configuration import SCHEMA, Configuration
from experiments.runs.run import Run
from theory.common.errors import InputError, StoreError
from theory.common.reading import read_ordinary

_LARGEST = 1 << 34
_Content = TypeVar("_Content")
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


def load(path: Path | str) -> Run:
    """Read a run and check it.

    Args:
        path: a file written by `save`.

    Returns:
        The run, wholly in memory.

    Raises:
        StoreError: no such file; not a netCDF file, or a truncated or altered one; another schema.
    """
    return _read(path, _decode)


def load_attributes(path: Path | str) -> dict[str, Any]:
    """What stands in a result file beside its arrays; the seal is checked, no array is decoded. Raises as `load`."""
    return _read(path, _decode_attributes)


def _read(path: Path | str, decode: Callable[[bytes], _Content]) -> _Content:
    try:
        content = read_ordinary(path, _LARGEST)
    except OSError as cause:
        raise StoreError(f"The result file {path} cannot be opened ({reason_of(cause)}). Check the path.") from cause
    try:
        return decode(content)
    except InputError as cause:
        raise StoreError(f"The result file {path} cannot be used. {cause} Delete it and run again.") from cause


def load_all(folder: Path | str) -> tuple[Run, ...]:
    """The runs of all result files (*.nc) in a folder, in the order of their names."""
    return tuple(load(path) for path in sorted(Path(folder).glob("*.nc")))


def _decode(content: bytes) -> Run:
    whole = unsealed(content)
    try:
        data = xr.load_dataset(io.BytesIO(whole), engine="h5netcdf")
    except Exception as cause:  # whatever a damaged file makes the readers raise
        raise StoreError("It is not a complete netCDF file.") from cause
    _check_schema(data.attrs)
    return Run(Configuration.from_json(str(data.attrs.get("configuration"))), data)


def _decode_attributes(content: bytes) -> dict[str, Any]:
    whole = unsealed(content)
    try:
        with h5netcdf.File(io.BytesIO(whole)) as file:
            attributes = dict(file.attrs)
    except Exception as cause:  # whatever a damaged file makes the readers raise
        raise StoreError("It is not a complete netCDF file.") from cause
    _check_schema(attributes)
    return attributes


def _check_schema(attributes: Mapping[str, Any]) -> None:
    if attributes.get("schema") != SCHEMA:
        raise StoreError(f"Its schema is {attributes.get('schema')!r}, and this version reads {SCHEMA!r}.")
