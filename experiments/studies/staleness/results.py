"""The cells of the staleness study on disk: one JSON file each, checked when read, computed by any executor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.common.provenance import current_versions
from experiments.studies.staleness.cells import SCHEMA, Values, WorkerCell
from experiments.studies.staleness.needs import check_needs
from experiments.studies.staleness.scan import on_accelerator
from experiments.sweep.cell_files import CellFiles
from experiments.sweep.executor import Executor, Found, Made, Outcome, Recipe, executor_for, run_all
from experiments.workloads import get_workload
from theory.common.errors import StoreError
from theory.common.types import Progress, Say

FOLDER = "staleness"


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
        asked = {"file": f"{FOLDER}/{_FILES.name(self.cell)}", "cell": asdict(self.cell), "key": self.cell.digest}
        return asked | {"versions": dict(self.versions), "seconds": self.seconds}


def _restore(stored: Mapping[str, Any]) -> WorkerResult:
    carried = stored["values"], stored["versions"], float(stored["seconds"]), stored["command"]
    return WorkerResult(WorkerCell(**stored["cell"]), *carried)


def _check_current(result: WorkerResult) -> None:
    """The data may be another set of the same name, by GRADLAG_DATA."""
    if result.values["digest"] != get_workload(result.cell.workload).digest:
        raise StoreError(f"The data of {result.cell.workload} are others than those of the stored result.")


_FILES: CellFiles[WorkerResult] = CellFiles(
    SCHEMA,
    FOLDER,
    "result of the staleness study",
    key=lambda cell: str(cell.digest),
    asked=lambda cell: {"cell": asdict(cell)},
    restore=_restore,
    build=lambda cell, values, *rest: WorkerResult(cell, dict(values), *rest),
    check=_check_current,
)


def cell_path(cell: WorkerCell, out: Path | str) -> Path:
    """The file of a cell of a study that goes into `out`."""
    return _FILES.path(cell, out)


def save(result: WorkerResult, out: Path | str) -> Path:
    """Write a result whole or not at all; see `CellFiles.save`."""
    return _FILES.save(result, out)


def load(path: Path | str) -> WorkerResult:
    """Read a result and check it; see `CellFiles.load`."""
    return _FILES.load(path)


def load_results(folder: Path | str) -> tuple[WorkerResult, ...]:
    """All results of the study in a folder of results, in the order of their names; none if there are none."""
    return _FILES.load_all(folder)


def run_cell(cell: WorkerCell, out: Path | str, command: str = "") -> Outcome:
    """Run one cell, or take its file if it is whole; a refusal is recorded, an interruption passes through."""
    return _FILES.run(cell, out, command)


def run_cells(
    cells: Sequence[WorkerCell],
    out: Path | str,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
    announce: Say | None = None,
    command: str = "",
) -> tuple[Outcome, ...]:
    """Run cells of the study; see `experiments.sweep.run_cells.run_cells`. Files go into the folder `staleness`.

    On an accelerator this process computes them in groups; see `experiments.studies.staleness.scan`.

    Raises:
        DataError: data sets that are to be downloaded first; InputError: JAX is not installed. Nothing was started.
    """
    check_needs(cells)
    with nullcontext(executor) if executor is not None else executor_for(jobs) as chosen:
        best = on_accelerator(chosen, cells, _encoded)
        return run_all(RECIPE, cells, out, executor=best, progress=progress, announce=announce, command=command)


def _encoded(cell: WorkerCell, values: Values, versions: Mapping[str, str], seconds: float, command: str) -> Made:
    """The file of values that were computed in a group."""
    result = WorkerResult(cell, values, current_versions() | dict(versions), seconds, command)
    return Made(_FILES.name(cell), _FILES.encode(result), seconds)


def _run(cell: WorkerCell, out: Path, command: str, progress: Progress | None) -> Outcome:
    return _FILES.run(cell, out, command)


def _finder(out: Path) -> Callable[[WorkerCell], Found]:
    return lambda cell: _FILES.find(cell, out)


def _make(cell: WorkerCell, command: str) -> Made:
    return _FILES.make(cell, command)


RECIPE = Recipe(FOLDER, _run, _finder, _make)
