"""What is computed of skewed partitions: a method, a model and a degree of skew, at the best step of one grid.

Every cell tries the same step sizes on as many seeds of their own, so that the seeds by which claims are judged choose
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np

from experiments.sweep.json_store import rounded
from experiments.systems.shared.tuning import tuned
from experiments.systems.skewscout.controller import Scout, Scouted, scouted_training
from experiments.systems.skewscout.measure import (
    accuracy_curve,
    held_out_accuracy,
    missing_variance,
    training_test_gap,
)
from experiments.systems.skewscout.methods import method_of
from experiments.systems.skewscout.partitions import Partitions, partitioned
from experiments.systems.skewscout.training import Recorded, Training, train
from experiments.workloads.images import images
from theory.common.table import Table

MEASURED_SEEDS = 1000  # the first of the seeds that are measured; those below tune
SKEWS = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
BSP, FEDAVG, GAIA, SPARSIFIED = METHODS = ("bsp", "fedavg", "gaia", "sparsified")
#: The tightness of the methods where it is not what is varied: Iter_local and T_0.
THETA: Mapping[str, float] = Table({BSP: 0, FEDAVG: 20, GAIA: 0.1})
#: Tight to loose, where it is varied, and for the controller, which is called SCOUT and the method.
LADDERS: Mapping[str, tuple[float, ...]] = Table(
    {FEDAVG: (1, 2, 5, 10, 20, 40), GAIA: (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)}
)
SCOUT = "scout-"
GRID = tuple(2.0**-j for j in range(8))


@dataclass(frozen=True)
class SkewCell:
    """One method, model and degree of skew.

    Args:
        method: of METHODS, or SCOUT with one of LADDERS; theta: its tightness, 0 where it has none of its own.
        skew: per cent of the rows that are dealt by label; hidden: units of hidden layers; norm: of these.
        steps: T; period: steps between records, and between travels; batch, momentum, decay: of each partition.
        seeds: measured; tuning: others, on which the step sizes are tried; step_sizes: the grid.
        data: images; partitions: K.
    """

    kind: ClassVar[str] = "skewscout"
    method: str
    theta: float
    skew: float
    hidden: tuple[int, ...]
    norm: str
    steps: int
    period: int
    seeds: int
    tuning: int
    step_sizes: tuple[float, ...] = GRID
    data: str = "digits"
    partitions: int = 5
    batch: int = 20
    momentum: float = 0.9
    decay: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        object.__setattr__(self, "step_sizes", tuple(self.step_sizes))

    @property
    def model(self) -> str:
        """As readers know it."""
        return "network" if self.hidden else "softmax"

    @property
    def name(self) -> str:
        """Of its file."""
        return f"skewscout-{self.method}-{self.theta:g}-{self.model}-{self.norm}-{self.skew:g}"

    @property
    def work(self) -> int:
        """A guess of the time, in no unit."""
        runs = self.seeds + self.tuning * len(self.step_sizes)
        return runs * self.steps * self.partitions * (20 + sum(self.hidden)) // 100

    def compute(self) -> Mapping[str, Any]:
        """Numbers of each measured seed.

        Returns:
            accuracy, sent: (S, R), on held-out rows and in bytes, at the records `times`; final: (S,), the last.
            missing, gap: (S,), the variance that running statistics miss, and the loss in a test less that in training.
            rungs, losses: (S, P), of the controller; empty without one. step_size, at_edge: what tuning chose.
        """
        score = lambda step_size, seed: self._error(*self._run(step_size, seed, self.steps)[:2])  # noqa: E731
        chosen = tuned(self.step_sizes, range(self.tuning), score)
        found = [
            self._measured(*self._run(chosen.step_size, seed, self.period))
            for seed in range(MEASURED_SEEDS, MEASURED_SEEDS + self.seeds)
        ]
        times = [*range(0, self.steps, self.period), self.steps]
        each = {name: rounded([one[name] for one in found], 9) for name in found[0]}
        return {"step_size": chosen.step_size, "at_edge": chosen.at_edge, "times": times} | each

    def _run(self, step_size: float, seed: int, every: int) -> tuple[Partitions, Recorded, Scouted | None]:
        task = partitioned(images(self.data), self.partitions, self.skew, hidden=self.hidden, norm=self.norm, seed=seed)
        training = Training(step_size, self.steps, self.batch, self.momentum, self.decay)
        if self.method.startswith(SCOUT):
            name = self.method.removeprefix(SCOUT)
            scout = Scout(LADDERS[name], partial(method_of, name), self.period)
            scouted = scouted_training(task, training, scout, seed=seed)
            return task, scouted.record, scouted
        return task, train(task, training, method_of(self.method, self.theta), seed=seed, every=every), None

    @staticmethod
    def _error(task: Partitions, run: Recorded) -> float:
        """The share of held-out rows that are told wrong in the end; infinite after a divergence."""
        return np.inf if run.diverged else 1 - held_out_accuracy(task, run, -1)

    @staticmethod
    def _measured(task: Partitions, run: Recorded, scouted: Scouted | None) -> Mapping[str, Any]:
        accuracy = accuracy_curve(task, run)
        x, running = run.points[-1].mean(axis=0), run.statistics[-1].mean(axis=0)
        normalised = task.network.norm == "batch"
        return {
            "accuracy": accuracy,
            "sent": run.sent,
            "final": accuracy[-1],
            "missing": missing_variance(task, x, running) if normalised else 0.0,
            "gap": training_test_gap(task, x, running) if normalised else 0.0,
            "rungs": scouted.rungs if scouted else np.zeros(0),
            "losses": scouted.losses if scouted else np.zeros(0),
        }


@dataclass(frozen=True)
class SkewSize:
    """How much is run at a scale.

    Args:
        skews: degrees; levels: of the ladders that are run on their own; seeds, tuning, steps, period: as of a cell.
        hidden: of the network; trained: other fields of the cells.
    """

    skews: tuple[float, ...]
    levels: slice
    seeds: int
    tuning: int
    steps: int
    period: int
    hidden: tuple[int, ...] = (32,)
    trained: Mapping[str, Any] = field(default_factory=dict)


DECIDING = 12  # seeds at the scales that decide
_SIZES: Mapping[str, SkewSize] = Table(
    {
        "quick": SkewSize(
            (0.0, 60.0, 100.0), slice(0, None, 5), seeds=4, tuning=1, steps=320, period=40,
            trained={"step_sizes": GRID[:6:2]},
        ),
        "lesson": SkewSize(SKEWS, slice(None), DECIDING, tuning=3, steps=800, period=40),
        "paper": SkewSize(
            SKEWS, slice(None), DECIDING, tuning=1, steps=64_000, period=500, hidden=(512, 512),
            trained={"data": "cifar-10", "decay": 5e-4},
        ),
    }
)  # fmt: skip


def skewscout_cells(scale: str) -> tuple[SkewCell, ...]:
    """Methods by skew and model, normalisation under BSP, the ladders at both ends of skew, and the controllers."""
    return tuple(dict.fromkeys(_cells(_SIZES[scale])))


def _cells(size: SkewSize) -> Iterator[SkewCell]:
    shared: dict[str, Any] = {
        "steps": size.steps, "period": size.period, "seeds": size.seeds, "tuning": size.tuning,
    } | dict(size.trained)  # fmt: skip
    theta = dict(THETA) | {SPARSIFIED: size.steps // 8}
    for skew in size.skews:
        for hidden in ((), size.hidden):
            for method in METHODS:
                yield SkewCell(method, theta[method], skew, hidden, "none", **shared)
        for norm in ("batch", "group"):
            yield SkewCell(BSP, 0, skew, size.hidden, norm, **shared)
        for method in LADDERS:
            yield SkewCell(SCOUT + method, 0, skew, size.hidden, "none", **shared)
    for skew in (size.skews[0], size.skews[-1]):
        for method, ladder in LADDERS.items():
            for step in ladder[size.levels]:
                yield SkewCell(method, step, skew, size.hidden, "none", **shared)
