"""Lesson 3: a mean square by hand, delays that bring in a cross term, and a choice that leaves the mean alone."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gradlag.teaching.parts.exercise import Exercise
from gradlag.teaching.parts.fields import Answers, Typed, number, whole_numbers
from gradlag.teaching.parts.marks import Mark, right, undecided, unread, wrong
from gradlag.teaching.pictures.lesson_03 import linear, square
from gradlag.teaching.shown.prose import text

_HALF = Fraction(1, 2)
_DELAYS = (0, 1, 1)


def _mean_square(answers: Answers) -> Mark:
    given = number(answers["value"], "The mean square")
    points = linear(_HALF, _DELAYS)
    true = square(points[3])
    if abs(given - float(true)) <= 1e-3:
        return right(f"$E\\,x_3^2 = {true.numerator}/{true.denominator}$: the square of the mean, and three noises.")
    dropped = square(points[2]) + _HALF**2 * (square(points[1]) + 1)
    fresh = square(linear(_HALF, (0, 0, 0))[3])
    alone = points[3][0] ** 2 + 3 * _HALF**2
    errors = (
        (points[3][0] ** 2, "This is the square of the mean. Noise with mean zero has a square whose mean is more."),
        (dropped, "You dropped $-2 \\eta\\,E\\,x_2 x_1$: $x_2$ is made from $x_1$, and their product has a mean."),
        (fresh, "This is the value without delay. Here steps 1 and 2 read the point before."),
        (alone, "You let each noise stand as it came in. Later steps shrink or turn round what is in the points."),
        (square(points[2]), "This is $E\\,x_2^2$: one step is missing."),
    )
    for value, sentence in errors:
        if abs(given - float(value)) <= 2e-3:
            return wrong(sentence)
    if given < 0:
        return wrong("A mean of squares is not negative.")
    return wrong(
        "Write $x_1$, $x_2$ and $x_3$ out as a number plus multiples of $e_0$, $e_1$, $e_2$; then square those."
    )


_T, _MOST = 6, 3


def cross_term(delays: Sequence[int], at: int) -> Fraction:
    """The mean of the product of the gradients and of the noises that were applied since step `at` read its point."""
    read = at - delays[at]
    points = linear(_HALF, delays)
    window = range(read, at)
    return sum((points[j - delays[j]][1][i] for j in window for i in window), Fraction(0))


def _cross(answers: Answers) -> Mark:
    delays = whole_numbers(answers["delays"], "The list of delays")
    if len(delays) != _T:
        return unread(f"Give {_T} delays, of the steps 0 to {_T - 1}. You gave {len(delays)}.")
    for k, delay in enumerate(delays):
        if not 0 <= delay <= min(k, _MOST):
            return wrong(
                f"Step {k} cannot have the delay {delay}: there is no point before $x_0$ and none of the future, and "
                f"{_MOST} is the largest delay allowed."
            )
    value, last = cross_term(delays, _T - 1), _T - 1
    if value:
        overtaking = next(j for j in range(last - delays[last], last) if j - delays[j] > last - delays[last])
        return right(
            f"The cross term is {float(value):.4f}: step {overtaking} reads $x_{overtaking - delays[overtaking]}$, "
            f"which "
            f"is younger than $x_{last - delays[last]}$ and has the noise of the window in it."
        )
    if delays[last] < 2:
        return wrong(
            f"Step {last} with delay {delays[last]} has a window of {delays[last]} step: a gradient would have to "
            f"contain "
            "a noise that is applied no earlier than itself. Let step 5 be later."
        )
    return wrong(
        f"The cross term is 0: each step of the window reads a point no younger than $x_{last - delays[last]}$, so "
        "that no noise of the window is in its gradient. One of these steps must *overtake*: read a younger point."
    )


_CLOSE = 1e-12


def _choice(answers: Answers) -> Mark:
    chances = [number(answers[name], f"The chance in the case {case}") for name, case in _CASES.items()]
    if not all(0 <= chance <= 1 for chance in chances):
        return unread("A chance is a number from 0 to 1.")
    first, second = chances[1], chances[2]
    bias = (first - second) / 2
    if 0 < abs(bias) < _CLOSE or (not bias and 0 < max(chances) - min(chances) < _CLOSE):
        return undecided("Your chances agree to twelve digits and are not equal: rounded numbers cannot say more.")
    if bias:
        side = "positive" if bias > 0 else "negative"
        return wrong(
            f"The applied noise has mean {bias:.4g} $\\sigma$: where the signs differ, the {side} one is applied more "
            "often. Which two of the four cases matter for the mean?"
        )
    if max(chances) == min(chances):
        return wrong(
            "Mean zero, but your choice does not look at the noise at all: the chance is the same in every case."
        )
    return right("The choice looks at the noise, and the applied noise still has mean zero, whatever happened before.")


_CASES = {"pp": "+ +", "pm": "+ −", "mp": "− +", "mm": "− −"}

EXERCISES = (
    Exercise(
        "1",
        "A mean square by hand",
        text(r"""
            $F = x^2/2$, $x_0 = 1$, $\eta = \frac12$, and the noises $e_0, e_1, e_2$ are fair coins of $\pm1$. The
            delays of the three steps are 0, 1, 1. What is $E\,x_3^2$?
        """),
        {"value": Typed("mean square", "7/16, or 0.44")},
        _mean_square,
    ),
    Exercise(
        "2",
        "Bring in a cross term",
        text(r"""
            Six steps, numbered 0 to 5, on $F = x^2/2$ with $\eta = \frac12$. Step $k$ reads $x_{k - d_k}$, with
            $0 \le d_k \le \min(k, 3)$. What happened between the read of step 5 and step 5 itself is a sum of gradients
            and a sum of noises. Give six delays for which the product of these two sums does **not** have mean zero.
        """),
        {"delays": Typed("delays of the steps 0 to 5", "0 0 1 1 2 2")},
        _cross,
    ),
    Exercise(
        "3",
        "Look, and be fair",
        text(r"""
            Two workers, A and B, each with its own fair noise $\pm\sigma$. You decide whose gradient is applied, and
            you may look at both signs. Give for each case the chance that A's is applied, so that the choice depends on
            what you saw and the applied noise still has mean zero.
        """),
        {name: Typed(f"A has {case[0]}, B has {case[2]}: chance of A", "1/2") for name, case in _CASES.items()},
        _choice,
    ),
)
