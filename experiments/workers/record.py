"""What is measured of each seed, evaluation by evaluation, whatever engine moves it on; and the rows as one result."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from experiments.workers.results import Threshold, WorkerRuns
from experiments.workers.setting import WorkerPlan
from theory.common.types import Array, Floats, Ints

_COHERENCE = ("cosine", "ratio", "mu", "norm_squared")


class Record:
    """The rows of one seed; NaN where it has ended before."""

    def __init__(self, names: tuple[str, ...], plan: WorkerPlan, stop: Threshold | None) -> None:
        evaluations, lags = plan.setting.times.size, plan.setting.lags
        self.names, self.stop = names, stop
        self.metrics = np.full((evaluations, len(names)), np.nan)
        self.cosine, self.ratio = np.full((evaluations, lags), np.nan), np.full((evaluations, lags), np.nan)
        self.mu, self.norm_squared = np.full(evaluations, np.nan), np.full(evaluations, np.nan)
        self.gradients: deque[Floats] = deque(maxlen=lags)
        self.done, self.evaluated = 0, 0
        self.diverged_at = self.stopped_at = -1
        self.final: Array | None = None

    @property
    def finished(self) -> bool:
        return self.final is not None

    def note(self, values: Array, gradient: Array | None, cache: Array) -> None:
        """An evaluation: the metrics in their order, the gradient on the sample if there are lags, and the cache.

        The run ends if the target is met or nothing remains to be done.
        """
        self.metrics[self.evaluated] = values
        if gradient is not None:
            self._compare(np.asarray(gradient, dtype=np.float64))
        self.evaluated += 1
        if self.stop is not None and self.stop.met(values[self.names.index(self.stop.metric)]):
            self.stopped_at = self.done
        if self.stopped_at >= 0 or self.evaluated == len(self.metrics):
            self.finish(cache)

    def _compare(self, g: Floats) -> None:
        """The gradient on the sample beside those of the evaluations before."""
        k, square = self.evaluated, float(g @ g)
        for j, old in enumerate(reversed(self.gradients)):
            product = float(g @ old)
            self.ratio[k, j] = product / square if square > 0 else np.nan
            self.cosine[k, j] = product / np.sqrt(square) / np.linalg.norm(old) if square > 0 else np.nan
        # Rounding would keep the ratio of g_k with itself from being 1.
        self.mu[k] = min(1.0, *self.ratio[k, : len(self.gradients)].tolist(), 1.0) if square > 0 else np.nan
        self.norm_squared[k] = square
        self.gradients.append(g)

    def finish(self, cache: Array) -> None:
        """Keep the last cache, and let go of the gradients."""
        self.final = np.array(cache)
        self.gradients.clear()


def gathered(plan: WorkerPlan, seeds: Ints, records: Sequence[Record]) -> WorkerRuns:
    """The rows of all seeds as one result."""
    names = _COHERENCE if plan.setting.lags else ()
    return WorkerRuns(
        batches=plan.setting.batches,
        metrics=dict(zip(records[0].names, np.stack([each.metrics.T for each in records], axis=1), strict=True)),
        diverged_at=np.array([each.diverged_at for each in records], dtype=np.int64),
        stopped_at=np.array([each.stopped_at for each in records], dtype=np.int64),
        final=np.stack([each.final for each in records if each.final is not None]),
        seeds=seeds,
        coherence={name: np.stack([getattr(each, name) for each in records]) for name in names},
    )
