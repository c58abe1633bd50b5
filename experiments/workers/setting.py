"""What the workers' simulator is asked for: a setting as a user gives it, and the plan that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from experiments.workers.delays import DelayLaw, Routes, delay_law, given_delays
from experiments.workers.optimizers import Optimizer, OptimizerData, get_optimizer
from theory.common.errors import InputError
from theory.common.types import Array, Ints
from theory.staleness.count import whole_number

# A cache with a coordinate beyond this has diverged; the square is still a number of the type.
FAR = {np.dtype(np.float32): 1e18, np.dtype(np.float64): 1e150}


@dataclass(frozen=True)
class WorkerSetting:
    """What is simulated, besides the workload.

    Args:
        workers: P.
        extra_delay: the largest extra delay; 0 is synchronous.
        iterations: T; each is one update of every worker.
        optimizer: sgd, momentum, adam, adagrad or rmsprop.
        step_size: eta; updates are summed, so that P workers take steps P times as long.
        batch: examples of one worker's minibatch; 0 means all of them.
        delays: uniform, constant or geometric:mean=M, on 0..extra_delay.
        evaluate_every: iterations between two evaluations; the start and the end are always evaluated.
        lags: m, if the gradient at each evaluation is to be compared with those of the m evaluations before; 0 if not.
        sample: training examples over which those gradients are taken.

    Raises:
        InputError: a value out of its range.

    Example:
        >>> WorkerSetting(workers=8, extra_delay=16, iterations=100).batches
        array([  0,  80, 160, 240, 320, 400, 480, 560, 640, 720, 800])
    """

    workers: int
    extra_delay: int
    iterations: int
    optimizer: str = "sgd"
    step_size: float = 0.01
    batch: int = 32
    delays: str = "uniform"
    evaluate_every: int = 10
    lags: int = 0
    sample: int = 1000

    def __post_init__(self) -> None:
        for name, (meaning, least, most) in _WHOLE.items():
            object.__setattr__(self, name, whole_number(getattr(self, name), least, meaning, InputError, most=most))
        if not 0 <= self.step_size < np.inf:
            raise InputError(f"The step size must be a finite number of at least 0. Got {self.step_size}.")
        get_optimizer(self.optimizer)
        delay_law(self.delays, self.extra_delay)

    @property
    def times(self) -> Ints:
        """int64 (E,): the iterations at which is evaluated."""
        return np.append(np.arange(0, self.iterations, self.evaluate_every), self.iterations)

    @property
    def batches(self) -> Ints:
        """int64 (E,): the minibatches that all workers together have used by then."""
        return self.workers * self.times

    @property
    def slots(self) -> int:
        """The iterations whose updates are kept: an update is read until extra_delay + 1 iterations later."""
        return min(self.extra_delay + 1, self.iterations)


_WHOLE: Mapping[str, tuple[str, int, int]] = {
    "workers": ("The number of workers", 1, 10**6),
    "extra_delay": ("The largest extra delay", 0, 10**6),
    "iterations": ("The number of iterations", 1, 2**31 - 2**21),
    "batch": ("The batch", 0, 2**31),
    "evaluate_every": ("The distance between evaluations", 1, 2**31),
    "lags": ("The number of lags", 0, 10**6),
    "sample": ("The sample for gradients", 1, 2**31),
}


@dataclass(frozen=True, eq=False)
class WorkerPlan:
    """A setting with all that follows from it, in one precision; what the engines read."""

    setting: WorkerSetting
    law: DelayLaw
    optimizer: Optimizer
    precision: np.dtype[Any]

    @classmethod
    def of(cls, setting: WorkerSetting, precision: DTypeLike, delays: ArrayLike | None = None) -> WorkerPlan:
        """The plan of a setting; the delays are given one by one, or drawn by the setting's law."""
        law = (
            delay_law(setting.delays, setting.extra_delay)
            if delays is None
            else given_delays(delays, setting.extra_delay, setting.iterations, setting.workers)
        )
        return cls(setting, law, get_optimizer(setting.optimizer), np.dtype(precision))

    @property
    def routes(self) -> Routes:
        """How messages travel, for compiled code."""
        return Routes(self.setting.workers, self.setting.slots, self.law)

    @cached_property
    def numbers(self) -> OptimizerData:
        """The optimiser's numbers."""
        return self.optimizer.data(self.setting.step_size, self.setting.iterations, self.precision)

    @property
    def limit(self) -> float:
        """The size beyond which a coordinate has diverged."""
        return FAR[self.precision]

    def far(self, cache: Array) -> bool:
        """Whether some coordinate is beyond the limit or no number."""
        return not bool(np.all(np.abs(cache) <= self.limit))
