"""The processes of a run: they are given ranges of inputs, watched, and replaced when an input ends one."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from fuzzing.tally import Tally
from fuzzing.worker import GIVEN_UP, serve

_CHUNK = 500
_STUCK = 15.0  # seconds at one input after which a process is ended: its own timer has rung three times by then
_CONTEXT = get_context("spawn")

#: A range of inputs of a part; a last of None asks for one input again, one of GIVEN_UP for the account of a crash.
Range = tuple[str, int, int | None]


@dataclass
class _Worker:
    process: Any
    calls: Connection
    place: Any
    ready: bool = False
    work: Range | None = None
    at: tuple[int, float] = field(default_factory=lambda: (-1, time.monotonic()))

    def stuck(self) -> bool:
        """Whether it has been at the same input for too long."""
        index = int(self.place[0])
        if index != self.at[0] or index < 0:
            self.at = (index, time.monotonic())
        return index >= 0 and time.monotonic() - self.at[1] > _STUCK


def run(
    sizes: Mapping[str, int], folder: Path, kept: Path, *, seed: int, jobs: int, progress: Callable[[int], bool]
) -> Tally:
    """Judge as many inputs of each part as `sizes` says.

    Args:
        folder: where the processes work, prepared; kept: where inputs that escape are kept.
        seed: of all inputs; jobs: how many processes; progress: called with the number of inputs done, and
            says whether to go on.
    """
    waiting = deque(_ranges(sizes))
    workers = [_started(folder, kept, seed) for _ in range(jobs)]
    total = Tally()
    try:
        while waiting or any(worker.work for worker in workers):
            workers = [_fed(worker, waiting) for worker in workers]
            wait([worker.calls for worker in workers], 0.2)
            workers = [_heard(worker, waiting, total, lambda: _started(folder, kept, seed)) for worker in workers]
            if not progress(sum(total.counts.values())):
                break
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.join()
    return total


def _ranges(sizes: Mapping[str, int]) -> Iterator[Range]:
    """The parts in turn, so that each is seen early."""
    each = [
        [(name, first, min(size, first + _CHUNK)) for first in range(0, size, _CHUNK)] for name, size in sizes.items()
    ]
    marked = [(place / max(1, len(ranges)), one) for ranges in each for place, one in enumerate(ranges)]
    yield from (one for _, one in sorted(marked))


def _started(folder: Path, kept: Path, seed: int) -> _Worker:
    ours, theirs = _CONTEXT.Pipe()
    place = _CONTEXT.RawArray("q", [-1])
    process = _CONTEXT.Process(target=serve, args=(theirs, place, folder, kept, seed), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, place)


def _fed(worker: _Worker, waiting: deque[Range]) -> _Worker:
    if worker.ready and worker.work is None and waiting and worker.process.is_alive():
        worker.work = waiting.popleft()
        worker.calls.send(worker.work)
    return worker


def _heard(worker: _Worker, waiting: deque[Range], total: Tally, replacement: Callable[[], _Worker]) -> _Worker:
    """The worker after what it said, or another in its place."""
    try:
        if worker.calls.poll():
            said = worker.calls.recv()
            worker.ready = True
            if isinstance(said, Tally):
                total.merge(said)
                worker.work = None
            return worker
    except (EOFError, OSError):
        worker.process.join()
    if worker.process.is_alive() and not worker.stuck():
        return worker
    worker.process.kill()
    worker.process.join()
    if not worker.ready:
        raise RuntimeError("A process of the run cannot start.")
    if worker.work is not None:
        waiting.extendleft(reversed(list(_around(worker.work, int(worker.place[0])))))
    return replacement()


def _around(work: Range, index: int) -> Iterator[Range]:
    """The range again without the input that ended its process, and the account of that one."""
    name, first, last = work
    if last is None:
        yield name, first, GIVEN_UP
        return
    if not first <= index < last:
        raise RuntimeError(f"A process of the run ended at none of its inputs, at {work}.")
    yield name, index, None
    if first < index:
        yield name, first, index
    if index + 1 < last:
        yield name, index + 1, last
