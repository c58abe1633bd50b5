"""What a server is asked to do, and what came of it: a job, and a run that is stored with its trace in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from experiments.common.constants import Constant
from experiments.common.files import check_writable, write_atomically
from experiments.problems import get_problem
from experiments.problems.problem import Problem, validate_batch
from experiments.runs.plan import resolve_constants
from experiments.runs.recorded_trace import ServerTrace, dataset_of, decode, encode, read_bytes, trace_of_dataset
from theory.bounds.parts.setting import Setting
from theory.common.errors import GradlagError, InputError, StoreError
from theory.common.shown import Shown
from theory.common.types import Vector
from theory.schedules.schedule import AnySchedule, GivenSchedule, parse_schedule
from theory.staleness.count import Staleness, whole_number
from theory.staleness.traces import oldest


@dataclass(frozen=True, eq=False)
class Job:
    """What a server optimises, with nothing left to decide.

    Args:
        problem: the objective; rule: the step sizes; staleness: the s that a schedule may name.
        steps: T; seed: of the random draws; batch: examples per gradient; record_every: distance of recorded points.
        buffer: how many gradients an update waits for, whose mean it applies.
        constants: L, Delta, sigma, and what else was given.
    """

    problem: Problem
    rule: AnySchedule
    staleness: int
    steps: int
    seed: int
    batch: int
    record_every: int
    constants: Mapping[str, Constant]
    buffer: int = 1
    _sizes: dict[int, Vector] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """The job in one line."""
        held = f", a buffer of {self.buffer}" if self.buffer > 1 else ""
        return f"{self.problem.name}, steps {self.rule.text}, batch {self.batch}, seed {self.seed}{held}"

    @property
    def described(self) -> Mapping[str, Any]:
        """All that a reader needs to do it again."""
        names = ("staleness", "steps", "seed", "batch", "record_every")
        plain = {name: getattr(self, name) for name in names}
        plain |= {"buffer": self.buffer} if self.buffer > 1 else {}
        return {"problem": self.problem.name, "schedule": self.rule.text, **plain, "constants": self.values}

    @property
    def values(self) -> dict[str, float]:
        """The constants as plain numbers."""
        return {name: constant.value for name, constant in self.constants.items()}

    def step_size(self, k: int, delay: int) -> float:
        """eta_k of an update with that delay: known only when it arrives, if the schedule reads the delay."""
        key = delay if self.rule.reads_delay else 0
        if key not in self._sizes:
            self._sizes[key] = self._row(key)
        return float(self._sizes[key][k - 1])

    def sizes_used(self, delays: NDArray[np.int64]) -> Vector:
        """float64, eta_k of the updates k = 1, 2, ... with these delays."""
        padded = np.concatenate([oldest(delays), np.zeros(self.steps - len(delays), dtype=np.int64)])
        return self._at(padded)[: len(delays)]

    def _row(self, delay: int) -> Vector:
        """The steps of all k if every delay were this one."""
        return self._at(np.minimum(delay, np.arange(self.steps)))

    def _at(self, delays: NDArray[np.int64]) -> Vector:
        return Setting.of(self.rule, delays, Staleness(self.staleness), self.values).step_sizes


def settle(
    problem: str | Problem,
    schedule: GivenSchedule,
    steps: int,
    *,
    staleness: int,
    seed: int = 0,
    batch: int | None = None,
    record_every: int = 1,
    constants: Mapping[str, float] | None = None,
    buffer: int = 1,
) -> Job:
    """Settle everything about a job before a server starts.

    Args:
        problem: an objective or its spelling; schedule: step sizes or their spelling; steps: T.
        staleness: what s stands for in the schedule; a server's delays have no largest one beforehand, so that its
            number of workers, the mean delay and one, is the usual choice.
        seed, batch, record_every, constants: as everywhere.
        buffer: how many gradients an update waits for, whose mean it applies.

    Raises:
        InputError: anything that no run can be made of, in one sentence.

    >>> settle("quadratic:d=3", "1/(2*s*L)", 10, staleness=4).step_size(1, 0)
    0.125
    """
    objective = get_problem(problem) if isinstance(problem, str) else problem
    updates = whole_number(steps, 1, "The number of updates", InputError)
    rule = parse_schedule(schedule, updates)
    size = validate_batch(objective.default_batch if batch is None else batch)
    job = Job(
        problem=objective,
        rule=rule,
        staleness=Staleness(staleness).window,
        steps=updates,
        seed=whole_number(seed, 0, "The seed", InputError, most=2**63 - 1),
        batch=size,
        record_every=whole_number(record_every, 1, "The recording stride", InputError),
        constants=resolve_constants(objective.constants(size), constants or {}),
        buffer=whole_number(buffer, 1, "The buffer", InputError),
    )
    if job.buffer > 1 and rule.reads_delay:
        raise InputError(
            f"The steps {rule.text} depend on the delay of an update, and one that averages {job.buffer} gradients has "
            "several. Give steps without d."
        )
    job.step_size(1, 0)  # a schedule that cannot be evaluated is refused here
    return job


@dataclass(frozen=True, eq=False, repr=False)
class ServerRun(Shown):
    """A server's run: its trace, and what it did to the objective.

    Args:
        trace: who was how late; described: the job.
        step_sizes: float64 (T,), as applied; time: int64 (R,), k of the recorded points.
        gradient_norm_squared, loss: float64 (R,), at them; inf and NaN after divergence.
        final: float64 (d,), the last point; diverged_at: the update at which the run left the numbers, or -1.
    """

    trace: ServerTrace
    described: Mapping[str, Any]
    step_sizes: Vector
    time: NDArray[np.int64]
    gradient_norm_squared: Vector
    loss: Vector
    final: Vector
    diverged_at: int

    def __repr__(self) -> str:
        """Short, for notebooks: what was optimised, and by how many updates."""
        told = f"{self.described['problem']}, {self.described['schedule']}"
        return f"ServerRun({told}, T={self.trace.steps}, {self.trace.count} workers)"

    def job(self) -> Job:
        """The job, rebuilt from what is stored."""
        return job_of(self.described)

    def to_dict(self) -> dict[str, Any]:
        """The job, and what came of it in a few numbers."""
        least = int(np.argmin(self.gradient_norm_squared))
        return {
            **{name: value for name, value in self.job().described.items() if name != "constants"},
            "measured_minimum": float(self.gradient_norm_squared[least]),
            "minimum_at": int(self.time[least]),
            "measured_last": float(self.gradient_norm_squared[-1]),
            "diverged_at": self.diverged_at if self.diverged_at >= 0 else None,
        }


def job_of(described: Mapping[str, Any]) -> Job:
    """The job that plain values describe; constants that are not the problem's own were given."""
    problem, batch = get_problem(str(described["problem"])), int(described["batch"])
    known = {name: constant.value for name, constant in problem.constants(batch).items()}
    given = {name: value for name, value in dict(described["constants"]).items() if known.get(name) != value}
    options = {name: int(described[name]) for name in ("staleness", "seed", "record_every")}
    options["buffer"] = int(described.get("buffer", 1))
    return settle(problem, str(described["schedule"]), int(described["steps"]), batch=batch, constants=given, **options)


def measured(problem: Problem, points: Sequence[Vector]) -> tuple[Vector, Vector]:
    """|grad F|^2 and F at points; inf and NaN where there is no number."""
    with np.errstate(all="ignore"):
        gradients = problem.full_gradients(np.stack(points))
        squares = np.einsum("ij,ij->i", gradients, gradients)
        losses = np.array([problem.loss(point) for point in points], dtype=np.float64)
    finite = np.isfinite(squares)
    return np.where(finite, squares, np.inf), np.where(finite, losses, np.nan)


#: Of each column of a run beside its trace, its name in a file and its dimension there.
_COLUMNS = {
    "step_sizes": ("step_size", "update"),
    "time": ("time", "record"),
    "gradient_norm_squared": ("gradient_norm_squared", "record"),
    "loss": ("loss", "record"),
    "final": ("final", "x"),
}


def save_run(run: ServerRun, path: Path | str) -> Path:
    """Write a run with its trace as one netCDF file, whole or not at all; `load_trace` reads its trace alone."""
    target = check_writable(path)
    columns = {stored: (dimension, getattr(run, name)) for name, (stored, dimension) in _COLUMNS.items()}
    data = dataset_of(run.trace).assign(columns)
    data = data.assign_attrs(job=json.dumps(run.described, sort_keys=True), diverged_at=run.diverged_at)
    write_atomically(target, encode(data))
    return target


def load_run(path: Path | str) -> ServerRun:
    """Read a run and check it.

    Raises:
        StoreError: no such file, or one that is damaged, altered, or holds a trace alone.
    """
    try:
        return run_of_dataset(decode(read_bytes(path)))
    except StoreError as cause:
        raise StoreError(f"The run {path} cannot be used. {cause}") from cause
    except GradlagError as cause:
        raise StoreError(f"The run {path} cannot be used. {cause} Record it again.") from cause


def run_of_dataset(data: xr.Dataset) -> ServerRun:
    """The run that a data set holds; StoreError if it holds a trace alone."""
    trace = trace_of_dataset(data)
    try:
        described = json.loads(data.attrs["job"])
        columns = {name: data[stored].values for name, (stored, _) in _COLUMNS.items()}
        diverged = int(data.attrs["diverged_at"])
    except (KeyError, ValueError, TypeError):
        raise StoreError("It holds no run of a server beside its trace.") from None
    whole = columns["time"].size == columns["gradient_norm_squared"].size == columns["loss"].size
    if not whole or columns["step_sizes"].size != trace.steps:
        raise StoreError("Its columns do not fit together.")
    return ServerRun(trace, described, **columns, diverged_at=diverged)
