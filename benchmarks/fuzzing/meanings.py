"""What a file means: read by the library, and read again here in another way where the format is open to changes."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from experiments.check.training_log import check_log
from experiments.data.sets import load as load_data
from experiments.logs.read import read_log
from experiments.runs.recorded_trace import load_trace
from experiments.runs.store import load as load_run
from fuzzing.verdicts import require
from theory.common.numbers import NUMBER
from theory.schedules.schedule import parse_schedule
from theory.staleness.count import Staleness
from theory.staleness.delays import read_trace

_WINDOW = Staleness(5)
# The check of a log takes time and memory in proportion to its last step: longer ones are only read.
_SHORT = 100_000
_SMALL = 50_000
_CONSTANTS = {"L": 1.0, "Delta": 2.0, "sigma": 0.5}


def delays_meaning(path: Path, content: bytes) -> tuple[int, ...]:
    """The delays: those of the lines, each within 0 <= d <= min(s - 1, k - 1)."""
    lines = [line for line in _lines(content.rstrip(b" \t\r\n")) if not line.lstrip(" \t").startswith("#")]
    values = read_trace(path, len(lines), _WINDOW).values
    found = tuple(values.ravel().tolist())
    written = tuple(Decimal(word) for line in lines for word in re.findall(r"[^ \t,;|()\[\]]+", line))
    require(found == written, f"{found} where {lines[:9]} is written")
    require(
        all(0 <= d <= min(4, at * len(lines) // len(found)) for at, d in enumerate(found)), f"out of range: {found}"
    )
    return found


def steps_meaning(path: Path, content: bytes) -> tuple[float, ...]:
    """The step sizes: those of the lines, finite and at least 0."""
    found = tuple(parse_schedule(f"@{path}").step_sizes(len(_lines(content.rstrip()))).tolist())
    require(found == tuple(float(line) for line in _lines(content.rstrip())), f"{found[:9]} are not the lines")
    require(all(0 <= step < float("inf") for step in found), f"no step sizes: {found[:9]}")
    return found


def _lines(content: bytes) -> list[str]:
    lines = content.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def log_meaning(path: Path, content: bytes) -> tuple[Any, ...]:
    """The numbers of a log, each of which stands in the file; the check of the log ends in a verdict or a refusal."""
    log = read_log(path, norm="minibatch")
    found = [*log.times.tolist(), *log.seeds, *log.measured.ravel().tolist()]
    require(
        bool((log.measured >= 0).all()) and bool((np.diff(log.times) > 0).all()), "norms below zero, or steps twice"
    )
    text = content.decode("utf-8-sig")
    written = {float(number) for number in NUMBER.findall(text)} if len(text) < _SMALL else set(found)
    written |= {float("inf"), 0.0} | {number - 1 for number in written} | set(range(len(log.seeds)))
    require(written.issuperset(found), "the numbers of the log are not those of the file")
    if log.times[-1] <= _SHORT:
        check_log(log, "1/(4*s*L*sqrt(k))", 5, _CONSTANTS, bounds=["theorem-a"])
    return tuple(found)


def run_meaning(path: Path, content: bytes) -> tuple[Any, ...]:
    """Everything that a stored run says."""
    run = load_run(path)
    values = tuple((str(name), run.data[name].values.tobytes()) for name in sorted(map(str, run.data.variables)))
    return run.configuration.to_json(), values, tuple(sorted((k, str(v)) for k, v in run.data.attrs.items()))


def trace_meaning(path: Path, content: bytes) -> tuple[str, str]:
    """Everything that a stored trace says."""
    trace = load_trace(path)
    return trace.digest, trace.description


def data_meaning(path: Path, content: bytes) -> str:
    """The user's own data: finite features with a label each; numpy reads the same."""
    found = load_data(path.stem)
    require(found.features.ndim == 2 and bool(np.isfinite(found.features).all()), "features that are no numbers")
    require(found.labels.shape == (len(found.features),), "labels that do not fit")
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        same = np.array_equal(archive["features"], found.features) and np.array_equal(archive["labels"], found.labels)
    require(same, "numpy reads other numbers")
    return found.digest
