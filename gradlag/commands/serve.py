"""`gradlag async`: an asynchronous server with real or virtual workers, recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from experiments.common.files import check_writable
from experiments.common.progress import reporting
from experiments.runs.recorded_trace import holds_netcdf
from experiments.servers.clock import checked_bound
from experiments.servers.job import ServerRun, save_run, settle
from experiments.servers.real import real_server
from experiments.servers.speeds import parse_fleet
from experiments.servers.virtual_server import serve_virtually
from theory.common.errors import InputError, StoreError
from theory.schedules.schedule import GivenSchedule


def serve(
    problem: str,
    schedule: GivenSchedule,
    workers: str,
    *,
    steps: int,
    out: Path | str,
    staleness: int | None = None,
    bound: int | None = None,
    seed: int = 0,
    batch: int | None = None,
    constants: Mapping[str, float] | None = None,
    record_every: int = 1,
    buffer: int = 1,
    virtual: bool = False,
    cluster: str | None = None,
    progress: bool = False,
) -> ServerRun:
    """One run of an asynchronous server, stored with its trace; the command's `async`, a word that Python keeps.

    Args:
        problem, schedule, seed, batch, constants, record_every: as everywhere. steps: T applied updates.
        workers: a fleet, such as "8*exponential:mean=.004".
        out: the file; what was recorded is kept there even where the run is interrupted or broken off.
        staleness: what s stands for in the schedule; the number of workers by default.
        bound: how many gradients a worker may be ahead of the slowest.
        buffer: how many gradients the server gathers before it applies their mean.
        virtual: on the virtual clock, in one process. cluster: the address of a Ray cluster; Ray on loopback otherwise.
        progress: show how far it is on stderr.

    Returns:
        The run; `trace(out)` says what its delays were and depend on.

    Raises:
        InputError: anything that no run can be made of, or Ray is not installed.
        EnvironmentFailure: Ray does not start or is lost, or all workers died.
    """
    fleet = parse_fleet(workers)
    if virtual and cluster is not None:
        raise InputError("The virtual clock needs no cluster. Give --virtual or --cluster, not both.")
    job = settle(
        problem,
        schedule,
        steps,
        staleness=len(fleet) if staleness is None else staleness,
        seed=seed,
        batch=batch,
        record_every=record_every,
        constants=constants,
        buffer=buffer,
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
                run = server.run(job, fleet, bound=bound, keep=lambda part: save_run(part, target), progress=report)
    with reporting("recording", quiet=not progress):
        save_run(run, target)
    return run
