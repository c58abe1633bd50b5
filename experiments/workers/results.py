"""What the workers' simulator gives back, and the quality that a run is to reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from theory.common.types import Array, Flags, Floats, Ints


@dataclass(frozen=True)
class Threshold:
    """A quality to reach: `metric` at `level` or on the good side of it ("above" or "below").

    Example:
        >>> Threshold("accuracy", 0.92, "above").met(np.array([0.9, 0.92, np.nan]))
        array([False,  True, False])
    """

    metric: str
    level: float
    side: Literal["above", "below"] = "below"

    def met(self, values: Array) -> Flags:
        """Where the target is met; never at NaN."""
        values = np.asarray(values)
        return np.asarray(values >= self.level if self.side == "above" else values <= self.level)


@dataclass(frozen=True, eq=False)
class WorkerRuns:
    """What was measured on the first worker's cache, for each seed (S,) at each evaluation (E,).

    Where a seed has diverged or stopped before, the numbers are NaN.

    Args:
        batches: int64 (E,), minibatches used by all workers together: P times the iteration.
        metrics: name to float64 (S, E).
        diverged_at: int64 (S,), the first iteration at whose start the first worker's cache held no number or one
            beyond 1e18 (32 bits) or 1e150 (64 bits); -1 if there is none.
        stopped_at: int64 (S,), the iteration at which the target was found to be met; -1 if it was not, or none given.
        final: (S, d), the first worker's last cache.
        seeds: int64 (S,).
        coherence: nothing, or with g_k the gradient on the sample at evaluation k: "cosine" and "ratio", float64
            (S, E, lags), of g_k and g_{k-j} at position j - 1, the ratio being <g_k, g_{k-j}>/|g_k|^2; "mu", float64
            (S, E), the smallest ratio over j = 0..lags (so at most 1); "norm_squared", float64 (S, E), |g_k|^2.
    """

    batches: Ints
    metrics: Mapping[str, Floats]
    diverged_at: Ints
    stopped_at: Ints
    final: Array
    seeds: Ints
    coherence: Mapping[str, Floats] = field(default_factory=dict)

    def batches_to(self, target: Threshold) -> Floats:
        """float64 (S,): the batches at the first evaluation that meets the target; inf where none does."""
        met = target.met(self.metrics[target.metric])
        first = self.batches[met.argmax(axis=1)].astype(np.float64)
        return np.where(met.any(axis=1), first, np.inf)
