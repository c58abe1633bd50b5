"""From a plan to a run: blocks of seeds, finished ones kept on the disk.

The unit of work is a block of seeds. A trajectory depends on its own seed alone, so that an interrupted run goes on
where it stopped and ends in the same numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numba
import numpy as np

from experiments.common.files import check_writable, remove_folder
from experiments.common.provenance import current_versions
from experiments.runs.plan import Plan, plan
from experiments.runs.run import MEASURED, Run, build_run
from experiments.runs.store import load, save
from experiments.simulate.delayed import iterate
from experiments.simulate.trajectories import Trajectories
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
    blocks = [] if folder is None else list(_finished_blocks(plan, folder))
    tell = progress or (lambda done, total: None)
    _within(tell, plan, blocks, 0)(0, 1)
    with _keeping(plan, folder) as keep:
        for seeds in _missing_seeds(plan, blocks):
            blocks.append(_simulate(plan, seeds, _within(tell, plan, blocks, len(seeds))))
            keep(blocks[-1])
    return _run(plan, blocks)


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
    remove_folder(folder)
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


@dataclass(frozen=True, eq=False)
class _SeedBlock:
    """What was measured along some of the seeds, simulated now or read from the disk."""

    seeds: tuple[int, ...]
    seen: Trajectories | Run
    seconds: float


def _finished_blocks(plan: Plan, folder: Path) -> Iterator[_SeedBlock]:
    missing = set(plan.configuration.seeds)
    for path in _files(folder):
        try:
            part = load(path)
        except StoreError:
            continue  # damaged: its seeds are run again, and the file is replaced
        seeds = part.configuration.seeds
        if _belongs(part, plan) and missing.issuperset(seeds):
            missing -= set(seeds)
            yield _SeedBlock(seeds, part, part.data.attrs["seconds"])


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.nc"))
    except FileNotFoundError:
        return []  # another command has just finished the same run


def _belongs(part: Run, plan: Plan) -> bool:
    return (
        part.configuration == replace(plan.configuration, seeds=part.configuration.seeds)
        and np.array_equal(part.step_sizes, plan.setting.step_sizes)
        and np.array_equal(part.delays, plan.delays)
        and part.versions == current_versions()
    )


def _missing_seeds(plan: Plan, blocks: Sequence[_SeedBlock]) -> list[tuple[int, ...]]:
    finished = {seed for block in blocks for seed in block.seeds}
    missing = [seed for seed in plan.configuration.seeds if seed not in finished]
    size = _BLOCK * -(-numba.get_num_threads() // _BLOCK)
    return [tuple(missing[start : start + size]) for start in range(0, len(missing), size)]


def _simulate(plan: Plan, seeds: tuple[int, ...], progress: Progress) -> _SeedBlock:
    started = time.perf_counter()
    seen = iterate(plan.problem, plan.iteration(seeds), progress=progress)
    return _SeedBlock(seeds, seen, time.perf_counter() - started)


def _run(plan: Plan, blocks: Sequence[_SeedBlock]) -> Run:
    """The run of all seeds of these blocks."""
    seeds = [seed for block in blocks for seed in block.seeds]
    order = np.argsort(seeds)
    measured = {v.name: np.concatenate([getattr(block.seen, v.name) for block in blocks])[order] for v in MEASURED}
    return build_run(
        replace(plan.configuration, seeds=tuple(seeds)),
        step_sizes=plan.setting.step_sizes,
        delays=plan.delays,
        constants=plan.constants,
        measured=measured | {"time": blocks[0].seen.time},
        command=plan.command,
        seconds=sum(block.seconds for block in blocks),
    )


@contextmanager
def _keeping(plan: Plan, folder: Path | None) -> Iterator[Callable[[_SeedBlock], None]]:
    """Yield what puts finished blocks on the disk: now and then, as a short run needs none, and when interrupted."""
    waiting: list[_SeedBlock] = []
    last = time.monotonic()

    def store() -> None:
        while waiting and folder is not None:
            part = _run(plan, [waiting.pop()])
            _store_part(part, folder / f"{part.configuration.key[:24]}.nc")

    def keep(block: _SeedBlock) -> None:
        nonlocal last
        waiting.append(block)
        if time.monotonic() - last >= _PAUSE:
            store()
            last = time.monotonic()

    try:
        yield keep
    except BaseException:
        store()
        raise


def _store_part(part: Run, path: Path, tries: int = 3) -> None:
    """Save a block; another command that has just finished the same run may remove the folder meanwhile."""
    try:
        save(part, path)
    except (StoreError, EnvironmentFailure):
        if tries <= 1:
            raise
        _store_part(part, path, tries - 1)


def _within(tell: Progress, plan: Plan, blocks: Sequence[_SeedBlock], seeds: int) -> Progress:
    """The progress of one block as progress of the whole plan."""
    steps, finished = plan.configuration.steps, sum(len(block.seeds) for block in blocks)
    whole = steps * len(plan.configuration.seeds)
    return lambda done, total: tell(steps * finished + steps * seeds * done // max(total, 1), whole)
