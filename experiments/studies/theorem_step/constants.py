"""The constants with which Theorem 1's steps are taken on a network, and how each is known.

F is at least 0, so that F(x_0) is above Delta. What has no proved bound is the largest that a pilot meets: sequential
training with the step that is in use, from seeds that are measured nowhere, since steps have to be fixed beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from experiments.common.constants import Constant, Known
from experiments.studies.theorem_step.iteration import OneSequence
from experiments.studies.theorem_step.objective import (
    Point,
    as_network,
    largest_secant,
    point_of,
    proved_constants,
    top_curvature,
)
from experiments.workloads.networks import Network

_PILOT_SEEDS = (1000, 1001)
_LOOKS, _ITERATIONS = 16, 8  # of the pilot, and of the power method at some of them


@dataclass(frozen=True)
class Pilot:
    """The largest curvature at the starts, the largest secant of all, and the largest variance of a minibatch."""

    start: float
    secant: float
    variance: float


@lru_cache(maxsize=64)
def pilot_of(workload: str, step: float, batches: int, batch: int) -> Pilot:
    """What sequential training meets, looked at every sixteenth of it; its curvature where that doubles.

    Args:
        workload: mlr or dnn with bits=64; step: the constant step; batches: of the training; batch: of a minibatch.

    Returns:
        The largest of what was met, the same in every process.
    """
    network, steps, delays = as_network(workload), np.full(batches, step), np.zeros(batches, np.int64)
    starts, secants, variances = [], [], []
    for seed in _PILOT_SEEDS:
        run = OneSequence(network, steps, delays, window=1, seed=seed, batch=batch)
        looks = [batches * part // _LOOKS for part in range(_LOOKS + 1)]
        points = [point_of(network, run.point(k)) for k in looks if run.advance(k) < 0]
        curvatures = [_curvature(network, points[part]) for part in (0, 1, 2, 4, 8, 16) if part < len(points)]
        starts.append(curvatures[0])
        secants += [largest_secant(points), *curvatures]
        variances += [point.variance / batch for point in points]
    return Pilot(max(starts), max(secants), max(variances))


def _curvature(network: Network, at: Point) -> float:
    return top_curvature(lambda x: point_of(network, x).gradient, at.x, _ITERATIONS)


def constants_of(network: Network, pilot: Pilot, batch: int, seeds: int) -> Mapping[str, Constant]:
    """L, Delta and sigma: proved upper bounds where there are any, else what the pilot met.

    Args:
        network: with 64 bits; pilot: of that network.
        batch: of a minibatch, to which sigma belongs; seeds: how many starts Delta is to serve, from 0.

    Returns:
        The constants, each with how it is known.
    """
    start = max(point_of(network, network.initial(seed)).loss for seed in range(seeds))
    met = "the largest that a pilot met"
    estimates = {
        "L": Constant(pilot.secant, Known.ESTIMATE, f"{met}, from below; with ReLU units there is none"),
        "sigma": Constant(float(np.sqrt(pilot.variance)), Known.ESTIMATE, f"{met}, from below"),
    }
    gap = Constant(start, Known.UPPER_BOUND, "F >= 0, and the largest F(x_0) of all seeds")
    return {**estimates, **proved_constants(network, batch), "Delta": gap}
