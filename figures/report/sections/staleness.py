"""The section of the report on the staleness study: the claims with their verdicts, then a figure for each of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from markupsafe import Markup
from matplotlib.figure import Figure

from experiments.studies.claim import ClaimResult
from experiments.studies.staleness.cells import WorkerCell, model_of
from experiments.studies.staleness.claims.slowdown import batches, reached
from experiments.studies.staleness.claims.study_claims import claims
from experiments.studies.staleness.store import STALENESS, WorkerResult
from experiments.studies.staleness.study import FIGURES, chosen, depth_of
from figures.draw.distance import distance_caption, distance_picture
from figures.draw.fig1 import fig1_caption, fig1_picture
from figures.draw.fig2 import fig2_caption, fig2_picture
from figures.draw.fig3 import fig3_caption, fig3_picture
from figures.draw.fig5 import fig5_caption, fig5_picture
from figures.draw.fig6 import fig6_caption, fig6_picture
from figures.report.claims import DECISIONS, claims_table
from figures.report.exhibit import Exhibit, Section, study_exhibit
from figures.report.rendering import render

Results = Sequence[WorkerResult]

_DRAWN: Mapping[str, tuple[Callable[[Results], Figure], Callable[[Results], str]]] = MappingProxyType(
    {
        "fig1": (fig1_picture, fig1_caption),
        "fig2": (fig2_picture, fig2_caption),
        "fig3": (fig3_picture, fig3_caption),
        "fig5": (fig5_picture, fig5_caption),
        "fig6": (fig6_picture, fig6_caption),
        "distance": (distance_picture, distance_caption),
    }
)


def sections(folder: Path | str) -> Iterator[Section]:
    """The section, where there are results; StoreError for a damaged one."""
    if results := STALENESS.load_all(folder):
        found = claims(results)
        opening, counted = render("staleness.html", claims=claims_table(found)), "cells of the staleness study"
        yield Section.of_study("The staleness study", opening, tuple(exhibits(results, found)), results, counted)


def exhibits(results: Results, found: Sequence[ClaimResult] = ()) -> Iterator[Exhibit]:
    """The figures of which there are results, each with what the study states of it beside what was found."""
    for name, (picture, caption) in _DRAWN.items():
        if shown := chosen(results, name):
            below, files = _stated(name, shown, found), {f"{name}-cells.csv": cells_table(shown)}
            drawn, told = partial(picture, results), Markup(caption(results))
            yield study_exhibit(name, shown, drawn, told, below=below, files=files)


def _stated(name: str, shown: Results, found: Sequence[ClaimResult]) -> Markup:
    """Models, data and targets as the study reports them beside ours, and its messages with their verdicts."""
    number = name.removeprefix("fig")
    messages = [each for each in found if each.claim.figure.partition(" ")[0] == number]
    if not messages:
        return Markup("")
    here, reported = (_asked(cells) for cells in ((each.cell for each in shown), FIGURES[name]("paper")))
    return render("stated.html", number=number, reported=reported, here=here, messages=messages, decisions=DECISIONS)


def _asked(cells: Iterable[WorkerCell]) -> list[str]:
    """What is trained, on which data, by how many workers, and to which target."""
    models: dict[tuple[str, int, float | None], dict[str, None]] = {}
    for cell in cells:
        model, options = model_of(cell.workload)
        models.setdefault((str(options.get("data", "")), cell.workers, cell.level), {})[model] = None
    workers: dict[tuple[str, str, float | None], list[int]] = {}
    for (data, count, level), names in models.items():
        workers.setdefault((", ".join(names), data, level), []).append(count)
    return [
        f"{names} on {data}, {', '.join(map(str, sorted(counts)))} worker{'s' if counts != [1] else ''}"
        + ("" if level is None else f", to {level:g}")
        for (names, data, level), counts in workers.items()
    ]


def cells_table(shown: Results) -> str:
    """CSV of a figure's cells: what was asked, and the batches to the target over the seeds; none without a target."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    asked = ("workload", "optimizer", "workers", "delays", "extra_delay", "level", "horizon", "seeds")
    rows.writerow((*asked, "depth", "step_size", "seeds_that_arrived", "batches_mean", "batches_sd"))
    for each in shown:
        taken = batches(each) if each.cell.level is not None else None
        told = (
            ("", "", "")
            if taken is None
            else (int(reached(each).sum()), taken.mean(), taken.std(ddof=1) if taken.size > 1 else "")
        )
        given = (getattr(each.cell, field) for field in asked)
        rows.writerow((*given, depth_of(each.cell.workload), each.values.get("step_size", ""), *told))
    return written.getvalue()
