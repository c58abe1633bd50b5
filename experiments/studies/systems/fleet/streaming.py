"""Online beside daily federated training on a stream that drifts: both at every step of one grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from experiments.studies.systems.fleet.training import LAWS, seeds_of, step_sizes
from experiments.sweep.json_store import Values, rounded
from experiments.systems.fleet.methods import METHODS
from experiments.systems.fleet.online import DAY, StreamSize, draw_stream, learn_daily, learn_online
from theory.common.types import Vector


@dataclass(frozen=True)
class OnlineCell:
    """The quality after the first day, of every step and seed, and in every hour.

    Args:
        seeds: that judge; tuning: that choose the step; days: of the stream.
        smallest: the smallest step; steps: how many, each four times the one before.
    """

    seeds: int
    tuning: int
    days: int
    smallest: float = 0.1
    steps: int = 5
    law: str = "D1"
    kind: ClassVar[str] = "fleet-online"

    @property
    def name(self) -> str:
        return f"fleet-online-{self.days}-days"

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        return 300 * self.days * self.steps * (self.seeds + self.tuning)

    def compute(self) -> Values:
        """Means of F1 over the hours after the first day, and the curves of the seeds that judge, by step."""
        size, sizes = StreamSize(days=self.days), step_sizes(self.smallest, self.steps, 4.0)
        curves: dict[str, list[list[Vector]]] = {"online": [], "daily": []}
        for seed in seeds_of(self.seeds, self.tuning):
            stream = draw_stream(size, seed=seed)
            online = [learn_online(stream, METHODS["adasgd"], LAWS[self.law], step, seed=seed) for step in sizes]
            curves["online"].append(online)
            curves["daily"].append([learn_daily(stream, step, seed=seed) for step in sizes])
        return {"steps": sizes.tolist(), **{name: self._stored(np.array(each)) for name, each in curves.items()}}

    def _stored(self, curves: Any) -> dict[str, Any]:
        """Of curves (seeds, steps, hours - 1)."""
        late = curves[:, :, DAY - 1 :].mean(axis=2)
        return {
            "judging": rounded(late[: self.seeds].T),
            "tuning": rounded(late[self.seeds :].T),
            "curves": rounded(curves[: self.seeds].mean(axis=0), 4),
        }
