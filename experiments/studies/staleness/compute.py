"""The numbers of a cell of the staleness study: its seeds on the workers' simulator, or on one sequence.

A seed that diverges or never reaches the target is told as such (None), because how many do is part of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from experiments.studies.staleness.cells import ONE_SEQUENCE, WorkerCell
from experiments.studies.staleness.one_sequence import run_sequence
from experiments.sweep.json_store import Values, rounded
from experiments.workers.results import Threshold, WorkerRuns
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workers.workload import Workload
from experiments.workloads import get_workload
from theory.common.types import Progress, Vector

POINTS = 100  # of a stored curve
STAGES = 4  # equal parts of a run, for which gradients at a lag are compared


def compute(cell: WorkerCell, progress: Progress | None = None) -> Values:
    """Run the seeds of a cell.

    Returns:
        "batches": to the target, None where it was not reached; "diverged_at": iteration or None; "last": the last
        finite value of the metric; "step_size"; "curve_batches" and "curve" (seeds, at most 101): the metric along
        the way, None after the end; "digest" of the data. With lags also "cosine" (seeds, 4 stages, lags), "mu"
        (seeds, the median of mu_k along the run), "mu_least" and "cosine_mean" (over the run and all lags).
    """
    searched = cell.candidates
    step = _search(cell.workload, searched, cell.seeds, cell.target) if searched else cell.step_sizes[0]
    workload, seeds = get_workload(cell.workload), range(cell.seeds)
    if cell.delays == ONE_SEQUENCE:
        runs = run_sequence(cell, step, seeds)
    else:
        runs = simulate_workers(workload, cell.setting(step), seeds, stop=cell.target, progress=progress)
    return values_of(cell, step, workload, runs)


@lru_cache(maxsize=256)
def _search(workload: str, settings: tuple[WorkerSetting, ...], seeds: int, target: Threshold) -> float:
    trained = get_workload(workload)
    found = [simulate_workers(trained, setting, range(seeds), stop=target) for setting in settings]
    return fastest(settings, found, target)


def fastest(settings: Sequence[WorkerSetting], found: Sequence[WorkerRuns], target: Threshold) -> float:
    """The step size with the fewest batches at extra delay 0, in the geometric mean over the seeds.

    Args:
        settings: the candidates; found: their runs; target: who misses it counts ten times the horizon.
    """
    reached = np.stack([runs.batches_to(target) for runs in found])
    horizon = settings[0].workers * settings[0].iterations
    counted = np.maximum(1.0, np.where(np.isfinite(reached), reached, 10.0 * horizon))
    return settings[int(np.log(counted).mean(axis=1).argmin())].step_size


def values_of(cell: WorkerCell, step: float, workload: Workload, runs: WorkerRuns) -> Values:
    """What is stored of the runs of a cell; see `compute`."""
    told = {"step_size": step, "digest": workload.digest} | _qualities(cell, runs)
    return told | (_coherence(runs) if cell.lags else {})


def _qualities(cell: WorkerCell, runs: WorkerRuns) -> dict[str, Any]:
    """Batches to the target, divergence, and the metric along the way."""
    values = runs.metrics[cell.metric]
    chosen = np.unique(np.linspace(0, runs.batches.size - 1, POINTS + 1).round().astype(int))
    reached = np.full(cell.seeds, np.inf) if cell.target is None else runs.batches_to(cell.target)
    return {
        "batches": rounded(reached),
        "diverged_at": [int(at) if at >= 0 else None for at in runs.diverged_at],
        "last": [rounded(_of_finite(row, lambda finite: finite[-1])) for row in values],
        "curve_batches": runs.batches[chosen].tolist(),
        "curve": rounded(values[:, chosen]),
    }


def _coherence(runs: WorkerRuns) -> dict[str, Any]:
    """Gradients on the sample beside earlier ones: by stages of the run, and over the whole of it."""
    cosine, mu = runs.coherence["cosine"], runs.coherence["mu"]
    lags = cosine.shape[2]
    return {
        "cosine": rounded(np.stack([_stages(row) for row in cosine])),
        "cosine_mean": rounded(np.array([_of_finite(row[lags:], np.mean) for row in cosine])),
        "mu": rounded(np.array([_of_finite(row[lags:], lambda finite: np.quantile(finite, 0.5)) for row in mu])),
        "mu_least": rounded(np.array([_of_finite(row[lags:], np.min) for row in mu])),
    }


def _stages(row: Vector) -> Vector:
    """Means (stages, lags) over equal parts of the evaluations that there are and that look back over every lag."""
    there = row[np.isfinite(row).all(axis=1)]
    parts = np.array_split(there, STAGES)
    return np.stack([part.mean(axis=0) if len(part) else np.full(row.shape[1], np.nan) for part in parts])


def _of_finite(values: Vector, summary: Callable[[Vector], Any]) -> float:
    """A number of those values that are finite; NaN where there are none."""
    finite = values[np.isfinite(values)]
    return float(summary(finite)) if finite.size else np.nan
