"""What is computed of Gaia: methods on the same tasks, networks and draws, each at its best step of one grid; regrets.

The thresholds of trained cells go by the step size, as in the released code; steps are constant, so they are too. Those
of the regret go by the step size of the clock after, with which the bound counts what is withheld.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from experiments.sweep.json_store import rounded
from experiments.systems.multi_centre.centres import CentresRun, run_centres
from experiments.systems.multi_centre.regret import best_point, reads_of
from experiments.systems.multi_centre.setting import Centres, full_exchange, gaia, thresholds, unsynchronised
from experiments.systems.multi_centre.wide_area import WideArea, local_area, wide_area
from experiments.systems.shared.split import Split, split
from experiments.systems.shared.tuning import tuned
from experiments.workloads.registry import options_of
from theory.common.types import Floats

MEASURED_SEEDS = 1000  # the first of the seeds that are measured; those below tune
RECORDS = 24
LAST = 4  # one over the share of the records that is final
CENTRES, WORKERS, CLOCK = 4, 2, 4
SPEED = "lognormal:mean=0.05,spread=0.25"
SLOWER = 10  # times, under a long delay
LONG = 2.0  # seconds a message, under a long delay


@dataclass(frozen=True)
class Method:
    """Who waits for whom, v, and the network: local, wide, or slow."""

    setting: Centres
    threshold: float
    network: str


_FULL, _GAIA = full_exchange(CENTRES, WORKERS), gaia(CENTRES, WORKERS, clock=CLOCK)
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "local": Method(_FULL, 0.0, "local"),
        "full": Method(_FULL, 0.0, "wide"),
        "gaia": Method(_GAIA, 0.02, "wide"),
        "gaia-1": Method(_GAIA, 0.01, "wide"),
        "gaia-5": Method(_GAIA, 0.05, "wide"),
        "gaia-slow": Method(_GAIA, 0.02, "slow"),
        "filter-slow": Method(unsynchronised(CENTRES, WORKERS), 0.02, "slow"),
    }
)


def network_of(kind: str, lan: float) -> WideArea:
    """The network of a method, `lan` bytes a second inside a centre."""
    if kind == "local":
        return local_area(CENTRES, SPEED, lan)
    return wide_area(CENTRES, SPEED, lan) if kind == "wide" else wide_area(CENTRES, SPEED, lan / SLOWER, latency=LONG)


@dataclass(frozen=True)
class GaiaCell:
    """One method on one task.

    Args:
        method: of METHODS; workload: what is spread over the workers; steps: clocks; batch: rows of a gradient.
        lan: bytes a second inside a centre, in proportion to the model.
        seeds: measured; tuning: others, on which the step sizes are tried; step_sizes: the grid, in units of 1/L where
            L is known, else of 1.
    """

    kind: ClassVar[str] = "gaia"
    method: str
    workload: str
    steps: int
    batch: int
    lan: float
    seeds: int
    tuning: int
    step_sizes: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "step_sizes", tuple(self.step_sizes))

    @property
    def name(self) -> str:
        """Of its file."""
        return f"gaia-{self.workload}-{self.method}"

    @property
    def data(self) -> str:
        """The set that the workload names, if any; those on request must be there."""
        return str(options_of(self.workload)[1].get("data", ""))

    @property
    def work(self) -> int:
        """Gradients, those of ratings counted as dearer."""
        cost = 1 if self.workload.startswith("problem") else 20
        return cost * self.steps * _FULL.everyone * (self.seeds + self.tuning * len(self.step_sizes))

    def compute(self) -> Mapping[str, Any]:
        """The numbers of the cell, a list over the seeds each.

        Returns:
            times: recorded clocks; curves, seconds, bytes: (S, R), the loss at the mean model, simulated seconds and
            bytes sent until then; final: the mean loss over the last quarter; small, withheld: shares of the changes
            that are insignificant by themselves, and that were not sent at once; lag: the most clocks of another centre
            that a reader had not seen; diverged: how many runs did; step_size, scores, at_edge: of the tuning.
        """
        task = split(self.workload, _FULL.everyone)
        unit = 1 / task.constants(self.batch)["L"].value if self.workload.startswith("problem:") else 1.0

        def score(step_size: float, seed: int) -> float:
            return final(losses(task, self.run(task, step_size * unit, seed)))

        chosen = tuned(self.step_sizes, range(self.tuning), score)
        seeds = range(MEASURED_SEEDS, MEASURED_SEEDS + self.seeds)
        runs = [self.run(task, chosen.step_size * unit, seed) for seed in seeds]
        curves = [losses(task, each) for each in runs]
        found = {
            "times": runs[0].times,
            "curves": np.stack(curves),
            "seconds": np.stack([each.seconds.max(axis=1) for each in runs]),
            "bytes": np.stack([each.bytes.sum(axis=1) for each in runs]),
            "final": [final(curve) for curve in curves],
            "small": [each.small_share for each in runs],
            "withheld": [each.withheld_share for each in runs],
            "lag": [each.other_lag for each in runs],
            "diverged": sum(each.diverged for each in runs),
            "step_size": chosen.step_size,
            "scores": chosen.scores,
            "at_edge": chosen.at_edge,
        }
        return {name: rounded(value, 9) for name, value in found.items()}

    def run(self, task: Split, step_size: float, seed: int) -> CentresRun:
        """One run."""
        method, steps = METHODS[self.method], np.full(self.steps, step_size)
        limits = thresholds(method.threshold, steps, "schedule")
        network, every = network_of(method.network, self.lan), max(1, self.steps // RECORDS)
        return run_centres(task, method.setting, network, steps, limits, seed=seed, batch=self.batch, every=every)


def losses(task: Split, run: CentresRun) -> Floats:
    """(R,): the loss at the mean of the centres' models at each record; infinite after divergence."""
    return np.array([task.whole.evaluate(x)["loss"] if np.isfinite(x).all() else np.inf for x in run.mean])


def final(curve: Sequence[float] | Floats) -> float:
    """The mean over the last quarter of the records."""
    return float(np.mean(curve[-max(1, len(curve) // LAST) :]))


@dataclass(frozen=True)
class RegretCell:
    """The regret of Gaia on a convex task, beside what the bound on it needs.

    Args:
        workload: the task; clock: Delta_c; falling: whether steps and thresholds fall as 1/sqrt(t), or stay.
        steps: T, clocks; step_size: eta of a gradient at the first clock, over sqrt(T) where steps stay.
        threshold: v_1, over sqrt(T) where steps stay; batch: rows of a gradient; seeds: measured.
    """

    kind: ClassVar[str] = "gaia-regret"
    workload: str
    clock: int
    falling: bool
    steps: int
    step_size: float
    threshold: float
    batch: int
    seeds: int

    @property
    def name(self) -> str:
        """Of its file."""
        return f"gaia-regret-{self.workload}-{'falling' if self.falling else 'constant'}-T{self.steps}"

    @property
    def work(self) -> int:
        """Gradients, with those that are computed again."""
        return 20 * self.steps * _FULL.everyone * self.seeds

    def compute(self) -> Mapping[str, Any]:
        """The numbers of the cell, a list over the seeds each.

        Returns:
            regret: its mean over the steps; G, radius, size: the largest |a_k|, |x_k - x*| and |w|; delays, steps: (S,
            K), with the step sizes in the order in which gradients were read; threshold: v, so that v eta is the
            threshold; printed, repaired: the largest cost of withholding over what the published proof allows it, and
            over what it allows as repaired.
        """
        task = split(self.workload, _FULL.everyone)
        reference, sizes, limits = best_point(task), self.sizes, self.limits
        setting, network = gaia(CENTRES, WORKERS, clock=self.clock), network_of("wide", 1e5)
        found: dict[str, list[Any]] = {}
        for seed in range(MEASURED_SEEDS, MEASURED_SEEDS + self.seeds):
            given: dict[str, Any] = {"seed": seed, "batch": self.batch}
            run = run_centres(task, setting, network, sizes, limits, keep_reads=True, every=self.steps, **given)
            read = reads_of(task, run, sizes, reference=reference, **given)
            allowed = limits[np.maximum(read.clocks - 1, 0)]
            numbers = {
                "regret": read.regret,
                "G": read.gradient_norm,
                "radius": read.distance,
                "size": run.radius,
                "delays": read.delays,
                "steps": read.step_sizes,
                "printed": (read.lost / (CENTRES * allowed)).max(),
                "repaired": (read.lost / ((CENTRES - 1) * allowed * read.gradient_norm * run.radius)).max(),
            }
            for name, value in numbers.items():
                found.setdefault(name, []).append(value)
        kept = {name: rounded(np.array(value), 12) for name, value in found.items()}
        return kept | {"threshold": self.threshold / self.step_size}

    @property
    def sizes(self) -> Floats:
        """float64 (T,), as the engine takes them: it divides by the number of workers."""
        first = self.step_size * _FULL.everyone
        counts = np.arange(1, self.steps + 1) if self.falling else np.full(self.steps, self.steps)
        return np.asarray(first / np.sqrt(counts))

    @property
    def limits(self) -> Floats:
        """float64 (T,): in proportion to the step of the clock after."""
        after = np.arange(2, self.steps + 2) if self.falling else np.full(self.steps, self.steps)
        return np.asarray(self.threshold / np.sqrt(after))


@dataclass(frozen=True)
class GaiaSize:
    """A scale: tasks as (workload, clocks, batch, lan), seeds, seeds that tune, and the clocks of regrets."""

    tasks: tuple[tuple[str, int, int, float], ...]
    seeds: int
    tuning: int
    regrets: tuple[int, ...]


_RATINGS, _LOGISTIC = "matrix-factorization", "problem:logistic-digits"
GRIDS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {"matrix-factorization": (0.04, 0.08, 0.12, 0.16, 0.24), "problem": (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)}
)
DECIDING = 12  # seeds at the scales that decide
_SIZES: Mapping[str, GaiaSize] = MappingProxyType(
    {
        "quick": GaiaSize(((_RATINGS, 200, 100, 2e6), (_LOGISTIC, 600, 8, 1e5)), 3, 2, (30, 120)),
        "lesson": GaiaSize(((_RATINGS, 600, 100, 2e6), (_LOGISTIC, 1200, 8, 1e5)), DECIDING, 2, (30, 120, 480)),
        "paper": GaiaSize(
            (("matrix-factorization:rank=100,data=movielens-1m", 50_000, 1000, 2e8),), DECIDING, 1, (30, 120, 480, 1920)
        ),
    }
)
#: Convex tasks; the quadratic starts far from 0, where relative thresholds are large.
CONVEX = ("problem:logistic-digits", "problem:quadratic:d=10,start=10,noise=1")


def gaia_cells(scale: str) -> tuple[GaiaCell | RegretCell, ...]:
    """The cells at a scale."""
    size = _SIZES[scale]
    trained = [
        GaiaCell(method, name, steps, batch, lan, size.seeds, size.tuning, GRIDS[name.partition(":")[0]])
        for name, steps, batch, lan in size.tasks
        for method in METHODS
    ]
    regrets = [
        RegretCell(
            name, 0 if falling else CLOCK, falling, steps, 0.05, 0.05, 8 if "logistic" in name else 1, size.seeds
        )
        for name in CONVEX
        for falling in (True, False)
        for steps in size.regrets
    ]
    return (*trained, *regrets)
