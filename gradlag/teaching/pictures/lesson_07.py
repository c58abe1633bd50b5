"""Lesson 7: the exact constant of a constant step against the step, and what other methods cost at each delay."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gradlag.teaching.parts.fields import Chosen, Slider
from gradlag.teaching.parts.picture import Drawn, Picture
from gradlag.teaching.parts.prediction import Prediction
from gradlag.teaching.shown.prose import text
from gradlag.teaching.shown.svg import BLUE, GREEN, MUTED, PURPLE, VERMILLION, Axis, Panel, drawing, legend
from theory.bounds import get
from theory.worst_case.limit.constant import limit_constant

LIMIT_CONSTANTS = Path(__file__).with_name("limit_constants.json")
#: Steps as shares of the longest that settles, as they are kept.
SHARES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98)
_DELAYS = tuple(range(9))


@cache
def kept(delay: int) -> Mapping[str, Any]:
    """Of a delay: `limit`, the longest step; `curve`, pairs (L eta, C); `best` of them; C of the other methods."""
    found: dict[str, dict[str, Any]] = json.loads(LIMIT_CONSTANTS.read_text(encoding="utf-8"))
    return found[str(delay)]


def on_quadratics(step: float) -> float:
    """The constant that quadratics alone need, 1/(e h): curvature 1/(2 h N) is the worst of them after N steps."""
    return 1 / (math.e * step)


_LOOKS = (
    ("all functions", BLUE, ""),
    ("quadratics", MUTED, "5 4"),
    ("waiting", GREEN, "8 3"),
    ("counter-momentum", PURPLE, "2 3"),
)


def _panel(delay: int, levels: tuple[str, ...]) -> tuple[Panel, list[str]]:
    """C against the step, what quadratics alone would say, and other methods as levels."""
    known = kept(delay)
    (steps, values), longest = np.array(known["curve"]).T, known["limit"]
    panel = Panel(Axis(0, longest, "h = step size × L"), Axis(0, 2.6 * known["best"][1], "C"), 74, 14, 540, 250)
    fine = np.linspace(0.02, 1, 120) * longest
    parts = [panel.axes(), legend(80, 336, _LOOKS[: 2 + len(levels)])]
    for name, (_, colour, dash) in zip(levels, _LOOKS[2:], strict=False):
        parts.append(panel.line([0, longest], [known[name]] * 2, colour, 1.8, dash))
    parts.append(panel.clip(panel.line(fine, [on_quadratics(each) for each in fine], MUTED, 1.8, "5 4")))
    parts += [
        panel.clip(panel.line(steps, values, BLUE, 2.6)),
        panel.points([known["best"][0]], [known["best"][1]], BLUE, 4.5),
    ]
    return panel, parts


def _curve(delay: float, share: float) -> Drawn:
    """A step on the curve, with waiting and counter-momentum as levels."""
    late, known = int(delay), kept(int(delay))
    panel, parts = _panel(late, ("wait", "counter-momentum"))
    (step, value), (best_step, best) = known["curve"][SHARES.index(share)], known["best"]
    parts.append(panel.points([step], [min(value, panel.y.high)], VERMILLION, 5, hollow=True))
    sentence = (
        f"Delay {late}: the least C is {best:.4f}, at $h = {best_step:.4f}$. At $h = {step:.4f}$ it is {value:.4f}; "
        f"quadratics alone would say {on_quadratics(step):.4f}. Waiting costs {known['wait']:.4f}, counter-momentum "
        f"{known['counter-momentum']:.4f}."
    )
    return Drawn(drawing(660, 350, parts, f"The constant against the step at delay {late}"), sentence)


def _best(guess: Mapping[str, Any] | None) -> Drawn:
    """The curve at delay 1, and what was guessed."""
    (panel, parts), (best_step, best) = _panel(1, ()), kept(1)["best"]
    sentence = f"The least C is {best:.4f}, at $h = {best_step:.4f}$."
    if guess is not None:
        said = float(guess["step"])
        parts.append(panel.line([said, said], [0, panel.y.high], VERMILLION, 2, "2 4"))
        parts.append(panel.note(said, 0.93 * panel.y.high, "your prediction", VERMILLION))
        near = "within" if abs(said / best_step - 1) < 0.1 else "not within"
        sentence = f"You predicted {said:g}, {near} ten per cent. {sentence}"
    return Drawn(drawing(660, 350, parts, "The constant against the step at delay 1"), sentence)


_STEP, _WAIT, _BEYOND = "the best constant step", "waiting for a fresh gradient", "something that beats both"


def _order(guess: Mapping[str, Any] | None) -> Drawn:
    """The least constant of each method against the delay."""
    said = "" if guess is None else ("As you predicted. " if guess["says"] == _BEYOND else "Not as you predicted. ")
    best, wait, counter = ([read(kept(d)) for d in _DELAYS] for read in (_least, _waiting, _countered))
    panel = Panel(Axis(0, 8, "delay D"), Axis(0, 15, "C for each gradient"), width=540, height=240, top=14)
    looks = (("best constant step", BLUE, ""), ("waiting", GREEN, "8 3"), ("counter-momentum", PURPLE, "2 3"))
    parts = [panel.axes(), legend(80, 326, looks)]
    for values, (_, colour, dash) in zip((best, wait, counter), looks, strict=True):
        parts += [panel.line(_DELAYS, values, colour, 2, dash), panel.points(_DELAYS, values, colour, 3.5)]
    each = [values[8] - values[7] for values in (best, wait, counter)]
    sentence = (
        f"{said}At $D = 8$: {best[8]:.3f} for the best constant step, {wait[8]:.3f} for waiting, {counter[8]:.3f} for "
        f"counter-momentum. One more step of delay costs {each[0]:.3f}, {each[1]:.3f} and {each[2]:.3f}."
    )
    return Drawn(drawing(650, 340, parts, "The least constant of three methods against the delay"), sentence)


def _least(known: Mapping[str, Any]) -> float:
    return float(known["best"][1])


def _waiting(known: Mapping[str, Any]) -> float:
    return float(known["wait"])


def _countered(known: Mapping[str, Any]) -> float:
    return float(known["counter-momentum"])


def _turning(delay: int) -> str:
    """How the worst function at the best step moves, in words."""
    found = limit_constant(delay, kept(delay)["best"][0])
    straight, turned = found.masses
    angle = math.degrees(found.worst_frequencies[1])
    return (
        f"{100 * straight:.0f} % of the squared gradient points the same way for ever, and the other "
        f"{100 * turned:.0f} % turns by {angle:.1f} degrees at every step"
    )


_COUNTER = get("counter-momentum")
FACTS = {
    "turning": _turning(1),
    "fresh": f"{kept(0)['best'][1]:.4f}",
    "one": f"{kept(1)['best'][1]:.4f}",
    "waiting_one": f"{kept(1)['wait']:.4f}",
    "counter": _COUNTER.latex(),
    "counter_left": _COUNTER.quantity,
}
PICTURES = (
    Picture(
        "curve",
        "C against the step",
        {"delay": Slider("delay D", _DELAYS, 1), "share": Slider("step, as a share of the longest", SHARES, 0.3)},
        _curve,
    ),
)
PREDICTIONS = (
    Prediction(
        "best",
        text(r"""
            At delay 1 quadratics are stable for all $h$ below 1. Which $h$ gives the least constant $C$ over *all*
            smooth functions?
        """),
        {"step": Slider("best h at delay 1", tuple(round(0.05 * n, 2) for n in range(2, 21)), 0.9)},
        _best,
    ),
    Prediction(
        "order",
        text(r"""
            Gradients arrive one after the other, each 8 steps old. One may use each as it comes, with the best constant
            step; or throw away the stale ones and use only every ninth, which is then fresh. Count gradients that
            arrive. What needs the fewest?
        """),
        {"says": Chosen("The least constant at delay 8 has", (_STEP, _WAIT, _BEYOND))},
        _order,
    ),
)
