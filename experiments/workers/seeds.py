"""Runs the seeds of one setting side by side, and measures the first worker's cache at the evaluations.

The idea: a seed's engine is moved on in short blocks by whichever thread is free; no number depends on where blocks
end, so progress is told and an interruption is heard without touching the results.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numba
import numpy as np
from numpy.typing import NDArray

from experiments.simulate.trajectories import Indices, Progress
from experiments.workers.optimizers import Array

if TYPE_CHECKING:
    from experiments.workers.simulate import WorkerPlan, WorkerRuns
    from experiments.workers.workload import SeedEngine, Target, Workload

# Seconds that a thread stays with one seed, and so the longest that an interruption waits.
_TURN = 0.15


class SeedRun:
    """One seed: its engine, made when its first turn comes, and its rows of what is measured."""

    def __init__(
        self, workload: Workload, plan: WorkerPlan, start: Callable[[], SeedEngine], stop: Target | None
    ) -> None:
        evaluations, lags = plan.setting.times.size, plan.setting.lags
        self.workload, self.plan, self.start, self.stop = workload, plan, start, stop
        self.engine: SeedEngine | None = None
        self.metrics = np.full((len(workload.metrics), evaluations), np.nan)
        self.cosine, self.ratio = np.full((evaluations, lags), np.nan), np.full((evaluations, lags), np.nan)
        self.mu, self.norm_squared = np.full(evaluations, np.nan), np.full(evaluations, np.nan)
        self.gradients: deque[Array] = deque(maxlen=lags)
        self.done, self.evaluated, self.block = 0, 0, 1
        self.diverged_at = self.stopped_at = -1
        self.final: Array | None = None

    @property
    def finished(self) -> bool:
        return self.final is not None

    def turn(self) -> None:
        """Go on for a while."""
        until = time.perf_counter() + _TURN
        with np.errstate(all="ignore"):
            if self.engine is None:
                self.engine = self.start()
                self.evaluate(self.engine)
            while not self.finished and time.perf_counter() < until:
                self._advance(self.engine)

    def _advance(self, engine: SeedEngine) -> None:
        """A block of iterations, up to the next evaluation at most."""
        due = int(self.plan.setting.times[self.evaluated])
        last, started = min(due, self.done + self.block), time.perf_counter()
        self.diverged_at = engine.advance(self.done, last)
        seconds = time.perf_counter() - started
        self.block = max(1, min(8 * self.block, int((last - self.done) * _TURN / max(seconds, 1e-9))))
        self.done = last
        if self.diverged_at >= 0:
            self.finish(engine)
        elif last == due:
            self.evaluate(engine)

    def evaluate(self, engine: SeedEngine) -> None:
        """Measure; the run ends if the target is met or nothing remains to be done."""
        values = self.workload.evaluate(engine.cache)
        self.metrics[:, self.evaluated] = [values[name] for name in self.workload.metrics]
        if self.plan.setting.lags:
            self._compare(self.workload.sample_gradient(engine.cache, self.plan.setting.sample))
        self.evaluated += 1
        if self.stop is not None and self.stop.met(np.array(values[self.stop.metric])):
            self.stopped_at = self.done
        if self.stopped_at >= 0 or self.evaluated == self.plan.setting.times.size:
            self.finish(engine)

    def _compare(self, gradient: Array) -> None:
        """The gradient on the sample beside those of the evaluations before."""
        g, k = np.asarray(gradient, dtype=np.float64), self.evaluated
        square = float(g @ g)
        for j, old in enumerate(reversed(self.gradients)):
            product = float(g @ old)
            self.ratio[k, j] = product / square if square > 0 else np.nan
            self.cosine[k, j] = product / np.sqrt(square) / np.linalg.norm(old) if square > 0 else np.nan
        # Rounding would keep the ratio of g_k with itself from being 1.
        self.mu[k] = min(1.0, *self.ratio[k, : len(self.gradients)].tolist(), 1.0) if square > 0 else np.nan
        self.norm_squared[k] = square
        self.gradients.append(g)

    def finish(self, engine: SeedEngine) -> None:
        """Keep the last cache, and let go of everything else."""
        self.final, self.engine = np.array(engine.cache), None
        self.gradients.clear()


def run_seeds(
    workload: Workload,
    plan: WorkerPlan,
    seeds: Indices,
    start: Callable[[int], SeedEngine],
    progress: Progress | None,
    stop: Target | None,
    threads: int | None,
) -> WorkerRuns:
    """Run all seeds, on `threads` threads or as many as numba may use."""
    runs = [SeedRun(workload, plan, lambda seed=seed: start(seed), stop) for seed in seeds.tolist()]  # type: ignore[misc]
    count, total = threads or int(numba.config.NUMBA_NUM_THREADS), plan.setting.iterations * len(runs)  # type: ignore[attr-defined]
    told = time.perf_counter()
    with single_threaded_products(), ThreadPoolExecutor(min(count, len(runs))) as pool:
        for _ in _turns(pool, runs):
            if progress is not None and time.perf_counter() - told > 2 * _TURN:
                progress(sum(plan.setting.iterations if run.finished else run.done for run in runs), total)
                told = time.perf_counter()
    if progress is not None:
        progress(total, total)
    return gathered(plan, workload.metrics, seeds, runs)


def _turns(pool: ThreadPoolExecutor, runs: list[SeedRun]) -> Iterator[None]:
    """Give turns to the runs until all are finished; yield after each or, if none ends, after a moment."""
    waiting: dict[Future[None], SeedRun] = {pool.submit(run.turn): run for run in runs}
    try:
        while waiting:
            ended, _ = wait(waiting, timeout=_TURN, return_when=FIRST_COMPLETED)
            for future in ended:
                run = waiting.pop(future)
                future.result()
                if not run.finished:
                    waiting[pool.submit(run.turn)] = run
            yield
    finally:
        for future in waiting:
            future.cancel()


def gathered(plan: WorkerPlan, names: tuple[str, ...], seeds: Indices, runs: list[SeedRun]) -> WorkerRuns:
    """The runs' rows as one result."""
    from experiments.workers.simulate import WorkerRuns

    metrics = np.stack([run.metrics for run in runs], axis=1)
    return WorkerRuns(
        batches=plan.setting.batches,
        metrics=dict(zip(names, metrics, strict=True)),
        diverged_at=np.array([run.diverged_at for run in runs], dtype=np.int64),
        stopped_at=np.array([run.stopped_at for run in runs], dtype=np.int64),
        final=np.stack([run.final for run in runs if run.final is not None]),
        seeds=seeds,
        coherence=_coherence(runs) if plan.setting.lags else {},
    )


def _coherence(runs: list[SeedRun]) -> dict[str, NDArray[np.float64]]:
    return {name: np.stack([getattr(run, name) for run in runs]) for name in ("cosine", "ratio", "mu", "norm_squared")}


@contextmanager
def single_threaded_products() -> Iterator[None]:
    """Matrix products on the calling thread alone: the threads are taken by the seeds."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        yield
        return
    with threadpool_limits(1, "blas"):
        yield
