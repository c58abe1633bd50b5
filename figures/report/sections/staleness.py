"""The section of the report on the staleness study: the claims with their verdicts, then a figure for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from matplotlib.figure import Figure

from experiments.studies import STUDIES
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
from figures.report.entry import Entry, Origin, scale_in

Results = Sequence[WorkerResult]

INTRODUCTION = (
    "<p>Workers with caches, as the study of Dai et al. simulates them: every update enters every cache after a delay "
    "of its own. Here the staleness is the study's, the largest extra delay; 0 is synchronous. The claims are "
    "predicates on the results, and every one says on how many seeds it rests. Three were settled after first results "
    "at the quick scale had been seen: those on steps that are not retuned and on geometric delays that slow down too "
    "were added, and the last one's mean along the run became a mean of logarithms. The lesson scale, on other data, "
    "judges all of them afresh. Models and data are scaled down as each caption says.</p>"
)

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


def read_study(folder: Path | str) -> Results:
    """The results of the study in a folder; none if there are none.

    Raises:
        StoreError: a damaged result.
    """
    return STALENESS.load_all(folder)


def opening(results: Results) -> str:
    """What the section opens with: what was simulated, and the table of claims."""
    return INTRODUCTION + claims_table(claims(results))


def entries(results: Results) -> Iterator[Entry]:
    """The figures of which there are results."""
    for name, (picture, caption) in _DRAWN.items():
        shown = chosen(results, name)
        if shown:
            origin = _origin(name, shown)
            yield Entry(
                name=name,
                group="",
                title=STUDIES[name].title,
                caption=f"{caption(results)} Made by <code>{origin.alone[0]}</code>.",
                draw=_drawing(picture, results),
                origin=origin,
                wide=True,
                short=name,
                shaded=True,
            )


def _drawing(picture: Callable[[Results], Figure], results: Results) -> Callable[[], Figure]:
    return lambda: picture(results)


def _origin(name: str, results: Results) -> Origin:
    made = tuple(dict.fromkeys(result.command for result in results))
    alone = f"gradlag reproduce {name} --scale {scale_in(made)}"
    return Origin(made, (alone,), tuple(map(STALENESS.describe, results)), "cell")
