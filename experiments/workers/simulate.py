"""The study's simulator: P workers with a cache each, whose updates reach every cache after delays of their own.

In iteration t = 0, 1, ... (1) every update that is due enters the caches, by time of sending and then by sender; (2)
every worker turns the gradient at its own cache into an additive update, with an optimiser state of its own; (3) for
every receiver, the sender included, an extra delay r in 0..extra_delay is drawn, and the update enters that cache at
the start of iteration t + 1 + r. So extra_delay = 0 is synchronous: this is the simulator's count of staleness, one
less than the theorem's window, and P workers multiply it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

from numpy.typing import ArrayLike

from experiments.workers.engines.black_box import BlackBoxSeed
from experiments.workers.engines.fused import FusedSeed
from experiments.workers.engines.naive import NaiveSeed
from experiments.workers.memory import check_worker_memory, predicted_worker_memory
from experiments.workers.results import Threshold, WorkerRuns
from experiments.workers.seeds import checked_seeds, run_seeds
from experiments.workers.setting import WorkerPlan, WorkerSetting
from experiments.workers.workload import SeedEngine, Workload
from theory.common.errors import InputError
from theory.common.types import Progress
from theory.staleness.count import whole_number

Engine = Literal["auto", "fused", "black-box", "naive", "own", "scanned"]
_SEED_ENGINES: Mapping[str, Callable[[Workload, WorkerPlan, int], SeedEngine]] = {
    "fused": FusedSeed,
    "black-box": BlackBoxSeed,
    "naive": NaiveSeed,
}


def simulate_workers(
    workload: Workload,
    setting: WorkerSetting,
    seeds: Sequence[int],
    *,
    engine: Engine = "auto",
    delays: ArrayLike | None = None,
    progress: Progress | None = None,
    stop: Threshold | None = None,
    memory_limit: int | None = None,
    threads: int | None = None,
) -> WorkerRuns:
    r"""Simulate P workers with caches: $x_{p'}^{t+1} = x_{p'}^t + \sum_{(p, i):\ i + r^i_{p,p'} = t} u_p^i$.

    A pure function of workload, setting, seeds, delays and stop: a seed's numbers are the same, bit for bit, whatever
    other seeds run with it and on however many threads.

    Args:
        workload: what is trained.
        setting: how.
        seeds: distinct whole numbers below 2^63; each has its own start, minibatches, noise and delays.
        engine: "fused" (compiled), "black-box" (the workload's own gradient around a compiled ring), "naive" (the
            oracle), "own" (the workload's own engine), "scanned" (JAX; its numbers agree to rounding, see
            `simulate_scanned`), or "auto": the first that there is of own, fused, black-box.
        delays: int (T, P, P), the extra delay of every (iteration, sender, receiver), instead of drawing them.
        progress: called now and then with (iterations done, all iterations), counted over all seeds.
        stop: a seed ends at the first evaluation that meets this.
        memory_limit: bytes that may be used; by default what is available.
        threads: threads that share out the seeds; by default all processors, or NUMBA_NUM_THREADS.

    Returns:
        What was measured. A seed that diverges ends there and raises nothing.

    Raises:
        InputError: an argument out of its range, or an engine that the workload does not have.
        DelayError: given delays that do not fit.
        TooLargeError: more memory than there is, found before anything is allocated.

    Source: Dai et al., Toward Understanding the Impact of Staleness in Distributed Machine Learning, ICLR 2019,
        the simulation model.

    Example:
        >>> from experiments.workloads import get_workload
        >>> parabola = get_workload("problem:quadratic:d=1,condition=1,noise=0,start=1")
        >>> setting = WorkerSetting(workers=2, extra_delay=0, iterations=2, step_size=0.25, evaluate_every=1)
        >>> simulate_workers(parabola, setting, seeds=[0]).metrics["loss"]
        array([[0.5    , 0.125  , 0.03125]])
    """
    if engine == "scanned":
        from experiments.workers.engines.scanned import simulate_scanned

        return simulate_scanned(
            workload, [setting], seeds, progress=progress, stop=stop, memory_limit=memory_limit, delays=delays
        )[0]
    plan = WorkerPlan.of(setting, workload.precision, delays)
    chosen = _engine(workload, setting, engine)
    numbers = checked_seeds(seeds)
    check_worker_memory(predicted_worker_memory(workload, setting, numbers.size, engine=chosen), memory_limit)
    count = None if threads is None else whole_number(threads, 1, "The number of threads", InputError)
    start = partial(workload.engine, plan) if chosen == "own" else partial(_SEED_ENGINES[chosen], workload, plan)
    return run_seeds(workload, plan, numbers, start, progress, stop, count)


def _engine(workload: Workload, setting: WorkerSetting, engine: str) -> str:
    """The engine by name, refused if the workload does not have it."""
    there = {
        "own": workload.has_own_engine,
        "fused": workload.kernel(setting.batch) is not None,
        "black-box": True,
        "naive": True,
    }
    if engine == "auto":
        return next(name for name, is_there in there.items() if is_there)
    if engine not in there:
        raise InputError(f"The engine must be auto, {', '.join(there)} or scanned. Got {engine!r}.")
    if not there[engine]:
        raise InputError(f"The workload {workload.name} has no engine {engine}. Use the engine auto.")
    return engine
