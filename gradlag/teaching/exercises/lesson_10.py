"""Lesson 10: a fleet that is very late at little cost, a rule that looks at the delay, and gradients held back."""

from __future__ import annotations

import math
from fractions import Fraction

from experiments.servers.speeds import parse_fleet
from gradlag.teaching.parts.exercise import Exercise
from gradlag.teaching.parts.fields import Answers, Typed, numbers
from gradlag.teaching.parts.marks import Mark, right, undecided, unread, wrong
from gradlag.teaching.pictures.lesson_10 import late_error, recorded
from gradlag.teaching.shown.prose import text
from theory.bounds import Setting
from theory.common.errors import InputError
from theory.schedules.schedule import parse_schedule
from theory.staleness.count import Staleness

_COUNT, _UPDATES, _LATE, _SECONDS = 4, 200, 20, 80.0
_CLOSE = 1e-9


def _fleet(answers: Answers) -> Mark:
    typed = str(answers["fleet"] or "").strip()
    count = len(parse_fleet(typed))
    if count != _COUNT:
        return wrong(f"Your fleet has {count} workers, and {_COUNT} are asked for.")
    trace = recorded(typed, None, _UPDATES)
    largest, seconds = int(trace.delays.max()), float(trace.applied_at[-1])
    if abs(seconds / _SECONDS - 1) < _CLOSE:
        return undecided(f"It takes {_SECONDS:g} seconds to nine digits. Make it a little faster or slower.")
    if seconds > _SECONDS:
        return wrong(
            f"The largest delay is {largest}, but {_UPDATES} updates take {seconds:.4g} seconds: too many workers are "
            "slow, or all are. Speed is what the fast ones do."
        )
    if largest < _LATE:
        return wrong(
            f"Fast enough ({seconds:.4g} seconds), but the largest delay is {largest}. A gradient is late by the "
            "updates that the *others* make meanwhile: make one worker much slower than the others."
        )
    return right(
        f"The largest delay is {largest}, the mean {trace.delays.mean():.3f}, and {_UPDATES} updates take "
        f"{seconds:.4g} seconds. A bound that knows only the largest delay pays {largest + 1} times for one worker."
    )


RULE_FLEET, _GOAL = "7*constant:seconds=1+1*constant:seconds=12", 1e-4


def _rule(answers: Answers) -> Mark:
    typed = str(answers["schedule"] or "").strip()
    if not typed or typed.startswith("@"):
        return unread("Type step sizes that may contain the delay d, such as 0.1/(d + 1).")
    delays = recorded(RULE_FLEET, None, _UPDATES).delays
    known = {"L": 1.0, "Delta": 0.5, "sigma": 0.0}
    rule = parse_schedule(typed, _UPDATES)
    sizes = Setting.of(rule, delays, Staleness(int(delays.max()) + 1), known).step_sizes
    if not sizes.any():
        return wrong("Steps of size 0 go nowhere.")
    if sizes.min() < 0:
        return wrong("A negative step climbs.")
    left = late_error(sizes, delays.tolist())
    if math.isfinite(left) and abs(left / _GOAL - 1) < _CLOSE:
        return undecided(f"The error is {_GOAL:g} to nine digits, as near as floats tell.")
    if left <= _GOAL:
        return right(f"The last {20} points are within {left:.2g} of the minimum.")
    size = f"{left:.2g}" if math.isfinite(left) else "without bound"
    if not rule.reads_delay:
        return wrong(
            f"The error is {size}. Your steps do not look at the delay d: one that is small enough for gradients which "
            f"are {int(delays.max())} steps old is too small for all others."
        )
    halved = late_error(sizes / 2, delays.tolist())
    advice = (
        "With all steps halved it would be smaller: too long."
        if halved < left
        else "Halved it is no better: too short."
    )
    return wrong(f"Your rule looks at the delay, but the error is {size}. {advice}")


_ROUNDS, _WAITS = 12, 6


def first_sent(gradient: tuple[float, ...], rounds: int = _ROUNDS) -> tuple[list[int | None], bool]:
    """In which round each entry is sent first, of a gradient that stays the same; and whether rounding may decide.

    >>> first_sent((8.0, 4.0, 2.0, 1.0))
    ([1, 3, 5, 9], False)
    """
    exact = [abs(Fraction(entry)) for entry in gradient]
    held, close = [Fraction(0)] * len(exact), False
    first: list[int | None] = [None] * len(exact)
    for this in range(1, rounds + 1):
        held = [kept + entry for kept, entry in zip(held, exact, strict=True)]
        second, most = sorted(held)[-2:]
        close |= 0 < most - second < Fraction(_CLOSE) * most
        place = held.index(most)
        first[place], held[place] = first[place] or this, Fraction(0)
    return first, close


def _held_back(answers: Answers) -> Mark:
    gradient = numbers(answers["gradient"], "The gradient")
    if len(gradient) != _COUNT:
        raise InputError(f"Give {_COUNT} numbers. You gave {len(gradient)}.")
    if not all(gradient):
        return wrong("An entry of 0 is never sent, and nothing of it is missing: give four numbers that are not 0.")
    first, close = first_sent(gradient)
    if close:
        return undecided(
            "Two entries are equal to nine digits, and rounding decides which is sent. Change one a little."
        )
    told = ", ".join("not yet" if each is None else str(each) for each in first)
    if None in first:
        return wrong(
            f"First sent in the rounds {told}. One entry is never sent in {_ROUNDS} rounds: it is too small beside the "
            "largest. What is held back adds up only by its own size in each round."
        )
    latest = max(each for each in first if each is not None)
    if latest < _WAITS:
        return wrong(f"First sent in the rounds {told}: nobody waits for {_WAITS} rounds. Make one entry smaller.")
    return right(f"First sent in the rounds {told}: a gradient of round 1 is applied {latest - 1} rounds late.")


EXERCISES = (
    Exercise(
        "1",
        "Very late, at little cost",
        text(rf"""
            Give a fleet of {_COUNT} workers whose largest delay within {_UPDATES} updates is at least {_LATE}, and
            which makes these {_UPDATES} updates in at most {_SECONDS:g} seconds. A fleet is written as in
            `2*constant:seconds=1+2*constant:seconds=3`; `exponential:mean=1` is a law, too (drawn from seed 0).
        """),
        {"fleet": Typed("fleet", "2*constant:seconds=1+2*constant:seconds=3")},
        _fleet,
    ),
    Exercise(
        "2",
        "A rule that looks at the delay",
        text(rf"""
            The fleet is `{RULE_FLEET}`, the objective $\frac12 x^2$ from $x_0 = 1$, $L = 1$. Type step sizes for which
            the last 20 of {_UPDATES} points are within $10^{{-4}}$ of the minimum. No constant step does it: 0.05
            leaves 0.0019. The delay of the gradient that has just arrived is `d`, and it is known when the step is
            chosen.
        """),
        {"schedule": Typed("step sizes", "0.1 if d <= 50 else 0.05")},
        _rule,
    ),
    Exercise(
        "3",
        "Held back",
        text(rf"""
            A worker has the same gradient in every round, of {_COUNT} numbers. It sends **one** entry a round, the one
            of which most has come together, and keeps the rest for later (top-1 with error compensation). Give a
            gradient for which every entry is sent within {_ROUNDS} rounds, and at least one for the first time in round
            {_WAITS} or later.
        """),
        {"gradient": Typed("four numbers", "1 1 1 1")},
        _held_back,
    ),
)
