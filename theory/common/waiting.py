"""Waiting for compiled code that hears nothing: interruptions are obeyed and progress is told while it works."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

from theory.common.types import Share, Stages

_PULSE = 0.2  # seconds
_NOTICED = 1.0  # seconds of work that an interruption may wait for
_GRACE = 0.5  # seconds that work which was told to stop is waited for
_PARTS = 1000

T = TypeVar("T")


def silent(share: float) -> None:
    """Tell nobody."""
    del share


def heard(work: Callable[[Callable[[], bool]], T], pulse: Callable[[], object] = lambda: None) -> T:
    """What `work` gives, computed in a thread of its own while the caller hears interruptions.

    Args:
        work: called with a function that says whether to stop early; it should ask now and then.
        pulse: called a few times a second meanwhile.

    >>> heard(lambda ended: 2 if ended() else 1)
    1
    """
    ended, outcome, context = threading.Event(), Future[T](), copy_context()

    def run() -> None:
        try:
            outcome.set_result(context.run(work, ended.is_set))
        except BaseException as error:
            outcome.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        thread.join(_PULSE)
        while thread.is_alive():
            pulse()
            thread.join(_PULSE)
    except BaseException:
        ended.set()
        thread.join(_GRACE)
        if thread.is_alive():
            atexit.register(_leave, thread)
        raise
    return outcome.result()


def watched(work: Callable[[Share], T], tell: Share, seconds: float) -> T:
    """What `work` gives, in a thread where it is expected to take more than a second: it ends when it next tells.

    Args:
        work: called with a function to tell its share, between pieces of compiled code that hear nothing.
        tell: called with the share that is done.
        seconds: that the work is expected to take.

    >>> watched(lambda told: told(0.5), print, seconds=0.1)
    0.5
    """
    if seconds < _NOTICED:
        return work(tell)
    done = 0.0

    def run(ended: Callable[[], bool]) -> T:
        def told(share: float) -> None:
            nonlocal done
            done = share
            if ended():
                raise InterruptedError

        return work(told)

    return heard(run, lambda: tell(done))


def _leave(thread: threading.Thread) -> None:
    """End the process before the interpreter is taken down under compiled code that is still at work."""
    if thread.is_alive():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)


def part(progress: Stages | None, begin: float, end: float) -> Stages | None:
    """Progress of one of several stages: its own share of the whole, from `begin` to `end`.

    >>> told = []
    >>> part(lambda *now: told.append(now), 0.5, 1.0)(1, 2, "second stage")
    >>> told
    [(750, 1000, 'second stage')]
    """
    if progress is None:
        return None
    tell = progress

    def inner(done: int, total: int, text: str) -> None:
        share = min(done / total, 1.0) if total > 0 else 0.0
        tell(int(_PARTS * (begin + (end - begin) * share)), _PARTS, text)

    return inner


def parts(progress: Stages | None, begin: float, end: float, count: int) -> Iterator[Stages | None]:
    """Progress of `count` equal stages from `begin` to `end`, one after the other."""
    for number in range(count):
        length = (end - begin) / count
        yield part(progress, begin + number * length, begin + (number + 1) * length)
