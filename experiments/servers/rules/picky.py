"""The picky rule: a step only where the point has moved little since the read, so that each seed has steps of its own.

The same iteration, noise and measurements as `experiments.simulate.delayed`, with the decision inside the loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from experiments.kernels import counters, elementary
from experiments.problems.problem import Problem
from experiments.servers.rules.rules import Picky
from experiments.simulate import gradients, trajectories
from experiments.simulate.fused import check_arrays, compiled_objective
from experiments.simulate.gradients import OPTIONS, Objective, Scratch, dot, gradient_at, make_scratch
from experiments.simulate.trajectories import FAR_SQUARED
from theory.common.compiling import kept, number_of_sources
from theory.common.errors import InputError, ProblemError
from theory.common.types import Matrix, Vector
from theory.staleness.count import whole_number
from theory.staleness.traces import Delays

# As a numpy number it has the type of every other step, so that the gradient is compiled once.
_FULL: Any = np.int64(0)


@dataclass(frozen=True, eq=False)
class PickyRun:
    """What the picky rule did.

    Args:
        time: int64 (R,), the recorded arrivals; gradient_norm_squared: float64 (S, R), inf after a divergence.
        applied: bool (S, N), which arrivals each seed applied.
    """

    time: NDArray[np.int64]
    gradient_norm_squared: Matrix
    applied: NDArray[np.bool_]


def run_picky(
    problem: Problem,
    rule: Picky,
    delays: Delays,
    *,
    seeds: Sequence[int],
    batch: int,
    record_every: int = 1,
    threads: int | None = None,
) -> PickyRun:
    r"""Arrival j is applied where $|x_{j-1}-x_{j-1-d_j}|\le\varepsilon/(2L)$, and discarded elsewhere.

    Args:
        problem: one of the objectives with compiled gradients.
        rule: the step, L and eps; delays: int64 (N,), in arrivals.
        seeds: of the noise; arrival j of a seed has the same draw as step j of `simulate`.
        batch: examples per minibatch; record_every: distance between two recorded points; threads: seeds at a
            time; by default as many as numba may use.

    Returns:
        Squared gradient norms at the recorded points, and what was applied.

    Raises:
        ProblemError: an objective without compiled gradients. InputError: a number out of its range.

    Source: Cohen et al., Asynchronous Stochastic Optimization Robust to Arbitrary Delays, NeurIPS 2021; reported.

    >>> from experiments.problems import get_problem
    >>> parabola = get_problem("quadratic:d=1,condition=1,noise=0,start=1")
    >>> run = run_picky(parabola, Picky(0.5, smoothness=1.0, accuracy=0.8), np.array([0, 1, 1]), seeds=[0], batch=1)
    >>> run.applied, run.gradient_norm_squared
    (array([[ True, False,  True]]), array([[1.    , 0.25  , 0.25  , 0.0625]]))
    """
    kernel = problem.kernel(batch)
    if kernel is None:
        raise ProblemError(f"The problem {problem.name} has no compiled gradient, which the picky rule needs.")
    every = whole_number(record_every, 1, "The distance between recorded points", InputError)
    lags = np.ascontiguousarray(delays, dtype=np.int64)
    if lags.ndim != 1 or not lags.size or (lags < 0).any() or (lags > np.arange(lags.size)).any():
        raise InputError("The delays must be one whole number d_j for each arrival, 0 <= d_j <= j - 1.")
    check_arrays(kernel, problem.dimension)
    objective, advance = compiled_objective(kernel), _kernel()
    time = np.append(np.arange(0, lags.size, every), lags.size)
    squares = np.full((len(seeds), time.size), np.inf)
    applied = np.zeros((len(seeds), lags.size), dtype=np.bool_)

    def run(place: int) -> None:
        ring = np.zeros((int(lags.max()) + 2, problem.dimension))
        ring[0] = problem.initial_point
        scratch = make_scratch(objective, problem.dimension)
        numbers = np.array([rule.base, rule.radius * rule.radius])
        advance(objective, scratch, np.int64(seeds[place]), numbers, lags, ring, every, squares[place], applied[place])

    with ThreadPoolExecutor(threads or numba.get_num_threads()) as pool:
        list(pool.map(run, range(len(seeds))))
    return PickyRun(time, squares, applied)


def _build(sources: int) -> Any:
    """The kernel. A variable of the enclosing scope enters numba's key of its cache; other modules do not."""

    @kept(**OPTIONS, nogil=True)
    def advance(
        objective: Objective,
        scratch: Scratch,
        seed: int,
        numbers: Vector,
        delays: Delays,
        ring: Matrix,
        every: int,
        squares: Vector,
        applied: NDArray[np.bool_],
    ) -> int:
        slots, gradient, recorded = ring.shape[0], scratch.gradient, 0
        gradient_at(objective, scratch, seed, _FULL, ring[0], gradient)
        squares[0] = dot(gradient, gradient)
        for j in range(1, delays.shape[0] + 1):
            here, read = ring[(j - 1) % slots], ring[(j - 1 - delays[j - 1]) % slots]
            point, moved, size = ring[j % slots], 0.0, 0.0
            for i in range(here.shape[0]):
                moved += (here[i] - read[i]) * (here[i] - read[i])
            applied[j - 1] = moved <= numbers[1]
            if applied[j - 1]:
                gradient_at(objective, scratch, seed, j, read, gradient)
            step = numbers[0] if applied[j - 1] else 0.0
            for i in range(here.shape[0]):
                point[i] = here[i] - step * gradient[i]
                size += point[i] * point[i]
            if not size <= FAR_SQUARED:
                return j
            if j % every == 0 or j == delays.shape[0]:
                recorded += 1
                gradient_at(objective, scratch, seed, _FULL, point, gradient)
                squares[recorded] = dot(gradient, gradient)
        return sources

    return advance


@cache
def _kernel() -> Any:
    """The kernel, compiled anew when a source that it is made from has changed."""
    return _build(number_of_sources(__file__, counters, elementary, gradients, trajectories))
