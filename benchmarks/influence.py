"""Speed of training without each client: all runs side by side, against one run a client that they agree with.

    python benchmarks/influence.py

Softmax regression on made clients and a ReLU network on digits. Both take the same local steps by the same functions,
on one thread: what differs is that the runs share matrix products, and their rounds before a client is first drawn. Two
estimates of the same influence stand beside them. Processor time; medians of several turns.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from statistics import median

from experiments.studies.systems.fed_influence.cells import RELU, SYNTHETIC, FederatedTask
from experiments.systems.influence.estimators import estimated_influences, true_influences
from experiments.workers.seeds import single_threaded_products

REPEATS = 5
CASES = (
    FederatedTask(SYNTHETIC, 60, 10, 5, 20, 0.5, 0.01),
    FederatedTask(SYNTHETIC, 200, 10, 5, 20, 0.5, 0.01),
    FederatedTask(RELU, 40, 5, 2, 20, 0.4, data="digits", rows=25, hidden=12),
)


def seconds(run: Callable[[], Iterable[object]]) -> float:
    """Processor time of going through all rounds."""
    began = time.process_time()
    deque(run(), maxlen=0)
    return time.process_time() - began


def turn(task: FederatedTask) -> tuple[float, ...]:
    """Seconds of one run a client, side by side, as many times as fast, and of two estimators."""
    federation, start = task.federation(task.made(0).clients, 0)
    rounds = list(federation.rounds(start, task.rounds))
    alone = [replace(federation, left_out=(client,)) for client in range(task.clients)]
    each = sum(seconds(partial(one.rounds, start, task.rounds)) for one in alone)
    batched = seconds(partial(true_influences, federation, rounds))
    told = [seconds(partial(estimated_influences, federation, rounds, name)) for name in ("basic", "lwet-fisher")]
    return each, batched, each / batched, *told


def main() -> None:
    """Print the table."""
    head = ("one run a client, s", "side by side, s", "times as fast", "basic, s", "LWET at low cost, s")
    print(f"{'influence of all clients':<36}" + "".join(f"{name:>21}" for name in head))
    for task in CASES:
        columns = [median(column) for column in zip(*(turn(task) for _ in range(REPEATS)), strict=True)]
        name = f"{task.name}, {task.clients} clients, {task.rounds} rounds"
        print(f"{name:<36}" + "".join(f"{value:>21.3g}" for value in columns))


if __name__ == "__main__":
    with single_threaded_products():
        main()
