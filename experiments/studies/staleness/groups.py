"""Cells of the staleness study that the scanned engine trains together, as lanes of one scan on an accelerator.

The idea: cells that differ in their delays and step size alone need the same compiled gradient and rings of one shape,
so that an accelerator takes them, with all their seeds, in the time of few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from experiments.studies.staleness.cells import ONE_SEQUENCE, WorkerCell, model_of
from experiments.studies.staleness.compute import compute, fastest, values_of
from experiments.sweep.json_store import Values
from experiments.workers.engines.scanned import predicted_scan_memory, simulate_scanned
from experiments.workers.results import Threshold
from experiments.workers.setting import WorkerSetting
from experiments.workloads import get_workload
from theory.common.errors import InputError
from theory.common.types import Progress

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
    return model_of(cell.workload)[0] in SCANNED and cell.delays != ONE_SEQUENCE


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
    """The values of each cell of a group, as `compute` tells them, to the rounding of the scanned engine.

    Where a step size is searched for, its candidates run together first.

    Raises:
        InputError: cells that are not of one group.
        TooLargeError: more lanes than the device holds; pass fewer to `grouped`.
    """
    if len({_shared(cell) for cell in cells}) != 1:
        raise InputError("The cells of a group must differ in delays and step size alone. Use grouped(cells).")
    first = cells[0]
    if not can_scan(first):
        return (compute(first, progress),)
    workload, searched = get_workload(first.workload), first.candidates
    step = _search(first.workload, searched, first.seeds, first.target) if searched else None
    steps = [cell.step_sizes[0] if step is None else step for cell in cells]
    settings = [cell.setting(step) for cell, step in zip(cells, steps, strict=True)]
    found = simulate_scanned(workload, settings, range(first.seeds), stop=first.target, progress=progress)
    return tuple(values_of(cell, step, workload, runs) for cell, step, runs in zip(cells, steps, found, strict=True))


def predicted_memory(cells: Group) -> int:
    """Bytes that a group takes on the device, but for the data: those of its search or of its runs."""
    first = cells[0]
    workload, settings = get_workload(first.workload), [cell.setting(cell.step_sizes[0]) for cell in cells]
    searched = predicted_scan_memory(workload, first.candidates, first.seeds) if first.candidates else 0
    return max(searched, predicted_scan_memory(workload, settings, first.seeds))


def first_that_fit(cells: Group, memory: int) -> Group:
    """As many of the first cells of a group as fit into so many bytes; at least one, which is refused by itself."""
    fitting = (count for count in range(len(cells), 1, -1) if predicted_memory(cells[:count]) <= memory)
    return cells[: next(fitting, 1)]


# Kept, because a group that is cut for lack of memory has one search.
@lru_cache(maxsize=256)
def _search(workload: str, settings: tuple[WorkerSetting, ...], seeds: int, target: Threshold) -> float:
    return fastest(settings, simulate_scanned(get_workload(workload), settings, range(seeds), stop=target), target)
