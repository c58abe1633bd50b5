"""Who computes the cells of the staleness study where there is an accelerator: this process, in groups.

The cells that have no file are cut into groups that fit into the device's memory; the scanned engine trains a group,
and every cell of it gets a file of its own. What the engine cannot run goes to the executor that was asked for. The
environment variable GRADLAG_ENGINE chooses: "scanned" takes groups on a processor too, "cells" takes none.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from experiments.studies.staleness.cells import WorkerCell
from experiments.studies.staleness.groups import Group, can_scan, compute_group, first_that_fit, grouped
from experiments.studies.staleness.requirements import has_jax
from experiments.sweep.json_store import Values
from experiments.sweep.processes import Processes
from experiments.sweep.store import CellOutcome, Executor, Store, ThisProcess, failed, looked_for
from experiments.workers.engines.scanned import device_memory
from theory.common.errors import InputError
from theory.common.types import Progress

ENGINE_VARIABLE = "GRADLAG_ENGINE"
_CHOICES = ("auto", "scanned", "cells")


def on_accelerator(executor: Executor, cells: Sequence[WorkerCell]) -> Executor:
    """The executor that was asked for, behind one that takes groups if there is an accelerator.

    Args:
        executor: a cluster is left as it is, for its machines compute cell by cell.
        cells: what is to be computed; without a network among them nothing is looked for.

    Raises:
        InputError: GRADLAG_ENGINE is none of auto, scanned and cells, or asks for JAX where there is none.
    """
    asked = os.environ.get(ENGINE_VARIABLE, "auto")
    if asked not in _CHOICES:
        raise InputError(f"{ENGINE_VARIABLE} must be one of {', '.join(_CHOICES)}. Got {asked!r}.")
    if asked == "cells" or not isinstance(executor, ThisProcess | Processes) or not any(map(can_scan, cells)):
        return executor
    if asked == "scanned" and not has_jax():
        raise InputError(f"{ENGINE_VARIABLE}=scanned needs JAX. Install it with: pip install 'gradlag[nn]'")
    return Groups(executor) if asked == "scanned" or has_accelerator() else executor


def has_accelerator() -> bool:
    """Whether JAX is here and computes on something else than a processor."""
    from experiments.workers.jax.library import jax

    return jax is not None and bool(jax.default_backend() != "cpu")


@dataclass(frozen=True)
class Groups(Executor):
    """Groups in this process first, then everything else by another executor.

    Args:
        others: computes what the scanned engine does not.
    """

    others: Executor

    def outcomes(
        self, store: Store[Any], cells: Sequence[Any], out: Path, command: str, within: Progress
    ) -> Iterator[CellOutcome]:
        waiting: dict[WorkerCell, tuple[str, ...]] = {}  # with what was wrong with their files
        find = store.finder(out)
        for cell in filter(can_scan, cells):
            found = looked_for(find, cell)
            if isinstance(found, CellOutcome):
                yield found
            else:
                waiting[cell] = found.notes
        for group in grouped(tuple(waiting)):
            for cell, values, seconds in _in_parts(group, within):
                yield replace(_kept(store, cell, values, seconds, out, command), notes=waiting[cell])
        others = [cell for cell in cells if not can_scan(cell)]
        yield from self.others.outcomes(store, others, out, command, within)


#: A cell with its values, or with what stopped it, and the seconds it took.
Computed = tuple[WorkerCell, Values | Exception, float]


def _in_parts(group: Group, within: Progress) -> Iterator[Computed]:
    """A group in parts that fit into what the device has left; a part is handed on before the next one."""
    group = tuple(sorted(group, key=lambda cell: cell.extra_delay))  # the largest sets the length of all rings
    while group:
        part = _fitting(group)
        yield from _part(part, within)
        group = group[len(part) :]


def _part(part: Group, within: Progress) -> Iterator[Computed]:
    whole, began = sum(cell.work for cell in part), time.perf_counter()
    try:
        found = compute_group(part, lambda done, total: within(whole * done // max(1, total), whole))
    except Exception as error:
        if len(part) == 1:
            yield part[0], error, 0.0
            return
        # Too much for the device in spite of the prediction, or one cell's fault: halves tell.
        yield from _part(part[: len(part) // 2], within)
        yield from _part(part[len(part) // 2 :], within)
        return
    seconds = time.perf_counter() - began
    for cell, values in zip(part, found, strict=True):
        yield cell, values, seconds * cell.work / whole


def _kept(
    store: Any, cell: WorkerCell, values: Values | Exception, seconds: float, out: Path, command: str
) -> CellOutcome:
    """The outcome of a cell whose values are there: its file is written, or the reason told."""
    try:
        if isinstance(values, Exception):
            raise values
        made = store.made(cell, values, seconds, command, engine_versions())
        return CellOutcome(cell, store.keep(made, out), seconds=seconds)
    except Exception as error:
        return failed(cell, error)


def _fitting(group: Group) -> Group:
    try:
        return first_that_fit(group, device_memory())
    except Exception:  # what is wrong is told when the group is computed
        return group


def engine_versions() -> dict[str, str]:
    """What computed a group: numbers agree with those of the other engines to rounding, which training enlarges."""
    from experiments.workers.jax.library import jax

    return {"engine": "scanned", "jax": str(jax.__version__), "device": str(jax.devices()[0].device_kind)}
