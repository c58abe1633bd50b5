"""A study: what to compute for one figure or claim, at which scale. What to draw is a matter of the floor above."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from experiments.sweep.run_store import RUNS
from experiments.sweep.store import AnyCell, Store
from theory.common.errors import InputError

SCALES = ("quick", "lesson", "paper")
ASSUMED_COHERENCE = 0.5  # mu in Theorem 1's steps, where a study assumes one


R = TypeVar("R", bound=Any)  # a result that knows its cell


@dataclass(frozen=True)
class Study:
    """The results behind a figure.

    Args:
        name: what `gradlag reproduce` calls it.
        title: what the figure shows, in one line.
        source: what it reproduces or tests.
        build: the cells at a scale.
        store: what turns them into files; simulations unless something else is named.
        scales: the scales there are.
    """

    name: str
    title: str
    source: str
    build: Callable[[str], Sequence[AnyCell]]
    store: Store[Any] = RUNS
    scales: tuple[str, ...] = SCALES

    def cells(self, scale: str = "quick") -> tuple[Any, ...]:
        """The cells at a scale; InputError lists the scales if there is no such one."""
        if scale not in self.scales:
            raise InputError(f"The scale of {self.name} must be one of {', '.join(self.scales)}. Got {scale!r}.")
        return tuple(self.build(scale))

    def chosen(self, results: Iterable[R]) -> tuple[R, ...]:
        """The results to be drawn together; see `most_complete`."""
        return most_complete({scale: self.cells(scale) for scale in self.scales}, results)


def most_complete(cells: Mapping[str, Sequence[Any]], results: Iterable[R]) -> tuple[R, ...]:
    """The results of the scale that is the most complete, the largest of several.

    A folder may hold the results of several scales, and a figure shows one of them.

    Args:
        cells: of each scale, from small to large; results: of any cells.
    """
    by_cell = {result.cell: result for result in results}
    there = [(tuple(by_cell[cell] for cell in chosen if cell in by_cell), len(chosen)) for chosen in cells.values()]
    best: tuple[R, ...] = max(reversed(there), key=lambda found: len(found[0]) / max(1, found[1]))[0]
    return best


def listed(parts: Sequence[str]) -> str:
    """Several things in a sentence.

    >>> listed(["one"]), listed(["one", "two", "three"])
    ('one', 'one, two and three')
    """
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
