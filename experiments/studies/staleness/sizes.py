"""How large the staleness study is at each scale: networks, data, step sizes, targets, horizons, seeds.

Quick takes minutes on two cores, lesson less than half an hour; paper has the numbers that the study reports, as far
as they are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Networks:
    """A scale of figures 1, 2, 5 and 6.

    Args:
        models: from shallow to deep, for 8 workers; single: for one worker.
        middle, deep, spread: of figure 2, of figure 5, and of figure 6b.
        steps: by (optimizer, workers of figure 1).
        level, single_level: held-out accuracy to be reached, with 8 workers and with one.
        batches: after which a seed ends in any case; searched: the same for figure 2.
        delays: extra delays from 0.
        every, single_every: iterations between evaluations of figure 1, with 8 workers and with one.
        searched_every: batches between evaluations of figure 2.
        coherence: iterations of figure 6's own cells, that measure coherence; 0 where figure 1's cells do.
        few: those of figure 2 and of one worker.
        path: iterations of figure 5; path_steps: its step sizes; path_every: iterations between two lags.
        sample: training examples over which gradients are compared.
        seeds: of every cell; single_seeds: of those with one worker, which are cheap.
    """

    models: tuple[str, ...]
    single: tuple[str, ...]
    middle: str
    deep: str
    spread: tuple[str, ...]
    steps: Mapping[tuple[str, int], float]
    level: float
    single_level: float
    batches: int
    searched: int
    delays: tuple[int, ...]
    every: int
    single_every: int
    searched_every: int
    coherence: int
    few: tuple[int, ...]
    path: int
    path_steps: Mapping[str, float]
    path_every: int
    sample: int
    seeds: int
    single_seeds: int


def _dense(options: str, data: str) -> tuple[str, ...]:
    """Networks of 0 to 6 hidden layers."""
    return (f"mlr{':' * bool(data)}{data}", *(f"dnn:depth={depth},{options}" for depth in range(1, 7)))


_DIGITS = _dense("width=32", "")
_MNIST_5K = _dense("width=64,data=mnist-5k", "data=mnist-5k")
_MNIST = _dense("width=256,data=mnist", "data=mnist")
_RESNETS = tuple(f"resnet:depth={depth},data=cifar-10" for depth in (8, 14, 20, 32))
_ALL_DELAYS = (0, 4, 8, 12, 16)

NETWORKS: Mapping[str, Networks] = MappingProxyType(
    {
        "quick": Networks(
            models=_DIGITS,
            single=_DIGITS,
            middle=_DIGITS[2],
            deep=_DIGITS[4],
            spread=(_DIGITS[2], _DIGITS[4]),
            steps={("sgd", 8): 0.02, ("adam", 8): 0.001, ("sgd", 1): 0.05, ("adam", 1): 0.001},
            level=0.92,
            single_level=0.92,
            batches=8_000,
            searched=6_000,
            delays=(0, 4, 8, 16),
            every=2,
            single_every=4,
            searched_every=16,
            coherence=0,
            few=(0, 4, 8, 16),
            path=640,
            path_steps={"sgd": 0.01, "adam": 0.001},
            path_every=8,
            sample=256,
            seeds=3,
            single_seeds=5,
        ),
        "lesson": Networks(
            models=_MNIST_5K,
            single=_MNIST_5K,
            middle=_MNIST_5K[2],
            deep=_MNIST_5K[4],
            spread=(_MNIST_5K[2], _MNIST_5K[4]),
            steps={("sgd", 8): 0.01, ("adam", 8): 0.0005, ("sgd", 1): 0.02, ("adam", 1): 0.001},
            level=0.88,
            single_level=0.88,
            batches=6_000,
            searched=4_000,
            delays=_ALL_DELAYS,
            every=2,
            single_every=4,
            searched_every=16,
            coherence=0,
            few=(0, 4, 8, 16),
            path=640,
            path_steps={"sgd": 0.01, "adam": 0.001},
            path_every=8,
            sample=500,
            seeds=5,
            single_seeds=5,
        ),
        "paper": Networks(
            models=_RESNETS,
            single=_MNIST,
            middle=_RESNETS[0],
            deep=_RESNETS[3],
            spread=(_RESNETS[0], _RESNETS[3]),
            steps={("sgd", 8): 0.01, ("adam", 8): 0.001, ("sgd", 1): 0.01, ("adam", 1): 0.001},
            level=0.71,
            single_level=0.92,
            batches=77_824,
            searched=77_824,
            delays=_ALL_DELAYS,
            every=32,
            single_every=32,
            searched_every=256,
            coherence=2_000,
            few=_ALL_DELAYS,
            path=8_000,
            path_steps={"sgd": 0.01, "adam": 0.001},
            path_every=20,
            sample=1000,
            seeds=3,
            single_seeds=3,
        ),
    }
)


@dataclass(frozen=True)
class Others:
    """A scale of figure 3: factorisation (with its horizon in batches), autoencoders (evaluated every so many
    iterations) and topics.
    """

    ratings: str
    rating_step: float
    rating_size: int
    rating_level: float
    rating_batches: int
    autoencoders: tuple[str, ...]
    steps: Mapping[str, float]
    level: float
    batches: int
    every: int
    documents: tuple[str, ...]
    topic_delays: tuple[int, ...]
    topic_workers: tuple[int, ...]
    sweeps: int
    seeds: int


_TOPIC_DELAYS = (0, 5, 10, 15, 20, 40)
OTHERS: Mapping[str, Others] = MappingProxyType(
    {
        "quick": Others(
            ratings="matrix-factorization",
            rating_step=0.001,
            rating_size=1_000,
            rating_level=1.0,
            rating_batches=5_000,
            autoencoders=tuple(f"vae:depth={depth}" for depth in (1, 2, 3)),
            steps={"sgd": 0.03, "adam": 0.001},
            level=26.0,
            batches=8_000,
            every=20,
            documents=("lda",),
            topic_delays=_TOPIC_DELAYS,
            topic_workers=(2, 16),
            sweeps=400,
            seeds=5,
        ),
        "lesson": Others(
            ratings="matrix-factorization",
            rating_step=0.001,
            rating_size=1_000,
            rating_level=0.7,
            rating_batches=20_000,
            autoencoders=tuple(f"vae:depth={depth},data=mnist-5k" for depth in (1, 2, 3)),
            steps={"sgd": 0.002, "adam": 0.001},
            level=180.0,
            batches=10_000,
            every=20,
            documents=("lda", "lda:topics=100"),
            topic_delays=_TOPIC_DELAYS,
            topic_workers=(2, 8, 16),
            sweeps=500,
            seeds=5,
        ),
        "paper": Others(
            ratings="matrix-factorization:data=movielens-1m",
            rating_step=0.005,
            rating_size=25_000,
            rating_level=0.5,
            rating_batches=80_000,
            autoencoders=tuple(f"vae:depth={depth},width=256,data=mnist" for depth in (1, 2, 3)),
            steps={"sgd": 0.01, "adam": 0.001},
            level=130.0,
            batches=77_824,
            every=128,
            documents=("lda:data=newsgroups-20", "lda:topics=100,data=newsgroups-20"),
            topic_delays=_TOPIC_DELAYS,
            topic_workers=(2, 4, 8, 16),
            sweeps=2_000,
            seeds=3,
        ),
    }
)

#: Iterations and seeds of the comparison of caches with one sequence.
DISTANCE: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"quick": (500, 8), "lesson": (2_000, 16), "paper": (5_000, 32)}
)
