"""The rate of a bound at a schedule: derived as T grows, checked by plain sums; measured where it is not derived."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from theory.bounds.parts.bound import Bound
from theory.bounds.parts.free_numbers import WithFreeNumbers
from theory.bounds.parts.setting import Setting
from theory.common.shown import Shown
from theory.formulas.symbolic import Expr, Symbolic
from theory.rates.best import Best, best, best_scale, logarithms, scaled
from theory.rates.growth import Growth, Outside, T
from theory.rates.leading import Leading, leading
from theory.rates.plain_sums import evaluated
from theory.rates.series import Enclosure
from theory.rates.steps import shape
from theory.schedules.schedule import Schedule
from theory.staleness.count import Staleness

#: The numbers of steps at which a leading term is compared with the bound itself.
HORIZONS = tuple(10**n for n in range(2, 8))
# Bounds that look for numbers of their own are evaluated whole, which takes longer.
_WHOLE = (10**3, 10**4)
# Where the side conditions are looked at.
_DOMAIN = (100, 1000, 10000)


@dataclass(frozen=True)
class Ground:
    """Where rates are asked for: the schedule, the staleness s, and the constants.

    Args:
        values: every name that a bound may ask for; given: those that the user gave.
    """

    schedule: Schedule
    staleness: int
    values: Mapping[str, float]

    @classmethod
    def of(cls, schedule: Schedule, staleness: int, constants: Mapping[str, float]) -> Ground:
        """L, Delta, sigma and G are 1 and mu is 1/2 if not given; the law of the delays is the fixed one."""
        delay = Staleness(staleness).maximum_delay
        usual = {"L": 1.0, "Delta": 1.0, "sigma": 1.0, "mu": 0.5}
        of_the_law = {"Ed": float(delay), "Ed2": float(delay**2), "young": 1.0, "cut": 2.0 * staleness}
        of_the_method = {"G": 1.0, "delta": 0.5, "zeta": 1.0, "workers": 16.0, "group": 4.0}
        of_the_method |= {"radius": 1.0, "centres": 3.0, "threshold": 1.0, "size": 1.0}
        of_the_method |= {"lowest": 0.1, "highest": 1.0, "bend": 1.0, "influence": 1.0, "local": 5.0}
        return cls(schedule, staleness, {**of_the_method, **of_the_law, **usual, **constants})

    @property
    def zeros(self) -> frozenset[str]:
        """The constants that are zero."""
        return frozenset(name for name in ("L", "Delta", "sigma", "mu") if self.values[name] == 0)

    def setting(self, steps: int) -> Setting:
        """The run of so many steps."""
        delays = np.minimum(np.arange(steps), self.staleness - 1)
        named = {name: self.values[name] for name in ("L", "Delta", "sigma", "mu")}
        made = Setting.of(self.schedule, delays, Staleness(self.staleness), named)
        return Setting(made.step_sizes, delays, made.staleness, self.values)

    def refusal(self, bound: Bound) -> str | None:
        """Why the bound does not apply, or None."""
        failures = (failure for steps in _DOMAIN for failure in bound.check_domain(self.setting(steps)))
        return next((failure.sentence() for failure in failures), None)


@dataclass(frozen=True, eq=False, repr=False)
class Rate(Shown):
    """How a bound decays at a schedule.

    Args:
        bound, schedule: their names. staleness: s, whose fixed delay s - 1 the constants belong to.
        found: the leading term; None where it is not derived, and then `why` says why.
        exponent: the power of T; logarithm: the power of log T beside it. Measured where nothing is derived.
        constants: the names in the leading term that stand for series, between two numbers each.
        checked: pairs of T and the bound divided by its leading term there, or by nothing where there is none.
        optimal: what the schedule is to be multiplied by for the least leading term, where that has a closed form.
        best: the best of the steps a k^-p and a T^-q for this bound, where it was asked for.
    """

    bound: str
    schedule: str
    staleness: int
    found: Leading | None
    exponent: float
    logarithm: int
    constants: Mapping[str, Enclosure]
    checked: tuple[tuple[int, float], ...]
    why: str = ""
    optimal: Expr | None = None
    best: Best | None = None

    def __repr__(self) -> str:
        return f"{self.bound} at {self.schedule}: {self.leading}"

    @property
    def term(self) -> Expr | None:
        """The leading term as a sympy expression, written short; None where it is not derived."""
        return None if self.found is None else short(self.found.growth)

    @property
    def order(self) -> str:
        """The rate without constants.

        >>> from theory.bounds.registry import REGISTRY
        >>> rates_of([REGISTRY["dai2019"]], "theorem-1", 4)[0][0].order
        'O(log T/sqrt T)'
        """
        return "not derived" if self.found is None else f"O({_order(self.exponent, self.logarithm)})"

    @property
    def leading(self) -> str:
        """The leading term as text; its language is that of claims, but for named constants."""
        if self.term is None:
            return f"about T^{self.exponent:.4g}, measured up to T = {self.checked[-1][0]:,}: {self.why}"
        return written(self.term)

    def to_dict(self) -> dict[str, Any]:
        """The rate as `--json` prints it."""
        last, ratio = self.checked[-1]
        return {
            "bound": self.bound,
            "schedule": self.schedule,
            "staleness": self.staleness,
            "leading": self.leading,
            "latex": rf"T^{{{self.exponent:.4g}}}" if self.term is None else sympy.latex(self.term, ln_notation=True),
            "exponent": self.exponent,
            "logarithm": self.logarithm,
            "order": self.order,
            "derived": self.found is not None,
            "constants": {name: list(ends) for name, ends in self.constants.items()},
            "series": {} if self.found is None else {name: each.text() for name, each in self.found.named.items()},
            "checked_to": last,
            "ratio": None if self.found is None else ratio,
            "checked": [list(pair) for pair in self.checked],
            "optimal_factor": None if self.optimal is None else written(self.optimal),
            "best": None if self.best is None else _described(self.best),
        }


def rates_of(
    bounds: Iterable[Bound],
    schedule: str | Schedule,
    staleness: int,
    constants: Mapping[str, float] | None = None,
    *,
    with_best: bool = False,
) -> tuple[list[Rate], dict[str, str]]:
    """The rates of bounds at a schedule, and why others do not apply there.

    Args:
        bounds: of the library. schedule: an expression, or a name of the catalogue. staleness: s.
        constants: values that are given; 1 for L, Delta and sigma and 1/2 for mu where nothing is. Without noise
            (sigma=0) other terms lead.
        with_best: look for the best exponent and constant too.

    Raises:
        InputError: a schedule that does not parse, or constants of the wrong sign.
    """
    rule = schedule if isinstance(schedule, Schedule) else Schedule(schedule)
    ground = Ground.of(rule, staleness, constants or {})
    refused = {bound.name: ground.refusal(bound) for bound in bounds}
    applying = [bound for bound in bounds if refused[bound.name] is None]
    found = {bound.name: _derived(bound, ground) for bound in applying}
    values = _values(applying, ground)
    rates = [_rate(bound, ground, found[bound.name], values[bound.name], with_best) for bound in applying]
    return rates, {name: sentence for name, sentence in refused.items() if sentence is not None}


def _derived(bound: Bound, ground: Ground) -> Leading | str:
    """The leading term, or why it is not derived."""
    try:
        found = leading(bound, shape(ground.schedule, ground.zeros), ground.zeros)
    except Outside as outside:
        return str(outside)
    if not _number(found.growth.term.subs(T, HORIZONS[-1]), found, ground) > 0:
        return "What stands before the power of T is not positive at these constants."
    return found


def _values(bounds: Iterable[Bound], ground: Ground) -> dict[str, dict[int, float]]:
    """Each bound at growing T."""
    plain = {bound.name: bound.value for bound in bounds if _has_plain_sums(bound)}
    found: dict[str, dict[int, float]] = {bound.name: {} for bound in bounds}
    for steps in HORIZONS if plain else ():
        for name, value in evaluated(plain, ground.schedule, ground.staleness, ground.values, steps).items():
            found[name][steps] = value
    for bound in bounds:
        if bound.name not in plain:
            found[bound.name] = {steps: bound.evaluate(ground.setting(steps)) for steps in _WHOLE}
    return found


def _has_plain_sums(bound: Bound) -> bool:
    """Whether the value is nothing but sums over the steps."""
    return not (isinstance(bound, WithFreeNumbers) or any(isinstance(node, Symbolic) for node in bound.value.walk()))


def _rate(bound: Bound, ground: Ground, found: Leading | str, values: Mapping[int, float], with_best: bool) -> Rate:
    name, text, window = bound.name, ground.schedule.text, ground.staleness
    checked = () if isinstance(found, str) else _compared(found, values, ground)
    if not isinstance(found, str) and not _approaches(checked):
        found = "the sums do not approach what was derived."
    if isinstance(found, str):
        (before, low), (last, high) = sorted(values.items())[-2:]
        exponent = math.log(high / low) / math.log(last / before) if low > 0 < high else math.nan
        return Rate(name, text, window, None, exponent, 0, {}, tuple(values.items()), why=found)
    optimal = chosen = None
    if with_best and bound.schedule is None:
        chosen = best(bound, ground.zeros)
        optimal = best_scale(leading(bound, scaled(shape(ground.schedule, ground.zeros)), ground.zeros))
    logs, exponent = int(logarithms(found.growth)), float(found.growth.power)
    ends = found.enclosures(window - 1)
    return Rate(name, text, window, found, exponent, logs, ends, checked, "", optimal, chosen)


def _compared(found: Leading, values: Mapping[int, float], ground: Ground) -> tuple[tuple[int, float], ...]:
    """Pairs of T and the bound over its leading term there."""
    numbers = {steps: float(_number(found.growth.term.subs(T, steps), found, ground)) for steps in values}
    return tuple((steps, value / numbers[steps]) for steps, value in values.items())


def _approaches(checked: tuple[tuple[int, float], ...]) -> bool:
    """Whether the ratios come nearer to 1, or are there."""
    before, last = (abs(ratio - 1) for _, ratio in checked[-2:])
    return last < max(1e-6, 0.99 * before)


def _number(expression: Expr, found: Leading, ground: Ground) -> Expr:
    """The number that an expression is at the constants of the ground."""
    middles = {name: (low + high) / 2 for name, (low, high) in found.enclosures(ground.staleness - 1).items()}
    named = {**ground.values, **middles, "s": ground.staleness}
    return sympy.N(expression.subs({each: named[str(each)] for each in expression.free_symbols if str(each) in named}))


def short(growth: Growth) -> Expr:
    """The leading term, in the shortest of a few forms."""
    forms = (
        growth.coefficient,
        sympy.expand(growth.coefficient),
        sympy.factor_terms(sympy.together(growth.coefficient)),
    )
    return min((form * T**growth.power for form in forms), key=lambda form: len(str(form)))


def written(term: Expr) -> str:
    """A term as text, with ^ for powers."""
    return str(term).replace("**", "^").replace("EulerGamma", "0.577216")


def order_of(growth: Growth) -> str:
    """The rate of a leading term without its constants, as O(log T/sqrt T)."""
    return f"O({_order(float(growth.power), int(logarithms(growth)))})"


def _described(found: Best) -> dict[str, Any]:
    growth = found.leading.growth
    return {
        "steps": found.text,
        "exponent": float(growth.power),
        "order": order_of(growth),
        "scale": None if found.scale is None else written(found.scale),
        "leading": written(found.term),
    }


def _order(exponent: float, logarithm: int) -> str:
    logs = "" if logarithm == 0 else "log T" if abs(logarithm) == 1 else f"(log T)^{abs(logarithm)}"
    power = {0.0: "", 1.0: "T", 0.5: "sqrt T"}.get(abs(exponent), f"T^{_fraction(abs(exponent))}")
    above = [part for part, up in ((power, exponent > 0), (logs, logarithm > 0)) if part and up]
    below = [part for part, down in ((power, exponent < 0), (logs, logarithm < 0)) if part and down]
    under = f"/({' '.join(below)})" if len(below) > 1 else f"/{below[0]}" if below else ""
    return (" ".join(above) or "1") + under


def _fraction(number: float) -> str:
    made = sympy.nsimplify(number, rational=True).limit_denominator(1000)
    return str(made) if made.q == 1 else f"({made})"
