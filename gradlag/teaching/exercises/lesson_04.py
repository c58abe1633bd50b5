"""Lesson 4: a proof in order, a function that breaks a false step, and step sizes that tell two theorems apart."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np

from gradlag.teaching.parts.exercise import Exercise
from gradlag.teaching.parts.fields import Answers, Typed, number, numbers
from gradlag.teaching.parts.marks import Mark, right, undecided, unread, wrong
from gradlag.teaching.pictures.lesson_04 import proof, step_of, titled
from gradlag.teaching.shown.prose import text
from theory.bounds import Setting
from theory.bounds.judging.judge import Judgement, judge
from theory.staleness.count import Staleness

# Two numbers nearer than this, relatively, are not told apart by floats that a formula was rounded to.
_CLOSE = 1e-12
_SHUFFLED = ("served", "descent", "theorem", "coherent", "falling", "factor-s", "summed")
LETTERS = dict(zip("ABCDEFG", _SHUFFLED, strict=True))


def _in_order(answers: Answers) -> Mark:
    typed = str(answers["order"] or "").upper()
    letters = re.findall(r"[A-Z]", typed)
    if sorted(letters) != sorted(LETTERS):
        missing = [letter for letter in LETTERS if letter not in letters]
        problem = f"{', '.join(missing)} missing" if missing else "some letter stands twice, or is no step"
        return unread(f"Type each of the letters A to G once, such as A B C D E F G. You gave {typed!r}: {problem}.")
    steps = tuple(step_of(LETTERS[letter]) for letter in letters)
    report = replace(proof(), steps=steps).verify()
    if report.proved:
        return right(
            f"The kernel replays the proof in your order, and its last fact is the theorem: {' '.join(letters)}."
        )
    stopped = letters[min(len(report.lines), len(letters)) - 1]
    refusal = report.lines[-1].refusal
    for letter, name in LETTERS.items():
        refusal = refusal.replace(repr(name), f"{letter} ({titled(name)})")
    return wrong(f"The kernel stops at {stopped}, *{titled(LETTERS[stopped])}*. {refusal}")


_C = Fraction(2, 5)


def _breaks(answers: Answers) -> Mark:
    curvature, step = number(answers["curvature"], "The curvature"), number(answers["step"], "The step size")
    if step < 0:
        return wrong("Step sizes are not negative in the theorem: a step against the gradient is another method.")
    if abs(curvature) > 1:
        return wrong(
            f"With curvature {curvature:g} the gradient of F changes by {abs(curvature):g} times the distance: F is "
            f"not "
            "L-smooth with $L = 1$, and the claim says nothing about it."
        )
    edge = float(2 * _C)
    if step and curvature and abs(curvature / edge - 1) < _CLOSE:
        return undecided(
            f"At curvature {edge:g} both sides are equal, and a rounded number cannot say on which side of it yours is."
        )
    a, eta = Fraction(curvature), Fraction(step)
    falls, promised = a / 2 * (1 - (1 - eta * a) ** 2), eta * a**2 - _C * eta**2 * a**2
    if falls < promised:
        return right(
            f"F falls by {float(falls):.6g}, and the claim promises {_more(promised - falls)} more: it is false."
        )
    if not step or not curvature:
        return wrong("Nothing moves: both sides are 0, and the claim holds.")
    if curvature < 0:
        return wrong(
            f"On a hill the step falls further: {float(falls):.4g}, more than the {float(promised):.4g} promised."
        )
    return wrong(
        f"F falls by {float(falls):.6g}, and the claim promises {float(promised):.6g}: it holds here. The parabola is "
        f"too "
        "flat: compare the terms with $\\eta^2$ on both sides."
    )


def _more(by: Fraction) -> str:
    return f"{float(by):.3g}"


_T, _S, _MU = 5, 3, 0.5


def judged(steps: tuple[float, ...]) -> tuple[Judgement, Judgement]:
    """The sum with the factor s and the tight one, at these steps and the constant delay s - 1."""
    delays = np.minimum(np.arange(_T), _S - 1)
    setting = Setting(steps, delays, Staleness(_S), {"L": 1.0, "Delta": 1.0, "sigma": 0.0, "mu": _MU})
    found = judge(setting, ["dai2019-sum", "dai2019-tight"])
    return found[0], found[1]


def _tells_apart(answers: Answers) -> Mark:
    steps = numbers(answers["steps"], "The list of step sizes")
    if len(steps) != _T:
        return unread(f"Give {_T} step sizes, one for each step. You gave {len(steps)}.")
    if min(steps) < 0:
        return wrong(f"A step size of {min(steps):g} climbs: the theorem is about steps of at least 0.")
    around = {
        tuple(each.applies for each in judged(tuple(size * factor for size in steps)))
        for factor in (1, 1 - _CLOSE, 1 + _CLOSE)
    }
    if len(around) > 1:
        return undecided("A weight of yours is 0 to twelve digits: whether it is negative, rounded numbers cannot say.")
    factor_s, tight = judged(steps)
    if tight.applies and not factor_s.applies:
        return right(f"The tight form gives {tight.value:.4g}. The other one: {factor_s.failures[0].sentence()}")
    if not tight.applies:
        return wrong(f"The tight form does not apply either. {tight.failures[0].sentence()}")
    return wrong(
        "Both apply. The form with the factor s asks two things that the tight one does not: steps that do not "
        "increase, "
        "and weights as if every point were read s times, each time by a step as large as its own."
    )


EXERCISES = (
    Exercise(
        "1",
        "Put the steps in order",
        text(
            "These are the steps of the proof, shuffled. Give an order in which each rests only on steps before it. "
            "There is more than one; the kernel replays yours.\n\n"
            + "\n\n".join(
                f"**{letter}.** {titled(name)}: ${step_of(name).claim.latex()}$" for letter, name in LETTERS.items()
            )
        ),
        {"order": Typed("The letters in order", "A B C D E F G")},
        _in_order,
    ),
    Exercise(
        "2",
        "Break a false step",
        text(r"""
            Somebody writes $\frac{2L}5$ for $\frac L2$ in the first step. Take $L = 1$, no noise, no delay, and the
            parabola $F(x) = \frac a2 x^2$ with the step from $x_0 = 1$. Give a curvature $a$ and a step size $\eta$ at
            which F falls by less than this claim promises.
        """),
        {"curvature": Typed("curvature a", "1/3"), "step": Typed("step size η", "0.1")},
        _breaks,
    ),
    Exercise(
        "3",
        "What the factor s costs",
        text(r"""
            There is a second form of the theorem, `dai2019-tight`: it counts which steps really read a point, and needs
            no factor $s$. It allows steps in any order, as long as no weight of its own,
            $w_t = \mu \eta_t - \frac{L}{2} \sum_{k:\, \tau_k = t} \eta_k^2$, is negative. Take $T = 5$, $s = 3$,
            $\mu = \frac12$, $L = \Delta = 1$, $\sigma = 0$, and delays 0, 1, 2, 2, 2. Steps are counted from 0. Give
            five step sizes at which the tight form applies and the form with the factor $s$ does not.
        """),
        {"steps": Typed("five step sizes", "0.1 0.1 0.1 0.1 0.1")},
        _tells_apart,
    ),
)
