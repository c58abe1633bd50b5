"""Lesson 4: the proof of Theorem 1 as the kernel replays it, and one constant of it that the reader changes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from gradlag.teaching.parts.fields import Chosen, Slider
from gradlag.teaching.parts.picture import Drawn, Picture
from gradlag.teaching.parts.prediction import Prediction
from gradlag.teaching.shown.prose import text
from gradlag.teaching.shown.svg import BLUE, INK, VERMILLION, Axis, Panel, drawing, legend
from theory.bounds import get
from theory.formulas.formula import formula
from theory.proofs import PROOFS
from theory.proofs.nodes import F_GAP, G, following, inner, read, square
from theory.proofs.printing.prose import mixed
from theory.proofs.printing.replayed_proof import Account, replay
from theory.proofs.proof import Claim, Proof, Step
from theory.proofs.refuting.refute import holds, random_run, symbols
from theory.proofs.theorems.dai2019_sums import ETA, SIGMA, L

NAME = "dai2019-sum"
_TRIES = 200


@cache
def proof() -> Proof:
    """The proof of this lesson: Theorem 1's argument for steps that do not increase."""
    return PROOFS[NAME]


@cache
def account() -> Account:
    """The same, replayed."""
    return replay(proof())


def step_of(name: str) -> Step:
    """A step of the proof by its name."""
    return next(step for step in proof().steps if step.name == name)


def told(name: str) -> str:
    """A step as Markdown: title, abbreviations, claim, for which indices, why."""
    line = account().steps[[step.name for step in proof().steps].index(name)]
    where = f"with {', '.join(line.definitions)}" if line.definitions else ""
    around = ", ".join(filter(None, (line.where, where)))
    said = f"{around[0].upper()}{around[1:]}. " if around else ""
    return f"**{titled(name)}.**\n\n${line.claim}$\n\n{said}*Why:* {line.why}."


def titled(name: str) -> str:
    """The title of a step with its formulas."""
    title = step_of(name).title
    shown = mixed(title[0].lower() + title[1:])
    return shown[0].upper() + shown[1:]


class Tried(NamedTuple):
    """What became of the first step with another constant: whether it is accepted, and a run that breaks it."""

    accepted: bool
    broken_by: str


def changed(constant: Fraction) -> Step:
    """Descent at one step with c L in place of L/2; its derivation is unchanged."""
    drop, factor = F_GAP - following(F_GAP), formula(float(constant)) * L
    claim = Claim(drop, ETA * inner(G, read(G)) - factor * ETA**2 * (square(read(G)) + SIGMA**2))
    return replace(step_of("descent"), claim=claim)


@cache
def tried(constant: Fraction) -> Tried:
    """Let the kernel replay the changed step; where it refuses, look for a run on which the claim is false."""
    step = changed(constant)
    line = Proof("descent", (step,), step.claim).against(None).lines[0]
    if line.ok:
        return Tried(True, "")
    fact = proof().verify().facts["descent"]
    draw = random.Random(0)
    for _ in range(_TRIES):
        run = random_run(proof(), draw, None)
        run.nodes = symbols(proof())
        failure = holds(run, step, fact)[1]
        if failure is not None:
            return Tried(False, failure.run)
    return Tried(False, "")


def verdict(constant: Fraction) -> str:
    """What the kernel says of a constant, and why, in sentences."""
    found, number = tried(constant), f"c = {float(constant):g}"
    if found.accepted:
        return f"${number}$: **accepted.** The rules derive exactly this claim."
    surplus = formula(abs(float(constant) - 0.5)) * L * ETA**2 * (square(read(G)) + SIGMA**2)
    refused = f"${number}$: **refused.** What the rules derive and what the step claims differ by ${surplus.latex()}$."
    if found.broken_by:
        return f"{refused} And the claim is false, for example on {found.broken_by}."
    return (
        f"{refused} The claim is true, and weaker than what was derived. But the kernel does not guess: what is "
        f"missing "
        "is a line that adds a term which is not negative."
    )


def _constant(c: float, words: str = "") -> Drawn:
    """One step on the parabola x^2/2 from x = 1: what F falls by, and what the claim promises."""
    constant = Fraction(c).limit_denominator(100)
    steps, colour = np.linspace(0, 2, 81), VERMILLION if c < 0.5 else BLUE
    falls, promised = steps - steps**2 / 2, steps - c * steps**2
    panel = Panel(Axis(0, 2, "step size"), Axis(-1.2, 1.2, "fall of F"), width=550, height=230)
    parts = [
        panel.axes(),
        panel.clip(panel.line(steps, falls, INK, 3), panel.line(steps, promised, colour, 2, "7 4")),
        legend(86, 240, (("what F falls by", INK, ""), ("what the claim promises at least", colour, "7 4"))),
    ]
    seen = f"On $F(x) = x^2/2$ from $x_0 = 1$, without delay and noise. {words}{verdict(constant)}"
    return Drawn(drawing(640, 300, parts, f"Fall of F in one step, and what the claim with c = {c:g} promises"), seen)


_YES, _FALSE, _UNPROVED = "accepted", "refused, for the claim is false", "refused, though the claim is true"


def _weaker(guess: Mapping[str, Any] | None) -> Drawn:
    said = "" if guess is None else ("As you predicted. " if guess["says"] == _UNPROVED else "Not as you predicted. ")
    return _constant(1.0, said)


_C = (0.25, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.75, 1.0)
FACTS = {
    **{step.name.replace("-", "_"): told(step.name) for step in proof().steps},
    "left": get(NAME).quantity,
    "right": get(NAME).latex(),
    "conditions": ", ".join(f"${each}$" for each in get(NAME).latex_conditions()[-3:]),
    "notation": "; ".join(account().notation),
    "axioms": "\n".join(f"- {axiom}" for axiom in account().axioms),
    "rules": account().applications,
}
PICTURES = (Picture("constant", "Change a constant", {"c": Slider("c, in place of 1/2", _C, 0.5)}, _constant),)
PREDICTIONS = (
    Prediction(
        "weaker",
        text(r"""
            Write $c\,L$ for $\frac L2$ in the claim of the first step, and leave its derivation as it is. With $c = 1$
            the claim is *weaker* than before: it promises less. What will the kernel say?
        """),
        {"says": Chosen("It will be", (_YES, _FALSE, _UNPROVED))},
        _weaker,
    ),
)
