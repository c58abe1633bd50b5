r"""How fast the running minimum of the mean falls: a fitted exponent, with an interval by resampling seeds.

Floats at different times of one run depend on one another, seeds do not: so seeds are resampled, never times. The
exponent describes the run over the stated range; it proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.statistics.intervals import mean, student_critical
from theory.common.types import Floats, Ints

_SEED = 1810_03264
_FEWEST_POINTS = 4


@dataclass(frozen=True)
class Decay:
    """An exponent a of t^a over first <= t <= last, with an interval (None for a single noisy seed)."""

    exponent: float
    interval: tuple[float, float] | None
    first: int
    last: int


def log_spaced(first: int, last: int, count: int) -> Ints:
    """Distinct whole numbers from `first` to `last`, evenly spaced in their logarithm where whole numbers allow.

    >>> log_spaced(1, 100, 5)
    array([  1,   3,  10,  32, 100])
    """
    spaced = np.exp(np.linspace(math.log(first), math.log(last), count))
    return np.unique(np.concatenate([[first], np.rint(spaced), [last]]).astype(np.int64))


def running_minimum(values: Floats, times: Ints, horizons: Ints) -> Floats:
    """Least entry (..., H) among the times at most each horizon, of values (..., R) at increasing times (R,)."""
    least = np.minimum.accumulate(values, axis=-1)
    return np.asarray(least[..., np.searchsorted(times, horizons, side="right") - 1], dtype=np.float64)


def slope(times: Ints, values: Floats) -> Floats:
    """Least-squares slope of log(values) (..., H) against log(times) (H,); NaN where a value is not positive.

    >>> t = np.array([10, 20, 40, 80])
    >>> round(float(slope(t, 3.0 / np.sqrt(t))), 12)
    -0.5
    """
    x = np.log(times.astype(np.float64))
    x = x - x.mean()
    usable = (values > 0) & np.isfinite(values)
    logs = np.log(np.where(usable, values, 1.0))
    logs = logs - logs[..., :1]  # a constant has slope 0 to the last bit
    return np.where(usable.all(axis=-1), logs @ x / (x @ x), np.nan)


def last_half(times: Ints, count: int = 40) -> Ints:
    """Log-spaced entries of the recorded times over the last half of log-time, sqrt(T) <= t <= T."""
    last = int(times[-1])
    wanted = log_spaced(max(1, math.ceil(math.sqrt(last))), last, count)
    return np.unique(times[np.searchsorted(times, wanted)])


def decay_exponent(values: Floats, times: Ints, *, level: float = 0.05, resamples: int = 500) -> Decay | None:
    r"""Fit t^a to the running minimum of the mean over the last half of log-time.

    $$\log\min_{k\le t}\frac1S\sum_iy_{i,k}\approx\text{const}+a\log t,\qquad\sqrt T\le t\le T$$

    Args:
        values: float64 (S, R), squared gradient norms.
        times: int64 (R,), the recorded k, from 0 to T.
        level: the interval covers with probability 1 - level, by Student's t and the spread over resampled seeds.
        resamples: number of resamples, drawn with a fixed seed.

    Returns:
        The fit; None where the range holds fewer than four recorded times or the minimum is zero.

    >>> t = np.arange(1001)
    >>> fit = decay_exponent(np.ones((4, 1)) / np.maximum(t, 1), t)
    >>> round(fit.exponent, 6), fit.first, fit.last
    (-1.0, 32, 1000)
    """
    horizons = last_half(times)
    if horizons.size < _FEWEST_POINTS:
        return None
    exponent = float(slope(horizons, running_minimum(mean(values), times, horizons)))
    if math.isnan(exponent):
        return None
    first, last, seeds = int(horizons[0]), int(horizons[-1]), values.shape[0]
    if seeds < 2:
        return Decay(exponent, None, first, last)
    slopes = slope(horizons, resampled_minima(values, times, horizons, resamples))
    return Decay(exponent, _interval(exponent, slopes, seeds, level), first, last)


def _interval(exponent: float, slopes: Floats, seeds: int, level: float) -> tuple[float, float]:
    """Student's interval with the spread of the resampled slopes; its percentiles cover too rarely for few seeds."""
    # Resampling S seeds shrinks the variance by (S - 1)/S.
    error = float(np.nanstd(slopes)) * math.sqrt(seeds / (seeds - 1))
    width = student_critical(seeds, level / 2) * error
    return exponent - width, exponent + width


def grid_exponent(
    values: Sequence[Floats], horizons: Ints, *, level: float = 0.05, resamples: int = 500
) -> Decay | None:
    """Fit t^a to the least mean of separate runs, one for each horizon, over the last half of log-time.

    Args:
        values: one float64 (S, R) for each horizon; the seeds of every run are resampled on their own.
        horizons: int64 (H,), increasing.
        level, resamples: as in `decay_exponent`.

    Returns:
        The fit; None where fewer than two horizons are in the range or a minimum is zero.

    >>> fit = grid_exponent([np.full((3, 1), 0.5), np.full((3, 1), 0.25)], np.array([100, 200]))
    >>> round(fit.exponent, 9)
    -1.0
    """
    late = [int(i) for i in np.flatnonzero(horizons >= math.sqrt(horizons[-1]))]
    least = np.array([mean(values[i]).min() for i in late])
    exponent = float(slope(horizons[late], least)) if len(late) > 1 else math.nan
    if math.isnan(exponent):
        return None
    range_ = int(horizons[late[0]]), int(horizons[-1])
    seeds = min(values[i].shape[0] for i in late)
    if seeds < 2:
        return Decay(exponent, None, *range_)
    minima = [_resampled_least(values[i], int(horizons[i]), resamples) for i in late]
    slopes = slope(horizons[late], np.stack(minima, axis=-1))
    return Decay(exponent, _interval(exponent, slopes, seeds, level), *range_)


def _resampled_least(values: Floats, stream: int, resamples: int) -> Floats:
    """The least resampled mean of one run, with random numbers of its own."""
    ends = np.array([values.shape[1] - 1])
    return resampled_minima(values, np.arange(values.shape[1]), ends, resamples, stream)[:, 0]


def resampled_minima(values: Floats, times: Ints, horizons: Ints, resamples: int, stream: int = 0) -> Floats:
    """Running minima (resamples, H) of the means over seeds drawn with replacement."""
    seeds = values.shape[0]
    weights = (
        np.random.default_rng((_SEED, stream)).multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples) / seeds
    )
    # A finite stand-in, because zero times infinity is not a number.
    finite = np.minimum(values, 1e300)
    block = max(1, 4_000_000 // values.shape[1])
    parts = [weights[start : start + block] @ finite for start in range(0, resamples, block)]
    return np.concatenate([running_minimum(part, times, horizons) for part in parts])
