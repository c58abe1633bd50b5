"""From a plan to a run: blocks of seeds, finished ones kept on the disk.

The unit of work is a block of seeds. A trajectory depends on its own seed alone, so that an interrupted run goes on
where it stopped and ends in the same numbers.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numba
import numpy as np

from experiments.common.files import check_writable
from experiments.common.provenance import current_versions
from experiments.runs.plan import Plan, plan
from experiments.runs.run import MEASURED, Run, build_run
from experiments.runs.store import load, save
from experiments.simulate.delayed import simulate
from theory.common.errors import EnvironmentFailure, StoreError
from theory.common.types import Progress, Say

__all__ = ["Plan", "execute", "plan", "run_to_file"]


_BLOCK = 8
_PAUSE = 5.0  # seconds of work that a crash may cost, beside the block it falls into


def execute(plan: Plan, parts_folder: Path | str | None = None, progress: Progress | None = None) -> Run:
    """Carry out a plan.

    Args:
        plan: what to run.
        parts_folder: where finished blocks of seeds are kept and found again; nowhere by default.
        progress: called with (done, total), in steps of one seed.

    Returns:
        The run: the same numbers whether or not it was interrupted, whatever the number of threads.

    Raises:
        TooLargeError: it needs more memory than there is.
        StoreError: the folder for the blocks cannot be written to.

    >>> from experiments.runs.execute import plan
    >>> run = execute(plan("quadratic:d=3", "1/(s*L)", staleness=2, steps=4, seeds=2))
    >>> run.gradient_norm_squared.shape
    (2, 5)
    """
    folder = None if parts_folder is None else Path(parts_folder)
    parts = [] if folder is None else list(_finished_parts(plan, folder))
    tell = progress or (lambda done, total: None)
    tell(_finished_steps(plan, parts), _all_steps(plan))
    with _keeping(folder) as keep:
        for block in _blocks(plan, parts):
            parts.append(_simulate(plan, block, _within(tell, plan, parts, len(block))))
            keep(parts[-1])
    return _join(plan, parts)


def run_to_file(
    plan: Plan,
    path: Path | str,
    progress: Progress | None = None,
    announce: Say | None = None,
    *,
    afresh: bool = False,
) -> Run:
    """Carry out a plan and store the run, or take the stored one if it is there already.

    Args:
        plan: what to run.
        path: the result file.
        progress: called with (done, total).
        announce: called with a sentence when there is something to say.
        afresh: run it although there is a file, which stays until the new one is whole.

    Returns:
        The run that the file now holds.

    Raises:
        StoreError: the place cannot be written to, or holds something else; what is there stays as it is.
    """
    target, say = check_writable(path), announce or (lambda sentence: None)
    if target.exists() and not afresh:
        run = _earlier_run(plan, target)
        say(f"{target} already holds this run, made {run.data.attrs['created']}; it is used as it is.")
        return run
    folder = parts_folder_of(plan, target)
    if folder.exists():
        say(f"An earlier run into {target} was interrupted; its finished seeds are used.")
    run = execute(plan, folder, progress)
    save(run, target)
    shutil.rmtree(folder, ignore_errors=True)
    return run


def parts_folder_of(plan: Plan, path: Path) -> Path:
    """Where the finished blocks of a plan wait until the file at `path` is whole."""
    return path.with_name(f".{path.name}.{plan.key[:12]}.parts")


def _earlier_run(plan: Plan, path: Path) -> Run:
    run = load(path)
    if run.configuration.key != plan.key:
        raise StoreError(
            f"The file {path} holds the run of another configuration. Choose another name with --out, or delete it."
        )
    return run


def _finished_parts(plan: Plan, folder: Path) -> Iterator[Run]:
    missing = set(plan.configuration.seeds)
    for path in _files(folder):
        try:
            part = load(path)
        except StoreError:
            continue  # damaged: its seeds are run again, and the file is replaced
        if _belongs(part, plan) and missing.issuperset(part.configuration.seeds):
            missing -= set(part.configuration.seeds)
            yield part


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.nc"))
    except FileNotFoundError:
        return []  # another command has just finished the same run


def _belongs(part: Run, plan: Plan) -> bool:
    return (
        part.configuration == replace(plan.configuration, seeds=part.configuration.seeds)
        and np.array_equal(part.step_sizes, plan.step_sizes)
        and np.array_equal(part.delays, plan.delays)
        and part.versions == current_versions()
    )


def _blocks(plan: Plan, parts: Sequence[Run]) -> list[tuple[int, ...]]:
    finished = {seed for part in parts for seed in part.configuration.seeds}
    missing = [seed for seed in plan.configuration.seeds if seed not in finished]
    size = _BLOCK * -(-numba.get_num_threads() // _BLOCK)
    return [tuple(missing[start : start + size]) for start in range(0, len(missing), size)]


def _simulate(plan: Plan, seeds: tuple[int, ...], progress: Progress) -> Run:
    started, asked = time.perf_counter(), plan.configuration
    seen = simulate(
        plan.problem,
        plan.step_sizes,
        plan.delays,
        seeds=seeds,
        batch=asked.batch,
        record_every=asked.record_every,
        window=asked.staleness,
        progress=progress,
    )
    return build_run(
        replace(asked, seeds=seeds),
        step_sizes=plan.step_sizes,
        delays=plan.delays,
        constants=plan.constants,
        measured={"time": seen.time} | {variable.name: getattr(seen, variable.name) for variable in MEASURED},
        seconds=time.perf_counter() - started,
    )


def _join(plan: Plan, parts: Sequence[Run]) -> Run:
    order = np.argsort([seed for part in parts for seed in part.configuration.seeds])
    measured = {
        variable.name: np.concatenate([part.data[variable.name].values for part in parts])[order]
        for variable in MEASURED
    }
    return build_run(
        plan.configuration,
        step_sizes=plan.step_sizes,
        delays=plan.delays,
        constants=plan.constants,
        measured=measured | {"time": parts[0].time},
        command=plan.command,
        seconds=sum(part.data.attrs["seconds"] for part in parts),
    )


@contextmanager
def _keeping(folder: Path | None) -> Iterator[Callable[[Run], None]]:
    """Yield what puts finished blocks on the disk: now and then, as a short run needs none, and when interrupted."""
    waiting: list[Run] = []
    last = time.monotonic()

    def keep(part: Run) -> None:
        nonlocal last
        waiting.append(part)
        if time.monotonic() - last >= _PAUSE:
            _store_parts(waiting, folder)
            last = time.monotonic()

    try:
        yield keep
    except BaseException:
        _store_parts(waiting, folder)
        raise


def _store_parts(waiting: list[Run], folder: Path | None) -> None:
    while waiting and folder is not None:
        part = waiting.pop()
        _store_part(part, folder / f"{part.configuration.key[:24]}.nc")


def _store_part(part: Run, path: Path, tries: int = 3) -> None:
    """Save a block; another command that has just finished the same run may remove the folder meanwhile."""
    try:
        save(part, path)
    except (StoreError, EnvironmentFailure):
        if tries <= 1:
            raise
        _store_part(part, path, tries - 1)


def _all_steps(plan: Plan) -> int:
    return plan.configuration.steps * len(plan.configuration.seeds)


def _finished_steps(plan: Plan, parts: Sequence[Run]) -> int:
    return plan.configuration.steps * sum(len(part.configuration.seeds) for part in parts)


def _within(tell: Progress, plan: Plan, parts: Sequence[Run], seeds: int) -> Progress:
    """The progress of one block as progress of the whole plan."""
    before, whole, size = _finished_steps(plan, parts), _all_steps(plan), seeds * plan.configuration.steps
    return lambda done, total: tell(before + size * done // max(total, 1), whole)
