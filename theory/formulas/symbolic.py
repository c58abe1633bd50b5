r"""Formulas as sympy expressions.

This file imports sympy, and is imported only when an expression is asked for. Steps are counted from 1: eta[k] is the
step size of step k and d[k] its delay, so that W_k = {k - d[k], ..., k - 1} and the entry k of what speaks of points
belongs to x_{k-1}. Windows, readers and served become sums over a running index with the delay map in their limits or
in an indicator (sympy draws a `Piecewise` out of nested sums, past the index that binds it: Heaviside and the Kronecker
delta stay where they are); the largest entry is a `Largest`. Symbols carry the sign of the glossary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import add, mul
from typing import Any, Protocol, TypeAlias, runtime_checkable

import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits

from theory.formulas.formula import (
    Block,
    Call,
    Defined,
    Formula,
    Name,
    Negative,
    Number,
    Peak,
    Power,
    Previous,
    Product,
    Quotient,
    Readers,
    Served,
    Sum,
    Taken,
    Total,
    WhereNoisy,
    WhereOvertaken,
    Window,
    Younger,
)
from theory.formulas.notation import GLOSSARY, Sign
from theory.formulas.pieces import Comparison, Joined, Opposite, Pieces

#: sympy has no types of its own.
Expr: TypeAlias = Any

#: What sympy is told of a symbol: positive, where it is not one of these.
_OF_SIGN: Mapping[Sign, str] = {Sign.NON_NEGATIVE: "nonnegative", Sign.ANY: "real"}
_LETTERS = ("k", "j", "i", "l", "m", "n", "p", "q", "r")


def symbol(name: str, *, sequence: bool | None = None) -> Expr:
    """The symbol of a name, with the sign of the glossary; a sequence is indexed by the step, as eta[k].

    >>> symbol("L").is_positive, symbol("eta")[symbol("k")]
    (True, eta[k])
    """
    entry = GLOSSARY.get(name)
    if entry is None:
        return sympy.IndexedBase(name, real=True) if sequence else sympy.Symbol(name, real=True)
    sign = {_OF_SIGN.get(entry.sign, "positive"): True}
    assumed = sign | ({"integer": True} if entry.unit == "steps" else {})
    indexed = entry.indexed if sequence is None else sequence
    return sympy.IndexedBase(name, **assumed) if indexed else sympy.Symbol(name, **assumed)


def symbols(names: str) -> Expr:
    """The symbols of these names, one or a tuple, as `sympy.symbols` gives symbols that have no sign.

    >>> symbols("L T")
    (L, T)
    """
    found = tuple(symbol(name) for name in names.replace(",", " ").split())
    return found[0] if len(found) == 1 else found


class Largest(ExprWithLimits):  # type: ignore[misc]
    """The largest value of an expression over the range of an index, as `Sum` is its sum.

    >>> k = symbol("k")
    >>> Largest(symbol("eta")[k], (k, 1, 2)).doit()
    Max(eta[1], eta[2])
    """

    def __new__(cls, function: Expr, *limits: Any) -> Largest:
        made: Largest = ExprWithLimits.__new__(cls, function, *limits)
        return made

    def doit(self, **hints: Any) -> Expr:
        """The maximum, where it does not depend on the index or the range is known."""
        function, (index, first, last) = self.function.doit(**hints), self.limits[0]
        if index not in function.free_symbols:
            return function
        if not (first.is_Integer and last.is_Integer):
            return self.func(function, *self.limits)
        return sympy.Max(*(function.subs(index, at).doit(**hints) for at in range(int(first), int(last) + 1)))

    def _pythoncode(self, printer: Any) -> str:
        index, first, last = map(printer._print, self.limits[0])
        return f"max({printer._print(self.function)} for {index} in range({first}, {last} + 1))"

    _numpycode = _mpmathcode = _scipycode = _pythoncode


@runtime_checkable
class Symbolic(Protocol):
    """A node of another file that says itself how it stands in sympy."""

    def symbolic(self, translator: Translator, index: Expr) -> Expr:
        """The entry at an index."""


@dataclass(frozen=True)
class Translator:
    """From formulas to sympy; `entries` says what stands for a name at an index, instead of its symbol."""

    entries: Mapping[str, Callable[[Expr], Expr]] = field(default_factory=dict)

    def entry(self, node: Formula, index: Expr) -> Expr:
        """The node at an index; a scalar does not depend on it."""
        match node:
            case Number():
                return _number(node)
            case Name():
                return self._named(node, index)
            case Defined():
                return self.entry(node.body, index)
            case Negative():
                return -self.entry(node.body, index)
            case Sum():
                return reduce(add, (self.entry(term, index) for term in node.terms))
            case Product():
                return reduce(mul, (self.entry(factor, index) for factor in node.factors))
            case Quotient():
                return self.entry(node.over, index) / self.entry(node.under, index)
            case Power():
                return self.entry(node.base, index) ** self.entry(node.exponent, index)
            case Call():
                return _CALLS[node.function.name](*(self.entry(argument, index) for argument in node.arguments))
            case Previous():
                return sympy.Piecewise((self.entry(node.body, index - 1), index > 1), (0, True))
            case Pieces() | Comparison() | Joined() | Opposite():
                return self._cases(node, index)
            case WhereNoisy():
                return _chosen(self._noise(index), self.entry(node.noisy, index), self.entry(node.quiet, index))
            case WhereOvertaken():
                late = self._noise(index) * self._overtaken(index)
                return _chosen(late, self.entry(node.late, index), self.entry(node.ordered, index))
            case _:
                return self._over_steps(node, index)

    def _cases(self, node: Formula, index: Expr) -> Expr:
        parts = [self.entry(child, index) for child in node.children]
        match node:
            case Pieces():
                *values, found = parts[: len(node.values)]
                for value, condition in reversed(list(zip(values, parts[len(node.values) :], strict=True))):
                    found = _chosen(condition, value, found)
                return found
            case Comparison():
                pairs = zip(node.signs, parts, parts[1:], strict=False)
                return reduce(mul, (_COMPARISONS[sign](left, right) for sign, left, right in pairs))
            case Joined():
                return (sympy.Min if node.word == "and" else sympy.Max)(*parts)
        return 1 - parts[0]

    def first(self, node: Formula) -> Expr:
        """The entry of the first step."""
        return self.entry(node, sympy.Integer(1))

    def _over_steps(self, node: Formula, index: Expr) -> Expr:
        if isinstance(node, Symbolic):
            return node.symbolic(self, index)
        running, last = _fresh(index), self._named(_STEPS, index)
        body, delay = self.entry(node.children[0], running), self._named(_DELAY, running)
        match node:
            case Total():
                return sympy.Sum(body, (running, 1, last))
            case Peak():
                return Largest(body, (running, 1, last))
            case Window():
                return sympy.Sum(body, (running, index - self._named(_DELAY, index), index - 1))
            case Younger():
                overtakes = sympy.Heaviside(running - delay - (index - self._named(_DELAY, index)), 0)
                return sympy.Sum(body * overtakes, (running, index - self._named(_DELAY, index), index - 1))
            case Block() | Taken():  # one gradient an update
                return self.entry(node.children[0], index)
            case Readers():
                return sympy.Sum(body * sympy.Heaviside(index - running + delay, 1), (running, index + 1, last))
            case Served():
                return sympy.Sum(body * sympy.KroneckerDelta(running - delay, index), (running, index, last))
        raise TypeError(f"There is no sympy expression for {type(node).__name__}.")

    def _noise(self, index: Expr) -> Expr:
        return sympy.Piecewise((1, self._named(_SIGMA, index) > 0), (0, True))

    def _overtaken(self, index: Expr) -> Expr:
        """One where a gradient applied within the window was read later, else zero."""
        running, delay = _fresh(index), self._named(_DELAY, index)
        lead = running - self._named(_DELAY, running) - (index - delay)
        return sympy.Min(1, sympy.Sum(sympy.Heaviside(lead, 0), (running, index - delay, index - 1)))

    def _named(self, node: Name, index: Expr) -> Expr:
        if node.name in self.entries:
            return self.entries[node.name](index)
        if node.name == "k":
            return index
        found = symbol(node.name, sequence=node.sequence)
        return found[index] if node.sequence else found


_NOWHERE = sympy.Symbol("nowhere", integer=True, positive=True)
_SIGMA, _STEPS, _DELAY = Name("sigma", r"\sigma"), Name("T", "T"), Name("d", "d", sequence=True)

_CALLS: Mapping[str, Callable[..., Expr]] = {
    "sqrt": sympy.sqrt, "log": sympy.log, "ln": sympy.log, "exp": sympy.exp, "sin": sympy.sin, "cos": sympy.cos,
    "abs": sympy.Abs, "floor": sympy.floor, "ceil": sympy.ceiling, "min": sympy.Min, "max": sympy.Max,
    "mod": sympy.Mod, "floor_divide": lambda a, b: sympy.floor(a / b),
    "clip": lambda a, low, high: sympy.Min(sympy.Max(a, low), high),
    "trunc": lambda a: _chosen(sympy.Heaviside(a, 1), sympy.floor(a), sympy.ceiling(a)),
}  # fmt: skip

#: The indicators of the comparisons.
_COMPARISONS: Mapping[str, Callable[[Expr, Expr], Expr]] = {
    "<": lambda a, b: sympy.Heaviside(b - a, 0),
    "<=": lambda a, b: sympy.Heaviside(b - a, 1),
    ">": lambda a, b: sympy.Heaviside(a - b, 0),
    ">=": lambda a, b: sympy.Heaviside(a - b, 1),
    "==": lambda a, b: sympy.Heaviside(b - a, 1) * sympy.Heaviside(a - b, 1),
    "!=": lambda a, b: 1 - sympy.Heaviside(b - a, 1) * sympy.Heaviside(a - b, 1),
}


def expression(node: Formula, **entries: Any) -> Expr:
    r"""The node as a sympy expression, at the step k where it is a sequence.

    Args:
        node: a formula of the library, or of a schedule.
        **entries: what stands for a name instead of its symbol: a formula, a number or an expression of sympy; in k
            for a sequence.

    Returns:
        A sympy expression in the symbols of `symbol`.

    >>> from theory.formulas.formula import total, window
    >>> from theory.formulas.notation import name_node
    >>> expression(total(window(name_node("eta"))))
    Sum(eta[j], (j, k - d[k], k - 1), (k, 1, T))
    >>> expression(total(name_node("eta")), eta=sympy.Symbol("c") / symbol("T")).doit()
    c
    """
    own: dict[str, Callable[[Expr], Expr]] = {}
    given = Translator(own)
    own.update({name: _as_entry(value, given) for name, value in entries.items() if value is not None})
    # A scalar does not notice that no step is given, and its sums may run over k.
    scalar = given.entry(node, _NOWHERE)
    return given.entry(node, symbol("k")) if scalar.has(_NOWHERE) else scalar


def equation(node: Defined) -> Expr:
    """An abbreviation, equal to what it stands for."""
    body, name = expression(node.body), node.symbol
    return sympy.Eq(sympy.IndexedBase(name)[symbol("k")] if node.sequence else sympy.Symbol(name), body, evaluate=False)


def related(left: Expr, relation: str, right: Expr, *, asked: Iterable[Expr] = ()) -> Expr:
    """The relation >=, <=, > or == of two sides, wherever all of `asked` hold."""
    return sympy.Or(sympy.Rel(left, right, relation), *map(sympy.Not, asked))


def _as_entry(value: Any, translator: Translator) -> Callable[[Expr], Expr]:
    if isinstance(value, Formula):
        return lambda index: translator.entry(value, index)
    made = sympy.sympify(value, strict=True)
    # A plain symbol k of the user's is the step as well.
    k = symbol("k")
    made = made.xreplace({each: k for each in made.free_symbols if each.name == "k"})
    return lambda index: made.subs(k, index)


def _number(node: Number) -> Expr:
    if node.value == math.pi:
        return sympy.pi
    return sympy.Rational(node.text if node.text and "/" not in node.text else repr(node.value))


def _chosen(indicator: Expr, one: Expr, other: Expr) -> Expr:
    """`one` where the indicator is 1, `other` where it is 0."""
    return other + (one - other) * indicator


def _fresh(index: Expr) -> Expr:
    """A running index that does not meet those of `index`."""
    used = {each.name for each in index.free_symbols}
    letter = next(letter for letter in _LETTERS if letter not in used)
    return sympy.Symbol(letter, integer=True, positive=True)
