"""What every engine is given and what it returns: the steps to take, and what was measured along each seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.simulate.measured import MEASURES, NORM_SQUARED, Series
from theory.common.types import Ints, Matrix, Vector

# A point further out than this has diverged; its square is still a number.
FAR = 1e150
FAR_SQUARED = FAR * FAR


class Iteration(NamedTuple):
    """The steps to take and the points at which to measure; compiled code takes it as it is.

    Args:
        step_sizes: float64 (T,), eta_k at position k - 1.
        delays: int64 (T,), d_k at position k - 1, 0 <= d_k <= min(window - 1, k - 1).
        seeds: int64 (S,), distinct.
        window: how many last points a gradient may come from.
        batch: examples per minibatch; 0 means all of them.
        record_every: distance between two recorded points.
        coherence: whether the full gradients of the window are computed at recorded points.
    """

    step_sizes: Vector
    delays: Ints
    seeds: Ints
    window: int
    batch: int
    record_every: int = 1
    coherence: bool = True

    @classmethod
    def of(
        cls, step_sizes: ArrayLike, delays: ArrayLike, seeds: ArrayLike, window: int, batch: int, **options: Any
    ) -> Iteration:
        """The iteration of arrays that were checked before, with fixed types, so that all share one compiled kernel."""
        sizes = frozen(step_sizes, np.float64)
        named = frozen(delays, np.int64), frozen(seeds, np.int64)
        return cls(sizes, *named, min(window, sizes.size + 1), batch, **options)

    @property
    def steps(self) -> int:
        """T."""
        return self.step_sizes.size

    @property
    def times(self) -> Ints:
        """int64 (R,): the recorded k: 0, r, 2r, ... and always T."""
        return recorded_times(self.steps, self.record_every)


def recorded_times(steps: int, record_every: int) -> Ints:
    """The k of the recorded points: 0, r, 2r, ..., and always T.

    >>> recorded_times(5, 2)
    array([0, 2, 4, 5])
    """
    return np.append(np.arange(0, steps, record_every, dtype=np.int64), steps)


@dataclass(frozen=True, eq=False)
class Trajectories(Series):
    """What was measured along each seed; an engine fills it.

    Args:
        time: int64 (R,), the recorded k: 0, r, 2r, ... and always T.
        seeds: int64 (S,).
        records: float64 (7, S, R), the series in their order.
        diverged_at: int64 (S,), the first k with |x_k| > 1e150 or not finite; -1 if there is none.
        final_points: float64 (S, d), x_T, or x_k at k = diverged_at.
    """

    time: Ints
    seeds: Ints
    records: NDArray[np.float64]
    diverged_at: Ints
    final_points: Matrix

    @classmethod
    def blank(cls, iteration: Iteration, dimension: int) -> Trajectories:
        """Those of seeds that diverged before their first point."""
        time, seeds = iteration.times, iteration.seeds
        records = np.full((len(MEASURES), seeds.size, time.size), np.nan)
        records[NORM_SQUARED] = np.inf
        return cls(time, seeds, records, np.full(seeds.size, -1), np.full((seeds.size, dimension), np.nan))

    def array(self, name: str) -> Matrix:
        """The series (S, R) of that name."""
        series: Matrix = self.records[MEASURES.index(name)]
        return series


def frozen(array: ArrayLike, kind: type[Any]) -> NDArray[Any]:
    """The array with that type, in one piece, as a view that cannot be written to."""
    view = np.ascontiguousarray(array, dtype=kind).view()
    view.setflags(write=False)
    return view
