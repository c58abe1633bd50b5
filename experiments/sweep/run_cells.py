"""Many runs: a sweep is a list of cells, each a plain value with one result file.

A cell is stateless: its file is a function of the cell alone, so that cells may be run in any order, by any executor,
and again after an interruption. A cell that fails does not stop the others.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from experiments.runs.execute import execute, parts_folder_of, run_to_file
from experiments.runs.plan import Plan, plan
from experiments.runs.store import encode, load
from experiments.sweep.executor import Executor, Found, Made, Outcome, Recipe, failed, run_all, safe_name
from experiments.sweep.executor import told_failure as told_failure
from theory.common.errors import StoreError
from theory.common.types import Progress, Say

FOLDER = "cells"


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


def cells_folder(out: Path | str) -> Path:
    """Where the cells of a sweep into `out` are."""
    return Path(out) / FOLDER


def cell_path(cell: Cell, key: str, out: Path | str) -> Path:
    """The result file of a cell: its name made safe for a file system, and the start of its key."""
    return cells_folder(out) / f"{safe_name(cell.name)}-{key[:12]}.nc"


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
    notes: tuple[str, ...] = ()
    try:
        settled = cell.plan(command)
        path = cell_path(cell, settled.key, out)
        found = _find(settled, path)
        notes, seconds = found.notes, 0.0
        if found.path is None:
            began = time.perf_counter()
            run_to_file(settled, path, progress, afresh=bool(notes))
            seconds = time.perf_counter() - began
        return Outcome(cell, path, notes=notes, seconds=seconds)
    except Exception as error:
        return failed(cell, error, notes)


def run_cells(
    cells: Sequence[Cell],
    out: Path | str,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
    announce: Say | None = None,
    command: str = "",
) -> tuple[Outcome, ...]:
    """Run the cells of a sweep.

    Args:
        cells: what to run; a cell that occurs twice is run once.
        out: the folder of the sweep; results are in its folder `cells`, logs of cells that failed in `logs`.
        jobs: how many local processes; 1 stays in this one, which uses all threads for one cell at a time.
        executor: who runs them, in place of `jobs`; see `experiments.sweep.executor.executor_for`.
        progress: called with (done, total), in steps of one seed.
        announce: called with a sentence when there is something to say.
        command: the command line, to be stored with the results.

    Returns:
        One outcome per different cell, in the order given. The results are the same for any order and any executor.

    Raises:
        InputError: `jobs` is not a whole number of at least 1.
        StoreError: the folder cannot be written to.
        EnvironmentFailure: the cluster was lost; what was finished is kept.
    """
    return run_all(
        RECIPE, cells, out, jobs=jobs, executor=executor, progress=progress, announce=announce, command=command
    )


def _run(cell: Cell, out: Path, command: str, progress: Progress | None) -> Outcome:
    return run_cell(cell, out, progress, command)


def _finder(out: Path) -> Callable[[Cell], Found]:
    """A look into the folder first: to plan a cell takes longer than to see that no file has its name."""
    names = {path.name.rpartition("-")[0] for path in cells_folder(out).glob("*.nc")}

    def find(cell: Cell) -> Found:
        if safe_name(cell.name) not in names:
            return Found()
        settled = cell.plan()
        return _find(settled, cell_path(cell, settled.key, out))

    return find


def _make(cell: Cell, command: str) -> Made:
    """Run a cell where there is no folder of results."""
    settled = cell.plan(command)
    began = time.perf_counter()
    content = encode(execute(settled))
    return Made(cell_path(cell, settled.key, "").name, content, time.perf_counter() - began)


RECIPE = Recipe(FOLDER, _run, _finder, _make)


def _find(settled: Plan, path: Path) -> Found:
    """The file of a plan if it is whole; one that is not stays until a whole one takes its place."""
    if not path.exists():
        return Found()
    try:
        if load(path).configuration.key != settled.key:
            raise StoreError(f"The result file {path} holds the run of another configuration.")
    except StoreError as damage:
        return Found(notes=(f"{damage} It is run again now.",))
    parts = parts_folder_of(settled, path)
    if parts.exists():  # of a command that was killed when the result had just been written
        shutil.rmtree(parts, ignore_errors=True)
    return Found(path)
