"""Designed schedules beside the usual ones: one cell for each target at each setting, with L = Delta = 1.

A cell's values are numbers and sentences: the steps, their bound and their worst case, the certified worst case where
there is one, and the reasons. `restored` makes the design of them again that was stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from experiments.studies.study import ASSUMED_COHERENCE
from experiments.studies.worst_cases.certified_witness import certified_upper
from experiments.sweep.json_store import Values

if TYPE_CHECKING:
    from theory.design.best import Design, Rated, Target

TARGETS = ("theorem-1", "theorem-a", "worst-case")


@dataclass(frozen=True)
class DesignCell:
    """The best steps for one target.

    Args:
        target: see `theory.design.best.Target`.
        staleness: s; steps: T; variance: sigma^2.
        coherence: mu, of Theorem 1's schedule and sums.
    """

    target: str
    staleness: int
    steps: int
    variance: float = 0.0
    coherence: float = ASSUMED_COHERENCE
    kind: ClassVar[str] = "design"

    @property
    def name(self) -> str:
        return f"design-{self.target}-s{self.staleness}-T{self.steps}-v{self.variance:g}"

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        return (6000 if self.target == "worst-case" else 3000) * self.steps

    def compute(self) -> Values:
        """The design, the usual schedules, and why the design has its shape."""
        from theory.design.best import design

        found = design(self.staleness, self.steps, variance=self.variance, mu=self.coherence, target=self.target)
        return {
            "chosen": _stored(found.chosen),
            "baselines": {name: _stored(rated) for name, rated in found.baselines.items()},
            "reason": list(found.reason),
        }


def _stored(rated: Rated) -> dict[str, Any]:
    return {
        "title": rated.title,
        "step_sizes": rated.step_sizes.tolist(),
        "value": rated.value,
        "worst_case": rated.worst_case_value,
        "certified": certified_upper(rated.worst_case),
    }


def restored(cell: DesignCell, values: Values) -> Design:
    """The design that was stored; its worst cases are values without multipliers.

    >>> cell = DesignCell("theorem-a", 1, 4)
    >>> found = restored(cell, cell.compute())
    >>> round(found.value, 6), found.improvement("theorem-1") > 0, found.certified
    (0.4, True, True)
    """
    from theory.design.best import Design, Target
    from theory.design.brief import brief

    target = Target(cell.target)
    run = brief(cell.staleness, cell.steps, variance=cell.variance, mu=cell.coherence)

    def rated(stored: Mapping[str, Any]) -> Rated:
        return _rated(stored, run, target)

    return Design(
        target,
        run,
        rated(values["chosen"]),
        {name: rated(stored) for name, stored in values["baselines"].items()},
        tuple(values["reason"]),
        certified=values["chosen"]["certified"] is not None,
    )


def _rated(stored: Mapping[str, Any], run: Any, target: Target) -> Rated:
    from theory.design.best import Rated, Target
    from theory.worst_case.solution import Solution, Status
    from theory.worst_case.solvers.descent import without_zero_steps

    steps, solution = np.array(stored["step_sizes"], dtype=np.float64), None
    if stored["worst_case"] is not None:
        question = without_zero_steps(run.question(steps, coherent=target is Target.THEOREM_1))
        solution = Solution(
            question=question,
            pairs=np.empty((0, 2), dtype=np.int64),
            exhaustive=False,
            value=stored["worst_case"],
            status=Status.SOLVED,
            multipliers=None,
            gram=None,
            function_values=np.empty(0),
            gap=float("nan"),
            solver="stored",
            seconds=0.0,
        )
    return Rated(stored["title"], steps, stored["value"], solution)


# (s, T, sigma^2)
_SETTINGS: Mapping[str, tuple[tuple[int, int, float], ...]] = MappingProxyType(
    {
        "quick": ((3, 40, 0.0), (3, 40, 1.0)),
        "lesson": ((4, 60, 0.0), (4, 60, 1.0)),
        "paper": ((4, 100, 0.0), (4, 100, 1.0)),
    }
)


def design_cells(scale: str) -> tuple[DesignCell, ...]:
    """Every target at every setting of a scale."""
    return tuple(
        DesignCell(target, staleness, steps, variance)
        for staleness, steps, variance in _SETTINGS[scale]
        for target in TARGETS
    )
