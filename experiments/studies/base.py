"""A study: what to run for one figure or claim, at which scale. What to draw is a matter of the floor above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from experiments.sweep import Cell
from theory.errors import InputError

SCALES = ("quick", "lesson", "paper")


@dataclass(frozen=True)
class Study:
    """The runs behind a figure.

    Args:
        name: what `gradlag reproduce` calls it.
        title: what the figure shows, in one line.
        source: what it reproduces or tests.
        build: the cells at a scale.
        scales: the scales there are.
    """

    name: str
    title: str
    source: str
    build: Callable[[str], tuple[Cell, ...]]
    scales: tuple[str, ...] = SCALES

    def cells(self, scale: str = "quick") -> tuple[Cell, ...]:
        """The cells at a scale; InputError lists the scales if there is no such one."""
        if scale not in self.scales:
            raise InputError(f"The scale of {self.name} must be one of {', '.join(self.scales)}. Got {scale!r}.")
        return self.build(scale)
