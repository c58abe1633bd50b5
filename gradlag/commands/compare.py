"""`gradlag compare`: several schedules on one problem, in one table and one picture."""

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
from theory.schedules.schedule import GivenSchedule, parse_schedule


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Shown):
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
    schedules: Sequence[GivenSchedule],
    problem: str | Problem,
    *,
    staleness: int,
    steps: int,
    level: float = 0.05,
    tails: str = "any",
    out: Path | str | None = None,
    announce: Say = silent,
    progress: bool = False,
    **options: Unpack[RunOptions],
) -> Comparison:
    """Check several schedules on one problem with the same seeds and delays.

    Args:
        schedules: two or more, all different.
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
    if len(set(texts)) < max(2, len(texts)):
        raise InputError(f"A comparison needs two or more different schedules. Got {', '.join(texts) or 'none'}.")
    wanted = {text: planned(s, problem, staleness, steps, options) for text, s in zip(texts, rules, strict=True)}
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
    return Comparison(verdicts, None if folder is None else _keep(verdicts, folder))


def _keep(verdicts: Mapping[str, Verdict], folder: Path) -> Path:
    from figures.draw.pictures import save_comparison

    keep_json(folder / "comparison.json", {text: verdict.to_dict() for text, verdict in verdicts.items()})
    return save_comparison(verdicts, folder)


def show(comparison: Comparison) -> None:
    """Several schedules in one table."""
    any_verdict = next(iter(comparison.verdicts.values()))
    print_prose(f"At T = {any_verdict.times[-1]}, {any_verdict.seeds} seeds, level {any_verdict.level:g}:")
    print_table(
        ("schedule", "measured", "band", "bound", "value", "slack", "decay", "verdict"),
        [_row(text, verdict) for text, verdict in comparison.verdicts.items()],
    )
    print_prose(*_remarks(comparison))
    if comparison.picture is not None:
        print_prose(f"The picture is {comparison.picture}.")


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
