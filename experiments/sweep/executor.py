"""Who computes the cells of a sweep: this process, local processes, or a cluster; the results are the same.

Every sort of cell says by a recipe how a cell becomes its file. Where the disk is shared, a process carries out the
whole recipe; where it is not, workers make the bytes of a file and the one process that has the folder keeps them.
Files appear by renaming, so that what is finished is whole whatever dies, and two commands may share a folder.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from typing import Any, Protocol

import numba

from experiments.common.files import check_writable, remove_stale, write_atomically
from theory.common.errors import GradlagError, InputError
from theory.common.types import Progress, Say
from theory.staleness.count import whole_number

LOGS = "logs"
_GRACE = 2  # seconds in which a process that is told to stop may remove what it has half written
# Libraries that start threads of their own, one per core in every process unless they are told otherwise.
THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "RAYON_NUM_THREADS",
)


class AnyCell(Protocol):
    """One result of a study before it is there: a plain value with a name, and a guess of its time in no unit."""

    @property
    def name(self) -> str: ...

    @property
    def work(self) -> int: ...


@dataclass(frozen=True)
class Outcome:
    """What became of a cell.

    Args:
        cell: which one; path: its file, or None; error: why there is none.
        notes: what a user should know; seconds: what it took, 0 where it was there already.
        log: where it stopped, for a reader who looks for the reason.
    """

    cell: Any
    path: Path | None
    error: str | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    log: str = field(default="", repr=False)


@dataclass(frozen=True)
class Made:
    """A result that is not on a disk yet: the name and the bytes of its file, and the seconds it took."""

    name: str
    content: bytes = field(repr=False)
    seconds: float


@dataclass(frozen=True)
class Found:
    """The whole file of a cell, if there is one, and what was wrong with one that is not used."""

    path: Path | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """How cells of one sort become files. All are functions of modules, so that they travel to other processes.

    Args:
        folder: where the files go, below the folder of results.
        run: (cell, out, command, progress) -> Outcome: take the file or make it, in a process that has the folder; a
            failure is told in the outcome, an interruption passes through.
        finder: (out) -> (cell) -> Found: what is there already.
        make: (cell, command) -> Made: compute, on whatever machine.
    """

    folder: str
    run: Callable[[Any, Path, str, Progress | None], Outcome]
    finder: Callable[[Path], Callable[[Any], Found]]
    make: Callable[[Any, str], Made]

    def keep(self, made: Made, out: Path) -> Path:
        """Write a result whole or not at all."""
        path = out / self.folder / Path(made.name).name
        if not path.parent.is_dir():
            check_writable(path)
        write_atomically(path, made.content)
        return path


class Executor(ABC):
    """Turns cells into files, in any order."""

    @abstractmethod
    def outcomes(
        self, recipe: Recipe, cells: Sequence[Any], out: Path, command: str, within: Progress
    ) -> Iterator[Outcome]:
        """One outcome per cell as it comes; `within` is told (done, total) of a cell that is not finished."""


class Here(Executor):
    """This process, one cell after the other, each on all threads."""

    def outcomes(
        self, recipe: Recipe, cells: Sequence[Any], out: Path, command: str, within: Progress
    ) -> Iterator[Outcome]:
        for cell in cells:
            yield recipe.run(cell, out, command, within)


@dataclass(frozen=True)
class Processes(Executor):
    """Local processes that share the cores."""

    jobs: int

    def outcomes(
        self, recipe: Recipe, cells: Sequence[Any], out: Path, command: str, within: Progress
    ) -> Iterator[Outcome]:
        with _pool(min(self.jobs, max(1, len(cells)))) as pool:
            running = {_submitted(pool, recipe.run, cell, out, command): cell for cell in by_work(cells)}
            for future in as_completed(running):
                yield _outcome(future, running[future])


def executor_for(jobs: int = 1, cluster: str | None = None) -> AbstractContextManager[Executor]:
    """The executor that a user asked for; a cluster is left when the context ends.

    Args:
        jobs: local processes; 1 stays in this one, which uses all threads for one cell at a time.
        cluster: the address of a Ray cluster, or "local" to start Ray on this machine.

    Raises:
        InputError: `jobs` is not a whole number of at least 1, or given beside a cluster; Ray is not installed.
        EnvironmentFailure: the cluster does not answer.
    """
    count = whole_number(jobs, 1, "The number of jobs", InputError)
    if cluster is None:
        return nullcontext(Here() if count == 1 else Processes(count))
    if count != 1:
        raise InputError(f"--jobs counts local processes, and a cluster has its own. Got --jobs {jobs}. Leave it out.")
    from experiments.sweep.ray_executor import ray_executor

    return ray_executor(cluster)


def run_all(
    recipe: Recipe,
    cells: Sequence[Any],
    out: Path | str,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
    announce: Say | None = None,
    command: str = "",
) -> tuple[Outcome, ...]:
    """Turn cells into files; see `experiments.sweep.run_cells.run_cells`."""
    with nullcontext(executor) if executor is not None else executor_for(jobs) as chosen:
        folder, distinct = Path(out), tuple(dict.fromkeys(cells))
        check_writable(folder / recipe.folder / "probe")
        for place in (folder, folder / LOGS, folder / recipe.folder):
            remove_stale(place)
        tell, say = progress or (lambda done, total: None), announce or (lambda sentence: None)
        before, whole, outcomes = 0, sum(cell.work for cell in distinct), {}
        tell(before, whole)
        within: Progress = lambda done, total: tell(before + done, whole)  # noqa: E731
        with closing(_iterator(chosen.outcomes(recipe, distinct, folder, command, within))) as found:
            for outcome in found:
                before += outcome.cell.work
                tell(before, whole)
                outcomes[outcome.cell] = _told(outcome, folder, say)
    return tuple(outcomes[cell] for cell in distinct)


def _iterator(found: Iterator[Outcome]) -> Any:
    """Generators can be closed at once, which ends the processes behind them; their type does not say so."""
    return found


def by_work(cells: Sequence[Any]) -> list[Any]:
    """The longest first, so that processes end together."""
    return sorted(cells, key=lambda cell: -cell.work)


def safe_name(name: str) -> str:
    """A name made safe for a file system.

    >>> safe_name("../a b/c:d=1")
    'a-b-c-d=1'
    """
    return re.sub(r"[^A-Za-z0-9._=-]+", "-", name).strip("-.")


def failed(cell: Any, error: BaseException, notes: Sequence[str] = ()) -> Outcome:
    """The outcome of a cell that an error stopped."""
    return Outcome(cell, None, told_failure(error), tuple(notes), log=told_trace(error))


def told_failure(error: BaseException) -> str:
    """A sentence on what stopped a cell."""
    if isinstance(error, BrokenExecutor):
        return "Its process ended abruptly, perhaps for lack of memory. Run the same command again, with fewer --jobs."
    return str(error) if isinstance(error, GradlagError) else f"{type(error).__name__}: {error}"


def told_trace(error: BaseException) -> str:
    """Where an error came from."""
    return "".join(traceback.format_exception(error))


def log_path(cell: AnyCell, out: Path) -> Path:
    """Where the log of a cell that failed is."""
    return out / LOGS / f"{safe_name(cell.name)}.log"


def _told(outcome: Outcome, out: Path, say: Say) -> Outcome:
    for note in outcome.notes:
        say(note)
    if outcome.error is None:
        if outcome.seconds:
            _forget_log(log_path(outcome.cell, out))
        return outcome
    kept = _with_log(outcome, out)
    say(f"The cell {outcome.cell.name} failed: {kept.error}")
    return kept


def _with_log(outcome: Outcome, out: Path) -> Outcome:
    path = log_path(outcome.cell, out)
    text = f"{outcome.cell!r}\n\n{outcome.error}\n\n{outcome.log}\n"
    try:
        write_atomically(check_writable(path), text.encode(errors="replace"))
    except GradlagError:
        return outcome  # on a full disk there is no log, and the sentence stands alone
    return replace(outcome, error=f"{str(outcome.error).rstrip('.')}. Its log is {path}.")


def _forget_log(path: Path) -> None:
    """What failed earlier is there now."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def _outcome(future: Future[Outcome], cell: Any) -> Outcome:
    error = future.exception()
    return failed(cell, error) if error is not None else future.result()


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that share the cores; an interruption ends them at once, as finished blocks are on the disk."""
    threads = max(1, numba.get_num_threads() // jobs)
    earlier = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
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


def _submitted(pool: ProcessPoolExecutor, *call: Any) -> Future[Outcome]:
    """A call on its way; a process may be dead before the last one is."""
    try:
        return pool.submit(_run_in_process, *call)
    except BrokenExecutor as error:
        broken: Future[Outcome] = Future()
        broken.set_exception(error)
        return broken


def _run_in_process(run: Callable[..., Outcome], cell: Any, out: Path, command: str) -> Outcome:
    """Run a cell where a request to stop first lets half-written files be removed."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return run(cell, out, command, None)
    except KeyboardInterrupt:
        os._exit(130)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _interrupt(number: int, frame: object) -> None:
    """Stop; what is raised in a callback of a weak reference, say, is dropped by Python, which tells a hook of it.

    The pool takes what is raised just before or after a cell for the cell's result, and its parent would wait for
    this process for ever: an alarm ends it whatever becomes of the exception.
    """
    if hasattr(signal, "alarm"):
        signal.alarm(_GRACE)
    sys.unraisablehook = lambda dropped: os._exit(130)
    raise KeyboardInterrupt


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
