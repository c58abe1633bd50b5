"""Latent Dirichlet allocation by collapsed Gibbs sampling, by P workers with stale tables of counts.

Documents are shared out to the workers. In iteration t a worker draws the topics of the words of a tenth of its
documents anew, one after another, at its own cache of the topic-word counts and of the topics' totals, where it sees
its own moves of this iteration at once. Then the cache is as it was, and the moves are sent; they enter each cache,
the sender's included, at the start of iteration t + 1 + r with r of the delay law. The topics of words and the counts
of documents are the worker's own and always exact. One worker without delay is the sequential sampler.

A word's own topic may not have arrived in the cache yet when it is taken out, so that counts there may fall below 0.
A count below 0 counts as 0 in the weights; the table itself keeps it, so that everything is exact once it has arrived.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.data.tables import Corpus
from experiments.workers.engines.gibbs_kernel import (
    PARTS,
    GibbsRules,
    GibbsState,
    count,
    draw_initial,
    first_document,
    gibbs_kernel,
)
from experiments.workers.setting import WorkerPlan, WorkerSetting
from theory.common.types import Array, Ints


def initial_topics(words: int, topics: int, seed: int) -> NDArray[np.int16]:
    """int16 (words,): the topics with which a seed starts, uniform and independent."""
    drawn: NDArray[np.int16] = draw_initial(seed, words, topics)
    return drawn


def tables(corpus: Corpus, assigned: Array, topics: int) -> tuple[Array, Array]:
    """The exact counts of assigned topics int16 (N,): int32 (D, K) of documents and (V, K) of words."""
    of_documents, of_words = count(corpus.words, corpus.starts, corpus.vocabulary, assigned, topics)
    return of_documents, of_words


def part_bounds(corpus: Corpus, workers: int) -> Ints:
    """int64 (10 P + 1,): the first documents of the 10 P parts, and D."""
    return np.array([first_document(corpus.documents, workers, part) for part in range(PARTS * workers + 1)])


def table_type(corpus: Corpus, setting: WorkerSetting) -> np.dtype[Any]:
    """16 bits where no stale count of a word can leave them, else 32: half the memory is to be moved.

    A word of the corpus is in a table once, and as many moves of it are under way, of which some may have overtaken
    others, as its document has been swept anew within extra_delay + 1 iterations.
    """
    under_way = (setting.extra_delay + 1) // PARTS + 1
    most = int(np.bincount(corpus.words).max()) * (1 + under_way)
    return np.dtype(np.int16 if most <= np.iinfo(np.int16).max else np.int32)


def gibbs_memory(corpus: Corpus, topics: int, setting: WorkerSetting) -> int:
    """Bytes of one seed's state: tables of P caches, messages of (extra_delay + 1) P iterations, topics and counts."""
    workers, places = setting.workers, setting.slots * setting.workers
    caches = workers * topics * (table_type(corpus, setting).itemsize * corpus.vocabulary + 4)
    messages = places * (8 * _longest(corpus, workers) + 4 + 4 * (workers + topics))
    return caches + messages + 2 * corpus.words.size + 4 * corpus.documents * topics + 16 * topics


class GibbsSeed:
    """One seed's workers, moved on by the compiled kernel."""

    def __init__(self, corpus: Corpus, topics: int, alpha: float, beta: float, plan: WorkerPlan, seed: int) -> None:
        self.rules = GibbsRules(corpus.words, corpus.starts, alpha, beta, plan.routes)
        self.state, self.seed, self.kernel = _start(corpus, topics, plan.setting, seed), seed, gibbs_kernel()

    @property
    def cache(self) -> Array:
        """int16 (N,): the topics of all words; the exact tables are their counts."""
        return self.state.topics

    def advance(self, first: int, last: int) -> int:
        """Iterations first..last-1, each with the deliveries that follow it; counts cannot diverge."""
        return int(self.kernel(self.rules, self.state, self.seed, first, last))


def _longest(corpus: Corpus, workers: int) -> int:
    """The words of the longest part."""
    return int(np.diff(corpus.starts[part_bounds(corpus, workers)]).max())


def _start(corpus: Corpus, topics: int, setting: WorkerSetting, seed: int) -> GibbsState:
    """The state before the first iteration: exact tables in all caches, nothing under way."""
    assigned = initial_topics(corpus.words.size, topics, seed)
    of_documents, of_words = tables(corpus, assigned, topics)
    workers, places = setting.workers, setting.slots * setting.workers
    longest = _longest(corpus, workers)
    return GibbsState(
        assigned,
        of_documents,
        np.tile(of_words.astype(table_type(corpus, setting)), (workers, 1, 1)),
        np.tile(of_words.sum(axis=0).astype(np.int32), (workers, 1)),
        np.zeros((places, longest), np.int32),
        np.zeros((places, longest), np.int16),
        np.zeros((places, longest), np.int16),
        np.zeros(places, np.int32),
        np.zeros((places, topics), np.int32),
        np.full((workers, places), -1, np.int32),
        np.zeros(topics),
        np.zeros(topics),
    )
