"""The replicas and the server as they are written on paper, in plain numpy: the oracles of the compiled ones."""

from __future__ import annotations

import numpy as np

from experiments.systems.shared.averaging_groups import Mixing, averaged
from experiments.systems.shared.network import Arrivals
from experiments.systems.shared.split import Split
from experiments.workers.optimizers import get_optimizer, update
from theory.common.types import Array


def naive_replicas(
    task: Split, mixing: Mixing, step_size: float, steps: int, *, seed: int = 0, batch: int = 1, optimizer: str = "sgd"
) -> Array:
    """(T + 1, N, d): the replicas after each step."""
    rule, start = get_optimizer(optimizer), task.start(seed)
    numbers, orders = rule.data(step_size, steps, start.dtype), mixing.orders(steps, seed)
    points, states = [np.stack([start] * mixing.workers)], [rule.start(start)] * mixing.workers
    for t in range(steps):
        moved = points[-1].copy()
        for i in range(mixing.workers):
            change, states[i] = update(numbers, t, task.gradient(points[-1][i], seed, t, i, batch), states[i])
            moved[i] += change
        points.append(averaged(moved, orders[t], mixing.group))
    return np.stack(points)


def naive_server(
    task: Split, arrivals: Arrivals, step_size: float, *, seed: int = 0, batch: int = 1, optimizer: str = "sgd"
) -> Array:
    """(K + 1, 1, d): the server's point after each update."""
    rule, start = get_optimizer(optimizer), task.start(seed)
    numbers, state = rule.data(step_size, arrivals.owners.size, start.dtype), rule.start(start)
    points, read = [start], dict.fromkeys(range(task.workers), start)
    for k, (owner, draw) in enumerate(zip(arrivals.owners.tolist(), arrivals.draws.tolist(), strict=True)):
        change, state = update(numbers, k, task.gradient(read[owner], seed, draw, owner, batch), state)
        points.append(points[-1] + change)
        read[owner] = points[-1]
    return np.stack(points)[:, None]
