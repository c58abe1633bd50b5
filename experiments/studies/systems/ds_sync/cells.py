"""What is computed of DS-Sync: methods on the same tasks and draws, each at its best step of one grid, and clocks.

The methods: full synchronisation, commuting phases (the grid), random partitions, fixed groups, and a server with stale
workers. Seconds come from a model of the network, and do not depend on what is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from experiments.sweep.json_store import rounded
from experiments.systems.ds_sync.measure import measured, own_quality
from experiments.systems.ds_sync.replicas import Recorded, run_replicas, run_server
from experiments.systems.shared.averaging_groups import get_mixing
from experiments.systems.shared.network import Network, asynchronous_arrivals, synchronous_times
from experiments.systems.shared.split import Split, split
from experiments.systems.shared.tuning import tuned
from experiments.workloads.registry import options_of

STALE = "stale"
METHODS = ("full", "grid", "random", "fixed", STALE)
MEASURED_SEEDS = 1000  # the first of the seeds that are measured; those below tune
RECORDS = 24
#: alpha, bandwidth and model of three situations; 10 Gb/s and a model of 40 MB, or a small model and slow messages.
NETWORKS: Mapping[str, Network] = {
    "even": Network("constant:seconds=0.1", 5e-5, 1.25e9, 4e7),
    "stragglers": Network("exponential:mean=0.1", 5e-5, 1.25e9, 4e7),
    "latency": Network("lognormal:mean=0.005,spread=0.25", 1e-3, 1.25e9, 4e5),
}
GRID = tuple(2.0**-j for j in range(-2, 10))


@dataclass(frozen=True)
class TrainedCell:
    """One method on one task.

    Args:
        method: of METHODS; workload, skew: what is spread over the workers; workers: N; group: m.
        steps: T, in which every worker takes T gradients; batch: rows of each; optimizer: its name.
        seeds: measured; tuning: others, on which the step sizes are tried.
        step_sizes: the grid, in units of 1/L where L is known, else of 1; the server's are divided by N.
    """

    kind: ClassVar[str] = "ds-sync"
    method: str
    workload: str
    skew: float
    workers: int
    group: int
    steps: int
    batch: int
    seeds: int
    tuning: int
    step_sizes: tuple[float, ...] = GRID
    optimizer: str = "sgd"

    def __post_init__(self) -> None:
        object.__setattr__(self, "step_sizes", tuple(self.step_sizes))

    @property
    def name(self) -> str:
        """Of its file."""
        given = f"-step{self.step_sizes[0]:g}" if len(self.step_sizes) == 1 else ""
        return f"ds-sync-{self.workload}-N{self.workers}-{self.method}{given}"

    @property
    def data(self) -> str:
        """The set that the workload names, if any; those on request must be there."""
        return str(options_of(self.workload)[1].get("data", ""))

    @property
    def work(self) -> int:
        """Gradients, those of networks counted as dearer."""
        cost = 1 if self.workload.startswith("problem") else 20
        return cost * self.workers * self.steps * (self.seeds + self.tuning * len(self.step_sizes))

    def compute(self) -> Mapping[str, Any]:
        """See `experiments/systems/ds_sync/measure.py`; with the constants where they are known."""
        task = split(self.workload, self.workers, self.skew)
        known = task.constants(self.batch) if self.workload.startswith("problem:") else {}
        unit = (1 / known["L"].value if known else 1.0) / (self.workers if self.method == STALE else 1)

        def run(step_size: float, seed: int) -> Recorded:
            return self.run(task, step_size * unit, seed)

        chosen = tuned(
            self.step_sizes, range(self.tuning), lambda step_size, seed: own_quality(task, run(step_size, seed))
        )
        found = measured(task, chosen, run, range(MEASURED_SEEDS, MEASURED_SEEDS + self.seeds))
        constants = {name: constant.value for name, constant in known.items()}
        return {name: rounded(value, 9) for name, value in found.items()} | {"unit": unit, "constants": constants}

    def run(self, task: Split, step_size: float, seed: int) -> Recorded:
        """One run."""
        given: dict[str, Any] = {"seed": seed, "batch": self.batch, "optimizer": self.optimizer}
        if self.method == STALE:
            updates = self.steps * self.workers
            arrivals = asynchronous_arrivals(NETWORKS["stragglers"], self.workers, updates, seed)
            return run_server(task, arrivals, step_size, every=max(1, updates // RECORDS), **given)
        mixing = get_mixing(self.method, self.workers, self.group)
        return run_replicas(task, mixing, step_size, self.steps, every=max(1, self.steps // RECORDS), **given)


@dataclass(frozen=True)
class ClockCell:
    """What the steps of one method take on one network.

    Args:
        method: of METHODS; network: of NETWORKS; workers, group: N and m; steps, seeds: how much is simulated.
    """

    kind: ClassVar[str] = "ds-sync-clock"
    method: str
    network: str
    workers: int
    group: int
    steps: int
    seeds: int

    @property
    def name(self) -> str:
        """Of its file."""
        return f"ds-sync-clock-{self.network}-N{self.workers}-{self.method}"

    @property
    def work(self) -> int:
        """Durations that are drawn."""
        return self.workers * self.steps * self.seeds // 10

    def compute(self) -> Mapping[str, Any]:
        """Seconds that N gradients, one of each worker, take on average: of each seed."""
        network = NETWORKS[self.network]
        seconds = []
        for seed in range(MEASURED_SEEDS, MEASURED_SEEDS + self.seeds):
            if self.method == STALE:
                times = asynchronous_arrivals(network, self.workers, self.steps * self.workers, seed).times
            else:
                mixing = get_mixing(self.method, self.workers, self.group)
                times = synchronous_times(network, mixing, self.steps, seed)
            seconds.append(times[-1] / self.steps)
        return {"seconds": rounded(seconds, 9)}


@dataclass(frozen=True)
class _Size:
    """A scale: (workers, group), tasks as (workload, skew, steps, batch), seeds, and seeds that tune."""

    sizes: tuple[tuple[int, int], ...]
    tasks: tuple[tuple[str, float, int, int], ...]
    seeds: int
    tuning: int
    optimizer: str = "sgd"


_NONCONVEX, _LOGISTIC = "problem:nonconvex:d=20", "problem:logistic-digits"
_NETWORK = "dnn:width=32,bits=64"
_PAPER = "dnn:depth=6,width=512,data=cifar-10"
DECIDING = 12  # seeds at the scales that decide
_SIZES: Mapping[str, _Size] = {
    "quick": _Size(((16, 4),), ((_NONCONVEX, 2.0, 960, 1), (_LOGISTIC, 100, 480, 8), (_NETWORK, 100, 240, 8)), 4, 2),
    "lesson": _Size(
        ((4, 2), (16, 4)),
        ((_NONCONVEX, 2.0, 1920, 1), (_LOGISTIC, 100, 960, 8), (_NETWORK, 100, 480, 8)),
        DECIDING,
        3,
    ),
    "paper": _Size(((4, 2), (16, 4)), ((_PAPER, 0, 40_000, 128),), DECIDING, 1, "momentum"),
}
#: Tasks with exact constants, and steps in units of 1/L, at which the bound is looked at.
_BOUNDED = (("problem:quadratic:d=20,start=3", 2.0), (_NONCONVEX, 2.0))
_BOUND_STEPS = (0.5, 0.125)


def ds_sync_cells(scale: str) -> tuple[TrainedCell | ClockCell, ...]:
    """The cells at a scale."""
    size = _SIZES[scale]
    trained = [
        TrainedCell(method, name, skew, workers, group, steps, batch, size.seeds, size.tuning, GRID, size.optimizer)
        for name, skew, steps, batch in size.tasks
        for workers, group in size.sizes
        for method in METHODS
    ]
    workers, group = size.sizes[-1]
    bounded = [
        TrainedCell("grid", name, skew, workers, group, 960, 1, size.seeds, 0, (step,))
        for name, skew in _BOUNDED
        for step in _BOUND_STEPS
    ]
    clocks = [
        ClockCell(method, network, workers, group, 600, size.seeds)
        for network in NETWORKS
        for workers, group in size.sizes
        for method in METHODS
    ]
    return (*trained, *bounded, *clocks)
