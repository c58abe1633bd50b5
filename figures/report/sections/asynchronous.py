"""Simulated and real: the delays of a real server, and its gradient norms beside simulations of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from markupsafe import Markup

from experiments.studies import STUDIES
from experiments.studies.asynchronous import ASYNC, AsyncResult
from figures.draw.asynchronous import CURVES, asynchronous_picture
from figures.report.exhibit import Exhibit, Section, study_exhibit
from figures.report.rendering import render

Results = Sequence[AsyncResult]
NAME = "async"


def read_asynchronous(folder: Path | str) -> Results:
    """The results of one scale in a folder; none if there are none.

    Raises:
        StoreError: a damaged result.
    """
    return STUDIES[NAME].chosen(ASYNC.load_all(folder))


def sections(folder: Path | str) -> Iterator[Section]:
    """The section, where there are results."""
    if results := read_asynchronous(folder):
        yield Section.of_study(
            "Simulated and real", render("asynchronous.html"), [exhibit(results)], results, "servers"
        )


def exhibit(results: Results) -> Exhibit:
    """The figure of the section, with its tables."""
    recorded = [result.cell.name for result in results if result.cell.real]
    caption = render("asynchronous_caption.html", recorded=recorded)
    draw = partial(asynchronous_picture, results)
    return study_exhibit(NAME, results, draw, caption, "server", below=asynchronous_tables(results))


def asynchronous_tables(results: Results) -> Markup:
    """The delays in numbers, how far server and simulations are apart, and the bound that covers the run."""
    return render("asynchronous_tables.html", results=results, curves=list(CURVES)[::-1])
