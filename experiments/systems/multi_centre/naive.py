"""The centres as they are written on paper, in plain numpy and lists of messages: the oracle of the compiled loop."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from experiments.servers.durations import duration
from experiments.servers.speeds import numbers_of, parse_fleet
from experiments.systems.multi_centre.centres import checked
from experiments.systems.multi_centre.setting import Centres
from experiments.systems.multi_centre.wide_area import CLOCK, WideArea, index_bytes
from experiments.systems.shared.split import Split
from experiments.workloads.matrix_factorization import Factorization
from theory.common.types import Array


@dataclass
class Message:
    """What one centre tells another after one of its clocks."""

    clock: int
    listed: float
    arrival: float
    chosen: Array
    values: Array


@dataclass
class Centre:
    """One centre: its model, what it withholds, and when its workers and its links are free."""

    point: Array
    held: Array
    memory: Array
    finish: list[float]
    links: list[float]
    clock: int = 0
    ready: float = 0.0
    bytes: int = 0
    sent: int = 0
    views: list[tuple[float, Array]] = field(default_factory=list)  # of each clock, since when it is there
    inbox: dict[int, list[Message]] = field(default_factory=dict)  # all that were sent to it, by sender
    taken: dict[int, int] = field(default_factory=dict)  # of these, how many are applied
    records: list[tuple[Array, float, int, int]] = field(default_factory=list)


def naive_centres(
    task: Split,
    setting: Centres,
    network: WideArea,
    step_sizes: ArrayLike,
    limits: ArrayLike,
    *,
    seed: int = 0,
    batch: int = 1,
    momentum: float = 0.0,
    every: int = 1,
) -> list[list[tuple[Array, float, int, int]]]:
    """Of every centre, at each recorded clock: its model, the simulated seconds, bytes and values sent so far."""
    numbers = checked(task, setting, network, step_sizes, limits, every)
    start, steps = task.start(seed), len(numbers.thresholds)
    everyone = range(setting.centres)
    centres = [
        Centre(start.copy(), 0 * start, 0 * start, [0.0] * setting.workers, [0.0] * setting.centres,
               inbox={other: [] for other in everyone}, taken=dict.fromkeys(everyone, 0))
        for _ in everyone
    ]  # fmt: skip
    while any(centre.clock <= steps for centre in centres):
        times = [_begins(centres, c, setting, steps) for c in everyone]
        c = int(np.argmin(times))
        centre, now = centres[c], times[c]
        for other in everyone:
            while (n := centre.taken[other]) < len(centre.inbox[other]) and centre.inbox[other][n].arrival <= now:
                message = centre.inbox[other][n]
                centre.point[message.chosen] += message.values
                centre.taken[other] += 1
        if centre.clock < steps and setting.barrier:
            gradients = [
                task.gradient(centre.point, seed, centre.clock, c * setting.workers + p, batch)
                for p in range(setting.workers)
            ]
            until = _blocked(centre, now, np.any(gradients, axis=0), isinstance(task.whole, Factorization))
            if until > now:
                centre.ready = until
                continue
        if centre.clock in numbers.times:
            centre.records.append((centre.point.copy(), now, centre.bytes, centre.sent))
        if centre.clock < steps:
            centre.views.append((now, centre.point.copy()))
            options: Any = {"seed": seed, "batch": batch, "momentum": momentum}
            _one_clock(task, setting, network, centres, c, numbers, now, **options)
        centre.clock += 1
    return [centre.records for centre in centres]


def _begins(centres: list[Centre], c: int, setting: Centres, steps: int) -> float:
    """When the next clock of a centre begins, infinite if that is not known yet."""
    centre = centres[c]
    if centre.clock > steps:
        return math.inf
    start = centre.ready
    for other, messages in centre.inbox.items():
        if other != c and setting.clock is not None and centre.clock - setting.clock >= 1:
            if len(messages) < centre.clock - setting.clock:
                return math.inf
            start = max(start, messages[centre.clock - setting.clock - 1].arrival)
    return start


def _blocked(centre: Centre, now: float, read: Array, sparse: bool) -> float:
    """When the last coordinate arrives that is read and known to be under way."""
    waits = [now]
    for other, messages in centre.inbox.items():
        for message in messages[centre.taken[other] :]:
            if message.listed <= now and (read[message.chosen].any() if sparse else message.chosen.any()):
                waits.append(message.arrival)
    return max(waits)


def _one_clock(
    task: Split,
    setting: Centres,
    network: WideArea,
    centres: list[Centre],
    c: int,
    numbers: Any,
    now: float,
    *,
    seed: int,
    batch: int,
    momentum: float,
) -> None:
    """Compute, apply, and send what is significant."""
    centre, t = centres[c], centres[c].clock
    kinds, spans, laws = numbers_of(parse_fleet(network.speed) * setting.everyone)
    change = np.zeros_like(centre.point)
    for p in range(setting.workers):
        i = c * setting.workers + p
        begin = max(centre.finish[p], centre.views[max(t - setting.staleness, 0)][0])
        seen = [point for since, point in centre.views if since <= begin][-1]
        change += numbers.weights[t, i] * task.gradient(seen, seed, t, i, batch)
        centre.finish[p] = begin + duration(kinds[i], laws, spans[i, 0], spans[i, 1], seed, i, t, begin)
    d, itemsize = change.size, change.itemsize

    def size(count: int) -> int:
        return int(CLOCK + count * itemsize + index_bytes(count, d))

    inside = network.latency[c, c] + size(int(np.count_nonzero(change))) / network.bandwidth[c, c]
    centre.finish = [finish + 2 * inside for finish in centre.finish]
    end = max(now, *centre.finish)
    centre.memory = momentum * centre.memory + change
    centre.held = centre.held - centre.memory
    if setting.at_once:
        centre.point = centre.point - centre.memory
    others = [other for other in range(setting.centres) if other != c]
    idle = all(centre.links[other] <= end for other in others)
    limit = numbers.thresholds[t] * (setting.soft if idle else 1)
    chosen = np.abs(centre.held) > limit * np.abs(centre.point)
    values = centre.held[chosen]
    if not setting.at_once:
        centre.point[chosen] += values
    centre.held[chosen] = 0
    centre.sent, centre.ready = centre.sent + values.size, end
    for other in others:
        whole, ahead, listed = size(values.size), 0, math.inf
        if setting.barrier and values.size and centre.links[other] > end:
            ahead = index_bytes(values.size, d)
            listed = end + network.latency[c, other] + ahead / network.bandwidth[c, other]
        centre.links[other] = max(centre.links[other], end) + (whole - ahead) / network.bandwidth[c, other]
        arrival = centre.links[other] + network.latency[c, other]
        centres[other].inbox[c].append(Message(t, listed, arrival, chosen, values))
        centre.bytes += whole
