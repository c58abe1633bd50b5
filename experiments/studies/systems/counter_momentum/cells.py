"""What is computed: every problem under every kind of delays, with full gradients and with minibatches.

A cell has all methods at all steps of one grid, which is in units of the step that the theory gives each of them: the
1 is the untuned run, the others are the tuned one and those with an L that is misjudged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from experiments.problems.problem import Problem
from experiments.studies.systems.counter_momentum.measure import METHODS, Delays, Measured, Setup
from experiments.studies.systems.counter_momentum.tasks import TrainingLoss, task_of
from experiments.sweep.json_store import rounded
from theory.common.errors import InputError

#: Multiples of the step of the theory. L misjudged by f is the multiple 1/f.
GRID = (0.125, 0.25, 0.5, 0.5**0.5, 1.0, 2**0.5, 2.0, 4.0, 8.0, 16.0)
FIXED = (0, 1, 3, 8)
#: All delays: fixed, four workers with caches, and servers recorded with workers of even and of uneven speed.
DELAYS = (*(f"fixed:{delay}" for delay in FIXED), "caches:4:3", "trace:even", "trace:uneven")
_DIGITS = 6


@dataclass(frozen=True)
class RealCell:
    """All methods on one problem under one kind of delays.

    Args:
        problem: its spelling; rows: at most so many of its data, 0 for all.
        delays: of DELAYS; batch: rows of a minibatch, 0 for the full gradient.
        steps: T; seeds: measured, numbered from `tuning` on; tuning: the first seeds, on which steps are chosen. Where
            no seed differs from another there is one, and it serves for both.
        scales: the grid; records: how often is measured, x_0 apart.
    """

    kind: ClassVar[str] = "counter-momentum"
    problem: str
    rows: int
    delays: str
    batch: int
    steps: int
    seeds: int
    tuning: int
    scales: tuple[float, ...] = GRID
    records: int = 32

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", tuple(self.scales))
        if self.steps % self.records or 1.0 not in self.scales:
            raise InputError(f"T must be a multiple of {self.records}, and the grid have a 1. Got {self.steps}.")

    @property
    def name(self) -> str:
        """Of its file."""
        noise = f"batch{self.batch}" if self.batch else "full"
        return f"counter-momentum-{self.problem}-{self.delays}-{noise}"

    @property
    def work(self) -> int:
        """Rows that are read, roughly."""
        each = self.batch or self.rows or 1
        return each * self.steps * len(self.runs) * len(METHODS) * len(self.scales)

    @property
    def alike(self) -> bool:
        """Whether all seeds would be the same run."""
        return self.batch == 0 and Delays.of(self.delays).kind == "fixed" and not self.problem.startswith("dnn")

    @property
    def runs(self) -> range:
        """All seeds."""
        return range(1 if self.alike else self.tuning + self.seeds)

    def compute(self) -> Mapping[str, Any]:
        """Run everything.

        Returns:
            "window": s; "mean_delay": of what is read; "constants": name to [value, how it is known]; "start": "least"
            and "loss" of each seed at x_0; "methods": by name "unit", L times the step of the theory, and "least",
            "short" and "loss" (scales, seeds); no loss where a run diverged.
        """
        starts, delays = self._starts(), Delays.of(self.delays)
        constants = starts[0][0].constants(self.batch)
        at = [_at_start(each) for each, seeds in starts for _ in seeds]
        methods = {}
        for method in METHODS:
            setup = Setup(method, delays, self.steps, self.steps // self.records, self.batch, constants["L"].value)
            parts = [setup.run(each, self.scales, seeds) for each, seeds in starts]
            found = [Measured.joined(each) for each in zip(*parts, strict=True)]
            columns = zip(Measured._fields, zip(*found, strict=True), strict=True)
            methods[method] = {"unit": setup.unit} | {
                name: rounded(np.stack(column), _DIGITS) for name, column in columns
            }
        mean = np.mean([delays.drawn(self.steps, seed).mean() for seed in self.runs])
        return {
            "window": delays.staleness(self.steps).window,
            "mean_delay": rounded(mean / (2 if delays.kind == "caches" else 1), _DIGITS),
            "constants": {name: [each.value, str(each.known)] for name, each in constants.items()},
            "start": {"least": [square for square, _ in at], "loss": [loss for _, loss in at]},
            "methods": methods,
        }

    def _starts(self) -> list[tuple[Problem, list[int]]]:
        """The problem with the seeds that begin where it does."""
        first = task_of(self.problem, self.rows)
        if not isinstance(first, TrainingLoss):
            return [(first, list(self.runs))]
        return [(task_of(self.problem, self.rows, seed), [seed]) for seed in self.runs]


def _at_start(problem: Problem) -> tuple[float, float]:
    """|grad F|^2 and F."""
    gradient = problem.full_gradient(problem.initial_point)
    return float(gradient @ gradient), problem.loss(problem.initial_point)


@dataclass(frozen=True)
class _Size:
    """A scale: problems as (spelling, rows, minibatch, T), seeds and tuning of the noisy cells and of the others."""

    problems: tuple[tuple[str, int, int, int], ...]
    noisy: tuple[int, int]
    exact: tuple[int, int]
    scales: tuple[float, ...] = GRID
    records: int = 32


DECIDING = 6  # seeds of noisy cells at the scales that decide
_ROWS = ("logistic-mnist", "softmax-digits", "softmax-mnist", "dnn:width=16,bits=64", "dnn:depth=2,width=16,bits=64")
_FEW = ("quadratic", "nonconvex", "logistic-cancer", "logistic-nonconvex", "logistic-digits")
_NOISY = {"quadratic": 1, "nonconvex": 1, "worst-function:noise=0.3": 1}


def _problems(steps: int, heavy: int, rows: int) -> tuple[tuple[str, int, int, int], ...]:
    """Every problem of the library, and two networks; `heavy` steps of those with many numbers, on so many rows."""
    sizes = dict.fromkeys(_FEW, (0, steps)) | dict.fromkeys(_ROWS, (rows, heavy))
    sizes["worst-function:noise=0.3"] = (0, min(heavy, 64))
    return tuple((name, kept, _NOISY.get(name, 8 if "dnn" in name else 32), T) for name, (kept, T) in sizes.items())


_SIZES: Mapping[str, _Size] = {
    "quick": _Size(_problems(16, 16, 60), (2, 1), (1, 1), (0.5, 0.5**0.5, 1.0, 2.0, 4.0), 8),
    "lesson": _Size(_problems(256, 96, 250), (DECIDING, 2), (2, 1)),
    "paper": _Size(_problems(768, 512, 0), (2 * DECIDING, 3), (DECIDING, 2)),
}


def real_cells(scale: str) -> tuple[RealCell, ...]:
    """Every problem under every kind of delays, with minibatches and without."""
    size = _SIZES[scale]
    return tuple(
        RealCell(problem, rows, delays, batch, steps, *seeds, size.scales, size.records)
        for problem, rows, minibatch, steps in size.problems
        for delays in DELAYS
        for batch, seeds in ((0, size.exact), (minibatch, size.noisy))
    )
