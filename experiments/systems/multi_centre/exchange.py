"""What passes between centres, compiled: when clocks begin, what has arrived, what waits, and what is sent.

Entries that are sent are kept once, for all receivers, in two long arrays: indices and values.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from experiments.systems.multi_centre.passes import (
    add_scaled,
    compiled,
    copy,
    count_not_zero,
    count_small,
    squares,
    take_significant,
    turn_into_change,
)
from experiments.systems.multi_centre.wide_area import CLOCK, index_bytes
from theory.common.types import Array, Flags, Floats, Ints, Matrix

BYTES, CHANGED, SMALL, SENT = range(4)  # columns of the tallies
GRADIENT, RADIUS, OWN_LAG, OTHER_LAG, LEAD = range(5)  # places of the extremes


class Rules(NamedTuple):
    """What does not change: see `Centres`, `WideArea` and `run_centres`. weights (T, D P), thresholds (T,)."""

    staleness: int
    clock: int  # -1: any difference
    barrier: bool
    at_once: bool
    sparse: bool
    one: Any  # 1 in the precision of the model
    soft: Any
    momentum: Any
    weights: Array
    thresholds: Array
    bandwidth: Matrix
    latency: Matrix
    kinds: Ints
    spans: Ints
    numbers: Floats
    every: int
    far: Any


class State(NamedTuple):
    """What moves on.

    points, held, memory (D, d): the models, what is withheld, and the momentum. views (s + 1, D, d), of the last
    clocks, with what was in them, seen (s + 1, D, D), since when they are there, opened (s + 1, D). begun (D,): the
    next clock; ready (D,), finish (D, P), free (D, D): since when; applied (D, D): clocks of a column in the model of a
    row. arrival, listed (T, D, D): when clock t of a row is at a column, and its list; place (T, D, 2): its entries,
    which end at tail. tally (D, 4), extremes, events: so far. Kept are records (R, D, d), seconds (R, D), tallies (R,
    D, 4), order (T D,), whose clocks began, and, if they are asked for, reads (T, D P, d) and known (T, D P, D), what
    had been seen there. change, move (d,): work space.
    """

    points: Array
    held: Array
    memory: Array
    views: Array
    seen: Ints
    opened: Matrix
    begun: Ints
    ready: Floats
    finish: Matrix
    free: Matrix
    applied: Ints
    arrival: Floats
    listed: Floats
    place: Ints
    tally: Ints
    tail: Ints
    extremes: Floats
    events: Ints
    order: Ints
    records: Array
    seconds: Matrix
    tallies: Ints
    reads: Array
    known: Ints
    change: Array
    move: Array


@compiled
def starting(rules: Rules, state: State, c: int) -> float:
    """When the next clock of a centre begins, as far as it is known: infinite if not, or if there is none."""
    t, steps = state.begun[c], rules.weights.shape[0]
    if t > steps:
        return np.inf
    start, needed = state.ready[c], t - rules.clock
    if rules.clock >= 0 and needed >= 1:
        for other in range(state.begun.shape[0]):
            if other != c:
                if min(state.begun[other], steps) < needed:
                    return np.inf
                start = max(start, state.arrival[needed - 1, other, c])
    return float(start)


@compiled
def earliest_start(rules: Rules, state: State) -> tuple[int, float]:
    """The centre whose next clock is the first to begin, and when; infinite if none is left."""
    c, now = 0, np.inf
    for other in range(state.begun.shape[0]):
        start = starting(rules, state, other)
        if start < now:
            c, now = other, start
    return c, now


@compiled
def begin_clock(state: State, c: int, t: int) -> None:
    """Note that a centre is in this clock."""
    state.order[state.events[0]] = c
    state.events[0] += 1
    state.begun[c] = t + 1


@compiled
def receive(rules: Rules, state: State, index: Ints, value: Array, c: int, now: float) -> None:
    """Add what has arrived at a centre, sender by sender, each clock by clock."""
    for other in range(state.begun.shape[0]):
        last = min(state.begun[other], rules.weights.shape[0])
        while other != c and state.applied[c, other] < last:
            t = state.applied[c, other]
            if state.arrival[t, other, c] > now:
                break
            for place in range(state.place[t, other, 0], state.place[t, other, 1]):
                state.points[c, index[place]] += value[place]
            state.applied[c, other] = t + 1


@compiled
def blocked_until(rules: Rules, state: State, index: Ints, c: int, now: float, read: Flags) -> float:
    """When the last of the coordinates arrives that are read and are known to be under way; now if there is none."""
    until = now
    for other in range(state.begun.shape[0]):
        for t in range(state.applied[c, other], min(state.begun[other], rules.weights.shape[0])):
            if other != c and state.listed[t, other, c] <= now and state.arrival[t, other, c] > until:
                for place in range(state.place[t, other, 0], state.place[t, other, 1]):
                    if not rules.sparse or read[index[place]]:
                        until = state.arrival[t, other, c]
                        break
    return float(until)


@compiled
def pending(rules: Rules, state: State, c: int, now: float) -> bool:
    """Whether lists are there of updates that are not."""
    for other in range(state.begun.shape[0]):
        for t in range(state.applied[c, other], min(state.begun[other], rules.weights.shape[0])):
            if other != c and state.listed[t, other, c] <= now:
                return True
    return False


@compiled
def note_read(state: State, c: int, t: int, i: int, view: int) -> None:
    """Extremes of a gradient, and of what had not been seen where it was computed, or too early; the point itself."""
    found = state.extremes
    found[GRADIENT] = max(found[GRADIENT], np.sqrt(squares(state.move)))
    if state.reads.shape[0] > 0:
        copy(state.reads[t, i], state.views[view, c])
        copy(state.known[t, i], state.seen[view, c])
    for other in range(state.begun.shape[0]):
        place = OWN_LAG if other == c else OTHER_LAG
        found[place] = max(found[place], t - state.seen[view, c, other])
        found[LEAD] = max(found[LEAD], state.seen[view, c, other] - t)


@compiled
def spent(rules: Rules, sent: int, dimension: int, itemsize: int) -> int:
    """Bytes of an update, with the clock."""
    return CLOCK + sent * itemsize + index_bytes(sent, dimension)


@compiled
def change_and_send(rules: Rules, state: State, index: Ints, value: Array, c: int, t: int, end: float) -> None:
    """Apply a centre's change, and put what is significant by now on its links."""
    held, point, change, limit = state.held[c], state.points[c], state.change, rules.thresholds[t]
    idle = True
    for other in range(state.begun.shape[0]):
        idle &= other == c or state.free[c, other] <= end
    turn_into_change(change, state.memory[c], rules.momentum)
    add_scaled(held, rules.one, change)
    if rules.at_once:
        add_scaled(point, rules.one, change)
    state.extremes[RADIUS] = max(state.extremes[RADIUS], np.sqrt(squares(point)))
    state.tally[c, CHANGED] += count_not_zero(change)
    state.tally[c, SMALL] += count_small(change, point, limit)
    first = state.tail[0]
    last = take_significant(held, point, limit * rules.soft if idle else limit, rules.at_once, index, value, first)
    state.tail[0], state.tally[c, SENT] = last, state.tally[c, SENT] + last - first
    state.place[t, c, 0], state.place[t, c, 1] = first, last
    state.applied[c, c] = t + 1
    carry(rules, state, c, t, last - first, end)


@compiled
def carry(rules: Rules, state: State, c: int, t: int, sent: int, end: float) -> None:
    """When an update is where, link by link; where it queues and there is a barrier, a list of it goes ahead."""
    d, itemsize = state.points.shape[1], state.points.itemsize
    size = spent(rules, sent, d, itemsize)
    for other in range(state.begun.shape[0]):
        if other != c:
            queues = rules.barrier and sent > 0 and state.free[c, other] > end
            ahead = index_bytes(sent, d) if queues else 0
            state.free[c, other] = max(state.free[c, other], end) + (size - ahead) / rules.bandwidth[c, other]
            state.arrival[t, c, other] = state.free[c, other] + rules.latency[c, other]
            if queues:
                state.listed[t, c, other] = end + rules.latency[c, other] + ahead / rules.bandwidth[c, other]
            state.tally[c, BYTES] += size


@compiled
def local_exchange(rules: Rules, state: State, c: int) -> float:
    """Seconds in which the workers of a centre push what has changed, and pull it."""
    size = spent(rules, count_not_zero(state.change), state.points.shape[1], state.points.itemsize)
    return float(2 * (rules.latency[c, c] + size / rules.bandwidth[c, c]))


@compiled
def take_record(rules: Rules, state: State, c: int, t: int, now: float) -> None:
    """Keep the model of a centre, the time and its tallies at the beginning of clock t, or after the last."""
    place = (t + rules.every - 1) // rules.every
    copy(state.records[place, c], state.points[c])
    copy(state.tallies[place, c], state.tally[c])
    state.seconds[place, c] = now


@compiled
def open_view(state: State, c: int, t: int, now: float) -> None:
    """The model as it is can be read from now on."""
    view = t % state.views.shape[0]
    copy(state.views[view, c], state.points[c])
    copy(state.seen[view, c], state.applied[c])
    state.opened[view, c] = now
