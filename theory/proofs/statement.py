r"""What proofs speak about: formulas with gradients, noise and function values, and their meaning for the kernel.

In printed formulas |v|^2 and <u, v> are expectations, f_k = E F(x_k) - inf F, g_k is the gradient of F at x_k, e_k the
noise of the gradient that step k applies, and m the minimum that is bounded. `meaning` turns a formula into an
expression of the kernel: it is part of what must be trusted, as it says what a printed claim means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import count
from typing import Any

from theory.bounds.theorem_c import First, HalfSine, SineRatio
from theory.formulas.formula import (
    Call,
    Defined,
    Environment,
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
    Total,
    WhereNoisy,
    WhereOvertaken,
    Window,
)
from theory.proofs.axioms import NONNEGATIVE, displacement
from theory.proofs.kernel import (
    CONDITIONAL,
    DELAY,
    LAST,
    POSITIVE,
    ZERO,
    Context,
    Expression,
    Fact,
    Index,
    ProofError,
    _fact,
    expression,
    gap_at,
    le,
    lt,
    require,
    scalar,
    tau,
    var,
    vector,
)


@dataclass(frozen=True, eq=False)
class Abstract(Formula):
    """A node that has a meaning in proofs only."""

    def compute(self, environment: Environment) -> Any:
        raise NotImplementedError("The gradients of a statement have no value until a run gives them one.")


class Meant(Abstract):
    """A node of one proof only, which says itself what it means: it cannot stand in the theorem that is proved."""

    def mean(self, index: Index) -> Expression:
        """The kernel's expression at an index."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Vector(Abstract):
    """g_k or e_k."""

    name: str

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def latex(self, index: str = "k") -> str:
        return f"{self.name}_{{{index}}}"


@dataclass(frozen=True, eq=False)
class Inner(Abstract):
    """The expected inner product of two vectors; of a vector with itself, its expected square."""

    one: Formula
    other: Formula

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.one, self.other)

    def latex(self, index: str = "k") -> str:
        if self.one is self.other:
            return rf"\left|{self.one.latex(index)}\right|^{{2}}"
        return rf"\langle {self.one.latex(index)}, {self.other.latex(index)} \rangle"


@dataclass(frozen=True, eq=False)
class Moved(Abstract):
    """A node at another index: the next one, the point that the step reads, the first point, the last one."""

    body: Formula
    place: str

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def latex(self, index: str = "k") -> str:
        return self.body.latex(_PLACES[self.place][0](index))

    def bracketed(self, at_least: int, index: str) -> str:
        return self.body.bracketed(at_least, _PLACES[self.place][0](index))


@dataclass(frozen=True, eq=False)
class At(Abstract):
    """A node at an index of its own, which the context of the claim knows."""

    body: Formula
    index: Index
    letter: str

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def latex(self, index: str = "k") -> str:
        return self.body.latex(self.letter)

    def bracketed(self, at_least: int, index: str) -> str:
        return self.body.bracketed(at_least, self.letter)


@dataclass(frozen=True, eq=False)
class Travelled(Abstract):
    r"""x_k - x_{tau_k}: minus the steps applied within W_k."""

    strength = 0

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def latex(self, index: str = "k") -> str:
        return rf"x_{{{index}}} - x_{{\tau_{{{index}}}}}"


@dataclass(frozen=True, eq=False)
class Walk(Abstract):
    r"""x_stop - x_start, for two points in any order."""

    start: Index
    stop: Index
    strength = 0

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def latex(self, index: str = "k") -> str:
        return f"x_{{{written(self.stop)}}} - x_{{{written(self.start)}}}"


def written(index: Index) -> str:
    r"""LaTeX of an index: \tau_{k}+1."""
    match index.core:
        case ("tau", core, offset):
            text = rf"\tau_{{{written(Index(core, offset))}}}"
        case core:
            text = core[-1]
    return text + (f"{index.offset:+d}" if index.offset else "")


@dataclass(frozen=True, eq=False)
class Here(Abstract):
    """The index itself, a whole number."""

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def latex(self, index: str = "k") -> str:
        return index

    def bracketed(self, at_least: int, index: str) -> str:
        return index if at_least <= Sum.strength or "+" not in index else rf"\left({index}\right)"


@dataclass(frozen=True, eq=False)
class UpTo(Abstract):
    """The sum of a node over 1, ..., index."""

    body: Formula
    strength = Product.strength

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def latex(self, index: str = "k") -> str:
        return rf"\sum_{{j=1}}^{{{index}}} {self.body.bracketed(Product.strength, 'j')}"


_PLACES: Mapping[str, tuple[Callable[[str], str], Callable[[Index], Index]]] = {
    "next": (lambda index: f"{index}+1", lambda index: index + 1),
    "read": (lambda index: rf"\tau_{{{index}}}", tau),
    "first": (lambda index: "0", lambda index: ZERO),
    "last": (lambda index: "T", lambda index: LAST),
}

G, E = Vector("g"), Vector("e")
F_GAP = Name("f", "f", sequence=True)
MINIMUM, HERE = Name("m", "m"), Here()


def following(body: Formula) -> Formula:
    """The body at k + 1."""
    return Moved(body, "next")


def read(body: Formula) -> Formula:
    """The body at tau_k."""
    return Moved(body, "read")


def first(body: Formula) -> Formula:
    """The body at 0."""
    return Moved(body, "first")


def last(body: Formula) -> Formula:
    """The body at T."""
    return Moved(body, "last")


def square(vector: Formula) -> Formula:
    """The expected square of a vector."""
    return Inner(vector, vector)


def inner(one: Formula, other: Formula) -> Formula:
    """The expected inner product."""
    return Inner(one, other)


def fraction(value: Formula) -> tuple[Formula, Formula]:
    """The numerator and the denominator of a bound."""
    return (value.over, value.under) if isinstance(value, Quotient) else (value, Number(1))


# --------------------------------------------------------------------------------------------------- what they mean

_K = var("k")
_CONSTANTS = frozenset({"L", "Delta", "sigma", "mu", "s", "T"})
# Numbers that a theorem leaves free: one for the whole run, or one for each step where they are a sequence.
_FREE = frozenset({"young", "share"})
_calls = count()
_fresh_names = (f"@s{number}" for number in count())


def meaning(node: Formula, index: Index = _K) -> Expression:
    """The kernel's expression for a formula at an index; T is the number of steps, points are 0..T."""
    match node:
        case Number():
            return expression(Fraction(node.text) if node.text else Fraction(node.value))
        case Name():
            return _symbol(node, index)
        case Sum():
            return _fold([meaning(term, index) for term in node.terms], Expression.__add__)
        case Negative():
            return -meaning(node.body, index)
        case Product():
            return _fold([meaning(factor, index) for factor in node.factors], Expression.__mul__)
        case Quotient():
            return meaning(node.over, index) * _inverse(node.under, index)
        case Power():
            return _power(meaning(node.base, index), node.exponent)
        case Here():
            return scalar("number", index)
        case UpTo():
            inside = var(next(_fresh_names))
            return meaning(node.body, inside + 1).total((inside.core[1],), le(ZERO, inside), lt(inside, index))
        case Call() if node.function.name in _OF_NUMBERS and (number := _whole(node.arguments[0], index)):
            return scalar(_OF_NUMBERS[node.function.name], number)
        case Call():
            return scalar(_name_of(node), *(() if _constant(node) else (index,)))
        case Defined():
            return meaning(node.body, index)
        case First():
            return meaning(node.body, ZERO)
        case HalfSine():
            return scalar("sine")
        case SineRatio():
            return scalar("U", DELAY + 1 + node.shift, ZERO)
        case Meant():
            return node.mean(index)
        case Peak():
            return scalar(_name_of(node))
        case WhereNoisy():
            noisy, quiet = meaning(node.noisy, index), meaning(node.quiet, index)
            return quiet + scalar("noisy") * (noisy - quiet)
        case WhereOvertaken():
            late, ordered = meaning(node.late, index), meaning(node.ordered, index)
            return ordered + scalar("o", index) * (late - ordered)
        case Vector():
            return vector(node.name, index)
        case Travelled():
            return displacement(tau(index), index)
        case Walk():
            return displacement(node.start, node.stop) - displacement(node.stop, node.start)
        case Inner():
            return meaning(node.one, index).dot(meaning(node.other, index))
        case At():
            return meaning(node.body, node.index)
        case Moved():
            return meaning(node.body, _PLACES[node.place][1](index))
    return _summed(node, index)


@cache
def _name_of(node: Call | Peak) -> str:
    """What a call of a function is to the kernel: a symbol of which the axioms below speak, one for each node."""
    return f"{node.latex()} #{next(_calls)}"


def _constant(node: Formula) -> bool:
    """Whether nothing in a formula depends on the step."""
    if isinstance(node, Name):
        return node.name in _CONSTANTS or (node.name in _FREE and not node.sequence)
    if isinstance(node, Total | First | SineRatio | HalfSine):
        return True
    plain = Number | Sum | Negative | Product | Quotient | Power | Call | Defined
    return isinstance(node, plain) and all(map(_constant, node.children))


_OF_NUMBERS: Mapping[str, str] = {"sqrt": "root", "log": "log", "ln": "log"}


def _whole(node: Formula, index: Index) -> Index | None:
    """The whole number that a node stands for, if it does: steps are counted from 1 in formulas and from 0 here."""
    match node:
        case Name(name="T"):
            return LAST
        case Name(name="k"):
            return index + 1
        case Here():
            return index
        case Moved():
            return _whole(node.body, _PLACES[node.place][1](index))
    return None


def maximum(context: Context, node: Call, place: int, index: Index = _K) -> Fact:
    """The maximum is at least the argument at `place`."""
    if node.function.name != "max":
        raise ProofError(f"This is no maximum: {node.latex()}.")
    body = meaning(node, index) - meaning(node.arguments[place], index)
    return _fact(context, body, ["a maximum is at least what it is the maximum of"])


def largest(context: Context, node: Peak, index: Index = _K) -> Fact:
    """The largest entry of all steps is at least that of a step."""
    require(context, le(ZERO, index), lt(index, LAST))
    body = meaning(node) - meaning(node.body, index)
    return _fact(context, body, ["a maximum is at least what it is the maximum of"])


def root_sign(context: Context, node: Call) -> Fact:
    """A square root is not negative."""
    return _fact(context, meaning(node), _over_under(node)[2])


def root_squared(context: Context, node: Call) -> Fact:
    """A root sqrt(a/b) of constants has b sqrt(a/b)^2 = a. What it divides by must be positive: that is assumed."""
    over, under, used = _over_under(node)
    return _fact(context, under * meaning(node) * meaning(node) - over, used, equality=True)


def _over_under(node: Call) -> tuple[Expression, Expression, list[str]]:
    """The fraction under a root, both parts products of constants that are not negative, and what is used of it."""
    if node.function.name != "sqrt" or not _constant(node):
        raise ProofError(f"This is no root of constants: {node.latex()}.")
    over, under = (meaning(part) for part in fraction(node.arguments[0]))
    for part in (over, under):
        if any(term.payload is not None or term.bound for term, _ in part.terms):
            raise ProofError(f"This is no root of constants: {node.latex()}.")
        if len(part.terms) != 1 or part.terms[0][1] <= 0 or {a[0] for a, _ in part.terms[0][0].monomial} - NONNEGATIVE:
            raise ProofError(f"It is not clear that this is the root of something not negative: {node.latex()}.")
    doubtful = sorted({name for term, _ in under.terms for (name,), _ in term.monomial} - POSITIVE)
    assumed = [f"{CONDITIONAL}{name} > 0" for name in doubtful]
    return over, under, ["sqrt(a) is not negative, its square is a", *assumed]


def _summed(node: Formula, index: Index) -> Expression:
    """The sums, each over a fresh index with its range."""
    name = next(_fresh_names)
    inside = var(name)
    steps = (le(ZERO, inside), lt(inside, LAST))
    ranges = {
        Total: steps,
        Window: (le(tau(index), inside), lt(inside, index)),
        Readers: (*steps, le(tau(inside), index), lt(index, inside)),
        Served: (*steps, le(tau(inside), index), le(index, tau(inside))),
        Previous: (le(ZERO, inside), le(inside, index - 1), le(index - 1, inside)),
    }
    if type(node) not in ranges:
        raise ProofError(f"The formula {node.latex()} has no meaning in a proof.")
    body: Formula = node.body  # type: ignore[attr-defined]
    return meaning(body, inside).total((name,), *ranges[type(node)])


def _symbol(node: Name, index: Index) -> Expression:
    if node.name == "f":
        return gap_at(index)
    if node.name == "k":
        return scalar("number", index + 1)
    if node.name == "T":
        return scalar("T")
    if node.name == "d":
        return _summed(Window(Number(1)), index)
    return scalar(node.name, index) if node.sequence else scalar(node.name)


def _fold(values: list[Expression], combine: Callable[[Expression, Any], Expression]) -> Expression:
    result = values[0]
    for value in values[1:]:
        result = combine(result, value)
    return result


def _power(base: Expression, exponent: Formula) -> Expression:
    if not isinstance(exponent, Number) or exponent.value != int(exponent.value) or exponent.value < 1:
        raise ProofError(f"A power in a proof is a whole number of at least 1. Got {exponent.latex()}.")
    return _fold([base] * int(exponent.value), Expression.__mul__)


def _inverse(node: Formula, index: Index) -> Expression:
    """One over a product of numbers and positive symbols."""
    terms = meaning(node, index).terms
    if len(terms) != 1 or terms[0][0].payload is not None or terms[0][0].bound:
        raise ProofError(f"A proof divides by a product of positive symbols only. Got {node.latex()}.")
    (term, coefficient), result = terms[0], expression(1)
    for (name, *where), power in term.monomial:
        if name not in POSITIVE:
            raise ProofError(f"A proof divides by positive symbols only. Got {name}.")
        result = result * scalar(name, *where, power=-power)
    return result * (1 / coefficient)
