"""`gradlag run`: one simulation, stored; and how `check` and `compare` have theirs carried out."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from experiments.common.files import remove_stale
from experiments.common.progress import reporting
from experiments.problems.problem import Problem
from experiments.runs.configuration import RunOptions
from experiments.runs.execute import execute, run_to_file
from experiments.runs.plan import Plan, plan
from experiments.runs.run import Run
from gradlag.terminal.output import number, print_prose, print_text, silent
from theory.common.types import Say
from theory.schedules.schedule import GivenSchedule
from theory.staleness.delays import refuse_two_sources


def run(
    schedule: GivenSchedule,
    problem: str | Problem,
    *,
    staleness: int,
    steps: int,
    out: Path | str | None = None,
    announce: Say = silent,
    progress: bool = False,
    **options: Unpack[RunOptions],
) -> Run:
    """Simulate stale SGD with a schedule on a problem.

    Args:
        schedule: an expression in k, T, s, L, mu, sigma, Delta, d; a name of the catalogue; "@file"; or a
            callable k -> step size, such as a schedule of PyTorch or optax, which is read at the T steps.
        problem: a name of `gradlag problems`, with options after a colon, or "FILE.py".
        staleness: the theorem's s; 1 is synchronous.
        steps: T.
        out: the result file; nothing is stored by default. A run into a file is taken up where it was interrupted.
        announce: called with what should be known beforehand, such as a step beyond the stability limit.
        progress: show progress and time left on stderr.
        **options: seeds, first_seed, batch, record_every, delays, delays_file, inconsistent, constants, method; see
            `RunOptions`.

    Returns:
        The run, with gradient norms (seed, time), losses, coherence, delays and constants.

    Raises:
        InputError: anything that no run can be made of, in one sentence.

    >>> run("1/(s*L)", "quadratic:d=3", staleness=2, steps=4, seeds=2).gradient_norm_squared.shape
    (2, 5)
    """
    settled = settle(schedule, problem, staleness, steps, options)
    for sentence in settled.announcements:
        announce(sentence)
    return carry_out(settled, None if out is None else Path(out), announce, progress)


def settle(schedule: GivenSchedule, problem: str | Problem, staleness: int, steps: int, options: RunOptions) -> Plan:
    """The run as a plan."""
    refuse_two_sources(options.get("delays", "constant"), options.get("delays_file"))
    return plan(problem, schedule, staleness, steps, **options)


def carry_out(settled: Plan, path: Path | None, announce: Say, progress: bool) -> Run:
    """Simulate, or take up what is in the file."""
    with reporting(f"T = {settled.configuration.steps}", quiet=not progress) as report:
        if path is None:
            return execute(settled, progress=report)
        remove_stale(path.parent)
        return run_to_file(settled, path, report, announce)


def show(run: Run, *, out: Path) -> None:
    """The summary of a stored run."""
    told = run.to_dict()
    print_prose(
        f"{told['seeds']} seeds of {told['steps']} steps on {told['problem']}, stored in {out}.",
        f"The least mean of |grad F|^2 is {number(told['measured_minimum'])}, at k = {told['minimum_at']}.",
        diverged(told["diverged"], told["first_divergence"]),
    )
    print_text(f"xarray.open_dataset({str(out)!r}, engine='h5netcdf') opens it.")


def diverged(seeds: int, first: int | None) -> str:
    """How many seeds diverged; nothing where none did."""
    return f"Diverged: {seeds} {'seed' if seeds == 1 else 'seeds'}, the first at step {first}." if seeds else ""
