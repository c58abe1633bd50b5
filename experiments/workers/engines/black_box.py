"""The workers' iteration around a gradient that only its own code can compute; the ring around it is compiled."""

from __future__ import annotations

from experiments.workers.delays import place_of
from experiments.workers.engines.ring import RingSeed, deliver, send
from experiments.workers.setting import WorkerPlan
from experiments.workers.workload import Workload


class BlackBoxSeed(RingSeed):
    """One seed's ring, filled by `workload.gradient`."""

    def __init__(self, workload: Workload, plan: WorkerPlan, seed: int) -> None:
        super().__init__(workload, plan, seed)
        self.gradient, self.batch = workload.gradient, plan.setting.batch

    def advance(self, first: int, last: int) -> int:
        """Iterations first..last-1, each with the deliveries that follow it."""
        rules, ring = self.rules, self.ring
        for t in range(first, last):
            for worker in range(rules.routes.workers):
                ring.updates[place_of(rules.routes, t, worker)] = self.gradient(
                    ring.caches[worker], self.seed, t, worker, self.batch
                )
                send(rules, ring, self.seed, t, worker)
            if deliver(rules, ring, t + 1):
                return t + 1
        return -1
