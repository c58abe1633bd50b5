r"""A server that applies K weighted stale gradients an update is delayed SGD on one sequence of points.

The idea: an update is taken as K steps, one for each of its gradients. Gradient i of update u, of staleness $\tau$, is
then read $i+K\tau$ points back, and its step is $\gamma w/K$; every K-th point is one of the server's. So the engines
of `experiments/simulate` run it, and what is proved of them holds of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from experiments.problems.problem import Problem
from experiments.simulate.delayed import simulate
from experiments.simulate.trajectories import Trajectories
from theory.common.errors import InputError
from theory.common.types import Ints, Vector
from theory.staleness.traces import validate_delays


def as_steps(weights: ArrayLike, staleness: ArrayLike, step_size: float) -> tuple[Vector, Ints]:
    r"""Step sizes and delays of $x_{u+1}=x_u-\frac\gamma K\sum_{i<K}w_{u,i}\,g(x_{u-\tau_{u,i}})$, a step a gradient.

    Args:
        weights: (T, K), positive.
        staleness: int64 (T, K), 0 <= tau <= u for update u = 0..T-1.
        step_size: gamma.

    Returns:
        Step sizes float64 (T K,) and delays int64 (T K,), for `simulate`.

    Raises:
        InputError: weights of another shape, or one that is not positive and finite, or a negative step size.
        DelayError: a staleness that is no whole number or reads a point that does not exist.

    Example:
        >>> as_steps([[1.0, 1.0], [1.0, 0.5]], [[0, 0], [0, 1]], 0.1)
        (array([0.05 , 0.05 , 0.05 , 0.025]), array([0, 1, 0, 3]))
    """
    given, sizes = np.asarray(staleness), np.asarray(weights, dtype=np.float64)
    if sizes.shape != given.shape or sizes.ndim != 2:
        raise InputError(
            "Weights and staleness must both have a row for each update and a column for each of its gradients. "
            f"Got shapes {sizes.shape} and {given.shape}."
        )
    bad = np.argwhere(~((sizes > 0) & np.isfinite(sizes)))
    if bad.size:
        update, gradient = bad[0].tolist()
        raise InputError(
            f"Every weight must be a positive finite number: gradient {gradient + 1} of update {update + 1} weighs "
            f"{sizes[update, gradient]}. Leave out gradients that are to weigh nothing."
        )
    if not 0 <= step_size < np.inf:
        raise InputError(f"The step size must be a finite number of at least 0. Got {step_size}.")
    gradients = given.shape[1]
    checked = validate_delays(given).reshape(given.shape)
    return step_size / gradients * sizes.ravel(), (gradients * checked + np.arange(gradients)).ravel()


def serve(
    problem: Problem,
    weights: ArrayLike,
    staleness: ArrayLike,
    step_size: float,
    *,
    seeds: Sequence[int],
    batch: int = 1,
    every: int = 1,
    **options: Any,
) -> Trajectories:
    """Run the server on an objective; points between updates are recorded, coherence is not.

    Args:
        problem: the objective.
        weights, staleness, step_size: as for `as_steps`.
        seeds: each has its own noise; all have the same staleness.
        batch: examples of a gradient.
        every: updates between two recorded points.
        options: engine, progress, memory_limit and threads, as for `simulate`.

    Returns:
        What was measured; the recorded times count gradients, K an update.

    Raises:
        InputError: what `as_steps` and `simulate` refuse.

    Example:
        >>> from experiments.problems import get_problem
        >>> parabola = get_problem("quadratic:d=1,condition=1,noise=0,start=1")
        >>> serve(parabola, [[1.0], [0.5]], [[0], [1]], 0.5, seeds=[0]).final_points
        array([[0.25]])
    """
    sizes, delays = as_steps(weights, staleness, step_size)
    return simulate(
        problem,
        sizes,
        delays,
        seeds=seeds,
        batch=batch,
        window=int(delays.max()) + 1,
        record_every=np.asarray(staleness).shape[1] * every,
        coherence=False,
        **options,
    )
