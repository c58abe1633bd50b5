r"""Bounds of the library in closed form for every T: at their own steps, and at any steps a k^{-p}, 0 <= p <= 1.

The former are replayed by the kernel as they stand; what the latter are is told in `theory/claims/powers/bounds.py`.
At p = 0 and p = 1/2 they are replayed as well; those at other p were derived by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from theory.bounds import Bound, get
from theory.claims.claim import Values, as_ratio, ratio_at
from theory.claims.posynomial import Posynomial, Ratio, Uncovered, number
from theory.claims.powers.bounds import FORMS
from theory.claims.powers.replayed import replayed
from theory.formulas.formula import Formula, Name
from theory.proofs import PROOFS
from theory.proofs.proof import Proof


@dataclass(frozen=True)
class PowerSteps:
    """Step sizes a k^{-p}, 0 <= p <= 1."""

    a: Ratio
    p: Fraction

    def at(self, values: Values) -> PowerSteps:
        """The same at values of the constants."""
        return PowerSteps(ratio_at(self.a, values), self.p)

    def same_as(self, other: PowerSteps) -> bool:
        """Whether both are the same at every k."""
        return self.p == other.p and self.a.same_as(other.a)


@dataclass(frozen=True)
class Granted:
    """What is known of the runs that a claim is about.

    Args:
        noisy: whether there may be noise; in_order: whether no read overtakes another.
        coherent: whether gradient coherence mu may be assumed.
    """

    noisy: bool
    in_order: bool
    coherent: bool


@dataclass(frozen=True)
class ClosedForm:
    """A bound of the library at the steps of a claim, for every T from `since` on.

    Args:
        name: the bound; match: why the steps are covered, in words.
        values: it is at most the largest of these.
        asked: what must be at least 0 for it, with the words for it.
        since: the least T it is about; coherent: whether it assumes coherence.
        proof: all of it, where it is replayed; else it was derived by hand from the bound, and no kernel has seen that.
    """

    name: str
    match: str
    values: tuple[Ratio, ...]
    asked: tuple[tuple[str, Ratio], ...] = ()
    since: int = 1
    coherent: bool = False
    proof: Proof | None = None

    def at(self, values: Values) -> ClosedForm:
        """The same at values of the constants."""
        below = tuple(ratio_at(value, values) for value in self.values)
        asked = tuple((text, ratio_at(ratio, values)) for text, ratio in self.asked)
        return ClosedForm(self.name, self.match, below, asked, self.since, self.coherent, self.proof)


def power_steps(schedule: Formula) -> PowerSteps:
    """A schedule as a k^{-p}.

    Raises:
        Uncovered: it is of another form.

    >>> from theory.formulas.parsing import parse
    >>> steps = power_steps(parse("mu/(s*L*sqrt(k))"))
    >>> str(steps.p), str(steps.a)
    ('1/2', '(L^-1 mu s^-1) / (1)')
    """
    ratio = as_ratio(schedule)
    over, below = ratio.over.without("k"), ratio.below.without("k")
    if len(over) != 1 or len(below) != 1:
        raise Uncovered("step sizes that are not a power of k times a number")
    ((up, above),), ((down, under),) = over.items(), below.items()
    if not 0 <= down - up <= 1:
        raise Uncovered("step sizes that increase, or fall faster than 1/k")
    own = frozenset(_without_k(part) for part in ratio.under)
    return PowerSteps(Ratio(above, under, own), down - up)


def closed_forms(steps: PowerSteps, known: Granted, values: Values) -> Iterator[ClosedForm]:
    """The bounds that apply to steps a k^{-p} for every T, those in simplest form first, at values of the constants."""
    names = ["corollary-1"] if known.in_order or not known.noisy else []
    names += ["corollary-1b", "corollary-2"] + (["dai2019-strict", "dai2019"] if known.coherent else [])
    values = {**values, "B": number(1)}
    here = steps.at(values)
    found = [_own_steps(get(name)) for name in names if _is_own(get(name), here, values)]
    late = int(known.noisy and not known.in_order)
    forms = ["theorem-b"] * (not known.noisy) + [f"theorem-a {late}"] + ["dai2019-tight"] * known.coherent
    found += [_at_powers(name, here, known) for name in forms]
    yield from (form.at(values) for form in found)


def _without_k(part: Posynomial) -> Posynomial:
    """A divisor without its powers of k, which are positive."""
    if "k" not in part.symbols:
        return part
    parts = part.without("k")
    if len(parts) != 1:
        raise Uncovered("step sizes that divide by a sum in k")
    return next(iter(parts.values()))


def _is_own(bound: Bound, here: PowerSteps, values: Values) -> bool:
    return bound.schedule is not None and power_steps(bound.schedule.formula).at(values).same_as(here)


def _own_steps(bound: Bound) -> ClosedForm:
    text = bound.schedule.text if bound.schedule else ""
    match = f"the steps are those of {bound.name}, {text}"
    proof = PROOFS[bound.name]
    return ClosedForm(bound.name, match, (as_ratio(bound.value),), (), proof.least_steps, bound.needs_coherence, proof)


def _match(steps: PowerSteps) -> str:
    return "the step is constant" if not steps.p else f"the steps are a multiple of k^-{steps.p}"


def _at_powers(name: str, steps: PowerSteps, known: Granted) -> ClosedForm:
    form, step, given = FORMS[name], Name("step", "a"), {"step": steps.a}
    factors = form.factors(step)
    values = tuple(as_ratio(form.value(step, steps.p, m), given) for m in factors)
    asked = tuple((form.text, as_ratio(form.room(step, m), given)) for m in factors)
    proof = replayed(name, steps.p)
    found = ClosedForm(form.of.name, _match(steps), values, asked, 1, form.of.needs_coherence, proof)
    return found if known.noisy else found.at({"sigma": number(0)})


__all__ = ["ClosedForm", "Granted", "PowerSteps", "closed_forms", "power_steps"]
