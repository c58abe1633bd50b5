"""A second reading of schedules: cut into tokens here, grouped by Python's own grammar, computed by numpy.

Only tokens of this table reach Python: numbers and names become places in a list, functions become names of the
namespace. What the library computes for an accepted text has to be the same numbers, bit for bit.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Mapping
from functools import reduce
from typing import Any

import numpy as np

_FUNCTIONS = {
    **{"sqrt": np.sqrt, "log": np.log, "ln": np.log, "exp": np.exp, "sin": np.sin, "cos": np.cos},
    **{"abs": np.absolute, "floor": np.floor, "ceil": np.ceil, "fabs": np.absolute, "absolute": np.absolute},
    **{"int": np.trunc, "trunc": np.trunc, "fix": np.trunc, "float": np.positive},
}
_PAIRS = {"mod": np.mod, "floor_divide": np.floor_divide, "pow": np.power, "power": np.power}
_WORDS = frozenset({"if", "else", "and", "or", "not"})
_SIGNS = ("**", "//", "<=", ">=", "==", "!=", *"+-*/%^(),<>&|")
_LIBRARIES = ("np.", "numpy.", "math.", "jnp.", "torch.")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_FIGURES = frozenset("0123456789")
_MOST_SOURCE = 20_000


class NotRead(Exception):
    """The text is not arithmetic."""


class Real:
    """Numpy's own operations behind Python's operators: arrays and single numbers go through the same code."""

    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def __add__(self, other: Real) -> Real:
        return Real(self.held + other.held)

    def __sub__(self, other: Real) -> Real:
        return Real(self.held - other.held)

    def __mul__(self, other: Real) -> Real:
        return Real(self.held * other.held)

    def __truediv__(self, other: Real) -> Real:
        return Real(self.held / other.held)

    def __pow__(self, other: Real) -> Real:
        return Real(np.power(self.held, other.held))

    def __mod__(self, other: Real) -> Real:
        return Real(np.mod(self.held, other.held))

    def __floordiv__(self, other: Real) -> Real:
        return Real(np.floor_divide(self.held, other.held))

    def __neg__(self) -> Real:
        return Real(-self.held)

    def __pos__(self) -> Real:
        return self


class Truth(Real):
    """What a comparison gives: 1 or 0 in arithmetic, and what a choice asks for."""

    __slots__ = ()

    def __and__(self, other: Truth) -> Truth:
        return _truth((self.held == 1) & (_only_truth(other).held == 1))

    def __or__(self, other: Truth) -> Truth:
        return _truth((self.held == 1) | (_only_truth(other).held == 1))


class Asked:
    """What `and` and `or` make of numbers: Python has a number then, which the language refuses; it may be asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer


def _only_truth(value: Real) -> Truth:
    if not isinstance(value, Truth):
        raise NotRead("a number beside & or |")
    return value


def _truth(value: Any) -> Truth:
    return Truth(np.asarray(value).astype(np.float64))


def _asked(condition: Real | Asked) -> Any:
    """Whether it is true: a number is where it is not 0."""
    return condition.answer if isinstance(condition, Asked) else condition.held != 0


def _joined(join: Any) -> Any:
    def joined(*conditions: Real | Asked) -> Truth | Asked:
        answer = reduce(join, map(_asked, conditions))
        return _truth(answer) if all(isinstance(each, Truth) for each in conditions) else Asked(answer)

    return joined


def _none(condition: Real | Asked) -> Truth:
    return _truth(np.logical_not(_asked(condition)))


def _chosen(condition: Real | Asked, one: Real, other: Real) -> Real:
    return Real(np.where(_asked(condition), one.held, other.held))


class _Operators(ast.NodeTransformer):
    """Python's words become calls: they cannot be given another meaning otherwise."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        return self._called("where", [node.test, node.body, node.orelse])

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        return self._called("_all" if isinstance(node.op, ast.And) else "_any", node.values)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        return self._called("_none", [node.operand]) if isinstance(node.op, ast.Not) else self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        signs: list[ast.expr] = [ast.Constant(type(sign).__name__) for sign in node.ops]
        return self._called("_compared", [ast.Tuple(signs, ast.Load()), node.left, *node.comparators])

    def _called(self, name: str, arguments: list[ast.expr]) -> ast.AST:
        return ast.Call(ast.Name(name, ast.Load()), [self.visit(each) for each in arguments], [])


_COMPARED = {"Lt": np.less, "LtE": np.less_equal, "Gt": np.greater, "GtE": np.greater_equal}
_COMPARED |= {"Eq": np.equal, "NotEq": np.not_equal}


def _compared(signs: tuple[str, ...], *operands: Real) -> Truth:
    pairs = zip(signs, operands, operands[1:], strict=False)
    return _truth(reduce(np.logical_and, (_COMPARED[sign](one.held, other.held) for sign, one, other in pairs)))


def _single(compute: Any) -> Any:
    return lambda argument: Real(compute(argument.held))


def _pair(compute: Any) -> Any:
    return lambda one, other: Real(compute(one.held, other.held))


def _fold(pairwise: Any) -> Any:
    def folded(first: Real, second: Real, *rest: Real) -> Real:
        value = pairwise(first.held, second.held)
        for other in rest:
            value = pairwise(value, other.held)
        return Real(value)

    return folded


_NAMESPACE: Mapping[str, Any] = {
    **{name: _single(compute) for name, compute in _FUNCTIONS.items()},
    **{name: _pair(compute) for name, compute in _PAIRS.items()},
    **dict.fromkeys(("min", "minimum", "fmin"), _fold(np.minimum)),
    **dict.fromkeys(("max", "maximum", "fmax"), _fold(np.maximum)),
    "clip": lambda a, low, high: Real(np.minimum(np.maximum(a.held, low.held), high.held)),
    "where": _chosen,
}


# What no text can name.
_HIDDEN: Mapping[str, Any] = {
    **{"_all": _joined(np.logical_and), "_any": _joined(np.logical_or), "_none": _none},
    **{"_compared": _compared, "__builtins__": {}},
}


class Reading:
    """An expression, read once.

    Args:
        text: what the user wrote; names: those it may use, pi apart.

    Raises:
        NotRead: it is not arithmetic in these names.
    """

    def __init__(self, text: str, names: Collection[str]) -> None:
        source, self.held = _python(text, {*names, "pi"})
        try:
            tree = ast.fix_missing_locations(_Operators().visit(ast.parse(source, mode="eval")))
            self.compiled = compile(tree, "", "eval")
        except (SyntaxError, MemoryError, RecursionError) as error:
            raise NotRead(str(error)) from error

    def value(self, values: Mapping[str, Any]) -> Any:
        """The value, for numbers or arrays by name."""
        known = {**values, "pi": math.pi}
        held = [_held(known.get(word, word)) for word in self.held]
        try:
            with np.errstate(all="ignore"):
                # Only the tokens of `_python` stand in it.
                found = eval(self.compiled, {**_NAMESPACE, **_HIDDEN, "v": held})
        except (TypeError, AttributeError) as error:
            raise NotRead(str(error)) from error
        if isinstance(found, Truth | Asked):
            raise NotRead("a comparison is no step size")
        return found.held


def _python(text: str, names: Collection[str]) -> tuple[str, list[str]]:
    """The text as Python, and the names and numbers that its places v[0], v[1], ... stand for."""
    held: list[str] = []
    parts: list[str] = []
    at = 0
    while at < len(text):
        end, word = _token(text, at, names)
        if word is None:
            parts.append(f"v[{len(held)}]")
            held.append(text[at:end].rpartition(".")[2] if text[at] in _LETTERS else text[at:end])
        else:
            parts.append(word)
        at = end
    source = " ".join(parts)
    if len(source) > _MOST_SOURCE or not source.strip():
        raise NotRead("too long, or empty")
    return f"({source})", held


def _held(value: Any) -> Real:
    return Real(np.float64(value) if np.ndim(value) == 0 else value)


def _token(text: str, at: int, names: Collection[str]) -> tuple[int, str | None]:
    """Where the token at `at` ends, and its Python; None where a value stands."""
    first = text[at]
    if first in " \t\r\n":
        return at + 1, " "
    if first in _FIGURES or (first == "." and text[at + 1 : at + 2] in _FIGURES and text[at + 1 :]):
        return _number_end(text, at), None
    if first in _LETTERS:
        library = next((each for each in _LIBRARIES if text.startswith(each, at)), "")
        end = _run(text, at + len(library), _LETTERS | _FIGURES)
        word = text[at + len(library) : end]
        if word in names and (not library or word == "pi"):
            return end, None
        if word in _NAMESPACE or (word in _WORDS and not library):
            return end, word
        raise NotRead(word)
    sign = next((each for each in _SIGNS if text.startswith(each, at)), None)
    if sign is None:
        raise NotRead(first)
    return at + len(sign), "**" if sign == "^" else sign


def _run(text: str, at: int, allowed: frozenset[str]) -> int:
    while at < len(text) and text[at] in allowed:
        at += 1
    return at


def _number_end(text: str, at: int) -> int:
    end = _run(text, at, _FIGURES)
    if text[end : end + 1] == ".":
        end = _run(text, end + 1, _FIGURES)
    power = end + 1 + (text[end + 1 : end + 2] in ("+", "-"))
    if text[end : end + 1] in ("e", "E") and text[power : power + 1] in _FIGURES and text[power:]:
        end = _run(text, power, _FIGURES)
    return end
