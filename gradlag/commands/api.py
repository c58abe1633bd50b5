"""The door for Python: run, check, check a log, compare. Each is a few calls to the floors below.

The command calls these same functions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from experiments.check import training_log
from experiments.check.check import LEAST_LEVEL, bounds_looked_at
from experiments.check.check import check as check_runs
from experiments.check.verdict import Verdict
from experiments.common.files import check_writable, remove_stale, write_atomically
from experiments.common.progress import reporting
from experiments.problems.problem import Problem
from experiments.runs.configuration import RunOptions
from experiments.runs.execute import execute, run_to_file
from experiments.runs.plan import Plan, plan
from experiments.runs.run import Run
from experiments.statistics.intervals import checked_level
from experiments.studies.ladder import horizon_grid
from gradlag.terminal.output import interval, number, plain
from theory.common.errors import InputError
from theory.common.types import Say
from theory.schedules.schedule import AnySchedule
from theory.staleness.count import Staleness
from theory.staleness.delays import read_trace, refuse_two_sources

__all__ = ["Comparison", "check", "check_log", "compare", "run"]


def _silent(sentence: str) -> None:
    """Say nothing."""


def run(
    schedule: str | AnySchedule,
    problem: str | Problem,
    *,
    staleness: int,
    steps: int,
    out: Path | str | None = None,
    announce: Say = _silent,
    progress: bool = False,
    **options: Unpack[RunOptions],
) -> Run:
    """Simulate stale SGD with a schedule on a problem.

    Args:
        schedule: an expression in k, T, s, L, mu, sigma, Delta, d; a name of the catalogue; or "@file".
        problem: a name of `gradlag problems`, with options after a colon, or "FILE.py".
        staleness: the theorem's s; 1 is synchronous.
        steps: T.
        out: the result file; nothing is stored by default. A run into a file is taken up where it was interrupted.
        announce: called with what should be known beforehand, such as a step beyond the stability limit.
        progress: show progress and time left on stderr.
        **options: seeds, first_seed, batch, record_every, delays, delays_file, constants; see `RunOptions`.

    Returns:
        The run, with gradient norms (seed, time), losses, coherence, delays and constants.

    Raises:
        InputError: anything that no run can be made of, in one sentence.

    >>> run("1/(s*L)", "quadratic:d=3", staleness=2, steps=4, seeds=2).gradient_norm_squared.shape
    (2, 5)
    """
    settled = _plan(schedule, problem, staleness, steps, options)
    _tell(settled, announce)
    return _carry_out(settled, None if out is None else Path(out), announce, progress)


def check(
    schedule: str | AnySchedule,
    problem: str | Problem,
    *,
    staleness: int,
    steps: int,
    bounds: Sequence[str] | None = None,
    level: float = 0.05,
    worst_case: bool | None = None,
    out: Path | str | None = None,
    announce: Say = _silent,
    progress: bool = False,
    **options: Unpack[RunOptions],
) -> Verdict:
    """Run a schedule and let it meet what can be proved.

    Args:
        schedule, problem, staleness, steps, announce, progress, **options: see `run`. A schedule that contains T is
            run at several T, of which `steps` is the largest.
        bounds: names of the library; by default every bound without coherence whose domain holds, the smallest
            deciding, and the family of Theorem 1 when mu is given.
        level: how often the verdict "violated" may be wrong.
        worst_case: add the exact worst case at some numbers of steps to the bounds, as far as a few seconds go; by
            default where there is a folder, for the ladder.
        out: a folder for the runs, the verdict (JSON) and the ladder (SVG, PDF); nothing is stored by default.

    Returns:
        The verdict: holds, violated, assumption broken (which, where) or undecided (and what would decide it).

    Raises:
        InputError: anything that no run can be made of, in one sentence.

    >>> verdict = check("mu/(s*L*sqrt(k))", "nonconvex:d=5", staleness=2, steps=50, constants={"mu": 0.5})
    >>> verdict.bound
    'theorem-ar'
    """
    plans = _plans(schedule, problem, staleness, steps, options)
    _refuse_early(plans[-1], bounds, level)
    _tell(plans[-1], announce)
    folder = None if out is None else Path(out)
    names = [f"run-T{each.configuration.steps}.nc" for each in plans]
    runs = [
        _carry_out(each, folder and folder / name, announce, progress) for each, name in zip(plans, names, strict=True)
    ]
    verdict = check_runs(runs, bounds, level, plan=plans[-1])
    if worst_case or (worst_case is None and folder is not None):
        verdict = _with_rungs(verdict, runs, folder)
    return _kept(verdict, folder)


def _with_rungs(verdict: Verdict, runs: Sequence[Run], folder: Path | None) -> Verdict:
    """The verdict with worst cases among its bounds."""
    from experiments.check.worst_case_values import find_rungs, keep_rungs, settings_of

    settings = settings_of(runs, verdict.times)
    return (find_rungs(settings) if folder is None else keep_rungs(settings, folder)).attached(verdict)


def check_log(
    log: Path | str,
    schedule: str | AnySchedule,
    *,
    staleness: int,
    constants: Mapping[str, float],
    bounds: Sequence[str] | None = None,
    level: float = 0.05,
    steps: int | None = None,
    delays: str = "constant",
    delays_file: Path | str | None = None,
    out: Path | str | None = None,
) -> Verdict:
    """Let a training log of your own meet what can be proved; see `experiments.check.training_log`.

    Args:
        log: CSV with the columns step, grad_norm[, seed, delay].
        schedule, staleness: of the training.
        constants: L, Delta, sigma and, for Theorem 1, mu.
        bounds, level: see `check`.
        steps: T, if the log must end there.
        delays: "constant", the delay s - 1, for a log without the column.
        delays_file: the trace, for a log without the column.
        out: a folder for the verdict (JSON) and the ladder (SVG, PDF); nothing is stored by default.

    Returns:
        The verdict.

    Raises:
        InputError: a log or a constant that cannot be used, in one sentence.
    """
    if delays != "constant":
        raise InputError(
            f"The delays of a log are those it was trained with, and {delays} does not say which they were. Give the "
            "log a column delay, or the trace with --delays-file."
        )
    trace = None
    if delays_file is not None:
        last = int(training_log.read_log(log).times[-1])
        trace = read_trace(delays_file, last, Staleness(staleness)).values
    folder = None if out is None else Path(out)
    return _kept(
        training_log.check_log(
            log, schedule, staleness, constants, bounds=bounds, level=level, steps=steps, delays=trace
        ),
        folder,
    )


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Several schedules on one problem: a verdict each.

    Args:
        verdicts: schedule -> verdict.
        picture: where the picture is, if it was asked for.
    """

    verdicts: Mapping[str, Verdict]
    picture: Path | None

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints: the verdicts by schedule, and the picture."""
        return {
            "schedules": [{"schedule": text} | verdict.to_dict() for text, verdict in self.verdicts.items()],
            "picture": None if self.picture is None else str(self.picture),
        }

    def __repr__(self) -> str:
        return "\n".join(
            f"{text}: {verdict.verdict} ({verdict.bound}), measured {number(verdict.measured[-1])} "
            f"{interval(verdict.measured_lower[-1], verdict.measured_upper[-1])}"
            for text, verdict in self.verdicts.items()
        )


def compare(
    schedules: Sequence[str | AnySchedule],
    problem: str | Problem,
    *,
    staleness: int,
    steps: int,
    level: float = 0.05,
    out: Path | str | None = None,
    announce: Say = _silent,
    progress: bool = False,
    **options: Unpack[RunOptions],
) -> Comparison:
    """Check several schedules on one problem with the same seeds and delays.

    Args:
        schedules: two or more, all different.
        problem, staleness, steps, level, announce, progress, **options: see `check`.
        out: a folder for the runs, the verdicts (JSON) and the picture (SVG, PDF); nothing is stored by default. Runs
            that an earlier comparison left there are used.

    Returns:
        The verdicts, in the order given.

    Raises:
        InputError: fewer than two different schedules, or anything that `check` refuses.

    >>> compare(["1/(s*L)", "1/(2*s*L)"], "quadratic:d=3,noise=0", staleness=2, steps=20, seeds=1)
    1/(s*L): holds (theorem-ar), measured ...
    1/(2*s*L): holds (theorem-b), measured ...
    """
    texts = [_text(schedule) for schedule in schedules]
    if len(set(texts)) < max(2, len(texts)):
        raise InputError(f"A comparison needs two or more different schedules. Got {', '.join(texts) or 'none'}.")
    wanted = {text: _plans(s, problem, staleness, steps, options) for text, s in zip(texts, schedules, strict=True)}
    for text, plans in wanted.items():
        _refuse_early(plans[-1], None, level)
        for sentence in plans[-1].announcements:
            announce(f"{text}: {sentence}")
    folder = None if out is None else Path(out)
    verdicts = {}
    for text, plans in wanted.items():
        runs = [_carry_out(each, folder and folder / f"run-{each.key[:12]}.nc", announce, progress) for each in plans]
        verdicts[text] = check_runs(runs, None, level, plan=plans[-1])
    return Comparison(verdicts, None if folder is None else _keep_comparison(verdicts, folder))


def _text(schedule: str | AnySchedule) -> str:
    return schedule if isinstance(schedule, str) else schedule.text


def _plan(schedule: str | AnySchedule, problem: str | Problem, staleness: int, steps: int, options: RunOptions) -> Plan:
    refuse_two_sources(options.get("delays", "constant"), options.get("delays_file"))
    return plan(problem, schedule, staleness, steps, **options)


def _plans(
    schedule: str | AnySchedule, problem: str | Problem, staleness: int, steps: int, options: RunOptions
) -> tuple[Plan, ...]:
    """One run, or one for every T of a grid if the schedule contains T; the one asked for is settled first."""
    last = _plan(schedule, problem, staleness, steps, options)
    if not last.rule.reads_horizon or options.get("delays_file") is not None:
        return (last,)  # a trace is about T steps and no other number
    shorter = horizon_grid(steps)[:-1]
    return (*(_plan(last.rule, last.problem, staleness, each, _fitting(options, each)) for each in shorter), last)


def _fitting(options: RunOptions, steps: int) -> RunOptions:
    """The options for a shorter run: the recording stride is at most its number of steps."""
    return {**options, "record_every": min(options.get("record_every", 1), steps)}


def _refuse_early(settled: Plan, bounds: Sequence[str] | None, level: float) -> None:
    """Refuse before the run what the check would refuse after it."""
    checked_level(level, LEAST_LEVEL)
    bounds_looked_at(settled.constants, bounds)


def _tell(settled: Plan, announce: Say) -> None:
    for sentence in settled.announcements:
        announce(sentence)


def _carry_out(settled: Plan, path: Path | None, announce: Say, progress: bool) -> Run:
    with reporting(f"T = {settled.configuration.steps}", quiet=not progress) as report:
        if path is None:
            return execute(settled, progress=report)
        remove_stale(path.parent)
        return run_to_file(settled, path, report, announce)


def _kept(verdict: Verdict, folder: Path | None) -> Verdict:
    """The verdict, after it and its picture are stored if there is a folder for them."""
    if folder is not None:
        from figures.draw.pictures import save_ladder

        _write_json(folder / "verdict.json", verdict.to_dict())
        save_ladder(verdict, folder)
    return verdict


def _keep_comparison(verdicts: Mapping[str, Verdict], folder: Path) -> Path:
    from figures.draw.pictures import save_comparison

    _write_json(folder / "comparison.json", {text: verdict.to_dict() for text, verdict in verdicts.items()})
    return save_comparison(verdicts, folder)


def _write_json(path: Path, value: object) -> None:
    write_atomically(check_writable(path), (json.dumps(plain(value), indent=1, allow_nan=False) + "\n").encode())
