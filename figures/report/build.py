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
from figures.report.exhibit import PICTURES, Part, Section, scale_in
from figures.report.findings import findings
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
from figures.style import style
from figures.style.fonts import font_faces
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
    known = find_families(folder) if families is None else families
    parts = _parts(folder, known)
    sections = [section for part in parts for section in part.sections]
    target = check_writable(Path(folder) / REPORT)
    exhibits = [exhibit for section in sections for exhibit in section.exhibits]
    place = target.parent / PICTURES
    printed = {each.name for each in exhibits if pdf or (place / f"{each.name}.pdf").exists()}
    drawn = draw_all(exhibits, printed, jobs, progress)
    page = render(
        "report.html",
        title="What staleness costs SGD: proved and measured",
        version=current_versions()["gradlag"],
        css=Markup(_text("report.css")),
        script=Markup(_text("report.js")),
        fonts=Markup(font_faces(picture.vector for picture in drawn)),
        scale=scale_in(command for exhibit in exhibits for command in exhibit.origin.made),
        parts=parts,
        found=findings(folder, known),
        opening=exhibits[0].name if known else "",
        pictures={exhibit.name: picture for exhibit, picture in zip(exhibits, drawn, strict=True)},
        printed=printed,
        folder=PICTURES,
    )
    check_writable(place / "probe")
    for exhibit, picture in zip(exhibits, drawn, strict=True):
        write_atomically(place / f"{exhibit.name}.svg", style.with_fonts(picture.vector).encode())
        write_atomically(place / f"{exhibit.name}.csv", picture.data.encode())
        if picture.document is not None:
            write_atomically(place / f"{exhibit.name}.pdf", picture.document)
        for name, text in exhibit.files.items():
            write_atomically(place / name, text.encode())
    write_atomically(target, page.encode())
    return target


def _text(name: str) -> str:
    return files("figures.report").joinpath(name).read_text(encoding="utf-8")


def _parts(folder: Path | str, families: Sequence[RunFamily]) -> list[Part]:
    studied = [
        Part("Proved and measured", "verdicts, ladders, slack, coherence", [*runs.sections(families)]),
        Part("Worst cases", "exact, certified, and what designs gain", [*worst_cases.sections(folder)]),
        Part(
            "The staleness study",
            "its figures and claims, and Theorem 1's own steps on its networks",
            [*staleness.sections(folder), *theorem_step.sections(folder)],
        ),
        Part(
            "Servers",
            "recorded delays, replays, delay-adaptive rules",
            [*asynchronous.sections(folder), *adaptive.sections(folder)],
        ),
        Part(
            "Related systems",
            "other ways of computing with incomplete information",
            [*systems.sections(folder)],
        ),
    ]
    there = [part for part in studied if part.sections]
    if not there:
        raise StoreError(f"The folder {folder} holds no results. `gradlag reproduce --out {folder}` makes them.")
    environment = _environment([section for part in there for section in part.sections])
    return [
        *there,
        Part("Theorems", "every bound with its proof, what is not true", [*atlas.sections(_used(families))]),
        Part(
            "How it was made",
            "calibration, faults, versions",
            [*calibration.sections(folder), *faults.sections(folder), environment],
        ),
    ]


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
