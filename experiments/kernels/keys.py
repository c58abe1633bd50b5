"""The random numbers of workers: worker p of a seed draws what the seed `worker_seed(seed, p)` draws.

The first worker draws what the seed itself draws in the theorem's iteration, whose steps count from 1: iteration
t = 0, 1, ... is its step t + 1. So one worker without delay takes the very steps of sequential training.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.kernels.counters import MINIBATCH, stream_key, uniform_index
from theory.common.compiling import kept

# Beside the streams of counters.py.
WORKERS = 5


@kept(forceinline=True)
def worker_seed(seed: int, worker: int) -> int:
    """The seed whose numbers the worker draws; the first worker's is the seed itself."""
    return stream_key(seed, WORKERS, worker) if worker > 0 else seed


@kept(forceinline=True)
def worker_key(seed: int, stream: int, t: int, worker: int) -> int:
    """The key of iteration t = 0, 1, ... of one stream of one worker."""
    return stream_key(worker_seed(seed, worker), stream, t + 1)


@kept()
def worker_minibatch(seed: int, t: int, worker: int, batch: int, n: int) -> NDArray[np.int64]:
    """The `batch` indices in [0, n), drawn with replacement, of a worker's minibatch at iteration t."""
    key = worker_key(seed, MINIBATCH, t, worker)
    indices = np.empty(batch, np.int64)
    for i in range(batch):
        indices[i] = uniform_index(key, i, n)
    return indices
