r"""Theorem 1's steps on the study's networks: eta_k = mu/(s L sqrt(k)) with L, Delta and sigma of the training loss.

One sequence of iterates, fixed delay s - 1, as in the theorem. F is the training loss, at least 0, so that F(x_0) is
above Delta. Without hidden layers L and sigma have proved upper bounds. With ReLU units there is no L, and the largest
secant that a run of its own met stands for it: a lower estimate. What a bound then says holds only as if the estimates
were the constants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.common.constants import Constant, Known
from experiments.simulate.measure import coherence
from experiments.statistics.intervals import lower_bound, upper_bound
from experiments.studies.staleness.sizes import NETWORKS
from experiments.studies.theorem_step.constants import Pilot, constants_of, pilot_of
from experiments.studies.theorem_step.iteration import OneSequence
from experiments.studies.theorem_step.objective import Point, as_network, largest_secant, point_of
from experiments.studies.theorem_step.words import word
from experiments.sweep.json_store import Values, rounded
from experiments.sweep.store import safe_name
from experiments.workers.results import Threshold
from experiments.workers.seeds import single_threaded_products
from experiments.workloads.networks import Network
from theory.bounds import Setting, get
from theory.bounds.judging.judge import judge
from theory.common.errors import InputError
from theory.common.types import Ints, Vector
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness, whole_number
from theory.staleness.delays import ConstantDelay

THEOREM, HALVED, SUGGESTED = "sqrt-k", "constant", "corollary-1"  # names of the catalogue
BOUNDS = ("dai2019", "dai2019-tight", "theorem-a", "corollary-1")
LEVEL = 0.05  # of the interval for the least mean
MULTIPLES = (8.0, 16.0, 32.0, 64.0, 128.0, 256.0)  # of Theorem 1's steps with mu = 1
_RECORDS = 7


@dataclass(frozen=True)
class TheoremStepCell:
    """Runs of the theorem's iteration on one network at one staleness with one schedule.

    Args:
        workload: mlr or dnn with bits=64.
        staleness: the theorem's window s, 1 is synchronous; the delay is s - 1.
        schedule: of the catalogue; "sqrt-k" is Theorem 1's with mu = 1.
        factor: all its steps are multiplied by this, so that Theorem 1's mu is the factor of "sqrt-k".
        batches: T; seeds: how many, from 0; batch: examples of a minibatch.
        tuned: the constant step of figure 1, with which the constants are estimated.
        level: held-out accuracy to be reached; evaluate_every: batches between two looks at it.
        sample: training rows over which coherence is measured, 0 for all; coherent_seeds: on so many seeds.

    Example:
        >>> TheoremStepCell("mlr:bits=64", 5, "sqrt-k", 0.5, batches=100).name
        'theorem-step-mlr-bits=64-s5-sqrt-k-x0.5'
    """

    workload: str
    staleness: int
    schedule: str
    factor: float = 1.0
    batches: int = 1000
    seeds: int = 5
    batch: int = 32
    tuned: float = 0.05
    level: float = 0.92
    evaluate_every: int = 20
    sample: int = 0
    coherent_seeds: int = 3

    def __post_init__(self) -> None:
        for name in ("staleness", "batches", "seeds", "evaluate_every"):
            whole_number(getattr(self, name), 1, f"The value of {name}", InputError)
        if not 0 < self.factor < np.inf:
            raise InputError(f"The factor of the steps must be a positive finite number. Got {self.factor}.")
        Schedule(self.schedule)

    @property
    def name(self) -> str:
        """What the file is called, before the digest."""
        return safe_name(f"theorem-step-{self.workload}-s{self.staleness}-{self.schedule}-x{self.factor:g}")

    @property
    def work(self) -> int:
        """A guess of the time, in steps of single seeds."""
        return self.batches * self.seeds

    @property
    def coherence(self) -> float:
        """The mu that the bounds of Theorem 1 are evaluated with: that in the steps, else 1/2."""
        return self.factor if self.schedule == THEOREM and self.factor <= 1 else 0.5

    @property
    def searching(self) -> bool:
        """Whether only the batches to the target are asked for: a multiple of Theorem 1's steps."""
        return self.schedule == THEOREM and self.factor > 1

    @property
    def target(self) -> Threshold:
        """The held-out accuracy."""
        return Threshold("accuracy", self.level, "above")

    @property
    def evaluations(self) -> Ints:
        """int64 (E,): the k at which accuracy is measured, 0 and T among them."""
        return np.append(np.arange(0, self.batches, self.evaluate_every), self.batches)

    @property
    def records(self) -> Ints:
        """int64 (R,): the k at which F is measured: 0, then doubling up to T."""
        return np.unique([0, *(self.batches >> place for place in range(_RECORDS - 1))])

    def compute(self) -> Values:
        """Estimate the constants, take the steps, measure, and judge the bounds.

        Returns:
            "constants": name to [value, how known, why]; "met": the curvature at the "start" and the largest secant and
            minibatch variance, of the pilot and of these runs; "steps": first, mean and last; "batches": to the target,
            None where it was not reached; "diverged_at"; "evaluations" and "accuracy" (seeds, E). Unless `searching`
            also "records", "norms" and "losses" (seeds, R), None after a divergence; "mu" (coherent_seeds, R - 1);
            "least": "mean", "low", "high" and "k" of the least mean squared gradient; "bounds", "failures", "words" by
            the name of the bound.
        """
        with single_threaded_products():
            network = as_network(self.workload)
            pilot = pilot_of(self.workload, self.tuned, self.batches, self.batch)
            constants = constants_of(network, pilot, self.batch, self.seeds)
            setting = self.setting(constants)
            runs = [_run(self, network, setting, seed) for seed in range(self.seeds)]
        values = _shared(self, network, pilot, constants, setting, runs)
        return values if self.searching else values | _measured(self, constants, setting, runs)

    def setting(self, constants: Mapping[str, Constant]) -> Setting:
        """Steps and delays with the constants, for the iteration and for the bounds."""
        numbers = {name: constant.value for name, constant in constants.items()}
        schedule = Schedule(self.schedule)
        steps = self.factor * schedule.step_sizes(self.batches, **numbers, s=self.staleness, mu=self.coherence)
        window = Staleness(self.staleness)
        delays = ConstantDelay(window.maximum_delay).sample(self.batches, np.random.default_rng(0))
        return Setting(steps, delays, window, numbers | {"mu": self.coherence})


@dataclass(frozen=True, eq=False)
class _Seed:
    """What was measured along one seed: accuracies (E,), the points of the records, mu_k at them, the divergence."""

    accuracy: Vector
    points: tuple[Point, ...]
    mu: Vector
    diverged_at: int


def _run(cell: TheoremStepCell, network: Network, setting: Setting, seed: int) -> _Seed:
    run = OneSequence(network, setting.step_sizes, setting.delays, window=cell.staleness, seed=seed, batch=cell.batch)
    records = set() if cell.searching else set(cell.records.tolist())
    accuracy, places = np.full(cell.evaluations.size, np.nan), {k: i for i, k in enumerate(cell.evaluations.tolist())}
    points: list[Point] = []
    mu = np.full(len(cell.records) - 1, np.nan)
    for k in sorted({*places, *records}):
        if run.advance(k) >= 0:
            break
        if k in places:
            accuracy[places[k]] = network.evaluate(run.point(k))["accuracy"]
            if cell.searching and accuracy[places[k]] >= cell.level:
                break
        if k in records:
            points.append(point_of(network, run.point(k)))
            if k and seed < cell.coherent_seeds:
                mu[len(points) - 2] = _coherence(cell, network, run, k)
    return _Seed(accuracy, tuple(points), mu, run.diverged_at)


def _coherence(cell: TheoremStepCell, network: Network, run: OneSequence, k: int) -> float:
    """mu_k over the theorem's window, with gradients on the sample."""
    window = [
        point_of(network, run.point(t), cell.sample).gradient for t in range(k, max(0, k - cell.staleness + 1) - 1, -1)
    ]
    return coherence(window[0], window[1:])


def _shared(
    cell: TheoremStepCell,
    network: Network,
    pilot: Pilot,
    constants: Mapping[str, Constant],
    setting: Setting,
    runs: list[_Seed],
) -> dict[str, Any]:
    """What every cell has."""
    accuracy = np.stack([run.accuracy for run in runs])
    met = cell.target.met(accuracy)
    reached = np.where(met.any(axis=1), cell.evaluations[met.argmax(axis=1)], np.inf)
    along = [point for run in runs for point in run.points]
    return {
        "digest": network.digest,
        "constants": {name: [each.value, str(each.known), each.reason] for name, each in constants.items()},
        "met": {
            "start": rounded(pilot.start),
            "pilot": rounded(pilot.secant),
            "pilot_variance": rounded(pilot.variance),
            "secant": rounded(max(largest_secant(run.points) for run in runs)),
            "variance": rounded(max((point.variance / cell.batch for point in along), default=0.0)),
        },
        "steps": rounded([setting.step_sizes[0], setting.step_sizes.mean(), setting.step_sizes[-1]]),
        "batches": rounded(reached),
        "diverged_at": [run.diverged_at if run.diverged_at >= 0 else None for run in runs],
        "evaluations": cell.evaluations.tolist(),
        "accuracy": rounded(accuracy),
    }


def _measured(
    cell: TheoremStepCell, constants: Mapping[str, Constant], setting: Setting, runs: list[_Seed]
) -> dict[str, Any]:
    """Gradients, coherence and bounds."""
    norms, losses = (np.full((cell.seeds, cell.records.size), value) for value in (np.inf, np.nan))
    for row, run in enumerate(runs):
        norms[row, : len(run.points)] = [point.square for point in run.points]
        losses[row, : len(run.points)] = [point.loss for point in run.points]
    mu = np.stack([run.mu for run in runs[: cell.coherent_seeds]])
    least = _least(norms, cell.records)
    secant = max(largest_secant(run.points) for run in runs)
    variance = max(point.variance / cell.batch for run in runs for point in run.points)
    exceeded = secant > constants["L"].value or variance > constants["sigma"].value ** 2
    proved = all(constant.known is not Known.ESTIMATE for constant in constants.values())
    judged = judge(setting, BOUNDS)
    smallest = float(np.nanmin(mu)) if np.isfinite(mu).any() else np.nan
    return {
        "records": cell.records.tolist(),
        "norms": rounded(norms),
        "losses": rounded(losses),
        "mu": rounded(mu),
        "least": {name: rounded(value) for name, value in least.items()},
        "bounds": {each.bound.name: None if each.value is None else rounded(each.value) for each in judged},
        "failures": {each.bound.name: each.failures[0].sentence() for each in judged if each.failures},
        "words": {
            each.bound.name: word(
                each.value,
                least,
                proved=proved,
                exceeded=exceeded,
                coherence=(smallest, cell.coherence) if get(each.bound.name).needs_coherence else None,
            )
            for each in judged
        },
    }


def _least(norms: Vector, records: Ints) -> Mapping[str, float]:
    """The least mean over the seeds, with Student's interval or a more cautious one at that k."""
    k = int(np.argmin(norms.mean(axis=0)))
    column = norms[:, [k]]
    return {
        "mean": float(column.mean()),
        "low": float(lower_bound(column, LEVEL / 2)[0]),
        "high": float(upper_bound(column, LEVEL / 2)[0]),
        "k": float(records[k]),
    }


@dataclass(frozen=True)
class TheoremStepSize:
    """How much is run at a scale; see `TheoremStepCell`."""

    batches: int
    evaluate_every: int
    sample: int


_SIZES: Mapping[str, TheoremStepSize] = {
    "quick": TheoremStepSize(1280, 20, 0),
    "lesson": TheoremStepSize(1280, 40, 500),
}
STALENESSES = (1, 5, 9, 17)  # the study's extra delays 0, 4, 8, 16
DEPTHS = (0, 1, 2, 4)


def theorem_step_cells(scale: str) -> tuple[TheoremStepCell, ...]:
    """Every schedule on every network at every staleness; the tuned step and the target are those of figure 1."""
    size, networks = _SIZES[scale], NETWORKS[scale]
    step = networks.steps["sgd", 1]
    models = [_in_64_bits(networks.single[depth]) for depth in DEPTHS]
    return tuple(
        TheoremStepCell(
            model,
            staleness,
            schedule,
            factor,
            batches=size.batches,
            tuned=step,
            level=networks.single_level,
            evaluate_every=size.evaluate_every,
            sample=size.sample,
        )
        for model in models
        for staleness in STALENESSES
        for schedule, factor in _schedules(step)
    )


def _schedules(step: float) -> Iterable[tuple[str, float]]:
    """Theorem 1's with mu 1/2 and 1, the half of the inverse, the suggestion of Theorem A, the tuned one, multiples."""
    yield from ((THEOREM, 0.5), (THEOREM, 1.0), (HALVED, 1.0), (SUGGESTED, 1.0), (tuned_schedule(step), 1.0))
    yield from ((THEOREM, factor) for factor in MULTIPLES)


def tuned_schedule(step: float) -> str:
    """The catalogue's spelling of a constant step."""
    return f"constant:c={step:g}"


def _in_64_bits(workload: str) -> str:
    return f"{workload}{',' if ':' in workload else ':'}bits=64"
