"""A study: what to compute for one figure or claim, at which scale. What to draw is a matter of the floor above."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from experiments.sweep.executor import AnyCell, Executor, Outcome
from experiments.sweep.run_cells import run_cells
from theory.common.errors import InputError
from theory.common.types import Progress, Say

__all__ = ["SCALES", "AnyCell", "Outcome", "Runner", "Study"]

SCALES = ("quick", "lesson", "paper")


class Runner(Protocol):
    """What turns cells of one sort into files, by any executor; finished ones are taken as they are."""

    def __call__(
        self,
        cells: Sequence[Any],
        out: Path,
        *,
        executor: Executor,
        progress: Progress,
        announce: Say,
        command: str,
    ) -> tuple[Outcome, ...]: ...


class Computed(Protocol):
    """A result that knows its cell."""

    @property
    def cell(self) -> Any: ...


_Computed = TypeVar("_Computed", bound=Computed)


@dataclass(frozen=True)
class Study:
    """The results behind a figure.

    Args:
        name: what `gradlag reproduce` calls it.
        title: what the figure shows, in one line.
        source: what it reproduces or tests.
        build: the cells at a scale.
        run: what computes them; simulations unless something else is named.
        noun: what the cells are, in the plural.
        scales: the scales there are.
        needs: raises what is missing before any cell of a sort can be computed.
    """

    name: str
    title: str
    source: str
    build: Callable[[str], Sequence[AnyCell]]
    run: Runner = run_cells
    noun: str = "runs"
    scales: tuple[str, ...] = SCALES
    needs: Callable[[Sequence[Any]], None] = lambda cells: None

    def cells(self, scale: str = "quick") -> tuple[Any, ...]:
        """The cells at a scale; InputError lists the scales if there is no such one."""
        if scale not in self.scales:
            raise InputError(f"The scale of {self.name} must be one of {', '.join(self.scales)}. Got {scale!r}.")
        return tuple(self.build(scale))

    def chosen(self, results: Iterable[_Computed]) -> tuple[_Computed, ...]:
        """The results to be drawn together: those of the scale that is the most complete, the largest of several.

        A folder may hold the results of several scales, and a figure shows one of them.
        """
        by_cell = {result.cell: result for result in results}
        best: tuple[_Computed, ...] = ()
        share = 0.0
        for scale in self.scales:
            cells = self.cells(scale)
            there = tuple(by_cell[cell] for cell in cells if cell in by_cell)
            if there and len(there) / len(cells) >= share:
                best, share = there, len(there) / len(cells)
        return best
