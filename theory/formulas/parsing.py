"""From a user's text to a formula: a tokenizer and a precedence-climbing parser, and nothing else.

The language is arithmetic only: numbers, known names, + - * / ^, parentheses and calls of known functions. The text is
never handed to Python. Its length, its parts and its height are limited while it is read, so every text is answered
quickly, with a tree or with one sentence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import NoReturn

from theory.common.errors import ScheduleError
from theory.formulas.formula import FUNCTIONS, Call, Formula, Negative, Number, Power, Product, Quotient, Sum
from theory.formulas.notation import name_node

LONGEST = 2_000
MOST_NODES = 500
HIGHEST = 64

#: The names that a schedule may use, with the nodes they stand for.
SCHEDULE_NAMES: Mapping[str, Formula] = MappingProxyType(
    {name: name_node(name) for name in ("k", "T", "s", "L", "mu", "sigma", "Delta", "d")}
    | {"pi": Number(math.pi, r"\pi")}
)

# Binding strengths, loosest first. Unary minus binds as a product does: -2^2 = -4.
_SUM, _PRODUCT, _POWER = 1, 2, 3
_BINDING: Mapping[str, int] = MappingProxyType(
    {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "^": _POWER, "**": _POWER}
)

# Only ASCII is matched, whatever else Unicode calls a digit or a letter.
_UNSIGNED = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    rf"|(?P<number>{_UNSIGNED})"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<operator>\*\*|[-+*/^(),])"
)

#: A number on its own, as in a file of numbers.
NUMBER = re.compile(rf"[+-]?{_UNSIGNED}")

# What is often written for what is meant; difflib finds misspellings.
_MEANT: Mapping[str, str] = MappingProxyType(
    {"e": "exp(1)", "t": "k", "i": "k", "step": "k", "n": "T", "N": "T", "K": "T", "steps": "T", "smoothness": "L"}
    | {"lambda": "L", "tau": "d", "delay": "d", "staleness": "s", "gap": "Delta", "coherence": "mu", "pow": "^"}
    | {"variance": "sigma^2", "V": "sigma^2", "\u03c3": "sigma", "\u03bc": "mu", "\u00b5": "mu", "\u03c0": "pi"}
    | {"\u0394": "Delta", "\u2206": "Delta", "\u03b4": "Delta", "\u03bb": "L", "\u03c4": "d", "\u221a": "sqrt(...)"}
    | {"\u00b2": "^2", "\u00b3": "^3", "\u00b7": "*", "\u00d7": "*", "\u00f7": "/", "\u2212": "-", "\u2013": "-"}
    | {"[": "(", "]": ")", "{": "(", "}": ")"}
)
# The left-hand side of a schedule, or the sign after it.
_LEFT_HAND_SIDE = frozenset({"eta", "\u03b7", "lr", "alpha", "gamma", "="})


def parse(text: str, names: Mapping[str, Formula] = SCHEDULE_NAMES, noun: str = "schedule") -> Formula:
    r"""The formula that a text states.

    Args:
        text: arithmetic, at most 2,000 ASCII characters; ^ and ** are the same power.
        names: the names it may use, with the node that each stands for.
        noun: what the text is, for the sentences of a refusal.

    Returns:
        A tree of at most 500 nodes and height 64 that keeps the text's order of evaluation.

    Raises:
        ScheduleError: any other text; the sentence gives the position and what is allowed.

    >>> from theory.formulas.formula import Environment
    >>> parse("mu/(s*L*sqrt(k))").latex()
    '\\frac{\\mu}{s \\, L \\, \\sqrt{k}}'
    >>> float(parse("-2^2").evaluate(Environment({})))
    -4.0
    """
    if not isinstance(text, str):
        raise ScheduleError(f"A {noun} is a text such as 1/(2*L). Got something of type {type(text).__name__}.")
    if len(text) > LONGEST:
        raise ScheduleError(f"A {noun} has at most {LONGEST:,} characters. Got {len(text):,}: write it shorter.")
    return _Parser(text, names, noun).whole()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int


class _Parser:
    """One pass over one text; `token` is the next one, not yet taken."""

    def __init__(self, text: str, names: Mapping[str, Formula], noun: str) -> None:
        self.text, self.names, self.noun = text, names, noun
        self.depth = 0
        self.nodes = 0
        self.heights: dict[Formula, int] = {}
        self.before = _Token("start", "", 0)
        self.token = self._read(0)

    def whole(self) -> Formula:
        if self.token.kind == "end":
            self._refuse(0, "it is empty. Write for example 1/(2*L).")
        tree = self._expression(_SUM)
        if self.token.kind != "end":
            self._unexpected()
        return tree

    # Tokens.

    def _read(self, start: int) -> _Token:
        if start == len(self.text):
            return _Token("end", "", start)
        match = _TOKEN.match(self.text, start)
        if match is None:
            return _Token("other", self.text[start], start)
        if match.lastgroup == "space":
            return self._read(match.end())
        return _Token(str(match.lastgroup), match.group(), start)

    def _take(self) -> _Token:
        self.before, self.token = self.token, self._read(self.token.start + len(self.token.text))
        return self.before

    # Grammar.

    def _expression(self, least: int) -> Formula:
        """What follows, up to the first operator that binds more loosely than `least`."""
        self.depth += 1
        if self.depth > HIGHEST:
            self._too_high(self.token)
        left = self._operand(least)
        while _BINDING.get(self.token.text, 0) >= least:
            left = self._combined(left)
        self.depth -= 1
        return left

    def _combined(self, left: Formula) -> Formula:
        operator = self._take()
        binding = _BINDING[operator.text]
        right = self._expression(binding if binding == _POWER else binding + 1)
        if operator.text == "-":
            right = self._made(Negative(right), operator)
        return self._made(_node(operator.text, left, right), operator)

    def _operand(self, least: int) -> Formula:
        token = self.token
        if token.kind == "number":
            return self._made(Number(float(token.text), self._take().text), token)
        if token.kind == "name":
            return self._named()
        if token.text == "(":
            return self._in_parentheses()
        if token.text in ("+", "-"):
            self._take()
            body = self._expression(max(least, _PRODUCT))
            return body if token.text == "+" else self._made(Negative(body), token)
        return self._unexpected()

    def _in_parentheses(self) -> Formula:
        self._take()
        inside = self._expression(_SUM)
        self._close()
        return inside

    def _close(self) -> None:
        if self.token.text != ")":
            self._unexpected("')'")
        self._take()

    def _named(self) -> Formula:
        name = self._take()
        called = self.token.text == "("
        if called and name.text in FUNCTIONS:
            return self._call(name)
        if not called and name.text in self.names:
            return self._made(self.names[name.text], name)
        return self._refuse(name.start, self._misnamed(name.text))

    def _call(self, name: _Token) -> Formula:
        self._take()
        arguments = [self._expression(_SUM)]
        while self.token.text == ",":
            self._take()
            arguments.append(self._expression(_SUM))
        self._close()
        fewest, most = FUNCTIONS[name.text].arity
        if not fewest <= len(arguments) <= most:
            takes = "1 argument" if most == 1 else f"{fewest} to {most} arguments"
            self._refuse(name.start, f"{name.text} takes {takes}. Got {len(arguments)}.")
        return self._made(Call(FUNCTIONS[name.text], tuple(arguments)), name)

    # Limits.

    def _made(self, node: Formula, token: _Token) -> Formula:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self._refuse(token.start, f"it has more than {MOST_NODES} parts. Write it shorter.")
        self.heights[node] = 1 + max((self.heights[child] for child in node.children), default=0)
        if self.heights[node] > HIGHEST:
            self._too_high(token)
        return node

    def _too_high(self, token: _Token) -> NoReturn:
        self._refuse(token.start, f"it is nested deeper than {HIGHEST} levels. Write it with fewer parentheses.")

    # Refusals.

    def _refuse(self, start: int, wrong: str) -> NoReturn:
        near = f"near {self.text[max(start - 12, 0) : start + 12]!r}" if start < len(self.text) else "at its end"
        raise ScheduleError(
            f"The {self.noun} cannot be read at character {start + 1}, {near}: {wrong} Allowed are numbers, the names "
            f"{', '.join(self.names)}, the operators + - * / ^, parentheses, and the functions {', '.join(FUNCTIONS)}."
        )

    def _unexpected(self, wanted: str = "a number, a name or '('") -> NoReturn:
        token, before = self.token, self.before
        if token.kind == "other":
            wrong = f"{token.text!r} has no meaning here.{self._hint(token.text)}"
        elif _ends_operand(before) and _starts_operand(token):
            wrong = f"an operator is missing between {_quoted(before)} and {_quoted(token)}. A product is written 2*L."
        elif _ends_operand(before) and wanted != "')'":
            wrong = f"{token.text!r} stands outside a call, or closes nothing."
        else:
            wrong = f"{wanted} is expected here. Got {_quoted(token) if token.text else 'the end'}."
        self._refuse(token.start, wrong)

    def _misnamed(self, name: str) -> str:
        if name in FUNCTIONS:
            return f"{name} is a function. Write {name}(...)."
        if name in self.names:
            return f"{name} is a name, not a function. A product is written {name}*(...)."
        return f"{_shortened(name)} is not a known name.{self._hint(name)}"

    def _hint(self, word: str) -> str:
        if word in _LEFT_HAND_SIDE:
            return f" Write only the right-hand side, the {self.noun} itself."
        known = (*self.names, *FUNCTIONS)
        meant = _MEANT.get(word)
        if meant is None or (meant.isidentifier() and meant not in known):
            meant = next(iter(get_close_matches(word, known, 1)), None)
        return f" Did you mean {meant}?" if meant else ""


def _node(operator: str, left: Formula, right: Formula) -> Formula:
    # A chain on the left becomes one node, evaluated from left to right all the same.
    match operator:
        case "+" | "-":
            return Sum((*(left.terms if isinstance(left, Sum) else (left,)), right))
        case "*":
            return Product((*(left.factors if isinstance(left, Product) else (left,)), right))
        case "/":
            return Quotient(left, right)
        case _:
            return Power(left, right)


def _ends_operand(token: _Token) -> bool:
    return token.kind in ("number", "name") or token.text == ")"


def _starts_operand(token: _Token) -> bool:
    return token.kind in ("number", "name") or token.text == "("


def _quoted(token: _Token) -> str:
    return repr(_shortened(token.text))


def _shortened(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:24]}..."
