r"""Each rule beside its own bound, and beside gradlag's Theorems A and A^r, which take any steps and any delays.

A discarded arrival is no step: bounds are evaluated on the applied updates, with delays counted in those. The measured
number is the least mean over the recorded points; over all points it is at most that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from experiments.common.constants import Known
from experiments.servers.rules.adaptive import Interval, Race, Track, least
from experiments.servers.rules.rules import Picky, Ringmaster, Rule, StepRule, WindowSum, applied_only, ringmaster_step
from theory.bounds import Setting, get
from theory.bounds.rates import RATES
from theory.common.errors import InputError
from theory.common.types import Vector
from theory.staleness.count import Staleness

#: gradlag's own, for any steps and any delays that are fixed before the run.
GENERAL = ("theorem-a", "theorem-ar")
#: h of the principle that the steps of a window sum up to at most h/L; h < 1 is asked for, the number is ours.
WINDOW_SHARE = 0.99
_FINEST = 2.0**0.125


@dataclass(frozen=True)
class BoundAtSteps:
    """A bound at a rule's steps: its value, or why there is none.

    Args:
        name: in the library; value: in units of |grad F|^2, or None; reason: the sentence where it is None.
    """

    name: str
    value: float | None
    reason: str = ""


@dataclass(frozen=True)
class Beside:
    """A measured rule beside its bounds.

    Args:
        measured: the least mean over the points that the bounds speak of.
        own: the rule's own bound; general: gradlag's two.
        smallest: the name of the smallest that applies, or None; slack: that bound over the measured value.
        findings: a sentence for every bound that the whole interval of the measured value is above.
    """

    measured: Interval
    own: BoundAtSteps
    general: tuple[BoundAtSteps, ...]
    smallest: str | None
    slack: float | None
    findings: tuple[str, ...]

    @property
    def best(self) -> float | None:
        """The value of the smallest bound that applies."""
        values = [each.value for each in (self.own, *self.general) if each.value is not None]
        return min(values, default=None)


def setting_of(race: Race, rule: Rule, step_sizes: Vector) -> Setting:
    """What the bounds are evaluated at: the applied updates, their delays and steps, and the problem's constants.

    The staleness is one more than the largest delay; for Ringmaster it is its threshold, from which on it discards.

    >>> from experiments.servers.rules.rules import Dropped
    >>> from experiments.runs.recorded_trace import trace_of_delays
    >>> from experiments.problems import get_problem
    >>> race = Race(get_problem("quadratic:d=1,noise=0,start=1"), 1, trace_of_delays([0, 1, 2]), 0.1)
    >>> rule = Dropped(0.25, smoothness=1.0, concurrency=1)
    >>> found = setting_of(race, rule, rule.step_sizes(race.trace))
    >>> found.steps, found.staleness
    (2, Staleness(window=2))
    """
    delays, steps = applied_only(race.trace.delays, step_sizes)
    window = rule.threshold if isinstance(rule, Ringmaster) else int(delays.max()) + 1
    return Setting(steps, delays, Staleness(window), race.constants)


def judged(name: str, setting: Setting) -> BoundAtSteps:
    """A bound of the library at a setting; a rate has no value, and says so."""
    if name in RATES:
        return BoundAtSteps(name, None, f"{name} is known as a rate only, {RATES[name].rate_text}: it has no numbers.")
    value, failures = get(name).assess(setting)
    return BoundAtSteps(name, value, failures[0].sentence() if failures else "")


def beside(race: Race, track: Track) -> Beside:
    """What was measured of a rule beside its own bound and gradlag's.

    Where the steps depend on the iterates and there is noise no bound of the library speaks of them.
    """
    measured, own_name = least(track), track.rule.bound
    if track.step_sizes is None:
        reason = "asks for steps fixed before the run, and these depend on the noise through the iterates"
        general = tuple(BoundAtSteps(name, None, f"{name} does not apply: it {reason}.") for name in GENERAL)
        # Of a rate the name alone is looked at, so that any setting serves.
        rate = Setting([track.rule.base], [0], Staleness(1), race.constants)
        return Beside(measured, judged(own_name, rate), general, None, None, ())
    setting = setting_of(race, track.rule, track.step_sizes)
    own, general = judged(own_name, setting), tuple(judged(name, setting) for name in GENERAL)
    applying = [each for each in (own, *general) if each.value is not None]
    if not applying:
        return Beside(measured, own, general, None, None, ())
    smallest = min(applying, key=lambda each: each.value or 0.0)
    slack = (smallest.value or 0.0) / measured.value if measured.value > 0 else math.inf
    crossed = tuple(_crossed(race, measured, each) for each in applying if measured.low > (each.value or 0.0))
    return Beside(measured, own, general, smallest.name, slack, crossed)


def _crossed(race: Race, measured: Interval, bound: BoundAtSteps) -> str:
    known = race.problem.constants(race.batch).values()
    doubt = " A constant is an estimate." if any(each.known is Known.ESTIMATE for each in known) else ""
    return (
        f"FINDING: the least measured mean, {measured.value:.4g} (at least {measured.low:.4g}), is above {bound.name}, "
        f"{bound.value:.4g}, inside its domain.{doubt}"
    )


def prescribed(race: Race, name: str) -> Rule | None:
    """The rule at the step that its theory prescribes; None where the theory gives no number, as for a rate.

    Ringmaster's step and the window's sum are those of their sources. Elsewhere it is the base step at which the rule's
    own bound for this very trace is the smallest, to a factor of 2^(1/8): published steps hide their constants.

    >>> from experiments.runs.recorded_trace import trace_of_delays
    >>> from experiments.problems import get_problem
    >>> race = Race(get_problem("quadratic:d=1,noise=0,start=1"), 1, trace_of_delays([0, 0, 0, 0]), 0.1)
    >>> prescribed(race, "constant").base
    0.5
    """
    smoothness, sigma = race.constants["L"], race.constants["sigma"]
    rule = race.rule(name, 1 / smoothness)
    if isinstance(rule, Picky):
        return None
    if isinstance(rule, Ringmaster):
        return replace(rule, base=ringmaster_step(sigma**2, race.target, smoothness))
    if isinstance(rule, WindowSum):
        return replace(rule, base=WINDOW_SHARE / smoothness)
    if not isinstance(rule, StepRule):
        raise InputError(f"The rule {name} gives no steps from arrivals.")
    coarse = _smallest(race, rule, [2.0**-power for power in range(1, 24)])
    if coarse is None:
        return None
    around = [coarse.base * smoothness * _FINEST**power for power in range(-7, 8)]
    return _smallest(race, rule, [coarse.base * smoothness, *around])


def _smallest(race: Race, rule: StepRule, factors: list[float]) -> StepRule | None:
    """The base step among these factors of 1/L at which the rule's own bound is smallest; None if it never applies."""
    best, least_value = None, math.inf
    for factor in factors:
        tried = replace(rule, base=factor / race.constants["L"])
        value = judged(rule.bound, setting_of(race, tried, tried.step_sizes(race.trace))).value
        if value is not None and value < least_value:
            best, least_value = tried, value
    return best
