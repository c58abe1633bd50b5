"""From what a user types to a question: schedule, staleness, delays and constants."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from theory.bounds.parts.setting import Setting
from theory.common.errors import InputError, TooLargeError
from theory.common.types import Stages
from theory.formulas.notation import checked_constant
from theory.methods.method import Method
from theory.methods.registry import parse_method
from theory.methods.waiting import Delayed
from theory.schedules.schedule import AnySchedule, GivenSchedule, parse_schedule
from theory.staleness.count import Staleness, whole_number
from theory.staleness.delay_model import DelayModel
from theory.staleness.delays import TraceDelay, delay_model, delay_trace, refuse_two_sources
from theory.staleness.traces import one_read, validate_delays
from theory.worst_case.question import Measure, Question

if TYPE_CHECKING:
    from theory.worst_case.traces.patterns import PatternResult

#: Above it, even the smallest problem would need more than the 30 GB that a million steps do.
MOST_STEPS = 1_000_000
#: The constants that a flag gives a value; --constants may give it as well.
_FLAGS = {"L": "smoothness", "Delta": "gap", "sigma": "variance"}


@dataclass(frozen=True, eq=False)
class Asked:
    """A question, and what it was made of.

    Args:
        question: steps, delays and constants.
        setting: the same run as the library's bounds take it.
        rule: the schedule; delays: the model or trace; method: what takes the steps.
    """

    question: Question
    setting: Setting
    rule: AnySchedule
    delays: DelayModel
    method: Method = field(default_factory=Delayed)

    @property
    def constants(self) -> Mapping[str, float]:
        """Values of L, Delta, sigma, and of mu if it was given."""
        return self.setting.constants


def ask(
    schedule: GivenSchedule,
    *,
    staleness: int | Staleness,
    steps: int,
    smoothness: float = 1.0,
    gap: float = 1.0,
    variance: float = 0.0,
    coherence: float | None = None,
    constants: Mapping[str, float] | None = None,
    delays: str | DelayModel = "constant",
    delays_file: Path | str | None = None,
    measure: str = "min",
    seed: int = 0,
    method: str | Method = "delayed",
) -> Asked:
    """The worst-case question behind a schedule.

    Args:
        schedule: an expression in k, T, s, L, mu, sigma, Delta, d; a name of the catalogue; "@file"; a schedule; or a
            callable k -> step size.
        staleness: the theorem's s; steps: T.
        smoothness: L; gap: Delta; variance: sigma^2; coherence: mu as a constraint, or None.
        constants: values for the symbols of the schedule, of which only mu is new; L, Delta and sigma must agree with
            the arguments before, or take their place where those keep their defaults.
        delays: a model or its spelling; delays_file: a trace in its place; seed: of random delays.
        measure: "min" or "mean".
        method: what takes the steps, or its spelling; any other than `delayed` for the minimum.

    Returns:
        The question with its schedule, delays and constants.

    Raises:
        InputError: anything that cannot be used, in one sentence.

    >>> ask("mu/(s*L*sqrt(k))", staleness=2, steps=2, constants={"mu": 0.5}).question.step_sizes
    array([0.25      , 0.1767767])
    """
    if measure not in list(Measure):
        raise InputError(f"The measure is min or mean. Got {measure!r}.")
    refuse_two_sources(delays, delays_file)
    window = Staleness.of(staleness)
    horizon = whole_number(steps, 1, "The number of steps", InputError)
    if horizon > MOST_STEPS:
        raise TooLargeError(
            f"A worst case of {horizon:,} steps would need more than {3e-5 * horizon:,.0f} GB and days. Ask for fewer "
            f"steps, at most {MOST_STEPS:,}."
        )
    values = _settled(smoothness, gap, variance, constants or {})
    model = delay_model(delays, delays_file, horizon, window)
    taken = parse_method(method) if isinstance(method, str) else method
    trace = one_read(validate_delays(delay_trace(model, horizon, seed), window), "A worst case")
    rule = parse_schedule(schedule, horizon)
    setting = Setting.of(rule, trace, window, values)
    linear = None
    if taken != Delayed():
        linear = taken.linear(setting.step_sizes, setting.delays, values["L"], window)
    question = Question(
        setting.step_sizes,
        setting.delays,
        rule=linear,
        smoothness=values["L"],
        gap=values["Delta"],
        variance=values["sigma"] ** 2 if "sigma" in (constants or {}) else variance,
        coherence=coherence,
        staleness=window,
        measure=measure,
    )
    return Asked(question, setting, rule, model, taken)


def ask_worst_delays(
    schedule: GivenSchedule, *, progress: Stages | None = None, **options: Any
) -> tuple[Asked, PatternResult]:
    """The question with the delays that make its worst case largest, and how they were found; see `ask`.

    Raises:
        InputError: anything that `ask` refuses, or steps that depend on the delays.
    """
    from theory.worst_case.traces.patterns import worst_delays

    first = ask(schedule, **{**options, "delays": "constant"})
    if first.question.rule is not None:
        raise InputError(
            f"The worst delays are looked for under delayed steps alone. Got {first.method.text}: give the delays."
        )
    if first.rule.reads_delay:
        raise InputError(
            f"The steps of {first.rule.text} depend on the delays: there are no steps yet whose worst trace could be "
            "looked for. Give the delays, or a schedule without d."
        )
    names = ("step_sizes", "staleness", "smoothness", "gap", "variance", "coherence", "measure")
    found = worst_delays(**{name: getattr(first.question, name) for name in names}, progress=progress)
    return ask(schedule, **{**options, "delays": TraceDelay(found.delays)}), found


def _settled(smoothness: float, gap: float, variance: float, given: Mapping[str, float]) -> dict[str, float]:
    """The values of the symbols; a value given twice must be the same."""
    if not (math.isfinite(variance) and variance >= 0):
        raise InputError(f"The variance must be a number of at least 0. Got {variance}.")
    from_flags = {"L": (smoothness, 1.0), "Delta": (gap, 1.0), "sigma": (math.sqrt(variance), 0.0)}
    values = {name: value for name, (value, _) in from_flags.items()}
    for name, value in given.items():
        flag, default = from_flags.get(name, (value, value))
        if flag not in (default, value):
            raise InputError(
                f"{name} is {value:g} in --constants and {flag:g} by --{_FLAGS[name]}. Give it once: --{_FLAGS[name]} "
                "is enough."
            )
        values[name] = checked_constant(name, value)
    return values
