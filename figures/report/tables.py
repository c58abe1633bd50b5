"""The report's tables and its theorems as HTML: verdicts, calibration, statements with their formulas."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from experiments.check.verdict import Verdict
from figures.draw.ladder import absent
from figures.report.mathematics import prose, svg
from figures.report.results import Family
from theory.bounds import Bound
from theory.bounds.parts.assumptions import COHERENCE
from theory.common.errors import GradlagError
from theory.schedules.schedule import parse_schedule

# A symbol and a word, so that no verdict is told by its colour alone.
_WORDS = {
    "holds": ("✓", "holds"),
    "violated": ("✗", "violated"),
    "assumption_broken": ("!", "assumption broken"),
    "undecided": ("?", "undecided"),
    "not_applicable": ("–", "does not apply"),
}
_HEADS = (
    ("s", "number"),
    ("verdict", ""),
    ("deciding bound", ""),
    ("bound at T", "number"),
    ("measured at T", "number"),
    ("least slack", "number"),
    ("decay: measured, bound", "number"),
    ("Theorem 1's coherence", ""),
    ("other assumptions", ""),
)


def badge(decision: str) -> str:
    """A verdict as a symbol and a word."""
    symbol, word = _WORDS[decision]
    return f'<span class="badge {decision}">{symbol} {word}</span>'


def number(value: float | None, digits: int = 3) -> str:
    """HTML of a number; what is not finite is said, what is absent is a dash.

    >>> number(0.04942), number(123456.0), number(float("inf")), number(None)
    ('0.0494', '1.23 × 10<sup>5</sup>', '∞', '–')
    """
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    if value and not -3 <= int(exponent) < 5:
        return f"{_minus(mantissa)} × 10<sup>{_minus(str(int(exponent)))}</sup>"
    places = max(0, digits - 1 - int(exponent)) if value else 0
    return _minus(f"{value:.{places}f}")


def _minus(text: str) -> str:
    return text.replace("-", "−")


def verdict_table(families: Sequence[Family]) -> str:
    """The table that opens the report: a group for each family, a row for each staleness."""
    heads = "".join(f'<th scope="col" class="{kind}">{escape(text)}</th>' for text, kind in _HEADS)
    groups = "".join(_group(family) for family in families)
    return f'<div class="panel"><table><thead><tr>{heads}</tr></thead>{groups}</table></div>'


def _group(family: Family) -> str:
    rows = "".join(_row(staleness, verdict) for staleness, verdict in family.verdicts.items())
    title = f"{escape(family.first.problem)} <span>· {schedule_text(family)} · {_size(family)}</span>"
    return f'<tbody><tr class="group"><th scope="rowgroup" colspan="{len(_HEADS)}">{title}</th></tr>{rows}</tbody>'


def schedule_text(family: Family) -> str:
    """The schedule by its spelling and its formula."""
    text = family.first.schedule
    try:
        formula = svg(rf"\eta_k = {parse_schedule(text).latex()}", 1.2) if not text.startswith("@") else ""
    except GradlagError:
        formula = ""
    return f"<code>{escape(text)}</code> {formula}".strip()


def _size(family: Family) -> str:
    steps = sorted({stored.configuration.steps for stored in family.stored()})
    horizons = f"T = {steps[0]}" if len(steps) == 1 else f"T = {', '.join(map(str, steps))}, a run each"
    seeds = len(family.first.seeds)
    return f"{horizons}, {seeds} seed{'s' if seeds > 1 else ''}, batch {family.first.batch}"


def _row(staleness: int, verdict: Verdict) -> str:
    detail = verdict.bounds_detail[verdict.bound]
    cells = (
        ("number", str(staleness)),
        ("", badge(verdict.verdict)),
        ("", _bound_link(verdict.bound)),
        ("number", number(detail.value)),
        ("number", f"{number(verdict.measured[-1])}<br><small>{_interval(verdict)}</small>"),
        ("number", f"{number(verdict.slack_min)}{'×' if verdict.slack_min is not None else ''}"),
        ("number", _decay(verdict)),
        ("", _coherence(verdict)),
        ("", _assumptions(verdict)),
    )
    return "<tr>" + "".join(f'<td class="{kind}">{text}</td>' for kind, text in cells) + "</tr>"


def _bound_link(name: str) -> str:
    return f'<a class="bound" href="#{escape(name)}"><code>{escape(name)}</code></a>'


def _interval(verdict: Verdict) -> str:
    return f"[{number(verdict.measured_lower[-1])}, {number(verdict.measured_upper[-1])}]"


def _decay(verdict: Verdict) -> str:
    if verdict.rate is None:
        return "–"
    low, high = verdict.rate_interval or (None, None)
    interval = f" <small>[{_exponent(low)}, {_exponent(high)}]</small>" if low is not None else ""
    return f"{_exponent(verdict.rate)}{interval}<br><small>bound {_exponent(verdict.bound_rate)}</small>"


def _exponent(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else _minus(f"{value:.2f}")


def _coherence(verdict: Verdict) -> str:
    """The state of Theorem 1's assumption, and where it broke; the whole finding appears on pointing at it."""
    state = verdict.assumptions.get(COHERENCE.name)
    if state is None:
        return '<span class="badge not_applicable">– not assumed</span>'
    decision = {"ok": "holds", "broken": "assumption_broken"}.get(state, "undecided")
    word = {"ok": "holds", "broken": "broken"}.get(state, "unknown")
    finding = verdict.findings.get(COHERENCE.name, "")
    place = re.search(r"at (k = \d+)", finding)
    share = re.search(r"at ([\d.]+%) of the points", finding)
    details = "<br>".join(filter(None, (place and f"at {place[1]}", share and f"{share[1]} of points")))
    return (
        f'<span class="badge {decision}" title="{escape(finding, quote=True)}">{_WORDS[decision][0]} {word}</span>'
        + (f'<br><small class="line">{details}</small>' if details else "")
    )


def _assumptions(verdict: Verdict) -> str:
    """The assumptions of the deciding bound that are not settled; coherence has a column of its own."""
    open_ones = {
        name: state
        for name, state in verdict.assumptions.items()
        if state != "ok" and not name.startswith(COHERENCE.name)
    }
    if not open_ones:
        return "all ok"
    outside = {f"domain of {name}": f"outside its domain: {reason}" for name, reason in absent(verdict).items()}
    told = (outside.get(name) or verdict.findings.get(name) or f"{name}: {state}" for name, state in open_ones.items())
    return "<br>".join(escape(text) for text in told)


def calibration_table(table: Mapping[str, Any]) -> str:
    """The checker's error rates where the truth is known."""
    deficits = list(table["rows"][0]["power"]) if table["rows"] else []
    heads = ["quadratic", "seeds", "lower bound covers", "upper bound covers", "false “violated”", "false “holds”"]
    heads += [f"power at −{float(deficit):.0%}" for deficit in deficits]
    head = "".join(f'<th scope="col" class="{"number" if i else ""}">{text}</th>' for i, text in enumerate(heads))
    rows = "".join(f"<tr>{''.join(_calibration_cells(row))}</tr>" for row in table["rows"])
    caption = (
        f"Level {table['level']:g}, {table['repetitions']} repetitions of each row. False “violated”: how often the "
        "checker refutes a bound that equals the least mean; it may do so at most as often as the level. Power: how "
        "often it refutes a bound that is too small by that much."
    )
    return (
        f'<div class="panel"><table><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _calibration_cells(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"<td>{escape(str(row['quadratic']))}</td>"
    yield f'<td class="number">{row["seeds"]}</td>'
    shown = [row[name] for name in ("lower_coverage", "upper_coverage", "false_violated", "false_holds")]
    for rate in (*shown, *row["power"].values()):
        yield f'<td class="number">{rate["count"] / rate["trials"]:.3f}</td>'


def theorem(bound: Bound) -> str:
    """A bound of the library as a reader of theorems expects it."""
    entries = {
        "assumed": _listed(
            f"{escape(each.text)} {svg(each.latex)}" + (f" Used: {svg(each.needed)}." if each.needed else "")
            for each in bound.assumptions
        ),
        "if": _listed((svg(latex) for latex in bound.latex_conditions()), "inline"),
        "where": _listed((svg(latex) for latex in bound.latex_definitions()), "inline"),
        "decay": escape(bound.rate_text),
        "verified": escape(bound.verified),
        "source": escape(bound.source.text()),
    }
    rows = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in entries.items() if text)
    formula = svg(rf"{bound.quantity} \;\le\; {bound.latex()}", 1.1, display=True)
    return (
        f'<section class="theorem" id="{escape(bound.name)}"><h3>{escape(bound.title)} '
        f'<span class="tag">{escape(bound.name)}</span></h3><p>{prose(bound.summary)}</p>'
        f'<div class="display">{formula}</div><dl>{rows}</dl></section>'
    )


def _listed(items: Iterable[str], kind: str = "") -> str:
    inner = "".join(f"<li>{item}</li>" for item in items)
    return f'<ul class="{kind}">{inner}</ul>' if inner else ""
