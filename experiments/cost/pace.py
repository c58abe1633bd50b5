"""The pace of methods that wait: seconds a step for workers of given speeds, from events on the virtual clock."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from experiments.servers.speeds import Speed, seconds_of

# Steps whose mean is the pace, after a few that only start the workers.
_STEPS, _START = 400, 20


def collecting(fleet: Sequence[Speed], batch: int, seed: int = 0) -> float:
    """Seconds a step where a step averages the first `batch` gradients of its point, whoever computes them.

    A gradient of an older point is dropped when it arrives, and its worker starts at the current point.

    Source: Tyurin and Richtarik, Optimal Time Complexities of Parallel Stochastic Optimization Methods Under a Fixed
        Computation Model, NeurIPS 2023 (Rennala SGD).

    >>> from experiments.servers.speeds import parse_fleet
    >>> fleet = parse_fleet("2*constant:seconds=1")
    >>> collecting(fleet, 1), collecting(fleet, 2), collecting(fleet, 4)
    (1.0, 1.0, 2.0)
    """
    draws = [0] * len(fleet)
    events = [(seconds_of(speed, seed, worker, 0, 0.0), worker, 0) for worker, speed in enumerate(fleet)]
    heapq.heapify(events)
    point, collected, begun, now = 0, 0, 0.0, 0.0
    while point < _START + _STEPS:
        now, free = events[0][0], []
        while events and events[0][0] == now:  # what arrives together counts together
            _, worker, read = heapq.heappop(events)
            free.append(worker)
            collected += read == point
        if collected >= batch:
            point, collected = point + 1, 0
            begun = now if point == _START else begun
        for worker in free:
            draws[worker] += 1
            after = seconds_of(fleet[worker], seed, worker, draws[worker], now)
            heapq.heappush(events, (now + after, worker, point))
    return (now - begun) / _STEPS


def together(fleet: Sequence[Speed], seed: int = 0) -> float:
    """Seconds a step where every worker computes one gradient of the point and all wait for the last.

    >>> from experiments.servers.speeds import parse_fleet
    >>> together(parse_fleet("1*constant:seconds=1+1*constant:seconds=3"))
    3.0
    """
    now = 0.0
    for step in range(_STEPS):
        now += max(seconds_of(speed, seed, worker, step, now) for worker, speed in enumerate(fleet))
    return now / _STEPS
