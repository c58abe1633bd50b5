"""Lesson 3: what points know of the noise, and a race of two workers that looks at it. All moments are exact.

On F = x^2/2 points are linear in the noise: x_i = a_i x_0 + sum_j c_ij e_j, and E<x_i, e_j> = c_ij sigma^2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from gradlag.teaching.parts.fields import Chosen, Slider
from gradlag.teaching.parts.picture import Drawn, Picture
from gradlag.teaching.parts.prediction import Prediction
from gradlag.teaching.shown.prose import spelled, text
from gradlag.teaching.shown.svg import BLUE, GREEN, INK, VERMILLION, Axis, Panel, drawing, legend, told
from theory.bounds import Setting, get
from theory.common.types import Floats
from theory.proofs.printing.prose import mixed
from theory.staleness.count import Staleness

_POINTS = 7
Linear = tuple[Fraction, tuple[Fraction, ...]]


def linear(step: Fraction, delays: Sequence[int]) -> list[Linear]:
    """For each point x_0..x_T: the coefficient of x_0, and those of the noises e_0..e_{T-1}."""
    steps = len(delays)
    rows = [[Fraction(1), *[Fraction(0)] * steps]]
    for k, delay in enumerate(delays):
        read = rows[max(k - delay, 0)]
        row = [here - step * there for here, there in zip(rows[k], read, strict=True)]
        row[1 + k] -= step
        rows.append(row)
    return [(row[0], tuple(row[1:])) for row in rows]


def square(point: Linear) -> Fraction:
    """E x^2 for x_0 = 1 and noises of variance 1."""
    return point[0] ** 2 + sum((c**2 for c in point[1]), Fraction(0))


def _products(delay: float, step: float) -> Drawn:
    """The table of E x_i e_j, in units of sigma^2."""
    rows = linear(Fraction(step).limit_denominator(100), [min(k, int(delay)) for k in range(_POINTS - 1)])
    size, left, top = 62, 84, 34
    parts = [_word(left + size * j + size / 2, top - 10, f"e{_low(j)}") for j in range(_POINTS - 1)]
    for i, (_, known) in enumerate(rows):
        parts.append(_word(left - 16, top + 34 * i + 22, f"x{_low(i)}", "end"))
        for j, c in enumerate(known):
            share = min(1.0, abs(float(c)))
            box = f'x="{left + size * j}" y="{top + 34 * i}" width="{size - 3}" height="31" rx="3"'
            tint = VERMILLION if c > 0 else BLUE
            parts.append(f'<rect {box} fill="{tint}" fill-opacity="{0.55 * share:.2f}" stroke="var(--gl-grid)"/>')
            told_value = "0" if not c else f"{float(c):+.3f}".replace("-", "\N{MINUS SIGN}")
            parts.append(_word(left + size * j + size / 2 - 2, top + 34 * i + 21, told_value))
    first = next((c for c in rows[-1][1] if c), Fraction(0))
    sentence = (
        f"$E\\,x_i e_j$ in units of $\\sigma^2$, at $\\eta = {step:g}$ and delay {int(delay)}. Noise that has not been "
        "applied yet, $j \\ge i$, gives zeros; noise of the past does not."
    )
    label = f"Table of products of points and noises; the last point with the first noise: {float(first):.3f}"
    return Drawn(drawing(470, 285, parts, label), sentence)


def _low(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _word(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="13" text-anchor="{anchor}" fill="{INK}">{words}</text>'


_SIGMA, _RUN, _START = 1.0, 400, math.sqrt(2)


def moments(look: float, delay: int, step: float, steps: int = _RUN) -> tuple[Floats, Floats]:
    """E x_k and E x_k^2, k = 0..T, where two workers race and a share of the races is lost by positive noise.

    The noise that is applied is then +sigma or -sigma with mean -look sigma / 2.
    """
    size = delay + 1
    move = np.eye(size, k=-1)
    move[0, 0] += 1
    move[0, delay] -= step
    bias, first = -look * _SIGMA / 2, np.eye(size)[0]
    mean, spread = np.full(size, _START), np.zeros((size, size))
    means, squares = [mean[0]], [mean[0] ** 2]
    for _ in range(steps):
        mean = move @ mean - step * bias * first
        spread = move @ spread @ move.T + step**2 * (_SIGMA**2 - bias**2) * np.outer(first, first)
        means.append(mean[0])
        squares.append(mean[0] ** 2 + spread[0, 0])
    return np.array(means), np.array(squares)


_TIMES = (5, 10, 20, 40, 80, 120, 160, 200, 250, 300, 350, 400)


def promised(delay: int, step: float) -> Floats:
    """Theorem A after each of some numbers of steps, at these constants."""
    known = {"L": 1.0, "Delta": _START**2 / 2, "sigma": _SIGMA}
    whole = Setting(np.full(_RUN, step), np.minimum(np.arange(_RUN), delay), Staleness(delay + 1), known)
    return np.array([get("theorem-a").evaluate(whole.prefix(steps)) for steps in _TIMES])


def _race(look: float, delay: float, words: str = "") -> Drawn:
    late, step = int(delay), 0.05
    means, squares = moments(look, late, step)
    least = np.minimum.accumulate(squares)
    bound = promised(late, step)
    vertical = Axis(0.01, 3, "least E|grad F|² so far", log=True)
    panel = Panel(Axis(0, _RUN, "step k"), vertical, left=80, width=555)
    parts = [
        panel.axes(),
        panel.clip(panel.line(range(_RUN + 1), least, GREEN, 2.2)),
        panel.clip(panel.line(_TIMES, bound, INK, 2, "7 4")),
        legend(240, 50, (("Theorem A", INK, "7 4"), ("the run, exactly", GREEN, ""))),
    ]
    above = least[-1] > bound[-1]
    verdict = (
        "**It lies above the bound.** The theorem is not false: it is about noise with mean zero given the past, and "
        "what is applied here has another mean."
        if above
        else "It stays below the bound."
    )
    sentence = (
        f"{words}When {told(100 * look)} % of the races are decided by the noise, the mean settles at "
        f"{told(abs(round(float(means[-1]), 3)))} $\\sigma$, and the least $E|\\nabla F|^2$ is {least[-1]:.3g}; "
        f"Theorem A promises {bound[-1]:.3g}. {verdict}"
    )
    label = f"Least mean squared gradient and Theorem A where {100 * look:g} per cent of races look at the noise"
    return Drawn(drawing(650, 300, parts, label), sentence)


_SIGNS = ("negative", "zero", "positive")
_PLACES = ("0, the minimum", "+σ/2, uphill on the right", "−σ/2, uphill on the left", "nowhere: it drifts for ever")


def _sign(guess: Mapping[str, Any] | None) -> Drawn:
    drawn = _products(0, 0.3)
    value = float(linear(Fraction(3, 10), [0] * 6)[3][1][1])
    words = "" if guess is None else _hit(guess["sign"] == _SIGNS[0])
    return Drawn(drawn.svg, f"{words}$E\\,x_3 e_1 = {value:.3f}\\,\\sigma^2$ at $\\eta = 0.3$. {drawn.sentence}")


def _place(guess: Mapping[str, Any] | None) -> Drawn:
    return _race(1.0, 1, "" if guess is None else _hit(guess["place"] == _PLACES[1]))


def _hit(right: bool) -> str:
    return "As you predicted. " if right else "Not as you predicted. "


_A = get("theorem-a")
FACTS = {
    "unbiased": mixed(next(one.text for one in _A.assumptions if "mean zero" in one.text)),
    "fixed": mixed(next(one.text for one in _A.assumptions if one.text.startswith("Delays"))),
    "overtaking": next(spelled(each) for each in _A.latex_definitions() if each.startswith("o_")),
    "value": _A.latex(),
    "quantity": _A.quantity,
}
PICTURES = (
    Picture(
        "products",
        "What a point knows of the noise",
        {
            "delay": Slider("delay D", (0, 1, 2, 3, 4), 0),
            "step": Slider("step size η", (0.1, 0.3, 0.5, 0.8), 0.3),
        },
        _products,
    ),
    Picture(
        "race",
        "A race that looks at the noise",
        {
            "look": Slider("share of races that the noise decides", tuple(n / 10 for n in range(11)), 0.0),
            "delay": Slider("delay D", (0, 1, 3, 7), 1),
        },
        _race,
    ),
)
PREDICTIONS = (
    Prediction(
        "sign",
        text(r"""
            No delay, $\eta = 0.3$, the parabola $F = x^2/2$. The noise $e_1$ was applied in step 1, two steps before
            $x_3$. What is the mean of the product, $E\,x_3 e_1$?
        """),
        {"sign": Chosen("It is", _SIGNS)},
        _sign,
    ),
    Prediction(
        "place",
        text(r"""
            In every step two workers compute the gradient at the same point, each with its own fair noise $\pm\sigma$.
            The server applies the first that arrives. A gradient with **positive** noise takes longer to send, so that
            it loses against one with negative noise; alike ones draw lots. Where does the mean of $x_k$ settle on
            $F = x^2/2$?
        """),
        {"place": Chosen("It settles at", _PLACES)},
        _place,
    ),
)
