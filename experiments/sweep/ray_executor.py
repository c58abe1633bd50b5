"""Cells on a Ray cluster: workers make the bytes of results, and this process, which has the folder, keeps them.

A few cells per core are on their way at any time. A cell whose worker died is tried again, twice; one that raises is
not. When the head is lost, the command ends with a sentence; what was finished is in the folder.
"""

from __future__ import annotations

import os
import re
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from experiments.common.files import remove_folder
from experiments.common.ray_process import require_ray, started, unanswered
from experiments.sweep.ray_driver import LOCAL, drive
from experiments.sweep.store import CellOutcome, Executor, Made, Store, by_work, failed, looked_for
from theory.common.errors import EnvironmentFailure
from theory.common.types import Progress

TRIES = 3
PER_CORE = 3  # cells on their way: one that runs, and enough behind it that no worker waits for this process
_PULSE = 2.0  # seconds after which the head is asked again whether it lives
_IMPORT_SECONDS, _CONNECT_SECONDS, _START_SECONDS = 60.0, 10.0, 90.0
_END_SECONDS = 10.0
_LINES = 60

_AGAIN = "The same command goes on: what was finished is kept."


@contextmanager
def ray_executor(address: str) -> Iterator[RayExecutor]:
    """Connect to a Ray cluster, or start Ray on this machine; what was started is ended.

    Args:
        address: HOST:PORT of the head of a cluster to which this machine belongs, or "local".

    Raises:
        InputError: Ray is not installed, or the address is none.
        EnvironmentFailure: no cluster answers there, or Ray does not start.
    """
    _check(address)
    folder = Path(tempfile.mkdtemp(prefix="gradlag-", dir="/tmp" if Path("/tmp").is_dir() else None))
    process, here = started(drive, address, str(folder))
    patience = 0.0
    try:
        cores, head, node = _ready(here, address)
        patience = _END_SECONDS
        yield RayExecutor(here, PER_CORE * cores, head, folder / "driver.log", node)
    except EnvironmentFailure:
        patience = 1.0  # nothing is left to be told to a head that is gone
        raise
    finally:
        _end(process, here, patience)
        remove_folder(folder)


@dataclass
class _Order:
    """A cell on its way."""

    cell: Any
    notes: tuple[str, ...]
    tries: int = 1


@dataclass
class RayExecutor(Executor):
    """Cells as tasks of Ray, through the process that speaks to it.

    Args:
        connection: to that process; window: how many cells may be on their way.
        head: HOST:PORT of the cluster's head; log: what that process and the workers print.
        node: HOST:PORT of this machine's own node, without which Ray waits for ever.
    """

    connection: Connection
    window: int
    head: str
    log: Path
    node: str = ""
    _numbers: Iterator[int] = field(default_factory=count)
    _asked: float = field(default_factory=time.monotonic)
    _silent: int = 0

    def outcomes(
        self, store: Store[Any], cells: Sequence[Any], out: Path, command: str, within: Progress
    ) -> Iterator[CellOutcome]:
        find, waiting = store.finder(out), iter(by_work(cells))
        running: dict[int, _Order] = {}
        try:
            while True:
                while len(running) < self.window and (cell := next(waiting, None)) is not None:
                    looked = looked_for(find, cell)
                    if isinstance(looked, CellOutcome):
                        yield looked
                    else:
                        self._send(running, _Order(cell, looked.notes), store, command)
                if not running:
                    return
                number, answer = self._receive()
                order = running.pop(number, None)
                if order is None:
                    continue  # of an earlier sweep that was stopped
                if isinstance(answer, str) and order.tries < TRIES:
                    again = f"The worker of the cell {order.cell.name} died; the cell is tried again."
                    self._send(running, _Order(order.cell, (*order.notes, again), order.tries + 1), store, command)
                else:
                    yield self._settled(order, answer, store, out)
        finally:
            if running:
                with suppress(OSError):
                    self.connection.send("cancel")

    def _send(self, running: dict[int, _Order], order: _Order, store: Store[Any], command: str) -> None:
        number = next(self._numbers)
        try:
            self.connection.send((number, store.make, order.cell, command))
        except OSError as cause:
            raise self._lost() from cause
        running[number] = order

    def _receive(self) -> tuple[int, Made | CellOutcome | str]:
        """The next answer; now and then the head is asked whether it lives, as workers may go on without it."""
        while True:
            self._ask()
            try:
                if self.connection.poll(_PULSE):
                    message = self.connection.recv()
                    if message[0] == "refused":
                        raise self._lost()
                    return message[0], message[1]
            except (EOFError, OSError) as cause:
                raise self._lost() from cause

    def _ask(self) -> None:
        now = time.monotonic()
        if now - self._asked < _PULSE:
            return
        self._asked = now
        alive = not any(unanswered(place, _PULSE) for place in (self.head, self.node) if place)
        self._silent = 0 if alive else self._silent + 1
        if self._silent >= 2:
            raise self._lost()

    def _settled(self, order: _Order, answer: Made | CellOutcome | str, store: Store[Any], out: Path) -> CellOutcome:
        cell, notes = order.cell, order.notes
        if isinstance(answer, CellOutcome):
            return replace(answer, cell=cell, notes=notes)
        if isinstance(answer, str):
            told = f"Its worker died {order.tries} times, perhaps for lack of memory."
            return CellOutcome(
                cell, None, told, notes, log=f"{answer}\n\nThe workers' last lines:\n{self._last_lines()}"
            )
        try:
            return CellOutcome(cell, store.keep(answer, out), notes=notes, seconds=answer.seconds)
        except Exception as error:
            return failed(cell, error, notes)

    def _last_lines(self) -> str:
        time.sleep(1.0)  # the lines of a worker take a moment to come here
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()[-_LINES:])

    def _lost(self) -> EnvironmentFailure:
        return EnvironmentFailure(
            f"The Ray cluster was lost: its head at {self.head}, or this machine's node, does not answer. {_AGAIN}"
        )


def _check(address: str) -> None:
    require_ray("--cluster")
    if address == LOCAL:
        return
    malformed = f"--cluster takes HOST:PORT of a Ray cluster's head, or local. Got {address!r}."
    if unanswered(address, 5.0, malformed) is not None:
        raise _unreachable(address, "nothing answers there")


def _ready(connection: Connection, address: str) -> tuple[int, str, str]:
    """The number of cores, the head's address and that of the own node, once there is a connection."""
    message = _news(connection, address, _IMPORT_SECONDS)
    if message[0] == "connecting":
        message = _news(connection, address, _START_SECONDS if address == LOCAL else _CONNECT_SECONDS)
    if message[0] == "refused":
        raise _unreachable(address, message[1])
    if message[1] < 1:
        raise _unreachable(address, "it has no processor")
    return message[1], message[2], message[3]


def _news(connection: Connection, address: str, seconds: float) -> tuple[Any, ...]:
    try:
        if connection.poll(seconds):
            message: tuple[Any, ...] = connection.recv()
            return message
    except (EOFError, OSError) as cause:
        raise _unreachable(address, "the connection ended at once") from cause
    raise _unreachable(address, "it does not answer as Ray does")


def _unreachable(address: str, reason: str) -> EnvironmentFailure:
    if address == LOCAL:
        return EnvironmentFailure(f"Ray did not start on this machine: {reason.rstrip('.')}. Try --jobs in its place.")
    return EnvironmentFailure(
        f"The Ray cluster at {address} cannot be used: {reason.rstrip('.')}. Check that its head runs, and that this "
        "machine is one of its nodes."
    )


def _end(process: BaseProcess, connection: Connection, patience: float) -> None:
    """Have Ray left, and what was started ended; a process that does not end by itself is made to."""
    with suppress(OSError):
        connection.send(None)
    connection.close()
    for stop, seconds in ((process.terminate, patience), (process.kill, max(1.0, patience))):
        process.join(seconds)
        if process.exitcode is None:
            stop()
    process.join()
    if process.pid is not None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)  # what it started and could not end
