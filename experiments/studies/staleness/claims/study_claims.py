"""The study's claims, each a predicate on results that was written down before they were there; see `claim.py`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.studies.claim import ClaimResult, StudyClaim, judge
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
