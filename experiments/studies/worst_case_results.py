"""The cells of the solved studies on disk: one JSON file each, checked when read, computed on local processes."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any

from experiments.provenance import current_versions
from experiments.store import check_writable, write_atomically
from experiments.studies.designs import DesignCell
from experiments.studies.limit import LimitCell
from experiments.studies.values import Values
from experiments.studies.worst_case import KINDS as _TRACES
from experiments.studies.worst_case import Cell as _TraceCell
from experiments.studies.worst_function import WorstFunctionCell
from experiments.sweep import told_failure
from theory.errors import InputError, StoreError
from theory.staleness import whole_number

Cell = _TraceCell | LimitCell | DesignCell | WorstFunctionCell
#: By the name that their files carry.
KINDS: Mapping[str, type[Cell]] = MappingProxyType(
    {**_TRACES, **{kind.kind: kind for kind in (LimitCell, DesignCell, WorstFunctionCell)}}
)
_CARRIED = ("values", "versions", "seconds", "command", "created")
SCHEMA, FOLDER = "gradlag-worst-case/1", "worst-case"
# Libraries that start threads of their own, one per core in every process unless they are told otherwise.
_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS")

Progress = Callable[[int, int], None]
Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Result:
    """What a cell gave, with everything that a reader needs to trust it.

    Args:
        cell: what was computed; values: its numbers.
        versions: of what computed it; seconds: how long that took; command: the command that asked for it.
        created: when it was written, in UTC; empty before.
    """

    cell: Cell
    values: Values
    versions: Mapping[str, str]
    seconds: float
    command: str
    created: str = ""

    @property
    def key(self) -> str:
        """Digest (sha256, hexadecimal) of the cell."""
        return cell_key(self.cell)

    def describe(self) -> dict[str, Any]:
        """Everything that determined the result, as plain values."""
        asked = {"file": f"{FOLDER}/{_file_name(self.cell)}", "kind": self.cell.kind, "cell": asdict(self.cell)}
        return asked | {"versions": dict(self.versions), "key": self.key, "seconds": self.seconds}


@dataclass(frozen=True)
class Outcome:
    """What became of a cell: its file, or why there is none."""

    cell: Cell
    path: Path | None
    error: str | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def cell_key(cell: Cell) -> str:
    """Digest (sha256, hexadecimal) of everything that determines a cell."""
    return hashlib.sha256(_canonical({"schema": SCHEMA, "kind": cell.kind} | asdict(cell)).encode()).hexdigest()


def cell_path(cell: Cell, out: Path | str) -> Path:
    """The file of a cell of a study that goes into `out`."""
    return Path(out) / FOLDER / _file_name(cell)


def _file_name(cell: Cell) -> str:
    return f"{cell.name}-{cell_key(cell)[:12]}.json"


def save(result: Result, out: Path | str) -> Path:
    """Write a result whole or not at all; NaN and infinity are refused.

    Raises:
        StoreError: the folder cannot be written to, or a number of the result is not finite.
    """
    path = check_writable(cell_path(result.cell, out))
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "key": result.key,
        "kind": result.cell.kind,
        "cell": asdict(result.cell),
        "values": dict(result.values),
        "versions": dict(result.versions),
        "seconds": result.seconds,
        "command": result.command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        text = json.dumps(content | {"content": _digest(content)}, indent=1, sort_keys=True, allow_nan=False)
    except ValueError as cause:
        raise StoreError(f"The cell {result.cell.name} holds a number that is not finite.") from cause
    write_atomically(path, text.encode())
    return path


def load(path: Path | str) -> Result:
    """Read a result and check it.

    Raises:
        StoreError: no such file, or one that is damaged, altered or of another schema.
    """
    try:
        stored = json.loads(Path(path).read_text(encoding="utf-8"))
        whole = stored["schema"] == SCHEMA and stored.pop("content") == _digest(stored)
        cell = KINDS[stored["kind"]](**stored["cell"])
        whole = whole and stored["key"] == cell_key(cell)
        found = Result(cell, *(stored[name] for name in _CARRIED))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise StoreError(f"The worst-case result {path} cannot be used: it is damaged or altered. Delete it.")
    return found


def load_results(folder: Path | str) -> tuple[Result, ...]:
    """All worst-case results in a folder of results, in the order of their names; none if there are none."""
    return tuple(load(path) for path in sorted((Path(folder) / FOLDER).glob("*.json")))


def run_cell(cell: Cell, out: Path | str, command: str = "") -> Outcome:
    """Compute one cell, or take its file if it is whole; a refusal is recorded, an interruption passes through."""
    path, notes = cell_path(cell, out), []
    try:
        if path.exists():
            try:
                load(path)
                return Outcome(cell, path)
            except StoreError as damage:
                path.unlink()
                notes.append(f"{damage} It is computed again now.")
        began = time.perf_counter()
        values = cell.compute()
        seconds = time.perf_counter() - began
        path = save(Result(cell, values, current_versions(), seconds, command), out)
        return Outcome(cell, path, notes=tuple(notes), seconds=seconds)
    except Exception as error:
        return _failure(cell, error, notes)


def run_cells(
    cells: Sequence[Cell],
    out: Path | str,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    announce: Say | None = None,
    command: str = "",
) -> tuple[Outcome, ...]:
    """Compute cells on local processes; see `experiments.sweep.run_cells`, of which this is the twin.

    Args:
        cells: what to compute; a cell that occurs twice is computed once.
        out: the folder of results; files go into its folder `worst-case`.
        jobs: how many processes; 1 stays in this one.
        progress: called with (done, total) in units of a guessed time.
        announce: called with a sentence when there is something to say.
        command: the command line, to be stored with the results.

    Returns:
        One outcome per different cell, in the order given.

    Raises:
        InputError: `jobs` is not a whole number of at least 1.
        StoreError: the folder cannot be written to.
    """
    count = whole_number(jobs, 1, "The number of jobs", InputError)
    check_writable(Path(out) / FOLDER / "probe")
    distinct = tuple(dict.fromkeys(cells))
    tell, say = progress or (lambda done, total: None), announce or (lambda sentence: None)
    done, total, outcomes = 0, sum(cell.work for cell in distinct), {}
    tell(done, total)
    for outcome in _outcomes(distinct, Path(out), min(count, len(distinct)), command):
        done += outcome.cell.work
        tell(done, total)
        for sentence in (*outcome.notes, *_complaint(outcome)):
            say(sentence)
        outcomes[outcome.cell] = outcome
    return tuple(outcomes[cell] for cell in distinct)


def _outcomes(cells: Sequence[Cell], out: Path, jobs: int, command: str) -> Iterator[Outcome]:
    if jobs <= 1:
        yield from (run_cell(cell, out, command) for cell in cells)
        return
    by_work = sorted(cells, key=lambda cell: -cell.work)  # the longest first, so that processes end together
    with _pool(jobs) as pool:
        running = {pool.submit(run_cell, cell, out, command): cell for cell in by_work}
        yield from (_outcome(future, running[future]) for future in as_completed(running))


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes with one thread each; an interruption drops what has not begun."""
    earlier = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        for name, value in earlier.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _outcome(future: Future[Outcome], cell: Cell) -> Outcome:
    error = future.exception()
    return _failure(cell, error, []) if error is not None else future.result()


def _failure(cell: Cell, error: BaseException, notes: Sequence[str]) -> Outcome:
    return Outcome(cell, None, told_failure(error), tuple(notes))


def _complaint(outcome: Outcome) -> tuple[str, ...]:
    return () if outcome.error is None else (f"The cell {outcome.cell.name} failed: {outcome.error}",)


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
