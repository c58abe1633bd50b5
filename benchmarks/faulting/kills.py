"""kill -9: at random instants, the command alone, a worker alone, or all at once; at chosen instants; cold commands."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random

from experiments.runs.store import load
from faulting import tiny
from faulting.bench import Bench, fair, repeated
from faulting.child import Child, children_of, cold
from faulting.instants import count_into, kill_at, watch
from faulting.tally import Row, timed

_ALONE, _SEVERAL, _COLD, _CHOSEN = 90, 90, 20, 100


def alone(bench: Bench, seed: int) -> list[Row]:
    """A sweep in one process, at random instants."""
    return [repeated(Row("kill -9, random, one process"), bench.times(_ALONE), seed, lambda *a: _alone(bench, *a))]


def several(bench: Bench, seed: int) -> list[Row]:
    """A sweep in several processes, at random instants: the command, a worker, or all."""
    return [repeated(Row("kill -9, random, --jobs 2"), bench.times(_SEVERAL), seed, lambda *a: _several(bench, *a))]


def _alone(bench: Bench, row: Row, random: Random) -> None:
    with bench.folder() as out:
        earlier, child = _begun(bench, out, random)
        _sleep(random.uniform(0.0, bench.seconds), child)
        if not child.kill():
            child.wait()
            _alone_again(bench, row, random)
            return
        child.wait()
        bench.prove(row, out, earlier, [])


def _alone_again(bench: Bench, row: Row, random: Random) -> None:
    """The command had ended before its instant came: that was no fault."""
    _alone(bench, row, random)


def _several(bench: Bench, row: Row, random: Random) -> None:
    victim = random.choice(("command", "worker", "all"))
    with bench.folder() as out:
        earlier, child = _begun(bench, out, random, "--jobs", "2")
        _sleep(random.uniform(0.0, bench.seconds), child)
        if not _struck(child, victim, random):
            child.wait()
            child.orphans()
            _several(bench, row, random)
            return
        ending = child.wait()
        complaints = ["processes of the killed command live on"] if child.orphans() else []
        if victim == "worker":
            complaints += fair(ending, (0, 4), "a dead worker")
            # A worker may die when its last file is there and nobody knows yet: then a failure is told all the same.
            if ending.status == 0 and len(tiny.final_files(out)) < len(bench.reference):
                complaints.append(f"status 0 with {len(tiny.final_files(out))} results")
        bench.prove(row, out, earlier, complaints)


def _struck(child: Child, victim: str, random: Random) -> bool:
    if victim == "command":
        return child.kill()
    if victim == "all":
        return child.kill_group()
    while not child.ended():
        if workers := children_of(child.pid):
            try:
                os.kill(random.choice(workers), 9)
            except ProcessLookupError:
                continue
            return True
        time.sleep(0.002)
    return False


def _begun(bench: Bench, out: Path, random: Random, *flags: str) -> tuple[tiny.Snapshot, Child]:
    """The sweep, begun in a folder that is empty, or holds some of the results."""
    if random.random() < 0.3:
        tiny.prefill(bench.source, out, random)
    return tiny.snapshot(out), bench.sweep(out, *flags)


def _sleep(seconds: float, child: Child) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not child.ended():
        time.sleep(0.001)


def chosen(bench: Bench, seed: int) -> list[Row]:
    """Instants of the file system, in order: before each opening, flush, renaming and removal, or some of them."""
    row = Row("kill -9, chosen instants")
    with timed(row):
        there = _instants(bench)
        numbers = sorted(Random(seed).sample(range(1, there + 1), min(there, bench.times(_CHOSEN))))
        for number in numbers:
            random = Random(f"{seed}/chosen/{number}")
            with bench.folder() as out:
                act = kill_at(number, random.choice((None, 0.0, random.random())))
                ending = bench.sweep(out, before=partial(watch, out, act)).wait()
                complaints = [] if ending.status == -9 else [f"the command was not killed at instant {number}"]
                bench.prove(row, out, {}, complaints)
    return [row]


def _instants(bench: Bench) -> int:
    """How many instants the sweep has."""
    log = bench.place / "instants"
    with bench.folder() as out:
        bench.sweep(out, before=lambda: watch(out, count_into(log))).wait()
    return len(log.read_text().splitlines())


def started_cold(bench: Bench, seed: int) -> list[Row]:
    """Real commands, started anew: `gradlag run`, and `gradlag check` with its picture."""
    row = Row("kill -9, random, cold commands")
    with timed(row):
        lines = {"run": _run_line, "check": _check_line}
        for name, line in lines.items():
            with bench.folder() as whole:
                _finish(bench, line(whole), 0)
                began = time.monotonic()
                _finish(bench, line(whole / "again"), 0)
                seconds = time.monotonic() - began
                for index in range(-(-bench.times(_COLD) // len(lines))):
                    random = Random(f"{seed}/{name}/{index}")
                    with bench.folder() as out:
                        child = _start(bench, line(out))
                        # Most of the time goes into imports, when nothing can be lost: the later half is denser.
                        _sleep(seconds * random.uniform(0.3, 1.0), child)
                        child.kill_group()
                        child.wait()
                        _prove_command(bench, row, line(out), out, whole)
    return [row]


def _run_line(out: Path) -> list[str]:
    asked = "--problem quadratic:d=4 --schedule 1/(s*L*sqrt(k)) --staleness 3 --steps 9000 --seeds 64 --record-every 50"
    return ["-m", "gradlag", "run", *asked.split(), "--out", str(out / "run.nc")]


def _check_line(out: Path) -> list[str]:
    asked = "--problem quadratic:d=4 --schedule 1/(s*L*sqrt(k)) --staleness 2 --steps 40 --seeds 8 --no-worst-case"
    return ["-m", "gradlag", "check", *asked.split(), "--out", str(out)]


def _start(bench: Bench, line: Sequence[str]) -> Child:
    return cold(bench.place / "cold", line)


def _finish(bench: Bench, line: Sequence[str], status: int) -> list[str]:
    return fair(_start(bench, line).wait(), status, "a cold command")


def _prove_command(bench: Bench, row: Row, line: Sequence[str], out: Path, whole: Path) -> None:
    """What is under a final name is whole; the same command ends in the same results, and keeps a finished run."""
    kept = {path.name: path.stat().st_ino for path in out.glob("*.nc")}
    complaints = [f"{name} differs" for name in kept if not load(out / name).identical(load(whole / name))]
    lost = len(complaints)
    complaints += _finish(bench, line, 0)
    names = {path.name for path in whole.iterdir() if path.is_file()}
    gone = names - {path.name for path in out.iterdir()}
    changed = [name for name, number in kept.items() if (out / name).stat().st_ino != number]
    wrong = [n for n in names - gone if n.endswith(".nc") and not load(out / n).identical(load(whole / n))]
    if bad := [*gone, *changed, *wrong]:
        complaints.append(f"lost: {', '.join(bad)}")
    row.count([f"{row.fault}: {each}" for each in complaints], lost + len(bad), len(set(names) - set(kept)))
