"""Progress and time left on stderr: a bar on a terminal, now and then a plain line elsewhere.

A reporter is a callback (done, total); nothing that computes knows how it is shown.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO, TypeVar

from theory.common.types import Progress

Item = TypeVar("Item")
Outer = TypeVar("Outer")
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
        return
    with _SHOWN.by_another():
        if target.isatty():
            with _bar(title, target) as report:
                yield report
        else:
            lines = Lines(title, target)
            with _beating(lines.beat):
                yield lines


@contextmanager
def accompanied(title: str, stream: TextIO | None = None) -> Iterator[None]:
    """Say now and then that work goes on, wherever nothing else says how far it is.

    Args:
        title: what is going on; stream: where to say it, stderr by default.
    """
    lines = Lines(title, stream or sys.stderr)

    def beat() -> None:
        if not _SHOWN.others:
            lines.beat(_SHOWN.until)

    with _beating(beat):
        yield


class _Shown:
    """How many reporters show something, and until when one did."""

    others, until = 0, -math.inf

    @contextmanager
    def by_another(self) -> Iterator[None]:
        self.others += 1
        try:
            yield
        finally:
            self.others, self.until = self.others - 1, time.monotonic()


_SHOWN = _Shown()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Nothing is said of the time that passes: what waits for a person is not late."""
    with _SHOWN.by_another():
        yield


def counted(items: Collection[Item], progress: Progress) -> Iterator[Item]:
    """The items in turn; what is done when the next one is asked for is reported.

    >>> told = []
    >>> list(counted("ab", lambda done, all: told.append((done, all)))), told
    (['a', 'b'], [(0, 2), (1, 2), (2, 2)])
    """
    for place, item in enumerate(items):
        progress(place, len(items))
        yield item
    progress(len(items), len(items))


def untold(done: int, total: int) -> None:
    """Report to nobody."""


def part_of(progress: Progress, place: int, parts: int) -> Progress:
    """The callback for one of several parts of the work, the `place`-th from 0."""
    return lambda done, total: progress(place * total + done, parts * total)


def each_with(
    outer: Sequence[Outer], inner: Collection[Item], progress: Progress
) -> Iterator[tuple[Outer, Iterator[Item]]]:
    """Each of the outer items with all of the inner ones, which are counted over all outer items together."""
    for place, item in enumerate(outer):
        yield item, counted(inner, part_of(progress, place, len(outer)))


@contextmanager
def _beating(say: Callable[[], None]) -> Iterator[None]:
    """Ask once a second whether there is something to say, whatever the work is doing."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(1.0):
            say()

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
        self._now, self._patience, self._finished = (0, 1), pause, False

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

    def beat(self, since: float = -math.inf) -> None:
        """Print a line if none was for a while, by anybody."""
        now = self._clock()
        if now - max(self._last, since) >= self._patience:
            self._patience = min(2 * self._patience, _LONGEST)
            self._say(now)

    def _say(self, now: float) -> None:
        done, total = self._now
        self._last, self._shown = now, done / total
        if self._begun < 0 or self._finished:
            what = " finishing," if self._finished else ""
            print(f"{self._title}:{what} {in_words(now - self._start)} so far", file=self._stream, flush=True)
            return
        self._finished = done >= total
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
