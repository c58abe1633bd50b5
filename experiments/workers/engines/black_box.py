"""The workers' iteration around a gradient that only its own code can compute; the ring around it is compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.workers.engines.ring import deliver, make_ring, make_rules, place_of, send
from experiments.workers.optimizers import Array

if TYPE_CHECKING:
    from experiments.workers.simulate import WorkerPlan
    from experiments.workers.workload import Workload


class BlackBoxSeed:
    """One seed's ring, filled by `workload.gradient`."""

    def __init__(self, workload: Workload, plan: WorkerPlan, seed: int) -> None:
        self.gradient, self.batch, self.seed = workload.gradient, plan.setting.batch, seed
        self.rules, self.ring = make_rules(plan), make_ring(plan, workload, seed)

    @property
    def cache(self) -> Array:
        """The first worker's."""
        first: Array = self.ring.caches[0]
        return first

    def advance(self, first: int, last: int) -> int:
        """Iterations first..last-1, each with the deliveries that follow it."""
        rules, ring = self.rules, self.ring
        for t in range(first, last):
            for worker in range(rules.workers):
                ring.updates[place_of(rules, t, worker)] = self.gradient(
                    ring.caches[worker], self.seed, t, worker, self.batch
                )
                send(rules, ring, self.seed, t, worker)
            if deliver(rules, ring, t + 1):
                return t + 1
        return -1
