"""The runs in the report: their verdicts in a table, the ladder at every staleness, slack, coherence, comparisons."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from experiments.check.judged import RunFamily, RunGroup
from experiments.check.verdict import Verdict
from figures.draw.pictures import (
    coherence_picture,
    comparison_picture,
    ladder_grid_picture,
    ladder_picture,
    slack_picture,
)
from figures.draw.rungs import absent
from figures.draw.slack import bounds_with_values
from figures.report.exhibit import Exhibit, Origin, Section
from figures.report.rendering import badge, render
from theory.bounds.parts.assumptions import COHERENCE
from theory.common.errors import GradlagError
from theory.formulas.notation import GLOSSARY
from theory.schedules.schedule import parse_schedule

_SYMBOLS = ("L", "Delta", "sigma", "mu", "s", "T")
_FEATURED = ("logistic-cancer", 8)
SAID = {
    "holds": "hold",
    "violated": "violated",
    "assumption_broken": "with a broken assumption",
    "undecided": "undecided",
    "not_applicable": "outside every domain",
}


def sections(families: Sequence[RunFamily]) -> Iterator[Section]:
    """The verdicts, how to read them, and the figures of all runs."""
    if not families:
        return
    stored = [one for family in families for one in family.stored()]
    simulated = sum(float(one.attributes["seconds"]) for one in stored)
    yield Section(
        "Verdicts",
        _opening(families),
        told=f"{len(stored)} runs, {simulated:.0f} seconds of simulation.",
        versions=[json.loads(one.attributes["versions"]) for one in stored],
        created=[str(one.attributes["created"]) for one in stored],
    )
    yield Section("How to read this", render("reading.html", symbols=[GLOSSARY[name] for name in _SYMBOLS]))
    yield Section("Figures", exhibits=tuple(_exhibits(families)))


def _opening(families: Sequence[RunFamily]) -> Markup:
    verdicts = [verdict for family in families for verdict in family.verdicts.values()]
    counted = Counter(SAID[verdict.verdict] for verdict in verdicts)
    assumed = [v.assumptions[COHERENCE.name] for v in verdicts if COHERENCE.name in v.assumptions]
    return render(
        "verdicts.html",
        count=len(verdicts),
        told=", ".join(f"{count} {word}" for word, count in counted.items()),
        broken=assumed.count("broken"),
        assumed=len(assumed),
        table=verdict_table(families),
    )


def verdict_table(families: Sequence[RunFamily]) -> Markup:
    """The table that opens the report: a group for each family, a row for each staleness."""
    return render("verdict_table.html", groups=[_group(family) for family in families])


def _group(family: RunFamily) -> dict[str, Any]:
    steps = sorted({stored.configuration.steps for stored in family.stored()})
    return {
        "configuration": family.first,
        "formula": _formula(family.first.schedule),
        "steps": f"{', '.join(map(str, steps))}{', a run each' if len(steps) > 1 else ''}",
        "rows": [
            {"s": s, "verdict": v, "coherence": _coherence(v), "assumptions": _assumptions(v)}
            for s, v in family.verdicts.items()
        ],
    }


def _formula(schedule: str) -> str:
    """LaTeX of a schedule; nothing for numbers from a file and for a spelling that nobody reads any more."""
    try:
        return "" if schedule.startswith("@") else rf"\eta_k = {parse_schedule(schedule).latex()}"
    except GradlagError:
        return ""


def _coherence(verdict: Verdict) -> dict[str, Any]:
    """The state of Theorem 1's assumption, and where it broke; the whole finding appears on pointing at it."""
    state = verdict.assumptions.get(COHERENCE.name)
    if state is None:
        return {"badge": badge("not_applicable", "not assumed"), "places": []}
    decision, word = {"ok": ("holds", "holds"), "broken": ("assumption_broken", "broken")}.get(
        state, ("undecided", "unknown")
    )
    finding = verdict.findings.get(COHERENCE.name, "")
    places = re.findall(r"at k = \d+", finding)[:1] + re.findall(r"(?<=at )[\d.]+% of (?:the )?points", finding)[:1]
    return {"badge": badge(decision, word, finding), "places": [place.replace("the ", "") for place in places]}


def _assumptions(verdict: Verdict) -> list[str]:
    """The assumptions of the deciding bound that are not settled; coherence has a column of its own."""
    outside = {f"domain of {name}": f"outside its domain: {reason}" for name, reason in absent(verdict).items()}
    return [
        outside.get(name) or verdict.findings.get(name) or f"{name}: {state}"
        for name, state in verdict.assumptions.items()
        if state != "ok" and not name.startswith(COHERENCE.name)
    ]


def _exhibits(families: Sequence[RunFamily]) -> Iterator[Exhibit]:
    """Schedules side by side where they were run to be compared, the ladder of one group, then every family."""
    for compared in _compared(families):
        yield _comparison(compared)
    shown = featured(families)
    yield _ladder("ladder", "", shown)
    for family in families:
        yield from _family(family, shown)


def _compared(families: Sequence[RunFamily]) -> Iterator[tuple[RunFamily, ...]]:
    """Families with one staleness each, alike in problem and staleness: different schedules."""
    alike: dict[tuple[str, int], list[RunFamily]] = {}
    for family in families:
        if len(family.groups) == 1:
            alike.setdefault((family.first.problem, family.first.staleness), []).append(family)
    for members in alike.values():
        if len({family.first.schedule for family in members}) == len(members) > 1:
            yield tuple(members)


def _comparison(families: tuple[RunFamily, ...]) -> Exhibit:
    asked = families[0].first
    verdicts = {family.first.schedule: family.verdicts[asked.staleness] for family in families}
    return Exhibit(
        f"comparison-{families[0].name}",
        f"Schedules compared, {asked.problem}, s = {asked.staleness}",
        _COMPARISON_CAPTION,
        partial(comparison_picture, verdicts, f"{asked.problem}, $s = {asked.staleness}$"),
        Origin.of_runs([stored for family in families for stored in family.stored()]),
        short="comparison",
        wide=False,
    )


def featured(families: Sequence[RunFamily]) -> RunGroup:
    """The group whose ladder opens the report."""
    problem, staleness = _FEATURED
    family = next((each for each in families if each.first.problem == problem), families[0])
    ranked = sorted(family.groups, key=lambda s: (abs(s - staleness), s))
    return family.groups[ranked[0]]


def _ladder(name: str, about: str, group: RunGroup) -> Exhibit:
    asked = group.configuration
    return Exhibit(
        name,
        f"The ladder: {asked.problem}, {asked.schedule}, s = {asked.staleness}",
        render("ladder_caption.html", missing=absent(group.verdict)),
        partial(ladder_picture, group.verdict, f"{asked.problem}, $s = {asked.staleness}$", notes=False),
        Origin.of_runs(group.stored),
        group=about,
        short="ladder",
        wide=False,
    )


def _family(family: RunFamily, shown: RunGroup) -> Iterator[Exhibit]:
    about, origin = f"{family.first.problem}, {family.first.schedule}", Origin.of_runs(family.stored())

    def exhibit(kind: str, title: str, caption: str, draw: Any, wide: bool) -> Exhibit:
        name, heading = f"{kind}-{family.name}", f"{title}, {about}"
        return Exhibit(name, heading, caption, draw, origin, about, short=kind, wide=wide)

    many, verdicts = len(family.groups) > 1, family.verdicts
    if many:
        formula = _formula(family.first.schedule)
        caption = render("grid_caption.html", family=family, formula=formula, calm=_calm(family))
        yield exhibit("ladder", "The ladder at every staleness", caption, partial(ladder_grid_picture, verdicts), True)
    elif shown is not family.groups[family.first.staleness]:
        yield _ladder(f"ladder-{family.name}", about, family.groups[family.first.staleness])
    bounds = bounds_with_values(verdicts)
    if bounds:
        yield exhibit("slack", "Slack", _SLACK_CAPTION, partial(slack_picture, verdicts), True)
    if family.assumes_coherence and _calm(family) is None:
        draw = partial(coherence_picture, {s: group.coherence for s, group in family.groups.items()})
        yield exhibit("coherence", "Coherence along runs", render("coherence_caption.html"), draw, many)


def _calm(family: RunFamily) -> float | None:
    """The least coherence met along all runs, where it is never below what was assumed: a picture would say no more."""
    met = [group.coherence for group in family.groups.values()]
    lowest = min((each.lowest for each in met), default=0.0)
    return lowest if all(each.assumed is not None and each.lowest >= each.assumed for each in met) else None


_COMPARISON_CAPTION = (
    "Solid: the least mean so far, with its band. Dashed: the bound that decides for this schedule; it ends where the "
    "steps leave its domain. Points are schedules that contain T, run once for each T."
)
_SLACK_CAPTION = (
    "Each bound divided by what was measured: a mark where that is least along the run, a bar from there to where it "
    "is at the last T. The line at 1 is where a bound would be exact."
)
