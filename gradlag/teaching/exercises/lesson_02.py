"""Lesson 2: the steps that a bound asks for, a function that is nearly the worst, and steps that a bound likes."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache

import numpy as np

from gradlag.teaching.parts.exercise import Exercise
from gradlag.teaching.parts.fields import Answers, Typed, number
from gradlag.teaching.parts.marks import Mark, right, undecided, unread, wrong
from gradlag.teaching.pictures.lesson_02 import on_slope, setting
from gradlag.teaching.shown.prose import text
from theory.bounds import Setting, get
from theory.schedules.schedule import parse_schedule
from theory.staleness.count import Staleness

_CLOSE = 1e-9
_L, _DELTA, _S, _GOAL, _MORE = 2.0, 3.0, 4, 0.05, 1.02
_MOST = 20_000


@cache
def promised(steps: int, smoothness: float = _L, gap: float = _DELTA) -> float:
    """What Theorem B promises after so many steps of 1/(8 L)."""
    return get("theorem-b").evaluate(setting(_S, 1 / (8 * _L), steps, L=smoothness, Delta=gap))


@cache
def least_steps(goal: float = _GOAL, gap: float = _DELTA) -> int:
    """The least number of steps for which it promises the goal."""
    low, high = 0, 1
    while promised(high, gap=gap) > goal:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if promised(middle, gap=gap) <= goal else (middle, high)
    return high


def share() -> str:
    """L b_k of Theorem B in the middle of such a run, as a fraction."""
    at = setting(_S, 1 / (8 * _L), 50, L=_L, Delta=_DELTA)
    b = next(node for node in get("theorem-b").definitions if node.symbol == "b").evaluate(at.environment())
    exact = Fraction(float(np.ravel(b)[25] * _L)).limit_denominator(1000)
    return rf"\frac{{{exact.numerator}}}{{{exact.denominator}}}"


def _steps(answers: Answers) -> Mark:
    given = number(answers["steps"], "The number of steps")
    if given != int(given) or not 1 <= given <= _MOST:
        return unread(f"A number of steps is a whole number from 1 to {_MOST:,}. You gave {given:g}.")
    steps, least = int(given), least_steps()
    if least <= steps <= _MORE * least:
        return right(f"After {steps} steps Theorem B promises {promised(steps):.5f}; {least} are enough.")
    if abs(steps / least_steps(gap=1.0) - 1) < 0.02:
        return wrong("You left out $\\Delta = 3$: the bound is proportional to it.")
    if abs(steps / (least / 2) - 1) < 0.02:
        return wrong("You left out a factor 2: the step is $\\frac1{8L}$ with $L = 2$, that is $\\frac1{16}$.")
    if steps < least:
        return wrong(f"Too few: after {steps} steps Theorem B promises {promised(steps):.4g}, and not yet {_GOAL}.")
    return wrong(f"Enough, but more than two per cent too many: it promises {promised(steps):.4g} already.")


_T, _STEP, _FLOOR = 10, 0.25, 0.3


def _slope(answers: Answers) -> Mark:
    slope = number(answers["slope"], "The slope")
    if slope <= 0:
        return wrong("A slope of 0 or less is no slope that descends to the bowl.")
    for edge in (math.sqrt(_FLOOR), math.sqrt(1 / (_T * _STEP + 0.5))):
        if abs(slope / edge - 1) < _CLOSE:
            return undecided(f"{slope:.6g} is an edge of what is asked, to nine digits. Move a little away from it.")
    squares = on_slope(slope, _STEP, _S - 1, _T)
    if squares.min() >= _FLOOR:
        return right(
            f"The least $|\\nabla F|^2$ over all {_T + 1} points is {squares.min():.4f}; Theorem B promises "
            f"{get('theorem-b').evaluate(setting(_S, _STEP, _T)):.4f}, so that no function is much worse than yours."
        )
    if slope**2 < _FLOOR:
        return wrong(
            f"Already at the start $|\\nabla F|^2$ is {slope**2:.4g}, below {_FLOOR}: the square of the slope counts."
        )
    reached = int(np.flatnonzero(squares < _FLOOR)[0])
    return wrong(
        f"Too steep: height 1 is used up before the end. At $t = {reached}$ the run is in the bowl, with "
        f"$|\\nabla F|^2 = {squares[reached]:.3g}$."
    )


_HORIZON, _SIGMA, _TARGET = 200, 0.5, 0.075


def _at(schedule: str, factor: float = 1.0) -> Setting:
    known = {"L": 1.0, "Delta": 1.0, "sigma": _SIGMA}
    delays, staleness = np.minimum(np.arange(_HORIZON), _S - 1), Staleness(_S)
    found = Setting.of(parse_schedule(schedule), delays, staleness, known)
    return Setting(factor * found.step_sizes, delays, staleness, known) if factor != 1 else found


def _schedule(answers: Answers) -> Mark:
    typed = str(answers["schedule"] or "").strip()
    if not typed or typed.startswith("@"):
        return unread("Type step sizes: a number, or an expression in k, s and L such as 0.1/sqrt(k).")
    bound, here = get("theorem-a"), _at(typed)
    value, failures = bound.assess(here)
    if not here.step_sizes.any():
        return wrong("Steps of size 0 go nowhere: the bound stays what it is at the start.")
    if value is None:
        return wrong(f"The theorem refuses these steps. {failures[0].sentence()}")
    if abs(value / _TARGET - 1) < _CLOSE:
        return undecided(f"Theorem A gives {_TARGET} to nine digits; on which side of it, rounded numbers cannot say.")
    if value <= _TARGET:
        return right(f"Theorem A applies and promises {value:.5f}.")
    smaller, larger = (bound.assess(_at(typed, factor))[0] for factor in (0.8, 1.25))
    advice = (
        "With all steps a fifth smaller it would be less: you let in too much noise."
        if smaller is not None and smaller < value
        else "With all steps a quarter larger it would be less: you move too slowly."
        if larger is not None and larger < value
        else "Neither larger nor smaller steps of this shape help: change the shape."
    )
    return wrong(f"Theorem A applies and promises {value:.4f}, more than {_TARGET}. {advice}")


EXERCISES = (
    Exercise(
        "1",
        "How long must it run?",
        text(
            r"""
            Let $L = 2$, $\Delta = 3$, no noise, $s = 4$ and the constant step $\frac1{8L}$. For which number of steps
            does Theorem B promise $\min_t |\nabla F(x_t)|^2 \le 0.05$? Give a number that is enough and at most two
            per cent more than enough. (At this step and delay, $L\,b_k = <<share>>$ for nearly all $k$.)
        """,
            share=share(),
        ),
        {"steps": Typed("number of steps T", "500")},
        _steps,
    ),
    Exercise(
        "2",
        "Be the worst function",
        text(r"""
            A slope that ends in a bowl: $F(x) = \frac12 x^2$ for $|x| \le g$, and $F(x) = g |x| - \frac12 g^2$ beyond.
            Its gradient is $g$ on the slope, and it is smooth with $L = 1$. The run starts at height $F(x_0) = 1$,
            takes $T = 10$ steps of size $\frac14$ and reads gradients that are 3 steps old. Give a slope $g$ for which
            **no** point $x_0, \dots, x_{10}$ has $|\nabla F|^2$ below 0.3.
        """),
        {"slope": Typed("slope g", "0.4")},
        _slope,
    ),
    Exercise(
        "3",
        "Step sizes that a bound likes",
        text(r"""
            Now with noise: $\sigma = 0.5$, $L = \Delta = 1$, $s = 4$, constant delay 3, $T = 200$. Type step sizes for
            which Theorem A applies and promises at most 0.075. A number will do, or an expression in $k$, $s$ and $L$.
        """),
        {"schedule": Typed("step sizes", "0.3/(L*sqrt(s*k))")},
        _schedule,
    ),
)
