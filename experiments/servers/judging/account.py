"""What a stored trace says, as plain values: how late gradients were, what that depends on, which bounds cover it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.common.progress import part_of, untold
from experiments.runs.recorded_trace import ServerTrace, holds_netcdf, load_trace
from experiments.servers.job import ServerRun, load_run
from experiments.servers.judging.dependence import dependence, noise_correlation
from experiments.servers.judging.replay import covering
from experiments.servers.judging.summary import summarise
from experiments.servers.server import noise_norms
from theory.common.errors import StoreError
from theory.common.types import Progress


def account(file: Path, progress: Progress = untold) -> tuple[ServerTrace, dict[str, Any]]:
    """The trace in a file, and what it says with the run that is stored beside it.

    Args:
        file: the trace; progress: called with how much is done.

    Raises:
        StoreError, DelayError: there is no trace in the file.
    """
    trace = load_trace(file)
    told = {"file": str(file), **summarise(trace).to_dict(), "dependence": asdict(dependence(trace))}
    try:
        run = load_run(file) if holds_netcdf(file) else None
    except StoreError:
        run = None  # a trace alone
    return trace, told | (
        {"noise": None, "run": None, "bounds": {}} if run is None else _with_run(run, trace, progress)
    )


def _with_run(run: ServerRun, trace: ServerTrace, progress: Progress) -> dict[str, Any]:
    job = run.job()
    noise = None
    if run.diverged_at < 0:
        norms = noise_norms(job, trace, part_of(progress, 0, 2))
        noise = noise_correlation(trace.delays.ravel(), norms.ravel())
    judged = covering(job, trace, part_of(progress, 1, 2))
    return {
        "noise": None if noise is None else asdict(noise),
        "run": run.to_dict(),
        "bounds": {each.bound.name: each.value for each in judged},
        "outside_domain": {each.bound.name: each.failures[0].sentence() for each in judged if each.failures},
    }
