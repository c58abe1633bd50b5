"""A second reading of schedules: cut into tokens here, grouped by Python's own grammar, computed by numpy.

Only tokens of this table reach Python: numbers and names become places in a list, functions become names of the
namespace. What the library computes for an accepted text has to be the same numbers, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

_FUNCTIONS = {
    **{"sqrt": np.sqrt, "log": np.log, "ln": np.log, "exp": np.exp, "sin": np.sin, "cos": np.cos},
    **{"abs": np.absolute, "floor": np.floor, "ceil": np.ceil},
}
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

    def __neg__(self) -> Real:
        return Real(-self.held)

    def __pos__(self) -> Real:
        return self


def _single(compute: Any) -> Any:
    return lambda argument: Real(compute(argument.held))


def _fold(pairwise: Any) -> Any:
    def folded(first: Real, second: Real, *rest: Real) -> Real:
        value = pairwise(first.held, second.held)
        for other in rest:
            value = pairwise(value, other.held)
        return Real(value)

    return folded


_NAMESPACE: Mapping[str, Any] = {
    **{name: _single(compute) for name, compute in _FUNCTIONS.items()},
    "min": _fold(np.minimum),
    "max": _fold(np.maximum),
    "__builtins__": {},
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
            self.compiled = compile(source, "", "eval")
        except (SyntaxError, MemoryError, RecursionError) as error:
            raise NotRead(str(error)) from error

    def value(self, values: Mapping[str, Any]) -> Any:
        """The value, for numbers or arrays by name."""
        known = {**values, "pi": math.pi}
        held = [_held(known.get(word, word)) for word in self.held]
        try:
            with np.errstate(all="ignore"):
                return eval(self.compiled, {**_NAMESPACE, "v": held}).held  # only the tokens of `_python` stand in it
        except (TypeError, AttributeError) as error:
            raise NotRead(str(error)) from error


def _python(text: str, names: Collection[str]) -> tuple[str, list[str]]:
    """The text as Python, and the names and numbers that its places v[0], v[1], ... stand for."""
    held: list[str] = []
    parts: list[str] = []
    at = 0
    while at < len(text):
        end, word = _token(text, at, names)
        if word is None:
            parts.append(f"v[{len(held)}]")
            held.append(text[at:end])
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
        end = _run(text, at, _LETTERS | _FIGURES)
        word = text[at:end]
        if word in names:
            return end, None
        if word in _NAMESPACE and word != "__builtins__":
            return end, word
        raise NotRead(word)
    if first in "+-*/^(),":
        doubled = text[at : at + 2] == "**"
        return at + 1 + doubled, "**" if first == "^" or doubled else first
    raise NotRead(first)


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
