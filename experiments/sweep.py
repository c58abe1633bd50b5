"""Many runs on one machine: a sweep is a list of cells, each a plain value with one result file.

A cell is stateless: its file is a function of the cell alone, so that cells may be run in any order, in any number of
processes, and again after an interruption. A cell that fails does not stop the others.
"""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path

import numba

from experiments.planning import Plan, plan
from experiments.result import Run
from experiments.runs import Progress, Say, run_to_file
from experiments.store import check_writable, load
from theory.errors import GradlagError, InputError, StoreError
from theory.staleness import whole_number

# Libraries that start threads of their own, one per core in every process unless they are told otherwise.
_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class Cell:
    """One run of a sweep, as plain values: what `plan` is asked for, under a name.

    Args:
        name: what the result file is called, before the key.
        problem, schedule, staleness, steps, seeds, first_seed, batch, delays, record_every, constants: see `plan`.

    >>> Cell("tiny", "quadratic:d=3", "1/(s*L)", staleness=2, steps=4, seeds=2).plan().configuration.seeds
    (0, 1)
    """

    name: str
    problem: str
    schedule: str
    staleness: int
    steps: int
    seeds: int = 32
    first_seed: int = 0
    batch: int | None = None
    delays: str = "constant"
    record_every: int = 1
    constants: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def work(self) -> int:
        """The number of steps of single seeds."""
        return self.steps * self.seeds

    def plan(self, command: str = "") -> Plan:
        """Settle the run; whatever is wrong with the cell is refused here."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "name"}
        return plan(**values, command=command)


@dataclass(frozen=True)
class Outcome:
    """What became of a cell: its file, or why there is none, and the seconds it took; 0 where it was there already."""

    cell: Cell
    path: Path | None
    error: str | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    def run(self) -> Run:
        """The run of the cell, read from its file."""
        if self.path is None:
            raise StoreError(f"The cell {self.cell.name} has no result: {self.error}")
        return load(self.path)


def cells_folder(out: Path | str) -> Path:
    """Where the cells of a sweep into `out` are."""
    return Path(out) / "cells"


def cell_path(cell: Cell, key: str, out: Path | str) -> Path:
    """The result file of a cell: its name made safe for a file system, and the start of its key."""
    return cells_folder(out) / f"{re.sub(r'[^A-Za-z0-9._=-]+', '-', cell.name).strip('-.')}-{key[:12]}.nc"


def run_cell(cell: Cell, out: Path | str, progress: Progress | None = None, command: str = "") -> Outcome:
    """Run one cell, or take its file if it is whole.

    Args:
        cell: what to run.
        out: the folder of the sweep.
        progress: called with (done, total).
        command: the command line, to be stored with the result.

    Returns:
        The outcome; a refusal is recorded in it, and an interruption passes through.
    """
    notes: list[str] = []
    try:
        settled = cell.plan(command)
        path = cell_path(cell, settled.key, out)
        seconds = 0.0
        if not _is_whole(path, notes):
            began = time.perf_counter()
            run_to_file(settled, path, progress)
            seconds = time.perf_counter() - began
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
    """Run the cells of a sweep on local processes.

    Args:
        cells: what to run; a cell that occurs twice is run once.
        out: the folder of the sweep; results are in its folder `cells`.
        jobs: how many processes; 1 stays in this one, which uses all threads for one cell at a time.
        progress: called with (done, total), in steps of one seed.
        announce: called with a sentence when there is something to say.
        command: the command line, to be stored with the results.

    Returns:
        One outcome per different cell, in the order given. The results are the same for any order and number of jobs.

    Raises:
        InputError: `jobs` is not a whole number of at least 1.
        StoreError: the folder cannot be written to.
    """
    count = whole_number(jobs, 1, "The number of jobs", InputError)
    check_writable(cells_folder(out) / "probe")
    distinct = tuple(dict.fromkeys(cells))
    tell, say = progress or (lambda done, total: None), announce or (lambda sentence: None)
    if min(count, len(distinct)) <= 1:
        found = _run_here(distinct, Path(out), tell, command)
    else:
        found = _run_in_processes(distinct, Path(out), min(count, len(distinct)), tell, command)
    outcomes = {outcome.cell: _told(outcome, say) for outcome in found}
    return tuple(outcomes[cell] for cell in distinct)


def _told(outcome: Outcome, say: Say) -> Outcome:
    for note in outcome.notes:
        say(note)
    if outcome.error is not None:
        say(f"The cell {outcome.cell.name} failed: {outcome.error}")
    return outcome


def _run_here(cells: Sequence[Cell], out: Path, tell: Progress, command: str) -> Iterator[Outcome]:
    before, whole = 0, sum(cell.work for cell in cells)
    tell(before, whole)
    for cell in cells:
        yield run_cell(cell, out, _shifted(tell, before, whole), command)
        before += cell.work
        tell(before, whole)


def _shifted(tell: Progress, before: int, whole: int) -> Progress:
    return lambda done, total: tell(before + done, whole)


def _run_in_processes(cells: Sequence[Cell], out: Path, jobs: int, tell: Progress, command: str) -> Iterator[Outcome]:
    finished, whole = 0, sum(cell.work for cell in cells)
    tell(finished, whole)
    with _pool(jobs) as pool:
        running = {pool.submit(_run_in_process, cell, out, command): cell for cell in cells}
        for future in as_completed(running):
            finished += running[future].work
            tell(finished, whole)
            yield _outcome(future, running[future])


def _outcome(future: Future[Outcome], cell: Cell) -> Outcome:
    error = future.exception()
    return _failure(cell, error) if error is not None else future.result()


def _failure(cell: Cell, error: BaseException, notes: Sequence[str] = ()) -> Outcome:
    return Outcome(cell, None, told_failure(error), tuple(notes))


def told_failure(error: BaseException) -> str:
    """A sentence on what stopped a cell."""
    if isinstance(error, BrokenExecutor):
        return "Its process ended abruptly, perhaps for lack of memory. Run the same command again, with fewer --jobs."
    return str(error) if isinstance(error, GradlagError) else f"{type(error).__name__}: {error}"


def _is_whole(path: Path, notes: list[str]) -> bool:
    if not path.exists():
        return False
    try:
        load(path)
    except StoreError as damage:
        path.unlink()
        notes.append(f"{damage} It is run again now.")
        return False
    return True


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that share the cores; an interruption ends them at once, as finished blocks are on the disk."""
    threads = max(1, numba.get_num_threads() // jobs)
    earlier = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(threads)))
    others = set(active_children())
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_prepare, initargs=(threads,))
    try:
        yield pool
    except BaseException:
        for process in set(active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        for name, value in earlier.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _run_in_process(cell: Cell, out: Path, command: str) -> Outcome:
    """Run a cell where a request to stop first lets half-written files be removed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return run_cell(cell, out, None, command)
    except KeyboardInterrupt:
        os._exit(130)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _prepare(threads: int) -> None:
    """In a new process: its share of threads; interruptions are left to its parent, which it does not outlive."""
    numba.set_num_threads(threads)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
