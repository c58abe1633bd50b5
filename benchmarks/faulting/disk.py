"""A full disk: refused at each instant in turn, files that may not grow, and a small disk in memory that is full."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from faulting import tiny
from faulting.bench import Bench, fair
from faulting.instants import count_into, full_at, watch
from faulting.tally import Row, timed

_INSTANTS, _SIZES, _DISKS = 60, 12, 8


def filled(bench: Bench, seed: int) -> list[Row]:
    """All sorts of full disks."""
    return [_refused(bench, seed), _limited(bench, seed), _mounted(bench, seed)]


def _refused(bench: Bench, seed: int) -> Row:
    """ENOSPC where a file is opened, made, flushed or renamed: once, or from then on; with and without --json."""
    row, log = Row("full disk, at chosen instants"), bench.place / "disk-instants"
    with timed(row):
        with bench.folder() as out:
            bench.sweep(out, before=lambda: watch(out, count_into(log))).wait()
        refusable = [n for n, what in enumerate(log.read_text().splitlines(), 1) if what in _REFUSABLE]
        random = Random(seed)
        for number in sorted(random.sample(refusable, min(len(refusable), bench.times(_INSTANTS)))):
            act = full_at(number, lasting=random.random() < 0.5)
            with bench.folder() as out:
                _fill(bench, row, out, partial(watch, out, act), random)
    return row


_REFUSABLE = ("open", "os.mkdir", "os.rename", "fsync")


def _limited(bench: Bench, seed: int) -> Row:
    """Files that may not grow beyond a size: writing itself fails."""
    row, random = Row("full disk, files that may not grow"), Random(seed)
    largest = max(path.stat().st_size for path in tiny.final_files(bench.source))
    with timed(row):
        for _ in range(bench.times(_SIZES)):
            size = random.randrange(1, largest)
            with bench.folder() as out:
                _fill(bench, row, out, partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size, size)), random)
    return row


def _fill(bench: Bench, row: Row, out: Path, before: Callable[[], object], random: Random) -> None:
    tiny.prefill(bench.source, out, random, share=0.3)
    earlier, as_json = tiny.snapshot(out), random.random() < 0.3
    ending = bench.sweep(out, *(["--json"] if as_json else []), before=before).wait()
    complaints = fair(ending, (0, 2, 4), "a full disk", as_json=as_json)
    if ending.status == 0 and len(tiny.final_files(out)) < len(bench.reference):
        complaints.append("status 0, and results are missing")
    if list(out.glob("*/.*.tmp")):
        complaints.append("temporary files were left on the full disk")
    bench.prove(row, out, earlier, complaints)


def _mounted(bench: Bench, seed: int) -> Row:
    """A real disk of some pages, in memory; it needs the right to mount one."""
    row, random = Row("full disk, a small one"), Random(seed)
    place = bench.place / "small"
    place.mkdir()
    with timed(row):
        for _ in range(bench.times(_DISKS)):
            size = random.randrange(12, 120) * 1024
            if (refusal := _mount(place, size)) is not None:
                row.skipped = refusal
                return row
            try:
                _fill_mounted(bench, row, place, random)
            finally:
                subprocess.run(["umount", str(place)], check=True)
    return row


def _fill_mounted(bench: Bench, row: Row, place: Path, random: Random) -> None:
    ending = bench.sweep(place).wait()
    complaints = fair(ending, (0, 2, 4), "a small disk")
    if ending.status == 0 and len(tiny.final_files(place)) < len(bench.reference):
        complaints.append("status 0, and results are missing")
    earlier = tiny.snapshot(place)
    subprocess.run(["mount", "-o", "remount,size=64m", str(place)], check=True)  # room is made
    bench.prove(row, place, earlier, complaints)


def _mount(place: Path, size: int) -> str | None:
    """Mount a disk in memory; why not, if it cannot be."""
    line = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    try:
        done = subprocess.run(line, capture_output=True, check=False)
    except OSError:
        return "there is no command to mount a disk"
    return None if done.returncode == 0 else "mounting a disk is not allowed here"
