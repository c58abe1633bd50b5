"""The workers' iteration as section 1 of the study writes it, in plain numpy: the oracle of the other engines.

Every message is kept in a list with the time at which it is due; nothing is fast.
"""

from __future__ import annotations

import numpy as np

from experiments.workers.optimizers import update
from experiments.workers.setting import WorkerPlan
from experiments.workers.workload import Workload
from theory.common.types import Array


class NaiveSeed:
    """One seed's workers, their caches, optimiser states and messages under way."""

    def __init__(self, workload: Workload, plan: WorkerPlan, seed: int) -> None:
        self.workload, self.plan, self.seed = workload, plan, seed
        self.caches = [workload.initial(seed) for _ in range(plan.setting.workers)]
        self.states = [plan.optimizer.start(cache) for cache in self.caches]
        self.messages: list[tuple[int, int, Array]] = []  # (due, receiver, update), in order of sending

    @property
    def cache(self) -> Array:
        """The first worker's."""
        return self.caches[0]

    def advance(self, first: int, last: int) -> int:
        """Iterations first..last-1, each with the deliveries that follow it."""
        for t in range(first, last):
            for worker in range(len(self.caches)):
                self._compute(t, worker)
            self._deliver(t + 1)
            if self.plan.far(self.cache):
                return t + 1
        return -1

    def _compute(self, t: int, worker: int) -> None:
        """A worker's update at its own cache, sent to every cache, its own included."""
        gradient = self.workload.gradient(self.caches[worker], self.seed, t, worker, self.plan.setting.batch)
        change, self.states[worker] = update(self.plan.numbers, t, gradient, self.states[worker])
        for receiver in range(len(self.caches)):
            due = t + 1 + self.plan.law.draw(self.seed, t, worker, receiver)
            self.messages.append((due, receiver, change))

    def _deliver(self, t: int) -> None:
        """What is due enters the caches, by time of sending and then by sender."""
        for due, receiver, change in self.messages:
            if due == t:
                self.caches[receiver] = np.add(self.caches[receiver], change)
        self.messages = [message for message in self.messages if message[0] > t]
