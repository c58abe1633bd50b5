"""The study's claims, each a predicate on results that was written down before they were there.

A claim has an effect for every seed, paired over the cells that it compares, and a threshold. It is reproduced if the
confidence interval of the mean effect (Student's, over seeds) lies above the threshold, not reproduced if it lies
below, inconclusive if it holds the threshold, if there are fewer than two seeds, or if a baseline misses its target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from experiments.studies.staleness.claims.coherence_effects import (
    coherence_depth_effect,
    cosine_lag_effect,
    cosine_optimizer_effect,
    cosine_time_effect,
    distance_effect,
    geometric_delay_effect,
    geometric_effect,
    prediction_effect,
)
from experiments.studies.staleness.claims.effect import Effect, Missing
from experiments.studies.staleness.claims.slowdown_effects import (
    autoencoder_effect,
    delay_effect,
    depth_effect,
    factor_effect,
    network_worker_effect,
    optimizer_effect,
    topic_effect,
    worker_effect,
)
from experiments.studies.staleness.store import WorkerResult

Decision = Literal["reproduced", "not reproduced", "inconclusive"]
LEVEL = 0.95


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
    """

    name: str
    figure: str
    statement: str
    predicate: str
    effect: Callable[[Sequence[WorkerResult]], Effect]
    threshold: float = 0.0
    within: bool = False


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


CLAIMS: tuple[StudyClaim, ...] = (
    StudyClaim(
        "slowdown-delay",
        "1",
        "Staleness slows networks down, the more the larger it is.",
        "slope of log2 slowdown over the extra delay, mean over networks with hidden layers, SGD and Adam, 8 workers: "
        "above 0",
        delay_effect,
    ),
    StudyClaim(
        "slowdown-depth",
        "1",
        "Deeper networks are slowed down more.",
        "slope of log2 slowdown over the number of hidden layers, mean over extra delays, SGD and Adam, 8 workers: "
        "above 0",
        depth_effect,
    ),
    StudyClaim(
        "optimizers",
        "2",
        "Momentum, Adam and RMSProp are slowed down more than SGD and Adagrad.",
        "mean log2 slowdown of the former less that of the latter, over workers and extra delays: above 0",
        optimizer_effect,
    ),
    StudyClaim(
        "workers",
        "2",
        "More workers amplify the slowdown.",
        "mean log2 slowdown of 16 workers less that of one, over optimisers and extra delays: above 0",
        worker_effect,
    ),
    StudyClaim(
        "workers-same-step",
        "1",
        "More workers amplify the slowdown, at step sizes that are not retuned.",
        "mean log2 slowdown of 8 workers less that of one, over figure 1's depths, extra delays, SGD and Adam: above 0",
        network_worker_effect,
    ),
    StudyClaim(
        "factorization",
        "3 a",
        "Matrix factorisation is the more sensitive the more workers there are.",
        "mean log2 slowdown of the most workers less that of one, over extra delays: above 0",
        factor_effect,
    ),
    StudyClaim(
        "autoencoder",
        "3 b",
        "A variational autoencoder is far more sensitive than a network of like size.",
        "mean log2 slowdown of autoencoders less that of networks with as many hidden layers as encoder and decoder "
        "together, one worker, over depths 1-3, SGD and Adam, and extra delays: above 0",
        autoencoder_effect,
    ),
    StudyClaim(
        "topics",
        "3 c-d",
        "Topic models have a transition between extra delays of 10 and 15.",
        "of what the log-likelihood (mean along the run) loses between extra delays 0 and 20, the share lost between "
        "10 and 15: above one half; evenly spread it would be a quarter",
        topic_effect,
        0.5,
    ),
    StudyClaim(
        "cosine-lag",
        "5",
        "Gradients are the less alike the more iterations lie between them.",
        "minus the slope of their cosine over the logarithm of the lag, mean over stages, SGD and Adam: above 0",
        cosine_lag_effect,
    ),
    StudyClaim(
        "cosine-optimizer",
        "5",
        "Gradients are more alike under SGD than under Adam.",
        "mean cosine under SGD less that under Adam: above 0",
        cosine_optimizer_effect,
    ),
    StudyClaim(
        "cosine-time",
        "5",
        "Gradients become more alike as training goes on.",
        "mean cosine in the last quarter of the run less that in the first, mean over SGD and Adam: above 0",
        cosine_time_effect,
    ),
    StudyClaim(
        "coherence-depth",
        "6 a",
        "Deeper networks are less coherent.",
        "minus the slope of the median coherence mu over the number of hidden layers, without extra delay, mean over "
        "SGD and Adam, 8 workers: above 0",
        coherence_depth_effect,
    ),
    StudyClaim(
        "geometric",
        "6 b",
        "Geometric delays slow down as uniform ones of the same mean do.",
        "mean log2 of batches under geometric delays over those under uniform ones: between -0.32 and 0.32, that is, "
        "within a factor of 1.25",
        geometric_effect,
        float(np.log2(1.25)),
        within=True,
    ),
    StudyClaim(
        "geometric-delay",
        "6 b",
        "Geometric delays slow networks down too, the more the larger they are.",
        "slope of log2 slowdown over the mean of geometric delays, over depths, SGD and Adam: above 0",
        geometric_delay_effect,
    ),
    StudyClaim(
        "prediction",
        "beyond",
        "Coherence under staleness predicts the slowdown.",
        "minus Spearman's rank correlation of median mu and slowdown over all cells of figure 1 with an extra delay: "
        "above 0.5",
        prediction_effect,
        0.5,
    ),
    StudyClaim(
        "distance",
        "beyond",
        "The theorem's one sequence behaves as the simulator's caches do.",
        "mean along the run of log2 of the squared gradient on one sequence over that with caches, same steps and "
        "mean age of gradients, over quadratic and logistic, 1 and 8 workers, extra delays 4 and 16: within a factor "
        "of 1.25",
        distance_effect,
        float(np.log2(1.25)),
        within=True,
    ),
)


def claims(results: Sequence[WorkerResult]) -> tuple[ClaimResult, ...]:
    """Judge every claim of the study by the results that are there."""
    return tuple(judge(claim, results) for claim in CLAIMS)


def judge(claim: StudyClaim, results: Sequence[WorkerResult], level: float = LEVEL) -> ClaimResult:
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
    low, high = interval(effect.values, level)
    verdict = decide(low, high, claim.threshold, within=claim.within) if effect.sound else "inconclusive"
    estimate = float(effect.values.mean()) if effect.values.size else np.nan
    return ClaimResult(
        claim, verdict, estimate, low, high, effect.values.size, effect.evidence, effect.scaled_down, level
    )


def interval(values: NDArray[np.float64], level: float = LEVEL) -> tuple[float, float]:
    """Student's two-sided confidence interval of the mean; the whole line for fewer than two values.

    >>> interval(np.array([1.0, 1.0, 1.0])), interval(np.array([1.0]))
    ((1.0, 1.0), (-inf, inf))
    """
    if values.size < 2 or not np.isfinite(values).all():
        return -np.inf, np.inf
    reach = stdtrit(values.size - 1, 0.5 + level / 2) * values.std(ddof=1) / np.sqrt(values.size)
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
