r"""Several workers that send a few entries each, and keep the rest: synchronous SGD with error compensation.

In iteration t = 0, 1, ... worker p adds its residual to its gradient at x_t, u = g + eps; it sends C(u), and keeps
u - C(u) as its new residual, in units of the gradient. The model moves by the mean of what was sent. At a constant
step eta this is error feedback with the memory eta eps, and x_t - (eta/P) sum_p eps_t^p is the virtual sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numba
import numpy as np

from experiments.kernels.keys import worker_key
from experiments.systems.shared.compensation_kernel import (
    COMPRESSION,
    Recorded,
    Replicas,
    Rules,
    blank_record,
    blank_state,
    exchange,
    kernel_for,
)
from experiments.systems.shared.compressors import Compressor, entries_kept, gaussian_quantile, get_compressor
from experiments.systems.shared.perturbed import Perturbed
from experiments.workers.seeds import checked_seeds, single_threaded_products
from experiments.workers.setting import FAR
from experiments.workers.workload import Workload
from theory.common.errors import InputError, ProblemError
from theory.common.types import Array, Floats, Ints, Matrix
from theory.staleness.count import whole_number

Engine = Literal["auto", "fused", "black-box", "naive"]
Look = Callable[[Array], Array]
NORM = "gradient_norm_squared"


@dataclass(frozen=True, eq=False)
class Compensation:
    """What is simulated, besides the workload.

    Args:
        compressor: by name.
        density: rho, the share of entries that are sent, or one for every iteration, (T,).
        step_size: eta, or one for every iteration, (T,).
        iterations: T.
        workers: P.
        batch: examples of one worker's minibatch; 0 means all of them.
        momentum, weight_decay: applied after the aggregation, to the mean of what was sent.
        evaluate_every: iterations between two evaluations; the start and the end are always evaluated.
        sample: training examples for |grad F|^2 where the workload does not measure it itself; 0 leaves it out.

    Raises:
        InputError: a value out of its range.
    """

    compressor: str
    density: float | Sequence[float]
    step_size: float | Sequence[float]
    iterations: int
    workers: int = 4
    batch: int = 32
    momentum: float = 0.0
    weight_decay: float = 0.0
    evaluate_every: int = 10
    sample: int = 0

    def __post_init__(self) -> None:
        for value, least, what in (
            (self.iterations, 1, "The number of iterations"),
            (self.workers, 1, "The number of workers"),
            (self.batch, 0, "The batch"),
            (self.evaluate_every, 1, "The distance between evaluations"),
            (self.sample, 0, "The sample for gradients"),
        ):
            whole_number(value, least, what, InputError)
        get_compressor(self.compressor)
        for name, values in (("density", self.densities), ("step size", self.step_sizes)):
            if values.shape != (self.iterations,) or not (np.isfinite(values) & (values >= 0)).all():
                raise InputError(
                    f"The {name} must be one finite number of at least 0, or T = {self.iterations} of them."
                )
        if not (0 <= self.momentum < 1 and 0 <= self.weight_decay < np.inf):
            raise InputError(
                f"The momentum must lie in [0, 1) and the weight decay must be finite and at least 0. Got "
                f"{self.momentum} and {self.weight_decay}."
            )

    @property
    def densities(self) -> Floats:
        """float64 (T,)."""
        return _each(self.density, self.iterations)

    @property
    def step_sizes(self) -> Floats:
        """float64 (T,)."""
        return _each(self.step_size, self.iterations)

    @property
    def times(self) -> Ints:
        """int64 (R,): the iterations at which is evaluated."""
        return np.append(np.arange(0, self.iterations, self.evaluate_every), self.iterations)

    def rules(self, dimension: int, precision: np.dtype[Any]) -> Rules:
        """The numbers of the setting for a vector of so many entries; InputError where k of them cannot be chosen."""
        compressor = get_compressor(self.compressor)
        densities, places = np.unique(self.densities, return_inverse=True)
        entries = np.array([entries_kept(dimension, density) for density in densities.tolist()], dtype=np.int64)
        for k in entries.tolist():
            compressor.check(k, dimension)
        quantiles = np.array([gaussian_quantile(k / dimension) for k in entries.tolist()])[places]
        entries = entries[places]
        limit = FAR[precision] ** 2
        return Rules(
            compressor.kind, compressor.memory, entries, quantiles, self.step_sizes, float(self.momentum),
            float(self.weight_decay), limit,
        )  # fmt: skip


def _each(value: float | Sequence[float], iterations: int) -> Floats:
    values = np.asarray(value, dtype=np.float64)
    return np.full(iterations, values) if values.ndim == 0 else values


@dataclass(frozen=True, eq=False)
class CompensatedRuns:
    """What was measured.

    Args:
        setting: what was simulated; seeds: int64 (S,).
        metrics: float64 (S, R) each, at the evaluations; NaN after a divergence.
        sent: int64 (S, T, P), entries sent; left: (S, T, P), |u - C(u)|^2 / |u|^2, 0 for u = 0.
        perturbed: the read points, the virtual sequence and their distance.
        compensated: (S, R - 1, ...), what was looked at in the vectors u of the iterations before the evaluations,
            zeros after a divergence; empty if nothing was.
        final: (S, d), the last models; diverged_at: int64 (S,), the iteration, or -1.
    """

    setting: Compensation
    seeds: Ints
    metrics: Mapping[str, Matrix]
    sent: Array
    left: Array
    perturbed: Perturbed
    compensated: Array
    final: Array
    diverged_at: Ints


class _Seed:
    """One seed's run, from evaluation to evaluation."""

    def __init__(
        self, workload: Workload, setting: Compensation, rules: Rules, engine: str, look: Look | None, seed: int
    ) -> None:
        self.workload, self.setting, self.rules, self.look, self.seed = workload, setting, rules, look, seed
        start = np.asarray(workload.initial(seed), dtype=workload.precision)
        self.state: Replicas = blank_state(start, setting.workers)
        self.recorded: Recorded = blank_record(setting.iterations, setting.workers)
        self.metrics: dict[str, list[float]] = {}
        self.kept: list[Array] = []
        self.diverged_at = -1
        self.advance = {"fused": self._fused, "black-box": self._black_box, "naive": self._naive}[engine]

    def run(self) -> _Seed:
        """All iterations; a run that diverges ends there."""
        with np.errstate(all="ignore"):
            times = self.setting.times.tolist()
            self._evaluate()
            for first, last in pairwise(times):
                if self.diverged_at < 0:
                    self.diverged_at = self.advance(first, last)
                    self._refuse_no_gradient()
                if self.diverged_at >= 0:
                    self.state.compensated[:] = 0
                self._evaluate()
                if self.look is not None:
                    self.kept.append(self.look(self.state.compensated))
        return self

    def _refuse_no_gradient(self) -> None:
        """A run that ends before its first step has no gradients to send."""
        if self.diverged_at == 0 and not np.isfinite(self.recorded.gradient_squares[0]).all():
            raise ProblemError(
                f"A gradient of {self.workload.name} at the start is not finite (seed {self.seed}), so that nothing "
                "can be sent. Check the data and the start."
            )

    def _evaluate(self) -> None:
        x = self.state.points[0]
        measured = dict(self.workload.evaluate(x)) if self.diverged_at < 0 else dict.fromkeys(self.metrics, np.nan)
        if NORM not in measured and self.setting.sample:
            gradient = np.asarray(self.workload.sample_gradient(x, self.setting.sample), dtype=np.float64)
            measured[NORM] = float(gradient @ gradient)
        for name, value in measured.items():
            self.metrics.setdefault(name, []).append(value)

    def _fused(self, first: int, last: int) -> int:
        """By the compiled gradient."""
        made: Any = self.workload.kernel(self.setting.batch)
        kind: Any = type(made.data)
        run = kernel_for(kind)
        return int(run(made.data, made.scratch(), self.rules, self.state, self.recorded, self.seed, first, last))

    def _black_box(self, first: int, last: int) -> int:
        """By the workload's own gradient; the rest is compiled."""
        for t in range(first, last):
            for worker, u in enumerate(self.state.compensated):
                u[:] = self.workload.gradient(self.state.points[0], self.seed, t, worker, self.setting.batch)
            if not exchange(self.rules, self.state, self.recorded, self.seed, t):
                return t
        return -1

    def _naive(self, first: int, last: int) -> int:
        """As on paper, in numpy: the oracle of the others. It knows no momentum and no weight decay."""
        compressor: Compressor = get_compressor(self.setting.compressor)
        (x, virtual), workers = self.state.points, self.setting.workers
        for t in range(first, last):
            sent, plain = np.zeros_like(x), np.zeros_like(x)
            for worker in range(workers):
                g = self.workload.gradient(x, self.seed, t, worker, self.setting.batch)
                u = g + self.state.residuals[worker]
                made = compressor.compress(u, int(self.rules.entries[t]), worker_key(self.seed, COMPRESSION, t, worker))
                sent[made.indices] += made.values
                plain += g
                self.state.compensated[worker], self.state.residuals[worker] = u, made.residual
                rest = u.copy()
                rest[made.indices] = 0
                self.recorded.sent[t, worker] = made.indices.size
                self.recorded.left[t, worker] = (rest @ rest) / (u @ u)
                self.recorded.gradient_squares[t, worker] = g @ g
            x -= self.rules.step_sizes[t] * (sent / workers)
            virtual -= self.rules.step_sizes[t] * (plain / workers)
            self.recorded.distance_squares[t + 1] = ((x - virtual) ** 2).sum()
        return -1


def simulate_compensated(
    workload: Workload,
    setting: Compensation,
    seeds: Sequence[int],
    *,
    engine: Engine = "auto",
    threads: int | None = None,
    look: Look | None = None,
) -> CompensatedRuns:
    r"""Simulate P workers with error compensation: $x_{t+1} = x_t - \frac{\eta_t}{P} \sum_p C(g_t^p + \epsilon_t^p)$.

    A pure function of workload, setting and seeds: a seed's numbers do not depend on the others or on the threads.

    Args:
        workload: what is trained; worker p of a seed draws the minibatches of `worker_seed(seed, p)`.
        setting: how.
        seeds: distinct whole numbers below 2^63; each has its own start, minibatches, noise and choices.
        engine: "fused" (compiled), "black-box" (the workload's own gradient, the rest compiled), "naive" (the oracle),
            or "auto": the first that there is.
        threads: threads that share out the seeds; by default all processors, or NUMBA_NUM_THREADS.
        look: what to keep of the workers' compensated vectors (P, d) at every evaluation but the first; `np.copy` keeps
            them whole.

    Returns:
        What was measured. A seed that diverges ends there and raises nothing.

    Raises:
        InputError: an argument out of its range, or an engine that the workload does not have.
        ProblemError: a gradient at the start that is not finite.

    Source: Shi, Chu, Cheung, See, 2019, arXiv 1911.08772; the memory in units of the gradient is that of the released
        code.

    Example:
        >>> from experiments.workloads import get_workload
        >>> bowl = get_workload("problem:quadratic:d=2,condition=2,noise=0,start=1")
        >>> setting = Compensation("top-k", 0.5, 0.5, iterations=2, workers=1, evaluate_every=1)
        >>> simulate_compensated(bowl, setting, seeds=[0]).metrics["gradient_norm_squared"].round(3)
        array([[0.625, 0.25 , 0.156]])
    """
    rules = setting.rules(workload.parameters, workload.precision)
    numbers = checked_seeds(seeds)
    chosen = _engine(workload, setting, engine)
    count = threads or int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
    start: Callable[[int], _Seed] = lambda seed: _Seed(workload, setting, rules, chosen, look, seed).run()  # noqa: E731
    with single_threaded_products(), ThreadPoolExecutor(min(count, numbers.size)) as pool:
        runs = list(pool.map(start, numbers.tolist()))
    return _gathered(setting, numbers, runs)


def _engine(workload: Workload, setting: Compensation, engine: str) -> str:
    """The engine by name, refused if the workload does not have it."""
    if engine not in ("auto", "fused", "black-box", "naive"):
        raise InputError(f"The engine must be auto, fused, black-box or naive. Got {engine!r}.")
    compiled = workload.kernel(setting.batch) is not None
    if engine == "fused" and not compiled:
        raise InputError(f"The workload {workload.name} has no compiled gradient. Use the engine auto.")
    if engine == "naive" and (setting.momentum or setting.weight_decay):
        raise InputError("The engine naive knows no momentum and no weight decay. Use the engine auto.")
    return ("fused" if compiled else "black-box") if engine == "auto" else engine


def _gathered(setting: Compensation, seeds: Ints, runs: Sequence[_Seed]) -> CompensatedRuns:
    """The records of all seeds as one result."""
    metrics = {name: np.array([run.metrics[name] for run in runs]) for name in runs[0].metrics}
    records = Recorded(*(np.stack(each) for each in zip(*(run.recorded for run in runs), strict=True)))
    norms = metrics.get(NORM, np.full((len(runs), setting.times.size), np.nan))
    perturbed = Perturbed(setting.times, norms, records.distance_squares, records.gradient_squares.mean(axis=(0, 2)))
    return CompensatedRuns(
        setting,
        seeds,
        metrics,
        records.sent,
        records.left,
        perturbed,
        np.array([run.kept for run in runs]),
        np.stack([run.state.points[0] for run in runs]),
        np.array([run.diverged_at for run in runs], dtype=np.int64),
    )
