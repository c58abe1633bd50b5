"""Which assumption costs what: every bound as each of its constants is halved, with the domain checked anew.

A constant enters twice, through the bound and through the steps that were chosen for it. Both are shown: the steps kept
as they are, and the steps that the schedule gives for the new constant. Halving the staleness clips the delays to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np

from theory.bounds import REGISTRY, Bound, Setting
from theory.formulas.notation import CONSTANTS
from theory.schedules.schedule import NumericSchedule, Schedule
from theory.staleness.count import Staleness

#: What may be halved, in the order of tables.
HALVED = (*CONSTANTS, "s")


class Sizes(StrEnum):
    """Which steps the changed setting has."""

    KEPT = "kept"
    DERIVED = "re-derived"


@dataclass(frozen=True)
class Change:
    """A bound before and after a constant is halved.

    Args:
        constant: which one; steps: whether the steps were kept or given anew by the schedule.
        before, after: the bound, in units of |grad F|^2; `after` is None where the bound no longer applies.
        failure: then, the condition that fails, as a sentence.
    """

    constant: str
    steps: Sizes
    before: float
    after: float | None
    failure: str = ""

    @property
    def ratio(self) -> float | None:
        """After over before; None where the bound no longer applies, or was zero before."""
        return None if self.after is None or self.before == 0 else self.after / self.before


@dataclass(frozen=True, eq=False)
class AssumptionCosts:
    """A bound at a setting with its changes."""

    bound: Bound
    schedule: Schedule
    setting: Setting
    value: float
    changes: tuple[Change, ...]

    def change(self, constant: str, steps: Sizes) -> Change | None:
        """The change of that constant; None where the bound and its steps do not depend on it."""
        return next((c for c in self.changes if (c.constant, c.steps) == (constant, steps)), None)


def sensitivity(
    bound: Bound, setting: Setting, schedule: Schedule | NumericSchedule | None = None
) -> tuple[Change, ...]:
    r"""How a bound changes as each constant is halved: $B(c/2)/B(c)$ for c = L, Delta, sigma, mu and s.

    Args:
        bound: the bound; setting: where it is evaluated.
        schedule: where the steps of the setting come from; by default the schedule that the bound itself names. With
            one, every constant is halved twice: with the steps kept, and with the steps that it gives anew.

    Returns:
        The changes, in the order of HALVED. Left out are constants that neither the bound nor the schedule contains,
        and those that cannot be halved (no noise, s = 1).

    Raises:
        DomainError: the bound does not apply at the setting itself.

    >>> from theory.bounds import get
    >>> row = standard(get("corollary-1"))
    >>> [(c.constant, round(c.ratio, 3)) for c in row.changes if c.steps is Sizes.DERIVED]
    [('L', 0.676), ('Delta', 0.676), ('sigma', 0.576), ('s', 0.924)]
    """
    source = schedule or bound.schedule
    before = bound.evaluate(setting)
    names = bound.constants if source is None else (*bound.constants, *source.names)
    read = set(names) | ({"s"} if _reads_staleness(bound, setting) else set())
    halved = [name for name in HALVED if name in read and _half(setting, name) is not None]
    return tuple(
        _change(bound, name, steps, before, changed)
        for name in halved
        for steps, changed in _both(setting, name, source)
    )


@cache
def standard(bound: Bound, staleness: int = 4, steps: int = 1000) -> AssumptionCosts:
    """A bound at the standard setting L = Delta = sigma = 1, mu = 1/2, with the fixed delay s - 1.

    Its steps are those that it names, else an example inside its domain. Without noise, or without delay, where it is
    about such runs only.
    """
    schedule = bound.schedule or Schedule(bound.example)
    window = 1 if _undelayed(bound) else staleness
    exact = bound.noise_free_only or bound.takes_moves  # which without delay is about exact gradients
    constants = {"L": 1.0, "Delta": 1.0, "sigma": 0.0 if exact else 1.0, "mu": 0.5, **bound.given}
    delays = np.minimum(np.arange(steps), window - 1)
    sizes = schedule.step_sizes(steps, delays=delays, s=window, **_named(constants))
    setting = Setting(sizes, delays, Staleness(window), constants)
    return AssumptionCosts(bound, schedule, setting, bound.evaluate(setting), sensitivity(bound, setting, schedule))


def sensitivity_table(bounds: Iterable[Bound] | None = None, staleness: int = 4, steps: int = 1000) -> str:
    """The ratios of all bounds at the standard setting, as text: steps kept / steps re-derived.

    >>> from theory.bounds import get
    >>> print(sensitivity_table([get("corollary-2")]).splitlines()[1])
    corollary-2     0.06072  - / 0.653      - / 0.653      - / 0.632      .              - / 0.868
    """
    rows = [standard(bound, staleness, steps) for bound in (REGISTRY.values() if bounds is None else bounds)]
    width = max(11, *(len(row.bound.name) for row in rows))
    head = f"{'bound':{width}}  {'value':>10}  " + "  ".join(f"{name + '/2':13}" for name in HALVED)
    lines = [_line(row, width) for row in rows]
    return "\n".join(line.rstrip() for line in (head, *lines, *_legend(rows, staleness, steps)))


def _undelayed(bound: Bound) -> bool:
    """Whether plain steps meet the bound without delay only, as where a method takes moves back under a delay."""
    return bound.synchronous_only or bound.takes_moves


def _line(row: AssumptionCosts, width: int) -> str:
    cells = (
        f"{_cell(row.change(name, Sizes.KEPT))} / {_cell(row.change(name, Sizes.DERIVED))}"
        if row.change(name, Sizes.KEPT)
        else "."
        for name in HALVED
    )
    return f"{row.bound.name:{width}}  {row.value:10.4g}  " + "  ".join(f"{cell:13}" for cell in cells)


def _cell(change: Change | None) -> str:
    return "-" if change is None or change.ratio is None else f"{change.ratio:.3f}"


def _legend(rows: list[AssumptionCosts], staleness: int, steps: int) -> Iterator[str]:
    yield ""
    yield "Each entry: the bound with the constant halved, over the bound; with the steps kept / with the steps of the"
    yield "schedule for the new constant. - the bound no longer applies; . the bound does not depend on it."
    yield f"At s = {staleness}, T = {steps}, L = Delta = sigma = 1, mu = 1/2, the fixed delay s - 1. Steps:"
    for text in dict.fromkeys(row.schedule.text for row in rows):
        yield f"  {text}: {', '.join(row.bound.name for row in rows if row.schedule.text == text)}"
    exact = [row.bound.name for row in rows if row.bound.noise_free_only]
    if exact:
        yield f"Without noise: {', '.join(exact)}."
    synchronous = [row.bound.name for row in rows if _undelayed(row.bound)]
    if synchronous:
        yield f"Without delay, s = 1: {', '.join(synchronous)}."


def _reads_staleness(bound: Bound, setting: Setting) -> bool:
    """Whether halving s can matter: through the formulas, or through the delays that it clips."""
    return "s" in bound.value.names() or int(setting.delays.max()) > 0


def _half(setting: Setting, name: str) -> Setting | None:
    """The setting with one constant halved and the same steps; None if that changes nothing."""
    s = setting.staleness.window
    if name == "s":
        half = Staleness(max(1, s // 2))
        delays = np.minimum(setting.delays, half.maximum_delay)
        return None if s == 1 else Setting(setting.step_sizes, delays, half, setting.constants)
    value = setting.constants.get(name, 0.0)
    constants = {**setting.constants, name: value / 2}
    return None if value == 0 else Setting(setting.step_sizes, setting.delays, setting.staleness, constants)


def _both(setting: Setting, name: str, source: Schedule | NumericSchedule | None) -> Iterator[tuple[Sizes, Setting]]:
    kept = _half(setting, name)
    if kept is None:
        return
    yield Sizes.KEPT, kept
    if source is not None:
        sizes = source.step_sizes(kept.steps, delays=kept.delays, s=kept.staleness.window, **_named(kept.constants))
        yield Sizes.DERIVED, Setting(sizes, kept.delays, kept.staleness, kept.constants)


def _named(constants: Mapping[str, float]) -> dict[str, float]:
    """The constants that a schedule may contain."""
    return {name: value for name, value in constants.items() if name in CONSTANTS}


def _change(bound: Bound, constant: str, steps: Sizes, before: float, setting: Setting) -> Change:
    after, failures = bound.assess(setting)
    return Change(constant, steps, before, after, failures[0].sentence() if failures else "")
