"""Latent Dirichlet allocation: topics of words, sampled by workers whose tables of counts are stale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from experiments.data.tables import Corpus, corpus
from experiments.workers.engines.gibbs import GibbsSeed, gibbs_memory, initial_topics, tables
from experiments.workers.engines.gibbs_kernel import PARTS
from experiments.workers.results import Threshold
from experiments.workers.setting import WorkerPlan, WorkerSetting
from experiments.workers.workload import SeedEngine, Workload
from theory.common.errors import InputError
from theory.common.types import Array

_MOST_TOPICS = 2**15 - 1


@dataclass(frozen=True, eq=False)
class TopicModel(Workload):
    r"""Latent Dirichlet allocation by collapsed Gibbs sampling: with an engine of its own, `workers.engines.gibbs`.

    The point is the topics z (N,) of all words, and what is measured belongs to the exact tables of these, not to the
    stale ones of a worker: "log_likelihood" is the joint

    $$\log p(w,z)=\sum_k\Big[\log\frac{\Gamma(V\beta)}{\Gamma(n_k+V\beta)}+\sum_w\log\frac{\Gamma(n_{wk}+\beta)}
    {\Gamma(\beta)}\Big]+\sum_d\Big[\log\frac{\Gamma(K\alpha)}{\Gamma(n_d+K\alpha)}+\sum_k
    \log\frac{\Gamma(n_{dk}+\alpha)}{\Gamma(\alpha)}\Big]$$

    and "word_log_likelihood" the first sum alone, log p(w|z). Both in nats, over all words. Of the setting, only
    workers, delays, iterations and evaluations are read: a worker sweeps a tenth of its documents in an iteration,
    whatever the batch, and there is no step size.

    Args:
        name: the spelling.
        corpus: the documents.
        topics: K.
        alpha, beta: the concentrations of the documents' and of the topics' priors.
    """

    corpus: Corpus
    topics: int
    alpha: float
    beta: float
    metrics: ClassVar[tuple[str, ...]] = ("log_likelihood", "word_log_likelihood")
    has_own_engine: ClassVar[bool] = True

    @property
    def parameters(self) -> int:
        """The counts V K + K of a cache."""
        return (self.corpus.vocabulary + 1) * self.topics

    @property
    def examples(self) -> int:
        """The documents."""
        return self.corpus.documents

    @property
    def target(self) -> Threshold:
        """-8.2 nats a word: on the installed corpus 10 or 100 topics reach it without delay in 20 sweeps."""
        return Threshold("log_likelihood", -8.2 * self.corpus.words.size, "above")

    @property
    def digest(self) -> str:
        return self.corpus.digest

    def initial(self, seed: int) -> Array:
        """int16 (N,): uniform topics."""
        return initial_topics(self.corpus.words.size, self.topics, seed)

    def gradient(self, x: Array, seed: int, t: int, worker: int, batch: int) -> Array:
        raise InputError(f"{self.name} is sampled and has no gradient. Use the engine own.")

    def documents_swept(self, iterations: NDArray[np.int64]) -> NDArray[np.float64]:
        """The documents that all workers together have swept by these iterations: D/10 each, for any P.

        Example:
            >>> from experiments.workloads import get_workload
            >>> get_workload("lda").documents_swept(np.array([0, 10]))
            array([   0., 1998.])
        """
        return np.asarray(iterations, dtype=np.float64) * self.corpus.documents / PARTS

    def evaluate(self, x: Array) -> Mapping[str, float]:
        of_documents, of_words = tables(self.corpus, x, self.topics)
        words = self._words(of_words)
        return {"log_likelihood": words + self._documents(of_documents), "word_log_likelihood": words}

    def engine(self, plan: WorkerPlan, seed: int) -> SeedEngine:
        """The compiled sampler."""
        if plan.optimizer.name != "sgd":
            raise InputError(f"{self.name} is sampled, without an optimiser. Leave the optimiser at sgd.")
        return GibbsSeed(self.corpus, self.topics, self.alpha, self.beta, plan, seed)

    def engine_memory(self, setting: WorkerSetting) -> int:
        return gibbs_memory(self.corpus, self.topics, setting)

    @cached_property
    def _lengths(self) -> NDArray[np.int64]:
        return np.diff(self.corpus.starts)

    @cached_property
    def _logarithms(self) -> tuple[Array, Array]:
        """Logarithms of Gamma(n + alpha)/Gamma(alpha) and of the same with beta, for every count n there can be."""
        longest, commonest = int(self._lengths.max()), int(np.bincount(self.corpus.words).max())
        return _ratios(self.alpha, longest), _ratios(self.beta, commonest)

    def _words(self, counts: Array) -> float:
        mass = self.beta * self.corpus.vocabulary
        totals = gammaln(counts.sum(axis=0) + mass) - gammaln(mass)
        return float(self._logarithms[1][counts].sum() - totals.sum())

    def _documents(self, counts: Array) -> float:
        mass = self.alpha * self.topics
        totals = gammaln(self._lengths + mass) - gammaln(mass)
        return float(self._logarithms[0][counts].sum() - totals.sum())


def _ratios(concentration: float, most: int) -> Array:
    return np.asarray(gammaln(np.arange(most + 1) + concentration) - gammaln(concentration))


def build(name: str, values: Mapping[str, Any]) -> TopicModel:
    """The model that the options describe.

    Example:
        >>> from experiments.workloads import get_workload
        >>> model = get_workload("lda:topics=100")
        >>> model.topics, model.alpha, model.parameters
        (100, 0.1, 200100)
    """
    topics, alpha, beta = values["topics"], values["alpha"], values["beta"]
    if topics > _MOST_TOPICS:
        raise InputError(f"There can be at most {_MOST_TOPICS} topics. Got {topics}.")
    if not (0 < alpha < np.inf and 0 < beta < np.inf):
        raise InputError(f"alpha and beta must be finite and above 0. Got {alpha} and {beta}.")
    return TopicModel(name, corpus(values["data"]), topics, float(alpha), float(beta))
