"""Progress and time left on stderr: a bar on a terminal, now and then a plain line elsewhere.

A reporter is a callback (done, total); nothing that computes knows how it is shown.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from theory.common.types import Progress

_LONGEST = 30.0  # seconds between two lines, while a tenth of the work takes longer


@contextmanager
def reporting(title: str, *, quiet: bool = False, stream: TextIO | None = None) -> Iterator[Progress]:
    """Yield a callback (done, total) that shows how far the work is.

    Args:
        title: what is going on, in a word or two.
        quiet: show nothing.
        stream: where to; stderr by default.
    """
    target = stream or sys.stderr
    if quiet:
        yield lambda done, total: None
    elif target.isatty():
        with _bar(title, target) as report:
            yield report
    else:
        lines = Lines(title, target)
        with _beating(lines):
            yield lines


@contextmanager
def _beating(lines: Lines) -> Iterator[None]:
    """Ask the lines once a second whether there is something to say, whatever the work is doing."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(1.0):
            lines.beat()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Lines:
    """Plain lines for logs: one when a tenth more is done, and no two within `pause` seconds.

    Where nothing was said for a while, which grows from `pause` to half a minute, the last one is said again.
    """

    def __init__(
        self, title: str, stream: TextIO, clock: Callable[[], float] = time.monotonic, pause: float = 2.0
    ) -> None:
        self._title, self._stream, self._clock, self._pause = title, stream, clock, pause
        self._start = self._last = clock()
        self._begun = -1
        self._shown = 0.0
        self._now, self._patience = (0, 1), pause

    def __call__(self, done: int, total: int) -> None:
        """Print a line if it is time for one; the first call only marks the start."""
        now, part = self._clock(), done / max(total, 1)
        self._now = done, max(total, 1)
        if self._begun < 0:
            # What an earlier, interrupted run had finished says nothing about the speed of this one.
            self._start, self._begun, self._shown = now, done, part
            return
        if now - self._last < self._pause or part < min(self._shown + 0.1, 1.0):
            return
        self._say(now)

    def beat(self) -> None:
        """Print a line if none was for a while."""
        now = self._clock()
        if now - self._last >= self._patience:
            self._patience = min(2 * self._patience, _LONGEST)
            self._say(now)

    def _say(self, now: float) -> None:
        done, total = self._now
        self._last, self._shown = now, done / total
        left = time_left(now - self._start, done - max(self._begun, 0), total - done)
        # Less than all is not rounded to it.
        share = f"{1:.0%}" if done >= total else f"{min(done / total, 0.99):.0%}"
        print(f"{self._title}: {share} done, {left}", file=self._stream, flush=True)


def time_left(elapsed: float, done: float, remaining: float) -> str:
    """How long the rest will take at the present speed, in words.

    >>> time_left(30.0, done=3, remaining=2), time_left(1.0, done=0, remaining=5), time_left(9.0, 5, 0)
    ('about 20 s left', 'time left unknown', 'finished')
    """
    if remaining <= 0:
        return "finished"
    if done <= 0:
        return "time left unknown"
    return f"about {in_words(elapsed * remaining / done)} left"


def in_words(seconds: float) -> str:
    """A duration with the precision that a reader wants.

    >>> in_words(8.3), in_words(100), in_words(4000)
    ('8 s', '1 min 40 s', '1 h 6 min')
    """
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@contextmanager
def _bar(title: str, stream: TextIO) -> Iterator[Progress]:
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.TaskProgressColumn(),
        rich.TimeElapsedColumn(),
        rich.TextColumn("left"),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(file=stream)) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
