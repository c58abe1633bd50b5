"""Lesson 5: one coherence by hand, a step that a theorem takes and must not use, and an overshoot that is hidden."""

from __future__ import annotations

from fractions import Fraction

from gradlag.teaching.parts.exercise import Exercise
from gradlag.teaching.parts.fields import Answers, Typed, number
from gradlag.teaching.parts.marks import Mark, right, undecided, unread, wrong
from gradlag.teaching.pictures.lesson_01 import trajectory
from gradlag.teaching.pictures.lesson_02 import setting
from gradlag.teaching.pictures.lesson_05 import coherences, first_broken, longest_coherent, planar
from gradlag.teaching.shown.prose import text
from theory.bounds import get

_CLOSE = 1e-9

# Exercise 1: a quarter is a binary number, so that the run and its coherence are exact in floats.
_STEP, _WINDOW, _ASKED = 0.25, 3, 5


def _by_hand(answers: Answers) -> Mark:
    given = number(answers["value"], "Your coherence")
    points = trajectory(_STEP, [_WINDOW - 1], _ASKED)
    true = float(coherences(points, _WINDOW)[_ASKED])
    if abs(given - true) < _CLOSE:
        return right(f"The window holds {', '.join(f'{x:g}' for x in points[_ASKED - _WINDOW + 1 :])}.")
    now, window = points[_ASKED], points[_ASKED - _WINDOW + 1 : _ASKED]
    errors = (
        (float(coherences(points, _WINDOW)[_ASKED - 1]), "This is $\\mu_4$: at $k = 4$ nothing has overshot yet."),
        (max(window / now), "This is the largest of the products, and coherence is the smallest of them."),
        (-true, "The sign is lost: $g_5$ points the other way, and an inner product keeps signs."),
        (min(window * now), "This is the inner product itself: divide by $|g_5|^2$."),
        (now / window[0], "You divided by the old gradient's square. The measure is that of the fresh one, $g_5$."),
        (min(points[:_ASKED] / now), f"The window reaches back too far: with $s = {_WINDOW}$ it ends at $k - 2$."),
    )
    for value, sentence in errors:
        if abs(given - value) < 1e-6:
            return wrong(sentence)
    if given > 1:
        return wrong(
            "The window holds $g_k$ itself, whose product with itself, divided, is 1: $\\mu_k$ is never above 1."
        )
    return wrong(f"Write down $x_0, \\dots, x_5$ first. Here $x_5 = {now:g}$.")


_S, _T, _MU = 4, 60, 0.5


def _unjustified(answers: Answers) -> Mark:
    step = number(answers["step"], "The step")
    if step <= 0:
        return wrong("A step size is positive; with steps of 0 or below nothing descends.")
    if step > 10:
        return wrong("The theorem refuses such steps by far, and the run leaves every float behind.")
    bound = get("dai2019-sum")

    def seen(a: float) -> tuple[bool, bool]:
        values = coherences(trajectory(a, [_S - 1], _T), _S)[:_T]
        return not bound.check_domain(setting(_S, a, _T, mu=_MU)), first_broken(values, _MU) is not None

    if len({seen(step * factor) for factor in (1, 1 - _CLOSE, 1 + _CLOSE)}) > 1:
        return undecided("Your step is an edge of what is asked, to nine digits. Move a little away from it.")
    applies, broken = seen(step)
    values = coherences(trajectory(step, [_S - 1], _T), _S)[:_T]
    k = first_broken(values, _MU)
    if applies and broken:
        value = bound.evaluate(setting(_S, step, _T, mu=_MU))
        return right(f"The formula gives {value:.4g}, and promises nothing: $\\mu_{{{k}}} = {values[k or 0]:.3g}$.")
    if not applies:
        failure = bound.check_domain(setting(_S, step, _T, mu=_MU))[0]
        return wrong(f"The theorem refuses this step by itself, before anyone asks for coherence. {failure.sentence()}")
    if step <= longest_coherent(_S):
        return wrong(
            f"Too small: nothing overshoots up to $a = {longest_coherent(_S):.4f}$, and $\\mu_k$ is 1 on the whole run."
        )
    return wrong(f"It will overshoot, but not within the first {_T} steps: take a slightly larger step.")


_CURVATURES, _PLANE_STEP, _PLANE_STEPS = (1.0, 0.1), 0.3, 60


def _hidden(answers: Answers) -> Mark:
    start = [number(answers[name], f"The coordinate {name}") for name in ("x", "y")]
    if max(map(abs, start)) > 1e6:
        return unread("Stay below a million, please: beyond that nothing new happens.")
    if abs(start[0]) < 1:
        return wrong("$|x_0|$ is below 1: there is hardly an overshoot to hide. That was not the question.")
    values = coherences(planar(start, _CURVATURES, _PLANE_STEP, _S, _PLANE_STEPS), _S)
    k, least = first_broken(values, _MU), float(values.min())
    if abs(least - _MU) < _CLOSE:
        return undecided(f"The least coherence is {_MU} to nine digits, and rounded numbers cannot say more.")
    if k is None:
        return right(f"The least $\\mu_k$ of the run is {least:.3f}: the slow direction outweighs the overshoot.")
    if start[1] == 0:
        return wrong(f"With $y_0 = 0$ there is nothing behind which the overshoot could hide: $\\mu_{{{k}}} < 0.5$.")
    gradient = Fraction(abs(start[1])) / 10
    more = "smaller than" if gradient < abs(start[0]) else "not much larger than"
    return wrong(
        f"$\\mu_{{{k}}} = {values[k]:.3g}$. The gradient along y is $0.1\\,y_0$, that is {float(gradient):g} in size, "
        f"and so {more} the one along x, which is {abs(start[0]):g}: gradients count, not distances."
    )


EXERCISES = (
    Exercise(
        "1",
        "One coherence by hand",
        text(r"""
            Take $F(x) = \frac12 x^2$, $x_0 = 1$, $a = \frac14$ and $s = 3$: the delays are 0, 1, 2, 2, 2. Compute
            $x_1, \dots, x_5$. What is $\mu_5$?
        """),
        {"value": Typed("μ at k = 5", "0.5")},
        _by_hand,
    ),
    Exercise(
        "2",
        "A number that promises nothing",
        text(r"""
            On $F(x) = \frac12 x^2$ from $x_0 = 1$, with $s = 4$, $T = 60$ and the constant delay 3, somebody evaluates
            Theorem 1 with $\mu = \frac12$. Give a constant step $a$ which the theorem accepts (its conditions on steps
            hold), although on this run the coherence that it assumes is broken before the end: some
            $\mu_k < \frac12$.
        """),
        {"step": Typed("step a", "0.05")},
        _unjustified,
    ),
    Exercise(
        "3",
        "Hide the overshoot",
        text(r"""
            Now in the plane: $F(x, y) = \frac12 x^2 + \frac1{20} y^2$, step 0.3, $s = 4$. Along x the run overshoots,
            along y it does not. Give a start $(x_0, y_0)$ with $|x_0| \ge 1$ from which $\mu_k \ge \frac12$ at all of
            the first 61 points.
        """),
        {"x": Typed("x at the start", "1"), "y": Typed("y at the start", "1")},
        _hidden,
    ),
)
