"""The section of the report on worst cases: a figure for each solved study, from what is stored of it.

A number is called certified where a certificate in exact or ball arithmetic was checked; all others are floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from matplotlib.figure import Figure

from experiments.studies import STUDIES, Study
from experiments.studies.worst_cases.certified_witness import witness_text
from experiments.studies.worst_cases.designs import DesignCell, restored
from experiments.studies.worst_cases.limit import limits
from experiments.studies.worst_cases.store import SOLVED, SolvedResult
from figures.draw.delay_patterns import patterns_picture
from figures.draw.designs import designs_picture
from figures.draw.growth import growth_picture
from figures.draw.limit import limit_picture
from figures.draw.worst_function import worst_function_picture
from figures.report import worst_case_tables as tables
from figures.report.entry import Entry, Origin, scale_in
from theory.design.best import Design, Target
from theory.worst_case.witness.file import loads

Results = tuple[SolvedResult, ...]


@dataclass(frozen=True, eq=False)
class SolvedFigure:
    """A study and the results that its figure is drawn from."""

    study: Study
    results: Results

    @property
    def seconds(self) -> float:
        """The time that computing them took, added up."""
        return sum(result.seconds for result in self.results)

    @property
    def origin(self) -> Origin:
        """The commands behind it, of all studies and of this one alone."""
        made = tuple(dict.fromkeys(result.command for result in self.results))
        alone = f"gradlag reproduce {self.study.name} --scale {scale_in(made)}"
        return Origin(made, (alone,), tuple(map(SOLVED.describe, self.results)), "worst case")


def read_solved(folder: Path | str) -> tuple[SolvedFigure, ...]:
    """The figures for which a folder holds results, those of one scale for each.

    Raises:
        StoreError: a damaged result.
    """
    results = SOLVED.load_all(folder)
    found = (SolvedFigure(STUDIES[name], STUDIES[name].chosen(results)) for name in _SHOWN)
    return tuple(figure for figure in found if figure.results)


def entries(solved: Sequence[SolvedFigure]) -> Iterator[Entry]:
    """The figures of the section."""
    for figure in solved:
        shown = _SHOWN[figure.study.name]
        yield Entry(
            name=figure.study.name,
            group="",
            title=figure.study.title,
            caption=f"{shown.caption} Made by <code>{figure.origin.alone[0]}</code>.",
            draw=_drawing(shown, figure.results),
            origin=figure.origin,
            wide=True,
            below=shown.table(figure.results),
            short=figure.study.name,
            files=shown.files(figure.results),
            shaded=shown.shaded,
        )


@dataclass(frozen=True)
class _Shown:
    """How a study is shown: picture, table, caption, what is kept beside it, whether it has shades of its own."""

    picture: Callable[[Results], Figure]
    table: Callable[[Results], str]
    caption: str
    files: Callable[[Results], Mapping[str, str]] = lambda results: {}
    shaded: bool = False


def _drawing(shown: _Shown, results: Results) -> Callable[[], Figure]:
    return lambda: shown.picture(results)


def _limit(results: Results) -> Figure:
    return limit_picture(limits(result.values for result in results))


def _designs(results: Results) -> Figure:
    return designs_picture(list(designs_by_setting(results).values()))


def designs_by_setting(results: Results) -> dict[tuple[int, int, float], dict[Target, Design]]:
    """The designs at each (s, T, sigma^2) with the most targets, in the order of the results."""
    found: dict[tuple[int, int, float], dict[Target, Design]] = {}
    for result in results:
        cell = result.cell
        if isinstance(cell, DesignCell):
            setting = found.setdefault((cell.staleness, cell.steps, cell.variance), {})
            setting[Target(cell.target)] = restored(cell, result.values)
    most = max((len(designs) for designs in found.values()), default=0)
    return {setting: designs for setting, designs in found.items() if len(designs) == most}


def _worst_function(results: Results) -> Figure:
    return worst_function_picture(loads(witness_text(results[0].values)))


def _witness(results: Results) -> Mapping[str, str]:
    return {"worst-function.witness": witness_text(results[0].values)}


INTRODUCTION = """<p>What no simulation can show: the largest least |∇F(x<sub>k</sub>)|² over <i>all</i> functions with
L-Lipschitz gradients, at the given steps and delays, by semidefinite and linear programs. All of it is for
L = Δ = 1. A number is <b>certified</b> where a certificate in exact or ball arithmetic was made and checked; every
other number is a <b>float</b> of a solver, good to the digits shown. What these programs give from above holds for
every function; what a worst function gives from below is attained by that function.</p>"""

_GROWTH_CAPTION = (
    "Points: the worst case at the constant delay s − 1 without noise, over T on the left and over s on the right, for "
    "Theorem 1's steps (with μ = 1/2 in them) and for Corollary 1's. Lines: the theorems at the same steps; the "
    "exponents are fitted to what is drawn. The worst cases are floats, from above: they use only pairs of points as "
    "far apart as the scale allows (quick: neighbours; lesson: 4 steps), and what that gives away lies between them "
    "and “at least”, a closed form or a replayed function, floats as well. Theorems are proved, their values floats."
)
_PATTERNS_CAPTION = (
    "Left: the worst of all delay traces below s, divided by the worst case of the constant delay, over the mean step; "
    "above 1 the constant delay is not the worst, and the trace that is worse is drawn. Right: one sawtooth over long "
    "runs, beside its own stability limit. Everything here is a float; traces were all solved where the table says "
    "“exhaustive”, and otherwise searched, so that the ratio is a lower value."
)
_LIMIT_CAPTION = (
    "With the constant step η and the fixed delay D, min |∇F|² approaches C(Lη) LΔ/N. Left: C against the step, up to "
    "where a quadratic becomes unstable. Right and below: the best constant beside those of the theorems, each at its "
    "own best step. C is certified from above, in ball arithmetic, where the table says so; that some function needs "
    "as much, the best steps, and the constants of the theorems are floats."
)
_DESIGNS_CAPTION = (
    "Steps chosen for each target at two noises, beside Theorem 1's schedule (dashed) and the best constant step "
    "(line), and what they give: full dots are worst cases, open ones the bound that the design makes small. Steps, "
    "bounds and worst cases are floats; where the table has a certified value, the worst case is at most that, "
    "rounded up. The designs for Theorem A and for the worst case are the best found, not proved to be the best."
)
_FUNCTION_CAPTION = (
    "The function on which Theorem 1's steps (μ = 1/2 in them) are the slowest at the constant delay: its landscape, "
    "how steep it is on the way, and where the late gradients point. The function is exact: its gradients and values "
    "are rational numbers, checked pair by pair, and the replay runs it through the simulator. "
    "<code>gradlag verify figures/worst-function.witness</code> proves it again."
)

_SHOWN: Mapping[str, _Shown] = MappingProxyType(
    {
        "worst-case": _Shown(growth_picture, tables.growth, _GROWTH_CAPTION),
        "delay-patterns": _Shown(patterns_picture, tables.patterns, _PATTERNS_CAPTION),
        "limit": _Shown(_limit, tables.limit, _LIMIT_CAPTION, shaded=True),
        "designs": _Shown(
            _designs, lambda results: tables.designs(designs_by_setting(results), results), _DESIGNS_CAPTION
        ),
        "worst-function": _Shown(_worst_function, tables.worst_function, _FUNCTION_CAPTION, _witness, shaded=True),
    }
)
