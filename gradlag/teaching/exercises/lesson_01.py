"""Lesson 1: a pair that rings and settles, a step close to the limit, and delays worse than their largest."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from gradlag.teaching.parts.exercise import Exercise
from gradlag.teaching.parts.fields import Answers, Typed, number, whole_numbers
from gradlag.teaching.parts.marks import Mark, right, undecided, unread, wrong
from gradlag.teaching.pictures.lesson_01 import period_growth
from gradlag.teaching.shown.prose import text
from theory.staleness.stability import fixed_delay_limit, spectral_radius

# Two numbers nearer than this, relatively, are not told apart by floats that a formula was rounded to.
_CLOSE = 1e-12
# An eigenvalue of a product of a dozen matrices is known to about this.
_KNOWN = 1e-9


def _rings(answers: Answers) -> Mark:
    delay, step = number(answers["delay"], "The delay"), number(answers["step"], "The step")
    if delay != int(delay) or not 1 <= delay <= 100:
        return unread(f"The delay is a whole number from 1 to 100. You gave {delay:g}.")
    late = int(delay)
    # The only rational limit, which floats of the formula miss.
    limit = 1.0 if late == 1 else fixed_delay_limit(late)
    turning = Fraction(late**late, (late + 1) ** (late + 1))
    if step <= 0:
        return wrong(f"$a = {step:g}$ does not descend: a step size is positive, and at 0 nothing moves.")
    for what, edge in (("the stability limit", limit), ("where oscillation begins", float(turning))):
        if step != edge and abs(step / edge - 1) < _CLOSE:
            return undecided(
                f"Your $a$ agrees with {what} to twelve digits, and a rounded number cannot say on which side of it "
                "you meant to be. Move a little away from it."
            )
    if step >= limit:
        verb = "neither grows nor shrinks" if step == limit else "grows"
        return wrong(f"It oscillates, but the error {verb}: at delay {late} the largest stable $a$ is {limit:.4g}.")
    if Fraction(step) <= turning:
        return wrong(
            f"It converges, but it does not oscillate: at delay {late} the slowest root is real and positive up to "
            f"$a = {float(turning):.4g}$, where it meets another one. Take a larger $a$."
        )
    radius = spectral_radius(step, [0.0] * late + [1.0])
    return right(f"The slowest roots are a complex pair of modulus {radius:.4f}: it rings, and the ringing dies out.")


_CURVATURE, _LATE, _NEAR = 4, 2, 0.99


def _near_limit(answers: Answers) -> Mark:
    step = number(answers["step"], "The step size")
    limit = fixed_delay_limit(_LATE) / _CURVATURE
    if step <= 0:
        return wrong("A step size is positive; with a negative one the iteration climbs.")
    if abs(step / limit - 1) < _CLOSE:
        return undecided(
            "Your step is the limit itself to twelve digits, and a rounded number cannot say on which side. Just below "
            "the limit is stable; take a step a little smaller."
        )
    if _NEAR * limit <= step < limit:
        return right(f"It is stable, and {100 * step / limit:.2f} % of the largest stable step.")
    radius = spectral_radius(step * _CURVATURE, [0.0] * _LATE + [1.0])
    effect = f"with yours the error grows by a factor {radius:.3f} a step" if radius > 1 else "yours is stable"
    return wrong(f"{_likely_error(step)} ({effect.capitalize()}.)")


def _likely_error(step: float) -> str:
    """Which error leads to such a step."""
    limit = partial(fixed_delay_limit)
    errors = (
        (limit(_LATE), "This is a limit of $a$, and $a$ is the step size times the curvature: divide."),
        (limit(_LATE) * _CURVATURE, "You multiplied by the curvature: a steeper parabola needs smaller steps."),
        (limit(0) / _CURVATURE, "This is the limit without delay."),
        (limit(_LATE - 1) / _CURVATURE, "This is the limit for delay 1: the gradient here is two steps old."),
        (limit(_LATE + 1) / _CURVATURE, "This is the limit for delay 3: a delay of 2 reads the point two steps back."),
        (limit(_LATE) / _CURVATURE**2, "You divided by the curvature twice."),
    )
    for value, sentence in errors:
        if 0.98 * value <= step <= 1.02 * value:
            return sentence
    below = step < limit(_LATE) / _CURVATURE
    return (
        "Stable, but more than one per cent below the largest stable step."
        if below
        else "Beyond the largest stable step: work out $a$ from your step first."
    )


_MOST, _STEP = 3, 0.44


def _worse(answers: Answers) -> Mark:
    delays = whole_numbers(answers["delays"], "The list of delays")
    if len(delays) > 60:
        return unread(f"At most 60 delays, which are then repeated. You gave {len(delays)}.")
    if min(delays) < 0:
        return wrong(f"A delay of {min(delays)} would read a point that does not exist yet.")
    if max(delays) > _MOST:
        return wrong(
            f"The delay {max(delays)} is larger than {_MOST}. That larger delays are worse is no news: show that "
            "changing ones can be worse than the largest of them all the time."
        )
    growth = period_growth(_STEP, delays)
    each = growth ** (1 / len(delays))
    if abs(growth - 1) < _KNOWN:
        return undecided("One period multiplies the error by 1 to nine digits, which is as far as it was computed.")
    if growth > 1:
        return right(f"One period of your delays multiplies the error by {growth:.4f}, {each:.4f} a step: it diverges.")
    if len(set(delays)) == 1:
        return wrong(f"A constant delay of {delays[0]}: stable, as its limit is {fixed_delay_limit(delays[0]):.4f}.")
    return wrong(
        f"One period multiplies the error by {growth:.4f}, {each:.4f} a step: it still converges. Your delays should "
        "read a large old value again and again while the iterate runs away from it, and then start afresh."
    )


EXERCISES = (
    Exercise(
        "1",
        "It rings, and it settles",
        text(r"""
            Give a delay of at least 1 and a number $a$ at which $x_{t+1} = x_t - a\,x_{t-D}$ converges to 0 and
            oscillates for ever while it does so: its slowest root is not a positive real number.
        """),
        {"delay": Typed("delay D", "3"), "step": Typed("a", "0.1, or 1/7")},
        _rings,
    ),
    Exercise(
        "2",
        "As fast as is safe",
        text(rf"""
            The objective is $F(x) = 2 x^2$, so that its curvature is {_CURVATURE}, and every gradient is {_LATE} steps
            old. Give a step size $\eta$ that is stable and at most one per cent below the largest stable one.
        """),
        {"step": Typed("step size η", "0.3, or arithmetic such as sin(pi/5)/2")},
        _near_limit,
    ),
    Exercise(
        "3",
        "Worse than always late",
        text(rf"""
            At $a = {_STEP}$ the iteration is stable for every constant delay of 0, 1, 2 or {_MOST}. Give a list of
            delays from 0 to {_MOST} which, repeated for ever, makes it diverge. The picture of changing delays shows
            the idea for a largest delay of 2.
        """),
        {"delays": Typed("delays, repeated for ever", "0 1 0 2")},
        _worse,
    ),
)
