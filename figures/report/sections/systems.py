"""A section for each related system: algorithm, figure, bounds, verdicts, limits, and what is scaled down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from markupsafe import Markup
from matplotlib.figure import Figure

from experiments.studies import STUDIES
from experiments.studies.systems.registry import SYSTEMS
from experiments.studies.systems.store import SYSTEM_RESULTS, SystemResult
from experiments.studies.systems.system import System
from figures.draw.counter_momentum import counter_momentum_caption, counter_momentum_picture
from figures.draw.ds_sync import ds_sync_caption, ds_sync_picture
from figures.draw.fed_influence import fed_influence_caption, fed_influence_picture
from figures.draw.fleet import fleet_caption, fleet_picture
from figures.draw.focus import focus_caption, focus_picture
from figures.draw.gaia import gaia_caption, gaia_picture
from figures.draw.skewscout import skewscout_caption, skewscout_picture
from figures.draw.topk import topk_caption, topk_picture
from figures.report.claims import claims_table
from figures.report.exhibit import Exhibit, Section, study_exhibit
from figures.report.rendering import render
from theory.bounds.registry import get
from theory.common.table import Table

Results = Sequence[SystemResult]
#: Of each system its picture, and what is seen in it.
DRAWN: Mapping[str, tuple[Callable[[Results], Figure], Callable[[Results], str]]] = Table(
    {
        "topk": (topk_picture, topk_caption),
        "fleet": (fleet_picture, fleet_caption),
        "ds-sync": (ds_sync_picture, ds_sync_caption),
        "gaia": (gaia_picture, gaia_caption),
        "fed-influence": (fed_influence_picture, fed_influence_caption),
        "skewscout": (skewscout_picture, skewscout_caption),
        "focus": (focus_picture, focus_caption),
        "counter-momentum": (counter_momentum_picture, counter_momentum_caption),
    }
)


def sections(folder: Path | str) -> Iterator[Section]:
    """A section for each system that has results; StoreError for a damaged one."""
    stored = SYSTEM_RESULTS.load_all(folder)
    for name, system in SYSTEMS.items():
        if results := STUDIES[name].chosen(stored):
            opening, shown = render("systems/opening.html", system=system), [exhibit(system, results)]
            yield Section.of_study(system.title, opening, shown, results, f"cells of {name}")


def exhibit(system: System, results: Results) -> Exhibit:
    """The figure of a system, with its bounds and tables."""
    picture, caption = DRAWN[system.name]
    judged = system.judged(results)
    below = render(
        "systems/below.html",
        system=system,
        bounds=[get(name) for name in system.bounds],
        claims=claims_table(judged),
        limits=[(each.claim, each.takes) for each in system.limits],
        sizes=[(each.what, each.source, each.quick, each.lesson, each.paper) for each in system.sizes],
        left=[each.claim.name for each in judged if each.verdict == "inconclusive"],
    )
    return study_exhibit(system.name, results, partial(picture, results), Markup(caption(results)), below=below)
