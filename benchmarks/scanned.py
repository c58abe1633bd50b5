"""Speed of the scanned engine against a jitted gradient called from Python, and of a ResNet's gradient, in one run.

Usage: python benchmarks/scanned.py [--repeats 5] [--seeds 4] [--iterations 34]

The first table runs both engines in turn, several times, on the device that JAX takes by default, with P = 8 workers
and an extra delay of up to 16, evaluating at the ends only; the unit is one update of one worker of one seed, and the
ratio is the median over turns that ran side by side. Both compute the same gradients by JAX: the loop calls one at a
time around a ring on the processor, the scan runs all seeds and workers together, on a ResNet with convolutions as
products of patches. "predicted" is the memory that is checked before a run, "peak" what the device tells of it, if it
does.

The second table times the gradient of a ResNet of 8 layers on 32 x 32 colour images, batch 32, for one worker and for 8
mapped over, with convolutions proper and as products of patches. Flops counted: 2 for each product of forward pass,
weights and inputs (but for the images), additions of normalisations and the like not.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import jax
import numpy as np

from experiments.workers.engines.black_box import BlackBoxSeed
from experiments.workers.engines.scanned import predicted_scan_memory, simulate_scanned
from experiments.workers.jax.library import computing_in
from experiments.workers.jax.training import Routines
from experiments.workers.seeds import run_seeds
from experiments.workers.setting import WorkerPlan, WorkerSetting
from experiments.workers.workload import Workload
from experiments.workloads import get_workload
from experiments.workloads.jax.resnet import ResNetForm, blocks_of
from experiments.workloads.resnet import ResNet

sys.path.insert(0, str(Path(__file__).parent))
from engine import timed

from theory.common.types import Array

WORKERS, EXTRA_DELAY, BATCH, STEP_SIZE = 8, 16, 32, 0.001
CASES = ("dnn:depth=2,width=64", "dnn:depth=2,width=256", "vae", "resnet:width=8")
SIDE, DEPTH, WIDTH, ROWS = 32, 8, 16, 1024


class JittedSeed(BlackBoxSeed):
    """The black box around the gradient that JAX compiles."""

    def __init__(self, workload: Workload, plan: WorkerPlan, seed: int, routines: Routines) -> None:
        super().__init__(workload, plan, seed)
        draw = routines.form.draw

        def gradient(x: Array, seed: int, t: int, worker: int, batch: int) -> Array:
            drawn = draw(seed, range(t, t + 1), range(worker, worker + 1), batch)
            return routines.gradient(x, tuple(each[0, 0] for each in drawn))

        self.gradient = gradient


def run_loop(work: Workload, routines: Routines, setting: WorkerSetting, seeds: Sequence[int]) -> Array:
    """Seeds shared out among threads, each worker's gradient called by itself."""
    plan = WorkerPlan.of(setting, work.precision)
    start = lambda seed: JittedSeed(work, plan, seed, routines)  # noqa: E731
    return run_seeds(work, plan, np.asarray(seeds, dtype=np.int64), start).final


def run_scan(work: Workload, setting: WorkerSetting, seeds: Sequence[int]) -> Array:
    """All seeds in one scan."""
    return simulate_scanned(work, [setting], seeds, arrangement="scan")[0].final


def compare(name: str, seeds: Sequence[int], iterations: int, repeats: int) -> str:
    """A row of the first table."""
    work = get_workload(name)
    routines = work.routines if isinstance(work, ResNet) else Routines(work.jax_form())
    setting = WorkerSetting(
        WORKERS, EXTRA_DELAY, iterations, step_size=STEP_SIZE, batch=BATCH, evaluate_every=iterations
    )
    loop, scan = (lambda: run_loop(work, routines, setting, seeds)), (lambda: run_scan(work, setting, seeds))
    gap = float(np.abs(loop() - scan()).max())  # compiles both
    updates = len(seeds) * WORKERS * iterations
    turns = np.array([(updates / timed(loop), updates / timed(scan)) for _ in range(repeats)])
    predicted = 1e-6 * predicted_scan_memory(work, [setting], len(seeds))
    peak = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    told = "not told" if peak is None else f"{1e-6 * peak:.0f}"
    ratio = median(turns[:, 1] / turns[:, 0])
    return (
        f"| {name} | {work.parameters:,} | {median(turns[:, 0]):,.0f} | {median(turns[:, 1]):,.0f} | {ratio:.2f} "
        f"| {gap:.0e} | {predicted:.0f} | {told} |"
    )


def colour_form(patches: bool) -> ResNetForm:
    """The network on images of noise; what it is timed on does not matter."""
    rng, blocks = np.random.default_rng(0), blocks_of(DEPTH, WIDTH)
    images = rng.standard_normal((ROWS, SIDE, SIDE, 3)).astype(np.float32)
    labels = rng.integers(0, 10, ROWS).astype(np.int32)
    return ResNetForm.of(blocks, "batch", (images, labels), (images, labels), 10, patches)


def gradient_flops(form: ResNetForm) -> int:
    """Of one minibatch."""
    height, channels = SIDE, form.data[0].shape[3]
    first = 9 * channels * form.blocks[0].inputs * height**2
    total = 2 * first
    for block in form.blocks:
        height //= block.stride
        total += 3 * 9 * (block.inputs + block.outputs) * block.outputs * height**2
    return 2 * BATCH * (total + 3 * form.blocks[-1].outputs * 10)


def gradients_at_once(form: ResNetForm, workers: int) -> Callable[[], object]:
    """A call that computes the gradients of so many workers, each at parameters of its own."""
    routines, rng = Routines(form), np.random.default_rng(1)
    size = sum(int(np.prod(shape)) for shape in form.shapes)
    x = (0.1 * rng.standard_normal((workers, size))).astype(np.float32)
    rows = rng.integers(0, ROWS, (workers, BATCH)).astype(np.int32)
    with computing_in(form.precision):
        at, of = jax.device_put(x), jax.device_put(rows)
        if workers == 1:
            return lambda: jax.block_until_ready(routines._gradient(at[0], form.device_data, (of[0],)))
        every = jax.jit(jax.vmap(jax.grad(form.loss), in_axes=(0, None, 0)))
        return lambda: jax.block_until_ready(every(form.split(at), form.device_data, (of,)))


def time_gradient(patches: bool, workers: int, repeats: int) -> str:
    """A row of the second table."""
    form = colour_form(patches)
    with computing_in(form.precision):
        run = gradients_at_once(form, workers)
        compiled = timed(run)
        seconds = median(timed(run) for _ in range(max(3, 2 * repeats)))
    rate = 1e-9 * workers * gradient_flops(form) / seconds
    kind = "patches" if patches else "convolutions"
    return f"| {kind} | {workers} | {1e3 * seconds / workers:.1f} | {rate:.1f} | {compiled:.1f} |"


def report(repeats: int, seeds: int, iterations: int) -> None:
    """Measure everything and print the tables."""
    device = jax.devices()[0]
    print(f"{platform.machine()}, {os.cpu_count()} processors; jax {jax.__version__} on {device.device_kind}; ", end="")
    print(f"P = {WORKERS}, extra delay {EXTRA_DELAY}, {seeds} seeds, {iterations} iterations\n")
    print("| workload | d | loop /s | scan /s | ratio | largest difference | predicted MB | peak MB |")
    print("|---|---|---|---|---|---|---|---|")
    for name in CASES:
        print(compare(name, range(seeds), iterations, repeats), flush=True)
    print(f"\nResNet{DEPTH}, {SIDE} x {SIDE} x 3, batch {BATCH}: {1e-9 * gradient_flops(colour_form(False)):.2f} GFLOP")
    print("\n| arrangement | workers at once | ms a gradient | GF/s | s to compile |")
    print("|---|---|---|---|---|")
    for patches in (False, True):
        for workers in (1, WORKERS):
            print(time_gradient(patches, workers, repeats), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="turns of each side")
    parser.add_argument("--seeds", type=int, default=4, help="seeds that run side by side")
    parser.add_argument("--iterations", type=int, default=34, help="of a turn")
    arguments = parser.parse_args()
    report(arguments.repeats, arguments.seeds, arguments.iterations)
