"""From a request to a plan: everything about a run is settled, and refused if need be, before its first step.

A plan is a value: problem, step sizes, delays and constants, with what should be told to the user beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.common.arrays import digest_of
from experiments.common.memory import check_memory
from experiments.problems import get_problem
from experiments.problems.problem import Constant, Known, Problem, validate_batch
from experiments.runs.configuration import Configuration
from experiments.runs.recorded_trace import holds_netcdf, load_trace
from experiments.runs.run import MEASURED
from experiments.simulate.memory import predicted_memory
from theory.common.errors import InputError, ProblemError
from theory.formulas.notation import checked_constant
from theory.schedules.schedule import AnySchedule, parse_schedule
from theory.staleness.count import Staleness, whole_number
from theory.staleness.delay_model import DelayModel
from theory.staleness.delays import TraceDelay, delay_trace, parse_delays, read_trace, validate_delays
from theory.staleness.stability_of_delays import announcement


@dataclass(frozen=True, eq=False)
class Plan:
    """A run that can be carried out: nothing is left to decide.

    Args:
        configuration: what was asked for, in normal form.
        problem: the objective.
        step_sizes: (T,), eta_k.
        delays: (T,), d_k, shared by all seeds.
        constants: L, Delta, sigma, and mu if it was given, each with how it is known.
        announcements: sentences for the user before the run starts.
        memory: bytes that carrying it out will take.
        command: the command line that asked for it.
    """

    configuration: Configuration
    problem: Problem
    step_sizes: NDArray[np.float64]
    delays: NDArray[np.int64]
    constants: Mapping[str, Constant]
    announcements: tuple[str, ...]
    memory: int
    command: str = ""

    @property
    def key(self) -> str:
        """The key of the configuration."""
        return self.configuration.key


def plan(
    problem: str | Problem,
    schedule: str | AnySchedule,
    staleness: int | Staleness,
    steps: int,
    *,
    seeds: int = 32,
    first_seed: int = 0,
    batch: int | None = None,
    delays: str | DelayModel = "constant",
    delays_file: Path | str | None = None,
    record_every: int = 1,
    constants: Mapping[str, float] | None = None,
    command: str = "",
) -> Plan:
    """Settle everything about a run before it starts.

    Args:
        problem: spelling of the objective, or the objective.
        schedule: spelling of the step sizes, or the schedule.
        staleness: the theorem's s.
        steps: T.
        seeds: how many seeds: first_seed, first_seed + 1, ...
        first_seed: also the seed of the delays, which all seeds share.
        batch: minibatch size, 0 for the full gradient; by default the problem's own.
        delays: spelling of a delay model, or the model.
        delays_file: a trace of T delays, in place of `delays`; of a stored trace the first T are taken.
        record_every: distance between two recorded points.
        constants: values of L, Delta, sigma or mu in place of the problem's.
        command: the command line, to be stored with the result.

    Returns:
        The plan, with the announcements that should be read before the run.

    Raises:
        InputError: anything that no run can be made of, in one sentence; TooLargeError: more memory than there is.

    >>> settled = plan("quadratic:d=3", "1/(s*L)", staleness=2, steps=4, seeds=2)
    >>> settled.step_sizes, settled.delays
    (array([0.5, 0.5, 0.5, 0.5]), array([0, 1, 1, 1]))
    """
    window = Staleness(staleness) if not isinstance(staleness, Staleness) else staleness
    horizon = whole_number(steps, 1, "The number of steps", InputError)
    objective = get_problem(problem) if isinstance(problem, str) else problem
    size = validate_batch(objective.default_batch if batch is None else batch)
    memory = _memory(objective, size, horizon, seeds, window, record_every)
    first = whole_number(first_seed, 0, "The first seed", InputError)
    model = _delay_model(delays, delays_file, window, horizon)
    trace = validate_delays(delay_trace(model, horizon, first), window)
    resolved = resolve_constants(objective.constants(size), constants or {})
    rule = parse_schedule(schedule) if isinstance(schedule, str) else schedule
    step_sizes = _step_sizes(rule, horizon, trace, window, resolved)
    configuration = Configuration(
        problem=objective.name,
        schedule=rule.text,
        staleness=window.window,
        steps=horizon,
        seeds=tuple(range(first, first + seeds)),
        batch=size,
        delays=f"@{delays_file}" if delays_file is not None else model.text,
        record_every=record_every,
        constants=dict(constants or {}),
        data_digest=objective.digest,
        schedule_digest=rule.digest,
        delays_digest="" if model is not delays and delays_file is None else digest_of(trace),
    )
    told = _announcements(objective, configuration, step_sizes, model)
    return Plan(configuration, objective, step_sizes, trace, resolved, told, memory, command)


def resolve_constants(known: Mapping[str, Constant], given: Mapping[str, float]) -> dict[str, Constant]:
    """The problem's constants, with those that the user gives in place of them."""
    for name, constant in known.items():
        if name not in given and not np.isfinite(constant.value):
            raise ProblemError(f"The constant {name} of the problem is {constant.value}. Give it with --constants.")
    replaced = {
        name: Constant(checked_constant(name, value), Known.GIVEN, "given by the user") for name, value in given.items()
    }
    return {**known, **replaced}


def _delay_model(
    delays: str | DelayModel, delays_file: Path | str | None, staleness: Staleness, steps: int
) -> DelayModel:
    if delays_file is not None:
        if holds_netcdf(delays_file):
            return TraceDelay(validate_delays(load_trace(delays_file).first(steps).delays, staleness))
        return read_trace(delays_file, steps, staleness)
    return parse_delays(delays, staleness) if isinstance(delays, str) else delays


def _memory(problem: Problem, batch: int, steps: int, seeds: int, staleness: Staleness, record_every: int) -> int:
    """What the whole run will take, refused before anything is allocated if there is not as much."""
    count = whole_number(seeds, 1, "The number of seeds", InputError)
    stride = whole_number(record_every, 1, "The recording stride", InputError)
    engine = "black-box" if problem.kernel(batch) is None else "fused"
    simulated = predicted_memory(
        problem.dimension, steps, count, window=staleness.window, record_every=stride, engine=engine
    )
    needed = simulated + _COPIES * 8 * len(MEASURED) * count * (steps // stride + 1)
    check_memory(needed)
    return needed


def _step_sizes(
    rule: AnySchedule,
    steps: int,
    delays: NDArray[np.int64],
    staleness: Staleness,
    constants: Mapping[str, Constant],
) -> NDArray[np.float64]:
    values = {name: constant.value for name, constant in constants.items()}
    return rule.step_sizes(steps, delays=delays, s=staleness.window, **values)


def _announcements(
    problem: Problem, configuration: Configuration, step_sizes: NDArray[np.float64], delays: DelayModel
) -> tuple[str, ...]:
    noise_free = problem.deterministic(configuration.batch)
    told = (
        announcement(step_sizes, delays, problem.curvature),
        _ONE_SEED if len(configuration.seeds) == 1 and not noise_free else None,
        _NO_NOISE if len(configuration.seeds) > 1 and noise_free else None,
    )
    return tuple(sentence for sentence in told if sentence is not None)


# Besides the recording itself: the blocks joined, one more while they are described, and the encoded file.
_COPIES = 3

_ONE_SEED = (
    "One seed cannot decide a statement about expectations, as the gradient is noisy: the verdict will be undecided. "
    "Give more with --seeds 32."
)
_NO_NOISE = "The gradient has no noise, so that every seed gives the same run: one seed is enough, --seeds 1."
