"""Lesson 6: functions of one variable by their slopes, the worst function of all, and the certificate that says so."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gradlag.teaching.parts.fields import Chosen, Slider
from gradlag.teaching.parts.picture import Drawn, Picture
from gradlag.teaching.parts.prediction import Prediction
from gradlag.teaching.pictures.lesson_01 import trajectory
from gradlag.teaching.pictures.slopes import STALENESS, STEP, STEPS, drawn, shown
from gradlag.teaching.shown.prose import text
from gradlag.teaching.shown.svg import BLUE, GREEN, INK, MUTED, VERMILLION, Axis, Panel, drawing, legend, told
from theory.common.errors import CertificateError, StoreError
from theory.common.types import Floats
from theory.worst_case.certificate.text import Argument, Statement, named, read
from theory.worst_case.certificate.verify import Verified, verify, write
from theory.worst_case.witness.check import Witness
from theory.worst_case.witness.file import loads

# The best slopes of one variable, straight and with dips; a hair less, so that the run ends before the bowl.
_STRAIGHT, _DIPPED = (1 - 1e-9) * math.sqrt(0.4), (1 - 1e-9) * 2 / 3
WORST_FUNCTION = Path(__file__).with_name("worst_function.json")


@cache
def kept(kind: str) -> str:
    """The text of the certificate or of the witness of this run; `gradlag worst-case --out` wrote both."""
    lines: list[str] = json.loads(WORST_FUNCTION.read_text(encoding="utf-8"))[kind]
    return "\n".join(lines) + "\n"


@cache
def verified() -> Verified:
    """What is certain by the certificate, once it has been checked."""
    return verify(kept("certificate"))


@cache
def certificate() -> tuple[Statement, Argument]:
    """Statement and multipliers of the certificate."""
    return read(kept("certificate"))


@cache
def worst() -> Witness:
    """The worst function by its points, gradients and values; it is checked as it is read."""
    return loads(kept("witness"))


def _drawn(first: float, last: float, dips: float) -> Drawn:
    slopes = drawn(first, last, dips)
    least, top = slopes.least(), verified().upper_float
    if slopes.smoothness > 1 + 1e-6:
        what = f"But this is not 1-smooth: the slope changes by {slopes.smoothness:.3g} a unit. It does not count."
    else:
        what = f"That is {100 * least / top:.0f} % of what the worst function of all reaches."
    sentence = f"The least squared slope at the five points of the run is **{least:.4f}**. {what}"
    return Drawn(shown(slopes, f"A function with slopes from {first:g} to {last:g} and the run on it"), sentence)


def plane() -> tuple[Floats, Floats]:
    """The worst run in the plane in which it moves most: points and gradients, (T+1, 2)."""
    points = worst().points - worst().points[0]
    axes = np.linalg.svd(points, full_matrices=False)[2][:2]
    axes = axes * np.sign((points @ axes.T)[1])[:, None]
    return points @ axes.T, worst().gradients @ axes.T


def _worst(k: float) -> Drawn:
    """The worst run, with the gradient that step k reads and the one that it should have read."""
    at, old = int(k), max(int(k) - STALENESS + 1, 0)
    points, gradients = plane()
    left = Panel(Axis(-0.2, 2.05), Axis(-0.9, 0.9), left=60, width=300, height=240, title="the run, in its main plane")
    right = Panel(
        Axis(0, STEPS, "k"), Axis(0, 1.2), left=430, width=270, height=240, title="height and squared gradient"
    )
    x, y = points.T
    parts = [left.axes(), left.line(x, y, MUTED, 1.5), left.points(x, y, BLUE, 4)]
    parts += [left.note(a, b, str(n), INK, dx=5, dy=-8) for n, (a, b) in enumerate(points.tolist())]
    for which, colour, dash in ((at, GREEN, "3 3"), (old, VERMILLION, "")):
        tip = points[at] - STEP * gradients[which]
        parts.append(left.line([points[at, 0], tip[0]], [points[at, 1], tip[1]], colour, 3, dash))
    squares = (worst().gradients ** 2).sum(axis=1)
    parts += [right.axes(), right.line(range(STEPS + 1), worst().function_values, BLUE, 2)]
    parts += [right.points(range(STEPS + 1), worst().function_values, BLUE, 4)]
    parts += [right.line(range(STEPS + 1), squares, INK, 2, "6 4"), right.points(range(STEPS + 1), squares, INK, 3)]
    parts.append(legend(60, 336, (("step taken", VERMILLION, ""), ("fresh step", GREEN, "3 3"))))
    parts.append(legend(430, 336, (("F", BLUE, ""), ("|grad F|²", INK, "6 4"))))
    g, h = worst().gradients[at], worst().gradients[old]
    angle = np.degrees(np.arccos(np.clip(g @ h / np.sqrt((g @ g) * (h @ h)), -1, 1)))
    read = (
        f"reads the gradient of point {old}, turned by {angle:.0f} degrees from the fresh one"
        if old < at
        else ("reads a fresh gradient")
    )
    step = f"Step {at} {read}." if at < STEPS else f"Point {STEPS} is the last one."
    sentence = f"{step} Here the squared gradient is {squares[at]:.6f}; the least of all five is {squares.min():.6f}."
    return Drawn(drawing(730, 350, parts, f"The worst run, at point {at}"), sentence)


#: The lines of the certificate that hold a multiplier: (kind, indices).
LINES = tuple(
    (kind, key) for kind in ("start", "pair", "floor", "measure") for key in sorted(certificate()[1].tables[kind])
)


def with_factor(kind: str, key: tuple[int, ...], factor: Fraction) -> Argument:
    """The multipliers of the certificate with one of them times a factor, rounded; none where nothing is left."""
    argument = certificate()[1]
    number = round(argument.tables[kind][key] * factor)
    table = {place: n for place, n in argument.tables[kind].items() if place != key} | ({key: number} if number else {})
    return replace(argument, tables={**argument.tables, kind: table})


@cache
def checked(kind: str, key: tuple[int, ...], factor: Fraction) -> Verified | str:
    """What the checker says of the certificate after that change, written out anew: what is certain, or the refusal."""
    try:
        return verify(write(certificate()[0], with_factor(kind, key, factor)))
    except (CertificateError, StoreError) as refusal:
        return str(refusal)


def _bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


_PLACES = tuple(110.0 + 125 * k for k in range(STEPS + 1))


def _flow(argument: Argument, kind: str, key: tuple[int, ...], label: str) -> str:
    """Multipliers as a flow: in at the start, along the pairs, out at the floors; the changed one is red."""
    one, y = float(certificate()[1].total("start")), 66.0
    parts = []
    for table in ("start", "pair", "floor"):
        for place, n in sorted(argument.tables[table].items()):
            i, j = (*place, None)[:2] if table == "pair" else (place[0] if place else 0, None)
            a = _PLACES[i or 0]
            if table == "start":
                path = f"M30 {y}L{a - 12} {y}"
            elif table == "floor":
                path = f"M{a} {y + 12}L{a} {y + 95}"
            else:
                b = _PLACES[j or 0]
                bend = y + (-0.62 if b > a else 0.44) * abs(b - a)
                path = f"M{a} {y}Q{(a + b) / 2} {bend} {b} {y}"
            mine = (table, place) == (kind, key)
            colour, width = (VERMILLION if mine else BLUE), max(0.8, 9 * n / one)
            dash = ' stroke-dasharray="3 4"' if n < 0.01 * one else ""
            parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:.1f}"{dash}/>')
    for k, x in enumerate(_PLACES):
        mine = (kind, key) == ("measure", (k,))
        share = argument.tables["measure"].get((k,), 0) / one
        parts.append(f'<circle cx="{x}" cy="{y}" r="12" fill="var(--gl-ground)" stroke="{INK}" stroke-width="1.6"/>')
        parts.append(f'<text x="{x}" y="{y + 4}" text-anchor="middle" font-size="12" fill="{INK}">{k}</text>')
        colour = VERMILLION if mine else MUTED
        parts.append(_bar(x - 9, 266 - 60 * share, 18, 60 * share, colour))
    words = ((14, 44, "start"), (14, 161, "floors"), (14, 264, "measure"))
    parts += [f'<text x="{x}" y="{down}" font-size="12.5" fill="{INK}">{said}</text>' for x, down, said in words]
    return drawing(690, 280, parts, label)


def _forged(line: float, factor: float, words: str = "") -> Drawn:
    kind, key = LINES[int(line) - 1]
    exact = Fraction(factor).limit_denominator(1000)
    name, found = named(kind, key), checked(kind, key, exact)
    if exact == 1:
        said = f"Nothing is changed: the certificate passes, and the claim is {verified().upper_float:.9f}."
    elif isinstance(found, str):
        said = f"**Refused.** {found}"
    else:
        less = found.upper_float > verified().upper_float
        said = f"**It passes**, and says {'less' if less else 'hardly more'}: at most {found.upper_float:.9f}."
    sentence = f"{words}The line `{name}`, times {told(factor)}. {said}"
    label = f"Multipliers as a flow, with {name} times {factor:g}"
    return Drawn(_flow(with_factor(kind, key, exact), kind, key, label), sentence)


_ONE, _SOME, _TWICE = "4/9 again: one variable is enough", "more, but less than twice as much", "at least twice as much"


def _dimension(guess: Mapping[str, Any] | None) -> Drawn:
    """The parabola, the straight slope, the slope with dips, and the worst of all, side by side."""
    said = "" if guess is None else ("As you predicted. " if guess["says"] == _SOME else "Not as you predicted. ")
    straight, dips = drawn(_STRAIGHT, _STRAIGHT, 0.0).least(), drawn(_DIPPED, _DIPPED, 1.0).least()
    parabola = 2 * float((trajectory(STEP, [STALENESS - 1], STEPS) ** 2).min())
    values = (parabola, straight, dips, verified().upper_float)
    bars = tuple(zip(("parabola", "straight slope", "slope with dips", "worst of all"), values, strict=True))
    panel = Panel(Axis(0, 4, ticks=()), Axis(0, 0.7, "least |grad F|²"), width=540, height=220)
    parts = [panel.axes()]
    for n, (name, value) in enumerate(bars):
        (a, b), (top, bottom) = panel.at([n + 0.2, n + 0.8], [value, 0.0])
        colour = INK if n == 3 else BLUE
        parts.append(
            _bar(a, top, b - a, bottom - top, colour)
            + f'<text x="{(a + b) / 2:.1f}" y="{bottom + 18:.1f}" text-anchor="middle" font-size="12" fill="{INK}">'
            f'{name}</text><text x="{(a + b) / 2:.1f}" y="{top - 6:.1f}" text-anchor="middle" font-size="12" '
            f'fill="{INK}">{value:.4f}</text>'
        )
    sentence = (
        f"{said}The worst of all is {bars[3][1]:.6f}, {100 * (bars[3][1] / bars[2][1] - 1):.0f} % more than one "
        f"variable allows, and it is reached by a function of {worst().dimension} variables."
    )
    return Drawn(drawing(640, 290, parts, "Four functions, and how bad they are"), sentence)


_PASSES = "it passes, with a weaker claim"
_HEIGHTS = "it is refused: the heights do not cancel"
_MATRIX = "it is refused: the slack matrix is not positive"


def _tampered(guess: Mapping[str, Any] | None) -> Drawn:
    said = "" if guess is None else ("As you predicted. " if guess["says"] == _HEIGHTS else "Not as you predicted. ")
    return _forged(2.0, 1.01, said)


def excerpt(kinds: Sequence[str]) -> str:
    """Lines of the certificate of these kinds, as a list."""
    return "\n".join(f"- `{line}`" for line in kept("certificate").splitlines() if line.split(" ")[0] in kinds)


_FIRST = (0.4, 0.5, 0.6, 0.63, 0.667, 0.7, 0.8)
FACTS = {
    "worst": f"{verified().upper_float:.6f}",
    "reached": f"{min((worst().gradients ** 2).sum(axis=1)):.6f}",
    "dimension": worst().dimension,
    "statement": verified().statement.replace("_", r"\_").replace("|", "&#124;"),
    "lines": len(LINES),
    "measures": excerpt(("start", "measure")),
    "one_variable": f"{100 * drawn(_DIPPED, _DIPPED, 1.0).least() / verified().upper_float:.0f}",
}
PICTURES = (
    Picture(
        "draw",
        "Draw a function by its slopes",
        {
            "first": Slider("slope at the start", _FIRST, 0.8),
            "last": Slider("slope before the bowl", _FIRST, 0.4),
            "dips": Slider("dips between the points", (0.0, 0.5, 1.0), 0.0),
        },
        _drawn,
    ),
    Picture("worst", "The worst function of all", {"k": Slider("step k", (0, 1, 2, 3, 4), 0)}, _worst),
    Picture(
        "forge",
        "Change one number of the certificate",
        {
            "line": Slider("number of the line", tuple(range(1, len(LINES) + 1)), 3),
            "factor": Slider("times", (0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 2.0), 1.0),
        },
        _forged,
    ),
)
PREDICTIONS = (
    Prediction(
        "dimension",
        text(r"""
            No function of one variable beats $\frac49$ on this run. Now let $F$ have as many variables as it likes. How
            large can the least $|\nabla F|^2$ be?
        """),
        {"says": Chosen("The worst of all is", (_ONE, _SOME, _TWICE))},
        _dimension,
    ),
    Prediction(
        "tampered",
        text(r"""
            The multiplier of the pair (0, 1) is made one per cent larger, and the file is written out anew, so that its
            sums and its digest are right again. What will the checker say?
        """),
        {"says": Chosen("It will say that", (_PASSES, _HEIGHTS, _MATRIX))},
        _tampered,
    ),
)
