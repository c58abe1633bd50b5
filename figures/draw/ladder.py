"""The ladder: what was measured, and above it what can be proved, rung by rung, in two chains.

Without coherence: measured <= worst case <= each coherence-free theorem. With coherence: measured <= worst case with
coherence <= tight sum <= sum with the factor s <= Theorem 1 as stated. The hue tells the chain, the dashes tell the
rung. A rung below one that it should be above is a finding, and is ringed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.typing import LineStyleType

from experiments.check.verdict import Series, Verdict
from figures.style import labels, style
from theory.bounds import REGISTRY
from theory.common.types import Floats

WORST_CASE, WORST_CASE_COHERENT = "worst-case", "worst-case-coherence"
# From the measured curve upwards.
COHERENT = (WORST_CASE_COHERENT, "dai2019-tight", "dai2019-sum", "dai2019")
_NOT_FREE = (*COHERENT, WORST_CASE)
# Of the bounds without coherence the smallest are drawn; more lines would hide one another.
_MOST_FREE = 2
QUANTITY = r"$\min_{k\leq T}\ \mathrm{\mathbb{E}}\,\|\nabla F(x_k)\|^2$"
# Fewer horizons than this are runs of their own, one for each T, and are drawn as points.
_FEW = 12
_SOLID, _DASHED, _DOTTED, _MIXED = style.LINE_STYLES
_LONG: LineStyleType = (0, (9, 2))
_LOOKS: Mapping[str, tuple[str, LineStyleType]] = {
    WORST_CASE: (style.DARK_BLUE, _SOLID),
    WORST_CASE_COHERENT: (style.DARK_VERMILLION, _SOLID),
    "dai2019-tight": (style.VERMILLION, _SOLID),
    "dai2019-sum": (style.VERMILLION, _DASHED),
    "dai2019": (style.VERMILLION, _DOTTED),
}


@dataclass(frozen=True, eq=False)
class Rung:
    """A bound as it is drawn.

    Args:
        name: its name in the library.
        values: the bound at each horizon, NaN where its domain fails.
        colour, line: how it looks; strong: whether it is the best of its chain.
        broken: assumptions of the bound that the run contradicts.
    """

    name: str
    values: Floats
    colour: str
    line: LineStyleType
    strong: bool
    broken: tuple[str, ...]

    @property
    def end(self) -> float:
        """The last value."""
        return last(self.values)

    @property
    def whole(self) -> bool:
        """Whether there is a value at the last horizon."""
        return bool(np.isfinite(self.values[-1]))


@dataclass(frozen=True)
class Crossing:
    """A place where a rung that belongs below is above: at horizon `time`, at this height."""

    time: int
    height: float
    below: str
    above: str


def ladder(verdict: Verdict, axes: Axes, *, notes: bool = True, names: bool = True) -> Axes:
    """Draw the ladder of one verdict.

    Args:
        verdict: a run that met its bounds, or runs at several T.
        axes: where to draw.
        notes: say under the axes which rungs are absent and why, and which points each covers.
        names: write the name of every rung at its right end.

    Returns:
        The same axes.
    """
    style.log_axes(axes)
    rungs = ladder_rungs(verdict)
    for rung in rungs:
        _draw_rung(verdict, rung, axes)
        if names and not rung.whole:
            name_inside(axes, rung, verdict.times)
    _frame(verdict, rungs, axes)
    draw_measured(verdict, axes, style.INK)
    for crossing in crossings(verdict, rungs):
        _ring(axes, crossing, names)
    if names:
        axes.set_xlabel("number of steps $T$")
        axes.set_ylabel(QUANTITY)
        labels.label_ends(axes, list(_labels(verdict, rungs)))
    if notes:
        labels.note(axes, ladder_notes(verdict))
    return axes


def ladder_grid(verdicts: Mapping[int, Verdict], panels: Sequence[Axes]) -> Sequence[Axes]:
    """The ladder at several stalenesses, side by side.

    Args:
        verdicts: staleness s -> verdict.
        panels: as many axes, which share their scales.

    Returns:
        The same axes.
    """
    for (staleness, verdict), axes in zip(sorted(verdicts.items()), panels, strict=True):
        ladder(verdict, axes, notes=False, names=False)
        axes.set_title(f"$s = {staleness}$")
        for text in sorted({_broken_text(verdict, rung) for rung in ladder_rungs(verdict) if rung.broken}):
            axes.text(
                0.98, 0.97, text, transform=axes.transAxes, fontsize=6.3, color=style.VERMILLION, ha="right", va="top"
            )
    _share(panels, list(verdicts.values()))
    return panels


def ladder_rungs(verdict: Verdict) -> tuple[Rung, ...]:
    """The rungs that have a value somewhere, from the lowest end to the highest."""
    values = {name: as_array(verdict.bounds[name]) for name in shown(verdict)}
    drawn = {name: array for name, array in values.items() if np.isfinite(array).any()}
    if _coherence_changes_nothing(drawn):
        del drawn[WORST_CASE_COHERENT]
    free = sorted((name for name in drawn if name not in _NOT_FREE), key=lambda name: last(drawn[name]))
    drawn = {name: array for name, array in drawn.items() if name not in free[_MOST_FREE:]}
    rungs = (_rung(verdict, name, array, free) for name, array in drawn.items())
    return tuple(sorted(rungs, key=lambda rung: rung.end))


def _coherence_changes_nothing(values: Mapping[str, Floats]) -> bool:
    """Whether the worst case is the same with coherence, where both are known: one line says both."""
    plain, coherent = values.get(WORST_CASE), values.get(WORST_CASE_COHERENT)
    if plain is None or coherent is None:
        return False
    both = np.isfinite(plain) & np.isfinite(coherent)
    return bool(both.any() and np.allclose(plain[both], coherent[both], rtol=1e-3))


def shown(verdict: Verdict) -> tuple[str, ...]:
    """The bounds that belong on the ladder, variants where no other theorem says anything; all, if none does."""
    own = [name for name in verdict.bounds if name not in REGISTRY or REGISTRY[name].on_ladder]
    if not any(np.isfinite(as_array(verdict.bounds[name])).any() for name in own if name not in _NOT_FREE):
        own += [name for name in verdict.bounds if name in REGISTRY and REGISTRY[name].variant]
    return tuple(own or verdict.bounds)


def _rung(verdict: Verdict, name: str, values: Floats, free: list[str]) -> Rung:
    if name in _LOOKS:
        colour, line = _LOOKS[name]
        strong = name in (WORST_CASE, WORST_CASE_COHERENT, "dai2019-tight")
    else:
        place = free.index(name)
        colour, line, strong = style.BLUE, style.LINE_STYLES[min(place, 3)], place == 0
    detail = verdict.bounds_detail.get(name)
    broken = tuple(each for each in detail.broken if not each.startswith("domain of ")) if detail else ()
    return Rung(name, values, colour, line, strong, broken)


def crossings(verdict: Verdict, rungs: Sequence[Rung]) -> Iterator[Crossing]:
    """Where a chain is out of order, at the first horizon; the measured rung is out of order if its band is."""
    values = {rung.name: rung.values for rung in rungs if not rung.broken}
    measured = as_array(verdict.measured_lower)
    free = [name for name in values if name not in _NOT_FREE]
    # With noise what is drawn is an upper bound of the worst case, and a theorem may well be below that.
    exact = _no_noise(verdict)
    coherent = [name for name in COHERENT if name in values and (exact or name != WORST_CASE_COHERENT)]
    pairs = [("measured", name) for name in values]
    pairs += [(WORST_CASE, name) for name in free if WORST_CASE in values and exact]
    pairs += pairwise(coherent)
    for below, above in pairs:
        lower = measured if below == "measured" else values[below]
        out_of_order = np.flatnonzero(lower > values[above] * (1 + 1e-9))
        if out_of_order.size:
            first = int(out_of_order[0])
            yield Crossing(verdict.times[first], float(lower[first]), below, above)


def ladder_notes(verdict: Verdict) -> str:
    """What the picture cannot show: absent rungs with the reason, and the points that each rung covers."""
    drawn = [rung.name for rung in ladder_rungs(verdict) if rung.name in REGISTRY]
    whole = ["measured", *(name for name in drawn if REGISTRY[name].covers_last)]
    short = [name for name in drawn if not REGISTRY[name].covers_last]
    sentences = [f"Minimum over x_0..x_T: {', '.join(whole)}."]
    if short:
        sentences.append(f"Over x_0..x_(T-1): {', '.join(short)}.")
    if WORST_CASE in verdict.bounds:
        sentences.append(_worst_case_note(verdict))
    missing = [f"{name} ({reason})" for name, reason in absent(verdict).items()]
    if missing:
        sentences.append(f"Outside the domain at the last T: {'; '.join(missing)}.")
    return " ".join(sentences)


def _worst_case_note(verdict: Verdict) -> str:
    """What the worst case is over, and how it is known."""
    values = {
        name: as_array(verdict.bounds[name]) for name in (WORST_CASE, WORST_CASE_COHERENT) if name in verdict.bounds
    }
    same = "; gradient coherence does not change it" if _coherence_changes_nothing(values) else ""
    how = "an upper bound of it, as there is noise" if not _no_noise(verdict) else "by semidefinite programming"
    return f"The worst case is over every function with these constants, and x_0..x_T; {how}{same}."


def _no_noise(verdict: Verdict) -> bool:
    sigma = verdict.constants.get("sigma")
    return sigma is not None and sigma.value == 0


def absent(verdict: Verdict) -> dict[str, str]:
    """The bounds without a value at the last horizon, and the condition that fails, in a few words."""
    looked_at = shown(verdict)
    missing = {n: detail for n, detail in verdict.bounds_detail.items() if detail.value is None and n in looked_at}
    return {name: _brief(detail.sentence) for name, detail in missing.items()}


def _brief(sentence: str) -> str:
    """The failure alone: "theorem-b does not apply: REASON (numbers); remedy." without name, numbers and remedy."""
    reason = sentence.partition("does not apply: ")[2] or sentence
    return re.split(r" \(|; ", reason)[0].rstrip(".")


def _draw_rung(verdict: Verdict, rung: Rung, axes: Axes) -> None:
    known = np.isfinite(rung.values)
    few = len(verdict.times) < _FEW or known.sum() < _FEW
    axes.plot(
        np.asarray(verdict.times)[known],
        rung.values[known],
        color=rung.colour,
        linestyle=_LONG if rung.broken and rung.line == _SOLID else rung.line,
        linewidth=1.5 if rung.strong else 1.0,
        alpha=0.45 if rung.broken else 1.0,
        marker="o" if few else "",
        markersize=2.6,
        label=rung.name,
    )


def name_inside(axes: Axes, rung: Rung, times: Sequence[int], text: str = "") -> None:
    """The name of a rung that ends before the last horizon, beside its end."""
    ending = times[int(np.flatnonzero(np.isfinite(rung.values))[-1])]
    axes.annotate(
        text or rung.name,
        (ending, rung.end),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=6.5,
        color=rung.colour,
    )


def draw_measured(verdict: Verdict, axes: Axes, colour: str) -> None:
    """The measured curve with its confidence band."""
    times, bottom = np.asarray(verdict.times), axes.get_ylim()[0]
    lower, upper = as_array(verdict.measured_lower), as_array(verdict.measured_upper)
    if len(times) < _FEW:
        axes.vlines(times, np.maximum(lower, bottom), upper, color=colour, linewidth=3.0, alpha=0.25)
    else:
        axes.fill_between(times, np.maximum(lower, bottom), upper, color=colour, alpha=0.16, linewidth=0)
    axes.plot(
        times,
        as_array(verdict.measured),
        color=colour,
        linewidth=1.6,
        marker="o" if len(times) < _FEW else "",
        markersize=2.6,
        label="measured",
    )


def _frame(verdict: Verdict, rungs: Sequence[Rung], axes: Axes) -> None:
    first, final = verdict.times[0], max(verdict.times[-1], verdict.times[0] + 1)
    room = 1.12 if len(verdict.times) < _FEW else 1.0  # points, unlike lines, need it
    low, high = extent(verdict, rungs)
    if 0 < low <= high:
        axes.set_ylim(low / 1.6, high * 1.6)
    else:
        axes.set_yscale("linear")  # nothing positive was measured or proved: a logarithm has nothing to show
    axes.set_xlim(first / room, final * room)


def extent(verdict: Verdict, rungs: Sequence[Rung]) -> tuple[float, float]:
    """Smallest and largest value that must be in sight; the lower end of a wide band need not be."""
    measured = as_array(verdict.measured)
    band = np.maximum(as_array(verdict.measured_lower), measured / 2)
    seen = np.concatenate([measured, band, as_array(verdict.measured_upper), *(rung.values for rung in rungs)])
    seen = seen[np.isfinite(seen) & (seen > 0)]
    return (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)


def _share(panels: Sequence[Axes], verdicts: Sequence[Verdict]) -> None:
    ends = [extent(verdict, ladder_rungs(verdict)) for verdict in verdicts]
    ends = [(low, high) for low, high in ends if low > 0]
    for axes in panels if ends else ():
        axes.set_ylim(min(low for low, _ in ends) / 1.6, max(high for _, high in ends) * 1.6)
        axes.label_outer()


def _labels(verdict: Verdict, rungs: Sequence[Rung]) -> Iterator[labels.Label]:
    measured = last(as_array(verdict.measured))
    yield labels.Label(measured, "measured", style.INK, bold=True)
    for rung in (rung for rung in rungs if rung.whole):
        times = f"  {style.factor(rung.end / measured)}×" if measured > 0 else ""
        yield labels.Label(rung.end, rung.name + times, rung.colour, bold=rung.strong, faint=bool(rung.broken))
    doubtful = [rung for rung in rungs if rung.broken and rung.whole]
    for text in dict.fromkeys(_broken_text(verdict, rung) for rung in doubtful):
        top = max(rung.end for rung in doubtful if _broken_text(verdict, rung) == text)
        yield labels.Label(top * 1.001, text, style.MUTED)


def _broken_text(verdict: Verdict, rung: Rung) -> str:
    """Which assumption broke, and where."""
    name = rung.broken[0]
    place = re.search(r"at (k = \d+)", verdict.findings.get(name, ""))
    return f"{name} broken" + (f" at {place[1]}" if place else "")


def _ring(axes: Axes, crossing: Crossing, named: bool) -> None:
    axes.plot(
        [crossing.time],
        [crossing.height],
        marker="o",
        markersize=9,
        markerfacecolor="none",
        markeredgecolor=style.INK,
        markeredgewidth=1.2,
    )
    if named:
        axes.annotate(
            f"{crossing.below} above {crossing.above}\nat T = {crossing.time}",
            (crossing.time, crossing.height),
            xytext=(8, 8),
            textcoords="offset points",
            fontsize=6.5,
            fontweight="bold",
        )


def as_array(series: Series) -> Floats:
    """A series as an array, NaN for what is absent."""
    return np.array([np.nan if value is None else value for value in series], dtype=np.float64)


def last(values: Floats) -> float:
    """The last finite value, NaN if there is none."""
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if finite.size else float("nan")
