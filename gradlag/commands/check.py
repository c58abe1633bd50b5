"""`gradlag check`: a run or a training log meets what can be proved."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from experiments.check import training_log
from experiments.check.check import LEAST_LEVEL, bounds_looked_at
from experiments.check.check import check as check_runs
from experiments.check.verdict import Verdict
from experiments.common.progress import reporting
from experiments.logs.columns import parse_columns
from experiments.logs.read import read_log
from experiments.runs.configuration import RunOptions
from experiments.runs.plan import Plan
from experiments.runs.run import Run
from experiments.statistics.intervals import checked_level
from experiments.statistics.tails import parse_tails
from experiments.studies.ladder import horizon_grid
from gradlag.commands.run import carry_out, settle
from gradlag.terminal.output import (
    interval,
    keep_json,
    minimum_over,
    number,
    print_list,
    print_prose,
    print_table,
    print_text,
    silent,
    unbroken,
)
from theory.common.errors import InputError
from theory.common.types import Progress, Say
from theory.schedules.schedule import GivenSchedule
from theory.staleness.count import Staleness
from theory.staleness.delays import read_trace

if TYPE_CHECKING:
    from experiments.check.verdict import BoundVerdict
    from experiments.problems.problem import Problem


def check(
    schedule: GivenSchedule,
    problem: str | Problem,
    *,
    staleness: int,
    steps: int,
    bounds: Sequence[str] | None = None,
    level: float = 0.05,
    tails: str = "any",
    worst_case: bool | None = None,
    out: Path | str | None = None,
    announce: Say = silent,
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
        tails: what is known of the law of |grad F|^2: any (nothing), kappa:K, bounded:M or gaussian.
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
    plans = planned(schedule, problem, staleness, steps, options)
    refuse_early(plans[-1], bounds, level)
    known = parse_tails(tails)
    for sentence in plans[-1].announcements:
        announce(sentence)
    folder = None if out is None else Path(out)
    files = [folder and folder / f"run-T{each.configuration.steps}.nc" for each in plans]
    runs = [carry_out(each, file, announce, progress) for each, file in zip(plans, files, strict=True)]
    with reporting("the verdict", quiet=not progress) as report:
        verdict = check_runs(runs, bounds, level, plan=plans[-1], tails=known, progress=report)
    if worst_case or (worst_case is None and folder is not None):
        with reporting("worst cases", quiet=not progress) as report:
            verdict = _with_rungs(verdict, runs, folder, report)
    return _kept(verdict, folder)


def _with_rungs(verdict: Verdict, runs: Sequence[Run], folder: Path | None, progress: Progress) -> Verdict:
    """The verdict with worst cases among its bounds."""
    from experiments.check.worst_case_values import find_rungs, keep_rungs, settings_of

    settings = settings_of(runs, verdict.times)
    if folder is None:
        return find_rungs(settings, progress=progress).attached(verdict)
    return keep_rungs(settings, folder, progress=progress).attached(verdict)


def check_log(
    log: Path | str,
    schedule: GivenSchedule,
    *,
    staleness: int,
    constants: Mapping[str, float],
    norm: str | None = None,
    columns: str | Mapping[str, str] | None = None,
    squared: bool = False,
    optimizer: str | None = None,
    estimates: str | Sequence[str] = (),
    bounds: Sequence[str] | None = None,
    level: float = 0.05,
    tails: str = "any",
    steps: int | None = None,
    delays: str = "constant",
    delays_file: Path | str | None = None,
    out: Path | str | None = None,
    progress: bool = False,
) -> Verdict:
    """Let a training log of your own meet what can be proved; see docs/your-training.md.

    Args:
        log: CSV, JSON lines or JSON of any logger; by default with the columns step, grad_norm[, seed, delay,
            step_size], or what `gl.Recorder` writes.
        schedule, staleness: of the training; the schedule "log" is the log's own column of step sizes.
        constants: L, Delta, sigma and, for Theorem 1, mu.
        norm: what the norms are of, full or minibatch; needed for the file of a logger.
        columns: which column holds what, as "grad_norm=train/grad_norm,step=global_step"; guessed where plain.
        squared: whether the norms are squared.
        optimizer: sgd, momentum, adam or clipping; by default what the file shows. Bounds are about sgd alone.
        estimates: names of the constants that are only estimates, which can never refute a theorem.
        bounds, level, tails: see `check`.
        steps: T, if the log must end there.
        delays: "constant", the delay s - 1, for a log without the column.
        delays_file: the trace, for a log without the column.
        out: a folder for the verdict (JSON) and the ladder (SVG, PDF); nothing is stored by default.
        progress: show progress and time left on stderr.

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
    known, names, window = parse_tails(tails), parse_columns(columns), Staleness(staleness)
    with reporting("log", quiet=not progress) as report:
        report(0, 1)
        read = read_log(log, norm=norm, columns=names, squared=squared, optimizer=optimizer)
        judged = training_log.check_log(
            read,
            schedule,
            window,
            constants,
            bounds=bounds,
            level=level,
            tails=known,
            steps=steps,
            delays=None if delays_file is None else read_trace(delays_file, read.steps, window).values,
            estimates=tuple(filter(None, estimates.split(","))) if isinstance(estimates, str) else estimates,
            progress=report,
        )
    return _kept(judged, None if out is None else Path(out))


def planned(
    schedule: GivenSchedule, problem: str | Problem, staleness: int, steps: int, options: RunOptions
) -> tuple[Plan, ...]:
    """One run, or one for every T of a grid if the schedule contains T; the one asked for is settled first."""
    last = settle(schedule, problem, staleness, steps, options)
    if not last.rule.reads_horizon or options.get("delays_file") is not None:
        return (last,)  # a trace is about T steps and no other number
    shorter = horizon_grid(steps)[:-1]
    return (*(settle(last.rule, last.problem, staleness, each, _fitting(options, each)) for each in shorter), last)


def _fitting(options: RunOptions, steps: int) -> RunOptions:
    """The options for a shorter run: the recording stride is at most its number of steps."""
    return {**options, "record_every": min(options.get("record_every", 1), steps)}


def refuse_early(settled: Plan, bounds: Sequence[str] | None, level: float) -> None:
    """Refuse before the run what the check would refuse after it."""
    checked_level(level, LEAST_LEVEL)
    bounds_looked_at(settled.constants, bounds)


def _kept(verdict: Verdict, folder: Path | None) -> Verdict:
    """The verdict, after it and its picture are stored if there is a folder for them."""
    if folder is not None:
        from figures.draw.pictures import save_ladder

        keep_json(folder / "verdict.json", verdict.to_dict())
        save_ladder(verdict, folder)
    return verdict


def show(verdict: Verdict, *, out: Path | None, told: Collection[str] = ()) -> None:
    """A verdict: the word, why, each bound, the assumptions; without the announcements that were told before."""
    print_prose(
        f"{verdict.verdict.loud} ({verdict.bound}). {verdict.sentence}",
        f"What would decide it: {verdict.would_decide}" if verdict.would_decide else "",
        _decay_text(verdict),
        *(f"Note: {sentence}" for sentence in verdict.announcements if sentence not in told),
    )
    print_text()
    print_prose(f"At T = {verdict.times[-1]} the least mean of the squared norms is {_measured(verdict)}.")
    print_prose(*_worst_cases(verdict))
    details, elsewhere = _sorted_out(verdict)
    print_table(("bound", "value", "slack", "minimum over", "verdict"), [_bound_row(detail) for detail in details])
    others = [d for d in details if str(d.verdict) != "holds" and d.name != verdict.bound]
    print_list("Why not:", [_reason(d) for d in others if d.sentence not in verdict.sentence])
    if elsewhere:
        print_prose(f"Also outside their domain here (--bound NAME says why): {', '.join(elsewhere)}.")
    print_table(
        ("assumption", "state", "how it is known"),
        [(name, state, _finding(verdict, name)) for name, state in verdict.assumptions.items()],
    )
    if out is not None:
        print_prose(f"The verdict (verdict.json) and the ladder (SVG, PDF) are in {out}.")


def _worst_cases(verdict: Verdict) -> Iterator[str]:
    """The exact worst case beside what was measured, at the last horizon that it is known at."""
    for name, over in (("worst-case", "every function"), ("worst-case-coherence", "every coherent function")):
        known = [(t, v) for t, v in zip(verdict.times, verdict.bounds.get(name, ()), strict=False) if v is not None]
        if known:
            yield f"The worst case over {over} with these constants, at T = {known[-1][0]}: {number(known[-1][1])}."


def _measured(verdict: Verdict) -> str:
    band = interval(verdict.measured_lower[-1], verdict.measured_upper[-1])
    value = verdict.measured[-1]
    # A mean that is not finite is stored as None: every seed has diverged, or one has at every recorded point.
    return unbroken(f"{'infinite' if value is None else number(value)} {band}".strip())


def _decay_text(verdict: Verdict) -> str:
    if verdict.rate is None or verdict.rate_range is None:
        return "Decay: no exponent, which needs two horizons with positive gradient norms."
    first, last = verdict.rate_range
    band = interval(*verdict.rate_interval, 3) if verdict.rate_interval else ""
    bound = "" if verdict.bound_rate is None else f"; the bound as T^{number(verdict.bound_rate, 3)}"
    measured = unbroken(f"T^{number(verdict.rate, 3)} {band}".strip())
    derived = f" As T grows, {verdict.bound}: {verdict.derived_rate}." if verdict.derived_rate else ""
    return f"Decay: the measured minimum goes as {measured} over T = {first}..{last}{bound}.{derived}"


def _bound_row(detail: BoundVerdict) -> tuple[str, ...]:
    word = detail.verdict.loud
    return (detail.name, number(detail.value), number(detail.slack_min, 3), minimum_over(detail.iterates), word)


def _sorted_out(verdict: Verdict) -> tuple[list[BoundVerdict], list[str]]:
    """The bounds that are told one by one, and the names of published ones that merely do not apply."""
    from theory.bounds import get

    details = verdict.bounds_detail
    told = {name for name in details if details[name].value is not None or name == verdict.bound or get(name).on_ladder}
    if len(told) < 2:
        told = set(details)
    return [details[name] for name in details if name in told], [name for name in details if name not in told]


def _reason(detail: BoundVerdict) -> str:
    """Why a bound does not hold here; sentences that do not open with its name get it."""
    opens = f"{detail.name} does not apply" in detail.sentence
    return detail.sentence if opens else f"{detail.name}: {detail.sentence}"


def _finding(verdict: Verdict, name: str) -> str:
    """How the state of an assumption is known; a domain's is told by its bound."""
    bound = verdict.bounds_detail.get(name.removeprefix("domain of "))
    if bound is None:
        return verdict.findings.get(name, "")
    if bound.value is not None:
        return "every side condition holds"
    return "told above" if bound.name == verdict.bound else bound.sentence
