"""Simulated and real: runs of a real asynchronous server beside their replays, cell by cell, each on disk.

A run on real processes is not reproducible bit for bit: its trace is part of the result. It is stored when it is
recorded and not recorded again; everything else of a cell follows from the traces.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from experiments.common.ray_process import ray_is_installed, ray_is_missing
from experiments.servers.job import Job, ServerRun, load_run, save_run, settle
from experiments.servers.judging.report import report_on
from experiments.servers.real import RealServer, real_server
from experiments.servers.recorded import recorded_traces
from experiments.servers.server import rebuilt
from experiments.servers.speeds import Speed, parse_fleet
from experiments.servers.virtual_server import serve_virtually
from experiments.servers.worker import NEEDS_RAY
from experiments.sweep.json_store import CellResult, JsonStore, Values
from experiments.sweep.store import CellOutcome, Executor, Store
from theory.common.errors import StoreError
from theory.common.types import Progress


@dataclass(frozen=True)
class AsyncCell:
    """Some runs of one server, and what is set beside them.

    Args:
        name: of the cell; problem, schedule, steps, record_every: of every run.
        fleet: the speeds of the workers; bound: how many gradients they may be apart.
        runs: of the server, with the seeds 0, 1, ...; replays: seeds of each simulation beside them.
        stretch: 0 for real processes. Above 0 the server runs on the virtual clock and a gradient whose noise is r
            times the usual takes r^stretch times as long: what a real server may do and a bound rules out.
    """

    name: str
    problem: str
    schedule: str
    fleet: str
    steps: int
    runs: int
    replays: int
    record_every: int
    bound: int | None = None
    stretch: float = 0.0

    @property
    def real(self) -> bool:
        """Whether its runs are of real processes."""
        return self.stretch == 0

    @property
    def work(self) -> int:
        """Updates of the server's runs and of the simulations beside them."""
        return self.steps * (self.runs + self.replays // 10)

    @property
    def speeds(self) -> tuple[Speed, ...]:
        """Of the workers."""
        return parse_fleet(self.fleet)

    def job(self, seed: int) -> Job:
        """What the run with that seed does."""
        workers = len(self.speeds)
        return settle(
            self.problem, self.schedule, self.steps, staleness=workers, seed=seed, record_every=self.record_every
        )


@dataclass(frozen=True)
class AsyncSize:
    """How much is run: which servers, runs of real ones, simulations beside them, runs of virtual ones."""

    names: tuple[str, ...]
    runs: int
    replays: int
    virtual: int
    steps: int = 800


_SIZES: Mapping[str, AsyncSize] = {
    "quick": AsyncSize(("even", "uneven", "noise-late"), runs=8, replays=96, virtual=64),
    "lesson": AsyncSize(("even", "uneven", "held", "cancer", "noise-late"), runs=12, replays=240, virtual=192),
    "paper": AsyncSize(("even", "uneven", "held", "cancer", "many", "noise-late"), runs=20, replays=480, virtual=480),
}
_QUADRATIC = "quadratic:d=10,condition=10,noise=0.5,start=3"
_UNEVEN = "4*lognormal:mean=.003+3*bursts:seconds=.003,factor=5,every=.2,lasting=.05+1*constant:seconds=.015"
#: Of each server its problem, its steps and its workers; 1/(2 s L) with s the number of workers.
_SERVERS: Mapping[str, tuple[str, str, str]] = {
    "even": (_QUADRATIC, "1/(2*s*L)", "8*exponential:mean=.004"),
    "uneven": (_QUADRATIC, "1/(2*s*L)", _UNEVEN),
    "held": (_QUADRATIC, "1/(2*s*L)", _UNEVEN),
    "cancer": ("logistic-cancer", "1/(2*s*L)", _UNEVEN),
    "many": (_QUADRATIC, "1/(2*s*L)", "24*exponential:mean=.02+8*exponential:mean=.08"),
    "noise-late": ("logistic-cancer", "8/(s*L)", "8*exponential:mean=1"),
}


def asynchronous_cells(scale: str) -> tuple[AsyncCell, ...]:
    """The cells at a scale."""
    return tuple(_cell(name, _SIZES[scale]) for name in _SIZES[scale].names)


def _cell(name: str, size: AsyncSize) -> AsyncCell:
    problem, schedule, fleet = _SERVERS[name]
    steps = {"many": 4 * size.steps, "noise-late": size.steps * 5 // 8}.get(name, size.steps)
    late = name == "noise-late"
    return AsyncCell(
        name,
        problem,
        schedule,
        fleet,
        steps,
        runs=size.virtual if late else size.runs,
        replays=size.virtual if late else size.replays,
        record_every=25,
        bound=2 if name == "held" else None,
        stretch=2.0 if late else 0.0,
    )


AsyncResult = CellResult[AsyncCell]


class AsyncStore(JsonStore[AsyncCell]):
    """The files of the servers; the runs of a cell stand in a folder of the same name beside its file."""

    schema = "gradlag-async/1"
    folder = "async"
    noun = "result of the asynchronous servers"
    plural = "servers"
    cell_type = AsyncCell

    def key(self, cell: AsyncCell) -> str:
        """Digest (sha256, hexadecimal) of the cell alone."""
        return hashlib.sha256(json.dumps(asdict(cell), sort_keys=True).encode()).hexdigest()

    def identity(self, cell: AsyncCell) -> dict[str, Any]:
        """The cell, without its key."""
        return {"cell": asdict(cell)}

    def run_path(self, cell: AsyncCell, out: Path | str, seed: int) -> Path:
        """The file of one run of the server."""
        return self.path(cell, out).with_suffix("") / f"run-{seed}.nc"

    def stored_runs(self, cell: AsyncCell, out: Path | str) -> tuple[ServerRun, ...]:
        """The runs of a cell that are there and whole, seeds ascending up to the first that is missing."""
        found: list[ServerRun] = []
        for seed in range(cell.runs):
            try:
                run = load_run(self.run_path(cell, out, seed))
            except StoreError:
                break
            if run.described != cell.job(seed).described or run.time[-1] != cell.steps:
                break
            found.append(run)
        return tuple(found)

    def computed_by(self, asked: Executor, cells: Sequence[AsyncCell]) -> Executor:
        """One cell after another: a server is timed, and its actors share all processors anyway."""
        return _Servers()


class _Servers(Executor):
    """This process; Ray is started once, when the first real run is asked for."""

    def outcomes(
        self, store: Store[Any], cells: Sequence[AsyncCell], out: Path, command: str, within: Progress
    ) -> Iterator[CellOutcome]:
        with ExitStack() as stack:
            serving = _Serving(stack, out)
            for cell in cells:
                outcome = serving.run(cell, out, command)
                yield replace(outcome, notes=(*outcome.notes, *serving.notes.pop(cell, ())))


class _Serving(AsyncStore):
    """A store whose missing runs are made now: on real processes, or on the virtual clock.

    Where Ray is not installed, the traces that travel with gradlag stand in for runs of one's own, and that is noted.
    """

    def __init__(self, stack: ExitStack, out: Path) -> None:
        self.stack, self.out = stack, out
        self.workers: RealServer | None = None
        self.notes: dict[AsyncCell, tuple[str, ...]] = {}

    def compute(self, cell: AsyncCell) -> Values:
        """What is said of the runs: those stored, and the missing ones."""
        runs = self.stored_runs(cell, self.out)
        for seed in range(len(runs), cell.runs):
            run = self.one(cell, seed)
            save_run(run, self.run_path(cell, self.out, seed))
            runs = (*runs, run)
        return report_on(cell.job(0), runs, cell.replays, cell.bound)

    def one(self, cell: AsyncCell, seed: int) -> ServerRun:
        """One run."""
        job, speeds = cell.job(seed), cell.speeds
        if not cell.real:
            usual = job.values["sigma"]
            note = f"a gradient with r times the usual noise takes r^{cell.stretch:g} times as long"
            return serve_virtually(
                job,
                speeds,
                bound=cell.bound,
                stretch=lambda seconds, noise: seconds * (noise / usual) ** cell.stretch,
                note=note,
            )
        if not ray_is_installed():
            return self.recorded(cell, seed, job)
        if self.workers is None or self.workers.count != len(speeds):
            self.stack.close()
            self.workers = self.stack.enter_context(real_server(len(speeds)))
        return self.workers.run(job, speeds, bound=cell.bound)

    def recorded(self, cell: AsyncCell, seed: int, job: Job) -> ServerRun:
        """A run from the traces that travel with gradlag."""
        traces = recorded_traces(cell.name)
        if seed >= len(traces) or traces[seed].steps != cell.steps or traces[seed].count != len(cell.speeds):
            raise StoreError(f"No such run of {cell.name} travels with gradlag. {ray_is_missing(NEEDS_RAY)}")
        said = f"Ray is not installed: the cell {cell.name} uses the recorded traces that travel with gradlag."
        self.notes[cell] = (said,)
        return rebuilt(job, traces[seed])


ASYNC = AsyncStore()
