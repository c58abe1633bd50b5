"""How far delays depend on the worker, on each other, and on the noise of their own gradients.

Bounds fix the delays before the run. A server does not: its delays come with the gradients, and what makes a gradient
late may be what makes it noisy. Here that is measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.runs.recorded_trace import ServerTrace
from theory.common.errors import InputError
from theory.common.types import Vector

LAGS = 32
_SHUFFLES = 999
_LARGEST_SAMPLE = 20_000
_SEED = 6


@dataclass(frozen=True)
class Dependence:
    """What the delays of a trace depend on.

    Args:
        share_between: the part of the variance of the delays that lies between workers, 0..1; None without workers.
        share_by_chance: what that part would be on average if workers did not differ, (W - 1)/(T - 1).
        autocorrelation: at lags 1..32, fewer in a short trace; all 0 where the delays do not vary.
        effective: how many independent delays would tell their mean as well, at most T.
    """

    share_between: float | None
    share_by_chance: float | None
    autocorrelation: tuple[float, ...]
    effective: float


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's correlation with the share of random orders whose correlation is at least as far from zero."""

    value: float
    p_value: float
    updates: int


def dependence(trace: ServerTrace) -> Dependence:
    r"""How far the delays of a trace depend on the worker and on each other.

    The effective number is $T/\max(1,1+2\sum_l\rho_l)$, the sum ended as Geyer (1992) ends it: where a sum of two
    neighbouring correlations is first below zero. Delays that compensate each other count as independent.

    >>> from experiments.runs.recorded_trace import trace_of_delays
    >>> dependence(trace_of_delays([0, 1, 0, 1, 0, 1])).autocorrelation[0] < -0.5
    True
    """
    between, chance = _between_workers(trace) if trace.attributed else (None, None)
    delays = trace.delays.ravel()  # in the order in which the gradients arrived
    correlations = autocorrelation(delays, min(delays.size - 1, max(LAGS, delays.size // 10)))
    told = tuple(float(value) for value in correlations[:LAGS])
    return Dependence(between, chance, told, delays.size / max(1.0, _integrated(correlations)))


def autocorrelation(values: NDArray[np.int64], lags: int) -> Vector:
    """The autocorrelation at lags 1..`lags`; 0 where the values do not vary."""
    centred = values - values.mean()
    variance = float(centred @ centred)
    if variance == 0 or lags < 1:
        return np.zeros(max(lags, 0))
    size = 1 << int(np.ceil(np.log2(values.size + lags)))
    spectrum = np.abs(np.fft.rfft(centred, size)) ** 2
    return np.asarray(np.fft.irfft(spectrum, size)[1 : lags + 1] / variance, dtype=np.float64)


def noise_correlation(delays: NDArray[np.int64], noise: Vector, seed: int = _SEED) -> RankCorrelation:
    """Spearman's rank correlation of the delays and of |g - grad F|, with a p-value from shuffles of the noise.

    Args:
        delays: int64 (T,); noise: float64 (T,), see `experiments.servers.server.noise_norms`.
        seed: of the 999 shuffles. Of more than 20,000 updates every m-th is taken.

    Raises:
        InputError: lengths that differ.
    """
    if delays.shape != noise.shape:
        raise InputError(f"Delays and noise must have one length. Got {delays.size} and {noise.size}.")
    stride = -(-delays.size // _LARGEST_SAMPLE)
    a, b = _standard_ranks(delays[::stride]), _standard_ranks(noise[::stride])
    seen, rng = float(a @ b), np.random.default_rng(seed)
    shuffled = np.array([a @ rng.permutation(b) for _ in range(_SHUFFLES)])
    # The order that was seen counts as one of them, so that no p-value is 0; rounding does not tell equal ones apart.
    beyond = int((np.abs(shuffled) >= abs(seen) - 1e-12).sum())
    return RankCorrelation(seen, (1 + beyond) / (1 + _SHUFFLES), a.size)


def _between_workers(trace: ServerTrace) -> tuple[float, float]:
    counts = np.bincount(trace.workers.ravel())
    sums = np.bincount(trace.workers.ravel(), weights=trace.delays.ravel())
    mean, there = trace.delays.mean(), counts > 0
    total = float(((trace.delays - mean) ** 2).sum())
    between = float((counts[there] * (sums[there] / counts[there] - mean) ** 2).sum())
    return (between / total if total else 0.0), (int(there.sum()) - 1) / max(trace.delays.size - 1, 1)


def _integrated(correlations: Vector) -> float:
    """1 + 2 (rho_1 + rho_2 + ...), up to where a pair is no longer positive."""
    padded = np.concatenate([[1.0], correlations])
    pairs = padded[: padded.size // 2 * 2].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs < 0)
    return float(2 * pairs[: negative[0] if negative.size else pairs.size].sum() - 1)


def _standard_ranks(values: NDArray[np.float64] | NDArray[np.int64]) -> Vector:
    from scipy.stats import rankdata  # slow to load

    ranks = rankdata(values)
    ranks = ranks - ranks.mean()
    length = float(np.linalg.norm(ranks))
    return np.asarray(ranks / length if length else ranks, dtype=np.float64)
