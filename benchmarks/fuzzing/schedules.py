"""A text as a schedule: read, evaluated, printed and read again, and held against the second reading of `oracle`."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from fuzzing.grammar import schedule_text
from fuzzing.oracle import NotRead, Reading
from fuzzing.verdicts import Escape, accepted_or_refused, check_sentence, require
from theory.common.errors import GradlagError, ScheduleError
from theory.common.types import Floats
from theory.formulas.parsing import HIGHEST, LONGEST, MOST_NODES
from theory.schedules.schedule import AnySchedule, Schedule, parse_schedule

CONSTANTS = {"s": 3.0, "B": 2.0, "L": 2.0, "mu": 0.5, "sigma": 1.5, "Delta": 4.0}
STEPS = (1, 2, 17, 1000)
_NAMES = (*CONSTANTS, "T", "k", "d")
_DELAYS = {steps: np.minimum(np.arange(steps), 2) for steps in STEPS}
# A text of this many characters can break no limit of parts or height: a part takes a character, and height needs more.
_SURELY_SMALL = HIGHEST - 2


def one(rng: Random) -> tuple[str, str]:
    """A kind and a text."""
    return schedule_text(rng)


def judge(kind: str, text: str) -> str:
    """What became of the text: "accepted", "no steps" (read, but without usable step sizes), or the refusal's class."""
    try:
        schedule = parse_schedule(text)
    except GradlagError as refusal:
        require(refusal.exit_status == 2, f"exit status {refusal.exit_status} for a schedule: {refusal}")
        require(kind != "valid" or len(text) > _SURELY_SMALL, f"a right text is refused: {refusal}")
        check_sentence(str(refusal))
        return type(refusal).__name__
    require(len(getattr(schedule, "expression", "")) <= LONGEST, "a text beyond the limit was read")
    latex = schedule.latex()
    require(isinstance(latex, str) and latex.count("{") == latex.count("}"), f"LaTeX without balance: {latex[:200]}")
    if not isinstance(schedule, Schedule):
        return accepted_or_refused(lambda: _from_a_file(schedule))
    require(sum(1 for _ in schedule.formula.walk()) <= 2 * MOST_NODES, "a tree beyond the limit was made")
    given = _all_given(schedule)
    return "accepted" if any(isinstance(sizes, np.ndarray) for sizes in given) else "no steps"


def _from_a_file(schedule: AnySchedule) -> str:
    sizes = schedule.step_sizes(2, **CONSTANTS)
    require(sizes.tolist() == [0.5, 0.25], f"numbers that do not stand in the file: {sizes.tolist()}")
    return "accepted"


def _all_given(schedule: Schedule) -> list[Floats | str]:
    try:
        reading = Reading(schedule.expression, _NAMES)
        return [_given(schedule, reading, steps) for steps in STEPS]
    except NotRead as refusal:
        raise Escape(f"accepted, and not arithmetic: {refusal}") from refusal


def _given(schedule: Schedule, reading: Reading, steps: int) -> Floats | str:
    """The step sizes or the refusal, which the second reading and a second parse have to share."""
    found = _sizes(schedule, steps)
    expected = _expected(reading, steps)
    again = _sizes(Schedule(schedule.expression), steps) if steps == STEPS[2] else found
    if not _same(found, again):
        raise Escape(f"the same text gives {_told(found)} and then {_told(again)}")
    usable = bool(np.isfinite(expected).all() and (expected >= 0).all())
    if usable != isinstance(found, np.ndarray) or (usable and not _same(found, expected)):
        raise Escape(f"T = {steps}: {_told(found)} where numpy has {_told(expected)}")
    return found


def _sizes(schedule: Schedule, steps: int) -> Floats | str:
    try:
        return schedule.step_sizes(steps, delays=_DELAYS[steps], **CONSTANTS)
    except ScheduleError as refusal:
        check_sentence(str(refusal))
        return str(refusal)


def _expected(reading: Reading, steps: int) -> Floats:
    values: dict[str, Any] = {**CONSTANTS, "T": float(steps), "k": np.arange(1.0, steps + 1)}
    value = reading.value({**values, "d": _DELAYS[steps].astype(np.float64)})
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (steps,))


def _same(one: Floats | str, other: Floats | str) -> bool:
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other


def _told(value: Floats | str) -> str:
    return value[:200] if isinstance(value, str) else np.array2string(value, threshold=6)
