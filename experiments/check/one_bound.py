"""One run meets one bound: the word, the reason for it, and what would decide an open comparison."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from experiments.check.assumptions import Examined, State, broken
from experiments.check.evidence import Evidence
from experiments.check.verdict import BoundVerdict, Decision
from experiments.common.constants import Known
from experiments.statistics.comparison import MeanComparison, Outcome, compare, compare_exactly
from experiments.statistics.decay import running_minimum
from experiments.statistics.intervals import mean
from theory.bounds import Bound, Failure
from theory.bounds.parts.assumptions import COHERENCE
from theory.common.types import Floats, Ints

# Seeds at which a first run usually decides.
_USUAL_SEEDS = 32
_FINER = "Recording every step (--record-every 1)."
_WORDS = {
    Outcome.BELOW: "is below",
    Outcome.ABOVE: "is above",
    Outcome.UNDECIDED: "cannot be told to be above or below",
}


def judge_bound(
    evidence: Evidence,
    bound: Bound,
    findings: Mapping[str, Examined],
    level: float,
    horizons: Ints,
    values: Floats,
) -> BoundVerdict:
    """What the evidence says of one bound, whose curve over the horizons is `values`."""
    value, failures = bound.assess(evidence.setting)
    if value is None:
        return _outside_domain(bound, failures)
    comparison = _compare(evidence, bound, value, level)
    contradicted = broken(findings, tuple(assumption.name for assumption in bound.assumptions))
    decision, reason = _decision(evidence, bound, comparison, contradicted, findings)
    told, open_ = _compared(evidence, bound, value, comparison, level), decision is Decision.UNDECIDED
    return BoundVerdict(
        name=bound.name,
        iterates=bound.iterates,
        verdict=decision,
        numbers=comparison.outcome,
        value=value,
        slack_min=_slack(evidence, bound, horizons, values),
        broken=tuple(finding.name for finding in contradicted),
        sentence=f"{reason} {told}".strip(),
        would_decide=_would_decide(evidence, bound, value, comparison, level) if open_ else None,
    )


def _outside_domain(bound: Bound, failures: tuple[Failure, ...]) -> BoundVerdict:
    sentence = failures[0].sentence()
    return BoundVerdict(
        bound.name,
        bound.iterates,
        Decision.ASSUMPTION_BROKEN,
        Outcome.UNDECIDED,
        None,
        None,
        (f"domain of {bound.name}",),
        sentence,
    )


def _compare(evidence: Evidence, bound: Bound, value: float, level: float) -> MeanComparison:
    """The comparison alone, at the points that the bound covers."""
    covered, floor = evidence.covered(bound.covers_last), evidence.floor
    # Without a floor nothing is known between recorded points: zero is the only lower bound.
    between = np.zeros((covered.shape[0], 1)) if floor is None else floor
    if evidence.deterministic:
        return compare_exactly(covered, between, value, evidence.margin)
    if covered.shape[0] < 2 or evidence.copies:
        return MeanComparison(Outcome.UNDECIDED)
    return compare(covered, between, value, level)


def _decision(
    evidence: Evidence,
    bound: Bound,
    comparison: MeanComparison,
    contradicted: tuple[Examined, ...],
    findings: Mapping[str, Examined],
) -> tuple[Decision, str]:
    """The word, and the reason that stands before the comparison."""
    estimates = evidence.estimated(bound.constants)
    taken = f"Given the estimated {' and '.join(estimates)}:" if estimates else ""
    if contradicted:
        return Decision.ASSUMPTION_BROKEN, contradicted[0].sentence
    if comparison.outcome is Outcome.BELOW:
        return Decision.HOLDS, taken
    if comparison.outcome is Outcome.UNDECIDED:
        return Decision.UNDECIDED, taken
    if estimates:
        return Decision.UNDECIDED, f"An estimate cannot refute a theorem. {taken}"
    if bound.needs_coherence and findings[COHERENCE.name].state is State.UNKNOWN:
        return Decision.UNDECIDED, findings[COHERENCE.name].sentence
    given = [name for name in bound.constants if evidence.constants[name].known is Known.GIVEN]
    return Decision.VIOLATED, f"Taking {', '.join(given)} as given by the user:" if given else ""


def _slack(evidence: Evidence, bound: Bound, horizons: Ints, values: Floats) -> float | None:
    """Smallest bound / measured over the horizons at which both exist and something was measured."""
    last = horizons if bound.covers_last else horizons - 1
    measured = running_minimum(mean(evidence.values), evidence.times, last)
    usable = np.isfinite(values) & np.isfinite(measured) & (measured > 0)
    return float((values[usable] / measured[usable]).min()) if usable.any() else None


def _compared(evidence: Evidence, bound: Bound, value: float, comparison: MeanComparison, level: float) -> str:
    """What was compared, and how it came out."""
    covered = evidence.covered(bound.covers_last)
    least = float(mean(covered).min())
    how = f"exact up to a relative rounding of {evidence.margin:.1e}" if evidence.deterministic else f"level {level:g}"
    count = "no noise" if evidence.deterministic else f"{len(evidence.seeds)} seeds"
    return (
        f"The least mean squared gradient norm over {bound.iterates}, measured as {least:.4g}, "
        f"{_WORDS[comparison.outcome]} the {value:.4g} that {bound.name} allows ({count}, {how})."
    )


def _would_decide(evidence: Evidence, bound: Bound, value: float, comparison: MeanComparison, level: float) -> str:
    """What would decide an open comparison."""
    estimates = evidence.estimated(bound.constants)
    if comparison.outcome is Outcome.ABOVE and estimates:
        return f"A proved value of {' and '.join(estimates)}, given with --constants."
    if comparison.outcome is Outcome.ABOVE:
        return "The coherence at every point: a run that records every step (--record-every 1)."
    if evidence.deterministic:
        return _finer(evidence) or "Nothing that a run can show: the two agree up to rounding."
    if len(evidence.seeds) < 2 or evidence.copies:
        return f"More seeds: one noisy run says nothing of a mean. {_USUAL_SEEDS} usually suffice (--seeds)."
    if _above_where_recorded(evidence, bound, value, level):
        return f"{_FINER} The recorded points are above the bound; those between them are not known to be."
    return _seeds_sentence(evidence, comparison)


def _finer(evidence: Evidence) -> str | None:
    return None if evidence.complete else _FINER


def _above_where_recorded(evidence: Evidence, bound: Bound, value: float, level: float) -> bool:
    covered = evidence.covered(bound.covers_last)
    return not evidence.complete and compare(covered, covered[:, :0], value, level).outcome is Outcome.ABOVE


def _seeds_sentence(evidence: Evidence, comparison: MeanComparison) -> str:
    if comparison.seeds_needed is None:
        return f"More seeds; how many cannot be told from {len(evidence.seeds)}. Try {4 * len(evidence.seeds)}."
    return (
        f"About {comparison.seeds_needed} seeds in place of {len(evidence.seeds)} "
        "(the interval shrinks with the square root of their number)."
    )
