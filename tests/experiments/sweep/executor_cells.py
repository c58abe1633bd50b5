"""Cells that do nothing but fail in every way; a module of its own, as workers import it by its name."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.sweep.cell_files import CellFiles, digest
from experiments.sweep.executor import Found, Made, Outcome, Recipe


@dataclass(frozen=True)
class Faulty:
    """A number; `fault` is "", "raise", "die", or "die once", which leaves a mark in the file `mark`."""

    number: int
    fault: str = ""
    mark: str = ""
    pause: float = 0.0

    @property
    def name(self) -> str:
        return f"faulty/{self.number}"

    @property
    def work(self) -> int:
        return 1 + self.number

    def compute(self) -> dict[str, Any]:
        time.sleep(self.pause)
        if self.fault == "raise":
            raise ZeroDivisionError("by accident")
        if self.fault == "die" or (self.fault == "die once" and not Path(self.mark).exists()):
            print(f"the last words of {self.number}", flush=True)
            if self.mark:
                Path(self.mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return {"square": self.number**2}


@dataclass(frozen=True)
class Square:
    cell: Faulty
    values: dict[str, Any]
    versions: dict[str, str]
    seconds: float
    command: str


class _Named(CellFiles[Square]):
    def name(self, cell: Any) -> str:
        return f"faulty-{cell.number}-{self.key(cell)[:12]}.json"


FILES = _Named(
    "faulty/1",
    "faulty",
    "square",
    key=lambda cell: digest(asdict(cell)),
    asked=lambda cell: {"cell": asdict(cell)},
    restore=lambda stored: Square(
        Faulty(**stored["cell"]), *(stored[name] for name in ("values", "versions", "seconds", "command"))
    ),
    build=Square,
)


def run(cell: Faulty, out: Path, command: str, progress: Any) -> Outcome:
    return FILES.run(cell, out, command)


def finder(out: Path) -> Callable[[Faulty], Found]:
    return lambda cell: FILES.find(cell, out)


def make(cell: Faulty, command: str) -> Made:
    return FILES.make(cell, command)


RECIPE = Recipe("faulty", run, finder, make)
