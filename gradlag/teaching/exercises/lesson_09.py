"""Lesson 9: steps that beat every constant one, fewer gradients that do better, and one rule for two lengths."""

from __future__ import annotations

import numpy as np

from gradlag.teaching.parts.exercise import Exercise
from gradlag.teaching.parts.fields import Answers, Typed, numbers
from gradlag.teaching.parts.marks import Mark, right, undecided, unread, wrong
from gradlag.teaching.pictures.lesson_09 import STALENESS, STEPS, best, certified_worst_case
from gradlag.teaching.shown.prose import text
from theory.bounds import Setting
from theory.common.errors import InputError
from theory.schedules.schedule import parse_schedule
from theory.staleness.count import Staleness

_GOAL, _FEW, _FEW_GOAL = 0.45, 4, 0.44
# A certificate is above the worst case by less than this, relatively.
_KNOWN = 1e-6


def _steps(answers: Answers) -> tuple[float, ...]:
    steps = numbers(answers["steps"], "The list of step sizes")
    if len(steps) != STEPS:
        raise InputError(f"Give {STEPS} step sizes, one for each step. You gave {len(steps)}.")
    if max(map(abs, steps)) > 100:
        raise InputError(f"Step sizes are in units of 1/L. You gave {max(steps, key=abs):g}.")
    return steps


def _judged(steps: tuple[float, ...], goal: float) -> tuple[float | None, Mark | None]:
    """The certified worst case; and a mark where it is not below the goal, or not known."""
    if min(steps) < 0:
        return None, wrong(f"A step size of {min(steps):g} climbs: it goes against the gradient.")
    if not any(steps):
        return None, wrong("Steps of size 0 go nowhere: the worst case is 2, that of the start.")
    value = certified_worst_case(steps)
    if value is None:
        return None, undecided("No certificate was found for these steps, so that their worst case is not known.")
    if abs(value / goal - 1) < _KNOWN:
        return value, undecided(f"Your worst case is {goal:.6g} to six digits, as near as a certificate comes.")
    return value, None if value < goal else wrong(_advice(steps, value, goal))


def _advice(steps: tuple[float, ...], value: float, goal: float) -> str:
    """Which error leads to such a worst case."""
    said = f"The certified worst case is {value:.4f}, and not yet below {goal:.4g}."
    if len({round(step, 9) for step in steps}) == 1:
        least = best("constant", len(steps))[1]
        return f"{said} A constant step: the best of them has {least:.4f}. Let the steps differ."
    smaller, larger = (certified_worst_case(tuple(factor * step for step in steps)) for factor in (0.85, 1.15))
    if smaller is not None and smaller < value:
        return f"{said} With all steps 15 per cent smaller it would be {smaller:.4f}: they are too long for the delay."
    if larger is not None and larger < value:
        return f"{said} With all steps 15 per cent larger it would be {larger:.4f}: they are too short."
    return f"{said} Scaling does not help: change the shape. Which steps use gradients that are stale?"


def _beats(answers: Answers) -> Mark:
    steps = _steps(answers)
    value, mark = _judged(steps, _GOAL)
    if mark is not None:
        return mark
    return right(
        f"Certified: at most {value:.4f}, {100 * (1 - (value or 0) / best('constant')[1]):.1f} % below the best "
        f"constant step. The library's own design has {best('design')[1]:.4f}."
    )


def _fewer(answers: Answers) -> Mark:
    steps = _steps(answers)
    used = int(np.count_nonzero(steps))
    if used > _FEW:
        return wrong(f"You use {used} gradients, and at most {_FEW} are allowed: set {used - _FEW} more steps to 0.")
    value, mark = _judged(steps, _FEW_GOAL)
    if mark is not None:
        return mark
    return right(
        f"With {used} gradients of 6 the worst case is at most {value:.4f}; constant: {best('constant')[1]:.4f}."
    )


_LENGTHS = (6, 9)


def _rule(answers: Answers) -> Mark:
    typed = str(answers["schedule"] or "").strip()
    if not typed or typed.startswith("@"):
        return unread("Type a rule for the step sizes in k and L, such as 0.5/L if k <= 2 else 0.4/L.")
    said = []
    for length in _LENGTHS:
        known = {"L": 1.0, "Delta": 1.0, "sigma": 0.0}
        delays = np.minimum(np.arange(length), STALENESS - 1)
        rule = parse_schedule(typed, length)
        steps = tuple(map(float, Setting.of(rule, delays, Staleness(STALENESS), known).step_sizes))
        if max(steps) > 100:
            return unread(f"Step sizes are in units of 1/L. Your rule has one of {max(steps):g}.")
        value, mark = _judged(steps, 0.99 * best("constant", length)[1])
        if mark is not None:
            shown = " ".join(f"{step:.3g}" for step in steps)
            return Mark(mark.outcome, f"At $T = {length}$ your rule says {shown}. {mark.sentence}")
        said.append(f"{value:.4f} at $T = {length}$ (constant: {best('constant', length)[1]:.4f})")
    return right(f"Certified: {' and '.join(said)}.")


EXERCISES = (
    Exercise(
        "1",
        "Beat the constant step",
        text(rf"""
            $T = 6$, every gradient two steps old ($s = 3$), $L = \Delta = 1$, no noise. Give six step sizes whose
            certified worst case is below {_GOAL}. The best constant step does not reach it.
        """),
        {"steps": Typed("six step sizes", "0.4 0.4 0.4 0.4 0.4 0.4")},
        _beats,
    ),
    Exercise(
        "2",
        "Do more with less",
        text(rf"""
            The same, with at most {_FEW} steps that are not 0, so that two gradients are computed and thrown away, and
            a worst case below {_FEW_GOAL}.
        """),
        {"steps": Typed("six step sizes, two of them 0", "0.5 0 0.5 0.5 0 0.5")},
        _fewer,
    ),
    Exercise(
        "3",
        "One rule for two lengths",
        text(r"""
            A list of numbers is no schedule: it says nothing of other $T$. Type **one** rule in $k = 1, 2, \dots$ (and
            $T$, if you like) that at $T = 6$ **and** at $T = 9$ has a worst case more than 1 per cent below that of
            the best constant step for that $T$. Cases are written as in `0.7/L if k <= 2 else 0.3/L`;
            `k % 3` is the rest of $k$ divided by 3.
        """),
        {"schedule": Typed("step sizes", "0.5/L if k <= 2 else 0.4/L")},
        _rule,
    ),
)
