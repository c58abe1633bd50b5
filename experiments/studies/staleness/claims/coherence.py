"""Which coherence belongs to which cell: its own, or that of a cell that measured it under the same setting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.studies.staleness.cells import WorkerCell
from experiments.studies.staleness.store import WorkerResult


def median_mu(run: WorkerResult) -> NDArray[np.float64]:
    """float64 (seeds,): the median of mu_k along a run that measured it; NaN where there is none."""
    return np.array([np.nan if value is None else value for value in run.values["mu"]], dtype=np.float64)


def coherence_by_cell(runs: Sequence[WorkerResult]) -> dict[WorkerCell, NDArray[np.float64]]:
    """Median mu of every cell with a target whose coherence is known.

    Args:
        runs: of figures 1 and 6. Where runs with a target measured no coherence, as at the scale paper, that of runs
            without one stands for it: the same workload, workers, extra delay, law of delays and optimiser.

    Returns:
        float64 (seeds,) by cell.
    """
    own = {_place(run.cell): median_mu(run) for run in runs if "mu" in run.values and run.cell.level is None}
    found = {
        run.cell: median_mu(run) if "mu" in run.values else own.get(_place(run.cell))
        for run in runs
        if run.cell.level is not None
    }
    return {cell: mu for cell, mu in found.items() if mu is not None}


def _place(cell: WorkerCell) -> tuple[str, int, int, str, str]:
    return cell.workload, cell.workers, cell.extra_delay, cell.delays, cell.optimizer
