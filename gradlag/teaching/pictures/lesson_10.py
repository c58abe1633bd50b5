"""Lesson 10: a fleet with slow workers on the virtual clock, rules that look at the delay, and staleness by depth."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.runs.recorded_trace import ServerTrace
from experiments.servers.clock import virtual_run
from experiments.servers.speeds import parse_fleet
from gradlag.teaching.parts.fields import Slider
from gradlag.teaching.parts.picture import Drawn, Picture
from gradlag.teaching.parts.prediction import Prediction
from gradlag.teaching.shown.prose import text
from gradlag.teaching.shown.svg import BLUE, GREEN, INK, VERMILLION, Axis, Panel, drawing, legend, told
from theory.common.types import Floats

WORKERS, UPDATES = 8, 240
#: Networks on which staleness was measured: hidden layers, extra delays, and seeds.
DEPTHS, EXTRA, SEEDS = (1, 2, 4), (0, 4, 8, 16), 5
DEPTH_FILE = Path(__file__).with_name("depth.json")
_ASKED = 16


@lru_cache(maxsize=256)
def recorded(fleet: str, bound: int | None = None, updates: int = UPDATES) -> ServerTrace:
    """Who was how late, on the virtual clock, from seed 0."""
    return virtual_run(parse_fleet(fleet), updates, bound=bound)


def errors(delays: Sequence[int], size: Callable[[int], float]) -> Floats:
    """|x_0|..|x_T| on x^2/2 from 1, where a gradient that is d steps old is taken with the step size(d).

    >>> errors([0, 1], lambda delay: 0.5 / (delay + 1))
    array([1.  , 0.5 , 0.25])
    """
    points = np.ones(len(delays) + 1)
    for k, delay in enumerate(delays):
        points[k + 1] = points[k] - size(delay) * points[k - delay]
    return np.abs(points)


def late_error(sizes: Floats, delays: Sequence[int], last: int = 20) -> float:
    """The largest |x_t| among the last points; as errors swing through 0, one point says little."""
    taken = iter(sizes)
    with np.errstate(over="ignore", invalid="ignore"):
        return float(errors(delays, lambda _: float(next(taken)))[-last:].max())


def fleet_of(slow: int, factor: float) -> str:
    """Eight workers, some of them slow by a factor.

    >>> fleet_of(1, 10)
    '7*exponential:mean=1+1*exponential:mean=10'
    """
    quick = f"{WORKERS - slow}*exponential:mean=1"
    return quick if slow == 0 else f"{quick}+{slow}*exponential:mean={factor:g}"


def _live(slow: float, factor: float, step: float) -> Drawn:
    """Delays on the left; the error against the time on the right, for three ways to deal with them."""
    fleet = fleet_of(int(slow), factor)
    trace, held = recorded(fleet), recorded(fleet, 0)
    ways = (
        ("one step", VERMILLION, "", trace, lambda delay: step),
        ("shorter if late", BLUE, "7 4", trace, lambda delay: min(step, 1 / (delay + 1))),
        ("waiting", GREEN, "2 3", held, lambda delay: step),
    )
    largest, seconds = int(trace.delays.max()), 60.0
    left = Panel(
        Axis(0, 120, "delay of a gradient", ticks=(0.0, 40.0, 80.0, 120.0)),
        Axis(0.004, 1, "share of gradients", log=True), left=76, top=40, width=210, height=220, title="how late",
    )  # fmt: skip
    right = Panel(
        Axis(0, seconds, "seconds"), Axis(1e-6, 100, "largest |x| of the last 12", log=True),
        left=372, top=40, width=290, height=220, title="the error, by the clock",
    )  # fmt: skip
    counts, edges = np.histogram(np.minimum(trace.delays, 119), bins=24, range=(0, 120))
    parts = [left.axes(), right.axes(), legend(110, 318, [way[:3] for way in ways])]
    for count, edge in zip(counts, edges[:-1], strict=True):
        if count:
            parts.append(left.line([edge + 2.5] * 2, [0.004, max(count / UPDATES, 0.0042)], INK, 6))
    found = []
    for _, colour, dash, of, size in ways:
        sizes = errors(of.delays.tolist(), size)
        envelope = np.array([max(sizes[max(t - 11, 0) : t + 1].max(), 1e-300) for t in range(UPDATES + 1)])
        clock = np.concatenate([[0.0], of.applied_at])
        parts.append(right.clip(right.line(clock, envelope, colour, 2.2, dash)))
        done = int(np.searchsorted(clock, seconds, side="right")) - 1
        found.append((done, envelope[done]))
    sentence = (
        f"The largest delay is {largest}, the mean {trace.delays.mean():.1f}. In {seconds:g} seconds or "
        f"{UPDATES} updates: {found[0][0]} gradients with one step leave an error of "
        f"{told(float(f'{found[0][1]:.2g}'))}, "
        f"with smaller steps when late {told(float(f'{found[1][1]:.2g}'))}; {found[2][0]} gradients when waiting "
        f"for the slowest leave {told(float(f'{found[2][1]:.2g}'))}."
    )
    return Drawn(drawing(690, 330, parts, f"{fleet}, step {step:g}: largest delay {largest}"), sentence)


@cache
def _depth() -> Mapping[str, tuple[float | None, ...]]:
    found: dict[str, tuple[float | None, ...]] = json.loads(DEPTH_FILE.read_text(encoding="utf-8"))
    return found


def slowdowns(depth: int) -> tuple[float, ...]:
    """How many times as many batches to the target as without extra delay, by extra delay; the mean over seeds."""
    means = [float(np.mean([value for value in _depth()[f"{depth} {extra}"] if value])) for extra in EXTRA]
    return tuple(mean / means[0] for mean in means)


def _deep(guess: Mapping[str, Any] | None) -> Drawn:
    panel = Panel(
        Axis(0, 16, "extra delay", ticks=tuple(map(float, EXTRA))),
        Axis(0, 1.15 * max(max(slowdowns(depth)) for depth in DEPTHS), "batches, as multiples"),
        top=40, width=480, height=220,
    )  # fmt: skip
    looks = ((BLUE, ""), (INK, "2 3"), (VERMILLION, "7 4"))
    names = [f"{depth} hidden layer{'s' if depth > 1 else ''}" for depth in DEPTHS]
    parts = [panel.axes(), legend(74, 22, [(name, *look) for name, look in zip(names, looks, strict=True)])]
    for depth, (colour, dash) in zip(DEPTHS, looks, strict=True):
        parts += [panel.line(EXTRA, slowdowns(depth), colour, 2.2, dash), panel.points(EXTRA, slowdowns(depth), colour)]
    least, most = slowdowns(DEPTHS[0])[-1], slowdowns(DEPTHS[-1])[-1]
    said = "" if guess is None else f"You predicted a factor {guess['factor']:g}. "
    sentence = (
        f"{said}With an extra delay of up to {_ASKED} the network with {DEPTHS[-1]} hidden layers needs "
        f"{most:.2g} times as many batches, the one with {DEPTHS[0]} needs {least:.2g} times as many. "
        f"Means of {SEEDS} seeds at one step size; measured on handwritten digits."
    )
    return Drawn(drawing(620, 330, parts, "Batches to the target against the extra delay, by depth"), sentence)


FACTS = {
    "one": f"{slowdowns(DEPTHS[0])[-1]:.2g}",
    "deep": f"{slowdowns(DEPTHS[-1])[-1]:.2g}",
    "layers": DEPTHS[-1],
    "shared": f"{recorded(fleet_of(1, 10)).delays.mean():.2g}",
}
PICTURES = (
    Picture(
        "live",
        "Eight workers on a clock",
        {
            "slow": Slider("slow workers", (0, 1, 2, 3), 0),
            "factor": Slider("slow by a factor", (3, 10, 30), 10),
            "step": Slider("step size", (0.02, 0.05, 0.1, 0.2, 0.3), 0.1),
        },
        _live,
    ),
)
PREDICTIONS = (
    Prediction(
        "deep",
        text(rf"""
            Two networks learn to read digits, one with {DEPTHS[0]} hidden layer and one with {DEPTHS[-1]}. Two workers
            share the work; an update reaches the other one up to {_ASKED} steps later. Each network is trained until
            nine in ten digits are read rightly. How many times as many batches does the network with {DEPTHS[-1]}
            layers need, as compared with no extra delay?
        """),
        {"factor": Slider("times as many batches", (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0), 1.5)},
        _deep,
    ),
)
