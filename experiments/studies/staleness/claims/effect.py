"""What the effects of the study share: means over cells and depths, and what is said of runs that miss their target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from experiments.studies.claim import Effect, average, needed
from experiments.studies.staleness.cells import WorkerCell
from experiments.studies.staleness.claims.slowdown import Slowdown
from experiments.studies.staleness.store import WorkerResult
from experiments.studies.staleness.study import chosen, depth_of, scaled_down
from theory.common.types import Vector

Results = Sequence[WorkerResult]


def by_depth(found: Iterable[tuple[WorkerCell, Vector]], figure: str) -> tuple[list[int], list[Vector]]:
    """The numbers of hidden layers, and of each the mean over its cells, one for each seed."""
    groups: dict[int, list[Vector]] = {}
    for cell, values in found:
        groups.setdefault(depth_of(cell.workload), []).append(values)
    needed(len(groups) > 1, f"Figure {figure} needs networks of at least two depths.")
    return sorted(groups), [average(groups[depth]) for depth in sorted(groups)]


def many_workers(results: Results) -> list[WorkerResult]:
    """Figure 1's runs with several workers."""
    return [run for run in chosen(results, "fig1") if run.cell.workers > 1]


def effect_of(values: Vector, found: Sequence[Slowdown], results: Results, text: str) -> Effect:
    """An effect with the number of runs that missed the target, and the workloads whose baseline did."""
    beyond = sum(int(each.beyond.sum()) for each in found)
    missed = sorted({each.cell.workload for each in found if not each.baseline_reached})
    lacking = f"; without extra delay the target is missed by {', '.join(missed)}" if missed else ""
    cells = {each.cell for each in found}
    used = [run for run in results if run.cell in cells]
    return Effect(values, f"{text}{told_beyond(beyond)}{lacking}", scaled_down(used), not missed)


def told_beyond(count: int) -> str:
    """How many runs missed the target, behind other words."""
    return f"; {count} runs never reached the target and count as having done so at the horizon" if count else ""


def told_times(each: Slowdown) -> str:
    """A slowdown in words."""
    return f"{'at least ' if each.beyond.any() else ''}{2 ** each.logs.mean():.2g} times as many batches"


def optimizer_name(optimizer: str) -> str:
    """As readers know it."""
    return {"sgd": "SGD", "adam": "Adam", "adagrad": "Adagrad", "rmsprop": "RMSProp"}.get(optimizer, "Momentum")
