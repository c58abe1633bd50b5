"""Side conditions of a bound: inequalities between formulas that are checked, printed and explained when they fail.

A condition that holds with equality on paper must not fail by rounding. The formulas compared are sums over a window,
of at most s and at most T terms, at most three deep, and a float sum of n non-negative terms is off by at most
(n - 1) eps / 2 of its size; (16 + 4 min(s, T)) eps of the size of the terms, all minus signs turned to plus, therefore
covers it. A condition with a limit or an allowance that is not finite is not met.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.bounds.parts.setting import Setting
from theory.common.types import Floats
from theory.formulas.formula import (
    Call,
    Environment,
    Formula,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    WhereNoisy,
    WhereOvertaken,
)


class Relation(StrEnum):
    """How the two sides of a condition compare."""

    AT_LEAST = ">="
    AT_MOST = "<="
    ABOVE = ">"
    EQUALS = "=="

    @property
    def latex(self) -> str:
        """The sign between the two sides."""
        return {">=": r"\ge", "<=": r"\le", ">": ">", "==": "="}[self.value]

    @property
    def words(self) -> str:
        """What stands before the limit in a sentence."""
        return {">=": "at least ", "<=": "at most ", ">": "more than ", "==": ""}[self.value]

    def holds(self, left: Floats, right: Floats, allowance: Floats | float) -> NDArray[np.bool_]:
        """Entry by entry; a left side or an allowance that is not finite fails."""
        held = _HOLDS[self](left, right, allowance) & np.isfinite(left) & np.isfinite(allowance)
        return np.asarray(held, dtype=np.bool_)


_HOLDS: Mapping[Relation, Callable[[Any, Any, Any], Any]] = {
    Relation.AT_LEAST: lambda left, right, allowance: left >= right - allowance,
    Relation.AT_MOST: lambda left, right, allowance: left <= right + allowance,
    # What rounding alone can lift above the limit does not count as above it.
    Relation.ABOVE: lambda left, right, allowance: left > right + allowance,
    Relation.EQUALS: lambda left, right, allowance: np.abs(left - right) <= allowance,
}


@dataclass(frozen=True)
class Failure:
    """A side condition that fails, the first place where it does, and what would mend it.

    Args:
        bound: name of the bound.
        condition: short text of the condition.
        k: the step (counted from 1) or the point (x_0 is 0) where it fails first; None for a condition on one number.
        value, limit: the two sides there; None where a constant has no value.
        what: the failure in words; index: "k" for a step, "t" for a point; detail: the numbers; remedy: what to do.
    """

    bound: str
    condition: str
    k: int | None
    value: float | None
    limit: float | None
    what: str
    index: str | None
    detail: str
    remedy: str

    def sentence(self) -> str:
        """The refusal in one sentence."""
        where = "" if self.k is None else f" at {self.index} = {self.k}"
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.bound} does not apply: {self.what}{where}{detail}; {self.remedy}."


def no_value(bound: str, name: str) -> Failure:
    """A constant is not given."""
    what, remedy = f"the constant {name} has no value", f"give one with --constants {name}=NUMBER"
    return Failure(bound, f"{name} is given", None, None, None, what, None, "", remedy)


def several_gradients(bound: str, reads: int) -> Failure:
    """A bound about updates of one gradient meets updates of several."""
    what, remedy = (
        f"every update averages {reads} gradients",
        "use theorem-ab, or a corollary with B gradients an update",
    )
    return Failure(bound, "an update applies one gradient", None, None, None, what, None, "", remedy)


def moves_taken_back(bound: str) -> Failure:
    """A bound about delayed steps meets a method that takes moves back, or repeats them."""
    what, remedy = "the method takes back, or repeats, moves before", "use counter-momentum, or delayed steps"
    return Failure(bound, "no move is taken back", None, None, None, what, None, "", remedy)


def blocks_apart(bound: str) -> Failure:
    """A bound about gradients at points of the run meets gradients at points that mix blocks of several."""
    what, remedy = (
        "blocks of coordinates are read apart",
        "use theorem-s, or the schedule corollary-1, at which corollary-s applies too",
    )
    return Failure(bound, "a gradient is read at a point of the run", None, None, None, what, None, "", remedy)


def of_another_kind(bound: str, setting: Setting, takes: tuple[bool, bool, bool]) -> Failure | None:
    """What keeps a bound from runs of this kind; `takes`: several gradients, blocks read apart, moves taken back."""
    several, blocks, moves = takes
    if setting.reads > 1 and not several:
        return several_gradients(bound, setting.reads)
    if setting.apart and not blocks:
        return blocks_apart(bound)
    return moves_taken_back(bound) if setting.moves.size and not moves else None


def no_denominator(bound: str) -> Failure:
    """A bound whose conditions do not exclude it would divide by zero or less."""
    what, remedy = "its denominator is not positive", "take smaller steps, not all of them zero"
    return Failure(bound, "the denominator is positive", None, None, None, what, None, "", remedy)


def beyond_floats(bound: str) -> Failure:
    """The value is none that a float can hold."""
    what, remedy = "its value needs numbers too large to compute with", "take steps and constants of moderate size"
    return Failure(bound, "the value can be computed", None, None, None, what, None, "", remedy)


@dataclass(frozen=True, eq=False)
class Condition:
    """A side condition: `left relation right`, for one number or at every step or point.

    Args:
        name: short text, for tables; broken: the failure in words; remedy: what mends it.
        left, right: formulas of the same environment; relation: how they must compare.
        symbol: what the left side is called in a sentence.
        index: "k": an entry per step, counted from 1; "t": an entry per point x_t, from 0; None: one number.
        since: how many entries at the start are free of the condition.
        relative: how far, relative to the right side, the left may be off (equalities need a tolerance of their own).
        when: the condition is asked for only where this one holds.
    """

    name: str
    broken: str
    left: Formula
    relation: Relation
    right: Formula
    symbol: str
    remedy: str
    index: str | None = None
    since: int = 0
    relative: float = 0.0
    when: Condition | None = None

    def failure(self, bound: str, environment: Environment) -> Failure | None:
        """The first place where the condition fails, or None.

        Raises:
            FloatingPointError: a limit is beyond floats.
        """
        if self.when is not None and self.when.failure(bound, environment):
            return None
        left, right = self._sides(environment)
        broken = self._broken(left, right, environment)
        if not broken.size:
            return None
        first = int(broken[0])  # of a gradient, or of a point
        place = first // int(environment.values["B"]) if self.index == "k" else first
        return self._explain(bound, place, float(left[first]), float(right[first]))

    def latex(self, several: bool = False) -> str:
        """LaTeX of the condition with its range; steps are counted from 0 in it; `several`: k is that of a gradient."""
        index = self.index or "k"
        left, right = (side.bracketed(Sum.strength, index) for side in (self.left, self.right))
        of_gradients = several and self.index == "k"
        steps = r"\text{every gradient } k" if of_gradients else rf"{index} = {self.since}, \dots, T-1"
        text = f"{left} {self.relation.latex} {right}" + (rf" \quad ({steps})" if self.index else "")
        return text + (rf" \text{{ if }} {self.when.latex()}" if self.when else "")

    def sympy(self) -> Any:
        """The condition as a sympy relation, at step k or point x_{k-1} where it is asked for at each."""
        from theory.formulas.symbolic import expression, related, symbol

        asked = [symbol("k") > self.since] * (self.since > 0) + ([self.when.sympy()] if self.when else [])
        return related(expression(self.left), str(self.relation), expression(self.right), asked=asked)

    def names(self) -> frozenset[str]:
        """The symbols that occur on either side or in `when`."""
        return self.left.names() | self.right.names() | (self.when.names() if self.when else frozenset())

    def _sides(self, environment: Environment) -> tuple[Floats, Floats]:
        values = (side.evaluate(environment) for side in (self.left, self.right))
        left, right = (np.array(value, np.float64, copy=None, ndmin=1) for value in values)
        if left.shape != right.shape:
            left, right = np.broadcast_arrays(left, right)
        return left, right

    def _broken(self, left: Floats, right: Floats, environment: Environment) -> NDArray[np.int64]:
        if not np.isfinite(right[self.since :]).all():
            raise FloatingPointError("A limit that is not finite decides nothing.")
        plainly = self.relation.holds(left, right, 0.0)[self.since :].all()
        # Only a strict inequality can hold exactly and yet fail once rounding is allowed for.
        if plainly and self.relation is not Relation.ABOVE:
            return np.empty(0, dtype=np.int64)
        held = self.relation.holds(left, right, self._allowance(environment))
        return self.since + np.flatnonzero(~held[self.since :])

    def _allowance(self, environment: Environment) -> Floats:
        rounding = _rounding(self._size, environment)
        return np.asarray(rounding + self.relative * np.abs(self.right.evaluate(environment)), dtype=np.float64)

    @cached_property
    def _size(self) -> Formula:
        return magnitude(self.left) + magnitude(self.right)

    def _explain(self, bound: str, position: int, value: float, limit: float) -> Failure:
        k = None if self.index is None else position + (1 if self.index == "k" else 0)
        got, needed = _apart(value, limit)
        label = self.symbol if k is None else f"{self.symbol}_{k}"
        detail = f"{label} = {got}, needed {self.relation.words}{needed}"
        return Failure(bound, self.name, k, value, limit, self.broken, self.index, detail, self.remedy)


def _rounding(size: Formula, environment: Environment) -> Floats:
    """How far a formula of this magnitude may be off by rounding."""
    terms = min(environment.values["s"], environment.values["T"]) * environment.values["B"]
    eps = (16 + 4 * terms) * np.finfo(np.float64).eps
    return np.asarray(eps * np.asarray(size.evaluate(environment), dtype=np.float64), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Digits:
    """Whether a formula, and what it divides by, keep enough digits where their parts cancel."""

    value: Formula

    @cached_property
    def _parts(self) -> tuple[tuple[Formula, Formula], ...]:
        parts = (self.value, *(node.under for node in self.value.walk() if isinstance(node, Quotient)))
        return tuple((part, magnitude(part)) for part in parts)

    def are_kept(self, environment: Environment) -> bool:
        """Whether rounding changes none of them by more than a hundredth."""
        return all(
            np.all(_rounding(size, environment) <= 0.01 * np.abs(part.evaluate(environment)))
            for part, size in self._parts
        )


def magnitude(node: Formula) -> Formula:
    """The same formula with every minus sign turned to plus: the size of what its rounding error is relative to."""
    return _magnitude(node, {})


def _magnitude(node: Formula, done: dict[int, Formula]) -> Formula:
    # `done` keeps shared nodes shared: c_k stands in three places and is summed once.
    if id(node) not in done:
        done[id(node)] = _positive(node, lambda child: _magnitude(child, done))
    return done[id(node)]


def _positive(node: Formula, again: Callable[[Formula], Formula]) -> Formula:
    match node:
        case Negative():
            return again(node.body)
        case Number():
            return Number(abs(node.value))
        case Sum():
            return Sum(tuple(map(again, node.terms)))
        case Product():
            return Product(tuple(map(again, node.factors)))
        case Call() if node.function.name == "sin":  # off by no more than its argument
            return again(node.arguments[0])
        case Call():
            return replace(node, arguments=tuple(map(again, node.arguments)))
        case Quotient():
            return Quotient(again(node.over), node.under)
        case Power():
            return Power(again(node.base), node.exponent)
        case WhereNoisy():
            return WhereNoisy(again(node.noisy), again(node.quiet))
        case WhereOvertaken():
            return WhereOvertaken(again(node.late), again(node.ordered))
    body = getattr(node, "body", None)
    return node if body is None else replace(node, body=again(body))  # type: ignore[type-var]


def _apart(value: float, limit: float) -> tuple[str, str]:
    """Both numbers with just enough digits to be told apart."""
    texts = ("", "")
    for digits in range(4, 18):
        texts = f"{value:.{digits}g}", f"{limit:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def assessed(
    bound: str, value: Formula, conditions: tuple[Condition, ...], environment: Environment, most: int | None = None
) -> tuple[float | None, tuple[Failure, ...]]:
    """The value of a bound where every side condition holds, else None and the conditions that fail, or the first."""
    try:
        # A side that overflows fails its condition; an overflow inside the value could hide as a finite number.
        with np.errstate(all="ignore"):
            checked = (condition.failure(bound, environment) for condition in conditions)
            failures = tuple(islice((failure for failure in checked if failure is not None), most))
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            found = None if failures else float(value.evaluate(environment))
            # No bound of the library comes here with such a denominator: its conditions, or its proof, exclude it.
            under = value.under if found is not None and isinstance(value, Quotient) else None
            if under is not None and not under.evaluate(environment) > 0:
                return None, (no_denominator(bound),)
    except (OverflowError, FloatingPointError):
        return None, (beyond_floats(bound),)
    return (found, failures) if found is None or np.isfinite(found) else (None, (beyond_floats(bound),))
