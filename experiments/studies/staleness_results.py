"""The cells of the staleness study on disk: one JSON file each, checked when read, computed on local processes."""

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
from typing import Any

from experiments.provenance import current_versions
from experiments.store import check_writable, write_atomically
from experiments.studies.staleness_cells import SCHEMA, Values, WorkerCell, canonical
from experiments.workloads import get_workload
from theory.errors import GradlagError, InputError, StoreError
from theory.staleness import whole_number

FOLDER = "staleness"
# Libraries that start threads of their own, one per core in every process unless they are told otherwise.
_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")

Progress = Callable[[int, int], None]
Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class WorkerResult:
    """What a cell gave, with everything that a reader needs to trust it.

    Args:
        cell: what was run; values: its numbers, see `WorkerCell.compute`.
        versions: of what ran it; seconds: how long that took; command: the command that asked for it.
    """

    cell: WorkerCell
    values: Values
    versions: Mapping[str, str]
    seconds: float
    command: str

    def describe(self) -> dict[str, Any]:
        """Everything that determined the result, as plain values."""
        asked = {"file": f"{FOLDER}/{_file_name(self.cell)}", "cell": asdict(self.cell), "key": self.cell.digest}
        return asked | {"versions": dict(self.versions), "seconds": self.seconds}


@dataclass(frozen=True)
class Outcome:
    """What became of a cell: its file, or why there is none, and the seconds it took; 0 where it was there already."""

    cell: WorkerCell
    path: Path | None
    error: str | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def cell_path(cell: WorkerCell, out: Path | str) -> Path:
    """The file of a cell of a study that goes into `out`."""
    return Path(out) / FOLDER / _file_name(cell)


def _file_name(cell: WorkerCell) -> str:
    return f"{cell.name}-{cell.digest[:12]}.json"


def save(result: WorkerResult, out: Path | str) -> Path:
    """Write a result whole or not at all.

    Raises:
        StoreError: the folder cannot be written to, or a number of the result is not finite.
    """
    path = check_writable(cell_path(result.cell, out))
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "key": result.cell.digest,
        "cell": asdict(result.cell),
        "values": dict(result.values),
        "versions": dict(result.versions),
        "seconds": result.seconds,
        "command": result.command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        text = json.dumps(content | {"content": _digest(content)}, sort_keys=True, allow_nan=False)
    except ValueError as cause:
        raise StoreError(f"The cell {result.cell.name} holds a number that is not finite.") from cause
    write_atomically(path, text.encode())
    return path


def load(path: Path | str) -> WorkerResult:
    """Read a result and check it.

    Raises:
        StoreError: no such file, or one that is damaged, altered or of another schema.
    """
    try:
        stored = json.loads(Path(path).read_text(encoding="utf-8"))
        whole = stored["schema"] == SCHEMA and stored.pop("content") == _digest(stored)
        cell = WorkerCell(**stored["cell"])
        whole = whole and stored["key"] == cell.digest
        found = WorkerResult(cell, stored["values"], stored["versions"], float(stored["seconds"]), stored["command"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, GradlagError):
        whole = False
    if not whole:
        raise StoreError(f"The result {path} of the staleness study cannot be used: it is damaged or altered.")
    return found


def load_results(folder: Path | str) -> tuple[WorkerResult, ...]:
    """All results of the study in a folder of results, in the order of their names; none if there are none."""
    return tuple(load(path) for path in sorted((Path(folder) / FOLDER).glob("*.json")))


def run_cell(cell: WorkerCell, out: Path | str, command: str = "", progress: Progress | None = None) -> Outcome:
    """Run one cell, or take its file if it is whole; a refusal is recorded, an interruption passes through."""
    path, notes = cell_path(cell, out), []
    try:
        if path.exists():
            try:
                _check_current(load(path))
                return Outcome(cell, path)
            except StoreError as damage:
                path.unlink()
                notes.append(f"{damage} It is computed again now.")
        began = time.perf_counter()
        values = cell.compute(progress)
        seconds = time.perf_counter() - began
        path = save(WorkerResult(cell, values, current_versions(), seconds, command), out)
        return Outcome(cell, path, notes=tuple(notes), seconds=seconds)
    except Exception as error:
        return _failure(cell, error, notes)


def run_cells(
    cells: Sequence[WorkerCell],
    out: Path | str,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    announce: Say | None = None,
    command: str = "",
) -> tuple[Outcome, ...]:
    """Run cells of the study on local processes; see `experiments.sweep.run_cells`, of which this is the twin.

    Args:
        cells: what to run; a cell that occurs twice is run once.
        out: the folder of results; files go into its folder `staleness`.
        jobs: how many processes; 1 stays in this one, which shares out a cell's seeds over threads.
        progress: called with (done, total) in iterations of single seeds.
        announce: called with a sentence when there is something to say.
        command: the command line, to be stored with the results.

    Returns:
        One outcome per different cell, in the order given. The numbers are the same for any order and number of jobs.

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


def _check_current(result: WorkerResult) -> None:
    """The data may be another set of the same name, by GRADLAG_DATA."""
    if result.values["digest"] != get_workload(result.cell.workload).digest:
        raise StoreError(f"The data of {result.cell.workload} are others than those of the stored result.")


def _outcomes(cells: Sequence[WorkerCell], out: Path, jobs: int, command: str) -> Iterator[Outcome]:
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


def _outcome(future: Future[Outcome], cell: WorkerCell) -> Outcome:
    error = future.exception()
    return _failure(cell, error, []) if error is not None else future.result()


def _failure(cell: WorkerCell, error: BaseException, notes: Sequence[str]) -> Outcome:
    sentence = str(error) if isinstance(error, GradlagError) else f"{type(error).__name__}: {error}"
    return Outcome(cell, None, sentence, tuple(notes))


def _complaint(outcome: Outcome) -> tuple[str, ...]:
    return () if outcome.error is None else (f"The cell {outcome.cell.name} failed: {outcome.error}",)


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(content).encode()).hexdigest()
