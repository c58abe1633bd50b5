"""What the page says in lists: its situations to look at, the objectives, the laws of delays, the contestants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gradlag.teaching.page.library import SEEDS
from theory.formulas.formula import Formula
from theory.formulas.parsing import parse
from theory.staleness.stability import adversarial_delay_limit, fixed_delay_limit, uniform_delay_limit


class Preset(NamedTuple):
    """A situation to look at: its name, its address, and what is to be seen."""

    name: str
    fragment: str
    note: str


_LIMITS = {
    "fixed": fixed_delay_limit(8),
    "mean": uniform_delay_limit(8),
    "worst": adversarial_delay_limit(8),
    "pushed": fixed_delay_limit(4, 0.8),
}

#: The notes name limits of stability, which are put in below.
_SITUATIONS = (
    Preset(
        "No delay",
        "delay=0&step=1",
        "Every gradient is fresh. The steep direction is done in one step of 1/L; the flat one, ten times flatter, "
        "takes its time. Now drag the delay, and leave the step as it is.",
    ),
    Preset(
        "A delay of four",
        "delay=4&step=0.25",
        "The same valley, four updates late. The old gradient pushes on after the bottom has been passed; the path "
        "swings, but settles. The ring stands below the curve of the map.",
    ),
    Preset(
        "Just beyond",
        "delay=8&step=0.195",
        "The limit is {fixed}, and the step a little longer. For a while the gradient falls; then every swing is "
        "wider than the one before. No theorem applies, and none could.",
    ),
    Preset(
        "Far beyond",
        "delay=8&step=0.6",
        "The limit is {fixed}: at three times as much the run leaves the picture after a few updates. What is cut "
        "off at the top of the middle picture goes on growing.",
    ),
    Preset(
        "Momentum",
        "delay=4&step=0.1&momentum=0.8",
        "Without momentum a step of 0.1/L is safe at this delay; momentum of 0.8 lowers the limit to {pushed}. "
        "Take the momentum back to 0, or below: negative momentum raises the limit.",
    ),
    Preset(
        "Noise",
        "delay=4&step=0.2&noise=0.5",
        "The gradient falls until the noise holds it up: the grey line is the mean of {seeds} runs. A shorter "
        "step lowers the floor, and takes longer to reach it.",
    ),
    Preset(
        "Random delays",
        "delays=uniform&delay=8&step=0.3",
        "Delays drawn from 0 to 8. The limit in the mean is {mean}, far above the {fixed} of a delay that is "
        "always 8; yet theorems that hold for every order of the delays stop earlier.",
    ),
    Preset(
        "An adversary",
        "delays=adversarial&delay=8&step=0.183&steps=400",
        "No delay is longer than 8, but they come in an order that hurts: the limit is {worst}, below the {fixed} "
        "of a delay that is always 8. The step lies between the two, and the run diverges.",
    ),
    Preset(
        "Hills",
        "problem=hills&delay=8&step=0.6",
        "Not convex, and the gradient is bounded: far beyond the limit at the bottom the run does not fly off, it "
        "never settles. Take the step below it: what is proved holds here as it does in the valley.",
    ),
)
PRESETS = tuple(
    each._replace(note=each.note.format(seeds=SEEDS, **{name: f"{limit:.3g}/L" for name, limit in _LIMITS.items()}))
    for each in _SITUATIONS
)

OBJECTIVES: Mapping[str, str] = {
    "valley": "a valley: quadratic, one direction ten times as steep as the other",
    "hills": "hills: not convex, flat far out",
}

DELAYS: Mapping[str, str] = {
    "constant": "always D",
    "uniform": "random, 0 to D",
    "adversarial": "an adversary's, at most D",
}

CONTESTANTS: Mapping[str, str] = {
    "constant": "constant step",
    "wait": "waiting",
    "adaptive": "delay-adaptive steps",
    "counter": "counter-momentum",
}

#: The limit of stability of a fixed delay D = s - 1, `theory.staleness.stability.fixed_delay_limit`, as a formula.
LIMIT: Formula = parse("2*sin(pi/(2*(2*s-1)))")
