"""The workers' simulator for accelerators: seeds, step sizes and extra delays run together as lanes of one scan.

The idea: minibatches, noise and delays are drawn on the host, from the counters that all engines share, for a block of
iterations at a time; the device turns the block into the next state of all lanes. On a processor, where XLA makes the
gradient of a convolution inside a loop many times slower, networks of convolutions run one after another instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from numpy.typing import ArrayLike

from experiments.common.memory import available_memory
from experiments.workers.engines.black_box import BlackBoxSeed
from experiments.workers.memory import check_worker_memory, predicted_worker_memory
from experiments.workers.optimizers import get_optimizer
from experiments.workers.results import Threshold, WorkerRuns
from experiments.workers.seeds import checked_seeds, run_seeds
from experiments.workers.setting import WorkerPlan, WorkerSetting
from experiments.workers.workload import Workload
from theory.common.errors import InputError
from theory.common.types import Ints, Progress

if TYPE_CHECKING:  # JAX takes a second to import
    from experiments.workers.jax.training import JaxForm

Arrangement = Literal["auto", "scan", "loop"]


def simulate_scanned(
    workload: Workload,
    settings: Sequence[WorkerSetting],
    seeds: Sequence[int],
    *,
    progress: Progress | None = None,
    stop: Threshold | None = None,
    memory_limit: int | None = None,
    delays: ArrayLike | None = None,
    arrangement: Arrangement = "auto",
) -> tuple[WorkerRuns, ...]:
    r"""Simulate P workers with caches under several settings at once: see `simulate_workers` for the iteration.

    The random numbers are those of the other engines. Sums are taken in another order, so that numbers agree with
    those engines' to rounding, which training enlarges; and a lane's numbers depend on the number of lanes beside it
    by rounding alone.

    Args:
        workload: a network, an autoencoder or a ResNet.
        settings: alike but for step_size, extra_delay and delays; all lanes have the ring of the largest extra delay.
        seeds: distinct whole numbers below 2^63.
        progress: called now and then with (iterations done, all iterations), counted over all lanes.
        stop: a lane ends at the first evaluation that meets this.
        memory_limit: bytes that may be used; by default what the device has left.
        delays: int (T, P, P), the extra delay of every (iteration, sender, receiver), instead of drawing them.
        arrangement: "scan" (all lanes in one scan), "loop" (one after another, gradients called from Python, the
            black-box engine), or "auto": the loop for convolutions on a processor, else the scan.

    Returns:
        What was measured, for each setting.

    Raises:
        InputError: settings that differ in more, or a workload that is not written in JAX.
        TooLargeError: more memory than there is, found before anything is allocated.
        EnvironmentFailure: JAX is not installed.

    Source: Dai et al., Toward Understanding the Impact of Staleness in Distributed Machine Learning, ICLR 2019,
        the simulation model.

    Example:
        >>> from experiments.workloads import get_workload
        >>> two, three = (WorkerSetting(workers, extra_delay=4, iterations=10) for workers in (2, 3))
        >>> simulate_scanned(get_workload("mlr"), [two, three], seeds=[0])
        Traceback (most recent call last):
        theory.common.errors.InputError: Settings that run together may differ in step_size, extra_delay and delays ...
    """
    _check_alike(settings)
    form, numbers = _form(workload), checked_seeds(seeds)
    plans = tuple(WorkerPlan.of(setting, workload.precision, delays) for setting in settings)
    if _in_a_loop(arrangement, form):
        return _one_after_another(workload, plans, numbers, progress, stop, memory_limit)
    needed = predicted_scan_memory(workload, settings, numbers.size)
    check_worker_memory(needed, device_memory() if memory_limit is None else memory_limit)
    from experiments.workers.engines.scan import Scan

    return Scan(workload, form, plans, numbers, stop).run(progress)


def _form(workload: Workload) -> JaxForm:
    """The workload in JAX, once it is known that JAX is there."""
    from experiments.workers.jax.library import need_jax

    form = workload.jax_form()
    need_jax("The scanned engine")
    return form


def _check_alike(settings: Sequence[WorkerSetting]) -> None:
    if not settings:
        raise InputError("The scanned engine needs at least one setting. Got none.")
    first = settings[0]
    same = {"step_size": first.step_size, "extra_delay": first.extra_delay, "delays": first.delays}
    if any(replace(setting, **same) != first for setting in settings):  # type: ignore[arg-type]
        raise InputError("Settings that run together may differ in step_size, extra_delay and delays alone.")


def _in_a_loop(arrangement: str, form: JaxForm) -> bool:
    from experiments.workers.jax.library import jax

    if arrangement not in ("auto", "scan", "loop"):
        raise InputError(f"The arrangement must be auto, scan or loop. Got {arrangement!r}.")
    slow = arrangement == "auto" and form.convolutional and jax.default_backend() == "cpu"
    return arrangement == "loop" or slow


def _one_after_another(
    workload: Workload,
    plans: tuple[WorkerPlan, ...],
    seeds: Ints,
    progress: Progress | None,
    stop: Threshold | None,
    memory_limit: int | None,
) -> tuple[WorkerRuns, ...]:
    """The black-box engine under each setting."""

    def run(place: int, plan: WorkerPlan) -> WorkerRuns:
        def told(done: int, total: int) -> None:
            if progress is not None:
                progress(place * total + done, len(plans) * total)

        needed = predicted_worker_memory(workload, plan.setting, seeds.size, engine="black-box")
        check_worker_memory(needed, memory_limit)
        return run_seeds(workload, plan, seeds, partial(BlackBoxSeed, workload, plan), told, stop)

    return tuple(run(place, plan) for place, plan in enumerate(plans))


def predicted_scan_memory(workload: Workload, settings: Sequence[WorkerSetting], seeds: int) -> int:
    """The memory that a scan takes on the device, but for the workload's own data.

    Per lane and parameter: (extra_delay + 1) P updates in the ring, P caches, 3 P vectors while updates are made, and
    P times the vectors of the optimiser's state; beside them a table of due times and, as an estimate, what the
    gradients keep for every example of all workers' minibatches. On the host, but counted as well: `lags` gradients.

    Args:
        workload: what is trained.
        settings: those that run together.
        seeds: S; there are S lanes for each setting.

    Returns:
        Bytes.
    """
    setting, form = max(settings, key=lambda each: each.extra_delay), _form(workload)
    workers, slots, size = setting.workers, setting.slots, form.precision.itemsize
    vectors = workers * (slots + 4 + get_optimizer(setting.optimizer).moments)
    kept = workers * (setting.batch or workload.examples) * form.activations
    lane = size * (vectors * workload.parameters + kept) + 8 * setting.lags * workload.parameters
    return len(settings) * seeds * (lane + 4 * slots * workers * workers)


def device_memory() -> int:
    """Bytes that are left on the device on which JAX computes by default."""
    from experiments.workers.jax.library import jax

    told = jax.devices()[0].memory_stats() or {}
    if "bytes_limit" in told:
        return int(told["bytes_limit"]) - int(told.get("bytes_in_use", 0))
    return available_memory()
