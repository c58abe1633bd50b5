"""The report: one HTML file that needs nothing else, built from stored results alone.

It opens with the verdicts, then shows every figure with the command and the configuration behind it, then the
theorems. It is written in one step: if anything is wrong with the results, an earlier report stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from experiments.check.judged import RunFamily, find_families
from experiments.common.files import check_writable, write_atomically
from experiments.common.progress import untold
from experiments.common.provenance import current_versions
from figures.report.drawing import draw_all
from figures.report.exhibit import PICTURES, Section, scale_in
from figures.report.rendering import render
from figures.report.sections import (
    adaptive,
    asynchronous,
    atlas,
    calibration,
    faults,
    runs,
    staleness,
    systems,
    theorem_step,
    worst_cases,
)
from theory.common.errors import StoreError
from theory.common.types import Progress

REPORT = "report.html"


def build_report(
    folder: Path | str,
    progress: Progress = untold,
    *,
    pdf: bool = False,
    jobs: int = 1,
    families: Sequence[RunFamily] | None = None,
) -> Path:
    """Build report.html, and every figure as SVG in the folder `figures`, from the results in a folder.

    Args:
        folder: what `gradlag reproduce`, `check` or `compare` filled with --out; any part of the results will do.
        progress: called with how many pictures are drawn, of how many.
        pdf: every figure as PDF as well; those that lie there are made again in any case.
        jobs: how many processes draw.
        families: the runs of the folder, where they are at hand.

    Returns:
        The path of the report.

    Raises:
        StoreError: no results, a damaged one, runs without a verdict, or a folder that cannot be written to; an
            earlier report is untouched.
    """
    sections = _sections(folder, find_families(folder) if families is None else families)
    target = check_writable(Path(folder) / REPORT)
    exhibits = [exhibit for section in sections for exhibit in section.exhibits]
    place = target.parent / PICTURES
    printed = {each.name for each in exhibits if pdf or (place / f"{each.name}.pdf").exists()}
    drawn = draw_all(exhibits, printed, jobs, progress)
    page = render(
        "report.html",
        title="What staleness costs SGD: proved and measured",
        version=current_versions()["gradlag"],
        css=Markup(files("figures.report").joinpath("report.css").read_text(encoding="utf-8")),
        scale=scale_in(command for exhibit in exhibits for command in exhibit.origin.made),
        sections=sections,
        pictures={exhibit.name: vector for exhibit, (vector, _) in zip(exhibits, drawn, strict=True)},
        printed=printed,
        folder=PICTURES,
    )
    check_writable(place / "probe")
    for exhibit, (vector, document) in zip(exhibits, drawn, strict=True):
        write_atomically(place / f"{exhibit.name}.svg", vector.encode())
        if document is not None:
            write_atomically(place / f"{exhibit.name}.pdf", document)
        for name, text in exhibit.files.items():
            write_atomically(place / name, text.encode())
    write_atomically(target, page.encode())
    return target


def _sections(folder: Path | str, families: Sequence[RunFamily]) -> list[Section]:
    studied = [
        *runs.sections(families),
        *worst_cases.sections(folder),
        *staleness.sections(folder),
        *theorem_step.sections(folder),
        *asynchronous.sections(folder),
        *adaptive.sections(folder),
        *systems.sections(folder),
    ]
    if not studied:
        raise StoreError(f"The folder {folder} holds no results. `gradlag reproduce --out {folder}` makes them.")
    about = [*faults.sections(folder), *atlas.sections(_used(families)), *calibration.sections(folder)]
    return [*studied, *about, _environment(studied)]


def _used(families: Sequence[RunFamily]) -> frozenset[str]:
    """The bounds that had a value in some verdict."""
    details = (verdict.bounds_detail for family in families for verdict in family.verdicts.values())
    return frozenset(name for each in details for name, detail in each.items() if detail.value is not None)


def _environment(studied: Sequence[Section]) -> Section:
    """How much was computed, when, and by which versions."""
    made_with = [versions for section in studied for versions in section.versions]
    alike = {name: sorted({str(each.get(name, "")) for each in made_with} - {""}) for name in made_with[0]}
    text = render(
        "environment.html",
        told=[section.told for section in studied if section.told],
        created=max((created for section in studied for created in section.created), default=""),
        version=current_versions()["gradlag"],
        versions=alike,
    )
    return Section("Environment", text)
