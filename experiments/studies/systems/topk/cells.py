"""What is computed of TopK-SGD: made vectors, and training by each compressor at its best step of one grid.

A trained cell with one step size is not tuned; those on objectives with exact constants are held against the bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from experiments.sweep.json_store import rounded
from experiments.systems.shared.compressors import COMPRESSORS, entries_kept
from experiments.systems.shared.error_compensation import NORM, CompensatedRuns, Compensation, simulate_compensated
from experiments.systems.shared.tuning import tuned
from experiments.systems.topk.energy import power_of, powers_at
from experiments.systems.topk.families import FAMILIES, get_family
from experiments.workloads.registry import get_workload
from theory.common.types import Array, Floats

MEASURED_SEEDS = 1000  # the first of the seeds that are measured; those below tune
DENSITIES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5)  # at which vectors are looked at
COUNTED_AT, COUNTED = (0.001, 0.01), ("gaussian-k", "gaussian-k-bracketed", "bisected")
GRID = tuple(2.0**j for j in range(4, -7, -1))
_DIGITS = 7
#: The released recipe, in epochs: densities of the warm-up, length of the step's warm-up, and when it falls by what.
_WARM_DENSITIES, _WARM_STEPS, _FALLS = (1 / 64, 0.004), 5, ((81, 0.1), (122, 0.01), (155, 0.001))


@dataclass(frozen=True)
class VectorsCell:
    """Vectors of one family.

    Args:
        family: by name; dimension: d; draws: how many vectors.
    """

    kind: ClassVar[str] = "topk-vectors"
    family: str
    dimension: int
    draws: int

    @property
    def name(self) -> str:
        """Of its file."""
        return f"topk-vectors-{self.family}-d{self.dimension}"

    @property
    def work(self) -> int:
        """Entries that are put in order."""
        return self.dimension * self.draws // 100

    def compute(self) -> Mapping[str, Any]:
        """Of each vector the power of 1 - k/d at `DENSITIES`, and count/k of thresholds at `COUNTED_AT`."""
        powers: list[Floats] = []
        counts: dict[str, list[list[float]]] = {name: [] for name in COUNTED}
        for seed in range(self.draws):
            u = get_family(self.family).draw(seed, self.dimension)
            powers.append(powers_at(u, DENSITIES))
            entries = [entries_kept(u.size, density) for density in COUNTED_AT]
            for name, found in counts.items():
                found.append([COMPRESSORS[name].select(u, k).size / k for k in entries])
        return {
            "powers": rounded(powers, _DIGITS),
            "counts": {name: rounded(each, _DIGITS) for name, each in counts.items()},
        }


@dataclass(frozen=True)
class TrainedCell:
    """One compressor on one task.

    Args:
        compressor, workload: by name; density: k/d; workers: P; iterations: T; batch: rows of each worker.
        seeds: measured; tuning: others, on which the step sizes are tried.
        records: evaluations along a run, besides the start.
        step_sizes: the grid, in units of 1/L where L is known, else of 1.
        momentum, weight_decay: of the step; epoch: iterations of an epoch of the released recipe, 0 for no recipe.
    """

    kind: ClassVar[str] = "topk"
    compressor: str
    workload: str
    density: float
    workers: int
    iterations: int
    batch: int
    seeds: int
    tuning: int
    records: int = 25
    step_sizes: tuple[float, ...] = GRID
    momentum: float = 0.0
    weight_decay: float = 0.0
    epoch: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "step_sizes", tuple(self.step_sizes))

    @property
    def name(self) -> str:
        """Of its file."""
        given = f"-step{self.step_sizes[0]:g}" if len(self.step_sizes) == 1 else ""
        return f"topk-{self.workload}-{self.compressor}-{self.density:g}{given}"

    @property
    def work(self) -> int:
        """Gradients, those of networks counted as dearer."""
        cost = 1 if self.workload.startswith("problem") else 10
        return cost * self.workers * self.iterations * (self.seeds + self.tuning * len(self.step_sizes))

    def compute(self) -> Mapping[str, Any]:
        """What was measured at the best step size of the grid; see `_measured`."""
        workload: Any = _workload(self.workload)
        problem = self.workload.startswith("problem:")
        known = {name: each.value for name, each in workload.problem.constants(self.batch).items()} if problem else {}
        unit = 1 / known["L"] if known else 1.0

        def run(step_size: float, seeds: Sequence[int], *, tunes: bool = False) -> CompensatedRuns:
            look = _powers_of_all if self.compressor == "top-k" and not tunes else None
            return simulate_compensated(workload, self.setting(step_size * unit, tunes=tunes), seeds, look=look)

        def score(step_size: float, seed: int) -> float:
            return float(final(run(step_size, [seed], tunes=True).metrics["loss"])[0])

        chosen = tuned(self.step_sizes, range(self.tuning), score)
        runs = run(chosen.step_size, range(MEASURED_SEEDS, MEASURED_SEEDS + self.seeds))
        of_tuning = {"step_size": chosen.step_size, "scores": rounded(chosen.scores), "at_edge": chosen.at_edge}
        return of_tuning | {"unit": unit, "constants": known} | _measured(self, runs)

    def setting(self, step_size: float, *, tunes: bool = False) -> Compensation:
        """A run at this step; one that only tunes is evaluated in its last quarter."""
        every = max(1, self.iterations // (8 if tunes else self.records))
        densities, steps = recipe(self.iterations, self.epoch, self.density)
        return Compensation(
            self.compressor,
            densities.tolist(),
            (step_size * steps).tolist(),
            self.iterations,
            self.workers,
            self.batch,
            self.momentum,
            self.weight_decay,
            every,
        )


def recipe(iterations: int, epoch: int, density: float) -> tuple[Floats, Floats]:
    """Densities and factors of the step, (T,) each: as released if there are epochs, else constant.

    >>> densities, steps = recipe(1000, 10, 0.001)
    >>> densities[[0, 10, 20]].tolist(), steps[[0, 49, 50, 810]].tolist()
    ([0.015625, 0.004, 0.001], [0.02, 1.0, 1.0, 0.1])
    """
    densities, steps = np.full(iterations, density), np.ones(iterations)
    if epoch:
        for place, warm in enumerate(_WARM_DENSITIES):
            densities[place * epoch : (place + 1) * epoch] = warm
        ramp = steps[: _WARM_STEPS * epoch]
        ramp *= np.arange(1, ramp.size + 1) / (_WARM_STEPS * epoch)
        for begin, factor in _FALLS:
            steps[begin * epoch :] = factor
    return densities, steps


def final(losses: Floats) -> Floats:
    """The mean (S,) over the last quarter of the evaluations (S, R)."""
    mean: Floats = losses[:, -max(1, losses.shape[1] // 4) :].mean(axis=1)
    return mean


def _measured(cell: TrainedCell, runs: CompensatedRuns) -> dict[str, Any]:
    """The numbers of a cell.

    `times` (R,); `loss`, `norm` (S, R) and `final` (S,); `share` (S, 2), least and largest count/k, and `sent` (S,),
    its mean; `power` (S,), the least over all compensated vectors; `along` (R - 1, 3), least, median and largest
    between two evaluations; `powers` (S, densities), the least at each of `DENSITIES` over the vectors at evaluations,
    of top-k alone. `gradient` (S,), the mean of |grad F|^2 at the points read; `distance` (S,), that of the square to
    the virtual sequence; `G2`; `delta`, of what every vector left at most.
    """
    sizes = runs.final.shape[1]
    entries = np.array([entries_kept(sizes, density) for density in runs.setting.densities.tolist()])
    powers = power_of(runs.left, np.minimum(entries / sizes, 1 - 1e-12)[:, None])
    share = runs.sent / entries[:, None]
    stages = [powers[:, first:last] for first, last in pairwise(runs.setting.times)]
    seen, went = runs.perturbed, bool((runs.diverged_at < 0).all())
    found = {
        "times": runs.setting.times.tolist(),
        "loss": rounded(runs.metrics["loss"], _DIGITS),
        "norm": rounded(runs.metrics.get(NORM, np.zeros((0, 0))), _DIGITS),
        "final": rounded(final(runs.metrics["loss"]), _DIGITS),
        "share": rounded(np.stack([share.min(axis=(1, 2)), share.max(axis=(1, 2))], axis=1), _DIGITS),
        "sent": rounded(share.mean(axis=(1, 2)), _DIGITS),
        "power": rounded(powers.min(axis=(1, 2)), _DIGITS),
        "along": rounded([np.quantile(stage, (0, 0.5, 1), method="lower") for stage in stages], _DIGITS),
        "powers": rounded(runs.compensated.min(axis=(1, 2)) if runs.compensated.size else [], _DIGITS),
        "gradient": rounded(seen.mean_gradient, _DIGITS),
        "distance": rounded(seen.distance_squared[:, :-1].mean(axis=1), _DIGITS),
        "delta": float(1 - runs.left.max()) if went else None,
        "G2": seen.gradient_bound if went else None,
        "diverged": int((runs.diverged_at >= 0).sum()),
    }
    if "accuracy" in runs.metrics:
        found["accuracy"] = rounded(runs.metrics["accuracy"][:, -1], _DIGITS)
    return found


def _powers_of_all(compensated: Array) -> Floats:
    """The powers of the workers' vectors at each density, (P, densities)."""
    return np.array([powers_at(u, DENSITIES) for u in compensated])


@lru_cache(maxsize=2)
def _workload(name: str) -> Any:
    """Kept, as the constants of a problem take a second."""
    return get_workload(name)


@dataclass(frozen=True)
class _Size:
    """A scale: d and draws of vectors; tasks (workload, density, iterations, batch); seeds, and seeds that tune."""

    dimension: int
    draws: int
    tasks: tuple[tuple[str, float, int, int], ...]
    seeds: int
    tuning: int


DECIDING = 12  # seeds at the scales that decide
LOGISTIC = "problem:logistic-mnist"
METHODS = ("dense", "top-k", "gaussian-k", "gaussian-k-bracketed", "random-k", "random-k-forgetful")
_SIZES: Mapping[str, _Size] = {
    "quick": _Size(10**5, DECIDING, ((LOGISTIC, 0.01, 300, 32), ("dnn:width=32,bits=64", 0.01, 300, 32)), 4, 1),
    "lesson": _Size(
        10**6,
        DECIDING,
        ((LOGISTIC, 0.01, 1200, 32), ("dnn:width=16,data=mnist-5k,bits=64", 0.01, 400, 32)),
        DECIDING,
        2,
    ),
}
#: Tasks with exact constants, density and steps in units of 1/L, at which the bound is looked at.
_BOUNDED = (("problem:nonconvex:d=100", 0.1), ("problem:quadratic:d=100,start=3", 0.1))
_BOUND_STEPS = (0.1, 0.02)
_WORKERS = 4
#: (workload, step, batch of a worker, epochs, rows) of the source, as far as gradlag has the model and the data.
_RELEASED = (
    ("dnn:depth=4,width=512,data=mnist", 0.01, 128, 30, 60_000),
    ("resnet:depth=20,data=cifar-10", 0.1, 32, 141, 50_000),
)


def topk_cells(scale: str) -> tuple[VectorsCell | TrainedCell, ...]:
    """The cells at a scale."""
    if scale == "paper":
        vectors = [VectorsCell(family, 25_500_000, DECIDING) for family in FAMILIES]
        return (*vectors, *_released_cells(), *_bounded_cells(DECIDING))
    size = _SIZES[scale]
    trained = [
        TrainedCell(method, workload, density, _WORKERS, iterations, batch, size.seeds, size.tuning)
        for workload, density, iterations, batch in size.tasks
        for method in METHODS
    ]
    vectors = [VectorsCell(family, size.dimension, size.draws) for family in FAMILIES]
    return (*trained, *_bounded_cells(size.seeds), *vectors)


def _bounded_cells(seeds: int) -> list[TrainedCell]:
    return [
        TrainedCell("top-k", workload, density, _WORKERS, 1000, 1, seeds, 0, 1000, (step,))
        for workload, density in _BOUNDED
        for step in _BOUND_STEPS
    ]


def _released_cells() -> list[TrainedCell]:
    """The released settings: 4 workers, density 0.001, momentum 0.9, weight decay 1e-4, warm-up and falling steps."""
    return [
        TrainedCell(
            method, workload, 0.001, _WORKERS, epochs * (rows // (_WORKERS * batch)), batch, DECIDING, 0, 50, (step,),
            0.9, 1e-4, rows // (_WORKERS * batch),
        )
        for workload, step, batch, epochs, rows in _RELEASED
        for method in METHODS
    ]  # fmt: skip
