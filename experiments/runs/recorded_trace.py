"""What an asynchronous server recorded: for each applied update its delay, its worker, its times and its random draw.

A trace is an immutable value that is checked when it is made, so that whoever holds one can replay it. On disk it is
netCDF with a digest, written whole or not at all; a text file with the delays of an update a line has no times.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from experiments.common.arrays import digest_of
from experiments.common.files import check_writable, write_atomically
from experiments.common.provenance import current_versions
from experiments.common.seal import sealed, unsealed
from experiments.runs.contents import content_digest
from theory.common.errors import DelayError, GradlagError, InputError, StoreError
from theory.common.reading import open_ordinary, read_ordinary
from theory.common.types import Vector
from theory.staleness.count import Staleness, whole_number
from theory.staleness.traces import Delays, read_delays, validate_delays

SCHEMA = "gradlag-trace/1"
SOURCES = ("ray", "virtual clock", "file")

#: Name, type, unit and meaning of the columns of a trace.
COLUMNS: Mapping[str, tuple[str, str, str]] = {
    "delays": ("int64", "updates", "d_k: updates applied between the read and the application of update k"),
    "workers": ("int64", "1", "who computed it, 0..P-1; -1 where it is not known"),
    "read_at": ("float64", "s", "when the worker got its point, since the start; nan where it is not known"),
    "applied_at": ("float64", "s", "when it was applied, since the start; nan where it is not known"),
    "samples": ("int64", "1", "the number that names its random draw"),
}
_HDF5 = b"\x89HDF\r\n\x1a\n"
_LARGEST = 1 << 34
_COMPRESSION = {"zlib": True, "complevel": 4, "shuffle": True}
# No compressed byte of deflate stands for more than 1032 bytes.
_LARGEST_RATIO = 1100


@dataclass(frozen=True, eq=False)
class ServerTrace:
    r"""One row for each applied update k = 1..T, at position k - 1.

    Update k takes $x_{k-1}$ to $x_k$ with a gradient that was computed at $x_{k-1-d_k}$. A server with a buffer applies
    the mean of B gradients; what belongs to a gradient is then (T, B), in the order in which they arrived.

    Args:
        delays: int64 (T,) or (T, B), d_k, 0 <= d_k <= k - 1.
        workers: likewise, who computed the gradient, 0..P-1; all -1 where nobody knows.
        read_at: float64, likewise, seconds since the start at which the worker got its point; all NaN where unknown.
        applied_at: float64 (T,), seconds since the start at which the update was made, not decreasing; or all NaN.
        samples: likewise, all different: the gradient was `stochastic_gradient(x, seed, samples[k-1], batch)`.
        count: the number P of workers; 0 where nobody knows.
        source: "ray", "virtual clock" or "file".
        description: speeds, bound, problem and whatever else happened, in one line.

    Raises:
        DelayError: a delay that reads the future or a point that never was.
        InputError: columns of different lengths, times out of order, a worker that does not exist, repeated samples.

    >>> trace = trace_of_delays([0, 1, 1])
    >>> trace.steps, trace.maximum, trace.staleness
    (3, 1, Staleness(window=2))
    """

    delays: Delays
    workers: NDArray[np.int64]
    read_at: Vector
    applied_at: Vector
    samples: NDArray[np.int64]
    count: int
    source: str
    description: str

    def __post_init__(self) -> None:
        for name, (dtype, _, _) in COLUMNS.items():
            object.__setattr__(self, name, _column(name, getattr(self, name), dtype))
        _check(self)

    @property
    def steps(self) -> int:
        """The number T of applied updates."""
        return len(self.delays)

    @property
    def reads(self) -> int:
        """The number B of gradients of an update."""
        return self.delays.size // self.steps

    @property
    def maximum(self) -> int:
        """The largest delay."""
        return int(self.delays.max())

    @property
    def staleness(self) -> Staleness:
        """The smallest window that holds all delays."""
        return Staleness(self.maximum + 1)

    @property
    def timed(self) -> bool:
        """Whether the times are known."""
        return bool(np.isfinite(self.applied_at[0]))

    @property
    def attributed(self) -> bool:
        """Whether the workers are known."""
        return bool(self.workers.flat[0] >= 0)

    @property
    def digest(self) -> str:
        """Digest (sha256, hexadecimal) of all that the trace holds."""
        return digest_of(*(getattr(self, name) for name in COLUMNS), text=f"{self.count} {self.source}")

    def first(self, steps: int) -> ServerTrace:
        """The first `steps` updates."""
        kept = whole_number(steps, 1, "The number of updates", InputError, most=self.steps)
        columns = {name: getattr(self, name)[:kept] for name in COLUMNS}
        return ServerTrace(**columns, count=self.count, source=self.source, description=self.description)

    def buffered(self, size: int) -> ServerTrace:
        """The same gradients where the server applies the mean of every `size` of them; a rest is not applied.

        A worker reads when its gradient has arrived, whether or not the buffer is full then.

        >>> trace_of_delays([0, 1, 2, 2, 2, 2]).buffered(2).delays.tolist()
        [[0, 0], [1, 1], [1, 1]]
        """
        each = whole_number(size, 1, "The size of the buffer", InputError, most=self.steps)
        kept, place = self.steps // each * each, np.arange(self.steps)
        columns = {name: getattr(self, name) for name in COLUMNS}
        columns["delays"] = place // each - (place - self.delays) // each
        shaped = {name: column[:kept].reshape(-1, each) for name, column in columns.items()}
        shaped["applied_at"] = shaped["applied_at"][:, -1]
        return ServerTrace(**shaped, count=self.count, source=self.source, description=self.description)


def trace_of_delays(delays: Any, description: str = "delays alone") -> ServerTrace:
    """A trace of which only the delays are known; the draws are numbered as a simulation numbers them."""
    values = validate_delays(delays)
    return ServerTrace(
        delays=values,
        workers=np.full(values.shape, -1),
        read_at=np.full(values.shape, np.nan),
        applied_at=np.full(len(values), np.nan),
        samples=np.arange(1, values.size + 1).reshape(values.shape),
        count=0,
        source="file",
        description=description,
    )


def save_trace(trace: ServerTrace, path: Path | str) -> Path:
    """Write a trace as a netCDF file, whole or not at all.

    Args:
        trace: what to store; path: the file, whose folder is made if need be.

    Raises:
        StoreError: the folder cannot be written to.
        EnvironmentFailure: writing failed, on a full disk for example; an earlier file is as it was.
    """
    target = check_writable(path)
    write_atomically(target, encode(dataset_of(trace)))
    return target


def load_trace(path: Path | str) -> ServerTrace:
    """Read a trace and check it.

    Args:
        path: a file written by `save_trace`, or a text file with the delays of an update a line.

    Returns:
        The trace, wholly in memory.

    Raises:
        StoreError: no such file; a netCDF file that is truncated, altered, of another schema, or holds no valid trace.
        DelayError: a text file with a line that is no delay; the line is named.
    """
    content = read_bytes(path)
    if not content.startswith(_HDF5[:4]):
        return _from_text(Path(path), content)
    try:
        return trace_of_dataset(decode(content))
    except GradlagError as cause:
        raise StoreError(f"The trace {path} cannot be used. {cause} Record it again.") from cause


def holds_netcdf(path: Path | str) -> bool:
    """Whether a file begins as a stored trace does, and not as a text."""
    try:
        with open_ordinary(path) as stream:
            return stream.read(len(_HDF5)) == _HDF5
    except OSError:
        return False


def dataset_of(trace: ServerTrace) -> xr.Dataset:
    """The trace as a data set over the dimension `update`."""
    columns = {
        name: (_dims(getattr(trace, name)), getattr(trace, name), {"units": unit, "long_name": meaning})
        for name, (_, unit, meaning) in COLUMNS.items()
    }
    data = xr.Dataset(columns)
    data.attrs = {
        "schema": SCHEMA,
        "count": trace.count,
        "source": trace.source,
        "description": trace.description,
        "versions": json.dumps(current_versions(), sort_keys=True),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return data


def _dims(column: NDArray[Any]) -> tuple[str, ...]:
    return ("update", "read")[: column.ndim]


def trace_of_dataset(data: xr.Dataset) -> ServerTrace:
    """The trace that a data set holds; InputError if it holds none."""
    for name, (dtype, _, _) in COLUMNS.items():
        if name not in data.variables:
            raise StoreError(f"Its column {name} is missing.")
        if data[name].dims != _dims(data[name].values) or data[name].dtype != np.dtype(dtype):
            raise StoreError(f"Its column {name} must be {dtype} over the updates.")
    try:
        count = int(data.attrs["count"])
        source, description = str(data.attrs["source"]), str(data.attrs["description"])
    except (KeyError, TypeError, ValueError):
        raise StoreError("It does not say how many workers there were, or what recorded it.") from None
    columns = {name: data[name].values for name in COLUMNS}
    return ServerTrace(**columns, count=count, source=source, description=description)


def encode(data: xr.Dataset) -> bytes:
    """A data set as the bytes of a netCDF file that carries the digest of its contents."""
    data = data.assign_attrs(content=content_digest(data))
    written = data.to_netcdf(engine="h5netcdf", encoding=dict.fromkeys(data.variables, _COMPRESSION))
    return sealed(bytes(written))


def decode(content: bytes) -> xr.Dataset:
    """The data set of a netCDF file of our schema, wholly in memory; StoreError if it is anything else."""
    content = unsealed(content, always=True)
    try:
        with xr.open_dataset(io.BytesIO(content), engine="h5netcdf") as lazy:
            if sum(variable.nbytes for variable in lazy.variables.values()) > _LARGEST_RATIO * len(content):
                raise StoreError("It claims to hold more numbers than a file of its size can.")
            data = lazy.load()
    except StoreError:
        raise
    except Exception as cause:  # whatever a damaged file makes the readers raise
        raise StoreError("It is not a complete netCDF file.") from cause
    if data.attrs.get("schema") != SCHEMA:
        raise StoreError(f"Its schema is {data.attrs.get('schema')!r}, and this version reads {SCHEMA!r}.")
    if data.attrs.get("content") != content_digest(data):
        raise StoreError("Its contents do not match their digest: they were altered or damaged.")
    return data


def read_bytes(path: Path | str) -> bytes:
    """The bytes of a file; StoreError if it cannot be read."""
    try:
        return read_ordinary(path, _LARGEST)
    except (OSError, ValueError) as cause:
        reason = (getattr(cause, "strerror", None) or str(cause)).lower()
        raise StoreError(f"The trace {path} cannot be opened ({reason}). Check the path.") from cause


def _from_text(path: Path, content: bytes) -> ServerTrace:
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    if not content.strip():
        raise DelayError(f"The trace {path} is empty. Give a file with one delay a line, or a stored trace.")
    # Plain digits, one number a line, as gradlag writes them: read at once. Anything else is read line by line.
    plain = re.fullmatch(rb"(?:[0-9]{1,18}\n)*(?:[0-9]{1,18}\n?)", content)
    delays = np.array(content.split(), dtype="S18").astype(np.int64) if plain else None
    if delays is None or (delays > np.arange(delays.size)).any():
        delays = read_delays(path, None, Staleness(lines))
    return trace_of_delays(delays, f"the text file {path.name}")


def _column(name: str, values: Any, dtype: str) -> NDArray[Any]:
    if name == "delays":
        array: NDArray[Any] = validate_delays(values)
    else:
        array = np.array(values)
        array = array[:, 0] if array.shape[1:] == (1,) else array
        if array.ndim not in (1, 2) or array.dtype.kind not in ("if" if dtype == "float64" else "i"):
            raise InputError(f"The {name} of a trace must be a list of numbers of the type {dtype}.")
        array = array.astype(dtype)
    array.setflags(write=False)
    return array


def _check(trace: ServerTrace) -> None:
    if not trace.steps:
        raise DelayError("A trace must hold at least one update. Got none.")
    lengths = {len(getattr(trace, name)) for name in COLUMNS}
    if len(lengths) > 1:
        raise InputError(f"The columns of a trace must have the same length. Got {sorted(lengths)}.")
    shapes = {getattr(trace, name).shape for name in ("delays", "workers", "read_at", "samples")}
    if len(shapes) > 1 or trace.applied_at.ndim > 1:
        raise InputError(
            "Delays, workers, reads and samples of a trace must be as many an update, and times of it one."
        )
    if trace.source not in SOURCES:
        raise InputError(f"The source of a trace must be one of {', '.join(SOURCES)}. Got {trace.source!r}.")
    whole_number(trace.count, 0, "The number of workers", InputError)
    _check_workers(trace)
    _check_times(trace)
    if trace.samples.min() < 0 or np.unique(trace.samples).size < trace.samples.size:
        raise InputError("The samples of a trace must be at least 0 and all different, and these are not.")


def _check_workers(trace: ServerTrace) -> None:
    if (trace.workers == -1).all():
        return
    bad = np.argwhere((trace.workers < 0) | (trace.workers >= trace.count))
    if bad.size:
        raise InputError(
            f"The worker of update {bad[0][0] + 1} must be at least 0 and below {trace.count}, the number of workers. "
            f"Got {trace.workers[tuple(bad[0])]}."
        )


def _check_times(trace: ServerTrace) -> None:
    if np.isnan(trace.applied_at).all() and np.isnan(trace.read_at).all():
        return
    if not (np.isfinite(trace.applied_at).all() and np.isfinite(trace.read_at).all()):
        raise InputError("The times of a trace must all be finite numbers of seconds, and some are not.")
    late = np.flatnonzero(np.diff(trace.applied_at) < 0)
    if late.size:
        raise InputError(f"The times of a trace must not decrease, and update {late[0] + 2} is before the one before.")
    early = np.argwhere(trace.applied_at < trace.read_at.T)
    if early.size:
        bad = int(early[:, -1].min()) + 1
        raise InputError(f"Update {bad} of a trace was applied before its point was read.")
