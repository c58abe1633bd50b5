"""One run meets one bound: the word, the reason for it, and what would decide an open comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from experiments.check.comparison_in_words import compared, more_seeds, seeds_flag
from experiments.check.evidence import Evidence
from experiments.check.findings.assumptions import broken
from experiments.check.findings.examined import Examined, State
from experiments.check.verdict import BoundVerdict, Decision
from experiments.statistics.comparison import MeanComparison, Outcome, Points, compare, compare_exactly, compare_start
from experiments.statistics.decay import running_minimum
from experiments.statistics.intervals import mean
from experiments.statistics.tails import Bounded, Tails
from theory.bounds import Bound
from theory.bounds.parts.assumptions import COHERENCE
from theory.common.types import Floats, Ints

# Seeds at which a first run usually decides.
_USUAL_SEEDS = 32


def judge_bound(
    evidence: Evidence,
    bound: Bound,
    findings: Mapping[str, Examined],
    level: tuple[float, int],
    tails: Tails,
    horizons: Ints,
    values: Floats,
) -> BoundVerdict:
    """What the evidence says of one bound with this curve over the horizons, at a level that so many claims share."""
    value, failures = (None, ()) if evidence.uncovered else bound.assess(evidence.setting)
    if value is None:
        return _outside_domain(bound, evidence.uncovered or failures[0].sentence())
    comparison = _compare(evidence, bound, value, level, tails)
    if _unseen(evidence, bound) and comparison.outcome is Outcome.ABOVE:
        comparison = MeanComparison(Outcome.UNDECIDED)
    contradicted = broken(findings, tuple(assumption.name for assumption in bound.assumptions))
    decision, reason = _decision(evidence, bound, comparison, contradicted, findings)
    tested = level[0] / (1 if comparison.outcome is Outcome.BELOW else level[1])
    told, open_ = compared(evidence, bound, value, comparison, tested, tails), decision is Decision.UNDECIDED
    return BoundVerdict(
        name=bound.name,
        iterates=bound.iterates,
        verdict=decision,
        numbers=comparison.outcome,
        value=value,
        slack_min=_slack(evidence, bound, horizons, values),
        broken=tuple(finding.name for finding in contradicted),
        sentence=f"{reason} {told}".strip(),
        would_decide=_would_decide(evidence, bound, value, comparison, level, tails) if open_ else None,
        statistic=comparison.statistic,
        test=comparison.test,
        p_value=comparison.p_value,
        kappa=comparison.kappa,
        sample_kappa=comparison.sample_kappa,
    )


def _outside_domain(bound: Bound, sentence: str) -> BoundVerdict:
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


def _unseen(evidence: Evidence, bound: Bound) -> bool:
    """Whether the minimum runs over gradients too that no run records: at points that mix blocks."""
    return bound.covers_reads and evidence.setting.apart


def _compare(evidence: Evidence, bound: Bound, value: float, level: tuple[float, int], tails: Tails) -> MeanComparison:
    """The comparison alone, at the points that the bound covers."""
    least, most = evidence.limits(bound.covers_last)
    if evidence.deterministic:
        low, high = (compare_exactly(v, _between(evidence), value, evidence.margin) for v in (least, most))
        return low if low.outcome is high.outcome else MeanComparison(Outcome.UNDECIDED)
    if least.shape[0] < 2 or evidence.copies:
        start, again = (compare_start(_points(evidence, bound, values), value) for values in (least, most))
        nothing = MeanComparison(Outcome.UNDECIDED, test="none: one noisy seed says nothing of a mean")
        return start if start and again and start.outcome is again.outcome else nothing
    found = compare(_points(evidence, bound, _within(most, evidence, tails)), value, level[0], tails, level[1])
    if found.outcome is Outcome.BELOW or not (evidence.excess or least is not most):
        return found
    if np.isfinite(evidence.excess):
        above = compare(_points(evidence, bound, least), value + evidence.excess, level[0], tails, level[1])
        if above.outcome is Outcome.ABOVE:
            return above
    return replace(found, outcome=Outcome.UNDECIDED, seeds_needed=None, fewest=None)


def _within(most: Floats, evidence: Evidence, tails: Tails) -> Floats:
    """The largest values that rounding leaves, none of them beyond what the user says that all are within."""
    if not isinstance(tails, Bounded):
        return most
    return np.minimum(most, np.maximum(evidence.values[:, : most.shape[1]], tails.number))


def _between(evidence: Evidence) -> Floats:
    """Lower bounds (S, G) between recorded points; without a floor zero is the only one."""
    return np.zeros((len(evidence.seeds), 1)) if evidence.floor is None else evidence.floor


def _points(evidence: Evidence, bound: Bound, covered: Floats) -> Points:
    """What is known of the points that the bound covers, with the weights of its proof."""
    floor = _between(evidence)
    times, weights = evidence.times, bound.weigh(evidence.setting)
    sums = None if weights is None else np.concatenate([[0.0], np.cumsum(weights)])
    gaps = np.flatnonzero(np.diff(times) > 1)
    in_gaps = None
    if sums is not None:
        in_gaps = np.zeros(1) if evidence.floor is None else sums[times[gaps + 1]] - sums[times[gaps] + 1]
    recorded = None if weights is None else weights[times[: covered.shape[1]]]
    return Points(covered, floor, recorded, in_gaps, bool(times[0] == 0) and not evidence.excess, evidence.distinct)


def _decision(
    evidence: Evidence,
    bound: Bound,
    comparison: MeanComparison,
    contradicted: tuple[Examined, ...],
    findings: Mapping[str, Examined],
) -> tuple[Decision, str]:
    """The word, and the reason that stands before the comparison."""
    estimates = evidence.estimated(bound.constants)
    if contradicted:
        return Decision.ASSUMPTION_BROKEN, contradicted[0].sentence
    if comparison.outcome is Outcome.BELOW:
        return Decision.HOLDS, ""
    if comparison.outcome is Outcome.UNDECIDED:
        return Decision.UNDECIDED, ""
    if estimates:
        return Decision.UNDECIDED, "An estimate cannot refute a theorem."
    if bound.needs_coherence and findings[COHERENCE.name].state is State.UNKNOWN:
        return Decision.UNDECIDED, findings[COHERENCE.name].sentence
    return Decision.VIOLATED, ""


def _slack(evidence: Evidence, bound: Bound, horizons: Ints, values: Floats) -> float | None:
    """Smallest bound / measured over the horizons at which both exist and something was measured."""
    last = horizons if bound.covers_last else horizons - 1
    measured = running_minimum(mean(evidence.values), evidence.times, last)
    usable = np.isfinite(values) & np.isfinite(measured) & (measured > 0)
    return float((values[usable] / measured[usable]).min()) if usable.any() else None


def _would_decide(
    evidence: Evidence, bound: Bound, value: float, comparison: MeanComparison, level: tuple[float, int], tails: Tails
) -> str:
    """What would decide an open comparison."""
    if _unseen(evidence, bound):
        return "The gradients at the points that were read, of blocks of several, which no run records."
    estimates = evidence.estimated(bound.constants)
    if comparison.outcome is Outcome.ABOVE and estimates:
        flag = ",".join(f"{name}=NUMBER" for name in estimates)
        return f"A proved value of {' and '.join(estimates)} (--constants {flag})."
    if comparison.outcome is Outcome.ABOVE:
        unseen = f"The coherence at every point, which the {'run' if evidence.simulated else 'log'} does not show"
        return f"{unseen}. {_finer(evidence)}" if evidence.simulated and not evidence.complete else f"{unseen}."
    if evidence.deterministic:
        return "Nothing that a run can show: the two agree up to rounding." if evidence.complete else _finer(evidence)
    if evidence.copies:
        exact = " If the gradient is exact, write gradient(x), without a generator." if evidence.simulated else ""
        alike = f"all {len(evidence.seeds)} are alike, and copies of one run say nothing of a mean"
        return f"Runs that differ: {alike}.{exact}"
    if len(evidence.seeds) < 2 and evidence.excess < value:
        how = seeds_flag(evidence, _USUAL_SEEDS)
        return f"More seeds{how}: one noisy run says nothing of a mean; {_USUAL_SEEDS} usually suffice."
    if not evidence.complete and _above_where_recorded(evidence, bound, value, level, tails):
        return f"{_finer(evidence)} The recorded points are above the bound; those between them are not known to be."
    if _hidden_by_rounding(evidence, bound, value, level, tails):
        return "Norms printed with more digits: as they are printed they decide, and what was rounded off does not."
    if evidence.excess >= value:
        return (
            "Norms of the full gradient, or products of two half batches (grad_product): minibatches carry up to "
            f"{evidence.excess:.4g} of noise, and the bound is {value:.4g}, so that more seeds may never show that it "
            "holds."
        )
    if evidence.excess and comparison.ratio > 1:
        return "Norms of the full gradient: what is above the bound may be the noise of the minibatches."
    return more_seeds(evidence, comparison, tails)


def _hidden_by_rounding(evidence: Evidence, bound: Bound, value: float, level: tuple[float, int], tails: Tails) -> bool:
    """Whether the norms would decide if they were what is printed."""
    least, most = evidence.limits(bound.covers_last)
    printed = _points(evidence, bound, evidence.covered(bound.covers_last))
    decides = (value, Outcome.BELOW), (value + evidence.excess, Outcome.ABOVE)
    return least is not most and any(
        np.isfinite(limit) and compare(printed, limit, level[0], tails, level[1]).outcome is word
        for limit, word in decides
    )


def _finer(evidence: Evidence) -> str:
    return f"Recording every step{' (--record-every 1)' if evidence.simulated else ' in the log'}."


def _above_where_recorded(
    evidence: Evidence, bound: Bound, value: float, level: tuple[float, int], tails: Tails
) -> bool:
    points = _points(evidence, bound, evidence.limits(bound.covers_last)[0])
    weights = None if points.weights is None else points.weights / max(points.weights.sum(), 1e-300)
    alone = replace(
        points, floor=points.floor[:, :0], weights=weights, floor_weights=weights if weights is None else weights[:0]
    )
    allowed = value + evidence.excess
    return bool(np.isfinite(allowed)) and compare(alone, allowed, level[0], tails, level[1]).outcome is Outcome.ABOVE
