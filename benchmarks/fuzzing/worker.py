"""One process of a run: it judges inputs by number, says which one it is at, and stops what takes too long.

An input may take `LONGEST` seconds and `MOST_MEMORY`; what seems to hang is tried again before it counts, since the
machine may have had other work: in a fresh process. Code that no timer can stop, and crashes, are for `pool` to see.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fuzzing.parts import Part, load, made
from fuzzing.tally import Found, Tally

LONGEST = 2.0
MOST_MEMORY = 200 << 10  # kB above what the process holds after its warm-up
_ADDRESSES = 6 << 30  # bytes of addresses that a process may take, libraries and all
GIVEN_UP = -1
_WARM_UP = 400


class Hang(BaseException):
    """The time is up; no reader's `except Exception` catches it."""


def serve(calls: Connection, place: Any, folder: Path, kept: Path, seed: int) -> None:
    """Judge ranges (part, first, last) until None comes; `place` holds the number of the input in work, and -1."""
    for stream in (0, 1, 2):  # whatever a damaged file makes a C library print
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, _ring)
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    parts = load(folder)
    process = _Process(parts, place, kept, seed)
    process.warm_up()
    calls.send("ready")
    while (call := calls.recv()) is not None:
        name, first, last = call
        if last == GIVEN_UP:
            calls.send(process.given_up(name, first))
        else:
            indices = range(first, first + 1 if last is None else last)
            calls.send(process.judged(name, indices, again=last is None))


def _ring(*_: object) -> None:
    raise Hang


class _Process:
    def __init__(self, parts: Mapping[str, Part], place: Any, kept: Path, seed: int) -> None:
        self.parts, self.place, self.kept, self.seed = parts, place, kept, seed
        self.most = sys.maxsize
        self.dropped: list[str] = []
        sys.unraisablehook = lambda lost: self.dropped.append(f"{type(lost.exc_value).__name__}: {lost.exc_value}")

    def warm_up(self) -> None:
        """Imports and caches first: they are not what an input costs."""
        for name in self.parts:
            for index in range(_WARM_UP):
                with contextlib.suppress(Exception, Hang):
                    self.parts[name].judge(*made(self.parts[name], self.seed, f"warm-up of {name}", index))
        self.most = _peak() + MOST_MEMORY
        self.dropped.clear()

    def judged(self, name: str, indices: range, *, again: bool) -> Tally:
        """The tally of these inputs; what hangs for the first time ends the process, as it may have left locks shut."""
        tally = Tally()
        for index in indices:
            group, given = made(self.parts[name], self.seed, name, index)
            self.place[0] = index
            began = time.perf_counter()
            word, told = self._tried(name, group, given)
            if word == "hang" and not again:
                os._exit(1)
            tally.add(name, group, word, time.perf_counter() - began, index)
            tally.retried += again and not told
            if told:
                tally.found.append(self._keep(Found(name, index, group, word, told), given))
        self.place[0] = -1
        return tally

    def _tried(self, name: str, group: str, given: Any) -> tuple[str, str]:
        """What became of an input, and how an escape came about."""
        try:
            signal.setitimer(signal.ITIMER_REAL, LONGEST)
            word = self.parts[name].judge(group, given)
            signal.setitimer(signal.ITIMER_REAL, 0)
        except Hang:
            return "hang", f"longer than {LONGEST:g} s, twice"
        except BaseException as error:
            signal.setitimer(signal.ITIMER_REAL, 0)
            return "escape", _account(error)
        if self.dropped:
            told = f"printed on stderr, from a destructor: {self.dropped[0]}"
            self.dropped.clear()
            return "escape", told
        if _peak() > self.most:
            self.most = _peak() + MOST_MEMORY
            return "escape", f"it took more than {MOST_MEMORY >> 10} MB"
        return word, ""

    def given_up(self, name: str, index: int) -> Tally:
        """The tally of an input that ended two processes, or could not be stopped."""
        tally = Tally()
        group, given = made(self.parts[name], self.seed, name, index)
        tally.add(name, group, "crash", 0.0, index)
        found = Found(name, index, group, "crash", "the process ended twice, or had to be ended")
        tally.found.append(self._keep(found, given))
        return tally

    def _keep(self, found: Found, given: Any) -> Found:
        content = given if isinstance(given, bytes) else given.encode("utf-8", "surrogatepass")
        stem = f"{found.part}-{found.index}-{found.group}-{found.what}"
        (self.kept / stem).write_bytes(content)
        (self.kept / f"{stem}.txt").write_text(found.told, encoding="utf-8", errors="backslashreplace")
        return found


def _account(error: BaseException) -> str:
    where = traceback.extract_tb(error.__traceback__)
    last = next((frame for frame in reversed(where) if "site-packages" not in frame.filename), where[-1])
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"


def _peak() -> int:
    """The most memory that this process ever held, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
