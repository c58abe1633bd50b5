r"""Simulated time: what a step costs on workers of given speeds and a network of latency alpha and bandwidth 1/beta.

A message of n bytes takes $\alpha+\beta n$ seconds. A ring all-reduce of M bytes among m workers is 2(m-1) rounds, in
each of which every worker sends M/m bytes to its neighbour. A group begins when its slowest member has its gradient, so
that stragglers are waited for; groups of one step do not wait for one another. A server has one link, which carries
one message at a time. Compute times are the laws of `experiments/servers/speeds.py`.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from experiments.servers.durations import duration
from experiments.servers.speeds import numbers_of, parse_fleet
from experiments.systems.shared.averaging_groups import Mixing
from theory.common.compiling import kept
from theory.common.errors import InputError
from theory.common.types import Floats, Ints


@dataclass(frozen=True)
class Network:
    """Workers, their links, and the model that they send.

    Args:
        speed: the law of the seconds of a gradient, in the spelling of a fleet of one.
        latency: alpha, seconds a message; bandwidth: bytes a second of every link; size: M, bytes of the model.

    Raises:
        InputError: a number that is not finite, below 0, or a bandwidth of 0; an unknown law.
    """

    speed: str
    latency: float
    bandwidth: float
    size: float

    def __post_init__(self) -> None:
        parse_fleet(self.speed)
        for name in ("latency", "bandwidth", "size"):
            value = getattr(self, name)
            if not (0 <= value < math.inf) or (name == "bandwidth" and value == 0):
                least = "above 0" if name == "bandwidth" else "of at least 0"
                raise InputError(f"The {name} of a network must be a finite number {least}. Got {value:g}.")

    def message(self, size: float) -> float:
        """Seconds that a message of so many bytes takes."""
        return self.latency + size / self.bandwidth

    def all_reduce(self, members: int) -> float:
        r"""Seconds of a ring all-reduce of the model: $2(m-1)\left(\alpha+\beta\frac Mm\right)$.

        >>> round(Network("constant", 0.0, 1e9, 1e9).all_reduce(4), 6)
        1.5
        """
        return 2 * (members - 1) * self.message(self.size / members)


def synchronous_times(network: Network, mixing: Mixing, steps: int, seed: int) -> Floats:
    """float64 (T + 1,): when the last worker has finished each step, 0 for the start.

    Example:
        >>> from experiments.systems.shared.averaging_groups import get_mixing
        >>> synchronous_times(Network("constant:seconds=1", 0.5, 1.0, 0.0), get_mixing("full", 2, 2), 3, 0)
        array([0., 2., 4., 6.])
    """
    kinds, spans, numbers = numbers_of(parse_fleet(network.speed) * mixing.workers)
    orders, cost = mixing.orders(steps, seed), network.all_reduce(mixing.group)
    return _steps(kinds, spans, numbers, orders, mixing.group, cost, seed)


@kept()
def _steps(kinds: Ints, spans: Ints, numbers: Floats, orders: Ints, group: int, cost: float, seed: int) -> Floats:
    steps, workers = orders.shape
    ready, times = np.zeros(workers), np.zeros(steps + 1)
    for t in range(steps):
        for i in range(workers):
            ready[i] += duration(kinds[i], numbers, spans[i, 0], spans[i, 1], seed, i, t, ready[i])
        for first in range(0, workers, group):
            latest = 0.0
            for place in range(first, first + group):
                latest = max(latest, ready[orders[t, place]])
            for place in range(first, first + group):
                ready[orders[t, place]] = latest + cost
        times[t + 1] = ready.max()
    return times


class Arrivals(NamedTuple):
    """Updates at an asynchronous server, in the order in which they are applied: whose, which of its own, and when."""

    owners: Ints
    draws: Ints
    times: Floats

    @property
    def delays(self) -> Ints:
        """int64 (K,): the updates that others made since the worker read.

        >>> Arrivals(np.array([0, 1, 0]), np.array([0, 0, 1]), np.zeros(3)).delays
        array([0, 1, 1])
        """
        read: dict[int, int] = {}
        found = np.empty(self.owners.size, np.int64)
        for k, owner in enumerate(self.owners.tolist()):
            found[k] = k - read.get(owner, 0)
            read[owner] = k + 1
        return found


def asynchronous_arrivals(network: Network, workers: int, updates: int, seed: int) -> Arrivals:
    """The arrivals at a server whose workers compute, push to it and read back, each at its own pace.

    The link of the server is taken for two messages an update: the gradient that comes and the model that goes back.
    """
    kinds, spans, numbers = numbers_of(parse_fleet(network.speed) * workers)
    return Arrivals(*_arrivals(kinds, spans, numbers, updates, network.message(network.size), seed))


@kept()
def _arrivals(
    kinds: Ints, spans: Ints, numbers: Floats, updates: int, message: float, seed: int
) -> tuple[Ints, Ints, Floats]:
    owners, draws, times = np.empty(updates, np.int64), np.empty(updates, np.int64), np.empty(updates)
    finished, free = np.zeros(kinds.size, np.int64), 0.0
    queue = [(0.0, 0) for _ in range(0)]  # when a gradient is there, and its worker, whose number breaks ties
    for w in range(kinds.size):
        heapq.heappush(queue, (duration(kinds[w], numbers, spans[w, 0], spans[w, 1], seed, w, 0, 0.0), w))
    for k in range(updates):
        there, w = heapq.heappop(queue)
        applied = max(there, free) + message
        free = applied + message
        owners[k], draws[k], times[k] = w, finished[w], applied
        finished[w] += 1
        again = free + duration(kinds[w], numbers, spans[w, 0], spans[w, 1], seed, w, finished[w], free)
        heapq.heappush(queue, (again, w))
    return owners, draws, times
