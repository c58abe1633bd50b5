"""Lesson 1: gradient descent that reads old points of a parabola, its roots, and delays that change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradlag.teaching.parts.fields import Slider
from gradlag.teaching.parts.picture import Drawn, Picture
from gradlag.teaching.parts.prediction import Prediction
from gradlag.teaching.shown.prose import text
from gradlag.teaching.shown.svg import BLUE, GREEN, INK, MUTED, VERMILLION, Axis, Panel, drawing, legend, told
from theory.common.types import Floats
from theory.staleness.stability import characteristic_roots, fixed_delay_limit, spectral_radius

_STEPS = 60
_GUESSED_DELAY = 4


def trajectory(step: float, delays: Sequence[int], steps: int = _STEPS) -> Floats:
    """x_0..x_T of x_{t+1} = x_t - a x_{t - d_t} from 1; the delays repeat, and nothing before x_0 is read."""
    points = np.ones(steps + 1)
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            points[t + 1] = points[t] - step * points[max(t - delays[t % len(delays)], 0)]
    return points


def period_growth(step: float, delays: Sequence[int]) -> float:
    """By what factor one period of repeated delays multiplies the error in the long run: the spectral radius of it."""
    size = max(delays) + 1
    whole = np.eye(size)
    for delay in delays:
        one = np.eye(size, k=-1)
        one[0, 0] = 1.0
        one[0, delay] -= step
        whole = one @ whole
    return float(np.abs(np.linalg.eigvals(whole)).max())


def _law(delay: int) -> Floats:
    return np.asarray(np.eye(1, delay + 1, delay)[0], dtype=np.float64)


def _late(delay: float, step: float) -> Drawn:
    """The curve on the left, the roots on the right."""
    late, points = int(delay), trajectory(step, [int(delay)])
    left = Panel(Axis(0, _STEPS, "step t"), Axis(-2.4, 2.4, "x"), width=370, height=230, title="the iterate")
    right = Panel(
        Axis(-1.4, 1.4, "real part", ticks=(-1.0, 0.0, 1.0)), Axis(-1.4, 1.4, ticks=(-1.0, 0.0, 1.0)),
        left=492, width=230, height=230, title="roots and the unit circle",
    )  # fmt: skip
    roots = characteristic_roots(step, _law(late))
    radius = spectral_radius(step, _law(late))
    colour, circle = (VERMILLION if radius > 1 + 1e-9 else BLUE), np.linspace(0, 2 * math.pi, 120)
    parts = [
        left.axes(), left.clip(left.line(range(_STEPS + 1), points, colour)),
        right.axes(), right.line(np.cos(circle), np.sin(circle), MUTED, 1.2),
        right.clip(right.points(roots.real, roots.imag, colour, 4.5, hollow=radius > 1 + 1e-9)),
    ]  # fmt: skip
    limit = fixed_delay_limit(late)
    if abs(radius - 1) <= 1e-9:
        what = "A root lies on the circle: the error neither grows nor shrinks."
    elif radius > 1:
        what = f"A root lies outside: in the long run the error grows by {100 * (radius - 1):.3g} % a step."
    else:
        what = f"All roots lie inside: in the long run the error shrinks by {100 * (1 - radius):.3g} % a step."
    sentence = f"Delay {late}, $a = {step:g}$. {what} At this delay the largest stable $a$ is {limit:.4f}."
    return Drawn(drawing(730, 300, parts, f"Delay {late}, step {step:g}: {what}"), sentence)


def _limits(guess: Mapping[str, Any] | None) -> Drawn:
    """The largest stable step against the delay, and what was guessed."""
    delays = np.arange(17)
    limits = [fixed_delay_limit(int(delay)) for delay in delays]
    panel = Panel(Axis(0, 16, "delay D"), Axis(0, 2.1, "largest stable a"), width=560, height=230)
    parts = [
        panel.axes(),
        panel.clip(panel.line(delays, math.pi / (2 * delays + 1), MUTED, 1.2, "5 4")),
        panel.points(delays, limits, BLUE),
        legend(470, 110, (("π/(2D+1)", MUTED, "5 4"),)),
    ]
    true = fixed_delay_limit(_GUESSED_DELAY)
    sentence = f"At delay {_GUESSED_DELAY} the largest stable $a$ is {true:.4f}."
    if guess is not None:
        said = float(guess["step"])
        parts += [panel.points([_GUESSED_DELAY], [said], VERMILLION, 5, hollow=True)]
        parts += [panel.note(_GUESSED_DELAY, said, "your prediction", VERMILLION, dx=9, dy=4)]
        sentence += f" You predicted {said:g}: {_how_far(said, true)}"
    label = "The largest stable step falls from 2 without delay to 0.095 at delay 16, nearly as pi over 2D + 1."
    return Drawn(drawing(640, 300, parts, label), sentence)


def _how_far(said: float, true: float) -> str:
    if abs(said / true - 1) < 0.1:
        return "within ten per cent."
    if said > true:
        growth = spectral_radius(said, _law(_GUESSED_DELAY))
        return f"there the error grows by a factor {growth:.3f} a step, {told(growth**50)} in fifty."
    return f"stable, and {true / said:.3g} times smaller than it need be."


def cycle(period: int, most: int) -> list[int]:
    """Delays 0, 1, 2, ... up to the largest, which then stays, repeated after the period."""
    return [min(k, most) for k in range(period)]


def _changing(period: float, step: float) -> Drawn:
    """Repeated delays against the constant one, on a logarithmic scale."""
    most, steps = 2, 240
    delays = cycle(int(period), most)
    panel = Panel(
        Axis(0, steps, "step t"), Axis(1e-8, 1e8, "largest |x| of the last 12 points", log=True), left=84, width=550
    )
    parts = [panel.axes(), legend(98, 50, (("constant delay 2", INK, "6 4"), ("the repeated delays", GREEN, "")))]
    for trace, colour, dash in (([most], INK, "6 4"), (delays, GREEN, "")):
        sizes = np.abs(trajectory(step, trace, steps))
        envelope = [max(1e-300, sizes[max(t - 11, 0) : t + 1].max()) for t in range(steps + 1)]
        parts.append(panel.clip(panel.line(range(steps + 1), envelope, colour, 2, dash)))
    growth = period_growth(step, delays) ** (1 / len(delays))
    steady = spectral_radius(step, _law(most))
    told_delays = " ".join(map(str, delays))
    sentence = (
        f"Delays {told_delays}, repeated, at $a = {step:g}$: a factor {growth:.4f} a step in the long run; "
        f"the constant delay 2: {steady:.4f}. The constant delay is stable below {fixed_delay_limit(most):.4f}."
    )
    return Drawn(drawing(650, 300, parts, f"Repeated delays {told_delays} at step {step:g}"), sentence)


def stable_limits(*delays: int) -> str:
    """The largest stable steps at some delays, as a sentence has them.

    >>> stable_limits(1, 2)
    '1 at delay 1, 0.618 at delay 2'
    """
    return ", ".join(f"{fixed_delay_limit(delay):.4g} at delay {delay}" for delay in delays)


FACTS = {"limits": stable_limits(1, 2, 4, 8, 16)}
_A = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 1.8, 1.95, 2.0, 2.05)
PICTURES = (
    Picture(
        "late",
        "Move the delay and the step",
        {
            "delay": Slider("delay D", (0, 1, 2, 3, 4, 6, 8), 0),
            "step": Slider("a = step size × curvature", _A, 0.4),
        },
        _late,
    ),
    Picture(
        "changing",
        "Delays that change",
        {
            "period": Slider("period of the delays 0, 1, 2, 2, ...", tuple(range(1, 9)), 3),
            "step": Slider("a", (0.5, 0.55, 0.57, 0.58, 0.59, 0.6, 0.61, 0.62, 0.65), 0.6),
        },
        _changing,
    ),
)
PREDICTIONS = (
    Prediction(
        "limit",
        text(r"""
            Without delay every $a$ below 2 is stable. Now each gradient is 4 steps old. Up to which $a$ is the
            iteration stable? Write down a reason before you move the slider: is it still 2, a fifth of that, or
            something else?
        """),
        {"step": Slider("largest stable a at delay 4", tuple(round(0.05 * n, 2) for n in range(1, 41)), 1.0)},
        _limits,
    ),
)
