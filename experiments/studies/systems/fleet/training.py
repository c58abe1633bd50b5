"""Federated training under controlled staleness: one cell a server and a law, run at every step of one grid.

Values are kept for every step and seed. Which step is a server's best is settled by seeds of their own, so that the
seeds by which claims are judged choose nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from experiments.sweep.json_store import Values, rounded
from experiments.systems.fleet.controlled import D1, D2, ControlledDelay, controlled_staleness
from experiments.systems.fleet.federated import Arrivals, Task, class_accuracy, draw_arrivals, first_point, train
from experiments.systems.fleet.methods import METHODS, Method, long_tail_methods
from experiments.systems.shared.label_skew import label_skew
from experiments.workloads.images import images
from theory.common.errors import InputError
from theory.common.table import Table
from theory.common.types import Array, Floats, Ints, Matrix, Vector

TUNING = 1000  # the first of the seeds by which steps are chosen
HELD = 3  # evaluations in a row that must reach the target
RARE = 0  # the class of the long tail
LAWS: Mapping[str, ControlledDelay] = Table({"none": ControlledDelay(0), "D1": D1, "D2": D2})


def step_sizes(smallest: float, count: int, ratio: float = 2**0.5) -> Vector:
    """A grid of steps, each so many times the one before.

    >>> step_sizes(0.1, 3).round(3)
    array([0.1  , 0.141, 0.2  ])
    """
    return np.asarray(smallest * ratio ** np.arange(count), dtype=np.float64)


def seeds_of(seeds: int, tuning: int) -> list[int]:
    """Those that judge, then those that choose."""
    return [*range(seeds), *range(TUNING, TUNING + tuning)]


class Sent(NamedTuple):
    """What reaches the server in a run, before it is weighed."""

    arrivals: Arrivals
    staleness: Ints
    start: Vector


@dataclass(frozen=True)
class Training:
    """What is trained, and on what.

    Args:
        method: the server; law: of staleness.
        seeds: that judge; tuning: that choose the step.
        data: images, spread over `clients` with two shards of labels each; hidden: units of the one hidden layer.
        updates: T, with one gradient each; batch: rows of a gradient; every: updates between evaluations.
        smallest: the smallest step; steps: how many, each the root of 2 times the one before.
    """

    method: str
    law: str
    seeds: int
    tuning: int
    updates: int
    every: int
    data: str = "digits"
    hidden: int = 32
    clients: int = 10
    batch: int = 10
    smallest: float = 0.0125
    steps: int = 13

    def __post_init__(self) -> None:
        if self.clients == 1 and LAWS[self.law].maximum:
            raise InputError("The gradients of one worker are never stale. Take at least two, or the law none.")

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        return self.steps * (self.seeds + self.tuning) * self.updates * self.hidden // 100

    @cached_property
    def _task(self) -> Task:
        found = images(self.data)
        widths = (found.features.shape[1], self.hidden, found.classes)
        train_features, held_out = found.in_precision(np.dtype(np.float64))
        return Task(train_features, found.labels, held_out, found.held_out_labels, widths)

    def _sent(self, seed: int, tail: bool = False) -> Sent:
        rows = label_skew(self._task.labels, self.clients, seed=seed)
        arrivals = draw_arrivals(
            self._task.labels, rows, self.updates, self.batch, seed=seed, classes=self._task.classes
        )
        rare = arrivals.counts[:, RARE : RARE + 1] > 0 if tail else None
        staleness = controlled_staleness(LAWS[self.law], self.updates, seed=seed, tail=rare)
        return Sent(arrivals, staleness, first_point(self._task, seed))

    def _accuracies(self, method: Method, tail: bool = False) -> Iterator[Iterator[Matrix]]:
        """Of every seed, and of it of every step, the accuracies of the classes (evaluations, classes)."""
        for seed in seeds_of(self.seeds, self.tuning):
            sent = self._sent(seed, tail)
            weights = method.weights(sent.staleness, sent.arrivals.counts)
            yield (self._run(sent, weights, step) for step in step_sizes(self.smallest, self.steps))

    def _run(self, sent: Sent, weights: Floats, step: float) -> Matrix:
        points = train(self._task, sent.arrivals, weights, sent.staleness, step, sent.start, self.every)
        return class_accuracy(self._task, points)

    def _overall(self, accuracies: Matrix) -> Vector:
        """The accuracy on all held-out rows, at each evaluation."""
        shares = np.bincount(self._task.held_out_labels, minlength=self._task.classes)
        return np.asarray(accuracies @ (shares / shares.sum()))

    def _by_step(self, numbers: Array) -> dict[str, Any]:
        """Numbers (seeds, steps) of all seeds, as stored: those that judge and those that choose, a row a step."""
        return {"judging": rounded(numbers[: self.seeds].T), "tuning": rounded(numbers[self.seeds :].T)}


@dataclass(frozen=True)
class StepsCell(Training):
    """Updates until the accuracy is reached and kept over three evaluations; None where that does not happen."""

    target: float = 0.9
    kind: ClassVar[str] = "fleet-steps"

    @property
    def name(self) -> str:
        return f"fleet-steps-{self.method}-{self.law}-{self.data}"

    def compute(self) -> Values:
        """Of every step and seed."""
        runs = self._accuracies(METHODS[self.method])
        found = np.array([[self._reached(self._overall(accuracies)) for accuracies in run] for run in runs])
        return {"steps": step_sizes(self.smallest, self.steps).tolist(), "updates": self._by_step(found)}

    def _reached(self, accuracy: Vector) -> float:
        """The update at the first of the evaluations in a row that reach the target; infinite if there is none."""
        kept = np.lib.stride_tricks.sliding_window_view(accuracy >= self.target, HELD).all(axis=1)
        return float(self.every * np.argmax(kept)) if kept.any() else np.inf


@dataclass(frozen=True)
class TailCell(Training):
    """The accuracy where every gradient with rows of class 0 is four ranges old: of that class, and of all rows.

    Both are means over the evaluations in the last half of a run; the curves are those of the class.
    """

    kind: ClassVar[str] = "fleet-tail"

    @property
    def name(self) -> str:
        return f"fleet-tail-{self.method}-{self.law}-{self.data}"

    def compute(self) -> Values:
        """Of every step and seed."""
        runs = self._accuracies(long_tail_methods(LAWS[self.law])[self.method], tail=True)
        found = np.array([[self._measured(accuracies) for accuracies in run] for run in runs])
        late = found[:, :, :, found.shape[3] // 2 :].mean(axis=3)
        return {
            "steps": step_sizes(self.smallest, self.steps).tolist(),
            "updates": (self.every * np.arange(found.shape[3])).tolist(),
            "rare": self._by_step(late[:, :, 0]),
            "overall": self._by_step(late[:, :, 1]),
            "curves": rounded(found[: self.seeds, :, 0].mean(axis=0), 4),
        }

    def _measured(self, accuracies: Matrix) -> tuple[Vector, Vector]:
        return accuracies[:, RARE], self._overall(accuracies)


def chosen(tuning: Array, better: Callable[[Vector], Any] = np.argmin) -> int:
    """The place of the step that is the best on the mean over the seeds that choose; the smallest of several."""
    return int(better(np.asarray(tuning).mean(axis=1)))
