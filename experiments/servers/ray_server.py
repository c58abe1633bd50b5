"""The process of a real asynchronous server: its workers are Ray actors. The only file of this folder to import Ray.

It takes orders by a pipe and tells of every applied update at once, since Ray ends the process that it is in when its
head is lost. See `experiments.servers.real` for the side that asks.
"""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from experiments.common.ray_process import require_ray
from experiments.servers.job import Job, job_of
from experiments.servers.server import Row, Server, Ticket
from experiments.servers.speeds import Speed
from experiments.servers.worker import NEEDS_RAY, GradientWorker
from theory.common.errors import EnvironmentFailure, GradlagError
from theory.common.types import Vector

_LOOPBACK = "127.0.0.1"
_STORE_BYTES = 128 << 20  # points and gradients pass by; nothing is kept
_START_SECONDS = 120.0  # for actors to come up on a busy machine
_LEAST_PATIENCE = 20.0
# A microsecond is far below what a message takes; the bits below it are noise that only fills files.
_TICKS = 1 << 20


class RayWorkers:
    """Actors on a Ray that is up."""

    def __init__(self, ray: Any, count: int) -> None:
        # They ask for no processor of their own, so that there may be more than processors.
        self._ray, self._class, self.count = ray, ray.remote(num_cpus=0, max_restarts=0)(GradientWorker), count
        self._actors = [self._class.remote() for _ in range(count)]

    def prepare(self, job: Job, speeds: Sequence[Speed], only: Sequence[int] | None = None) -> list[int]:
        """Give the workers their problem and wait until they have it; the numbers of their processes."""
        asked = [
            self._actors[w].prepare.remote(job.problem.name, job.seed, job.batch, w, speeds[w])
            for w in (range(self.count) if only is None else only)
        ]
        pids: list[int] = self._ray.get(asked, timeout=_START_SECONDS)
        return pids

    def replace(self, worker: int) -> None:
        """A new actor in the place of a dead one."""
        self._actors[worker] = self._class.remote()

    def send(self, ticket: Ticket) -> Any:
        """Give a worker its next gradient to compute; the reference of the answer."""
        return self._actors[ticket.worker].compute.remote(ticket.point, ticket.sample, ticket.draw, ticket.read_at)

    def first(self, waiting: Sequence[Any], patience: float) -> Any | None:
        """The reference of an answer that is there, the one asked for first of several; None after the patience."""
        ready, _ = self._ray.wait(list(waiting), num_returns=1, timeout=patience)
        return ready[0] if ready else None

    def settle(self, waiting: Sequence[Any], patience: float) -> None:
        """Let gradients that nobody wants any more come to their end, so that the next run finds idle workers."""
        if waiting:
            self._ray.wait(list(waiting), num_returns=len(waiting), timeout=patience)

    def answer(self, reference: Any) -> Vector | None:
        """The gradient, or None if its worker is dead."""
        try:
            gradient: Vector = self._ray.get(reference, timeout=_LEAST_PATIENCE)
        except self._ray.exceptions.RayActorError:
            return None
        except self._ray.exceptions.RayTaskError as error:
            cause = error.cause if isinstance(error.cause, GradlagError) else None
            raise cause or EnvironmentFailure(f"A worker could not compute its gradient: {error.cause!r}.") from error
        return gradient


def drive(pipe: Connection, count: int, address: str | None) -> None:
    """Start Ray, and serve one order after another until the other side hangs up.

    An order is (job as plain values, speeds, bound). Answers are ("up",) once Ray is up, ("row", ...) for each update,
    ("note", sentence), ("done", the last point) after a run, and ("failed", sentence, exit status) before the end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other side is interrupted, and hangs up
    _be_silent()
    try:
        ray = _imported(address)
        try:
            _start(ray, address)
            _serve(pipe, RayWorkers(ray, count))
        finally:
            ray.shutdown()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # nobody listens any more; Ray is down by now
    except GradlagError as error:
        pipe.send(("failed", str(error), error.exit_status))
    except Exception as error:
        pipe.send(("failed", f"Ray failed ({_first_line(error)}). Run the same command again.", 4))


def _serve(pipe: Connection, workers: RayWorkers) -> None:
    pipe.send(("up",))
    while True:
        described, speeds, bound = pipe.recv()
        server = Server(job_of(described), workers.count, bound)
        workers.prepare(server.job, speeds)
        with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges is recorded as one
            _Loop(server, workers, speeds, lambda row: pipe.send(("row", *row))).run()
        for note in server.notes:
            pipe.send(("note", note))
        pipe.send(("done", server.x))


class _Loop:
    """The server's loop: wait for a gradient, apply it, hand out the new point."""

    def __init__(
        self, server: Server, workers: RayWorkers, speeds: Sequence[Speed], tell: Callable[[Row], None]
    ) -> None:
        self.server, self.workers, self.speeds, self.tell = server, workers, speeds, tell
        self.waiting: dict[Any, Ticket] = {}
        self.replaced: set[int] = set()
        # Long enough for a straggler of the heaviest law; a dead cluster says nothing for ever.
        self.patience = max(_LEAST_PATIENCE, 100 * max(speed.expected for speed in speeds))
        self.began = time.monotonic()

    def run(self) -> None:
        """Until the server is done."""
        self.send(self.server.begin(self.now()))
        while not self.server.done:
            self.step()
        self.workers.settle(list(self.waiting), self.patience)

    def step(self) -> None:
        """One event."""
        if not self.waiting:
            raise EnvironmentFailure("All workers died, and one that is replaced is not replaced again.")
        reference = self.workers.first(list(self.waiting), self.patience)
        if reference is None:
            raise EnvironmentFailure(f"No worker has answered for {self.patience:.0f} s. Is the cluster still there?")
        ticket = self.waiting.pop(reference)
        gradient = self.workers.answer(reference)
        if gradient is None:
            self.bury(ticket)
            return
        tickets = self.server.arrive(ticket, gradient, self.now())
        self.send(tickets)
        self.tell(self.server.rows[-1])

    def bury(self, ticket: Ticket) -> None:
        """A worker died: go on without it, and replace it once."""
        worker, at = ticket.worker, self.server.applied
        self.send(
            self.server.lose(worker, f"Worker {worker} died after update {at}; its gradient is lost.", self.now())
        )
        if worker in self.replaced:
            return
        self.replaced.add(worker)
        self.workers.replace(worker)
        self.workers.prepare(self.server.job, self.speeds, [worker])
        self.send(self.server.revive(worker, f"Worker {worker} was replaced.", self.now()))

    def send(self, tickets: Sequence[Ticket]) -> None:
        for ticket in tickets:
            self.waiting[self.workers.send(ticket)] = ticket

    def now(self) -> float:
        """Seconds since the run began, of a clock that never jumps, in ticks of 2^-20 seconds."""
        return math.floor((time.monotonic() - self.began) * _TICKS) / _TICKS


def _imported(address: str | None) -> Any:
    if address is None:
        # Read when Ray is first imported: a Ray that is no part of a cluster listens on loopback alone.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    # Ray would warn of a default that it is going to change and that does not concern workers without devices.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    require_ray(NEEDS_RAY)
    import ray

    return ray


def _start(ray: Any, address: str | None) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is not None:
        ray.init(address=address, **quiet)
        return
    ray.init(
        address="local",
        num_cpus=os.cpu_count() or 1,
        include_dashboard=False,
        object_store_memory=_STORE_BYTES,
        _node_ip_address=_LOOPBACK,
        **quiet,
    )


def _be_silent() -> None:
    """What Ray prints of dead workers is told by the trace instead, in words of our own."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _first_line(cause: BaseException) -> str:
    return (str(cause).strip() or type(cause).__name__).splitlines()[0].rstrip(".")
