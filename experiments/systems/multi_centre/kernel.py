"""The centres' loop, compiled: whose clock begins next, what its workers compute, and what it sends.

The idea: the next clock to begin is the earliest whose time is known; a clock that waits for another centre has none
yet. So whatever can have reached a clock has been sent when it is looked at. The loop returns when there is no room
for what is sent.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import njit

from experiments.kernels import counters, dense, elementary, keys
from experiments.servers import durations
from experiments.servers.durations import duration
from experiments.simulate import gradients
from experiments.systems.multi_centre import exchange, passes, wide_area
from experiments.systems.multi_centre.exchange import (
    Rules,
    State,
    begin_clock,
    blocked_until,
    change_and_send,
    earliest_start,
    local_exchange,
    note_read,
    open_view,
    pending,
    receive,
    take_record,
)
from experiments.systems.multi_centre.passes import add_scaled, is_far
from experiments.systems.shared import split as parts
from experiments.workers.engines import factors_kernel, ring
from experiments.workers.engines.ring import gradient_into
from theory.common.compiling import kept, number_of_sources
from theory.common.types import Array, Flags, Ints

DONE, FULL, DIVERGED = range(3)  # why the loop returned


@njit(error_model="numpy", inline="always")  # in its one caller it is compiled once
def compute(
    data: Any, scratch: Any, rules: Rules, state: State, c: int, t: int, seed: int, look: bool, read: Flags
) -> float:
    """The weighted sum of the centre's gradients of clock t; when the slowest worker has handed in its own.

    To look is to see which coordinates they read: of sparse gradients those of the rows of the minibatch.
    """
    each, views, end = state.finish.shape[1], state.views.shape[0], 0.0
    for j in range(read.shape[0]):
        state.change[j] = 0
        read[j] = False
    for p in range(each):
        i, earliest = c * each + p, max(t - rules.staleness, 0)
        begin, view = max(state.finish[c, p], state.opened[earliest % views, c]), t
        while state.opened[view % views, c] > begin and not look:
            view -= 1
        gradient_into(data, scratch, seed, t, i, state.views[view % views, c], state.move)
        if look:
            for j in range(read.shape[0]):
                read[j] |= state.move[j] != 0
        else:
            note_read(state, c, t, i, view % views)
            add_scaled(state.change, rules.weights[t, i], state.move)
            span = rules.spans[i]
            took = duration(rules.kinds[i], rules.numbers, span[0], span[1], seed, i, t, begin)
            state.finish[c, p] = begin + took
    exchange = 0.0 if look else local_exchange(rules, state, c)
    for p in range(each):
        state.finish[c, p] += exchange
        end = max(end, state.finish[c, p])
    return end


def _build(sources: int) -> Any:
    """The loop. A variable of the enclosing scope enters numba's key of its cache; other modules do not."""

    @kept(error_model="numpy", nogil=True)
    def advance(
        data: Any, scratch: Any, rules: Rules, state: State, index: Ints, value: Array, read: Flags, seed: int
    ) -> int:
        steps = rules.weights.shape[0] * min(sources, 1)
        while True:
            if state.tail[0] + state.points.shape[1] > index.shape[0]:
                return FULL
            c, now = earliest_start(rules, state)
            if now == np.inf:
                return DONE
            t = state.begun[c]
            receive(rules, state, index, value, c, now)
            if t == steps:
                take_record(rules, state, c, t, now)
                state.begun[c] = t + 1
                continue
            open_view(state, c, t, now)
            waits = rules.barrier and pending(rules, state, c, now)
            again, look, end, until = True, waits and rules.sparse, now, now
            if waits and not rules.sparse:
                until = blocked_until(rules, state, index, c, now, read)
            while again and until <= now:
                end = max(now, compute(data, scratch, rules, state, c, t, seed, look, read))
                if look:
                    until = blocked_until(rules, state, index, c, now, read)
                again, look = look, False
            state.ready[c] = until
            if until > now:
                continue
            if t % rules.every == 0:
                take_record(rules, state, c, t, now)
            begin_clock(state, c, t)
            change_and_send(rules, state, index, value, c, t, end)
            state.ready[c] = end
            if is_far(state.points[c], rules.far):
                return DIVERGED

    return advance


@cache
def centres_kernel(kind: type[Any]) -> Any:
    """The loop for one class of data, compiled anew when a source that it is made from has changed."""
    made_of = (__file__, exchange, passes, wide_area, durations, ring, keys, counters, elementary, gradients, dense)
    return _build(number_of_sources(*made_of, parts, factors_kernel, kind))
