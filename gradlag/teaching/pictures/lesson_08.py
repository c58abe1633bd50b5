"""Lesson 8: where a claim lies among a true function, the worst case and theorems, and the function that breaks it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gradlag.teaching.parts.fields import Chosen, Slider
from gradlag.teaching.parts.picture import Drawn, Picture
from gradlag.teaching.parts.prediction import Prediction
from gradlag.teaching.pictures.lesson_02 import HORIZONS, rungs
from gradlag.teaching.shown.prose import text
from gradlag.teaching.shown.svg import BLUE, GREEN, INK, VERMILLION, Axis, Panel, drawing, legend, told
from theory.bounds import get
from theory.worst_case.asking import ask
from theory.worst_case.solve import worst_case
from theory.worst_case.witness.check import Witness
from theory.worst_case.witness.find import witness
from theory.worst_case.witness.interpolation import Interpolant

#: All claims of this lesson without noise are about these step sizes, at this staleness, with L = Delta = 1.
SCHEDULE, STALENESS = "1/(s*L)", 2
FACTORS, POWERS = (0.5, 1.0, 1.5, 2.0, 2.2, 2.5, 3.0, 4.0, 6.0), (0.5, 1.0, 1.5)
CLAIMS = Path(__file__).with_name("claims.json")
_HALVED = (2.0, 5)
# A path of more steps is drawn through its points alone.
_DETAILED = 60


def claimed(factor: float, power: float) -> str:
    """The claim of two sliders.

    >>> claimed(2.5, 1.0)
    '2.5*L*Delta/T^1'
    """
    return f"{factor:g}*L*Delta/T^{power:g}"


@cache
def _verdicts() -> Mapping[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = json.loads(CLAIMS.read_text(encoding="utf-8"))
    return found


def _known(word: str, how: str) -> str:
    """What is known of a claim, in a sentence."""
    if word == "proved" and how.startswith("the kernel"):
        return "**Proved**, for every $T$: the kernel replays a theorem that promises no more."
    if word == "proved":
        return f"**Proved, at some $T$ only**: by {how}. Of other $T$ nothing is said."
    if word == "refuted":
        return f"**Refuted**, by {how}: a function that keeps its gradients larger than claimed."
    return "**Open**: neither a theorem nor a function settles it."


def _zones(factor: float, power: float) -> Drawn:
    """The claim among the slope, the worst case and Corollary 1."""
    last, times = HORIZONS[-1], np.linspace(1, HORIZONS[-1], 61)
    panel = Panel(
        Axis(1, last, "number of steps T", ticks=(1.0, 4.0, 8.0, 12.0, 16.0)),
        Axis(0.01, 10, "least |grad F|² so far", log=True), width=540, height=250, top=40,
    )  # fmt: skip
    values = np.array([rungs(STALENESS, 1.0, steps) for steps in HORIZONS])
    lines = (("a slope", GREEN, "2 3"), ("worst case", INK, ""), ("Theorem B", BLUE, "7 4"))
    parts = [panel.axes(), legend(74, 22, (*lines, ("your claim", VERMILLION, "")))]
    for (_, colour, dash), column in zip(lines, (1, 2, 3), strict=True):
        parts.append(panel.clip(panel.line(HORIZONS, values[:, column], colour, 2, dash)))
    parts.append(panel.clip(panel.line(times, factor / times**power, VERMILLION, 3)))
    word, how = _verdicts()[claimed(factor, power)]
    shape = {0.5: r"\sqrt{T}", 1.0: "T", 1.5: r"T^{3/2}"}[power]
    sentence = rf"The claim $\frac{{{'' if factor == 1 else f'{factor:g}'}\,L\Delta}}{{{shape}}}$. {_known(word, how)}"
    return Drawn(drawing(650, 340, parts, f"The claim {claimed(factor, power)} is {word}"), sentence)


def broken(found: Witness, claim: float) -> str:
    """The function that breaks a claim: its height along the way of the run, and the squares of its gradients."""
    points, steps = found.points, found.question.steps
    function = Interpolant(points, found.gradients, found.function_values, found.question.smoothness)
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    heights, squares = found.function_values, np.square(found.gradients).sum(axis=1)
    shares = np.linspace(0, 1, 7) if steps <= _DETAILED else np.array([0.0, 1.0])
    way = [(k, share) for k in range(steps) for share in shares]
    along = [lengths[k] + share * (lengths[k + 1] - lengths[k]) for k, share in way]
    between = [
        function.value(points[k] + share * (points[k + 1] - points[k])) if 0 < share < 1 else heights[k + int(share)]
        for k, share in way
    ]
    left = Panel(
        Axis(0, float(lengths[-1]) or 1.0, "length of the way"), Axis(0, 1.08 * float(max(between)), "F"),
        left=76, top=40, width=242, height=200, title="F along the run",
    )  # fmt: skip
    right = Panel(
        Axis(0, steps, "step t", ticks=tuple(np.unique(np.linspace(0, steps, min(steps, 5) + 1).round()))),
        Axis(0, 1.35 * max(float(squares.max()), claim), "|grad F|²"),
        left=404, top=40, width=246, height=200, title="what it keeps, and the claim",
    )  # fmt: skip
    radius = 3.2 if steps <= _DETAILED else 0.8
    parts = [
        left.axes(), left.line(along, between, BLUE), left.points(lengths, heights, INK, radius),
        right.axes(), right.points(range(steps + 1), squares, INK, radius),
        right.line([0, steps], [claim, claim], VERMILLION, 2, "7 4"),
        right.note(0, claim, f"claimed: {claim:.4g}", VERMILLION, dy=16),
    ]  # fmt: skip
    return drawing(680, 310, parts, f"A function whose gradients stay above the claim {claim:.4g} for {steps} steps")


@cache
def halved() -> Witness:
    """The worst function for half of what Corollary 1 promises, where it is first refuted."""
    found = witness(worst_case(ask(SCHEDULE, staleness=STALENESS, steps=_HALVED[1]).question))
    assert found is not None  # a fixed question
    return found


_PROVED, _REFUTED, _OPEN = "proved", "refuted by a function", "left open"


def _half(guess: Mapping[str, Any] | None) -> Drawn:
    said = "" if guess is None else ("As you predicted. " if guess["says"] == _REFUTED else "Not as you predicted. ")
    found, claim = halved(), _HALVED[0] / _HALVED[1]
    sentence = (
        f"{said}Refuted, at $T = {_HALVED[1]}$: the claim is {claim:g}, and this function of {found.dimension} "
        f"variables keeps every $|\\nabla F|^2$ at {found.lower:.6f}. No slope does: a slope keeps "
        f"{told(rungs(STALENESS, 1.0, 4)[1])} at $T = 4$, where the claim is 0.5."
    )
    return Drawn(broken(found, claim), sentence)


_C1 = get("corollary-1")
_STEPS = [each.partition(r"\quad")[0] for each in _C1.latex_conditions() if each.startswith(r"\eta")]
FACTS = {
    "quantity": _C1.quantity,
    "corollary": _C1.latex(),
    "corollary_steps": f"${_STEPS[0].strip()}$",
}
PICTURES = (
    Picture(
        "zones",
        "Move a claim",
        {
            "factor": Slider("factor c", FACTORS, 4.0),
            "power": Slider("power p of T", POWERS, 1.0),
        },
        _zones,
    ),
)
PREDICTIONS = (
    Prediction(
        "half",
        text(r"""
            At $s = 2$ without noise Corollary 1 promises $\frac{4 L \Delta}{T}$. Somebody claims **half** of it,
            $\frac{2 L \Delta}{T}$. The slope of lesson 2 keeps $\frac{2 L \Delta}{T + 1}$, and so it does not break
            the claim. What will become of it?
        """),
        {"says": Chosen("It will be", (_PROVED, _REFUTED, _OPEN))},
        _half,
    ),
)
