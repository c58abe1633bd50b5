"""The section of the report on worst cases: a figure for each solved study, from what is stored of it.

A number is called certified where a certificate in exact or ball arithmetic was checked; all others are floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from matplotlib.figure import Figure

from experiments.studies import STUDIES, Study
from experiments.studies.worst_cases.certified_witness import witness_text
from experiments.studies.worst_cases.delay_patterns import PatternCell, SawtoothCell
from experiments.studies.worst_cases.designs import DesignCell, restored
from experiments.studies.worst_cases.growth_with_staleness import GrowthCell
from experiments.studies.worst_cases.limit import limits
from experiments.studies.worst_cases.store import SOLVED, SolvedResult
from figures.draw.delay_patterns import patterns_picture
from figures.draw.designs import designs_picture
from figures.draw.growth import growth_picture
from figures.draw.limit import limit_picture
from figures.draw.worst_function import worst_function_picture
from figures.report.exhibit import Exhibit, Section, study_exhibit
from figures.report.rendering import render
from theory.design.best import Design, Target
from theory.worst_case.witness.file import loads

Results = Sequence[SolvedResult]


@dataclass(frozen=True, eq=False)
class SolvedFigure:
    """A study and the results that its figure is drawn from."""

    study: Study
    results: Results

    @property
    def seconds(self) -> float:
        """The time that computing them took, added up."""
        return sum(result.seconds for result in self.results)


def read_solved(folder: Path | str) -> tuple[SolvedFigure, ...]:
    """The figures for which a folder holds results, those of one scale for each.

    Raises:
        StoreError: a damaged result.
    """
    results = SOLVED.load_all(folder)
    found = (SolvedFigure(STUDIES[name], STUDIES[name].chosen(results)) for name in _SHOWN)
    return tuple(figure for figure in found if figure.results)


def sections(folder: Path | str) -> Iterator[Section]:
    """The section, where there are results."""
    solved = read_solved(folder)
    results = [result for figure in solved for result in figure.results]
    if not results:
        return
    computed = ", ".join(f"{figure.study.name} {figure.seconds:.0f}" for figure in solved)
    yield Section(
        "Worst cases",
        render("worst_cases.html"),
        tuple(exhibits(solved)),
        f"{len(results)} worst cases, solved in seconds of one process: {computed}.",
        [result.versions for result in results],
        [result.created for result in results],
    )


def exhibits(solved: Sequence[SolvedFigure]) -> Iterator[Exhibit]:
    """The figures of the section."""
    for figure in solved:
        name, shown = figure.study.name, _SHOWN[figure.study.name]
        told = shown.told(figure.results)
        yield study_exhibit(
            name,
            figure.results,
            partial(shown.picture, figure.results),
            render(f"worst_cases/{name}_caption.html"),
            "worst case",
            below=render(f"worst_cases/{name}.html", **told),
            files=shown.files(figure.results),
        )


@dataclass(frozen=True)
class _Shown:
    """How a study is shown: its picture, what its table tells, what is kept beside it."""

    picture: Callable[[Results], Figure]
    told: Callable[[Results], Mapping[str, Any]]
    files: Callable[[Results], Mapping[str, str]] = lambda results: {}


def _growth(results: Results) -> dict[str, Any]:
    """The result at the largest T of every schedule and staleness."""
    last: dict[tuple[str, int], SolvedResult] = {}
    for result in results:
        if isinstance(result.cell, GrowthCell):
            key = (result.cell.schedule, result.cell.staleness)
            last[key] = max(last.get(key, result), result, key=_steps)
    return {"rows": list(last.values())}


def _steps(result: SolvedResult) -> int:
    assert isinstance(result.cell, GrowthCell)
    return result.cell.steps


_AS_BAD = 1 + 1e-6  # solvers agree to about this


def _patterns(results: Results) -> dict[str, Any]:
    """For every kind of question: in how many of its cells the constant delay is the worst, and the worst trace."""
    groups: dict[tuple[str, str], list[SolvedResult]] = {}
    for result in results:
        if isinstance(result.cell, PatternCell | SawtoothCell):
            size = f"s = {result.cell.staleness}, T = {result.cell.steps}"
            groups.setdefault((size, _asked(result.cell)), []).append(result)
    return {
        "rows": [
            {
                "size": size,
                "asked": asked,
                "tried": len(members),
                "beaten": sum(each.values["ratio"] > _AS_BAD for each in members),
                "worst": max(members, key=lambda each: float(each.values["ratio"])),
                "methods": sorted({str(each.values.get("method", "this one")) for each in members}),
            }
            for (size, asked), members in groups.items()
        ]
    }


def _asked(cell: PatternCell | SawtoothCell) -> str:
    """What was asked, beyond the least gradient without noise or coherence."""
    if isinstance(cell, SawtoothCell):
        return f"sawtooth, period {cell.period}"
    if cell.variance:
        return f"min, σ² = {cell.variance:g}"
    if cell.coherence is not None:
        return f"min, coherence {cell.coherence:g}"
    return cell.measure


def _limit(results: Results) -> dict[str, Any]:
    """The best step and its constant by the delay, beside the theorems at their best steps."""
    found = limits(result.values for result in results)
    rows = [
        {
            "delay": delay,
            "best": best,
            "above": at_most(best.value * best.start, 5),
            "below": at_least(best.lower, 5),
            "compared": found.compared[delay],
        }
        for delay, best in found.best.items()
    ]
    return {"rows": rows}


def _designs(results: Results) -> dict[str, Any]:
    """What each design gains over the usual schedules by its own measure and by the worst case, and why."""
    certified = {
        (cell.staleness, cell.steps, cell.variance, cell.target): each.values["chosen"]["certified"]
        for each in results
        if isinstance(cell := each.cell, DesignCell)
    }
    rows = [
        {
            "setting": f"s = {setting[0]}, T = {setting[1]}, σ² = {setting[2]:g}",
            "target": target,
            "bound": None if target is Target.WORST_CASE else found.chosen.value,
            "chosen": found.chosen,
            "certified": at_most(certified[*setting, str(target)], 4),
            "gains": [change(found.worst_case_improvement(name)) for name in ("theorem-1", "constant")],
            "reason": " ".join(found.reason),
        }
        for setting, members in designs_by_setting(results).items()
        for target, found in members.items()
    ]
    return {"rows": rows}


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


def _worst_function(results: Results) -> dict[str, Any]:
    """The value from above and from below."""
    return {
        "rows": [
            {
                "name": result.cell.name,
                "certified": at_most(result.values["certified"], 7),
                "value": result.values["value"],
                "below": [at_least(result.values[name], 7) for name in ("lower", "replayed")],
            }
            for result in results
        ]
    }


def change(gain: float | None) -> str:
    """A gain as a change in per cent.

    >>> change(0.125), change(-0.25), change(0.0), change(None)
    ('−12.50 %', '+25.00 %', '0 %', '–')
    """
    if gain is None:
        return "–"
    return "0 %" if abs(gain) < 5e-5 else f"{-100 * gain:+.2f} %".replace("-", "−")


def at_most(value: float | None, digits: int) -> float | None:
    """A value from above, rounded up.

    >>> at_most(1.23401, 4), at_least(1.23499, 4), at_most(None, 4)
    (1.235, 1.234, None)
    """
    return _rounded(value, digits, ROUND_CEILING)


def at_least(value: float | None, digits: int) -> float | None:
    """A value from below, rounded down."""
    return _rounded(value, digits, ROUND_FLOOR)


def _rounded(value: float | None, digits: int, way: str) -> float | None:
    return None if value is None else float(Context(prec=digits, rounding=way).create_decimal_from_float(value))


def _witness(results: Results) -> Mapping[str, str]:
    return {"worst-function.witness": witness_text(results[0].values)}


def _limit_drawn(results: Results) -> Figure:
    return limit_picture(limits(each.values for each in results))


def _designs_drawn(results: Results) -> Figure:
    return designs_picture(list(designs_by_setting(results).values()))


def _worst_function_drawn(results: Results) -> Figure:
    return worst_function_picture(loads(witness_text(results[0].values)))


_SHOWN: Mapping[str, _Shown] = MappingProxyType(
    {
        "worst-case": _Shown(growth_picture, _growth),
        "delay-patterns": _Shown(patterns_picture, _patterns),
        "limit": _Shown(_limit_drawn, _limit),
        "designs": _Shown(_designs_drawn, _designs),
        "worst-function": _Shown(_worst_function_drawn, _worst_function, _witness),
    }
)
