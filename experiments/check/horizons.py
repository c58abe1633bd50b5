"""Runs at several numbers of steps: the check of a schedule that depends on T itself, one run for each T.

Every run is judged at its own last step. With n of them, each is tested at 1/n of the level, so that the probability
of any wrong word stays below it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from experiments.check.assumptions import Finding, State, examine
from experiments.check.check import (
    GRAVITY,
    LEAST_LEVEL,
    announced,
    band,
    bounds_looked_at,
    decide,
    judge_bound,
    states,
    unclaimed,
)
from experiments.check.evidence import Evidence, evidence_from_run
from experiments.check.verdict import BoundVerdict, Decision, Diverged, Series, Verdict, series
from experiments.problems.problem import Problem
from experiments.runs.run import Run
from experiments.statistics.comparison import Outcome
from experiments.statistics.decay import Decay, grid_exponent, slope
from experiments.statistics.intervals import checked_level, mean
from theory.bounds import Bound
from theory.common.errors import InputError

Details = Mapping[str, BoundVerdict]
Findings = Mapping[str, Finding]


def check_horizons(
    runs: Sequence[Run],
    bounds: Sequence[str] | None = None,
    level: float = 0.05,
    *,
    problem: Problem | None = None,
    announcements: Sequence[str] = (),
) -> Verdict:
    """Compare runs of one schedule at several T with the bounds of the library, each run at its own T.

    Args:
        runs: one run for each T, alike in problem, schedule and staleness.
        bounds: names of the bounds claimed; by default as in `check`, the smallest at the largest T deciding.
        level: probability of error over all runs together.
        problem: the objective, if it is at hand.
        announcements: sentences to hand on.

    Returns:
        The verdict; `times` are the horizons, and the rate is fitted over them.

    Raises:
        InputError: no run, runs that do not belong together, and what `check` refuses.

    >>> from experiments.runs.execute import execute, plan
    >>> runs = [execute(plan("quadratic:d=3", "1/(L*sqrt(T))", 1, T, seeds=1, batch=0)) for T in (16, 64)]
    >>> check_horizons(runs).times
    (16, 64)
    """
    evidences = [evidence_from_run(run, problem) for run in _in_order(runs)]
    share = checked_level(level, LEAST_LEVEL) / len(evidences)
    findings = [examine(evidence, share) for evidence in evidences]
    looked_at = bounds_looked_at(evidences[-1].constants, bounds)
    each = [_details(evidence, found, looked_at, share) for evidence, found in zip(evidences, findings, strict=True)]
    merged = {bound.name: _merged(bound, each, evidences) for bound in looked_at}
    details = merged if bounds else {name: unclaimed(detail) for name, detail in merged.items()}
    deciding = decide(details, bounds)
    told = tuple(details.values()) if bounds else (deciding,)
    return _verdict(evidences, _worst(findings), details, deciding, told, each, level, share, announcements)


def _verdict(
    evidences: Sequence[Evidence],
    findings: Findings,
    details: Details,
    deciding: BoundVerdict,
    told: Sequence[BoundVerdict],
    each: Sequence[Details],
    level: float,
    share: float,
    announcements: Sequence[str],
) -> Verdict:
    horizons, last = np.array([evidence.steps for evidence in evidences]), evidences[-1]
    fit = grid_exponent([evidence.values for evidence in evidences], horizons)
    limits = [band(evidence, share) for evidence in evidences]
    curves = {name: series([_value(detail[name]) for detail in each]) for name in details}
    known = states(findings, told)
    return Verdict(
        verdict=deciding.verdict,
        numbers=deciding.numbers,
        bound=deciding.name,
        sentence=deciding.sentence,
        slack_min=deciding.slack_min,
        rate=fit.exponent if fit else None,
        rate_interval=fit.interval if fit else None,
        rate_range=(fit.first, fit.last) if fit else None,
        bound_rate=_bound_rate(horizons, curves[deciding.name], fit),
        assumptions=known,
        findings={name: findings[name].sentence for name in known if name in findings},
        times=tuple(int(t) for t in horizons),
        measured=series([mean(evidence.values).min() for evidence in evidences]),
        measured_lower=series([lower.min() for lower, _ in limits]),
        measured_upper=series([upper[-1] for _, upper in limits]),
        bounds=curves,
        would_decide=deciding.would_decide,
        level=level,
        seeds=len(last.seeds),
        iterates=deciding.iterates,
        constants=dict(last.constants),
        announcements=tuple(dict.fromkeys([*announcements, *(s for e in evidences for s in _announced(e))])),
        diverged=_diverged(evidences),
        bounds_detail=details,
        rounding_margin=last.margin if last.deterministic else None,
    )


def _in_order(runs: Sequence[Run]) -> list[Run]:
    if not runs:
        raise InputError("A check over several T needs at least one run. Got none.")
    ordered = sorted(runs, key=lambda run: run.configuration.steps)
    alike = {(run.configuration.problem, run.configuration.schedule, run.configuration.staleness) for run in runs}
    if len(alike) > 1:
        raise InputError(f"Runs over several T must share problem, schedule and staleness. Got {sorted(alike)}.")
    steps = [run.configuration.steps for run in ordered]
    if len(set(steps)) < len(steps):
        raise InputError(f"Runs over several T must differ in T. Got {steps}.")
    return ordered


def _details(evidence: Evidence, findings: Findings, bounds: Sequence[Bound], level: float) -> Details:
    end = np.array([evidence.steps])
    judged = (judge_bound(evidence, b, findings, level, end, _curve_end(evidence, b)) for b in bounds)
    return {detail.name: detail for detail in judged}


def _curve_end(evidence: Evidence, bound: Bound) -> NDArray[np.float64]:
    return np.array([_finite(bound.assess(evidence.setting)[0])])


def _finite(value: float | None) -> float:
    return np.nan if value is None else value


def _value(detail: BoundVerdict) -> float:
    return _finite(detail.value)


def _merged(bound: Bound, each: Sequence[Details], evidences: Sequence[Evidence]) -> BoundVerdict:
    """One verdict over all T: that of the gravest; the numbers are below only where they are at every T."""
    parts = [details[bound.name] for details in each]
    gravest = min(range(len(parts)), key=lambda i: GRAVITY.index(parts[i].verdict))
    outcomes = {part.numbers for part in parts}
    numbers = Outcome.ABOVE if Outcome.ABOVE in outcomes else outcomes.pop() if len(outcomes) == 1 else _OPEN
    slacks = [part.slack_min for part in parts if part.slack_min is not None]
    everywhere = all(part.value is not None for part in parts)
    every = parts[gravest].verdict is Decision.HOLDS
    where = "At every T; at the largest: " if every else f"At T = {evidences[gravest].steps}: "
    return replace(
        parts[-1] if every else parts[gravest],
        numbers=numbers,
        value=parts[-1].value if everywhere else None,
        slack_min=min(slacks) if slacks else None,
        broken=tuple(dict.fromkeys(name for part in parts for name in part.broken)),
        sentence=where + (parts[-1] if every else parts[gravest]).sentence,
    )


_OPEN = Outcome.UNDECIDED


def _worst(findings: Sequence[Findings]) -> Findings:
    """For every assumption the gravest of its findings."""
    order = (State.BROKEN, State.UNKNOWN, State.OK)
    return {name: min((found[name] for found in findings), key=lambda f: order.index(f.state)) for name in findings[0]}


def _bound_rate(horizons: NDArray[np.int64], values: Series, fit: Decay | None) -> float | None:
    if fit is None:
        return None
    limits = np.array([_finite(value) for value in values])
    within = (horizons >= fit.first) & np.isfinite(limits) & (limits > 0)
    return float(slope(horizons[within], limits[within])) if within.sum() > 1 else None


def _announced(evidence: Evidence) -> tuple[str, ...]:
    """What should be known; that the schedule depends on T is no news here."""
    return announced(replace(evidence, reads_horizon=False))


def _diverged(evidences: Sequence[Evidence]) -> Diverged:
    steps = [e.diverged_at[e.diverged_at >= 0] for e in evidences if e.diverged_at is not None]
    found = np.concatenate(steps) if steps else np.empty(0, dtype=np.int64)
    return Diverged(int(found.size), int(found.min()) if found.size else None)
