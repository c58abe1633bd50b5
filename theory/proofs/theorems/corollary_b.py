"""What tells Corollaries 1_B and 1_B+ apart: one step size each, one theta, and the polynomials that remain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import mul
from typing import Any, NamedTuple

from theory.bounds.corollaries_b import COROLLARY_1B, COROLLARY_1B_PLUS
from theory.bounds.parts.bound import Bound
from theory.formulas.formula import Call, Defined, Formula, Number, formula, window
from theory.formulas.notation import name_node
from theory.proofs.kernel import ZERO, Context, Expression, expression, scalar
from theory.proofs.lemmas import HALF, Derived, product, symbol
from theory.proofs.proof import Apply, Assumed, Claim, Ref, rules, side_condition
from theory.proofs.statement import exact, fraction, meaning
from theory.proofs.theorems.constant_step import ETA
from theory.proofs.theorems.theorem_a import ETA as LENGTH
from theory.proofs.theorems.theorem_a import L
from theory.proofs.theorems.theorem_ab import GRADIENT, RUN

S, T, B = map(name_node, ("s", "T", "B"))
COUNT = Defined("n", window(Number(1)))
PACE = Defined("b", L * B * ETA, sequence=False)
WAIT = Defined("a", (S - 1) * L * B * ETA, sequence=False)


class Letters(NamedTuple):
    """What the polynomials are made of: formulas, or letters of which they are polynomials."""

    s: Any
    pace: Any
    wait: Any
    share: Any
    kappa: Any
    q: Any
    gamma: Any

    def weight(self) -> Any:
        """Kappa q, with which all is multiplied."""
        return self.kappa * self.q

    def turn(self) -> Any:
        """Kappa q c."""
        return self.weight() * self.pace + (self.weight() + self.q * self.q) * self.wait * self.wait

    def room(self) -> Any:
        """Kappa q (1 - c)."""
        return self.weight() - self.turn()

    def middle(self) -> Any:
        """Kappa q (1 - c/2)."""
        return self.weight() - HALF * self.turn()

    def noise(self) -> Any:
        """Kappa q (1 + (1 + 1/theta) a)."""
        return self.weight() + (self.weight() + self.kappa * self.kappa) * self.wait

    def gain(self) -> Any:
        """The bound times T eta, over Delta."""
        return self.gamma * self.s * self.pace + 2 * self.share

    def surplus(self) -> Any:
        """What is left over in the end."""
        return self.gain() * self.middle() - self.weight() - self.share * self.share * self.noise()


@dataclass(frozen=True, eq=False)
class Case:
    """What tells the two corollaries apart.

    Args:
        bound: in the library; its step is 1/(alpha s L + q), its value has gamma s L Delta/T.
        ratio, kappa: theta = ratio p + 1/kappa.
        floor: the least s; extra: by how much the degree of the last polynomial is raised.
    """

    bound: Bound
    alpha: Formula
    gamma: Formula
    ratio: Formula
    kappa: Formula
    floor: int
    extra: int

    @property
    def share(self) -> Formula:
        """What remains of 1 for the noise."""
        return Defined("p", 1 - self.alpha * S * L * B * ETA, sequence=False)

    @property
    def q(self) -> Formula:
        """Kappa theta."""
        return Defined("q", self.ratio * self.kappa * self.share + 1, sequence=False)

    @property
    def _formulas(self) -> Letters:
        return Letters(S, PACE, WAIT, self.share, self.kappa, self.q, self.gamma)

    @property
    def weight(self) -> Formula:
        """Kappa q, at least 1."""
        return self._formula("weight")

    @property
    def room(self) -> Formula:
        """Kappa q (1 - c)."""
        return self._formula("room")

    @property
    def middle(self) -> Formula:
        """Kappa q (1 - c/2)."""
        return self._formula("middle")

    @property
    def noise(self) -> Formula:
        """Kappa q (1 + (1 + 1/theta) a)."""
        return self._formula("noise")

    @property
    def gain(self) -> Formula:
        """The bound times T eta, over Delta."""
        return self._formula("gain")

    def _formula(self, name: str) -> Formula:
        found: Formula = getattr(self._formulas, name)()
        return found

    @property
    def step_size(self) -> Assumed:
        """The step of each gradient, times its denominator."""
        condition = next(c for c in self.bound.conditions if c.symbol == "eta")
        over, under = fraction(condition.right)
        return Assumed(condition.name, Claim(LENGTH * under, over, equality=True))

    @property
    def roots(self) -> tuple[Call, Call]:
        """The square roots in the bound and in the step."""
        return _root_in(self.bound.value), _root_in(self.step_size.claim.left)

    @property
    def assumed(self) -> tuple[Assumed, ...]:
        """The side conditions."""
        return (self.step_size, *([side_condition(self.bound, "s")] if self.floor > 1 else []))

    def first_step(self) -> Apply:
        """The size of the first step."""
        return rules.instantiate(self.step_size.fact(GRADIENT), RUN, k=ZERO)

    def number(self, node: Formula) -> Fraction:
        """A number of the case."""
        over, under = fraction(node)
        return exact(over) / exact(under)

    def scale(self) -> Apply:
        """Kappa, which is not negative."""
        return symbol(RUN, "s") if self.kappa is S else rules.constant(RUN, self.number(self.kappa))

    def q_at_least_one(self) -> Apply:
        """Q - 1 is rho kappa p."""
        return rules.multiply(rules.multiply(self.scale(), Ref("share")), rules.constant(RUN, self.number(self.ratio)))

    def weight_at_least_one(self) -> Apply:
        """Kappa q - 1 is kappa (q - 1) and kappa - 1."""
        more = others(RUN) if self.kappa is S else rules.constant(RUN, self.number(self.kappa) - 1)
        return rules.add(product(RUN, self.scale(), Ref("q")), more)


def _root_in(node: Formula) -> Call:
    return next(part for part in node.walk() if isinstance(part, Call))


def others(context: Context) -> Apply:
    """The fact s - 1 >= 0: the window of gradient 0 is empty, and holds at most s - 1 updates."""
    return rules.weaken(rules.window_count(RUN, ZERO), context)


# -------------------------------------------------------------------------------------------------- the polynomials


def homogeneous(this: Case, name: str) -> Apply:
    """Of a polynomial of `Letters`, as one in s less its least value, b and p, every term is not negative."""
    more, b, p = map(scalar, ("n", "b", "p"))
    s = more + this.floor
    kappa = s if this.kappa is S else expression(this.number(this.kappa))
    q = this.number(this.ratio) * kappa * p + 1
    letters = Letters(s, b, (s - 1) * b, p, kappa, q, this.number(this.gamma))
    one = p + this.number(this.alpha) * s * b
    extra = this.extra if name == "surplus" else 0
    whole = _raised(getattr(letters, name)(), one, extra)
    return rules.add(*(_monomial(this, *powers, coefficient) for powers, coefficient in _terms(whole)))


def _terms(body: Expression) -> Iterator[tuple[tuple[int, int, int], Fraction]]:
    for term, coefficient in body.normal(Context()).items():
        powers = {atom[0]: power for atom, power in term.monomial}
        yield (powers.get("n", 0), powers.get("b", 0), powers.get("p", 0)), coefficient


def _raised(body: Expression, one: Expression, extra: int) -> Expression:
    """The polynomial with as many factors `one` in each term as its degree in b and p lacks, and some more."""
    found = list(_terms(body))
    degree = extra + max(b + p for (_, b, p), _ in found)
    ones = [expression(1)]
    for _ in range(degree):
        ones.append(_compact(ones[-1] * one))
    letters = [scalar(name) for name in "nbp"]
    parts = (
        coefficient * reduce(mul, (x for x, power in zip(letters, powers, strict=True) for _ in range(power)), ones[0])
        * ones[degree - powers[1] - powers[2]]
        for powers, coefficient in found
    )  # fmt: skip
    return _compact(reduce(Expression.__add__, parts))


def _compact(body: Expression) -> Expression:
    """The same with every term once."""
    return Expression(tuple(body.normal(Context()).items()))


def _monomial(this: Case, more: int, pace: int, share: int, coefficient: Fraction) -> Derived:
    """A product of powers, each multiplied out."""
    at_least = others(RUN) if this.floor == 1 else this.assumed[1].fact(RUN)
    rate = product(RUN, symbol(RUN, "L"), symbol(RUN, "B"), symbol(RUN, "eta", ZERO))
    letters = ((at_least, scalar("s") - this.floor, more), (rate, meaning(PACE), pace))
    powers = (_power(*letter) for letter in (*letters, (Ref("share"), meaning(this.share), share)) if letter[2])
    return product(RUN, coefficient, *powers)


def _power(fact: Derived, value: Expression, exponent: int) -> Derived:
    result, worth = fact, value
    for _ in range(exponent - 1):
        worth = _compact(worth * value)
        result = rules.restate(rules.multiply(result, fact), worth)
    return result


CASES = (
    Case(COROLLARY_1B, Number(1), Number(2), Number(1), S, floor=1, extra=0),
    Case(
        COROLLARY_1B_PLUS, formula(5) / 4, Number(1.85, "1.85"), Number(1.3, "1.3"), Number(200), floor=2, extra=2
    ),
)  # fmt: skip
