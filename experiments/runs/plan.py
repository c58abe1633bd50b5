"""From a request to a plan: everything about a run is settled, and refused if need be, before its first step.

A plan is a value: problem, step sizes, delays and constants, with what should be told to the user beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Unpack

import numpy as np

from experiments.common.arrays import digest_of
from experiments.common.constants import Constant, Known
from experiments.common.memory import check_memory
from experiments.problems import get_problem
from experiments.problems.problem import Problem, validate_batch
from experiments.runs.configuration import Configuration, EngineOptions
from experiments.runs.recorded_trace import holds_netcdf, load_trace
from experiments.runs.rules import rule_of
from experiments.runs.run import MEASURED
from experiments.simulate.memory import predicted_memory
from experiments.simulate.trajectories import Iteration
from theory.bounds import Setting
from theory.common.errors import InputError, ProblemError
from theory.formulas.notation import checked_constant
from theory.methods.registry import parse_method
from theory.methods.rule import LinearRule
from theory.schedules.schedule import AnySchedule, GivenSchedule, parse_schedule, said_of
from theory.staleness.count import Staleness, whole_number
from theory.staleness.delay_model import DelayModel
from theory.staleness.delays import TraceDelay, delay_model, delay_trace
from theory.staleness.stability_of_delays import announcement
from theory.staleness.traces import Delays, oldest, validate_delays


@dataclass(frozen=True, eq=False)
class Plan:
    """A run that can be carried out: nothing is left to decide.

    Args:
        configuration: what was asked for, in normal form.
        problem: the objective.
        rule: the schedule.
        setting: step sizes (T,), delays (T,) or (T, B) that all seeds share, staleness, and the values of the
            constants; where reads are inconsistent, the delays are the largest of each step.
        delays: (T,) or (T, B), those that the engine takes.
        linear: what the method comes to.
        constants: L, Delta, sigma, and mu if it was given, each with how it is known.
        announcements: sentences for the user before the run starts.
        memory: bytes that carrying it out will take.
        command: the command line that asked for it.
    """

    configuration: Configuration
    problem: Problem
    rule: AnySchedule
    setting: Setting
    delays: Delays
    linear: LinearRule
    constants: Mapping[str, Constant]
    announcements: tuple[str, ...]
    memory: int
    command: str = ""

    @property
    def key(self) -> str:
        """The key of the configuration."""
        return self.configuration.key

    def iteration(self, seeds: Sequence[int]) -> Iteration:
        """What an engine is given for these seeds."""
        asked, weights, moves = self.configuration, self.linear.gradient_weights, self.linear.move_weights
        return Iteration.of(weights, self.delays, seeds, asked.staleness, asked.batch, moves, **asked.engine_options)


def plan(
    problem: str | Problem,
    schedule: GivenSchedule,
    staleness: int | Staleness,
    steps: int,
    *,
    seeds: int = 32,
    first_seed: int = 0,
    batch: int | None = None,
    delays: str | DelayModel = "constant",
    delays_file: Path | str | None = None,
    constants: Mapping[str, float] | None = None,
    method: str = "delayed",
    command: str = "",
    **options: Unpack[EngineOptions],
) -> Plan:
    """Settle everything about a run before it starts.

    Args:
        problem: spelling of the objective, or the objective.
        schedule: spelling of the step sizes, the schedule, or a callable k -> step size.
        staleness: the theorem's s.
        steps: T.
        seeds, first_seed, batch, delays, delays_file, constants, method, **options: see `RunOptions`.
        command: the command line, to be stored with the result.

    Returns:
        The plan, with the announcements that should be read before the run.

    Raises:
        InputError: anything that no run can be made of, in one sentence; TooLargeError: more memory than there is.

    >>> settled = plan("quadratic:d=3", "1/(s*L)", staleness=2, steps=4, seeds=2)
    >>> settled.setting.step_sizes, settled.setting.delays
    (array([0.5, 0.5, 0.5, 0.5]), array([0, 1, 1, 1]))
    """
    window = Staleness.of(staleness)
    horizon = whole_number(steps, 1, "The number of steps", InputError)
    objective = get_problem(problem) if isinstance(problem, str) else problem
    size = validate_batch(objective.default_batch if batch is None else batch)
    memory = partial(_memory, objective, size, horizon, seeds, window, options.get("record_every", 1))
    memory(1)  # refused before anything is made
    first = whole_number(first_seed, 0, "The first seed", InputError)
    model = _delay_model(delays, delays_file, horizon, window)
    trace = validate_delays(delay_trace(model, horizon, first), window)
    resolved, rule = resolve_constants(objective.constants(size), constants or {}), parse_schedule(schedule, horizon)
    if options.get("inconsistent") and delays_file is None and trace.ndim == 1:
        raise InputError("Blocks that are read apart have delays of their own: give a file with several a line.")
    apart = options.get("inconsistent", False) and trace.ndim > 1
    values = {name: constant.value for name, constant in resolved.items()}
    setting = Setting.of(rule, oldest(trace) if apart else trace, window, values, apart)
    linear = rule_of(method, setting)
    configuration = Configuration(
        problem=objective.name,
        schedule=rule.text,
        staleness=window.window,
        steps=horizon,
        seeds=tuple(range(first, first + seeds)),
        batch=size,
        delays=f"@{delays_file}" if delays_file is not None else model.text,
        constants=dict(constants or {}),
        data_digest=objective.digest,
        schedule_digest=rule.digest,
        delays_digest="" if model is not delays and delays_file is None else digest_of(trace),
        method=method,
        **options,
    )
    told = said_of(rule) + _announcements(objective, configuration, linear, model)
    told += tuple(filter(None, [rule.scaled(setting.constants.get("L"))]))
    told += _reads_told(trace, configuration)
    needed = memory(linear.gradients + linear.moves)
    return Plan(configuration, objective, rule, setting, trace, linear, resolved, told, needed, command)


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
    delays: str | DelayModel, delays_file: Path | str | None, steps: int, staleness: Staleness
) -> DelayModel:
    """As `delay_model`, where the file may also be the stored trace of a server."""
    if delays_file is not None and holds_netcdf(delays_file):
        return TraceDelay(load_trace(delays_file).first(steps).delays)
    return delay_model(delays, delays_file, steps, staleness)


def _memory(
    problem: Problem, batch: int, steps: int, seeds: int, staleness: Staleness, record_every: int, kept_terms: int
) -> int:
    """What the whole run will take, refused before anything is allocated if there is not as much."""
    count = whole_number(seeds, 1, "The number of seeds", InputError)
    stride = whole_number(record_every, 1, "The recording stride", InputError)
    engine = "black-box" if problem.kernel(batch) is None else "fused"
    simulated = predicted_memory(
        problem.dimension,
        steps,
        count,
        window=staleness.window,
        record_every=stride,
        engine=engine,
        kept_terms=kept_terms,
    )
    needed = simulated + _COPIES * 8 * len(MEASURED) * count * (steps // stride + 1)
    check_memory(needed)
    return needed


def _announcements(
    problem: Problem, configuration: Configuration, linear: LinearRule, delays: DelayModel
) -> tuple[str, ...]:
    noise_free = problem.deterministic(configuration.batch)
    told = (
        announcement(linear.gradient_weights[:, 0], delays, problem.curvature)
        if configuration.method == "delayed"
        else None,
        None if parse_method(configuration.method).takes_steps else _OWN_STEPS.format(method=configuration.method),
        _ONE_SEED if len(configuration.seeds) == 1 and not noise_free else None,
        _NO_NOISE if len(configuration.seeds) > 1 and noise_free else None,
    )
    return tuple(sentence for sentence in told if sentence is not None)


def _reads_told(trace: Delays, configuration: Configuration) -> tuple[str, ...]:
    """How several delays a step are read: a file may have been meant otherwise."""
    if trace.ndim == 1:
        return ()
    count, words = trace.shape[1], _BLOCKS if configuration.inconsistent else _SEVERAL
    return (words.format(count=count),)


# Besides the recording itself: the blocks joined, one more while they are described, and the encoded file.
_COPIES = 3

_SEVERAL = "Every step has {count} delays: it applies the mean of {count} gradients, each with noise of its own."
_BLOCKS = (
    "Every step has {count} delays, of {count} consecutive blocks of coordinates: the gradient is read at a point put "
    "together from them."
)
_OWN_STEPS = "The method {method} has a step size of its own, a multiple of 1/L; the schedule is not used."
_ONE_SEED = (
    "One seed cannot decide a statement about expectations, as the gradient is noisy: the verdict will be undecided. "
    "Give more with --seeds 32."
)
_NO_NOISE = "The gradient has no noise, so that every seed gives the same run: one seed is enough, --seeds 1."
