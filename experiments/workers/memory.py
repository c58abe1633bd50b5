"""How much memory the workers' simulator will take, known before anything is allocated."""

from __future__ import annotations

import numpy as np

from experiments.common.memory import available_memory
from experiments.workers.optimizers import get_optimizer
from experiments.workers.setting import WorkerSetting
from experiments.workers.workload import Workload
from theory.common.errors import TooLargeError

_INDEX, _NUMBER = 4, 8  # bytes


def predicted_worker_memory(workload: Workload, setting: WorkerSetting, seeds: int, *, engine: str = "fused") -> int:
    """The memory that `simulate_workers` allocates, but for the workload's own data.

    Per seed and parameter: (extra_delay + 1) P updates in the ring, P caches, P times the vectors of the optimiser's
    state, a vector of work space, and `lags` gradients of 64 bits; beside them a table of due times, the scratch of the
    gradient, and what is measured.

    Args:
        workload: its number d of parameters, their precision, and its kernel.
        setting: P, extra_delay, optimizer, batch and lags.
        seeds: S; all are under way together.
        engine: "own" asks the workload.

    Returns:
        Bytes.

    Example:
        >>> from experiments.workloads import get_workload
        >>> setting = WorkerSetting(workers=8, extra_delay=50, iterations=1000)
        >>> round(predicted_worker_memory(get_workload("dnn:depth=2,width=256"), setting, 16) / 1e9, 1)
        2.3
    """
    kept = _NUMBER * setting.lags * workload.parameters
    measured = _NUMBER * setting.times.size * (len(workload.metrics) + 2 * setting.lags + 2)
    own = workload.engine_memory(setting) if engine == "own" else ring_memory(workload, setting, engine)
    return seeds * (kept + measured + own)


def ring_memory(workload: Workload, setting: WorkerSetting, engine: str) -> int:
    """Bytes of the engines that carry updates of d numbers, for one seed."""
    workers, slots = setting.workers, setting.slots
    vectors = workers * (slots + 1 + get_optimizer(setting.optimizer).moments) + 1
    messages = 2 * _INDEX * workers * (workers * slots + 1)
    kernel = workload.kernel(setting.batch) if engine == "fused" else None
    scratch = 0 if kernel is None else kernel.scratch_bytes
    return vectors * workload.parameters * np.dtype(workload.precision).itemsize + messages + scratch


def check_worker_memory(needed: int, limit: int | None = None) -> None:
    """Refuse what needs more bytes than `limit`, or than there are.

    Raises:
        TooLargeError: with both numbers and the remedies.

    Example:
        >>> check_worker_memory(12 * 10**9, limit=2 * 10**9)
        Traceback (most recent call last):
        theory.common.errors.TooLargeError: The workers would need 12 GB of memory and 2 GB are available. ...
    """
    available = available_memory() if limit is None else limit
    if needed > available:
        raise TooLargeError(
            f"The workers would need {needed / 1e9:.3g} GB of memory and {available / 1e9:.3g} GB are available. "
            "Run fewer seeds at a time, fewer workers, a smaller extra delay or a smaller model."
        )
