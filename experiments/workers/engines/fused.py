"""The workers' iteration with everything compiled: gradients, optimisers, delays and deliveries in one kernel."""

from __future__ import annotations

from functools import cache
from typing import Any

from experiments.kernels import counters, dense, elementary, keys
from experiments.simulate import gradients
from experiments.workers import delays, optimizers
from experiments.workers.delays import place_of
from experiments.workers.engines import ring
from experiments.workers.engines.ring import Ring, RingSeed, Rules, deliver, gradient_into, send
from experiments.workers.setting import WorkerPlan
from experiments.workers.workload import Workload
from theory.common.compiling import kept, number_of_sources
from theory.common.errors import InputError


def _build(sources: int) -> Any:
    """The kernel. A variable of the enclosing scope enters numba's key of its cache; other modules do not."""

    @kept(error_model="numpy", nogil=True)
    def advance(data: Any, scratch: Any, rules: Rules, ring: Ring, seed: int, first: int, last: int) -> int:
        for t in range(first, last):
            for worker in range(rules.routes.workers):
                place = place_of(rules.routes, t, worker)
                gradient_into(data, scratch, seed, t, worker, ring.caches[worker], ring.updates[place])
                send(rules, ring, seed, t, worker)
            if deliver(rules, ring, t + 1):
                return t + 1
        return -1 if sources else -2

    return advance


@cache
def _kernel(kind: type[Any]) -> Any:
    """The kernel for one class of data, compiled anew when a source that it is made from has changed."""
    made_of = (__file__, ring, optimizers, keys, delays, counters, elementary, gradients, dense, kind)
    return _build(number_of_sources(*made_of))


class FusedSeed(RingSeed):
    """One seed's ring, moved on by the compiled kernel."""

    def __init__(self, workload: Workload, plan: WorkerPlan, seed: int) -> None:
        super().__init__(workload, plan, seed)
        kernel = workload.kernel(plan.setting.batch)
        if kernel is None:
            raise InputError(f"The workload {workload.name} has no compiled gradient.")
        self.data, self.scratch = kernel.data, kernel.scratch()
        kind: Any = type(kernel.data)
        self.kernel = _kernel(kind)

    def advance(self, first: int, last: int) -> int:
        """Iterations first..last-1, each with the deliveries that follow it."""
        return int(self.kernel(self.data, self.scratch, self.rules, self.ring, self.seed, first, last))
