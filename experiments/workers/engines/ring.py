"""The ring of updates behind the caches: what every compiled engine of the workers' simulator shares.

The idea: an update is stored once, for all receivers, until extra_delay + 1 iterations later, with the time at which
it is due at each of them. Caches take their arrivals in the order in which they were sent, one after another, so that
the sums round as those of the oracle do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numba.extending import overload
from numpy.typing import NDArray

from experiments.workers.delays import Routes, note_due, place_of
from experiments.workers.optimizers import OptimizerData, turn_into_update
from experiments.workers.setting import WorkerPlan
from experiments.workers.workload import Workload
from theory.common.types import Array

# Parameters that are delivered to all receivers before the next.
BLOCK = 8192

_compiled = njit(error_model="numpy", nogil=True)


class Rules(NamedTuple):
    """What all iterations share."""

    routes: Routes
    optimizer: OptimizerData
    limit: Any


class Ring(NamedTuple):
    """The state of one seed.

    caches (P, d); updates (slots P, d), that of (iteration t, worker p) at place (t mod slots) P + p; due, int32
    (receiver, place); moments (P, m, d), the optimisers' states; arrivals, int32 (receiver, place), of which counts,
    int32 (receiver,), are due now.
    """

    caches: Array
    updates: Array
    due: NDArray[np.int32]
    moments: Array
    arrivals: NDArray[np.int32]
    counts: NDArray[np.int32]


def make_rules(plan: WorkerPlan) -> Rules:
    """The numbers of a plan in the form in which numba takes them."""
    return Rules(plan.routes, plan.numbers, plan.precision.type(plan.limit))


def make_ring(plan: WorkerPlan, workload: Workload, seed: int) -> Ring:
    """The state before the first iteration: every cache at the seed's initial parameters, nothing under way."""
    workers, places = plan.setting.workers, plan.setting.slots * plan.setting.workers
    start = np.asarray(workload.initial(seed), dtype=plan.precision)
    return Ring(
        np.tile(start, (workers, 1)),
        np.zeros((places, start.size), plan.precision),
        np.full((workers, places), -1, np.int32),
        np.stack([plan.optimizer.start(start)] * workers),
        np.zeros((workers, places), np.int32),
        np.zeros(workers, np.int32),
    )


def gradient_into(data: Any, scratch: Any, seed: Any, t: Any, worker: Any, x: Any, out: Any) -> Any:
    """Write a worker's gradient at x to `out`, in compiled code: by what is registered for the class of `data`."""
    raise TypeError("gradient_into is for compiled code.")


def register_gradient(kind: type, function: Callable[..., None]) -> None:
    """Let `gradient_into` call a compiled function of the same arguments for data of this NamedTuple class.

    The call stands in the module that defines the class, so that the kernel is compiled anew when that changes.
    """

    def call(data: Any, scratch: Any, seed: Any, t: Any, worker: Any, x: Any, out: Any) -> Any:
        function(data, scratch, seed, t, worker, x, out)

    def choose(data: Any, scratch: Any, seed: Any, t: Any, worker: Any, x: Any, out: Any) -> Any:
        return call if getattr(data, "instance_class", None) is kind else None

    overload(gradient_into)(choose)


@_compiled
def send(rules: Rules, ring: Ring, seed: int, t: int, worker: int) -> None:
    """Turn the worker's gradient, which stands in its place of the ring, into an update, and note when it is due."""
    turn_into_update(rules.optimizer, t, ring.updates[place_of(rules.routes, t, worker)], ring.moments[worker])
    note_due(rules.routes, ring.due, seed, t, worker)


@_compiled
def _add(cache: Array, a: Array) -> None:
    for j in range(cache.shape[0]):
        cache[j] = cache[j] + a[j]


@_compiled
def _add_four(cache: Array, a: Array, b: Array, c: Array, e: Array) -> None:
    """One after another, but with the cache read and written once."""
    for j in range(cache.shape[0]):
        cache[j] = (((cache[j] + a[j]) + b[j]) + c[j]) + e[j]


@_compiled
def _find(routes: Routes, ring: Ring, receiver: int, t: int) -> None:
    """Note the places of what is due at a receiver, by time of sending and then by sender, and how many."""
    due, places, count = ring.due[receiver], ring.arrivals[receiver], 0
    for sent in range(max(0, t - routes.slots), t):
        first = place_of(routes, sent, 0)
        for place in range(first, first + routes.workers):
            places[count] = place
            count += due[place] == t
    ring.counts[receiver] = count


@_compiled
def _add_arrivals(ring: Ring, receiver: int, first: int, last: int) -> None:
    """Add parameters first..last-1 of all arrivals to a cache, in their order."""
    updates, places, count = ring.updates, ring.arrivals[receiver], ring.counts[receiver]
    cache = ring.caches[receiver][first:last]
    for i in range(0, count - 3, 4):
        a, b = updates[places[i]][first:last], updates[places[i + 1]][first:last]
        c, e = updates[places[i + 2]][first:last], updates[places[i + 3]][first:last]
        _add_four(cache, a, b, c, e)
    for i in range(count // 4 * 4, count):
        _add(cache, updates[places[i]][first:last])


@_compiled
def deliver(rules: Rules, ring: Ring, t: int) -> bool:
    """Add to every cache what is due at iteration t; whether the first cache has now diverged."""
    for receiver in range(rules.routes.workers):
        _find(rules.routes, ring, receiver, t)
    size = ring.caches.shape[1]
    # In blocks that stay in the processor's cache, since several receivers may take the same update now.
    for first in range(0, size, BLOCK):
        for receiver in range(rules.routes.workers):
            _add_arrivals(ring, receiver, first, min(size, first + BLOCK))
    return _far(ring.caches[0], rules.limit)


@_compiled
def _far(cache: Array, limit: Any) -> bool:
    """Whether a coordinate is beyond the limit or no number."""
    outside = 0
    for j in range(cache.shape[0]):
        outside |= not (np.abs(cache[j]) <= limit)
    return outside != 0


class RingSeed:
    """One seed's ring; how it is moved on, an engine says."""

    def __init__(self, workload: Workload, plan: WorkerPlan, seed: int) -> None:
        self.rules, self.ring, self.seed = make_rules(plan), make_ring(plan, workload, seed), seed

    @property
    def cache(self) -> Array:
        """The first worker's."""
        first: Array = self.ring.caches[0]
        return first
