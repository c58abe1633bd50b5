"""A server on the virtual clock that computes its gradients too: the same events as the clock, in one process.

Here a duration may depend on the gradient itself, which no real server rules out and every bound does.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

import numpy as np

from experiments.servers.clock import describe
from experiments.servers.job import Job, ServerRun
from experiments.servers.server import Server, Ticket
from experiments.servers.speeds import Speed, seconds_of
from theory.common.types import Progress, Vector

#: The seconds of a gradient, from what its law gives and from |g - grad F|.
Stretch = Callable[[float, float], float]


def serve_virtually(
    job: Job,
    workers: Sequence[Speed],
    *,
    clock_seed: int | None = None,
    bound: int | None = None,
    stretch: Stretch | None = None,
    note: str = "",
    progress: Progress | None = None,
) -> ServerRun:
    """A server with workers on the virtual clock.

    Args:
        job: what to optimise; workers: their speeds; bound: see `virtual_run`.
        clock_seed: of the durations; by default the seed of the job. The random draws of the gradients have their own.
        stretch: changes the seconds of a gradient by the norm of its noise; by default durations do not look at it.
        note: what the description says of `stretch`.
        progress: called with (updates done, all).

    Returns:
        The run. Without `stretch` its trace is that of `virtual_run`.

    >>> from experiments.servers.job import settle
    >>> from experiments.servers.speeds import parse_fleet
    >>> job = settle("quadratic:d=2", "1/(4*L)", 5, staleness=2)
    >>> serve_virtually(job, parse_fleet("2*constant:seconds=1")).trace.delays
    array([0, 1, 1, 1, 1])
    """
    seed = job.seed if clock_seed is None else clock_seed
    server = Server(job, len(workers), bound)
    tell = progress or (lambda done, total: None)
    queue: list[tuple[float, int, Ticket, Vector]] = []

    def send(tickets: Sequence[Ticket]) -> None:
        for ticket in tickets:
            gradient = job.problem.stochastic_gradient(ticket.point, job.seed, ticket.sample, job.batch)
            seconds = seconds_of(workers[ticket.worker], seed, ticket.worker, ticket.draw, ticket.read_at)
            if stretch is not None:
                noise = float(np.linalg.norm(gradient - job.problem.full_gradient(ticket.point)))
                seconds = stretch(seconds, noise)
            heapq.heappush(queue, (ticket.read_at + seconds, ticket.worker, ticket, gradient))

    with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges is recorded as one
        send(server.begin(0.0))
        while not server.done:
            now, _, ticket, gradient = heapq.heappop(queue)
            send(server.arrive(ticket, gradient, now))
            tell(server.applied, job.steps)
    return server.result("virtual clock", "; ".join(filter(None, [describe(workers, seed, bound), note])))
