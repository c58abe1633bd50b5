r"""Which assumptions of a theorem the run itself contradicts.

Only implications that are theorems are used: |g_k - g_j| <= L |x_k - x_j|; F(x_0) - F(x_k) <= Delta; and, since
|grad F|^2 <= 2L (F - inf F) for every L-smooth F, |g_k|^2 <= 2L (Delta - (F(x_0) - F(x_k))). What is not contradicted
is not thereby true: "ok" means proved, true by construction, or tested; what nothing tests is "given".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from experiments.check.evidence import Evidence, agree
from experiments.check.findings.examined import (
    QUOTIENT_ROUNDING,
    ROUNDING,
    Examined,
    State,
    drawn,
    searched,
    steep,
    trusted,
    unrepeated,
)
from experiments.logs.inequalities import Contradiction, Inequalities
from experiments.logs.log import Norm
from experiments.statistics.intervals import student_critical
from theory.bounds.parts.assumptions import (
    BOUNDED_BELOW,
    BOUNDED_GRADIENT,
    BOUNDED_VARIANCE,
    COHERENCE,
    DELAYS_FIXED,
    NO_NOISE,
    ORDERED_READS,
    SMOOTH,
    UNBIASED,
)
from theory.common.types import Flags, Floats, Ints
from theory.formulas.formula import DelayMap

IN_EXPECTATION = "coherence in expectation"


def examine(evidence: Evidence, level: float) -> dict[str, Examined]:
    """What the run says of every assumption that a bound may make.

    Args:
        evidence: the run.
        level: probability of calling variance or unbiasedness broken by fresh draws when both hold, and of calling
            coherence in expectation broken when it holds.

    Returns:
        What was found, by the name of the assumption; coherence only if mu has a value.
    """
    findings = [_smooth(evidence), _bounded_below(evidence), _no_noise(evidence), _ordered(evidence)]
    findings += [*(drawn(evidence, level) or (_variance(evidence), _unbiased(evidence))), _delays_fixed(evidence)]
    if "G" in evidence.constants:
        findings.append(_bounded_gradient(evidence))
    if "mu" in evidence.constants:
        findings += [_pathwise_coherence(evidence), _coherence_in_expectation(evidence, level)]
    found = {finding.name: finding for finding in (*findings, *_of_a_log(evidence, findings))}
    again = {finding.name: finding for finding in unrepeated(evidence)}
    found |= {name: one for name, one in again.items() if name in found and found[name].state is not State.BROKEN}
    # What is no function breaks more than itself.
    return found | {name: one for name, one in again.items() if one.state is State.BROKEN}


def _of_a_log(evidence: Evidence, found: Sequence[Examined]) -> Iterator[Examined]:
    """What norms of the full gradient in a log contradict, or test; instead of what was found."""
    if evidence.log is None or evidence.log.norm is not Norm.FULL or not {"L", "Delta"} <= evidence.constants.keys():
        return
    # A step that averages gradients may be shorter than each of them says: there nothing is tested.
    exact = evidence.deterministic and evidence.setting.delays.ndim == 1
    norms = Inequalities(evidence.log, evidence.setting, exact, evidence.delays_known)
    told = {SMOOTH.name: ("L", norms.smooth()), BOUNDED_BELOW.name: ("Delta", norms.bounded_below())}
    for finding in found:
        symbol, outcome = told.get(finding.name, ("", ""))
        if isinstance(outcome, Contradiction):
            yield Examined(finding.name, State.BROKEN, outcome.sentence, outcome.k, outcome.value, outcome.limit)
        elif outcome:
            yield trusted(finding.name, evidence.constants[symbol], symbol, outcome)


def _smooth(evidence: Evidence) -> Examined:
    constant, growth = evidence.constants.get("L"), evidence.smoothness
    if constant is None:
        return trusted(SMOOTH.name, constant, "L")
    told, contradicted = [searched(evidence)], None
    if growth is not None:
        grown = np.where(np.isfinite(growth), growth, 0.0)
        excess = grown > constant.value * (1 + QUOTIENT_ROUNDING)
        pairs = int(np.isfinite(growth).sum())
        contradicted = _first_excess(SMOOTH.name, evidence, excess, grown, constant.value, _GROWTH)
        most = f"between {pairs} pairs of points the gradient changed by at most {grown.max():.4g} times the distance"
        told.insert(0, most if pairs else "")
    tested = "; ".join(filter(None, told))
    return contradicted or steep(evidence, constant) or trusted(SMOOTH.name, constant, "L", tested)


_GROWTH = "L is contradicted at k = {k}: the gradient changed by {value:.6g} times the distance, and L = {limit:.6g}."
_DROP = "Delta is contradicted at k = {k}: the loss has fallen by {value:.6g} since x_0, and Delta = {limit:.6g}."
_NORM = (
    "L and Delta are contradicted at k = {k}: |grad F|^2 = {value:.6g}, and smoothness allows {limit:.6g}, which is 2L "
    "times what Delta leaves to fall."
)


def _first_excess(
    name: str, evidence: Evidence, excess: Flags, found: Floats, allowed: float | Floats, words: str
) -> Examined | None:
    """An assumption that is contradicted where `excess` says so, told at the first such point in time."""
    if not excess.any():
        return None
    row, column = _first(excess)
    k, value = int(evidence.times[column]), float(found[row, column])
    limit = float(np.broadcast_to(allowed, found.shape)[row, column])
    return Examined(name, State.BROKEN, words.format(k=k, value=value, limit=limit), k, value, limit)


def _bounded_below(evidence: Evidence) -> Examined:
    """The drop of the loss; then the norm, which blames L and Delta together. At x_0 the norm needs no loss."""
    constant, norms, smoothness = evidence.constants.get("Delta"), evidence.values, evidence.constants.get("L")
    if constant is None:
        return trusted(BOUNDED_BELOW.name, constant, "Delta")
    gap, loss = constant.value, np.full_like(norms, np.nan) if evidence.loss is None else evidence.loss
    # Where the loss is not known, and after divergence, it is NaN, and comparisons with it are false.
    drop = np.where(evidence.times == 0, 0.0, loss[:, :1] - loss)
    rounding = ROUNDING * (np.nan_to_num(np.abs(loss[:, :1]) + np.abs(loss)) + gap) + evidence.loss_error
    left = gap - drop + rounding
    limit = np.full_like(left, np.inf) if smoothness is None else 2 * smoothness.value * left
    least = np.maximum(np.sqrt(norms) - evidence.norm_error, 0.0) ** 2
    # What a log prints of the norms is rounded, or is of minibatches: inequalities.py tests it.
    above = np.isfinite(norms) & (least > limit * (1 + ROUNDING)) & (evidence.log is None)
    return (
        _first_excess(BOUNDED_BELOW.name, evidence, drop > gap + rounding, drop, gap, _DROP)
        or _first_excess(BOUNDED_BELOW.name, evidence, above, norms, limit, _NORM)
        or trusted(BOUNDED_BELOW.name, constant, "Delta", _fall(drop, evidence.times), _only(evidence))
    )


def _only(evidence: Evidence) -> str:
    """What tests Delta where no loss is known; what a log tests is told of it alone."""
    tested = evidence.log is None and "L" in evidence.constants and evidence.times[0] == 0
    return "of what is recorded only |grad F(x_0)|^2 <= 2 L Delta tests it" if tested else "nothing recorded tests it"


def _fall(drop: Floats, times: Ints) -> str:
    """How Delta was tested, if it was."""
    seen = drop[:, times > 0]
    seen = seen[np.isfinite(seen)]
    return f"the loss fell by at most {max(seen.max(), 0.0):.4g} along the run" if seen.size else ""


def _bounded_gradient(evidence: Evidence) -> Examined:
    """Whether a gradient that was applied is larger; under noise that at x_0 alone, which all seeds share."""
    constant, delays, times = evidence.constants["G"], evidence.setting.delays, evidence.times
    told = evidence.deterministic and evidence.delays_known
    read = np.isin(times, (np.arange(len(delays)) - delays.T).ravel()) if told else times == 0
    applied = np.where(read & np.isfinite(evidence.values), evidence.values, 0.0)
    large = np.sqrt(applied) - evidence.norm_error > constant.value * (1 + ROUNDING)
    broken = _first_excess(BOUNDED_GRADIENT.name, evidence, large, applied, constant.value**2, _LARGE)
    tested = f"the largest recorded gradient that was applied is {np.sqrt(applied.max()):.4g}" if told else ""
    return broken or trusted(BOUNDED_GRADIENT.name, constant, "G", tested, "only |grad F(x_0)| <= G tests it")


_LARGE = (
    "G is contradicted at k = {k}: the gradient there was applied, |grad F|^2 = {value:.6g}, and G^2 = {limit:.6g}."
)


def _variance(evidence: Evidence) -> Examined:
    constant, found = evidence.constants.get("sigma"), evidence.variance
    if constant is not None and found is not None and found > constant.value**2 * (1 + ROUNDING):
        sentence = (
            f"sigma is contradicted: at a point of the run the variance of the stochastic gradient is {found:.6g}, "
            f"and sigma^2 = {constant.value**2:.6g}."
        )
        return Examined(BOUNDED_VARIANCE.name, State.BROKEN, sentence, None, found, constant.value**2)
    if constant is not None and constant.value == 0 and not agree(evidence.values):
        return Examined(BOUNDED_VARIANCE.name, State.BROKEN, "sigma = 0 is contradicted: the seeds differ.")
    tested = "" if found is None else f"the largest variance found along the run is {found:.4g}"
    return trusted(BOUNDED_VARIANCE.name, constant, "sigma", tested)


_TAKES_A_GENERATOR = (
    "All fresh draws of the gradient are alike, but it takes a generator, gradient(x, rng), and may be noisy "
    "elsewhere. Write gradient(x) if it is exact."
)


def _no_noise(evidence: Evidence) -> Examined:
    if evidence.draws and not any(each.variance for each in evidence.draws):
        return Examined(NO_NOISE.name, State.UNKNOWN, _TAKES_A_GENERATOR)
    if not evidence.deterministic:
        return Examined(NO_NOISE.name, State.BROKEN, "The gradients of the run are noisy, not exact.")
    if evidence.simulated:
        return Examined(NO_NOISE.name, State.OK, "The gradients are exact.")
    return Examined(NO_NOISE.name, State.GIVEN, "sigma = 0 is given by the user; a log does not show it.")


def _ordered(evidence: Evidence) -> Examined:
    overtaken = np.flatnonzero(DelayMap(evidence.setting.delays).overtaken)
    if not overtaken.size:
        return Examined(ORDERED_READS.name, State.OK, "No gradient overtakes another.")
    if evidence.setting.constants.get("sigma") == 0:
        return Examined(ORDERED_READS.name, State.OK, "Gradients overtake one another, which matters under noise only.")
    k = int(overtaken[0]) * evidence.steps // evidence.setting.delays.size + 1  # the step of the gradient
    return Examined(ORDERED_READS.name, State.BROKEN, f"A younger gradient was applied before that of step {k}.", k)


def _unbiased(evidence: Evidence) -> Examined:
    if evidence.simulated and evidence.unbiased:
        return Examined(UNBIASED.name, State.OK, "Every step draws fresh noise, independent of the past.")
    own = "Whether a user's stochastic gradient is unbiased is tested where its file or object is at hand, not here."
    log = "A log does not show whether every gradient was fresh and unbiased."
    return Examined(UNBIASED.name, State.UNKNOWN, own if evidence.simulated else log)


def _delays_fixed(evidence: Evidence) -> Examined:
    if evidence.simulated:
        return Examined(DELAYS_FIXED.name, State.OK, "The delays are fixed before the run and shared by all seeds.")
    return Examined(DELAYS_FIXED.name, State.UNKNOWN, "A log does not show whether its delays depended on the noise.")


def _pathwise_coherence(evidence: Evidence) -> Examined:
    """mu_k >= mu at every x_k, k < T; at a zero gradient it holds, since both sides are zero."""
    seen, mu = evidence.coherence, evidence.constants["mu"].value
    if seen is None:
        return Examined(COHERENCE.name, State.UNKNOWN, f"{evidence.source} does not show the coherence.")
    # A gradient below its own rounding has no direction.
    asked = (np.sqrt(evidence.values) > 2 * evidence.norm_error) & (evidence.times < evidence.steps)
    low = asked & (seen < mu - ROUNDING - _direction_error(evidence))
    if low.any():
        return _incoherent(evidence, seen, low, asked, mu)
    if (asked & np.isnan(seen)).any() or not evidence.complete:
        return Examined(COHERENCE.name, State.UNKNOWN, "The coherence is not known at every point of the run.")
    return Examined(COHERENCE.name, State.OK, f"mu_k is at least {mu:g} at every point of every seed.")


def _direction_error(evidence: Evidence) -> Floats:
    """How far (S, R) rounding may move <g_k, g_t>/|g_k|^2, for the largest g_t of s recorded points up to k."""
    norms, size = np.sqrt(evidence.values), evidence.setting.staleness.window
    padded = np.pad(norms, ((0, 0), (size - 1, 0)), mode="edge")
    largest = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1).max(axis=-1)
    with np.errstate(all="ignore"):
        return np.asarray(np.nan_to_num(3 * evidence.norm_error * (largest + norms) / norms**2))


def _incoherent(evidence: Evidence, seen: Floats, low: Flags, asked: Flags, mu: float) -> Examined:
    column = int(np.flatnonzero(low.any(axis=0))[0])
    row = int(np.nanargmin(np.where(low[:, column], seen[:, column], np.nan)))
    k, value, share = int(evidence.times[column]), float(seen[row, column]), float(low.sum() / asked.sum())
    sentence = (
        f"Coherence is broken at k = {k} (seed {evidence.seeds[row]}): mu_k = {value:.4g}, below mu = {mu:g}; "
        f"so it is at {share:.2%} of the points, on {int(low.any(axis=1).sum())} of {len(evidence.seeds)} seeds."
    )
    return Examined(COHERENCE.name, State.BROKEN, sentence, k, value, mu)


def _coherence_in_expectation(evidence: Evidence, level: float) -> Examined:
    r"""What the proof uses: $\mathbb E\langle g_k,g_{\tau_k}\rangle\ge\mu\,\mathbb E\|g_k\|^2$ at every k < T."""
    if evidence.inner_product is None or not (evidence.times < evidence.steps).any():
        return Examined(IN_EXPECTATION, State.UNKNOWN, f"{evidence.source} does not show the inner products.")
    before = evidence.times < evidence.steps
    mu, norms = evidence.constants["mu"].value, evidence.values[:, before]
    usable = np.isfinite(norms).all(axis=0) & np.isfinite(evidence.inner_product[:, before]).all(axis=0)
    norms = norms[:, usable]
    rounding = ROUNDING + _direction_error(evidence)[:, before][:, usable]
    excess = evidence.inner_product[:, before][:, usable] - (mu - rounding) * norms
    return _judge_excess(evidence, excess, evidence.times[before][usable], bool(usable.all()), level)


def _judge_excess(evidence: Evidence, excess: Floats, times: Ints, everywhere: bool, level: float) -> Examined:
    """Test E excess >= 0 at every k over the seeds, with Bonferroni's correction."""
    lower, upper = _limits(evidence, excess, level)
    if (upper < 0).any():
        k = int(times[np.flatnonzero(upper < 0)[0]])
        sentence = f"E<g_k, g_tau> is below mu E|g_k|^2 at k = {k}, first of {int((upper < 0).sum())} such k."
        return Examined(IN_EXPECTATION, State.BROKEN, sentence, k)
    if (lower >= 0).all() and everywhere and evidence.complete:
        return Examined(IN_EXPECTATION, State.OK, "E<g_k, g_tau> is at least mu E|g_k|^2 at every k.")
    return Examined(IN_EXPECTATION, State.UNKNOWN, "The seeds do not decide whether E<g_k, g_tau> >= mu E|g_k|^2.")


def _limits(evidence: Evidence, excess: Floats, level: float) -> tuple[Floats, Floats]:
    """Lower limits at the level each, and upper limits at the level jointly; infinite for a single noisy seed."""
    middle, seeds = excess.mean(axis=0), excess.shape[0]
    if evidence.deterministic:
        return middle, middle
    if seeds < 2 or evidence.copies:
        return np.full(middle.shape, -np.inf), np.full(middle.shape, np.inf)
    # Shortly before a divergence squares of 1e200 overflow: the limits are infinite then, and decide nothing.
    with np.errstate(over="ignore", invalid="ignore"):
        error = excess.std(axis=0, ddof=1) / np.sqrt(seeds)
    error = np.where(np.isfinite(error), error, np.inf)
    joint = max(level / max(middle.size, 1), 1e-12)
    return middle - student_critical(seeds, level) * error, middle + student_critical(seeds, joint) * error


def _first(where: Flags) -> tuple[int, int]:
    """Row and column of the first True in time."""
    column = int(np.flatnonzero(where.any(axis=0))[0])
    return int(np.flatnonzero(where[:, column])[0]), column


def broken(findings: Mapping[str, Examined], names: Iterator[str] | tuple[str, ...]) -> tuple[Examined, ...]:
    """The findings among these names that are broken."""
    return tuple(findings[n] for n in names if n in findings and findings[n].state is State.BROKEN)
