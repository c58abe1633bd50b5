"""The table of rates: what every bound of the library comes to at the usual steps, derived from its own formula."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy

from theory.bounds.counter_momentum import noise_left, run_of_method
from theory.bounds.parts.bound import Bound
from theory.bounds.registry import REGISTRY
from theory.rates.best import SCALE, best
from theory.rates.growth import Growth, Outside
from theory.rates.leading import Leading, leading
from theory.rates.rate import Ground, order_of, rates_of, short, written
from theory.rates.steps import Steps, shape
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness

#: The usual steps, in a scale a.
USUAL: Mapping[str, Steps] = {
    "a/sqrt(k)": Steps(Growth.of(SCALE), Fraction(1, 2)),
    "a/k^(3/4)": Steps(Growth.of(SCALE), Fraction(3, 4)),
    "a/sqrt(T)": Steps(Growth(-sympy.Rational(1, 2), SCALE), Fraction(0)),
    "a": Steps(Growth.of(SCALE), Fraction(0)),
}
#: Bounds that look for numbers of their own and try first those at which they are another bound, step by step.
NO_WORSE_THAN: Mapping[str, str] = {"theorem-ar": "theorem-a"}
NOISY, QUIET = frozenset[str](), frozenset({"sigma"})


@dataclass(frozen=True)
class RateRow:
    """A bound at some steps: its leading term."""

    steps: str
    noise: bool
    found: Leading

    @property
    def order(self) -> str:
        """The rate without constants."""
        return order_of(self.found.growth)

    @property
    def text(self) -> str:
        """The leading term."""
        return written(short(self.found.growth))


def rows(bound: Bound) -> Iterator[RateRow]:
    """The bound at its own steps, or at the usual ones that its side conditions admit where they are short."""
    own = {bound.schedule.text: shape(bound.schedule)} if bound.schedule else USUAL
    for zeros in (NOISY, QUIET):
        values = dict.fromkeys(zeros, 0.0)
        for text, steps in own.items():
            rule = bound.schedule or Schedule(text.replace("a", "0.001/(s*L)", 1))
            ground = Ground.of(rule, 1 if bound.synchronous_only else 4, values)
            if bound.check_domain(ground.setting(100)):
                continue
            try:
                chosen = shape(bound.schedule, zeros) if bound.schedule else steps
                yield RateRow(text, not zeros, leading(bound, chosen, zeros))
            except Outside:
                continue


def sentence(bound: Bound) -> str:
    """The rate of a bound in a line: where it has its own steps, there; else at the usual ones, and at the best."""
    if bound.name in NO_WORSE_THAN:
        other = NO_WORSE_THAN[bound.name]
        return f"no worse than {other}, {sentence(REGISTRY[other])}"
    found = list(rows(bound))
    if not found:
        return _measured(bound)
    if bound.schedule:
        parts = [row.order + ("" if row.noise else " without noise") for row in found]
        return ", ".join(dict.fromkeys(parts)) if len({row.order for row in found}) > 1 else parts[0]
    noisy = [f"{row.order} at {row.steps}" for row in found if row.noise and row.steps in ("a/sqrt(k)", "a/sqrt(T)")]
    quiet = [f"{row.order} at a constant step without noise" for row in found if not row.noise and row.steps == "a"]
    chosen = best(bound, NOISY if noisy else QUIET)
    least = written(chosen.term) if chosen is not None and chosen.scale is not None else ""
    return ", ".join([*noisy, *quiet]) + (
        f"; {least} at the best {chosen.text}" if chosen and 0 < len(least) < 60 else ""
    )


def _at_its_method(bound: Bound) -> str:
    staleness, constants = Staleness(4), {"L": 1.0, "Delta": 1.0, "sigma": 0.0}
    first, last = (bound.evaluate(run_of_method(steps, staleness, constants)) for steps in (1000, 10_000))
    return (
        f"about T^{math.log10(last / first):.2f} with the steps of its method without noise, measured up to T = "
        f"10,000; with noise it tends to a multiple of sigma^2, {noise_left(staleness):.3f} at s = 4"
    )


def _measured(bound: Bound) -> str:
    """Where no leading term is derived, the exponent is measured."""
    if bound.takes_moves:
        return _at_its_method(bound)
    quiet = {"sigma": 0.0}
    for values in ({}, quiet) if "sigma" in bound.constants else (quiet,):
        text = "1/(2*s*L)" if values else "1/(s*L*sqrt(T))"
        found, _ = rates_of([bound], text, 1 if bound.synchronous_only else 4, values)
        if found:
            noise = " without noise" if values and "sigma" in bound.constants else ""
            return f"about T^{found[0].exponent:.2f} at {text}{noise}, measured up to T = {found[0].checked[-1][0]:,}"
    return "not derived"
