"""`gradlag async` and `gradlag trace`: a server with real or virtual workers, and what a stored trace says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.common.files import check_writable, write_atomically
from experiments.common.progress import reporting
from experiments.runs.recorded_trace import holds_netcdf, load_trace
from experiments.servers.clock import checked_bound
from experiments.servers.dependence import dependence, noise_correlation
from experiments.servers.job import Job, ServerRun, load_run, save_run, settle
from experiments.servers.real import real_server
from experiments.servers.replay import covering
from experiments.servers.server import noise_norms
from experiments.servers.speeds import parse_fleet
from experiments.servers.summary import Lateness, summarise
from experiments.servers.virtual_server import serve_virtually
from gradlag.terminal.output import number, print_prose, print_table, print_text
from theory.common.errors import InputError, StoreError

if TYPE_CHECKING:
    from experiments.runs.recorded_trace import ServerTrace

# More workers than this are not listed one by one.
_LISTED = 16


def serve(
    problem: str,
    schedule: str,
    workers: str,
    *,
    steps: int,
    out: Path,
    staleness: int | None = None,
    bound: int | None = None,
    seed: int = 0,
    batch: int | None = None,
    constants: Mapping[str, float] | None = None,
    record_every: int = 1,
    virtual: bool = False,
    cluster: str | None = None,
    progress: bool = False,
) -> ServerRun:
    """One run of an asynchronous server, stored with its trace.

    Args:
        problem, schedule, seed, batch, constants, record_every: as everywhere. steps: T applied updates.
        workers: a fleet, such as "8*exponential:mean=.004".
        out: the file; what was recorded is kept there even where the run is interrupted or broken off.
        staleness: what s stands for in the schedule; the number of workers by default.
        bound: how many gradients a worker may be ahead of the slowest.
        virtual: on the virtual clock, in one process. cluster: the address of a Ray cluster; Ray on loopback otherwise.
        progress: show how far it is on stderr.

    Returns:
        The run.

    Raises:
        InputError: anything that no run can be made of, or Ray is not installed.
        EnvironmentFailure: Ray does not start or is lost, or all workers died.
    """
    fleet = parse_fleet(workers)
    if virtual and cluster is not None:
        raise InputError("The virtual clock needs no cluster. Give --virtual or --cluster, not both.")
    window = len(fleet) if staleness is None else staleness
    job = settle(
        problem,
        schedule,
        steps,
        staleness=window,
        seed=seed,
        batch=batch,
        record_every=record_every,
        constants=constants,
    )
    checked_bound(bound)
    target = check_writable(out)
    if target.exists() and not holds_netcdf(target):
        raise StoreError(f"{target} is there already and is no stored run. Give --out another name.")
    with reporting("updates", quiet=not progress) as report:
        if virtual:
            run = serve_virtually(job, fleet, bound=bound, progress=report)
        else:
            with real_server(len(fleet), cluster) as server:
                run = server.run(job, fleet, bound=bound, keep=lambda part: _keep(part, target), progress=report)
    save_run(run, target)
    return run


def _keep(run: ServerRun, path: Path) -> None:
    save_run(run, path)


def describe(path: Path) -> dict[str, Any]:
    """What a stored run, a stored trace or a text file of delays says, as plain values.

    Raises:
        StoreError, DelayError: there is no trace in the file.
    """
    trace, run = _read(path)
    told: dict[str, Any] = {"file": str(path), **summarise(trace).to_dict(), "dependence": asdict(dependence(trace))}
    if run is None:
        return told | {"noise": None, "run": None, "bounds": {}}
    job = run.job()
    judged = covering(job, trace)
    return told | {
        "noise": asdict(noise_correlation(trace.delays, noise_norms(job, trace))) if run.diverged_at < 0 else None,
        "run": _run(run, job),
        "bounds": {each.bound.name: each.value for each in judged},
        "outside_domain": {each.bound.name: each.failures[0].sentence() for each in judged if each.failures},
    }


def write_delays(path: Path, out: Path) -> Path:
    """The delays of a trace as a text file, one a line, as --delays-file reads them."""
    delays = _read(path)[0].delays
    target = check_writable(out)
    write_atomically(target, ("\n".join(map(str, delays.tolist())) + "\n").encode())
    return target


def print_trace(told: Mapping[str, Any]) -> None:
    """The delays in a table, what they depend on, and the bound that covers the run."""
    _print_source(told)
    rows = [["all", *_cells(told["overall"])]]
    if len(told["workers"]) <= _LISTED:
        rows += [[f"worker {worker}", *_cells(late)] for worker, late in told["workers"].items()]
    print_table(["delays of", "updates", "mean", "sd", "50 %", "90 %", "99 %", "max"], rows)
    print_text()
    print_prose(*_dependence(told))
    if told["run"] is not None:
        print_text()
        print_prose(*_covering(told))


def _read(path: Path) -> tuple[ServerTrace, ServerRun | None]:
    trace = load_trace(path)
    try:
        return trace, load_run(path) if holds_netcdf(path) else None
    except StoreError:
        return trace, None  # a trace alone


def _run(run: ServerRun, job: Job) -> dict[str, Any]:
    least = int(np.argmin(run.gradient_norm_squared))
    return {
        **{name: value for name, value in job.described.items() if name != "constants"},
        "measured_minimum": float(run.gradient_norm_squared[least]),
        "minimum_at": int(run.time[least]),
        "measured_last": float(run.gradient_norm_squared[-1]),
        "diverged_at": run.diverged_at if run.diverged_at >= 0 else None,
    }


def _print_source(told: Mapping[str, Any]) -> None:
    workers = f", {told['count']} workers" if told["count"] else ""
    speed = f", {number(told['updates_per_second'])} updates a second" if told["updates_per_second"] else ""
    print_prose(f"{told['overall']['updates']} updates{workers}{speed}; recorded by: {told['source']}.")
    print_prose(told["description"])
    print_text()


def _cells(late: Mapping[str, Any] | Lateness) -> list[str]:
    values = asdict(late) if isinstance(late, Lateness) else late
    names = ("updates", "mean", "deviation", "median", "ninetieth", "ninety_ninth", "maximum")
    return [number(values[name]) if isinstance(values[name], float) else str(values[name]) for name in names]


def _dependence(told: Mapping[str, Any]) -> list[str]:
    found, noise, lines = told["dependence"], told["noise"], []
    if told["concurrency"] is not None:
        lines.append(f"With all workers busy the mean delay tends to P - 1 = {told['concurrency']}.")
    if found["share_between"] is not None:
        lines.append(
            f"On the worker: {found['share_between']:.1%} of the variance lies between workers, "
            f"{found['share_by_chance']:.1%} by chance."
        )
    if found["autocorrelation"]:
        lines.append(
            f"On each other: autocorrelation {number(found['autocorrelation'][0], 2)} at lag 1; they tell their mean "
            f"as well as {number(found['effective'])} independent delays."
        )
    if noise is not None:
        lines.append(
            f"On the noise of their own gradients: rank correlation {number(noise['value'], 2)}, "
            f"p = {number(noise['p_value'], 2)}. Bounds assume that there is none."
        )
    return lines


def _covering(told: Mapping[str, Any]) -> list[str]:
    run = told["run"]
    measured = (
        f"Least |grad F|^2 of this one run: {number(run['measured_minimum'])}, at k = {run['minimum_at']}."
        if run["diverged_at"] is None
        else f"The run diverged at update {run['diverged_at']}."
    )
    values = [(name, value) for name, value in told["bounds"].items() if value is not None]
    if not values:
        return [measured, "No bound of the library applies to these steps and delays."]
    (name, value), rest = values[0], values[1:]
    others = f" Then {', '.join(f'{n} {number(v)}' for n, v in rest)}." if rest else ""
    return [measured, f"Covered by {name}: {number(value)}, for delays fixed independently of the noise.{others}"]
