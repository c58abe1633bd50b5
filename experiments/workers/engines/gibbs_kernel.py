"""Collapsed Gibbs sampling with stale tables, compiled: a worker's sweep, its message, and the deliveries.

A message is a list of moves (word, topic before, topic after), kept once for all receivers until it has reached them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.kernels import counters, keys
from experiments.kernels.counters import INITIAL, MINIBATCH, stream_key, uniform, uniform_index
from experiments.kernels.keys import worker_key
from experiments.workers import delays
from experiments.workers.delays import Routes, note_due, place_of
from theory.common.compiling import kept, number_of_sources
from theory.common.types import Ints, Vector

Counts = NDArray[np.int32]
_ZERO = np.int32(0)  # a zero of 64 bits would make the loop slow
PARTS = 10  # iterations in which a worker sweeps all its documents


class GibbsRules(NamedTuple):
    """What all iterations share: the corpus, the two concentrations, and how messages travel."""

    words: Counts
    starts: Ints
    alpha: float
    beta: float
    routes: Routes


class GibbsState(NamedTuple):
    """The state of one seed.

    topics, int16 (N,), of the words; documents, int32 (D, K), their counts, exact and local; tables, int16 or int32
    (P, V, K), and totals, int32 (P, K), the caches; moved, int32, and before and after, int16 (slots P, n), the
    messages, of which lengths (slots P,) are filled, with their changes of the totals, int32 (slots P, K); due, int32
    (receiver, place); sums and inverses (K,), work space.
    """

    topics: NDArray[np.int16]
    documents: Counts
    tables: NDArray[Any]
    totals: Counts
    moved: Counts
    before: NDArray[np.int16]
    after: NDArray[np.int16]
    lengths: Counts
    changes: Counts
    due: Counts
    sums: Vector
    inverses: Vector


@kept(nogil=True)
def draw_initial(seed: int, words: int, topics: int) -> NDArray[np.int16]:
    """Uniform topics for all words."""
    key, drawn = stream_key(seed, INITIAL, 0), np.empty(words, np.int16)
    for i in range(words):
        drawn[i] = uniform_index(key, i, topics)
    return drawn


@kept(nogil=True)
def count(words: Counts, starts: Ints, vocabulary: int, assigned: NDArray[np.int16], topics: int) -> Any:
    """The counts, int32 (D, K) and (V, K), of assigned topics."""
    of_documents = np.zeros((starts.shape[0] - 1, topics), np.int32)
    of_words = np.zeros((vocabulary, topics), np.int32)
    for d in range(starts.shape[0] - 1):
        for i in range(starts[d], starts[d + 1]):
            of_documents[d, assigned[i]] += 1
            of_words[words[i], assigned[i]] += 1
    return of_documents, of_words


@kept()
def first_document(documents: int, workers: int, part: int) -> int:
    """The first document of a part, of 10 P; worker p sweeps part (t mod 10) P + p in iteration t."""
    return part * documents // (PARTS * workers)


@kept(error_model="numpy", nogil=True)
def draw_topic(
    counts: Counts, row: NDArray[Any], inverses: Vector, sums: Vector, alpha: float, beta: float, u: float
) -> int:
    """The topic k at which the sum of (counts + alpha)(max(row, 0) + beta) inverses first exceeds u times its end."""
    total = 0.0
    for k in range(sums.shape[0]):
        total += (counts[k] + alpha) * (max(np.int32(row[k]), _ZERO) + beta) * inverses[k]
        sums[k] = total
    level, topic = u * total, 0
    for k in range(sums.shape[0] - 1):
        topic += sums[k] <= level
    return topic


@kept(error_model="numpy", nogil=True)
def _invert(inverses: Vector, totals: Counts, k: int, mass: float) -> None:
    inverses[k] = 1.0 / (max(totals[k], 0) + mass)


@kept(error_model="numpy", nogil=True)
def _sweep(rules: GibbsRules, state: GibbsState, seed: int, t: int, worker: int) -> None:
    """Draw the topics of a part of the worker's documents anew, one after another, and leave the cache as it was."""
    table, totals = state.tables[worker], state.totals[worker]
    place = place_of(rules.routes, t, worker)
    moved, before, after = state.moved[place], state.before[place], state.after[place]
    mass, key, drawn, moves = rules.beta * table.shape[0], worker_key(seed, MINIBATCH, t, worker), 0, 0
    documents, workers = rules.starts.shape[0] - 1, rules.routes.workers
    for k in range(totals.shape[0]):
        _invert(state.inverses, totals, k, mass)
    part = (t % PARTS) * workers + worker
    for d in range(first_document(documents, workers, part), first_document(documents, workers, part + 1)):
        counts = state.documents[d]
        for i in range(rules.starts[d], rules.starts[d + 1]):
            word, old = rules.words[i], state.topics[i]
            row = table[word]
            counts[old] -= 1
            row[old] -= 1
            totals[old] -= 1
            _invert(state.inverses, totals, old, mass)
            u = uniform(key, drawn)
            drawn += 1
            new = draw_topic(counts, row, state.inverses, state.sums, rules.alpha, rules.beta, u)
            counts[new] += 1
            row[new] += 1
            totals[new] += 1
            _invert(state.inverses, totals, new, mass)
            state.topics[i] = new
            if new != old:
                moved[moves], before[moves], after[moves] = word, old, new
                moves += 1
    state.lengths[place] = moves
    change = state.changes[place]
    change[:] = 0
    for i in range(moves):
        change[before[i]] -= 1
        change[after[i]] += 1
    _move(table, moved, after, before, moves)
    totals -= change


@kept(error_model="numpy", nogil=True)
def _move(table: NDArray[Any], moved: Counts, before: Any, after: Any, moves: int) -> None:
    """Add a message to a table."""
    for i in range(moves):
        row = table[moved[i]]
        row[before[i]] -= 1
        row[after[i]] += 1


@kept(error_model="numpy", nogil=True)
def _deliver(routes: Routes, state: GibbsState, t: int) -> None:
    """Add to every cache what is due; sums of whole numbers have no order."""
    for receiver in range(routes.workers):
        for place in range(routes.slots * routes.workers):
            if state.due[receiver, place] == t:
                before, after = state.before[place], state.after[place]
                _move(state.tables[receiver], state.moved[place], before, after, state.lengths[place])
                state.totals[receiver] += state.changes[place]


def _build(sources: int) -> Any:
    @kept(error_model="numpy", nogil=True)
    def advance(rules: GibbsRules, state: GibbsState, seed: int, first: int, last: int) -> int:
        for t in range(first, last):
            for worker in range(rules.routes.workers):
                _sweep(rules, state, seed, t, worker)
                note_due(rules.routes, state.due, seed, t, worker)
            _deliver(rules.routes, state, t + 1)
        return -1 if sources else -2

    return advance


@cache
def gibbs_kernel() -> Any:
    """The kernel advance(rules, state, seed, first, last): iterations first..last-1; returns -1."""
    return _build(number_of_sources(__file__, keys, delays, counters))
