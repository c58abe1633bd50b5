r"""One objective spread over workers that see different parts of it: $F=\frac1N\sum_if_i$, worker i draws from f_i.

Two ways of being different. Data: worker i has rows of its own, dealt by label or at random (`label_skew.py`). Tilts:
$f_i(x)=f(x)+\langle b_i,x\rangle$ with $\sum_ib_i=0$, so that F = f, and the heterogeneity
$\frac1N\sum_i\|\nabla f_i(x)-\nabla F(x)\|^2=\frac1N\sum_i\|b_i\|^2=\zeta^2$ is the same at every point, exactly.
A compiled engine finds the worker's rows by where they start.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from experiments.common.arrays import frozen, read_only
from experiments.common.constants import Constant, Known
from experiments.kernels.counters import normals
from experiments.kernels.dense import (
    Layers,
    backward,
    compiled,
    draw_rows,
    forward,
    gather,
    layer_values,
    softmax_change,
)
from experiments.kernels.keys import worker_minibatch, worker_seed
from experiments.problems.finite_sum import FiniteSumProblem
from experiments.problems.logistic import Logistic
from experiments.problems.noise import GaussianNoiseProblem
from experiments.problems.softmax import Softmax
from experiments.simulate.gradients import Objective, gradient_at
from experiments.systems.shared.label_skew import equal_shares
from experiments.workers.engines.factors_kernel import FactorData
from experiments.workers.engines.ring import register_gradient
from experiments.workers.workload import WorkerKernel, Workload
from experiments.workloads import get_workload
from experiments.workloads.matrix_factorization import Factorization, dense_gradient
from experiments.workloads.networks import Network
from experiments.workloads.problem import ProblemWorkload
from theory.common.errors import InputError
from theory.common.types import Array, Floats, Ints, Matrix
from theory.staleness.count import whole_number

TILTS = 32  # the stream of random numbers


class SplitObjective(NamedTuple):
    """An objective of gradlag's own, rows in the order of the workers; where each worker's start; tilts (N, d)."""

    objective: Objective
    starts: Ints
    tilts: Matrix


@compiled
def _objective_gradient(data: Any, scratch: Any, seed: int, t: int, worker: int, x: Array, out: Array) -> None:
    whole, first, last = data.objective, data.starts[worker], data.starts[worker + 1]
    own = Objective(
        whole.kind, whole.matrix[first:last], whole.labels[first:last], whole.vector, whole.scalars, whole.classes
    )
    gradient_at(own, scratch, worker_seed(seed, worker), t + 1, x, out)
    for j in range(x.shape[0]):
        out[j] += data.tilts[worker, j]


class SplitNetwork(NamedTuple):
    """Layers, training rows in the order of the workers with labels, where each worker's start, and the batch."""

    layers: Layers
    features: Array
    labels: Ints
    starts: Ints
    batch: int


@compiled
def _network_gradient(data: Any, work: Any, seed: int, t: int, worker: int, x: Array, out: Array) -> None:
    layers, first, last = data.layers, data.starts[worker], data.starts[worker + 1]
    draw_rows(work.rows, seed, t, worker, data.batch, last - first)
    gather(data.features[first:last], work.rows, layer_values(layers, work, 0))
    forward(layers, work, x)
    softmax_change(layer_values(layers, work, layers.starts.shape[0]), data.labels[first:last], work.rows)
    backward(layers, work, x, out, False)


class SplitRatings(NamedTuple):
    """Ratings in the order of the workers, and where each worker's start."""

    ratings: FactorData
    starts: Ints


@compiled
def _ratings_gradient(data: Any, work: Any, seed: int, t: int, worker: int, x: Array, out: Array) -> None:
    whole, first, last = data.ratings, data.starts[worker], data.starts[worker + 1]
    own = FactorData(
        whole.users[first:last], whole.items[first:last], whole.values[first:last], whole.weights, whole.lanes,
        whole.batch,
    )  # fmt: skip
    dense_gradient(own, work, seed, t, worker, x, out)


register_gradient(SplitRatings, _ratings_gradient)
register_gradient(SplitObjective, _objective_gradient)
register_gradient(SplitNetwork, _network_gradient)


@dataclass(frozen=True, eq=False)
class Split:
    """A workload of which every worker has a part of the same size; the whole is the mean over the workers.

    Args:
        whole: what F is, its rows in the order of the workers; parts: what each worker trains.
        tilts: float64 (N, d), constant gradients that are added, of sum 0; starts: int64 (N + 1,), of their rows.
    """

    whole: Workload
    parts: tuple[Workload, ...]
    tilts: Matrix
    starts: Ints

    @property
    def workers(self) -> int:
        """N."""
        return len(self.parts)

    def start(self, seed: int) -> Array:
        """The parameters (d,) with which every worker begins: a new array."""
        start: Array = np.array(self.whole.initial(seed), self.whole.precision)
        return start

    def gradient(self, x: Array, seed: int, t: int, worker: int, batch: int) -> Array:
        """The gradient (d,) at x that a worker computes at iteration t = 0, 1, ...; batch 0: without noise."""
        if isinstance(self.whole, Factorization):
            first, last = self.starts[worker : worker + 2]
            rows = worker_minibatch(seed, t, worker, batch, last - first) if batch else np.arange(last - first)
            return self.whole.summed_gradient(x, first + rows)
        found: Array = self.parts[worker].gradient(x, seed, t, worker, batch) + self.tilts[worker]
        return found

    def quality(self, points: Array) -> Floats:
        """float64 (K,): |grad F|^2 at points (K, d); the loss of ratings, and of a network that on held-out rows."""
        if isinstance(self.whole, ProblemWorkload):
            return np.asarray((self.whole.problem.full_gradients(points) ** 2).sum(axis=1))
        return np.array([self.whole.evaluate(x)["loss"] for x in points])

    def kernel(self, batch: int) -> WorkerKernel:
        """The compiled gradients of the workers.

        Raises:
            InputError: the workload has none.
        """
        made = self.whole.kernel(batch)
        if made is None:
            raise InputError(f"The workload {self.whole.name} has no compiled gradient.")
        if isinstance(self.whole, Factorization):
            return replace(made, data=SplitRatings(made.data.ratings, self.starts))
        if isinstance(self.whole, Network):
            layers, features, labels, size = made.data
            return replace(made, data=SplitNetwork(layers, features, labels, self.starts, size))
        return replace(made, data=SplitObjective(made.data.objective, self.starts, self.tilts))

    def full_gradients(self, x: Array) -> Matrix:
        """(N, d): the gradients of the f_i at x, without noise."""
        return np.stack([self.gradient(x, 0, 0, worker, 0) for worker in range(self.workers)])

    def heterogeneity(self, x: Array) -> float:
        r"""$\frac1N\sum_i\|\nabla f_i(x)-\nabla F(x)\|^2$."""
        apart = self.full_gradients(x)
        apart = apart - apart.mean(axis=0)
        return float((apart * apart).sum() / self.workers)

    def constants(self, batch: int) -> Mapping[str, Constant]:
        """L of every f_i, Delta of F, sigma of every worker, and zeta where tilts are all that differs.

        Raises:
            InputError: a workload whose constants are not known, such as a network.
        """
        if not isinstance(self.whole, ProblemWorkload):
            raise InputError(f"The constants of {self.whole.name} are not known, so that no bound can be told.")
        each = [part.problem.constants(batch) for part in self.parts if isinstance(part, ProblemWorkload)]
        worst = {name: max((found[name] for found in each), key=lambda one: one.value) for name in ("L", "sigma")}
        known = dict(self.whole.problem.constants(batch)) | worst
        if not self.whole.examples:
            tilted = float(np.sqrt((self.tilts**2).sum() / self.workers))
            known["zeta"] = Constant(tilted, Known.EXACT, "the root mean square of the tilts")
        return known


def split(name: str, workers: int, skew: float = 0.0, seed: int = 0) -> Split:
    """A workload spread over N workers.

    Args:
        name: of a workload: "problem:quadratic:d=10", "problem:logistic-digits", "dnn:depth=1,width=32",
            "matrix-factorization", whose ratings are dealt with their users as labels.
        workers: N; seed: of the deal and of the tilts.
        skew: of objectives without data zeta, the size of the tilts; of data the percentage of rows dealt by label.

    Raises:
        InputError: no such workload, one that cannot be dealt, or a skew that it does not have.

    Example:
        >>> tilted = split("problem:quadratic:d=2,noise=0,start=1,condition=1", 4, skew=2.0)
        >>> round(tilted.heterogeneity(np.ones(2)), 12), tilted.quality(np.ones((1, 2))).tolist()
        (4.0, [2.0])
        >>> [part.examples for part in split("problem:logistic-cancer", 4, skew=100).parts]
        [142, 142, 142, 142]
    """
    whole = get_workload(name)
    count = whole_number(workers, 1, "The number of workers", InputError)
    if isinstance(whole, ProblemWorkload) and isinstance(whole.problem, GaussianNoiseProblem):
        tilts = _tilts(whole.parameters, count, skew, seed)
        return Split(whole, (whole,) * count, tilts, frozen(np.zeros(count + 1, np.int64)))
    rows = equal_shares(_labels(whole), count, skew, seed=seed)
    used = _rows_of(whole, rows.ravel())
    # A rating's share of the squares of its rows depends on all ratings: workers have the whole, and read their own.
    parts = (used,) * count if isinstance(whole, Factorization) else tuple(_rows_of(whole, own) for own in rows)
    tilts = frozen(np.zeros((count, whole.parameters), whole.precision))
    return Split(used, parts, tilts, frozen(np.arange(count + 1) * rows.shape[1]))


def _tilts(dimension: int, workers: int, zeta: float, seed: int) -> Matrix:
    """Normal vectors of sum 0 whose mean square is zeta^2."""
    if not 0 <= zeta < math.inf or (zeta and workers == 1):
        raise InputError(f"The size of tilts must be a finite number of at least 0, 0 for one worker. Got {zeta:g}.")
    drawn = np.stack([normals(seed, TILTS, worker, dimension) for worker in range(workers)])
    drawn -= drawn.mean(axis=0)
    square = float((drawn**2).sum() / workers)
    return read_only(drawn * (zeta / math.sqrt(square) if zeta else 0.0))


def _labels(whole: Workload) -> Ints:
    """The label of each training row; a rating's is its user."""
    if isinstance(whole, Factorization):
        return whole.ratings.users
    if isinstance(whole, Network):
        return whole.images.labels
    if isinstance(whole, ProblemWorkload) and isinstance(whole.problem, Softmax):
        return whole.problem.labels
    if isinstance(whole, ProblemWorkload) and isinstance(whole.problem, Logistic):
        return _classes_of(whole.problem)
    raise InputError(f"{whole.name} cannot be spread over workers: it has neither labelled rows nor Gaussian noise.")


def _classes_of(problem: Logistic) -> Ints:
    """0 and 1: the intercept, the last column, carries the sign of the row."""
    return (problem.matrix[:, -1] > 0).astype(np.int64)


def _rows_of(whole: Workload, rows: Ints) -> Workload:
    """The workload with these rows alone."""
    if isinstance(whole, Factorization):
        ours = whole.ratings
        used = replace(
            ours, users=frozen(ours.users[rows]), items=frozen(ours.items[rows]), values=frozen(ours.values[rows])
        )
        return replace(whole, ratings=used)
    if isinstance(whole, Network):
        images = whole.images
        return replace(
            whole, images=replace(images, features=frozen(images.features[rows]), labels=frozen(images.labels[rows]))
        )
    assert isinstance(whole, ProblemWorkload) and isinstance(whole.problem, FiniteSumProblem)
    fewer: dict[str, Any] = {"matrix": frozen(whole.problem.matrix[rows])}
    if isinstance(whole.problem, Softmax):
        fewer["labels"] = frozen(whole.problem.labels[rows])
    return replace(whole, problem=replace(whole.problem, **fewer))
