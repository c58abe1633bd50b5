r"""I-Prof: how many samples a device may take so that its task keeps to a time or an energy.

The idea: the cost of a task is nearly $\alpha n$. The slope is predicted from features of the device: by least squares
over all that was reported, until a model of device has reported once; then by a passive-aggressive regression of that
model's own. The size asked for is $n=\max(1,\text{objective}/\hat\alpha)$. Beside it stands one regression of cost on n
for all devices, as MAUI has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from experiments.systems.fleet.devices import Tasks
from theory.common.errors import InputError
from theory.common.types import Matrix, Vector

PROFILED = 0.01  # a predicted slope is at least this share of the mean one: least squares may fall below 0


@dataclass(frozen=True)
class Objective:
    """What a task is to keep to.

    Args:
        name: of the objective; unit: its unit.
        limit: of a task: 3 seconds and 0.075 per cent of the battery in the released scripts.
        tolerance: epsilon of the regression, in the unit of the slope (milliseconds or per cent a sample): 0.1 and 6e-5
            there.
        scale: units of the slope in one of the limit.
    """

    name: str
    unit: str
    limit: float
    tolerance: float
    scale: float = 1.0

    def slopes(self, tasks: Tasks) -> Vector:
        """The true slopes (N,)."""
        return tasks.seconds if self.name == "time" else tasks.energy

    def features(self, tasks: Tasks) -> Matrix:
        """What is known of each request (N, F); for energy the power of the processor too."""
        if self.name == "time":
            return tasks.features
        return np.column_stack([tasks.features, 100 * tasks.power])


OBJECTIVES: Mapping[str, Objective] = MappingProxyType(
    {
        "time": Objective("time", "s", 3.0, 0.1, 1000.0),
        "energy": Objective("energy", "% of the battery", 0.075, 6e-5),
    }
)


def passive_aggressive(theta: Vector, features: Vector, slope: float, tolerance: float, most: float = np.inf) -> Vector:
    r"""$\theta\pm\min(C,\ell/\|x\|^2)\,x$, $\ell=\max(0,|\alpha-x^\top\theta|-\epsilon)$, the sign that of the error.

    Args:
        theta: (F,); features: x, (F,), not all 0; slope: alpha, as it was measured; tolerance: epsilon.
        most: C; without one the update is the plain one, after which the prediction is off by epsilon at most.

    Example:
        >>> passive_aggressive(np.zeros(2), np.array([1.0, 1.0]), 3.0, 1.0)
        array([1., 1.])
    """
    off = slope - features @ theta
    loss = max(0.0, abs(float(off)) - tolerance)
    return np.asarray(theta + np.sign(off) * min(most, loss / float(features @ features)) * features)


@dataclass(frozen=True, eq=False)
class Profile:
    """Sizes that were asked for, and what they cost.

    Args:
        sizes: float64 (N,), whole numbers of at least 1; costs: (N,), in the objective's unit.
    """

    sizes: Vector
    costs: Vector

    def error(self, objective: Objective, quantile: float = 0.9) -> float:
        """The distance to the limit that so many of the tasks keep within."""
        return float(np.quantile(np.abs(self.costs - objective.limit), quantile))


class _LeastSquares:
    """Least squares over all reports so far, by its normal equations."""

    def __init__(self, features: Matrix, slopes: Vector) -> None:
        self.square, self.product = features.T @ features, features.T @ slopes

    def add(self, features: Vector, slope: float) -> None:
        """One more report."""
        self.square += np.outer(features, features)
        self.product += slope * features

    @property
    def theta(self) -> Vector:
        """The coefficients; of several the shortest."""
        return np.asarray(np.linalg.lstsq(self.square, self.product, rcond=None)[0])


def profile(tasks: Tasks, before: Tasks, objective: Objective, *, most: float = np.inf, own: bool = True) -> Profile:
    """I-Prof on requests one after another, each reported before the next comes.

    Args:
        tasks: the requests.
        before: what was collected beforehand, on devices of a laboratory.
        objective: what is kept to.
        most: C of the passive-aggressive regression.
        own: whether models have regressions of their own; otherwise least squares are all there is.

    Returns:
        The sizes and what they cost.

    Raises:
        InputError: a cap of the regression that is not positive.
    """
    if not most > 0:
        raise InputError(f"The cap of the passive-aggressive regression must be positive. Got {most}.")
    known, features = objective.features(before), objective.features(tasks)
    slopes, limit = objective.slopes(tasks), objective.scale * objective.limit
    reported = objective.slopes(before) * before.noise
    shared, least = _LeastSquares(known, reported), PROFILED * float(reported.mean())
    thetas: dict[int, Vector] = {}
    sizes, costs = np.empty(slopes.size), np.empty(slopes.size)
    for i, (model, x) in enumerate(zip(tasks.models.tolist(), features, strict=True)):
        theta = thetas.get(model) if own else None
        theta = shared.theta if theta is None else theta
        sizes[i] = max(1.0, np.floor(limit / max(least, float(x @ theta))))
        measured = slopes[i] * float(tasks.noise[i])
        costs[i] = measured * sizes[i] / objective.scale
        shared.add(x, measured)
        if own:
            thetas[model] = passive_aggressive(theta, x, measured, objective.tolerance, most)
    return Profile(sizes, costs)


def profile_globally(tasks: Tasks, before: Tasks, objective: Objective) -> Profile:
    """One regression of cost on n for all devices, refitted with every report: a size for all.

    What was collected beforehand was measured at sizes spread evenly up to twice the one that keeps to the limit on the
    mean.
    """
    slopes = objective.slopes(tasks) * tasks.noise / objective.scale
    reported = objective.slopes(before) * before.noise / objective.scale
    tried = np.linspace(1.0, max(2.0, 2 * objective.limit / float(reported.mean())), reported.size)
    fit = _LeastSquares(np.column_stack([np.ones(tried.size), tried]), reported * tried)
    sizes = np.empty(slopes.size)
    for i, slope in enumerate(slopes.tolist()):
        offset, rise = fit.theta.tolist()
        sizes[i] = max(1.0, np.floor((objective.limit - offset) / rise)) if rise > 0 else 1.0
        fit.add(np.array([1.0, sizes[i]]), slope * sizes[i])
    return Profile(sizes, slopes * sizes)


PROFILERS: Mapping[str, Callable[[Tasks, Tasks, Objective], Profile]] = MappingProxyType(
    {
        "i-prof": profile,
        "least-squares": lambda tasks, before, objective: profile(tasks, before, objective, own=False),
        "global": profile_globally,
    }
)
