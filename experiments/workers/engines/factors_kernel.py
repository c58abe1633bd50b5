"""SGD on the two factors of a table of ratings by workers with caches, compiled: messages that hold touched rows only.

A minibatch touches the rows of its users and items, few of all; a message is a list of rows, kept once for all
receivers until it has reached them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.kernels import counters, keys
from experiments.kernels.counters import MINIBATCH, uniform_index
from experiments.kernels.keys import worker_key
from experiments.workers import delays
from experiments.workers.delays import Routes, note_due, place_of
from theory.common.compiling import kept, number_of_sources
from theory.common.types import Array

Rows = NDArray[np.int32]


class FactorData(NamedTuple):
    """The ratings, for compiled code.

    users, items, int32 (n,): rows of the stacked factors (users first); values (n,); weights (rows,): the weight of a
    row's squares in the loss of one of its ratings; lanes, as many zeros as a row has columns, a number that belongs
    to the type, so that loops over columns become single instructions; batch, of which 0 means all ratings in order.
    """

    users: Rows
    items: Rows
    values: Array
    weights: Array
    lanes: tuple[int, ...]
    batch: int


class FactorScratch(NamedTuple):
    """Work space: for every row its place in the message that is being written, int32 (rows,), or -1."""

    places: Rows


class FactorRules(NamedTuple):
    """What all iterations share."""

    routes: Routes
    step_size: Any
    limit: Any


class FactorState(NamedTuple):
    """The state of one seed.

    caches (P, rows, columns); rows, int32 (slots P, n), and values (slots P, n, columns), the messages, of which
    lengths, int32 (slots P,), are filled; due, int32 (receiver, place).
    """

    caches: Array
    rows: Rows
    values: Array
    lengths: Rows
    due: Rows


# Rows are written as two indices throughout: a view of a row would cost more than what is done with it.
@kept(error_model="numpy", nogil=True)
def _place(lanes: tuple[int, ...], places: Rows, rows: Rows, values: Array, row: int, length: int) -> int:
    """The place of a row in a message; a new one, of zeros, at its end if it has none. Without a branch."""
    rows[length] = row
    for k in range(len(lanes)):
        values[length, k] = 0
    place = places[row]
    place = length if place < 0 else place
    places[row] = place
    return place


@kept(error_model="numpy", nogil=True)
def _add_rating(data: FactorData, cache: Array, i: int, values: Array, of_user: int, of_item: int) -> None:
    """Add the gradient of one rating's loss at a cache (rows, columns) to a message, at its user and its item."""
    user, item = data.users[i], data.items[i]
    error = cache[user, 0] * cache[item, 0]
    for k in range(1, len(data.lanes)):
        error += cache[user, k] * cache[item, k]
    error -= data.values[i]
    error += error
    for_user, for_item = data.weights[user], data.weights[item]
    for k in range(len(data.lanes)):
        values[of_user, k] += error * cache[item, k] + for_user * cache[user, k]
    for k in range(len(data.lanes)):
        values[of_item, k] += error * cache[user, k] + for_item * cache[item, k]


@kept(error_model="numpy", nogil=True)
def collect(
    data: FactorData, scratch: FactorScratch, seed: int, t: int, worker: int, cache: Array, rows: Rows, values: Array
) -> int:
    """Write the gradient of a minibatch's summed loss as touched rows and their values; how many."""
    count, places = data.users.shape[0], scratch.places
    key, size, length = worker_key(seed, MINIBATCH, t, worker), data.batch if data.batch > 0 else count, 0
    for j in range(size):
        i = uniform_index(key, j, count) if data.batch > 0 else j
        user = _place(data.lanes, places, rows, values, data.users[i], length)
        length = max(length, user + 1)
        item = _place(data.lanes, places, rows, values, data.items[i], length)
        length = max(length, item + 1)
        _add_rating(data, cache, i, values, user, item)
    for j in range(length):
        places[rows[j]] = -1
    return length


@kept(error_model="numpy", nogil=True)
def _send(
    data: FactorData, scratch: FactorScratch, rules: FactorRules, state: FactorState, seed: int, t: int, worker: int
) -> None:
    """Compute a worker's update and note when it is due."""
    place = place_of(rules.routes, t, worker)
    rows, values = state.rows[place], state.values[place]
    length = collect(data, scratch, seed, t, worker, state.caches[worker], rows, values)
    for j in range(length):
        for k in range(len(data.lanes)):
            values[j, k] = -rules.step_size * values[j, k]
    state.lengths[place] = length
    note_due(rules.routes, state.due, seed, t, worker)


@kept(error_model="numpy", nogil=True)
def _add_message(lanes: tuple[int, ...], cache: Array, rows: Rows, values: Array, length: int) -> None:
    """Add a message to a cache."""
    for j in range(length):
        row = rows[j]
        for k in range(len(lanes)):
            cache[row, k] += values[j, k]


@kept(error_model="numpy", nogil=True)
def _deliver(data: FactorData, rules: FactorRules, state: FactorState, t: int) -> bool:
    """Add to every cache what is due, by time of sending and then by sender; whether the first has now diverged."""
    routes = rules.routes
    for receiver in range(routes.workers):
        cache = state.caches[receiver]
        for sent in range(max(0, t - routes.slots), t):
            first = place_of(routes, sent, 0)
            for place in range(first, first + routes.workers):
                if state.due[receiver, place] == t:
                    _add_message(data.lanes, cache, state.rows[place], state.values[place], state.lengths[place])
    outside = False
    for place in range(routes.slots * routes.workers):
        if state.due[0, place] == t:
            outside |= _far(data.lanes, state.caches[0], state.rows[place], state.lengths[place], rules.limit)
    return outside


@kept(error_model="numpy", nogil=True)
def _far(lanes: tuple[int, ...], cache: Array, rows: Rows, length: int, limit: Any) -> bool:
    """Whether a number in these rows is beyond the limit or none."""
    outside = 0
    for j in range(length):
        row = rows[j]
        for k in range(len(lanes)):
            outside |= not (np.abs(cache[row, k]) <= limit)
    return outside != 0


@kept(error_model="numpy", nogil=True)
def squared_errors(data: FactorData, factors: Array) -> float:
    """The sum over all ratings of the squared error at factors (rows, columns), in 64 bits."""
    total = 0.0
    for i in range(data.users.shape[0]):
        user, item, error = data.users[i], data.items[i], -float(data.values[i])
        for k in range(len(data.lanes)):
            error += float(factors[user, k]) * float(factors[item, k])
        total += error * error
    return total


def _build(sources: int) -> Any:
    @kept(error_model="numpy", nogil=True)
    def advance(
        data: FactorData,
        scratch: FactorScratch,
        rules: FactorRules,
        state: FactorState,
        seed: int,
        first: int,
        last: int,
    ) -> int:
        for t in range(first, last):
            for worker in range(rules.routes.workers):
                _send(data, scratch, rules, state, seed, t, worker)
            if _deliver(data, rules, state, t + 1):
                return t + 1
        return -1 if sources else -2

    return advance


@cache
def factors_kernel() -> Any:
    """The kernel advance(data, scratch, rules, state, seed, first, last); the iteration that diverged, or -1."""
    return _build(number_of_sources(__file__, keys, delays, counters))
