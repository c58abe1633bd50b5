"""Theorem 1's steps on the study's networks: how far they get, what is proved of them, and whether coherence holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.typing import LineStyleType

from experiments.studies import STUDIES
from experiments.studies.theorem_step.comparison import (
    StepComparison,
    arrived,
    comparisons,
    counted,
    message,
    smallest_coherence,
    start_square,
)
from experiments.studies.theorem_step.store import THEOREM_STEPS, StepResult
from experiments.studies.theorem_step.study import HALVED, SUGGESTED
from figures.draw.staleness_panels import empty
from figures.report.entry import Entry, Origin, scale_in
from figures.report.tables import number
from figures.style import style

NAME = "theorem-step"
Results = Sequence[StepResult]
_RUNGS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "dai2019": ("Theorem 1, stated", style.DARK_VERMILLION, "^"),
        "dai2019-tight": ("its tight sum", style.VERMILLION, "v"),
        "theorem-a": ("Theorem A", style.BLUE, "s"),
    }
)
INTRODUCTION = (
    "<p>The theorem's own iteration, one sequence at the fixed delay s − 1, on the training loss of the study's "
    "networks. For multinomial logistic regression L and σ are proved upper bounds; with ReLU units no L exists, and "
    "the largest secant and curvature that a pilot met stand for it. A bound <b>holds</b> only with proved constants "
    "and without a coherence that is measured at some points alone; with estimates a run is at most <b>as if</b> it "
    "held.</p>"
)


def read_steps(folder: Path | str) -> Results:
    """The results of one scale in a folder; none if there are none.

    Raises:
        StoreError: a damaged result.
    """
    return STUDIES[NAME].chosen(THEOREM_STEPS.load_all(folder))


def entries(results: Results) -> Iterator[Entry]:
    """The figure of the section, with its table; nothing without results."""
    if not results:
        return
    made = tuple(dict.fromkeys(result.command for result in results))
    alone = f"gradlag reproduce {NAME} --scale {scale_in(made)}"
    yield Entry(
        name=NAME,
        group="",
        title=STUDIES[NAME].title,
        caption=f"{caption(results)} Made by <code>{alone}</code>.",
        draw=lambda: theorem_step_picture(results),
        origin=Origin(made, (alone,), tuple(map(THEOREM_STEPS.describe, results)), "cell"),
        wide=True,
        below=table(results),
        short=NAME,
        shaded=True,
    )


def theorem_step_picture(results: Results) -> Figure:
    """(a) batches to the target over the size of the steps; (b) bounds and measured; (c) coherence."""
    found = comparisons(results)
    depths = sorted({each.depth for each in found})
    middle = [each for each in found if each.depth == depths[len(depths) // 2]] if depths else []
    with style.style():
        drawn = style.figure(style.PAGE, 2.9)
        panels = drawn.subplots(1, 3)
        arrivals(panels[0], middle)
        bounds(panels[1], middle)
        coherences(panels[2], found)
        return drawn


def arrivals(axes: Axes, found: Sequence[StepComparison]) -> Axes:
    """Batches to the target over the mean step, in units of that of Theorem 1 with mu = 1: a line for each s."""
    there = [each for each in found if each.theorem(1.0) is not None]
    if not there:
        return empty(axes)
    colours = style.ordered_colours([each.staleness for each in there])
    for each in there:
        unit, colour = each.theorem(1.0).values["steps"][1], colours[each.staleness]  # type: ignore[union-attr]
        places = [result.values["steps"][1] / unit for result in each.multiples]
        axes.plot(places, [counted(r).mean() for r in each.multiples], color=colour, label=f"$s = {each.staleness}$")
        for place, result in zip(places, each.multiples, strict=True):
            _mark(axes, place, result, colour, "o")
        for other, mark in ((each.tuned, "*"), (each.constant(SUGGESTED), "D")):
            if other is not None:
                _mark(axes, other.values["steps"][1] / unit, other, colour, mark)
    style.log_axes(axes)
    axes.set_title(f"(a) {_model(found)}")
    axes.set_xlabel(r"mean step, over that of Theorem 1 ($\mu = 1$)")
    axes.set_ylabel("batches to the target")
    axes.legend(fontsize=6.0, loc="lower left")
    return axes


def _mark(axes: Axes, place: float, result: StepResult, colour: str, mark: str) -> None:
    """Full where all seeds arrived, hollow where some did, a cross at T in place of a dot where none did."""
    count = arrived(result)
    face = colour if count == result.cell.seeds else style.PAPER
    size = {"*": 7.5, "D": 3.6}.get(mark, 3.6)
    shape = "x" if mark == "o" and not count else mark
    axes.plot(place, counted(result).mean(), shape, color=colour, markerfacecolor=face, markersize=size)


def bounds(axes: Axes, found: Sequence[StepComparison]) -> Axes:
    """At Theorem 1's steps with mu = 1/2: the bounds and the least measured mean, over s."""
    there = [(each, result) for each in found if (result := each.theorem(0.5)) is not None]
    if not there:
        return empty(axes)
    places = [each.staleness for each, _ in there]
    for name, (label, colour, mark) in _RUNGS.items():
        values = [_number(result.values["bounds"][name]) for _, result in there]
        axes.plot(places, values, color=colour, marker=mark, markersize=3.6, label=label)
    starts = [start_square(result) for _, result in there]
    axes.plot(places, starts, color=style.MUTED, linestyle=style.LINE_STYLES[1], label=r"$\|\nabla F(x_0)\|^2$")
    tuned = [(each, result) for each in found if (result := each.tuned) is not None]
    means = [*_measured(axes, there, style.INK, "measured"), *_measured(axes, tuned, style.GREEN, "tuned step", 1.06)]
    style.log_axes(axes)
    _stalenesses(axes, places)
    axes.set_title(r"(b) Theorem 1's steps, $\mu = 1/2$")
    axes.set_ylabel(r"least mean $\|\nabla F\|^2$")
    drawn = [value for line in axes.lines for value in np.asarray(line.get_ydata(), float) if value > 0]
    # Room for the legend; intervals may go down to 0.
    axes.set_ylim(min(means, default=min(drawn)) / 8, 100 * max(drawn))
    axes.legend(fontsize=5.5, loc="upper left", ncols=2, columnspacing=0.8)
    return axes


def _measured(
    axes: Axes, there: Sequence[tuple[StepComparison, StepResult]], colour: str, label: str, aside: float = 1.0
) -> list[float]:
    """Means with their intervals, a little aside so that two are told apart; the means that were drawn."""
    least = [(each.staleness, result.values["least"]) for each, result in there]
    whole = [(s, one) for s, one in least if one["mean"] is not None and one["high"] is not None]
    means = [one["mean"] for _, one in whole]
    if whole:
        spans = [[max(0.0, 0.999 * (m - o["low"])) for m, (_, o) in zip(means, whole, strict=True)]]
        spans += [[o["high"] - m for m, (_, o) in zip(means, whole, strict=True)]]
        axes.errorbar([aside * s for s, _ in whole], means, spans, color=colour, marker="o", markersize=3, label=label)
    return means


def coherences(axes: Axes, found: Sequence[StepComparison]) -> Axes:
    """The smallest mu_k over s, a line for each network and schedule, the deeper the thicker."""
    if not found:
        return empty(axes)
    depths = sorted({each.depth for each in found})
    looks: Mapping[str, tuple[str, LineStyleType, Callable[[StepComparison], StepResult | None]]] = {
        "$1/(2sL)$": (style.SKY, "-", lambda each: each.constant(HALVED)),
        "tuned step": (style.GREEN, "-", lambda each: each.tuned),
        "Theorem 1, $\\mu = 1$": (style.DARK_VERMILLION, style.LINE_STYLES[2], lambda each: each.theorem(1.0)),
    }
    for label, (colour, line, pick) in looks.items():
        for place, depth in enumerate(depths):
            chain = [(each.staleness, pick(each)) for each in found if each.depth == depth]
            points = [(s, smallest_coherence(result)) for s, result in chain if result is not None]
            name = label if place == 0 else None
            points = [(s, mu) for s, mu in points if np.isfinite(mu)]
            width = 0.6 + 0.5 * place
            axes.plot(*np.array(points).reshape(-1, 2).T, color=colour, linestyle=line, linewidth=width, label=name)
    axes.axhline(0.5, color=style.INK, linestyle=style.LINE_STYLES[1], linewidth=0.7)
    axes.axhline(0.0, color=style.MUTED, linewidth=0.6)
    style.log_axes(axes, y=False)
    _stalenesses(axes, [each.staleness for each in found])
    axes.set_yscale("symlog", linthresh=1.0)
    axes.yaxis.set_major_locator(FixedLocator([-100, -10, -1, 0, 0.5, 1]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}".replace("-", "\N{MINUS SIGN}")))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(bottom=min(-1.2, 1.6 * axes.get_ylim()[0]), top=1.2)
    axes.set_title("(c) coherence, all networks")
    axes.set_ylabel(r"smallest $\mu_k$")
    axes.legend(fontsize=6.0, loc="lower left")
    return axes


def _stalenesses(axes: Axes, places: Sequence[int]) -> None:
    ticks = sorted(set(places))
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xlabel("staleness $s$ (delay $s - 1$)")


def _model(found: Sequence[StepComparison]) -> str:
    return _name(found[0].workload) if found else ""


def _name(workload: str) -> str:
    name, _, options = workload.partition(":")
    kept = [part.replace("=", " ") for part in options.split(",") if part.startswith("depth")]
    return ", ".join((name, *kept))


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def caption(results: Results) -> str:
    """What is seen, and what it shows as measured."""
    cells = [result.cell for result in results]
    sizes = sorted({cell.batches for cell in cells})
    seeds, levels = (sorted({getattr(cell, name) for cell in cells}) for name in ("seeds", "level"))
    text = (
        "(a) Mean batches to the target accuracy against the size of the steps: dots are Theorem 1's steps with mu = "
        "1/2 and 1 and multiples of them, stars the tuned step of figure 1, diamonds Corollary 1's step. Hollow marks: "
        "some seeds never got there and count at T; crosses: none did. (b) The least mean squared gradient with its "
        "95 % interval, and the bounds. (c) The smallest coherence met on a few points of each run; thicker lines are "
        "deeper networks, and the dashed line is mu = 1/2."
    )
    told = " ".join(escape(sentence) for sentence in message(comparisons(results)))
    small = f"T = {_join(sizes)}, {_join(seeds)} seeds, target accuracy {_join(levels)}; scaled down, as in figure 1."
    return f"{text} <b>As measured:</b> {told} {small}"


def _join(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


_HEADS = (
    "network", "bounds at μ = 1/2", "s", "L", "tuned / Theorem 1's step", "best multiple", "batches: best", "tuned",
    "Cor. 1", "μ = 1", "μ = 1/2", "least mean |∇F|²", "Theorem 1", "tight sum", "Theorem A", "least μ<sub>k</sub>",
    "tuned step's",
)  # fmt: skip


def table(results: Results) -> str:
    """A row for each network and staleness."""
    heads = "".join(f'<th scope="col" class="{_kind(i)}">{head}</th>' for i, head in enumerate(_HEADS))
    rows = "".join(_row(each) for each in comparisons(results))
    note = (
        "Batches: mean over seeds, > where some seeds never got there and count at T, – where none did. L is the "
        "proved upper bound or the pilot's largest secant. The words are those for Theorem 1 as stated and for Theorem "
        "A at Theorem 1's steps with μ = 1/2."
    )
    return (
        f'<div class="panel"><table><caption>{note}</caption><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _kind(place: int) -> str:
    return "" if place < 2 else "number"


def _row(each: StepComparison) -> str:
    half, best = each.theorem(0.5), each.best
    values = half.values if half is not None else {}
    limits = values.get("bounds", {})
    words = values.get("words", {})
    cells = (
        escape(_name(each.workload)),
        "<br>".join(f"{_RUNGS[name][0]}: {words[name]}" for name in ("dai2019", "theorem-a") if name in words),
        str(each.staleness),
        f"{number(values['constants']['L'][0])}<br><small>{values['constants']['L'][1]}</small>" if values else "–",
        number(each.ratio if np.isfinite(each.ratio) else None),
        "–" if best is None else f"{best.cell.factor:g}",
        *(_batches(one) for one in (best, each.tuned, each.constant(SUGGESTED), each.theorem(1.0), half)),
        _interval(values.get("least")),
        *(number(limits.get(name)) for name in _RUNGS),
        *(_coherence(one) for one in (half, each.tuned)),
    )
    return "<tr>" + "".join(f'<td class="{_kind(place)}">{cell}</td>' for place, cell in enumerate(cells)) + "</tr>"


def _batches(result: StepResult | None) -> str:
    if result is None or not arrived(result):
        return "–"
    return f"{'&gt; ' if arrived(result) < result.cell.seeds else ''}{counted(result).mean():.0f}"


def _interval(least: Mapping[str, float | None] | None) -> str:
    if least is None:
        return "–"
    return f"{number(least['mean'])}<br><small>[{number(least['low'])}, {number(least['high'])}]</small>"


def _coherence(result: StepResult | None) -> str:
    smallest = float("nan") if result is None else smallest_coherence(result)
    return number(smallest if np.isfinite(smallest) else None)
