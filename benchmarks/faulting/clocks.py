"""A clock that jumps: by years, back and forth, between any two looks at it; and files dated in any year."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from random import Random

from experiments.data import downloads
from experiments.runs import run as result
from experiments.sweep import json_store
from faulting import tiny
from faulting.bench import Bench, fair, repeated
from faulting.instants import kill_at, watch
from faulting.tally import Row

_JUMPS, _DATES = 12, 8
_YEAR = 365.25 * 86_400
# What is said of time while the sweep goes on; the whole takes seconds.
_LEFT = r".*: \d+% done, (about \d+ s left|finished|time left unknown)"
_TOLD = re.compile(_LEFT + r"|Computed now: ([\w-]+ \d+ s(, )?)+, .*")
_TIMES = re.compile(r"% done|Computed now")


def jumped(bench: Bench, seed: int) -> list[Row]:
    """Both."""
    return [
        repeated(Row("a clock that jumps"), bench.times(_JUMPS), seed, lambda *a: _jumping(bench, *a)),
        repeated(Row("files of another year"), bench.times(_DATES), seed, lambda *a: _dated(bench, *a)),
    ]


def jumping(random: Random) -> None:
    """Let the clock of the day jump by up to thirty years at every look, in this process."""
    jump: Callable[[], float] = lambda: random.uniform(-30, 30) * _YEAR if random.random() < 0.5 else 0.0  # noqa: E731
    real = time.time

    class Jumping(datetime):
        """What modules take the date from."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Jumping:
            shown = datetime.now(tz) + timedelta(seconds=jump())
            return cls.fromisoformat(shown.isoformat())

    vars(time)["time"] = lambda: real() + jump()
    for module in (json_store, result, downloads):
        vars(module)["datetime"] = Jumping


def _jumping(bench: Bench, row: Row, random: Random) -> None:
    """The clock jumps in a sweep that is killed half-way, or runs to its end."""
    number = random.randrange(10, 80) if random.random() < 0.5 else 0
    with bench.folder() as out:
        tiny.prefill(bench.source, out, random, share=0.3)
        earlier = tiny.snapshot(out)

        def before() -> None:
            jumping(random)
            if number:
                watch(out, kill_at(number))

        ending = bench.sweep(out, before=before).wait()
        complaints = fair(ending, (0, -9) if number else 0, "a clock that jumps")
        strange = [line for line in ending.err.splitlines() if _TIMES.search(line) and not _TOLD.fullmatch(line)]
        complaints += [f"told of time: {line}" for line in strange]
        bench.prove(row, out, earlier, complaints)


def _dated(bench: Bench, row: Row, random: Random) -> None:
    """Everything in the folder, half-written files too, is dated in some year between 1971 and 2100."""
    with bench.folder() as out:
        bench.sweep(out, before=lambda: watch(out, kill_at(random.randrange(30, 90)))).wait()
        for path in out.rglob("*"):
            os.utime(path, (random.uniform(1, 130) * _YEAR,) * 2)
        bench.prove(row, out, tiny.snapshot(out), [])
