"""The cells of the staleness study on disk: one JSON file each, checked when read, computed by any executor."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.studies.staleness.accelerator import on_accelerator
from experiments.studies.staleness.cells import WorkerCell
from experiments.studies.staleness.compute import compute
from experiments.studies.staleness.requirements import check_needs
from experiments.sweep.json_store import CellResult, JsonStore, Values
from experiments.sweep.store import C, Executor
from experiments.workloads import get_workload
from theory.common.errors import StoreError

WorkerResult = CellResult[WorkerCell]


class TrainedStore(JsonStore[C]):
    """Cells that train a workload; their values hold the digest of its data."""

    def check(self, result: CellResult[C]) -> None:
        """The data may be another set of the same name, by GRADLAG_DATA."""
        workload = str(vars(result.cell)["workload"])
        if result.values["digest"] != get_workload(workload).digest:
            raise StoreError(f"The data of {workload} are others than those of the stored result.")


class StalenessStore(TrainedStore[WorkerCell]):
    """The cells of the staleness study. On an accelerator this process computes them in groups."""

    schema = "gradlag-staleness/1"
    folder = "staleness"
    noun = "result of the staleness study"
    plural = "cells of the staleness study"
    cell_type = WorkerCell

    def compute(self, cell: WorkerCell) -> Values:
        """See `experiments.studies.staleness.compute.compute`."""
        return compute(cell)

    def check_needs(self, cells: Sequence[WorkerCell]) -> None:
        """See `experiments.studies.staleness.requirements.check_needs`."""
        check_needs(cells)

    def computed_by(self, asked: Executor, cells: Sequence[WorkerCell]) -> Executor:
        """See `experiments.studies.staleness.accelerator.on_accelerator`."""
        return on_accelerator(asked, cells)


STALENESS = StalenessStore()
