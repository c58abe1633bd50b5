"""Formulas as JavaScript: the bounds that the page evaluates are printed from the trees that the library evaluates.

The idea: what stands at a step is printed as an expression in k; what sums over steps, and every abbreviation, becomes
a constant of its own, computed once by an operator of `scripts/operators.js`. A scalar is a plain expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from theory.bounds.counter_momentum import MethodAngle
from theory.bounds.parts.bound import Bound
from theory.bounds.parts.conditions import Condition, magnitude
from theory.bounds.theorem_c import BestAngle, First, HalfSine, SineRatio
from theory.formulas.formula import (
    Call,
    Defined,
    Formula,
    Name,
    Negative,
    Number,
    OverSteps,
    Power,
    Previous,
    Product,
    Quotient,
    Readers,
    Served,
    Sum,
    Total,
    WhereNoisy,
    WhereOvertaken,
    Window,
)

# What has a name already, alone or as an array of entries.
_KNOWN = re.compile(r"(\w+)|e\.each\(\(k\) => (\w+)\[k\]\)")
_SUMS: Mapping[type[Formula], str] = {Window: "window", Readers: "readers", Served: "served", Total: "total"}


class Writer:
    """Prints the body of one function of an environment `e`; `lines` are the constants that it needs.

    Args:
        names: what stands for a name, where that is not the entry of the environment.

    >>> from theory.formulas.formula import total
    >>> from theory.formulas.notation import name_node
    >>> writer = Writer()
    >>> writer.scalar(name_node("L") * total(name_node("eta") / 2))
    '(e.L * v0)'
    >>> writer.lines
    ['const v0 = e.total((k) => (e.eta[k] / 2));']
    """

    def __init__(self, names: Mapping[str, str] | None = None, prefix: str = "v") -> None:
        self.lines: list[str] = []
        self._names, self._prefix = dict(names or {}), prefix
        self._kept: dict[Formula, str] = {}
        self._sequences: set[str] = set()

    def scalar(self, node: Formula) -> str:
        """An expression of the node, which has one value."""
        return self._at(node)

    def at_each(self, node: Formula) -> str:
        """A function of k, the step or the point."""
        return f"(k) => {self._at(node)}"

    def of_each(self, node: Formula) -> bool:
        """Whether the node has a value for each step or point."""
        return any(isinstance(one, Previous | WhereOvertaken) or _is_sequence(one) for one in _outer(node))

    def _at(self, node: Formula) -> str:
        match node:
            case Number():
                return repr(node.value) if node.value % 1 else str(int(node.value))
            case Name(name="k"):
                return "(k + 1)"
            case Name():
                return self._names.get(node.name) or f"e.{node.name}" + "[k]" * node.sequence
            case Negative():
                return f"(-{self._at(node.body)})"
            case Sum():
                return self._joined(" + ", node.terms)
            case Product():
                return self._joined(" * ", node.factors)
            case Quotient():
                return self._joined(" / ", (node.over, node.under))
            case Power():
                return f"({self._at(node.base)} ** {self._at(node.exponent)})"
            case Call():
                return f"Math.{node.function.name}({', '.join(map(self._at, node.arguments))})"
            case WhereNoisy():
                return f"(e.sigma > 0 ? {self._at(node.noisy)} : {self._at(node.quiet)})"
            case WhereOvertaken():
                overtaken = f"e.sigma > 0 && {self._constant('e.overtaken()', node)}[k]"
                return f"({overtaken} ? {self._at(node.late)} : {self._at(node.ordered)})"
        return self._kept_value(node)

    def _joined(self, sign: str, parts: tuple[Formula, ...]) -> str:
        return f"({sign.join(map(self._at, parts))})"

    def _kept_value(self, node: Formula) -> str:
        """What is computed once: an abbreviation, a sum over steps, a search."""
        match node:
            case Defined():
                return self._entry(node, node.body)
            case Previous():
                body = self._sequence(node.body)
                return f"(k > 0 ? {body}[k - 1] : 0)"
            case First():
                return f"{self._sequence(node.body)}[0]"
            case Total():
                return self._constant(f"e.total({self.at_each(node.body)})", node)
            case OverSteps():
                return self._constant(f"e.{_SUMS[type(node)]}({self.at_each(node.body)})", node) + "[k]"
            case SineRatio():
                return self._constant(f"sineRatio({self._at(node.angle)}, e.s + {node.shift})", node)
            case HalfSine():
                return self._constant(f"Math.sin(0.5 * {self._at(node.angle)})", node)
            case BestAngle():
                return self._constant(self._search(node), node)
            case MethodAngle():
                return self._constant("e.methodAngle()", node)
        raise TypeError(f"There is no JavaScript for {type(node).__name__}.")

    def _entry(self, node: Formula, body: Formula) -> str:
        if self.of_each(body):
            return f"{self._sequence(node, body)}[k]"
        return self._constant(self._at(body), node)

    def _sequence(self, node: Formula, body: Formula | None = None) -> str:
        """The name of an array of the node's entries."""
        if isinstance(node, Name):
            return f"e.{node.name}"
        if isinstance(node, Defined) and body is None:
            return self._sequence(node, node.body)
        return self._constant(f"e.each({self.at_each(body or node)})", node)

    def _constant(self, text: str, node: Formula) -> str:
        if node not in self._kept and (known := _KNOWN.fullmatch(text)):
            self._kept[node] = known[1] or known[2]
        elif node not in self._kept:
            self._kept[node] = f"{self._prefix}{len(self.lines)}"
            self.lines.append(f"const {self._kept[node]} = {text};")
        return self._kept[node]

    def _search(self, node: BestAngle) -> str:
        fixed = {name: self._constant(self._at(value), value) for name, value in node.fixed.items()}
        inner = Writer({**fixed, "theta": "theta"}, prefix=f"{self._prefix}_")
        weight, value = inner.scalar(node.weight), inner.scalar(node.value)
        body = " ".join((*inner.lines, f"return [{weight}, {value}];"))
        return f"e.bestAngle({', '.join(fixed.values())}, (theta) => {{ {body} }})"


def _outer(node: Formula) -> list[Formula]:
    """The nodes of an expression in k, without what lies below an operator that binds k."""
    found = [node]
    if not isinstance(node, OverSteps | First | BestAngle | MethodAngle):
        found += [one for child in node.children for one in _outer(child)]
    return found


def _is_sequence(node: Formula) -> bool:
    per_step = isinstance(node, OverSteps) and not isinstance(node, Total)
    return per_step or (isinstance(node, Name) and (node.sequence or node.name == "k"))


def function(node: Formula) -> str:
    """A function of the environment: the node's value, or an array of its entries.

    >>> from theory.schedules.schedule import Schedule
    >>> print(function(Schedule("1/(2*L*max(1,d))").formula))
    (e) => { return e.each((k) => (1 / (2 * e.L * Math.max(1, e.d[k])))); }
    """
    return _function(lambda writer: f"e.each({writer.at_each(node)})")


def _function(result: Callable[[Writer], str]) -> str:
    writer = Writer()
    returned = result(writer)
    return f"(e) => {{ {' '.join((*writer.lines, f'return {returned};'))} }}"


def _side(writer: Writer, node: Formula) -> str:
    return writer.at_each(node) if writer.of_each(node) else f"() => {writer.scalar(node)}"


def evaluator(bound: Bound) -> str:
    """A function that gives the value of a bound and both sides of every condition, as functions of k."""

    def result(writer: Writer) -> str:
        sides = ", ".join(f"[{_side(writer, c.left)}, {_side(writer, c.right)}]" for c in bound.conditions)
        return f"{{ sides: [{sides}], value: {writer.scalar(bound.value)} }}"

    return _function(result)


def size(condition: Condition) -> str:
    """A function that gives, as a function of k, the size of what a condition compares: its rounding is relative to it.

    The library's own, `magnitude` of both sides: every minus sign is turned to plus.
    """
    sizes = magnitude(condition.left) + magnitude(condition.right)
    return _function(lambda writer: _side(writer, sizes))
