"""The workers' iteration with everything compiled: gradients, optimisers, delays and deliveries in one kernel."""

from __future__ import annotations

import hashlib
import inspect
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.simulate.compiling import kept
from experiments.simulate.optimizers import Array
from experiments.simulate.ring import Ring, Rules, deliver, gradient_into, make_ring, make_rules, place_of, send
from theory.errors import InputError

if TYPE_CHECKING:
    from experiments.simulate.workers import WorkerPlan
    from experiments.workloads.base import Workload

# What the kernel is compiled from, beside the module of the workload's data.
_MODULES = ("ring", "optimizers", "worker_keys", "worker_delays", "counters", "elementary", "gradients", "dense")


def _build(sources: int) -> Any:
    """The kernel. A variable of the enclosing scope enters numba's key of its cache; other modules do not."""

    @kept(error_model="numpy", nogil=True)
    def advance(data: Any, scratch: Any, rules: Rules, ring: Ring, seed: int, first: int, last: int) -> int:
        for t in range(first, last):
            for worker in range(rules.workers):
                place = place_of(rules, t, worker)
                gradient_into(data, scratch, seed, t, worker, ring.caches[worker], ring.updates[place])
                send(rules, ring, seed, t, worker)
            if deliver(rules, ring, t + 1):
                return t + 1
        return -1 if sources else -2

    return advance


@cache
def _kernel(kind: type[Any]) -> Any:
    """The kernel for one class of data, compiled anew when a source that it is made from has changed."""
    folder = Path(__file__).parent
    files = [*(folder / f"{name}.py" for name in _MODULES), Path(inspect.getfile(kind)), Path(__file__)]
    text = b"".join(file.read_bytes() for file in files if file.exists())
    return _build(int(hashlib.sha256(text).hexdigest()[:15], 16) | 1)


class FusedSeed:
    """One seed's ring, moved on by the compiled kernel."""

    def __init__(self, workload: Workload, plan: WorkerPlan, seed: int) -> None:
        kernel = workload.kernel(plan.setting.batch)
        if kernel is None:
            raise InputError(f"The workload {workload.name} has no compiled gradient.")
        self.data, self.scratch, self.seed = kernel.data, kernel.scratch(), seed
        self.rules, self.ring = make_rules(plan), make_ring(plan, workload, seed)
        kind: Any = type(kernel.data)
        self.kernel = _kernel(kind)

    @property
    def cache(self) -> Array:
        """The first worker's."""
        first: Array = self.ring.caches[0]
        return first

    def advance(self, first: int, last: int) -> int:
        """Iterations first..last-1, each with the deliveries that follow it."""
        return int(self.kernel(self.data, self.scratch, self.rules, self.ring, self.seed, first, last))
