"""The report: one HTML file that needs nothing else, built from stored results alone.

It opens with the verdicts, then shows every figure with the command and the configuration behind it, then the
theorems. It is written in one step: if anything is wrong with the results, an earlier report stays as it was.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from matplotlib.figure import Figure

from experiments.common.files import check_writable, write_atomically
from experiments.common.provenance import current_versions
from experiments.studies.adaptive import AdaptiveResult
from experiments.studies.asynchronous import AsyncResult
from experiments.studies.staleness.store import WorkerResult
from experiments.studies.theorem_step.store import StepResult
from figures.draw.ladder import absent
from figures.draw.pictures import (
    coherence_picture,
    comparison_picture,
    ladder_grid_picture,
    ladder_picture,
    slack_picture,
)
from figures.draw.slack import bounds_with_values
from figures.report import faults
from figures.report.entry import PICTURES, Entry, Origin, figures_html, scale_in
from figures.report.results import Family, Result, find_families, no_results, read_calibration
from figures.report.sections import adaptive as adaptive_section
from figures.report.sections import asynchronous, atlas, theorem_step, worst_cases
from figures.report.sections import staleness as staleness_section
from figures.report.sections.worst_cases import SolvedFigure, read_solved
from figures.report.tables import calibration_table, schedule_text, verdict_table
from figures.style import style

REPORT = "report.html"
_TITLE = "What staleness costs SGD: proved and measured"
_FEATURED = ("logistic-cancer", 8)


def build_report(folder: Path | str) -> Path:
    """Build report.html, and every figure as SVG and PDF in the folder `figures`, from the results in a folder.

    Args:
        folder: what `gradlag reproduce`, `check` or `compare` filled with --out; any part of the results will do.

    Returns:
        The path of the report.

    Raises:
        StoreError: no results, a damaged one, or a folder that cannot be written to; an earlier report is untouched.
    """
    families, solved, study = find_families(folder), read_solved(folder), staleness_section.read_study(folder)
    adapted, stepped = adaptive_section.read_adaptive(folder), theorem_step.read_steps(folder)
    servers = asynchronous.read_asynchronous(folder)
    if not any((families, solved, study, adapted, stepped, servers)):
        raise no_results(folder)
    target = check_writable(Path(folder) / REPORT)
    calibration = read_calibration(folder)
    opening = _opening(families) if families else ""  # reads every run: damage is found before anything is drawn
    measured, worst = tuple(_entries(families)), tuple(worst_cases.entries(solved))
    trained, rules = tuple(staleness_section.entries(study)), tuple(adaptive_section.entries(adapted))
    steps, real = tuple(theorem_step.entries(stepped)), tuple(asynchronous.entries(servers))
    drawings = {entry.name: entry.draw() for entry in (*measured, *worst, *trained, *steps, *real, *rules)}
    pictures = {name: style.svg(drawing, name) for name, drawing in drawings.items()}
    sections = {
        "Verdicts": opening,
        "How to read this": _READING if families else "",
        "Figures": figures_html(measured, pictures) if measured else "",
        "Worst cases": worst_cases.INTRODUCTION + figures_html(worst, pictures) if worst else "",
        "The staleness study": staleness_section.opening(study) + figures_html(trained, pictures) if trained else "",
        "Theorem 1 on the networks": theorem_step.INTRODUCTION + figures_html(steps, pictures) if steps else "",
        "Simulated and real": asynchronous.INTRODUCTION + figures_html(real, pictures) if real else "",
        "Delay-adaptive rules": adaptive_section.INTRODUCTION + figures_html(rules, pictures) if rules else "",
        "Nothing lost": faults.faults_section(folder),
        **dict(atlas.sections(_used(families))),
        "Calibration of the checker": calibration_table(calibration) if calibration else "",
        "Environment": _environment(families, solved, study, adapted, stepped, servers),
    }
    entries = (*measured, *worst, *trained, *steps, *real, *rules)
    commands = [command for entry in entries for command in entry.origin.made]
    page = _page(scale_in(commands), {title: text for title, text in sections.items() if text})
    place = check_writable(Path(folder) / PICTURES / "probe").parent
    _save_pictures(drawings, pictures, place)
    for name, text in ((name, text) for entry in worst for name, text in entry.files.items()):
        write_atomically(place / name, text.encode())
    write_atomically(target, page.encode())
    return target


def _entries(families: Sequence[Family]) -> Iterator[Entry]:
    """Schedules side by side where they were run to be compared, the ladder of one result, then every family."""
    for compared in _compared(families):
        yield _comparison_entry(compared)
    if not families:
        return
    shown = featured(families)
    yield _ladder_entry("ladder", "", shown)
    for family in families:
        yield from _family_entries(family, shown)


def _compared(families: Sequence[Family]) -> Iterator[tuple[Family, ...]]:
    """Families with one staleness each, alike in problem and staleness: different schedules."""
    groups: dict[tuple[str, int], list[Family]] = {}
    for family in families:
        if len(family.results) == 1:
            groups.setdefault((family.first.problem, family.first.staleness), []).append(family)
    for members in groups.values():
        if len({family.first.schedule for family in members}) == len(members) > 1:
            yield tuple(members)


def _comparison_entry(families: tuple[Family, ...]) -> Entry:
    asked = families[0].first
    verdicts = {family.first.schedule: family.verdicts[asked.staleness] for family in families}
    return Entry(
        f"comparison-{families[0].name}",
        "",
        f"Schedules compared, {asked.problem}, s = {asked.staleness}",
        _COMPARISON_CAPTION,
        lambda: comparison_picture(verdicts, f"{asked.problem}, $s = {asked.staleness}$"),
        Origin.of_runs([stored for family in families for stored in family.stored()]),
        wide=False,
    )


def featured(families: Sequence[Family]) -> Result:
    """The result whose ladder opens the report."""
    problem, staleness = _FEATURED
    family = next((each for each in families if each.first.problem == problem), families[0])
    ranked = sorted(family.results, key=lambda s: (abs(s - staleness), s))
    return family.results[ranked[0]]


def _ladder_entry(name: str, group: str, result: Result) -> Entry:
    asked = result.configuration
    return Entry(
        name,
        group,
        f"The ladder: {asked.problem}, {asked.schedule}, s = {asked.staleness}",
        _LADDER_CAPTION + _absent_sentence(result),
        lambda: ladder_picture(result.verdict, f"{asked.problem}, $s = {asked.staleness}$", notes=False),
        Origin.of_runs(result.stored),
        wide=False,
    )


def _absent_sentence(result: Result) -> str:
    missing = "; ".join(f"<code>{escape(name)}</code>: {escape(why)}" for name, why in absent(result.verdict).items())
    return f" Not on this ladder, being outside their domain: {missing}." if missing else ""


def _family_entries(family: Family, shown: Result) -> Iterator[Entry]:
    about, origin = f"{family.first.problem}, {family.first.schedule}", Origin.of_runs(family.stored())
    if len(family.results) > 1:
        yield Entry(
            f"ladder-{family.name}",
            about,
            f"The ladder at every staleness, {about}",
            f"Schedule {schedule_text(family)}. {_GRID_CAPTION}{_POINTS if family.over_horizons else ''}",
            lambda: ladder_grid_picture(family.verdicts),
            origin,
            wide=True,
        )
    elif shown is not family.results[family.first.staleness]:
        yield _ladder_entry(f"ladder-{family.name}", about, family.results[family.first.staleness])
    if bounds_with_values(family.verdicts):
        yield Entry(
            f"slack-{family.name}",
            about,
            f"Slack, {about}",
            _SLACK_CAPTION,
            lambda: slack_picture(family.verdicts),
            origin,
            wide=len(bounds_with_values(family.verdicts)) > 1,
        )
    if family.assumes_coherence:
        yield Entry(
            f"coherence-{family.name}",
            about,
            f"Coherence along runs, {about}",
            _COHERENCE_CAPTION,
            lambda: coherence_picture({s: result.stored[-1].run() for s, result in family.results.items()}),
            origin,
            wide=len(family.results) > 1,
        )


_SAID = {
    "holds": "hold",
    "violated": "violated",
    "assumption_broken": "with a broken assumption",
    "undecided": "undecided",
    "not_applicable": "outside every domain",
}


def _opening(families: Sequence[Family]) -> str:
    verdicts = [verdict for family in families for verdict in family.verdicts.values()]
    words = Counter(_SAID[verdict.verdict] for verdict in verdicts)
    told = ", ".join(f"{count} {word}" for word, count in words.items())
    assumed = [v.assumptions["coherence"] for v in verdicts if "coherence" in v.assumptions]
    coherent = f" Coherence, which Theorem 1 assumes, is broken on {assumed.count('broken')} of {len(assumed)}."
    return f"<p>{len(verdicts)} checks: {told}.{coherent if assumed else ''}</p>{verdict_table(families)}"


def _used(families: Sequence[Family]) -> frozenset[str]:
    """The bounds that had a value in some verdict."""
    details = (verdict.bounds_detail for family in families for verdict in family.verdicts.values())
    return frozenset(name for each in details for name, detail in each.items() if detail.value is not None)


def _environment(
    families: Sequence[Family],
    solved: Sequence[SolvedFigure],
    study: Sequence[WorkerResult],
    adapted: Sequence[AdaptiveResult],
    stepped: Sequence[StepResult],
    servers: Sequence[AsyncResult],
) -> str:
    stored = [one for family in families for one in family.stored()]
    results = [result for figure in solved for result in figure.results]
    made_with = [json.loads(one.attributes["versions"]) for one in stored]
    made_with += [each.versions for each in results] + [each.versions for each in study]
    made_with += [each.versions for each in adapted] + [each.versions for each in stepped]
    made_with += [each.versions for each in servers]
    alike = {name: sorted({str(each.get(name, "")) for each in made_with} - {""}) for name in made_with[0]}
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(', '.join(values)) or '–'}</dd>" for name, values in alike.items()
    )
    simulated = sum(float(one.attributes["seconds"]) for one in stored)
    created = max([str(one.attributes["created"]) for one in stored] + [each.created for each in results], default="")
    computed = ", ".join(f"{figure.study.name} {figure.seconds:.0f}" for figure in solved)
    told = [
        f"{len(stored)} runs, {simulated:.0f} seconds of simulation." if stored else "",
        f"{len(results)} worst cases, solved in seconds of one process: {computed}." if results else "",
        f"{len(study)} cells of the staleness study, {sum(r.seconds for r in study):.0f} seconds." if study else "",
        f"{len(stepped)} cells of Theorem 1's steps, {sum(r.seconds for r in stepped):.0f} seconds." if stepped else "",
        f"{len(servers)} servers, {sum(r.seconds for r in servers):.0f} seconds." if servers else "",
        f"{len(adapted)} comparisons of rules, {sum(r.seconds for r in adapted):.0f} seconds." if adapted else "",
        f"The last was finished {escape(created)}." if created else "",
    ]
    return (
        f"<p>{' '.join(filter(None, told))} "
        f"The report itself was built by gradlag {escape(current_versions()['gradlag'])}; "
        f"<code>gradlag report --out FOLDER</code> builds it again from the stored results.</p><dl>{rows}</dl>"
    )


def _page(scale: str, sections: dict[str, str]) -> str:
    package = files("figures.report")
    body = "".join(
        f'<section id="{_anchor(title)}"><h2>{title}</h2>{text}</section>' for title, text in sections.items()
    )
    return Template(package.joinpath("report.html").read_text(encoding="utf-8")).substitute(
        title=_TITLE,
        version=escape(current_versions()["gradlag"]),
        css=package.joinpath("report.css").read_text(encoding="utf-8"),
        lead=_LEAD,
        scale=f"Scale: {escape(scale)}.",
        contents="\n".join(f'<li><a href="#{_anchor(title)}">{title}</a></li>' for title in sections),
        body=body,
    )


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z]+", "-", title.lower())


def _save_pictures(drawings: Mapping[str, Figure], pictures: Mapping[str, str], folder: Path) -> None:
    for name, drawing in drawings.items():
        write_atomically(folder / f"{name}.svg", pictures[name].encode())
        style.save_pdf(drawing, folder, name)


_LEAD = (
    "Stale gradients beside their theory: for every schedule, problem and staleness, the least mean squared gradient "
    "norm that was measured, and the bounds that hold for the very same steps and delays."
)
_READING = """<p>A bound says that the least of the means E|∇F(x<sub>k</sub>)|² over the points of a run is at most some
number. <b>Holds</b> and <b>violated</b> are statements about those means at the stated level, made from independent
seeds; <b>assumption broken</b> says that the run itself contradicts something the theorem assumes, so that the
comparison is no evidence about the theorem; <b>undecided</b> says that the seeds cannot tell. <b>Slack</b> is the bound
divided by what was measured, at its smallest over the run: 1 would be exact. <b>Decay</b> is the exponent a of
T<sup>a</sup> over the last half of log T, with an interval from resampled seeds; it describes, it decides nothing.</p>
<p>The staleness s is one more than the largest delay: s = 1 is synchronous. The deciding bound is the smallest that
assumes no coherence; the bounds of Theorem 1 stand beside it wherever a coherence μ was assumed.</p>"""
_LADDER_CAPTION = (
    "Black: the least mean so far, with its confidence band. Dark blue dots: the worst case over all functions, as far "
    "as it was solved. Blue: bounds without coherence. Red: Theorem 1 and the sums inside its proof, which assume "
    "coherence. The factor at each name says how far the rung is above what was measured at the last T. A rung that "
    "crosses one of its own chain would be ringed; where the run breaks an assumption the rung is pale and says so."
)
_GRID_CAPTION = "As above, one panel for each staleness, all on the same scales."
_POINTS = " Points, not curves: the schedule contains T and is run once for each T."
_COMPARISON_CAPTION = (
    "Solid: the least mean so far, with its band. Dashed: the bound that decides for this schedule; it ends where the "
    "steps leave its domain. Points are schedules that contain T, run once for each T."
)
_SLACK_CAPTION = "Each bound divided by what was measured; the line at 1 is where a bound would be exact."
_COHERENCE_CAPTION = (
    "What Theorem 1 assumes is the pathwise μ<sub>k</sub> (blue: median and 10-90 % of the seeds, least of all seeds) "
    "above the dashed line. What its proof uses is only the ratio of means (red). The cosine (green) is a third "
    "quantity. Triangles mark what lies outside the frame."
)
