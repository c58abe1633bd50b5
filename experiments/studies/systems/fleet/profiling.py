"""I-Prof beside one regression for all devices: how far tasks are from their limit on a simulated population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from experiments.sweep.json_store import Values, rounded
from experiments.systems.fleet.devices import draw_tasks
from experiments.systems.fleet.profiler import OBJECTIVES, PROFILERS

LABORATORY = (40, 20, 5)  # devices, models and tasks of each, of what is collected beforehand
_LABORATORY_SEED = 500_000  # models of its own
SHARES = tuple((np.arange(1, 21) / 20).tolist())


@dataclass(frozen=True)
class ProfilerCell:
    """The distance to the limit that nine in ten tasks keep within, for each way of sizing them.

    Args:
        objective: time or energy; seeds: populations.
        devices, models, tasks: how many devices, of how many models, each asking so often.
    """

    objective: str
    seeds: int
    devices: int
    models: int = 40
    tasks: int = 3
    kind: ClassVar[str] = "fleet-profiler"

    @property
    def name(self) -> str:
        return f"fleet-profiler-{self.objective}"

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        return 2 * self.seeds * self.devices * self.tasks

    def compute(self) -> Values:
        """Of every seed; and the distances by the share of tasks that keep within them, means over seeds."""
        objective = OBJECTIVES[self.objective]
        errors: dict[str, list[float]] = {name: [] for name in PROFILERS}
        shares: dict[str, list[float]] = {}
        for seed in range(self.seeds):
            tasks = draw_tasks(self.devices, self.models, self.tasks, seed=seed)
            before = draw_tasks(*LABORATORY, seed=_LABORATORY_SEED + seed)
            for name, profiler in PROFILERS.items():
                found = profiler(tasks, before, objective)
                errors[name].append(found.error(objective))
                apart = np.quantile(np.abs(found.costs - objective.limit), SHARES) / self.seeds
                shares[name] = (apart + shares.get(name, 0.0)).tolist()
        return {
            "errors": {name: rounded(values) for name, values in errors.items()},
            "distances": {name: rounded(values) for name, values in shares.items()},
        }
