"""Commands to be killed: forked from this process, which has imported everything, or started cold.

A fork costs milliseconds where a start costs seconds, so that hundreds of kills fit into minutes. This process has one
thread, and its children lead process groups of their own; what they leave behind becomes its own child and is seen.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from gradlag.cli import execute

_PATIENCE = 120.0
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux
ORPHANS_END = 10.0  # seconds in which what a killed command had started must be gone


@dataclass(frozen=True)
class Ending:
    """How a command ended: its status, negative for a signal; what it printed; whether it had to be stopped."""

    status: int
    out: str
    err: str
    hung: bool = False


@dataclass(frozen=True)
class Child:
    """A command that runs, at the head of its own group of processes."""

    pid: int
    streams: Path

    def kill(self) -> bool:
        """Kill the command alone; whether there was one."""
        return _killed(self.pid)

    def kill_group(self) -> bool:
        """Kill it with everything it has started."""
        alive = not self.ended()
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return alive

    def ended(self) -> bool:
        """Whether it has ended; it is not collected yet."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self, seconds: float = _PATIENCE) -> Ending:
        """Its ending; one that does not end is killed."""
        deadline, hung = time.monotonic() + seconds, False
        while not self.ended():
            if time.monotonic() > deadline:
                hung = self.kill_group()
            time.sleep(0.002)
        _, state = os.waitpid(self.pid, 0)
        out, err = (
            self.streams.with_suffix(suffix).read_text(encoding="utf-8", errors="replace")
            for suffix in (".out", ".err")
        )
        return Ending(os.waitstatus_to_exitcode(state), out, err, hung)

    def orphans(self, seconds: float = ORPHANS_END) -> bool:
        """Whether something that it started lives on after so many seconds; then it is killed."""
        deadline = time.monotonic() + seconds
        while self._group_lives():
            if time.monotonic() > deadline:
                self.kill_group_of_dead()
                return True
            time.sleep(0.005)
        return False

    def kill_group_of_dead(self) -> None:
        """Kill what is left of the group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _group_lives(self) -> bool:
        with suppress(ChildProcessError):
            while os.waitpid(-self.pid, os.WNOHANG)[0]:
                pass
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


def adopt_orphans() -> None:
    """Have orphans become children of this process, which collects them."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def forked(streams: Path, act: Callable[[], int]) -> Child:
    """Run something in a fork; its status is what `act` returns, its output goes into files."""
    sys.stdout.flush()
    sys.stderr.flush()
    for suffix in (".out", ".err"):
        streams.with_suffix(suffix).write_bytes(b"")  # a child may be killed before it can
    pid = os.fork()
    if pid:
        with suppress(OSError):
            os.setpgid(pid, pid)
        return Child(pid, streams)
    status = 70
    try:
        os.setpgid(0, 0)
        _redirect(streams)
        _fork_workers()
        status = act()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    finally:
        os._exit(status)


def command(streams: Path, line: Sequence[str], before: Callable[[], object] = lambda: None) -> Child:
    """A command line of gradlag in a fork; `before` is called in it first."""

    def act() -> int:
        before()
        return execute(line)

    return forked(streams, act)


def cold(streams: Path, line: Sequence[str]) -> Child:
    """A command line of Python started anew, as a user starts it."""
    with streams.with_suffix(".out").open("wb") as out, streams.with_suffix(".err").open("wb") as err:
        started = subprocess.Popen([sys.executable, *line], stdout=out, stderr=err, process_group=0)
    started.returncode = 0  # it is collected here, and not by the object
    return Child(started.pid, streams)


def children_of(pid: int) -> list[int]:
    """The processes that a process has started itself."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def descendants_of(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have started."""
    found = [pid]
    for each in found:
        found += children_of(each)
    return found[1:]


def name_of(pid: int) -> str:
    """The command line of a process; empty if there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _killed(pid: int) -> bool:
    with suppress(ProcessLookupError):
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            os.kill(pid, signal.SIGKILL)
            return True
    return False


def _redirect(streams: Path) -> None:
    for number, suffix in ((1, ".out"), (2, ".err")):
        opened = os.open(streams.with_suffix(suffix), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
        os.dup2(opened, number)
    # A test runner puts streams of its own in their place.
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False, buffering=1)  # noqa: SIM115


def _fork_workers() -> None:
    """Let the processes of --jobs be forked too; the pool is the same, and cold commands start them as users' do."""
    from experiments.sweep import processes

    vars(processes)["get_context"] = lambda method: get_context("fork")
