"""Lesson 8: a claim to be proved, a false one to be broken, and a schedule with a claim for every noise."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from experiments.claims.check_claim import check_claim
from experiments.claims.verdict import ClaimVerdict
from gradlag.teaching.parts.exercise import Exercise
from gradlag.teaching.parts.fields import Answers, Typed, number
from gradlag.teaching.parts.marks import Mark, right, undecided, unread, wrong
from gradlag.teaching.pictures.lesson_02 import on_slope
from gradlag.teaching.pictures.lesson_08 import SCHEDULE, STALENESS, broken
from gradlag.teaching.shown.prose import text
from theory.claims.claim import ClaimedBound
from theory.claims.posynomial import number as exact
from theory.common.errors import InputError
from theory.worst_case.witness.file import read

# Up to this T a claim without a proof is settled, one T at a time.
_GRID = 8
_CLOSE = 1e-9


@lru_cache(maxsize=256)
def settled(schedule: str, claim: str, staleness: int, variance: float) -> tuple[ClaimVerdict, str]:
    """What the library says of a claim, and the picture of the function that breaks it, if one does."""
    with TemporaryDirectory() as folder:
        found = check_claim(schedule, claim, staleness=staleness, steps=_GRID, variance=variance, out=folder)
        if found.witness is None:
            return found, ""
        breaking = read(Path(found.witness))
    place = found.times.index(breaking.question.steps)
    return found, broken(breaking, float(found.claimed[place] or 0.0))


def _text_of(answers: Answers, name: str, what: str) -> str:
    typed = str(answers[name] or "").strip().replace("\N{MINUS SIGN}", "-")
    if not typed or typed.startswith("@"):
        raise InputError(f"Type {what}, as arithmetic with the names of the exercise.")
    return typed


def _not_proved(found: ClaimVerdict, picture: str) -> Mark | None:
    """The mark of a claim that is refuted or left open; None where it is proved for every T."""
    if found.verdict == "refuted":
        place = next(n for n, low in enumerate(found.lower) if low is not None and low > (found.claimed[n] or 0.0))
        return wrong(
            f"Refuted. At $T = {found.times[place]}$ you claim {found.claimed[place]:.4g}, and on the function below "
            f"every $|\\nabla F|^2$ is at least {found.lower[place]:.6g}.",
            picture,
        )
    if found.how.startswith("the kernel for all T") and found.since == 1:
        return None
    if found.verdict in ("proved", "derived"):
        return undecided(
            f"It is true at every $T$ that was looked at ({', '.join(map(str, found.times))}). For all $T$ no theorem "
            "of the library promises as little: it may be true, and nobody here can prove it."
        )
    return undecided(found.sentence)


def _value(claim: str, steps: int, **known: int) -> float:
    return ClaimedBound(claim).value(steps, {name: exact(value) for name, value in known.items()})


_AT, _AT_MOST = 100, 0.035


def _proved(answers: Answers) -> Mark:
    claim = _text_of(answers, "claim", "a claim")
    found, picture = settled(SCHEDULE, claim, STALENESS, 0.0)
    mark = _not_proved(found, picture)
    if mark is not None:
        return mark
    value = _value(claim, _AT, s=STALENESS, L=1, Delta=1, sigma=0)
    if value > _AT_MOST:
        return wrong(
            f"True, for every $T$, but it promises too little: at $T = {_AT}$ it is {value:.4g}, more than {_AT_MOST}. "
            "Corollary 1 is not the last word: at exact gradients Theorem B promises less."
        )
    return right(f"Proved for every $T$, from {found.bound}, which the kernel replays; {value:.4g} at $T = {_AT}$.")


_LONGEST = 10_000
_FALSE = "3/T**1.1"


def _breaks(answers: Answers) -> Mark:
    given, slope = number(answers["steps"], "The number of steps"), number(answers["slope"], "The slope")
    if given != int(given) or not 1 <= given <= _LONGEST:
        return unread(f"A number of steps is a whole number from 1 to {_LONGEST:,}. You gave {given:g}.")
    if slope <= 0:
        return wrong("A slope of 0 or less is no slope that descends to the bowl.")
    steps = int(given)
    claim, kept = _value(_FALSE, steps), 2 / (steps + 1)
    for edge in (claim, kept) if kept > claim else ():
        if abs(slope**2 / edge - 1) < _CLOSE:
            return undecided(f"The square of {slope:.6g} is an edge, to nine digits. Move a little away from it.")
    least = float(on_slope(slope, 1 / STALENESS, STALENESS - 1, steps).min())
    if least > claim:
        return right(
            f"After {steps} steps your function still has $|\\nabla F|^2 = {least:.6g}$; claimed: {claim:.6g}."
        )
    if kept < claim:
        return wrong(
            f"No slope breaks the claim at $T = {steps}$: the steepest that lasts keeps {kept:.4g}, and {claim:.4g} is "
            "claimed. The claim falls faster than one over $T$: take more steps."
        )
    if slope**2 < claim:
        return wrong(f"Too flat: the square of your slope is {slope**2:.4g}, and {claim:.4g} is claimed.")
    return wrong(f"Too steep: the run reaches the bowl, where $|\\nabla F|^2$ falls to {least:.3g}.")


_S, _LATE, _SMALL = 3, 10_000, 0.07


def _noisy(answers: Answers) -> Mark:
    schedule, claim = _text_of(answers, "schedule", "step sizes"), _text_of(answers, "claim", "a claim")
    found, picture = settled(schedule, claim, _S, 1.0)
    mark = _not_proved(found, picture)
    if mark is not None:
        return mark
    if set(found.at_values) - {"s"}:
        return wrong(
            f"Proved only for the values of {', '.join(found.at_values)} at which it was tried. Asked is a claim for "
            "all of them: where you wrote a number, which constants belong there?"
        )
    value = _value(claim, _LATE, s=_S, L=1, Delta=1, sigma=1)
    if value > _SMALL:
        return wrong(
            f"Proved for all values of the constants, but at $T = {_LATE:,}$ it is {value:.4g}, more than {_SMALL}. "
            "Let the steps shrink like one over the square root of $T$."
        )
    return right(f"Proved for every $T$ and all values of the constants, from {found.bound}; {value:.4g} at that $T$.")


_CLAIM: dict[str, Any] = {"claim": Typed("claim", "4*L*Delta/T")}
EXERCISES = (
    Exercise(
        "1",
        "Claim it, and have it proved",
        text(r"""
            Steps $\frac{1}{sL}$, $s = 2$, no noise. Type a claim in $T$ (and $s$, $L$, $\Delta$, if you like) which is
            proved for **every** $T$, and which at $T = 100$, $L = \Delta = 1$ is at most 0.035. Write `Delta` for
            $\Delta$, `sqrt(T)` or `T^0.5` for the root.
        """),
        _CLAIM,
        _proved,
    ),
    Exercise(
        "2",
        "Be the function that breaks it",
        text(r"""
            Same steps, $L = \Delta = 1$. A friend claims $\frac{3}{T^{1.1}}$ and has tried all slopes with $T = 1, 2,
            \dots, 20$: none of them breaks it. Break it: give a number of steps $T$ up to 10,000 and the slope $g$ of
            a function that starts at height 1, falls with slope $g$ and ends in a bowl $\frac12 x^2$ (as in lesson
            2), so that after $T$ steps every $|\nabla F(x_t)|^2$ is still larger than claimed.
        """),
        {"steps": Typed("number of steps T", "20"), "slope": Typed("slope g", "sqrt(2/21)")},
        _breaks,
    ),
    Exercise(
        "3",
        "For every noise",
        text(r"""
            Now with noise of variance $\sigma^2$, $s = 3$. Type step sizes, which may contain $T$, and a claim for
            them that is proved for every $T$ **and all values** of $L$, $\Delta$ and $\sigma$, and that at
            $T = 10^4$, $L = \Delta = \sigma = 1$ is at most 0.07. The claim must name the constants: the units of both
            sides agree.
        """),
        {"schedule": Typed("step sizes", "1/(s*L*T^0.5)"), **_CLAIM},
        _noisy,
    ),
)
