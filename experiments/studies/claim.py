"""A study's claims: predicates written down before the results were there, and what decides them.

A claim has an effect for every seed, paired over the cells that it compares, and a threshold. It is reproduced if the
confidence interval of the mean effect (Student's, over seeds) lies above the threshold, not reproduced if it lies
below, inconclusive if it holds the threshold, if there are fewer seeds than decide it, or if a baseline misses its
target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from experiments.statistics.intervals import student_critical
from theory.common.types import Vector

Decision = Literal["reproduced", "not reproduced", "inconclusive"]
LEVEL = 0.95
There = TypeVar("There")


class Missing(Exception):
    """The results that a claim needs are not there."""


@dataclass(frozen=True, eq=False)
class Effect:
    """A number for each seed, in words too.

    Args:
        values: (seeds,).
        evidence: what a reader should know of how they come about.
        scaled_down: what is smaller than in the study.
        sound: whether every baseline reached its target.
    """

    values: Vector
    evidence: str
    scaled_down: str = ""
    sound: bool = True


def needed(there: There, sentence: str) -> There:
    """What is there; Missing where nothing is."""
    if not there:
        raise Missing(sentence)
    return there


@dataclass(frozen=True)
class StudyClaim:
    """What is claimed, and what decides.

    Args:
        name: for tables and links.
        figure: of the study; "beyond" for what it did not measure.
        statement: the claim in words.
        predicate: what is computed for each seed, and what it must be.
        effect: computes it; raises Missing where results are not there.
        threshold: that the mean effect must exceed; for "within", that it must stay below in size.
        within: whether the claim is that nothing changes.
        fewest: seeds below which it is left open, whatever their interval: those of the scale that decides it.
    """

    name: str
    figure: str
    statement: str
    predicate: str
    effect: Callable[[Sequence[Any]], Effect]
    threshold: float = 0.0
    within: bool = False
    fewest: int = 2


@dataclass(frozen=True)
class ClaimResult:
    """A claim and what was found.

    Args:
        claim: what was claimed.
        verdict: reproduced, not reproduced or inconclusive.
        estimate, low, high: the mean effect over seeds and its confidence interval; NaN if there is none.
        seeds: how many.
        evidence: the numbers in words, with the seeds that never reached their target.
        scaled_down: what is smaller than in the study, or nothing.
        level: of confidence.
    """

    claim: StudyClaim
    verdict: Decision
    estimate: float
    low: float
    high: float
    seeds: int
    evidence: str
    scaled_down: str
    level: float = LEVEL


def judge(claim: StudyClaim, results: Sequence[Any], level: float = LEVEL) -> ClaimResult:
    """Judge one claim.

    Args:
        claim: what is claimed; results: of the study, of any figure and scale.
        level: of confidence, for the two-sided interval.

    Returns:
        What was found; inconclusive with a reason where results are missing.
    """
    try:
        effect = claim.effect(results)
    except Missing as reason:
        return ClaimResult(claim, "inconclusive", np.nan, np.nan, np.nan, 0, str(reason), "", level)
    seeds = effect.values.size
    low, high = interval(effect.values, level)
    few = seeds < claim.fewest
    verdict = decide(low, high, claim.threshold, within=claim.within) if effect.sound and not few else "inconclusive"
    estimate = float(effect.values.mean()) if seeds else np.nan
    evidence = effect.evidence + (f"; left open: {claim.fewest} seeds decide it, at a larger scale" if few else "")
    return ClaimResult(claim, verdict, estimate, low, high, seeds, evidence, effect.scaled_down, level)


def interval(values: Vector, level: float = LEVEL) -> tuple[float, float]:
    """Student's two-sided confidence interval of the mean; the whole line for fewer than two values.

    >>> interval(np.array([1.0, 1.0, 1.0])), interval(np.array([1.0]))
    ((1.0, 1.0), (-inf, inf))
    """
    if values.size < 2 or not np.isfinite(values).all():
        return -np.inf, np.inf
    reach = student_critical(values.size, (1 - level) / 2) * values.std(ddof=1) / np.sqrt(values.size)
    return float(values.mean() - reach), float(values.mean() + reach)


def decide(low: float, high: float, threshold: float, *, within: bool = False) -> Decision:
    """The verdict on an interval.

    >>> decide(0.1, 0.3, 0.0), decide(-0.3, -0.1, 0.0), decide(-0.1, 0.3, 0.0)
    ('reproduced', 'not reproduced', 'inconclusive')
    >>> decide(-0.1, 0.2, 0.3, within=True), decide(0.4, 0.5, 0.3, within=True)
    ('reproduced', 'not reproduced')
    """
    if within:
        if -threshold < low and high < threshold:
            return "reproduced"
        return "not reproduced" if low > threshold or high < -threshold else "inconclusive"
    return "reproduced" if low > threshold else "not reproduced" if high < threshold else "inconclusive"


def average(rows: Iterable[Vector]) -> Vector:
    """Means over cells, one for each seed that all of them have.

    >>> average([np.array([1.0, 2.0, 3.0]), np.array([3.0, 4.0])])
    array([2., 3.])
    """
    return np.asarray(np.mean(common_seeds(*rows), axis=0), dtype=np.float64)


def common_seeds(*rows: Vector) -> list[Vector]:
    """The rows without the seeds that some of them lack; seeds are counted from 0 everywhere."""
    seeds = min((row.size for row in rows), default=0)
    return [row[:seeds] for row in rows]
