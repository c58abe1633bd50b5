"""What stands on the ladder: its rungs in two chains, where a chain is out of order, and what has no rung and why.

Without coherence: measured <= worst case <= each coherence-free theorem. With coherence: measured <= worst case with
coherence <= tight sum <= sum with the factor s <= Theorem 1 as stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.typing import LineStyleType

from experiments.check.verdict import Series, Verdict
from figures.style import style
from theory.bounds import REGISTRY
from theory.common.types import Floats
from theory.worst_case.solvers.accuracy import ALLOWED

WORST_CASE, WORST_CASE_COHERENT = "worst-case", "worst-case-coherence"
# From the measured curve upwards.
COHERENT = (WORST_CASE_COHERENT, "dai2019-tight", "dai2019-sum", "dai2019")
_NOT_FREE = (*COHERENT, WORST_CASE)
# Of the bounds without coherence the smallest are drawn; more lines would hide one another.
_MOST_FREE = 2
_SOLID, _DASHED, _DOTTED, _MIXED = style.LINE_STYLES
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
        # A theorem may be exact, and the worst case is its solver's value, above by as much as the solver may be off.
        off = ALLOWED if below == WORST_CASE else 1e-9
        out_of_order = np.flatnonzero(lower > values[above] * (1 + off))
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
    reasons: dict[str, list[str]] = {}
    for name, reason in absent(verdict).items():
        reasons.setdefault(reason, []).append(name)
    missing = [f"{', '.join(names)} ({reason})" for reason, names in reasons.items()]
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


def extent(verdict: Verdict, rungs: Sequence[Rung]) -> tuple[float, float]:
    """Smallest and largest value that must be in sight; the lower end of a wide band need not be."""
    measured = as_array(verdict.measured)
    band = np.maximum(as_array(verdict.measured_lower), measured / 2)
    seen = np.concatenate([measured, band, as_array(verdict.measured_upper), *(rung.values for rung in rungs)])
    seen = seen[np.isfinite(seen) & (seen > 0)]
    return (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)


def as_array(series: Series) -> Floats:
    """A series as an array, NaN for what is absent."""
    return np.array([np.nan if value is None else value for value in series], dtype=np.float64)


def last(values: Floats) -> float:
    """The last finite value, NaN if there is none."""
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if finite.size else float("nan")
