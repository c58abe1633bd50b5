"""The short tables below the figures of worst cases, as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from html import escape

from experiments.studies.worst_cases.delay_patterns import PatternCell, SawtoothCell
from experiments.studies.worst_cases.designs import DesignCell
from experiments.studies.worst_cases.growth_with_staleness import GrowthCell
from experiments.studies.worst_cases.limit import limits
from experiments.studies.worst_cases.store import SolvedResult
from figures.report.tables import number
from theory.design.best import Design, Target

Results = Sequence[SolvedResult]
Setting = tuple[int, int, float]

_GROWTH_BOUNDS: Mapping[str, str] = {
    "theorem-b": "Theorem B",
    "theorem-a": "Theorem A",
    "corollary-1": "Corollary 1",
    "lian2015": "Lian",
    "dai2019-sum": "Theorem 1, sums",
    "dai2019": "Theorem 1",
}
_LIMIT_BOUNDS: Mapping[str, str] = {
    "theorem-c": "Theorem C",
    "theorem-b": "Theorem B",
    "theorem-a": "Theorem A",
    "lian2015": "Lian",
    "dai2019-sum, mu=0.5": "Theorem 1, μ = 1/2",
}


def growth(results: Results) -> str:
    """The worst case beside the theorems, at the largest T of every schedule and staleness."""
    last: dict[tuple[str, int], SolvedResult] = {}
    for result in results:
        cell = result.cell
        if isinstance(cell, GrowthCell):
            before = last.get((cell.schedule, cell.staleness))
            if before is None or cell.steps > before.cell.steps:  # type: ignore[union-attr]
                last[cell.schedule, cell.staleness] = result
    heads = ["schedule", "s", "T", "worst case", "at least", *_GROWTH_BOUNDS.values()]
    return _table("At the largest T", heads, [_growth_row(each) for each in last.values()], text=1)


def _growth_row(result: SolvedResult) -> list[str]:
    cell, values = result.cell, result.values
    assert isinstance(cell, GrowthCell)
    bounds = (number(values["bounds"].get(name)) for name in _GROWTH_BOUNDS)
    size = [f"<code>{escape(cell.schedule)}</code>", str(cell.staleness), str(cell.steps)]
    return [*size, number(values["value"]), number(values["lower"]), *bounds]


def patterns(results: Results) -> str:
    """For every kind of question: in how many of its cells the constant delay is the worst, and the worst trace."""
    groups: dict[tuple[str, str], list[SolvedResult]] = {}
    for result in results:
        if isinstance(result.cell, PatternCell):
            groups.setdefault((_size(result.cell), _asked(result.cell)), []).append(result)
        elif isinstance(result.cell, SawtoothCell):
            cell = result.cell
            name = f"sawtooth, period {cell.period}"
            groups.setdefault((_words(f"s = {cell.staleness}, T = {cell.steps}"), name), []).append(result)
    heads = ["run", "question", "steps tried", "constant delay is the worst", "largest ratio", "where", "traces"]
    rows = [[escape(size), escape(asked), *_verdict(members)] for (size, asked), members in groups.items()]
    return _table("Is the constant delay the worst?", heads, rows, text=2)


_AS_BAD = 1 + 1e-6  # solvers agree to about this


def _verdict(members: Results) -> list[str]:
    worst = max(members, key=lambda each: float(each.values["ratio"]))
    beaten = [each for each in members if each.values["ratio"] > _AS_BAD]
    methods = sorted({str(each.values.get("method", "this one")) for each in members})
    where = _place(worst) if beaten else "–"
    share = "always" if not beaten else f"{len(members) - len(beaten)} of {len(members)}"
    return [str(len(members)), share, number(float(worst.values["ratio"]), 4), where, escape(", ".join(methods))]


def _place(result: SolvedResult) -> str:
    cell = result.cell
    if isinstance(cell, PatternCell):
        trace = " ".join(str(delay) for delay in result.values["delays"])
        return f"{escape(cell.family)} steps, {cell.fraction:g} of the limit; d = {trace}"
    assert isinstance(cell, SawtoothCell)
    return f"{cell.fraction:g} of the limit"


def _size(cell: PatternCell) -> str:
    return _words(f"s = {cell.staleness}, T = {cell.steps}")


def _words(text: str) -> str:
    """Text in which no line ends beside a sign of equality."""
    return text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")


def _asked(cell: PatternCell) -> str:
    """What was asked, beyond the least gradient without noise or coherence."""
    if cell.variance:
        return f"min, σ² = {cell.variance:g}"
    if cell.coherence is not None:
        return f"min, coherence {cell.coherence:g}"
    return cell.measure


def limit(results: Results) -> str:
    """The best step and its constant by the delay, beside the theorems at their best steps."""
    found = limits(result.values for result in results)
    heads = ["D", "best Lη", "C at most", "which is", "C at least", *_LIMIT_BOUNDS.values()]
    rows = []
    for delay, best in found.best.items():
        mark = "certified" if best.certified else "float"
        bounds = (number(found.compared[delay].get(name), 4) for name in _LIMIT_BOUNDS)
        values = (_at_most(best.value * best.start, 5), mark, _at_least(best.lower, 5))
        rows.append([str(delay), number(best.step, 4), *values, *bounds])
    return _table("The best constants", heads, rows, text=0)


def designs(settings: Mapping[Setting, Mapping[Target, Design]], results: Results) -> str:
    """What each design gains over the usual schedules by its own measure and by the worst case, and why."""
    certified = {
        (cell.staleness, cell.steps, cell.variance, cell.target): each.values["chosen"]["certified"]
        for each in results
        if isinstance(cell := each.cell, DesignCell)
    }
    heads = ["setting", "design for", "its bound", "worst case", "certified at most"]
    heads += ["worst case beside Theorem 1's schedule", "beside the best constant step"]
    rows, reasons = [], []
    for (staleness, steps, variance), members in settings.items():
        where = _words(f"s = {staleness}, T = {steps}, σ² = {variance:g}")
        for target, found in members.items():
            bound = None if target is Target.WORST_CASE else found.chosen.value
            values = (number(bound, 4), number(found.chosen.worst_case_value, 4))
            proved = _at_most(certified[staleness, steps, variance, str(target)], 4)
            gains = (_change(found.worst_case_improvement(name)) for name in ("theorem-1", "constant"))
            rows.append([where, f"<code>{target}</code>", *values, proved, *gains])
            reasons.append(f"<li><b>{where}, {target}.</b> {escape(' '.join(found.reason))}</li>")
    told = f"<details><summary>Why the designs have their shapes</summary><ul>{''.join(reasons)}</ul></details>"
    return _table("What the designs gain", heads, rows, text=2) + told


def _change(gain: float | None) -> str:
    """A gain as a change in per cent.

    >>> _change(0.125), _change(-0.25), _change(0.0), _change(None)
    ('−12.50 %', '+25.00 %', '0 %', '–')
    """
    if gain is None:
        return "–"
    return "0 %" if abs(gain) < 5e-5 else f"{-100 * gain:+.2f} %".replace("-", "−")


def worst_function(results: Results) -> str:
    """The value from above and from below."""
    rows = []
    for result in results:
        values = result.values
        above = (_at_most(values["certified"], 7), number(values["value"], 7))
        below = (_at_least(values[name], 7) for name in ("lower", "replayed"))
        rows.append([f"<code>{escape(result.cell.name)}</code>", *above, *below])
    heads = ["", "at most, certified", "at most, float", "at least, exact", "at least, as replayed"]
    return _table("The least |∇F|² of the run", heads, rows, text=1)


def _at_most(value: float | None, digits: int) -> str:
    """A value from above, rounded up.

    >>> _at_most(1.23401, 4), _at_least(1.23499, 4), _at_most(None, 4)
    ('1.235', '1.234', '–')
    """
    return _rounded(value, digits, ROUND_CEILING)


def _at_least(value: float | None, digits: int) -> str:
    """A value from below, rounded down."""
    return _rounded(value, digits, ROUND_FLOOR)


def _rounded(value: float | None, digits: int, way: str) -> str:
    return number(
        None if value is None else float(Context(prec=digits, rounding=way).create_decimal_from_float(value)), digits
    )


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, text: int) -> str:
    """A table whose first columns are text and the others numbers."""

    def kind(place: int) -> str:
        return "" if place < text else "number"

    head = "".join(f'<th scope="col" class="{kind(i)}">{name}</th>' for i, name in enumerate(heads))
    cells = ("".join(f'<td class="{kind(place)}">{cell}</td>' for place, cell in enumerate(row)) for row in rows)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return (
        f'<div class="panel"><table><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
