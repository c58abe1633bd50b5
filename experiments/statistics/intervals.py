r"""Confidence bounds for the means of squared gradient norms, whose distribution is skewed.

With y_i the value of seed i, mean and spread over S seeds give Student's statistic t = (mean - m)/(sd/sqrt(S)). Squares
of Gaussian gradients are skewed to the right: Student's critical values then err on the safe side for lower bounds and
on the wrong side for upper bounds. The methods here differ in the critical values; `calibration` measures how often
they cover, and `LOWER` and `UPPER` name the ones chosen by it. An infinite value is a seed that diverged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from theory.common.errors import InputError
from theory.common.types import Floats

Limit = Callable[["Sample", float], Floats]
Critical = Callable[[int, float], float]

LEAST_LEVEL = 1e-4
# Draws for the critical values, in blocks; at least so many of them lie beyond the quantile.
_DRAWS = 40_000
_EXCEEDING = 20
_LARGEST_SIMULATED = 128
_RESAMPLES = 1000
_SEED = 20190506


@dataclass(frozen=True)
class Sample:
    """Floats (..., S, R) divided by the largest of their column, with the statistics that every method uses."""

    values: Floats
    scale: Floats

    @property
    def seeds(self) -> int:
        """The number S of independent values."""
        return int(self.values.shape[-2])

    @property
    def mean(self) -> Floats:
        """Means over the seeds."""
        return np.asarray(self.values.mean(axis=-2), dtype=np.float64)

    @property
    def error(self) -> Floats:
        """Standard errors of the means."""
        return np.asarray(self.values.std(axis=-2, ddof=1) / math.sqrt(self.seeds), dtype=np.float64)

    @property
    def skewness(self) -> Floats:
        """Third standardised moments; zero without spread."""
        centred = self.values - self.values.mean(axis=-2, keepdims=True)
        spread = self.values.std(axis=-2)
        return np.asarray((centred**3).mean(axis=-2) / np.where(spread > 0, spread, 1.0) ** 3, dtype=np.float64)


@dataclass(frozen=True)
class Method:
    """A way to bound a mean from both sides."""

    name: str
    lower: Limit
    upper: Limit
    idea: str


def mean(values: Floats) -> Floats:
    """Means over the seeds, axis -2; infinite where a seed diverged."""
    diverged = np.isinf(_checked(values)).any(axis=-2)
    sample = _sample(np.where(np.isinf(values), 0.0, values))
    return np.where(diverged, np.inf, sample.scale * sample.mean)


def lower_bound(values: Floats, level: float, method: str | None = None, cap: float = 0.0) -> Floats:
    r"""Lower confidence bounds of the means, each below its mean with probability at least 1 - level.

    $$m\ge\bar y-c\,\frac{\mathrm{sd}}{\sqrt S}$$

    Args:
        values: float64 (..., S, R), non-negative; row i belongs to seed i.
        level: probability of error of one bound.
        method: name in `METHODS`; by default `LOWER`.
        cap: what a diverged seed counts for. Any fixed number keeps the bound valid, since it is below infinity.

    Returns:
        float64 (..., R), at least 0; 0 everywhere for a single seed. A column without spread is its own bound.

    Raises:
        InputError: a value that is negative or NaN; a level outside [0.0001, 0.5].

    >>> lower_bound(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]), 0.05).round(3)
    array([0.314, 5.   ])
    """
    finite = np.where(np.isinf(_checked(values)), cap, values)
    sample = _sample(finite)
    if sample.seeds < 2:
        return np.zeros(sample.scale.shape)
    limit = METHODS[method or LOWER].lower(sample, checked_level(level))
    return np.maximum(0.0, sample.scale * limit)


def upper_bound(values: Floats, level: float, method: str | None = None) -> Floats:
    r"""Upper confidence bounds of the means, each above its mean with probability at least 1 - level.

    $$m\le\bar y+c\,\frac{\mathrm{sd}}{\sqrt S}$$

    Args:
        values: float64 (..., S, R), non-negative; row i belongs to seed i.
        level: probability of error of one bound.
        method: name in `METHODS`; by default `UPPER`.

    Returns:
        float64 (..., R); infinite for a single seed and where a seed diverged. A column without spread is its own
        bound.

    Raises:
        InputError: a value that is negative or NaN; a level outside [0.0001, 0.5].

    >>> bool(upper_bound(np.array([[1.0], [2.0], [3.0]]), 0.05)[0] > 2 + 2.92 / 3**0.5)
    True
    """
    diverged = np.isinf(_checked(values)).any(axis=-2)
    sample = _sample(np.where(np.isinf(values), 0.0, values))
    if sample.seeds < 2:
        return np.full(sample.scale.shape, np.inf)
    limit = METHODS[method or UPPER].upper(sample, checked_level(level))
    return np.where(diverged, np.inf, sample.scale * limit)


def student_critical(seeds: int, level: float) -> float:
    """Critical value of Student's statistic for Gaussian values: the quantile of t with S - 1 degrees of freedom.

    >>> round(student_critical(10, 0.05), 3)
    1.833
    """
    return float(special.stdtrit(seeds - 1, 1 - level))


@lru_cache(maxsize=256)
def square_critical(seeds: int, level: float) -> float:
    """Critical value of (m - mean)/(sd/sqrt(S)) for squares of one Gaussian, the most skewed of its quadratic forms.

    It is a quantile of simulated values with a fixed seed. A constant added to the values changes nothing, so mixtures
    of a square with a constant have the same one. Beyond 128 seeds the excess over Student's falls as 1/sqrt(S).

    >>> student_critical(16, 0.05) < square_critical(16, 0.05) < square_critical(8, 0.05)
    True
    """
    simulated = min(seeds, _LARGEST_SIMULATED)
    rng = np.random.default_rng((_SEED, simulated))
    blocks = max(1, math.ceil(_EXCEEDING / (level * _DRAWS)))
    statistics = np.concatenate([_statistics_of_squares(rng, simulated) for _ in range(blocks)])
    excess = float(np.quantile(statistics, 1 - level)) - student_critical(simulated, level)
    return student_critical(seeds, level) + max(0.0, excess) * math.sqrt(simulated / seeds)


def _statistics_of_squares(rng: np.random.Generator, seeds: int) -> Floats:
    squares = rng.standard_normal((_DRAWS, seeds)) ** 2
    return np.asarray((1 - squares.mean(axis=1)) / (squares.std(axis=1, ddof=1) / math.sqrt(seeds)))


def _log_limit(sample: Sample, critical: float) -> Floats:
    # Student on log(mean), whose standard error is error/mean. An overflow is an infinite upper bound.
    middle = np.maximum(sample.mean, 1e-300)
    return np.asarray(sample.mean * np.exp(np.clip(critical * sample.error / middle, -700, 700)))


def _hall_limit(sample: Sample, critical: float) -> Floats:
    # Hall (1992): the monotone cubic of t whose skewness vanishes, inverted at Student's critical value.
    bend = np.maximum(np.abs(sample.skewness), 1e-6) / math.sqrt(sample.seeds)
    bend = np.where(sample.skewness < 0, -bend, bend)
    moved = 3 / bend * (np.cbrt(1 + bend * (critical - bend / 6)) - 1)
    return np.asarray(sample.mean - moved * sample.error, dtype=np.float64)


def _bootstrap_quantile(sample: Sample, probability: float) -> Floats:
    """Quantile of Student's statistic over resampled seeds; the same resamples for every column."""
    seeds = sample.seeds
    weights = np.random.default_rng(_SEED).multinomial(seeds, np.full(seeds, 1 / seeds), size=_RESAMPLES) / seeds
    means = weights @ sample.values
    variances = np.maximum(weights @ sample.values**2 - means**2, 0)
    # A resample of one seed only has no spread: its statistic is infinite, with the sign of its deviation.
    errors = np.maximum(np.sqrt(variances / (seeds - 1)), 1e-9)
    statistic = (means - sample.mean[..., None, :]) / errors
    return np.asarray(np.quantile(statistic, probability, axis=-2), dtype=np.float64)


def _shifted(critical: Critical, sign: int) -> Limit:
    """The mean, moved by a critical value of standard errors, down or up."""
    return lambda sample, level: sample.mean + sign * critical(sample.seeds, level) * sample.error


def _transformed(limit: Callable[[Sample, float], Floats], sign: int) -> Limit:
    """A limit that takes Student's critical value with its sign."""
    return lambda sample, level: limit(sample, sign * student_critical(sample.seeds, level))


def _bootstrapped(sample: Sample, probability: float) -> Floats:
    return sample.mean - _bootstrap_quantile(sample, probability) * sample.error


_STUDENT = _shifted(student_critical, -1), _shifted(student_critical, 1)
_SQUARE_UPPER = _shifted(square_critical, 1)
# Hall's statistic has the sign of Student's, so that its critical value enters with the other sign.
_HALL = _transformed(_hall_limit, 1), _transformed(_hall_limit, -1)
_LOG = _transformed(_log_limit, -1), _transformed(_log_limit, 1)

METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method("student", *_STUDENT, "Student's t"),
        Method("square", _STUDENT[0], _SQUARE_UPPER, "Student's statistic, critical values of squared Gaussians"),
        Method(
            "log", _transformed(_log_limit, -1), _transformed(_log_limit, 1), "Student's t on the logarithm of the mean"
        ),
        Method("hall", *_HALL, "Hall's cubic transformation of t"),
        Method(
            "cautious",
            # Student's limit is the lower one for values skewed to the right, Hall's for values skewed to the left.
            lambda sample, level: np.minimum(_STUDENT[0](sample, level), _HALL[0](sample, level)),
            lambda sample, level: np.maximum(_SQUARE_UPPER(sample, level), _HALL[1](sample, level)),
            "the farther of Student's or the square's limit and Hall's",
        ),
        Method(
            "bootstrap-t",
            lambda sample, level: _bootstrapped(sample, 1 - level),
            _bootstrapped,
            "Student's statistic over resampled seeds",
        ),
    )
}
LOWER = "cautious"
UPPER = "cautious"


def _sample(finite: Floats) -> Sample:
    largest = finite.max(axis=-2)
    # Division by the largest value keeps squares of 1e300 finite and a column of equal values exact.
    scale = np.where(largest > 0, largest, 1.0)
    return Sample(finite / scale[..., None, :], scale)


def _checked(values: Floats) -> Floats:
    if values.ndim < 2 or values.shape[-2] < 1:
        raise InputError(f"Floats must have the axes (seed, time). Got the shape {values.shape}.")
    if not (values >= 0).all():
        bad = values[~(values >= 0)].flat[0]
        raise InputError(f"Squared gradient norms must be numbers of at least 0. Got {bad}.")
    return values


def checked_level(level: float, least: float = LEAST_LEVEL) -> float:
    """The level as a float, refused below `least` and above 0.5."""
    if not least <= level <= 0.5:
        raise InputError(f"The level must lie between {least:g} and 0.5. Got {level}. A usual one is 0.05.")
    return float(level)
