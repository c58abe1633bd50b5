"""Step sizes from a grid, the same grid and the same number of runs for every method that is compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from theory.common.errors import InputError


@dataclass(frozen=True)
class Tuned:
    """The best of a grid.

    Args:
        step_size: the one whose mean score is the least; scores: of each, infinite where a run diverged.
        at_edge: whether it is the first or last of several, so that a wider grid might hold a better one.
    """

    step_size: float
    scores: tuple[float, ...]
    at_edge: bool


def tuned(step_sizes: Sequence[float], seeds: Sequence[int], score: Callable[[float, int], float]) -> Tuned:
    """Try every step size on seeds that are used for nothing else.

    Args:
        step_sizes: the grid; a grid of one is not tried at all.
        seeds: of the runs; score: of a run with that step size and seed, the less the better.

    Raises:
        InputError: an empty grid, no seeds for a grid of several, or a grid on which every run diverges.

    Example:
        >>> tuned((0.1, 1.0, 10.0), (0,), lambda step, seed: abs(step - 0.9)).step_size
        1.0
    """
    if not step_sizes or (len(step_sizes) > 1 and not seeds):
        raise InputError("A grid needs at least one step size, and seeds to try several on.")
    if len(step_sizes) == 1:
        return Tuned(step_sizes[0], (), False)
    scores = [sum(score(step, seed) for seed in seeds) / len(seeds) for step in step_sizes]
    scores = [each if math.isfinite(each) else math.inf for each in scores]
    best = scores.index(min(scores))
    if scores[best] == math.inf:
        raise InputError(f"Every step size of the grid diverges, down to {min(step_sizes):g}. Give smaller ones.")
    return Tuned(step_sizes[best], tuple(scores), best in (0, len(scores) - 1))
