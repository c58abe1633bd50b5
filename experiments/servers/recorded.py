"""Traces that a real server recorded, kept with the package for machines without Ray.

`benchmarks/pack_traces.py` packs the traces of the runs that `gradlag reproduce async` made in a folder. The iterates
are not kept: delays, draws and steps determine them, and the replay finds them again.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from experiments.runs.recorded_trace import ServerTrace
from theory.common.errors import StoreError

# Times of a real server come in ticks of 2^-20 seconds.
_TICKS = float(1 << 20)


def recorded_name(name: str) -> str:
    """The file of a cell's traces among the data sets."""
    return f"ray_trace_{name}.npz"


def is_recorded(name: str) -> bool:
    """Whether traces of that cell travel with the package."""
    return files("experiments").joinpath("datasets", recorded_name(name)).is_file()


def recorded_traces(name: str) -> tuple[ServerTrace, ...]:
    """The traces of a cell that travel with the package; StoreError if there are none."""
    place = files("experiments").joinpath("datasets", recorded_name(name))
    if not place.is_file():
        raise StoreError(f"No traces of {name} travel with gradlag. Install Ray: pip install 'gradlag[cluster]'.")
    return unpack(place.read_bytes())


def pack(traces: Sequence[ServerTrace]) -> bytes:
    """Traces in few bytes: whole numbers only, no delays (draws and reads give them), times in ticks.

    Raises:
        StoreError: times that are no whole ticks, or a trace of which something is not known.
    """
    read, applied = (
        np.concatenate([getattr(trace, name) for trace in traces]) * _TICKS for name in ("read_at", "applied_at")
    )
    if not (np.array_equal(read, read.round()) and np.array_equal(applied, applied.round())):
        raise StoreError("Only traces of a real server are packed: their times are whole ticks.")
    lengths = [trace.steps for trace in traces]
    ends = np.cumsum(lengths)[:-1]
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        lengths=np.array(lengths),
        delays=_small(np.concatenate([trace.delays for trace in traces])),
        workers=_small(np.concatenate([trace.workers for trace in traces])),
        # Draws differ from their places by little, and times grow by little.
        samples=_small(np.concatenate([trace.samples - np.arange(trace.steps) for trace in traces])),
        applied=_small(np.concatenate([np.diff(part, prepend=0) for part in np.split(applied, ends)])),
        lasted=_small(applied - read),
        count=np.array(traces[0].count),
        description=np.array([trace.description for trace in traces]),
    )
    return packed.getvalue()


def unpack(content: bytes) -> tuple[ServerTrace, ...]:
    """The traces of a file that `pack` made; StoreError if it is damaged."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            columns = {name: stored[name] for name in stored.files}
        lengths = columns["lengths"]
        parts = {
            name: np.split(columns[name].astype(np.int64), np.cumsum(lengths)[:-1])
            for name in ("delays", "workers", "samples", "applied", "lasted")
        }
        rows = zip(*parts.values(), columns["description"].tolist(), strict=True)
        return tuple(_trace(*row, count=int(columns["count"])) for row in rows)
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as cause:
        raise StoreError("The recorded traces that travel with gradlag are damaged. Install it again.") from cause


def _trace(
    delays: NDArray[np.int64],
    workers: NDArray[np.int64],
    samples: NDArray[np.int64],
    applied: NDArray[np.int64],
    lasted: NDArray[np.int64],
    description: str,
    *,
    count: int,
) -> ServerTrace:
    ends = np.cumsum(applied)
    draws = samples + np.arange(delays.size)
    return ServerTrace(delays, workers, (ends - lasted) / _TICKS, ends / _TICKS, draws, count, "ray", str(description))


def _small(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Whole numbers in the smallest type that holds them."""
    whole = np.asarray(values).astype(np.int64)
    kind = np.result_type(np.min_scalar_type(whole.min()), np.min_scalar_type(whole.max()))
    return whole.astype(kind)
