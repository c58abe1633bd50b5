"""One cell of the staleness study: a workload, a setting of the workers' simulator, seeds and a quality to reach.

A cell is a plain value whose numbers are a function of it alone. A seed that diverges or never reaches the target is
told as such (None), because how many do is part of the result.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.studies.staleness import one_sequence
from experiments.studies.staleness.work import guessed_work
from experiments.sweep.cell_files import canonical as canonical
from experiments.sweep.cell_files import digest
from experiments.workers.results import Target, WorkerRuns
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workers.workload import Workload
from experiments.workloads import get_workload
from theory.common.errors import InputError
from theory.common.types import Progress
from theory.staleness.count import whole_number

SCHEMA = "gradlag-staleness/1"
POINTS = 100  # of a stored curve
STAGES = 4  # equal parts of a run, for which gradients at a lag are compared

Values = dict[str, Any]


@dataclass(frozen=True)
class WorkerCell:
    """Runs of the workers' simulator for one figure of the study.

    Args:
        figure: whose cell it is first of all: "fig1" and so on.
        workload: its spelling; "mlr", "dnn:depth=2".
        workers, extra_delay, iterations, optimizer, batch, delays, evaluate_every, lags, sample: see `WorkerSetting`.
            The delays "one-sequence" are those of `one_sequence`: no caches.
        step_sizes: one, or several of which that one is used with which the target is reached first at extra delay 0.
        seeds: how many, from 0.
        metric, level, side: the target; without a level the runs go to their end.

    Example:
        >>> WorkerCell("fig1", "dnn:depth=2", workers=8, extra_delay=4, iterations=10, seeds=3).name
        'fig1-dnn-depth=2-P8-s4-sgd-uniform'
    """

    figure: str
    workload: str
    workers: int
    extra_delay: int
    iterations: int
    optimizer: str = "sgd"
    step_sizes: tuple[float, ...] = (0.01,)
    batch: int = 32
    delays: str = "uniform"
    evaluate_every: int = 10
    lags: int = 0
    sample: int = 1000
    seeds: int = 3
    metric: str = "accuracy"
    level: float | None = None
    side: str = "above"

    def __post_init__(self) -> None:
        object.__setattr__(self, "step_sizes", tuple(float(step) for step in self.step_sizes))
        whole_number(self.seeds, 1, "The number of seeds", InputError)
        if not self.step_sizes:
            raise InputError("A cell needs at least one step size. Got none.")
        if len(self.step_sizes) > 1 and self.level is None:
            raise InputError("The fastest of several step sizes needs a target. Got no level.")
        self.setting(self.step_sizes[0])

    @property
    def name(self) -> str:
        """What the file is called, before the digest."""
        parts = (self.figure, self.workload, f"P{self.workers}", f"s{self.extra_delay}")
        text = "-".join((*parts, self.optimizer, self.delays))
        return re.sub(r"[^A-Za-z0-9._=-]+", "-", text).strip("-.")

    @property
    def digest(self) -> str:
        """Digest (sha256, hexadecimal) of everything that determines the cell."""
        return digest({"schema": SCHEMA} | asdict(self))

    @property
    def target(self) -> Target | None:
        """The quality at which a seed ends."""
        return None if self.level is None else Target(self.metric, self.level, self.side)  # type: ignore[arg-type]

    @property
    def horizon(self) -> int:
        """The batches of all workers together after which a seed ends in any case."""
        return self.workers * self.iterations

    @property
    def work(self) -> int:
        """A guess of the time, in microseconds; it is no part of the digest."""
        return guessed_work(self)

    def setting(self, step_size: float, extra_delay: int | None = None) -> WorkerSetting:
        """What the simulator is asked for; another extra delay if one is given."""
        return WorkerSetting(
            workers=self.workers,
            extra_delay=self.extra_delay if extra_delay is None else extra_delay,
            iterations=self.iterations,
            optimizer=self.optimizer,
            step_size=step_size,
            batch=self.batch,
            delays=self.delays if extra_delay is None and self.delays != one_sequence.NAME else "uniform",
            evaluate_every=self.evaluate_every,
            lags=self.lags if extra_delay is None else 0,
            sample=self.sample,
        )

    def compute(self, progress: Progress | None = None) -> Values:
        """Run the seeds.

        Returns:
            "batches": to the target, None where it was not reached; "diverged_at": iteration or None; "last": the last
            finite value of the metric; "step_size"; "curve_batches" and "curve" (seeds, at most 101): the metric along
            the way, None after the end; "digest" of the data. With lags also "cosine" (seeds, 4 stages, lags), "mu"
            (seeds, the median of mu_k along the run), "mu_least" and "cosine_mean" (over the run and all lags).
        """
        workload = get_workload(self.workload)
        step = self.step_sizes[0] if len(self.step_sizes) == 1 else _fastest(self)
        seeds = range(self.seeds)
        if self.delays == one_sequence.NAME:
            runs = one_sequence.run_sequence(self, step, seeds)
        else:
            runs = simulate_workers(workload, self.setting(step), seeds, stop=self.target, progress=progress)
        values = {"step_size": step, "digest": workload.digest} | qualities_of(self, runs)
        return values | (coherence_of(runs) if self.lags else {})


def _fastest(cell: WorkerCell) -> float:
    """The step size with the fewest batches at extra delay 0 in the geometric mean over the seeds."""
    return _search(cell.workload, tuple(cell.setting(step, 0) for step in cell.step_sizes), cell.seeds, cell.target)


@lru_cache(maxsize=256)
def _search(workload: str, settings: tuple[WorkerSetting, ...], seeds: int, target: Target) -> float:
    trained: Workload = get_workload(workload)

    def batches(setting: WorkerSetting) -> float:
        runs = simulate_workers(trained, setting, range(seeds), stop=target)
        horizon = float(setting.workers * setting.iterations)
        reached = runs.batches_to(target)
        return float(np.log(np.maximum(1.0, np.where(np.isfinite(reached), reached, 10 * horizon))).mean())

    return min(settings, key=batches).step_size


def qualities_of(cell: WorkerCell, runs: WorkerRuns) -> Values:
    """Batches to the target, divergence, and the metric along the way; see `WorkerCell.compute`."""
    values = runs.metrics[cell.metric]
    chosen = np.unique(np.linspace(0, runs.batches.size - 1, POINTS + 1).round().astype(int))
    reached = np.full(cell.seeds, np.inf) if cell.target is None else runs.batches_to(cell.target)
    return {
        "batches": told(reached),
        "diverged_at": [int(at) if at >= 0 else None for at in runs.diverged_at],
        "last": [told(_last(row)) for row in values],
        "curve_batches": runs.batches[chosen].tolist(),
        "curve": told(values[:, chosen]),
    }


def _last(row: NDArray[np.float64]) -> float:
    finite = row[np.isfinite(row)]
    return float(finite[-1]) if finite.size else float("nan")


def coherence_of(runs: WorkerRuns) -> Values:
    """Gradients on the sample beside earlier ones: by stages of the run, and over the whole of it."""
    cosine, mu = runs.coherence["cosine"], runs.coherence["mu"]
    lags = cosine.shape[2]
    return {
        "cosine": told(np.stack([_stages(row) for row in cosine])),
        "cosine_mean": told(np.array([_mean(row[lags:]) for row in cosine])),
        "mu": told(np.array([_quantile(row[lags:], 0.5) for row in mu])),
        "mu_least": told(np.array([_quantile(row[lags:], 0.0) for row in mu])),
    }


def _stages(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means (stages, lags) over equal parts of the evaluations that there are and that look back over every lag."""
    there = row[np.isfinite(row).all(axis=1)]
    parts = np.array_split(there, STAGES)
    return np.stack([part.mean(axis=0) if len(part) else np.full(row.shape[1], np.nan) for part in parts])


def _mean(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")


def _quantile(values: NDArray[np.float64], share: float) -> float:
    finite = values[np.isfinite(values)]
    return float(np.quantile(finite, share)) if finite.size else float("nan")


def told(value: Any) -> Any:
    """Numbers as JSON has them: None for what is not finite, seven digits for the others.

    >>> told(np.array([[1.0, np.inf], [1 / 3, np.nan]]))
    [[1.0, None], [0.3333333, None]]
    """
    if isinstance(value, np.ndarray | list | tuple):
        return [told(each) for each in value]
    return float(f"{value:.7g}") if np.isfinite(value) else None
