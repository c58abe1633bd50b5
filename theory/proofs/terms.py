"""Terms taken apart and put together again, for cuts, tactics and wrong proofs, by what anybody may build."""

from __future__ import annotations

from functools import reduce
from operator import mul
from typing import Any

from theory.proofs.kernel import (
    Core,
    Expression,
    Index,
    Le,
    Term,
    expression,
    gap_at,
    le,
    scalar,
    tau,
    update,
    var,
    vector,
)

Parts = tuple[tuple[Le, ...], tuple[Any, ...], Any]


def bound_variables(term: Term) -> tuple[Index, ...]:
    """The bound variables of a term."""
    return tuple(Index(("b", number)) for number in range(term.size))


def opened(term: Term, names: tuple[str, ...]) -> Parts:
    """The constraints, scalars and payload of a term, with free variables of these names in place of its bound ones."""
    return _freed(term.constraints, term.monomial, term.payload, names)


def summand(powers: tuple[Any, ...], payload: Any) -> Expression:
    """A product of powers of scalars, and of f_k, a vector or an inner product."""
    factors = (scalar(*atom, power=power) for atom, power in powers)
    body = reduce(mul, factors, expression(1))
    match payload:
        case None:
            return body
        case ("f", index):
            return body * gap_at(index)
        case ("vec", one):
            return body * vector(*one)
        case ("ip", one, other):
            return body * vector(*one).dot(vector(*other))
    raise ValueError(payload)


def rebuilt(size: int, constraints: frozenset[Le], powers: tuple[Any, ...], payload: Any) -> Expression:
    """The term of these parts; its bound variables are summed over anew."""
    names = tuple(f"b{number}_" for number in range(size))
    where, factors, last = _freed(constraints, powers, payload, names)
    return summand(factors, last).total(names, *where)


def _freed(constraints: frozenset[Le], powers: tuple[Any, ...], payload: Any, names: tuple[str, ...]) -> Parts:
    def freed(part: Any) -> Any:
        if type(part) is Index:
            return _freed_core(part.core, names) + part.offset
        return tuple(map(freed, part)) if type(part) is tuple else part

    ends = ((_freed_core(c.left, names), _freed_core(c.right, names) + c.gap) for c in constraints)
    return tuple(le(*end) for end in ends), freed(powers), freed(payload)


def _freed_core(core: Core, names: tuple[str, ...]) -> Index:
    match core:
        case ("b", number):
            return var(names[number])
        case (kind, inside, offset):
            return (tau if kind == "tau" else update)(_freed_core(inside, names) + offset)
    return Index(core)
