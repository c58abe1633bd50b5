"""The study's simulator: P workers with a cache each, whose updates reach every cache after delays of their own.

In iteration t = 0, 1, ... (1) every update that is due enters the caches, by time of sending and then by sender; (2)
every worker turns the gradient at its own cache into an additive update, with an optimiser state of its own; (3) for
every receiver, the sender included, an extra delay r in 0..extra_delay is drawn, and the update enters that cache at
the start of iteration t + 1 + r. So extra_delay = 0 is synchronous: this is the simulator's count of staleness, one
less than the theorem's window, and P workers multiply it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.simulate.trajectories import Indices, Progress
from experiments.workers.delays import DelayLaw, delay_law, given_delays
from experiments.workers.memory import check_worker_memory, predicted_worker_memory
from experiments.workers.optimizers import Array, Optimizer, OptimizerData, get_optimizer
from experiments.workers.seeds import run_seeds
from theory.common.errors import InputError
from theory.staleness.count import whole_number

if TYPE_CHECKING:
    from experiments.workers.workload import SeedEngine, Target, Workload

Engine = Literal["auto", "fused", "black-box", "naive", "own", "scanned"]

# A cache with a coordinate beyond this has diverged; the square is still a number of the type.
FAR = {np.dtype(np.float32): 1e18, np.dtype(np.float64): 1e150}


@dataclass(frozen=True)
class WorkerSetting:
    """What is simulated, besides the workload.

    Args:
        workers: P.
        extra_delay: the largest extra delay; 0 is synchronous.
        iterations: T; each is one update of every worker.
        optimizer: sgd, momentum, adam, adagrad or rmsprop.
        step_size: eta; updates are summed, so that P workers take steps P times as long.
        batch: examples of one worker's minibatch; 0 means all of them.
        delays: uniform, constant or geometric:mean=M, on 0..extra_delay.
        evaluate_every: iterations between two evaluations; the start and the end are always evaluated.
        lags: m, if the gradient at each evaluation is to be compared with those of the m evaluations before; 0 if not.
        sample: training examples over which those gradients are taken.

    Raises:
        InputError: a value out of its range.

    Example:
        >>> WorkerSetting(workers=8, extra_delay=16, iterations=100).batches
        array([  0,  80, 160, 240, 320, 400, 480, 560, 640, 720, 800])
    """

    workers: int
    extra_delay: int
    iterations: int
    optimizer: str = "sgd"
    step_size: float = 0.01
    batch: int = 32
    delays: str = "uniform"
    evaluate_every: int = 10
    lags: int = 0
    sample: int = 1000

    def __post_init__(self) -> None:
        for name, (meaning, least, most) in _WHOLE.items():
            object.__setattr__(self, name, whole_number(getattr(self, name), least, meaning, InputError, most=most))
        if not 0 <= self.step_size < np.inf:
            raise InputError(f"The step size must be a finite number of at least 0. Got {self.step_size}.")
        get_optimizer(self.optimizer)
        delay_law(self.delays, self.extra_delay)

    @property
    def times(self) -> Indices:
        """int64 (E,): the iterations at which is evaluated."""
        return np.append(np.arange(0, self.iterations, self.evaluate_every), self.iterations)

    @property
    def batches(self) -> Indices:
        """int64 (E,): the minibatches that all workers together have used by then."""
        return self.workers * self.times


_WHOLE: Mapping[str, tuple[str, int, int]] = {
    "workers": ("The number of workers", 1, 10**6),
    "extra_delay": ("The largest extra delay", 0, 10**6),
    "iterations": ("The number of iterations", 1, 2**31 - 2**21),
    "batch": ("The batch", 0, 2**31),
    "evaluate_every": ("The distance between evaluations", 1, 2**31),
    "lags": ("The number of lags", 0, 10**6),
    "sample": ("The sample for gradients", 1, 2**31),
}


@dataclass(frozen=True, eq=False)
class WorkerPlan:
    """A setting with all that follows from it, in one precision; what the engines read."""

    setting: WorkerSetting
    law: DelayLaw
    optimizer: Optimizer
    precision: np.dtype[Any]

    @cached_property
    def numbers(self) -> OptimizerData:
        """The optimiser's numbers."""
        return self.optimizer.data(self.setting.step_size, self.setting.iterations, self.precision)

    @property
    def limit(self) -> float:
        """The size beyond which a coordinate has diverged."""
        return FAR[self.precision]

    def far(self, cache: Array) -> bool:
        """Whether some coordinate is beyond the limit or no number."""
        return not bool(np.all(np.abs(cache) <= self.limit))


@dataclass(frozen=True, eq=False)
class WorkerRuns:
    """What was measured on the first worker's cache, for each seed (S,) at each evaluation (E,).

    Where a seed has diverged or stopped before, the numbers are NaN.

    Args:
        batches: int64 (E,), minibatches used by all workers together: P times the iteration.
        metrics: name to float64 (S, E).
        diverged_at: int64 (S,), the first iteration at whose start the first worker's cache held no number or one
            beyond 1e18 (32 bits) or 1e150 (64 bits); -1 if there is none.
        stopped_at: int64 (S,), the iteration at which the target was found to be met; -1 if it was not, or none given.
        final: (S, d), the first worker's last cache.
        seeds: int64 (S,).
        coherence: nothing, or with g_k the gradient on the sample at evaluation k: "cosine" and "ratio", float64
            (S, E, lags), of g_k and g_{k-j} at position j - 1, the ratio being <g_k, g_{k-j}>/|g_k|^2; "mu", float64
            (S, E), the smallest ratio over j = 0..lags (so at most 1); "norm_squared", float64 (S, E), |g_k|^2.
    """

    batches: Indices
    metrics: Mapping[str, NDArray[np.float64]]
    diverged_at: Indices
    stopped_at: Indices
    final: Array
    seeds: Indices
    coherence: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def batches_to(self, target: Target) -> NDArray[np.float64]:
        """float64 (S,): the batches at the first evaluation that meets the target; inf where none does."""
        met = target.met(self.metrics[target.metric])
        first = self.batches[met.argmax(axis=1)].astype(np.float64)
        return np.where(met.any(axis=1), first, np.inf)


def simulate_workers(
    workload: Workload,
    setting: WorkerSetting,
    seeds: Sequence[int],
    *,
    engine: Engine = "auto",
    delays: ArrayLike | None = None,
    progress: Progress | None = None,
    stop: Target | None = None,
    memory_limit: int | None = None,
    threads: int | None = None,
) -> WorkerRuns:
    r"""Simulate P workers with caches: $x_{p'}^{t+1} = x_{p'}^t + \sum_{(p, i):\ i + r^i_{p,p'} = t} u_p^i$.

    A pure function of workload, setting, seeds, delays and stop: a seed's numbers are the same, bit for bit, whatever
    other seeds run with it and on however many threads.

    Args:
        workload: what is trained.
        setting: how.
        seeds: distinct whole numbers below 2^63; each has its own start, minibatches, noise and delays.
        engine: "fused" (compiled), "black-box" (the workload's own gradient around a compiled ring), "naive" (the
            oracle), "own" (the workload's own engine), "scanned" (JAX; its numbers agree to rounding, see
            `simulate_scanned`), or "auto": the first that there is of own, fused, black-box.
        delays: int (T, P, P), the extra delay of every (iteration, sender, receiver), instead of drawing them.
        progress: called now and then with (iterations done, all iterations), counted over all seeds.
        stop: a seed ends at the first evaluation that meets this.
        memory_limit: bytes that may be used; by default what is available.
        threads: threads that share out the seeds; by default all processors, or NUMBA_NUM_THREADS.

    Returns:
        What was measured. A seed that diverges ends there and raises nothing.

    Raises:
        InputError: an argument out of its range, or an engine that the workload does not have.
        DelayError: given delays that do not fit.
        TooLargeError: more memory than there is, found before anything is allocated.

    Source: Dai et al., Toward Understanding the Impact of Staleness in Distributed Machine Learning, ICLR 2019,
        the simulation model.

    Example:
        >>> from experiments.workloads import get_workload
        >>> parabola = get_workload("problem:quadratic:d=1,condition=1,noise=0,start=1")
        >>> setting = WorkerSetting(workers=2, extra_delay=0, iterations=2, step_size=0.25, evaluate_every=1)
        >>> simulate_workers(parabola, setting, seeds=[0]).metrics["loss"]
        array([[0.5    , 0.125  , 0.03125]])
    """
    if engine == "scanned":
        from experiments.workers.engines.scanned import simulate_scanned

        return simulate_scanned(
            workload, [setting], seeds, progress=progress, stop=stop, memory_limit=memory_limit, delays=delays
        )[0]
    plan = worker_plan(workload, setting, delays)
    chosen = _engine(workload, plan, engine)
    numbers = checked_seeds(seeds)
    check_worker_memory(predicted_worker_memory(workload, setting, numbers.size, engine=chosen), memory_limit)
    return run_seeds(
        workload,
        plan,
        numbers,
        lambda seed: _start(workload, plan, chosen, seed),
        progress,
        stop,
        None if threads is None else whole_number(threads, 1, "The number of threads", InputError),
    )


def worker_plan(workload: Workload, setting: WorkerSetting, delays: ArrayLike | None) -> WorkerPlan:
    """All that follows from a setting; the delays are given, or drawn by the setting's law."""
    law = (
        delay_law(setting.delays, setting.extra_delay)
        if delays is None
        else given_delays(delays, setting.extra_delay, setting.iterations, setting.workers)
    )
    return WorkerPlan(setting, law, get_optimizer(setting.optimizer), np.dtype(workload.precision))


def _engine(workload: Workload, plan: WorkerPlan, engine: str) -> str:
    """The engine by name, refused if the workload does not have it."""
    there = {
        "own": workload.has_own_engine,
        "fused": workload.kernel(plan.setting.batch) is not None,
        "black-box": True,
        "naive": True,
    }
    if engine == "auto":
        return next(name for name, is_there in there.items() if is_there)
    if engine not in there:
        raise InputError(f"The engine must be auto, {', '.join(there)} or scanned. Got {engine!r}.")
    if not there[engine]:
        raise InputError(f"The workload {workload.name} has no engine {engine}. Use the engine auto.")
    return engine


def _start(workload: Workload, plan: WorkerPlan, engine: str, seed: int) -> SeedEngine:
    """The engine at the start of a seed."""
    from experiments.workers.engines.black_box import BlackBoxSeed
    from experiments.workers.engines.fused import FusedSeed
    from experiments.workers.engines.naive import NaiveSeed

    if engine == "own":
        return workload.engine(plan, seed)
    if engine == "naive":
        return NaiveSeed(workload, plan, seed)
    return (FusedSeed if engine == "fused" else BlackBoxSeed)(workload, plan, seed)


def checked_seeds(seeds: Sequence[int]) -> Indices:
    """The seeds as int64 (S,); InputError if there is none, a repetition, or one out of range."""
    numbers = [whole_number(seed, 0, "A seed", InputError, most=2**63 - 1) for seed in seeds]
    if not numbers or len(set(numbers)) < len(numbers):
        raise InputError(f"The seeds must be at least one and all different. Got {len(numbers)} with repetitions.")
    return np.array(numbers, dtype=np.int64)
