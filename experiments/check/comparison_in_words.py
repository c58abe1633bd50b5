"""A comparison in words: what was compared, how, what it does not say, and how many seeds would decide it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from experiments.check.evidence import Evidence
from experiments.check.findings.examined import Examined, State
from experiments.check.verdict import BoundVerdict, Diverged
from experiments.common.constants import Constant, Known
from experiments.statistics.comparison import START_TEST, MeanComparison, Outcome
from experiments.statistics.intervals import mean
from experiments.statistics.kurtosis import GAUSSIAN
from experiments.statistics.tails import ANY, Gaussian, Tails
from theory.bounds import Bound, get
from theory.bounds.parts.assumptions import BOUNDED_BELOW, BOUNDED_VARIANCE, COHERENCE, SMOOTH

_WORDS = {
    Outcome.BELOW: "is below",
    Outcome.ABOVE: "is above",
    Outcome.UNDECIDED: "cannot be told to be above or below",
}
_EVERY = "the mean at every point"
# The assumption that tests a constant.
_ASSUMED = {"L": SMOOTH.name, "Delta": BOUNDED_BELOW.name, "sigma": BOUNDED_VARIANCE.name, "mu": COHERENCE.name}


def compared(
    evidence: Evidence, bound: Bound, value: float, comparison: MeanComparison, level: float, tails: Tails
) -> str:
    """What was compared, how it came out, and on what that rests."""
    least = float(mean(evidence.covered(bound.covers_last)).min())
    exact = f"no noise, exact up to a relative rounding of {evidence.margin:.1e}"
    many = f"{len(evidence.seeds)} seed{'' if len(evidence.seeds) == 1 else 's'}"
    how = exact if evidence.deterministic else f"{many}, level {level:.3g}"
    noisy, above = 0 < evidence.excess < math.inf, comparison.outcome is Outcome.ABOVE
    given = f" and the noise of a minibatch allow, {value:.4g} + sigma^2" if noisy and above else " allows"
    allowed = f"the {value + evidence.excess if noisy and above else value:.4g} that {bound.name}{given} ({how})"
    squares = f"squared {'minibatch ' if noisy else ''}gradient norm"
    if comparison.outcome is Outcome.ABOVE and not evidence.deterministic and comparison.statistic != _EVERY:
        return (
            f"The weighted mean of the {squares}s that the proof limits is above {allowed}, "
            f"{_by(comparison)}. {_refuted(comparison, tails)} An assumption, a given constant or the proof is "
            f"wrong; that the mean at every point is above it is not said (the least is measured as {least:.4g})."
        )
    told = (
        f"The least mean {squares} over {bound.iterates}, measured as {least:.4g}, "
        f"{_WORDS[comparison.outcome]} {allowed}."
    )
    if evidence.deterministic or math.isnan(comparison.ratio):
        return told
    return f"{told} {_rests_on(comparison, level, tails)}"


def rests_on(detail: BoundVerdict, constants: Mapping[str, Constant], findings: Mapping[str, Examined]) -> str:
    """What a verdict takes for granted, to stand first in its sentence; nothing where a constant is contradicted."""
    if detail.value is not None and detail.broken:
        return ""
    known = {name: constants[name] for name in _ASSUMED if name in get(detail.name).constants and name in constants}
    groups: dict[str, list[str]] = {}
    for name, constant in known.items():
        if constant.known is Known.GIVEN:
            finding = findings.get(_ASSUMED[name])
            words = "tested along the run" if finding and finding.state is State.OK else "not tested"
            groups.setdefault(words, []).append(f"{name} = {constant.value:.6g}")
    told = [f"{_and(names)} ({words})" for words, names in groups.items()]
    estimates = [name for name, constant in known.items() if constant.known is Known.ESTIMATE]
    told += [f"the estimated {_and(estimates)}"] if estimates else []
    return f"Given {_and(told)}: " if told else ""


def _and(parts: Sequence[str]) -> str:
    """A list in words.

    >>> _and(["L = 1", "Delta = 2", "sigma = 0"])
    'L = 1, Delta = 2 and sigma = 0'
    """
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def run_away(diverged: Diverged, seeds: int) -> str:
    """How many seeds diverged, and when; nothing where none did."""
    if not diverged.seeds:
        return ""
    many = "The run" if seeds == 1 else f"{diverged.seeds} of {seeds} seeds"
    return f" {many} diverged,{'' if diverged.seeds == 1 else ' the first'} at k = {diverged.first}."


def _by(comparison: MeanComparison) -> str:
    """How far above; x_0 is taken off both sides."""
    finite = math.isfinite(comparison.ratio)
    return f"by a factor of {comparison.ratio:.3g} after x_0" if finite else "as x_0 alone adds more"


def _refuted(comparison: MeanComparison, tails: Tails) -> str:
    """How far "above" may be trusted."""
    valid = "gradients are Gaussian, as --tails says, and" if isinstance(tails, Gaussian) else "the"
    law = "" if isinstance(tails, Gaussian) else "for every law, "
    if comparison.test == START_TEST:
        return f"{_capital(comparison.test)}: no law and no seed matters."
    p = "" if comparison.p_value is None else f"p = {comparison.p_value:.2g} by "
    return f"{_capital(f'{p}{comparison.test}')}, valid {law}if {valid} seeds are independent."


def _rests_on(comparison: MeanComparison, level: float, tails: Tails) -> str:
    if comparison.outcome is Outcome.ABOVE:
        return _refuted(comparison, tails)
    seen = f"{_capital(comparison.statistic)} is {comparison.ratio:.3g} times its limit"
    if comparison.outcome is Outcome.UNDECIDED:
        return f"{seen} ({comparison.test})."
    if comparison.unless is None:
        return f"{seen}: {comparison.test}."
    return (
        f"{seen}: an error of at most {level:.3g}, unless {comparison.unless} or the seeds depend on one another. Rare "
        "large values that no seed shows cannot be excluded."
    )


def more_seeds(evidence: Evidence, comparison: MeanComparison, tails: Tails) -> str:
    """How many seeds would decide an open comparison."""
    seeds = len(evidence.seeds)
    sharper = "" if tails != ANY else " Fewer may do where more is known of the tails (--tails kappa:K or bounded:M)."
    fewest = ""
    if comparison.fewest is not None:
        excess = f"{comparison.ratio - 1:+.1%}"
        fewest = f" No test that is valid for every law finds {excess} with fewer than {comparison.fewest}."
    if comparison.seeds_needed is not None:
        asked = seeds_flag(evidence, comparison.seeds_needed)
        return f"About {comparison.seeds_needed} seeds in place of {seeds}{asked}.{fewest}{sharper}"
    heavy = comparison.sample_kappa is not None and comparison.sample_kappa > GAUSSIAN
    if heavy and comparison.ratio < 1 and comparison.kappa is not None:
        return (
            f"To know more of the tails: E|g|^4 is {comparison.sample_kappa:.3g} times (E|g|^2)^2 on these seeds, and "
            "without a word about the tails 3 is allowed (--tails kappa:K or bounded:M)."
        )
    more = f"More seeds{seeds_flag(evidence, 4 * seeds)}; how many cannot be told from {seeds}, try {4 * seeds}."
    return f"{more}{fewest}{sharper}"


def seeds_flag(evidence: Evidence, seeds: int) -> str:
    """How to have so many seeds; of a log there is no flag for it."""
    return f" (--seeds {seeds})" if evidence.simulated else " (runs in the log, told apart by its column seed)"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text[:2] != "p " else text
