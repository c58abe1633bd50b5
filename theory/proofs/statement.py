r"""What a formula means: its expression in the kernel. It must be trusted, as it says what a printed claim means.

`meaning` reads every node at one placeholder, an index whose name no user can write, and then puts the index asked for
in its place; an index inside a sum is another such placeholder. So no name of a claim can meet the index of a sum. What
has no exact meaning is refused: a node of another type, also of a subclass; a letter that stands for nothing here; a
number whose text says another value than it has; a power that is no whole number; a division by what may be 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from fractions import Fraction
from functools import cache, reduce
from itertools import count
from operator import add, mul
from types import NoneType
from typing import Any

from theory.bounds.theorem_c import BEST_ANGLE, BestAngle, First, HalfSine, SineRatio
from theory.common.table import Table
from theory.formulas.formula import (
    FUNCTIONS,
    Block,
    Call,
    Defined,
    Environment,
    Formula,
    Function,
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
    StepNumber,
    Sum,
    Taken,
    Total,
    WhereNoisy,
    WhereOvertaken,
    Window,
    Younger,
)
from theory.proofs.axioms import LARGEST, NONNEGATIVE, ROOT
from theory.proofs.kernel import (
    DELAY,
    LAST,
    POSITIVE,
    ZERO,
    Context,
    Expression,
    Fact,
    Hypothesis,
    Index,
    ProofError,
    _fact,
    _index,
    expression,
    free_variables,
    gap_at,
    le,
    lt,
    must_be,
    require,
    scalar,
    tau,
    update,
    var,
)

_K = var("k")
# The placeholders: no name that `var` takes.
_HERE, _INSIDE = _index(("v", ""), 0), _index(("v", " "), 0)
#: Constants of a setting.
CONSTANTS = frozenset(
    {"L", "Delta", "sigma", "mu", "s", "T", "B", "Ed", "Ed2", "cut", "G", "delta", "zeta", "workers", "group"}
)
#: Numbers that a theorem leaves free: one for the whole run, or one for each step where they are a sequence.
FREE = frozenset({"young", "share", "rho"})


class Abstract(Formula):
    """A node of proofs only, which says itself what it means: it cannot stand in a bound."""

    def compute(self, environment: Environment) -> Any:
        raise NotImplementedError("The gradients of a statement have no value until a run gives them one.")

    def mean(self, index: Index) -> Expression:
        """The kernel's expression at an index."""
        raise NotImplementedError


def meaning(node: Formula, index: Index = _K) -> Expression:
    """The kernel's expression for a formula at an index; T is the number of steps, points are 0..T."""
    made = _meaning(node).at(**{"": index})
    for atom in (atom for term, _ in made.terms for atom, _ in term.monomial if atom[0] in ("number", "root", "log")):
        if atom[1].core == ZERO.core and atom[1].offset < 1:
            raise ProofError(f"The number {atom[1].offset} stands for nothing in {node.latex()}: numbers begin at 1.")
    return made


def _meaning(node: Formula) -> Expression:
    """The expression at the placeholder."""
    if any(type(node) is kind for kind in _READINGS):
        return _read(node)
    if isinstance(node, Abstract):
        return must_be(node.mean(_HERE), Expression)
    raise ProofError(f"The formula {node.latex() if isinstance(node, Formula) else node!r} has no meaning in a proof.")


@cache
def _read(node: Formula) -> Expression:
    """The expression of a node of the library, which is equal to itself alone."""
    of_plain_parts(node)
    return _READINGS[type(node)](node)


def of_plain_parts(node: Formula) -> None:
    """Refuse a node whose parts, beside other nodes, are not exactly of the types that its class says."""
    for one in fields(node):  # type: ignore[arg-type]
        value = getattr(node, one.name)
        for part in value if one.type == "tuple[Formula, ...]" and type(value) is tuple else (value,):
            if not isinstance(part, Formula) or one.type in _KINDS:
                must_be(part, *_KINDS.get(one.type, ()))


_KINDS: Mapping[Any, tuple[type[Any], ...]] = Table(
    {"str": (str,), "bool": (bool,), "int": (int,), "float": (float, int), "str | None": (str, NoneType)}
    | {"Index": (Index,), "Function": (Function,), "Mapping[str, Formula]": (Table,)}
)


def library(root: Formula) -> Iterator[Formula]:
    """A formula and all that it is made of; one of a class of its own may mean or print anything, and is refused."""
    pending = [root]
    while pending:
        node = must_be(pending.pop(), BestAngle, *_READINGS)
        of_plain_parts(node)
        yield node
        pending.extend(node.children)


_EXACT = re.compile(r"\d+(/\d+)?|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def exact(node: Formula) -> Fraction:
    """The number that is printed; refused where the node computes with another one."""
    if type(node) is not Number or type(node.value) not in (float, int) or type(node.text) not in (str, type(None)):
        raise ProofError("This is no number.")
    text = node.text if node.text is not None else f"{node.value:.12g}"
    if not _EXACT.fullmatch(text) or float(Fraction(text)) != node.value:
        raise ProofError(f"The number printed as {text} is {node.value!r}; give its text, as in Number(0.1, '0.1').")
    return Fraction(text)


def _name(node: Name) -> Expression:
    name = node.name
    if name == "d" and node.sequence:
        return expression(1).total((" ",), le(tau(_HERE), _INSIDE), lt(_INSIDE, update(_HERE)))
    if name in ("f", "eta") and node.sequence:
        return gap_at(_HERE) if name == "f" else scalar("eta", _HERE)
    if name in FREE or (name in CONSTANTS and not node.sequence):
        return scalar(name, _HERE) if node.sequence else scalar(name)
    raise ProofError(f"The letter {node.latex()}, named {name!r}, stands for nothing in a proof.")


def _defined(node: Defined) -> Expression:
    body = _meaning(node.body)
    if not node.sequence and "" in free_variables(body):
        raise ProofError(f"{node.symbol} is printed without an index, but depends on the step.")
    return body


def _quotient(node: Quotient) -> Expression:
    return _meaning(node.over) * _inverse(node.under)


def _inverse(node: Formula) -> Expression:
    """One over a product of numbers and positive symbols."""
    terms = _meaning(node).terms
    if len(terms) != 1 or terms[0][0].payload is not None or terms[0][0].size or terms[0][1] == 0:
        raise ProofError(f"A proof divides by a product of positive symbols only. Got {node.latex()}.")
    term, coefficient = terms[0]
    factors = (scalar(*atom, power=-power) for atom, power in term.monomial)
    return reduce(mul, factors, expression(1 / coefficient))


def _power(node: Power) -> Expression:
    exponent = exact(node.exponent)
    if exponent.denominator != 1 or not 1 <= exponent <= 99:
        raise ProofError(f"A power in a proof is a whole number of at least 1. Got {node.exponent.latex()}.")
    return reduce(mul, [_meaning(node.base)] * int(exponent))


_OF_NUMBERS: Mapping[str, str] = Table({"sqrt": "root", "log": "log", "ln": "log"})


def _call(node: Call) -> Expression:
    """The root or logarithm of a whole number, or a symbol of its own of which the axioms below speak."""
    name = node.function.name
    if FUNCTIONS.get(name) is not node.function:
        raise ProofError(f"There is no function {name!r} of that kind.")
    number = _whole(node.arguments[0]) if name in _OF_NUMBERS and len(node.arguments) == 1 else None
    if number is not None:
        return scalar(_OF_NUMBERS[name], number)
    symbol, parts = name_of(node), (part for argument in node.arguments for part in fraction(argument))
    depends = {name for part in parts for name in free_variables(_meaning(part))}
    return scalar(symbol, *([_HERE] if depends else []))


def _whole(node: Formula) -> Index | None:
    """The whole number that a node stands for, if it does: steps are counted from 1 in formulas and from 0 here."""
    if type(node) is Name and node.name == "T":
        return LAST
    asked = type(node) is StepNumber or isinstance(node, Abstract)
    found = [index for term, _ in _meaning(node).terms for index in term.indices()] if asked else []
    return found[0] if len(found) == 1 and _meaning(node) == scalar("number", found[0]) else None


def fraction(value: Formula) -> tuple[Formula, Formula]:
    """The numerator and the denominator of a bound."""
    return (value.over, value.under) if type(value) is Quotient else (value, Number(1))


def name_of(node: Call | Peak) -> str:
    """The symbol of the kernel for a call of a function or a largest entry of the library: one for each node."""
    if type(node) is not Call and type(node) is not Peak:
        raise ProofError("Calls and largest entries have a symbol of their own, and nothing else has.")
    for _ in library(node):
        pass
    return _symbol(node)


@cache
def _symbol(node: Call | Peak) -> str:
    return f"{node.latex()} #{next(_calls)}"


_calls = count()


def _peak(node: Peak) -> Expression:
    symbol, _ = name_of(node), _meaning(node.body)
    return scalar(symbol)


def is_angle(node: Formula) -> bool:
    """Whether a formula is theta: the free number of that name, or the best angle under that letter."""
    if type(node) is Defined and node.body is BEST_ANGLE:
        return node.symbol == r"\theta" and not node.sequence
    return type(node) is Name and (node.name, node.symbol, node.sequence) == ("theta", r"\theta", False)


def _angle(angle: Formula) -> None:
    of_plain_parts(angle)
    if not is_angle(angle):
        raise ProofError(f"The sines of a proof are those of theta. Got {angle.latex()}.")


def _half_sine(node: HalfSine) -> Expression:
    _angle(node.angle)
    return scalar("sine")


def _sine_ratio(node: SineRatio) -> Expression:
    _angle(node.angle)
    return scalar("U", DELAY + 1 + node.shift, ZERO)


def _where_noisy(node: WhereNoisy) -> Expression:
    return _meaning(node.quiet) + scalar("noisy") * (_meaning(node.noisy) - _meaning(node.quiet))


def _where_overtaken(node: WhereOvertaken) -> Expression:
    return _meaning(node.ordered) + scalar("o", _HERE) * (_meaning(node.late) - _meaning(node.ordered))


_Ranges = Callable[[Index, Index], tuple[Any, ...]]


def _over(ranges: _Ranges) -> Callable[[Any], Expression]:
    """A sum of the body over a set of indices."""

    def summed(node: Any) -> Expression:
        body = _meaning(node.body).at(**{"": _INSIDE})
        return body.total((" ",), *ranges(_INSIDE, _HERE))

    return summed


def _steps(j: Index) -> tuple[Any, ...]:
    return le(ZERO, j), lt(j, LAST)


_READINGS: Mapping[type, Callable[[Any], Expression]] = Table(
    {
        Number: lambda node: expression(exact(node)),
        Name: _name,
        StepNumber: lambda node: scalar("number", _HERE + 1),
        Sum: lambda node: reduce(add, map(_meaning, node.terms)),
        Negative: lambda node: -_meaning(node.body),
        Product: lambda node: reduce(mul, map(_meaning, node.factors)),
        Quotient: _quotient,
        Power: _power,
        Call: _call,
        Defined: _defined,
        Peak: _peak,
        Total: _over(lambda j, k: _steps(update(j))),
        Window: _over(lambda j, k: (le(tau(k), update(j)), lt(update(j), update(k)))),
        Younger: _over(lambda j, k: (le(tau(k), update(j)), lt(update(j), update(k)), lt(tau(k), tau(j)))),
        Readers: _over(lambda j, k: (*_steps(update(j)), le(tau(j), update(k)), lt(update(k), update(j)))),
        Served: _over(lambda j, k: (*_steps(update(j)), le(tau(j), k), le(k, tau(j)))),
        Block: _over(lambda j, k: (le(update(k), update(j)), le(update(j), update(k)))),
        Taken: _over(lambda j, k: (le(k, update(j)), le(update(j), k))),
        Previous: _over(lambda j, k: (le(ZERO, update(j)), le(update(j), update(k) - 1), le(update(k) - 1, update(j)))),
        WhereNoisy: _where_noisy,
        WhereOvertaken: _where_overtaken,
        First: lambda node: _meaning(node.body).at(**{"": ZERO}),
        HalfSine: _half_sine,
        SineRatio: _sine_ratio,
    }
)

# ------------------------------------------------------------------------------- axioms about the symbols of formulas


def maximum(context: Context, node: Call, place: int, index: Index = _K) -> Fact:
    """The maximum is at least the argument at `place`."""
    if type(node) is not Call or node.function.name != "max" or type(place) is not int:
        raise ProofError("This is no maximum.")
    return _fact(context, meaning(node, index) - meaning(node.arguments[place], index), [LARGEST])


def largest(context: Context, node: Peak, index: Index = _K) -> Fact:
    """The largest entry of all steps is at least that of a step."""
    if type(node) is not Peak:
        raise ProofError("This is no largest entry.")
    require(context, *_steps(update(index)))
    return _fact(context, meaning(node) - meaning(node.body, index), [LARGEST])


def root_sign(context: Context, node: Call) -> Fact:
    """A square root is not negative."""
    return _fact(context, scalar(name_of(node)), _over_under(node)[2])


def root_squared(context: Context, node: Call) -> Fact:
    """A root sqrt(a/b) of constants has b sqrt(a/b)^2 = a. What it divides by must be positive: that is assumed."""
    (over, under, used), root = _over_under(node), scalar(name_of(node))
    return _fact(context, under * root * root - over, used, equality=True)


def _over_under(node: Call) -> tuple[Expression, Expression, Iterable[str | Hypothesis]]:
    """The fraction under a root, both parts products of constants that are not negative, and what is used of it."""
    if type(node) is not Call or node.function.name != "sqrt" or _whole(node.arguments[0]) is not None:
        raise ProofError("This is no root of constants.")
    over, under = parts = [meaning(part) for part in fraction(node.arguments[0])]
    for part in parts:
        (term, coefficient), *more = part.terms
        if more or term.payload is not None or term.size or free_variables(part):
            raise ProofError(f"This is no root of constants: {node.latex()}.")
        if coefficient <= 0 or {atom[0] for atom, _ in term.monomial} - NONNEGATIVE:
            raise ProofError(f"It is not clear that this is the root of something not negative: {node.latex()}.")
    doubtful = sorted({atom[0] for atom, _ in under.terms[0][0].monomial} - POSITIVE)
    return over, under, [ROOT, *(Hypothesis(f"{a} > 0", Context(), scalar(a), strict=True) for a in doubtful)]
