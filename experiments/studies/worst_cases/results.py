"""The cells of the solved studies on disk: one JSON file each, checked when read, computed by any executor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from experiments.studies.values import Values
from experiments.studies.worst_cases.designs import DesignCell
from experiments.studies.worst_cases.growth import KINDS as _TRACES
from experiments.studies.worst_cases.growth import Cell as _TraceCell
from experiments.studies.worst_cases.limit import LimitCell
from experiments.studies.worst_cases.worst_function import WorstFunctionCell
from experiments.sweep.cell_files import CellFiles, digest
from experiments.sweep.executor import Executor, Found, Made, Outcome, Recipe, run_all
from theory.common.types import Progress, Say

Cell = _TraceCell | LimitCell | DesignCell | WorstFunctionCell
#: By the name that their files carry.
KINDS: Mapping[str, type[Cell]] = MappingProxyType(
    {**_TRACES, **{kind.kind: kind for kind in (LimitCell, DesignCell, WorstFunctionCell)}}
)
_CARRIED = ("values", "versions", "seconds", "command", "created")
SCHEMA, FOLDER = "gradlag-worst-case/1", "worst-case"


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
        asked = {"file": f"{FOLDER}/{_FILES.name(self.cell)}", "kind": self.cell.kind, "cell": asdict(self.cell)}
        return asked | {"versions": dict(self.versions), "key": self.key, "seconds": self.seconds}


def cell_key(cell: Cell) -> str:
    """Digest (sha256, hexadecimal) of everything that determines a cell."""
    return digest({"schema": SCHEMA, "kind": cell.kind} | asdict(cell))


def _restore(stored: Mapping[str, Any]) -> Result:
    return Result(KINDS[stored["kind"]](**stored["cell"]), *(stored[name] for name in _CARRIED))


_FILES: CellFiles[Result] = CellFiles(
    SCHEMA,
    FOLDER,
    "worst-case result",
    key=cell_key,
    asked=lambda cell: {"kind": cell.kind, "cell": asdict(cell)},
    restore=_restore,
    build=Result,
    indent=1,
)


def cell_path(cell: Cell, out: Path | str) -> Path:
    """The file of a cell of a study that goes into `out`."""
    return _FILES.path(cell, out)


def save(result: Result, out: Path | str) -> Path:
    """Write a result whole or not at all; see `CellFiles.save`."""
    return _FILES.save(result, out)


def load(path: Path | str) -> Result:
    """Read a result and check it; see `CellFiles.load`."""
    return _FILES.load(path)


def load_results(folder: Path | str) -> tuple[Result, ...]:
    """All worst-case results in a folder of results, in the order of their names; none if there are none."""
    return _FILES.load_all(folder)


def run_cell(cell: Cell, out: Path | str, command: str = "") -> Outcome:
    """Compute one cell, or take its file if it is whole; a refusal is recorded, an interruption passes through."""
    return _FILES.run(cell, out, command)


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
    """Compute cells; see `experiments.sweep.run_cells.run_cells`. Files go into the folder `worst-case`."""
    return run_all(
        RECIPE, cells, out, jobs=jobs, executor=executor, progress=progress, announce=announce, command=command
    )


def _run(cell: Cell, out: Path, command: str, progress: Progress | None) -> Outcome:
    return _FILES.run(cell, out, command)


def _finder(out: Path) -> Callable[[Cell], Found]:
    return lambda cell: _FILES.find(cell, out)


def _make(cell: Cell, command: str) -> Made:
    return _FILES.make(cell, command)


RECIPE = Recipe(FOLDER, _run, _finder, _make)
