"""What proofs speak about beside the nodes of `formulas/formula.py`: gradients, noise, function values, as LaTeX.

In printed formulas |v|^2 and <u, v> are expectations, f_k = E F(x_k) - inf F, g_k is the gradient of F at x_k, e_k the
noise of the gradient that step k applies, and m the minimum that is bounded. None of these stands in a bound: what they
mean to the kernel matters to a reader of the steps of a proof, not to its theorem.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from theory.common.table import Table
from theory.formulas.formula import Formula, Name, Product, Sum, inner_index
from theory.proofs.axioms import displacement
from theory.proofs.kernel import (
    LAST,
    ZERO,
    Expression,
    Index,
    ProofError,
    le,
    lt,
    must_be,
    scalar,
    tau,
    update,
    var,
    vector,
)
from theory.proofs.statement import Abstract, meaning


class Meant(Abstract):
    """A node of one proof only."""


@dataclass(frozen=True, eq=False)
class Vector(Abstract):
    """g_k or e_k."""

    name: str

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def latex(self, index: str = "k") -> str:
        return f"{self.name}_{{{index}}}"

    def mean(self, index: Index) -> Expression:
        if self.name not in ("g", "e", "a", "r", "M", "h", "b", "z"):
            raise ProofError(f"There is no vector {self.name!r}.")
        return vector(self.name, index)


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

    def mean(self, index: Index) -> Expression:
        return meaning(self.one, index).dot(meaning(self.other, index))


@dataclass(frozen=True, eq=False)
class Moved(Abstract):
    """A node at another index: the next one, the point that the step reads, the first point, the last one."""

    body: Formula
    place: str

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def latex(self, index: str = "k") -> str:
        return self.body.latex(PLACES[self.place](index))

    def bracketed(self, at_least: int, index: str) -> str:
        return self.body.bracketed(at_least, PLACES[self.place](index))

    @property
    def reaches_on(self) -> bool:
        return self.body.reaches_on

    def mean(self, index: Index) -> Expression:
        return meaning(self.body, _MOVES[self.place](index))


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

    @property
    def reaches_on(self) -> bool:
        return self.body.reaches_on

    def mean(self, index: Index) -> Expression:
        where = _plain(self.index)
        if self.letter != written(where):
            raise ProofError(f"An index {written(where)} is printed as {self.letter}.")
        return meaning(self.body, where)


@dataclass(frozen=True, eq=False)
class Travelled(Abstract):
    r"""x_k - x_{tau_k}: minus the steps applied within W_k."""

    strength = 0

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def latex(self, index: str = "k") -> str:
        return rf"x_{{{index}}} - x_{{\tau_{{{index}}}}}"

    def mean(self, index: Index) -> Expression:
        return displacement(tau(index), index)


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

    def mean(self, index: Index) -> Expression:
        start, stop = _plain(self.start), _plain(self.stop)
        return displacement(start, stop) - displacement(stop, start)


@dataclass(frozen=True, eq=False)
class Minimum(Abstract):
    """m, the minimum that a bound is about."""

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def latex(self, index: str = "k") -> str:
        return "m"

    def mean(self, index: Index) -> Expression:
        return scalar("m")


def _plain(index: Index) -> Index:
    """The index, built anew: with names that a user may write."""
    return Index(*must_be(index, Index))


def written(index: Index) -> str:
    r"""LaTeX of an index: \tau_{k}+1."""
    match index.core:
        case ("tau", core, offset):
            text = rf"\tau_{{{written(Index(core, offset))}}}"
        case ("update", core, offset):
            text = f"u_{{{written(Index(core, offset))}}}"
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

    def mean(self, index: Index) -> Expression:
        return scalar("number", index)


@dataclass(frozen=True, eq=False)
class UpTo(Abstract):
    """The sum of a node over 1, ..., index."""

    body: Formula
    strength = Product.strength
    reaches_on = True

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def latex(self, index: str = "k") -> str:
        inner = inner_index(index)
        return rf"\sum_{{{inner}=1}}^{{{index}}} {self.body.bracketed(Product.strength, inner)}"

    def mean(self, index: Index) -> Expression:
        n = var("up_to")
        return meaning(self.body, n + 1).total(("up_to",), le(ZERO, n), lt(n, index))


_MOVES: Mapping[str, Callable[[Index], Index]] = Table(
    {
        "next": lambda index: index + 1,
        "read": tau,
        "update": update,
        "first": lambda index: ZERO,
        "last": lambda index: LAST,
    }
)
#: How an index is printed at a place.
PLACES: Mapping[str, Callable[[str], str]] = Table(
    {
        "next": lambda index: f"{index}+1",
        "read": lambda index: rf"\tau_{{{index}}}",
        "update": lambda index: f"u_{{{index}}}",
        "first": lambda index: "0",
        "last": lambda index: "T",
    }
)

#: Where blocks are read apart, a_k is the gradient that is applied.
G, E, APPLIED = Vector("g"), Vector("e"), Vector("a")
F_GAP = Name("f", "f", sequence=True)
MINIMUM, HERE = Minimum(), Here()


def following(body: Formula) -> Formula:
    """The body at k + 1."""
    return Moved(body, "next")


def read(body: Formula) -> Formula:
    """The body at tau_k."""
    return Moved(body, "read")


def applying(body: Formula) -> Formula:
    """The body at the point to which the update applies gradient k."""
    return Moved(body, "update")


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
