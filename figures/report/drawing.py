"""The pictures of the report: every figure is a task of its own, and the same bytes in whatever process it is drawn."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from typing import NamedTuple

from matplotlib.figure import Figure

from experiments.sweep.processes import process_pool
from figures.report.exhibit import Exhibit
from figures.report.numbers import figure_data, figure_places
from figures.style import style
from theory.common.types import Progress

_WORTH = 6  # figures for which a process is worth its start


class Picture(NamedTuple):
    """A figure drawn: SVG without fonts, PDF where it was asked for, the numbers that it shows as CSV, and where."""

    vector: str
    document: bytes | None
    data: str
    places: str = "[]"


def draw_all(exhibits: Sequence[Exhibit], printed: Collection[str], jobs: int, progress: Progress) -> list[Picture]:
    """Every figure as SVG, and those whose names are in `printed` as PDF, drawn in up to `jobs` processes.

    Helpers take figures from the first on and this process from the last on, until they meet: it has everything at
    hand while the helpers still start.
    """
    tasks = [(each.draw, each.name, each.name in printed) for each in exhibits]
    helpers = min(jobs, len(tasks) // _WORTH) - 1
    with process_pool(helpers) if helpers > 0 else nullcontext() as pool:
        given = [pool.submit(_picture, *task) for task in tasks] if pool else []
        own: dict[int, Picture] = {}
        for place in reversed(range(len(tasks))):
            if not given or given[place].cancel():
                own[place] = _picture(*tasks[place])
                progress(len(own) + sum(future.done() for future in given[:place]), len(tasks))
        return [own[place] if place in own else given[place].result() for place in range(len(tasks))]


def _picture(draw: Callable[[], Figure], name: str, printed: bool) -> Picture:
    collects = gc.isenabled()
    gc.disable()  # a picture is many small objects that all live until it is drawn: looking for dead ones finds none
    try:
        drawn = draw()
        document = style.pdf(drawn, outlines=True) if printed else None
        vector = style.svg(drawn, name, fonts=False)
        return Picture(vector, document, figure_data(drawn), figure_places(drawn))
    finally:
        if collects:
            gc.enable()
