r"""What only a schedule may hold besides a formula: comparisons, pieces, and the division of whole numbers.

They are evaluated and printed. No proof knows them: to the exact comparisons of claims they are formulas that are not
covered. A comparison is 1 where it is true and else 0, as in 0.1*(k <= 400); it prints in square brackets then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Any

import numpy as np

from theory.formulas.formula import Call, Environment, Formula, Function, Power, Product, Quotient, Sum

#: The signs of comparison, each with what it computes and how it prints.
COMPARISONS: Mapping[str, tuple[Callable[[Any, Any], Any], str]] = MappingProxyType(
    {
        "<": (np.less, "<"),
        "<=": (np.less_equal, r"\le"),
        ">": (np.greater, ">"),
        ">=": (np.greater_equal, r"\ge"),
        "==": (np.equal, "="),
        "!=": (np.not_equal, r"\ne"),
    }
)


class OwnFunction(Function):
    """A function that schedules alone may call."""

    def __reduce__(self) -> tuple[Callable[[str], Function], tuple[str]]:
        return _own, (self.name,)


def _own(name: str) -> Function:
    return OWN_FUNCTIONS[name]


#: Division, remainder and truncation as Python and numpy have them: 7 // 3 = 2, 7 % 3 = 1, int(2.5) = 2.
OWN_FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        function.name: function
        for function in (
            OwnFunction("floor_divide", (2, 2), np.floor_divide, lambda a, b: rf"\lfloor \frac{{{a}}}{{{b}}} \rfloor"),
            OwnFunction("mod", (2, 2), np.mod, lambda a, b: rf"\text{{mod}}\left({a}, {b}\right)"),
            OwnFunction(
                "clip",
                (3, 3),
                lambda a, low, high: np.minimum(np.maximum(a, low), high),
                lambda a, low, high: rf"\min\left(\max\left({a}, {low}\right), {high}\right)",
            ),
            OwnFunction("trunc", (1, 1), np.trunc, lambda a: rf"\text{{trunc}}\left({a}\right)"),
        )
    }
)


#: The operators that whole numbers have, and their functions.
WHOLE: Mapping[str, str] = MappingProxyType({"//": "floor_divide", "%": "mod"})


def combined(operator: str, left: Formula, right: Formula) -> Formula:
    """What an operator of arithmetic makes of two; the right side of a difference comes with its sign changed."""
    # A chain on the left becomes one node, evaluated from left to right all the same.
    match operator:
        case "+" | "-":
            return Sum((*(left.terms if isinstance(left, Sum) else (left,)), right))
        case "*":
            return Product((*(left.factors if isinstance(left, Product) else (left,)), right))
        case "/":
            return Quotient(left, right)
        case "//" | "%":
            return Call(OWN_FUNCTIONS[WHOLE[operator]], (left, right))
        case _:
            return Power(left, right)


class Condition(Formula):
    """What is true or false at a step: 1 or 0."""

    name = "a comparison"

    def latex(self, index: str = "k") -> str:
        return rf"\left[{self.stated(index)}\right]"

    def stated(self, index: str) -> str:
        """LaTeX of the statement alone."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Comparison(Condition):
    """Operands in a row with a sign between each two: 100 < k <= 200."""

    operands: tuple[Formula, ...]
    signs: tuple[str, ...]

    @property
    def children(self) -> tuple[Formula, ...]:
        return self.operands

    def compute(self, environment: Environment) -> Any:
        values = [operand.evaluate(environment) for operand in self.operands]
        pairs = zip(self.signs, values, values[1:], strict=False)
        return np.float64(1.0) * reduce(np.logical_and, (COMPARISONS[sign][0](a, b) for sign, a, b in pairs))

    def stated(self, index: str) -> str:
        first, *rest = (operand.latex(index) for operand in self.operands)
        return first + "".join(f" {COMPARISONS[s][1]} {text}" for s, text in zip(self.signs, rest, strict=True))


@dataclass(frozen=True, eq=False)
class Joined(Condition):
    """Two conditions with `and` or `or` between them."""

    word: str
    left: Formula
    right: Formula

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.left, self.right)

    def compute(self, environment: Environment) -> Any:
        join = np.minimum if self.word == "and" else np.maximum
        return join(self.left.evaluate(environment), self.right.evaluate(environment))

    def stated(self, index: str) -> str:
        left, right = (_within(each, index) for each in self.children)
        return rf"{left} \text{{ {self.word} }} {right}"


@dataclass(frozen=True, eq=False)
class Opposite(Condition):
    """The opposite of a condition."""

    body: Formula

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def compute(self, environment: Environment) -> Any:
        return 1.0 - self.body.evaluate(environment)

    def stated(self, index: str) -> str:
        return rf"\text{{not }} {_within(self.body, index)}"


@dataclass(frozen=True, eq=False)
class Pieces(Formula):
    """Values by cases: the first whose condition is true, else the last, which has none.

    Args:
        values: one more than there are conditions.
        conditions: of the values before the last, in the order in which they are asked.
    """

    values: tuple[Formula, ...]
    conditions: tuple[Formula, ...]
    name = "a choice by cases"

    @property
    def children(self) -> tuple[Formula, ...]:
        return (*self.values, *self.conditions)

    def compute(self, environment: Environment) -> Any:
        found = self.values[-1].evaluate(environment)
        for value, condition in reversed(list(zip(self.values, self.conditions, strict=False))):
            found = np.where(condition.evaluate(environment) > 0, value.evaluate(environment), found)
        return found

    def latex(self, index: str = "k") -> str:
        return rf"\left({self.stated(index)}\right)"

    def stated(self, index: str) -> str:
        """LaTeX without parentheses, for where it stands alone."""
        cases = [
            rf"{value.latex(index)} \text{{ if }} {stated(condition, index)}"
            for value, condition in zip(self.values, self.conditions, strict=False)
        ]
        return r", \; ".join([*cases, rf"\text{{else }} {self.values[-1].latex(index)}"])


def stated(node: Formula, index: str = "k") -> str:
    """LaTeX of a formula that stands alone, where neither pieces nor a condition need brackets.

    >>> from theory.formulas.parsing import parse
    >>> stated(parse("0.1 if k <= 400 else 0.01"))
    '0.1 \\\\text{ if } k \\\\le 400, \\\\; \\\\text{else } 0.01'
    """
    return node.stated(index) if isinstance(node, Pieces | Condition) else node.latex(index)


def _within(node: Formula, index: str) -> str:
    """A condition inside another one; only a comparison needs no brackets there."""
    return stated(node, index) if isinstance(node, Comparison) else node.latex(index)
