"""The words of a verdict: what was compared with what, and what would decide an open comparison."""

from __future__ import annotations

from experiments.check.evidence import Evidence
from experiments.statistics.comparison import Comparison, Outcome, compare
from experiments.statistics.intervals import mean
from theory.bounds import Bound

# Seeds at which a first run usually decides.
_USUAL_SEEDS = 32
_FINER = "Recording every step (--record-every 1)."
_WORDS = {
    Outcome.BELOW: "is below",
    Outcome.ABOVE: "is above",
    Outcome.UNDECIDED: "cannot be told to be above or below",
}


def comparison_sentence(evidence: Evidence, bound: Bound, value: float, comparison: Comparison, level: float) -> str:
    """What was compared, and how it came out."""
    covered = evidence.covered(bound.covers_last)
    least = float(mean(covered).min())
    how = f"exact up to a relative rounding of {evidence.margin:.1e}" if evidence.deterministic else f"level {level:g}"
    count = "no noise" if evidence.deterministic else f"{len(evidence.seeds)} seeds"
    return (
        f"The least mean squared gradient norm over {bound.iterates}, measured as {least:.4g}, "
        f"{_WORDS[comparison.outcome]} the {value:.4g} that {bound.name} allows ({count}, {how})."
    )


def would_decide(evidence: Evidence, bound: Bound, value: float, comparison: Comparison, level: float) -> str:
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


def _seeds_sentence(evidence: Evidence, comparison: Comparison) -> str:
    if comparison.seeds_needed is None:
        return f"More seeds; how many cannot be told from {len(evidence.seeds)}. Try {4 * len(evidence.seeds)}."
    return (
        f"About {comparison.seeds_needed} seeds in place of {len(evidence.seeds)} "
        "(the interval shrinks with the square root of their number)."
    )
