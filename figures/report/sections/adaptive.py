"""The section of the report on delay-adaptive rules: the rules with their sources, the figure, and a table a fleet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from experiments.servers.rules.rules import RULES
from experiments.studies import STUDIES
from experiments.studies.adaptive import ADAPTIVE, PRESCRIBED, TUNED, AdaptiveResult
from figures.draw.adaptive import SHORT, adaptive_picture, fleet_name
from figures.report.entry import Entry, Origin, scale_in
from figures.report.mathematics import svg
from figures.report.tables import number

Results = Sequence[AdaptiveResult]
NAME = "adaptive"


def adaptive_table(results: Results) -> str:
    """HTML: the rules with their sources, what became of each, and the bounds beside it."""
    return _rules_table() + summary_table(results) + "".join(_result_table(result) for result in results)


def _rules_table() -> str:
    rows = "".join(
        f"<tr><th scope='row'>{escape(SHORT[name])}</th><td>{svg(rule.formula, 1.0)}</td>"
        f"<td>{escape(_citation(name))}</td><td><code>{escape(rule.bound)}</code></td></tr>"
        for name, rule in RULES.items()
    )
    heads = "".join(f'<th scope="col">{text}</th>' for text in ("rule", "step of arrival j", "source", "own bound"))
    return f'<div class="panel"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'


def _citation(name: str) -> str:
    return RULES[name].citation()


_HEADS = (
    ("rule and step", ""),
    ("γ", "number"),
    ("applied", "number"),
    ("arrivals", "number"),
    ("seconds", "number"),
    ("time over the constant's", "number"),
    ("least mean", "number"),
    ("own bound", "number"),
    ("smallest bound", ""),
    ("bound over measured", "number"),
)


def _result_table(result: AdaptiveResult) -> str:
    about = result.values["about"]
    heads = "".join(f'<th scope="col" class="{kind}">{text}</th>' for text, kind in _HEADS)
    rows = "".join(_row(entry) for entry in result.values["rules"])
    constants = ", ".join(f"{name} = {value:.4g} ({known})" for name, (value, known) in about["constants"].items())
    caption = (
        f"{escape(result.cell.problem)}, {escape(fleet_name(result.cell.fleet))}: {about['arrivals']} arrivals of "
        f"{about['workers']} workers, mean delay {about['mean_delay']:.1f}, 99 % at most {about['quantiles'][2]}, "
        f"largest {about['largest_delay']}; target {about['target']:g} from {about['start']:.3g}; {escape(constants)}; "
        f"{'no noise, one run' if about['exact'] else f'{result.cell.seeds} seeds'}."
    )
    return (
        f'<details><summary>{caption}</summary><div class="panel"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _row(entry: Mapping[str, Any]) -> str:
    bounds = entry["bounds"]
    own = bounds["own"]
    reason = escape(own["reason"], quote=True)
    cells = (
        ("", f"{escape(SHORT[entry['rule']])}, {entry['choice']}"),
        ("number", number(entry["base"])),
        ("number", f"{100 * entry['applied']:.0f} %"),
        ("number", _interval(entry["arrivals"])),
        ("number", "–" if entry["seconds"] is None else _interval(entry["seconds"])),
        ("number", _against(entry)),
        ("number", number(entry["least"]["value"])),
        ("number", number(own["value"]) if own["value"] is not None else f'<span title="{reason}">none</span>'),
        ("", f"<code>{escape(bounds['smallest'])}</code> {number(bounds['best'])}" if bounds["smallest"] else "none"),
        ("number", number(bounds["slack"])),
    )
    told = "".join(f'<td class="{kind}">{text}</td>' for kind, text in cells)
    finding = "".join(f"<br><b>{escape(sentence)}</b>" for sentence in bounds["findings"])
    why = f"{reason}{finding}" if reason or finding else ""
    return f"<tr>{told}</tr>" + (f'<tr><td colspan="{len(_HEADS)}"><small>{why}</small></td></tr>' if why else "")


def _against(entry: Mapping[str, Any]) -> str:
    """The time over the constant's, or a word where one of the two never arrives."""
    found, arrives = entry["against_constant"], entry["arrivals"]["value"] is not None
    if found["value"] == 0.0 and arrives:
        return "alone"
    return "neither" if not arrives and found["value"] is not None else _interval(found)


def _interval(found: Mapping[str, float | None]) -> str:
    """A value with its interval; what was never reached is a word."""
    if found["value"] is None:
        return "never"
    low, high = found["low"], found["high"]
    if low == high:
        return number(found["value"])
    return f"{number(found['value'])}<br><small>[{number(low)}, {'never' if high is None else number(high)}]</small>"


INTRODUCTION = (
    "<p>Rules that take the delay into account, beside constant steps, on the same arrivals: of a virtual clock in the "
    "picture, in the tables also of a server on Ray, whose recorded delays and times are replayed with fresh noise. "
    "<b>Tuned</b>: the base step, a power of the root of 2 times 1/L, that was the first to come a fifth below the "
    "target on seeds of its own; a factor below 1.4 between tuned rules may be that of these steps. "
    "<b>Prescribed</b>: the step of the theory: Ringmaster's and the window sum's as reported, elsewhere the base step "
    "that makes the rule's own bound for this trace the smallest; the picky rule has a rate only and no such step. "
    "Intervals are 95 % from resampled seeds, each on its own, on one trace: they say nothing of other traces. A rule "
    "is <b>alone</b> where it reaches the target and the constant step does not.</p>"
)


def findings(results: Results) -> tuple[str, ...]:
    """A sentence for each bound that a measurement was above."""
    return tuple(
        f"{result.cell.name}, {entry['rule']} ({entry['choice']}): {sentence}"
        for result in results
        for entry in result.values["rules"]
        for sentence in entry["bounds"]["findings"]
    )


def faster_and_slower(results: Results, name: str, choice: str) -> tuple[int, int, int]:
    """In how many results a rule is faster and slower than the constant with its whole interval, and of how many.

    Where there is no noise the interval is the value.
    """
    found = [
        entry["against_constant"]
        for result in results
        for entry in result.values["rules"]
        if (entry["rule"], entry["choice"]) == (name, choice)
    ]
    faster = sum(each["high"] is not None and each["high"] < 1 for each in found)
    slower = sum(each["low"] is None or each["low"] > 1 for each in found)
    return faster, slower, len(found)


def summary_table(results: Results) -> str:
    """HTML: how often each rule was faster and slower than the constant step, with noise and without."""
    columns = [(choice, exact) for choice in (TUNED, PRESCRIBED) for exact in (True, False)]
    kept = {
        exact: [result for result in results if result.values["about"]["exact"] is exact] for exact in (True, False)
    }
    heads = "".join(
        f'<th scope="col" class="number">{choice}, {"no noise" if exact else "noise"}</th>' for choice, exact in columns
    )
    rows = ""
    for name in list(RULES)[1:]:
        counts = (faster_and_slower(kept[exact], name, choice) for choice, exact in columns)
        cells = "".join(f'<td class="number">{_counts(*each)}</td>' for each in counts)
        rows += f"<tr><th scope='row'>{escape(SHORT[name])}</th>{cells}</tr>"
    caption = (
        "Faster | slower than the constant step of the same choice, of all comparisons: counted where the 95 % "
        "interval of the ratio of times, without noise the ratio itself, is on one side of 1."
    )
    return (
        f'<div class="panel"><table><caption>{caption}</caption><thead><tr><th scope="col">rule</th>{heads}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
    )


def _counts(faster: int, slower: int, all_: int) -> str:
    return f"{faster} | {slower} of {all_}" if all_ else "–"


def counted(results: Results) -> str:
    """A sentence on how often the constant step was beaten by any rule, counted over fleets and objectives."""
    parts = []
    for choice in (TUNED, PRESCRIBED):
        each = [faster_and_slower([result], name, choice) for result in results for name in list(RULES)[1:]]
        faster, slower, all_ = (sum(column) for column in zip(*each, strict=True))
        parts.append(f"at {choice} steps faster in {faster} and slower in {slower} of {all_}")
    return f"Against the constant step of the same choice, the other rules were {', '.join(parts)} comparisons."


def adaptive_caption(results: Results) -> str:
    """What is seen, with the counts of the results."""
    alarms = "".join(f" <b>{escape(sentence)}</b>" for sentence in findings(results))
    none = " No measured value is above a bound inside its domain."
    return f"{_CAPTION} {escape(counted(results))}{alarms or none}"


_CAPTION = (
    "Above: mean squared gradients with 90 % bands, at the prescribed steps over arrivals with the bounds at the last "
    "arrival at the right (dash: the rule's own; star: the smaller of Theorems A and A<sup>r</sup>), and at tuned "
    "steps over simulated seconds. Below: when the mean first meets the target; full marks tuned, open ones "
    "prescribed, triangles at the right never."
)


def read_adaptive(folder: Path | str) -> Results:
    """The results of one scale in a folder, and those of recorded traces; none if there are none.

    Raises:
        StoreError: a damaged result.
    """
    results = ADAPTIVE.load_all(folder)
    recorded = tuple(result for result in results if result.cell.digest)
    return (*STUDIES[NAME].chosen(results), *recorded)


def entries(results: Results) -> Iterator[Entry]:
    """The figure, where there are results."""
    if not results:
        return
    made = tuple(dict.fromkeys(result.command for result in results))
    alone = f"gradlag reproduce {NAME} --scale {scale_in(made)}"
    origin = Origin(made, (alone,), tuple(map(ADAPTIVE.describe, results)), "comparison")
    yield Entry(
        name=NAME,
        group="",
        title=STUDIES[NAME].title,
        caption=f"{adaptive_caption(results)} Made by <code>{alone}</code>.",
        draw=lambda: adaptive_picture(results),
        origin=origin,
        wide=True,
        below=adaptive_table(results),
        short=NAME,
        shaded=True,
    )
