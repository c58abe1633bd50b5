r"""What is measured of replicas: the quality of their mean and of each of them, and how far they are apart.

The quality is $\|\nabla F\|^2$, or of a network its loss on held-out rows. "Final" is the mean over the last quarter of
the records. The mean of the replicas is what theorems are about; the replicas themselves are what a worker has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from experiments.systems.ds_sync.replicas import Recorded
from experiments.systems.shared.averaging_groups import consensus_error
from experiments.systems.shared.split import Split
from experiments.systems.shared.tuning import Tuned
from theory.common.types import Floats

LAST = 4  # one over the share of the records that is final


def last_of(values: Any) -> Any:
    """The last quarter of the records, at least one.

    >>> last_of([1, 2, 3, 4, 5, 6, 7, 8])
    [7, 8]
    """
    return values[-max(1, len(values) // LAST) :]


def own_quality(task: Split, run: Recorded) -> float:
    """The final quality of the replicas themselves, their mean; infinite after divergence."""
    if run.diverged:
        return np.inf
    points = last_of(run.points)
    return float(task.quality(points.reshape(-1, points.shape[-1])).mean())


def mean_quality(task: Split, run: Recorded) -> Floats:
    """(R,): the quality of the mean of the replicas at each record; infinite after divergence."""
    centres = run.points.mean(axis=1)
    there = np.isfinite(centres).all(axis=1)
    found = np.full(len(centres), np.inf)
    found[there] = task.quality(centres[there])
    return found


def measured(
    task: Split, chosen: Tuned, run: Callable[[float, int], Recorded], seeds: Sequence[int]
) -> Mapping[str, Any]:
    """The numbers of a cell, a list over the seeds each.

    Returns:
        times: the recorded steps; curves: (S, R), the quality of the mean; own, final: final qualities of the replicas
        and of their mean; average: the mean of the curve over the run but its end; consensus: the mean distance to
        consensus, squared, over the run; diverged: how many runs did; step_size, at_edge: what tuning chose.
    """
    runs = [run(chosen.step_size, seed) for seed in seeds]
    curves = np.stack([mean_quality(task, each) for each in runs])
    return {
        "step_size": chosen.step_size,
        "at_edge": chosen.at_edge,
        "times": runs[0].times,
        "curves": curves,
        "own": [own_quality(task, each) for each in runs],
        "final": [np.mean(last_of(curve)) for curve in curves],
        "average": curves[:, :-1].mean(axis=1),
        "consensus": [np.mean([consensus_error(points) for points in each.points[:-1]]) for each in runs],
        "diverged": sum(each.diverged for each in runs),
    }
