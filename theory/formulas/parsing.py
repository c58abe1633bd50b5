"""From a user's text to a formula: a tokenizer and a precedence-climbing parser, and nothing else.

The language is arithmetic only: numbers, known names, + - * / ^, parentheses and calls of known functions; a schedule
may also compare, choose and divide whole numbers, grouped as in Python: 0.1 if k <= 400 else 0.01, k//30, k%10. The
text is never handed to Python. Its length, its parts and its height are limited while it is read, so every text is
answered quickly, with a tree or with one sentence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn

from theory.common.errors import ScheduleError
from theory.common.numbers import UNSIGNED
from theory.formulas.formula import FUNCTIONS, Call, Formula, Function, Negative, Number, Power
from theory.formulas.notation import name_node
from theory.formulas.pieces import (
    COMPARISONS,
    OWN_FUNCTIONS,
    WHOLE,
    Comparison,
    Condition,
    Joined,
    Opposite,
    Pieces,
    combined,
)
from theory.formulas.spellings import ALIASES, LIBRARIES, hint

LONGEST = 2_000
MOST_NODES = 500
HIGHEST = 64

#: The names that a schedule may use, with the nodes they stand for.
SCHEDULE_NAMES: Mapping[str, Formula] = MappingProxyType(
    {name: name_node(name) for name in ("k", "T", "s", "B", "L", "mu", "sigma", "Delta", "d")}
    | {"pi": Number(math.pi, r"\pi")}
)

# Binding strengths, loosest first. Unary minus binds as a product does: -2^2 = -4; but -7//2 is (-7)//2.
_OR, _AND, _NOT, _COMPARED, _BAR, _AMPERSAND, _SUM, _PRODUCT, _POWER = range(1, 10)
_ARITHMETIC: Mapping[str, int] = MappingProxyType(
    {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "^": _POWER, "**": _POWER}
)
_LOGIC: Mapping[str, str] = MappingProxyType({"or": "or", "and": "and", "|": "or", "&": "and"})
_BINDING: Mapping[str, int] = MappingProxyType(
    {**_ARITHMETIC, "or": _OR, "and": _AND, "|": _BAR, "&": _AMPERSAND}
    | dict.fromkeys(COMPARISONS, _COMPARED)
    | dict.fromkeys(WHOLE, _PRODUCT)
)
_WORDS = frozenset({"if", "else", "and", "or", "not"})
_CHOICE = "Write for example 0.1 if k <= 400 else 0.01."

# Only ASCII is matched, whatever else Unicode calls a letter.
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    rf"|(?P<number>{UNSIGNED})"
    rf"|(?P<name>(?:(?:{'|'.join(LIBRARIES)})\.)?[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<operator>\*\*|//|[<>=!]=|&&|\|\||[-+*/%^(),<>&|])"
)


def _applied(function: Function) -> tuple[tuple[int, int], Callable[..., Formula]]:
    return function.arity, lambda *arguments: Call(function, arguments)


# How many arguments a function takes, and what is made of them; then those that belong to pieces.
_FUNCTIONS = {name: _applied(each) for name, each in FUNCTIONS.items()}
_FUNCTIONS |= {"pow": ((2, 2), Power), "float": ((1, 1), lambda a: a)}
_OWN = {name: _applied(each) for name, each in OWN_FUNCTIONS.items()}
_OWN |= {"where": ((3, 3), lambda condition, a, b: Pieces((a, b), (condition,)))}


def parse(
    text: str, names: Mapping[str, Formula] = SCHEDULE_NAMES, noun: str = "schedule", *, pieces: bool = True
) -> Formula:
    r"""The formula that a text states.

    Args:
        text: arithmetic, at most 2,000 ASCII characters; ^ and ** are the same power.
        names: the names it may use, with the node that each stands for.
        noun: what the text is, for the sentences of a refusal.
        pieces: whether it may hold what `pieces.py` has: comparisons, choices, // and %.

    Returns:
        A tree of at most 500 nodes and height 64 that keeps the text's order of evaluation.

    Raises:
        ScheduleError: any other text; the sentence gives the position and what is allowed.

    >>> from theory.formulas.formula import Environment
    >>> parse("mu/(s*L*sqrt(k))").latex()
    '\\frac{\\mu}{s \\, L \\, \\sqrt{k}}'
    >>> float(parse("-2^2").evaluate(Environment({})))
    -4.0
    >>> float(parse("0.1 * 0.5**(k//30) if k <= 400 else 0.01").evaluate(Environment({"k": 65.0})))
    0.025
    """
    if not isinstance(text, str):
        raise ScheduleError(f"A {noun} is a text such as 1/(2*L). Got something of type {type(text).__name__}.")
    if len(text) > LONGEST:
        raise ScheduleError(f"A {noun} has at most {LONGEST:,} characters. Got {len(text):,}: write it shorter.")
    return _Parser(text, names, noun, pieces).whole()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int


class _Parser:
    """One pass over one text; `token` is the next one, not yet taken."""

    def __init__(self, text: str, names: Mapping[str, Formula], noun: str, pieces: bool) -> None:
        self.text, self.names, self.noun = text, names, noun
        self.binding = _BINDING if pieces else _ARITHMETIC
        self.functions = _FUNCTIONS | _OWN if pieces else _FUNCTIONS
        self.pieces = pieces
        self.depth = 0
        self.nodes = 0
        self.heights: dict[Formula, int] = {}
        self.truths: list[Formula] = []  # made of numbers: they may be asked, and are no numbers as in Python
        self.before = _Token("start", "", 0)
        self.token = self._read(0)

    def whole(self) -> Formula:
        if self.token.kind == "end":
            self._refuse(0, "it is empty. Write for example 1/(2*L).")
        tree = self._value()
        if self.token.kind != "end":
            self._unexpected()
        if isinstance(tree, Condition):
            self._refuse(0, f"a comparison is true or false, and no {self.noun}. {_CHOICE}")
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

    def _value(self) -> Formula:
        """A value, or several with `if` and `else` between them."""
        values, conditions, start = [self._expression(_OR)], [], self.token
        while self.pieces and self.token.text == "if":
            self._take()
            at = self.token
            conditions.append(self._asked(self._expression(_OR), at))
            if self.token.text != "else":
                self._unexpected("else")
            self._take()
            values.append(self._expression(_OR))
        return self._made(Pieces(tuple(values), tuple(conditions)), start) if conditions else values[0]

    def _asked(self, condition: Formula, at: _Token) -> Formula:
        """What is asked where something depends on it; a number is true where it is not 0, as in Python."""
        if isinstance(condition, Condition):
            return condition
        if self.token.kind == "other":  # such as k = 5
            self._unexpected()
        if at.text in ("&", "|"):  # which join the digits of numbers
            self._refuse(at.start, "a comparison is expected here, such as (k > 100) & (k <= 400). Got a number.")
        self.truths.append(self._made(Comparison((condition, self._made(Number(0.0, "0"), at)), ("!=",)), at))
        return self.truths[-1]

    def _expression(self, least: int, without: Collection[str] = ()) -> Formula:
        """What follows, up to the first operator that binds more loosely than `least` or is left out."""
        self.depth += 1
        if self.depth > HIGHEST:
            self._too_high(self.token)
        left = self._operand(least)
        while self.binding.get(self.token.text, 0) >= least and self.token.text not in without:
            left = self._compared(left) if self.token.text in COMPARISONS else self._combined(left)
        self.depth -= 1
        return left

    def _combined(self, left: Formula) -> Formula:
        operator = self._take()
        binding = self.binding[operator.text]
        right = self._expression(binding if binding == _POWER else binding + 1)
        if operator.text in _LOGIC:
            left, right = self._asked(left, operator), self._asked(right, operator)
            node = self._made(Joined(_LOGIC[operator.text], left, right), operator)
            if any(each is truth for each in (left, right) for truth in self.truths):
                self.truths.append(node)
            return node
        if operator.text == "-":
            right = self._made(Negative(right), operator)
        return self._made(combined(operator.text, left, right), operator)

    def _compared(self, left: Formula) -> Formula:
        operands, signs = [left], []
        while self.token.text in COMPARISONS:
            signs.append(self._take())
            operands.append(self._expression(_COMPARED + 1))
        return self._made(Comparison(tuple(operands), tuple(sign.text for sign in signs)), signs[0])

    def _operand(self, least: int) -> Formula:
        token = self.token
        if token.kind == "number":
            return self._made(Number(float(token.text), self._take().text), token)
        if self.pieces and token.text == "not" and least <= _NOT:
            self._take()
            return self._made(Opposite(self._asked(self._expression(_NOT), token)), token)
        if token.kind == "name" and not (self.pieces and token.text in _WORDS):
            return self._named()
        if token.text == "(":
            return self._in_parentheses()
        if token.text in ("+", "-"):
            self._take()
            # The sign goes before whole division, -7//2 = (-7)//2, and changes nothing of the rest.
            body = self._expression(max(least, _PRODUCT), WHOLE)
            return body if token.text == "+" else self._made(Negative(body), token)
        return self._unexpected()

    def _in_parentheses(self) -> Formula:
        self._take()
        inside = self._value()
        self._close()
        return inside

    def _close(self) -> None:
        if self.token.text != ")":
            self._unexpected("')'")
        self._take()

    def _named(self) -> Formula:
        name = self._take()
        library, _, word = name.text.rpartition(".")
        called = self.token.text == "("
        if called and (found := ALIASES.get(word, word)) in self.functions:
            return self._call(name, found)
        if not called and word in self.names and (not library or word == "pi"):
            return self._made(self.names[word], name)
        near = f"{name.text} is not a known name. Did you mean {word}?"
        return self._refuse(name.start, near if library and word in self.names else self._misnamed(word))

    def _call(self, name: _Token, function: str) -> Formula:
        self._take()
        starts, arguments = [self.token], [self._value()]
        while self.token.text == ",":
            self._take()
            starts.append(self.token)
            arguments.append(self._value())
        self._close()
        (fewest, most), build = self.functions[function]
        if not fewest <= len(arguments) <= most:
            many = f"{fewest} to {most}" if fewest < most else str(most)
            takes = f"{many} argument{'s' if most > 1 else ''}"
            self._refuse(name.start, f"{name.text} takes {takes}. Got {len(arguments)}.")
        if function == "where":
            arguments[0] = self._asked(arguments[0], starts[0])
        return self._made(build(*arguments), name)

    # Limits.

    def _made(self, node: Formula, token: _Token) -> Formula:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self._refuse(token.start, f"it has more than {MOST_NODES} parts. Write it shorter.")
        values = (
            node.values if isinstance(node, Pieces) else () if isinstance(node, Joined | Opposite) else node.children
        )
        if any(value is truth for value in values for truth in self.truths):
            self._refuse(token.start, f"`and` and `or` of numbers are no numbers here. {_CHOICE}")
        self.heights[node] = 1 + max((self.heights[child] for child in node.children), default=0)
        if self.heights[node] > HIGHEST:
            self._too_high(token)
        return node

    def _too_high(self, token: _Token) -> NoReturn:
        self._refuse(token.start, f"it is nested deeper than {HIGHEST} levels. Write it with fewer parentheses.")

    # Refusals.

    def _refuse(self, start: int, wrong: str) -> NoReturn:
        near = f"near {self.text[max(start - 12, 0) : start + 12]!r}" if start < len(self.text) else "at its end"
        operators = "+ - * / // % ^, comparisons, a if c else b" if self.pieces else "+ - * / ^"
        functions = (*FUNCTIONS, "mod", "where") if self.pieces else FUNCTIONS
        raise ScheduleError(
            f"The {self.noun} cannot be read at character {start + 1}, {near}: {wrong} Allowed are numbers, the names "
            f"{', '.join(self.names)}, the operators {operators}, parentheses, and the functions "
            f"{', '.join(functions)}."
        )

    def _unexpected(self, wanted: str = "a number, a name or '('") -> NoReturn:
        token, before = self.token, self.before
        found = repr(_shortened(token.text)) if token.text else "the end"
        foreign = token.text in _BINDING and token.text not in self.binding
        if token.kind == "other" or token.text in ("&&", "||") or foreign:
            wrong = f"{token.text!r} has no meaning here.{self._hint(token.text)}"
        elif token.text in _WORDS and self.pieces:
            wrong = f"{token.text!r} has no meaning here. {_CHOICE}"
        elif wanted == "else":
            wrong = f"else is expected here. Got {found}. {_CHOICE}"
        elif _ends_operand(before) and _starts_operand(token):
            wrong = f"an operator is missing between {_shortened(before.text)!r} and {found}. A product is written 2*L."
        elif _ends_operand(before) and wanted != "')'":
            wrong = f"{token.text!r} stands outside a call, or closes nothing."
        else:
            wrong = f"{wanted} is expected here. Got {found}."
        self._refuse(token.start, wrong)

    def _misnamed(self, name: str) -> str:
        if name in self.functions:
            return f"{name} is a function. Write {name}(...)."
        if name in self.names:
            return f"{name} is a name, not a function. A product is written {name}*(...)."
        if name == "lambda" and ":" in self.text[:-1]:
            return "lambda is not a known name. Write only the expression behind the colon."
        return f"{_shortened(name)} is not a known name.{self._hint(name)}"

    def _hint(self, word: str) -> str:
        if word == "=" and self.pieces:
            if self.text[self.token.start : self.token.start + 2] in ("=<", "=>"):
                return f" Did you mean {self.text[self.token.start + 1]}=?"
            if any(each in self.text for each in ("if", "where")):
                return " Did you mean ==?"
        return hint(word, (*self.names, *self.functions, *(_LOGIC if self.pieces else ()), "not"), self.noun)


def _ends_operand(token: _Token) -> bool:
    return (token.kind in ("number", "name") and token.text not in _WORDS) or token.text == ")"


def _starts_operand(token: _Token) -> bool:
    return token.kind in ("number", "name") or token.text == "("


def _shortened(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:24]}..."
