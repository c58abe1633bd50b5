"""What every engine is given and what it returns: a plan of steps, and what was measured along each seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theory.common.types import Ints, Matrix, Vector

MEASURES = ("gradient_norm_squared", "loss", "coherence", "inner_product", "cosine", "smoothness", "displacement")
NORM_SQUARED, LOSS, COHERENCE, INNER_PRODUCT, COSINE, SMOOTHNESS, DISPLACEMENT = range(len(MEASURES))

# A point further out than this has diverged; its square is still a number.
FAR = 1e150
FAR_SQUARED = FAR * FAR


@dataclass(frozen=True, eq=False)
class Plan:
    """The steps to take and the points at which to measure.

    Args:
        step_sizes: float64 (T,), eta_k at position k - 1.
        delays: int64 (T,), d_k at position k - 1, 0 <= d_k <= min(window - 1, k - 1).
        seeds: int64 (S,), distinct.
        batch: examples per minibatch; 0 means all of them.
        record_every: distance between two recorded points.
        window: how many last points a gradient may come from.
        coherence: whether the full gradients of the window are computed at recorded points.
    """

    step_sizes: Vector
    delays: Ints
    seeds: Ints
    batch: int
    record_every: int
    window: int
    coherence: bool

    @property
    def steps(self) -> int:
        """T."""
        return self.step_sizes.size

    @property
    def times(self) -> Ints:
        """int64 (R,): the recorded k: 0, r, 2r, ... and always T."""
        return np.append(np.arange(0, self.steps, self.record_every), self.steps)


@dataclass(frozen=True, eq=False)
class Trajectories:
    """What was measured along each seed at the recorded points x_k, g_k being the full gradient there.

    After a seed has diverged its gradient_norm_squared is inf and its other measures are NaN.

    Args:
        time: int64 (R,), the recorded k: 0, r, 2r, ... and always T.
        gradient_norm_squared: float64 (S, R), |g_k|^2.
        loss: float64 (S, R), F(x_k).
        coherence: float64 (S, R), the smallest <g_k, g_t>/|g_k|^2 over the window t = max(0, k-window+1)..k, at most 1;
            NaN where g_k = 0 or if it was not asked for.
        inner_product: float64 (S, R), <g_k, g_t> for the point t = k - d_{k+1} that step k+1 reads; NaN at k = T.
        cosine: float64 (S, R), the cosine of that pair.
        smoothness: float64 (S, R), |g_k - g_j|/|x_k - x_j| for the recorded point j before k; NaN at k = 0, and where
            |x_k - x_j| <= 2^-26 |x_k|, which rounding would blur.
        displacement: float64 (S, R), the largest |x_j - x_k| over k < j < next recorded point; 0 if there is none.
        diverged_at: int64 (S,), the first k with |x_k| > 1e150 or not finite; -1 if there is none.
        final_points: float64 (S, d), x_T, or x_k at k = diverged_at.
        seeds: int64 (S,).
    """

    time: Ints
    gradient_norm_squared: Matrix
    loss: Matrix
    coherence: Matrix
    inner_product: Matrix
    cosine: Matrix
    smoothness: Matrix
    displacement: Matrix
    diverged_at: Ints
    final_points: Matrix
    seeds: Ints


@dataclass(frozen=True, eq=False)
class Recording:
    """What an engine fills: records (7, S, R) in the order of MEASURES, diverged_at (S,), final_points (S, d)."""

    records: NDArray[np.float64]
    diverged_at: Ints
    final_points: Matrix

    @classmethod
    def blank(cls, plan: Plan, dimension: int) -> Recording:
        """The recording of seeds that diverged before their first point."""
        seeds = plan.seeds.size
        records = np.full((len(MEASURES), seeds, plan.times.size), np.nan)
        records[NORM_SQUARED] = np.inf
        return cls(records, np.full(seeds, -1), np.full((seeds, dimension), np.nan))

    def trajectories(self, plan: Plan) -> Trajectories:
        """The same numbers under their names."""
        measured = dict(zip(MEASURES, self.records, strict=True))
        return Trajectories(
            time=plan.times,
            **measured,
            diverged_at=self.diverged_at,
            final_points=self.final_points,
            seeds=plan.seeds,
        )
