"""Cells that are runs of the simulator: what is asked for as plain values, and one netCDF file for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from experiments.common.files import remove_folder
from experiments.runs.execute import execute, parts_folder_of, run_to_file
from experiments.runs.plan import Plan, plan
from experiments.runs.store import encode, load
from experiments.sweep.store import CellOutcome, FoundFile, Made, Store, safe_name
from theory.common.errors import StoreError
from theory.common.types import Progress


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


def cell_path(cell: Cell, key: str, out: Path | str) -> Path:
    """The result file of a cell: its name made safe for a file system, and the start of its key."""
    return Path(out) / RunStore.folder / f"{safe_name(cell.name)}-{key[:12]}.nc"


class RunStore(Store[Cell]):
    """The runs of a sweep. In a process that has the folder, finished seeds of an interrupted run are used."""

    folder = "cells"
    plural = "runs"

    def path(self, cell: Cell, out: Path | str) -> Path:
        """The file of a cell; it takes a plan to know its key."""
        return cell_path(cell, cell.plan().key, out)

    def find(self, cell: Cell, out: Path) -> FoundFile:
        """The file of a cell if it is whole."""
        settled = cell.plan()
        path = cell_path(cell, settled.key, out)
        if not path.exists():
            return FoundFile()
        try:
            if load(path).configuration.key != settled.key:
                raise StoreError(f"The result file {path} holds the run of another configuration.")
        except StoreError as damage:
            return FoundFile(notes=(f"{damage} It is run again now.",))
        parts = parts_folder_of(settled, path)
        if parts.exists():  # of a command that was killed when the result had just been written
            remove_folder(parts)
        return FoundFile(path)

    def finder(self, out: Path) -> Callable[[Cell], FoundFile]:
        """A look into the folder first: to plan a cell takes longer than to see that no file has its name."""
        names = {path.name.rpartition("-")[0] for path in (out / self.folder).glob("*.nc")}
        return lambda cell: self.find(cell, out) if safe_name(cell.name) in names else FoundFile()

    def make(self, cell: Cell, command: str) -> Made:
        """Run a cell where there is no folder of results."""
        settled = cell.plan(command)
        began = time.perf_counter()
        content = encode(execute(settled))
        return Made(cell_path(cell, settled.key, "").name, content, time.perf_counter() - began)

    def write(self, cell: Cell, out: Path, command: str, found: FoundFile, progress: Progress | None) -> CellOutcome:
        """Run a cell seed by seed; what is wrong stays until the new file is whole."""
        settled = cell.plan(command)
        path, began = cell_path(cell, settled.key, out), time.perf_counter()
        run_to_file(settled, path, progress, afresh=bool(found.notes))
        return CellOutcome(cell, path, notes=found.notes, seconds=time.perf_counter() - began)


RUNS = RunStore()
