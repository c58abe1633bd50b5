"""How many times more batches staleness costs: seed by seed, and what is done about seeds that never get there.

A seed that does not reach its target within the horizon counts as having reached it there: its slowdown is at least
that, and the number of such seeds is told along with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.studies.staleness.cells import WorkerCell
from experiments.studies.staleness.store import WorkerResult
from theory.common.types import Vector

Key = tuple[str, str, int, str]


def key_of(cell: WorkerCell) -> Key:
    """What cells with different extra delays have in common: figure, workload, workers, optimiser."""
    return cell.figure, cell.workload, cell.workers, cell.optimizer


def reached(result: WorkerResult) -> NDArray[np.bool_]:
    """Which seeds reached the target."""
    return np.array([batches is not None for batches in result.values["batches"]])


def batches(result: WorkerResult) -> Vector:
    """Batches of each seed to the target, the horizon where it was not reached; at least one evaluation's."""
    cell = result.cell
    least = float(cell.workers * cell.evaluate_every)
    return np.array([cell.horizon if b is None else max(least, b) for b in result.values["batches"]], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Slowdown:
    """A cell beside its baseline, the same with no extra delay.

    Args:
        cell: whose slowdown it is.
        logs: log2 of the batches over the baseline's, for each seed; at least that where `beyond`.
        beyond: which seeds did not reach the target.
        baseline_reached: whether the baseline reached its target on every seed.
    """

    cell: WorkerCell
    logs: Vector
    beyond: NDArray[np.bool_]
    baseline_reached: bool

    @property
    def extra_delay(self) -> int:
        """The cell's."""
        return self.cell.extra_delay


def slowdowns(results: Iterable[WorkerResult]) -> tuple[Slowdown, ...]:
    """The slowdown of every cell that has a target, a positive extra delay, and a baseline among the results."""
    there = [result for result in results if result.cell.level is not None]
    base = {key_of(result.cell): result for result in there if result.cell.extra_delay == 0}
    return tuple(
        beside(result, base[key_of(result.cell)])
        for result in there
        if result.cell.extra_delay and key_of(result.cell) in base
    )


def beside(result: WorkerResult, baseline: WorkerResult) -> Slowdown:
    """The slowdown of one result, seeds paired."""
    logs = np.log2(batches(result) / batches(baseline))
    return Slowdown(result.cell, logs, ~reached(result), bool(reached(baseline).all()))


def by_group(found: Sequence[Slowdown]) -> Mapping[Key, tuple[Slowdown, ...]]:
    """Slowdowns of the same workload, workers and optimiser, by the extra delay."""
    groups: dict[Key, list[Slowdown]] = {}
    for each in found:
        groups.setdefault(key_of(each.cell), []).append(each)
    return {key: tuple(sorted(group, key=lambda each: each.extra_delay)) for key, group in groups.items()}


def slope(x: Sequence[float], rows: Sequence[Vector]) -> Vector:
    """Least-squares slopes of values (points, seeds) against x, one for each seed.

    >>> slope([0, 1, 2], [np.array([0.0, 1.0]), np.array([2.0, 1.0]), np.array([4.0, 1.0])])
    array([2., 0.])
    """
    centred = np.asarray(x, dtype=np.float64) - np.mean(x)
    return np.asarray(centred @ np.asarray(rows) / (centred @ centred))
