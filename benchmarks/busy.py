"""A cell that keeps a processor busy for a given time, with a real store: what the machinery costs beside it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.sweep.cell_files import CellFiles, digest
from experiments.sweep.executor import Found, Made, Outcome, Recipe


@dataclass(frozen=True)
class Busy:
    """Some seconds of the clock."""

    number: int
    seconds: float

    @property
    def name(self) -> str:
        return f"busy-{self.number}"

    @property
    def work(self) -> int:
        return 1

    def compute(self) -> dict[str, Any]:
        """Turn in a loop, and give a curve of the size that cells of the studies store."""
        end = time.perf_counter() + self.seconds
        while time.perf_counter() < end:
            pass
        return {"curve": [self.number / (1 + place) for place in range(300)]}


@dataclass(frozen=True)
class BusyResult:
    """What a cell gave."""

    cell: Busy
    values: Mapping[str, Any]
    versions: Mapping[str, str]
    seconds: float
    command: str


FILES = CellFiles(
    "busy/1",
    "busy",
    "busy cell",
    key=lambda cell: digest(asdict(cell)),
    asked=lambda cell: {"cell": asdict(cell)},
    restore=lambda stored: BusyResult(Busy(**stored["cell"]), stored["values"], stored["versions"], 0.0, ""),
    build=BusyResult,
)


def run(cell: Busy, out: Path, command: str, progress: Any) -> Outcome:
    """Compute and write."""
    return FILES.run(cell, out, command)


def finder(out: Path) -> Callable[[Busy], Found]:
    """Look for a file."""
    return lambda cell: FILES.find(cell, out)


def make(cell: Busy, command: str) -> Made:
    """Compute."""
    return FILES.make(cell, command)


RECIPE = Recipe("busy", run, finder, make)
