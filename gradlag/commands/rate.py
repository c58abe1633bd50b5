"""`gradlag rate`: the leading term of a bound as T grows, with every constant in it, and how it was checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradlag.terminal.output import interval, listed, number, print_list, print_prose, print_table, verb
from theory.common.errors import InputError
from theory.common.shown import Shown

if TYPE_CHECKING:
    from theory.rates.rate import Rate
    from theory.schedules.schedule import Schedule


@dataclass(frozen=True, eq=False, repr=False)
class Rates(Shown):
    """The rates of bounds at a schedule, and the bounds that do not apply there, each with the reason."""

    rates: tuple[Rate, ...]
    outside_domain: Mapping[str, str]

    def __repr__(self) -> str:
        return "; ".join(map(repr, self.rates))

    def __getitem__(self, bound: str) -> Rate:
        return {rate.bound: rate for rate in self.rates}[bound]

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {"rates": [rate.to_dict() for rate in self.rates], "outside_domain": dict(self.outside_domain)}


def rate(
    schedule: str | Schedule,
    *,
    bounds: Sequence[str] | None = None,
    staleness: int = 4,
    constants: Mapping[str, float] | None = None,
) -> Rates:
    """The leading term of each bound as T grows, at a fixed delay.

    Args:
        schedule: an expression, or a name of the catalogue. Its letters are k, T, s, L, Delta, sigma and mu: free ones
            are not taken, and a factor of your own is a number; with `bounds` the best one is told.
        bounds: names of the library; by default every bound that applies. With names, the best exponent and the best
            constant are looked for too.
        staleness: the theorem's s; it decides the constants that stand for sums over windows, s itself stays a name.
        constants: values of L, Delta, sigma and mu for the check, by default 1, 1, 1 and 1/2. With sigma=0 other terms
            lead.

    Returns:
        For each bound `leading`, `term` (the same as a sympy expression), `exponent`, `logarithm`, `constants` between
        two numbers each, and `checked`: the bound by plain sums over its leading term, up to ten million steps.

    Raises:
        InputError: a schedule or bound that cannot be used, in one sentence.

    >>> rate("1/(s*L*sqrt(T))", bounds=["theorem-a"])
    theorem-a at 1/(s*L*sqrt(T)): (Delta*L*s + sigma^2/(2*s))/sqrt(T)
    """
    from theory.bounds.registry import REGISTRY, get
    from theory.formulas.notation import checked_constant
    from theory.rates.rate import rates_of
    from theory.schedules.schedule import NumericSchedule, parse_schedule

    rule = parse_schedule(schedule)
    if isinstance(rule, NumericSchedule):
        raise InputError("A list of numbers ends, and a rate is about every T. Give the schedule as an expression.")
    given = {name: checked_constant(name, value) for name, value in (constants or {}).items()}
    chosen = [get(name) for name in bounds] if bounds else list(REGISTRY.values())
    found, refused = rates_of(chosen, rule, staleness, given, with_best=bool(bounds))
    if not found:
        raise InputError(next(iter(refused.values())))
    return Rates(tuple(found), refused)


def show(found: Rates) -> None:
    """One line a bound; where bounds were named, everything about each."""
    if any(each.best for each in found.rates) or len(found.rates) == 1:
        for each in found.rates:
            _print_one(each)
    else:
        _print_all(found)


def _print_all(found: Rates) -> None:
    derived = [each for each in found.rates if each.found]
    first = found.rates[0]
    print_prose(f"As T grows, at {first.schedule} with s = {first.staleness} and a fixed delay:")
    print_table(
        ("bound", "rate", "checked", "leading term"),
        [(each.bound, each.order, number(each.checked[-1][1], 6), each.leading) for each in derived],
    )
    print_list("Measured only", [f"{each.bound}: {each.leading}" for each in found.rates if not each.found])
    names = list(found.outside_domain)
    if names:
        print_prose(f"{listed(names)} {verb(names, 'does', 'do')} not apply at this schedule; --bound says why.")
    print_prose("Checked: the bound by plain sums over its leading term, at T = 10,000,000.")
    print_prose("--bound NAME tells one whole: its constants, the check, the best exponent and the best constant.")


def _print_one(each: Rate) -> None:
    told = each.to_dict()
    print_prose(f"{each.bound} at {each.schedule}, s = {each.staleness}, fixed delay, as T grows: {each.order}")
    print_list("", [each.leading])
    print_list(
        "where",
        [f"{name} is the {told['series'][name]}, in {interval(*ends, 8)}" for name, ends in each.constants.items()],
    )
    if each.found:
        title = "Checked by plain sums, the bound over its leading term"
        print_list(title, [f"T = {steps:,}: {number(ratio, 8)}" for steps, ratio in each.checked])
    if each.optimal is not None:
        print_prose(f"The leading term is least with the schedule times {told['optimal_factor']}.")
    if each.best is not None:
        best = told["best"]
        scale = f"a = {best['scale']}" if best["scale"] else "no best a in closed form: the domain of the bound decides"
        print_prose(
            f"Among steps a k^-p and a T^-q the best exponent is that of {best['steps']}: {best['order']}; {scale}.",
            f"There the leading term is {best['leading']}.",
        )
