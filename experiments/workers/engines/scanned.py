"""The workers' simulator for accelerators: seeds, step sizes and extra delays run together as lanes of one scan.

The idea: minibatches, noise and delays are drawn on the host, from the counters that all engines share, for a block of
iterations at a time; the device turns the block into the next state of all lanes. On a processor, where XLA makes the
gradient of a convolution inside a loop many times slower, networks of convolutions run one after another instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from experiments.common.memory import available_memory
from experiments.kernels.compiling import kept
from experiments.simulate.trajectories import Indices, Progress
from experiments.workers.delays import DelayLaw, Given, drawn_delay
from experiments.workers.memory import check_worker_memory, ring_slots
from experiments.workers.optimizers import Array
from theory.common.errors import InputError

if TYPE_CHECKING:
    from experiments.common.arrays import Vector
    from experiments.workers.engines.scanned_lanes import Block, Lanes
    from experiments.workers.seeds import SeedRun
    from experiments.workers.simulate import WorkerPlan, WorkerRuns, WorkerSetting
    from experiments.workers.workload import Target, Workload
    from experiments.workloads.jax.training import JaxForm

Arrangement = Literal["auto", "scan", "loop"]

# Iterations that are handed to the device at a time, and the bytes of what is drawn for them.
_BLOCK, _BLOCK_BYTES = 256, 2**27


def simulate_scanned(
    workload: Workload,
    settings: Sequence[WorkerSetting],
    seeds: Sequence[int],
    *,
    progress: Progress | None = None,
    stop: Target | None = None,
    memory_limit: int | None = None,
    delays: ArrayLike | None = None,
    arrangement: Arrangement = "auto",
) -> tuple[WorkerRuns, ...]:
    r"""Simulate P workers with caches under several settings at once: see `simulate_workers` for the iteration.

    The random numbers are those of the other engines. Sums are taken in another order, so that numbers agree with
    those engines' to rounding, which training enlarges; and a lane's numbers depend on the number of lanes beside it
    by rounding alone.

    Args:
        workload: a network, an autoencoder or a ResNet.
        settings: alike but for step_size, extra_delay and delays; all lanes have the ring of the largest extra delay.
        seeds: distinct whole numbers below 2^63.
        progress: called now and then with (iterations done, all iterations), counted over all lanes.
        stop: a lane ends at the first evaluation that meets this.
        memory_limit: bytes that may be used; by default what the device has left.
        delays: int (T, P, P), the extra delay of every (iteration, sender, receiver), instead of drawing them.
        arrangement: "scan" (all lanes in one scan), "loop" (one after another, gradients called from Python, the
            black-box engine), or "auto": the loop for convolutions on a processor, else the scan.

    Returns:
        What was measured, for each setting.

    Raises:
        InputError: settings that differ in more, or a workload that is not written in JAX.
        TooLargeError: more memory than there is, found before anything is allocated.
        EnvironmentFailure: JAX is not installed.

    Source: Dai et al., Toward Understanding the Impact of Staleness in Distributed Machine Learning, ICLR 2019,
        the simulation model.

    Example:
        >>> from experiments.workers.simulate import WorkerSetting
        >>> from experiments.workloads import get_workload
        >>> two, three = (WorkerSetting(workers, extra_delay=4, iterations=10) for workers in (2, 3))
        >>> simulate_scanned(get_workload("mlr"), [two, three], seeds=[0])
        Traceback (most recent call last):
        theory.common.errors.InputError: Settings that run together may differ in step_size, extra_delay and delays ...
    """
    from experiments.workers.simulate import checked_seeds, worker_plan
    from experiments.workloads.jax.library import computing_in
    from experiments.workloads.jax.networks import jax_form

    _check_alike(settings)
    form, numbers = jax_form(workload), checked_seeds(seeds)
    plans = tuple(worker_plan(workload, setting, delays) for setting in settings)
    if _arranged(arrangement, form) == "loop":
        return _one_after_another(workload, settings, seeds, progress, stop, memory_limit, delays)
    needed = predicted_scan_memory(workload, settings, numbers.size)
    check_worker_memory(needed, device_memory() if memory_limit is None else memory_limit)
    with computing_in(form.precision), np.errstate(all="ignore"):
        return _Scan(workload, form, plans, numbers, stop).run(progress)


def _check_alike(settings: Sequence[WorkerSetting]) -> None:
    if not settings:
        raise InputError("The scanned engine needs at least one setting. Got none.")
    first = settings[0]
    same = {"step_size": first.step_size, "extra_delay": first.extra_delay, "delays": first.delays}
    if any(replace(setting, **same) != first for setting in settings):  # type: ignore[arg-type]
        raise InputError("Settings that run together may differ in step_size, extra_delay and delays alone.")


def _arranged(arrangement: str, form: JaxForm) -> str:
    from experiments.workloads.jax.library import jax

    if arrangement not in ("auto", "scan", "loop"):
        raise InputError(f"The arrangement must be auto, scan or loop. Got {arrangement!r}.")
    if arrangement != "auto":
        return arrangement
    return "loop" if form.convolutional and jax.default_backend() == "cpu" else "scan"


def _one_after_another(
    workload: Workload,
    settings: Sequence[WorkerSetting],
    seeds: Sequence[int],
    progress: Progress | None,
    stop: Target | None,
    memory_limit: int | None,
    delays: ArrayLike | None,
) -> tuple[WorkerRuns, ...]:
    from experiments.workers.simulate import simulate_workers

    def run(i: int, setting: WorkerSetting) -> WorkerRuns:
        def told(done: int, total: int) -> None:
            if progress is not None:
                progress(i * total + done, len(settings) * total)

        return simulate_workers(
            workload,
            setting,
            seeds,
            engine="black-box",
            delays=delays,
            progress=None if progress is None else told,
            stop=stop,
            memory_limit=memory_limit,
        )

    return tuple(run(i, setting) for i, setting in enumerate(settings))


def predicted_scan_memory(workload: Workload, settings: Sequence[WorkerSetting], seeds: int) -> int:
    """The memory that a scan takes on the device, but for the workload's own data.

    Per lane and parameter: (extra_delay + 1) P updates in the ring, P caches, 3 P vectors while updates are made, and
    P times the vectors of the optimiser's state; beside them a table of due times and, as an estimate, what the
    gradients keep for every example of all workers' minibatches. On the host, but counted as well: `lags` gradients.

    Args:
        workload: what is trained.
        settings: those that run together.
        seeds: S; there are S lanes for each setting.

    Returns:
        Bytes.
    """
    from experiments.workers.optimizers import get_optimizer
    from experiments.workloads.jax.networks import jax_form

    setting, form = max(settings, key=lambda each: each.extra_delay), jax_form(workload)
    workers, slots, size = setting.workers, ring_slots(setting), form.precision.itemsize
    vectors = workers * (slots + 4 + get_optimizer(setting.optimizer).moments)
    kept = workers * (setting.batch or workload.examples) * form.activations
    lane = size * (vectors * workload.parameters + kept) + 8 * setting.lags * workload.parameters
    return len(settings) * seeds * (lane + 4 * slots * workers * workers)


def device_memory() -> int:
    """Bytes that are left on the device on which JAX computes by default."""
    from experiments.workloads.jax.library import jax

    told = jax.devices()[0].memory_stats() or {}
    if "bytes_limit" in told:
        return int(told["bytes_limit"]) - int(told.get("bytes_in_use", 0))
    return available_memory()


class _Seen:
    """One lane as the recorder of `worker_runs` sees it: a workload and an engine whose values are there already."""

    def __init__(self, metrics: tuple[str, ...]) -> None:
        self.metrics = metrics
        self.values: Array = np.zeros(len(metrics))
        self.gradient: Array = np.zeros(0)
        self.cache: Array = np.zeros(0)

    def evaluate(self, cache: Array) -> dict[str, float]:
        return dict(zip(self.metrics, self.values.tolist(), strict=True))

    def sample_gradient(self, cache: Array, sample: int) -> Array:
        return self.gradient


class _Scan:
    """The lanes of one call: lane i is setting i // S and seed i mod S."""

    def __init__(
        self, workload: Workload, form: JaxForm, plans: tuple[WorkerPlan, ...], seeds: Indices, stop: Target | None
    ) -> None:
        from experiments.workers.seeds import SeedRun

        self.workload, self.form, self.plans, self.seeds = workload, form, plans, seeds
        self.lanes = [(plan, seed) for plan, seed in product(plans, seeds.tolist())]
        self.seen = [_Seen(workload.metrics) for _ in self.lanes]
        self.runs: list[SeedRun] = [
            SeedRun(seen, plan, _never, stop)  # type: ignore[arg-type]
            for seen, (plan, _) in zip(self.seen, self.lanes, strict=True)
        ]
        self.setting = max((plan.setting for plan in plans), key=lambda each: each.extra_delay)
        self.live = np.arange(len(self.lanes))  # which lanes are on the device, in their order there

    def run(self, progress: Progress | None) -> tuple[WorkerRuns, ...]:
        """All lanes to their ends."""
        times, total = self.setting.times.tolist(), self.setting.iterations * len(self.lanes)
        state = self._start()
        self._evaluate(state, 0)
        for first, last in pairwise(times):
            state = self._advance(self._shrunk(state), first, last, progress)
            self._end_diverged(state, last)
            self._evaluate(state, last)
            if all(run.finished for run in self.runs):
                break
        if progress is not None:
            progress(total, total)
        return self._gathered()

    def _start(self) -> Lanes:
        from experiments.workers.engines.scanned_lanes import start_lanes

        optimizer = self.plans[0].optimizer
        starts = {seed: np.asarray(self.workload.initial(seed), self.form.precision) for seed in self.seeds.tolist()}
        return start_lanes(
            self.form,
            np.stack([starts[seed] for _, seed in self.lanes]),
            np.stack([plan.numbers.numbers for plan, _ in self.lanes]),
            self.setting.workers,
            ring_slots(self.setting),
            np.full(optimizer.moments, optimizer.initial),
        )

    def _advance(self, state: Lanes, first: int, last: int, progress: Progress | None) -> Lanes:
        """Iterations first..last-1, in blocks of nearly equal length."""
        from experiments.workers.engines.scanned_lanes import advancing

        if all(run.finished for run in self.runs):
            return state
        advance = advancing(self.form, self.plans[0].numbers.kind, self.plans[0].limit)
        count = -(-(last - first) // self._block_length())
        ends = [first + (last - first) * i // count for i in range(count + 1)]
        for begin, end in pairwise(ends):
            state = advance(state, self.form.device_data, self._block(begin, end))
            if progress is not None:
                done = sum(self.setting.iterations if run.finished else end for run in self.runs)
                progress(done, self.setting.iterations * len(self.runs))
        return state

    def _block_length(self) -> int:
        drawn = self.form.draw(0, range(1), range(self.setting.workers), self.setting.batch)
        each = len(self.live) * (sum(array.nbytes for array in drawn) + 4 * self.setting.workers**2)
        return max(1, min(_BLOCK, _BLOCK_BYTES // int(each)))

    def _block(self, first: int, last: int) -> Block:
        """What the host draws for iterations first..last-1."""
        from experiments.workers.engines.scanned_lanes import Block

        setting, times = self.setting, range(first, last)
        lanes = [self.lanes[i] for i in self.live]
        inputs = {
            seed: self.form.draw(seed, times, range(setting.workers), setting.batch)
            for seed in {seed for _, seed in lanes}
        }
        delays = [drawn_delays(plan.law, seed, times, setting.workers) for plan, seed in lanes]
        corrections = self.plans[0].numbers.corrections[first:last]
        return Block(
            np.arange(first, last, dtype=np.int32),
            corrections if len(corrections) else np.ones((last - first, 2), self.form.precision),
            tuple(np.stack(each, axis=1) for each in zip(*(inputs[seed] for _, seed in lanes), strict=True)),
            np.stack(delays, axis=1),
        )

    def _shrunk(self, state: Lanes) -> Lanes:
        """Without the lanes that have ended, once they are half of those on the device."""
        from experiments.workers.engines.scanned_lanes import chosen_lanes

        going = np.array([not self.runs[i].finished for i in self.live])
        if not 0 < 2 * going.sum() <= going.size:
            return state
        self.live = self.live[going]
        return chosen_lanes(state, np.flatnonzero(going))

    def _end_diverged(self, state: Lanes, last: int) -> None:
        from experiments.workers.engines.scanned_lanes import measures_of

        diverged = np.asarray(state.diverged_at)
        ended = [place for place, i in enumerate(self.live) if diverged[place] >= 0 and not self.runs[i].finished]
        if not ended:
            return
        flat = measures_of(self.form).flat(state.caches)
        for place in ended:
            i = self.live[place]
            self.seen[i].cache, self.runs[i].done = flat[place], last
            self.runs[i].diverged_at = int(diverged[place])
            self.runs[i].finish(self.seen[i])

    def _evaluate(self, state: Lanes, t: int) -> None:
        """Measure the lanes that go on; some may end."""
        from experiments.workers.engines.scanned_lanes import measures_of

        going = [(place, i) for place, i in enumerate(self.live) if not self.runs[i].finished]
        if not going:
            return
        measures, sample = measures_of(self.form), self.setting.sample
        metrics, flat = measures.metrics(state.caches), measures.flat(state.caches)
        gradients = measures.gradients(state.caches, sample) if self.setting.lags else None
        for place, i in going:
            seen, run = self.seen[i], self.runs[i]
            seen.values, seen.cache, run.done = metrics[place], flat[place], t
            if gradients is not None:
                seen.gradient = gradients[place]
            run.evaluate(seen)  # type: ignore[arg-type]

    def _gathered(self) -> tuple[WorkerRuns, ...]:
        from experiments.workers.seeds import gathered

        size = self.seeds.size
        return tuple(
            gathered(plan, self.workload.metrics, self.seeds, self.runs[i * size : (i + 1) * size])
            for i, plan in enumerate(self.plans)
        )


def _never() -> Any:
    """A lane is moved on with all others, never by its recorder."""


def drawn_delays(law: DelayLaw, seed: int, times: range, workers: int) -> Indices:
    """int32 (times, sender, receiver): the extra delays that the law draws."""
    given = np.ascontiguousarray(law.given).view()
    given.setflags(write=False)
    return np.asarray(_delays(law.kind, law.cumulative, given, seed, times.start, times.stop, workers))


@kept()
def _delays(kind: int, cumulative: Vector, given: Given, seed: int, first: int, last: int, workers: int) -> Array:
    delays = np.empty((last - first, workers, workers), np.int32)
    for t in range(first, last):
        for sender in range(workers):
            for receiver in range(workers):
                delays[t - first, sender, receiver] = drawn_delay(kind, cumulative, given, seed, t, sender, receiver)
    return delays
