"""Lesson 2: the ladder from one function to every function, rung by rung, and how far its rungs are apart."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from gradlag.teaching.parts.fields import Slider
from gradlag.teaching.parts.picture import Drawn, Picture
from gradlag.teaching.parts.prediction import Prediction
from gradlag.teaching.pictures.lesson_01 import trajectory
from gradlag.teaching.shown.prose import spelled, text
from gradlag.teaching.shown.svg import BLUE, GREEN, INK, MUTED, PURPLE, VERMILLION, Axis, Panel, drawing, told
from theory.bounds import Setting, get
from theory.common.types import Floats
from theory.staleness.count import Staleness

STALENESSES, THETAS, HORIZONS = (1, 2, 4, 8), (0.25, 0.5, 1.0), (1, 2, 3, 4, 6, 8, 12, 16)
WORST_CASES = Path(__file__).with_name("worst_cases.json")
_GUESSED = (4, 0.5, 16)


def key(staleness: int, theta: float, steps: int) -> str:
    """The name of a worst case in the file."""
    return f"s={staleness} theta={theta:g} T={steps}"


@cache
def _worst_cases() -> Mapping[str, float]:
    found: dict[str, float] = json.loads(WORST_CASES.read_text(encoding="utf-8"))
    return found


def setting(staleness: int, step: float, steps: int, **constants: float) -> Setting:
    """A constant step under the constant delay s - 1; L = Delta = 1 and no noise where nothing else is said."""
    delays = np.minimum(np.arange(steps), staleness - 1)
    known = {"L": 1.0, "Delta": 1.0, "sigma": 0.0, **constants}
    return Setting(np.full(steps, step), delays, Staleness(staleness), known)


def on_slope(slope: float, step: float, delay: int, steps: int) -> Floats:
    """|grad F|^2 along a run on a straight slope that ends in a bowl of curvature 1, from height 1 above the bottom."""
    points = np.empty(steps + 1)
    points[0] = 1 / slope + slope / 2 if slope <= math.sqrt(2) else math.sqrt(2)
    gradients = np.empty(steps + 1)
    for t in range(steps + 1):
        gradients[t] = np.clip(points[t], -slope, slope)
        if t < steps:
            points[t + 1] = points[t] - step * gradients[max(t - delay, 0)]
    return np.square(gradients)


@cache
def rungs(staleness: int, theta: float, steps: int) -> tuple[float, ...]:
    """From below: measured on a parabola, on a slope; the worst case; Theorems B and A, and the bound of 2015."""
    step = theta / staleness
    parabola = 2 * np.square(trajectory(step, [staleness - 1], steps)).min()
    slope = on_slope(math.sqrt(1 / (step * steps + 0.5)), step, staleness - 1, steps).min()
    worst = _worst_cases()[key(staleness, theta, steps)]
    at = setting(staleness, step, steps)
    bounds = (get(name).assess(at)[0] for name in ("theorem-b", "theorem-a", "lian2015"))
    return (float(parabola), float(slope), worst, *(math.nan if value is None else value for value in bounds))


_RUNGS = (
    ("measured on the parabola", GREEN, "", "Measured on $F = x^2/2$: one function, one start, exact."),
    ("measured on a slope", PURPLE, "2 3", "Measured on a straight slope that ends in a bowl, made for each $T$."),
    ("worst case", INK, "", "The exact worst case of all functions with these $L$ and $\\Delta$."),
    ("Theorem B", BLUE, "7 4", "Theorem B, proved: exact gradients, any steps, any delays."),
    ("Theorem A", VERMILLION, "7 4", "Theorem A, proved: noise as well, so it knows less of each run."),
    ("the bound of 2015", MUTED, "3 3", "What was published in 2015, for asynchronous SGD with any steps."),
)


def _ladder(staleness: float, theta: float, shown: float) -> Drawn:
    return _some_rungs(int(staleness), theta, range(int(shown)), _RUNGS[int(shown) - 1][3])


def _some_rungs(late: int, theta: float, shown: Sequence[int], words: str) -> Drawn:
    """Those rungs against the number of steps."""
    last = HORIZONS[-1]
    panel = Panel(
        Axis(1, last, "number of steps T", ticks=(1.0, 4.0, 8.0, 12.0, 16.0)),
        Axis(0.01, 10, "least |grad F|² so far", log=True),
        left=80, width=400, height=280, top=14,
    )  # fmt: skip
    values = np.array([rungs(late, theta, steps) for steps in HORIZONS])
    parts, places, at_end = [panel.axes()], [], []
    for name, colour, dash, _, curve in ((*_RUNGS[n], values[:, n]) for n in shown):
        parts.append(panel.clip(panel.line(HORIZONS, curve, colour, 2.2, dash)))
        if math.isfinite(curve[-1]):
            places.append((float(panel.at(last, max(curve[-1], 0.01))[1]), name, colour))
        value = told(float(f"{curve[-1]:.3g}")) if math.isfinite(curve[-1]) else "refuses these steps"
        at_end.append(f"{name}: {value}")
    parts += _labels(places, panel)
    sentence = f"{words} At $T = {last}$: {', '.join(at_end)}."
    label = f"The ladder at staleness {late} and step {theta:g}/(s L): {', '.join(at_end)}"
    return Drawn(drawing(700, 350, parts, label), sentence)


def _labels(places: list[tuple[float, str, str]], panel: Panel) -> list[str]:
    """Names beside the ends of lines, moved apart where they would touch."""
    labels, before = [], -math.inf
    for down, name, colour in sorted(places):
        before = max(min(down, panel.top + panel.height - 8), before + 17)
        x = panel.left + panel.width + 8
        labels.append(f'<text x="{x}" y="{before + 4:.1f}" font-size="12.5" fill="{colour}">{name}</text>')
    return labels


def _said(guess: Mapping[str, Any] | None, true: float) -> str:
    told_true = f"The factor is {told(round(true, 3))}."
    return told_true if guess is None else f"You predicted {told(guess['factor'])}. {told_true}"


def _slack(guess: Mapping[str, Any] | None, shown: Sequence[int], of: int) -> Drawn:
    found = rungs(*_GUESSED)
    return _some_rungs(*_GUESSED[:2], shown, _said(guess, found[3] / found[of]))


_B = get("theorem-b")
_FACTORS = (1.01, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e5)
FACTS = {
    "quantity": _B.quantity,
    "value": _B.latex(),
    "conditions": "; ".join(map(spelled, _B.latex_conditions())),
    "definitions": "; ".join(map(spelled, _B.latex_definitions())),
    "assumptions": "\n".join(f"- {assumption.text}".replace("Delta", r"$\Delta$") for assumption in _B.assumptions),
    "refusal": get("theorem-b").check_domain(setting(4, 1.0, 16))[0].sentence(),
}
PICTURES = (
    Picture(
        "ladder",
        "The ladder, rung by rung",
        {
            "staleness": Slider("staleness s", STALENESSES, 4),
            "theta": Slider("step size times s L", THETAS, 0.5),
            "shown": Slider("rungs", (1, 2, 3, 4, 5, 6), 1),
        },
        _ladder,
    ),
)
PREDICTIONS = (
    Prediction(
        "parabola",
        text(r"""
            Take $s = 4$, the step $\frac{1}{8L}$ and $T = 16$. Theorem B is a bound for every function; the parabola
            is one of them. **By what factor** is the bound larger than what is measured on the parabola?
        """),
        {"factor": Slider("bound divided by measured", _FACTORS, 2.0)},
        partial(_slack, shown=(0, 3), of=0),
    ),
    Prediction(
        "worst",
        text(r"""
            Same steps. Now compare Theorem B with the worst function that there is. **By what factor** is the bound
            larger than the exact worst case?
        """),
        {"factor": Slider("bound divided by worst case", _FACTORS, 10.0)},
        partial(_slack, shown=(0, 2, 3), of=2),
    ),
)
