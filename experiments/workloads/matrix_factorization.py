"""Matrix factorisation: ratings of items by users as products of two factors, trained by SGD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from experiments.common.arrays import frozen
from experiments.data.tables import Ratings, ratings
from experiments.kernels.counters import INITIAL, normals
from experiments.kernels.keys import worker_minibatch
from experiments.workers.engines.factors import FactorsSeed, factors_memory, longest_message
from experiments.workers.engines.factors_kernel import FactorData, FactorScratch, collect, squared_errors
from experiments.workers.engines.fused import FusedSeed
from experiments.workers.engines.ring import register_gradient
from experiments.workers.memory import ring_memory
from experiments.workers.optimizers import SGD
from experiments.workers.results import Threshold
from experiments.workers.setting import WorkerPlan, WorkerSetting
from experiments.workers.workload import SeedEngine, WorkerKernel, Workload, checked_bits, precision_of
from theory.common.compiling import kept
from theory.common.errors import InputError
from theory.common.types import Array


class DenseData(NamedTuple):
    """The ratings, for the engines whose updates are dense."""

    ratings: FactorData


class DenseScratch(NamedTuple):
    """Work space for one message and its rows."""

    scratch: FactorScratch
    rows: Array
    values: Array


@kept(error_model="numpy", nogil=True)
def dense_gradient(data: FactorData, work: DenseScratch, seed: int, t: int, worker: int, x: Array, out: Array) -> None:
    """Write a worker's gradient of its minibatch of these ratings to `out`, zeros included."""
    rank = len(data.lanes)
    cache = x.reshape(-1, rank)
    length = collect(data, work.scratch, seed, t, worker, cache, work.rows, work.values)
    out[:] = 0
    for j in range(length):
        out[work.rows[j] * rank : (work.rows[j] + 1) * rank] = work.values[j]


@kept(error_model="numpy", nogil=True)
def _gradient(data: DenseData, work: DenseScratch, seed: int, t: int, worker: int, x: Array, out: Array) -> None:
    dense_gradient(data.ratings, work, seed, t, worker, x, out)


register_gradient(DenseData, _gradient)


@dataclass(frozen=True, eq=False)
class Factorization(Workload):
    r"""Ratings $D_{ij}$ as $L_i\cdot R_j$: the mean squared error on observed entries, and squares of the factors.

    The loss is $\frac1n\sum_{(i,j)}(D_{ij}-L_i\cdot R_j)^2+\frac wn(\|L\|_F^2+\|R\|_F^2)$ with w = l2, or
    w = n l2 for penalty "outside". A row's squares are shared out among its ratings, so that the loss is the mean of
    losses of single ratings. The gradient is that of the *summed* loss of a minibatch: the step size is that of one
    rating, as is usual for factorisation, whatever the batch; it touches the rows of the minibatch alone. The point
    holds the rows of L and then those of R; the start is normal with variance 1/rank.

    Measured on all ratings: "loss" and "squared_error", the mean squared error.

    Args:
        name: the spelling.
        ratings: the data.
        rank: columns of L and R.
        weight: w.
        precision_bits: 32 or 64.
    """

    ratings: Ratings
    rank: int
    weight: float
    precision_bits: int
    metrics: ClassVar[tuple[str, ...]] = ("loss", "squared_error")
    has_own_engine: ClassVar[bool] = True

    @property
    def parameters(self) -> int:
        return self.rank * sum(self.ratings.shape)

    @property
    def examples(self) -> int:
        return int(self.ratings.values.size)

    @property
    def precision(self) -> np.dtype[Any]:
        return precision_of(self.precision_bits)

    @property
    def target(self) -> Threshold:
        """The study's."""
        return Threshold("loss", 0.5, "below")

    @property
    def digest(self) -> str:
        return self.ratings.digest

    def initial(self, seed: int) -> Array:
        start = normals(seed, INITIAL, 0, self.parameters) / np.sqrt(self.rank)
        return np.asarray(start.astype(self.precision))

    def gradient(self, x: Array, seed: int, t: int, worker: int, batch: int) -> Array:
        return self.summed_gradient(
            x, worker_minibatch(seed, t, worker, batch, self.examples) if batch else slice(None)
        )

    def sample_gradient(self, x: Array, sample: int) -> Array:
        """Of the summed loss, over every so-manieth rating: they are in the order of users."""
        return self.summed_gradient(x, slice(None, None, max(1, self.examples // sample)))

    def evaluate(self, x: Array) -> Mapping[str, float]:
        data = self._data
        error = squared_errors(data, x.reshape(-1, self.rank)) / self.examples
        squares = np.square(x.reshape(-1, self.rank), dtype=np.float64).sum(axis=1)[data.weights > 0].sum()
        return {"loss": float(error + self.weight / self.examples * squares), "squared_error": float(error)}

    def engine(self, plan: WorkerPlan, seed: int) -> SeedEngine:
        """The one with sparse messages for SGD; other optimisers move rows that the minibatch does not touch."""
        if plan.optimizer.kind != SGD:
            return FusedSeed(self, plan, seed)
        return FactorsSeed(self._data._replace(batch=plan.setting.batch), self.initial(seed), plan, seed)

    def engine_memory(self, setting: WorkerSetting) -> int:
        if setting.optimizer != "sgd":
            return ring_memory(self, setting, "fused")
        return factors_memory(self._data._replace(batch=setting.batch), setting)

    def kernel(self, batch: int) -> WorkerKernel:
        data = self._data._replace(batch=batch)
        longest, rows, precision = longest_message(data), data.weights.size, self.precision

        def scratch() -> DenseScratch:
            places = FactorScratch(np.full(rows, -1, np.int32))
            return DenseScratch(places, np.zeros(longest, np.int32), np.zeros((longest, self.rank), precision))

        return WorkerKernel(DenseData(data), scratch, 4 * rows + longest * (4 + self.rank * precision.itemsize))

    @cached_property
    def _data(self) -> FactorData:
        users, items = self.ratings.users, self.ratings.items + self.ratings.shape[0]
        ratings_of = np.bincount(users, minlength=sum(self.ratings.shape)) + np.bincount(items)
        weights = np.divide(2 * self.weight, ratings_of, out=np.zeros(ratings_of.size), where=ratings_of > 0)
        values = self.ratings.values.astype(self.precision)
        rows = frozen(users.astype(np.int32)), frozen(items.astype(np.int32))
        return FactorData(*rows, frozen(values), frozen(weights.astype(self.precision)), (0,) * self.rank, 0)

    def summed_gradient(self, x: Array, chosen: Array | slice) -> Array:
        """The gradient (d,) of the summed loss of these ratings, by numpy."""
        data, factors = self._data, x.reshape(-1, self.rank)
        users, items = data.users[chosen], data.items[chosen]
        errors = 2 * ((factors[users] * factors[items]).sum(axis=1) - data.values[chosen])[:, None]
        out = np.zeros_like(factors)
        np.add.at(out, users, errors * factors[items] + data.weights[users, None] * factors[users])
        np.add.at(out, items, errors * factors[users] + data.weights[items, None] * factors[items])
        return out.reshape(-1)


def build(name: str, values: Mapping[str, Any]) -> Factorization:
    """The factorisation that the options describe.

    Example:
        >>> from experiments.workloads import get_workload
        >>> get_workload("matrix-factorization").parameters
        48685
    """
    data, penalty = ratings(values["data"]), values["penalty"]
    if penalty not in ("inside", "outside"):
        raise InputError(f"The penalty must stand inside or outside the mean. Got {penalty!r}.")
    weight = values["l2"] * (data.values.size if penalty == "outside" else 1)
    return Factorization(name, data, values["rank"], weight, checked_bits(values["bits"]))
