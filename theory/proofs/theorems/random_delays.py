"""How claims about random delays are printed, and what they mean.

x_r is a point that step k may read, p_{k,r} the probability that it does, and a_k the gradient that it then applies.
"""

from __future__ import annotations

from dataclasses import dataclass

from theory.formulas.formula import Formula, Product, Sum
from theory.proofs.axioms import displacement
from theory.proofs.kernel import LAST, ZERO, Expression, Index, le, lt, scalar, update, var
from theory.proofs.nodes import Meant, Vector, written
from theory.proofs.statement import meaning
from theory.proofs.theorems.lemmas import I, J

R = var("r")
APPLIED = Vector("a")


@dataclass(frozen=True, eq=False)
class Since(Meant):
    """The sum of a node over r <= j < index."""

    body: Formula
    strength = Sum.strength

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def mean(self, index: Index) -> Expression:
        return meaning(self.body, J).total(("j",), le(R, update(J)), lt(update(J), update(index)))

    def latex(self, index: str = "k") -> str:
        return rf"\sum_{{r \le j < {index}}} {self.body.bracketed(Product.strength, 'j')}"


@dataclass(frozen=True, eq=False)
class Drawn(Meant):
    """The expectation of a node over r, the point that the step reads; `reach` holds r at most this point."""

    body: Formula
    reach: Index | None = None
    strength = Product.strength

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def mean(self, index: Index) -> Expression:
        read = (le(ZERO, R), le(R, self.reach or update(index)))
        return (scalar("p", index, R) * meaning(self.body, index)).total(("r",), *read)

    def latex(self, index: str = "k") -> str:
        most = written(self.reach) if self.reach else index
        return rf"\sum_{{r \le {most}}} p_{{{index},r}} {self.body.bracketed(Product.strength, index)}"


@dataclass(frozen=True, eq=False)
class Gone(Meant):
    """x_k - x_r."""

    @property
    def children(self) -> tuple[Formula, ...]:
        return ()

    def mean(self, index: Index) -> Expression:
        return displacement(R, update(index), drawn=True)

    def latex(self, index: str = "k") -> str:
        return f"x_{{{index}}} - x_{{r}}"


@dataclass(frozen=True, eq=False)
class Later(Meant):
    """The sum of a node over the steps i after the index."""

    body: Formula
    strength = Product.strength

    @property
    def children(self) -> tuple[Formula, ...]:
        return (self.body,)

    def mean(self, index: Index) -> Expression:
        return meaning(self.body, I).total(("i",), lt(update(index), update(I)), lt(update(I), LAST))

    def latex(self, index: str = "k") -> str:
        return rf"\sum_{{i > {index}}} {self.body.bracketed(Product.strength, 'i')}"
