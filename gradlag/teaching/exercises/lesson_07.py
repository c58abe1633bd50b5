"""Lesson 7: a step close to the best, a step that only quadratics like, and a method that beats waiting."""

from __future__ import annotations

from functools import cache

from gradlag.teaching.parts.exercise import Exercise
from gradlag.teaching.parts.fields import Answers, Typed, number
from gradlag.teaching.parts.marks import Mark, right, undecided, wrong
from gradlag.teaching.pictures.lesson_07 import kept, on_quadratics
from gradlag.teaching.shown.prose import text
from theory.common.errors import DomainError
from theory.methods.registry import parse_method
from theory.worst_case.limit.constant import LimitConstant, best_of, limit_constant, limit_of


@cache
def _at(delay: int, step: float) -> LimitConstant:
    return limit_constant(delay, step)


def _too_long(delay: int, step: float) -> str | None:
    """Why there is no constant at a step; None where there is."""
    limit = kept(delay)["limit"]
    if step <= 0:
        return "A step is positive; with steps of 0 or below nothing descends."
    if step >= limit * (1 - 1e-6):
        return f"At delay {delay} even quadratics are stable only below {limit:.4f}: from there on C is infinite."
    if step < 1e-3:
        return f"With such a step C is at least $1/h$, that is {1 / step:.4g}: a straight slope shows it."
    return None


_LATE, _NEAR = 3, 1.01


def _near_best(answers: Answers) -> Mark:
    step = number(answers["step"], "The step")
    reason, (best_step, best) = _too_long(_LATE, step), kept(_LATE)["best"]
    if reason:
        return wrong(reason)
    found = _at(_LATE, step)
    if found.value <= _NEAR * best:
        return right(f"C is {found.value:.4f}, and {best:.4f} is the least, at $h = {best_step:.4f}$.")
    if found.lower <= _NEAR * best:
        return undecided("C is known to seven digits, and yours is one per cent above the least to as many.")
    more = f"C is {found.value:.4f}, {100 * (found.value / best - 1):.1f} % above the least."
    if step > 0.85 * kept(_LATE)["limit"]:
        return wrong(f"{more} That is a step for quadratics: close to their limit, other functions turn for ever.")
    if step > best_step:
        return wrong(f"{more} Your step is too long.")
    return wrong(f"{more} Your step is too short: on long straight slopes it is slow.")


_MISLED, _SAID, _TRUE = 1, 0.45, 5.0


def _misled(answers: Answers) -> Mark:
    step = number(answers["step"], "The step")
    reason = _too_long(_MISLED, step)
    if reason:
        return wrong(reason)
    said, found = on_quadratics(step), _at(_MISLED, step)
    if abs(said / _SAID - 1) < 1e-9 or found.lower <= _TRUE <= found.value:
        return undecided("Your step is an edge of what is asked, as far as it is known. Move a little away from it.")
    if said < _SAID and found.lower > _TRUE:
        return right(
            f"Quadratics say {said:.4f}, and some functions need {found.lower:.4f}: {found.lower / said:.0f} times it."
        )
    if said >= _SAID:
        return wrong(f"Here quadratics themselves say $1/(e h) = {said:.4f}$, not below {_SAID}: take a longer step.")
    return wrong(f"Quadratics say {said:.4f}, but all functions need no more than {found.value:.4f}: longer still.")


_MARGIN = 0.99


def _beats_waiting(answers: Answers) -> Mark:
    beta, step = number(answers["beta"], "The momentum"), number(answers["step"], "The step")
    if abs(beta) > 0.95:
        return wrong("With a momentum of 1 or more in size moves never die out, and close to it they take very long.")
    if step <= 0:
        return wrong("A step is positive; with steps of 0 or below nothing descends.")
    recursion, goal = parse_method(f"momentum:beta={beta!r}").recursion(1), _MARGIN * kept(1)["wait"]
    try:
        found = limit_of(recursion, step)
    except DomainError as refusal:
        return wrong(f"Too long a step for this momentum. {refusal}")
    if found.value <= goal:
        return right(f"C is {found.value:.4f}, and waiting needs {kept(1)['wait']:.4f}.")
    if found.lower <= goal:
        return undecided(f"C lies between {found.lower:.6f} and {found.value:.6f}, and {goal:.6f} between them.")
    if beta > 0:
        return wrong(
            f"C is {found.value:.4f}. Momentum repeats moves that were made along old gradients: under a delay it "
            "makes things worse. What if moves were partly taken back?"
        )
    if beta == 0:
        return wrong(f"That is the constant step, of {kept(1)['best'][1]:.4f} at least. Here C is {found.value:.4f}.")
    best = best_of(recursion)
    if best.value <= goal:
        where = "shorter" if step > best.step else "longer"
        return wrong(f"C is {found.value:.4f}. With this momentum less is possible, with a {where} step.")
    return wrong(
        f"C is {found.value:.4f}, and no step is good enough for this momentum: the least is {best.value:.4f}."
    )


EXERCISES = (
    Exercise(
        "1",
        "Close to the best step",
        text(r"""
            Every gradient is 3 steps old. Give a step $h = \eta L$ whose constant $C$ is at most one per cent above the
            least that a constant step can have.
        """),
        {"step": Typed("h", "0.1, or 1/3")},
        _near_best,
    ),
    Exercise(
        "2",
        "Misled by quadratics",
        text(r"""
            Somebody tunes the step at delay 1 on quadratics. Give an $h$ for which quadratics alone would say that
            $C < 0.45$, although some smooth function needs a constant above 5.
        """),
        {"step": Typed("h", "0.5")},
        _misled,
    ),
    Exercise(
        "3",
        "Beat waiting",
        text(r"""
            At delay 1 take $x_{k+1} = x_k - \eta\, g_{k-1} + \beta\,(x_k - x_{k-1})$, steps with a momentum $\beta$.
            Give $\beta$ and $h = \eta L$ whose constant is at least one per cent below that of waiting.
        """),
        {"beta": Typed("momentum β", "0.9"), "step": Typed("h", "0.5")},
        _beats_waiting,
    ),
)
