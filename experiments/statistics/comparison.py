r"""Seeds that carry noise against B: is $\min_k m_k$ above, below, or can they not tell?

Above. Where the proof bounds a weighted mean by B, one number per seed, that mean, is tested: averaged over steps it
varies far less than a single square. Elsewhere every k is tested, at the full level each, as the claim is about all of
them. The test is Gaffke's, valid for every law.

Below. Three means are fixed beforehand (the last point, the last half, the proof's weighted mean), each at a third of
the level; each of them is at least the minimum. See kurtosis.py for what has to be assumed.

x_0 is not random: what it adds is known, and taken off both sides. Copies of one run count once, and in full: a word is
said where both say it, as equal rows also occur in honest runs whose noise is rare.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np

from experiments.statistics.kurtosis import sample_kappa
from experiments.statistics.tails import ANY, Bounded, Statistic, Tails
from theory.common.errors import InputError
from theory.common.types import Floats, Ints

_MEANS = 3
_ROUNDING = 1e-9


class Outcome(StrEnum):
    """What the numbers alone say about min m_k and B."""

    BELOW = "below"
    ABOVE = "above"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class MeanComparison:
    """The outcome and the numbers behind it.

    Args:
        outcome: above, below, or undecided.
        statistic: the mean that was compared; test: how.
        ratio: that mean, as measured, over what it is compared with.
        p_value: of "above", for the least favourable point where there are several; None where no test gives one.
        kappa: the largest kappa at which the mean is found below; sample_kappa: that of the seeds themselves.
        unless: what would have to be so for "below" to be wrong more often than the level.
        seeds_needed: seeds that would probably decide an open comparison; None where no number is likely to.
        fewest: below so many seeds no test that is valid for every law finds such a mean above.
    """

    outcome: Outcome
    statistic: str = "the least mean"
    test: str = "a comparison of numbers"
    ratio: float = math.nan
    p_value: float | None = None
    kappa: float | None = None
    sample_kappa: float | None = None
    unless: str | None = None
    seeds_needed: int | None = None
    fewest: int | None = None


#: Where nothing random has to be tested.
START_TEST = "a comparison of numbers, as x_0 is not random"


@dataclass(frozen=True, eq=False)
class Points:
    """What is known of the squared norms at the points that a bound covers.

    Args:
        values: float64 (S, R), the recorded ones in the order of time; infinite where a seed diverged.
        floor: float64 (S, G), lower bounds between recorded points, one for each gap.
        weights: float64 (R,), those of the recorded points in the proof's mean; floor_weights: (G,), those of the gaps.
            None where the proof bounds no mean.
        start: whether the first column is x_0.
        distinct: rows (S',) that are no copies of one another.
    """

    values: Floats
    floor: Floats
    weights: Floats | None
    floor_weights: Floats | None
    start: bool
    distinct: Ints

    @cached_property
    def known(self) -> float | None:
        """The square at x_0, where all seeds agree on it."""
        first = self.values[:, 0]
        return float(first[0]) if self.start and (first == first[0]).all() and np.isfinite(first[0]) else None

    @cached_property
    def ways(self) -> tuple[Ints, ...]:
        """The rows that decide: all, and one of each where some are copies."""
        everyone = np.arange(len(self.values))
        return (everyone,) if len(self.distinct) == len(everyone) else (everyone, self.distinct)

    @cached_property
    def at_least(self) -> tuple[Floats, Floats]:
        """Floats and floor where a diverged seed counts as its last finite value, which lowers its mean."""
        finite = np.isfinite(self.values)
        at = np.maximum.accumulate(np.where(finite, np.arange(finite.shape[1]), 0), axis=1)
        held = np.take_along_axis(np.where(finite, self.values, 0.0), at, axis=1)
        return held, np.minimum(self.floor, held.max(axis=1, keepdims=True))


def compare(points: Points, bound: float, level: float, tails: Tails = ANY, claims: int = 1) -> MeanComparison:
    """Compare min m_k with B.

    Args:
        points: what is known, of at least two distinct seeds.
        bound: B.
        level: probability of error of either decision.
        tails: what is known of the law of the squares.
        claims: of how many claims this is one. One that is above refutes them all, so "above" is tested at a share of
            the level; every one of them has to be below, so "below" needs none.

    Returns:
        The outcome with its numbers; for an open one, how many seeds would probably decide it.

    Raises:
        InputError: a value beyond the bound that the user gives for all of them.
    """
    if isinstance(tails, Bounded) and (points.values > tails.number).any():
        raise InputError(
            f"--tails {tails} says that |grad F|^2 never exceeds {tails.number:g}, and the run reaches "
            f"{points.values.max():g}. Leave --tails out, or give a bound that holds."
        )
    above = _above(points, bound, level / claims, tails)
    if above.outcome is Outcome.ABOVE:
        return above
    start = compare_start(points, bound)
    if start is not None:
        return replace(start, p_value=above.p_value)
    below = min((_below(s, points, level / _MEANS, tails) for s in fixed_means(points, bound)), key=_preferred)
    nearer = above if below.outcome is Outcome.UNDECIDED and above.ratio > 1 else below
    return replace(nearer, p_value=above.p_value)


def compare_start(points: Points, bound: float) -> MeanComparison | None:
    """What x_0 alone decides, which is not random: a single seed shows it, and copies of one do; None if nothing."""
    if points.known is None:
        return None
    if points.known <= bound:
        share = points.known / bound if bound > 0 else 0.0
        return MeanComparison(Outcome.BELOW, "the square at x_0", START_TEST, share)
    if points.weights is not None and points.weights[0] * points.known > bound * (1 + _ROUNDING):
        return MeanComparison(Outcome.ABOVE, "the weighted mean of the proof", START_TEST, math.inf)
    return None


def _preferred(found: MeanComparison) -> tuple[bool, float]:
    return found.outcome is not Outcome.BELOW, found.ratio


def fixed_means(points: Points, bound: float) -> Iterator[Statistic]:
    """The three means that may be found below B: none of them is chosen by the data."""
    values, count = points.values, points.values.shape[1]
    yield Statistic("the mean at the last point", values[:, -1], bound)
    yield Statistic("the mean over the last half", values[:, count // 2 :].mean(axis=1), bound)
    if points.weights is None or not points.weights.sum() > 0:
        yield _weighted(points, "the mean over all points", values, np.full(count, 1 / count), bound)
    else:
        yield _weighted(points, "the weighted mean of the proof", values, points.weights / points.weights.sum(), bound)


def _weighted(points: Points, name: str, values: Floats, weights: Floats, bound: float) -> Statistic:
    """The weighted sums over the seeds, and their limit; less what x_0 adds where that is known."""
    limit, used = bound * float(weights.sum()), weights > 0
    if points.known is not None:
        limit, used = limit - float(weights[0]) * points.known, used & (np.arange(weights.size) > 0)
    with np.errstate(over="ignore"):
        return Statistic(name, values[:, used] @ weights[used], limit, float(weights[used].sum()))


def _below(statistic: Statistic, points: Points, level: float, tails: Tails) -> MeanComparison:
    """Whether this mean is found below its limit, with all rows and with one of each."""
    ways = [statistic.of(rows) for rows in points.ways]
    found = all(tails.below(way, level) for way in ways)
    kappas = [tails.kappa(way, level) for way in ways]
    return MeanComparison(
        Outcome.BELOW if found else Outcome.UNDECIDED,
        statistic.name,
        tails.below_test(statistic.values.size, level),
        statistic.ratio,
        unless=tails.unless(ways[-1], level, kappas[-1]) if found else None,
        kappa=min((kappa for kappa in kappas if kappa is not None), default=None),
        sample_kappa=float(sample_kappa(statistic.values)),
        seeds_needed=None if found else tails.enough(statistic, level),
    )


def _above(points: Points, bound: float, level: float, tails: Tails) -> MeanComparison:
    """Whether the proof's weighted mean, or where it has none every mean, is found above its limit."""
    held, floor = points.at_least
    if points.weights is None or points.floor_weights is None:
        name, limit = "the mean at every point", bound
        # At x_0, where the square is known to be above B, nothing has to be tested.
        settled = points.known is not None and points.known > bound
        tested = np.concatenate([held[:, 1:] if settled else held, floor], axis=1)
    else:
        name, weights = "the weighted mean of the proof", np.concatenate([points.weights, points.floor_weights])
        statistic = _weighted(points, name, np.concatenate([held, floor], axis=1), weights, bound)
        # The weights sum up to 1 over all points; those of which nothing is known add zeros.
        limit = statistic.limit + bound * (1 - float(weights.sum()))
        tested = statistic.values[:, None]
    ways = [tails.above(tested[rows], limit, level) for rows in points.ways]
    found, ps = all(way[0] for way in ways), [way[1] for way in ways if way[1] is not None]
    with np.errstate(over="ignore"):
        ratio = float(tested.mean(axis=0).min(initial=np.inf)) / limit if limit > 0 else math.inf
    p = max(ps, default=None)
    return MeanComparison(
        Outcome.ABOVE if found else Outcome.UNDECIDED,
        name,
        tails.above_test,
        ratio,
        p_value=p,
        seeds_needed=None if found else _seeds_above(len(points.distinct), ratio, p, level),
        fewest=None if found or not 1 < ratio < math.inf else math.ceil(math.log(1 / level) / math.log(ratio)),
    )


def _seeds_above(seeds: int, ratio: float, p: float | None, level: float) -> int | None:
    """Seeds at which such values would be found above: log p falls in proportion to their number."""
    if p is None or not 1 < ratio < math.inf or not 0 < p < 0.5:
        return None
    return max(
        seeds + 1, math.ceil(seeds * math.log(level) / math.log(p)), math.ceil(-math.log(level) / math.log(ratio))
    )


def compare_exactly(values: Floats, floor: Floats, bound: float, margin: float) -> MeanComparison:
    """Compare numbers without noise; `margin` is the relative rounding error they may carry.

    >>> one = np.array([[4.0, 1.0]])
    >>> [str(compare_exactly(one, one[:, :0], b, 1e-12).outcome) for b in (1.1, 1.0, 0.9)]
    ['below', 'undecided', 'above']
    """
    exact = values[0]
    if (exact * (1 + margin) <= bound).any():
        return MeanComparison(Outcome.BELOW)
    if (np.concatenate([exact, floor[0]]) * (1 - margin) > bound).all():
        return MeanComparison(Outcome.ABOVE)
    return MeanComparison(Outcome.UNDECIDED)
