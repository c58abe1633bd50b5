"""What every engine is given and what it returns: the steps to take, and what was measured along each seed."""

from __future__ import annotations

from collections.abc import Callable
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
    r"""The steps to take and the points at which to measure; compiled code takes it as it is.

    Step k = 1..T takes $x_{k-1}$ to $x_k=x_{k-1}-\sum_iw_{k,i}\gamma_{k-i}+\sum_jm_j(x_{k-j}-x_{k-1-j})$, where
    $\gamma_k$ is the mean of B stochastic gradients at $x_{k-1-d_{k,b}}$; where reads are inconsistent it is one
    gradient, at the point whose b-th block of coordinates is that of $x_{k-1-d_{k,b}}$. What would be before the start
    is 0.

    Args:
        weights: float64 (T, A), w_{k,i} at position (k - 1, i); of plain delayed steps (T, 1), the step sizes.
        moves: float64 (M,), m_j at position j - 1.
        delays: int64 (T, B), d_{k,b} at position (k - 1, b), 0 <= d <= min(window - 1, k - 1).
        seeds: int64 (S,), distinct.
        window: how many last points a gradient may come from.
        batch: examples per minibatch; 0 means all of them.
        record_every: distance between two recorded points.
        coherence: whether the full gradients of the window are computed at recorded points.
        inconsistent: whether the delays of a step are those of blocks of coordinates.
    """

    weights: Matrix
    moves: Vector
    delays: NDArray[np.int64]
    seeds: Ints
    window: int
    batch: int
    record_every: int = 1
    coherence: bool = True
    inconsistent: bool = False

    @classmethod
    def of(
        cls,
        weights: ArrayLike,
        delays: ArrayLike,
        seeds: ArrayLike,
        window: int,
        batch: int,
        moves: ArrayLike = (),
        **options: Any,
    ) -> Iteration:
        """The iteration of arrays that were checked before, with fixed types, so that all share one compiled kernel.

        Weights and delays may be of one dimension where a step has one of them.
        """
        columns = frozen(weights, np.float64), frozen(delays, np.int64)
        each, reads = (column if column.ndim == 2 else column[:, None] for column in columns)
        rest = frozen(moves, np.float64), reads, frozen(seeds, np.int64)
        return cls(each, *rest, min(window, len(each) + 1), batch, **options)

    @property
    def steps(self) -> int:
        """T."""
        return len(self.weights)

    def draws(self, k: int) -> range:
        """The numbers of the random draws of step k, one for each gradient that it averages."""
        count = 1 if self.inconsistent else self.delays.shape[1]
        return range((k - 1) * count + 1, k * count + 1)

    def reads(self, k: int, point: Callable[[int], Vector]) -> list[Vector]:
        """The points whose gradients step k averages, of `point`, which tells the point so many steps back."""
        delays = self.delays[k - 1].tolist()
        if not self.inconsistent:
            return [point(delay) for delay in delays]
        starts = block_starts(len(delays), point(0).size)
        blocks = zip(delays, starts[:-1], starts[1:], strict=True)
        return [np.concatenate([point(delay)[first:end] for delay, first, end in blocks])]

    @property
    def times(self) -> Ints:
        """int64 (R,): the recorded k: 0, r, 2r, ... and always T."""
        return recorded_times(self.steps, self.record_every)


def block_starts(blocks: int, dimension: int) -> Ints:
    """Where each of so many consecutive blocks of coordinates starts, and d: their sizes differ by at most 1.

    >>> block_starts(3, 7)
    array([0, 3, 5, 7])
    """
    each = np.arange(blocks + 1)
    return each * (dimension // blocks) + np.minimum(each, dimension % blocks)


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
