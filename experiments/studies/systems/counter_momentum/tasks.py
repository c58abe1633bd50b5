"""The problems of the library as this study takes them: with fewer rows, and networks by their training loss.

L of a network is an estimate: the growth of the gradient around the first start, from below. With ReLU units there is
none that serves everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from experiments.common.arrays import read_only
from experiments.common.constants import Constant, Known
from experiments.problems import get_problem
from experiments.problems.estimate import estimate_constants
from experiments.problems.finite_sum import FiniteSumProblem
from experiments.problems.problem import Problem
from experiments.problems.softmax import Softmax
from experiments.studies.theorem_step.objective import as_network, loss_of
from experiments.workloads.networks import Network
from theory.common.types import Vector


@dataclass(frozen=True, eq=False)
class TrainingLoss(Problem):
    """The mean cross-entropy of a network over its training rows, from the start that a seed draws.

    >>> task = task_of("dnn:width=2,bits=64", rows=40)
    >>> task.examples, task.dimension, str(task.constants(0)["L"].known)
    (40, 160, 'estimate')
    """

    network: Network

    @property
    def examples(self) -> int:
        return self.network.examples

    @property
    def default_batch(self) -> int:
        return 32

    @property
    def curvature(self) -> None:
        """None is known."""

    @property
    def digest(self) -> str:
        return self.network.digest

    def constants(self, batch: int) -> Mapping[str, Constant]:
        """L and sigma as estimates at this start, and F(x_0), as F is at least 0."""
        gap = Constant(self.loss(self.initial_point), Known.UPPER_BOUND, "F >= 0")
        return {**estimate_constants(self, batch), "Delta": gap}

    def deterministic(self, batch: int) -> bool:
        return batch == 0

    def loss(self, x: Vector) -> float:
        return loss_of(self.network, x)

    @cached_property
    def _gradients(self) -> Callable[[bytes], Vector]:
        """A point is measured and read, and by a method that waits read again and again: it is computed once."""

        def computed(x: bytes) -> Vector:
            return read_only(self.network.gradient(np.frombuffer(x), 0, 0, 0, 0))

        return lru_cache(maxsize=64)(computed)

    def full_gradient(self, x: Vector) -> Vector:
        return self._gradients(x.tobytes())

    def stochastic_gradient(self, x: Vector, seed: int, step: int, batch: int) -> Vector:
        if batch == 0:
            return self.full_gradient(x)
        return self.network.gradient(x, seed, step - 1, 0, batch)


def task_of(spelling: str, rows: int = 0, seed: int = 0) -> Problem:
    """The objective with so many of its rows, evenly spaced, and of a network the start of this seed.

    Args:
        spelling: a problem, or dnn with bits=64; rows: at most so many, 0 for all; seed: of a network's start.

    >>> task_of("softmax-digits", rows=100).examples
    100
    """
    if spelling.startswith("dnn"):
        whole = as_network(spelling)
        kept, images = _kept(whole.examples, rows), whole.images
        few = replace(images, features=images.features[kept], labels=images.labels[kept])
        network = replace(whole, images=few)
        return TrainingLoss(network.name, network.initial(seed), network)
    problem = get_problem(spelling)
    if not rows or not isinstance(problem, FiniteSumProblem):
        return problem
    places = _kept(problem.examples, rows)
    matrix = np.ascontiguousarray(problem.matrix[places])
    if isinstance(problem, Softmax):
        return replace(problem, matrix=matrix, labels=problem.labels[places])
    return replace(problem, matrix=matrix)


def _kept(examples: int, rows: int) -> slice:
    """Rows of every class, whatever their order."""
    return slice(None) if not rows else slice(0, examples // rows * rows, examples // rows)
