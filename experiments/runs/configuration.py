"""What was asked for: the configuration of a run, and the key by which its results are found again.

A configuration is a plain value. Its key does not depend on the order in which anything was given, and changes with
everything that could change a number of the result.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict, cast

from theory.common.errors import GradlagError, InputError
from theory.formulas.notation import checked_constant
from theory.methods.registry import parse_method
from theory.schedules.schedule import parse_schedule
from theory.staleness.count import Staleness, whole_number
from theory.staleness.delay_model import DelayModel

SCHEMA = "gradlag-run/1"
# What came after files had been written: left out of key and JSON where it has its default, so that they keep theirs.
_LATER = {"method": "delayed", "inconsistent": False}


class EngineOptions(TypedDict, total=False):
    """Options that go from the flag through the configuration to the engine, by their names and as they are.

    Args:
        record_every: distance between two points at which the full gradient is measured, 1 by default.
        inconsistent: whether several delays of a step are those of blocks of coordinates; by default each is of a
            gradient of its own, and the mean of these is applied.
    """

    record_every: int
    inconsistent: bool


class RunOptions(EngineOptions, total=False):
    """What `run`, `check` and `compare` take besides; all of it may be left out.

    Args:
        seeds: how many independent runs, 32 by default.
        first_seed: their first seed, 0 by default; it also draws the delays, which all seeds share.
        batch: minibatch size, 0 for the full gradient; by default the problem's own.
        delays: constant (s - 1, the default), uniform, geometric:mean=M, cyclic:period=P, normal:mean=M,sd=D,
            adversarial; or a model.
        delays_file: a file of T delays, in place of `delays`; of a stored trace the first T are taken. A line may hold
            several, of the gradients that a step averages or of blocks (see `inconsistent`).
        method: how points come from gradients, a spelling of `theory.methods`; delayed steps by default.
        constants: values of L, Delta, sigma in place of the problem's, and of mu.
    """

    seeds: int
    first_seed: int
    batch: int | None
    delays: str | DelayModel
    delays_file: Path | str | None
    constants: Mapping[str, float]
    method: str


@dataclass(frozen=True)
class Configuration:
    """Everything that determines a run.

    Args:
        problem: spelling that rebuilds the objective, such as "quadratic:d=50,condition=100".
        schedule: spelling of the step sizes; "@file" for numbers from a file.
        staleness: the theorem's s; 1 is synchronous.
        steps: T.
        seeds: the seeds, distinct; kept sorted. The delays of a random model are drawn from the first one.
        batch: minibatch size; 0 is the full gradient.
        delays: spelling of the delay model; "@file" for a trace.
        record_every: distance between two recorded points.
        constants: what the user gave in place of the problem's constants.
        data_digest: digest of the data that defines the objective.
        schedule_digest: digest of the expression that the schedule's name stands for, or of the numbers of its file.
        delays_digest: digest of the delays where their spelling does not determine them, as for a file.
        method: the rule of an update; "delayed" is x_k = x_(k-1) - eta_k g(x_(k-1-d_k)).
        inconsistent: whether the delays of a step are those of blocks of coordinates.

    Raises:
        InputError: a field that no run can have.

    >>> a = Configuration("nonconvex", "1/(s*L)", 4, 100, seeds=(1, 0), batch=8, constants={"mu": 0.5, "L": 2})
    >>> b = Configuration("nonconvex", "1/(s*L)", 4, 100, seeds=(0, 1), batch=8, constants={"L": 2.0, "mu": 0.5})
    >>> a.key == b.key, Configuration.from_json(a.to_json()) == a
    (True, True)
    """

    problem: str
    schedule: str
    staleness: int
    steps: int
    seeds: tuple[int, ...]
    batch: int
    delays: str = "constant"
    record_every: int = 1
    constants: Mapping[str, float] = field(default_factory=dict, hash=False)
    data_digest: str = ""
    schedule_digest: str = ""
    delays_digest: str = ""
    method: str = "delayed"
    inconsistent: bool = False

    def __post_init__(self) -> None:
        normal = {
            "staleness": Staleness(self.staleness).window,
            "steps": whole_number(self.steps, 1, "The number of steps", InputError),
            "seeds": _normal_seeds(self.seeds),
            "batch": whole_number(self.batch, 0, "The batch", InputError),
            "record_every": _normal_stride(self.record_every, self.steps),
            "constants": {name: checked_constant(name, self.constants[name]) for name in sorted(self.constants)},
            "method": parse_method(self.method).text,
            "inconsistent": bool(self.inconsistent),
        }
        for name, value in normal.items():
            object.__setattr__(self, name, value)

    @property
    def key(self) -> str:
        """Digest (sha256, hexadecimal) of the configuration; what has a digest enters by it, not by its name."""
        identity = self._fields | {"schema": SCHEMA}
        identity |= {"schedule": "@"} if self.schedule_digest else {}
        identity |= {"delays": "@"} if self.delays_digest else {}
        return hashlib.sha256(_canonical(identity).encode()).hexdigest()

    @property
    def _fields(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if (name, value) not in _LATER.items()}

    @property
    def engine_options(self) -> EngineOptions:
        """What goes on to the engine as it is."""
        return cast(EngineOptions, {name: getattr(self, name) for name in EngineOptions.__annotations__})

    @cached_property
    def reads_horizon(self) -> bool:
        """Whether the schedule contains T; numbers from a file, and a spelling that nobody reads any more, do not."""
        try:
            return not self.schedule.startswith("@") and parse_schedule(self.schedule).reads_horizon
        except GradlagError:
            return False

    @property
    def command(self) -> str:
        """The command that simulates this configuration, for seeds that follow one another."""
        flags: dict[str, object] = {
            "--problem": self.problem,
            "--schedule": self.schedule,
            "--staleness": self.staleness,
            "--steps": self.steps,
            "--seeds": len(self.seeds),
            "--seed": self.seeds[0],
            "--batch": self.batch,
        }
        flags |= {"--delays-file": self.delays[1:]} if self.delays.startswith("@") else {"--delays": self.delays}
        flags |= {"--method": self.method} if self.method != "delayed" else {}
        flags |= {"--record-every": self.record_every} if self.record_every > 1 else {}
        flags |= {"--constants": ",".join(f"{n}={v!r}" for n, v in self.constants.items())} if self.constants else {}
        words = [str(part) for pair in flags.items() for part in pair] + ["--inconsistent"] * self.inconsistent
        return f"gradlag run {shlex.join(words)} --out run.nc"

    def to_json(self) -> str:
        """The configuration as one line of JSON."""
        return _canonical(self._fields)

    @classmethod
    def from_json(cls, text: str) -> Configuration:
        """Read what `to_json` wrote; InputError if it is something else."""
        try:
            fields: dict[str, Any] = json.loads(text)
            return cls(**fields | {"seeds": tuple(fields["seeds"])})
        except (ValueError, TypeError, KeyError, AttributeError) as cause:
            raise InputError(f"The configuration cannot be read ({cause}). It must be what gradlag wrote.") from cause


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _normal_seeds(seeds: tuple[int, ...]) -> tuple[int, ...]:
    numbers = sorted(whole_number(seed, 0, "A seed", InputError) for seed in seeds)
    if not numbers:
        raise InputError("A run needs at least one seed. Got none.")
    if len(set(numbers)) < len(numbers):
        raise InputError(f"The seeds must differ from one another. Got {seeds}.")
    return tuple(numbers)


def _normal_stride(record_every: int, steps: int) -> int:
    stride = whole_number(record_every, 1, "The recording stride", InputError)
    if stride > steps:
        raise InputError(f"The recording stride must be at most the number of steps, {steps}. Got {stride}.")
    return stride
