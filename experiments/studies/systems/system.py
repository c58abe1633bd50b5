"""A related system as its section of the report shows it: what it does, what is proved, claimed and measured of it.

Everything here is text and values written down before the runs; numbers come from the cells alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.studies.claim import ClaimResult, StudyClaim, judge
from experiments.sweep.store import AnyCell


@dataclass(frozen=True)
class Limit:
    """What a small run cannot test, and what it would take."""

    claim: str
    takes: str


@dataclass(frozen=True)
class Sizes:
    """How large something is: in the source, and here at each scale."""

    what: str
    source: str
    quick: str
    lesson: str
    paper: str


@dataclass(frozen=True)
class Lemma:
    """What is proved of a system outside the library of bounds, in words and in LaTeX, and where its proof stands."""

    title: str
    statement: str
    formulas: tuple[str, ...]
    proof: tuple[str, ...]
    file: str


@dataclass(frozen=True)
class System:
    """A way of computing with incomplete information. Formulas in its text stand between dollar signs.

    Args:
        name: what `gradlag reproduce` calls it; title: of its section; source: where it is published.
        about: what it is for, in a sentence or two.
        algorithm: what it does, in ten lines at most.
        bounds: the bounds of the library that its runs are held against, by name.
        lemmas: what else is proved, beside the bounds or where no step size is spoken of.
        claims: predicates fixed before the runs; the scale lesson has the seeds that decide them.
        limits: what runs of these sizes leave untested; sizes: what is scaled down.
        cells: what is computed at a scale; kinds: the classes of these cells, each with a `kind`.
    """

    name: str
    title: str
    source: str
    about: str
    algorithm: tuple[str, ...]
    bounds: tuple[str, ...]
    claims: tuple[StudyClaim, ...]
    limits: tuple[Limit, ...]
    sizes: tuple[Sizes, ...]
    cells: Callable[[str], Sequence[AnyCell]]
    kinds: tuple[type[Any], ...]
    lemmas: tuple[Lemma, ...] = ()

    def judged(self, results: Sequence[Any]) -> tuple[ClaimResult, ...]:
        """What the results of one scale say of each claim."""
        return tuple(judge(claim, results) for claim in self.claims)
