"""`gradlag compare`: several schedules, or methods, on one problem, in one table and one picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from experiments.check.check import check as check_runs
from experiments.check.verdict import Verdict
from experiments.common.progress import reporting
from experiments.problems.problem import Problem
from experiments.runs.configuration import RunOptions
from experiments.statistics.tails import parse_tails
from gradlag.commands.check import planned, refuse_early
from gradlag.commands.run import carry_out
from gradlag.terminal.output import interval, keep_json, number, print_prose, print_table, silent
from theory.common.errors import InputError
from theory.common.shown import Shown
from theory.common.types import Say
from theory.methods.registry import parse_method
from theory.schedules.schedule import GivenSchedule, parse_schedule


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Shown):
    """Several schedules or methods on one problem: a verdict each.

    Args:
        verdicts: what is compared -> verdict: the schedule, the method, or both where both differ.
        picture: where the picture is, if it was asked for.
        asked: what is compared -> schedule and method.
    """

    verdicts: Mapping[str, Verdict]
    picture: Path | None
    asked: Mapping[str, tuple[str, str]]

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints: the verdicts by schedule, and the picture."""
        told = {text: dict(zip(("schedule", "method"), self.asked[text], strict=True)) for text in self.verdicts}
        return {
            "schedules": [told[text] | verdict.to_dict() for text, verdict in self.verdicts.items()],
            "picture": None if self.picture is None else str(self.picture),
        }

    def __repr__(self) -> str:
        return "\n".join(
            f"{text}: {verdict.verdict} ({verdict.bound}), measured {number(verdict.measured[-1])} "
            f"{interval(verdict.measured_lower[-1], verdict.measured_upper[-1])}"
            for text, verdict in self.verdicts.items()
        )


def compare(
    schedules: Sequence[GivenSchedule],
    problem: str | Problem,
    *,
    staleness: int,
    steps: int,
    level: float = 0.05,
    tails: str = "any",
    methods: Sequence[str] | None = None,
    out: Path | str | None = None,
    announce: Say = silent,
    progress: bool = False,
    **options: Unpack[RunOptions],
) -> Comparison:
    """Check several schedules, or methods, on one problem with the same seeds and delays.

    Args:
        schedules: two or more, all different; one is enough where there are several methods.
        methods: each with each schedule; by default the one of `method`.
        problem, staleness, steps, level, tails, announce, progress, **options: see `check`.
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
    rules = [each if isinstance(each, str) else parse_schedule(each, steps) for each in schedules]
    texts = [each if isinstance(each, str) else each.text for each in rules]
    named = [parse_method(each).text for each in methods or [options.get("method", "delayed")]]
    if len(set(texts)) < len(texts) or len(set(named)) < len(named) or len(texts) * len(named) < 2:
        got = ", ".join([*texts, *(named if methods else ())]) or "none"
        hint = _OR_METHODS if methods else ""
        raise InputError(f"A comparison needs two or more different schedules. Got {got}.{hint}")
    asked = {_label(t, m, texts, named): (t, m) for t in texts for m in named}
    taken = dict(zip(texts, rules, strict=True))
    wanted = {
        label: planned(taken[text], problem, staleness, steps, {**options, "method": method})
        for label, (text, method) in asked.items()
    }
    for text, plans in wanted.items():
        refuse_early(plans[-1], None, level)
        for sentence in plans[-1].announcements:
            announce(f"{text}: {sentence}")
    folder, known = None if out is None else Path(out), parse_tails(tails)
    verdicts = {}
    for text, plans in wanted.items():
        runs = [carry_out(each, folder and folder / f"run-{each.key[:12]}.nc", announce, progress) for each in plans]
        with reporting(f"the verdict on {text}", quiet=not progress) as report:
            verdicts[text] = check_runs(runs, None, level, plan=plans[-1], tails=known, progress=report)
    return Comparison(verdicts, None if folder is None else _keep(verdicts, folder), asked)


_OR_METHODS = " Or give one schedule and two or more different methods (--method, repeated)."


def _label(schedule: str, method: str, schedules: Sequence[str], methods: Sequence[str]) -> str:
    """What tells one from the others."""
    if len(methods) == 1:
        return schedule
    return method if len(schedules) == 1 else f"{schedule}, {method}"


def _keep(verdicts: Mapping[str, Verdict], folder: Path) -> Path:
    from figures.draw.pictures import save_comparison

    keep_json(folder / "comparison.json", {text: verdict.to_dict() for text, verdict in verdicts.items()})
    return save_comparison(verdicts, folder)


def show(comparison: Comparison) -> None:
    """Several schedules or methods in one table."""
    any_verdict = next(iter(comparison.verdicts.values()))
    print_prose(f"At T = {any_verdict.times[-1]}, {any_verdict.seeds} seeds, level {any_verdict.level:g}:")
    print_table(
        (_heading(comparison), "measured", "band", "bound", "value", "slack", "decay", "verdict"),
        [_row(text, verdict) for text, verdict in comparison.verdicts.items()],
    )
    print_prose(*_remarks(comparison))
    if comparison.picture is not None:
        print_prose(f"The picture is {comparison.picture}.")


def _heading(comparison: Comparison) -> str:
    """What the first column holds."""
    schedules, methods = (set(column) for column in zip(*comparison.asked.values(), strict=True))
    return "schedule" if len(methods) == 1 else "method" if len(schedules) == 1 else "schedule, method"


def _row(schedule: str, verdict: Verdict) -> tuple[str, ...]:
    deciding = verdict.bounds_detail[verdict.bound]
    value = verdict.measured[-1]
    return (
        schedule,
        "infinite" if value is None else number(value, 3),
        interval(verdict.measured_lower[-1], verdict.measured_upper[-1], 2),
        verdict.bound if deciding.value is not None else "none",
        number(deciding.value, 3),
        number(verdict.slack_min, 3),
        number(verdict.rate, 3),
        verdict.verdict.loud,
    )


def _remarks(comparison: Comparison) -> Iterator[str]:
    """Why a schedule has no verdict that holds, and which seeds diverged."""
    for schedule, verdict in comparison.verdicts.items():
        if str(verdict.verdict) != "holds" or verdict.diverged.seeds:
            yield f"{schedule}: {verdict.sentence}"
