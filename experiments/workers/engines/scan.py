"""All lanes of one call of the scanned engine, from their starts to their ends.

What is drawn comes from the host, a block of iterations at a time; lanes that have ended leave the device.
"""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np

from experiments.workers.delays import DelayLaw, drawn_delay
from experiments.workers.engines.lanes import Block, Lanes, advancing, chosen_lanes, measures_of, start_lanes
from experiments.workers.jax.library import computing_in
from experiments.workers.jax.training import JaxForm
from experiments.workers.record import Record, gathered
from experiments.workers.results import Threshold, WorkerRuns
from experiments.workers.setting import WorkerPlan
from experiments.workers.workload import Workload
from theory.common.compiling import kept
from theory.common.types import Array, Ints, Progress

# Iterations that are handed to the device at a time, and the bytes of what is drawn for them.
_BLOCK, _BLOCK_BYTES = 256, 2**27


class Scan:
    """The lanes of one call: lane i is setting i // S and seed i mod S."""

    def __init__(
        self, workload: Workload, form: JaxForm, plans: tuple[WorkerPlan, ...], seeds: Ints, stop: Threshold | None
    ) -> None:
        self.workload, self.form, self.plans, self.seeds = workload, form, plans, seeds
        self.lanes = [(plan, seed) for plan, seed in product(plans, seeds.tolist())]
        self.records = [Record(workload.metrics, plan, stop) for plan, _ in self.lanes]
        self.setting = max((plan.setting for plan in plans), key=lambda each: each.extra_delay)
        self.live = np.arange(len(self.lanes))  # which lanes are on the device, in their order there

    def run(self, progress: Progress | None) -> tuple[WorkerRuns, ...]:
        """All lanes to their ends."""
        with computing_in(self.form.precision), np.errstate(all="ignore"):
            self._run(progress)
        size, total = self.seeds.size, self.setting.iterations * len(self.lanes)
        if progress is not None:
            progress(total, total)
        return tuple(
            gathered(plan, self.seeds, self.records[i * size : (i + 1) * size]) for i, plan in enumerate(self.plans)
        )

    def _run(self, progress: Progress | None) -> None:
        state = self._start()
        self._evaluate(state, 0)
        for first, last in pairwise(self.setting.times.tolist()):
            if all(record.finished for record in self.records):
                return
            state = self._advance(self._shrunk(state), first, last, progress)
            self._end_diverged(state, last)
            self._evaluate(state, last)

    def _start(self) -> Lanes:
        optimizer = self.plans[0].optimizer
        starts = {seed: np.asarray(self.workload.initial(seed), self.form.precision) for seed in self.seeds.tolist()}
        return start_lanes(
            self.form,
            np.stack([starts[seed] for _, seed in self.lanes]),
            np.stack([plan.numbers.numbers for plan, _ in self.lanes]),
            self.setting.workers,
            self.setting.slots,
            np.full(optimizer.moments, optimizer.initial),
        )

    def _advance(self, state: Lanes, first: int, last: int, progress: Progress | None) -> Lanes:
        """Iterations first..last-1, in blocks of nearly equal length."""
        advance = advancing(self.form, self.plans[0].numbers.kind, self.plans[0].limit)
        count = -(-(last - first) // self._block_length())
        ends = [first + (last - first) * i // count for i in range(count + 1)]
        for begin, end in pairwise(ends):
            state = advance(state, self.form.device_data, self._block(begin, end))
            if progress is not None:
                done = sum(self.setting.iterations if record.finished else end for record in self.records)
                progress(done, self.setting.iterations * len(self.records))
        return state

    def _block_length(self) -> int:
        drawn = self.form.draw(0, range(1), range(self.setting.workers), self.setting.batch)
        each = len(self.live) * (sum(array.nbytes for array in drawn) + 4 * self.setting.workers**2)
        return max(1, min(_BLOCK, _BLOCK_BYTES // int(each)))

    def _block(self, first: int, last: int) -> Block:
        """What the host draws for iterations first..last-1."""
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
        going = np.array([not self.records[i].finished for i in self.live])
        if not 0 < 2 * going.sum() <= going.size:
            return state
        self.live = self.live[going]
        return chosen_lanes(state, np.flatnonzero(going))

    def _going(self) -> list[tuple[int, Record]]:
        """The lanes that go on, each with its place on the device."""
        return [(place, self.records[i]) for place, i in enumerate(self.live) if not self.records[i].finished]

    def _end_diverged(self, state: Lanes, last: int) -> None:
        diverged = np.asarray(state.diverged_at)
        ended = [(place, record) for place, record in self._going() if diverged[place] >= 0]
        flat = measures_of(self.form).flat(state.caches) if ended else ()
        for place, record in ended:
            record.done, record.diverged_at = last, int(diverged[place])
            record.finish(flat[place])

    def _evaluate(self, state: Lanes, t: int) -> None:
        """Measure the lanes that go on; some may end."""
        going, measures = self._going(), measures_of(self.form)
        if not going:
            return
        metrics, flat = measures.metrics(state.caches), measures.flat(state.caches)
        gradients = measures.gradients(state.caches, self.setting.sample) if self.setting.lags else None
        for place, record in going:
            record.done = t
            record.note(metrics[place], None if gradients is None else gradients[place], flat[place])


def drawn_delays(law: DelayLaw, seed: int, times: range, workers: int) -> Array:
    """int32 (times, sender, receiver): the extra delays that the law draws."""
    return np.asarray(_delays(law, seed, times.start, times.stop, workers))


@kept()
def _delays(law: DelayLaw, seed: int, first: int, last: int, workers: int) -> Array:
    delays = np.empty((last - first, workers, workers), np.int32)
    for t in range(first, last):
        for sender in range(workers):
            for receiver in range(workers):
                delays[t - first, sender, receiver] = drawn_delay(law, seed, t, sender, receiver)
    return delays
