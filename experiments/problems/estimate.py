"""Estimates of constants that nobody gave: good enough to describe a run, never to refute a theorem."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from experiments.common.constants import Constant, Known
from experiments.kernels.counters import INITIAL, normals
from experiments.problems.problem import Problem
from theory.common.types import Vector

_RADIUS = 1e-4


def estimate_constants(
    problem: Problem, batch: int, *, iterations: int = 30, draws: int = 200, seed: int = 0
) -> Mapping[str, Constant]:
    """Estimates of L and sigma at the initial point. Delta has no estimate: nothing bounds inf F from below.

    L: the largest |grad F(x_0 + h v) - grad F(x_0)| / h over the directions v of a power iteration, a lower bound of
    the smoothness near x_0. sigma: the root mean square of g - grad F over `draws` stochastic gradients at x_0.

    Args:
        problem: any objective.
        batch: size of the minibatches.
        iterations: steps of the power iteration.
        draws: number of stochastic gradients.
        seed: of the first direction and of the draws.

    Returns:
        "L" and "sigma", tagged as estimates (sigma is exactly 0 without noise).

    Example:
        >>> from experiments.problems import get_problem
        >>> round(estimate_constants(get_problem("quadratic:d=3,noise=0"), 1)["L"].value, 6)
        1.0
    """
    smoothness = _largest_growth(problem, seed, iterations)
    reason = f"differences of the full gradient within {_RADIUS:g} of x_0, {iterations} power iterations"
    return {
        "L": Constant(smoothness, Known.ESTIMATE, reason),
        "sigma": _estimate_sigma(problem, batch, draws, seed),
    }


def _largest_growth(problem: Problem, seed: int, iterations: int) -> float:
    start = problem.initial_point
    gradient = problem.full_gradient(start)
    radius = _RADIUS * max(1.0, float(np.abs(start).max()))
    direction: Vector = normals(seed, INITIAL, 0, problem.dimension)
    largest = 0.0
    for _ in range(iterations):
        direction = direction / np.linalg.norm(direction)
        change = (problem.full_gradient(start + radius * direction) - gradient) / radius
        growth = float(np.linalg.norm(change))
        if not 0 < growth < math.inf:
            break
        largest, direction = max(largest, growth), change
    return largest


def _estimate_sigma(problem: Problem, batch: int, draws: int, seed: int) -> Constant:
    if problem.deterministic(batch):
        return Constant(0.0, Known.EXACT, "the gradient has no noise")
    start = problem.initial_point
    mean = problem.full_gradient(start)
    errors = [problem.stochastic_gradient(start, seed, step, batch) - mean for step in range(1, draws + 1)]
    value = math.sqrt(float(np.mean(np.square(errors).sum(axis=1))))
    return Constant(value, Known.ESTIMATE, f"{draws} stochastic gradients at x_0")
