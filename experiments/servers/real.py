"""A real asynchronous server: workers are actors on Ray, and delays are what happens.

Ray lives in a process of its own, which tells of every update when it is applied. Whatever becomes of that process or
of its cluster, what was applied is known here, and it determines the iterates: nothing that was recorded is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from experiments.common.ray_process import require_ray, started, unanswered
from experiments.servers.clock import describe
from experiments.servers.job import Job, ServerRun
from experiments.servers.ray_server import drive
from experiments.servers.server import Row, rebuilt, trace_of_rows
from experiments.servers.speeds import Speed
from experiments.servers.worker import NEEDS_RAY
from theory.common.errors import EnvironmentFailure, InputError
from theory.common.types import Progress, Vector

Keep = Callable[[ServerRun], object]

_START_SECONDS = 180.0  # for Ray and its actors to come up on a busy machine
_END_SECONDS = 20.0
_LEAST_PATIENCE = 30.0


class RealServer:
    """A server that is up, with its workers. See `real_server`."""

    def __init__(self, pipe: Connection, process: BaseProcess, count: int) -> None:
        self._pipe, self._process, self.count = pipe, process, count

    def run(
        self,
        job: Job,
        speeds: Sequence[Speed],
        *,
        bound: int | None = None,
        keep: Keep | None = None,
        progress: Progress | None = None,
    ) -> ServerRun:
        """One run.

        Args:
            job: what to optimise; its problem and its schedule must have a spelling that rebuilds them.
            speeds: the seconds that each worker sleeps besides computing, one for each worker.
            bound: how many gradients a worker may be ahead of the slowest, or None.
            keep: called with the run as far as it came where it is interrupted or broken off, to store it.
            progress: called with (updates done, all).

        Returns:
            The run. A worker that died lost its gradient, was replaced once, and is named in the description.

        Raises:
            InputError: another number of speeds than of workers.
            EnvironmentFailure: no worker is left, or the cluster is lost.
        """
        if len(speeds) != self.count:
            raise InputError(f"There must be one speed for each of the {self.count} workers. Got {len(speeds)}.")
        rows: list[Row] = []
        notes = [f"{job.text}; {describe(speeds, job.seed, bound)}."]
        tell = progress or (lambda done, total: None)
        patience = _START_SECONDS
        try:
            self._send((dict(job.described), tuple(speeds), bound))
            while (answer := self._hear(patience))[0] != "done":
                if answer[0] == "row":
                    rows.append(answer[1:])
                    tell(len(rows) // job.buffer, job.steps)
                    # Longer than the process itself waits for the straggler of a heavy law.
                    patience = 2 * max(_LEAST_PATIENCE, 100 * max(speed.expected for speed in speeds))
                else:
                    notes.append(str(answer[1]))
        except BaseException as cause:
            why = "interrupted" if isinstance(cause, KeyboardInterrupt) else "broken off"
            notes.append(f"The run was {why} after {len(rows) // job.buffer} of {job.steps} updates.")
            if keep is not None and len(rows) >= job.buffer:
                keep(self._result(job, rows, notes))
            raise
        return self._result(job, rows, notes, answer[1])

    def _result(self, job: Job, rows: Sequence[Row], notes: list[str], final: Vector | None = None) -> ServerRun:
        """The run of the applied updates; where the server told its last point, that one is kept and compared."""
        run = rebuilt(job, trace_of_rows(rows, self.count, "ray", " ".join(notes), job.buffer))
        if final is None:
            return run
        if not np.array_equal(final, run.final, equal_nan=True):
            # Processors of different kinds may round differently.
            told = f"{run.trace.description} Its last point is not, bit for bit, that of the replay of its trace."
            run = replace(run, trace=replace(run.trace, description=told))
        return replace(run, final=final)

    def _send(self, order: Any) -> None:
        try:
            self._pipe.send(order)
        except OSError:
            raise EnvironmentFailure(_LOST) from None

    def _hear(self, patience: float) -> Any:
        """The next answer; a failure is raised."""
        try:
            if not self._pipe.poll(patience):
                raise EnvironmentFailure(f"Nothing has come from Ray for {patience:.0f} s. {_LOST}")
            answer = self._pipe.recv()
        except (EOFError, OSError):
            raise EnvironmentFailure(_LOST) from None
        if answer[0] == "failed":
            _, sentence, status = answer
            raise EnvironmentFailure(sentence) if status == 4 else InputError(sentence)
        return answer

    def wait(self) -> None:
        """Until Ray is up."""
        self._hear(_START_SECONDS)

    def close(self) -> None:
        """Hang up; the process shuts Ray down and ends."""
        self._pipe.close()
        self._process.join(_END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


@contextmanager
def real_server(count: int, address: str | None = None) -> Iterator[RealServer]:
    """A server with workers on Ray, which is shut down in the end whatever happens.

    Args:
        count: how many workers. They ask for no processor of their own, so that there may be more than processors.
        address: of a cluster that runs; by default a Ray of our own, on loopback and without a dashboard.

    Raises:
        InputError: Ray is not installed. EnvironmentFailure: it does not start, or there is no cluster at the address.
    """
    require_ray(NEEDS_RAY)
    malformed = f"The address of a cluster is written HOST:PORT. Got {ascii(address)[:60]}."
    if address is not None and (reason := unanswered(address, 5.0, malformed)):
        raise EnvironmentFailure(f"There is no cluster at {address} ({reason}). Check that it runs.")
    process, here = started(drive, count, address)
    server = RealServer(here, process, count)
    try:
        server.wait()
        yield server
    finally:
        server.close()


_LOST = "Ray or its cluster was lost. What was recorded until then is kept; run the same command again."
