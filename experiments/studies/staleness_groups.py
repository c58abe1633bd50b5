"""Cells of the staleness study that the scanned engine trains together, as lanes of one scan on an accelerator.

The idea: cells that differ in their delays and step size alone need the same compiled gradient and rings of one shape,
so that an accelerator takes them, with all their seeds, in the time of few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from experiments.simulate.scanned import simulate_scanned
from experiments.simulate.trajectories import Progress
from experiments.studies import one_sequence
from experiments.studies.staleness_cells import Values, WorkerCell, _coherence, _qualities
from experiments.workloads import Workload, get_workload
from theory.errors import InputError

#: Workloads that are written in JAX.
SCANNED = ("mlr", "dnn", "vae", "resnet")

Group = tuple[WorkerCell, ...]


def grouped(cells: Sequence[WorkerCell], lanes: int | None = None) -> tuple[Group, ...]:
    """The cells in groups that can run together, in the order in which they come.

    Args:
        cells: of any figures.
        lanes: at most so many seeds of cells in one group, for a device that does not hold more; a cell is not cut.

    Returns:
        groups of cells that differ in figure, extra delay, law of delays and (where it is given, not searched for)
        step size alone; a cell that the scanned engine cannot run is a group of its own.

    Example:
        >>> cells = [WorkerCell("fig1", "mlr", 8, s, 10, o) for o in ("sgd", "adam") for s in (0, 4, 8)]
        >>> [[cell.extra_delay for cell in group] for group in grouped(cells, lanes=6)]
        [[0, 4], [8], [0, 4], [8]]
    """
    alike: dict[WorkerCell, list[WorkerCell]] = {}
    for cell in cells:
        alike.setdefault(_shared(cell), []).append(cell)
    return tuple(group for members in alike.values() for group in _cut(members, lanes))


def can_scan(cell: WorkerCell) -> bool:
    """Whether the scanned engine can run the cell."""
    return cell.workload.partition(":")[0] in SCANNED and cell.delays != one_sequence.NAME


def _shared(cell: WorkerCell) -> WorkerCell:
    """What the cells of a group have in common, as a cell."""
    if not can_scan(cell):
        return cell
    steps = cell.step_sizes if len(cell.step_sizes) > 1 else (0.0,)
    return replace(cell, figure="", extra_delay=0, delays="uniform", step_sizes=steps)


def _cut(cells: Sequence[WorkerCell], lanes: int | None) -> list[Group]:
    size = len(cells) if lanes is None else max(1, lanes // cells[0].seeds)
    return [tuple(cells[first : first + size]) for first in range(0, len(cells), size)]


def compute_group(cells: Group, progress: Progress | None = None) -> tuple[Values, ...]:
    """The values of each cell of a group, as `WorkerCell.compute` tells them, to the rounding of the scanned engine.

    Where a step size is searched for, its candidates run together first.

    Raises:
        InputError: cells that are not of one group.
        TooLargeError: more lanes than the device holds; pass fewer to `grouped`.
    """
    if len({_shared(cell) for cell in cells}) != 1:
        raise InputError("The cells of a group must differ in delays and step size alone. Use grouped(cells).")
    first = cells[0]
    if not can_scan(first):
        return (first.compute(progress),)
    workload, seeds, target = get_workload(first.workload), range(first.seeds), first.target
    searched = _fastest(workload, first) if len(first.step_sizes) > 1 else None
    steps = [cell.step_sizes[0] if searched is None else searched for cell in cells]
    settings = [cell.setting(step) for cell, step in zip(cells, steps, strict=True)]
    found = simulate_scanned(workload, settings, seeds, stop=target, progress=progress)
    return tuple(
        {"step_size": step, "digest": workload.digest}
        | _qualities(cell, runs)
        | (_coherence(runs) if cell.lags else {})
        for cell, step, runs in zip(cells, steps, found, strict=True)
    )


def _fastest(workload: Workload, cell: WorkerCell) -> float:
    """The step size with the fewest batches at extra delay 0, in the geometric mean over the seeds."""
    target = cell.target
    if target is None:
        raise InputError("The fastest of several step sizes needs a target. Got no level.")
    settings = [cell.setting(step, 0) for step in cell.step_sizes]
    found = simulate_scanned(workload, settings, range(cell.seeds), stop=target)
    reached = np.stack([runs.batches_to(target) for runs in found])
    counted = np.maximum(1.0, np.where(np.isfinite(reached), reached, 10.0 * cell.horizon))
    return cell.step_sizes[int(np.log(counted).mean(axis=1).argmin())]
