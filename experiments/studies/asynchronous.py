"""Simulated and real: runs of a real asynchronous server beside their replays, cell by cell, each on disk.

A run on real processes is not reproducible bit for bit: its trace is part of the result. It is stored when it is
recorded and not recorded again; everything else of a cell follows from the traces.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from experiments.common.files import check_writable, write_atomically
from experiments.common.provenance import current_versions
from experiments.servers import real, recorded
from experiments.servers.job import Job, ServerRun, load_run, save_run, settle
from experiments.servers.report import Values, report_on
from experiments.servers.server import rebuilt
from experiments.servers.speeds import Speed, parse_fleet
from experiments.servers.virtual_server import serve_virtually
from experiments.sweep.executor import Executor, Outcome
from theory.common.errors import GradlagError, StoreError
from theory.common.types import Progress, Say

FOLDER = "async"
SCHEMA = "gradlag-async/1"


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
    def digest(self) -> str:
        """Digest (sha256, hexadecimal) of what determines the cell."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

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
class Size:
    """How much is run: which servers, runs of real ones, simulations beside them, runs of virtual ones."""

    names: tuple[str, ...]
    runs: int
    replays: int
    virtual: int
    steps: int = 800


_SIZES: Mapping[str, Size] = {
    "quick": Size(("even", "uneven", "noise-late"), runs=8, replays=96, virtual=64),
    "lesson": Size(("even", "uneven", "held", "cancer", "noise-late"), runs=12, replays=240, virtual=192),
    "paper": Size(("even", "uneven", "held", "cancer", "many", "noise-late"), runs=20, replays=480, virtual=480),
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


def _cell(name: str, size: Size) -> AsyncCell:
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


@dataclass(frozen=True, eq=False)
class AsyncResult:
    """What a cell gave; `values` are those of `experiments.servers.report.report_on`."""

    cell: AsyncCell
    values: Values
    versions: Mapping[str, str]
    seconds: float
    command: str

    def describe(self) -> dict[str, Any]:
        """Everything that determined the result, as plain values."""
        asked = {"file": f"{FOLDER}/{cell_path(self.cell, '').name}", "cell": asdict(self.cell)}
        return asked | {"versions": dict(self.versions), "seconds": self.seconds, "source": self.values["source"]}


def cell_path(cell: AsyncCell, out: Path | str) -> Path:
    """The file of a cell of a study that goes into `out`."""
    return Path(out) / FOLDER / f"{cell.name}-{cell.digest[:12]}.json"


def run_path(cell: AsyncCell, out: Path | str, seed: int) -> Path:
    """The file of one run of the server."""
    return cell_path(cell, out).with_suffix("") / f"run-{seed}.nc"


def stored_runs(cell: AsyncCell, out: Path | str) -> tuple[ServerRun, ...]:
    """The runs of a cell that are there and whole, seeds ascending up to the first that is missing."""
    found: list[ServerRun] = []
    for seed in range(cell.runs):
        try:
            run = load_run(run_path(cell, out, seed))
        except StoreError:
            break
        if run.described != cell.job(seed).described or run.time[-1] != cell.steps:
            break
        found.append(run)
    return tuple(found)


def save(result: AsyncResult, out: Path | str) -> Path:
    """Write a result whole or not at all.

    Raises:
        StoreError: the folder cannot be written to, or a number of the result is not finite.
    """
    path = check_writable(cell_path(result.cell, out))
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "cell": asdict(result.cell),
        "values": dict(result.values),
        "versions": dict(result.versions),
        "seconds": result.seconds,
        "command": result.command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        text = json.dumps(content | {"content": _digest(content)}, sort_keys=True, allow_nan=False)
    except ValueError as cause:
        raise StoreError(f"The cell {result.cell.name} holds a number that is not finite.") from cause
    write_atomically(path, text.encode())
    return path


def load(path: Path | str) -> AsyncResult:
    """Read a result and check it.

    Raises:
        StoreError: no such file, or one that is damaged, altered or of another schema.
    """
    try:
        stored = json.loads(Path(path).read_text(encoding="utf-8"))
        whole = stored["schema"] == SCHEMA and stored.pop("content") == _digest(stored)
        found = AsyncResult(
            AsyncCell(**stored["cell"]),
            stored["values"],
            stored["versions"],
            float(stored["seconds"]),
            stored["command"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, GradlagError):
        whole = False
    if not whole:
        raise StoreError(f"The result {path} of the asynchronous servers cannot be used: it is damaged or altered.")
    return found


def load_results(folder: Path | str) -> tuple[AsyncResult, ...]:
    """All results of the study in a folder of results, in the order of their names; none if there are none."""
    return tuple(load(path) for path in sorted((Path(folder) / FOLDER).glob("*.json")))


def run_cells(
    cells: Sequence[AsyncCell],
    out: Path | str,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
    announce: Say | None = None,
    command: str = "",
) -> tuple[Outcome, ...]:
    """Run the cells, one after another: a server is timed, and two at a time would slow each other.

    Where Ray is not installed, the traces that travel with gradlag stand in for runs of one's own, and that is said.

    Args:
        cells: what to run; a cell that occurs twice is run once.
        out: the folder of results; files go into its folder `async`.
        executor: not asked; the actors of a server share all processors anyway.
        progress: called with (done, total); announce: called with a sentence when there is something to say.
        command: the command line, to be stored with the results.

    Returns:
        One outcome per different cell, in the order given.

    Raises:
        StoreError: the folder cannot be written to.
    """
    del executor
    check_writable(Path(out) / FOLDER / "probe")
    distinct = tuple(dict.fromkeys(cells))
    tell, say = progress or (lambda done, total: None), announce or (lambda sentence: None)
    done, total, outcomes = 0, sum(cell.work for cell in distinct), []
    tell(done, total)
    with ExitStack() as stack:
        source = _Source(stack, Path(out), say)
        for cell in distinct:
            outcome = _run_cell(cell, Path(out), source, command)
            if outcome.error is not None:
                say(f"The cell {cell.name} failed: {outcome.error}")
            done += cell.work
            tell(done, total)
            outcomes.append(outcome)
    return tuple(outcomes)


class _Source:
    """Where the runs of a cell come from; Ray is started once, when the first real run is asked for."""

    def __init__(self, stack: ExitStack, out: Path, say: Say) -> None:
        self.stack, self.out, self.say = stack, out, say
        self.workers: real.RealServer | None = None

    def runs(self, cell: AsyncCell) -> tuple[ServerRun, ...]:
        """The runs of a cell: those stored, the missing ones made now."""
        there = stored_runs(cell, self.out)
        for seed in range(len(there), cell.runs):
            run = self.one(cell, seed)
            save_run(run, run_path(cell, self.out, seed))
            there = (*there, run)
        return there

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
        if not real.installed():
            return self.kept(cell, seed, job)
        if self.workers is None or self.workers.count != len(speeds):
            self.stack.close()
            self.workers = self.stack.enter_context(real.real_server(len(speeds)))
        return self.workers.run(job, speeds, bound=cell.bound)

    def kept(self, cell: AsyncCell, seed: int, job: Job) -> ServerRun:
        """A run from the traces that travel with gradlag."""
        traces = recorded.recorded_traces(cell.name)
        if seed >= len(traces) or traces[seed].steps != cell.steps or traces[seed].count != len(cell.speeds):
            raise StoreError(f"No such run of {cell.name} travels with gradlag. {real.MISSING}")
        if seed == 0:
            self.say(f"Ray is not installed: the cell {cell.name} uses the recorded traces that travel with gradlag.")
        return rebuilt(job, traces[seed])


def _run_cell(cell: AsyncCell, out: Path, source: _Source, command: str) -> Outcome:
    path = cell_path(cell, out)
    try:
        try:
            load(path)
            return Outcome(cell, path)
        except StoreError:
            pass  # not there, or damaged: it is made of the stored runs
        began = time.perf_counter()
        runs = source.runs(cell)
        values = report_on(cell.job(0), runs, cell.replays, cell.bound)
        seconds = time.perf_counter() - began
        return Outcome(
            cell, save(AsyncResult(cell, values, current_versions(), seconds, command), out), seconds=seconds
        )
    except Exception as error:
        sentence = str(error) if isinstance(error, GradlagError) else f"{type(error).__name__}: {error}"
        return Outcome(cell, None, sentence)


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
