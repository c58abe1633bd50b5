"""Who computes the cells of a sweep: this process, local processes, or a cluster; the results are the same.

A cell is stateless: its file is a function of the cell alone, so that cells may be run in any order, by any executor,
and again after an interruption. A cell that fails does not stop the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.common.files import check_writable, remove_stale, write_atomically
from experiments.sweep.processes import Processes
from experiments.sweep.ray_executor import ray_executor
from experiments.sweep.store import AnyCell, C, CellOutcome, Executor, Store, ThisProcess, safe_name
from theory.common.errors import GradlagError, InputError
from theory.common.types import Progress, Say
from theory.staleness.count import whole_number

LOGS = "logs"


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
        return nullcontext(ThisProcess() if count == 1 else Processes(count))
    if count != 1:
        raise InputError(f"--jobs counts local processes, and a cluster has its own. Got --jobs {jobs}. Leave it out.")
    return ray_executor(cluster)


def run_cells(
    store: Store[C],
    cells: Sequence[C],
    out: Path | str,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
    announce: Say | None = None,
    command: str = "",
) -> tuple[CellOutcome, ...]:
    """Turn the cells of a sweep into files; those that are there and whole are taken as they are.

    Args:
        store: of the cells.
        cells: what to compute; a cell that occurs twice is computed once.
        out: the folder of results; files go into the store's folder there, logs of cells that failed into `logs`.
        jobs: how many local processes; 1 stays in this one, which uses all threads for one cell at a time.
        executor: who computes them, in place of `jobs`; see `executor_for`.
        progress: called with (done, total), in the unit of the cells' work.
        announce: called with a sentence when there is something to say.
        command: the command line, to be stored with the results.

    Returns:
        One outcome per different cell, in the order given. The results are the same for any order and any executor.

    Raises:
        InputError: `jobs` is not a whole number of at least 1.
        StoreError: the folder cannot be written to.
        EnvironmentFailure: the cluster was lost; what was finished is kept.
        GradlagError: what the store needs is missing; nothing was started.
    """
    store.check_needs(cells)
    with nullcontext(executor) if executor is not None else executor_for(jobs) as asked:
        chosen, folder, distinct = store.computed_by(asked, cells), Path(out), tuple(dict.fromkeys(cells))
        check_writable(folder / store.folder / "probe")
        for place in (folder, folder / LOGS, folder / store.folder):
            remove_stale(place)
        tell, say = progress or (lambda done, total: None), announce or (lambda sentence: None)
        before, whole, outcomes = 0, sum(cell.work for cell in distinct), {}
        tell(before, whole)
        within: Progress = lambda done, total: tell(before + done, whole)  # noqa: E731
        found: Any = chosen.outcomes(store, distinct, folder, command, within)
        with closing(found):  # a generator, whose end ends the processes behind it
            for outcome in found:
                before += outcome.cell.work
                tell(before, whole)
                outcomes[outcome.cell] = _told(outcome, folder, say)
    return tuple(outcomes[cell] for cell in distinct)


def log_path(cell: AnyCell, out: Path) -> Path:
    """Where the log of a cell that failed is."""
    return out / LOGS / f"{safe_name(cell.name)}.log"


def _told(outcome: CellOutcome, out: Path, say: Say) -> CellOutcome:
    for note in outcome.notes:
        say(note)
    if outcome.error is None:
        if outcome.seconds:  # what failed earlier is there now
            with suppress(OSError):
                log_path(outcome.cell, out).unlink(missing_ok=True)
        return outcome
    kept = _with_log(outcome, out)
    say(f"The cell {outcome.cell.name} failed: {kept.error}")
    return kept


def _with_log(outcome: CellOutcome, out: Path) -> CellOutcome:
    path = log_path(outcome.cell, out)
    text = f"{outcome.cell!r}\n\n{outcome.error}\n\n{outcome.log}\n"
    try:
        write_atomically(check_writable(path), text.encode(errors="replace"))
    except GradlagError:
        return outcome  # on a full disk there is no log, and the sentence stands alone
    return replace(outcome, error=f"{str(outcome.error).rstrip('.')}. Its log is {path}.")
