"""The atlas of theorems in the report: every bound with its proof, what each constant costs, rates, errata.

The proofs are shown as they are written down in `theory/proofs`; `gradlag prove` replays them. They travel packed and
are set when they are opened: hundreds of formulas would make the report a quarter larger.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from markupsafe import Markup

from figures.report.exhibit import Section
from figures.report.rendering import render
from theory.bounds import RATES, REGISTRY
from theory.bounds.judging.assumption_costs import HALVED, Sizes, standard
from theory.bounds.judging.errata import ERRATA
from theory.proofs import PROOFS


def sections(used: frozenset[str]) -> Iterator[Section]:
    """The theorems, what each constant costs, what is known as a rate only, and what is not true."""
    yield Section("Theorems", atlas(used))
    yield Section("Which constant costs what", sensitivity_panel())
    yield Section("Known as rates only", render("atlas/rates.html", rates=RATES.values()))
    yield Section("Errata", render("atlas/errata.html", errata=[(each, *each.counterexample()) for each in ERRATA]))


@cache
def atlas(used: frozenset[str]) -> Markup:
    """Every bound of the library: those that the figures used open first, each with its proof below."""
    ranked = sorted(REGISTRY.values(), key=lambda bound: bound.name not in used)
    return render("atlas/theorems.html", bounds=ranked, proofs=PROOFS)


@cache
def sensitivity_panel() -> Markup:
    """Which assumption costs what: what is left of each bound when a constant is halved, at a standard setting."""
    rows = [
        (row, [[row.change(name, steps) for steps in (Sizes.KEPT, Sizes.DERIVED)] for name in HALVED])
        for row in map(standard, REGISTRY.values())
    ]
    return render("atlas/costs.html", rows=rows, halved=HALVED)
