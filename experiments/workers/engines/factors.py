"""The workers' simulator for SGD on two factors, with messages that hold only the rows that a minibatch touches.

Its iterates are those of the dense engines: what a message leaves out is zero.
"""

from __future__ import annotations

import numpy as np

from experiments.workers.engines.factors_kernel import (
    FactorData,
    FactorRules,
    FactorScratch,
    FactorState,
    factors_kernel,
)
from experiments.workers.setting import WorkerPlan, WorkerSetting
from theory.common.types import Array


def padded(data: FactorData) -> FactorData:
    """The data with rows of a multiple of 8 columns, of which those beyond the rank stay 0."""
    return data._replace(lanes=(0,) * (-len(data.lanes) // 8 * -8))


def longest_message(data: FactorData) -> int:
    """The most rows that a minibatch can touch, and one in which the kernel may write ahead."""
    ratings, rows, users = data.users.size, data.weights.size, int(data.items.min())
    batch = data.batch or ratings
    return min(batch, users) + min(batch, rows - users) + 1


def factors_memory(data: FactorData, setting: WorkerSetting) -> int:
    """Bytes of one seed's state: P caches, messages of (extra_delay + 1) P iterations, and work space."""
    workers, places, number = setting.workers, setting.slots * setting.workers, data.values.itemsize
    columns = len(padded(data).lanes)
    caches = workers * data.weights.size * columns * number
    messages = places * (longest_message(data) * (4 + columns * number) + 4 + 4 * workers)
    return int(caches + messages + 4 * data.weights.size)


class FactorsSeed:
    """One seed's workers, moved on by the compiled kernel."""

    def __init__(self, data: FactorData, start: Array, plan: WorkerPlan, seed: int) -> None:
        number = plan.precision.type
        self.rules = FactorRules(plan.routes, number(plan.setting.step_size), number(plan.limit))
        self.data, self.rank, self.seed, self.kernel = padded(data), len(data.lanes), seed, factors_kernel()
        self.scratch = FactorScratch(np.full(data.weights.size, -1, np.int32))
        self.state = _start(data, start, plan.setting)

    @property
    def cache(self) -> Array:
        """The first worker's, (d,)."""
        first: Array = self.state.caches[0, :, : self.rank].reshape(-1)
        return first

    def advance(self, first: int, last: int) -> int:
        """Iterations first..last-1, each with the deliveries that follow it."""
        return int(self.kernel(self.data, self.scratch, self.rules, self.state, self.seed, first, last))


def _start(data: FactorData, start: Array, setting: WorkerSetting) -> FactorState:
    """The state before the first iteration: all caches at the start, nothing under way."""
    workers, places = setting.workers, setting.slots * setting.workers
    longest, rows = longest_message(data), data.weights.size
    columns, rank = len(padded(data).lanes), len(data.lanes)
    caches = np.zeros((workers, rows, columns), start.dtype)
    caches[:, :, :rank] = start.reshape(rows, rank)
    return FactorState(
        caches,
        np.zeros((places, longest), np.int32),
        np.zeros((places, longest, columns), start.dtype),
        np.zeros(places, np.int32),
        np.full((workers, places), -1, np.int32),
    )
