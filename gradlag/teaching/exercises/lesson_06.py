"""Lesson 6: a value that smoothness allows, a function worse than a straight slope, and a certificate changed."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np

from gradlag.teaching.parts.exercise import Exercise
from gradlag.teaching.parts.fields import Answers, Typed, number, numbers
from gradlag.teaching.parts.marks import Mark, right, undecided, unread, wrong
from gradlag.teaching.pictures.lesson_06 import LINES, checked
from gradlag.teaching.pictures.slopes import Slopes, shown
from gradlag.teaching.shown.prose import text
from theory.worst_case.certificate.text import named

_CLOSE = 1e-9

# Exercise 1: how much less than 2 the function must fall, between the points 0 and 2.
_APART, _SPARED = Fraction(2), Fraction(1, 2)


def spare(value: Fraction) -> Fraction:
    """What is left of the inequality between (0, slope -1, value 0) and (2, slope -1, value F(2)); L = 1."""
    straight = -2 * _APART / 2  # <g_i + g_j, x_j - x_i>/2
    return _APART**2 / 4 - abs(value - straight)


def _flatter(answers: Answers) -> Mark:
    given = number(answers["value"], "The value of F(2)")
    value = Fraction(given).limit_denominator(10**12)
    if spare(value) >= 0 and value >= -_APART + _SPARED:
        return right(
            f"F falls by {-given:g} instead of 2, and a smooth F does so: its slope dips to "
            f"{float(-1 + _APART / 2):g} half way at the utmost, or less deep."
        )
    if value == -_APART:
        return wrong("That is the straight line. Its slope is the same everywhere, and it need not be.")
    if value > 0:
        return wrong("Higher than at the start, although both slopes lead down and lie within reach of each other.")
    if spare(value) < 0 and value > -_APART:
        return wrong(
            f"Too flat: in the middle the slope would have to be above {float(-1 + _APART / 2):g}, and from there it "
            "could not be back at \N{MINUS SIGN}1 in time with $L = 1$."
        )
    if spare(value) < 0:
        return wrong(
            "Too low. If only the slope at 0 were known it might be so; but the slope at 2 is \N{MINUS SIGN}1 again."
        )
    if value < -_APART:
        return wrong("Possible, but lower than the straight line: an adversary wants F to fall as little as can be.")
    return wrong(f"Possible, but F(2) is to be at least {float(-_APART + _SPARED):g}: let the slope dip further.")


_GOAL, _MOST = 0.42, 60


def _beats(answers: Answers) -> Mark:
    gap, falls = number(answers["gap"], "The distance"), numbers(answers["slopes"], "The list of slopes")
    if not 2 <= len(falls) <= _MOST:
        return unread(f"Give from 2 to {_MOST} slopes. You gave {len(falls)}.")
    if not 1e-3 <= gap <= 10:
        return unread(f"The distance between two places is from 0.001 to 10. You gave {gap:g}.")
    slopes = Slopes(gap * np.arange(len(falls), dtype=np.float64), np.array(falls))
    if falls[0] <= 0:
        return wrong("The first slope says how steeply F falls at the start: it must be positive, or F has no floor.")
    picture = shown(slopes, "Your function, and the run on it")
    if slopes.smoothness > 1 + _CLOSE:
        at = int(np.argmax(np.abs(np.diff(falls))))
        return wrong(
            f"Not 1-smooth: from entry {at + 1} to {at + 2} the slope changes by {abs(falls[at + 1] - falls[at]):g} "
            f"over a distance of {gap:g}.",
            picture,
        )
    if slopes.gap > 1 + _CLOSE:
        return wrong(f"Too high: F falls by {slopes.gap:.4g} in all, and $\\Delta = 1$ is what there is.", picture)
    least = slopes.least()
    if abs(least / _GOAL - 1) < _CLOSE:
        return undecided(f"The least squared slope is {_GOAL} to nine digits. Move a little away from it.")
    if least >= _GOAL:
        return right(f"The least squared slope is {least:.4f}, and {slopes.gap:.4f} of the height is used.", picture)
    at = int(np.argmin(slopes.at(slopes.run()) ** 2))
    where = f"at $x_{at} = {slopes.run()[at]:.4g}$ the squared slope is {least:.4g}"
    if slopes.run()[at] > slopes.places[-1]:
        return wrong(
            f"The run is in the bowl before the end: {where}. Go on further with slopes, or save height: between the "
            "points of the run nobody looks.",
            picture,
        )
    return wrong(f"Admissible, but {where}: it is read there. Dip only between the points of the run.", picture)


_LEAST_CLAIM = 0.65


def _forges(answers: Answers) -> Mark:
    found = re.fullmatch(r"(start|pair|floor|measure)((?:\s+\d+)*)", str(answers["line"] or "").strip().lower())
    key = tuple(map(int, found[2].split())) if found else ()
    if not found or (found[1], key) not in LINES:
        return unread(f"Name a line by its first words, such as {named(*LINES[1])} or {named(*LINES[-1])}.")
    kind, factor = found[1], number(answers["factor"], "The factor")
    if abs(factor) > 1e6:
        return unread("Take a factor of at most a million.")
    if factor == 1:
        return wrong("Times 1: nothing is changed.")
    result = checked(kind, key, Fraction(factor))
    if not isinstance(result, str):
        if result.upper <= Fraction(str(_LEAST_CLAIM)):
            return right(f"It passes, and certain now is that the worst case is at most {result.upper_float:.7f}.")
        return wrong(
            f"It passes, but claims no more than {result.upper_float:.4g}; above {_LEAST_CLAIM} it says too little."
        )
    if kind in ("start", "pair", "floor"):
        why = "What flows into a point must flow out of it, and you changed one arrow alone."
    elif factor < 0:
        why = "An inequality times a negative number turns round."
    else:
        why = "More weight on a gradient than the inequalities pay for: then it is the square that is left over."
    return wrong(f"Refused. {result} {why}")


EXERCISES = (
    Exercise(
        "1",
        "As flat as smoothness allows",
        text(r"""
            A function of one variable has $L = 1$, $F(0) = 0$, $F'(0) = -1$ and $F'(2) = -1$. A straight line would
            give $F(2) = -2$. Give a value of $F(2)$ that is possible and at least $-\frac32$.
        """),
        {"value": Typed("F(2)", "-2")},
        _flatter,
    ),
    Exercise(
        "2",
        "Beat the straight slope",
        text(r"""
            The run of this lesson: $L = \Delta = 1$, four steps of $\frac12$, delays 0, 1, 2, 2. Type how steeply your
            function falls at places of equal distance, the first at $x_0$. Between them the slope changes along
            straight lines, and after the last one comes a bowl of curvature 1. The straight slope reaches 0.4. Reach
            0.42: at all five points of the run the **squared** slope is at least that.
        """),
        {
            "gap": Typed("distance between two places", "0.25"),
            "slopes": Typed("slopes", "0.63 0.63 0.63 0.63 0.63 0.63"),
        },
        _beats,
    ),
    Exercise(
        "3",
        "Change one number",
        text(r"""
            Name a line of the certificate and a factor by which its number is multiplied. Sums and digest are written
            anew. The certificate must still pass its check, and still certify that the worst case is at most 0.65.
        """),
        {"line": Typed("line", "pair 0 1"), "factor": Typed("factor", "1.01")},
        _forges,
    ),
)
