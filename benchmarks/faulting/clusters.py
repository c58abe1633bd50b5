"""Dead workers and dead heads: of the asynchronous server on Ray, and of a sweep on a Ray cluster of this machine."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from random import Random
from tempfile import gettempdir

from experiments.servers.job import load_run
from faulting import tiny
from faulting.bench import Bench, fair
from faulting.child import Child, Ending, cold, command, descendants_of, name_of
from faulting.tally import Row, timed

_WORKERS, _STEPS = 3, 240
_TIMES = 2
_START_SECONDS, _END_SECONDS = 120.0, 30.0


def bereft(bench: Bench, seed: int) -> list[Row]:
    """All five, twice each; nothing where Ray is not installed."""
    sorts: dict[str, Callable[[Bench, Row, Random], None]] = {
        "asynchronous server, dead worker": _server_worker,
        "asynchronous server, dead head": _server_head,
        "sweep on a cluster, dead worker": _sweep_worker,
        "sweep on a cluster, dead head": _sweep_head,
        "sweep on a cluster, kill -9": _sweep_command,
    }
    rows = []
    for name, one in sorts.items():
        row = Row(name, skipped="" if find_spec("ray") else "Ray is not installed")
        with timed(row):
            for index in range(0 if row.skipped else bench.times(_TIMES)):
                one(bench, row, Random(f"{seed}/{name}/{index}"))
        rows.append(row)
    return rows


def _server_worker(bench: Bench, row: Row, random: Random) -> None:
    """The run goes on without the worker's gradient, replaces it, and says so."""
    with bench.folder() as out:
        child, started = _serving(bench, out / "run.nc")
        complaints = _strike(child, started, ("ray::GradientWorker",), random)
        ending = child.wait()
        complaints += fair(ending, 0, "a dead worker") + _left(child, started)
        lost = 0
        if ending.status == 0:
            run = load_run(out / "run.nc")
            lost = int(run.trace.steps != _STEPS)
            if "died" not in run.trace.description:
                complaints.append("the trace does not say that a worker died")
        _count(row, complaints, lost)


def _server_head(bench: Bench, row: Row, random: Random) -> None:
    """One sentence, status 4, and every update until then is in the file; or the workers came to the end without it."""
    with bench.folder() as out:
        child, started = _serving(bench, out / "run.nc")
        complaints = _strike(child, started, _head(row), random)
        ending = child.wait()
        complaints += fair(ending, (0, 4), "a dead head") + _left(child, started)
        lost = int(not (out / "run.nc").is_file())
        if not lost:
            trace = load_run(out / "run.nc").trace
            told = "broken off" in trace.description
            if trace.steps < 1 or (trace.steps < _STEPS) != (ending.status == 4) or told != (ending.status == 4):
                complaints.append(f"status {ending.status}, and {trace.steps} updates were kept: {trace.description}")
        _count(row, complaints, lost)


def _head(row: Row) -> tuple[str, ...]:
    """What is killed of a head: by turns this machine's node, and the server that knows of all nodes."""
    return (("raylet", "gcs_server")[row.injected % 2],)


def _serving(bench: Bench, out: Path) -> tuple[Child, list[int]]:
    """`gradlag async`, once its workers compute."""
    asked = ["--problem", "quadratic:d=4", "--schedule", "1/(s*L)", "--workers", f"{_WORKERS}*constant:seconds=.05"]
    line = ["-m", "gradlag", "async", *asked, "--steps", str(_STEPS), "--out", str(out)]
    return _until(cold(bench.place / "async", line), "GradientWorker.compute")


def _sweep_worker(bench: Bench, row: Row, random: Random) -> None:
    """Its cell is tried again, and the sweep ends as if nothing had been."""
    with bench.folder() as out:
        child, started = _sweeping(bench, out)
        complaints = _strike(child, started, ("ray::work",), random)
        ending = child.wait()
        complaints += fair(ending, 0, "a dead worker") + _left(child, started)
        if "tried again" not in ending.err:
            complaints.append("nothing is said of the worker")
        _settle(bench, row, out, complaints)


def _sweep_head(bench: Bench, row: Row, random: Random) -> None:
    """One sentence, status 4; what was finished is there, and a sweep without a cluster makes the rest."""
    with bench.folder() as out:
        child, started = _sweeping(bench, out)
        places = _places(started)
        complaints = _strike(child, started, _head(row), random)
        complaints += fair(child.wait(), 4, "a dead head") + _left(child, started) + _left_places(places)
        _settle(bench, row, out, complaints)


def _sweep_command(bench: Bench, row: Row, random: Random) -> None:
    """Ray ends with the command that started it, and a sweep without a cluster makes the rest."""
    with bench.folder() as out:
        child, started = _sweeping(bench, out)
        time.sleep(random.uniform(0.1, 1.0))
        started += [pid for pid in descendants_of(child.pid) if pid not in started]
        places = _places(started)
        complaints = [] if child.kill() else ["the command had ended"]
        child.wait()
        complaints += _left(child, started) + _left_places(places)
        _settle(bench, row, out, complaints)


def _sweeping(bench: Bench, out: Path) -> tuple[Child, list[int]]:
    """A sweep on a cluster of this machine, once its workers compute."""
    script = str(Path(__file__).parents[1] / "faults.py")
    line = [script, "--reproduce", *tiny.arguments(out, "--cluster", "local", names=("many",))]
    return _until(cold(bench.place / "cluster", line), "ray::work")


def _settle(bench: Bench, row: Row, out: Path, complaints: list[str]) -> None:
    """Finish the sweep here, and compare with one that was never on a cluster."""
    kept = tiny.snapshot(out)
    complaints += fair(_finished(bench, out), 0, "afterwards")
    reference = _reference(bench)
    after = tiny.snapshot(out)
    bad = {name for name in kept if after.get(name) != kept[name]}
    bad |= set(reference) - set(after) | set(tiny.unlike(out, reference))
    row.count([f"{row.fault}: {each}" for each in complaints], len(bad), len(set(after) - set(kept)))


def _finished(bench: Bench, out: Path) -> Ending:
    return command(bench.place / "many", tiny.arguments(out, names=("many",))).wait()


def _reference(bench: Bench) -> tiny.Contents:
    whole = bench.place / "many-reference"
    if not whole.exists():
        _finished(bench, whole)
    return tiny.contents(whole)


def _until(child: Child, name: str) -> tuple[Child, list[int]]:
    """Wait until one of its processes has that name; all that it has started until then."""
    deadline = time.monotonic() + _START_SECONDS
    while not child.ended() and time.monotonic() < deadline:
        started = descendants_of(child.pid)
        if any(name in name_of(pid) for pid in started):
            return child, started
        time.sleep(0.02)
    return child, []


def _strike(child: Child, started: list[int], names: tuple[str, ...], random: Random) -> list[str]:
    """Kill one of the processes with such a name, some time later."""
    time.sleep(random.uniform(0.1, 1.0))
    started += [pid for pid in descendants_of(child.pid) if pid not in started]
    victims = [pid for pid in started if any(name in name_of(pid).split(" ")[0] for name in names)]
    if not victims:
        return [f"there was none of {', '.join(names)} to kill"]
    with suppress(ProcessLookupError):
        os.kill(random.choice(victims), signal.SIGKILL)
    return []


def _left(child: Child, started: list[int]) -> list[str]:
    """Whether something that was started lives on; then it is killed."""
    deadline = time.monotonic() + _END_SECONDS
    while living := [pid for pid in started if name_of(pid)]:
        if time.monotonic() > deadline:
            for pid in living:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return [f"{len(living)} processes live on after {_END_SECONDS:.0f} s"]
        child.orphans(0.0)
        time.sleep(0.05)
    return []


def _places(started: list[int]) -> set[str]:
    """The folders for temporary files that the processes of a cluster were given."""
    return {place for pid in started for place in re.findall(rf"{re.escape(gettempdir())}/gradlag-\w+", name_of(pid))}


def _left_places(places: set[str]) -> list[str]:
    return [f"{place} was left behind" for place in places if Path(place).exists()]


def _count(row: Row, complaints: list[str], lost: int) -> None:
    row.count([f"{row.fault}: {each}" for each in complaints], lost)
