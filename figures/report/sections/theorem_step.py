"""Theorem 1's steps on the study's networks: how far they get, what is proved of them, and whether coherence holds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from markupsafe import Markup

from experiments.studies import STUDIES
from experiments.studies.theorem_step.comparison import arrived, comparisons, counted, message, smallest_coherence
from experiments.studies.theorem_step.store import THEOREM_STEPS, StepResult
from experiments.studies.theorem_step.study import SUGGESTED
from figures.draw.theorem_step import RUNGS, network, theorem_step_picture
from figures.report.exhibit import Exhibit, Section, study_exhibit
from figures.report.rendering import render

NAME = "theorem-step"
Results = Sequence[StepResult]


def read_steps(folder: Path | str) -> Results:
    """The results of one scale in a folder; none if there are none.

    Raises:
        StoreError: a damaged result.
    """
    return STUDIES[NAME].chosen(THEOREM_STEPS.load_all(folder))


def sections(folder: Path | str) -> Iterator[Section]:
    """The section, where there are results."""
    if results := read_steps(folder):
        opening, shown = render("theorem_step.html"), [exhibit(results)]
        yield Section.of_study("Theorem 1 on the networks", opening, shown, results, "cells of Theorem 1's steps")


def exhibit(results: Results) -> Exhibit:
    """The figure of the section, with its table."""
    return study_exhibit(NAME, results, partial(theorem_step_picture, results), caption(results), below=table(results))


def caption(results: Results) -> Markup:
    """What is seen, and what it shows as measured."""
    cells = [result.cell for result in results]
    size = {name: sorted({getattr(cell, name) for cell in cells}) for name in ("batches", "seeds", "level")}
    told = {name: ", ".join(f"{value:g}" for value in values) for name, values in size.items()}
    return render("theorem_step_caption.html", message=message(comparisons(results)), size=told)


def table(results: Results) -> Markup:
    """A row for each network and staleness."""
    rows = []
    for each in comparisons(results):
        half = each.theorem(0.5)
        rows.append(
            {
                "network": network(each.workload),
                "s": each.staleness,
                "values": half.values if half is not None else {},
                "ratio": each.ratio if math.isfinite(each.ratio) else None,
                "best": each.best,
                "batches": [
                    _batches(one) for one in (each.best, each.tuned, each.constant(SUGGESTED), each.theorem(1.0), half)
                ],
                "coherence": [_coherence(one) for one in (half, each.tuned)],
            }
        )
    return render("theorem_step_table.html", rows=rows, rungs={name: label for name, (label, *_) in RUNGS.items()})


def _batches(result: StepResult | None) -> str:
    if result is None or not arrived(result):
        return "–"
    return f"{'> ' if arrived(result) < result.cell.seeds else ''}{counted(result).mean():.0f}"


def _coherence(result: StepResult | None) -> float | None:
    smallest = math.nan if result is None else smallest_coherence(result)
    return smallest if math.isfinite(smallest) else None
