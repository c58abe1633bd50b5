"""The theorem's one sequence of iterates beside the P caches of the study's simulator, on the same objective.

P caches with extra delays uniform on 0..s' are compared with one sequence that applies the same P T gradients, one at
a time, each read at an iterate that is uniformly 0..P(s' + 1) - 1 updates old: the same mean age, since P synchronous
updates read points (P - 1)/2 updates old on average.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.simulate.delayed import simulate
from experiments.studies.staleness.cells import WorkerCell
from experiments.workers.results import WorkerRuns
from experiments.workloads import get_workload
from experiments.workloads.problem import ProblemWorkload
from theory.common.errors import InputError
from theory.staleness.delays import UniformDelay


def run_sequence(cell: WorkerCell, step_size: float, seeds: Sequence[int]) -> WorkerRuns:
    """The cell's updates, one after another on a single sequence.

    Args:
        cell: of an objective `problem:NAME`, with plain SGD.
        step_size: of every update.
        seeds: each with delays of its own.

    Returns:
        Loss and squared gradient norm at the evaluations of the cell's setting.

    Raises:
        InputError: another workload or optimiser, or evaluations that do not divide the iterations.
    """
    workload = get_workload(cell.workload)
    if not isinstance(workload, ProblemWorkload) or cell.optimizer != "sgd" or cell.iterations % cell.evaluate_every:
        raise InputError(
            f"One sequence needs problem:NAME, sgd, and iterations that evaluate_every divides. Got {cell.name}."
        )
    steps, window = cell.horizon, cell.workers * (cell.extra_delay + 1)
    every, runs = cell.workers * cell.evaluate_every, []
    for seed in seeds:
        delays = UniformDelay(window - 1).sample(steps, np.random.default_rng(seed))
        sizes = np.full(steps, step_size)
        runs.append(
            simulate(
                workload.problem,
                sizes,
                delays,
                seeds=[seed],
                batch=cell.batch,
                window=window,
                record_every=every,
                coherence=False,
            )
        )
    names = ("loss", "gradient_norm_squared")
    metrics = {name: np.concatenate([getattr(run, name) for run in runs]) for name in names}
    diverged = np.concatenate([run.diverged_at for run in runs])
    return WorkerRuns(
        batches=cell.setting(step_size).batches,
        metrics={name: np.where(np.isfinite(values), values, np.nan) for name, values in metrics.items()},
        diverged_at=diverged,
        stopped_at=np.full(len(runs), -1, dtype=np.int64),
        final=np.empty((len(runs), 0)),
        seeds=np.array(seeds, dtype=np.int64),
    )
