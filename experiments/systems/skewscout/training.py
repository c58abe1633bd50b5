r"""Partitions that train together: how each trains, what is kept of a run, and runs that go on step by step.

What is sent is counted in bytes, each message once, however many partitions read it: 8 for a value, and for the places
of sent entries whatever says them in the fewest bytes. Running statistics of batch normalisation stay where they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from experiments.systems.shared.selection import room_for
from experiments.systems.skewscout.kernel import LOCAL, TOGETHER, Numbers, State, steps_kernel
from experiments.systems.skewscout.layers import make_normalised_work
from experiments.systems.skewscout.methods import Method
from experiments.systems.skewscout.partitions import Partitions
from theory.common.errors import InputError
from theory.common.types import Array, Floats, Ints
from theory.staleness.count import whole_number


@dataclass(frozen=True)
class Training:
    """How every partition trains, whatever is exchanged.

    Args:
        step_size: eta_0; steps: T; batch: rows of a gradient; momentum: m; decay: of weights, as in SGD.
        drops: shares of the run after each of which the step size is a tenth.

    Raises:
        InputError: a number out of its range.

    Example:
        >>> Training(1.0, 4).step_sizes
        array([1.  , 1.  , 0.1 , 0.01])
    """

    step_size: float
    steps: int
    batch: int = 20
    momentum: float = 0.9
    decay: float = 0.0
    drops: tuple[float, ...] = (0.5, 0.75)

    def __post_init__(self) -> None:
        whole_number(self.steps, 1, "The number of steps", InputError)
        whole_number(self.batch, 1, "The mini-batch", InputError)
        if not (0 <= self.step_size < math.inf and 0 <= self.momentum < 1 and 0 <= self.decay < math.inf):
            raise InputError(
                "Step size and weight decay must be finite and at least 0, the momentum in [0, 1). Got "
                f"{self.step_size:g}, {self.decay:g} and {self.momentum:g}."
            )

    @property
    def step_sizes(self) -> Floats:
        """float64 (T,)."""
        share = np.arange(self.steps) / self.steps
        fallen = (share[:, None] >= np.array(self.drops)).sum(axis=1)
        return np.asarray(self.step_size * 0.1**fallen)


def first_state(task: Partitions, steps: int, seed: int) -> State:
    """All partitions begin with one model."""
    net = task.network
    points = np.tile(net.start(seed), (task.count, 1))
    momenta, held, outgoing = (np.zeros_like(points) for _ in range(3))
    statistics = np.stack([net.blank_statistics()] * task.count)
    return State(points, momenta, held, outgoing, statistics, np.zeros(steps))


class Recorded(NamedTuple):
    """What is kept of a run.

    times: int64 (R,), steps; points: (R, K, d), statistics: (R, K, 2, H), the models and running statistics after
    them; sent: (R,), bytes until then; diverged: whether it left the range of numbers, and is nan from there on.
    """

    times: Ints
    points: Array
    statistics: Array
    sent: Floats
    diverged: bool


class Run:
    """A run that goes on step by step, or half a step."""

    def __init__(self, task: Partitions, training: Training, method: Method, seed: int) -> None:
        self.task, self.training, self.seed = task, training, seed
        self._rows = task.rows(training.batch)
        self._work = make_normalised_work(self._rows)
        self.state = first_state(task, training.steps, seed)
        self.method = method
        d = task.network.parameters
        room = room_for(d, d)
        self._room = np.empty(room, np.int64), np.empty(room)

    @property
    def method(self) -> Method:
        """What is exchanged, from now on."""
        return self._method

    @method.setter
    def method(self, method: Method) -> None:
        steps, d = self.training.step_sizes, self.task.network.parameters
        self._method, self._exchange = method, method.exchange(steps, d)
        self._numbers = Numbers(float(self.training.momentum), float(self.training.decay), float(method.clip), steps)

    def go_on(self, first: int, last: int, halves: int = LOCAL | TOGETHER) -> bool:
        """Steps from `first` until before `last`, or one half of them; whether all numbers are still in range."""
        found = steps_kernel()(
            self._rows, self._work, self._numbers, self._exchange, self.state, *self._room, self.seed, first, last,
            halves,
        )  # fmt: skip
        return int(found) >= 0


def recorded_times(steps: int, every: int) -> Ints:
    """0, every, 2 every, ..., and the last step.

    >>> recorded_times(5, 2)
    array([0, 2, 4, 5])
    """
    return np.append(np.arange(0, steps, every), steps)


def train(task: Partitions, training: Training, method: Method, *, seed: int = 0, every: int = 1) -> Recorded:
    """Train the partitions of a task together.

    Args:
        task: what; training: how; method: what they exchange.
        seed: of the start and of the mini-batches; every: steps between records.

    Returns:
        Models, running statistics and bytes at the recorded steps.

    Example:
        >>> from experiments.systems.skewscout.methods import Averaging
        >>> from experiments.systems.skewscout.partitions import partitioned
        >>> from experiments.workloads.images import images
        >>> run = train(partitioned(images("digits")), Training(0.1, 4), Averaging(2), every=2)
        >>> run.times, run.sent / (5 * 650 * 8)
        (array([0, 2, 4]), array([0., 1., 2.]))
    """
    run, times = Run(task, training, method, seed), recorded_times(training.steps, every)
    record = Recorder(run.state, times)
    for place, (first, last) in enumerate(pairwise(times.tolist()), start=1):
        if not run.go_on(first, last):
            return record.done(True)
        record.take(run.state, place)
    return record.done(False)


class Recorder:
    """Room for the records of a run."""

    def __init__(self, state: State, times: Ints) -> None:
        self._times = times
        self._points = np.full((times.size, *state.points.shape), np.nan)
        self._statistics = np.full((times.size, *state.statistics.shape), np.nan)
        self._state = state
        self.take(state, 0)

    def take(self, state: State, place: int) -> None:
        """Keep what is there now."""
        self._points[place], self._statistics[place] = state.points, state.statistics

    def done(self, diverged: bool) -> Recorded:
        """All records."""
        sent = np.concatenate([[0.0], np.cumsum(self._state.sent)])[self._times]
        return Recorded(self._times, self._points, self._statistics, sent, diverged)
