"""Local processes that share the cores."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from typing import Any

import numba

from experiments.sweep.store import CellOutcome, Executor, Store, by_work, failed
from theory.common.types import Progress

_GRACE = 2  # seconds in which a process that is told to stop may remove what it has half written
# Libraries that start threads of their own, one per core in every process unless they are told otherwise.
THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "RAYON_NUM_THREADS",
)


@dataclass(frozen=True)
class Processes(Executor):
    """Local processes that share the cores."""

    jobs: int

    def outcomes(
        self, store: Store[Any], cells: Sequence[Any], out: Path, command: str, within: Progress
    ) -> Iterator[CellOutcome]:
        with process_pool(min(self.jobs, max(1, len(cells)))) as pool:
            running: dict[Future[CellOutcome], Any] = {}
            for cell in by_work(cells):
                try:
                    running[pool.submit(_run_in_process, store.run, cell, out, command)] = cell
                except BrokenExecutor as error:  # a process may be dead before the last cell is on its way
                    yield failed(cell, error)
            for future in as_completed(running):
                stopped = future.exception()
                yield future.result() if stopped is None else failed(running[future], stopped)


@contextmanager
def process_pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
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


def _run_in_process(run: Callable[..., CellOutcome], cell: Any, out: Path, command: str) -> CellOutcome:
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
