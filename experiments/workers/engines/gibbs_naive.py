"""Collapsed Gibbs sampling by workers with stale tables, in plain numpy: the oracle of the compiled sampler.

Every message is the difference of two tables, kept in a list with the time at which it is due; nothing is fast.
"""

from __future__ import annotations

import numpy as np

from experiments.data.tables import Corpus
from experiments.kernels.counters import MINIBATCH, uniform
from experiments.kernels.keys import worker_key
from experiments.workers.engines.gibbs import initial_topics, part_bounds, tables
from experiments.workers.engines.gibbs_kernel import PARTS
from experiments.workers.setting import WorkerPlan
from theory.common.types import Array


class NaiveGibbsSeed:
    """One seed's workers, their caches and messages under way; the arguments of `GibbsSeed`."""

    def __init__(self, corpus: Corpus, topics: int, alpha: float, beta: float, plan: WorkerPlan, seed: int) -> None:
        self.corpus, self.alpha, self.beta, self.plan, self.seed = corpus, alpha, beta, plan, seed
        self.cache = initial_topics(corpus.words.size, topics, seed)
        self.documents, table = tables(corpus, self.cache, topics)
        self.tables = [table.copy() for _ in range(plan.setting.workers)]
        self.messages: list[tuple[int, int, Array]] = []  # (due, receiver, change of the table)
        self.bounds = part_bounds(corpus, plan.setting.workers)

    def advance(self, first: int, last: int) -> int:
        """Iterations first..last-1, each with the deliveries that follow it."""
        workers = range(len(self.tables))
        for t in range(first, last):
            for worker in workers:
                change = self._sweep(t, worker)
                self.messages += [(t + 1 + self.plan.law.draw(self.seed, t, worker, to), to, change) for to in workers]
            for due, receiver, change in self.messages:
                if due == t + 1:
                    self.tables[receiver] = self.tables[receiver] + change
            self.messages = [message for message in self.messages if message[0] > t + 1]
        return -1

    def _sweep(self, t: int, worker: int) -> Array:
        """Draw the worker's part anew at a copy of its cache; how that copy has changed."""
        table, key, drawn = self.tables[worker].copy(), worker_key(self.seed, MINIBATCH, t, worker), 0
        totals, part = table.sum(axis=0), t % PARTS * len(self.tables) + worker
        for d in range(self.bounds[part], self.bounds[part + 1]):
            for i in range(self.corpus.starts[d], self.corpus.starts[d + 1]):
                self._draw(i, self.documents[d], table[self.corpus.words[i]], totals, uniform(key, drawn))
                drawn += 1
        return table - self.tables[worker]

    def _draw(self, i: int, counts: Array, row: Array, totals: Array, u: float) -> None:
        """Draw the topic of word i anew; counts below 0 count as 0."""
        for array in (counts, row, totals):
            array[self.cache[i]] -= 1
        inverses = 1.0 / (np.maximum(totals, 0) + self.beta * self.corpus.vocabulary)
        sums = np.cumsum((counts + self.alpha) * (np.maximum(row, 0) + self.beta) * inverses)
        self.cache[i] = min(int(np.searchsorted(sums, u * sums[-1], side="right")), sums.size - 1)
        for array in (counts, row, totals):
            array[self.cache[i]] += 1
