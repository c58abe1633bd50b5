"""The section of the report on the staleness study: the claims with their verdicts, then a figure for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from markupsafe import Markup
from matplotlib.figure import Figure

from experiments.studies.staleness.claims.study_claims import claims
from experiments.studies.staleness.store import STALENESS, WorkerResult
from experiments.studies.staleness.study import chosen
from figures.draw.distance import distance_caption, distance_picture
from figures.draw.fig1 import fig1_caption, fig1_picture
from figures.draw.fig2 import fig2_caption, fig2_picture
from figures.draw.fig3 import fig3_caption, fig3_picture
from figures.draw.fig5 import fig5_caption, fig5_picture
from figures.draw.fig6 import fig6_caption, fig6_picture
from figures.report.claims import claims_table
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
        opening, counted = (
            render("staleness.html", claims=claims_table(claims(results))),
            "cells of the staleness study",
        )
        yield Section.of_study("The staleness study", opening, tuple(exhibits(results)), results, counted)


def exhibits(results: Results) -> Iterator[Exhibit]:
    """The figures of which there are results."""
    for name, (picture, caption) in _DRAWN.items():
        if shown := chosen(results, name):
            yield study_exhibit(name, shown, partial(picture, results), Markup(caption(results)))
