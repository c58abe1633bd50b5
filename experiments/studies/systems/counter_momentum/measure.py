"""A method at one step size under one kind of delays: least squared gradient and last loss, seed by seed.

Among workers with caches a held update enters every cache D iterations after the first that it could enter: all caches
are one sequence, the minibatches of P workers one of P times the size, and the first D steps are zero. What is applied
as it comes is simulated by the workers' own engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from experiments.problems.problem import Problem
from experiments.servers.recorded import recorded_traces
from experiments.simulate.delayed import simulate
from experiments.workers.setting import WorkerSetting
from experiments.workers.simulate import simulate_workers
from experiments.workloads.problem import ProblemWorkload
from theory.common.errors import DomainError
from theory.common.types import Floats, Ints, Vector
from theory.methods.registry import parse_method
from theory.methods.rule import LinearRule
from theory.staleness.count import Staleness
from theory.worst_case.limit.constant import best_of

#: The spelling of each method.
METHODS: Mapping[str, str] = {
    "delayed": "delayed",
    "wait": "wait",
    "batch-wait": "batch-wait",
    "momentum": "momentum:beta=0.9",
    "counter-momentum": "counter-momentum",
}
#: Methods whose updates enter the caches as they come, and the optimiser of a worker.
_AS_THEY_COME: Mapping[str, str] = {"delayed": "sgd", "momentum": "momentum"}
_SHORT = 8  # the short run is this part of the whole


@dataclass(frozen=True)
class Delays:
    """Where delays come from.

    Args:
        kind: "fixed", "caches" or "trace".
        largest: D of fixed delays and of caches; of a trace it is what the trace has.
        workers: P of caches; trace: its name.

    >>> Delays.of("fixed:3"), Delays.of("caches:4:3").workers, Delays.of("trace:even").trace
    (Delays(kind='fixed', largest=3, workers=1, trace=''), 4, 'even')
    """

    kind: str
    largest: int = 0
    workers: int = 1
    trace: str = ""

    @classmethod
    def of(cls, text: str) -> Delays:
        """From fixed:D, caches:P:D or trace:NAME."""
        kind, *rest = text.split(":")
        if kind == "trace":
            return cls(kind, trace=rest[0])
        return cls(kind, int(rest[-1]), int(rest[0]) if kind == "caches" else 1)

    def drawn(self, steps: int, seed: int) -> Ints:
        """The delays of one sequence: fixed, or those of the seed's own trace."""
        if self.kind != "trace":
            return np.minimum(np.arange(steps), self.largest)
        traces = _traces(self.trace)
        return traces[seed % len(traces)].first(steps).delays

    def staleness(self, steps: int) -> Staleness:
        """The window: of a server the largest delay of all its traces, as a bound that it was told."""
        if self.kind != "trace":
            return Staleness(self.largest + 1)
        return Staleness(1 + max(int(each.first(steps).delays.max()) for each in _traces(self.trace)))

    def batch_wait(self) -> str:
        """Batched waiting takes as many gradients as there are workers, or as are under way."""
        return f"batch-wait:batch={_traces(self.trace)[0].count}" if self.kind == "trace" else "batch-wait"


class Measured(NamedTuple):
    """Of each seed (S,): the least |grad F|^2 of the records up to T and up to T/8, and F(x_T), NaN if it diverged."""

    least: Vector
    short: Vector
    loss: Vector

    @classmethod
    def of(cls, times: Ints, squares: Floats, losses: Floats, steps: int) -> Measured:
        """From the records (S, R) at their times (R,)."""
        finite = np.where(np.isfinite(squares), squares, np.inf)
        return cls(finite.min(axis=1), finite[:, times <= steps // _SHORT].min(axis=1), losses[:, -1])

    @classmethod
    def joined(cls, parts: Sequence[Measured]) -> Measured:
        """The seeds of all parts."""
        return cls(*map(np.concatenate, zip(*parts, strict=True)))


@dataclass(frozen=True, eq=False)
class Setup:
    """Everything but the step size.

    Args:
        method: of METHODS; delays: where they come from; steps: T; every: distance of the records; batch: 0 for the
            full gradient; smoothness: the L that is told.
    """

    method: str
    delays: Delays
    steps: int
    every: int
    batch: int
    smoothness: float

    @property
    def spelling(self) -> str:
        """Of the method under these delays."""
        return self.delays.batch_wait() if self.method == "batch-wait" else METHODS[self.method]

    @property
    def unit(self) -> float:
        """L times the step that the theory gives."""
        return theory_step(self.spelling, self.delays.staleness(self.steps).maximum_delay)

    def run(self, problem: Problem, scales: Sequence[float], seeds: Sequence[int]) -> list[Measured]:
        """At every multiple of the theory's step, on one start."""
        if self.delays.kind == "caches" and self.method in _AS_THEY_COME:
            return [self._workers(problem, scale, seeds) for scale in scales]
        groups = [[seed] for seed in seeds] if self.delays.kind == "trace" else [list(seeds)]
        parts = [self._sequence(problem, scales, group) for group in groups]
        return [Measured.joined(each) for each in zip(*parts, strict=True)]

    def _sequence(self, problem: Problem, scales: Sequence[float], seeds: Sequence[int]) -> list[Measured]:
        """One sequence of points, whose seeds share their delays."""
        still = self.delays.largest if self.delays.kind == "caches" else 0
        window, delays = self.delays.staleness(self.steps), self.delays.drawn(self.steps - still, seeds[0])
        rule = self._rule(delays, window)
        weights = np.vstack([np.zeros((still, rule.gradients)), rule.gradient_weights])
        whole = LinearRule(weights, rule.move_weights)
        runs = (
            simulate(
                problem,
                whole.scaled(scale),
                np.append(np.zeros(still, np.int64), delays),
                seeds=seeds,
                batch=self.batch * self.delays.workers,
                window=window.window,
                record_every=self.every,
                coherence=False,
                threads=1,
            )
            for scale in scales
        )
        return [Measured.of(each.time, each.gradient_norm_squared, each.loss, self.steps) for each in runs]

    def _rule(self, delays: Ints, window: Staleness) -> LinearRule:
        steps = np.full(delays.size, self.unit / self.smoothness)
        return parse_method(self.spelling).linear(steps, delays, self.smoothness, window)

    def _workers(self, problem: Problem, scale: float, seeds: Sequence[int]) -> Measured:
        """Workers with caches, measured on the first."""
        setting = WorkerSetting(
            workers=self.delays.workers,
            extra_delay=self.delays.largest,
            iterations=self.steps,
            optimizer=_AS_THEY_COME[self.method],
            step_size=scale * self.unit / (self.smoothness * self.delays.workers),
            batch=self.batch,
            evaluate_every=self.every,
        )
        found = simulate_workers(ProblemWorkload(f"problem:{problem.name}", problem), setting, list(seeds), threads=1)
        return Measured.of(setting.times, found.metrics["gradient_norm_squared"], found.metrics["loss"], self.steps)


_traces = lru_cache(maxsize=4)(recorded_traces)


@lru_cache(maxsize=64)
def theory_step(method: str, delay: int) -> float:
    """L times the constant step of the least worst case under that fixed delay; 1 for a method with its own.

    Where the program of that delay is not solved it is the step of the next longer one that is.

    >>> round(theory_step("wait", 3), 4), theory_step("counter-momentum", 3)
    (1.1547, 1.0)
    """
    known = parse_method(method)
    if not known.takes_steps:
        return 1.0
    try:
        return best_of(known.recursion(delay)).step
    except DomainError:
        return theory_step(method, delay + 1)
