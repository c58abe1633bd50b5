"""Lesson 9: six step sizes under a delay of two, their certified worst case, and what leaving a step out does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from gradlag.teaching.parts.fields import Slider
from gradlag.teaching.parts.picture import Drawn, Picture
from gradlag.teaching.parts.prediction import Prediction
from gradlag.teaching.shown.prose import text
from gradlag.teaching.shown.svg import BLUE, INK, MUTED, VERMILLION, Axis, Panel, drawing, told
from theory.worst_case.certificate.certify import certified
from theory.worst_case.question import Question
from theory.worst_case.solution import Status
from theory.worst_case.solve import worst_case
from theory.worst_case.solvers.descent import without_zero_steps

#: L = Delta = 1, no noise, every gradient two steps old as soon as there are that many, six steps.
STALENESS, STEPS = 3, 6
OUTER = (0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9, 1.0)
INNER = (0.0, 0.1, 0.2, 0.4, 0.65)
DESIGNS = Path(__file__).with_name("designs.json")
_SAME = 0.65


def drawn_steps(outer: float, third: float, fourth: float) -> tuple[float, ...]:
    """Six step sizes from three sliders."""
    return (outer, outer, third, fourth, outer, outer)


@lru_cache(maxsize=512)
def certified_worst_case(steps: tuple[float, ...]) -> float | None:
    """The certified worst case of least |grad F|^2 under these steps, rounded up; None where there is no certificate.

    >>> round(certified_worst_case((1.0, 0.0, 0.0, 1.0, 0.0, 0.0)), 6)
    0.5
    """
    delays = np.minimum(np.arange(len(steps)), STALENESS - 1)
    solution = worst_case(without_zero_steps(Question(np.array(steps), delays)))
    if solution.status is not Status.SOLVED:
        return None
    certificate = certified(solution)[0]
    return None if certificate is None else certificate.upper_float


def key(steps: Sequence[float]) -> str:
    """The name of step sizes in the file."""
    return " ".join(f"{step:g}" for step in steps)


@cache
def _known() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(DESIGNS.read_text(encoding="utf-8"))
    return found


def best(name: str, steps: int = STEPS) -> tuple[tuple[float, ...], float]:
    """A schedule of the design (design, constant or waiting) and its certified worst case."""
    found = _known()[f"{name} T={steps}"]
    return tuple(found["steps"]), float(found["worst_case"])


def read_at(steps: Sequence[float]) -> float:
    """How stale the gradients are on the average: the way gone since each was read, in units of 1/L, by step sizes.

    >>> read_at((0.5, 0.5, 0.5)), read_at((1.0, 0.0, 0.0, 1.0))
    (0.5, 0.0)
    """
    size = np.asarray(steps)
    since = [size[max(k - STALENESS + 1, 0) : k].sum() for k in range(len(size))]
    return float(size @ np.array(since) / size.sum()) if size.any() else 0.0


def _bars(steps: Sequence[float], value: float, words: str) -> Drawn:
    """The step sizes on the left, their worst case among others on the right."""
    left = Panel(
        Axis(0.4, 6.6, "step k", ticks=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)), Axis(0, 1.1, "step size times L"),
        left=76, width=270, height=220, title="step sizes",
    )  # fmt: skip
    right = Panel(
        Axis(0, 4, ticks=()), Axis(0, 1.0, "certified worst case"), left=430, width=230, height=220, title="|grad F|²"
    )
    parts = [left.axes(), right.axes()]
    for place, step in enumerate(steps, 1):
        parts.append(left.line([place, place], [0, step], BLUE, 20) if step else left.points([place], [0], BLUE, 5))
    for name, colour, dash, beside in (("constant", MUTED, "7 4", -6), ("design", INK, "2 3", 15)):
        level = best(name)[1]
        parts.append(right.line([0, 4], [level, level], colour, 1.4, dash))
        parts.append(right.note(0.1, level, f"{name} {level:.3f}", colour, dx=2, dy=beside))
    shown = min(value, 0.98)
    parts += [right.line([3.2, 3.2], [0, shown], VERMILLION, 30)]
    parts += [right.note(0.1, 0.9, f"yours {value:.3f}", VERMILLION, dx=2, dy=4)]
    sentence = (
        f"{words}Steps {', '.join(f'{step:g}' for step in steps)}: whatever the function, the least $|\\nabla F|^2$ is "
        f"at most **{value:.4f}**. When a gradient is applied, the point has moved on by {read_at(steps):.2f} in the "
        "mean (the sum of the steps taken since it was read, in units of $\\frac1L$)."
    )
    return Drawn(drawing(690, 300, parts, f"Steps {key(steps)}: certified worst case {value:.4f}"), sentence)


def _drawn(outer: float, third: float, fourth: float) -> Drawn:
    steps = drawn_steps(outer, third, fourth)
    value = float(_known()["drawn"][key(steps)])
    constant = best("constant")[1]
    words = "Better than every constant step. " if value < constant else ""
    return _bars(steps, value, words)


def _left_out(guess: Mapping[str, Any] | None) -> Drawn:
    before, after = (float(_known()["drawn"][key(drawn_steps(_SAME, _SAME, step))]) for step in (_SAME, 0.0))
    change = 100 * (after / before - 1)
    words = f"With six equal steps the worst case is {before:.4f}; without the fourth it changes by {change:+.0f} %. "
    if guess is not None:
        words += f"You predicted {guess['change']:+g} per cent. "
    return _bars(drawn_steps(_SAME, _SAME, 0.0), after, words)


FACTS = {
    "constant": told(round(best("constant")[0][0], 4)),
    "constant_value": told(round(best("constant")[1], 4)),
    "design": ", ".join(f"{step:.3g}" for step in best("design")[0]),
    "design_value": told(round(best("design")[1], 4)),
    "waiting": ", ".join(f"{step:.3g}" for step in best("waiting")[0]),
    "waiting_value": told(round(best("waiting")[1], 4)),
    "nine": ", ".join(f"{step:.3g}" for step in best("design", 9)[0]),
    "nine_value": told(round(best("design", 9)[1], 4)),
    "nine_constant": told(round(best("constant", 9)[1], 4)),
}
PICTURES = (
    Picture(
        "steps",
        "Draw step sizes",
        {
            "outer": Slider("steps 1, 2, 5 and 6", OUTER, 0.4),
            "third": Slider("step 3", INNER, 0.4),
            "fourth": Slider("step 4", INNER, 0.4),
        },
        _drawn,
    ),
)
PREDICTIONS = (
    Prediction(
        "left-out",
        text(r"""
            Six steps of size 0.65 under a delay of two. Now leave step 4 out: its gradient is thrown away, and the
            point stays where it is. One gradient fewer has been used. By how many per cent does the worst case
            change? Say plus if it gets worse.
        """),
        {"change": Slider("change of the worst case, per cent", (-50, -40, -30, -20, -10, -5, 0, 5, 10, 20, 30), 10)},
        _left_out,
    ),
)
