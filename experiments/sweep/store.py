"""What a sweep is made of: cells, the store that turns cells of one sort into files, and who computes them.

Where the disk is shared, a process carries out all that a store does for a cell; where it is not, workers make the
bytes of a file and the one process that has the folder keeps them. Files appear by renaming, so that what is finished
is whole whatever dies, and two commands may share a folder.
"""

from __future__ import annotations

import re
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from experiments.common.files import check_writable, write_atomically
from theory.common.errors import GradlagError
from theory.common.types import Progress


class AnyCell(Protocol):
    """One result of a study before it is there: a plain value with a name, and a guess of its time in no unit."""

    @property
    def name(self) -> str: ...

    @property
    def work(self) -> int: ...


C = TypeVar("C", bound=AnyCell)


@dataclass(frozen=True)
class CellOutcome:
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
class FoundFile:
    """The whole file of a cell, if there is one, and what was wrong with one that is not used."""

    path: Path | None = None
    notes: tuple[str, ...] = ()


class Store(ABC, Generic[C]):
    """How cells of one sort become files. A store has no state of its own, so that it travels to other processes.

    Attributes:
        folder: where the files go, below the folder of results.
        plural: what the cells are, for progress.
    """

    folder: ClassVar[str]
    plural: ClassVar[str]

    @abstractmethod
    def path(self, cell: C, out: Path | str) -> Path:
        """The file of a cell of a study that goes into `out`."""

    @abstractmethod
    def find(self, cell: C, out: Path) -> FoundFile:
        """What is there already; a file that is not whole stays until a whole one takes its place."""

    @abstractmethod
    def make(self, cell: C, command: str) -> Made:
        """Compute, on whatever machine; nothing is written."""

    def finder(self, out: Path) -> Callable[[C], FoundFile]:
        """`find` for many cells of one folder."""
        return lambda cell: self.find(cell, out)

    def write(self, cell: C, out: Path, command: str, found: FoundFile, progress: Progress | None) -> CellOutcome:
        """Compute where the folder is, and write the file."""
        made = self.make(cell, command)
        return CellOutcome(cell, self.keep(made, out), notes=found.notes, seconds=made.seconds)

    def keep(self, made: Made, out: Path) -> Path:
        """Write a result whole or not at all."""
        path = out / self.folder / Path(made.name).name
        if not path.parent.is_dir():
            check_writable(path)
        write_atomically(path, made.content)
        return path

    def run(self, cell: C, out: Path, command: str = "", progress: Progress | None = None) -> CellOutcome:
        """Take the file of a cell or make it; a failure is told in the outcome, an interruption passes through."""
        found = FoundFile()
        try:
            found = self.find(cell, out)
            if found.path is not None:
                return CellOutcome(cell, found.path)
            return self.write(cell, out, command, found, progress)
        except Exception as error:
            return failed(cell, error, found.notes)

    def check_needs(self, cells: Sequence[C]) -> None:
        """Raise what is missing before any of the cells can be computed."""

    def computed_by(self, asked: Executor, cells: Sequence[C]) -> Executor:
        """Who computes the cells, where that is not the executor that was asked for."""
        return asked


class Executor(ABC):
    """Turns cells into files, in any order."""

    @abstractmethod
    def outcomes(
        self, store: Store[Any], cells: Sequence[Any], out: Path, command: str, within: Progress
    ) -> Iterator[CellOutcome]:
        """One outcome per cell as it comes; `within` is told (done, total) of a cell that is not finished."""


class ThisProcess(Executor):
    """This process, one cell after the other, each on all threads."""

    def outcomes(
        self, store: Store[Any], cells: Sequence[Any], out: Path, command: str, within: Progress
    ) -> Iterator[CellOutcome]:
        for cell in cells:
            yield store.run(cell, out, command, within)


def looked_for(find: Callable[[C], FoundFile], cell: C) -> FoundFile | CellOutcome:
    """What is there of a cell; an outcome where nothing is left to do, or where it cannot be told."""
    try:
        found = find(cell)
    except Exception as error:  # data that cannot be read, for example: as a cell that fails
        return failed(cell, error)
    return found if found.path is None else CellOutcome(cell, found.path)


def by_work(cells: Sequence[C]) -> list[C]:
    """The longest first, so that processes end together."""
    return sorted(cells, key=lambda cell: -cell.work)


def safe_name(name: str) -> str:
    """A name made safe for a file system.

    >>> safe_name("../a b/c:d=1")
    'a-b-c-d=1'
    """
    return re.sub(r"[^A-Za-z0-9._=-]+", "-", name).strip("-.")


def failed(cell: Any, error: BaseException, notes: Sequence[str] = ()) -> CellOutcome:
    """The outcome of a cell that an error stopped: a sentence for the user, and where the error came from."""
    told = str(error) if isinstance(error, GradlagError) else f"{type(error).__name__}: {error}"
    if isinstance(error, BrokenExecutor):
        told = "Its process ended abruptly, perhaps for lack of memory. Run the same command again, with fewer --jobs."
    return CellOutcome(cell, None, told, tuple(notes), log="".join(traceback.format_exception(error)))
