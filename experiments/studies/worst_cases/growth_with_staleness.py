"""How the worst case at the constant delay grows with staleness and steps, beside the theorems: cells to be solved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from experiments.studies.study import ASSUMED_COHERENCE
from experiments.sweep.json_store import Values
from theory.bounds.judging.judge import judge
from theory.common.errors import EnvironmentFailure, GradlagError

#: The theorems drawn beside the worst case.
BOUNDS = ("dai2019", "dai2019-sum", "theorem-a", "theorem-ar", "theorem-b", "corollary-1", "lian2015")


@dataclass(frozen=True)
class GrowthCell:
    """The worst case at the constant delay, L = Delta = 1, sigma = 0, with the theorems at the same steps.

    Args:
        schedule: "theorem-1" (with mu = 1/2 in the steps) or "corollary-1".
        staleness: s; steps: T.
        reach: pairs of points up to this far apart; None chooses them until the value settles.
        witness: seconds to look for a worst function whose replay gives the lower value; 0 takes the closed form.
    """

    schedule: str
    staleness: int
    steps: int
    reach: int | None = None
    witness: float = 0.0
    kind: ClassVar[str] = "growth"

    @property
    def name(self) -> str:
        return f"growth-{self.schedule}-s{self.staleness}-T{self.steps}"

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        return self.steps * self.staleness**3

    def compute(self) -> Values:
        """Value, lower value, and the theorems that apply."""
        from theory.worst_case.asking import ask
        from theory.worst_case.solve import worst_case
        from theory.worst_case.traces.uniform import ripple_value, uniform_bound

        asked = ask(
            self.schedule, staleness=self.staleness, steps=self.steps, constants={"mu": ASSUMED_COHERENCE, "sigma": 0.0}
        )
        solution = worst_case(asked.question, reach=self.reach)
        if not math.isfinite(solution.value):
            raise EnvironmentFailure("The solver gave no value. Try another reach, or fewer steps.")
        everywhere = uniform_bound(asked.question)
        return {
            "value": solution.value,
            "lower": max(ripple_value(asked.question), _replayed(solution, self.witness)),
            "bounds": {each.bound.name: each.value for each in judge(asked.setting, BOUNDS) if each.applies},
            "every_trace": everywhere.value if everywhere else None,
            "pairs_per_step": len(solution.pairs) / self.steps,
            "solver": solution.solver,
        }


def _replayed(solution: Any, seconds: float) -> float:
    """What the replay of a worst function gives; 0 where none is asked for or none is found."""
    if seconds <= 0:
        return 0.0
    from experiments.claims.replay_witness import replay
    from theory.worst_case.witness.find import witness

    try:
        found = witness(solution, seconds=seconds)
        return replay(found).lower if found is not None else 0.0
    except GradlagError:
        return 0.0


def doubling(first: int, last: int) -> tuple[int, ...]:
    """The horizons first, 2 first, 4 first, .. up to `last`.

    >>> doubling(10, 80)
    (10, 20, 40, 80)
    """
    count = int(math.log2(last / first) + 1e-9) + 1
    return tuple(first * 2**power for power in range(count))


# The longest T for each staleness: a window's cost grows with the cube of its width.
_LONGEST: Mapping[str, Mapping[int, int]] = MappingProxyType(
    {
        "quick": {1: 640, 2: 640, 4: 640, 8: 160, 16: 40},
        "lesson": {1: 1280, 2: 1280, 4: 1280, 8: 320, 16: 80},
        "paper": {1: 1280, 2: 1280, 4: 1280, 8: 1280, 16: 320},
    }
)
_REACH: Mapping[str, int | None] = MappingProxyType({"quick": 1, "lesson": 4, "paper": None})
_WITNESS: Mapping[str, float] = MappingProxyType({"quick": 0.0, "lesson": 0.0, "paper": 10.0})


def growth_cells(scale: str) -> tuple[GrowthCell, ...]:
    """Theorem 1's steps and Corollary 1's at every staleness, T doubling."""
    longest = _LONGEST[scale]
    return tuple(
        GrowthCell(schedule, staleness, steps, _REACH[scale], _WITNESS[scale] if steps <= 160 else 0.0)
        for schedule in ("theorem-1", "corollary-1")
        for staleness, last in longest.items()
        for steps in doubling(10, last)
    )
