r"""A run meets a bound: the verdict.

A bound says that the least of the means $m_k=\mathbb E\|\nabla F(x_k)\|^2$ over its points is at most B. It is violated
if every mean is above B, it holds if some mean is below, and neither where the seeds cannot tell. If the run
contradicts an assumption that the bound makes, the comparison says nothing of the theorem, and the verdict names it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from experiments.check.comparison_in_words import rests_on, run_away
from experiments.check.evidence import Evidence, evidence_of
from experiments.check.findings.assumptions import IN_EXPECTATION, examine
from experiments.check.findings.examined import Examined, State
from experiments.check.one_bound import judge_bound
from experiments.check.verdict import BoundVerdict, Decision, Diverged, Verdict, series
from experiments.common.progress import each_with, part_of, untold
from experiments.runs.plan import Plan
from experiments.runs.run import Run
from experiments.statistics.comparison import Outcome
from experiments.statistics.copies import neighbours_p_value
from experiments.statistics.decay import Decay, decay_exponent, grid_exponent, log_spaced, running_minimum, slope
from experiments.statistics.intervals import checked_level, lower_bound, mean
from experiments.statistics.running_limit import running_upper_bound
from experiments.statistics.tails import ANY, Tails
from theory.bounds import REGISTRY, Bound, Setting, get
from theory.bounds.judging.judge import curve
from theory.bounds.parts.assumptions import COHERENCE, SEVERAL_READS
from theory.common.errors import InputError
from theory.common.types import Floats, Ints, Progress
from theory.formulas.notation import GIVEN

HORIZONS = 60
LEAST_LEVEL = 1e-3
_GRAVITY = (Decision.VIOLATED, Decision.ASSUMPTION_BROKEN, Decision.UNDECIDED, Decision.HOLDS)
_COPIES = (
    "Among the {seeds} seeds some look like copies of one run: {distinct} are distinct. A word is said where all of "
    "them, and one of each, say it."
)
_NEIGHBOURS = (
    "Neighbouring seeds resemble one another more than seeds in another order would: they may not be independent, and "
    "then the level does not hold."
)
# Honest runs are warned of so rarely.
_IN_ORDER = 1e-3
_SHARED = {
    "problem, schedule and staleness": ("problem", "schedule", "staleness"),
    "method and kind of reads": ("method", "inconsistent"),
}
_STATES = (State.BROKEN, State.UNKNOWN, State.GIVEN, State.OK)


def check(
    runs: Run | Sequence[Run],
    bounds: Sequence[str] | None = None,
    level: float = 0.05,
    *,
    plan: Plan | None = None,
    tails: Tails = ANY,
    progress: Progress = untold,
) -> Verdict:
    r"""Compare a run, or runs of one schedule at several T, with the bounds of the library.

    $$\min_k m_k\le B,\qquad m_k=\mathbb E\|\nabla F(x_k)\|^2$$

    Args:
        runs: what was simulated; several are alike in problem, schedule and staleness, and differ in T.
        bounds: names of the bounds claimed, every one of which must hold; by default the smallest coherence-free bound
            whose domain holds decides, and the others are reported, with those of Theorem 1 when mu has a value.
        level: probability of error of "violated", and of "holds", over all runs together.
        tails: what is known of the law of the squares; by default nothing, see `experiments.statistics.tails`.
        plan: what the (longest) run was made from, if it is at hand; otherwise the objective is rebuilt.
        progress: called with how many bounds were looked at, of how many; before it, with the fresh draws.

    Returns:
        The verdict. Of one run, its prefixes are the horizons; of several, each is judged at its own last step.

    Raises:
        InputError: an unknown bound, a constant without a value that a bound needs, a level outside [0.001, 0.5], no
            run, or runs that do not belong together.

    Source: "violated" is Gaffke's test of the weighted mean that the proof bounds, or else of every k at the full
        level; "holds" is said of three means fixed beforehand, each at a third of the level (docs/verdicts.md). Of n
        runs and J claimed bounds, each is tested for "violated" at 1/(n J) of the level; all of them have to hold.

    >>> from experiments.runs.execute import execute
    >>> from experiments.runs.plan import plan
    >>> run = execute(plan("quadratic:d=3", "1/(s*L)", staleness=2, steps=50, seeds=8, batch=0))
    >>> check(run, ["theorem-b"]).verdict
    <Decision.HOLDS: 'holds'>
    >>> check([execute(plan("quadratic:d=3", "1/(L*sqrt(T))", 1, T, seeds=1, batch=0)) for T in (16, 64)]).times
    (16, 64)
    """
    ordered = _in_order([runs] if isinstance(runs, Run) else runs)
    parts = [part_of(progress, place, 2 * len(ordered)) for place in range(len(ordered))]
    evidences = [evidence_of(run, plan, part) for run, part in zip(ordered, parts, strict=True)]
    return judge(evidences, bounds, level, plan.announcements if plan else (), tails, part_of(progress, 1, 2))


@dataclass(frozen=True, eq=False)
class _Judged:
    """One run, the horizons it is judged at, and what it says of every bound."""

    evidence: Evidence
    horizons: Ints
    findings: Mapping[str, Examined]
    curves: Mapping[str, Floats]
    details: Mapping[str, BoundVerdict]


def judge(
    evidences: Sequence[Evidence],
    bounds: Sequence[str] | None = None,
    level: float = 0.05,
    announcements: Sequence[str] = (),
    tails: Tails = ANY,
    progress: Progress = untold,
) -> Verdict:
    """Compare evidence, whatever it comes from, with the bounds of the library; see `check`."""
    share = checked_level(level, LEAST_LEVEL) / len(evidences)
    last, alone = evidences[-1], len(evidences) == 1
    looked_at = bounds_looked_at(last.constants, bounds)
    claims = len(evidences) * (len(looked_at) if bounds else 1)
    each = [_judged(e, b, share, (level, claims), tails, alone) for e, b in each_with(evidences, looked_at, progress)]
    horizons = np.concatenate([one.horizons for one in each])
    curves = {bound.name: np.concatenate([one.curves[bound.name] for one in each]) for bound in looked_at}
    merged = (_merged([one.details[bound.name] for one in each], [e.steps for e in evidences]) for bound in looked_at)
    details = {detail.name: detail if bounds else _unclaimed(detail) for detail in merged}
    deciding = _decide(details, bounds, last.setting)
    findings = _worst([one.findings for one in each])
    known = _states(findings, tuple(details.values()) if bounds else (deciding,))
    fit, diverged = _fit(evidences, horizons), _diverged(evidences)
    measured, lower, upper = (np.concatenate(parts) for parts in zip(*(_seen(one, share) for one in each), strict=True))
    return Verdict(
        verdict=deciding.verdict,
        numbers=deciding.numbers,
        bound=deciding.name,
        sentence=rests_on(deciding, last.constants, findings)
        + deciding.sentence
        + run_away(diverged, sum(len(evidence.seeds) for evidence in evidences)),
        slack_min=deciding.slack_min,
        rate=fit.exponent if fit else None,
        rate_interval=fit.interval if fit else None,
        rate_range=(fit.first, fit.last) if fit else None,
        bound_rate=_bound_rate(horizons, curves[deciding.name], fit),
        assumptions=known,
        findings={name: findings[name].sentence for name in known if name in findings},
        times=tuple(int(t) for t in horizons),
        measured=series(measured),
        measured_lower=series(lower),
        measured_upper=series(upper),
        bounds={name: series(values) for name, values in curves.items()},
        would_decide=deciding.would_decide,
        level=level,
        seeds=len(last.seeds),
        iterates=deciding.iterates,
        constants=dict(last.constants),
        announcements=tuple(dict.fromkeys([*announcements, *(s for e in evidences for s in _announced(e, alone))])),
        diverged=diverged,
        bounds_detail=details,
        rounding_margin=last.margin if last.deterministic else None,
        statistic=deciding.statistic,
        test=deciding.test,
        p_value=deciding.p_value,
        kappa=deciding.kappa,
        tails=str(tails),
    )


def _judged(
    evidence: Evidence, bounds: Iterable[Bound], share: float, level: tuple[float, int], tails: Tails, alone: bool
) -> _Judged:
    """A run that stands alone is judged at its prefixes, one of several at its end."""
    findings = examine(evidence, share)
    horizons = log_spaced(1, evidence.steps, HORIZONS) if alone else np.array([evidence.steps])
    curves, details = {}, {}
    for bound in bounds:
        known = np.full(horizons.size, np.nan) if evidence.uncovered else curve(bound, evidence.setting, horizons)
        values = curves[bound.name] = known
        details[bound.name] = judge_bound(evidence, bound, findings, level, tails, horizons, values)
    return _Judged(evidence, horizons, findings, curves, details)


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
        if never := [name for name in missing if name in bound.given and name not in GIVEN]:
            raise InputError(
                f"{bound.name} needs {never[0]}, which is no constant of a run, so that no run can meet it. "
                f"`gradlag bounds {bound.name} --python` prints how to evaluate it."
            )
        if missing:
            raise InputError(
                f"{bound.name} needs the constant {missing[0]}, which has no value here. "
                f"Give it with --constants {missing[0]}=NUMBER."
            )
    return chosen


def _decide(details: Mapping[str, BoundVerdict], claimed: Sequence[str] | None, setting: Setting) -> BoundVerdict:
    """The bound that decides: the gravest among those claimed, or the smallest coherence-free one that applies.

    Where none applies it is one about runs of this kind. Which assumptions break does not enter the choice of the
    smallest: the data would choose the bound.
    """
    if claimed:
        return min(details.values(), key=lambda detail: (_GRAVITY.index(detail.verdict), _size(detail)))
    bounds = {name: get(name) for name in details}
    # Of a minimum that runs over more than a run shows another bound decides.
    seen = [name for name, bound in bounds.items() if not (bound.covers_reads and setting.apart)]
    free = [details[name] for name in seen if not bounds[name].needs_coherence]
    others = {detail.name: get(detail.name).other_kind(setting) is not None for detail in free}
    # Of equal ones one that speaks of no more than the run has; theorem-a, if it is among them.
    more = {name for name in seen if SEVERAL_READS in bounds[name].assumptions and setting.reads == 1}
    smallest = min(free, key=lambda d: (_size(d), others[d.name], d.name != "theorem-a", d.name in more))
    return smallest if smallest.value is not None else replace(smallest, verdict=Decision.ASSUMPTION_BROKEN)


def _unclaimed(detail: BoundVerdict) -> BoundVerdict:
    """The same verdict where nobody claimed the bound: outside its domain it merely does not apply."""
    return replace(detail, verdict=Decision.NOT_APPLICABLE) if detail.value is None else detail


def _size(detail: BoundVerdict) -> float:
    return np.inf if detail.value is None else detail.value


def _merged(parts: Sequence[BoundVerdict], steps: Sequence[int]) -> BoundVerdict:
    """One verdict over all T: that of the gravest; the numbers are below only where they are at every T."""
    if len(parts) == 1:
        return parts[0]
    gravest = min(range(len(parts)), key=lambda i: _GRAVITY.index(parts[i].verdict))
    every = parts[gravest].verdict is Decision.HOLDS
    told = parts[-1] if every else parts[gravest]
    outcomes = {part.numbers for part in parts}
    open_ = outcomes.pop() if len(outcomes) == 1 else Outcome.UNDECIDED
    return replace(
        told,
        numbers=Outcome.ABOVE if Outcome.ABOVE in outcomes else open_,
        value=None if any(part.value is None for part in parts) else parts[-1].value,
        slack_min=min((part.slack_min for part in parts if part.slack_min is not None), default=None),
        broken=tuple(dict.fromkeys(name for part in parts for name in part.broken)),
        sentence=("At every T; at the largest: " if every else f"At T = {steps[gravest]}: ") + told.sentence,
    )


def _worst(findings: Sequence[Mapping[str, Examined]]) -> Mapping[str, Examined]:
    """For every assumption the gravest of what was found."""
    return {
        name: min((found[name] for found in findings), key=lambda f: _STATES.index(f.state)) for name in findings[0]
    }


def _seen(one: _Judged, level: float) -> tuple[Floats, Floats, Floats]:
    """The least mean so far (H,) at the horizons of a run, with its lower and upper bounds."""
    evidence, horizons = one.evidence, one.horizons
    lower, upper = _band(evidence, level)
    at = np.searchsorted(evidence.times, horizons, side="right") - 1
    least, low = (running_minimum(v, evidence.times, horizons) for v in (mean(evidence.values), lower))
    return least, low, upper[at]


def _band(evidence: Evidence, level: float) -> tuple[Floats, Floats]:
    """Lower bounds (R,) of the means, and upper bounds (R,) of the least mean so far; NaN for a single noisy seed."""
    if evidence.deterministic:
        exact = evidence.values[0]
        return exact, np.minimum.accumulate(exact)
    if evidence.values.shape[0] < 2 or evidence.copies:
        return np.full(evidence.times.size, np.nan), np.full(evidence.times.size, np.nan)
    # x_0 is not random and min m_k <= m_0, so a diverged seed may count as m_0 in a lower bound.
    least, most = evidence.limits(covers_last=True)
    return lower_bound(least, level, cap=float(least[:, 0].min())), running_upper_bound(most, level)


def _fit(evidences: Sequence[Evidence], horizons: Ints) -> Decay | None:
    """The decay along one run, or over runs at several T; a prefix is no run of a schedule that contains T."""
    if len(evidences) > 1:
        return grid_exponent([evidence.values for evidence in evidences], horizons)
    return None if evidences[0].reads_horizon else decay_exponent(evidences[0].values, evidences[0].times)


def _bound_rate(horizons: Ints, values: Floats, fit: Decay | None) -> float | None:
    """Exponent of the bound over the range of the fit."""
    if fit is None:
        return None
    within = (horizons >= fit.first) & (horizons <= fit.last) & np.isfinite(values) & (values > 0)
    return float(slope(horizons[within], values[within])) if within.sum() > 1 else None


def _states(findings: Mapping[str, Examined], details: Sequence[BoundVerdict]) -> dict[str, str]:
    """The state of each assumption of these bounds, of their domains, and of coherence where mu has a value."""
    assumed = [assumption.name for detail in details for assumption in get(detail.name).assumptions]
    names = dict.fromkeys([*assumed, COHERENCE.name, IN_EXPECTATION])
    states = {name: str(findings[name].state) for name in names if name in findings}
    return states | {f"domain of {d.name}": str(State.OK if d.value is not None else State.BROKEN) for d in details}


def _announced(evidence: Evidence, alone: bool) -> tuple[str, ...]:
    """What a reader of the verdict should know besides."""
    seeds = len(evidence.seeds)
    distinct = seeds if evidence.deterministic else evidence.distinct.size
    told = (
        (alone and evidence.reads_horizon, "The schedule depends on T: its decay shows only in runs at several T."),
        (evidence.copies, "All seeds look like copies of one run; they count as one seed."),
        (not evidence.copies and distinct < seeds, _COPIES.format(distinct=distinct, seeds=seeds)),
        (not evidence.deterministic and neighbours_p_value(evidence.values) <= _IN_ORDER, _NEIGHBOURS),
        (
            evidence.diverged_at is not None and (evidence.diverged_at >= 0).any(),
            "Seeds diverged; a diverged seed counts as infinite in a mean.",
        ),
        (not evidence.complete, "Not every step is recorded; minima are over the recorded points."),
    )
    return tuple(sentence for applies, sentence in told if applies)


def _diverged(evidences: Sequence[Evidence]) -> Diverged:
    """The seeds that left for infinity, whether or not their numbers overflowed."""
    steps = [int(k) for evidence in evidences for k in evidence.left if k >= 0]
    return Diverged(len(steps), min(steps, default=None))


def _in_order(runs: Sequence[Run]) -> list[Run]:
    if not runs:
        raise InputError("A check over several T needs at least one run. Got none.")
    ordered = sorted(runs, key=lambda run: run.configuration.steps)
    for words, names in _SHARED.items():
        alike = {tuple(getattr(run.configuration, name) for name in names) for run in runs}
        if len(alike) > 1:
            raise InputError(f"Runs over several T must share {words}. Got {sorted(alike)}.")
    steps = [run.configuration.steps for run in ordered]
    if len(set(steps)) < len(steps):
        raise InputError(f"Runs over several T must differ in T. Got {steps}.")
    return ordered
