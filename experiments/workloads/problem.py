"""gradlag's own objectives as workloads, so that the two simulators can be held against one another.

With one worker and no delay the simulator takes the very steps of `experiments.simulate.simulate` for the same seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numba import njit

from experiments.kernels.keys import worker_seed
from experiments.problems import Problem, get_problem
from experiments.simulate.fused import check_arrays, compiled_objective
from experiments.simulate.gradients import BLOCK, Objective, gradient_at, make_scratch
from experiments.workers.engines.ring import register_gradient
from experiments.workers.results import Threshold
from experiments.workers.workload import WorkerKernel, Workload
from theory.common.types import Array


class ProblemData(NamedTuple):
    """An objective of gradlag's own, for compiled code."""

    objective: Objective


@njit(error_model="numpy")
def _gradient(data: Any, scratch: Any, seed: int, t: int, worker: int, x: Array, out: Array) -> None:
    gradient_at(data.objective, scratch, worker_seed(seed, worker), t + 1, x, out)


register_gradient(ProblemData, _gradient)


@dataclass(frozen=True, eq=False)
class ProblemWorkload(Workload):
    """An objective F of gradlag's own, with its own start, gradients and noise.

    Measured are F ("loss") and |grad F|^2 ("gradient_norm_squared") over all the data.

    Args:
        name: "problem:" and the spelling of the objective.
        problem: the objective.

    Example:
        >>> ProblemWorkload.of("quadratic:d=2,noise=0,start=1,condition=1").evaluate(np.ones(2))
        {'loss': 1.0, 'gradient_norm_squared': 2.0}
    """

    problem: Problem
    metrics: ClassVar[tuple[str, ...]] = ("loss", "gradient_norm_squared")

    @classmethod
    def of(cls, text: str) -> ProblemWorkload:
        """The workload of the objective that the text names."""
        problem = get_problem(text)
        return cls(f"problem:{problem.name}", problem)

    @property
    def parameters(self) -> int:
        return self.problem.dimension

    @property
    def examples(self) -> int:
        return self.problem.examples

    @property
    def target(self) -> Threshold:
        """A hundredth of the squared gradient at the start."""
        start = self.evaluate(self.problem.initial_point)["gradient_norm_squared"]
        return Threshold("gradient_norm_squared", 0.01 * start, "below")

    @property
    def digest(self) -> str:
        return self.problem.digest

    @property
    def precision(self) -> np.dtype[Any]:
        return np.dtype(np.float64)

    def initial(self, seed: int) -> Array:
        return np.array(self.problem.initial_point)

    def gradient(self, x: Array, seed: int, t: int, worker: int, batch: int) -> Array:
        return self.problem.stochastic_gradient(x, int(worker_seed(seed, worker)), t + 1, batch)

    def sample_gradient(self, x: Array, sample: int) -> Array:
        """The full gradient: all the data is the sample."""
        return self.problem.full_gradient(x)

    def evaluate(self, x: Array) -> Mapping[str, float]:
        gradient = self.problem.full_gradient(x)
        return {"loss": self.problem.loss(x), "gradient_norm_squared": float(gradient @ gradient)}

    def kernel(self, batch: int) -> WorkerKernel | None:
        numbers = self.problem.kernel(batch)
        if numbers is None:
            return None
        check_arrays(numbers, self.parameters)
        objective = compiled_objective(numbers)
        size = 8 * (BLOCK * (max(1, objective.classes) + 3) + self.parameters)
        return WorkerKernel(ProblemData(objective), lambda: make_scratch(objective, self.parameters), size)
