"""The workers' iteration around a gradient that only its own code can compute; the ring around it is compiled."""

from __future__ import annotations

from functools import cache
from typing import Any

from experiments.kernels import counters, keys
from experiments.workers import delays, optimizers
from experiments.workers.delays import place_of
from experiments.workers.engines import ring
from experiments.workers.engines.ring import Ring, RingSeed, Rules, deliver, send
from experiments.workers.setting import WorkerPlan
from experiments.workers.workload import Workload
from theory.common.compiling import kept, number_of_sources


@cache
def _kernels() -> Any:
    """Sending and delivering, compiled anew when a source that they are made from has changed."""
    sources = number_of_sources(__file__, ring, optimizers, keys, delays, counters)

    @kept(error_model="numpy", nogil=True)
    def sent(rules: Rules, ring: Ring, seed: int, t: int, worker: int) -> int:
        send(rules, ring, seed, t, worker)
        return sources

    @kept(error_model="numpy", nogil=True)
    def diverged(rules: Rules, ring: Ring, t: int) -> bool:
        return deliver(rules, ring, t) and sources > 0

    return sent, diverged


class BlackBoxSeed(RingSeed):
    """One seed's ring, filled by `workload.gradient`."""

    def __init__(self, workload: Workload, plan: WorkerPlan, seed: int) -> None:
        super().__init__(workload, plan, seed)
        self.gradient, self.batch = workload.gradient, plan.setting.batch

    def advance(self, first: int, last: int) -> int:
        """Iterations first..last-1, each with the deliveries that follow it."""
        rules, ring, (sent, diverged) = self.rules, self.ring, _kernels()
        for t in range(first, last):
            for worker in range(rules.routes.workers):
                ring.updates[place_of(rules.routes, t, worker)] = self.gradient(
                    ring.caches[worker], self.seed, t, worker, self.batch
                )
                sent(rules, ring, self.seed, t, worker)
            if diverged(rules, ring, t + 1):
                return t + 1
        return -1
