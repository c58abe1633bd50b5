"""Coherence along a run in a few numbers: over the seeds, at times spread evenly over log k.

Three different quantities of the same gradients: the pathwise mu_k that Theorem 1 assumes a bound of, the ratio of
means that its proof uses, and the cosine that is often measured.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from experiments.check.verdict import series
from experiments.runs.run import Run
from theory.common.types import Floats, Ints

_POINTS = 160


@dataclass(frozen=True, eq=False)
class CoherenceSummary:
    """Medians, quantiles and means over the seeds of a run at some of its times.

    Args:
        times: k (n,), the first of each interval.
        median, low, high: of mu_k (n,), and its quantiles at 10 and 90 %; least: of all seeds, in each interval.
        proof: ratio of means (n,); cosine: its mean (n,). NaN where there is none.
        assumed: the mu given for the run, if one was; steps: T.
    """

    times: Floats
    median: Floats
    low: Floats
    high: Floats
    least: Floats
    proof: Floats
    cosine: Floats
    assumed: float | None
    steps: int

    @property
    def lowest(self) -> float:
        """The smallest mu_k of all; inf if there is none."""
        return float(np.fmin.reduce(self.least, initial=np.inf))

    def to_dict(self) -> dict[str, Any]:
        """The numbers as plain lists; None for what is not finite."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: list(series(v)) if isinstance(v, np.ndarray) else v for name, v in values.items()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> CoherenceSummary:
        """What `to_dict` wrote down; KeyError, TypeError or ValueError if it is something else."""
        values: dict[str, Any] = {field.name: plain[field.name] for field in fields(cls)}
        arrays = {name: np.array(v, dtype=np.float64) for name, v in values.items() if isinstance(v, list)}
        return cls(**values | arrays)


def summarise(run: Run) -> CoherenceSummary:
    """Quantiles and means over seeds, at times spread evenly over log k; the smallest mu_k of each interval is kept."""
    before = run.data.isel(time=(run.time >= 1) & (run.time < run.time[-1]))
    starts = _starts(before.time.values)
    chosen = before.isel(time=starts)
    with warnings.catch_warnings():
        # A time at which no seed has a coherence, after divergence or at a zero gradient, stays empty.
        warnings.simplefilter("ignore", RuntimeWarning)
        low, median, high = chosen.coherence.quantile([0.1, 0.5, 0.9], "seed", skipna=True).values
        proof = chosen.inner_product.mean("seed", skipna=False) / chosen.gradient_norm_squared.mean("seed")
        cosine = chosen.cosine.mean("seed")
    envelope = np.fmin.reduce(before.coherence.values, axis=0)
    return CoherenceSummary(
        times=chosen.time.values.astype(np.float64),
        median=median,
        low=low,
        high=high,
        least=np.fmin.reduceat(envelope, starts) if starts.size else envelope,
        proof=np.where(np.isfinite(proof.values), proof.values, np.nan),
        cosine=cosine.values,
        assumed=run.constants["mu"].value if "mu" in run.constants else None,
        steps=run.configuration.steps,
    )


def _starts(times: Ints) -> Ints:
    """Where the intervals begin, spread evenly over the logarithm of time."""
    if times.size <= _POINTS:
        return np.arange(times.size)
    return np.unique(np.searchsorted(times, np.geomspace(times[0], times[-1], _POINTS))).astype(np.int64)
