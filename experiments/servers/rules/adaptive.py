r"""Delay-adaptive rules on one trace: each at its own tuned step and at the step of its theory, on the same noise.

All rules meet the same arrivals, as arrivals do not depend on the iterates, so that seconds and arrivals rank the rules
of one trace alike. Tuning has seeds of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from experiments.problems.problem import Problem
from experiments.runs.recorded_trace import ServerTrace
from experiments.servers.rules.picky import run_picky
from experiments.servers.rules.rules import (
    RULES,
    Capped,
    Clipped,
    ConstantStep,
    Dropped,
    InverseDelay,
    Picky,
    Ringmaster,
    Rule,
    StepRule,
    WindowSum,
    checked_number,
    ringmaster_threshold,
)
from experiments.simulate.delayed import simulate
from experiments.statistics.intervals import lower_bound, mean, upper_bound
from theory.common.errors import InputError
from theory.common.spelling import meant
from theory.common.types import Matrix, Vector
from theory.staleness.count import whole_number
from theory.staleness.traces import Delays

LEVEL = 0.05
#: Base steps that tuning tries, times 1/L: the powers of 2 from 4 down to 1/128.
GRID = tuple(2.0**power for power in range(2, -8, -1))
_RESAMPLES, _RESAMPLING_SEED = 1000, 20240617
# Of tuning: how far below the target, and the last factor between steps.
_MARGIN, _FINER = 0.8, 2**0.5
# In place of the infinite square of a seed that diverged, where a sum needs a number.
_HUGE = 1e300


@dataclass(frozen=True, eq=False)
class Race:
    """What all rules are run on.

    Args:
        problem: the objective; batch: examples per minibatch.
        trace: the arrivals; their gradients are drawn anew for each seed.
        target: the mean squared gradient norm to be reached, eps.
        record_every: distance between two recorded points.
    """

    problem: Problem
    batch: int
    trace: ServerTrace
    target: float
    record_every: int = 1

    def __post_init__(self) -> None:
        checked_number(self.target, "The target")
        whole_number(self.record_every, 1, "The distance between recorded points", InputError)

    @property
    def constants(self) -> Mapping[str, float]:
        """L, Delta and sigma of the problem at this batch."""
        return {name: constant.value for name, constant in self.problem.constants(self.batch).items()}

    @property
    def exact(self) -> bool:
        """Whether there is no noise, so that all seeds are alike."""
        return self.problem.deterministic(self.batch)

    @property
    def concurrency(self) -> int:
        """The number of workers, or one more than the largest number of gradients in flight where it is not known."""
        return self.trace.count or 1 + int(in_flight(self.trace.delays).max())

    @property
    def seconds(self) -> Vector:
        """float64 (N + 1,): when x_0..x_N were there; NaN where the trace has no times."""
        return np.concatenate(([0.0], self.trace.applied_at))

    def rule(self, name: str, base: float) -> Rule:
        """The rule of that name with this base step; its other numbers follow from the problem, trace and target.

        Raises:
            InputError: no such rule, or a base step that is not a finite number above 0.
        """
        if name not in RULES:
            raise InputError(f"There is no step rule {name!r}.{meant(name, RULES)} The rules are {', '.join(RULES)}.")
        smoothness, sigma = self.constants["L"], self.constants["sigma"]
        makers: Mapping[type[Rule], Callable[[], Rule]] = {
            ConstantStep: lambda: ConstantStep(base),
            InverseDelay: lambda: InverseDelay(base),
            Clipped: lambda: Clipped(base, smoothness, self.concurrency),
            Dropped: lambda: Dropped(base, smoothness, self.concurrency),
            Capped: lambda: Capped(base, smoothness),
            WindowSum: lambda: WindowSum(base),
            Ringmaster: lambda: Ringmaster(base, ringmaster_threshold(sigma**2, self.target)),
            Picky: lambda: Picky(base, smoothness, math.sqrt(self.target)),
        }
        return makers[RULES[name]]()


@dataclass(frozen=True, eq=False)
class Track:
    """What was measured of a rule.

    Args:
        rule: with its base step; seeds: of the noise.
        time: int64 (R,), arrivals at which points were recorded, from 0 to N.
        squares: float64 (S, R), |grad F|^2 there; inf after a divergence.
        applied: the share of the arrivals that were applied, a mean over the seeds.
        step_sizes: float64 (N,), or None where each seed has its own.
    """

    rule: Rule
    seeds: tuple[int, ...]
    time: NDArray[np.int64]
    squares: Matrix
    applied: float
    step_sizes: Vector | None = field(repr=False, default=None)

    @property
    def means(self) -> Vector:
        """float64 (R,), means over the seeds; infinite where a seed diverged."""
        return mean(self.squares)

    @property
    def band(self) -> tuple[Vector, Vector]:
        """Lower and upper confidence bounds of the means, each at the level 0.05; the values if there is no noise."""
        if len(self.seeds) == 1:
            return self.squares[0], self.squares[0]
        return lower_bound(self.squares, LEVEL), upper_bound(self.squares, LEVEL)


@dataclass(frozen=True)
class Interval:
    """A value with its interval; infinite where the target was not reached."""

    value: float
    low: float
    high: float


def in_flight(delays: Delays) -> NDArray[np.int64]:
    """The number n_k of gradients that were read and not applied before step k is, for k = 1..N.

    >>> in_flight(np.array([0, 1, 1, 3]))
    array([2, 2, 1, 0])
    """
    places = np.arange(delays.size)
    change = np.bincount(places - delays, minlength=delays.size + 1) - np.bincount(places, minlength=delays.size + 1)
    return np.cumsum(change)[:-1]


def run_rule(race: Race, rule: Rule, seeds: Sequence[int]) -> Track:
    """Run a rule on a race; one seed stands for all where there is no noise.

    Raises:
        InputError: seeds that repeat, or a rule that has no steps of its own kind.

    >>> from experiments.runs.recorded_trace import trace_of_delays
    >>> from experiments.problems import get_problem
    >>> race = Race(get_problem("quadratic:d=1,noise=0,start=1"), 1, trace_of_delays([0, 1]), 0.1)
    >>> run_rule(race, ConstantStep(0.5), [0]).means
    array([1.  , 0.25, 0.  ])
    """
    used = tuple(seeds)[:1] if race.exact else tuple(seeds)
    if isinstance(rule, Picky):
        picked = run_picky(
            race.problem, rule, race.trace.delays, seeds=used, batch=race.batch, record_every=race.record_every
        )
        steps = np.where(picked.applied[0], rule.base, 0.0) if race.exact else None
        return Track(rule, used, picked.time, picked.gradient_norm_squared, float(picked.applied.mean()), steps)
    if not isinstance(rule, StepRule):
        raise InputError(f"The rule {rule.name} gives no steps from arrivals.")
    steps = rule.step_sizes(race.trace)
    run = simulate(
        race.problem,
        steps,
        race.trace.delays,
        seeds=used,
        batch=race.batch,
        window=race.trace.staleness.window,
        record_every=race.record_every,
        coherence=False,
        engine="auto",
    )
    return Track(rule, used, run.time, run.gradient_norm_squared, float((steps > 0).mean()), steps)


def tune(race: Race, name: str, seeds: Sequence[int], grid: Sequence[float] = GRID) -> Rule:
    """The rule at the base step of the grid, times 1/L, that is the first to bring the mean below the target.

    It must come below by a fifth: noise would else favour steps that meet the target by luck, just above it on average.
    Of steps that do not get there, the one that ends lowest is taken. Its neighbours by a factor of the root of 2 are
    tried last.
    """

    def merit(rule: Rule) -> tuple[float, float]:
        track = run_rule(race, rule, seeds)
        return first_below(track.means, track.time, _MARGIN * race.target), float(track.means[-1])

    def best(bases: Sequence[float]) -> tuple[tuple[float, float], Rule]:
        tried = [race.rule(name, base) for base in bases]
        return min(((merit(rule), rule) for rule in tried), key=lambda each: each[0])

    coarse = best([factor / race.constants["L"] for factor in grid])
    near = best([coarse[1].base / _FINER, coarse[1].base * _FINER])
    return min(coarse, near, key=lambda each: each[0])[1]


def first_below(values: Vector, time: NDArray[np.int64], target: float) -> float:
    """The first recorded time with a value at or below the target; infinite if there is none.

    >>> first_below(np.array([3.0, 1.0, 2.0]), np.array([0, 5, 10]), 1.5), first_below(np.ones(1), np.zeros(1), 0.5)
    (5.0, inf)
    """
    there = np.flatnonzero(values <= target)
    return float(time[there[0]]) if there.size else math.inf


def crossings(track: Track, target: float) -> Vector:
    """float64 (B + 1,): when the mean first meets the target, in arrivals: of all seeds, then of resampled seeds.

    Tracks of the same seeds use the same resamples, so that their ratios are paired.
    """
    whole = first_below(track.means, track.time, target)
    if len(track.seeds) == 1:
        return np.full(_RESAMPLES + 1, whole)
    count = len(track.seeds)
    weights = np.random.default_rng(_RESAMPLING_SEED).multinomial(count, np.full(count, 1 / count), size=_RESAMPLES)
    below = (weights / count) @ np.minimum(track.squares, _HUGE) <= target
    found = np.where(below.any(axis=1), track.time[below.argmax(axis=1)].astype(np.float64), math.inf)
    return np.concatenate(([whole], found))


def interval(values: Vector) -> Interval:
    """The first value, with the 2.5 and 97.5 % quantiles of the others.

    >>> interval(np.array([2.0, *np.arange(1001.0)]))
    Interval(value=2.0, low=25.0, high=975.0)
    """
    low, high = np.quantile(values[1:], (0.025, 0.975), method="inverted_cdf")
    return Interval(float(values[0]), float(low), float(high))


def at_seconds(race: Race, arrivals: Vector) -> Vector:
    """The seconds at which these arrivals were over; infinite stays infinite."""
    met = np.isfinite(arrivals)
    return np.where(met, race.seconds[np.where(met, arrivals, 0).astype(np.int64)], math.inf)


def ratio(ours: Vector, theirs: Vector) -> Interval:
    """The quotient of two rules' times, resample by resample; two equal ones give 1, also where both never arrive.

    >>> ratio(np.array([1.0, 1.0, 2.0]), np.array([2.0, 2.0, np.inf]))
    Interval(value=0.5, low=0.0, high=0.5)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        quotient = np.where(ours == theirs, 1.0, ours / theirs)
    return interval(np.asarray(quotient, dtype=np.float64))


def least(track: Track) -> Interval:
    """The least mean over the recorded points, with the least of the lower and of the upper confidence bounds."""
    low, high = track.band
    return Interval(float(track.means.min()), float(low.min()), float(high.min()))


#: What a reader needs to know of the numbers above, once.
METHOD = MappingProxyType({"level": LEVEL, "resamples": _RESAMPLES, "grid": GRID, "margin": _MARGIN, "finer": _FINER})
