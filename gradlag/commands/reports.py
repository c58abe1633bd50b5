"""What the command prints of runs, verdicts and comparisons."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradlag.terminal.output import interval, number, print_list, print_prose, print_table, print_text, unbroken

if TYPE_CHECKING:
    from experiments.check.verdict import BoundVerdict, Verdict
    from experiments.runs.run import Run
    from gradlag.commands.api import Comparison

_MARKS = {
    "holds": "HOLDS",
    "violated": "VIOLATED",
    "assumption_broken": "ASSUMPTION BROKEN",
    "undecided": "UNDECIDED",
    "not_applicable": "does not apply",
}


def summarise_run(run: Run, path: Path) -> dict[str, Any]:
    """A stored run in a few numbers."""
    means = run.gradient_norm_squared.mean(axis=0)
    least = int(np.argmin(means))
    diverged = run.diverged_at[run.diverged_at >= 0]
    return {
        "file": str(path),
        "key": run.configuration.key,
        "problem": run.configuration.problem,
        "schedule": run.configuration.schedule,
        "staleness": run.configuration.staleness,
        "steps": run.configuration.steps,
        "seeds": len(run.configuration.seeds),
        "measured_minimum": float(means[least]),
        "minimum_at": int(run.time[least]),
        "diverged": int(diverged.size),
        "first_divergence": int(diverged.min()) if diverged.size else None,
        "seconds": float(run.data.attrs["seconds"]),
    }


def print_run(summary: Mapping[str, Any]) -> None:
    """The summary of a stored run."""
    print_prose(
        f"{summary['seeds']} seeds of {summary['steps']} steps on {summary['problem']}, stored in {summary['file']}.",
        f"The least mean of |grad F|^2 is {number(summary['measured_minimum'])}, at k = {summary['minimum_at']}.",
        _divergence_text(summary["diverged"], summary["first_divergence"]),
    )
    print_text(f"xarray.open_dataset({summary['file']!r}, engine='h5netcdf') opens it.")


def print_verdict(verdict: Verdict, out: Path | None, told: Collection[str] = ()) -> None:
    """A verdict: the word, why, each bound, the assumptions; without the announcements that were told before."""
    print_prose(
        f"{_MARKS[str(verdict.verdict)]} ({verdict.bound}). {verdict.sentence}",
        f"What would decide it: {verdict.would_decide}" if verdict.would_decide else "",
        _divergence_text(verdict.diverged.seeds, verdict.diverged.first),
        _decay_text(verdict),
        *(f"Note: {sentence}" for sentence in verdict.announcements if sentence not in told),
    )
    print_text()
    print_prose(f"At T = {verdict.times[-1]} the least mean of |grad F|^2 is {_measured(verdict)}.")
    print_prose(*_worst_cases(verdict))
    details, elsewhere = _sorted_out(verdict)
    print_table(("bound", "value", "slack", "minimum over", "verdict"), [_bound_row(detail) for detail in details])
    print_list("Why not:", [_reason(d) for d in details if str(d.verdict) != "holds" and d.name != verdict.bound])
    if elsewhere:
        print_prose(f"Also outside their domain here (--bound NAME says why): {', '.join(elsewhere)}.")
    print_table(
        ("assumption", "state", "how it is known"),
        [(name, state, _finding(verdict, name)) for name, state in verdict.assumptions.items()],
    )
    if out is not None:
        print_prose(f"The verdict (verdict.json) and the ladder (SVG, PDF) are in {out}.")


def print_comparison(comparison: Comparison) -> None:
    """Several schedules in one table."""
    any_verdict = next(iter(comparison.verdicts.values()))
    print_prose(f"At T = {any_verdict.times[-1]}, {any_verdict.seeds} seeds, level {any_verdict.level:g}:")
    print_table(
        ("schedule", "measured", "band", "bound", "value", "slack", "decay", "verdict"),
        [_comparison_row(text, verdict) for text, verdict in comparison.verdicts.items()],
    )
    print_prose(*_remarks(comparison))
    if comparison.picture is not None:
        print_prose(f"The picture is {comparison.picture}.")


def _divergence_text(seeds: int, first: int | None) -> str:
    return f"Diverged: {seeds} {'seed' if seeds == 1 else 'seeds'}, the first at step {first}." if seeds else ""


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
    return f"Decay: the measured minimum goes as {measured} over T = {first}..{last}{bound}."


def _bound_row(detail: BoundVerdict) -> tuple[str, ...]:
    word = _MARKS[str(detail.verdict)]
    return (detail.name, number(detail.value), number(detail.slack_min, 3), detail.iterates, word)


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


def _comparison_row(schedule: str, verdict: Verdict) -> tuple[str, ...]:
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
        _MARKS[str(verdict.verdict)],
    )


def _remarks(comparison: Comparison) -> Iterator[str]:
    """Why a schedule has no verdict that holds, and which seeds diverged."""
    for schedule, verdict in comparison.verdicts.items():
        told = "" if str(verdict.verdict) == "holds" else verdict.sentence
        diverged = _divergence_text(verdict.diverged.seeds, verdict.diverged.first)
        if told or diverged:
            yield f"{schedule}: {told} {diverged}".strip()
