"""Lesson 5: gradient coherence along runs, where it breaks, and which bounds speak of a run then."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from experiments.simulate.measure import coherence
from gradlag.teaching.parts.fields import Chosen, Slider
from gradlag.teaching.parts.picture import Drawn, Picture
from gradlag.teaching.parts.prediction import Prediction
from gradlag.teaching.pictures.lesson_01 import trajectory
from gradlag.teaching.pictures.lesson_02 import setting
from gradlag.teaching.shown.prose import spelled, text
from gradlag.teaching.shown.svg import BLUE, GREEN, INK, VERMILLION, Axis, Panel, drawing, legend, told
from theory.bounds import get
from theory.common.types import Floats
from theory.staleness.stability import fixed_delay_limit

_STEPS = 60
_GUESSED = 3
# On the hill: where the run begins, and how long it is looked at.
_START, _LONGEST = 2.8, 40
_NAMES = ("dai2019-sum", "theorem-a", "theorem-b")


def coherences(gradients: Floats, staleness: int) -> Floats:
    """mu_k along a run, over the window of the last s gradients; an array (T+1, d) of gradients, or (T+1,)."""
    rows = np.asarray(gradients, dtype=float).reshape(len(gradients), -1)
    return np.array([coherence(rows[k], rows[max(k - staleness + 1, 0) : k + 1]) for k in range(len(rows))])


def longest_coherent(staleness: int) -> float:
    r"""The largest a at which nothing overshoots under the delay D = s - 1 of at least 1: $D^D/(D+1)^{D+1}$.

    >>> longest_coherent(2), round(longest_coherent(3), 4)
    (0.25, 0.1481)
    """
    return float(Fraction((staleness - 1) ** (staleness - 1), staleness**staleness))


def planar(start: Sequence[float], curvatures: Sequence[float], step: float, staleness: int, steps: int) -> Floats:
    """The gradients (T+1, d) along a run on a quadratic with these curvatures along the axes."""
    runs = [where * trajectory(step * c, [staleness - 1], steps) for where, c in zip(start, curvatures, strict=True)]
    return np.stack([c * run for c, run in zip(curvatures, runs, strict=True)], axis=1)


def first_broken(values: Floats, least: float = 0.0) -> int | None:
    """The first k with mu_k below the least; None where there is none."""
    broken = np.flatnonzero(values < least)
    return int(broken[0]) if broken.size else None


def _parabola(staleness: float, step: float, words: str = "") -> Drawn:
    """The run on the left, its coherence on the right."""
    late = int(staleness)
    points = trajectory(step, [late - 1], _STEPS)
    values = coherences(points, late)
    left = Panel(Axis(0, _STEPS, "step k"), Axis(-1.6, 1.6, "x"), width=260, height=220, title="the iterate")
    right = Panel(
        Axis(0, _STEPS, "step k"), Axis(-3, 1.5), left=408, width=300, height=220, title="coherence at each step"
    )
    held, steps = values >= 0, np.arange(_STEPS + 1)
    shown = np.clip(values, -3, 1.5)
    parts = [
        left.axes(), left.clip(left.line(steps, points, BLUE)),
        right.axes(), right.line([0, _STEPS], [0, 0], INK, 1.2),
        right.points(steps[held], shown[held], BLUE, 3), right.points(steps[~held], shown[~held], VERMILLION, 3, True),
    ]  # fmt: skip
    k = first_broken(values)
    if k is None:
        what = "$\\mu_k$ is 1 everywhere: nothing overshoots."
    else:
        what = (
            f"$\\mu_k$ is below 0 for the first time at $k = {k}$, where it is {told(float(f'{values[k]:.3g}'))}, and "
            f"at {int((values < 0).sum())} of the {_STEPS + 1} points (hollow; those below \N{MINUS SIGN}3 are drawn "
            "there)."
        )
    limit = fixed_delay_limit(late - 1)
    stable = "stable" if step < limit else "not stable"
    sentence = f"{words}Staleness {late}, $a = {step:g}$, {stable} (the limit is {limit:.4f}). {what}"
    label = f"A run on the parabola at staleness {late} and step {step:g}, and its coherence"
    return Drawn(drawing(730, 300, parts, label), sentence)


def _onset(guess: Mapping[str, Any] | None) -> Drawn:
    """Stability limit and coherence limit against the staleness, and what was guessed."""
    windows = np.arange(2, 13)
    stable = [fixed_delay_limit(int(s) - 1) for s in windows]
    coherent = [longest_coherent(int(s)) for s in windows]
    panel = Panel(Axis(2, 12, "staleness s"), Axis(0.02, 2, "a", log=True), width=545, height=230)
    parts = [
        panel.axes(), panel.line(windows, stable, INK, 1.5, "6 4"), panel.points(windows, stable, INK, 3),
        panel.line(windows, coherent, BLUE, 1.5), panel.points(windows, coherent, BLUE, 3),
        legend(300, 50, (("stable below", INK, "6 4"), ("coherent up to", BLUE, ""))),
    ]  # fmt: skip
    true = longest_coherent(_GUESSED)
    sentence = (
        f"At $s = {_GUESSED}$ coherence breaks from $a = {true:.4f}$ on, long before the run becomes unstable at "
        f"{fixed_delay_limit(_GUESSED - 1):.4f}."
    )
    if guess is not None:
        said = float(guess["step"])
        parts += [panel.points([_GUESSED], [said], VERMILLION, 5, hollow=True)]
        parts += [panel.note(_GUESSED, said, "your prediction", VERMILLION, dx=10, dy=12)]
        k = first_broken(coherences(trajectory(said, [_GUESSED - 1], _STEPS), _GUESSED))
        there = "no gradient turns yet" if said <= true else f"it breaks at step {k}" if k else "it breaks, but late"
        sentence += f" You predicted {said:g}: there {there}."
    return Drawn(drawing(640, 300, parts, "Where coherence and where stability end, against the staleness"), sentence)


def hill(step: float, staleness: int, steps: int, start: float = _START) -> tuple[Floats, Floats]:
    """Points and gradients of a run on F = 1 - cos x, from near the top of a hill (at pi) down into the valley."""
    points = np.empty(steps + 1)
    points[0] = start
    for k in range(steps):
        points[k + 1] = points[k] - step * math.sin(points[max(k - staleness + 1, 0)])
    return points, np.sin(points)


def promised(name: str, staleness: int, step: float, steps: int, mu: float) -> float:
    """What a bound allows on the hill after so many steps; NaN where it does not apply."""
    if get(name).needs_coherence and not mu > 0:
        return math.nan
    value = get(name).assess(setting(staleness, step, steps, Delta=1 - math.cos(_START), mu=mu))[0]
    return math.nan if value is None else float(value)


def _who_speaks(staleness: float, theta: float, words: str = "") -> Drawn:
    """What is measured on the hill, and what each bound allows, against the number of steps."""
    late, step = int(staleness), theta / staleness
    _, gradients = hill(step, late, _LONGEST)
    values, squares = coherences(gradients, late), np.minimum.accumulate(gradients**2)
    horizons = np.arange(1, _LONGEST + 1)
    panel = Panel(Axis(1, _LONGEST, "number of steps T"), Axis(1e-3, 20, "least |grad F|² so far", log=True), left=80,
                  width=540, height=230, top=14)  # fmt: skip
    looks = (("Theorem 1", VERMILLION, "7 4"), ("Theorem A", GREEN, "2 3"), ("Theorem B", BLUE, "7 4"))
    parts = [panel.axes(), panel.clip(panel.line(horizons, np.maximum(squares[1:], 1e-4), INK, 2.4))]
    for bound, (_, colour, dash) in zip(_NAMES, looks, strict=True):
        curve = [promised(bound, late, step, int(T), float(np.nanmin(values[:T]))) for T in horizons]
        parts.append(panel.clip(panel.line(horizons, curve, colour, 2, dash)))
    parts.append(legend(84, 326, (("measured", INK, ""), *looks)))
    k = first_broken(values[:_LONGEST])
    least = float(np.nanmin(values[: k if k else _LONGEST]))
    held = f"the least $\\mu_k$ is {least:.3f}"
    what = (
        f"Coherence holds all the way: {held}, and Theorem 1 is drawn with it wherever it takes the steps."
        if k is None
        else f"Up to $k = {k - 1}$ {held}; at $k = {k}$ it is below 0, and Theorem 1 has nothing to say from there on."
    )
    sentence = f"{words}$F(x) = 1 - \\cos x$ from $x_0 = {_START}$, $s = {late}$, step {theta:g}/(s L). {what}"
    label = f"Measured and allowed on a hill at staleness {late} and step {theta:g} over s L"
    return Drawn(drawing(650, 345, parts, label), sentence)


_STUCK, _FALLS, _DIVERGES = "it stays large", "it falls to 0 all the same", "the run diverges"


def _what_then(guess: Mapping[str, Any] | None) -> Drawn:
    said = "" if guess is None else ("As you predicted. " if guess["says"] == _FALLS else "Not as you predicted. ")
    return _who_speaks(4, 1.0, said)


_A = (0.03, 0.05, 0.07, 0.08, 0.1, 0.12, 0.14, 0.15, 0.16, 0.2, 0.25, 0.26, 0.3, 0.4, 0.5, 0.6, 0.7)
_SUM = get("dai2019-sum")
FACTS = {
    "assumption": _SUM.assumptions[-1].text,
    "conditions": ", ".join(map(spelled, _SUM.latex_conditions()[-3:])),
    "value": _SUM.latex(),
    "theorem_b": get("theorem-b").latex(),
    "without": "\n".join(f"- {each.text}".replace("Delta", r"$\Delta$") for each in get("theorem-b").assumptions),
}
PICTURES = (
    Picture(
        "parabola",
        "Raise step and staleness until coherence breaks",
        {"staleness": Slider("staleness s", (1, 2, 3, 4, 6, 8, 12), 1), "step": Slider("a = step size × L", _A, 0.05)},
        _parabola,
    ),
    Picture(
        "hill",
        "Which theorem speaks of this run?",
        {
            "staleness": Slider("staleness s", (1, 2, 3, 4, 6, 8), 2),
            "theta": Slider("step size times s L", (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.25), 0.3),
        },
        _who_speaks,
    ),
)
PREDICTIONS = (
    Prediction(
        "onset",
        text(r"""
            On the parabola with $s = 3$ (every gradient 2 steps old) the iteration is stable for $a$ below 0.618. Up to
            which $a$ is $\mu_k$ never negative? Think of lesson 1: when does the curve cross the axis?
        """),
        {"step": Slider("largest coherent a", (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6), 0.4)},
        _onset,
    ),
    Prediction(
        "then",
        text(r"""
            Take the hill below with $s = 4$ and the step $\frac1{4L}$. Coherence breaks on the way. What becomes of the
            least squared gradient?
        """),
        {"says": Chosen("From there on", (_STUCK, _FALLS, _DIVERGES))},
        _what_then,
    ),
)
