"""The section of the report on delay-adaptive rules: the rules with their sources, the figure, and a table a fleet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from markupsafe import Markup

from experiments.servers.rules.rules import RULES
from experiments.studies import STUDIES
from experiments.studies.adaptive import ADAPTIVE, PRESCRIBED, TUNED, AdaptiveResult
from figures.draw.adaptive import SHORT, adaptive_picture, fleet_name
from figures.report.exhibit import Exhibit, Section, study_exhibit
from figures.report.rendering import render

Results = Sequence[AdaptiveResult]
NAME = "adaptive"


def read_adaptive(folder: Path | str) -> Results:
    """The results of one scale in a folder, and those of recorded traces; none if there are none.

    Raises:
        StoreError: a damaged result.
    """
    results = ADAPTIVE.load_all(folder)
    recorded = tuple(result for result in results if result.cell.digest)
    return (*STUDIES[NAME].chosen(results), *recorded)


def sections(folder: Path | str) -> Iterator[Section]:
    """The section, where there are results."""
    if results := read_adaptive(folder):
        opening, shown = render("adaptive.html"), [exhibit(results)]
        yield Section.of_study("Delay-adaptive rules", opening, shown, results, "comparisons of rules")


def exhibit(results: Results) -> Exhibit:
    """The figure of the section, with its tables."""
    caption, below = adaptive_caption(results), adaptive_tables(results)
    return study_exhibit(NAME, results, partial(adaptive_picture, results), caption, "comparison", below=below)


def adaptive_caption(results: Results) -> Markup:
    """What is seen, with the counts of the results."""
    return render("adaptive_caption.html", counted=counted(results), findings=findings(results))


def adaptive_tables(results: Results) -> Markup:
    """The rules with their sources, how often each was faster than the constant, and what became of each."""
    columns = [(choice, exact) for choice in (TUNED, PRESCRIBED) for exact in (True, False)]
    kept = {exact: [each for each in results if each.values["about"]["exact"] is exact] for exact in (True, False)}
    counts = {
        name: [faster_and_slower(kept[exact], name, choice) for choice, exact in columns] for name in list(RULES)[1:]
    }
    return render(
        "adaptive_tables.html",
        rules=RULES,
        short=SHORT,
        columns=columns,
        counts=counts,
        results=results,
        fleets={result.cell: fleet_name(result.cell.fleet) for result in results},
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


def counted(results: Results) -> str:
    """A sentence on how often the constant step was beaten by any rule, counted over fleets and objectives."""
    parts = []
    for choice in (TUNED, PRESCRIBED):
        each = [faster_and_slower([result], name, choice) for result in results for name in list(RULES)[1:]]
        faster, slower, all_ = (sum(column) for column in zip(*each, strict=True))
        parts.append(f"at {choice} steps faster in {faster} and slower in {slower} of {all_}")
    return f"Against the constant step of the same choice, the other rules were {', '.join(parts)} comparisons."
