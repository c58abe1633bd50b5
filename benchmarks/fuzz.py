"""Throws made and mutated input at every reader: texts of schedules and other spellings, and files of every sort.

Usage: python benchmarks/fuzz.py [--schedules 1000000] [--files 100000] [--logs 1000000] [--seed 0] [--jobs 2]
    [--keep fuzz-escapes]

Each input is accepted with the meaning it has, or refused in one sentence with the right exit status; anything else is
an escape: another exception, a warning, more than 2 s, more than 200 MB, a crash. The table counts inputs, and refusals
by class; inputs that escape are kept in a folder. Exit status 1 if there is one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

from fuzzing.commands import ask_commands
from fuzzing.parts import prepare
from fuzzing.pool import run
from fuzzing.tally import Tally, table

#: Other spellings for each schedule, and commands for each thousand files.
_SPELLINGS = 0.02


def main() -> int:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=1_000_000, help="texts of schedules")
    parser.add_argument("--files", type=int, default=100_000, help="mutated files")
    parser.add_argument("--logs", type=int, default=1_000_000, help="made logs and files of delays")
    parser.add_argument("--commands", type=int, default=400, help="command lines")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same inputs")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so many, with what was done")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-escapes"), help="the folder for inputs that escape")
    asked = parser.parse_args()
    began = time.monotonic()
    print(f"seed {asked.seed}; inputs that escape are kept in {asked.keep}", flush=True)
    spellings = int(_SPELLINGS * asked.schedules)
    sizes = {"schedules": asked.schedules, "spellings": spellings, "files": asked.files, "logs": asked.logs}
    asked.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_memory()) as name:
        folder = Path(name)
        maker = get_context("spawn").Process(target=prepare, args=(folder,))
        maker.start()
        maker.join()
        total = run(
            sizes,
            folder,
            asked.keep.resolve(),
            seed=asked.seed,
            jobs=asked.jobs,
            progress=_Progress(sum(sizes.values()), asked.seconds),
        )
        total.merge(ask_commands(folder, asked.keep.resolve(), asked.seed, asked.commands))
    return _told(total, time.monotonic() - began)


def _memory() -> str | None:
    """A folder in memory if there is one: a hundred thousand small files are no work for a disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _told(total: Tally, seconds: float) -> int:
    print("\n" + "\n".join(table(total)))
    for found in total.found[:40]:
        print(f"{found.what}: {found.part} {found.index} ({found.group}): {found.told[:300]}")
    print(f"{sum(total.counts.values()):,} inputs in {seconds:.0f} s, {len(total.found)} of them escaped.")
    if total.retried:
        print(f"{total.retried} inputs took more than 2 s, or ended a process, once and not when tried again.")
    return int(bool(total.found))


class _Progress:
    """A line on stderr every few seconds, with the time left; whether there is any."""

    def __init__(self, total: int, seconds: float) -> None:
        self.total, self.seconds, self.began, self.last = total, seconds, time.monotonic(), 0.0

    def __call__(self, done: int) -> bool:
        now = time.monotonic()
        if done and now - self.last > 5:
            self.last = now
            left = (now - self.began) * (self.total - done) / done
            print(f"{done:,} of {self.total:,} inputs, {left:.0f} s left", file=sys.stderr, flush=True)
        return now - self.began < self.seconds


if __name__ == "__main__":
    sys.exit(main())
