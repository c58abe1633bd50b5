"""The cells of the study of Theorem 1's steps on disk: one JSON file each, checked when read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.studies.theorem_step.study import SCHEMA, TheoremStepCell
from experiments.studies.values import Values
from experiments.sweep.cell_files import CellFiles
from experiments.sweep.executor import Executor, Found, Made, Outcome, Recipe, run_all
from experiments.workloads import get_workload
from theory.common.errors import StoreError
from theory.common.types import Progress, Say

FOLDER = "theorem-step"


@dataclass(frozen=True, eq=False)
class StepResult:
    """What a cell gave: its numbers (see `TheoremStepCell.compute`), and what computed them by which command."""

    cell: TheoremStepCell
    values: Values
    versions: Mapping[str, str]
    seconds: float
    command: str

    def describe(self) -> dict[str, Any]:
        """Everything that determined the result, as plain values."""
        asked = {"file": f"{FOLDER}/{_FILES.name(self.cell)}", "cell": asdict(self.cell), "key": self.cell.digest}
        return asked | {"versions": dict(self.versions), "seconds": self.seconds}


def _restore(stored: Mapping[str, Any]) -> StepResult:
    carried = stored["values"], stored["versions"], float(stored["seconds"]), stored["command"]
    return StepResult(TheoremStepCell(**stored["cell"]), *carried)


def _check_current(result: StepResult) -> None:
    """The data may be another set of the same name, by GRADLAG_DATA."""
    if result.values["digest"] != get_workload(result.cell.workload).digest:
        raise StoreError(f"The data of {result.cell.workload} are others than those of the stored result.")


_FILES: CellFiles[StepResult] = CellFiles(
    SCHEMA,
    FOLDER,
    "result of Theorem 1's steps",
    key=lambda cell: str(cell.digest),
    asked=lambda cell: {"cell": asdict(cell)},
    restore=_restore,
    build=lambda cell, values, *rest: StepResult(cell, dict(values), *rest),
    check=_check_current,
)


def cell_path(cell: TheoremStepCell, out: Path | str) -> Path:
    """The file of a cell of a study that goes into `out`."""
    return _FILES.path(cell, out)


def save(result: StepResult, out: Path | str) -> Path:
    """Write a result whole or not at all; see `CellFiles.save`."""
    return _FILES.save(result, out)


def load(path: Path | str) -> StepResult:
    """Read a result and check it; see `CellFiles.load`."""
    return _FILES.load(path)


def load_results(folder: Path | str) -> tuple[StepResult, ...]:
    """All results of the study in a folder of results, in the order of their names; none if there are none."""
    return _FILES.load_all(folder)


def run_cells(
    cells: Sequence[TheoremStepCell],
    out: Path | str,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
    announce: Say | None = None,
    command: str = "",
) -> tuple[Outcome, ...]:
    """Run cells of the study; see `experiments.sweep.run_cells.run_cells`. Files go into the folder `theorem-step`."""
    return run_all(
        RECIPE, cells, out, jobs=jobs, executor=executor, progress=progress, announce=announce, command=command
    )


def _run(cell: TheoremStepCell, out: Path, command: str, progress: Progress | None) -> Outcome:
    return _FILES.run(cell, out, command)


def _finder(out: Path) -> Callable[[TheoremStepCell], Found]:
    return lambda cell: _FILES.find(cell, out)


def _make(cell: TheoremStepCell, command: str) -> Made:
    return _FILES.make(cell, command)


RECIPE = Recipe(FOLDER, _run, _finder, _make)
