"""Runs the seeds of one setting side by side, and measures the first worker's cache at the evaluations.

The idea: a seed's engine is moved on in short blocks by whichever thread is free; no number depends on where blocks
end, so progress is told and an interruption is heard without touching the results.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial

import numba
import numpy as np

from experiments.workers.record import Record, gathered
from experiments.workers.results import Threshold, WorkerRuns
from experiments.workers.setting import WorkerPlan
from experiments.workers.workload import SeedEngine, Workload
from theory.common.errors import InputError
from theory.common.types import Ints, Progress
from theory.staleness.count import whole_number

# Seconds that a thread stays with one seed, and so the longest that an interruption waits.
_TURN = 0.15


class SeedRun:
    """One seed: its record, and its engine, which is made when the first turn comes and let go at the end."""

    def __init__(
        self, workload: Workload, plan: WorkerPlan, start: Callable[[], SeedEngine], stop: Threshold | None
    ) -> None:
        self.workload, self.plan, self.start = workload, plan, start
        self.record = Record(workload.metrics, plan, stop)
        self.engine: SeedEngine | None = None
        self.block = 1

    def turn(self) -> None:
        """Go on for a while."""
        until = time.perf_counter() + _TURN
        with np.errstate(all="ignore"):
            if self.engine is None:
                self.engine = self.start()
                self._evaluate(self.engine)
            while not self.record.finished and time.perf_counter() < until:
                self._advance(self.engine)
        if self.record.finished:
            self.engine = None

    def _advance(self, engine: SeedEngine) -> None:
        """A block of iterations, up to the next evaluation at most."""
        record = self.record
        due = int(self.plan.setting.times[record.evaluated])
        last, started = min(due, record.done + self.block), time.perf_counter()
        record.diverged_at = engine.advance(record.done, last)
        seconds = time.perf_counter() - started
        self.block = max(1, min(8 * self.block, int((last - record.done) * _TURN / max(seconds, 1e-9))))
        record.done = last
        if record.diverged_at >= 0:
            record.finish(engine.cache)
        elif last == due:
            self._evaluate(engine)

    def _evaluate(self, engine: SeedEngine) -> None:
        measured, setting = self.workload.evaluate(engine.cache), self.plan.setting
        gradient = self.workload.sample_gradient(engine.cache, setting.sample) if setting.lags else None
        self.record.note(np.array([measured[name] for name in self.workload.metrics]), gradient, engine.cache)


def checked_seeds(seeds: Sequence[int]) -> Ints:
    """The seeds as int64 (S,); InputError if there is none, a repetition, or one out of range."""
    numbers = [whole_number(seed, 0, "A seed", InputError, most=2**63 - 1) for seed in seeds]
    if not numbers or len(set(numbers)) < len(numbers):
        raise InputError(f"The seeds must be at least one and all different. Got {len(numbers)} with repetitions.")
    return np.array(numbers, dtype=np.int64)


def run_seeds(
    workload: Workload,
    plan: WorkerPlan,
    seeds: Ints,
    start: Callable[[int], SeedEngine],
    progress: Progress | None = None,
    stop: Threshold | None = None,
    threads: int | None = None,
) -> WorkerRuns:
    """Run all seeds, on `threads` threads or as many as numba may use."""
    runs = [SeedRun(workload, plan, partial(start, seed), stop) for seed in seeds.tolist()]
    records = [run.record for run in runs]
    count, total = threads or int(numba.config.NUMBA_NUM_THREADS), plan.setting.iterations * len(runs)  # type: ignore[attr-defined]
    told = time.perf_counter()
    with single_threaded_products(), ThreadPoolExecutor(min(count, len(runs))) as pool:
        for _ in _turns(pool, runs):
            if progress is not None and time.perf_counter() - told > 2 * _TURN:
                progress(sum(plan.setting.iterations if each.finished else each.done for each in records), total)
                told = time.perf_counter()
    if progress is not None:
        progress(total, total)
    return gathered(plan, seeds, records)


def _turns(pool: ThreadPoolExecutor, runs: list[SeedRun]) -> Iterator[None]:
    """Give turns to the runs until all are finished; yield after each or, if none ends, after a moment."""
    waiting: dict[Future[None], SeedRun] = {pool.submit(run.turn): run for run in runs}
    try:
        while waiting:
            ended, _ = wait(waiting, timeout=_TURN, return_when=FIRST_COMPLETED)
            for future in ended:
                run = waiting.pop(future)
                future.result()
                if not run.record.finished:
                    waiting[pool.submit(run.turn)] = run
            yield
    finally:
        for future in waiting:
            future.cancel()


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
