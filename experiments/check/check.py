r"""A run meets a bound: the verdict.

A bound says that the least of the means $m_k=\mathbb E\|\nabla F(x_k)\|^2$ over its points is at most B. It is violated
if every mean is above B, it holds if some mean is below, and neither where the seeds cannot tell. If the run
contradicts an assumption that the bound makes, the comparison says nothing of the theorem, and the verdict names it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from experiments.check.assumptions import IN_EXPECTATION, Finding, State, broken, examine
from experiments.check.evidence import Evidence, evidence_from_run
from experiments.check.explain import comparison_sentence, would_decide
from experiments.check.verdict import BoundVerdict, Decision, Diverged, Verdict, series
from experiments.problems.problem import Known, Problem
from experiments.runs.run import Run
from experiments.statistics.comparison import Comparison, Outcome, compare, compare_exactly, running_upper_bound
from experiments.statistics.decay import Decay, decay_exponent, log_spaced, running_minimum, slope
from experiments.statistics.intervals import checked_level, lower_bound, mean
from theory.bounds import REGISTRY, Bound, Failure, get
from theory.bounds.judging.judge import curve
from theory.bounds.parts.assumptions import COHERENCE
from theory.common.errors import InputError
from theory.common.types import Floats, Ints

HORIZONS = 60
LEAST_LEVEL = 1e-3


def check(
    run: Run,
    bounds: Sequence[str] | None = None,
    level: float = 0.05,
    *,
    problem: Problem | None = None,
    announcements: Sequence[str] = (),
) -> Verdict:
    r"""Compare a run with the bounds of the library.

    $$\min_k m_k\le B,\qquad m_k=\mathbb E\|\nabla F(x_k)\|^2$$

    Args:
        run: what was simulated.
        bounds: names of the bounds claimed, every one of which must hold; by default the smallest coherence-free bound
            whose domain holds decides, and the others are reported, with those of Theorem 1 when mu has a value.
        level: probability of error of "violated", and of "holds".
        problem: the objective, if it is at hand; otherwise it is rebuilt.
        announcements: sentences to hand on.

    Returns:
        The verdict.

    Raises:
        InputError: an unknown bound, a constant without a value that a bound needs, a level outside [0.001, 0.5].

    Source: "violated" tests every k at the full level, an intersection-union test; "holds" chooses k on one half of the
        seeds and tests it on the other, both ways round, each at half the level.

    >>> from experiments.runs.execute import execute, plan
    >>> run = execute(plan("quadratic:d=3", "1/(s*L)", staleness=2, steps=50, seeds=8, batch=0))
    >>> check(run, ["theorem-b"]).verdict
    <Decision.HOLDS: 'holds'>
    """
    return check_evidence(evidence_from_run(run, problem), bounds, level, announcements)


def check_evidence(
    evidence: Evidence,
    bounds: Sequence[str] | None = None,
    level: float = 0.05,
    announcements: Sequence[str] = (),
) -> Verdict:
    """Compare evidence, whatever it comes from, with the bounds of the library; see `check`."""
    findings = examine(evidence, checked_level(level, LEAST_LEVEL))
    horizons = log_spaced(1, evidence.steps, HORIZONS)
    looked_at = bounds_looked_at(evidence.constants, bounds)
    curves = {bound.name: curve(bound, evidence.setting, horizons) for bound in looked_at}
    judged = (judge_bound(evidence, bound, findings, level, horizons, curves[bound.name]) for bound in looked_at)
    details = {detail.name: detail if bounds else unclaimed(detail) for detail in judged}
    deciding = decide(details, bounds)
    fit = None if evidence.reads_horizon else decay_exponent(evidence.values, evidence.times)
    lower, upper = band(evidence, level)
    told = tuple(details.values()) if bounds else (deciding,)
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
        assumptions=states(findings, told),
        findings={name: findings[name].sentence for name in states(findings, told) if name in findings},
        times=tuple(int(t) for t in horizons),
        measured=series(running_minimum(mean(evidence.values), evidence.times, horizons)),
        measured_lower=series(running_minimum(lower, evidence.times, horizons)),
        measured_upper=series(at_horizons(upper, evidence.times, horizons)),
        bounds={name: series(values) for name, values in curves.items()},
        would_decide=deciding.would_decide,
        level=level,
        seeds=len(evidence.seeds),
        iterates=deciding.iterates,
        constants=dict(evidence.constants),
        announcements=(*announcements, *announced(evidence)),
        diverged=_diverged(evidence),
        bounds_detail=details,
        rounding_margin=evidence.margin if evidence.deterministic else None,
    )


def bounds_looked_at(constants: Collection[str], names: Sequence[str] | None) -> tuple[Bound, ...]:
    """The bounds named, or all coherence-free ones, with the others when mu has a value; each once.

    Raises:
        InputError: an unknown name, or a constant without a value that a bound needs.
    """
    with_mu = "mu" in constants
    # Bounds that ask for constants of their own, such as the moments of a delay law, must be named.
    default = (n for n, bound in REGISTRY.items() if not bound.given and (with_mu or not bound.needs_coherence))
    chosen = tuple(get(name) for name in dict.fromkeys(names or default))
    for bound in chosen:
        missing = [name for name in bound.constants if name not in constants]
        if missing and missing[0] in bound.given:
            raise InputError(
                f"{bound.name} needs {missing[0]}, which is no constant of a run, so that no run can meet it. "
                f"`gradlag bounds {bound.name} --python` prints how to evaluate it."
            )
        if missing:
            raise InputError(
                f"{bound.name} needs the constant {missing[0]}, which has no value here. "
                f"Give it with --constants {missing[0]}=NUMBER."
            )
    return chosen


def decide(details: Mapping[str, BoundVerdict], claimed: Sequence[str] | None) -> BoundVerdict:
    """The bound that decides: the gravest among those claimed, or the smallest coherence-free one that applies.

    Which assumptions break does not enter the choice of the smallest: the data would choose the bound.
    """
    if claimed:
        return min(details.values(), key=lambda detail: (GRAVITY.index(detail.verdict), _size(detail)))
    free = [detail for name, detail in details.items() if not get(name).needs_coherence]
    smallest = min(free, key=lambda detail: (_size(detail), detail.name != "theorem-a"))
    return smallest if smallest.value is not None else replace(smallest, verdict=Decision.ASSUMPTION_BROKEN)


def unclaimed(detail: BoundVerdict) -> BoundVerdict:
    """The same verdict where nobody claimed the bound: outside its domain it merely does not apply."""
    return replace(detail, verdict=Decision.NOT_APPLICABLE) if detail.value is None else detail


# No correction for several bounds: above a larger bound implies above a smaller one.
GRAVITY = (Decision.VIOLATED, Decision.ASSUMPTION_BROKEN, Decision.UNDECIDED, Decision.HOLDS)


def _size(detail: BoundVerdict) -> float:
    return np.inf if detail.value is None else detail.value


def judge_bound(
    evidence: Evidence,
    bound: Bound,
    findings: Mapping[str, Finding],
    level: float,
    horizons: Ints,
    values: Floats,
) -> BoundVerdict:
    """What the evidence says of one bound, whose curve over the horizons is `values`."""
    value, failures = bound.assess(evidence.setting)
    if value is None:
        return _outside_domain(bound, failures)
    comparison = compare_with(evidence, bound, value, level)
    contradicted = broken(findings, tuple(assumption.name for assumption in bound.assumptions))
    decision, reason = _decision(evidence, bound, comparison, contradicted, findings)
    told, open_ = comparison_sentence(evidence, bound, value, comparison, level), decision is Decision.UNDECIDED
    return BoundVerdict(
        name=bound.name,
        iterates=bound.iterates,
        verdict=decision,
        numbers=comparison.outcome,
        value=value,
        slack_min=slack(evidence, bound, horizons, values),
        broken=tuple(finding.name for finding in contradicted),
        sentence=f"{reason} {told}".strip(),
        would_decide=would_decide(evidence, bound, value, comparison, level) if open_ else None,
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


def compare_with(evidence: Evidence, bound: Bound, value: float, level: float) -> Comparison:
    """The comparison alone, at the points that the bound covers."""
    covered, floor = evidence.covered(bound.covers_last), evidence.floor
    # Without a floor nothing is known between recorded points: zero is the only lower bound.
    between = np.zeros((covered.shape[0], 1)) if floor is None else floor
    if evidence.deterministic:
        return compare_exactly(covered, between, value, evidence.margin)
    if covered.shape[0] < 2 or evidence.copies:
        return Comparison(Outcome.UNDECIDED)
    return compare(covered, between, value, level)


def _decision(
    evidence: Evidence,
    bound: Bound,
    comparison: Comparison,
    contradicted: tuple[Finding, ...],
    findings: Mapping[str, Finding],
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


def slack(evidence: Evidence, bound: Bound, horizons: Ints, values: Floats) -> float | None:
    """Smallest bound / measured over the horizons at which both exist and something was measured."""
    last = horizons if bound.covers_last else horizons - 1
    measured = running_minimum(mean(evidence.values), evidence.times, last)
    usable = np.isfinite(values) & np.isfinite(measured) & (measured > 0)
    return float((values[usable] / measured[usable]).min()) if usable.any() else None


def band(evidence: Evidence, level: float) -> tuple[Floats, Floats]:
    """Lower bounds (R,) of the means, and upper bounds (R,) of the least mean so far; NaN for a single noisy seed."""
    if evidence.deterministic:
        exact = evidence.values[0]
        return exact, np.minimum.accumulate(exact)
    if evidence.values.shape[0] < 2 or evidence.copies:
        return np.full(evidence.times.size, np.nan), np.full(evidence.times.size, np.nan)
    # x_0 is not random and min m_k <= m_0, so a diverged seed may count as m_0 in a lower bound.
    start = float(evidence.values[:, 0].min())
    return lower_bound(evidence.values, level, cap=start), running_upper_bound(evidence.values, level)


def at_horizons(values: Floats, times: Ints, horizons: Ints) -> Floats:
    """The entries at the last recorded time up to each horizon."""
    return np.asarray(values[np.searchsorted(times, horizons, side="right") - 1], dtype=np.float64)


def _bound_rate(horizons: Ints, values: Floats, fit: Decay | None) -> float | None:
    """Exponent of the bound over the range of the fit."""
    if fit is None:
        return None
    within = (horizons >= fit.first) & (horizons <= fit.last) & np.isfinite(values) & (values > 0)
    return float(slope(horizons[within], values[within])) if within.sum() > 1 else None


def states(findings: Mapping[str, Finding], details: Sequence[BoundVerdict]) -> dict[str, str]:
    """The state of each assumption of these bounds, of their domains, and of coherence where mu has a value."""
    assumed = [assumption.name for detail in details for assumption in get(detail.name).assumptions]
    names = dict.fromkeys([*assumed, COHERENCE.name, IN_EXPECTATION])
    states = {name: str(findings[name].state) for name in names if name in findings}
    return states | {f"domain of {d.name}": str(State.OK if d.value is not None else State.BROKEN) for d in details}


def announced(evidence: Evidence) -> tuple[str, ...]:
    """What a reader of the verdict should know besides."""
    told = (
        (evidence.reads_horizon, "The schedule depends on T: its decay shows only in runs at several T."),
        (evidence.copies, "All seeds hold the same numbers, as copies of one run would; they count as one seed."),
        (_any_diverged(evidence), "Seeds diverged; a diverged seed counts as infinite in a mean."),
        (not evidence.complete, "Not every step is recorded; minima are over the recorded points."),
    )
    return tuple(sentence for applies, sentence in told if applies)


def _any_diverged(evidence: Evidence) -> bool:
    return _diverged(evidence).seeds > 0


def _diverged(evidence: Evidence) -> Diverged:
    steps = evidence.diverged_at[evidence.diverged_at >= 0] if evidence.diverged_at is not None else np.empty(0)
    return Diverged(int(steps.size), int(steps.min()) if steps.size else None)
