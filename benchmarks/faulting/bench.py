"""Where a fault is tried: a scratch folder, the reference, and the proof afterwards that nothing was lost."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

from faulting import tiny
from faulting.child import Child, Ending, command
from faulting.tally import Row, message_faults, timed
from gradlag.cli import execute

_STALE = 2 * 86_400
_NUMBERS = count()


@dataclass(frozen=True)
class Bench:
    """The scratch folder, the finished sweep that all others are compared with, and how long it took.

    Args:
        place: the scratch folder; source: the folder of the reference; reference: what its results say.
        seconds: what the whole sweep takes in a fork; share: the part of all faults that is injected.
    """

    place: Path
    source: Path
    reference: tiny.Contents = field(repr=False)
    seconds: float
    share: float = 1.0

    def times(self, number: int) -> int:
        """How many of so many faults are injected."""
        return max(1, round(self.share * number))

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A new empty folder of results, gone afterwards."""
        out = self.place / f"out-{next(_NUMBERS)}"
        out.mkdir()
        try:
            yield out
        finally:
            shutil.rmtree(out, ignore_errors=True)

    def sweep(self, out: Path, *flags: str, before: Callable[[], object] = lambda: None) -> Child:
        """The sweep into a folder, in a fork."""
        return command(self.place / f"streams-{next(_NUMBERS)}", tiny.arguments(out, *flags), before)

    def copy(self, out: Path) -> None:
        """The whole reference in another folder."""
        shutil.copytree(self.source, out, dirs_exist_ok=True)

    def prove(self, row: Row, out: Path, earlier: tiny.Snapshot, complaints: list[str]) -> None:
        """Count a fault: see that what was finished is whole, finish the rest, and see that all is as in the reference.

        Args:
            row: what is counted into; out: the folder after the fault.
            earlier: what was finished before the command that met the fault.
            complaints: what was found wrong already.
        """
        bad = set(tiny.unlike(out, self.reference))
        kept = tiny.snapshot(out)
        bad |= {name for name in earlier if kept.get(name) != earlier[name]}
        _age(tiny.leftovers(out))
        complaints += fair(self.sweep(out).wait(), 0, "afterwards")
        after = tiny.snapshot(out)
        bad |= {name for name in kept if after.get(name) != kept[name]}
        bad |= set(self.reference) - set(after) | set(tiny.unlike(out, self.reference))
        if bad:
            complaints.append(f"lost: {', '.join(sorted(bad))}")
        if left := tiny.leftovers(out):
            complaints.append(f"left behind: {', '.join(path.name for path in left)}")
        row.count([f"{row.fault}: {each}" for each in complaints], len(bad), len(set(after) - set(kept)))


def fair(ending: Ending, status: int | tuple[int, ...], when: str, *, as_json: bool = False) -> list[str]:
    """What is wrong with the end of a command."""
    allowed = (status,) if isinstance(status, int) else status
    found = [f"{when}: the command hung"] if ending.hung else []
    if ending.status not in allowed:
        found.append(f"{when}: status {ending.status}, not {allowed}: {ending.err[-300:]}")
    elif ending.status >= 0:
        found += [
            f"{when}: {each}: {ending.err[-300:]}"
            for each in message_faults(ending.status, ending.out, ending.err, as_json=as_json)
        ]
    return found


def _age(paths: list[Path]) -> None:
    """Make what a killed command left half-written so old that a later one removes it."""
    for path in paths:
        old = path.stat().st_mtime - _STALE
        os.utime(path, (old, old))


def warm(place: Path) -> None:
    """Run the sweep in this process, so that forks find everything imported; there must still be one thread only."""
    with (place / "warm").open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        execute(tiny.arguments(place / "warm-out"))
    tasks, until = Path("/proc/self/task"), time.monotonic() + 5
    while tasks.exists() and len(list(tasks.iterdir())) > 1 and time.monotonic() < until:
        time.sleep(0.01)  # a thread that was waited for may still be listed
    if tasks.exists() and len(list(tasks.iterdir())) > 1:
        raise SystemExit("This process has several threads, and forks of it would not be sound.")


def prepared(place: Path, share: float) -> Bench:
    """Make the reference, twice: the second time says how long it takes and that the numbers are the same again."""
    warm(place)
    seconds, seen = [], []
    for number in range(2):
        source = place / f"reference-{number}"
        began = time.monotonic()
        ending = command(place / f"reference-streams-{number}", tiny.arguments(source)).wait(600)
        seconds.append(time.monotonic() - began)
        if complaints := fair(ending, 0, "the reference"):
            raise SystemExit(f"The sweep does not run without any fault: {complaints}")
        seen.append(tiny.contents(source))
    if tiny.unlike(place / "reference-1", seen[0]) or set(seen[0]) != set(seen[1]):
        raise SystemExit("The sweep does not give the same numbers twice.")
    return Bench(place, place / "reference-0", seen[0], seconds[1], share)


def repeated(row: Row, number: int, seed: int, one: Callable[[Row, Random], None]) -> Row:
    """Carry one fault out again and again, each time with random numbers of its own."""
    with timed(row):
        for index in range(number):
            one(row, Random(f"{seed}/{row.fault}/{index}"))
    return row
